"""Does a run find the pair that was made the best? Whole runs through the command line: nothing is told to selection.

    python benchmarks/planted_winner.py                     # 20 random seeds, two rules; some minutes on two cores
    python benchmarks/planted_winner.py --random-seeds 3 --rules thompson --json

The pool beside this file has nine pairs of three teachers and three students, all scripted: for maths one pair is
right more often and checks its result, for programming another is. 150 questions of each kind are played in the
scenario `error_correction`, in rounds of 20 lessons with two candidates each, half of them by the memory bank once it
knows something. What a pair earns is what the lesson's checks, its two scorers and its judge, asked in both orders and
wrong in one verdict of ten, make of the group chats. A planted pair is found where its logged probability passes 0.6.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from master_autogen.log import get_run, open_log, selection_history
from master_autogen.records import Pair

POOL = Path(__file__).with_suffix(".yaml")
PLANTED = {
    "math": Pair(instruction="patient", response="careful"),
    "code": Pair(instruction="exact", response="handy"),
}
FOUND = 0.6
RULES = ("thompson", "paper")


class Course(NamedTuple):
    """The probability of the planted pair of one kind of seed: as each round was cast, and after the last.

    `found_after` is the number of the run's lessons after which it first passed 0.6, None where it never did.
    """

    kind: str
    probabilities: list[float]
    found_after: int | None


class Found(NamedTuple):
    """One run."""

    rule: str
    random_seed: int
    courses: list[Course]

    @property
    def both(self) -> bool:
        return all(course.found_after is not None for course in self.courses)

    @property
    def kept(self) -> bool:
        """Whether both are still above 0.6 at the end."""
        return all(course.probabilities[-1] > FOUND for course in self.courses)


def main() -> None:
    began = time.monotonic()
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--random-seeds", type=int, default=20, help="runs of each rule, from random seed 1 on [20]")
    parser.add_argument("--rules", nargs="+", default=list(RULES), help="rules of `run --rule` [thompson paper]")
    parser.add_argument("--beta", type=float, help="evolution rate of the paper's rule, else the default of `run`")
    parser.add_argument("--lessons", type=int, default=300, help="half of each kind [300]")
    parser.add_argument("--per-round", type=int, default=20, help="lessons a round [20]")
    parser.add_argument("--workers", type=int, default=2, help="runs at a time [2]")
    parser.add_argument("--json", action="store_true", help="print one JSON object in place of the table")
    asked = parser.parse_args()
    todo = [(rule, seed) for rule in asked.rules for seed in range(1, asked.random_seeds + 1)]
    with ThreadPoolExecutor(asked.workers) as pool:
        runs = list(pool.map(lambda one: play(*one, asked.lessons, asked.per_round, asked.beta), todo))
    if asked.json:
        settings = {name: value for name, value in vars(asked).items() if name != "json"}
        rows = [run._asdict() | {"courses": [course._asdict() for course in run.courses]} for run in runs]
        totals = {rule: total([run for run in runs if run.rule == rule]) for rule in asked.rules}
        seconds = round(time.monotonic() - began)
        print(json.dumps({"settings": settings, "seconds": seconds, "rules": totals, "runs": rows}, indent=1))
        return
    print(table(runs, asked.rules))
    print(f"\n{time.monotonic() - began:.0f} s with {asked.workers} workers")


def play(rule: str, random_seed: int, lessons: int, per_round: int, beta: float | None = None) -> Found:
    """One run of the command line in a process and a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "seeds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in questions(lessons)))
        command = [sys.executable, "-c", "from master_autogen.cli import main; main()", "run", "error_correction"]
        command += ["--pool", str(POOL), "--seeds", "seeds.jsonl", "--log", "log.db", "--quiet", "--rule", rule]
        command += ["--seeds-per-round", str(per_round), "--random-seed", str(random_seed)]
        command += [] if beta is None else ["--beta", str(beta)]
        path = os.pathsep.join([str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
        subprocess.run(
            command, cwd=folder, env={**os.environ, "PYTHONPATH": path}, check=True, stdout=subprocess.DEVNULL
        )
        return Found(rule, random_seed, courses(folder / "log.db", per_round))


def questions(lessons: int) -> list[dict[str, Any]]:
    """Half of them of maths, half of programming, in turns."""
    rows: list[dict[str, Any]] = []
    for n in range(lessons // 2):
        a, b = 11 + n, 20 + 7 * n % 61
        rows.append(
            {
                "instruction": f"Mia has {a} apples and buys {b} more. How many apples does she have?",
                "response": f"She has {a} + {b} = {a + b} apples. The answer is {a + b}.",
                "answer": str(a + b),
                "kind": "math",
            }
        )
        rows.append(
            {
                "instruction": f"Write a Python function that adds {a} to its argument and takes {b} away.",
                "response": f"def change(n):\n    return n + {a} - {b}",
                "kind": "code",
            }
        )
    return rows


def courses(log: Path, per_round: int) -> list[Course]:
    with closing(open_log(log, readonly=True)) as db:
        history = selection_history(db, get_run(db).id)
    made = []
    for kind, pair in PLANTED.items():
        by_round = {row.round: row.probability for row in history if (row.task_type, row.pair) == (kind, pair)}
        passed = [number for number, probability in sorted(by_round.items()) if probability > FOUND]
        after = (passed[0] - 1) * per_round if passed else None
        made.append(Course(kind, [by_round[number] for number in sorted(by_round)], after))
    return made


def total(runs: Sequence[Found]) -> dict[str, Any]:
    """What the runs of one rule come to."""
    found: dict[str, Any] = {
        "runs": len(runs),
        "found_both": sum(run.both for run in runs),
        "above_at_the_end": sum(run.kept for run in runs),
    }
    for place, kind in enumerate(PLANTED):
        after = sorted(run.courses[place].found_after or 10**9 for run in runs)
        half = after[len(after) // 2]
        found[kind] = {
            "found": sum(number < 10**9 for number in after),
            "median_lessons": half if half < 10**9 else None,
            "mean_at_the_end": sum(run.courses[place].probabilities[-1] for run in runs) / len(runs),
        }
    return found


def table(runs: Sequence[Found], rules: Sequence[str]) -> str:
    form = "{:14} {:>5} {:>11} {:>17}" + " {:>11} {:>15} {:>9}" * len(PLANTED)
    heads = [text for kind in PLANTED for text in (f"{kind} found", "median lessons", "at end")]
    lines = [form.format("rule", "runs", "both found", "above at the end", *heads)]
    for rule in rules:
        seen = total([run for run in runs if run.rule == rule])
        cells = [rule, seen["runs"], seen["found_both"], seen["above_at_the_end"]]
        for kind in PLANTED:
            half = seen[kind]["median_lessons"]
            cells += [seen[kind]["found"], "never" if half is None else half, f"{seen[kind]['mean_at_the_end']:.2f}"]
        lines.append(form.format(*map(str, cells)))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
