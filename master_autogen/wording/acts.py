"""What each act of an error correction and of an analogy says: slots of alternatives, and the notes it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from master_autogen.arithmetic import signature
from master_autogen.draws import unit
from master_autogen.records import Act, Seed
from master_autogen.wording.carry import Wrong
from master_autogen.wording.diagnosis import diagnose
from master_autogen.wording.facts import Facts, Notes, Said
from master_autogen.wording.mistakes import mistake_for, mistake_of, notes_of, values, why
from master_autogen.wording.paraphrase import solution
from master_autogen.wording.phrases import english, filled
from master_autogen.wording.question import asked, keyword, quote, quote_asked, quote_words, thing
from master_autogen.wording.slots import Slots
from master_autogen.wording.worked import Worked, worked

OFFERED = 2
"""Alternatives a slot hands to the model."""


@dataclass(frozen=True)
class Saying:
    """A turn as slots, what fills the act's prompt, and the notes for later turns."""

    slots: Slots
    prompt: Mapping[str, str]
    notes: Notes = field(default_factory=dict)


Key = tuple[object, ...]
Play = Callable[[Facts, Key], Saying]


def phrases(slot: str, key: Key, /, **filling: object) -> tuple[str, ...]:
    """A slot: a few of the phrasings listed under this name."""
    return filled(english().lists[slot], filling, OFFERED, *key, slot)


def told(sentences_of: Worked | Wrong, close: tuple[str, ...], seed: Seed, key: Key) -> tuple[Slots, str]:
    """A solution in slots, and as it stands for the prompt."""
    slots = solution(sentences_of.sentences, close, f"{seed.instruction} {seed.response}", *key, "told")
    return slots, f"{sentences_of.text} {close[0]}"


def reference(seed: Seed) -> Worked:
    """The seed's worked solution; whoever may play was asked `can_play` before."""
    found = worked(seed)
    if found is None:
        raise ValueError(f"seed {seed.id} has no worked solution that can be read")
    return found


def pose(facts: Facts, key: Key) -> Saying:
    """The teacher adds to the question: how to take it, what kind it is, what to show."""
    question = facts.seed.instruction
    opening = (phrases("pose_open", key),) if unit(*key, "open") < 0.5 else ()
    return Saying((*opening, _concept(question, key), phrases("pose_ask", key)), {"question": question})


def _concept(question: str, key: Key) -> tuple[str, ...]:
    """What the question asks for or what its telling word means, from the question alone."""
    words = english()
    counted = thing(question)
    told_by = keyword(question, words.keywords)
    if told_by and told_by[0] == "same" and keyword(question.replace(asked(question), ""), words.keywords) is None:
        told_by = None  # "How long is each piece?" tells of no amount that comes again
    if counted and (told_by is None or unit(*key, "concept") < 0.4):
        return phrases("pose_thing", key, thing=counted)
    kind, word = told_by or ("any", "")
    return filled(words.concepts[kind], {"word": word}, OFFERED, *key, "concept")


def err(facts: Facts, key: Key) -> Saying:
    """The pupil's wrong solution, by a planted mistake; whoever may play was asked `can_play` before."""
    wrong = mistake_for(facts.seed, *key, among=facts.misconceptions)
    if wrong is None:
        raise ValueError(f"seed {facts.seed.id}: no planted mistake fits the worked solution")
    slots, working = told(wrong, phrases("wrong_close", key, answer=wrong.final), facts.seed, key)
    lead = (phrases("pupil_lead", key),) if unit(*key, "lead") < 0.5 else ()
    return Saying((*lead, *slots), {"working": working}, notes_of(wrong))


def known_of(said: Said, seed: Seed) -> Notes:
    """The notes of a turn, or what code can find out about its text."""
    return said.notes if "misconception" in said.notes else diagnose(said.text, seed)


def correct(facts: Facts, key: Key) -> Saying:
    """The teacher names the mistake and what to think about, with the question's own words where they help."""
    last = facts.last("err", "state")
    notes = known_of(last, facts.seed) if last else {"misconception": "other"}
    if notes["misconception"] == "none":
        return Saying((phrases("praise_right", key), phrases("ask_again", key)), _facing(facts, ""), {"right": "yes"})
    mistake = mistake_of(notes)
    fault = filled(mistake.where, values(notes), OFFERED, *key, "where")
    slots: list[tuple[str, ...]] = [fault]
    if unit(*key, "ack") < 0.5:
        slots.insert(0, phrases(_ack(notes), key))
    pointer = _pointer(facts.seed.instruction, notes)
    if pointer:
        slots.append(phrases("look", key, quote=pointer))
    slots.append(why(notes, facts.seed.instruction, OFFERED, *key))
    if len(slots) < 4 and unit(*key, "again") < 0.6:
        slots.append(phrases("again", key))
    return Saying(tuple(slots), _facing(facts, fault[0]), notes)


_BEGAN_WELL = frozenset(["operation", "misread", "used_twice", "additive", "percent_base"])
"""Mistakes after which the teacher may say that the steps before are right."""
_NOT_IN_THE_QUESTION = frozenset(
    ["slip", "carry", "borrow", "times_table", "zeros", "off_by_one", "brackets", "left_to_right", "other"]
)
"""Mistakes that reading the question again does not mend."""


def _facing(facts: Facts, mistake: str) -> dict[str, str]:
    return {"question": facts.seed.instruction, "mistake": mistake}


def _ack(notes: Notes) -> str:
    began_well = int(notes.get("step", "1")) > 1 and notes.get("misconception") in _BEGAN_WELL
    return "ack_later" if began_well else "ack_first"


def _pointer(question: str, notes: Notes) -> str | None:
    """The sentence of the question to read again, if one shows the mistake."""
    if notes["misconception"] == "stopped_early":
        return quote_asked(question)
    if notes["misconception"] in _NOT_IN_THE_QUESTION:
        return None
    if notes.get("told"):
        return quote_words(question, notes["told"])
    return quote(question, notes["number"]) if notes.get("number") else None


def revise(facts: Facts, key: Key) -> Saying:
    """The pupil admits the mistake and says the worked solution."""
    last = facts.last("err", "state")
    notes = known_of(last, facts.seed) if last else {"misconception": "other"}
    slots, working = told(reference(facts.seed), _close(facts.seed, key), facts.seed, key)
    if notes["misconception"] == "none":
        admission = phrases("glad", key)
    else:
        admission = filled(mistake_of(notes).admit, values(notes), OFFERED, *key, "admit")
    again = (phrases("redo", key),) if unit(*key, "redo") < 0.3 and notes["misconception"] != "none" else ()
    return Saying((admission, *again, *slots), {"working": working}, {"misconception": "none"})


def _close(seed: Seed, key: Key) -> tuple[str, ...]:
    return phrases("close", key, answer=reference(seed).answer)


def solve(facts: Facts, key: Key) -> Saying:
    """The pupil says the worked solution."""
    slots, working = told(reference(facts.seed), _close(facts.seed, key), facts.seed, key)
    counted = thing(facts.seed.instruction)
    lead = (
        phrases("solve_thing", key, thing=counted)
        if counted and unit(*key, "lead") < 0.5
        else phrases("solve_lead", key)
    )
    return Saying((lead, *slots), {"working": working}, {"misconception": "none"})


def _similar(facts: Facts) -> Seed:
    if facts.similar is None:
        raise ValueError("there is no similar question")
    return facts.similar


def _alike(facts: Facts) -> bool:
    return signature(facts.seed.response) == signature(_similar(facts).response)


def pose_similar(facts: Facts, key: Key) -> Saying:
    """The teacher says how the similar question, just read, is like the first."""
    link = phrases("link_same" if _alike(facts) else "link_other", key)
    question = _similar(facts).instruction
    return Saying((phrases("praise", key), link, phrases("pose_ask", key)), {"question": question})


def solve_similar(facts: Facts, key: Key) -> Saying:
    """The pupil says what carries over, then the similar question's worked solution."""
    similar = _similar(facts)
    slots, working = told(reference(similar), _close(similar, key), similar, key)
    plan = _plan(signature(similar.response).split())
    carry = phrases("carry_same", key, plan=plan) if _alike(facts) else phrases("carry_other", key)
    return Saying((carry, *slots), {"working": working}, {"misconception": "none"})


def _plan(operations: list[str]) -> str:
    """ "multiply and then subtract"; with more than three operations only that it goes step by step."""
    if not 1 <= len(operations) <= 3:
        return english().many_steps
    verbs = [english().operations[op].base for op in operations]
    for i in range(1, len(verbs)):
        if verbs[i].split()[0] == verbs[i - 1].split()[0]:
            verbs[i] += " again"
    return verbs[0] if len(verbs) == 1 else ", ".join([*verbs[:-2], f"{verbs[-2]} and then {verbs[-1]}"])


PLAYS: Mapping[Act, Play] = {
    "pose": pose,
    "err": err,
    "correct": correct,
    "revise": revise,
    "solve": solve,
    "pose_similar": pose_similar,
    "solve_similar": solve_similar,
}
