"""Whole streams of bytes, SP greeting and framing included: what a client sends, and what a service sends."""

from __future__ import annotations

from typing import Any

from pack import pack
from replies import BASE, OK
from requests_ import HEAD

REQ = bytes.fromhex("0053500000300000")
REP = bytes.fromhex("0053500000310000")
RID = 0x80000001
MESSAGE_MAX = 67_174_400  # the default of that bound
REPLY_MAX = 80 << 20

PING = pack(HEAD)
ANSWER = pack({**BASE, "ok": OK})


def word(value: int) -> bytes:
    return value.to_bytes(4, "big")


def frame(payload: bytes, kind: int = 1, length: int | None = None) -> bytes:
    return bytes([kind]) + (len(payload) if length is None else length).to_bytes(8, "big") + payload


def stream(name: str, text: str, greeting: bytes, data: bytes, expect: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "text": text, "greeting": greeting.hex(), "hex": data.hex(), "expect": expect}


def of_clients() -> list[dict[str, Any]]:
    """expect: replies = the heads of the replies, in any order; close = the service closes; silence = no reply, and it may close."""
    one = {"replies": [word(RID).hex()]}
    close, silence = {"close": True}, {"silence": True}
    ping = frame(word(RID) + PING)

    def greets(name: str, text: str, greeting: bytes) -> dict[str, Any]:
        return stream(name, text, greeting, ping, close)

    def frames(name: str, text: str, data: bytes, expect: dict[str, Any]) -> dict[str, Any]:
        return stream(name, text, REQ, data, expect)

    both = {"replies": [word(RID).hex(), word(RID + 1).hex()]}
    return [
        frames("ping", "A greeting and a call.", ping, one),
        frames("two_at_once", "Two calls in one piece.", ping + frame(word(RID + 1) + PING), both),
        frames("lowest_id", "The least request id.", frame(word(0x80000000) + PING), {"replies": ["80000000"]}),
        frames("highest_id", "The greatest request id.", frame(word(0xFFFFFFFF) + PING), {"replies": ["ffffffff"]}),
        frames(
            "through_a_device",
            "A hop of an SP device before the request id is sent back.",
            frame(word(7) + word(RID) + PING),
            {"replies": [(word(7) + word(RID)).hex()]},
        ),
        frames("only_an_id", "A request id and no map: answered with code `empty`.", frame(word(RID)), one),
        frames(
            "no_map",
            "A request id and no map but nil: answered with code `not_a_map`.",
            frame(word(RID) + b"\xc0"),
            one,
        ),
        frames("greeting_only", "Nothing is asked.", b"", silence),
        frames("empty_payload", "A frame without payload.", frame(b""), silence),
        frames("three_bytes", "Too short for a request id.", frame(b"\x80\x00\x00"), silence),
        frames("no_top_bit", "A request id without its top bit, and nothing more.", frame(word(1)), silence),
        frames("claims_4g", "A length of 4 GiB and nothing behind it.", frame(b"", length=1 << 32), close),
        frames("claims_2_64", "A length of 2^64-1.", frame(b"", length=2**64 - 1), close),
        frames(
            "claims_too_much",
            "A length of message_max, a request id and one byte.",
            frame(word(RID), length=MESSAGE_MAX + 4 + 1),
            close,
        ),
        frames("frame_type_0", "A frame of type 0.", frame(word(RID) + PING, kind=0), close),
        frames("frame_type_2", "A frame of type 2.", frame(word(RID) + PING, kind=2), close),
        frames("http", "A browser.", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", close),
        greets("greeting_pub", "A publisher (0x20).", bytes.fromhex("0053500000200000")),
        greets("greeting_rep", "Another service (REP).", REP),
        greets("greeting_pair", "A pair (0x10).", bytes.fromhex("0053500000100000")),
        greets("greeting_version", "SP version 1.", bytes.fromhex("0053500100300000")),
        greets("greeting_reserved", "Something in the reserved bytes.", bytes.fromhex("0053500000300001")),
        greets("greeting_http", "No SP at all.", b"GET / HT"),
        greets("greeting_zero", "Eight zeros.", bytes(8)),
    ]


def of_services() -> list[dict[str, Any]]:
    """expect: reply = the client has its answer to request RID; close = it closes with kind `protocol`."""
    reply, close = {"reply": True}, {"close": True}
    answer = frame(word(RID) + ANSWER)

    def frames(name: str, text: str, data: bytes, expect: dict[str, Any]) -> dict[str, Any]:
        return {**stream(name, text, REP, data, expect), "request_id": RID}

    def greets(name: str, text: str, greeting: bytes) -> dict[str, Any]:
        return {**stream(name, text, greeting, answer, close), "request_id": RID}

    return [
        frames("answer", "A greeting and an answer.", answer, reply),
        frames(
            "answer_of_another",
            "An answer to a request that nobody waits for comes first and is dropped.",
            frame(word(RID + 5) + ANSWER) + answer,
            reply,
        ),
        frames(
            "short_first",
            "A payload too short for a request id comes first and is dropped.",
            frame(b"\x80") + answer,
            reply,
        ),
        frames(
            "no_top_bit_first",
            "A payload without the top bit comes first and is dropped.",
            frame(word(1) + ANSWER) + answer,
            reply,
        ),
        frames("frame_type_2", "A frame of type 2.", frame(word(RID) + ANSWER, kind=2), close),
        frames("claims_4g", "A length of 4 GiB.", frame(b"", length=1 << 32), close),
        frames("claims_2_64", "A length of 2^64-1.", frame(b"", length=2**64 - 1), close),
        frames("claims_too_much", "A length of 80 MiB and one byte.", frame(b"", length=REPLY_MAX + 1), close),
        greets("greeting_req", "Another client (REQ).", REQ),
        greets("greeting_magic", "No SP.", b"HTTP/1.1"),
        greets("greeting_version", "SP version 1.", bytes.fromhex("0053500100310000")),
        greets("greeting_reserved", "Something in the reserved bytes.", bytes.fromhex("0053500000310100")),
    ]
