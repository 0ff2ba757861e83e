"""Which mistake to plant, and how what is known of a mistake fills the phrasings."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from master_autogen.draws import choose
from master_autogen.records import Seed
from master_autogen.wording.carry import Wrong
from master_autogen.wording.facts import Notes
from master_autogen.wording.malrules import wrongs
from master_autogen.wording.phrases import English, Misconception, english, filled
from master_autogen.wording.question import keyword
from master_autogen.wording.worked import worked

WEIGHTS: Mapping[str, float] = {
    "operation": 2.5,
    "misread": 2.0,
    "carry": 2.5,
    "borrow": 2.5,
    "times_table": 2.0,
    "zeros": 2.0,
    "off_by_one": 1.0,
    "used_twice": 1.0,
    "left_out": 1.5,
    "brackets": 3.0,
    "left_to_right": 3.0,
    "stopped_early": 1.0,
    "skipped_step": 1.5,
    "step_order": 1.5,
    "percent": 3.0,
    "percent_base": 3.0,
    "part": 2.0,
    "comparison": 3.0,
    "additive": 3.0,
    "unit": 3.0,
}
"""How often a kind of mistake is planted where it fits, against the others."""

_BESIDE = frozenset(
    ["carry", "borrow", "times_table", "zeros", "off_by_one", "misread", "used_twice", "left_out", "stopped_early"]
)
"""What may go wrong for someone who has just objected to another mistake; the rest would go against the objection."""
_ELSEWHERE = frozenset(["operation", "additive", "percent_base", "brackets", "left_to_right"])
"""What may go wrong for them too, but not in the step that they object to."""


def mistake_for(
    seed: Seed, *key: object, among: Collection[str] | None = None, unlike: Notes | None = None
) -> Wrong | None:
    """A wrong solution, drawn for `key`, by a rule `among` the named ones (None: by any); with `unlike`, one that
    another who objects to that mistake may hold."""
    solution = worked(seed)
    if solution is None:
        return None
    found = wrongs(solution, seed.instruction)
    if among is not None:
        found = {name: some for name, some in found.items() if name in among}
    if unlike is not None:
        found = _other(found, unlike, len(solution.sums))
    if not found:
        return None
    kinds = sorted(found)
    kind = choose(kinds, *key, "kind", weights=[WEIGHTS[name] for name in kinds])
    return choose(found[kind], *key, "which")


def _other(found: Mapping[str, list[Wrong]], unlike: Notes, steps: int) -> dict[str, list[Wrong]]:
    """Those with another final answer that do not go against what is said of the mistake `unlike`."""
    kept = {kind: [w for w in some if w.final != unlike.get("final", "")] for kind, some in found.items()}
    name, step = unlike.get("misconception", "other"), int(unlike.get("step", "0"))
    if name not in ("other", "none"):
        beside = {kind: some for kind, some in kept.items() if kind in _BESIDE and kind != name}
        elsewhere = {kind: [w for w in kept[kind] if w.step != step] for kind in kept.keys() & _ELSEWHERE}
        kept = beside | elsewhere
        if step >= steps:
            kept.pop("stopped_early", None)
    return {kind: some for kind, some in kept.items() if some}


def notes_of(wrong: Wrong) -> dict[str, str]:
    steps = sum(sentence.sum is not None for sentence in wrong.sentences)
    notes = {"misconception": wrong.name, "planted": "yes", "step": str(wrong.step), "steps": str(steps)}
    return notes | {"final": wrong.final} | {name: text for name, text in wrong.facts.items() if text}


def mistake_of(notes: Notes) -> Misconception:
    known = english().mistakes
    return known.get(notes.get("misconception", "other"), known["other"])


def values(notes: Notes, **more: str) -> dict[str, object]:
    """What the phrasings of this mistake may name: where, used and should as verbs, numbers, units, and `more`."""
    words = english()
    out: dict[str, object] = {"where": where(notes, words), **more}
    for name in ("used", "should"):
        if notes.get(name) in words.operations:
            out[name] = words.operations[notes[name]].model_dump()
    out |= {name: notes[name] for name in ("number", "read", "final", "large", "small") if notes.get(name)}
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
