"""Reading an episode back: whose turn, which attempts, what was said in private, and why it is the lesson's or not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from master_autogen.errors import UserError
from master_autogen.log import Database, LogWriter, RunRecord, open_log
from master_autogen.records import (
    Call,
    Cast,
    CheckResult,
    Episode,
    EpisodePlan,
    Grade,
    Lesson,
    LessonPlan,
    Pair,
    Seed,
    Turn,
)
from master_autogen.replay import replay, spoken, standing

SEED = Seed(
    instruction="Ann has 4 boxes of 3 pens. How many pens is that?",
    response="4 boxes of 3 pens are 4 x 3 = 12 pens. The answer is 12.",
    answer="12",
    kind="math",
    source="tests",
)
BASE = Cast(pair=Pair(instruction="calm", response="careful"), origin="base",
            agents={"teacher": "calm", "slow_student": "slow", "student": "careful"})  # fmt: skip
DRAWN = BASE.model_copy(update={"origin": "selection", "probability": 0.5})
PLAN = LessonPlan(
    id="1e55041234",
    run_id="run1",
    round=2,
    scenario="error_correction",
    seed=SEED,
    episodes=tuple(EpisodePlan(id=f"1e55041234.{slot}", slot=slot, cast=DRAWN if slot else BASE) for slot in range(4)),
)
TEXTS = {"error_correction": {"roles": {"slow_student": {"title": "Student"}, "student": {"title": "Student"}}}}


def check(name: str, turn: int, passed: bool | None, detail: str = "", attempt: int = 1) -> CheckResult:
    return CheckResult(name=name, turn_idx=turn, passed=passed, detail=detail, attempt=attempt)


TURNS = (
    Turn(idx=0, phase="pose", role="teacher", agent="calm", text="What is asked?", side="human", train=False),
    Turn(idx=1, phase="err", role="slow_student", agent="slow", text="4 + 3 = 7. The answer is 7.", side="gpt",
         train=False, attempts=3, made_by="worded", notes={"misconception": "adds"}),
    Turn(idx=2, phase="revise", role="student", agent="careful", text="4 x 3 = 12. The answer is 12.", side="gpt",
         train=True, made_by="template", thought="Groups."),
)  # fmt: skip
CHECKS = (
    check("not_empty", 0, True),
    check("no_leak", 0, None, "the seed has no checkable answer"),
    check("wrong_answer", 1, False, "says 12, which is right", attempt=1),
    check("wrong_answer", 1, None, "no final answer found", attempt=2),
    check("complete", 1, False, "cut off by the token limit", attempt=2),
    check("wrong_answer", 1, True, attempt=3),
    check("right_answer", 2, True, "says 12, which is right"),
)


def episode(slot: int, **changes: object) -> Episode:
    made = Episode(
        id=PLAN.episodes[slot].id,
        lesson_id=PLAN.id,
        run_id="run1",
        cast=PLAN.episodes[slot].cast,
        is_base=slot == 0,
        status="complete",
        turns=TURNS,
        checks=CHECKS,
    )
    return made.model_copy(update=changes)


def grade(slot: int, pi: float | None) -> Grade:
    return Grade(
        episode_id=PLAN.episodes[slot].id,
        evaluator="judge",
        ifd_small=0.8,
        verdict_ab="better",
        verdict_ba="tie",
        pi_llm=0.5,
        pi=pi,
        basis="single",
        missing_reason=None if pi is not None else "the judge gave no verdict",
    )


def call(number: int, turn: int, attempt: int, text: str | None, **changes: Any) -> Call:
    messages = [{"role": "system", "content": f"Private {number}."}, {"role": "user", "content": SEED.instruction}]
    made = Call(
        id=f"call{number}",
        run_id="run1",
        lesson_id=PLAN.id,
        episode_id=PLAN.episodes[1].id,
        seq=number,
        purpose="turn",
        phase="err",
        agent="slow",
        model="small",
        turn=turn,
        attempt=attempt,
        tries=1,
        request_key=str(number),
        request={"messages": messages, "model": "small", "sampling": {}, "schema": None},
        status="ok" if text is not None else "error",
        error=None if text is not None else "timeout: no whole reply within 5 s",
        text=text,
        latency_s=0.1,
        started=1000.0 + number,
    )
    return made.model_copy(update=changes)


CALLS = (
    call(1, 0, 1, "What is asked?"),
    call(2, 1, 1, None),
    call(3, 1, 1, "4 x 3 = 12. The answer is 12."),
    call(4, 1, 2, "A piece"),
    call(5, 1, 2, "of a worded turn"),
    call(6, 1, 3, "4 + 3 = 7. The answer is 7."),
)
LESSON = Lesson(
    plan=PLAN,
    status="accepted",
    selected_episode_id="1e55041234.1",
    episodes=(
        episode(0),
        episode(1),
        episode(2, status="rejected", reason="revise: right_answer: says 7, which is wrong"),
        episode(3, status="failed", reason="timeout: no whole reply within 5 s", turns=TURNS[:1], checks=CHECKS[:2]),
    ),
    grades=(grade(0, None), grade(1, 0.4)),
)


def write_log(path: Path, lesson: Lesson | None = LESSON, config: Mapping[str, Any] | None = None) -> Path:
    """A log with the run `run1` and this lesson; with None the lesson is planned and not played."""
    with LogWriter(path) as log:
        log.begin_run(RunRecord(id="run1", started=1000.0, config=config or {"scenario_texts": TEXTS}))
        log.plan_round("run1", [PLAN], [])
        for each in CALLS:
            log.put_call(each)
        log.put_call(call(7, 1, 1, None, episode_id=PLAN.episodes[3].id))
        if lesson is not None:
            log.finish_lesson(lesson)
    return path


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return open_log(write_log(tmp_path / "log.db"))


def test_turns_come_with_their_title_and_the_checks_of_the_attempt_that_counts(db: Database) -> None:
    found = replay(db, "1e55041234.1")
    assert [(turn.title, turn.turn.text) for turn in found.turns] == [
        ("Teacher", "What is asked?"),
        ("Student", "4 + 3 = 7. The answer is 7."),
        ("Student", "4 x 3 = 12. The answer is 12."),
    ]
    assert [[(c.name, c.passed) for c in turn.checks] for turn in found.turns] == [
        [("not_empty", True), ("no_leak", None)],
        [("wrong_answer", True)],
        [("right_answer", True)],
    ]
    assert (found.slot, found.standing, found.grade) == (1, "selected", grade(1, 0.4))


def test_attempts_that_do_not_count_come_with_what_was_said_and_why(db: Database) -> None:
    withdrawn = replay(db, "1e55041234.1").turns[1].withdrawn
    assert [(w.attempt, w.text, [c.name for c in w.failed], w.error) for w in withdrawn] == [
        (1, "4 x 3 = 12. The answer is 12.", ["wrong_answer"], "timeout: no whole reply within 5 s"),
        (2, None, ["complete"], None),  # two replies: pieces of a worded turn
    ]


def test_a_cue_is_the_system_prompt_of_the_attempt_that_counts(db: Database) -> None:
    assert [turn.cue for turn in replay(db, "1e55041234.1").turns] == ["Private 1.", "Private 6.", None]


def test_a_failed_episode_ends_with_what_was_tried_last(db: Database) -> None:
    found = replay(db, "1e55041234.3")
    assert [turn.turn.idx for turn in found.turns] == [0]
    assert [(w.attempt, w.text, w.error) for w in found.unsaid] == [(1, None, "timeout: no whole reply within 5 s")]
    assert found.standing == "failed: timeout: no whole reply within 5 s"


@pytest.mark.parametrize("wanted", ["1e55041234", "1e", "1e55041234.1"])
def test_a_lesson_or_the_beginning_of_its_id_gives_its_selected_episode(db: Database, wanted: str) -> None:
    assert replay(db, wanted).view.episode.id == "1e55041234.1"


def test_a_lesson_that_selected_nothing_gives_its_base(tmp_path: Path) -> None:
    nothing = LESSON.model_copy(update={"status": "rejected", "selected_episode_id": None})
    found = replay(open_log(write_log(tmp_path / "b.db", nothing)), "1e55041234")
    assert (found.view.episode.id, found.standing) == ("1e55041234.0", "not selected: the lesson is rejected")


def test_without_the_scenarios_text_roles_go_by_their_names(tmp_path: Path) -> None:
    db = open_log(write_log(tmp_path / "b.db", config={"rounds": 2}))
    assert [turn.title for turn in replay(db, "1e").turns] == ["Teacher", "Slow student", "Student"]


def test_what_was_not_played_cannot_be_replayed(tmp_path: Path) -> None:
    db = open_log(write_log(tmp_path / "b.db", None))
    with pytest.raises(UserError) as found:
        replay(db, "1e")
    assert str(found.value) == "episode 1e55041234.0 has not been played yet (its lesson is pending)"


def test_an_unknown_id_is_named(db: Database) -> None:
    with pytest.raises(UserError, match=r"no episode '2f' in .*log\.db; `master-autogen runs show RUN` lists them"):
        replay(db, "2f")


@pytest.mark.parametrize(
    ("slot", "selected", "pis", "told"),
    [
        (1, 1, {1: 0.4}, "selected"),
        (0, 0, {}, "selected: no candidate was better"),
        (0, 1, {1: 0.4}, "not selected: a candidate was better than this base"),
        (1, 2, {1: 0.25, 2: 0.5}, "not selected: 1e55041234.2 has a higher pi (0.50, this one 0.25)"),
        (2, 1, {1: 0.5, 2: 0.5}, "not selected: 1e55041234.1 has the same pi and came first"),
        (1, 2, {1: None, 2: 0.5}, "not selected: its pi could not be measured"),
        (1, 0, {1: 0.0}, "not selected: its pi is 0, the base is better"),
        (1, None, {1: 0.4}, "not selected: the lesson is rejected"),
    ],
)
def test_why_an_episode_was_selected_or_not(
    slot: int, selected: int | None, pis: dict[int, float | None], told: str
) -> None:
    lesson = LESSON.model_copy(
        update={
            "status": "rejected" if selected is None else "accepted",
            "selected_episode_id": None if selected is None else PLAN.episodes[selected].id,
            "grades": tuple(grade(number, pi) for number, pi in pis.items()),
        }
    )
    assert standing(lesson, episode(slot)) == told


def test_a_rejected_episode_says_which_check_rejected_it() -> None:
    assert standing(LESSON, LESSON.episodes[2]) == "rejected: revise: right_answer: says 7, which is wrong"


def test_names_are_put_as_people_read_them() -> None:
    assert spoken("slow_student") == "Slow student"
