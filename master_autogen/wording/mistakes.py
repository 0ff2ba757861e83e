"""Which mistake to plant, and how what is known of a mistake fills the phrasings."""

from __future__ import annotations

from collections.abc import Mapping

from master_autogen.draws import choose
from master_autogen.records import Seed
from master_autogen.wording.facts import Notes
from master_autogen.wording.malrules import Wrong, wrongs
from master_autogen.wording.phrases import English, Misconception, english, filled
from master_autogen.wording.question import keyword
from master_autogen.wording.worked import worked

WEIGHTS: Mapping[str, float] = {
    "swap": 3.0,
    "misread": 2.0,
    "slip": 3.0,
    "table": 2.0,
    "counting": 1.0,
    "early": 1.5,
    "skip": 1.5,
    "twice": 1.0,
    "order": 1.5,
    "percent": 3.0,
}
"""How often a kind of mistake is planted where it fits, against the others."""


def plant(seed: Seed, *key: object, unlike: Notes | None = None) -> Wrong | None:
    """A wrong solution, drawn for `key`; with `unlike`, one with another result and, if possible, another mistake."""
    solution = worked(seed)
    if solution is None:
        return None
    found = wrongs(solution, seed.instruction)
    if unlike is not None:
        found = _other(found, unlike)
    if not found:
        return None
    kinds = sorted(found)
    kind = choose(kinds, *key, "kind", weights=[WEIGHTS[name] for name in kinds])
    return choose(found[kind], *key, "which")


def _other(found: Mapping[str, list[Wrong]], unlike: Notes) -> dict[str, list[Wrong]]:
    """Without the same final answer; without the same step or kind of mistake, if that leaves any."""
    final, step, name = (unlike.get(what, "") for what in ("final", "step", "misconception"))
    different = {kind: [w for w in some if w.final != final] for kind, some in found.items()}
    elsewhere = {kind: [w for w in some if str(w.step) != step] for kind, some in different.items() if kind != name}
    for candidates in (elsewhere, {k: v for k, v in different.items() if k != name}, different):
        if any(candidates.values()):
            return {kind: some for kind, some in candidates.items() if some}
    return {}


def notes_of(wrong: Wrong) -> dict[str, str]:
    steps = sum(sentence.sum is not None for sentence in wrong.sentences)
    notes = {"misconception": wrong.name, "planted": "yes", "step": str(wrong.step), "steps": str(steps)}
    return notes | {"final": wrong.final} | {name: text for name, text in wrong.facts.items() if text}


def mistake_of(notes: Notes) -> Misconception:
    known = english().mistakes
    return known.get(notes.get("misconception", "other"), known["other"])


def values(notes: Notes, **more: str) -> dict[str, object]:
    """What the phrasings of this mistake may name: where, used and should as verbs, number, read, and `more`."""
    words = english()
    out: dict[str, object] = {"where": where(notes, words), **more}
    for name in ("used", "should"):
        if notes.get(name) in words.operations:
            out[name] = words.operations[notes[name]].model_dump()
    out |= {name: notes[name] for name in ("number", "read", "final") if notes.get(name)}
    return out


def where(notes: Notes, words: English) -> str:
    """ " in the second step", or nothing where there is a single step."""
    step, steps = int(notes.get("step", "1")), int(notes.get("steps", "1"))
    if steps < 2 or step > len(words.ordinals):
        return ""
    return words.where.replace("{{ ordinal }}", words.ordinals[step - 1])


def why(notes: Notes, question: str, count: int, *key: object) -> tuple[str, ...]:
    """What the pupil should think about, by the operation that belongs there."""
    options = mistake_of(notes).why
    op = notes.get("should", "")
    if op == "-" and "-compare" in options and keyword(question, {"": english().comparing}):
        op = "-compare"
    phrases = options.get(op) or options.get("any") or english().mistakes["other"].why["any"]
    return filled(phrases, values(notes), count, *key, "why")
