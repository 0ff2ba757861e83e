"""What a long run costs: is the log in the way, does memory stay flat, how soon does the run go on?

    python benchmarks/log.py                     # 100,000 lessons; half an hour and 3 GB of disk
    python benchmarks/log.py --candidates 1      # the same without the memory bank, which needs two
    python benchmarks/log.py --lessons 5000 --json

First the writer: 3,000 calls a second from a busy event loop; how long a call waits in `put_call`, and how old the
oldest row is that is not on disk yet.

Then a run of so many lessons, two scenarios a seed, base and candidates, by the command itself; only the group chat
is simulated (each lesson is written as a pattern of turns, calls, verdicts and grades of the usual sizes), so that
planning, learning, the memory bank and the log are those of a run. It is stopped before its end, in the middle of a
round, and the same command, in a process of its own and with real group chats, goes on with it: how soon is measured
several times, each ended as it makes its first new call; then the same between two rounds, each ended as the next round
is cast. Last, commands that ask for another, small run of the same log, beside the same run in a log of its own: what
they take must not grow with the log. Times are medians, with the least and the most.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from simulated import call, plans, simulate, write_seeds
from spread import said, spread

SCENARIOS = ("error_correction", "debate")
SMALL = ("error_correction",)
SMALL_SEEDS = 20
PER_ROUND = 100
ROUND = PER_ROUND * len(SCENARIOS)  # lessons
END = "end"
RATE, SECONDS = 3_000, 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lessons", type=int, default=100_000)
    parser.add_argument("--candidates", type=int, default=2, help="of each lesson of the run")
    parser.add_argument("--repeats", type=int, default=5, help="of each command, and of each going on")
    parser.add_argument(
        "--folder", type=Path, help="where the logs go and stay; a temporary folder where none is named"
    )
    parser.add_argument("--json", action="store_true", help="print JSON and no table")
    parser.add_argument("--child", nargs=2, metavar=("UNTIL", "COMMAND"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child[0], json.loads(arguments.child[1]))
        return
    if arguments.lessons < (least := 2 * ROUND):
        parser.error(f"--lessons {arguments.lessons}: at least {least}, which are two rounds")
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        found = measure(folder, arguments.lessons, arguments.candidates, arguments.repeats)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        show(found)


def measure(folder: Path, lessons: int, candidates: int, repeats: int) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    big, alone = folder / "big.db", folder / "alone.db"
    many, few = folder / "many.jsonl", folder / "few.jsonl"
    write_seeds(many, lessons // len(SCENARIOS), "a")
    write_seeds(few, SMALL_SEEDS, "b")
    found: dict[str, Any] = {"load_before": os.getloadavg()[0], "lessons": lessons, "candidates": candidates}
    found["writer"] = asyncio.run(writer(folder / "writer.db"))
    long_run = [*SCENARIOS, "--seeds", str(many), "--seeds-per-round", str(PER_ROUND)]
    long_run += ["--candidates", str(candidates)]
    # In the middle of the last round but one.
    stopped_at = lessons - ROUND - ROUND // 2
    command = run_command(long_run, big)
    found["simulated"] = timed(command, str(stopped_at))
    found["first_call_s"] = spread([timed(command, "call")["after_s"] for _ in range(repeats)])
    timed(command, "cast")  # to the end of the round
    found["cast_s"] = spread([timed(command, "cast")["after_s"] for _ in range(repeats)])
    found["resumed"] = timed(command, END)
    for log in (big, alone):
        timed(run_command([*SMALL, "--seeds", str(few), "--candidates", "2"], log), END)
    with closing(sqlite3.connect(big)) as db:
        small = db.execute("SELECT id FROM runs ORDER BY started DESC").fetchone()[0]
        episode = db.execute("SELECT id FROM episodes WHERE run_id = ? AND is_base", (small,)).fetchone()[0]
        found["sizes"] = sizes(db)
    found["commands"] = [
        {"command": " ".join(words[:2]), "big_s": seconds(words, big, repeats)}
        | {"alone_s": seconds(words, alone, repeats)}
        for words in (
            ["runs", "list"],
            ["runs", "show", small],
            ["selection", "show", small],
            ["replay", episode],
            ["export", small, "--to", str(folder / "out.jsonl")],
        )
    ]
    return found | {"load_after": os.getloadavg()[0]}


# --- the writer ---


async def writer(path: Path) -> dict[str, Any]:
    from master_autogen.log import LogWriter, RunRecord

    path.unlink(missing_ok=True)
    put: list[float] = []
    waits: list[float] = []
    with LogWriter(path) as log, closing(sqlite3.connect(path)) as reader:
        log.begin_run(RunRecord(id="run", started=time.time()))
        [plan] = plans("run", SMALL[0], 1)
        log.plan_round("run", [plan], [])
        made = [call(plan, plan.episodes[0], i, [], "said") for i in range(int(RATE * SECONDS))]
        ages: list[float] = []
        begun = time.perf_counter()
        for i, one in enumerate(made):
            due = begun + i / RATE
            if i % 30 == 0:  # a hundred wake-ups a second, as of an event loop
                while (left := due - time.perf_counter()) > 0:
                    await asyncio.sleep(left)
                on_disk = reader.execute("SELECT coalesce(max(rowid), 0) FROM calls").fetchone()[0]
                ages.append(time.perf_counter() - put[on_disk] if on_disk < len(put) else 0.0)
            before = time.perf_counter()
            log.put_call(one)
            put.append(time.perf_counter())
            waits.append(put[-1] - before)
        took = time.perf_counter() - begun
    return {
        "calls_a_second": len(made) / took,
        "put_us_median": statistics.median(waits) * 1e6,
        "put_ms_max": max(waits) * 1e3,
        "behind_ms_median": statistics.median(ages) * 1e3,
        "behind_ms_max": max(ages) * 1e3,
    }


# --- commands ---


def run_command(words: list[str], log: Path) -> list[str]:
    return ["run", *words, "--pool", "scripted", "--log", str(log), "--quiet"]


def timed(command: list[str], until: str) -> dict[str, Any]:
    """The command in a process of its own, until: so many simulated lessons have ended, then it is stopped; its first
    "call"; its first "cast" of a round; or its end. `after_s`: from its start to that call or cast."""
    words = [sys.executable, __file__, "--child", until, json.dumps(command)]
    begun = time.time()
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found | ({"after_s": found["at"] - begun} if "at" in found else {})


def seconds(words: list[str], log: Path, repeats: int) -> dict[str, float]:
    command = [sys.executable, "-c", "from master_autogen.cli.main import main; main()", *words, "--log", str(log)]
    taken = []
    for _ in range(repeats):
        begun = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - begun)
    return spread(taken)


def sizes(db: sqlite3.Connection) -> dict[str, Any]:
    """Bytes a lesson by table, indexes with their table; None by table where SQLite cannot tell."""
    (lessons,) = db.execute("SELECT count(*) FROM lessons").fetchone()
    (pages,), (size,) = (db.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
    found: dict[str, Any] = {"bytes_a_lesson": pages * size / lessons, "by_table": None}
    try:
        rows = db.execute(
            "SELECT coalesce(tbl_name, dbstat.name), sum(pgsize) FROM dbstat LEFT JOIN sqlite_master USING (name) "
            "GROUP BY 1 ORDER BY 2 DESC"
        ).fetchall()
        found["by_table"] = {name: taken / lessons for name, taken in rows if taken / lessons >= 1}
    except sqlite3.OperationalError:
        pass
    return found


# --- in the process of a run ---


def child(until: str, command: list[str]) -> None:
    from master_autogen.cli.main import main as cli
    from master_autogen.embedding import HashingEmbedder
    from master_autogen.pipeline import rounds
    from master_autogen.pipeline.learning import Learner
    from master_autogen.pipeline.remembering import Memory

    spent: dict[str, list[float]] = {"learn": [], "remember": [], "plan": []}
    memory: list[float] = []

    def watched(what: type, method: str, name: str) -> None:
        inner: Callable[..., Any] = getattr(what, method)

        def outer(*args: Any) -> Any:
            begun = time.perf_counter()
            try:
                return inner(*args)
            finally:
                spent[name].append((time.perf_counter() - begun) * 1e3)
                if name == "learn":
                    memory.append(resident_mib())

        setattr(what, method, outer)

    watched(Learner, "learn", "learn")
    watched(Memory, "tell", "remember")
    watched(rounds.Player, "_plan", "plan")
    # MiniLM takes longer than all the rest. The package has a function of the module's name.
    import_module("master_autogen.pipeline.run").best_embedder = HashingEmbedder  # type: ignore[attr-defined]
    if until in ("call", "cast"):
        end_at(until)
    elif until != END:
        simulate(int(until))
    begun = time.perf_counter()
    with suppress(SystemExit):
        cli(command)
    wall = time.perf_counter() - begun
    print()
    print(
        json.dumps(
            {
                "wall_s": wall,
                "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "resident_mib": [round(memory[i * (len(memory) - 1) // 4], 1) for i in range(5)],
                "rounds": len(spent["learn"]),
                "ms_a_round": {name: ends(values) for name, values in spent.items() if values},
            }
        )
    )


def end_at(first: str) -> None:
    """This process is to be gone, as if killed, with its first new call or before it logs the next round's plan."""
    from master_autogen.log import LogWriter

    def gone(*_: Any) -> None:
        print(json.dumps({"at": time.time()}), flush=True)
        os._exit(0)

    setattr(LogWriter, "put_call" if first == "call" else "plan_round", gone)


def ends(values: list[float]) -> dict[str, float]:
    """Medians of the first and the last tenth: what grows with the rounds."""
    tenth = max(len(values) // 10, 1)
    return {"first": statistics.median(values[:tenth]), "last": statistics.median(values[-tenth:])}


def resident_mib() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


# --- what is printed ---


def show(found: dict[str, Any]) -> None:
    wrote, filled, again = found["writer"], found["simulated"], found["resumed"]
    load = f"load {found['load_before']:.1f} to {found['load_after']:.1f}"
    print(f"{found['lessons']:,} lessons, {found['candidates']} candidates in each; {load}")
    print()
    print(f"writer at {wrote['calls_a_second']:,.0f} calls/s, median and most")
    print(f"  a call waits   {wrote['put_us_median']:8.0f} us  {wrote['put_ms_max']:8.1f} ms")
    print(f"  behind on disk {wrote['behind_ms_median']:8.1f} ms  {wrote['behind_ms_max']:8.1f} ms")
    print()
    at = ", ".join(f"{mib:.0f}" for mib in filled["resident_mib"])
    print(f"run: {filled['rounds']:,} rounds in {filled['wall_s']:,.0f} s")
    print(f"  MiB as it goes: {at}; peak {filled['peak_mib']:.0f}")
    print("  ms a round       first tenth  last tenth")
    for name, values in filled["ms_a_round"].items():
        print(f"  {name:<16} {values['first']:11.1f} {values['last']:11.1f}")
    print(f"resumed: first new call after {said(found['first_call_s'], 1)} s; peak {again['peak_mib']:.0f} MiB")
    print(f"  between two rounds: the next one is cast after {said(found['cast_s'], 1)} s")
    print()
    print("command, on a small run            in this log, s              in its own, s")
    for row in found["commands"]:
        print(f"  {row['command'][:24]:<24} {said(row['big_s'], 2):>24} {said(row['alone_s'], 2):>26}")
    print()
    print(f"bytes a lesson: {found['sizes']['bytes_a_lesson']:,.0f}")
    for name, size in (found["sizes"]["by_table"] or {}).items():
        print(f"  {name:<24} {size:10,.0f}")


if __name__ == "__main__":
    main()
