"""An HTTP server for tests, in a thread: it counts connections and requests, and misbehaves on demand.

It speaks bare HTTP/1.1, so that a test can send any bytes at all, and knows nothing of Dify: a
behaviour is a coroutine that gets the request and writes the answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    writer: asyncio.StreamWriter
    connection: int  # its number, from 1
    nth: int  # on that connection, from 1

    async def answer(
        self,
        status: int = 200,
        body: bytes | None = None,
        headers: str = "",
        content_type: str = "application/json",
    ) -> None:
        if body is None:
            body = json.dumps({"path": self.path, "n": self.nth}).encode()
        head = (
            f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\nX-Version: 1.12.1\r\n{headers}\r\n"
        )
        self.writer.write(head.encode() + body)
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection with RST, as a crashed process does."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.close()


Behaviour = Callable[[Request], Awaitable[None]]


async def plain(request: Request) -> None:
    await request.answer()


@dataclass
class Upstream:
    behaviour: Behaviour = plain
    connections: int = 0
    open: int = 0
    requests: Counter[str] = field(default_factory=Counter)  # by "METHOD path"
    bodies: list[bytes] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    port: int = 0

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._gates: list[asyncio.Event] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def gate(self) -> Gate:
        """A behaviour that waits until it is opened; it counts who waits."""
        return Gate(self)

    def note(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool], what: str, timeout: float = 15.0) -> None:
        """Until the condition on our counters holds."""
        with self._changed:
            assert self._changed.wait_for(condition, timeout), f"never came true: {what}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with self._changed:
            self.connections += 1
            self.open += 1
            number = self.connections
            self._changed.notify_all()
        try:
            await self._talk(reader, writer, number)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            with self._changed:
                self.open -= 1
                self._changed.notify_all()
            with contextlib.suppress(Exception):
                writer.close()

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        nth = 0
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            method, path, _ = first.split(" ")
            headers = {}
            for line in filter(None, lines):
                name, _, value = line.partition(":")
                headers[name.strip().lower()] = value.strip()
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            nth += 1
            with self._changed:
                self.requests[f"{method} {path.partition('?')[0]}"] += 1
                self.bodies.append(body)
                self.in_flight += 1
                self.most_in_flight = max(self.most_in_flight, self.in_flight)
                self._changed.notify_all()
            request = Request(method, path, headers, body, writer, number, nth)
            try:
                await self.behaviour(request)
            finally:
                with self._changed:
                    self.in_flight -= 1
                    self._changed.notify_all()
            if writer.is_closing():
                return

    def total(self) -> int:
        return sum(self.requests.values())


class Gate:
    """Requests wait here until open() is called; then they, and all later ones, are answered."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._event = asyncio.Event()
        self.waiting = 0

    async def __call__(self, request: Request) -> None:
        self.waiting += 1
        self._upstream.note()
        await self._event.wait()
        self.waiting -= 1
        await request.answer()

    def open(self) -> None:
        self._upstream._loop.call_soon_threadsafe(self._event.set)

    def wait_for(self, count: int) -> None:
        self._upstream.wait(lambda: self.waiting >= count, f"{count} requests wait")
