"""A turn as slots of alternatives: as a grammar that the model speaks under, as a test of what it said, as a template.

>>> print(gbnf((("I see.", "Oh."), ("The answer is 4.",))))
root ::= s0 " " s1
s0 ::= "I see." | "Oh."
s1 ::= "The answer is 4."
"""

from __future__ import annotations

from master_autogen.draws import choose

Slots = tuple[tuple[str, ...], ...]


def gbnf(slots: Slots) -> str:
    """The grammar whose texts are one alternative of each slot, in order, with a blank between them."""
    rules = ["root ::= " + ' " " '.join(f"s{i}" for i in range(len(slots)))]
    for i, alternatives in enumerate(slots):
        rules.append(f"s{i} ::= " + " | ".join(_literal(text) for text in alternatives))
    return "\n".join(rules)


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def said_within(slots: Slots, text: str) -> bool:
    """Whether `text` is one alternative of each slot and nothing else."""
    if not slots:
        return not text
    blank = " " if len(slots) > 1 else ""
    return any(text.startswith(a + blank) and said_within(slots[1:], text[len(a + blank) :]) for a in slots[0])


def drawn(slots: Slots, *key: object) -> str:
    """One of the texts, drawn for `key`."""
    return " ".join(choose(alternatives, *key, i) for i, alternatives in enumerate(slots))


def longest(slots: Slots) -> int:
    """Characters of the longest text."""
    return sum(max(len(text) for text in alternatives) + 1 for alternatives in slots)
