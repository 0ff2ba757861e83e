"""A planted mistake as a student would tell it, for whoever needs a wrong solution whose mistake is known.

    planted = plant(seed, ("episode-1", "err"))
    planted.text            # "Let me try. Tim buys 8 more, so he has 14 + 8 = 22 cars. ... The answer is 27."
    planted.misconception   # "operation", a key of records.MISCONCEPTIONS

Pure: the same seed and key give the same text. No model is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pydantic import Field

from master_autogen.draws import unit
from master_autogen.records import Record, Seed
from master_autogen.wording.acts import phrases, told
from master_autogen.wording.mistakes import mistake_for, notes_of
from master_autogen.wording.slots import drawn

_LEADS = 0.5
"""Share of the texts that begin with some words of the student's own."""


class Planted(Record):
    """A wrong solution in a student's words that ends with "The answer is X.", the name of its misconception, and the
    notes of its turn (the step, the operation used and the right one, the number mistaken), by which a worded teacher
    can answer it."""

    text: str
    misconception: str
    notes: Mapping[str, str] = Field(default_factory=dict)


def plant(
    seed: Seed, key: tuple[object, ...], misconception: str | None = None, *, among: Collection[str] | None = None
) -> Planted | None:
    """A wrong solution of `seed`, drawn for `key`, by `misconception` or by one `among` the named ones (None: any).

    None where the seed's response is no worked solution that code can read, or where none of them fits it.
    """
    chosen = among if misconception is None else (misconception,)
    wrong = mistake_for(seed, *key, "plant", among=chosen)
    if wrong is None:
        return None
    close = (f"The answer is {wrong.final}.",)
    slots, _ = told(wrong, close, seed, key)
    lead = (phrases("pupil_lead", key),) if unit(*key, "lead") < _LEADS else ()
    return Planted(text=drawn((*lead, *slots), *key, "text"), misconception=wrong.name, notes=notes_of(wrong))
