"""A worked solution as sentences around sums: "After giving 4 away he has" + 15 - 4 = 11 + "cars left".

A sentence with no equation, or more than one, stays as it is written: it is said, but no mistake is planted in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from master_autogen.arithmetic import Equation, equations, numbers, read_final, same_answer
from master_autogen.records import Seed

_NOTES = re.compile(r"<<.*?>>")
_BREAK = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9$£€])|\n+")
_TITLES = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|No|vs)\.$")
_NEEDLESS = re.compile(r"(?<!/)(?<!/ )\(([^()+-]+)\)")
"""Brackets around products, where they change nothing."""
_NOT_TYPED = re.compile(r"[\\{}¼-¾⅐-⅞]")
"""LaTeX and signs for fractions: a sum with these is not written in other numbers."""
_CLOSING = re.compile(
    r"(?i)^(?:so |thus |therefore,? |hence,? )?(?:the|his|her|their|our|my) (?:final )?answer (?:is|:)"
)


@dataclass(frozen=True)
class Sum:
    """An equation as it is said. Without `ops` it is only copied: brackets, percent signs or words are in it."""

    shown: str
    result: str
    value: Fraction
    operands: tuple[str, ...] = ()
    values: tuple[Fraction, ...] = ()
    ops: tuple[str, ...] = ()

    @property
    def binary(self) -> bool:
        return len(self.ops) == 1

    @property
    def op(self) -> str:
        """The operation of a sum of two numbers; nothing for others."""
        return self.ops[0] if self.binary else ""


@dataclass(frozen=True)
class Sentence:
    """`before` and `after` have no blank space outside; without a sum the whole sentence is `before`. `bare`: the words
    around the sum do not fit it (a planted mistake), only what `after` counts."""

    before: str
    sum: Sum | None = None
    after: str = ""
    bare: bool = False

    @property
    def text(self) -> str:
        if self.sum is None:
            return self.before
        parts = [self.before, self.sum.shown, self.after]
        return re.sub(r" ([,;])", r"\1", " ".join(part for part in parts if part)) + "."


@dataclass(frozen=True)
class Worked:
    """The sentences in order and the final answer; `steps` are the places of the sentences with a sum."""

    sentences: tuple[Sentence, ...]
    answer: str

    @property
    def steps(self) -> tuple[int, ...]:
        return tuple(i for i, sentence in enumerate(self.sentences) if sentence.sum is not None)

    @property
    def sums(self) -> tuple[Sum, ...]:
        return tuple(sentence.sum for sentence in self.sentences if sentence.sum is not None)

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)


@lru_cache(maxsize=256)
def worked(seed: Seed) -> Worked | None:
    """The seed's response as sentences; None where it has no readable equation, a false one, or another result."""
    if seed.answer is None or same_answer(_final(seed.response), seed.answer) is not True:
        return None
    sentences = tuple(_sentence(text) for text in _split(seed.response))
    found = equations(seed.response)
    if not any(s.sum for s in sentences) or any(equation.true is False for equation in found):
        return None
    return Worked(sentences, _shown_answer(seed))


def _final(response: str) -> str:
    final = read_final(response)
    return final.text if final is not None else ""


def _shown_answer(seed: Seed) -> str:
    """The answer as the response writes it, so that "$12" stays money."""
    answer = (seed.answer or "").strip()
    last = [equation for equation in equations(seed.response) if same_answer(str(equation.result), answer)]
    if last and re.search(r"[$£€]\s?[\d,.]+$", _NOTES.sub("", last[-1].text)) and answer[:1].isdigit():
        return _NOTES.sub("", last[-1].text)[-1 - len(numbers(last[-1].text)[-1].text) :].strip()
    return answer


def _split(response: str) -> list[str]:
    text = re.sub(r"^\s*####.*$", "", _NOTES.sub("", response), flags=re.MULTILINE)
    texts: list[str] = []
    for part in _BREAK.split(text):
        part = " ".join(part.split())
        if texts and _TITLES.search(texts[-1]):
            texts[-1] += " " + part
        elif part and not _CLOSING.match(part):
            texts.append(part)
    return texts


def _sentence(text: str) -> Sentence:
    found = equations(text)
    whole = text if text[-1] in ".!?" else text + "."
    if len(found) != 1 or found[0].true is not True or whole.endswith(("!", "?")):
        return Sentence(whole)
    start, end = found[0].span
    if _NOT_TYPED.search(text, start, end):
        return Sentence(whole)
    body = text.rstrip(".,;")
    return Sentence(body[:start].strip(), _sum(found[0]), body[end:].strip())


def _sum(equation: Equation) -> Sum:
    text = _NEEDLESS.sub(r"\1", " ".join(equation.text.split()))
    figures = tuple(_whole_figure(text, number.span) for number in numbers(text))
    values = tuple(value_of(figure) for figure, number in zip(figures, numbers(text), strict=True) if not number.words)
    plain = values == (*equation.operands, equation.result) and not re.search(r"[()]|\bof\b", text)
    if plain and len(equation.operators) == 1:
        return make_sum(figures[:2], equation.operators, figures[2])
    shown = re.sub(r"\s*([=+*×÷])\s*", r" \1 ", text)
    if plain and compute(values[:-1], equation.operators) == equation.result:
        return Sum(shown, figures[-1], equation.result, figures[:-1], values[:-1], equation.operators)
    return Sum(shown, figures[-1], equation.result)


def _whole_figure(text: str, span: tuple[int, int]) -> str:
    """The number with its currency or percent sign."""
    sign = re.search(r"[$£€]\s?$", text[: span[0]])
    percent = re.match(r"\s?%", text[span[1] :])
    return (sign[0].strip() if sign else "") + text[slice(*span)] + ("%" if percent else "")


def make_sum(operands: tuple[str, ...], ops: Sequence[str], result: str) -> Sum:
    """A sum as `a op b [op c ...] = d`; the numbers are texts such as "$1,200"."""
    left = operands[0] + "".join(f" {op} {text}" for op, text in zip(ops, operands[1:], strict=True))
    values = tuple(value_of(text) for text in operands)
    return Sum(f"{left} = {result}", result, value_of(result), operands, values, tuple(ops))


def value_of(text: str) -> Fraction:
    value = Fraction(text.strip("$£€% ").replace(",", ""))
    return value / 100 if text.endswith("%") else value


def compute(values: Sequence[Fraction], ops: Sequence[str]) -> Fraction | None:
    """What the sum is worth, exact, products first; None for a division by zero."""
    terms: list[Fraction] = [values[0]]
    for op, value in zip(ops, values[1:], strict=True):
        if op in "*/":
            if op == "/" and not value:
                return None
            terms[-1] = terms[-1] * value if op == "*" else terms[-1] / value
        else:
            terms.append(value if op == "+" else -value)
    return sum(terms, Fraction(0))


def show(value: Fraction, like: str) -> str:
    """`value` written like the text `like`: with its currency or percent sign and commas, at most two decimals."""
    if like.endswith("%"):
        return show(value * 100, like.rstrip("%")) + "%"
    sign = like[0] if like[:1] in "$£€" and like else ""
    if value.denominator == 1:
        figures = f"{value.numerator:,}" if "," in like else str(value.numerator)
        return sign + figures
    decimals = f"{float(value):.2f}"
    return sign + (decimals if sign else decimals.rstrip("0").rstrip("."))


def replace_numbers(text: str, changes: dict[Fraction, Fraction]) -> str:
    """`text` with each figure whose value is a key of `changes` written anew."""
    out, at = "", 0
    for number in numbers(text):
        if number.value in changes and not number.words:
            out += text[at : number.span[0]] + show(changes[number.value], number.text)
            at = number.span[1]
    return out + text[at:]


def with_sum(sentence: Sentence, new: Sum, changes: dict[Fraction, Fraction]) -> Sentence:
    """The sentence with another sum, and with `changes` made in the words around it."""
    before, after = (replace_numbers(part, changes) for part in (sentence.before, sentence.after))
    return replace(sentence, before=before, sum=new, after=after)
