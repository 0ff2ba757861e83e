"""The original pairs beside the lessons: a model that only ever sees lessons forgets to answer straight away."""

from __future__ import annotations

from master_autogen.export.sample import Provenance, Sample, SampleTurn, refuse_unwritable
from master_autogen.records import Pair, Seed


def original(seed: Seed) -> Sample:
    """The seed itself as a sample, of scenario "original". Raises `Refused` for text that no trainer can read."""
    sample = Sample(
        id=f"original/{seed.id}",
        lesson_id="",
        scenario="original",
        task_type=seed.kind,
        seed_id=seed.id,
        source=seed.source,
        licence=seed.licence,
        similar=Provenance(),
        system="",
        turns=(SampleTurn("human", seed.instruction), SampleTurn("gpt", seed.response)),
        made_by=("seed",),
        pi=None,
        pair=Pair(instruction="", response=""),
        verified=None,
    )
    refuse_unwritable(sample)
    return sample
