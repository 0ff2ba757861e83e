"""What a debate's acts say: A states, B questions A and states another way, C weighs both and concludes.

Neither A nor B sees the reference, so both err, or B only doubts; what they say against each other is true, since code
knows both mistakes. C names who is right and why, and gives the worked solution.
"""

from __future__ import annotations

from collections.abc import Mapping

from master_autogen.arithmetic import read_final, same_answer
from master_autogen.draws import unit
from master_autogen.records import Act
from master_autogen.wording.acts import OFFERED, Key, Play, Saying, err, known_of, phrases, reference, told
from master_autogen.wording.diagnosis import certain, is_right
from master_autogen.wording.facts import Facts, Notes, Said
from master_autogen.wording.mistakes import mistake_for, mistake_of, notes_of, values
from master_autogen.wording.phrases import filled

_DOUBTS_ONLY = 0.15
"""Share of the challenges that give no solution of their own."""
_AGREES = 0.5
"""Share of the challenges to a right solution that find no fault; the others err."""


def state(facts: Facts, key: Key) -> Saying:
    """A's solution; in a later exchange A's answer to the objection."""
    if facts.last("challenge") is not None:
        return _reply(facts, facts.last("challenge"), key)
    return err(facts, key)


def challenge(facts: Facts, key: Key) -> Saying:
    """B's objection to A's first wrong step, then B's own way; doubt alone where no other mistake fits. A right
    solution B lets stand, or objects to it with a wrong one."""
    last = facts.last("state")
    if sum(said.act == "challenge" for said in facts.said) and last is not None:
        return _reply(facts, last, key)
    known = known_of(last, facts.seed) if last else {"misconception": "other"}
    name = facts.title(last.role) if last else ""
    right = known["misconception"] == "none"
    wrong = mistake_for(facts.seed, *key, "own", among=facts.misconceptions, unlike=known)
    if right and (wrong is None or unit(*key, "agrees") < _AGREES):
        return Saying((phrases("accept_right", key, name=name),), {"working": ""}, {"misconception": "agrees"})
    objection = phrases("disagree", key, name=name)
    doubt: tuple[tuple[str, ...], ...] = ()
    if not right and (certain(known) or wrong is None):
        doubt = (filled(mistake_of(known).doubt, values(known), OFFERED, *key, "doubt"),)
    if wrong is None or (doubt and unit(*key, "doubts") < _DOUBTS_ONLY):
        return Saying((objection, *doubt, phrases("unsure", key)), {"working": ""}, {"misconception": "doubts"})
    slots, working = told(wrong, phrases("wrong_close", key, answer=wrong.final), facts.seed, key)
    notes = notes_of(wrong) | ({"objected": "yes"} if doubt else {})
    return Saying((objection, *doubt, phrases("my_way", key), *slots), {"working": working}, notes)


def _reply(facts: Facts, other: Said | None, key: Key) -> Saying:
    """A later exchange: gives way a little, and names what is wrong with the other's steps if that is known."""
    assert other is not None
    name = facts.title(other.role)
    first = next((s for s in facts.said if s.role == other.role and "step" in known_of(s, facts.seed)), None)
    known = known_of(first, facts.seed) if first else {}
    slots = [phrases("concede", key, name=name)]
    if certain(known):
        slots += [phrases("but_yours", key), filled(mistake_of(known).doubt, values(known), OFFERED, *key, "doubt")]
    return Saying((*slots, phrases("let_others", key)), {"working": ""}, {"misconception": "replies"})


def conclude(facts: Facts, key: Key) -> Saying:
    """C weighs A and B by name and gives the worked solution."""
    speakers = _speakers(facts)
    slots = [*_summary(facts, speakers, key), *_verdicts(facts, speakers, key), phrases("sum_up", key)]
    close = phrases("close", key, answer=reference(facts.seed).answer)
    told_slots, working = told(reference(facts.seed), close, facts.seed, key)
    return Saying((*slots, *told_slots), {"working": working}, {"misconception": "none"})


def _speakers(facts: Facts) -> list[Said]:
    """For each debater the last turn that gives an answer, else the last turn."""
    out: dict[str, Said] = {}
    for said in facts.said:
        if said.act in ("state", "challenge") and (said.role not in out or _answer(said) is not None):
            out[said.role] = said
    return list(out.values())[:2]


def _answer(said: Said) -> str | None:
    if said.notes.get("misconception") in ("doubts", "replies", "agrees"):
        return None
    final = read_final(said.text)
    return final.text if final is not None and final.sure else None


def _shown(said: Said) -> str | None:
    return said.notes.get("final") or _answer(said) if _answer(said) is not None else None


def _summary(facts: Facts, speakers: list[Said], key: Key) -> list[tuple[str, ...]]:
    if len(speakers) < 2:
        return [phrases("none_say", key)]
    a, b = speakers
    filling = {"a": facts.title(a.role), "b": facts.title(b.role), "fa": _shown(a), "fb": _shown(b)}
    if filling["fa"] is None or b.notes.get("misconception") == "agrees":
        return [phrases("none_say", key)]
    if filling["fb"] is None:
        return [phrases("one_says", key, **filling)]
    alike = same_answer(str(filling["fa"]), str(filling["fb"]))
    return [phrases("same_say" if alike else "both_say", key, **filling)]


def _verdicts(facts: Facts, speakers: list[Said], key: Key) -> list[tuple[str, ...]]:
    """Who is right, and what is wrong with who is not, each in a slot."""
    rights = [is_right(said.text, facts.seed) is True for said in speakers]
    agrees = [said.notes.get("misconception") == "agrees" for said in speakers]
    if len(speakers) == 2 and rights[0] and (rights[1] or agrees[1]):
        return [phrases("both_right", key)]
    slots: list[tuple[str, ...]] = []
    for i, said in enumerate(speakers):
        name = facts.title(said.role)
        known: Notes = known_of(said, facts.seed)
        if rights[i]:
            slots.append(phrases("is_right", (*key, i), name=name))
        elif known["misconception"] == "doubts":
            slots.append(phrases("noticed", (*key, i), name=name))
        elif certain(known):
            if said.notes.get("objected") and i and not rights[0]:
                slots.append(phrases("noticed", (*key, i), name=name))
            weigh = filled(mistake_of(known).weigh, values(known, name=name), OFFERED, *key, i, "weigh")
            slots.append(weigh)
        elif known["misconception"] not in ("replies", "agrees"):
            slots.append(phrases("not_right", (*key, i), name=name))
    return slots


PLAYS: Mapping[Act, Play] = {"state": state, "challenge": challenge, "conclude": conclude}
