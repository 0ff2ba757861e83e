"""What a turn says after others: an equation or a result that the question or an earlier turn has."""

from __future__ import annotations

import re
from collections.abc import Iterable

from master_autogen.arithmetic import Equation, equations_of_whole, numbers, read_final, same_answer

_DENIES = re.compile(
    r"(?i)\b(?:wrote|written|sa(?:id|ys?)|thought|claim\w*|wrong\w*|false\w*|mistake\w*|error\w*|incorrect\w*|not|"
    r"instead|rather|forgot\w*|should|earlier|previous\w*|original\w*|(?:i|you) (?:got|had|did|made|put))\b|"
    r"n['’]t\b|[\"“”«»]"
)
"""Of a sentence that has an equation: it is told as what someone wrote, or as wrong."""
_SENTENCE_END = re.compile(r"[.!?]\s|\n")


def says_again(equation: Equation, texts: Iterable[str]) -> bool:
    """Whether one of the texts has this equation: word for word, blanks aside, or the same numbers and result."""
    shown = re.compile(rf"(?<!\d)(?<!\d[.,]){re.escape(_unspaced(equation.text))}(?![.,]?\d)")
    return any(
        shown.search(_unspaced(text)) or any(_alike(equation, other) for other in equations_of_whole(text))
        for text in texts
    )


def corrects(equation: Equation, text: str) -> bool:
    """Whether the text has a false equation in order to correct it: its sentence tells it as what someone wrote or as
    wrong, or elsewhere the text says what the calculation really comes to."""
    start, end = equation.span
    before, after = text[:start], text[end:]
    sentence = _SENTENCE_END.split(before)[-1] + " " + _SENTENCE_END.split(after)[0]
    if _DENIES.search(sentence):
        return True
    return equation.worth is not None and equation.worth in {n.value for n in (*numbers(before), *numbers(after))}


def results(texts: Iterable[str], question: str) -> list[str]:
    """What the texts come to: their final answers and the results of their equations."""
    found: list[str] = []
    for text in texts:
        found += [str(equation.result) for equation in equations_of_whole(text)]
        if (final := read_final(text, question)) is not None:
            found.append(final.text)
    return found


def is_one_of(result: str, known: Iterable[str]) -> bool:
    """Whether the result is one of those, in whatever form."""
    return any(same_answer(result, other) for other in known)


def _unspaced(text: str) -> str:
    return "".join(text.split())


def _alike(one: Equation, other: Equation) -> bool:
    return (one.operands, one.operators, one.result) == (other.operands, other.operators, other.result)
