"""Lessons in worker processes: the same log as in one process, a dead worker, and nothing left running."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from master_autogen.embedding import HashingEmbedder
from master_autogen.engines import processes
from master_autogen.engines.company import NONE_EARLIER
from master_autogen.engines.local import play_all
from master_autogen.engines.processes import Workers
from master_autogen.engines.worker import Ended, Ready, Unpacker, Warned, packed
from master_autogen.errors import BudgetSpent, UserError
from master_autogen.grading.quality import read_rubric
from master_autogen.log import get_run, lesson_rows, open_log
from master_autogen.models.providers import build_clients
from master_autogen.pipeline import Inputs, run
from master_autogen.pipeline.limits import SharedSums, read_budget
from master_autogen.pipeline.playing import Elsewhere, Playing
from master_autogen.pool import ModelSpec, Scorers
from master_autogen.records import Call, Lesson, LessonPlan
from master_autogen.scenario import read_scenario
from tests import kit
from tests.cli_kit import cli, lines, write_inputs
from tests.endpoint import MockEndpoint, completion, fails, hangs
from tests.test_cli_checks import CHECK, findings
from tests.test_pipeline import Stop, inputs, play, sums
from tests.test_pipeline_limits import Slow, environ_of
from tests.test_pipeline_limits import inputs as one_model
from tests.test_pipeline_outages import Watch

TIMES = {"started", "ended", "latency_s", "applied_at"}
ORDER = {"turns": {"id"}}
"""Columns that say in which order lessons ended."""
SCENARIO = read_scenario("error_correction")
TWO: dict[str, Any] = {"engine": "processes", "workers": 2}


def log_of(path: Path) -> dict[str, Counter[Any]]:
    """Every table's rows without times. The index of the texts is left out: its blocks hang on the order of writing."""
    with closing(open_log(path, readonly=True)) as db:
        found: dict[str, Counter[Any]] = {}
        for table in db.table_names():
            if not table.startswith("turns_fts"):
                columns = [f'"{c.name}"' for c in db[table].columns if c.name not in TIMES | ORDER.get(table, set())]
                found[table] = Counter(db.conn.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall())
        return found


async def test_the_log_is_the_same_as_from_one_process(tmp_path: Path) -> None:
    what = inputs(sums(8))
    one = await play(tmp_path / "one.db", what, concurrency=3)
    two = await play(tmp_path / "two.db", what, **TWO)
    assert one == two
    logged = log_of(tmp_path / "two.db")
    assert logged["calls"].total() > 300
    assert logged == log_of(tmp_path / "one.db")


# --- a worker that dies ---


async def answers(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    await asyncio.sleep(0.02)
    return web.json_response(completion(await kit.scripted_answer(body)))


def over_http(endpoint: MockEndpoint, count: int = 0, concurrency: int = 8) -> Inputs:
    model = {"provider": "openai", "base_url": endpoint.base_url, "limits": {"concurrency": concurrency}}
    models = {name: ModelSpec.model_validate(model) for name in ("careful", "hasty")}
    pool = kit.scripted_pool(models=models, scorers=Scorers())
    return Inputs([SCENARIO], pool, sums(count), read_rubric("pairwise"), candidates=1)


class Heard:
    """The calls of the workers, and what is to be done after one of them."""

    def __init__(self, after: Callable[[int], None] = lambda count: None) -> None:
        self.calls: list[Call] = []
        self._after = after

    def call_ended(self, call: Call) -> None:
        self.calls.append(call)
        self._after(len(self.calls))

    def warned(self, text: str) -> None:
        raise AssertionError(text)

    def again(self, plan: LessonPlan) -> Mapping[str, list[Call]]:
        return {e.id: [call for call in self.calls if call.episode_id == e.id] for e in plan.episodes}


def workers_of(what: Inputs, heard: Heard, folder: Path, count: int, setup: Any = None) -> Workers:
    SharedSums.make(folder / "spent", count)
    opening = Elsewhere(replace(what, seeds=()), {}, count, folder / "spent", None, None)
    return Workers(opening, heard, heard.again, count=count, setup=setup)


def plans_of(what: Inputs, count: int) -> list[LessonPlan]:
    made = [kit.plan(SCENARIO, what.pool, seed=seed, position=at) for at, seed in enumerate(sums(count))]
    return [plan.model_copy(update={"run_id": "r"}) for plan in made]


async def lessons_by(company: Any, plans: list[LessonPlan]) -> list[Lesson]:
    done: list[Lesson] = []
    await play_all(
        plans,
        lambda plan: company.play(plan, {}, NONE_EARLIER),
        concurrency=len(plans),
        started=lambda plan: None,
        done=done.append,
    )
    return sorted(done, key=lambda lesson: lesson.plan.id)


async def test_a_worker_that_dies_costs_its_calls_in_flight(tmp_path: Path) -> None:
    async with MockEndpoint(answers) as endpoint:
        what = over_http(endpoint)
        plans = plans_of(what, 6)
        alone = Heard()
        clients = build_clients(what.pool, environ={})
        expected = await lessons_by(Playing(what, clients, alone), plans)
        await clients.close()
        endpoint.requests.clear()
        killed: list[int] = []

        def kill(count: int) -> None:
            if count == 15:
                killed.append(workers.pids[0])
                os.kill(killed[0], signal.SIGKILL)

        heard = Heard(kill)
        workers = workers_of(what, heard, tmp_path, 2)
        await workers.start()
        made = await lessons_by(workers, plans)
        pids = workers.pids
        await workers.close()
    assert made == expected
    ids = [call.id for call in heard.calls]
    assert len(set(ids)) == len(ids)  # what had ended was not asked again
    assert set(ids) == {call.id for call in alone.calls}
    # Three lessons of two episodes each had a call in flight, and the last answers may not have been told yet.
    assert len(ids) <= len(endpoint.requests) <= len(ids) + 3 * 2 * 2
    assert killed[0] not in pids
    assert not any(alive(pid) for pid in [*killed, *pids])


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_what_is_cancelled_is_told_and_workers_that_die_again_and_again_end_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "DEATHS", 2)
    heard = Heard()
    async with MockEndpoint(hangs) as endpoint:
        what = over_http(endpoint)
        workers = workers_of(what, heard, tmp_path, 1)
        await workers.start()

        async def asked(count: int) -> None:
            while len(endpoint.requests) < count:
                await asyncio.sleep(0.01)

        playing = asyncio.create_task(lessons_by(workers, plans_of(what, 1)))
        await asked(2)  # one of each episode
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing
        assert [(call.status, call.error) for call in heard.calls] == [("error", "cancelled")] * 2
        playing = asyncio.create_task(lessons_by(workers, plans_of(what, 1)))
        for death in range(2):
            await asked(2 + 2 * (death + 1))
            os.kill(workers.pids[0], signal.SIGKILL)
        with pytest.raises(UserError) as caught:
            await playing
        await workers.close()
    assert str(caught.value) == (
        "2 worker processes died, the last by SIGKILL; where that is the system, for want of memory, give fewer "
        "--workers or a lower --concurrency. The same command goes on with the run"
    )


def refuse() -> None:
    print("a print harms nothing", flush=True)
    raise UserError("checks.py: no such file")


@pytest.mark.parametrize(
    ("setup", "told"),
    [
        (refuse, "checks.py: no such file"),
        (partial(os._exit, 3), "a worker process ended as it began, by exit status 3; it said why above, if it could"),
    ],
)
async def test_a_worker_that_cannot_begin_ends_the_run(tmp_path: Path, setup: Any, told: str) -> None:
    with pytest.raises(UserError) as caught:
        await run(inputs(sums(2)), tmp_path / "log.db", engine="processes", workers=1, setup=setup)
    assert str(caught.value) == told


# --- what ends a run ---


async def test_a_budget_is_passed_by_no_more_than_the_calls_in_flight(tmp_path: Path) -> None:
    server = Slow()
    async with MockEndpoint(server) as endpoint:
        environ = environ_of(endpoint)
        what = one_model(environ, 12)
        models = {name: _narrow(model, 5) for name, model in what.pool.models.items()}
        what = replace(what, pool=what.pool.model_copy(update={"models": models}))
        more: dict[str, Any] = {"concurrency": 12, "environ": environ, **TWO}
        with pytest.raises(BudgetSpent, match=r"^the budget of 3,000 tokens is spent \(3,\d00 tokens\)$"):
            await run(what, tmp_path / "log.db", budget=read_budget("3ktok"), **more)
        assert endpoint.most_at_once <= 5  # three for one worker, two for the other
        assert 30 <= server.answered <= 30 + 5
        with closing(open_log(tmp_path / "log.db", readonly=True)) as db:
            stopped = get_run(db)
    assert stopped.status == "stopped"
    assert stopped.calls == server.answered


def _narrow(model: ModelSpec, concurrency: int) -> ModelSpec:
    return model.model_copy(update={"limits": model.limits.model_copy(update={"concurrency": concurrency})})


async def test_a_refused_key_ends_the_run_with_its_message(tmp_path: Path) -> None:
    async with MockEndpoint(*[answers] * 12, fails(401, "expired")) as endpoint:
        with pytest.raises(UserError) as caught:
            await run(over_http(endpoint, 4), tmp_path / "log.db", embedder=HashingEmbedder(), environ={}, **TWO)
    assert str(caught.value) in {
        f"model {name!r}: {endpoint.base_url} refuses a call without a key (none is in OPENAI_API_KEY) (HTTP 401: "
        "expired); mend it and run the same command again"
        for name in ("careful", "hasty")
    }


async def test_a_cancelled_run_leaves_nothing_running_and_goes_on(tmp_path: Path) -> None:
    what = inputs(sums(8))
    stop = Stop(after=60)
    before = children()  # other tests' helpers
    with pytest.raises(asyncio.CancelledError):
        await play(tmp_path / "two.db", what, watcher=stop, **TWO)
    with closing(open_log(tmp_path / "two.db")) as db:
        stopped = get_run(db)
        assert stopped.status == "stopped"
        assert stopped.calls >= 60
    assert set(children()) <= set(before)
    await play(tmp_path / "two.db", what)
    await play(tmp_path / "one.db", what)
    two, one = log_of(tmp_path / "two.db"), log_of(tmp_path / "one.db")
    for table in ("lessons", "episodes", "turns", "checks", "grades", "selections", "memory_bank"):
        assert two[table] == one[table]


def children() -> list[str]:
    """This process's, where the system tells."""
    return [pid for listed in Path("/proc/self/task").glob("*/children") for pid in listed.read_text().split()]


ORPHANS = """\
import asyncio, sys
from pathlib import Path
from tests.test_processes import Heard, inputs, workers_of

async def main():
    workers = workers_of(inputs([]), Heard(), Path(sys.argv[1]), 2)
    await workers.start()
    print(*workers.pids, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ORPHANS, tmp_path], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert [alive(pid) for pid in pids] == [True, True]
        parent.kill()
    for pid in pids:
        while alive(pid) and not _zombie(pid):  # a test that hangs has failed
            time.sleep(0.01)


def _zombie(pid: int) -> bool:
    """Whether it has ended, and only nobody has asked how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def test_the_command_line_counts_to_the_same_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command = [*write_inputs(Path(), base="wrong", seeds=12), "--target", 3, "--checks", "my_checks.py"]
    own_check()
    refused = cli(*command, "--workers", 2)
    assert refused.exit_code == 2
    assert lines(refused.stderr)[-1] == "Error: --workers goes with --engine processes."
    assert cli(*command, "--engine", "processes", "--workers", 2).exit_code == 0
    assert "was played to its end before" in cli(*command).output  # the engine is no part of what a run is
    chosen = []
    assert cli(*command, "--new").exit_code == 0
    with closing(open_log(Path("a.db"))) as db:
        for run_id in (name for (name,) in db.conn.execute("SELECT id FROM runs")):
            chosen.append([(row.position, row.status, row.reason) for row in lesson_rows(db, run_id)])
    assert chosen[0] == chosen[1]
    assert sum(status == "accepted" for _, status, _ in chosen[0]) == 3
    assert set(findings()) == {(1, "")}


def own_check() -> None:
    Path("quiz.yaml").write_text(
        Path("quiz.yaml").read_text().replace("right_answer]", "right_answer, names_its_answer]")
    )
    Path("my_checks.py").write_text(CHECK)


# --- the parts ---


def test_messages_come_whole_out_of_any_pieces() -> None:
    first, second = [Ready(), Warned("é" * 300)], [Ended("l1", None)]
    data = packed(first) + packed(second)
    for size in (1, 3, len(packed(first)) + 2, len(data)):
        unpacker = Unpacker()
        found = [m for at in range(0, len(data), size) for m in unpacker.feed(data[at : at + size])]
        assert found == [*first, *second]


def test_an_outage_that_every_worker_notices_is_told_once(tmp_path: Path) -> None:
    told: list[str] = []
    heard = Heard()
    heard.warned = told.append  # type: ignore[method-assign]
    workers = workers_of(inputs([]), heard, tmp_path, 2)
    for place, text in ((0, "down"), (1, "down"), (1, "back"), (0, "back"), (1, "down"), (0, "down")):
        workers.heard(place, Warned(text))
    assert told == ["down", "back", "down"]


async def test_an_endpoint_that_takes_one_call_at_once_has_one_worker(tmp_path: Path) -> None:
    async with MockEndpoint(answers) as endpoint:
        what = over_http(endpoint, 2, concurrency=1)
        watch = Watch()
        await run(what, tmp_path / "log.db", embedder=HashingEmbedder(), environ={}, watcher=watch, **TWO)
        assert endpoint.most_at_once <= 2  # two models are at this address
    assert watch.warnings == [
        "1 worker in place of 2: model 'careful' takes at most 1 call at once (limits: concurrency in the pool file)"
    ]
