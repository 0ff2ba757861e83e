"""Where a run ends before its seeds do: a budget that is spent, a target that is reached."""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from master_autogen.errors import BudgetSpent, UserError
from master_autogen.log import RunView
from master_autogen.pool import Pool
from master_autogen.records import Call, Lesson, Record

_BUDGET = re.compile(r"(?i)^\s*(\d+(?:\.\d+)?|\.\d+)\s*(usd|\$|k?tok|mtok)\s*$")
_TOKENS = {"tok": 1, "ktok": 1_000, "mtok": 1_000_000}


class Budget(Record):
    """At most this `amount` of a `unit`, US dollars ("usd") or tokens of prompts and replies ("tok"), for a run,
    earlier invocations included."""

    amount: float
    unit: Literal["usd", "tok"]

    def __str__(self) -> str:
        return f"{self.amount:g} usd" if self.unit == "usd" else f"{self.amount:,.0f} tokens"


def read_budget(text: str) -> Budget:
    """`5usd`, `0.5usd`, `2Mtok`, `500ktok`; UserError for anything else."""
    found = _BUDGET.match(text)
    if found is None or not float(found[1]):
        raise UserError(f"--budget: {text!r} is no budget; write it as 5usd, 0.5usd, 2Mtok or 500ktok")
    unit = found[2].lower()
    if unit in ("usd", "$"):
        return Budget(amount=float(found[1]), unit="usd")
    return Budget(amount=round(float(found[1]) * _TOKENS[unit]), unit="tok")


def check_budget(budget: Budget, pool: Pool) -> None:
    """UserError where a budget in dollars meets a model whose price nobody knows."""
    scorers = filter(None, (pool.scorers.small, pool.scorers.large))
    asked = dict.fromkeys([*(agent.model for agent in pool.agents.values()), *scorers])
    unpriced = [name for name in asked if pool.models[name].price is None]
    if budget.unit == "usd" and unpriced:
        raise UserError(
            f"--budget {budget}: pool {pool.name!r} has no price for model {unpriced[0]!r}; give it one "
            "(price: {prompt: …, completion: …}, in dollars a million tokens), or give the budget in tokens, as 2Mtok"
        )


class Sums:
    """Tokens and US dollars."""

    def __init__(self) -> None:
        self._tokens, self._cost = 0, 0.0

    def add(self, tokens: int, cost: float) -> None:
        self._tokens += tokens
        self._cost += cost

    def total(self) -> tuple[int, float]:
        return self._tokens, self._cost


class SharedSums:
    """The same for several processes: a line each in a file that all of them map. Each adds to its own line, `place`,
    alone; a process that takes another's place goes on with its line."""

    _LINE = struct.Struct("=qd")

    def __init__(self, path: Path, place: int) -> None:
        with path.open("r+b") as file:
            self._lines = mmap.mmap(file.fileno(), 0)
        self._at = place * self._LINE.size

    @classmethod
    def make(cls, path: Path, places: int) -> None:
        """The file, with nothing spent."""
        path.write_bytes(cls._LINE.pack(0, 0.0) * places)

    def add(self, tokens: int, cost: float) -> None:
        before = self._LINE.unpack_from(self._lines, self._at)
        self._LINE.pack_into(self._lines, self._at, before[0] + tokens, before[1] + cost)

    def total(self) -> tuple[int, float]:
        lines = list(self._LINE.iter_unpack(self._lines))
        return sum(tokens for tokens, _ in lines), sum(cost for _, cost in lines)


class Spending:
    """What a run has spent, call by call: `run` says what earlier invocations did, `sums` what this one does. `allow`
    is asked before each call; what is in flight then still comes in."""

    def __init__(
        self, budget: Budget | None, run: RunView | None = None, sums: Sums | SharedSums | None = None
    ) -> None:
        self._budget = budget
        self._earlier = (0, 0.0) if run is None else (run.prompt_tokens + run.completion_tokens, run.cost or 0.0)
        self._sums = sums or Sums()

    def add(self, call: Call) -> None:
        self._sums.add((call.prompt_tokens or 0) + (call.completion_tokens or 0), call.cost or 0.0)

    @property
    def spent(self) -> bool:
        if self._budget is None:
            return False
        tokens, cost = self._used()
        return (cost if self._budget.unit == "usd" else tokens) >= self._budget.amount

    def allow(self) -> None:
        """Raises `BudgetSpent` where nothing is left."""
        if self._budget is not None and self.spent:
            tokens, cost = self._used()
            used = f"{cost:.4f} usd" if self._budget.unit == "usd" else f"{tokens:,} tokens"
            raise BudgetSpent(f"the budget of {self._budget} is spent ({used})")

    def _used(self) -> tuple[int, float]:
        tokens, cost = self._sums.total()
        return self._earlier[0] + tokens, self._earlier[1] + cost


class Target:
    """Counts accepted lessons in lesson order, whatever order they end in, so that the same ones count each time."""

    def __init__(self, wanted: int | None) -> None:
        self._left = wanted
        self._order: list[str] = []
        self._ended: dict[str, bool] = {}
        self._next = 0

    def plan(self, lessons: Sequence[str], ended: Mapping[str, bool]) -> None:
        """The next round's lessons by id; `ended` says of those that have ended already whether each was accepted."""
        self._order = list(lessons)
        self._ended = dict(ended)
        self._next = 0
        self._advance()

    def add(self, lesson: Lesson) -> None:
        self._ended[lesson.plan.id] = lesson.status == "accepted"
        self._advance()

    def _advance(self) -> None:
        while not self.reached and self._next < len(self._order) and self._order[self._next] in self._ended:
            if self._left is not None and self._ended[self._order[self._next]]:
                self._left -= 1
            self._next += 1

    @property
    def reached(self) -> bool:
        return self._left is not None and self._left <= 0

    @property
    def beyond(self) -> list[str]:
        """The round's lessons behind the one that reached the target, by id, in their order."""
        return self._order[self._next :] if self.reached else []
