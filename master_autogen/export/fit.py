"""Samples within a token limit: a trainer that cuts at its limit cuts off what the lesson teaches, its end."""

from __future__ import annotations

import itertools

from master_autogen.export.sample import Refused, Sample
from master_autogen.models.tokens import estimate

_TOKENS_A_TURN = 5  # what a chat template puts around each


def tokens(sample: Sample) -> int:
    """An estimate of all that a trainer reads, with its template: see `models.tokens.estimate`."""
    texts = [turn.text for turn in sample.turns] + ([sample.system] if sample.system else [])
    return sum(estimate(text) + _TOKENS_A_TURN for text in texts)


def fitted(sample: Sample, most: int | None) -> list[Sample]:
    """The sample, or its parts, of at most `most` tokens each. It is parted only where another question begins; no turn
    is ever cut. Raises `Refused` where a part is still too long: then none of it is kept."""
    if most is None or tokens(sample) <= most:
        return [sample]
    parts = _parts(sample)
    if len(parts) == 1 or any(tokens(part) > most for part in parts):
        raise Refused(f"longer than {most} tokens")
    return parts


def _parts(sample: Sample) -> list[Sample]:
    """One a question, each with its share of what is said of the turns."""
    cuts = [0, *(place for place in sample.fresh if place > 0), len(sample.turns)]
    made = []
    learned = 0
    for number, (start, end) in enumerate(itertools.pairwise(cuts), 1):
        masked = tuple(place - start for place in sample.masked if start <= place < end)
        answers = (end - start) // 2 - len(masked)
        made.append(
            sample.model_copy(
                update={
                    "id": f"{sample.id}#{number}",
                    "turns": sample.turns[start:end],
                    "masked": masked,
                    "fresh": (0,) if number > 1 else (),
                    "made_by": sample.made_by[learned : learned + answers],
                }
            )
        )
        learned += answers
    return made
