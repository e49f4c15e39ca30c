"""A client's connection: counted, numbered, closed when idle for long, and open to raw writes.

aiohttp reads the requests. Answers are written by this program itself, byte for byte, since what is emulated is the wire: the order of header
lines, an answer that breaks off, a reset. aiohttp's own keep-alive timer differs between its versions, so ours is used.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from .errors import nginx_page
from .relay import reset

if TYPE_CHECKING:
    from .server import Server

_numbers = itertools.count(1)
_NEVER_S = 10**8


class Sent:
    """What aiohttp wants from a handler. The bytes are out already."""

    def __init__(self, keep_alive: bool) -> None:
        self.keep_alive = keep_alive

    async def prepare(self, request: web.BaseRequest) -> None:
        return None

    async def write_eof(self) -> None:
        return None


class Connection(RequestHandler):
    """One connection. Ours are the members without an underscore; the rest is aiohttp's."""

    def __init__(self, manager: web.Server, server: Server, listener: str) -> None:
        super().__init__(
            manager,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=_NEVER_S,
            tcp_keepalive=False,
            access_log=None,  # type: ignore[arg-type]
            max_line_size=1 << 17,
            max_field_size=1 << 17,
            lingering_time=2.0,
            auto_decompress=False,
        )
        self.server = server
        self.listener = listener
        self.number = next(_numbers)
        self.requests = 0
        self.busy = False
        self.wire: asyncio.Transport | None = None
        self.idle_timer: asyncio.TimerHandle | None = None
        self.idle_since = 0.0
        self.writable: asyncio.Future[None] | None = None
        self.on_lost: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self.wire = transport  # type: ignore[assignment]
        session: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        self.server.opened(self, session is not None, bool(session is not None and session.session_reused))
        self.rest()
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self.wire is not None:
            self.wire = None
            self._stop_timer()
            self.server.lost(self)
        if self.writable is not None and not self.writable.done():
            self.writable.set_result(None)
        if self.on_lost is not None:
            self.on_lost()
        super().connection_lost(exc)

    # --- idle

    def begin(self) -> None:
        """A request is here. The idle timer is not touched for that: it looks at what is true when it fires."""
        self.busy = True
        self.requests += 1

    def rest(self) -> None:
        """Idle from now on."""
        self.busy = False
        if self.wire is None:
            return
        self.idle_since = self._loop.time()
        if self.idle_timer is None:
            self._start_timer(self.idle_since + self.server.settings.keepalive_s)

    def _start_timer(self, when: float) -> None:
        if self.server.settings.keepalive_s > 0:
            self.idle_timer = self._loop.call_at(when, self._look_idle)

    def _stop_timer(self) -> None:
        if self.idle_timer is not None:
            self.idle_timer.cancel()
            self.idle_timer = None

    def _look_idle(self) -> None:
        self.idle_timer = None
        if self.wire is None:
            return
        limit = self.idle_since + self.server.settings.keepalive_s
        if self.busy:
            self._start_timer(self._loop.time() + self.server.settings.keepalive_s)
        elif self._loop.time() < limit - 0.0005:
            self._start_timer(limit)
        else:
            self.end("fin")

    def settings_changed(self) -> None:
        """A new keep-alive time holds for open connections too."""
        self._stop_timer()
        if not self.busy:
            self._start_timer(self.idle_since + self.server.settings.keepalive_s)

    # --- writing

    def write(self, data: bytes) -> bool:
        """Send bytes as they are. False if the connection is gone."""
        if self.wire is None or self.wire.is_closing():
            return False
        self.wire.write(data)
        return True

    async def drained(self) -> None:
        """Until the client has taken enough for more to be written."""
        if self.writable is not None:
            await asyncio.shield(self.writable)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.writable is None:
            self.writable = self._loop.create_future()
            self.server.counters.changed()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.writable is not None and not self.writable.done():
            self.writable.set_result(None)
        self.writable = None

    def end(self, how: str) -> None:
        """Close: "fin" after what was written, "rst" at once with a reset."""
        wire = self.wire
        if wire is None:
            return
        if how == "rst":
            reset(wire)
        else:
            self._close_wire(wire)

    @staticmethod
    def _close_wire(wire: asyncio.Transport) -> None:
        """Over TLS asyncio waits for the client's close_notify before it closes the socket; nginx does not: FIN follows its own at once."""
        wire.close()
        raw = getattr(getattr(wire, "_ssl_protocol", None), "_transport", None)
        if raw is not None and not raw.is_closing() and not wire.get_write_buffer_size():
            raw.close()

    # --- what aiohttp could not read

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> Any:
        """A request that is no HTTP is answered as nginx does; an error of ours is printed and answered by 500."""
        if status != 400:
            self.server.failed(exc)
        answer = nginx_page(400, "Bad Request") if status == 400 else nginx_page(500, "Internal Server Error")
        self.write(self.server.writer.head(answer, keep_alive=False) + answer.body)
        return Sent(False)
