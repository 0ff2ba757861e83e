"""Whatever text comes in: it is handled, or refused with an error for people; nothing else comes out.

Each property runs 200 examples. Draws are the same in every run; `HOSTILE_EXAMPLES=5000` looks further.
"""

from __future__ import annotations

import asyncio
import csv
import io
import itertools
import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from master_autogen.classroom.episode import play_episode
from master_autogen.classroom.stage import Stage
from master_autogen.errors import UserError
from master_autogen.export.files import json_line
from master_autogen.export.formats import FORMATS
from master_autogen.export.sample import Refused, make_sample
from master_autogen.grading.quality import Reply, read_reply, read_rubric
from master_autogen.log import Database, LogWriter, RunRecord, episode_calls, get_episode, get_lesson, open_log
from master_autogen.log.rows import SEEDS, seed_facts, seed_of, seed_row
from master_autogen.models.scripted import ScriptedClient
from master_autogen.pool import read_pool
from master_autogen.prompts import MAX_CHARACTERS, TemplateFault, fill
from master_autogen.records import Call, Lesson
from master_autogen.scenario import Scenario, read_scenario
from master_autogen.seeds import load_seeds
from master_autogen.yaml_files import names, shipped
from tests.kit import plan, stage

EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "200"))
SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
POISON = (
    "{{ 7*7 }}", "{{ reference }}", "{% for x in y %}", "{{ x.__class__.__mro__ }}", "{0.__class__}", "%s%n", "'; DROP TABLE seeds; --",
    "<script>alert(1)</script>", "\x1b[2J", "\u202egnp", "\ud800", "\0", "=cmd|' /C calc'!A0", "9" * 5000, "1e999999999", "NaN",
    '{"better": ' * 100, "[" * 1500, "\u2028", "../../etc/passwd", "!!python/object/apply:os.system [ls]", "&a [*a]", "<think>", "####",
    "\\boxed{", "The answer is 37.", "```python\nimport os\n```", "\r\n", "﷽", "🏴‍☠️", "١٢٣ + ½ = ²",
)  # fmt: skip
TEXT = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(POISON), min_size=1, max_size=3).map(" ".join))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def log(folder: Path) -> Iterator[LogWriter]:
    with LogWriter(folder / "log.db") as made:
        yield made


@pytest.fixture(scope="module")
def db(folder: Path) -> Iterator[Database]:
    with closing(open_log(folder / "seeds.db", create=True)) as made:
        yield made


def _loaded(path: Path, lines: int, db: Database) -> None:
    """Every row is a seed, a duplicate or refused by its line; and what is a seed comes back from the log as it went in."""
    try:
        found = load_seeds(str(path))
    except UserError as error:
        told = str(error)
        assert str(path) in told
        return
    assert len(found.seeds) + found.duplicates + len(found.refused) <= lines
    for refusal in found.refused:
        at, _, line = refusal.where.rpartition(":")
        assert at == str(path)
        assert 1 <= int(line) <= lines
        assert refusal.why
    with db.conn:
        SEEDS(db, [seed_row(seed) for seed in found.seeds])
        for seed in found.seeds:
            [row] = db.conn.execute(
                "SELECT instruction, response, answer, kind, source FROM seeds WHERE id = ?", [seed.id]
            )
            assert row[1:] == (seed.response, seed.answer, seed.kind, seed.source)
            assert seed_of(row[0], row[1], seed_facts(seed)) == seed


ROW = st.one_of(
    st.fixed_dictionaries(
        {"instruction": TEXT, "response": TEXT}, optional={"answer": JSON, "kind": JSON, "source": JSON}
    ),
    st.dictionaries(st.sampled_from(("instruction", "response", "answer", "kind", "source")), JSON, max_size=5),
)


@SETTINGS
@given(st.lists(st.one_of(ROW.map(json.dumps), TEXT.filter(lambda text: "\ud800" not in text)), min_size=1, max_size=5))
def test_seeds_of_json_lines(folder: Path, db: Database, rows: list[str]) -> None:
    path = folder / "seeds.jsonl"
    text = "\n".join(rows)
    path.write_text(text, encoding="utf-8", newline="")
    _loaded(path, text.count("\n") + 1, db)


@SETTINGS
@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=5), st.sampled_from(("\r\n", "\n")), TEXT)
def test_seeds_of_csv(folder: Path, db: Database, rows: list[tuple[str, str, str]], end: str, more: str) -> None:
    path = folder / "seeds.csv"
    held = io.StringIO()
    writer = csv.writer(held, lineterminator=end)
    writer.writerow(("instruction", "response", "answer"))
    writer.writerows(rows)
    text = held.getvalue() + more
    path.write_bytes(text.encode("utf-8", "replace"))
    _loaded(path, text.count("\n") + 1, db)


# --- YAML ---


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        yield from _places(item, (*at, key))


@st.composite
def _mutated(draw: st.DrawFn, texts: tuple[str, ...]) -> str:
    """A shipped file with something else at a few places, or with its text cut and stirred."""
    text = draw(st.sampled_from(texts))
    if draw(st.booleans()):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 60)))
        return text[:start] + draw(TEXT) + text[end:]
    data = yaml.safe_load(text)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(list(_places(data))[1:]))
        holder = data
        for key in place[:-1]:
            holder = holder[key]
        act = draw(st.sampled_from(("replace", "remove", "rename")))
        if act == "replace":
            holder[place[-1]] = draw(JSON)
        elif act == "remove":
            del holder[place[-1]]
        elif isinstance(holder, dict):
            holder[draw(st.one_of(TEXT, st.integers(), st.none()))] = holder.pop(place[-1])
        if len(list(_places(data))) < 2:
            break
    return yaml.safe_dump(data, allow_unicode=draw(st.booleans()))


def _texts(kind: str) -> tuple[str, ...]:
    return tuple(shipped(kind, f"{name}.yaml").read_text(encoding="utf-8") for name in names(kind))


def _read_or_refused(folder: Path, text: str, read: Callable[[str], object]) -> None:
    path = folder / "file.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    told = "read"
    try:
        read(str(path))
    except UserError as error:
        told = str(error)
    assert told


@SETTINGS
@given(text=_mutated(_texts("")))
def test_scenarios(folder: Path, text: str) -> None:
    _read_or_refused(folder, text, read_scenario)


@SETTINGS
@given(text=_mutated(_texts("pools")))
def test_pools(folder: Path, text: str) -> None:
    given_env = {"MASTER_AUTOGEN_BASE_URL": "http://localhost:1/v1", "MASTER_AUTOGEN_MODELS": "a,b"}
    _read_or_refused(folder, text, lambda name: read_pool(name, given_env))


@SETTINGS
@given(text=_mutated(_texts("judges")))
def test_judges(folder: Path, text: str) -> None:
    _read_or_refused(folder, text, read_rubric)


# --- templates ---

PIECES = (
    "{{", "}}", "{%", "%}", "{#", "#}", "question", "for", "in", "if", "endfor", "endif", "set", "x", "=", "|", "join", "length", "upper",
    "default", "(", ")", "[", "]", ".", "__class__", "__mro__", "__subclasses__", "~", "*", "**", "+", "-", "%", "'a'", "9", "99999999", "range",
    "loop", "self", "lipsum", "cycler", "include", "import", "macro", "call", "raw", "{0.__class__}", "%s", "\n", " ",
)  # fmt: skip


@SETTINGS
@given(st.one_of(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join), TEXT), TEXT)
def test_templates(template: str, question: str) -> None:
    class Watched(str):
        """A value that tells whether a template got at anything beside its text."""

        @property
        def secret(self) -> str:
            raise AssertionError("an attribute of a value was read")

    try:
        text = fill(template, {"question": Watched(question), "x": [question, question]})
    except TemplateFault:
        return
    assert len(text) <= MAX_CHARACTERS
    assert "<class" not in text.replace(question, "").replace(template, "")
    assert " object at 0x" not in text


# --- replies ---


@SETTINGS
@given(st.one_of(TEXT, JSON.map(json.dumps)))
def test_replies_of_judges(text: str) -> None:
    assert isinstance(read_reply(text), Reply | str)


def _answers(at: Stage, said: list[str]) -> None:
    """Every model of the stage says these in turn."""
    replies = itertools.cycle(said)
    for model in at.pool.models:
        at.clients._chats[model] = ScriptedClient.of(lambda messages, args: next(replies), model)


def _unchecked(name: str) -> Scenario:
    """The scenario without its checks: whatever is said comes through to the end."""
    scenario = read_scenario(name)
    return scenario.model_copy(
        update={"phases": [phase.model_copy(update={"checks": []}) for phase in scenario.script]}
    )


SCENARIOS = {
    checked: read_scenario("error_correction") if checked else _unchecked("error_correction")
    for checked in (True, False)
}


RUNS = itertools.count()
REFUSED = ("a NUL character in the text", "a lone surrogate in the text", "revise: the trained turn is empty")


@SETTINGS
@given(said=st.lists(TEXT, min_size=1, max_size=4), checked=st.booleans())
def test_replies_in_an_episode(log: LogWriter, said: list[str], checked: bool) -> None:
    """No exception, a log that reads back what was played, and export rows that are JSON."""
    calls: list[Call] = []
    at = stage(SCENARIOS[checked], calls=calls)
    _answers(at, said)
    planned = plan(at.scenario, at.pool, run_id=f"run{next(RUNS)}")
    episode = asyncio.run(play_episode(at, planned, planned.episodes[0]))
    assert episode.status in ("complete", "rejected"), episode.reason
    accepted = episode.status == "complete"
    lesson = Lesson(
        plan=planned,
        status="accepted" if accepted else "rejected",
        reason=episode.reason,
        selected_episode_id=episode.id if accepted else None,
        episodes=(episode,),
    )
    log.begin_run(RunRecord(id=planned.run_id, started=1.0, status="running", config={}, versions={}, random_seed=0))
    log.plan_round(planned.run_id, [planned], [])
    for call in calls:
        log.put_call(call)
    log.finish_lesson(lesson)
    log.flush()
    with closing(open_log(log.path, readonly=True)) as db:
        assert get_episode(db, episode.id).episode == episode
        assert [call.text for call in episode_calls(db, episode.id)] == [call.text for call in calls]
        stored = get_lesson(db, planned.id)
    if not accepted:
        return
    try:
        sample = make_sample(stored, at.scenario)
    except Refused as refused:
        why = str(refused)
        assert why in REFUSED
        return
    for chosen in FORMATS.values():
        if not chosen.folder and "inline" in chosen.wrong_turns:
            try:
                line = json_line(chosen.row(sample))
            except Refused:
                continue
            assert line.count(b"\n") == 1
            assert len(line.decode().splitlines()) == 1
            json.loads(line)
