"""Runs while an endpoint is dead: who plays, who is told, and when a run gives up."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web

from master_autogen.casting import plan_lesson
from master_autogen.embedding import HashingEmbedder
from master_autogen.errors import UserError
from master_autogen.grading.quality import read_rubric
from master_autogen.log import open_log, run_lessons
from master_autogen.models.providers import Clients
from master_autogen.pipeline import Inputs, run
from master_autogen.pipeline.outages import Outages
from master_autogen.pipeline.run import EngineName, Nobody
from master_autogen.pool import ModelSpec, Scorers
from master_autogen.records import Call, Lesson, LessonPlan, Pair
from master_autogen.scenario import read_scenario
from tests.endpoint import Behaviour, MockEndpoint, completion, echoes, fails
from tests.kit import APPLES, scripted_answer, scripted_pool
from tests.test_pipeline import sums

SCENARIO = read_scenario("error_correction")


class Watch(Nobody):
    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.calls: list[Call] = []

    def warned(self, text: str) -> None:
        self.warnings.append(text)

    def call_ended(self, call: Call) -> None:
        self.calls.append(call)


async def answers(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    return web.json_response(completion(await scripted_answer(body)))


async def test_a_dead_endpoint_is_played_around(tmp_path: Path) -> None:
    async with MockEndpoint(answers) as one, MockEndpoint(*[answers] * 3, fails(502)) as two:
        two.models = 502
        models = {
            name: ModelSpec.model_validate(
                {"provider": "openai", "base_url": endpoint.base_url, "limits": {"tries": 1, "concurrency": 4}}
            )
            for name, endpoint in (("careful", one), ("hasty", two))
        }
        fixed = {"slow_student": "teacher_one"}
        pool = scripted_pool(models=models, fixed=fixed, scorers=Scorers())
        what = Inputs([SCENARIO], pool, sums(14), read_rubric("pairwise"), candidates=2, rounds=1)
        watch = Watch()
        done = await run(
            what, tmp_path / "log.db", concurrency=1, watcher=watch, environ={}, embedder=HashingEmbedder()
        )
        asked = len(two.requests)
        assert watch.warnings == [
            f"model 'hasty': {two.base_url} is down: 5 calls in a row failed, the last with: HTTP 502: no; "
            "lessons are played without it until it is back"
        ]
    db = open_log(tmp_path / "log.db")
    lessons = list(run_lessons(db, done.run_id))
    planned = {row[0] for row in db.conn.execute("SELECT id FROM episodes WHERE planned_cast IS NOT NULL")}
    db.close()
    failed = [e for lesson in lessons for e in lesson.episodes if e.status == "failed"]
    assert asked - 3 in (5, 6, 7)  # five in a row, and those of the same lesson that were on their way
    assert 3 <= len(failed) <= asked - 3  # the lesson in which it died was played on by the others
    assert {e.reason for e in failed} == {"server: HTTP 502: no"}
    assert [lesson.status for lesson in lessons] == ["accepted"] * 14
    replaced = {
        now.id
        for lesson in lessons
        for drawn, now in zip(lesson.plan.episodes, lesson.episodes, strict=True)
        if drawn.cast != now.cast
    }
    assert replaced == planned
    assert len(replaced) >= 5
    for lesson in lessons[-5:]:
        assert {e.cast.pair for e in lesson.episodes} == {Pair(instruction="teacher_one", response="student_careful")}
    assert {call.agent for call in watch.calls if call.http_status == 502} <= {"teacher_two", "student_hasty"}


def _one_server(base_url: str, lessons: int) -> Inputs:
    models = {
        name: ModelSpec.model_validate({"provider": "openai", "base_url": base_url}) for name in ("careful", "hasty")
    }
    pool = scripted_pool(models=models, scorers=Scorers())
    return Inputs([SCENARIO], pool, sums(lessons), read_rubric("pairwise"), candidates=1, rounds=1)


@pytest.mark.parametrize("engine", ["local", "processes"])
async def test_lessons_in_flight_wait_for_an_endpoint_that_is_away_for_a_while(
    engine: EngineName, tmp_path: Path
) -> None:
    async def away(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        """Until somebody has looked whether it is back."""
        return await (answers if endpoint.looks else fails(503))(request, body)

    async with MockEndpoint(*[answers] * 12, away) as endpoint:
        what = _one_server(endpoint.base_url, 4)
        log, watch = tmp_path / "log.db", Watch()
        done = await run(
            what, log, watcher=watch, environ={}, embedder=HashingEmbedder(), engine=engine, workers=1, concurrency=4
        )
    db = open_log(log)
    lessons = list(run_lessons(db, done.run_id))
    rows = Counter(call.http_status for call in watch.calls)
    assert rows == dict(db.conn.execute("SELECT http_status, count(*) FROM calls GROUP BY 1").fetchall())
    db.close()
    assert [lesson.status for lesson in lessons] == ["accepted"] * 4
    assert [e.status for lesson in lessons for e in lesson.episodes] == ["complete"] * 8
    assert rows == {None: 40, 503: len(endpoint.requests) - 40}  # nothing was asked twice, nothing is logged unsent
    assert rows[503] >= 5


async def test_where_it_stays_away_the_lessons_in_flight_are_left_for_the_same_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(Outages.__init__.__kwdefaults__, "patience_s", 0.0)
    async with MockEndpoint(*[answers] * 12, fails(503)) as endpoint:
        endpoint.models = 503
        what, log = _one_server(endpoint.base_url, 4), tmp_path / "log.db"
        more: dict[str, Any] = {"environ": {}, "embedder": HashingEmbedder(), "concurrency": 4}
        with pytest.raises(UserError) as caught:
            await run(what, log, **more)
        lost = len(endpoint.requests) - 12
        endpoint.behaviours = (answers,)
        done = await run(what, log, **more)
    assert str(caught.value).endswith(
        f"{endpoint.base_url} is down: 5 calls in a row failed, the last with: HTTP 503: no. "
        "Start it and run the same command again"
    )
    assert done.resumed
    db = open_log(log)
    assert [lesson.status for lesson in run_lessons(db, done.run_id)] == ["accepted"] * 4
    rows = dict(db.conn.execute("SELECT http_status, count(*) FROM calls GROUP BY 1").fetchall())
    db.close()
    assert rows == {None: 40, 503: lost}


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (
            fails(401, "expired"),
            "{} refuses the key in MY_KEY (HTTP 401: expired); mend it and run the same command again",
        ),
        (
            fails(402, "pay"),
            "{} has no credit left for the key in MY_KEY (HTTP 402: pay); mend it and run the same command again",
        ),
        (
            fails(429, "used up", retry_after="3600"),
            "HTTP 429: used up; it is to be asked again in 3,600 s: run the same command again then",
        ),
    ],
)
async def test_what_no_call_would_be_spared_ends_the_run_and_the_same_command_goes_on(
    refusal: Behaviour, said: str, tmp_path: Path
) -> None:
    async with MockEndpoint(*[answers] * 12, refusal) as endpoint:
        model = {"provider": "openai", "base_url": endpoint.base_url, "api_key_env": "MY_KEY"}
        models = {name: ModelSpec.model_validate(model) for name in ("careful", "hasty")}
        pool = scripted_pool(models=models, scorers=Scorers())
        what = Inputs([SCENARIO], pool, sums(4), read_rubric("pairwise"), candidates=1, rounds=1)
        more: dict[str, Any] = {"environ": {"MY_KEY": "sk-1"}, "embedder": HashingEmbedder(), "concurrency": 1}
        with pytest.raises(UserError) as caught:
            await run(what, tmp_path / "log.db", **more)
        refused = len(endpoint.requests) - 12
        endpoint.behaviours = (answers,)
        done = await run(what, tmp_path / "log.db", **more)
        asked = len(endpoint.requests) - 12 - refused
    told = said.format(endpoint.base_url)
    assert str(caught.value) in {f"model {name!r}: {told}" for name in ("careful", "hasty")}
    assert done.resumed
    db = open_log(tmp_path / "log.db")
    assert [lesson.status for lesson in run_lessons(db, done.run_id)] == ["accepted"] * 4
    rows = dict(db.conn.execute("SELECT status, count(*) FROM calls GROUP BY 1").fetchall())
    db.close()
    assert rows == {"ok": 12 + asked, "error": refused}
    assert 12 + asked == 4 * 10


class Down:
    """Clients of which some are dead; who waits for them wakes as many seconds later as are told."""

    def __init__(self, *until: int, model: str = "hasty") -> None:
        self.dead = list(until)
        self.model = model
        self.now = 0.0

    async def down(self, model: str) -> str | None:
        dead = model == self.model and any(
            a <= self.now < b for a, b in zip(self.dead[::2], self.dead[1::2], strict=True)
        )
        return "http://h/v1 is down: refused" if dead else None

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def _played(down: Down, plan: LessonPlan, told: list[str], **pool: Any) -> LessonPlan:
    played: list[LessonPlan] = []
    inputs = Inputs([SCENARIO], scripted_pool(**{"scorers": Scorers()} | pool), [APPLES], read_rubric("pairwise"))
    outages = Outages(inputs, cast(Clients, down), told.append, sleep=down.sleep)

    async def play(now: LessonPlan) -> Lesson:
        played.append(now)
        return Lesson(plan=now, status="failed", reason="not played")

    lesson = await outages.play(SCENARIO, plan, play)
    assert lesson.plan is plan
    return played[0]


async def test_a_role_that_nobody_else_can_play_is_waited_for() -> None:
    down, told = Down(0, 20), list[str]()
    plan = plan_lesson(SCENARIO, scripted_pool(), APPLES)
    assert await _played(down, plan, told) is plan
    assert down.now == 20
    assert told == [
        "model 'hasty': http://h/v1 is down: refused; lessons are played without it until it is back",
        "model 'hasty' is back",
    ]


async def test_a_judge_is_waited_for_where_there_is_something_to_judge() -> None:
    pool = {"judge": "teacher_two", "fixed": {"slow_student": "teacher_one"}}
    for candidates, seconds in ((0, 0), (1, 7)):
        down = Down(0, 7)
        plan = plan_lesson(SCENARIO, scripted_pool(**pool), APPLES, candidates=candidates)
        await _played(down, plan, [], **pool)
        assert down.now == seconds


async def test_a_scorer_is_waited_for_and_then_the_run_ends_as_for_anybody_else() -> None:
    pool = {"scorers": Scorers(large="big"), "fixed": {"slow_student": "teacher_one"}}
    for candidates in (0, 1):
        down, told = Down(0, 7, model="big"), list[str]()
        plan = plan_lesson(SCENARIO, scripted_pool(**pool), APPLES, candidates=candidates)
        assert await _played(down, plan, told, **pool) is plan
        assert down.now == 7
        assert told == [
            "model 'big': http://h/v1 is down: refused; lessons wait until it is back",
            "model 'big' is back",
        ]
    with pytest.raises(UserError) as caught:
        await _played(Down(0, 999, model="big"), plan, [], **pool)
    assert str(caught.value) == (
        "nobody can measure difficulty in place of model 'big': http://h/v1 is down: refused. "
        "Start it and run the same command again"
    )


async def test_a_scorer_that_is_away_for_a_while_leaves_nothing_unmeasured(tmp_path: Path) -> None:
    async def away(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return await (echoes(bos="<s>") if endpoint.looks else fails(503))(request, body)

    async with MockEndpoint(away) as endpoint:
        models = dict(scripted_pool().models)
        models["big"] = ModelSpec.model_validate({"provider": "openai", "base_url": endpoint.base_url})
        pool = scripted_pool(models=models, scorers=Scorers(large="big"))
        what = Inputs([SCENARIO], pool, sums(4), read_rubric("pairwise"), candidates=1, rounds=1)
        done = await run(what, tmp_path / "log.db", environ={}, embedder=HashingEmbedder(), concurrency=4)
    db = open_log(tmp_path / "log.db")
    lessons = list(run_lessons(db, done.run_id))
    db.close()
    assert [lesson.status for lesson in lessons] == ["accepted"] * 4
    played = [e for lesson in lessons for e in lesson.episodes if e.status == "complete"]
    grades = {grade.episode_id: grade for lesson in lessons for grade in lesson.grades}
    assert grades.keys() == {e.id for e in played}
    assert [grade.episode_id for grade in grades.values() if grade.ifd_large is None] == []
    assert [e.is_base for e in played if grades[e.id].pi is None] == [True] * sum(e.is_base for e in played)


async def test_after_a_minute_the_run_ends_so_that_it_can_be_gone_on_with() -> None:
    down = Down(0, 999)
    with pytest.raises(UserError) as caught:
        await _played(down, plan_lesson(SCENARIO, scripted_pool(), APPLES), [])
    assert str(caught.value) == (
        "nobody can play 'slow_student' in place of agent 'student_hasty': http://h/v1 is down: refused. "
        "Start it and run the same command again"
    )
    assert down.now == 60
