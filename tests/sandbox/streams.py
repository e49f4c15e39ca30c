"""Streams of events: what a run emits, on its way to one client.

The bytes are asked for one piece at a time and each waits until the client has taken enough of those before it, so a client that does not read is
felt by the run, and nothing but a few events is held. Every stream is counted and listed, so that a test can see what reached it and what was held
back. What a script wants done with the bytes (edges of chunks, an end in the middle) is done here; faults work on the outcome like on any answer.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, deque
from collections.abc import AsyncIterator
from typing import Any, Callable

from .connection import Connection
from .runs import Listener, Run
from .scripts import Script
from .wire import Answer, streamed

EVENT_TYPE = "text/event-stream; charset=utf-8"
PING = b"event: ping\n\n"
LISTED = 1000  # streams that have ended and are still listed
_ARRIVE_S = 0.02  # a reset overtakes what the client has not read yet: time for the bytes to arrive


class Stream:
    """One stream and its numbers. state: open, finished (the client has all of it), cut (by a script), left (the client went away, or a fault ended it)."""

    def __init__(
        self, streams: Streams, run: Run, listener: Listener, script: Script, entry: dict[str, Any], ping_s: float
    ) -> None:
        self.streams = streams
        self.number = next(streams.counter)
        self.run = run
        self.listener = listener
        self.script = script
        self.entry = entry
        self.ping_s = float(script.action.get("ping_s", ping_s))
        self.state = "open"
        self.events = 0
        self.pings = 0
        self.bytes = 0
        self.connection: Connection | None = None
        self._body = 0

    def attach(self, connection: Connection) -> None:
        """This connection carries it."""
        self.connection = connection
        connection.on_lost = self.listener.wake

    def detach(self) -> None:
        if self.connection is not None:
            self.connection.on_lost = None

    @property
    def lost(self) -> bool:
        return self.connection is not None and (self.connection.wire is None or self.connection.wire.is_closing())

    @property
    def blocked(self) -> bool:
        """Whether it waits for the client to read."""
        return self.state == "open" and self.connection is not None and self.connection.writable is not None

    def public(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "request": self.entry.get("seq"),
            "operation": self.entry["operation"],
            "task_id": self.run.task_id,
            "workflow_run_id": self.run.id,
            "state": self.state,
            "blocked": self.blocked,
            "events": self.events,
            "pings": self.pings,
            "bytes": self.bytes,
        }

    # --- pieces

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as the HTTP chunks in which it is sent."""
        try:
            async for frames in self._frames():
                for piece in self._split(frames):
                    yield piece
                    self.bytes += len(piece)
                    self.streams.wrote(self, len(piece))
                    if "piece_ms" in self.script.action:
                        await asyncio.sleep(self.script.action["piece_ms"] / 1000)
            if self.state == "open" and not self.lost:
                self.state = "finished"
        finally:
            self.close()

    async def _frames(self) -> AsyncIterator[bytes]:
        """Events and pings, several together where the script wants that."""
        action, loop = self.script.action, asyncio.get_running_loop()
        cut, together = action.get("cut_after_events"), int(action.get("events_per_chunk", 1))
        next_ping = loop.time() + self.ping_s
        held: list[bytes] = []
        while not self.lost:
            if cut is not None and self.events + len(held) >= cut:
                if held:
                    yield self._counted(held)
                await self._cut(action.get("how", "rst"))
                return
            frame = self.listener.take()
            if frame is not None:
                held.append(frame)
                if len(held) >= together:
                    yield self._counted(held)
                continue
            if self.listener.ended:
                break
            wait = next_ping - loop.time() if self.ping_s else None
            if wait is not None and wait <= 0:
                next_ping += self.ping_s
                self.pings += 1
                yield PING
                continue
            await self.listener.wait(wait)
        if held and not self.lost:
            yield self._counted(held)

    def _counted(self, held: list[bytes]) -> bytes:
        self.events += len(held)
        self.streams.numbers["events"] += len(held)
        frames = b"".join(held)
        held.clear()
        return frames

    def _split(self, frames: bytes) -> list[bytes]:
        """Cut where the script wants a chunk to end."""
        action, start = self.script.action, self._body
        self._body += len(frames)
        ends = {int(edge) - start for edge in action.get("chunk_edges", []) if start < edge < self._body}
        if "chunk_bytes" in action:
            size = int(action["chunk_bytes"])
            ends.update(range(size, len(frames), size))
        if not ends:
            return [frames]
        edges = [0, *sorted(ends), len(frames)]
        return [frames[one:other] for one, other in zip(edges, edges[1:])]

    async def _cut(self, how: str) -> None:
        self.state = "cut"
        if how == "rst":
            await asyncio.sleep(_ARRIVE_S)
        if self.connection is not None:
            self.connection.end(how)

    def close(self) -> None:
        """Also where not one piece was asked for, since a fault took the answer's place. Closing twice is nothing."""
        if self.state == "open":
            self.state = "left"
        self.detach()
        self.listener.leave()
        self.streams.ended(self)


class Streams:
    """All streams, with their numbers."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.changed = changed
        self.counter = itertools.count(1)
        self._open: dict[int, Stream] = {}
        self._last: Stream | None = None
        self.reset_counters()

    def reset_counters(self) -> None:
        self.numbers: Counter[str] = Counter()
        self.max_open = len(self._open)
        self._ended: deque[Stream] = deque(maxlen=LISTED)

    def answer(
        self, run: Run, listener: Listener, script: Script, entry: dict[str, Any], ping_s: float
    ) -> tuple[Answer, Stream]:
        """The answer that carries what this listener hears; the stream is to be closed when the request is over."""
        stream = Stream(self, run, listener, script, entry, ping_s)
        self._open[stream.number] = self._last = stream
        self.numbers["started"] += 1
        self.max_open = max(self.max_open, len(self._open))
        self.changed()
        made = streamed(stream.pieces(), EVENT_TYPE)
        made.attach = stream.attach
        return made, stream

    def wrote(self, stream: Stream, count: int) -> None:
        self.numbers["bytes"] += count
        self.changed()

    def ended(self, stream: Stream) -> None:
        if self._open.pop(stream.number, None) is None:
            return
        self.numbers[stream.state] += 1
        self._ended.append(stream)
        self.changed()

    def listed(self) -> list[dict[str, Any]]:
        """Those that are open and the last of the others, oldest first."""
        return [stream.public() for stream in sorted([*self._ended, *self._open.values()], key=lambda one: one.number)]

    def state(self) -> dict[str, Any]:
        return {
            "open": len(self._open),
            "max_open": self.max_open,
            "blocked": sum(stream.blocked for stream in self._open.values()),
            "last": {} if self._last is None else self._last.public(),
            **{name: self.numbers[name] for name in ("started", "finished", "cut", "left", "events", "bytes")},
        }
