"""What a call costs the server: think time, CPU-bound workers, and how many calls its workers take at once.

A worker's core is occupied, not burnt: a call books the next free stretch of a core and waits for its end. So calls queue as behind a busy
process, and the machine that runs the tests keeps its own cores for what is being measured.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from .clock import wait
from .settings import Settings


class Cores:
    """N cores, each busy until some time; a booking takes the one that is free first."""

    def __init__(self) -> None:
        self._free_at: list[float] = []

    def book(self, now: float, seconds: float, count: int) -> float:
        """Occupy a core for so long; returns when that stretch ends."""
        if len(self._free_at) != count:
            self._free_at = [0.0] * count
        index = self._free_at.index(min(self._free_at))
        end = max(now, self._free_at[index]) + seconds
        self._free_at[index] = end
        return end


class Gate:
    """At most so many inside, the others in the order in which they came. 0 means no bound; the bound may change at any time."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._inside = 0
        self._changed = changed
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        return len(self._queue)

    async def enter(self, limit: int) -> None:
        if limit and (self._inside >= limit or self._queue):
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._queue.append(future)
            self._changed()
            try:
                await future
            except asyncio.CancelledError:
                if future.done() and not future.cancelled():
                    self.leave(limit)
                raise
            return
        self._inside += 1

    def leave(self, limit: int) -> None:
        self._inside -= 1
        while self._queue and (not limit or self._inside < limit):
            future = self._queue.popleft()
            if not future.done():
                self._inside += 1
                future.set_result(None)


class Work:
    """The cost of calls under the present settings."""

    def __init__(self, settings: Settings, changed: Callable[[], None]) -> None:
        self._settings = settings
        self._cores = Cores()
        self.gate = Gate(changed)

    @property
    def is_free(self) -> bool:
        """Whether calls cost nothing now, so that they can be done without giving way to others."""
        s = self._settings
        return not (s.worker_connections or s.cpu_workers or s.think_ms or s.think_ms_by_operation)

    async def before(self, operation: str) -> None:
        s = self._settings
        if s.cpu_workers:
            await self._occupy(s.cpu_ms_by_operation.get(operation, s.cpu_ms))
        think = s.think_ms_by_operation.get(operation, s.think_ms)
        if think:
            await wait(think / 1000)

    async def after(self, operation: str, items: int) -> None:
        """The part that grows with what was read or written."""
        each = self._settings.cpu_ms_per_item.get(operation, 0.0)
        if self._settings.cpu_workers and each and items:
            await self._occupy(each * items)

    async def _occupy(self, ms: float) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        end = self._cores.book(now, ms / 1000, int(self._settings.cpu_workers))
        if end > now:
            await wait(end - now)

    def state(self) -> Any:
        return {"waiting_for_a_worker": self.gate.waiting}
