"""Other ways to say a sentence of a worked solution: the same equation, the same numbers, another build.

"Tim buys 6 more, so he has 9 + 6 = 15 cars." -> "Tim buys 6 more. I add 9 and 6, so he has 9 + 6 = 15 cars."
What a sentence's build does not allow for certain is not offered; in the worst case it stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from master_autogen.draws import choose, unit
from master_autogen.prompts import fill, variables
from master_autogen.wording.phrases import English, english, pick
from master_autogen.wording.question import lower_first, names, upper_first
from master_autogen.wording.slots import Slots
from master_autogen.wording.worked import Sentence, Sum

_CAUSE = re.compile(r"^(?P<clause>\S+(?: \S+){1,}? [^\s,]+),? so(?P<main>(?: .*)?)$")
_SUBORDINATE = re.compile(r"(?i)\b(?:because|since|if|when|as)\b")
_LEADING = re.compile(
    r"(?i)^(?:after|before|without|in|on|at|for|from|with|of|to|by|since|because|as|if|when|while|during|per|out|together|"
    r"altogether|also|finally|hence)\b"
)
_DEMONSTRATIVE = re.compile(r"(?i)^(?:that|this|it)\b")
_OFFERED = 3
_SHORT = 8  # words before the sum; a longer sentence is not turned round
_OPENED = 0.65  # share of the sentences of a longer solution that get an opening


class Place(NamedTuple):
    """Where a sentence stands among those with a sum."""

    first: bool
    last: bool

    @property
    def name(self) -> str:
        if self.first and self.last:
            return "only"
        return "first" if self.first else "last" if self.last else "next"


def solution(sentences: tuple[Sentence, ...], close: tuple[str, ...], context: str, *key: object) -> Slots:
    """A slot for each sentence and one for the closing. `context` tells names from words that open a sentence."""
    words = english()
    known = names(context, frozenset(words.function_words))
    sums = [i for i, sentence in enumerate(sentences) if sentence.sum is not None]
    slots: list[tuple[str, ...]] = []
    for i, sentence in enumerate(sentences):
        place = Place(i == sums[0], i == sums[-1])
        slots.append(alternatives(sentence, place, known, *key, i))
    return (*slots, close)


def alternatives(sentence: Sentence, place: Place, known: frozenset[str], *key: object) -> tuple[str, ...]:
    """Up to three ways to say the sentence, drawn for `key`."""
    if sentence.sum is None:
        return (sentence.text,)
    words = english()
    before, had_opener = _stripped(sentence.before, words)
    forms, parts = _build(sentence, sentence.sum, before, known, words)
    if not forms:
        return (sentence.text,)
    out: list[str] = []
    for form in pick(forms, len(forms), *key, "form"):
        values = parts | _openings(before, place, had_opener, sentence.bare, known, words, *key, form)
        values |= _verb(sentence.sum, words, *key, form)
        if variables(form) <= values.keys():
            text = _tidy(fill(form, values))
            out.append(_same(text, words, *key, form))
    return tuple(dict.fromkeys(out))[:_OFFERED]


def _stripped(before: str, words: English) -> tuple[str, bool]:
    for opener in words.strip_openers:
        if (before + " ").startswith(opener):
            return (before + " ")[len(opener) :].strip(), True
    return before, False


def _build(
    sentence: Sentence, s: Sum, before: str, known: frozenset[str], words: English
) -> tuple[list[str], dict[str, str]]:
    """The forms that fit the sentence, and what they are filled with apart from openings and verbs."""
    after = sentence.after
    parts = {"sum": s.shown, "result": s.result, "after": after, "before": lower_first(before, known), "unit": ""}
    if sentence.bare or not (before or after):
        parts["unit"] = unit_of(after, s.result, words)
        return (words.forms.bare if s.binary else words.forms.copied), parts
    if re.search(r"[,;:]", after) or re.search(r"[:=(]$", before):
        return [], parts
    if not before:
        return words.forms.start, parts
    found = _CAUSE.match(before)
    if found and not _SUBORDINATE.search(found["clause"]) and not _DEMONSTRATIVE.match(found["main"].strip()):
        parts |= {"clause": lower_first(found["clause"], known), "main": found["main"].strip()}
        return words.forms.cause, parts
    if found or _SUBORDINATE.search(before):
        return words.forms.long[:1], parts
    return (words.forms.long if len(before.split()) > _SHORT or "," in before else words.forms.prose), parts


def unit_of(after: str, result: str, words: English) -> str:
    """What a sum counts, from the words after it: "more toy cars on the shelf" -> "toy cars"; nothing for money."""
    if not result[:1].isdigit():
        return ""
    counted: list[str] = []
    for word in after.split():
        bare = word.strip(".,;")
        if not counted and bare.lower() in words.unit_drops:
            continue
        if bare.lower() in words.unit_stops or not bare.replace("-", "").isalpha():
            break
        counted.append(bare)
        if word != bare:
            break
    return " ".join(counted) if len(counted) <= 3 else ""


def _openings(
    before: str, place: Place, had_opener: bool, bare: bool, known: frozenset[str], words: English, *key: object
) -> dict[str, str]:
    """`start`: the sentence's own beginning with or without an opener; `I`: the pupil's; `start_clause` likewise."""
    later_bare = bare and not place.first
    opened = place.name != "only" and (had_opener or later_bare or unit(*key, "opened") < _OPENED)
    pupil = choose(words.openers[f"i_{place.name}" if opened else "i_only"], *key, "I")
    opener = choose(words.openers[f"prose_{place.name}"], *key, "opener") if opened else ""
    if not before or _LEADING.match(before) or re.search(r"\bthen\b", before):
        opener = ""
    found = _CAUSE.match(before)
    clause = found["clause"] if found else before
    again = f"{choose(words.openers['clause'], *key, 'clause')} " if had_opener and not place.first else ""
    return {
        "I": pupil,
        "start": f"{opener} {lower_first(before, known)}" if opener else upper_first(before),
        "start_clause": again + (lower_first(clause, known) if again else upper_first(clause)),
    }


def _verb(s: Sum, words: English, *key: object) -> dict[str, str]:
    if not s.binary:
        return {}
    values: Mapping[str, str] = {"a": s.operands[0], "b": s.operands[1]}
    return {"do": fill(choose(words.operations[s.op].sum, *key, "do"), values)}


def _tidy(text: str) -> str:
    return re.sub(r"\s+([.,:;])(?!\d)", r"\1", " ".join(text.split()))


def _same(text: str, words: English, *key: object) -> str:
    """Swap one phrase for another that may stand in its place."""
    for group in words.same:
        for phrase in group:
            if re.search(rf"\b{phrase}\b", text):
                return re.sub(rf"\b{phrase}\b", choose(group, *key, "same"), text, count=1)
    return text
