"""How many calls an endpoint may have in flight: found from its answers. Pure: knows no clock and sends nothing.

Additive increase, multiplicative decrease. A single 429 is no news: the level is halved where five of the last twelve
answers were refusals (429, 503, the deadline). It goes back to where calls were quick where more calls in flight
have more than doubled the latency and no more is answered for it. It begins at the limit and comes back to it by one a
round of calls; only calls that were sent when the level was reached make it grow.

>>> throttle = Throttle(16)
>>> for _ in range(BURST):
...     throttle.refused(throttle.sent(16))
>>> throttle.level
8
"""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import NamedTuple

WINDOW = 12
"""Answers that are looked at together."""
BURST = 5
"""Refusals among them that are a burst. Where 5 % are refused by chance, there is one false alarm in 10,000 calls."""
SLOWER = 2.0
"""By what factor the latency must have grown to be held against the level."""
MEMORY = 96
"""Answers before the window that tell what is usual."""


class Sent(NamedTuple):
    """A call on its way: which level it was sent under, and how many were in flight with it, itself among them."""

    generation: int
    in_flight: int


class Throttle:
    """See the module. `level` is between 1 and `most`; every call is told by `sent` and then by at most one of
    `answered` and `refused`."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.level = most
        self._generation = 0
        self._refused: deque[bool] = deque(maxlen=WINDOW)
        self._answers: deque[tuple[float, int]] = deque(maxlen=MEMORY + WINDOW)
        self._unseen = 0  # answers since the latencies were looked at
        self._peak = 0  # most in flight since the level was last lowered
        self._full = 0  # answers to calls sent at the level, since it last changed

    def sent(self, in_flight: int) -> Sent:
        self._peak = max(self._peak, in_flight)
        return Sent(self._generation, in_flight)

    def answered(self, sent: Sent, latency_s: float) -> None:
        if sent.generation != self._generation:
            return
        self._refused.append(False)
        self._answers.append((latency_s, sent.in_flight))
        if (quick := self._where_it_was_quick()) is not None:
            self._lower(quick)
        elif sent.in_flight >= self.level:
            self._full += 1
            if self._full >= self.level:
                self.level = min(self.most, self.level + 1)
                self._full = 0

    def refused(self, sent: Sent) -> None:
        """The endpoint had too much to do: 429, 503, or no answer before the deadline."""
        # Those sent before the last change are of the same burst.
        if sent.generation != self._generation:
            return
        self._refused.append(True)
        if sum(self._refused) >= BURST:
            self._lower(min(self.level, self._peak) // 2)

    def _lower(self, level: int) -> None:
        self.level = max(1, min(level, self.level))
        self._generation += 1
        self._refused.clear()
        self._answers.clear()
        self._peak = 0
        self._full = 0

    def _where_it_was_quick(self) -> int | None:
        """The usual number in flight, if there are more by now and they are only slower."""
        self._unseen += 1
        if self._unseen < WINDOW or len(self._answers) < 2 * WINDOW:
            return None
        self._unseen = 0
        answers = list(self._answers)
        latency, in_flight = _middle(answers[-WINDOW:])
        usual_latency, usual_in_flight = _middle(answers[:-WINDOW])
        slower = in_flight > usual_in_flight and latency > SLOWER * usual_latency
        return int(usual_in_flight) if slower and in_flight / latency <= usual_in_flight / usual_latency else None


def _middle(answers: list[tuple[float, int]]) -> tuple[float, float]:
    """The medians of latency and of calls in flight."""
    return median(latency for latency, _ in answers), median(in_flight for _, in_flight in answers)
