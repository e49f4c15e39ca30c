"""The faults of the matrix: what goes wrong, and what of it the oracle needs to know.

A fault says only what is true at the server's end: whether the request could reach it, whether the work was done, and what was told about it. What a
call should come to is the oracle's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Told(Enum):
    """What the client can know, from the answer alone, about the work."""

    NOTHING = "no whole answer"  # reset, cut, stall
    UNCLEAR = "an answer that may come before or after the work"  # 5xx, a 400 by a broken part, a page under 200
    REFUSED = "a refusal: it was not done"  # 4xx of the application or of a proxy before it
    NOT_SENT = "no byte can have reached the server"


@dataclass(frozen=True)
class Fault:
    name: str
    told: Told
    kind: str  # of the error, where the call ends with it
    done: bool = False  # the work is done by the request that meets it
    passes: bool = True  # the same request may work a moment later
    stalls: bool = False  # nothing more comes until the caller's deadline
    order: dict[str, Any] = field(default_factory=dict, hash=False)  # for the sandbox
    address: str = ""  # no order, but another address: dns, refused, tls, untrusted, misnamed
    idle: bool = False  # no order, but a pooled connection that the server closed
    retry_after_s: float = 0.0
    only_json: bool = False  # it is none to an operation whose answer is empty
    in_body: bool = False  # it is none to one whose answer has no body


def _json(status: int, code: str, message: str, **headers: str) -> dict[str, Any]:
    body = json.dumps({"code": code, "message": message, "status": status})
    lines = [[name.replace("_", "-"), value] for name, value in headers.items()]
    return {"answer": {"status": status, "body": body, "headers": lines}}


def _page(status: int, reason: str, **headers: str) -> dict[str, Any]:
    """A page of a proxy, which bears nothing of the application's."""
    body = f"<html><head><title>{status} {reason}</title></head><body><h1>{reason}</h1></body></html>\n"
    lines = [[name.replace("_", "-"), value] for name, value in headers.items()]
    return {
        "answer": {
            "status": status,
            "reason": reason,
            "body": body,
            "content_type": "text/html",
            "headers": lines,
            "made_by": "nginx",
        }
    }


def _text(text: str, content_type: str) -> dict[str, Any]:
    return {"answer": {"status": 200, "body": text, "content_type": content_type}}


_BUSY = "Too many requests. Please try again later."

ADDRESSES = [
    Fault("name does not resolve", Told.NOT_SENT, "unreachable", address="dns"),
    Fault("connection refused", Told.NOT_SENT, "unreachable", address="refused"),
    Fault("no TLS there", Told.NOT_SENT, "tls", passes=False, address="tls"),
    Fault("untrusted certificate", Told.NOT_SENT, "tls", passes=False, address="untrusted"),
    Fault("certificate of another name", Told.NOT_SENT, "tls", passes=False, address="misnamed"),
]

BROKEN = [
    Fault("reset before the work", Told.NOTHING, "unreachable", order={"reset": "before"}),
    Fault("closed before the work", Told.NOTHING, "unreachable", order={"reset": "before", "how": "fin"}),
    Fault("reset before the request is read", Told.NOTHING, "unreachable", order={"reset": "before", "early": True}),
    Fault("done, then reset", Told.NOTHING, "unreachable", done=True, order={"reset": "after"}),
    Fault("done, then closed", Told.NOTHING, "unreachable", done=True, order={"reset": "after", "how": "fin"}),
    Fault("cut within the headers", Told.NOTHING, "unreachable", done=True, order={"cut_after": 40}),
    Fault("body cut", Told.NOTHING, "unreachable", done=True, in_body=True, order={"cut_body_after": 2, "how": "fin"}),
    Fault("body reset", Told.NOTHING, "unreachable", done=True, in_body=True, order={"cut_body_after": 2}),
]

STALLED = [
    Fault("stall before the work", Told.NOTHING, "timeout", stalls=True, order={"stall": "before"}),
    Fault("done, then stall", Told.NOTHING, "timeout", done=True, stalls=True, order={"stall": "headers"}),
    Fault("stall within the headers", Told.NOTHING, "timeout", done=True, stalls=True, order={"stall": "in-headers"}),
    Fault(
        "stall within the body",
        Told.NOTHING,
        "timeout",
        done=True,
        stalls=True,
        in_body=True,
        order={"stall": "in-body"},
    ),
]

GARBLED = [
    Fault("done, then no HTTP", Told.NOTHING, "protocol", True, False, order={"garbage": "SSH-2.0-OpenSSH_9.2\r\n"}),
    Fault("a page under 200", Told.UNCLEAR, "protocol", True, False, order={**_page(200, "OK"), "done": True}),
    Fault(
        "JSON that is none",
        Told.UNCLEAR,
        "protocol",
        done=True,
        passes=False,
        only_json=True,
        order={**_text("<p>hello</p>", "application/json"), "done": True},
    ),
    Fault(
        "half a JSON",
        Told.UNCLEAR,
        "protocol",
        done=True,
        passes=False,
        only_json=True,
        order={**_text('{"data": [{"id": "5f', "application/json"), "done": True},
    ),
]

TROUBLE = [
    Fault("500", Told.UNCLEAR, "server_error", order={"answer": "internal_error"}),
    Fault("done, then 500", Told.UNCLEAR, "server_error", done=True, order={"answer": "internal_error", "done": True}),
    Fault("502", Told.UNCLEAR, "server_error", order={"answer": "nginx_502"}),
    Fault("done, then 502", Told.UNCLEAR, "server_error", done=True, order={"answer": "nginx_502", "done": True}),
    Fault("503", Told.UNCLEAR, "overloaded", order={"answer": "nginx_503_documented"}),
    Fault(
        "done, then 504",
        Told.UNCLEAR,
        "server_error",
        done=True,
        order={"answer": "nginx_504_documented", "done": True},
    ),
    Fault("400 plugin daemon down", Told.UNCLEAR, "server_error", order={"answer": "plugin_daemon_down"}),
]

REFUSED = [
    Fault("400 too many requests", Told.REFUSED, "overloaded", order={"answer": "too_many_requests_400"}),
    Fault("429", Told.REFUSED, "overloaded", order=_json(429, "too_many_requests", _BUSY)),
    Fault(
        "429 with Retry-After",
        Told.REFUSED,
        "overloaded",
        retry_after_s=1.0,
        order=_json(429, "too_many_requests", _BUSY, Retry_After="1"),
    ),
    # Passing, but not within any deadline here: the window is a minute, and a refused call counts too.
    Fault("403 rate limit", Told.REFUSED, "rate_limited", passes=False, order={"answer": "rate_limit"}),
    Fault("page under 429", Told.REFUSED, "rate_limited", passes=False, order=_page(429, "Too Many Requests")),
    Fault("429 by Cloudflare", Told.REFUSED, "rate_limited", passes=False, order={"answer": "cloudflare_1015"}),
    Fault("429 quota", Told.REFUSED, "quota", passes=False, order={"answer": "quota_429"}),
    Fault("403 plan full", Told.REFUSED, "quota", passes=False, order={"answer": "documents_full"}),
    Fault("page under 403", Told.REFUSED, "forbidden", passes=False, order=_page(403, "Forbidden")),
    Fault("page under 413", Told.REFUSED, "too_large", passes=False, order={"answer": "nginx_413"}),
    Fault("401", Told.REFUSED, "unauthorized", passes=False, order={"answer": "unauthorized"}),
]

# The server closes a pooled connection while nothing runs on it, without having said so.
IDLE = [
    Fault("idle connection closed", Told.NOT_SENT, "unreachable", idle=True),
]

AT_SERVER = BROKEN + STALLED + GARBLED + TROUBLE + REFUSED
ALL = ADDRESSES + AT_SERVER + IDLE
