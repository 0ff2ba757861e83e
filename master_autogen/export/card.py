"""The dataset card beside an export: what it is, where it is from, how it was checked, how it is made again.

Its head is what the Hugging Face Hub reads. Everything in it is from the log.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from master_autogen.export.formats import Format
from master_autogen.export.licences import hub_name
from master_autogen.export.sample import WrongTurn
from master_autogen.log import RunView
from master_autogen.records import CHECKS
from master_autogen.selection import BETA, FLOOR

if TYPE_CHECKING:
    from master_autogen.export.run import ExportResult, Options

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_WRONG_TURNS: Mapping[WrongTurn, str] = {
    "inline": "A student's wrong attempt is told inside the next human turn and is not learned.",
    "mask": "A student's wrong attempt is a turn of its own that is not to be learned.",
    "train": "A student's wrong attempt is a turn of its own and IS learned (--wrong-turn train).",
}
_MADE_BY = {
    "model": "a model",
    "worded": "a model that words what code lays down",
    "template": "code alone",
    "seed": "the original pair",
}
_RUN_OPTIONS = (
    *("pool", "judge", "limit", "target", "rounds", "seeds_per_round", "candidates"),
    *("rule", "beta", "floor", "normaliser", "code_check", "random_seed"),
)
_DEFAULTS = {"beta": BETA, "floor": FLOOR, "normaliser": "running", "code_check": "off"}
"""Of the options of `run`, those that few know; the others are said also where they are the default."""


class Facts(NamedTuple):
    """What a card is written from: the run, how it was exported, what came of it, and the files of rows."""

    run: RunView
    format: str
    chosen: Format
    wrong_turn: WrongTurn
    options: Options
    result: ExportResult
    data_files: Sequence[Mapping[str, str]]
    sources: Mapping[tuple[str, str], int]
    made_by: Mapping[str, int]


def card(facts: Facts) -> str:
    """The card as Markdown."""
    result, run = facts.result, facts.run
    parts = [
        _head(facts),
        f"# {_plain(_name(facts))}",
        f"{_count(result.rows, 'lesson row')} of run `{run.id}`, made with master_autogen "
        f"{run.versions.get('master-autogen', '')}: simulated teaching after MASTER (arXiv 2506.02689), agents cast by "
        "Star-Agents' graded sampling (arXiv 2411.14497).",
        "## What is in it",
        _list(_content(facts)),
        _reading(facts),
        "## Where it is from",
        _table(
            ("source", "licence", "lessons"),
            ((source or "not said", licence or "not said", str(n)) for (source, licence), n in facts.sources.items()),
        ),
        "## How it was played",
        _list(_settings(run.config)),
        "## How it was checked",
        _list(_checks(run.config)),
        "## How to make it again",
        f"```sh\n{_commands(facts)}\n```",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(facts: Facts) -> str:
    """YAML by way of JSON, which is YAML too and quotes what has to be quoted. Which file is which set is said
    outright: by their names `datasets` would take `pairs.jsonl` for none where `pairs-test.jsonl` stands beside it."""
    licences = sorted({hub_name(licence) for _, licence in facts.sources if licence})
    head: dict[str, Any] = {
        "license": licences[0] if len(licences) == 1 else "other",
        "task_categories": ["text-generation"],
        "tags": ["synthetic", "master-autogen"],
        "size_categories": [next((name for most, name in _SIZES if facts.result.rows < most), "n>1M")],
        "configs": [{"config_name": "default", "data_files": facts.data_files}],
    }
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    return "\n".join(["---", *lines, "---"])


def _content(facts: Facts) -> Iterable[str]:
    result, options = facts.result, facts.options
    yield f"Format `{facts.format}`. {facts.chosen.told}"
    yield _WRONG_TURNS[facts.wrong_turn]
    if result.test_rows:
        yield f"{_count(result.test_rows, 'row')} are a test set; no question stands in both sets."
    if options.max_tokens:
        yield (
            f"No row is longer than {options.max_tokens} tokens (estimated as a quarter of the bytes); "
            f"{_count(result.parted, 'row')} more came of lessons parted between two questions."
        )
    if options.original:
        yield (
            f"{_count(result.original_rows, 'original pair')} stand beside the lessons in the training set: "
            f"about {result.original_tokens} tokens to the lessons' {result.lesson_tokens}."
        )
    total = sum(facts.made_by.values())
    for made_by, count in sorted(facts.made_by.items(), key=lambda item: -item[1]):
        yield f"{count / total:.0%} of the learned turns are by {_MADE_BY[made_by]}."
    yield f"{result.lessons} lessons in, {result.rows} rows out, {sum(result.refused.values())} refused."
    for reason, count in result.refused.items():
        yield f"{count} refused: {_plain(reason)}"


def _reading(facts: Facts) -> str:
    """How to read two files where there is no README.md to say which is which; "" where the folder says it."""
    if facts.chosen.folder or len(facts.data_files) == 1:
        return ""
    files = {file["split"]: file["path"] for file in facts.data_files}
    return f"""```python\ndatasets.load_dataset("json", data_files={json.dumps(files, ensure_ascii=False)})\n```"""


def _settings(config: Mapping[str, Any]) -> Iterable[str]:
    for name, title in (
        ("scenarios", "Scenarios"),
        ("pool", "Pool"),
        ("judge", "Judge"),
        ("rule", "Selection rule"),
        ("candidates", "Candidates a lesson"),
        ("random_seed", "Random seed"),
    ):
        value = config.get(name)
        if value is not None:
            yield f"{title}: {_plain(', '.join(value) if isinstance(value, list) else str(value))}"


def _checks(config: Mapping[str, Any]) -> Iterable[str]:
    """The checks of the scenarios as they were played, with what each one looks for."""
    names: dict[str, None] = {}
    for scenario in config.get("scenario_texts", {}).values():
        for step in scenario.get("phases", ()):
            for phase in step.get("phases", (step,)):
                names |= dict.fromkeys(phase.get("checks", ()))
    for name in names:
        yield f"`{name}`: {CHECKS.get(name, 'a check of the user')}"


def _commands(facts: Facts) -> str:
    commands = _run_command(facts.run.config), _export_command(facts)
    return "\n".join(shlex.join(" ".join(part.split()) for part in command) for command in commands)


def _run_command(config: Mapping[str, Any]) -> Iterable[str]:
    """By the files that were named, and with all that was not left as it is by itself."""
    files = config.get("files", {})
    yield from ("master-autogen", "run", *(files.get(f"scenario:{name}", name) for name in config.get("scenarios", ())))
    told = dict(config) | ({"pool": files["pool"]} if "pool" in files else {})
    for name in _RUN_OPTIONS:
        if told.get(name) not in (None, _DEFAULTS.get(name)):
            yield from (f"--{name.replace('_', '-')}", str(told[name]))
    for own in config.get("checks", ()):
        yield from ("--checks", str(own["path"]))
    yield from ("--seeds", "THE_SAME_SEEDS")


def _export_command(facts: Facts) -> Iterable[str]:
    options = facts.options
    yield from ("master-autogen", "export", facts.run.id, "--format", facts.format)
    yield from ("--to", facts.result.path.name or ".")
    if options.wrong_turn:
        yield from ("--wrong-turn", options.wrong_turn)
    if options.max_tokens:
        yield from ("--max-tokens", str(options.max_tokens))
    if options.test_share:
        yield from ("--test-share", str(options.test_share))
    if options.original:
        yield from ("--mix", f"original={options.original}")


def _name(facts: Facts) -> str:
    path = facts.result.path
    return path.resolve().name if facts.chosen.folder else path.stem


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [titles, tuple("---" for _ in titles), *(tuple(_plain(cell) for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(text: str) -> str:
    """On one line and without what Markdown or HTML would take for its own."""
    line = " ".join(text.split())
    return "".join(f"&#{ord(char)};" if char in "<>|`[]*_&" else char for char in line)


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'s' * (n != 1)}"
