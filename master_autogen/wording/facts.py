"""What a worded agent is given for a turn, and what it gives back: attempts to ask the model for, and a fallback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from master_autogen.records import Act, MadeBy, Record, Seed

Notes = Mapping[str, str]
"""What code knows of a turn, for later turns: the misconception, its step, the operation used and the right one."""


class Said(Record):
    """An earlier turn of the episode."""

    role: str
    act: Act
    text: str
    notes: Notes = Field(default_factory=dict)


class Facts(Record):
    """What there is to speak about. `names` are the roles' titles; a role without one goes by its own name.
    `misconceptions` are the mistakes that may be planted (None: any)."""

    seed: Seed
    similar: Seed | None = None
    said: tuple[Said, ...] = ()
    role: str
    names: Mapping[str, str] = Field(default_factory=dict)
    misconceptions: tuple[str, ...] | None = None

    def title(self, role: str) -> str:
        return self.names.get(role) or role.replace("_", " ").title()

    def last(self, *acts: Act) -> Said | None:
        """The latest turn that was one of `acts`."""
        return next((said for said in reversed(self.said) if said.act in acts), None)


@dataclass(frozen=True)
class Accepted:
    """A text that may stand as the turn, and what code knows of it."""

    text: str
    notes: Notes = field(default_factory=dict)


@dataclass(frozen=True)
class Attempt:
    """One request: (role, content) messages, sampling settings (`grammar` is GBNF), and what makes of the reply a turn.

    `made_by` is "worded" where the grammar lays down what is said, "model" where the model was free. `accept` gives
    None where the reply cannot stand: ask again.
    """

    messages: tuple[tuple[str, str], ...]
    sampling: Mapping[str, Any]
    made_by: MadeBy
    accept: Callable[[str], Accepted | None]


@dataclass(frozen=True)
class Script:
    """Attempts in the order in which to ask, and the template text that is taken when all fail."""

    attempts: tuple[Attempt, ...]
    fallback: Accepted
