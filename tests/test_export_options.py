"""Rows within a token limit, test sets without a shared question, original pairs beside lessons, people's marks."""

import json
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from master_autogen.draws import unit
from master_autogen.errors import UserError
from master_autogen.export import FORMATS, Options, make_sample
from master_autogen.export import export as export_run
from master_autogen.export.fit import fitted, tokens
from master_autogen.log import LogWriter, mark_episode, open_log, run_marks
from master_autogen.records import Lesson, Seed
from master_autogen.scenario import read_scenario
from tests.cli_kit import cli, lines
from tests.test_export import ANALOGY, DEBATE, LESSONS, logged, rows_of
from tests.test_export_sample import CORRECTION, CUPS, PENS, accepted


def seeds(count: int) -> list[Seed]:
    return [Seed(instruction=f"What is {n} and {n}?", response=f"{n} and {n} are {2 * n}.") for n in range(count)]


def corrections(count: int, path: Path) -> Database:
    return logged(path, [accepted("error_correction", CORRECTION, seed=seed) for seed in seeds(count)])


# --- --max-tokens ---


def analogy() -> Any:
    return make_sample(accepted("analogical_reasoning", ANALOGY, similar=CUPS), read_scenario("analogical_reasoning"))


def test_tokens_are_counted_by_hand() -> None:
    """A quarter of the bytes, rounded up, and five for each turn and the system text."""
    sample = analogy()
    texts = [turn.text for turn in sample.turns] + [sample.system]
    assert [len(text) for text in texts] == [60, 29, 66, 43, 91]
    assert tokens(sample) == 15 + 8 + 17 + 11 + 23 + 5 * 5


def test_a_lesson_of_two_questions_is_parted_between_them() -> None:
    sample = analogy()
    first, second = fitted(sample, 98)
    assert [part.id for part in (first, second)] == [f"{sample.id}#1", f"{sample.id}#2"]
    assert first.turns + second.turns == sample.turns
    assert (first.made_by, second.made_by) == (("model",), ("worded",))
    assert (tokens(first), tokens(second)) == (15 + 8 + 23 + 15, 17 + 11 + 23 + 15)
    assert fitted(sample, 99) == [sample]


def test_what_cannot_be_parted_is_left_out_and_counted(tmp_path: Path) -> None:
    log = logged(
        tmp_path / "log.db",
        [
            accepted("error_correction", CORRECTION),
            accepted("analogical_reasoning", ANALOGY, similar=CUPS),
        ],
    )
    result = export_run(log, None, "messages", tmp_path / "t.jsonl", Options(max_tokens=70))
    assert (result.lessons, result.rows, result.parted) == (2, 2, 1)
    assert result.refused == {"longer than 70 tokens": 1}
    for row in rows_of(tmp_path / "t.jsonl"):
        assert row["messages"][-1]["content"] in (ANALOGY[1].text, ANALOGY[3].text)
    with pytest.raises(UserError, match=r"^no accepted lesson of run r1 can be exported: longer than 60 tokens \(2\)$"):
        export_run(log, None, "messages", tmp_path / "t.jsonl", Options(max_tokens=60))


# --- --test-share ---


def test_no_question_is_in_both_sets(tmp_path: Path) -> None:
    log = corrections(40, tmp_path / "log.db")
    result = export_run(log, None, "sharegpt", tmp_path / "t.jsonl", Options(test_share=0.25))
    train, test = rows_of(tmp_path / "t.jsonl"), rows_of(tmp_path / "t-test.jsonl")
    expected = [seed.id for seed in seeds(40) if unit("test split", seed.instruction) < 0.25]
    assert [row["meta"]["seed_id"] for row in test] == expected
    assert 0 < len(expected) == result.test_rows
    assert result.rows == 40 == len(train) + len(test)
    assert set(json.loads((tmp_path / "dataset_info.json").read_text())) == {"t", "t-test"}


def test_a_question_with_two_answers_is_in_one_set(tmp_path: Path) -> None:
    """Whichever way its letters are composed."""
    asked = [f"Combien font {n} et {n} cafés ?" for n in range(20)]
    both = [
        Seed(instruction=unicodedata.normalize(form, text), response=response)
        for text in asked
        for form, response in (("NFC", "Two by two."), ("NFD", "Doubled."))
    ]
    log = logged(tmp_path / "log.db", [accepted("error_correction", CORRECTION, seed=seed) for seed in both])
    export_run(log, None, "sharegpt", tmp_path / "t.jsonl", Options(test_share=0.5, original=100.0))
    heard = [
        [row["conversations"][0]["value"].partition("\n")[0] for row in rows_of(tmp_path / name)]
        for name in ("t.jsonl", "t-test.jsonl")
    ]
    found = [{unicodedata.normalize("NFC", text) for text in texts} for texts in heard]
    held = {text for text in asked if unit("test split", text) < 0.5}
    assert 0 < len(held) < 20
    assert found == [set(asked) - held, held]


def test_a_question_that_is_no_unicode_is_shared_out(tmp_path: Path) -> None:
    asked = [*seeds(9), Seed(instruction="\ud800", response="x")]
    log = logged(tmp_path / "log.db", [accepted("error_correction", CORRECTION, seed=seed) for seed in asked])
    result = export_run(log, None, "messages", tmp_path / "t.jsonl", Options(test_share=0.5))
    assert result.refused == {"a lone surrogate in the text": 1}


def test_an_analogy_between_both_sets_is_left_out(tmp_path: Path) -> None:
    one, other = PENS, CUPS
    low, high = sorted(unit("test split", seed.instruction) for seed in (one, other))
    lesson = accepted("analogical_reasoning", ANALOGY, seed=one, similar=other)
    others = [accepted("debate", DEBATE, seed=seed) for seed in seeds(9)]
    log = logged(tmp_path / "log.db", [lesson, *others])
    result = export_run(log, None, "messages", tmp_path / "t.jsonl", Options(test_share=(low + high) / 2))
    assert result.refused == {"one of its two questions is in the training set, the other in the test set": 1}


# --- --mix ---


def test_original_pairs_are_matched_by_tokens(tmp_path: Path) -> None:
    log = corrections(20, tmp_path / "log.db")
    result = export_run(log, None, "messages", tmp_path / "t.jsonl", Options(original=0.05))
    rows = rows_of(tmp_path / "t.jsonl")
    originals = [row for row in rows if row["meta"]["scenario"] == "original"]
    assert (len(rows), result.rows, result.original_rows) == (20 + len(originals), 20, len(originals))
    assert [row["meta"]["seed_id"] for row in originals] == [seed.id for seed in seeds(len(originals))]
    assert originals[0]["messages"] == [
        {"role": "user", "content": "What is 0 and 0?"},
        {"role": "assistant", "content": "0 and 0 are 0."},
    ]
    wanted = 0.05 * result.lesson_tokens
    assert abs(result.original_tokens - wanted) <= 18 / 2  # the nearest there is: a pair is 18 tokens
    assert Counter(row["meta"]["made_by"][0] for row in originals) == {"seed": len(originals)}


def test_originals_of_the_test_set_stay_out(tmp_path: Path) -> None:
    log = corrections(20, tmp_path / "log.db")
    export_run(log, None, "messages", tmp_path / "t.jsonl", Options(original=100.0, test_share=0.5))
    train, test = rows_of(tmp_path / "t.jsonl"), rows_of(tmp_path / "t-test.jsonl")
    assert {row["meta"]["seed_id"] for row in train}.isdisjoint(row["meta"]["seed_id"] for row in test)
    assert all(row["meta"]["scenario"] != "original" for row in test)


def test_a_long_pair_does_not_keep_the_others_out(tmp_path: Path) -> None:
    long = Seed(instruction="What is one and one?" * 50, response="2")
    mute = Seed(instruction="What is nought?", response="\0")
    asked = [long, mute, *seeds(9)]
    log = logged(tmp_path / "log.db", [accepted("error_correction", CORRECTION, seed=seed) for seed in asked])
    result = export_run(log, None, "messages", tmp_path / "t.jsonl", Options(original=0.05))
    assert (result.rows, result.original_rows, result.original_tokens) == (11, 3, 54)
    assert abs(result.original_tokens - 0.05 * result.lesson_tokens) <= 18 / 2
    found = [row["meta"]["seed_id"] for row in rows_of(tmp_path / "t.jsonl") if row["meta"]["scenario"] == "original"]
    assert found == [seed.id for seed in seeds(3)]


@pytest.mark.parametrize("format", ["preference", "preference-sharegpt"])
def test_an_original_pair_is_no_preference(tmp_path: Path, format: str) -> None:
    with pytest.raises(UserError) as caught:
        export_run(corrections(1, tmp_path / "log.db"), None, format, tmp_path / "t.jsonl", Options(original=1.0))
    assert str(caught.value) == (
        f"format {format} cannot express --mix: no wrong answer stands in an original pair; the formats that can: "
        "sharegpt, messages, prompt-completion, alpaca, axolotl, hf"
    )


def test_a_format_takes_original_pairs_or_refuses_them(tmp_path: Path) -> None:
    log = corrections(1, tmp_path / "log.db")
    for name, format in FORMATS.items():
        if format.originals:
            to = tmp_path / (name if format.folder else f"{name}.jsonl")
            assert export_run(log, None, name, to, Options(original=1.0)).original_rows == 1


@pytest.mark.parametrize(
    "text", ["original", "originals=1", "original=x", "original=-1", "original=inf", "original=nan"]
)
def test_a_mix_that_cannot_be_read(text: str) -> None:
    result = cli("export", "--to", "x.jsonl", "--mix", text)
    assert result.exit_code == 2
    assert result.stderr == f"Error: --mix: {text!r} is not original=NUMBER, as in original=0.5\n"


# --- runs mark ---


def marked(tmp_path: Path) -> tuple[Path, list[Lesson]]:
    rejected = accepted("debate", DEBATE).model_copy(
        update={"status": "rejected", "reason": "x", "selected_episode_id": None}
    )
    lessons = [LESSONS[0], LESSONS[2], rejected]
    logged(tmp_path / "log.db", lessons).close()
    return tmp_path / "log.db", lessons


def exported(path: Path, tmp_path: Path) -> tuple[list[str], dict[str, int], int]:
    result = export_run(open_log(path, readonly=True), None, "messages", tmp_path / "t.jsonl")
    return [row["id"] for row in rows_of(tmp_path / "t.jsonl")], dict(result.refused), result.lessons


def test_marks_override_the_selection(tmp_path: Path) -> None:
    path, (first, second, rejected) = marked(tmp_path)
    other = rejected.episodes[1].id
    assert exported(path, tmp_path) == ([first.selected_episode_id, second.selected_episode_id], {}, 2)
    mark_episode(path, first.selected_episode_id or "", "reject", "dull")
    mark_episode(path, other, "accept")
    assert exported(path, tmp_path) == ([second.selected_episode_id, other], {"a person rejected it": 1}, 3)
    mark_episode(path, first.selected_episode_id or "", None)
    mark_episode(path, other, "reject")
    assert exported(path, tmp_path) == ([first.selected_episode_id, second.selected_episode_id], {}, 2)


def test_marks_are_read_in_lesson_order(tmp_path: Path) -> None:
    path, (first, _, rejected) = marked(tmp_path)
    mark_episode(path, rejected.episodes[1].id, "accept", "good")
    mark_episode(path, first.episodes[0].id, "reject")
    found = run_marks(open_log(path, readonly=True), "r1")
    assert [(mark.episode_id, mark.mark, mark.note) for mark in found.values()] == [
        (first.episodes[0].id, "reject", ""),
        (rejected.episodes[1].id, "accept", "good"),
    ]


def test_mark_from_the_command_line(tmp_path: Path) -> None:
    path, (first, *_) = marked(tmp_path)
    episode = first.selected_episode_id
    for verdict, told in (
        ("reject", "is not exported"),
        ("accept", "is exported, whatever the selection chose"),
        ("clear", "has no mark; the selection decides"),
    ):
        result = cli("runs", "mark", episode, verdict, "--log", path)
        assert (result.exit_code, lines(result.output)) == (0, [f"Episode {episode} {told}."])
    result = cli("runs", "mark", "nobody", "accept", "--log", path)
    assert result.exit_code == 2
    assert result.stderr == f"Error: no episode 'nobody' in {path}; `master-autogen runs show RUN` lists them\n"


def test_nothing_is_marked_while_a_run_writes(tmp_path: Path) -> None:
    path, (first, *_) = marked(tmp_path)
    with LogWriter(path), pytest.raises(UserError, match=r"^another run is writing the log "):
        mark_episode(path, first.selected_episode_id or "", "accept")
