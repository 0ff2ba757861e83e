"""Kill real runs and see what the same command makes of what is left: the endpoint that witnesses every request, the
command in a process of its own, and what two logs have to have in common.

The processes are forked from one that has imported everything already (multiprocessing's fork server), because a start
takes ten times as long as what is to be killed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import multiprocessing
import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from master_autogen.draws import unit
from tests.endpoint import hangs, in_thread, replies, says, split, token_logprob
from tests.kit import scripted_answer

LATENCY_S = 0.02
GRACE_S = 0.05
"""How long before a death an answer may have come and still be asked for again (promise 3)."""

POOL = """\
name: witnessed
summary: Two models of one server, two who judge and measure.
models:
  small: &model
    provider: openai
    base_url: URL
    limits: {concurrency: 8, timeout_s: 20}
  large: {<<: *model}
agents:
  steady: {model: large}
  lively: {model: large, temperature: 0.7}
  slow: {model: small, temperature: 0.8}
  judge: {model: large, temperature: 0.0}
instruction: [steady]
response: [steady, lively]
fixed: {slow_student: slow, student_a: slow}
base_pairs: [{instruction: steady, response: steady}]
judge: judge
scorers: {small: small, large: large}
"""
SEEDS = [
    {
        "instruction": f"A box has {a} nails and gets {b} more. How many nails are there now?",
        "response": f"The box has {a} and gets {b}, so {a} + {b} = {a + b} nails. The answer is {a + b}.",
        "answer": str(a + b),
        "kind": "math",
    }
    for a, b in ((13, 29), (24, 17), (35, 48), (46, 15), (57, 26), (68, 31))
]


@dataclass
class Request:
    """What was asked (a hash of path and body) and when; `answered` is None while it is not. Times are monotonic."""

    key: str
    received: float
    answered: float | None = None


class Witness:
    """Answers by the scripted pool's rules, scores too, and notes which request came when. What comes after so many
    `answers` is never answered."""

    def __init__(self, latency_s: float = LATENCY_S) -> None:
        self.requests: list[Request] = []
        self.keys: set[str] = set()
        self.answers = 10**9
        self._latency_s = latency_s

    async def __call__(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        text = json.dumps([request.path, body], sort_keys=True)
        noted = Request(hashlib.sha256(text.encode()).hexdigest(), time.monotonic())
        self.requests.append(noted)
        self.keys.add(noted.key)
        if len(self.requests) > self.answers:
            return await hangs(request, body)
        await asyncio.sleep(self._latency_s)
        if request.path.endswith("/completions") and "prompt" in body:
            reply = await replies(_scores(body))(request, body)
        else:
            reply = await says(await scripted_answer(body))(request, body)
        noted.answered = time.monotonic()
        return reply

    def forget(self) -> None:
        self.requests.clear()
        self.keys.clear()


def _scores(body: Mapping[str, Any]) -> dict[str, Any]:
    """Tokens are the likelier the later they come, to the large model more so: what follows a question has a gain."""
    tokens = ["<s>", *split(body["prompt"])]
    gain = 2.0 if body["model"] == "large" else 1.0
    values = [None, *(token_logprob(token) * (1 + gain / at) for at, token in enumerate(tokens[1:], 1))]
    return {"choices": [{"text": "", "logprobs": {"tokens": tokens, "token_logprobs": values}}]}


class Command:
    """`master-autogen` with these arguments in this folder, in a process group of its own; what it prints goes to the
    file `said` there."""

    def __init__(self, folder: Path, *arguments: str, said: str = "said", largest_file: int | None = None) -> None:
        """`largest_file`: bytes that a file may have, as on a disk that is full."""
        self.said = folder / said
        self.said.unlink(missing_ok=True)
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.crashes_preload"])
        self._process = context.Process(target=_main, args=(self.said, arguments, largest_file), daemon=True)
        self._process.start()

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> float:
        """SIGKILL to the whole group; when that was."""
        assert self._process.pid is not None
        at = time.monotonic()
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:  # it has no group of its own yet
            self._process.kill()
        self._process.join()
        return at

    def stop(self) -> float:
        """Ctrl-C once it has begun to speak; when that was. AssertionError where the process does not end of it within
        five seconds, or with another code than 130 (or 0, where it was over before)."""
        while not (self.said.exists() and self.said.stat().st_size):  # the fork is not the command yet
            time.sleep(0.0005)
        at = time.monotonic()
        self.send(signal.SIGINT)
        code = self.wait(5)
        assert code in (0, 130), f"{code}: {self.said.read_text()}"
        return at

    def send(self, number: signal.Signals) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def wait(self, timeout_s: float = 60.0) -> int:
        """The exit code."""
        self._process.join(timeout_s)
        assert self._process.exitcode is not None, f"still running after {timeout_s:g} s: {self.said.read_text()}"
        return self._process.exitcode


def _main(said: Path, arguments: Sequence[str], largest_file: int | None) -> None:
    os.setpgid(0, 0)
    os.chdir(said.parent)
    to = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(to, 1)
    os.dup2(to, 2)
    if largest_file is not None:
        import resource  # there is none on Windows

        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    from master_autogen.cli import main

    main(list(arguments))


class Kill(NamedTuple):
    """When to kill: once so many different requests have come in all (0: once the log's file is there), and then so
    many seconds later."""

    requests: int
    later_s: float


@dataclass(frozen=True)
class Death:
    """One kill: the requests of the killed process that may be asked again, and those that were."""

    kill: Kill
    may: int
    again: int
    wrongly: int


class Crashes:
    """Runs to kill, against one witness. `write_inputs` goes into each folder that a run is played in."""

    arguments = (
        "run", "error_correction", "debate", "--seeds", "seeds.jsonl", "--pool", "pool.yaml", "--rounds", "2",
        "--candidates", "2", "--concurrency", "3", "--log", "log.db",
    )  # fmt: skip

    def __init__(self, witness: Witness, base_url: str) -> None:
        self.witness = witness
        self._base_url = base_url

    def write_inputs(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "pool.yaml").write_text(POOL.replace("URL", self._base_url))
        (folder / "seeds.jsonl").write_text("".join(json.dumps(seed) + "\n" for seed in SEEDS))

    def command(self, folder: Path, *more: str) -> Command:
        return Command(folder, *self.arguments, *more)

    def undisturbed(self, folder: Path) -> tuple[dict[str, list[Any]], Counter[str]]:
        """What the log of a run that nobody kills has, and how often it asks what."""
        self.write_inputs(folder)
        self.witness.forget()
        going = self.command(folder)
        assert going.wait() == 0, going.said.read_text()
        return contents(folder / "log.db"), Counter(request.key for request in self.witness.requests)

    def killed(self, folder: Path, kills: Sequence[Kill], usual: Counter[str], *, gently: bool = False) -> list[Death]:
        """Play a run, killed (or `gently` stopped, by Ctrl-C) at these moments, to its end; the log is checked after
        every kill, and that no lesson that had ended then was played again."""
        self.write_inputs(folder)
        self.witness.forget()
        over: dict[str, float] = {}
        marks: list[tuple[Kill, int, float]] = []  # the kill, the requests until then, when
        for kill in kills:
            going = self.command(folder)
            if not self._await(going, folder / "log.db", kill):
                break
            at = going.stop() if gently else going.kill()
            time.sleep(2 * LATENCY_S)  # what is still under way to the server arrives
            marks.append((kill, len(self.witness.requests), at))
            sound(folder / "log.db")
            over |= ended(folder / "log.db")
        going = self.command(folder)
        assert going.wait() == 0, going.said.read_text()
        assert over.items() <= ended(folder / "log.db").items()
        return self._deaths(marks, usual)

    def until(self, there: Callable[[], bool], timeout_s: float = 20.0) -> None:
        """Wait for something; AssertionError where it does not come."""
        end = time.monotonic() + timeout_s
        while not there():
            assert time.monotonic() < end
            time.sleep(0.0005)

    def _await(self, going: Command, log: Path, kill: Kill) -> bool:
        while going.alive:
            if len(self.witness.keys) >= kill.requests and log.exists():
                time.sleep(kill.later_s)
                return going.alive
            time.sleep(0.0005)
        return False

    def _deaths(self, marks: Sequence[tuple[Kill, int, float]], usual: Counter[str]) -> list[Death]:
        requests, start, deaths = self.witness.requests, 0, []
        for kill, end, at in marks:
            mine = requests[start:end]
            grace = GRACE_S + self._lag(mine, at)
            open_still = {r.key for r in mine if r.answered is None or r.answered > at - grace}
            before = Counter(r.key for r in requests[:end])
            later = Counter(r.key for r in requests[end:])
            mine_keys = {r.key for r in mine}
            again = {key for key in mine_keys if before[key] + later[key] > usual[key] and later[key]}
            deaths.append(Death(kill, len(open_still), len(again), len(again - open_still)))
            start = end
        return deaths

    def _lag(self, requests: Sequence[Request], at: float) -> float:
        """How late the machine is with everything: by how much the witness itself overslept in the second before."""
        slept = [r.answered - r.received for r in requests if r.answered and at - 1 < r.answered < at]
        return max(slept, default=LATENCY_S) - LATENCY_S


@contextmanager
def crashes(latency_s: float = LATENCY_S) -> Iterator[Crashes]:
    witness = Witness(latency_s)
    with in_thread(witness) as endpoint:
        yield Crashes(witness, endpoint.base_url)


def sound(log: Path) -> None:
    """AssertionError where SQLite finds anything wrong with the log."""
    with closing(sqlite3.connect(log)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        if db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'turns_fts'").fetchone()[0]:
            db.execute("INSERT INTO turns_fts(turns_fts) VALUES ('integrity-check')")


def ended(log: Path) -> dict[str, float]:
    """When each lesson that has ended did."""
    with closing(sqlite3.connect(log)) as db:
        if not db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'lessons'").fetchone()[0]:
            return {}
        return dict(db.execute("SELECT id, ended FROM lessons WHERE status IN ('accepted', 'rejected', 'failed')"))


TABLES = (
    "runs",
    "seeds",
    "lessons",
    "episodes",
    "turns",
    "calls",
    "texts",
    "checks",
    "grades",
    "selections",
    "memory_bank",
)
OF_TIME = {
    "runs": {"started", "ended"},
    "lessons": {"started", "ended"},
    "turns": {"id"},
    "calls": {"id", "tries", "seq", "started", "latency_s"},
}
"""Columns that hold times, or in which order things came to an end (the scores of an episode are asked for at once, and
`tries`, which is a part of a call's id, counts them as they come)."""


def contents(log: Path) -> dict[str, list[Any]]:
    """All rows of a log without what hangs on the clock and without calls that were dropped."""
    found: dict[str, list[Any]] = {}
    with closing(sqlite3.connect(log)) as db:
        for table in TABLES:
            where = "WHERE error IS NOT 'cancelled'" if table == "calls" else ""
            cursor = db.execute(f"SELECT * FROM {table} {where}")
            names = [column[0] for column in cursor.description]
            kept = [i for i, name in enumerate(names) if name not in OF_TIME.get(table, ())]
            found[table] = sorted((tuple(row[i] for i in kept) for row in cursor), key=repr)
        found["origins"] = db.execute("SELECT DISTINCT origin FROM episodes ORDER BY 1").fetchall()
    return found


def moments(name: str, kills: int, requests: int) -> list[Kill]:
    """Moments for one run that asks so many different things, drawn by its name, in the order of time: the first one
    in the planning or the first transaction, the last one in the last lessons, the others anywhere between."""
    places = [0, *sorted(int(unit(name, i) * requests) for i in range(1, kills - 1))]
    late = requests - 2 - int(unit(name, "late") * 10)
    return [
        *(Kill(place, unit(name, i, "later") * 0.06) for i, place in enumerate(places)),
        Kill(max(late, *places), unit(name, "late", "later") * 0.02),
    ]
