"""How much of what one process can do is left when it does this project's whole job.

    python benchmarks/throughput.py                          # 16, 64 and 256 lessons in flight, about five minutes
    python benchmarks/throughput.py --runs 3 --concurrency 64 --drivers bare ours --json
    python benchmarks/throughput.py --url http://host:8900/v1
    python benchmarks/throughput.py --drivers bare ours --without checks log   # what the rest of the job takes

The job: 200 seeds without checkable answers, error correction, a base and one candidate (8 turns) and a judge's verdict
in both orders, 10 calls a seed and 2,000 in all, against an endpoint that takes 100 ms a reply. `ours` is all of it:
group chats, casting, checks, grading, the log, progress. `bare` makes as many calls of the same sizes and the same
dependence by aiohttp on uvloop and does nothing else; `openai` the same by the openai package, as one would write it by
hand; `ours-2` is `ours` with two worker processes. Drivers take turns, so that a noisy machine is noisy for all. A run
goes from its first request (start-up is apart) to its end, for `ours` when the log is closed. Ratio: the time of bare
over the driver's, turn by turn.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from spread import said, spread

SEEDS = 200
CALLS_A_SEED = 10
BARS = {("ours", 16): 0.95, ("ours", 64): 0.90, ("ours", 256): 0.75, ("ours-2", 256): 1.0}
DRIVERS = ("bare", "openai", "ours", "ours-2")
PARTS = ("checks", "log")
Run = tuple[float, float, float, int, float]
"""When the first request was made, with how much CPU time used in this process and in workers, calls, when it ended."""
Ask = Callable[[dict[str, Any]], Awaitable[str]]
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "verdict",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"reason": {"type": "string"}, "better": {"enum": ["first", "second", "tie"]}},
            "required": ["reason", "better"],
            "additionalProperties": False,
        },
    },
}


def main() -> None:
    arguments = parse()
    if arguments.driver:
        started = time.time() - arguments.began
        found = drive(arguments.driver, arguments.url, arguments.concurrency[0], arguments.without)
        print(json.dumps(found | {"loaded_s": started}))
        return
    with endpoint(arguments.url, arguments.latency_ms) as url:
        rows = [row for width in arguments.concurrency for row in measure(url, width, arguments)]
    if arguments.json:
        settings = {"machine": machine(), "runs": arguments.runs, "without": arguments.without}
        print(json.dumps(settings | {"results": rows}, indent=2))
    else:
        show(rows, arguments)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[16, 64, 256], help="lessons in flight")
    parser.add_argument("--runs", type=int, default=5, help="turns that each driver takes")
    parser.add_argument("--drivers", nargs="+", choices=DRIVERS, default=list(DRIVERS))
    parser.add_argument("--latency-ms", type=float, default=100.0, help="of the endpoint that is started here")
    parser.add_argument("--url", help="an endpoint that runs already, with /v1")
    parser.add_argument("--without", nargs="+", choices=PARTS, default=[], help="leave this out of the job of ours")
    parser.add_argument("--json", action="store_true", help="print JSON and no table")
    parser.add_argument("--driver", choices=DRIVERS, help=argparse.SUPPRESS)
    parser.add_argument("--began", type=float, default=0.0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.driver and "bare" not in arguments.drivers:
        parser.error("--drivers: bare is what the others are measured by")
    if arguments.without and "ours-2" in arguments.drivers and not arguments.driver:
        parser.error("--without: workers always do the whole job; name the drivers without ours-2")
    return arguments


@contextmanager
def endpoint(url: str | None, latency_ms: float) -> Iterator[str]:
    """The address of an endpoint: the one named, or one of our own for as long as it is needed."""
    if url is not None:
        yield url
        return
    command = [sys.executable, str(Path(__file__).with_name("mock.py")), "--latency-ms", str(latency_ms)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        yield server.stdout.readline().strip()
        server.stdin.close()


def measure(url: str, width: int, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Every driver at this many lessons in flight, turn about."""
    taken: dict[str, list[dict[str, Any]]] = {name: [] for name in arguments.drivers}
    for _ in range(arguments.runs):
        for name in arguments.drivers:
            command = [sys.executable, __file__, "--driver", name, "--url", url, "--concurrency", str(width)]
            command += ["--began", str(time.time())]
            command += ["--without", *arguments.without] if arguments.without else []
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            taken[name].append(json.loads(done.stdout.splitlines()[-1]))
    rows = []
    for name, found in taken.items():
        ratios = [bare["wall_s"] / one["wall_s"] for bare, one in zip(taken["bare"], found, strict=True)]
        rows.append(
            {"driver": name, "in_flight": width, "ratio": spread(ratios)}
            | {key: spread([one[key] for one in found]) for key in found[0]}
        )
    return rows


# --- in the drivers' processes ---


def drive(name: str, url: str, width: int, without: Sequence[str]) -> dict[str, float]:
    jobs: dict[str, Callable[[str, int], Run]] = {
        "bare": bare,
        "openai": by_openai,
        "ours": partial(ours, without=without),
        "ours-2": partial(ours, workers=2),
    }
    begun, cpu, workers, calls, ended = jobs[name](url, width)
    # Of the largest process, where there are several.
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "wall_s": ended - begun,
        "calls_a_second": calls / (ended - begun),
        "cpu_ms_a_call": (cpu_s() - cpu) * 1000 / calls,
        "workers_cpu_ms_a_call": (workers_cpu_s() - workers) * 1000 / calls,
        "calls": calls,
        "peak_mib": peak / (2**20 if sys.platform == "darwin" else 2**10),
    }


def leave_out(parts: Sequence[str]) -> None:
    """Have these parts of the whole job do nothing in this process."""
    if "checks" in parts:
        from master_autogen.checks import CheckFinding
        from master_autogen.classroom import play

        passed = CheckFinding(passed=True)
        play.check_all = lambda names, turn: [passed] * len(names)  # type: ignore[assignment]
    if "log" in parts:
        from master_autogen.log import LogWriter

        for what in ("put_call", "finish_lesson"):
            setattr(LogWriter, what, lambda self, row: None)


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def workers_cpu_s() -> float:
    """Of this process's children: those that have ended, and on Linux those that run."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks = 0
    for thread in Path("/proc/self/task").glob("*/children"):
        for pid in thread.read_text().split():
            ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return ended.ru_utime + ended.ru_stime + ticks / os.sysconf("SC_CLK_TCK")


def questions() -> list[str]:
    return [
        f"Garden {i} has sandy soil, and its plants are dry by noon. How should it get its water, and why is that "
        "better for the roots than a little water every day?"
        for i in range(SEEDS)
    ]


def prompts() -> list[str]:
    """The system prompts of the scenario's four turns, as they stand in its file."""
    import yaml

    phases = yaml.safe_load((Path(__file__).parents[1] / "scenarios/error_correction.yaml").read_text())["phases"]
    return [phase["prompt"] for phase in phases]


async def by_hand(ask: Ask, width: int) -> None:
    """The job's calls: `width` seeds at a time, two conversations of four turns each, then two verdicts at once."""
    systems, slots = prompts(), asyncio.Semaphore(width)

    async def conversation(question: str, model: str) -> str:
        said = [{"role": "user", "content": question}]
        for system in systems:
            messages = [{"role": "system", "content": system}, *said]
            body = {"model": model, "temperature": 0.2, "max_tokens": 1024, "seed": 7, "messages": messages}
            said.append({"role": "assistant", "content": await ask(body)})
        return "\n\n".join(turn["content"] for turn in said)

    async def lesson(question: str) -> None:
        async with slots:
            base, other = await asyncio.gather(conversation(question, "small"), conversation(question, "large"))
            verdicts = [
                {"model": "large", "temperature": 0.0, "max_tokens": 512, "response_format": SCHEMA}
                | {"messages": [{"role": "system", "content": systems[0]}, {"role": "user", "content": text}]}
                for text in (base + other, other + base)
            ]
            for verdict in await asyncio.gather(*(ask(body) for body in verdicts)):
                json.loads(verdict)

    await asyncio.gather(*(lesson(question) for question in questions()))


def bare(url: str, width: int) -> Run:
    import aiohttp
    import uvloop

    async def main() -> Run:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=2 * width)) as session:

            async def ask(body: dict[str, Any]) -> str:
                headers = {"Content-Type": "application/json", "Authorization": "Bearer none"}
                address = f"{url}/chat/completions"
                async with session.post(address, data=json.dumps(body).encode(), headers=headers) as response:
                    return str(json.loads(await response.read())["choices"][0]["message"]["content"])

            begun, cpu = time.perf_counter(), cpu_s()
            await by_hand(ask, width)
            return begun, cpu, 0.0, SEEDS * CALLS_A_SEED, time.perf_counter()

    return uvloop.run(main())


def by_openai(url: str, width: int) -> Run:
    from openai import AsyncOpenAI

    async def main() -> Run:
        async with AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:

            async def ask(body: dict[str, Any]) -> str:
                return str((await client.chat.completions.create(**body)).choices[0].message.content)

            begun, cpu = time.perf_counter(), cpu_s()
            await by_hand(ask, width)
            return begun, cpu, 0.0, SEEDS * CALLS_A_SEED, time.perf_counter()

    return asyncio.run(main())


def ours(url: str, width: int, workers: int = 0, without: Sequence[str] = ()) -> Run:
    """Through the pipeline, as `master-autogen run` does it; with worker processes where there are to be `workers`."""
    leave_out(without)
    from master_autogen.cli.progress import Nothing, Tally, Watch
    from master_autogen.engines.loop import run_to_end
    from master_autogen.grading.quality import read_rubric
    from master_autogen.pipeline import Inputs, run
    from master_autogen.pool import read_pool
    from master_autogen.records import Seed
    from master_autogen.scenario import read_scenario

    os.environ |= {"MASTER_AUTOGEN_BASE_URL": url, "MASTER_AUTOGEN_MODELS": "small,large", "OPENAI_API_KEY": "none"}
    pool = read_pool("endpoint")
    wide = {
        name: model.model_copy(update={"limits": model.limits.model_copy(update={"concurrency": 2 * width})})
        for name, model in pool.models.items()
    }
    solution = "Seldom and deeply, because the roots follow the water down."
    inputs = Inputs(
        scenarios=[read_scenario("error_correction")],
        pool=pool.model_copy(update={"models": wide}),
        seeds=[Seed(instruction=question, response=solution) for question in questions()],
        rubric=read_rubric("pairwise"),
        seeds_per_round=SEEDS,
        candidates=1,
    )
    begun: list[float] = []

    class Stopwatch(Watch):
        def round_planned(self, number: int, rounds: int, lessons: int) -> None:
            begun[:] = [time.perf_counter(), cpu_s(), workers_cpu_s()]
            super().round_planned(number, rounds, lessons)

    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        watch = Stopwatch(tally, Nothing(), lambda run_id, resumed: None)
        leave = partial(os._exit, 130)
        engine: Any = {"engine": "processes", "workers": workers} if workers else {}
        run_to_end(run(inputs, Path(folder) / "log.db", concurrency=width, watcher=watch, **engine), leave=leave)
        ended = time.perf_counter()
        accepted = tally.statuses["accepted"] if "log" in without else lessons_accepted(Path(folder) / "log.db")
    if accepted != SEEDS or tally.calls != SEEDS * CALLS_A_SEED:
        sys.exit(f"{accepted} of {SEEDS} lessons were accepted, in {tally.calls} calls: this is not the job")
    return begun[0], begun[1], begun[2], tally.calls, ended


def lessons_accepted(log: Path) -> int:
    import sqlite3

    with sqlite3.connect(log) as db:
        return int(db.execute("SELECT count(*) FROM lessons WHERE status = 'accepted'").fetchone()[0])


# --- for people ---


def machine() -> dict[str, Any]:
    return {"cores": os.cpu_count(), "arch": platform.machine(), "python": platform.python_version()} | {
        "load": os.getloadavg()[0]
    }


def show(rows: list[dict[str, Any]], arguments: argparse.Namespace) -> None:
    print(" ".join(f"{key}={value}" for key, value in machine().items()), f"runs={arguments.runs}  (median, min-max)")
    print(f"ours without {' and '.join(arguments.without)}\n" if arguments.without else "")
    titles = (
        "driver",
        "in flight",
        "ratio to bare",
        "wall, s",
        "calls/s",
        "CPU ms a call",
        "and in workers",
        "peak MiB",
        "bar",
    )
    print(f"| {' | '.join(titles)} |\n|{' --- |' * len(titles)}")
    for row in rows:
        cells = [row["driver"], str(row["in_flight"]), said(row["ratio"], 2), said(row["wall_s"], 2)]
        cells += [said(row["calls_a_second"], 0), said(row["cpu_ms_a_call"], 2)]
        cells += [said(row["workers_cpu_ms_a_call"], 2), f"{row['peak_mib']['median']:.0f}"]
        bar = None if arguments.without else BARS.get((row["driver"], row["in_flight"]))
        met = "" if bar is None else f"{bar:.2f}: {'met' if row['ratio']['median'] >= bar else 'missed'}"
        print(f"| {' | '.join([*cells, met])} |")


if __name__ == "__main__":
    main()
