"""Short answers in words: "Paris", "the Treaty of Rome". The same words are the same answer, whatever their case,
articles and accents; other words are another answer only where the text states one that has nothing of the reference.
"""

from __future__ import annotations

import re
import unicodedata

from master_autogen.arithmetic import statement

_SMALL = frozenset(re.findall(r"\S+", "a an the of in is are was were it its it's that this to and by at on for as"))
_DENIED = re.compile(
    r"(?i)\b(?:not|n['’]t|never|nor|neither|rather than|instead of|or|either|unlike|wrong|incorrect)\b|n['’]t\b"
)
_BRIEF = 12
"""Words: a reply up to this length is nothing but its answer."""


def same_words(text: str, expected: str) -> tuple[bool | None, str]:
    """Whether the text gives `expected` as its answer, and what it gives; None where that cannot be told."""
    said = statement(text)
    stated = _clause(said.text) if said is not None else _closing(text)
    wanted = _normal(expected)
    if not stated or not wanted:
        return None, stated
    given = _normal(stated)
    if given == wanted:
        return True, stated
    inside = f" {wanted} " in f" {given} "
    if inside:
        return (None if _DENIED.search(stated) else True), stated
    if said is None and len(text.split()) > _BRIEF:
        return None, stated
    mine, theirs = (set(words.split()) - _SMALL for words in (given, wanted))
    shares = any(a.startswith(b[:6]) or b.startswith(a[:6]) for a in mine for b in theirs)
    elsewhere = f" {wanted} " in f" {_normal(text)} "
    return (None if shares or elsewhere or not mine else False), stated


def _clause(stated: str) -> str:
    """The statement up to the end of its sentence or to its reason."""
    stated = re.split(r"(?<=[\w)\"”])[.!?](?:\s|$)|\s+(?:because|since|which|who)\b", stated)[0]
    return re.sub(r"[*_`$]+|\\text\{([^{}]*)\}", r"\1", stated).strip()


def _closing(text: str) -> str:
    sentences = [part for part in re.split(r"(?<=[.!?])\s+|\n+", text.strip()) if part and not part.endswith("?")]
    return _clause(sentences[-1]) if sentences else ""


def _normal(text: str) -> str:
    """Case, accents, articles at the head, punctuation and spaces do not count."""
    letters = unicodedata.normalize("NFKD", text.replace("’", "'")).casefold()
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    words = re.sub(r"[^\w\s'.-]|\.(?!\d)|(?<!\w)[-']|[-'](?!\w)", " ", letters).replace("-", " ").split()
    while words and words[0] in ("a", "an", "the"):
        words.pop(0)
    return " ".join(words)
