"""The vectors mean what they claim, to a msgpack library that had no part in making them."""

from __future__ import annotations

import math
from typing import Any

import msgpack
import pytest
from conftest import read_table, read_vectors
from gen_check import OWN_GROUPS

REQUESTS = read_vectors("requests")
REPLIES = read_vectors("replies")
CLIENTS = read_vectors("client_streams")
SERVICES = read_vectors("service_streams")
TABLE = read_table()
NOT_MSGPACK = {"empty", "truncated", "reserved_byte", "trailing_bytes"}


def body(row: dict[str, Any]) -> bytes:
    fill: dict[str, Any] = row.get("fill", {"hex": "", "times": 0})
    filling: bytes = bytes.fromhex(fill["hex"]) * fill["times"]
    return bytes.fromhex(row["hex"]) + filling + bytes.fromhex(row.get("tail", ""))


def unpack(data: bytes) -> Any:
    return msgpack.unpackb(data, raw=False, strict_map_key=False)


def plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"$bin": value.hex()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value


def named(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"argvalues": rows, "ids": [row["name"] for row in rows]}


def test_there_are_enough_of_them() -> None:
    assert len(REQUESTS) + len(REPLIES) + len(CLIENTS) + len(SERVICES) >= 150
    assert sum("error" in row["expect"] for row in REQUESTS) >= 60


@pytest.mark.parametrize("row", **named([r for r in [*REQUESTS, *REPLIES] if "meaning" in r]))
def test_a_meaning_is_what_the_bytes_say(row: dict[str, Any]) -> None:
    assert plain(unpack(body(row))) == row["meaning"]


@pytest.mark.parametrize("row", **named([r for r in REQUESTS if "accept" in r["expect"]]))
def test_an_accepted_request_keeps_the_rules(row: dict[str, Any]) -> None:
    request = unpack(body(row))
    assert judge(request) == ""
    assert set(RULES) == set(TABLE["keys"]["request"])
    assert ("ok" in row["expect"]) <= (request["op"] in ("service.ping", b"service.ping"))


@pytest.mark.parametrize("row", **named([r for r in REQUESTS if "error" in r["expect"]]))
def test_a_refused_request_breaks_the_rule_that_it_names(row: dict[str, Any]) -> None:
    error, data = row["expect"]["error"], body(row)
    assert error["kind"] in {kind["name"] for kind in TABLE["kind"]}
    if error["code"] in NOT_MSGPACK:
        with pytest.raises((ValueError, msgpack.exceptions.UnpackException)):
            unpack(data)
    else:
        assert breaks(error["code"], data)


def breaks(code: str, data: bytes) -> bool:
    """Whether the bytes break that rule, as far as a decoder can tell."""
    if code == "not_a_map":
        unpacker = msgpack.Unpacker()
        unpacker.feed(data)
        return not isinstance(next(unpacker), dict)
    if code in ("depth", "elements", "utf8"):
        return over_bounds(code, data)
    pairs: list[bool] = []

    def hook(items: list[tuple[Any, Any]]) -> dict[Any, Any]:
        pairs.append(len({str(k) for k, _ in items}) < len(items))
        return dict(items)

    value = msgpack.unpackb(data, raw=False, strict_map_key=False, object_pairs_hook=hook, ext_hook=lambda *_: Ext())
    return any(pairs) if code == "repeated_key" else found(code, value)


class Ext:
    """Stands where an ext type stood."""


def over_bounds(code: str, data: bytes) -> bool:
    if code == "utf8":
        with pytest.raises(UnicodeDecodeError):
            unpack(data)
        return True
    if code == "elements":
        return data.count(b"\xc0") > 1_000_000
    try:
        return depth(unpack(data)) > 24
    except (ValueError, RecursionError):  # msgpack's own bound is higher than ours
        return True


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max((depth(v) for v in inner), default=0)


def walk(value: Any) -> Any:
    yield value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield Key(key)
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)


class Key:
    def __init__(self, key: Any) -> None:
        self.key = key


def found(code: str, value: dict[str, Any]) -> bool:
    nodes = list(walk(value))
    if code == "ext":
        return any(isinstance(n, Ext | msgpack.Timestamp) for n in nodes)
    if code == "not_finite":
        return any(isinstance(n, float) and not math.isfinite(n) for n in nodes)
    if code == "key_type":
        return any(isinstance(n, Key) and not isinstance(n.key, str) for n in nodes)
    if code in ("no_such_stream", "no_such_push"):  # nothing is wrong with it but that nobody opened one
        return judge(value) == "" and code.removeprefix("no_such_") in value["args"]
    return judge(value) == code


def boolean(value: Any) -> str:
    return "" if isinstance(value, bool) else "invalid_type"


def identity(value: Any) -> str:
    return "" if isinstance(value, bytes) and len(value) == 16 else "invalid_type"


def binary(value: Any) -> str:
    return "" if isinstance(value, bytes) else "invalid_type"


def sequence(value: Any) -> str:
    return "" if isinstance(value, list) else "invalid_type"


def mapping(value: Any) -> str:
    return "" if isinstance(value, dict) else "invalid_type"


def within(low: int, high: int) -> Any:
    def rule(value: Any) -> str:
        if not isinstance(value, int) or isinstance(value, bool):
            return "invalid_type"
        return "" if low <= value <= high else "out_of_range"

    return rule


def text(value: Any) -> str:
    try:
        plain_text = value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return "invalid_type"
    if not isinstance(plain_text, str):
        return "invalid_type"
    if len(plain_text.encode()) > 64:
        return "too_long"
    return "invalid_value" if "\0" in plain_text else ""


def options(value: Any) -> str:
    if not isinstance(value, dict):
        return "invalid_type"
    if not set(value) <= set(TABLE["keys"]["options"]):
        return "unknown_key"
    return next((flaw for v in value.values() if (flaw := boolean(v))), "")


# PROTOCOL.md, section 3, once more and in few words.
RULES: dict[str, Any] = {
    "v": lambda v: "" if v == 1 and isinstance(v, int) else "version",
    "id": identity,
    "op": text,
    "args": mapping,
    "epoch": identity,
    "again": boolean,
    "profile": text,
    "deadline_ms": within(1, 86_400_000),
    "priority": lambda v: "" if v in ("interactive", "normal", "bulk") else "invalid_value",
    "decode": boolean,
    "cache": within(0, 3_600_000),
    "options": options,
}


def judge(request: dict[str, Any]) -> str:
    """The code with which a request of sound structure is refused; "" = it is taken."""
    for key, value in request.items():
        if key not in RULES:
            return "unknown_key"
        if flaw := RULES[key](value):
            return str(flaw)
    if not {"v", "id", "op"} <= set(request):
        return "missing_key"
    op = request["op"] if isinstance(request["op"], str) else request["op"].decode()
    entry = next((o for o in TABLE["op"] if o["name"] == op), None)
    if entry is None:
        return "unknown_operation"
    return judge_arguments(entry, request.get("args", {})) if entry["group"] in OWN_GROUPS else ""


def judge_argument(param: dict[str, Any], value: Any) -> str:
    low, high = param.get("min", 0), param.get("max", 2**63)
    if param["type"] == "integer":
        return str(within(low, high)(value))
    rules = {"boolean": boolean, "string": text, "object": mapping, "array": sequence, "bytes": binary}
    if flaw := rules[param["type"]](value):
        return str(flaw)
    return "" if isinstance(value, bool) or low <= len(value) <= high else "out_of_range"


def judge_arguments(entry: dict[str, Any], args: dict[str, Any]) -> str:
    params = {p["name"]: p for p in entry["params"]}
    for name, value in args.items():
        if name not in params:
            return "unknown_argument"
        if name == "push" and (flaw := identity(value)):
            return str(flaw)
        if flaw := judge_argument(params[name], value):
            return flaw
    for one in args.get("streams", []):
        if flaw := identity(one["stream"]) or within(0, 2**63 - 1)(one["after"]):
            return str(flaw)
    needed = {name for name, p in params.items() if p.get("required")}
    return "missing_argument" if needed - set(args) or (entry["name"] == "service.set" and not args) else ""


@pytest.mark.parametrize("row", **named([r for r in REPLIES if "class" in r["expect"]]))
def test_error_classes_are_kinds(row: dict[str, Any]) -> None:
    assert row["expect"]["class"] in {kind["name"] for kind in TABLE["kind"]}


@pytest.mark.parametrize("row", **named([*CLIENTS, *SERVICES]))
def test_streams_are_well_formed_descriptions(row: dict[str, Any]) -> None:
    assert len(bytes.fromhex(row["greeting"])) == 8
    assert isinstance(bytes.fromhex(row["hex"]), bytes)
    assert len(row["expect"]) == 1
    assert set(row["expect"]) <= {"replies", "silence", "close", "reply"}


def frames(data: bytes) -> list[bytes]:
    """The payloads of a sound stream."""
    found_ = []
    while data:
        assert data[0] == 1
        length = int.from_bytes(data[1:9], "big")
        found_.append(data[9 : 9 + length])
        assert len(found_[-1]) == length
        data = data[9 + length :]
    return found_


@pytest.mark.parametrize("row", **named([r for r in CLIENTS if "replies" in r["expect"]]))
def test_answered_streams_are_sound(row: dict[str, Any]) -> None:
    assert row["greeting"] == "0053500000300000"
    heads = [bytes.fromhex(head) for head in row["expect"]["replies"]]
    for payload, head in zip(frames(bytes.fromhex(row["hex"])), heads, strict=True):
        assert payload.startswith(head)
        assert head[-4] & 0x80
        assert all(not head[i] & 0x80 for i in range(0, len(head) - 4, 4)), "hops have no top bit"


@pytest.mark.parametrize("row", **named([r for r in SERVICES if "reply" in r["expect"]]))
def test_answers_in_streams_are_there(row: dict[str, Any]) -> None:
    assert row["greeting"] == "0053500000310000"
    want = row["request_id"].to_bytes(4, "big")
    answers = [p for p in frames(bytes.fromhex(row["hex"])) if p.startswith(want)]
    assert len(answers) == 1
    assert plain(unpack(answers[0][4:])) == next(r for r in REPLIES if r["name"] == "bytes")["meaning"]
