"""One request, asked until it is answered or given up: back-off, a row of the log for every attempt, and replay.

Where the log holds the same call (identity and key), it is answered from there: stored errors are raised again, nothing
is sent and no row is made. A request may be made more than once under one identity (a worded turn tries several
wordings): the key tells them apart, and `tries` counts on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from master_autogen.draws import unit
from master_autogen.errors import BudgetSpent, CallError, EndpointDown, NotSent, UserError
from master_autogen.models.calls import (
    CANCELLED,
    Answer,
    Attempt,
    CallSite,
    Identity,
    Recorded,
    answer_of,
    call_numbers,
    call_of,
    difference,
    error_of,
    request_key,
)
from master_autogen.models.failures import LEFT_THE_LINE, as_call_error
from master_autogen.records import Call

CallSink = Callable[[Call], None]
Sleep = Callable[[float], Awaitable[None]]
Allow = Callable[[], None]
"""Asked before each attempt; raises `BudgetSpent` where it may not be made."""

BACKOFF_S = 0.5  # before the second attempt; doubled each time
LONGEST_BACKOFF_S = 20.0
LONGEST_RETRY_AFTER_S = 300.0  # a rate limit that says more is a quota, not a burst
RATE_PATIENCE_S = 90.0
"""How long a request waits for a rate limit in all, in seconds: a quota by the minute has come back by then."""


class ReplayMismatch(CallError):
    """A call that the log does not hold, or holds otherwise: `place` says which, `difference` what; `recorded` and
    `made` are the two requests, where there are two."""

    def __init__(
        self,
        place: Identity,
        difference: str,
        recorded: Mapping[str, Any] | None = None,
        made: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__("script", f"call {place}: {difference}")
        self.place = place
        self.difference = difference
        self.recorded = recorded
        self.made = made

    def __reduce__(self) -> tuple[type[ReplayMismatch], tuple[Any, ...]]:
        """So that it can leave a worker process."""
        return ReplayMismatch, (self.place, self.difference, self.recorded, self.made)


class Attempts:
    """Asks for one `CallSite`, at the place that `at` last named; one request at a time.

    `numbers` gives `seq`; with `strict`, whatever the log does not hold is a `ReplayMismatch` and nothing is sent.
    `allow` is asked before anything is sent.
    """

    def __init__(
        self,
        site: CallSite,
        sink: CallSink,
        *,
        recorded: Recorded | None = None,
        strict: bool = False,
        numbers: Iterator[int] | None = None,
        sleep: Sleep = asyncio.sleep,
        allow: Allow = lambda: None,
    ) -> None:
        self.site = site
        self._sink = sink
        self._recorded = recorded or {}
        self._strict = strict
        self._numbers = numbers or call_numbers(self._recorded, site.owner)
        self._sleep = sleep
        self._allow = allow
        self._used: set[str] = set()
        self._tries: dict[Identity, int] = {}
        self.at("", 0, 1)

    def at(self, phase: str, turn: int, attempt: int) -> None:
        site = self.site
        self.place = Identity(site.owner, site.purpose, phase, site.agent, turn, attempt)

    async def ask(self, request: Mapping[str, Any], send: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer to `request`, from the log or by `send`. Raises the last attempt's `CallError`, `EndpointDown`, or
        `UserError` for what other calls would meet too: a refused key, spent credit, a rate limit that lasts."""
        place, key = self.place, request_key(request)
        earlier = self._earlier(place, key)
        if earlier and earlier[-1].status == "ok":
            return answer_of(earlier[-1])
        failures = [call for call in earlier if _counts(call)]
        if self._strict:
            told = [call for call in earlier if call.error != CANCELLED]
            raise error_of(told[-1]) if told else self._mismatch(place, request)
        if failures and self._over(error_of(failures[-1]), len(failures)):
            raise error_of(failures[-1])
        made = tries = len(failures)
        limited_s = 0.0
        while True:
            self._allow()
            try:
                return await self._once(place, request, key, send)
            except NotSent as error:
                advice = "start it and run the same command again"
                raise EndpointDown(f"model {self.site.model!r}: {error}; {advice}") from error
            except CallError as error:
                made += 1
                limited = error.kind == "rate_limit"
                if error.kind == "setup" or (limited and self._lasts(error, made, limited_s)):
                    said = str(error).rstrip(".")
                    raise UserError(f"model {self.site.model!r}: {said}; {_advice(error)}") from error
                tries += not limited
                if self._over(error, tries):
                    raise
                wait = self._wait(place, made, error)
                limited_s += limited * wait
                await self._sleep(wait)

    def _lasts(self, error: CallError, made: int, waited_s: float) -> bool:
        """Whether a rate limit is no burst: it says so, or it refuses a request however long that waits."""
        return _another_day(error) or (made >= self.site.tries and waited_s >= RATE_PATIENCE_S)

    def _over(self, error: CallError, tries: int) -> bool:
        return not error.retryable or tries >= self.site.tries

    def _wait(self, place: Identity, n: int, error: CallError) -> float:
        """Seconds until the next attempt, drawn so that calls that failed together do not come back together."""
        jitter = unit("backoff", *place, n)
        own = float(min(LONGEST_BACKOFF_S, BACKOFF_S * 2 ** (n - 1)) * (0.5 + 0.5 * jitter))
        if error.retry_after is None or _another_day(error):
            return own
        told = error.retry_after + jitter * BACKOFF_S
        return told if n < self.site.tries else max(told, own)

    def _earlier(self, place: Identity, key: str) -> list[Call]:
        """The log's attempts at this request, up to the one that settled it; each is used once."""
        found: list[Call] = []
        for call in self._recorded.get(place, ()):
            if call.request_key != key or call.id in self._used:
                continue
            self._used.add(call.id)
            found.append(call)
            if call.status == "ok":
                break
            failures = sum(map(_counts, found))
            if _counts(call) and self._over(error_of(call), failures):
                break
        return found

    def _mismatch(self, place: Identity, request: Mapping[str, Any]) -> ReplayMismatch:
        others = [call for call in self._recorded.get(place, ()) if call.id not in self._used]
        if not others:
            return ReplayMismatch(place, "the log holds no answer to it", None, request)
        recorded = others[0].request
        told = "its request is not the recorded one: " + difference(recorded, request)
        return ReplayMismatch(place, told, recorded, request)

    async def _once(
        self, place: Identity, request: Mapping[str, Any], key: str, send: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        start, clock = time.time(), time.perf_counter()
        outcome: Answer | CallError | None = None
        made = True
        try:
            outcome = await send()
        except (BudgetSpent, NotSent):
            made = False
            raise
        except asyncio.CancelledError as cancelled:
            made = LEFT_THE_LINE not in cancelled.args
            raise
        except CallError as error:
            outcome = error
            raise
        except Exception as error:
            outcome = as_call_error(error)
            raise outcome from error
        finally:
            # In `finally`, so that a cancelled attempt is a row too.
            if made:
                took = time.perf_counter() - clock
                attempt = Attempt(place, self._next_try(place), request, key, outcome, start, took)
                self._sink(call_of(self.site, attempt, next(self._numbers)))
        return outcome

    def _next_try(self, place: Identity) -> int:
        last = self._tries.get(place)
        if last is None:
            last = max((call.tries for call in self._recorded.get(place, ())), default=0)
        self._tries[place] = last + 1
        return last + 1


def _another_day(error: CallError) -> bool:
    return error.retry_after is not None and error.retry_after > LONGEST_RETRY_AFTER_S


def _advice(error: CallError) -> str:
    if error.kind == "setup":
        return "mend it and run the same command again"
    if error.retry_after is not None and _another_day(error):
        return f"it is to be asked again in {error.retry_after:,.0f} s: run the same command again then"
    return (
        f"it said so for {RATE_PATIENCE_S:g} s. Run the same command again later, or with fewer calls at once (limits: "
        "concurrency in the pool file)"
    )


def _counts(call: Call) -> bool:
    """Whether a recorded failure is one of the request's tries: not if it was cancelled, nor if the endpoint would not
    hear of it, for the key or for its rate limit."""
    return call.error != CANCELLED and call.detail.get("kind") not in ("setup", "rate_limit")
