"""A lesson as the page's viewer gets it."""

from __future__ import annotations

from master_autogen.report.lesson import lesson_json, list_entry
from tests.test_log_rows import LONG, call, episode, grade, lesson, plan, turn

CONFIG = {"scenario_texts": {"correction": {"roles": {"student": {"title": "The student"}}}}}


def test_the_list_has_what_it_is_filtered_by() -> None:
    assert list_entry(lesson()) == {
        "id": "run1-1-1",
        "round": 1,
        "scenario": "correction",
        "kind": "math",
        "status": "accepted",
        "pi": 0.5,
        "agents": ["teacher", "tutor", "weak"],
        "question": "What is 1 + 1?",
    }
    assert list_entry(lesson(status="rejected", selected_episode_id=None))["pi"] is None


def test_a_long_question_is_cut_in_the_list_alone() -> None:
    planned = plan()
    planned = planned.model_copy(update={"seed": planned.seed.model_copy(update={"instruction": "one\n two " * 40})})
    assert list_entry(lesson(plan=planned))["question"] == ("one two " * 40)[:140]
    assert lesson_json(lesson(plan=planned), [], {}, {})["seed"]["instruction"] == "one\n two " * 40


def test_a_turn_has_its_private_cue_its_checks_and_what_did_not_count() -> None:
    tried = call(1, attempt=1, text="It is 5.", request={"messages": [{"role": "system", "content": "Be wrong."}]})
    counts = call(2, attempt=2, request={"messages": [{"role": "system", "content": "Be right."}]})
    played = episode(plan(), 0, turns=(turn(0, LONG), turn(1, attempts=2, notes={"slip": "carry"})))
    made = lesson_json(lesson(episodes=(played,)), [tried, counts], CONFIG, {})
    said = made["episodes"][0]["turns"][1]
    assert (said["title"], said["agent"], said["phase"], said["train"]) == ("The student", "weak", "solve", True)
    assert made["texts"][said["cue"]] == "Be right."
    assert said["checks"] == [["right_answer", True, ""]]
    assert said["withdrawn"] == [
        {"attempt": 1, "text": "It is 5.", "failed": [["right_answer", False, "said 5"]], "error": None}
    ]
    assert said["notes"] == {"slip": "carry"}
    assert made["episodes"][0]["checks"] == [["complete", True, ""]]


def test_texts_that_repeat_stand_once() -> None:
    calls = [call(number, slot=slot, turn=1) for number, slot in enumerate((0, 1))]
    made = lesson_json(lesson(), calls, CONFIG, {})
    assert len(made["texts"]) == len(set(made["texts"]))
    # for, phase, agent, model, error, told, attempt, try, in, out, cost, seconds
    assert made["texts"][:4] == ["turn", "solve", "weak", "small"]
    assert made["episodes"][0]["calls"] == [[0, 1, 2, 3, None, None, 1, 1, 30, 5, 0.001, 0.5]]
    assert made["episodes"][1]["calls"] == made["episodes"][0]["calls"]


def test_a_judge_is_heard_and_a_failure_named() -> None:
    calls = [
        call(1, slot=None, purpose="judge", text="A."),
        call(2, slot=None, status="error", error="busy", text=None),
    ]
    made = lesson_json(lesson(), calls, CONFIG, {})
    told = [(made["texts"][row[0]], row[4], row[5]) for row in made["calls"]]
    busy, said = made["texts"].index("busy"), made["texts"].index("A.")
    assert told == [("judge", None, said), ("turn", busy, None)]


def test_the_first_grade_counts_and_others_are_counted() -> None:
    planned = plan()
    grades = (grade(planned, 1, 0.5), grade(planned, 1, 0.9, evaluator="another"))
    found = lesson_json(lesson(grades=grades), [], CONFIG, {})["episodes"]
    assert (found[1]["grade"]["pi"], found[1]["grade"]["regrades"]) == (0.5, 1)
    assert "detail" not in found[1]["grade"]
    assert found[0]["grade"] is None


def test_what_was_tried_when_an_episode_failed_is_there() -> None:
    failed = episode(plan(), 0, turns=(), checks=(), status="failed", reason="timeout")
    calls = [call(1, turn=0, status="error", error="timeout: no reply", text=None)]
    [first, *_] = lesson_json(lesson(episodes=(failed,)), calls, CONFIG, {})["episodes"]
    assert first["unsaid"] == [{"attempt": 1, "text": None, "failed": [], "error": "timeout: no reply"}]
    assert (first["status"], first["reason"], first["standing"]) == ("failed", "timeout", "failed: timeout")
