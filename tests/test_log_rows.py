"""Records that the log's tests share, and their way into rows and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from master_autogen.log import LogWriter, RunRecord, episode_calls, get_lesson, lesson_calls, open_log
from master_autogen.log.rows import CALLS, call_row, text_hash
from master_autogen.log.sql import storable, to_json
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
    SelectionRow,
    Turn,
)

RUN = RunRecord(id="run1", started=1000.0, config={"rounds": 2}, versions={"python": "3.11"}, random_seed=7)
PAIR = Pair(instruction="teacher", response="student")
OTHER = Pair(instruction="tutor", response="student")
LONG = "A train goes 60 miles in 2 hours and stops; how many miles does it go in the first of these hours, on average?"


def seed(number: int = 1) -> Seed:
    return Seed(
        instruction=f"What is {number} + {number}?", response=f"{2 * number}", answer=f"{2 * number}", kind="math"
    )


def plan(number: int = 1, *, run_id: str = "run1", round_number: int = 1, candidates: int = 2) -> LessonPlan:
    base = Cast(pair=PAIR, agents={"teacher": "teacher", "student": "weak"}, origin="base")
    drawn = Cast(pair=OTHER, agents={"teacher": "tutor"}, origin="selection", probability=0.25)
    lesson_id = f"{run_id}-{round_number}-{number}"
    return LessonPlan(
        id=lesson_id,
        run_id=run_id,
        round=round_number,
        scenario="correction",
        seed=seed(number),
        similar=seed(number + 100) if number % 2 else None,
        episodes=tuple(
            EpisodePlan(id=f"{lesson_id}-e{slot}", slot=slot, cast=drawn if slot else base)
            for slot in range(candidates + 1)
        ),
        random_seed=7,
    )


def turn(idx: int, text: str = "I say four.", **changes: object) -> Turn:
    fields = {"phase": "solve", "role": "student", "agent": "weak", "side": "gpt", "train": True}
    return Turn.model_validate(fields | {"idx": idx, "text": text} | changes)


def episode(lesson: LessonPlan, slot: int, **changes: object) -> Episode:
    planned = lesson.episodes[slot]
    made = Episode(
        id=planned.id,
        lesson_id=lesson.id,
        run_id=lesson.run_id,
        cast=planned.cast,
        is_base=slot == 0,
        status="complete",
        label=None if slot == 0 else "correction",
        turns=(turn(0, LONG, side="human", train=False, made_by="template"), turn(1, notes={"misconception": "carry"})),
        checks=(
            CheckResult(name="right_answer", turn_idx=1, passed=False, detail="said 5", attempt=1),
            CheckResult(name="right_answer", turn_idx=1, passed=True, attempt=2),
            CheckResult(name="not_empty", turn_idx=0, passed=None, detail="could not tell"),
            CheckResult(name="complete", turn_idx=None, passed=True),
        ),
    )
    return made.model_copy(update=changes)


def grade(lesson: LessonPlan, slot: int, pi: float | None = 0.5, evaluator: str = "judge/1") -> Grade:
    return Grade(
        episode_id=lesson.episodes[slot].id,
        evaluator=evaluator,
        verdict_ab="better",
        verdict_ba="tie",
        pi_llm=pi,
        pi=pi,
        basis="judge",
        missing_reason=None if pi is not None else "no verdict",
        detail={"raw": ["A", {"n": 1.5}]},
    )


def lesson(number: int = 1, **changes: object) -> Lesson:
    planned = plan(number)
    made = Lesson(
        plan=planned,
        status="accepted",
        selected_episode_id=planned.episodes[1].id,
        episodes=(episode(planned, 0), episode(planned, 1), episode(planned, 2, status="failed", reason="timeout")),
        grades=(grade(planned, 1), grade(planned, 2, pi=None)),
    )
    return made.model_copy(update=changes)


def call(number: int = 1, lesson_id: str = "run1-1-1", slot: int | None = 0, **changes: object) -> Call:
    messages = [
        {"role": "user", "source": "teacher", "content": LONG},
        {"role": "user", "source": "code", "content": "Go on."},
    ]
    made = Call(
        id=f"call{number}",
        run_id="run1",
        lesson_id=lesson_id,
        episode_id=None if slot is None else f"{lesson_id}-e{slot}",
        seq=number,
        purpose="turn",
        phase="solve",
        agent="weak",
        model="small",
        turn=1,
        attempt=1,
        tries=1,
        request_key="k1",
        request={"model": "small", "messages": messages, "sampling": {"temperature": 0.2, "seed": 3}, "schema": None},
        status="ok",
        text="I say four.",
        prompt_tokens=30,
        completion_tokens=5,
        cost=0.001,
        latency_s=0.5,
        started=1000.0 + number,
        detail={"prompt_form": "chat"},
    )
    return made.model_copy(update=changes)


def selection(pair: Pair = PAIR, round_number: int = 1, probability: float = 0.5) -> SelectionRow:
    return SelectionRow(
        run_id="run1",
        round=round_number,
        scenario="correction",
        task_type="math",
        pair=pair,
        probability=probability,
        pulls=3,
        reward_sum=1.25,
        rule="thompson",
    )


def planned_log(path: Path) -> Path:
    """A log with run1 and its first round of three planned lessons."""
    with LogWriter(path) as log:
        log.begin_run(RUN)
        log.plan_round("run1", [plan(3), plan(1), plan(2)], [selection(), selection(OTHER)])
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return planned_log(tmp_path / "log.db")


def test_a_lesson_comes_back_as_it_went_in(path: Path) -> None:
    with LogWriter(path) as log:
        log.finish_lesson(lesson())
    assert get_lesson(open_log(path), "run1-1-1") == lesson()


def test_a_lesson_whose_episode_was_cast_anew_keeps_plan_and_cast(path: Path) -> None:
    cast = Cast(pair=PAIR, agents={"teacher": "spare"}, origin="selection", probability=0.25)
    played = episode(plan(), 1, cast=cast, status="rejected", reason="leak")
    done = lesson(
        episodes=(played,), grades=(), status="rejected", reason="no episode passed", selected_episode_id=None
    )
    with LogWriter(path) as log:
        log.finish_lesson(done)
    db = open_log(path)
    assert get_lesson(db, "run1-1-1") == done
    assert db.execute(
        "SELECT json_extract(\"cast\", '$.teacher') FROM episodes WHERE id = 'run1-1-1-e1'"
    ).fetchone() == ("spare",)


def test_a_call_comes_back_as_it_went_in(path: Path) -> None:
    failed = call(2, slot=None, status="error", http_status=503, error="busy", text=None, cost=None, thought="hm")
    with LogWriter(path) as log:
        log.put_call(call())
        log.put_call(failed)
    assert lesson_calls(open_log(path), "run1-1-1") == [call(), failed]


def test_text_that_no_utf8_can_hold_comes_back(path: Path) -> None:
    broken = "half a pair: \ud83d and a \0 and " + LONG
    done = lesson(episodes=(episode(plan(), 0, turns=(turn(0, broken, notes={"why": "\ud83d"}),)),), grades=())
    asked = call(text=broken, request={"messages": [{"role": "user", "source": "a", "content": broken}]})
    with LogWriter(path) as log:
        log.finish_lesson(done)
        log.put_call(asked)
    assert get_lesson(open_log(path), "run1-1-1") == done
    assert lesson_calls(open_log(path), "run1-1-1") == [asked]


def test_a_seed_keeps_what_its_own_run_knew_of_it(path: Path) -> None:
    mended = seed(1).model_copy(update={"answer": "two", "source": "mended.csv"})
    again = plan(1, run_id="run2").model_copy(update={"seed": mended})
    with LogWriter(path) as log:
        log.begin_run(RUN.model_copy(update={"id": "run2"}))
        log.plan_round("run2", [again], [])
    db = open_log(path)
    assert get_lesson(db, "run1-1-1").plan.seed == seed(1)
    assert get_lesson(db, "run2-1-1").plan.seed == mended
    assert db.execute("SELECT answer FROM seeds WHERE id = ?", (mended.id,)).fetchone() == ("two",)


def test_two_spellings_of_one_instruction_share_a_seed_and_keep_their_own() -> None:
    from master_autogen.log.rows import seed_facts, seed_of

    composed, decomposed = (Seed(instruction=text, response="r") for text in ("caf\u00e9", "cafe\u0301"))
    assert composed.id == decomposed.id
    assert seed_of(composed.instruction, "r", seed_facts(decomposed)) == decomposed


def test_long_texts_go_by_reference_and_short_ones_stay() -> None:
    row, texts = call_row(call())
    request = json.loads(str(row[CALLS.columns.index("request")]))
    ref = text_hash(LONG)
    assert request["messages"] == [
        {"role": "user", "source": "teacher", "ref": ref},
        {"role": "user", "source": "code", "content": "Go on."},
    ]
    assert texts == {ref: LONG}


@pytest.mark.parametrize(("length", "by_reference"), [(80, False), (81, True)])
def test_80_characters_are_not_long(length: int, by_reference: bool) -> None:
    text = "x" * length
    _, texts = call_row(call(request={"messages": [{"role": "user", "source": "a", "content": text}]}))
    assert texts == ({text_hash(text): text} if by_reference else {})


def test_the_hash_is_sixteen_digits_of_sha256() -> None:
    assert text_hash("abc") == "ba7816bf8f01cfea"


def test_what_a_scorer_is_given_and_the_schema_of_a_reply_are_shared_texts() -> None:
    request = {"context": LONG, "text": "Four.", "model": "small"}
    row, texts = call_row(call(purpose="score", request=request))
    stored = json.loads(str(row[CALLS.columns.index("request")]))
    assert stored == {"context": {"ref": text_hash(LONG)}, "text": "Four.", "model": "small"}
    assert texts == {text_hash(LONG): LONG}
    schema = {"type": "json_schema", "json_schema": {"name": "verdict", "strict": True}}
    row, texts = call_row(call(purpose="judge", request={"messages": [], "schema": schema}))
    assert list(texts.values()) == ['{"type":"json_schema","json_schema":{"name":"verdict","strict":true}}']


@pytest.mark.parametrize(
    "request_",
    [
        {"context": LONG, "text": LONG + "!", "prompt_form": "words"},
        {"context": None, "text": "Four."},
        {"messages": [{"role": "user", "content": LONG}], "schema": {"a": {"b": [1, None, "é\ud800"]}}},
    ],
)
def test_a_request_comes_back_as_it_was(tmp_path: Path, request_: dict[str, Any]) -> None:
    path = planned_log(tmp_path / "log.db")
    with LogWriter(path) as log:
        log.put_call(call(request=request_))
    assert episode_calls(open_log(path), "run1-1-1-e0")[0].request == request_


@pytest.mark.parametrize(
    ("value", "stored"),
    [("é", "é"), (None, None), (3, 3), ("\ud83d", b"\xed\xa0\xbd"), ("\U0001f600", "\U0001f600")],
)
def test_storable(value: str | int | None, stored: object) -> None:
    assert storable(value) == stored


def test_json_stays_readable_unless_utf8_cannot_hold_it() -> None:
    assert to_json({"a": "é"}) == '{"a":"é"}'
    assert to_json({"a": "é\ud83d"}) == '{"a":"\\u00e9\\ud83d"}'


def test_what_json_cannot_hold_fails_at_the_caller(path: Path) -> None:
    with LogWriter(path) as log:
        with pytest.raises(TypeError, match="not JSON serializable"):
            log.put_call(call(detail={"what": object()}))
        log.put_call(call())
    assert lesson_calls(open_log(path), "run1-1-1") == [call()]
