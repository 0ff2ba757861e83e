"""What the memory bank is worth, in a world made up for the question: do draws from it cast better pairs?

    python benchmarks/memory_bank_worth.py            # about two minutes on one core
    python benchmarks/memory_bank_worth.py --worlds 4 --json

25 pairs of 5 teachers and 5 students, whose worth is a product of both and, by `spread`, differs between 8 kinds of
task; 20 rounds of 100 lessons of 4 candidates, cast by the paper's rule (beta 0.02) and, where there is a bank, by half
from it. A candidate earns a verdict against the base (0, 1/2 or 1) times a noisy difficulty that its kind of task
scales. Instructions are vectors around their kind's centre, one in five nearer to another's. `kept` is the true worth
of each lesson's best-graded candidate, as a share of the best pair's; `wins only` stores each lesson's winner and
nothing else, as a bank would that confirms itself.
"""

from __future__ import annotations

import argparse
import json
import statistics
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from master_autogen.memory_bank import NEAREST, Entry, MemoryBank
from master_autogen.records import Pair

SIDE, KINDS, ROUNDS, LESSONS, CANDIDATES = 5, 8, 20, 100, 4
BETA = 0.02
PAIRS = [Pair(instruction=f"teacher {j}", response=f"student {k}") for j in range(SIDE) for k in range(SIDE)]
Floats = NDArray[np.float64]


class Setting(NamedTuple):
    name: str
    from_bank: int
    neighbours: int = NEAREST
    wins_only: bool = False


SETTINGS = [
    Setting("no bank", 0),
    Setting("wins only, 2 of 4", 2, wins_only=True),
    *(Setting(f"bank, {share} of 4", share) for share in (1, 2, 3)),
    *(Setting(f"bank, 2 of 4, n = {n}", 2, n) for n in (5, 10)),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=12, help="worlds a setting; at least 2")
    parser.add_argument("--json", action="store_true", help="print JSON and no table")
    arguments = parser.parse_args()
    if arguments.worlds < 2:
        parser.error(f"--worlds {arguments.worlds}: the standard error needs at least 2")
    rows = [row(setting, spread, arguments.worlds) for spread in (0.0, 0.15, 0.3) for setting in SETTINGS]
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return
    print("| spread | casting | kept, rounds 1-5 | kept, rounds 16-20 | standard error |\n|" + " --- |" * 5)
    for found in rows:
        numbers = " | ".join(f"{found[name]:.3f}" for name in ("early", "late", "error"))
        print(f"| {found['spread']:g} | {found['casting']} | {numbers} |")


def row(setting: Setting, spread: float, worlds: int) -> dict[str, Any]:
    kept = [play(setting, spread, world) for world in range(worlds)]
    late = [float(rounds[-5:].mean()) for rounds in kept]
    return {"spread": spread, "casting": setting.name} | {
        "early": float(np.mean([rounds[:5].mean() for rounds in kept])),
        "late": statistics.mean(late),
        "error": statistics.stdev(late) / len(late) ** 0.5,
    }


def play(setting: Setting, spread: float, world: int) -> Floats:
    """The mean worth of what was kept in each round, as a share of the best pair's."""
    rng = np.random.default_rng(world)
    sides = rng.uniform(0.3, 0.9, (2, SIDE))
    worth = np.clip(np.outer(*sides).ravel() + spread * rng.standard_normal((KINDS, SIDE**2)), 0, 1)
    scale = rng.uniform(0.2, 1.0, KINDS)
    centres = np.linalg.qr(rng.standard_normal((64, KINDS)))[0].T
    selection = np.full(SIDE**2, 1 / SIDE**2)
    entries: list[Entry] = []
    kept = np.zeros(ROUNDS)
    for number in range(ROUNDS):
        kinds = rng.integers(0, KINDS, LESSONS)
        vectors = instructions(rng, centres, kinds)
        arms = cast(rng, setting, MemoryBank(entries), vectors, selection)
        true = worth[kinds[:, None], arms]
        earned = earn(rng, true, float(np.median(worth))) * scale[kinds][:, None]
        best = earned.argmax(axis=1)
        kept[number] = np.mean(true[np.arange(LESSONS), best] / worth.max(axis=1)[kinds])
        for i in range(LESSONS):
            vector = vectors[i].astype("<f2").tobytes()
            slots = [int(best[i])] * bool(earned[i, best[i]]) if setting.wins_only else range(CANDIDATES)
            entries += [Entry(f"{number} {i}", vector, PAIRS[arms[i, k]], float(earned[i, k])) for k in slots]
            for arm, pi in zip(arms[i], earned[i], strict=True):
                selection[arm] += BETA * pi
                selection /= selection.sum()
    return kept


def instructions(rng: np.random.Generator, centres: Floats, kinds: NDArray[np.int64]) -> Floats:
    misplaced = np.where(rng.random(len(kinds)) < 0.2, rng.integers(0, KINDS, len(kinds)), kinds)
    vectors = centres[misplaced] + 0.1 * rng.standard_normal((len(kinds), centres.shape[1]))
    unit: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def cast(
    rng: np.random.Generator, setting: Setting, bank: MemoryBank, vectors: Floats, selection: Floats
) -> NDArray[np.int64]:
    arms = rng.choice(SIDE**2, (len(vectors), CANDIDATES), p=selection)
    if not setting.from_bank:
        return arms
    for i, near in enumerate(bank.nearest(vectors, setting.neighbours)):
        told = bank.probabilities(near, PAIRS, list(selection))
        if told is not None:
            arms[i, : setting.from_bank] = rng.choice(SIDE**2, setting.from_bank, p=np.array(told) / sum(told))
    return arms


def earn(rng: np.random.Generator, true: Floats, base: float) -> Floats:
    """A noisy verdict against the base times a noisy difficulty, for candidates of this true worth; 0 to 1."""
    ahead = true + rng.normal(0, 0.15, true.shape) - base + rng.normal(0, 0.2, true.shape)
    verdict = np.where(ahead > 0.05, 1.0, np.where(ahead < -0.05, 0.0, 0.5))
    gap = true * np.exp(0.6 * rng.standard_normal(true.shape) - 0.18) + 0.2
    difficulty: Floats = np.clip(0.5 * np.exp(0.4 * rng.standard_normal((len(true), 1))) * gap, 0, 1)
    return verdict * difficulty


if __name__ == "__main__":
    main()
