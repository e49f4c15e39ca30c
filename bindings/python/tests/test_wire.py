"""Bytes in, bytes out: framing, requests and replies, against own cases and the vectors of proto/."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path
from typing import Any

import msgpack
import pytest

from difypool import _calls, _wire, errors
from difypool.reply import Reply

VECTORS = Path(__file__).resolve().parents[3] / "proto" / "vectors"
CALL_ID = bytes(range(0x10, 0x20))


def rows(name: str) -> list[Any]:
    path = VECTORS / name
    if not path.exists():
        return [pytest.param({}, id="none", marks=pytest.mark.skip(f"{path} is not there (outside the source tree)"))]
    return [pytest.param(row, id=row["name"]) for row in map(json.loads, path.read_text().splitlines())]


def data(row: dict[str, Any]) -> bytes:
    fill = row.get("fill")
    middle = bytes.fromhex(fill["hex"]) * fill["times"] if fill else b""
    return bytes.fromhex(row["hex"]) + middle + bytes.fromhex(row.get("tail", ""))


def plain(value: Any) -> Any:
    """Values of a vector as msgpack gives them."""
    if isinstance(value, dict):
        return bytes.fromhex(value["$bin"]) if set(value) == {"$bin"} else {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("row", rows("replies.jsonl"))
def test_reply_vectors(row: dict[str, Any]) -> None:
    expect = row["expect"]
    _, outcome = _wire.reply(b"\x80\x00\x00\x01" + data(row), CALL_ID)
    if "ok" in expect:
        assert isinstance(outcome, Reply)
        ok = plain(expect["ok"])
        assert outcome.status == ok["status"]
        assert outcome.type == ok.get("type", "")
        assert outcome.headers == ok.get("headers", {})
        for key, value in ok.get("meta", {}).items():
            assert outcome.meta[key] == value
        body = ok.get("body", b"")
        assert (outcome.content if isinstance(body, bytes) else outcome.json()) == body
        return
    assert isinstance(outcome, errors.Error)
    assert type(outcome).kind == expect["class"]
    for key, value in plain(expect.get("error", {})).items():
        if key == "retry_after_ms":
            assert outcome.retry_after == value / 1000
        elif hasattr(outcome, key):  # keys of a newer service are nothing here
            assert getattr(outcome, key) == value, key


@pytest.mark.parametrize("row", rows("service_streams.jsonl"))
@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_stream_vectors(row: dict[str, Any], piece: int) -> None:
    stream = bytes.fromhex(row["greeting"]) + data(row)
    if len(stream) > 1 << 20 and piece < 1 << 20:
        pytest.skip("a long stream in small pieces takes long and shows nothing new")
    frames = _wire.Frames()
    answers = []
    closed = False
    try:
        for start in range(0, len(stream), piece):
            feed(frames, stream[start : start + piece], answers)
    except errors.Protocol:
        closed = True
    wanted = (
        int(row.get("request_id", 0x80000001)) if not isinstance(row.get("request_id"), str) else int(row["request_id"], 16)
    )
    mine = [answer for answer in answers if _wire.rid_of(answer) == wanted]
    if "reply" in row["expect"]:
        assert len(mine) >= 1
        assert isinstance(_wire.reply(mine[0], CALL_ID)[1], Reply)
    else:
        assert closed
    assert len(frames._buffer) <= len(stream) * 2 + (128 << 10), "memory follows what came, not what is claimed"


def feed(frames: _wire.Frames, stream: bytes, answers: list[bytes]) -> None:
    while stream:
        space = frames.space()
        count = min(len(space), len(stream))
        space[:count] = stream[:count]
        frames.add(count)
        stream = stream[count:]
        payload = frames.take()
        while payload is not None:
            answers.append(payload)
            payload = frames.take()


def test_frames_of_all_sizes_in_random_pieces() -> None:
    dice = random.Random(7)
    payloads = [dice.randbytes(dice.choice([4, 5, 100, 65527, 65536, 300_000])) for _ in range(60)]
    stream = _wire.PEER + b"".join(b"\x01" + struct.pack(">Q", len(p)) + p for p in payloads)
    frames, answers = _wire.Frames(), []
    while stream:
        count = dice.randint(1, 150_000)
        feed(frames, stream[:count], answers)
        stream = stream[count:]
    assert answers == payloads
    assert len(frames._buffer) < 1 << 20


def test_large_frame_leaves_no_large_buffer() -> None:
    frames, answers = _wire.Frames(), []
    payload = bytes(5 << 20)
    feed(frames, _wire.PEER + b"\x01" + struct.pack(">Q", len(payload)) + payload, answers)
    assert [len(a) for a in answers] == [5 << 20]
    assert len(frames._buffer) == 64 << 10


def test_request_holds_what_was_asked() -> None:
    tail = _wire.tail({"deadline": 1.5, "priority": "bulk", "cache": 2, "decode": True, "wait": True, "validate": False})
    frame = _wire.request(
        0x80000007, CALL_ID, "documents.list", _wire.pack({"page": 1}), b"e" * 16, _wire.pack("main"), tail, 1500
    )
    assert frame[0] == 1
    assert struct.unpack(">QI", frame[1:13]) == (len(frame) - 9, 0x80000007)
    assert msgpack.unpackb(frame[13:]) == {
        "v": 1,
        "id": CALL_ID,
        "op": "documents.list",
        "epoch": b"e" * 16,
        "profile": "main",
        "priority": "bulk",
        "cache": 2000,
        "decode": True,
        "options": {"wait": True, "validate": False},
        "deadline_ms": 1500,
        "args": {"page": 1},
    }


def test_request_over_the_bound_is_refused_here() -> None:
    with pytest.raises(errors.TooLarge) as caught:
        _wire.request(0x80000001, CALL_ID, "http.request", _wire.pack({"body": bytes(65 << 20)}))
    assert caught.value.code == "message_max"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"deadline": 0}, "deadline"),
        ({"deadline": "5"}, "deadline"),
        ({"deadline": True}, "deadline"),
        ({"deadline": 86401}, "deadline"),
        ({"deadline": float("nan")}, "deadline"),
        ({"cache": -1}, "cache"),
        ({"cache": 3601}, "cache"),
        ({"priority": "high"}, "priority"),
        ({"wait": 1}, "wait"),
        ({"decode": "yes"}, "decode"),
        ({"retries": 3}, "retries"),
        ({"call_id": b"short"}, "call_id"),
        ({"call_id": "0123456789abcdef"}, "call_id"),
        ({"again": 1}, "again"),
    ],
)
def test_bad_options_are_refused_by_name(options: dict[str, Any], word: str) -> None:
    with pytest.raises(errors.InvalidRequest, match=word):
        _wire.tail(options)


@pytest.mark.parametrize("value", [object(), 1 << 64, "\ud800", {"a": {1, 2}}, [Path("x")]])
def test_what_msgpack_cannot_carry_is_an_invalid_request(value: object) -> None:
    with pytest.raises(errors.InvalidRequest) as caught:
        _wire.pack({"x": value})
    assert caught.value.code == "not_serializable"
    assert msgpack.unpackb(_wire.pack({"x": 1})) == {"x": 1}, "a packer that failed is not used again"


def test_first_epoch_and_id_stay_when_a_call_is_sent_again() -> None:
    handle = _calls.Handle({"base_url": "http://x"})
    handle.name, handle.epoch = _wire.pack("one"), b"1" * 16
    call = _calls.Call("documents.delete", {}, _wire.tail({"deadline": 10}), 100.0, handle)
    call.rid = 0x80000001
    first = msgpack.unpackb(call.frame(b"1" * 16, 100.0)[13:])
    handle.name, handle.epoch = _wire.pack("two"), b"2" * 16
    again = msgpack.unpackb(call.frame(b"2" * 16, 104.0)[13:])
    assert (first["id"], first["epoch"]) == (again["id"], b"1" * 16)
    assert (first["profile"], again["profile"]) == ("one", "two")
    assert (first["deadline_ms"], again["deadline_ms"]) == (10000, 6000)


@pytest.mark.parametrize(
    ("op", "args", "kind"),
    [
        ("documents.delete", {}, "unknown_outcome"),
        ("documents.list", {}, "timeout"),
        ("http.request", {"method": "GET"}, "timeout"),
        ("http.request", {"method": "POST"}, "unknown_outcome"),
    ],
)
def test_silence_means_less_for_a_read_than_for_a_write(op: str, args: dict[str, Any], kind: str) -> None:
    call = _calls.Call(op, args, _calls.NO_TAIL, 0.0)
    assert call.late().kind == "timeout", "nothing was sent"
    call.rid = 0x80000001
    call.frame(b"e" * 16, 0.0)
    assert call.late().kind == kind


def test_random_bytes_are_an_error_at_worst() -> None:
    """Whatever a service sends: whole frames, or Protocol; never another exception, and no memory for mere claims."""
    dice = random.Random(11)
    good = _wire.PEER + b"".join(b"\x01" + struct.pack(">Q", n) + dice.randbytes(n) for n in (4, 40, 400))
    for _ in range(3000):
        stream = bytearray(good)
        for _ in range(dice.randint(1, 6)):
            stream[dice.randrange(len(stream))] = dice.randrange(256)
        frames, answers = _wire.Frames(), []
        try:
            feed(frames, bytes(stream), answers)
        except errors.Protocol:
            continue
        assert len(frames._buffer) <= 128 << 10


def test_random_replies_are_an_error_at_worst() -> None:
    dice = random.Random(12)
    good = msgpack.packb(
        {
            "v": 1,
            "id": CALL_ID,
            "epoch": b"e" * 16,
            "ok": {"status": 200, "type": "t", "headers": {"a": "b"}, "body": b"x", "meta": {}},
        }
    )
    bad = msgpack.packb(
        {"v": 1, "id": CALL_ID, "error": {"kind": "timeout", "message": "m", "status": 1, "retry_after_ms": 5}}
    )
    for _ in range(20_000):
        reply = bytearray(dice.choice((good, bad)))
        for _ in range(dice.randint(1, 4)):
            reply[dice.randrange(len(reply))] = dice.randrange(256)
        _, outcome = _wire.reply(
            b"\x80\0\0\1" + bytes(reply[: dice.randint(0, len(reply))] if dice.random() < 0.2 else reply), CALL_ID
        )
        assert isinstance(outcome, (Reply, errors.Error))
        assert repr(outcome)
        assert str(outcome) is not None
