"""Whether an endpoint answers at all: after some failures in a row it counts as dead until it is seen to be back.

Nobody answers (refused, dropped, no name) or nothing comes of it (5xx, the deadline): that is a failure. Any other
answer, be it 429 or broken JSON, comes from an endpoint that lives.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from master_autogen.errors import CallError, CallErrorKind

DEAD_AFTER = 5
"""Failures in a row. At 4 % by chance, that is one in ten million calls."""
PROBE_S = 1.0
"""From a death to the first look, doubled with each look and each new death, until a call is answered."""
LONGEST_PROBE_S = 30.0

_FAILURES: frozenset[CallErrorKind] = frozenset({"connection", "timeout", "server"})


class Health:
    """See the module; `clock` in seconds. `dead` says why, or is None."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.dead: str | None = None
        self._failed = 0
        self._pause_s = PROBE_S
        self._look_at = 0.0

    def answered(self) -> None:
        self.dead = None
        self._failed = 0
        self._pause_s = PROBE_S

    def failed(self, error: CallError) -> None:
        """A call came to this; where it says that the endpoint lives, it counts as an answer."""
        if error.kind not in _FAILURES:
            self.answered()
            return
        self._failed += 1
        if self._failed >= DEAD_AFTER and self.dead is None:
            self.dead = f"{self._failed} calls in a row failed, the last with: {error}"
            self._look_later()

    @property
    def wait_s(self) -> float:
        """Seconds until somebody should look."""
        return max(0.0, self._look_at - self._clock())

    def may_look(self) -> bool:
        """Whether the caller is to look now whether the endpoint is back, and then tell `looked`; one at a time."""
        if self.dead is None or self.wait_s > 0:
            return False
        self._look_later()
        return True

    def looked(self, back: bool) -> None:
        """What the look came to. An endpoint that is back has to answer a call before the pauses are short again."""
        if back:
            self.dead = None
            self._failed = 0

    def _look_later(self) -> None:
        self._look_at = self._clock() + self._pause_s
        self._pause_s = min(LONGEST_PROBE_S, 2 * self._pause_s)
