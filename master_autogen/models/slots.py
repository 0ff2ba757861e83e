"""The calls that one endpoint has in flight, at most as many as its `Throttle` allows; who comes first goes first."""

from __future__ import annotations

import asyncio
from collections import deque

from master_autogen.models.failures import in_line
from master_autogen.models.throttle import Sent, Throttle


class AdaptiveSlots:
    """`sent = await slots.take()`, and in any case `slots.free()` afterwards. What waits belongs to one event loop; the
    level is kept where the loop is another one."""

    def __init__(self, limit: int) -> None:
        self.throttle = Throttle(limit)
        self.in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def take(self) -> Sent:
        """Wait for a slot and hold it."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self.in_flight, self._waiting = loop, 0, deque()
        if self._waiting or self.in_flight >= self.throttle.level:
            await self._turn(loop)
        else:
            self.in_flight += 1
        return self.throttle.sent(self.in_flight)

    def free(self) -> None:
        self.in_flight -= 1
        self._wake()

    async def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        self._wake()
        try:
            await in_line(turn)
        except asyncio.CancelledError:
            if not turn.cancelled():  # the slot had just been given
                self.free()
            raise

    def _wake(self) -> None:
        while self._waiting and (self._waiting[0].done() or self.in_flight < self.throttle.level):
            turn = self._waiting.popleft()
            if not turn.done():  # else whoever waited was cancelled
                self.in_flight += 1
                turn.set_result(None)
