"""On how many worked solutions each executable misconception can be planted, and whether what comes out is sound.

    python benchmarks/malrules.py gsm8k.jsonl            # columns question, answer (as in GSM8K), or any seed file
    python benchmarks/malrules.py gsm8k.jsonl --json
    python benchmarks/malrules.py gsm8k.jsonl --read unit  # print what the rule makes of each seed, to be read

Every wrong solution of every rule is looked at, and one of each seed and rule as a student tells it (`plant`). A fault
is a text whose answer is verifiably right or cannot be told from it, one that holds the right answer though the
question does not, one with false equations besides the planted one, and one with a negative number or a broken result
that is not money where the worked solution has none.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from master_autogen.arithmetic import equations, numbers, same_answer
from master_autogen.checks import verify
from master_autogen.records import MISCONCEPTIONS, Seed
from master_autogen.seeds import load_seeds
from master_autogen.wording import plant
from master_autogen.wording.malrules import wrongs
from master_autogen.wording.worked import worked

MISCALCULATED = frozenset(["carry", "borrow", "times_table", "zeros", "off_by_one", "left_to_right"])
"""Misconceptions that are a wrong computation: their texts have exactly one false equation, all others none."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="a file of seeds with worked solutions")
    parser.add_argument("--json", action="store_true", help="print JSON and no table")
    parser.add_argument("--read", choices=list(MISCONCEPTIONS), help="print the planted texts of this rule instead")
    arguments = parser.parse_args()
    seeds = [seed for seed in load_seeds(arguments.data).seeds if seed.kind == "math" and seed.checkable]
    if arguments.read:
        read(seeds, arguments.read)
    elif arguments.json:
        print(json.dumps(measure(seeds), indent=2))
    else:
        show(measure(seeds))


def measure(seeds: list[Seed]) -> dict[str, Any]:
    """Counts of seeds and wrong solutions by rule, and of faults over all."""
    fits: Counter[str] = Counter()
    made: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    readable = changed = texts = 0
    for seed in seeds:
        readable += worked(seed) is not None
        found = list(solutions(seed))
        changed += bool(found)
        fits.update({name for name, _ in found})
        made.update(name for name, _ in found)
        told = [(name, p.text) for name in {name for name, _ in found} if (p := plant(seed, ("benchmark",), name))]
        texts += len(found) + len(told)
        for name, text in [*found, *told]:
            faults.update(faults_of(name, text, seed))
    return {
        "seeds": len(seeds),
        "readable": readable,
        "changed": changed,
        "rules": {name: {"seeds": fits[name], "solutions": made[name]} for name in MISCONCEPTIONS},
        "texts": texts,
        "faults": dict(faults),
    }


def solutions(seed: Seed) -> Iterator[tuple[str, str]]:
    """The rule and the text of every wrong solution."""
    solution = worked(seed)
    if solution is not None:
        for name, some in wrongs(solution, seed.instruction).items():
            yield from ((name, f"{wrong.text} The answer is {wrong.final}.") for wrong in some)


def faults_of(name: str, text: str, seed: Seed) -> Iterator[str]:
    verdict = verify(text, seed)
    if verdict is not False:
        yield "right" if verdict else "could not tell"
    known = {number.value for number in numbers(seed.instruction)}
    held = [number for number in numbers(text) if same_answer(number.text, seed.answer or "")]
    if any(number.value not in known for number in held):
        yield "holds the answer"
    found = equations(text)
    if sum(equation.true is False for equation in found) != (name in MISCALCULATED):
        yield "false equations"
    if negative(text) and not negative(seed.response):
        yield "negative"
    if not any(broken(seed.response)) and any(broken(text)):
        yield "broken"


def negative(text: str) -> bool:
    return any(value < 0 for equation in equations(text) for value in (*equation.operands, equation.result))


def broken(text: str) -> Iterator[bool]:
    """For each equation whether its result is a part of something that is not money."""
    return (e.result.denominator > 1 and not any(sign in e.text for sign in "$£€%") for e in equations(text))


def show(measured: dict[str, Any]) -> None:
    seeds = measured["seeds"]
    print(f"{seeds} seeds, {measured['readable']} with a worked solution that can be read\n")
    print(f"{'misconception':<16}{'seeds':>7}{'share':>9}{'solutions':>11}")
    for name, row in sorted(measured["rules"].items(), key=lambda item: -item[1]["seeds"]):
        print(f"{name:<16}{row['seeds']:>7}{row['seeds'] / seeds:>9.1%}{row['solutions']:>11}")
    print(f"{'any':<16}{measured['changed']:>7}{measured['changed'] / seeds:>9.1%}")
    counted = ", ".join(f"{count} {name}" for name, count in measured["faults"].items()) or "none"
    print(f"\nfaults in {measured['texts']} texts: {counted}")


def read(seeds: list[Seed], rule: str) -> None:
    for seed in seeds:
        if planted := plant(seed, ("benchmark",), rule):
            print(f"Q: {seed.instruction}\nREFERENCE: {seed.response}\nSTUDENT: {planted.text}\n")


if __name__ == "__main__":
    main()
