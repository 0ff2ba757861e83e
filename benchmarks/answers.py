"""How well final answers are read and compared: right answers written out in many ways, and wrong ones beside them.

    python benchmarks/answers.py DATA.jsonl            # GSM8K's columns: question, answer; under a minute
    python benchmarks/answers.py DATA.jsonl --json     # one object: counts by family, every text judged wrongly
    python benchmarks/answers.py --show                # the project's own items alone, and what was judged wrongly

A right text must be accepted and a wrong one rejected. False accepts are counted of the wrong texts, false rejects of
the right ones, could-not-tells of all. `gsm8k` are the data's solutions dressed as in `answer_items.py`, and `items`
its short answers in frames; there a wrong text differs from a right one in its final number alone, or in the last step
too: off by one, ten times, the sign, digits swapped, double, another number of the question, a unit converted wrongly.
`texts` are whole replies written by hand (`answer_texts.jsonl`).
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from answer_items import DRESSES, ITEMS, dress, shown

from master_autogen.arithmetic import numbers
from master_autogen.checks import verify
from master_autogen.records import Seed

TEXTS = Path(__file__).parent / "answer_texts.jsonl"
BOUNDS = {"false accepts": 0.001, "false rejects": 0.02, "could not tell": 0.05}
_NOTES = re.compile(r"<<.*?>>")


class Case(NamedTuple):
    family: str
    seed: Seed
    text: str
    right: bool


def gsm8k_cases(path: Path, draws: random.Random) -> Iterator[Case]:
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        steps, _, last = row["answer"].partition("####")
        answer = last.strip().replace(",", "")
        seed = Seed(instruction=row["question"], response=row["answer"], answer=answer, kind="math")
        yield from _written(seed, _NOTES.sub("", steps).strip(), Fraction(answer), draws)


def _written(seed: Seed, steps: str, value: Fraction, draws: random.Random) -> Iterator[Case]:
    asked = [n for n in numbers(seed.instruction) if not n.words] or list(numbers("2 3"))
    others = (asked[0].text, asked[-1].text)
    unit = _unit(seed, steps)
    yield Case("solution as it is", seed, seed.response, right=True)
    yield Case("solution without ####", seed, steps, right=True)
    for name, write in DRESSES.items():
        yield Case(name, seed, write(steps, shown(value), unit, others), right=True)
        how, wrong = draws.choice(_wrong(value, [n.value for n in asked]))
        yield Case(
            f"{name} / {how}", seed, write(_last_step(steps, value, wrong), shown(wrong), unit, others), right=False
        )
        how, wrong = draws.choice(_wrong(value, [n.value for n in asked]))
        if name not in ("because",):  # there the steps that are right would speak against the answer
            yield Case(f"{name} / steps right, {how}", seed, write(steps, shown(wrong), unit, others), right=False)


def _unit(seed: Seed, steps: str) -> str:
    if re.search(r"\$\s*[\d,.]+[^\d]*$", steps):
        return "$"
    asked = re.findall(r"(?i)how many (\w+)", seed.instruction)
    return asked[-1] if asked and asked[-1] not in ("more", "of", "total", "does", "did") else ""


def _wrong(value: Fraction, asked: list[Fraction]) -> list[tuple[str, Fraction]]:
    digits = str(abs(value.numerator))
    swapped = Fraction(digits[:-2] + digits[-1] + digits[-2]) if len(digits) > 1 and value.denominator == 1 else value
    made = [
        ("off by one", value + 1),
        ("off by one", value - 1),
        ("ten times", value * 10),
        ("a tenth", value / 10),
        ("sign", -value),
        ("digits swapped", swapped),
        ("double", value * 2),
        ("unit converted wrongly", value * 60),
        ("unit converted wrongly", value / 100),
        *(("a number of the question", other) for other in asked),
    ]
    return [(how, wrong) for how, wrong in made if wrong != value]


def _last_step(steps: str, value: Fraction, wrong: Fraction) -> str:
    """The steps with the result of the last line changed too."""
    *before, last = steps.splitlines()
    found = [n for n in numbers(last) if n.value == value and not n.words]
    if not found:
        return "\n".join(before)
    start, end = found[-1].span
    return "\n".join([*before, last[:start] + shown(wrong).plain + last[end:]])


def item_cases() -> Iterator[Case]:
    for item in ITEMS:
        seed = Seed(instruction=item.question, response=item.answer, answer=item.answer, kind=item.kind)  # type: ignore[arg-type]
        for right, given in [(True, g) for g in item.right] + [(False, g) for g in item.wrong]:
            for text in dress(item, given):
                yield Case(f"{item.kind}: {item.question.splitlines()[0]}", seed, text, right)


def text_cases() -> Iterator[Case]:
    for line in TEXTS.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        seed = Seed(instruction=row["question"], response=row["answer"], answer=row["answer"], kind=row["kind"])
        for right in (True, False):
            for text in row["right" if right else "wrong"]:
                yield Case(row["question"], seed, text, right)


def measure(cases: Iterator[Case]) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    families: dict[str, Counter[str]] = {}
    misjudged = []
    for case in cases:
        found = verify(case.text, case.seed)
        what = (
            "could not tell"
            if found is None
            else "judged right"
            if found is case.right
            else ("false accepts" if found else "false rejects")
        )
        for counter in (counts, families.setdefault(case.family.split(" / ")[0], Counter())):
            counter[what] += 1
            counter["right" if case.right else "wrong"] += 1
        if what != "judged right":
            misjudged.append({"what": what, "family": case.family, "expected": case.seed.answer, "text": case.text})
    return {"counts": counts, "families": families, "misjudged": misjudged, "rates": _rates(counts)}


def _rates(counts: Counter[str]) -> dict[str, float]:
    return {
        "false accepts": counts["false accepts"] / max(counts["wrong"], 1),
        "false rejects": counts["false rejects"] / max(counts["right"], 1),
        "could not tell": counts["could not tell"] / max(counts["right"] + counts["wrong"], 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, help="JSONL with GSM8K's columns question and answer")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--show", action="store_true", help="print the texts that were judged wrongly")
    parser.add_argument("--random-seed", type=int, default=0, help="which wrong number each text gets")
    options = parser.parse_args()
    results = {"items": measure(item_cases()), "texts": measure(text_cases())}
    if options.data:
        results["gsm8k"] = measure(gsm8k_cases(options.data, random.Random(options.random_seed)))
    if options.json:
        print(json.dumps({"bounds": BOUNDS, "random_seed": options.random_seed, **results}, ensure_ascii=False))
        return
    for name, result in results.items():
        print(
            f"\n{name:44} {'right':>6} {'wrong':>6} {'false accepts':>14} {'false rejects':>14} {'could not tell':>15}"
        )
        for family, counts in [*result["families"].items(), ("all", result["counts"])]:
            cells = [counts[what] for what in ("false accepts", "false rejects", "could not tell")]
            print(f"{family[:44]:44} {counts['right']:6} {counts['wrong']:6} {cells[0]:14} {cells[1]:14} {cells[2]:15}")
        shares = "  ".join(f"{what} {share:.2%} (bound {BOUNDS[what]:.1%})" for what, share in result["rates"].items())
        print(shares)
    if options.show:
        for result in results.values():
            for case in result["misjudged"]:
                print(f"\n--- {case['what']} [{case['family']}] expected {case['expected']}\n{case['text'][-400:]}")


if __name__ == "__main__":
    main()
