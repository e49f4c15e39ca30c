"""Replies, good and bad: the msgpack map alone, as a client finds it behind the SP request id."""

from __future__ import annotations

from typing import Any

from pack import Raw, binary, mapping, meaning, pack, string, uint
from requests_ import EPOCH, ID

BASE: dict[str, Any] = {"v": 1, "id": ID, "epoch": EPOCH}
META = {
    "op": "datasets.list",
    "attempts": 1,
    "reused": True,
    "server_us": 1500,
    "total_us": 1720,
    "received": 12,
    "version": "1.12.1",
}
OK = {
    "status": 200,
    "type": "application/json",
    "headers": {"x-version": "1.12.1"},
    "body": b'{"data": []}',
    "meta": META,
}
ERROR = {
    "kind": "not_found",
    "code": "not_found",
    "message": "Dataset not found.",
    "hint": "",
    "retryable": False,
    "status": 404,
}


def ok(name: str, text: str, value: dict[str, Any], data: bytes | None = None) -> dict[str, Any]:
    """The client gives its caller a success with these values."""
    return row(name, text, value, data, {"ok": meaning(value["ok"])})


def error(name: str, text: str, value: dict[str, Any], kind: str = "") -> dict[str, Any]:
    """The client gives its caller an error. kind: the class it takes, if that is not the name on the wire."""
    expect = meaning(value["error"])
    return row(name, text, value, None, {"error": expect, "class": kind or expect["kind"]})


def row(name: str, text: str, value: dict[str, Any], data: bytes | None, expect: dict[str, Any]) -> dict[str, Any]:
    body = pack(value) if data is None else data
    return {"name": name, "text": text, "hex": body.hex(), "meaning": meaning(value), "expect": expect}


def broken(name: str, text: str, data: bytes) -> dict[str, Any]:
    """The client gives its caller an error of kind `protocol`; a write may have happened."""
    return {"name": name, "text": text, "hex": data.hex(), "expect": {"class": "protocol"}}


def vectors() -> list[dict[str, Any]]:
    return [*successes(), *failures(), *unreadable()]


def successes() -> list[dict[str, Any]]:
    value = {"data": [], "total": 0, "ratio": 0.5, "none": None, "text": "☃", "big": Raw(uint(2**63, 8), 2**63)}
    longest = {**BASE, "ok": {**OK, "body": Raw(binary(b"x", 4), b"x")}}
    return [
        ok("bytes", "A success with the server's bytes.", {**BASE, "ok": OK}),
        ok("created", "201 is a success.", {**BASE, "ok": {**OK, "status": 201}}),
        ok(
            "no_body",
            "204, nothing in it.",
            {**BASE, "ok": {"status": 204, "type": "", "headers": {}, "body": b"", "meta": {}}},
        ),
        ok("value", "A decoded answer.", {**BASE, "ok": {**OK, "body": value}}),
        ok("value_list", "A decoded answer that is a list.", {**BASE, "ok": {**OK, "body": [1, "a"]}}),
        ok("value_nil", "A decoded answer that is null.", {**BASE, "ok": {**OK, "body": None}}),
        ok(
            "binary_body",
            "Bytes that are no text.",
            {**BASE, "ok": {**OK, "type": "image/png", "body": bytes(range(256))}},
        ),
        ok(
            "ping",
            "What service.ping answers.",
            {**BASE, "ok": {"status": 200, "type": "", "headers": {}, "body": {"epoch": EPOCH}, "meta": {}}},
        ),
        ok("lean", "Keys that may be left out are.", {**BASE, "ok": {"status": 200, "body": b"{}"}}),
        ok(
            "unknown_keys",
            "Keys of a newer service are ignored.",
            {**BASE, "later": 1, "ok": {**OK, "meta": {**META, "colour": "blue"}}},
        ),
        ok("resent", "Answered from memory.", {**BASE, "ok": {**OK, "meta": {"op": "tags.bind", "resent": True}}}),
        ok(
            "long_forms",
            "Longest forms of map, bin and str.",
            longest,
            mapping([(string(k.encode(), 4), pack(v)) for k, v in longest.items()], 4),
        ),
        ok("no_id", "A reply without an id answers the request of its SP id.", {"v": 1, "epoch": EPOCH, "ok": OK}),
    ]


def failures() -> list[dict[str, Any]]:
    limited = {**ERROR, "kind": "rate_limited", "status": 403, "retryable": True, "retry_after_ms": 21_000}
    pending = {**ERROR, "kind": "unknown_outcome", "code": "deadline", "pending": True}
    answered = {
        **ERROR,
        "type": "application/json",
        "headers": {"x-version": "1.12.1"},
        "body": b'{"code": "not_found"}',
        "meta": META,
    }
    return [
        error("error", "A failure with all texts.", {**BASE, "error": ERROR}),
        error(
            "error_least",
            "Only what is required.",
            {**BASE, "error": {"kind": "internal", "code": "", "message": "", "hint": "", "retryable": False}},
        ),
        error("error_retry_after", "When to come again.", {**BASE, "error": limited}),
        error("error_pending", "The write still runs.", {**BASE, "error": pending}),
        error("error_answer", "With the server's answer.", {**BASE, "error": answered}),
        error(
            "error_without_id",
            "The request could not be read.",
            {"v": 1, "epoch": EPOCH, "error": {**ERROR, "kind": "invalid_request", "code": "not_a_map"}},
        ),
        error(
            "error_unknown_kind",
            "A kind of a newer service is taken as internal; its name is kept.",
            {**BASE, "error": {**ERROR, "kind": "out_of_tea"}},
            "internal",
        ),
        error(
            "error_unknown_keys", "Keys of a newer service are ignored.", {**BASE, "error": {**ERROR, "colour": "blue"}}
        ),
    ]


def unreadable() -> list[dict[str, Any]]:
    return [
        broken("reply_empty", "Nothing behind the request id.", b""),
        broken("reply_not_a_map", "A list.", b"\x91\x01"),
        broken("reply_neither", "Neither ok nor error.", pack(BASE)),
        broken("reply_cut", "Cut in its body.", pack({**BASE, "ok": OK})[:-20]),
        broken(
            "reply_claims_4g",
            "A body that claims 4 GiB.",
            pack({**BASE, "ok": {"status": 200, "body": Raw(binary(b"x", 4, 2**32 - 1))}}),
        ),
        broken(
            "reply_claims_list_4g",
            "A list that claims 2^32-1 entries.",
            pack({**BASE, "ok": {"status": 200, "body": Raw(b"\xdd\xff\xff\xff\xff")}}),
        ),
        broken("reply_other_id", "The answer to another call.", pack({**BASE, "id": bytes(16), "ok": OK})),
        broken("reply_ok_no_map", "ok is a number.", pack({**BASE, "ok": 1})),
        broken("reply_error_no_kind", "An error without a kind.", pack({**BASE, "error": {"message": "x"}})),
    ]
