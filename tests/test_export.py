"""Exports of real logs with the shipped scenarios: exact rows, files that are whole or not there, nothing vanishes."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset
from sqlite_utils import Database

from master_autogen.errors import UserError
from master_autogen.export import ExportResult
from master_autogen.export import export as export_run
from master_autogen.log import LogWriter, RunRecord, open_log
from master_autogen.records import Lesson, Seed
from master_autogen.yaml_files import shipped
from tests.test_export_sample import CORRECTION, CUPS, PENS, accepted, right, turn

DEBATE = (
    turn(0, "state", "student_a", "4 + 3 = 7. The answer is 7."),
    turn(1, "challenge", "student_b", "Why add? 4 x 3 = 12. The answer is 12."),
    turn(2, "conclude", "student_c", "B is right: 4 x 3 = 12. The answer is 12."),
)
ANALOGY = (
    turn(0, "pose", "teacher", "Think of equal groups."),
    turn(1, "solve", "student", "4 x 3 = 12. The answer is 12."),
    turn(2, "pose_similar", "teacher", "A cup costs $5. What do 6 cups cost?\n\nGroups again, other numbers."),
    turn(3, "solve_similar", "student", "Equal groups: 6 x 5 = 30. The answer is 30.", made_by="worded"),
)
HAIKU = Seed(instruction="Write a poem.", response="Rain.", kind="general", source="poems.csv")
REWRITING = (
    turn(0, "rewrite", "rewriter", "Write a haiku on rain."),
    turn(1, "respond", "responder", "Rain on the tin roof"),
)
LESSONS = (
    accepted("error_correction", CORRECTION, checks=[right(3, attempt=2)]),
    accepted("debate", DEBATE, checks=[right(2)]),
    accepted("analogical_reasoning", ANALOGY, similar=CUPS, checks=[right(1), right(3)], pi=1.0),
    accepted("rewriting", REWRITING, seed=HAIKU, pi=None),
)


def logged(path: Path, lessons: Sequence[Lesson]) -> Database:
    """A log of these lessons, whose ids begin with their run's."""
    with LogWriter(path) as log:
        for number, run_id in enumerate(dict.fromkeys(lesson.plan.run_id for lesson in lessons)):
            mine = [lesson for lesson in lessons if lesson.plan.run_id == run_id]
            log.begin_run(RunRecord(id=run_id, started=float(number)))
            log.plan_round(run_id, [lesson.plan for lesson in mine], [])
            for lesson in reversed(mine):  # lessons end in any order
                log.finish_lesson(lesson)
            log.end_run(run_id, "finished")
    return open_log(path, readonly=True)


@pytest.fixture
def log(tmp_path: Path) -> Database:
    return logged(tmp_path / "log.db", LESSONS)


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().decode().splitlines()]


def meta(scenario: str, seed: Seed = PENS, **more: object) -> dict[str, object]:
    return {
        "lesson_id": f"r1/1/{scenario}/{seed.id}",
        "scenario": scenario,
        "task_type": seed.kind,
        "seed_id": seed.id,
        "source": seed.source,
        "licence": seed.licence,
        "similar": {"seed_id": "", "source": "", "licence": ""},
        "made_by": ["model"],
        "pi": 0.75,
        "pair": {"instruction": "kind", "response": "steady"},
        "verified": True,
        "label": "",
    } | more


SYSTEMS = (
    "You are a student who thinks aloud, admits mistakes and corrects them step by step.",
    "You are a student who listens to what others say, weighs their reasons and reaches a conclusion of your own.",
    "You are a student who solves problems step by step and uses what worked before on new ones.",
    "",
)
SAID = (
    (
        "A pen costs $3. What do 4 pens cost?\n\nThis calls for multiplication.\n\n"
        "This is my first try:\n4 + 3 = 7. The answer is 7.\n\nYou added. Each pen costs the same.",
        "I had added. 4 x 3 = 12. The answer is 12.",
    ),
    (
        "A pen costs $3. What do 4 pens cost?\n\nStudent A: 4 + 3 = 7. The answer is 7.\n\n"
        "Student B: Why add? 4 x 3 = 12. The answer is 12.",
        "B is right: 4 x 3 = 12. The answer is 12.",
    ),
    (
        "A pen costs $3. What do 4 pens cost?\n\nThink of equal groups.",
        "4 x 3 = 12. The answer is 12.",
        "A cup costs $5. What do 6 cups cost?\n\nGroups again, other numbers.",
        "Equal groups: 6 x 5 = 30. The answer is 30.",
    ),
    ("Write a haiku on rain.", "Rain on the tin roof"),
)
META = (
    meta("error_correction"),
    meta("debate"),
    meta(
        "analogical_reasoning",
        similar={"seed_id": CUPS.id, "source": "shop.jsonl", "licence": "MIT"},
        made_by=["model", "worded"],
        pi=1.0,
    ),
    meta("rewriting", HAIKU, pi=None, verified=None),
)
IDS = tuple(f"{found['lesson_id']}.1" for found in META)


def test_sharegpt(log: Database, tmp_path: Path) -> None:
    to = tmp_path / "new" / "folder" / "train.jsonl"
    result = export_run(log, "r1", "sharegpt", to)
    info = to.parent / "dataset_info.json"
    told = {"rows": 4, "refused": {}, "path": to, "also": (info, to.with_suffix(".md")), "lessons": 4}
    assert result == ExportResult(**told, lesson_tokens=result.lesson_tokens)
    sides = ("human", "gpt") * 2
    assert rows_of(to) == [
        {
            "conversations": [{"from": side, "value": text} for side, text in zip(sides, said, strict=False)],
            "system": system,
            "id": episode,
            "meta": found,
        }
        for said, system, episode, found in zip(SAID, SYSTEMS, IDS, META, strict=True)
    ]
    assert json.loads(info.read_text()) == {
        "train": {
            "file_name": "train.jsonl",
            "formatting": "sharegpt",
            "columns": {"messages": "conversations", "system": "system"},
            "tags": {
                "role_tag": "from",
                "content_tag": "value",
                "user_tag": "human",
                "assistant_tag": "gpt",
                "system_tag": "system",
            },
        }
    }
    assert sorted(path.name for path in to.parent.iterdir()) == ["dataset_info.json", "train.jsonl", "train.md"]


def test_messages(log: Database, tmp_path: Path) -> None:
    to = tmp_path / "train.jsonl"
    result = export_run(log, None, "messages", to)
    assert (result.rows, result.lessons, result.also) == (4, 4, (tmp_path / "train.md",))
    roles = ("user", "assistant") * 2
    expected = []
    for said, system, episode, found in zip(SAID, SYSTEMS, IDS, META, strict=True):
        opening = [{"role": "system", "content": system}] if system else []
        spoken = [{"role": role, "content": text} for role, text in zip(roles, said, strict=False)]
        expected.append({"messages": opening + spoken, "id": episode, "meta": found})
    assert rows_of(to) == expected
    assert not (tmp_path / "dataset_info.json").exists()


@pytest.mark.parametrize(("format", "place"), [("sharegpt", "conversations"), ("messages", "messages")])
def test_the_wrong_answer_is_in_no_turn_that_is_trained_on(
    log: Database, tmp_path: Path, format: str, place: str
) -> None:
    export_run(log, "r1", format, tmp_path / "t.jsonl")
    for row in rows_of(tmp_path / "t.jsonl")[:2]:
        turns = [tuple(said.values()) for said in row[place]]
        wrong = [side for side, text in turns if "The answer is 7." in text]
        assert wrong in (["human"], ["user"])


def test_datasets_reads_it(log: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    to = tmp_path / "train.jsonl"
    export_run(log, "r1", "sharegpt", to)
    read = load_dataset("json", data_files=str(to), split="train", cache_dir=str(tmp_path / "cache"))
    assert read.column_names == ["conversations", "system", "id", "meta"]
    assert list(read) == rows_of(to)


def test_same_log_same_bytes(log: Database, tmp_path: Path) -> None:
    made = []
    for folder in ("a", "b"):
        export_run(log, "r1", "sharegpt", tmp_path / folder / "t.jsonl")
        export_run(log, "r1", "sharegpt", tmp_path / folder / "t.jsonl")  # onto itself as well
        made.append([(tmp_path / folder / name).read_bytes() for name in ("t.jsonl", "t.md", "dataset_info.json")])
    assert made[0] == made[1]


def test_a_row_is_one_line_for_every_reader(tmp_path: Path) -> None:
    text = "a\u2028b\u2029c\x85d\re\x0bf é 日本"
    turns = (*CORRECTION[:3], CORRECTION[3].model_copy(update={"text": text}))
    log = logged(tmp_path / "log.db", [accepted("error_correction", turns)])
    export_run(log, None, "sharegpt", tmp_path / "t.jsonl")
    (row,) = rows_of(tmp_path / "t.jsonl")  # splitlines() cuts at all of these
    assert row["conversations"][1]["value"] == text
    assert "é 日本" in (tmp_path / "t.jsonl").read_text(encoding="utf-8")


# --- what is left out ---


def test_only_accepted_lessons_of_the_run(tmp_path: Path) -> None:
    other = accepted("debate", DEBATE, run_id="r2")
    rejected = LESSONS[0].model_copy(update={"status": "rejected", "reason": "x", "selected_episode_id": None})
    log = logged(tmp_path / "log.db", [rejected, LESSONS[1], other])
    result = export_run(log, "r1", "messages", tmp_path / "t.jsonl")
    assert (result.rows, result.lessons) == (1, 1)
    assert [row["id"] for row in rows_of(tmp_path / "t.jsonl")] == [IDS[1]]
    export_run(log, None, "messages", tmp_path / "t.jsonl")  # the latest run is another
    assert [row["id"] for row in rows_of(tmp_path / "t.jsonl")] == [other.selected_episode_id]


def test_refused_rows_are_counted_with_reasons(tmp_path: Path) -> None:
    seeds = [Seed(instruction=f"Question {i}?", response="12") for i in range(6)]
    end = CORRECTION[3]
    ends = ("12\0", "12\ud800", "12\0", " ", "12", "12")
    lessons = [
        accepted("error_correction", (*CORRECTION[:3], end.model_copy(update={"text": text})), seed=seed)
        for seed, text in zip(seeds, ends, strict=True)
    ]
    lessons.append(accepted("my_play", CORRECTION))
    lessons.append(accepted("debate", (DEBATE[0].model_copy(update={"phase": "open"}), *DEBATE[1:])))
    result = export_run(logged(tmp_path / "log.db", lessons), None, "sharegpt", tmp_path / "t.jsonl")
    assert result.refused == {
        "a NUL character in the text": 2,
        "a lone surrogate in the text": 1,
        "revise: the trained turn is empty": 1,
        "there is no my_play.yaml in ./scenarios/ or among the shipped scenarios": 1,
        "the scenario debate has no phase 'open' any more": 1,
    }
    assert (result.rows, result.lessons) == (2, 8)
    assert [row["id"] for row in rows_of(tmp_path / "t.jsonl")] == [x.selected_episode_id for x in lessons[4:6]]


def test_the_scenario_file_of_today_is_used(log: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("scenarios").mkdir()
    text = (
        shipped("debate.yaml").read_text().replace("name: challenge", "name: doubt").replace("system:", "system: Hm.")
    )
    Path("scenarios/debate.yaml").write_text(text)
    result = export_run(log, "r1", "sharegpt", Path("t.jsonl"))
    assert result.refused == {"the scenario debate has no phase 'challenge' any more": 1}
    assert (result.rows, result.also) == (3, (Path("dataset_info.json"), Path("t.md")))
    Path("scenarios/debate.yaml").write_text("name: debate\n")
    with pytest.raises(UserError, match=r"scenarios/debate\.yaml:1: title: missing"):
        export_run(log, "r1", "sharegpt", Path("t.jsonl"))
