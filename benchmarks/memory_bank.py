"""What the memory bank costs: loading it from the log, asking it, holding it, all on one core.

    python benchmarks/memory_bank.py                      # 10,000 and 100,000 entries
    python benchmarks/memory_bank.py --sizes 1000 --runs 5 --json

Each size is a real log, filled through the writer; it is asked in a process of its own that has one core and one
thread. An entry is one graded candidate; with `--candidates 1` each has an instruction, and so a vector, of its own,
which is the most that as many entries can cost. `process` is what the whole program holds with the bank full: the
pipeline imported, MiniLM (where installed) loaded, nothing else at work; `peak` the most it held till then. What the
bank adds can be less than its vectors take, because loading MiniLM leaves memory free that it moves into.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from spread import said, spread

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
TARGET_MS = 20.0
DIMENSIONS = 384
ROUND = 5_000
PAIRS = [(f"teacher {i}", f"student {j}") for i in range(5) for j in range(5)]


def main() -> None:
    arguments = parse()
    if arguments.worker:
        worker = {"fill": fill, "ask": ask}[arguments.worker]
        print(json.dumps(worker(arguments.log, arguments.sizes[0], arguments.candidates, arguments.runs)))
        return
    measured = [measure(size, arguments.candidates, arguments.runs) for size in arguments.sizes]
    if arguments.json:
        print(json.dumps({"machine": machine(), "runs": arguments.runs, "results": measured}, indent=2))
    else:
        show(measured, arguments.runs)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000], help="entries in the bank")
    parser.add_argument("--candidates", type=int, default=1, help="entries an instruction")
    parser.add_argument("--runs", type=int, default=9, help="how often each time is taken; at least 5")
    parser.add_argument("--json", action="store_true", help="print JSON and no table")
    parser.add_argument("--worker", choices=["fill", "ask"], help=argparse.SUPPRESS)
    parser.add_argument("--log", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.runs < 5:
        parser.error("--runs: fewer than 5 say nothing about spread")
    return arguments


def measure(size: int, candidates: int, runs: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        found: dict[str, Any] = {"entries": size, "instructions": -(-size // candidates)}
        for task in ("fill", "ask"):
            command = [sys.executable, __file__, "--worker", task, "--log", f"{folder}/log.db", "--sizes", str(size)]
            command += ["--candidates", str(candidates), "--runs", str(runs)]
            done = subprocess.run(command, env=os.environ | ONE_THREAD, check=True, stdout=subprocess.PIPE, text=True)
            found |= json.loads(done.stdout)
        return found


# --- in the worker processes ---


def fill(log_path: Path, size: int, candidates: int, runs: int) -> dict[str, Any]:
    """A log whose lessons, and in the bank what each candidate earned."""
    from master_autogen.log import Candidate, LogWriter, RunRecord
    from master_autogen.records import Pair

    pairs = [Pair(instruction=teacher, response=student) for teacher, student in PAIRS]
    seconds = 0.0
    with LogWriter(log_path) as log:
        log.begin_run(RunRecord(id="run", started=0.0))
        for number, plans in enumerate(rounds(-(-size // candidates), candidates), 1):
            log.plan_round("run", plans, [])
            earned = [
                Candidate(plan.id, episode.slot, plan.seed.instruction, pairs[(k + 7 * episode.slot) % 25], k % 4 / 3)
                for k, plan in enumerate(plans)
                for episode in plan.episodes
            ]
            vectors = clustered(len(plans), seed=number).repeat(candidates, axis=0)
            start = time.perf_counter()
            log.record_bank(earned, "benchmark", vectors)
            seconds += time.perf_counter() - start
    log_mib = sum(file.stat().st_size for file in log_path.parent.iterdir()) / 2**20
    return {"store_s": seconds, "log_mib": log_mib}


def rounds(instructions: int, candidates: int) -> Iterator[list[Any]]:
    from master_autogen.records import Cast, EpisodePlan, LessonPlan, Pair, Seed

    cast = Cast(pair=Pair(instruction="t", response="s"), agents={}, origin="selection", probability=1.0)
    for first in range(0, instructions, ROUND):
        yield [
            LessonPlan(
                id=f"lesson{i}",
                run_id="run",
                round=first // ROUND + 1,
                scenario="debate",
                seed=Seed(instruction=f"Question {i}: " + "how many of these are there in all? " * 4, response="One."),
                episodes=tuple(EpisodePlan(id=f"e{i}.{k}", slot=k, cast=cast) for k in range(1, candidates + 1)),
            )
            for i in range(first, min(first + ROUND, instructions))
        ]


def clustered(rows: int, seed: int) -> Any:
    """Unit vectors around two hundred centres, as questions about two hundred things would be."""
    import numpy as np

    centres = np.random.default_rng(0).standard_normal((200, DIMENSIONS), dtype=np.float32)
    rng = np.random.default_rng(seed)
    vectors = centres[rng.integers(0, 200, rows)] + 0.8 * rng.standard_normal((rows, DIMENSIONS), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def ask(log_path: Path, size: int, candidates: int, runs: int) -> dict[str, Any]:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    import master_autogen.pipeline.run  # noqa: F401 - what a run holds in any case
    from master_autogen.embedding import best_embedder
    from master_autogen.log import open_log, read_bank
    from master_autogen.memory_bank import MemoryBank
    from master_autogen.records import Pair

    embedder = best_embedder()
    embedder.embed(["What is loaded when it is first asked is loaded here."])
    db = open_log(log_path, readonly=True)
    before = resident_mib()
    bank = MemoryBank(read_bank(db, "run", "debate", embedder="benchmark"))
    full, peak = resident_mib(), peak_mib()
    pairs = [Pair(instruction=teacher, response=student) for teacher, student in PAIRS]
    questions = iter(clustered((runs + 1) * 101, seed=-1 % 2**32))

    def one() -> None:
        [near] = bank.nearest(next(questions)[None, :])
        bank.probabilities(near, pairs, [1 / len(pairs)] * len(pairs))

    def hundred() -> None:
        bank.nearest([next(questions) for _ in range(100)])

    texts = iter(f"A shop sells {i} boxes of {i + 3} pens. How many pens does it sell in all?" for i in range(runs + 1))
    return {
        "embedder": embedder.name,
        "one_ms": times(one, runs, 1e3),
        "of_100_ms": times(hundred, runs, 10.0),
        "embed_ms": times(lambda: embedder.embed([next(texts)]), runs, 1e3),
        "bank_mib": full - before,
        "process_mib": full,
        "peak_mib": peak,
        "load_s": times(lambda: MemoryBank(read_bank(db, "run", "debate", embedder="benchmark")), 5, 1.0),
        "stored": {"entries": bank.entries, "instructions": len(bank)},
    }


def times(action: Callable[[], object], runs: int, unit: float) -> dict[str, float]:
    """Median, least and most of `runs` runs, after one that does not count."""
    taken = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        action()
        taken.append((time.perf_counter() - start) * unit)
    del taken[0]
    return spread(taken)


def resident_mib() -> float:
    """What this process holds now. Linux tells; elsewhere the most it ever held stands in."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return peak_mib()
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def peak_mib() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


# --- for people ---


def machine() -> dict[str, Any]:
    import numpy as np

    return {"cores": os.cpu_count(), "arch": platform.machine(), "python": platform.python_version()} | {
        "numpy": np.__version__,
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def show(measured: list[dict[str, Any]], runs: int) -> None:
    print(" ".join(f"{key}={value}" for key, value in machine().items()), f"runs={runs}  (median, min-max)\n")
    titles = ("entries", "one question, ms", "of a hundred, ms each", "embedding it, ms", "load, s")
    titles += ("bank adds, MiB", "process, MiB", "peak, MiB")
    print(f"| {' | '.join(titles)} |\n|{' --- |' * len(titles)}")
    for row in measured:
        cells = [said(row[name], 2) for name in ("one_ms", "of_100_ms", "embed_ms", "load_s")]
        mib = [f"{row[name]:.0f}" for name in ("bank_mib", "process_mib", "peak_mib")]
        print(f"| {row['entries']:,} | {' | '.join(cells + mib)} |")
    last = measured[-1]
    verdict = "under" if last["one_ms"]["median"] < TARGET_MS else "NOT under"
    print(f"\nThe answer to one question among {last['entries']:,} is {verdict} the target of {TARGET_MS:g} ms.")
    print(f"Embedder: {last['embedder']}. The log of {last['entries']:,} entries takes {last['log_mib']:.0f} MiB.")


if __name__ == "__main__":
    main()
