"""Distance: a relay that makes a server on this machine answer as from far away.

What it emulates, for a round trip of R ms: every segment is held for R/2 on its way, in each direction, in order, whatever its size (bandwidth is
not limited). A TCP connect costs R: on loopback the kernel completes a connect at once, so the relay holds the client's first bytes back until the
connect would have been done, and the server sees the connection R/2 after it was asked for. TLS handshakes pay their round trips by themselves,
since their records travel like any others. An end of file and a reset travel too. Not emulated: loss, slow start, limited bandwidth, jitter.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import deque

from .clock import EARLY_S

_EOF, _RESET = "eof", "reset"
_HIGH_WATER = 1 << 20


def reset(transport: asyncio.BaseTransport) -> None:
    """Close a connection with RST instead of FIN."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
    transport.abort()  # type: ignore[attr-defined]


class _Lane:
    """One direction: what came in, and when it is due on the other side."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.not_before = 0.0
        self.target: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._queue: deque[tuple[float, object]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def put(self, item: object) -> None:
        due = max(self._loop.time(), self.not_before) + self.delay
        self._queue.append((due, item))
        if self._timer is None:
            self._timer = self._loop.call_at(due - EARLY_S, self._deliver)

    def connect(self, target: asyncio.Transport) -> None:
        self.target = target
        if self._timer is None and self._queue:
            self._timer = self._loop.call_at(self._queue[0][0] - EARLY_S, self._deliver)

    def _deliver(self) -> None:
        self._timer = None
        if self.target is None:
            return
        now = self._loop.time() + EARLY_S
        while self._queue and self._queue[0][0] <= now:
            item = self._queue.popleft()[1]
            if isinstance(item, bytes):
                self.target.write(item)
            elif item == _RESET:
                reset(self.target)
                self._queue.clear()
            elif not self.target.is_closing():
                with contextlib.suppress(OSError):  # the other side has reset it meanwhile
                    self.target.write_eof()
        if self._queue:
            self._timer = self._loop.call_at(self._queue[0][0] - EARLY_S, self._deliver)

    def stop(self) -> None:
        self._queue.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _End(asyncio.Protocol):
    """One of a connection's two sockets: what it reads goes into its lane."""

    def __init__(self, pair: _Pair, lane: _Lane, back: _Lane) -> None:
        self._pair = pair
        self._lane = lane
        self._back = back
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(_HIGH_WATER)
        self.transport = transport
        self._back.connect(transport)
        self._pair.made(self)

    def data_received(self, data: bytes) -> None:
        self._lane.put(data)

    def eof_received(self) -> bool:
        self._lane.put(_EOF)
        self._pair.ended(self)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._lane.put(_RESET if isinstance(exc, ConnectionResetError) else _EOF)
        self._pair.lost(self)

    def pause_writing(self) -> None:
        self._pair.pause(self, True)

    def resume_writing(self) -> None:
        self._pair.pause(self, False)


class _Pair:
    """A client's connection and the server's that belongs to it."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._loop = asyncio.get_running_loop()
        half = relay.round_trip_s / 2
        there, back = _Lane(half), _Lane(half)
        there.not_before = self._loop.time() + relay.round_trip_s
        self._lanes = (there, back)
        self.client = _End(self, there, back)
        self.server = _End(self, back, there)
        self._finished: list[_End] = []
        relay.pairs.add(self)

    def made(self, end: _End) -> None:
        if end is self.client:
            self._loop.call_later(self._relay.round_trip_s / 2, self._connect)

    def _connect(self) -> None:
        task = self._loop.create_task(self._reach())
        self._relay.tasks.add(task)
        task.add_done_callback(self._relay.tasks.discard)

    async def _reach(self) -> None:
        try:
            await self._loop.create_connection(lambda: self.server, self._relay.host, self._relay.upstream_port)
        except OSError:
            if self.client.transport is not None:
                reset(self.client.transport)
            self._forget()

    def ended(self, end: _End) -> None:
        """Once both sides have sent their end, what is left is delivered and both are closed."""
        self._finished.append(end)
        if self.client in self._finished and self.server in self._finished:
            self._loop.call_later(self._relay.round_trip_s + 0.01, self.close)

    def lost(self, end: _End) -> None:
        other = self.server if end is self.client else self.client
        if other.transport is None:
            return  # the connect is still under way: what was sent before, and the end, are delivered then
        if other.transport.is_closing():
            self._forget()
        else:
            self._loop.call_later(self._relay.round_trip_s / 2 + 0.01, other.transport.close)

    def pause(self, end: _End, paused: bool) -> None:
        other = self.server if end is self.client else self.client
        if other.transport is not None and not other.transport.is_closing():
            if paused:
                other.transport.pause_reading()
            else:
                other.transport.resume_reading()

    def close(self) -> None:
        for end in (self.client, self.server):
            if end.transport is not None:
                end.transport.close()

    def _forget(self) -> None:
        for lane in self._lanes:
            lane.stop()
        self._relay.pairs.discard(self)


class Relay:
    """Listens on a port of its own and carries each connection to the upstream port and back."""

    def __init__(self, host: str, upstream_port: int, round_trip_ms: float) -> None:
        self.host = host
        self.upstream_port = upstream_port
        self.round_trip_s = round_trip_ms / 1000
        self.port = 0
        self.pairs: set[_Pair] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.AbstractServer | None = None

    async def start(self, port: int = 0) -> int:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Pair(self).client, self.host, port, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for pair in list(self.pairs):
            pair.close()
