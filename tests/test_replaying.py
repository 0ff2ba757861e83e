"""Playing an episode again from its calls, and grading it again: what changed is named, what was there stays."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from master_autogen.log import get_lesson, lesson_calls, open_log, run_lessons
from master_autogen.replay import verify
from tests.cli_kit import POOL, cli, lines, write_inputs

JUDGE_RULE = '{when: "You judge", say: [\'{"reason": "r", "better": "first"}\']}'


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli(*write_inputs(Path()), "--rounds", 1).exit_code == 0


def database() -> Database:
    return open_log("a.db", readonly=True)


def episodes(status: str = "complete") -> list[str]:
    with closing(database()) as db:
        (run_id,) = (row["id"] for row in db.query("SELECT id FROM runs"))
        return [e.id for lesson in run_lessons(db, run_id) for e in lesson.episodes if e.status == status]


def change(old: str, new: str) -> None:
    text = Path("quiz.yaml").read_text()
    assert old in text
    Path("quiz.yaml").write_text(text.replace(old, new))


def told(episode: str, *more: str) -> tuple[int, list[str]]:
    result = cli("replay", episode, "--verify", "--log", "a.db", *more)
    return result.exit_code, lines(result.output)


def test_every_episode_comes_out_as_it_was_played() -> None:
    with closing(database()) as db:
        for episode in (*episodes(), *episodes("rejected")):
            assert verify(db, episode).difference is None
    episode = episodes()[0]
    assert told(episode) == (
        0,
        [
            f"Episode {episode} comes out as it was played: 2 turns from 2 recorded calls",
            "scenario: quiz.yaml, pool: as recorded",
        ],
    )


def test_a_changed_prompt_is_named_with_the_lines_that_differ() -> None:
    change("Ask for the first step.", "Ask for the last step.")
    episode = episodes()[0]
    assert told(episode) == (
        1,
        [
            f"Episode {episode} comes out otherwise, first at call ask, turn 0, attempt 1",
            "its request is not the recorded one: message 0 (system) differs",
            "  -Ask for the first step.",
            "  +Ask for the last step.",
            "scenario: quiz.yaml, pool: as recorded",
        ],
    )


def test_a_changed_message_is_named() -> None:
    episode = episodes()[0]
    db = Database("a.db")
    db.execute("UPDATE turns SET text = 'Think twice.' WHERE episode_id = ? AND idx = 0", (episode,))
    db.conn.commit()
    db.close()
    code, said = told(episode)
    assert code == 1
    assert said[:4] == [
        f"Episode {episode} comes out otherwise, first at turn 0, ask",
        "what is said differs",
        "  -Think twice.",
        "  +Think of the first step.",
    ]


def test_a_changed_answer_of_a_model_is_named() -> None:
    """The next speaker's request holds it, and that request is not the recorded one."""
    episode = episodes()[0]
    db = Database("a.db")
    db.execute("UPDATE calls SET text = 'Think twice.' WHERE episode_id = ? AND turn = 0", (episode,))
    db.conn.commit()
    db.close()
    code, said = told(episode)
    assert code == 1
    assert " ".join(said[:3]) == (  # the first is longer than the screen
        f"Episode {episode} comes out otherwise, first at call solve, turn 1, attempt 1 "
        "its request is not the recorded one: message 1 (user) differs"
    )
    assert tuple(said[4:6]) == ("  -Think of the first step.", "  +Think twice.")


def test_a_changed_check_is_named() -> None:
    change("checks: [not_empty]", "checks: [not_empty, complete]")
    code, said = told(episodes()[0])
    assert code == 1
    assert "first at check not_empty, turn 1," in said[0]
    assert "now complete stands in its place" in said


def test_a_call_that_is_missing_is_named() -> None:
    more = "  - {name: hint, role: asker, side: human, prompt: Give a hint., ask: Go on.}\n  - name: solve\n"
    change("  - name: solve\n", more)
    code, said = told(episodes()[0])
    assert code == 1, said
    assert "first at call hint, turn 1," in said[0]
    assert "the log holds no answer to it" in said


def test_a_file_that_is_faulty_now_is_said_to_be() -> None:
    change("side: gpt", "side: gtp")
    code, said = told(episodes()[0])
    assert code == 2
    assert said[0].startswith("Error: quiz.yaml:")


def test_where_the_file_is_gone_the_recorded_scenario_is_played() -> None:
    Path("quiz.yaml").unlink()
    code, said = told(episodes()[0])
    assert (code, said[-1]) == (0, "scenario: as recorded, pool: as recorded")


def test_another_pool_may_be_named() -> None:
    Path("other.yaml").write_text(POOL.replace("BASE", "right").replace("host:", "guest:").replace("[host]", "[guest]")
                                  .replace("instruction: host", "instruction: guest"))  # fmt: skip
    episode = episodes()[0]
    code, said = told(episode, "--pool", "other.yaml")
    assert (code, said[1]) == (1, "the pool has no agent 'host'")


def test_a_scenario_with_other_roles_is_named() -> None:
    change("asker", "poser")
    code, said = told(episodes()[0])
    assert (code, said[:2]) == (
        1,
        [
            f"Episode {episodes()[0]} comes out otherwise, first at cast",
            "the scenario has the roles poser, solver; the episode was played by asker, solver",
        ],
    )


def test_nothing_is_asked_and_nothing_written() -> None:
    before = Path("a.db").read_bytes()
    for episode in episodes():
        assert told(episode)[0] == 0
    assert Path("a.db").read_bytes() == before


# --- --regrade ---


def judged() -> str:
    """A pool with a judge that likes what comes first, and the lesson of an episode."""
    pool = POOL.replace("BASE", "right").replace("    rules:\n", f"    rules:\n      - {JUDGE_RULE}\n", 1)
    pool = pool.replace("  wrong: {model: guesses}\n", "  wrong: {model: guesses}\n  judge: {model: knows}\n")
    Path("judged.yaml").write_text(pool + "judge: judge\n")
    with closing(database()) as db:
        (run_id,) = (row["id"] for row in db.query("SELECT id FROM runs"))
        return next(x.plan.id for x in run_lessons(db, run_id) if all(e.status == "complete" for e in x.episodes))


def test_regrading_keeps_both_grades_and_logs_its_calls() -> None:
    lesson_id = judged()
    with closing(database()) as db:
        before = get_lesson(db, lesson_id)
        calls = len(lesson_calls(db, lesson_id))
    result = cli("replay", lesson_id, "--regrade", "pairwise", "--pool", "judged.yaml", "--log", "a.db")
    assert result.exit_code == 0, result.output
    assert lines(result.output)[-1] == "The first grade of an episode counts; 2 grades added."
    with closing(database()) as db:
        after = get_lesson(db, lesson_id)
        asked = lesson_calls(db, lesson_id)[calls:]
    assert after.grades[: len(before.grades)] == before.grades
    base, candidate = after.grades[len(before.grades) :]
    assert base.missing_reason == "is_base"
    assert (candidate.verdict_ab, candidate.verdict_ba, candidate.pi_llm) == ("better", "worse", 0.5)
    assert candidate.evaluator.startswith("judge:pairwise@")
    assert [(call.purpose, call.phase, call.agent.split("@")[0]) for call in asked] == [
        ("judge", "ab", "quality_judge"),
        ("judge", "ba", "quality_judge"),
    ]
    assert after.selected_episode_id == before.selected_episode_id


def test_the_same_judge_again_replaces_its_own_grades() -> None:
    lesson_id = judged()
    for _ in range(2):
        assert (
            cli("replay", lesson_id, "--regrade", "pairwise", "--pool", "judged.yaml", "--log", "a.db").exit_code == 0
        )
    with closing(database()) as db:
        assert len(get_lesson(db, lesson_id).grades) == 4
    assert cli("replay", lesson_id, "--regrade", "verifier", "--log", "a.db").exit_code == 0
    with closing(database()) as db:
        evaluators = [grade.evaluator.split("@")[0] for grade in get_lesson(db, lesson_id).grades]
    assert evaluators == ["verifier"] * 2 + ["judge:pairwise"] * 2 + ["verifier"] * 2


def test_one_thing_at_a_time() -> None:
    result = cli("replay", "x", "--verify", "--regrade", "pairwise")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: --verify and --regrade are two things; give one of them\n",
    )


def test_what_the_log_keeps_of_a_pool_holds_no_secret() -> None:
    secret = POOL.replace("BASE", "right").replace(
        "provider: scripted\n", "provider: scripted\n    config: {k: sk-1}\n", 1
    )
    Path("tiny.yaml").write_text(secret)
    arguments = ["run", "quiz.yaml", "--pool", "tiny.yaml", "--seeds", "seeds.jsonl", "--candidates", "1"]
    assert cli(*arguments, "--log", "b.db").exit_code == 0
    assert b"sk-1" not in Path("b.db").read_bytes()
