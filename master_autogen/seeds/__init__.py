"""Seeds: an instruction with its reference response, from the bundled set, a file or the Hugging Face hub.

    load_seeds("problems.csv", columns={"instruction": "question", "response": "solution"}).seeds

What cannot be a seed is refused with its line and a reason, never dropped unsaid. This room knows no lessons.
"""

from __future__ import annotations

from master_autogen.seeds.load import bundled, load_seeds
from master_autogen.seeds.records import Refusal, SeedSet
from master_autogen.seeds.shapes import PRESETS, Preset

__all__ = ["PRESETS", "Preset", "Refusal", "SeedSet", "bundled", "load_seeds"]
