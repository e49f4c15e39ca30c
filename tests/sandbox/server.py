"""The server: listeners, and the way of a request from its head to the last byte of its answer."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import sys
import traceback
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from . import ops  # noqa: F401  (importing declares the operations)
from .call import Call, World, key_of
from .connection import Connection, Sent
from .counters import Counters
from .delivery import pause, send, spoil, stall
from .errors import (
    Refusal,
    form_too_large,
    gunicorn_page,
    html_404,
    internal_error,
    method_not_allowed,
    nginx_page,
    redirect,
)
from .faults import Fault, Faults
from .indexing import Indexer
from .multipart import Form, boundary_of
from .relay import Relay
from .routing import Operation, router
from .settings import Settings
from .state import State
from .wire import HTML_TYPE, Answer, Headers, Writer, cors_headers, json_answer, no_content
from .work import Work

_BAD_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
_UNKNOWN = Operation("unknown", lambda call: html_404(), "none", False, (), "")


async def _first(request: web.BaseRequest, count: int) -> AsyncIterator[bytes]:
    """So many bytes of the body, or all of it."""
    while count > 0 and not request.content.at_eof():
        piece = await request.content.read(min(count, 1 << 16))
        count -= len(piece)
        yield piece


async def _body(request: web.BaseRequest, fault: Fault | None) -> AsyncIterator[bytes]:
    """The body as it comes. While a fault wants silence nothing is read, and what the client sends fills the connection's buffers."""
    if fault is not None and fault.action.get("stall") == "in-request":
        async for piece in _first(request, int(fault.action.get("read_bytes", 0))):
            yield piece
        await stall(fault)
    async for piece in request.content.iter_any():
        yield piece


class CountingSocket(socket.socket):
    """A listening socket that tells of each connection it accepts, also of those whose TLS handshake never ends."""

    counters: Counters | None = None
    listener = ""

    def accept(self) -> tuple[socket.socket, Any]:
        accepted = super().accept()
        if self.counters is not None:
            self.counters.accept(self.listener)
        return accepted


class Server:
    """All of the stand-in but the control interface."""

    def __init__(self, settings: Settings, log_size: int = 10000) -> None:
        self.settings = settings
        self.counters = Counters(log_size)
        self.state = State(sorted({key.workspace for key in settings.keys}))
        self.indexer = Indexer(settings, self.counters.changed)
        self.world = World(settings, self.state, self.counters, self.indexer)
        self.writer = Writer(settings.dify_version, settings.env)
        self.faults = Faults()
        self.work = Work(settings, self.counters.changed)
        self.connections: set[Connection] = set()
        self.relays: list[Relay] = []
        self.ports: dict[str, int] = {}
        self._router = router()
        self._manager = web.Server(self._handle, request_factory=self._request)  # type: ignore[arg-type]
        self._listeners: list[asyncio.AbstractServer] = []
        self.counters.gauges = {
            "documents": lambda: self.state.documents,
            "datasets": lambda: len(self.state.datasets),
            "indexing": self.indexer.state,
            "workers": self.work.state,
            "uploads": self.world.uploads.state,
            "runs": self.world.runs.state,
            "streams": self.world.streams.state,
        }

    # --- listening

    async def listen(self, listener: str, port: int, context: ssl.SSLContext | None) -> None:
        """Open the listener "http" or "https"."""
        sock = CountingSocket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self.settings.host, port))
        sock.counters, sock.listener = self.counters, listener
        loop = asyncio.get_running_loop()
        made = await loop.create_server(
            lambda: Connection(self._manager, self, listener), sock=sock, ssl=context, backlog=2048
        )
        self._listeners.append(made)
        self.ports[listener] = sock.getsockname()[1]

    async def add_relay(self, listener: str, round_trip_ms: float, port: int = 0) -> Relay:
        """Put a listener so far away, at a port of its own."""
        relay = Relay(self.settings.host, self.ports[listener], round_trip_ms)
        await relay.start(port)
        self.relays.append(relay)
        return relay

    def stop(self) -> None:
        self.faults.clear()
        self.world.runs.reset()
        for made in self._listeners:
            made.close()
        for relay in self.relays:
            relay.stop()
        for connection in list(self.connections):
            connection.end("fin")

    def reset_counters(self) -> None:
        """Numbers at 0, but for what is now."""
        self.counters.reset()
        self.world.runs.reset_counters()
        self.world.streams.reset_counters()

    def reset(self) -> None:
        """A fresh server: no knowledge bases, no faults, counters at 0. Settings and connections stay."""
        self.faults.clear()
        self.world.scripts.clear()
        self.world.runs.reset()
        self.world.apps.reset()
        self.indexer.reset()
        self.state.reset()
        self.world.uploads.reset()
        self.reset_counters()

    # --- connections

    def opened(self, connection: Connection, handshake: bool, resumed: bool) -> None:
        self.connections.add(connection)
        self.counters.opened(connection.listener, handshake, resumed)

    def lost(self, connection: Connection) -> None:
        self.connections.discard(connection)
        self.counters.closed_one(connection.listener)

    def close_connections(self, only_idle: bool, how: str) -> int:
        found = [connection for connection in self.connections if not (only_idle and connection.busy)]
        for connection in found:
            connection.end(how)
        return len(found)

    def failed(self, exc: BaseException | None) -> None:
        """An error of the stand-in itself, which a test should see."""
        if exc is not None:
            traceback.print_exception(type(exc), exc, exc.__traceback__, file=sys.stderr)

    # --- requests

    @staticmethod
    def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        return web.BaseRequest(message, payload, protocol, writer, task, asyncio.get_running_loop(), client_max_size=0)

    async def _handle(self, request: web.BaseRequest) -> Sent:
        connection = request.protocol
        assert isinstance(connection, Connection)
        connection.begin()
        call, early = self._look(request, connection)
        entry = call.entry
        self.counters.began(entry)
        fault = self.faults.take(entry) if self.faults.any() else None
        keep_alive = self._keeps_alive(request, connection) and not (early is not None and early.closes)
        status: int | None = None
        try:
            status = await self._serve(request, connection, call, early, fault, keep_alive)
        finally:
            connection.rest()
            call.close()
            self.counters.ended(entry, status)
        return Sent(keep_alive and connection.wire is not None and not connection.wire.is_closing())

    def _keeps_alive(self, request: web.BaseRequest, connection: Connection) -> bool:
        limit = self.settings.requests_per_connection
        return request.keep_alive and not (limit and connection.requests >= limit)

    def _look(self, request: web.BaseRequest, connection: Connection) -> tuple[Call, Answer | None]:
        """Find the operation; an answer instead where nginx, gunicorn or Flask answer before any operation."""
        raw_path, _, raw_query = request.raw_path.partition("?")
        path = unquote(raw_path)
        early = self._refused_head(request, raw_path)
        params: dict[str, str] = {}
        operation = _UNKNOWN
        if early is None:
            early, operation, params = self._route(request.method, path)
        secret = request.headers.get("Authorization", "").partition(" ")[2].strip()
        key = key_of(self.settings, secret) if secret else None
        entry = {
            "connection": connection.number,
            "request_on_connection": connection.requests,
            "listener": connection.listener,
            "operation": operation.name,
            "method": request.method,
            "path": path,
            "query": raw_query,
            "key": key.name if key is not None else None,
            "secret": secret,
            "status": None,
            "effects": 0,
        }
        return Call(self.world, operation, request.method, path, raw_query, params, request.headers, entry), early

    def _refused_head(self, request: web.BaseRequest, raw_path: str) -> Answer | None:
        line = len(request.method) + len(request.raw_path) + 10
        if line > 8192:
            return nginx_page(414, "Request-URI Too Large", closes=True)
        if sum(map(len, request.headers.values())) > 8000 and max(map(len, request.headers.values())) > 8100:
            return nginx_page(400, "Bad Request", "Request Header Or Cookie Too Large", closes=True)
        if request.method == "TRACE":
            return nginx_page(405, "Not Allowed", closes=True)
        if "%" in raw_path and (_BAD_PERCENT.search(raw_path) or "%00" in raw_path):
            return nginx_page(400, "Bad Request", closes=True)
        if int(request.headers.get("Content-Length") or 0) > self.settings.body_limit:
            return nginx_page(413, "Request Entity Too Large", closes=True)
        if line > 4094:
            return gunicorn_page(400, "Bad Request", f"Request Line is too large ({line} > 4094)")
        return None

    def _route(self, method: str, path: str) -> tuple[Answer | None, Operation, dict[str, str]]:
        if path == "/v1" or "//" in path:
            return redirect("http://127.0.0.1" + (re.sub("/+", "/", path) if path != "/v1" else "/v1/")), _UNKNOWN, {}
        if path == "/v1/":
            root = html_404()
            root.made_by = "app"
            if self.settings.has("root-404"):
                return root, _UNKNOWN, {}
            shown = {"welcome": "Dify OpenAPI", "api_version": "v1", "server_version": self.settings.dify_version}
            return json_answer(shown), _UNKNOWN, {}
        found = self._router.find(path)
        if found is None:
            return html_404(), _UNKNOWN, {}
        node, params = found
        methods = {
            name: operation
            for name, operation in node.methods.items()
            if not (operation.lacking and self.settings.has(operation.lacking))
        }
        if method == "OPTIONS" and methods:
            allowed = ", ".join([*sorted(methods), "OPTIONS", *(["HEAD"] if "GET" in methods else [])])
            return Answer(200, b"", HTML_TYPE, [("Allow", allowed)]), _UNKNOWN, params
        operation = methods.get("GET" if method == "HEAD" else method)
        if operation is None:
            return (method_not_allowed() if methods else html_404()), _UNKNOWN, params
        return None, operation, params

    async def _serve(
        self,
        request: web.BaseRequest,
        connection: Connection,
        call: Call,
        early: Answer | None,
        fault: Fault | None,
        keep_alive: bool,
    ) -> int | None:
        if request.headers.get("Expect", "").lower() == "100-continue":
            connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if fault is not None:
            self.counters.faults += 1
            call.entry["fault"] = fault.number
        if fault is not None and fault.action.get("early"):
            async for _ in _first(request, int(fault.action.get("read_bytes", 0))):
                pass
        elif early is None or fault is not None:
            too_large = await self._read(request, call, fault)
            early = too_large or early
        if fault is not None:
            return await self._spoilt(request, connection, call, early, fault, keep_alive)
        answer = early or await self._answer(call)
        return await send(connection, self._head(request, answer, keep_alive), answer, keep_alive)

    async def _read(self, request: web.BaseRequest, call: Call, fault: Fault | None) -> Answer | None:
        """The request's body into the call; an answer if it grows too large."""
        if not request.body_exists:
            return None
        if call.operation.form:
            return await self._read_form(request, call, fault)
        if "Content-Length" in request.headers and fault is None:
            call.body = await request.read()
            return None
        parts, size = [], 0
        async for part in _body(request, fault):
            size += len(part)
            if size > self.settings.body_limit:
                return nginx_page(413, "Request Entity Too Large", closes=True)
            parts.append(part)
        call.body = b"".join(parts)
        return None

    async def _read_form(self, request: web.BaseRequest, call: Call, fault: Fault | None) -> Answer | None:
        """The request's body into a form, a piece at a time; what is no form is read past."""
        uploads, operation = self.world.uploads, call.operation
        boundary = boundary_of(request.headers.get("Content-Type", ""))
        keep = int(getattr(self.settings, operation.form))
        form = call.form = Form(boundary, keep, lambda part: uploads.note(operation.name, part))
        size = 0
        async for piece in _body(request, fault):
            size += len(piece)
            if size > self.settings.body_limit:
                return nginx_page(413, "Request Entity Too Large", closes=True)
            form.feed(piece)
            uploads.bytes += len(piece)
            self.counters.changed()
        form.finish()
        return form_too_large().answer if form.too_large else None

    def _head(self, request: web.BaseRequest, answer: Answer, keep_alive: bool) -> bytes:
        origin = request.headers.get("Origin")
        cors: Headers | None = None
        if origin is not None:
            preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
            cors = cors_headers(origin, request.headers.get("Access-Control-Request-Headers"), preflight)
        head = self.writer.head(answer, keep_alive, cors)
        if answer.attach is not None:
            answer.attach(request.protocol)
        if request.method == "HEAD":
            answer.body, answer.pieces = b"", None
        return head

    # --- work

    async def _answer(self, call: Call) -> Answer:
        """Do the work, at its cost. It is finished also when the client goes away meanwhile."""
        if self.work.is_free and not self._races(call):
            return await self._settled(self._execute(call, admitted=False))
        return await asyncio.shield(asyncio.ensure_future(self._paid(call)))

    @staticmethod
    async def _settled(answer: Answer) -> Answer:
        """What comes of a promise."""
        return answer if answer.later is None else await answer.later

    def _races(self, call: Call) -> bool:
        return bool(call.operation.races) and self.settings.has(call.operation.races)

    async def _paid(self, call: Call) -> Answer:
        name = call.operation.name
        limit = int(self.settings.worker_connections)
        await self.work.gate.enter(limit)
        streams = False
        try:
            call.admit()
            if self._races(call):
                await call.operation.prepare(call)  # type: ignore[misc]  # set together with races
            await self.work.before(name)
            answer = await self._settled(self._execute(call, admitted=True))
            await self.work.after(name, answer.items)
            streams = answer.pieces is not None
            if streams:
                call.at_end.append(lambda: self.work.gate.leave(limit))
            return answer
        except Refusal as refusal:
            return refusal.answer
        finally:
            if not streams:
                self.work.gate.leave(limit)

    def _execute(self, call: Call, admitted: bool) -> Answer:
        try:
            if not admitted:
                call.admit()
            answer: Answer = call.operation.function(call)
            return no_content() if answer.done and not self.settings.has("deletes-answer-200") else answer
        except Refusal as refusal:
            return refusal.answer
        except (
            Exception
        ) as error:  # an operation of ours that fails is a 500, as it would be in the real server, and is told
            self.failed(error)
            return internal_error().answer

    async def _spoilt(
        self,
        request: web.BaseRequest,
        connection: Connection,
        call: Call,
        early: Answer | None,
        fault: Fault,
        keep_alive: bool,
    ) -> int | None:
        action = fault.action
        await pause(action.get("delay_before_ms", 0))
        if action.get("stall") == "before":
            await stall(fault)
        if action.get("reset") == "before":
            connection.end(action.get("how", "rst"))
            return None
        instead = fault.answer()
        if instead is None or action.get("done"):
            answer = early or await self._answer(call)
        if instead is not None:
            answer = instead
        return await spoil(connection, fault, self._head(request, answer, keep_alive), answer, keep_alive)
