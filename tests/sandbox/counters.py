"""What happened, as numbers and as a log of requests, and waiting for it.

Tests prove "exactly once" and "on a reused connection" with these, and wait for a number instead of sleeping. Numbers are found by a path with
slashes, as in `requests/by_operation/documents.create_by_text`; one that does not exist counts as 0.
"""

from __future__ import annotations

import asyncio
import operator
from collections import Counter, deque
from typing import Any, Callable

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


class Counters:
    """One object for the whole server; `gauges` adds numbers that are looked up when asked for."""

    def __init__(self, log_size: int) -> None:
        self._waiters: list[tuple[str, Callable[[Any, Any], bool], Any, asyncio.Future[Any]]] = []
        self._log_size = log_size
        self.open: Counter[Any] = Counter()
        self.in_flight = 0
        self.gauges: dict[str, Callable[[], Any]] = {}
        self.reset()

    def reset(self) -> None:
        """Everything starts at 0 again, except what is now: open connections and requests in flight."""
        self.accepted: Counter[Any] = Counter()
        self.closed: Counter[Any] = Counter()
        self.tls_handshakes = 0
        self.tls_resumed = 0
        self.requests = 0
        self.answered = 0
        self.reused = 0
        self.max_in_flight = self.in_flight
        self.max_open = sum(self.open.values())
        self.by_operation: Counter[Any] = Counter()
        self.by_status: Counter[Any] = Counter()
        self.effects: Counter[Any] = Counter()
        self.faults = 0
        self.sequence = 0
        self.log: deque[dict[str, Any]] = deque(maxlen=self._log_size)

    def snapshot(self) -> dict[str, Any]:
        values: dict[str, Any] = {
            "connections": {
                "accepted": dict(self.accepted, total=sum(self.accepted.values())),
                "closed": dict(self.closed, total=sum(self.closed.values())),
                "open": dict(self.open, total=sum(self.open.values())),
                "max_open": self.max_open,
                "tls_handshakes": self.tls_handshakes,
                "tls_resumed": self.tls_resumed,
            },
            "requests": {
                "total": self.requests,
                "answered": self.answered,
                "reused": self.reused,
                "in_flight": self.in_flight,
                "max_in_flight": self.max_in_flight,
                "by_operation": dict(self.by_operation),
                "by_status": {str(status): count for status, count in self.by_status.items()},
            },
            "effects": dict(self.effects),
            "faults": self.faults,
        }
        for name, gauge in self.gauges.items():
            values[name] = gauge()
        return values

    def value(self, path: str) -> Any:
        found: Any = self.snapshot()
        for part in path.split("/"):
            found = found.get(part, 0) if isinstance(found, dict) else 0
        return found

    def accept(self, listener: str) -> None:
        self.accepted[listener] += 1
        self.changed()

    def opened(self, listener: str, handshake: bool, resumed: bool) -> None:
        self.open[listener] += 1
        self.max_open = max(self.max_open, sum(self.open.values()))
        self.tls_handshakes += handshake
        self.tls_resumed += resumed
        self.changed()

    def closed_one(self, listener: str) -> None:
        self.open[listener] -= 1
        self.closed[listener] += 1
        self.changed()

    def began(self, entry: dict[str, Any]) -> None:
        """A request's head is there: it is in the log from now on, without a status."""
        self.sequence += 1
        entry["seq"] = self.sequence
        self.log.append(entry)
        self.requests += 1
        self.reused += entry["request_on_connection"] > 1
        self.by_operation[entry["operation"]] += 1
        self.in_flight += 1
        if self.in_flight > self.max_in_flight:
            self.max_in_flight = self.in_flight
        self.changed()

    def ended(self, entry: dict[str, Any], status: int | None) -> None:
        self.in_flight -= 1
        entry["status"] = status
        if status is not None:
            self.by_status[status] += 1
            self.answered += 1
        self.changed()

    def effect(self, entry: dict[str, Any], operation: str, count: int = 1) -> None:
        """The work of an operation is done, whatever the answer will say."""
        self.effects[operation] += count
        entry["effects"] = entry.get("effects", 0) + count
        self.changed()

    def changed(self) -> None:
        if self._waiters:
            self._settle()

    def _settle(self) -> None:
        left = []
        for path, compare, wanted, future in self._waiters:
            value = self.value(path)
            if future.done():
                continue
            if compare(value, wanted):
                future.set_result(value)
            else:
                left.append((path, compare, wanted, future))
        self._waiters = left

    async def wait(self, path: str, comparison: str, wanted: Any, timeout_s: float) -> tuple[bool, Any]:
        """Until the number at path compares so, or the time is over. Returns whether it did, and the number."""
        compare = COMPARE[comparison]
        value = self.value(path)
        if compare(value, wanted):
            return True, value
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiters.append((path, compare, wanted, future))
        try:
            return True, await asyncio.wait_for(future, timeout_s)
        except asyncio.TimeoutError:
            return False, self.value(path)
