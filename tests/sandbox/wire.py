"""Answers as bytes: Dify's head lines in the order in which nginx and Flask send them, and Flask-RESTX's JSON.

An answer is finished here once, as one bytes object, so that sending it is a single write. Dates are made once a second.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

JSON_TYPE = "application/json"
HTML_TYPE = "text/html; charset=utf-8"
Headers = list[tuple[str, str]]


class Answer:
    """One answer before it meets a connection. `made_by` is "app" (X-Version), "bare" (X-Version, no CORS: made before Flask-RESTX) or "nginx".

    An answer with `pieces` is sent as they come: each is an HTTP chunk, or, if `length` tells how long they are together, a part of a plain body.
    `attach` is told the connection that carries it. With `later`, this is a promise: the answer is what comes of that.
    """

    __slots__ = (
        "status",
        "reason",
        "content_type",
        "body",
        "headers",
        "made_by",
        "items",
        "closes",
        "last_headers",
        "pieces",
        "length",
        "done",
        "attach",
        "later",
    )

    def __init__(
        self,
        status: int,
        body: bytes,
        content_type: str = JSON_TYPE,
        headers: Headers | None = None,
        made_by: str = "app",
        reason: str = "",
    ) -> None:
        self.status = status
        self.reason = reason
        self.content_type = content_type
        self.body = body
        self.headers = headers
        self.made_by = made_by
        self.items = 0
        self.closes = False
        self.last_headers: Headers | None = None
        self.pieces: AsyncIterator[bytes] | None = None
        self.length: int | None = None
        self.done = False
        self.attach: Callable[[Any], None] | None = None
        self.later: Awaitable[Answer] | None = None

    @property
    def chunked(self) -> bool:
        return self.pieces is not None and self.length is None

    def framing(self) -> str:
        """The header line that says where the body ends."""
        if self.chunked:
            return "Transfer-Encoding: chunked\r\n"
        if self.status == 204:
            return ""
        return f"Content-Length: {len(self.body) if self.length is None else self.length}\r\n"


def streamed(pieces: AsyncIterator[bytes], content_type: str, length: int | None = None) -> Answer:
    """A 200 whose body comes in pieces."""
    answer = Answer(200, b"", content_type)
    answer.pieces, answer.length = pieces, length
    return answer


def json_bytes(value: Any) -> bytes:
    """Flask-RESTX's JSON: `\\u` escapes, a space after `,` and `:`, a newline at the end."""
    return json.dumps(value).encode("ascii") + b"\n"


def json_answer(value: Any, status: int = 200, headers: Headers | None = None) -> Answer:
    return Answer(status, json_bytes(value), JSON_TYPE, headers)


def no_content() -> Answer:
    """A true 204."""
    return Answer(204, b"")


def done_204() -> Answer:
    """What 1.12.1 sends where 204 is documented: 200 with the body `204`. Without that defect the server sends a 204."""
    answer = Answer(200, b"204\n")
    answer.done = True
    return answer


# Later Pythons name these otherwise than Werkzeug does.
_REASONS = {413: "REQUEST ENTITY TOO LARGE", 414: "REQUEST URI TOO LONG", 422: "UNPROCESSABLE ENTITY"}


def reason_of(status: int) -> str:
    try:
        if status in _REASONS:
            return _REASONS[status]
        return HTTPStatus(status).phrase.upper()
    except ValueError:
        return "UNKNOWN"


class Dates:
    """The Date header's value, made anew once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._text = ""

    def now(self) -> str:
        second = int(time.time())
        if second != self._second:
            self._second, self._text = second, formatdate(second, usegmt=True)
        return self._text


def _lines(headers: Headers) -> str:
    return "".join([f"{name}: {value}\r\n" for name, value in headers])


class Writer:
    """Turns answers into bytes for one server version."""

    def __init__(self, version: str, env: str) -> None:
        self._dates = Dates()
        self._identity = f"X-Version: {version}\r\nX-Env: {env}\r\n"
        self._plain = "Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: X-Env, X-Trace-Id, X-Version\r\n"

    def head(self, answer: Answer, keep_alive: bool, cors: Headers | None = None) -> bytes:
        """The status line and header fields; `cors` replaces the plain CORS lines when the request had an Origin."""
        lines = [
            f"HTTP/1.1 {answer.status} {answer.reason or reason_of(answer.status)}\r\nServer: nginx/1.22.1\r\nDate: {self._dates.now()}\r\n"
            f"Content-Type: {answer.content_type}\r\n{answer.framing()}"
            f"Connection: {'keep-alive' if keep_alive else 'close'}\r\n"
        ]
        lines.append(_lines(answer.headers or []))
        if answer.made_by == "app":
            lines.append(self._plain if cors is None else _lines(cors))
        if answer.made_by != "nginx":
            lines.append(self._identity)
        lines.append(_lines(answer.last_headers or []))
        lines.append("\r\n")
        return "".join(lines).encode("latin-1", "replace")


def cors_headers(origin: str, asked: str | None, preflight: bool) -> Headers:
    """The CORS lines for a request with an Origin, as flask-cors writes them."""
    lines = [("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", "X-Env, X-Trace-Id, X-Version")]
    if preflight:
        if asked:
            lines.append(("Access-Control-Allow-Headers", asked))
        lines.append(("Access-Control-Allow-Methods", "DELETE, GET, OPTIONS, PATCH, POST, PUT"))
    lines.append(("Vary", "Origin"))
    return lines
