"""One selected episode as one training sample, whatever the format: what is said, by which side, and where it is from.

The sides alternate, human first. Only trained turns become gpt turns. All else that was said, a wrong attempt too, is
told in the human turn before them, so that no trainer can take it for something to learn:

    human  A pen costs 3 ...   That calls for multiplication.   This is my first try: ...   Look at the second step. ...
    gpt    I had added where I should have multiplied. ...

Knows no format and no file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from master_autogen.prompts import TemplateFault, fill
from master_autogen.records import Episode, Kind, Lesson, MadeBy, Pair, Record, Seed, Turn
from master_autogen.scenario import Phase, Scenario

_UNWRITABLE = re.compile("[\0\ud800-\udfff]")  # a str holds surrogates only where they are lone


class Refused(Exception):
    """A lesson that gives no sound sample; the text says why, and is the same for all lessons with that fault."""


class SampleTurn(NamedTuple):
    side: Literal["human", "gpt"]
    text: str


class Provenance(Record):
    """Where a seed is from; empty texts where there is no seed."""

    seed_id: str = ""
    source: str = ""
    licence: str = ""


class Sample(Record):
    """What a training format is made from; `id` is the episode's.

    `turns` alternate, human first, and are even in number. `made_by` has one entry a gpt turn. `similar` is where the
    second question of an analogy is from, empty elsewhere. `pi` is None where it was not measured. `verified`: code
    found the final answer of every gpt turn right; False if it found one wrong, None if it could not tell.
    """

    id: str
    lesson_id: str
    scenario: str
    task_type: Kind
    seed_id: str
    source: str
    licence: str
    similar: Provenance
    system: str
    turns: tuple[SampleTurn, ...]
    made_by: tuple[MadeBy, ...]
    pi: float | None
    pair: Pair
    verified: bool | None


def make_sample(lesson: Lesson, scenario: Scenario) -> Sample:
    """The selected episode of `lesson` as a sample. Raises `Refused` for an episode that the scenario, as it is now,
    does not fit, that has no place for a trained turn, or whose text no trainer can read."""
    plan = lesson.plan
    episode = next((e for e in lesson.episodes if e.id == lesson.selected_episode_id), None)
    if episode is None:
        raise Refused("the lesson has no selected episode that was played")
    trained = [turn for turn in episode.turns if _is_trained(turn)]
    sample = Sample(
        id=episode.id,
        lesson_id=plan.id,
        scenario=plan.scenario,
        task_type=plan.task_type,
        seed_id=plan.seed.id,
        source=plan.seed.source,
        licence=plan.seed.licence,
        similar=_provenance(plan.similar),
        system=scenario.system,
        turns=tuple(_sides(plan.seed.instruction, scenario, episode.turns)),
        made_by=tuple(turn.made_by for turn in trained),
        pi=next((grade.pi for grade in lesson.grades if grade.episode_id == episode.id), None),
        pair=episode.cast.pair,
        verified=_verified(episode, trained),
    )
    _refuse_unwritable(sample)
    return sample


def _is_trained(turn: Turn) -> bool:
    return turn.train and turn.side == "gpt"


def _provenance(seed: Seed | None) -> Provenance:
    return Provenance() if seed is None else Provenance(seed_id=seed.id, source=seed.source, licence=seed.licence)


def _sides(question: str, scenario: Scenario, turns: Sequence[Turn]) -> list[SampleTurn]:
    """The turns of the two sides: what was said up to each trained turn in one, and the trained turn."""
    phases = {phase.name: phase for phase in scenario.script}
    sides: list[SampleTurn] = []
    said = [question] if scenario.opens_with_question else []
    for turn in turns:
        if turn.phase not in phases or turn.role not in scenario.roles:
            what = f"phase {turn.phase!r}" if turn.phase not in phases else f"role {turn.role!r}"
            raise Refused(f"the scenario {scenario.name} has no {what} any more")
        if turn.side == "hidden":
            continue
        if not _is_trained(turn):
            said.append(_quoted(scenario, phases[turn.phase], turn))
            continue
        heard = "\n\n".join(part for part in said if part.strip())
        if not heard:
            raise Refused(f"{turn.phase}: nothing is said to the student before this trained turn")
        if not turn.text.strip():
            raise Refused(f"{turn.phase}: the trained turn is empty")
        sides += [SampleTurn("human", heard), SampleTurn("gpt", turn.text)]
        said = []
    if said or not sides:
        raise Refused("the last turn is not one to train on")
    return sides


def _quoted(scenario: Scenario, phase: Phase, turn: Turn) -> str:
    """The turn as its phase's `quote` puts it; "" for a turn that says nothing."""
    if not turn.text.strip():
        return ""
    try:
        return fill(phase.quote, {"text": turn.text, "title": scenario.roles[turn.role].title})
    except TemplateFault as fault:
        raise Refused(f"the quote of phase {phase.name!r}: {fault}") from None


def _verified(episode: Episode, trained: Sequence[Turn]) -> bool | None:
    """Of each trained turn the attempt that counts is looked at; a turn without the check is one that was not told."""
    found: list[bool | None] = []
    for turn in trained:
        at = (turn.idx, turn.attempts, "right_answer")
        found += [c.passed for c in episode.checks if (c.turn_idx, c.attempt, c.name) == at] or [None]
    return False if False in found else None if None in found else True


def _refuse_unwritable(sample: Sample) -> None:
    """Refuse text that is not Unicode, or that readers cut short at a NUL."""
    said = [turn.text for turn in sample.turns]
    sources = (sample.source, sample.licence, sample.similar.source, sample.similar.licence)
    for text in (*said, sample.system, *sources):
        if found := _UNWRITABLE.search(text):
            raise Refused("a NUL character in the text" if found[0] == "\0" else "a lone surrogate in the text")
