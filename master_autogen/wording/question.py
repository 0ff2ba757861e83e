"""What a question shows on its face: its sentences, what it asks for, the words that give its kind away.

Knows no solution: whatever is said from here may be said by a role that sees the question alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from master_autogen.arithmetic import numbers

_BREAK = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9$£€\"“])")
_ASKED_MANY = re.compile(
    r"\b[Hh]ow many ((?:[a-z-]+ ){0,2}?[a-z-]+s|people|children|fish|sheep|men|women)"
    r"(?= (?:are|is|was|were|will|would|can|could|do|does|did|has|have|had|must|should|in|on|at|of)\b)"
)
_NOT_THINGS = frozenset(["more", "fewer", "less", "other", "times", "these", "those", "of"])
_QUOTABLE = 130
"""Characters: a longer sentence is no pointer."""


def sentences(question: str) -> list[str]:
    return [part for part in _BREAK.split(" ".join(question.split())) if part]


def asked(question: str) -> str:
    """The last sentence that asks; the last sentence where none does."""
    every = sentences(question)
    return next((s for s in reversed(every) if s.endswith("?")), every[-1])


def thing(question: str) -> str | None:
    """What is counted in "How many toy cars does he have?": "toy cars". None where it is not plain."""
    found = _ASKED_MANY.search(asked(question))
    if found is None or _NOT_THINGS & set(found[1].split()):
        return None
    return found[1]


def quote(question: str, number: str) -> str | None:
    """The one sentence that holds this number, if there are others and it is short enough to be pointed at."""
    value = [n.value for n in numbers(number)]
    return _only(question, [s for s in sentences(question) if value and value[0] in {n.value for n in numbers(s)}])


def quote_words(question: str, words: str) -> str | None:
    """The one sentence that holds these words, under the same conditions."""
    return _only(question, [s for s in sentences(question) if " ".join(words.split()) in s])


def _only(question: str, holding: list[str]) -> str | None:
    if len(sentences(question)) < 2 or len(holding) != 1 or len(holding[0]) > _QUOTABLE or '"' in holding[0]:
        return None
    return holding[0]


def quote_asked(question: str) -> str | None:
    """The sentence that asks, under the same conditions."""
    last = asked(question)
    return last if len(sentences(question)) > 1 and len(last) <= _QUOTABLE and '"' not in last else None


def keyword(question: str, words: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
    """The first kind of `words` (kind -> words) that the question holds, with the word as it stands there."""
    for kind, known in words.items():
        for word in known:
            if re.search(rf"(?i)\b{re.escape(word)}(?!\w)" if word != "%" else "%", question):
                return kind, word
    return None


def names(text: str, function_words: frozenset[str]) -> frozenset[str]:
    """Words that keep their capital inside a sentence: those that have one there, and first words never seen small."""
    small = set(re.findall(r"\b[a-z][a-z'’]*", text))
    inside = set(re.findall(r"(?<=[a-z,;] )[A-Z][A-Za-z'’]*", text))
    first = set(re.findall(r"(?:^|[.!?]\s+|\n)([A-Z][A-Za-z'’]*)", text))
    seen = small | function_words
    unseen = {w for w in first if re.split("['’]", w.lower())[0] not in seen and not w.endswith("ing")}
    return frozenset(inside | unseen | {"I"})


def lower_first(text: str, known_names: frozenset[str]) -> str:
    """`text` as it reads inside a sentence."""
    word = re.match(r"[A-Za-z'’]+", text)
    if word is None or word[0] in known_names or word[0].removesuffix("'s").removesuffix("’s") in known_names:
        return text
    return text[0].lower() + text[1:]


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]
