"""What a bad day of an endpoint costs: whole runs against a local server, faultless and with faults in turns.

    python benchmarks/faults.py                       # table; under four minutes on two cores
    python benchmarks/faults.py --json > result.json  # one object: settings, every run, the medians
    python benchmarks/faults.py --lessons 60 --repeats 1

The lessons are real ones (error correction with a candidate and a judge: group chats through the pipeline, logged);
the server answers by the scripted pool's rules after 100 ms. Its faults, as shares of requests: 5 % 429 with
Retry-After 0.5 s, 3 % 500, 1 % broken JSON, 1 % cut off in the middle, 0.5 % dropped connections, 0.5 % never answered.
At most 16 calls are in flight, of 32 lessons; the deadline of a call is 2 s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from master_autogen.embedding import HashingEmbedder
from master_autogen.grading.quality import read_rubric
from master_autogen.log import open_log, run_lessons
from master_autogen.pipeline import Inputs, run
from master_autogen.pipeline.run import Nobody
from master_autogen.pool import Limits, Pool, read_pool
from master_autogen.records import Call, Lesson, Seed
from master_autogen.scenario import read_scenario
from tests.endpoint import RATES, Faulty, MockEndpoint
from tests.kit import scripted_answer

IN_FLIGHT = 16
LESSONS_AT_ONCE = 32
DEADLINE_S = 2.0
LATENCY_S = 0.1
BOUND = 1.5
"""How many times the faultless run's time a run with faults may take."""


class Result(NamedTuple):
    """One run: how long it took, its lessons and episodes by status, its calls by what came of them, the faults that
    the server counted."""

    seconds: float
    lessons: Mapping[str, int]
    episodes: Mapping[str, int]
    calls: Mapping[str, int]
    faults: Mapping[str, int]


class Counts(Nobody):
    """Counts calls by kind of failure; "truncated" is an answer that ended at the limit."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.warnings: list[str] = []

    def call_ended(self, call: Call) -> None:
        good = "truncated" if call.finish_reason == "length" else "ok"
        self.calls[good if call.status == "ok" else call.detail.get("kind", "cancelled")] += 1

    def warned(self, text: str) -> None:
        self.warnings.append(text)


def sums(count: int) -> list[Seed]:
    """Seeds that the server's rules can play: each the sum of two numbers of its own."""
    made = []
    for i in range(count):
        a, b = 13 + i, 29 + 3 * i
        made.append(
            Seed(
                instruction=f"A box has {a} nails and gets {b} more. How many nails are there now?",
                response=f"The box has {a} and gets {b}, so {a} + {b} = {a + b} nails. The answer is {a + b}.",
                answer=str(a + b),
                kind="math",
            )
        )
    return made


def pool(base_url: str, *, in_flight: int = IN_FLIGHT, deadline_s: float = DEADLINE_S) -> Pool:
    """The pool `endpoint` with one model."""
    environ = {"MASTER_AUTOGEN_BASE_URL": base_url, "MASTER_AUTOGEN_MODELS": "mock"}
    found = read_pool("endpoint", environ)
    limits = Limits(concurrency=in_flight, timeout_s=deadline_s, tries=found.models["mock"].limits.tries)
    return found.model_copy(update={"models": {"mock": found.models["mock"].model_copy(update={"limits": limits})}})


async def play(base_url: str, lessons: int, log: Path, **limits: Any) -> tuple[float, list[Lesson], Counts]:
    """Seconds of a run of so many lessons, what is in its log, and its calls."""
    scenario = read_scenario("error_correction")
    what = Inputs([scenario], pool(base_url, **limits), sums(lessons), read_rubric("pairwise"), rounds=1, candidates=1)
    counts = Counts()
    start = time.perf_counter()
    done = await run(
        what,
        log,
        concurrency=LESSONS_AT_ONCE,
        watcher=counts,
        embedder=HashingEmbedder(),
        environ={"OPENAI_API_KEY": "none"},
    )
    seconds = time.perf_counter() - start
    db = open_log(log, readonly=True)
    try:
        return seconds, list(run_lessons(db, done.run_id)), counts
    finally:
        db.close()


def serve(rates: Mapping[str, float], pipe: Connection) -> None:
    """A server in a process of its own: tells its address, and its counts when it is asked to end."""

    async def until_told() -> None:
        faulty = Faulty(scripted_answer, rates, latency_s=LATENCY_S)
        async with MockEndpoint(faulty) as endpoint:
            pipe.send(endpoint.base_url)
            await asyncio.to_thread(pipe.recv)
            pipe.send(dict(faulty.counts))

    asyncio.run(until_told())


def measure(rates: Mapping[str, float], lessons: int) -> Result:
    """One run against a server with these faults."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(rates, theirs), daemon=True)
    server.start()
    try:
        base_url = ours.recv()
        with tempfile.TemporaryDirectory() as folder:
            seconds, played, counts = asyncio.run(play(base_url, lessons, Path(folder) / "log.db"))
        ours.send("end")
        faults = ours.recv()
    finally:
        server.join(10)
        server.kill()
    episodes = Counter(episode.status for lesson in played for episode in lesson.episodes)
    return Result(seconds, Counter(lesson.status for lesson in played), episodes, counts.calls, faults)


def report(pairs: Sequence[tuple[Result, Result]]) -> str:
    """The runs as a table, one line each, and what is to be reached."""
    lines = ["run       seconds   calls  of them failed  truncated   lessons: accepted  rejected  failed   faults met"]
    for pair in pairs:
        for name, result in zip(("faultless", "faulty"), pair, strict=True):
            calls = sum(result.calls.values())
            cut = result.calls.get("truncated", 0)
            bad = calls - result.calls.get("ok", 0) - cut
            ended = "".join(
                f"{result.lessons.get(status, 0):>{width}}"
                for status, width in (("accepted", 19), ("rejected", 10), ("failed", 8))
            )
            met = sum(n for fault, n in result.faults.items() if fault != "none")
            lines.append(f"{name:<9} {result.seconds:>7.1f} {calls:>7} {bad:>15} {cut:>10} {ended} {met:>12}")
    failed = sum(faulty.lessons.get("failed", 0) for _, faulty in pairs)
    each = ratios(pairs)
    lines.append(
        f"times the faultless run: {ratio(pairs):.2f} (median of {len(pairs)}, {min(each):.2f} to {max(each):.2f}; "
        f"at most {BOUND} is wanted)"
    )
    lines.append(f"lessons that failed: {failed} (0 is wanted)")
    return "\n".join(lines)


def ratio(pairs: Sequence[tuple[Result, Result]]) -> float:
    """The median, over pairs of runs, of the time with faults to the time without."""
    return statistics.median(ratios(pairs))


def ratios(pairs: Sequence[tuple[Result, Result]]) -> list[float]:
    return [faulty.seconds / faultless.seconds for faultless, faulty in pairs]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lessons", type=int, default=240, help="ten calls each")
    parser.add_argument("--repeats", type=int, default=5, help="pairs of a faultless and a faulty run")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    pairs = [(measure({}, options.lessons), measure(RATES, options.lessons)) for _ in range(options.repeats)]
    if options.json:
        settings = {
            "lessons": options.lessons,
            "in_flight": IN_FLIGHT,
            "lessons_at_once": LESSONS_AT_ONCE,
            "deadline_s": DEADLINE_S,
        }
        settings |= {"latency_s": LATENCY_S, "rates": RATES}
        runs = [{"faultless": a._asdict(), "faulty": b._asdict()} for a, b in pairs]
        found = {"settings": settings, "runs": runs, "ratio": ratio(pairs), "ratios": ratios(pairs)}
        print(json.dumps(found | {"bound": BOUND}))
    else:
        print(report(pairs))
    reached = ratio(pairs) <= BOUND and not any(faulty.lessons.get("failed") for _, faulty in pairs)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
