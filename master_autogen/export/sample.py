"""One selected episode as one training sample, whatever the format: what is said, by which side, and where it is from.

The sides alternate, human first. Only trained turns become gpt turns. All else that was said, a wrong attempt too, is
told in the human turn before them, so that no trainer can take it for something to learn:

    human  A pen costs 3 ...   That calls for multiplication.   This is my first try: ...   Look at the second step. ...
    gpt    I had added where I should have multiplied. ...

That is `wrong_turn="inline"`. With "mask" and "train" the wrong attempt is a gpt turn of its own, which the trainer is
told to leave out of the loss, or to learn like any other. Knows no format and no file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from master_autogen.prompts import TemplateFault, fill
from master_autogen.records import Episode, Kind, Label, Lesson, MadeBy, Pair, Record, Seed, Turn
from master_autogen.scenario import Phase, Scenario

WrongTurn = Literal["inline", "mask", "train"]
"""What becomes of a student's untrained turn: told in a human turn, a gpt turn without loss, a gpt turn with loss."""

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

    `turns` alternate, human first, and are even in number. `masked` are the places in `turns` of the gpt turns that
    must not be learned, `fresh` those of the human turns that open another question. `made_by` has one entry a gpt turn
    that is learned. `similar` is where the second question of an analogy is from, empty elsewhere. `pi` is None where
    it was not measured. `verified`: code found the final answer of every trained turn right; False if it found one
    wrong, None if it could not tell. `label`: what the lesson turned out to be by its first answer, empty where no such
    answer was checked.
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
    masked: tuple[int, ...] = ()
    fresh: tuple[int, ...] = ()
    made_by: tuple[MadeBy | Literal["seed"], ...]
    pi: float | None
    pair: Pair
    verified: bool | None
    label: Label | Literal[""] = ""


def make_sample(lesson: Lesson, scenario: Scenario, wrong_turn: WrongTurn = "inline") -> Sample:
    """The selected episode of `lesson` as a sample. Raises `Refused` for an episode that the scenario, as it is now,
    does not fit, that has no place for a trained turn, or whose text no trainer can read."""
    plan = lesson.plan
    episode = next((e for e in lesson.episodes if e.id == lesson.selected_episode_id), None)
    if episode is None:
        raise Refused("the lesson has no selected episode that was played")
    sides = _Sides(scenario, wrong_turn, [plan.seed.instruction] if scenario.opens_with_question else [])
    for turn in episode.turns:
        sides.add(turn)
    sides.finish()
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
        turns=tuple(sides.turns),
        masked=tuple(sides.masked),
        fresh=tuple(sides.fresh),
        made_by=tuple(turn.made_by for turn in sides.learned),
        pi=next((grade.pi for grade in lesson.grades if grade.episode_id == episode.id), None),
        pair=episode.cast.pair,
        verified=_verified(episode, trained),
        label=episode.label or "",
    )
    refuse_unwritable(sample)
    return sample


def _is_trained(turn: Turn) -> bool:
    return turn.train and turn.side == "gpt"


def _provenance(seed: Seed | None) -> Provenance:
    return Provenance() if seed is None else Provenance(seed_id=seed.id, source=seed.source, licence=seed.licence)


class _Sides:
    """The turns of the two sides: what was said up to each gpt turn in one, and the gpt turn."""

    def __init__(self, scenario: Scenario, wrong_turn: WrongTurn, said: list[str]) -> None:
        self.turns: list[SampleTurn] = []
        self.masked: list[int] = []
        self.fresh: list[int] = []
        self.learned: list[Turn] = []
        self._scenario = scenario
        self._phases = {phase.name: phase for phase in scenario.script}
        self._wrong_turn = wrong_turn
        self._said = said

    def add(self, turn: Turn) -> None:
        if turn.phase not in self._phases or turn.role not in self._scenario.roles:
            what = f"phase {turn.phase!r}" if turn.phase not in self._phases else f"role {turn.role!r}"
            raise Refused(f"the scenario {self._scenario.name} has no {what} any more")
        if turn.side == "hidden":
            return
        phase = self._phases[turn.phase]
        if phase.opens_with is not None:
            self.fresh.append(len(self.turns))
        if _is_trained(turn) or (turn.side == "gpt" and self._wrong_turn != "inline"):
            self._answer(turn)
        else:
            self._said.append(_quoted(self._scenario, phase, turn))

    def finish(self) -> None:
        if self._said or not self.turns or len(self.turns) - 1 in self.masked:
            raise Refused("the last turn is not one to train on")

    def _answer(self, turn: Turn) -> None:
        heard = "\n\n".join(part for part in self._said if part.strip())
        which = "trained turn" if _is_trained(turn) else "turn"
        if not heard:
            raise Refused(f"{turn.phase}: nothing is said to the student before this {which}")
        if not turn.text.strip():
            raise Refused(f"{turn.phase}: the {which} is empty")
        self.turns += [SampleTurn("human", heard), SampleTurn("gpt", turn.text)]
        if _is_trained(turn) or self._wrong_turn == "train":
            self.learned.append(turn)
        else:
            self.masked.append(len(self.turns) - 1)
        self._said = []


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


def refuse_unwritable(sample: Sample) -> None:
    """Refuse text that is not Unicode, or that readers cut short at a NUL."""
    said = [turn.text for turn in sample.turns]
    sources = (sample.source, sample.licence, sample.similar.source, sample.similar.licence)
    for text in (*said, sample.system, *sources):
        if found := _UNWRITABLE.search(text):
            raise Refused("a NUL character in the text" if found[0] == "\0" else "a lone surrogate in the text")
