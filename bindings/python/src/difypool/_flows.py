"""Answers that come in pieces, without any I/O: what has arrived, what is to be asked for next, and for whom.

All streams of a client share their waiting: one ``stream.next`` asks for every stream that has nothing left to read. What
still has unread pieces is not asked for, and so the service, and behind it the server, is held back by a reader that
sleeps. ``after`` tells the service what arrived; a reply that was lost is asked for again with the same number, and
pieces that come twice (as two requests crossed) are told by theirs.
"""

from __future__ import annotations

from collections import deque

from . import _wire, errors
from ._table import FREE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .reply import Reply

AT_ONCE = 1024  # streams that one request may name
GONE = ("no_such_stream", "no_such_push")  # what the service says of a handle that it does not know
WAIT_MS = 20000  # how long the service waits for the first piece


class Flow:
    """One stream: a handle, and what arrived and was not read yet."""

    __slots__ = ("after", "asked", "closed", "end", "given", "handle", "head", "kind", "op", "queue", "run", "waiters")

    def __init__(self, op: str, opened: dict[str, Any]) -> None:
        self.op = op
        self.head = opened
        self.handle: bytes = opened["stream"]
        self.kind: str = opened["kind"]
        self.after = 0  # number of the last event, or bytes, that arrived
        self.given = 0  # events that were read
        self.queue: deque[Any] = deque()
        self.end: Reply | errors.Error | None = None
        self.run: dict[str, str] = {}
        self.asked: object = None  # the request that waits for it
        self.closed = False
        self.waiters: list[Any] = []

    def ready(self) -> bool:
        """Whether a reader need not wait."""
        return bool(self.queue) or self.end is not None or self.closed

    def feed(self, told: dict[str, Any]) -> None:
        """What a reply tells of this stream."""
        if "events" in told:
            self._add(told["events"], self.after + 1 - told["first"])
        elif "bytes" in told:
            skip = self.after - told["offset"]
            data = told["bytes"]
            self._add([data[skip:]] if 0 <= skip < len(data) else [], min(skip, 0), len(data) - skip)
        end = told.get("end")
        if end is not None and self.end is None:
            self.finish(end)

    def _add(self, pieces: list[Any], skip: int, size: int = 0) -> None:
        if skip < 0:
            self.end = errors.Protocol(f"{self.op}: the service left pieces of the stream out", code="stream_gap")
            return
        if self.kind == "events":
            pieces = pieces[skip:] if skip else pieces
            size = len(pieces)
        self.queue.extend(pieces)
        self.after += max(size, 0)

    def finish(self, end: dict[str, Any]) -> None:
        told = end.get("ok") or end.get("error") or {}
        self.run.update(told.get("run") or end.get("run") or {})
        outcome = _wire.outcome(end)
        if isinstance(outcome, errors.Error) and outcome.code in GONE:
            outcome = self.lost("the difypool service that held it is gone, or gave it up")
        self.end = outcome

    def fail(self, error: errors.Error) -> None:
        """The request that asked for it failed."""
        if self.end is None:
            self.end = self.lost(error.message) if error.kind == "unreachable" else errors.twin(error)

    def lost(self, why: str) -> errors.Error:
        message = f"{self.op}: the stream was lost: {why}"
        if self.op == "pages.push":
            return errors.Unreachable(message, code="service_lost", hint="push again: it goes on from what is there")
        if self.op in FREE:
            return errors.Unreachable(message, code="service_lost")
        return errors.UnknownOutcome(message, code="service_lost", hint="the run may have gone on: look by its ids")


class Table:
    """The open streams of a client, and which of them to ask for."""

    def __init__(self) -> None:
        self.flows: dict[bytes, Flow] = {}
        self.left: list[bytes] = []  # handles that nobody wants any more and that the service was not told of

    def add(self, flow: Flow) -> None:
        self.flows[flow.handle] = flow

    def forget(self, flow: Flow) -> None:
        """Nobody reads it any more."""
        flow.closed = True
        flow.queue.clear()
        self.flows.pop(flow.handle, None)

    def cover(self, flows: list[Flow], first: Flow | None = None, anew: bool = False) -> None:
        """Gathers the streams that the next request is to name, ``first`` for sure. They are its own until it is over.

        anew: take those over that other requests wait for.
        """
        for flow in ([first] if first is not None else []) + list(self.flows.values()):
            if len(flows) == AT_ONCE:
                break
            if flow is not first or not flows:
                if flow.ready() or (flow.asked is not None and not anew):
                    continue
                flows.append(flow)
                flow.asked = flows

    def feed(self, body: Any) -> None:
        """What came of a request."""
        for told in body["streams"]:
            flow = self.flows.get(told["stream"])
            if flow is not None:
                flow.feed(told)

    def release(self, flows: list[Flow]) -> list[Any]:
        """The request is over: who waited for its streams, to be woken."""
        waiters: list[Any] = []
        for flow in flows:
            if flow.asked is flows:
                flow.asked = None
            if flow.ready() or flow.asked is None:
                waiters += flow.waiters
        return waiters


def asking(flows: list[Flow], wait_ms: int = WAIT_MS) -> dict[str, Any]:
    """Arguments of ``stream.next``."""
    return {"streams": [{"stream": flow.handle, "after": flow.after} for flow in flows], "wait_ms": wait_ms}
