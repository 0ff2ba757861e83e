"""Whole runs on real model paths: an OpenAI-compatible server on this machine, and the embedded engine with its weights."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from master_autogen.errors import UserError
from master_autogen.grading.quality import read_rubric
from master_autogen.log import open_log, run_lessons, totals
from master_autogen.pipeline import Inputs, run
from master_autogen.pool import Scorers, read_pool
from master_autogen.records import Lesson
from master_autogen.scenario import read_scenario
from master_autogen.seeds import bundled
from tests.endpoint import MockEndpoint, completion
from tests.kit import APPLES, PEARS, scripted_answer

SCENARIOS = ("error_correction", "debate", "analogical_reasoning")


def _lessons(path: Path, run_id: str) -> list[Lesson]:
    db = open_log(path)
    try:
        return list(run_lessons(db, run_id))
    finally:
        db.close()


async def _by_the_scripted_rules(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    """Answer as the scripted pool's careful model would: the small model errs, the large one copies the solution well."""
    return web.json_response(completion(await scripted_answer(body)))


async def test_each_role_asks_its_own_model_of_one_server(tmp_path: Path) -> None:
    async with MockEndpoint(_by_the_scripted_rules) as endpoint:
        environ = {
            "MASTER_AUTOGEN_BASE_URL": endpoint.base_url,
            "MASTER_AUTOGEN_MODELS": "small,large",
            "OPENAI_API_KEY": "sk-not-to-be-seen",
        }
        what = Inputs(
            scenarios=[read_scenario(name) for name in SCENARIOS],
            pool=read_pool("endpoint", environ),
            seeds=[APPLES, PEARS],
            rubric=read_rubric("pairwise"),
            candidates=2,
        )
        done = await run(what, tmp_path / "log.db", environ=environ)
        requests = list(endpoint.requests)
    lessons = _lessons(tmp_path / "log.db", done.run_id)
    assert lessons
    assert {lesson.status for lesson in lessons} == {"accepted"}
    asked: defaultdict[str, set[str]] = defaultdict(set)
    for request in requests:
        system = request.body["messages"][0]["content"]
        for words, role in (
            ("still learning this", "slow_student"),
            ("You are Student A", "student_a"),
            ("You judge training conversations", "judge"),
        ):
            if words in system:
                asked[role].add(request.body["model"])
    assert asked["slow_student"] == asked["student_a"] == {"small"}
    assert asked["judge"] == {"large"}
    assert {request.headers["Authorization"] for request in requests} == {"Bearer sk-not-to-be-seen"}
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"sk-not-to-be-seen" not in everything
    db = open_log(tmp_path / "log.db")
    spent = totals(db, done.run_id).calls
    db.close()
    assert sum(row.calls for row in spent) == len(requests)
    assert {row.model for row in spent} == {"small", "large"}
    told = 14 * len(requests)  # what the endpoint's own usage says of every call: 11 in, 3 out
    assert sum(row.prompt_tokens + row.completion_tokens for row in spent) == told
    for model in ("small", "large"):
        asked_of = sum(request.body["model"] == model for request in requests)
        assert sum(row.prompt_tokens for row in spent if row.model == model) == 11 * asked_of
    judged = [request for request in requests if "You judge" in request.body["messages"][0]["content"]]
    assert sum(row.calls for row in spent if row.role == "judge") == len(judged)
    assert sum(row.calls for row in spent if row.role == "slow_student") == sum(
        "still learning this" in request.body["messages"][0]["content"] for request in requests
    )


@pytest.mark.local
async def test_the_embedded_model_gives_verified_lessons(tmp_path: Path) -> None:
    """A seed on real weights: wrong first, right last, nothing given away, graded by a real likelihood."""
    maths = [seed for seed in bundled().seeds if seed.kind == "math"]
    what = Inputs(
        scenarios=[read_scenario(name) for name in ("error_correction", "debate")],
        pool=read_pool("local", {}),
        seeds=maths,
        limit=1,
        candidates=1,
    )
    done = await run(what, tmp_path / "log.db", environ={})
    lessons = _lessons(tmp_path / "log.db", done.run_id)
    assert len(lessons) == 2
    for lesson in lessons:
        assert lesson.status == "accepted", lesson.reason
        for episode in lesson.episodes:
            passed = {(c.name, c.turn_idx): c.passed for c in episode.checks}  # the last attempt's
            last = len(episode.turns) - 1
            assert passed["right_answer", last] is True
            if lesson.plan.scenario == "error_correction":
                assert passed["wrong_answer", 1] is True
                assert passed["no_leak", 2] is True
            assert {turn.made_by for turn in episode.turns} <= {"model", "worded", "template"}
        candidate = lesson.grades[1]
        assert (candidate.basis, candidate.pi_llm) == ("single", 0.5)
        assert candidate.ifd_small is not None
        assert 0 < candidate.ifd_small < 1


@pytest.mark.slow
async def test_the_embedded_model_plays_the_bundled_maths_seeds(tmp_path: Path) -> None:
    """At least four in five of the bundled maths seeds end in an accepted lesson, every one of them verified."""
    pool = read_pool("local", {})
    what = Inputs(
        scenarios=[read_scenario("error_correction")],
        pool=pool.model_copy(update={"scorers": Scorers()}),
        seeds=[seed for seed in bundled().seeds if seed.kind == "math"],
        candidates=0,
    )
    done = await run(what, tmp_path / "log.db", environ={})
    lessons = _lessons(tmp_path / "log.db", done.run_id)
    assert len(lessons) == done.seeds_in == 40
    accepted = [lesson for lesson in lessons if lesson.status == "accepted"]
    assert len(accepted) >= 32, [lesson.reason for lesson in lessons if lesson.status != "accepted"]
    for lesson in accepted:
        [episode] = lesson.episodes
        passed = {(c.name, c.turn_idx): c.passed for c in episode.checks}
        assert (passed["wrong_answer", 1], passed["no_leak", 2], passed["right_answer", 3]) == (True, True, True)
    by_code = sum(turn.made_by == "template" for lesson in accepted for turn in lesson.episodes[0].turns)
    assert by_code < 0.1 * sum(len(lesson.episodes[0].turns) for lesson in accepted)


async def test_an_endpoint_that_is_down_is_told_before_anything_is_written(tmp_path: Path) -> None:
    environ = {
        "MASTER_AUTOGEN_BASE_URL": "http://127.0.0.1:9/v1",
        "MASTER_AUTOGEN_MODELS": "small,large",
        "OPENAI_API_KEY": "none",
    }
    what = Inputs([read_scenario("debate")], read_pool("endpoint", environ), [APPLES], read_rubric("pairwise"))
    with pytest.raises(UserError) as caught:
        await run(what, tmp_path / "log.db", environ=environ)
    assert str(caught.value) == (
        "model 'small': nobody answers at http://127.0.0.1:9/v1 (connection refused); start the server, "
        "or mend its address in pool 'endpoint' or the environment"
    )
    assert list(tmp_path.iterdir()) == []
