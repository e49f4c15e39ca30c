"""Requests, good and bad: the msgpack map alone, as it stands behind the SP request id."""

from __future__ import annotations

from typing import Any

from pack import FALSE, Raw, array, binary, ext, f32, f64, integer, mapping, meaning, pack, sint, string, uint

ID = bytes(range(0x10, 0x20))
EPOCH = bytes(range(0xE0, 0xF0))
HEAD: dict[str, Any] = {"v": 1, "id": ID, "op": "service.ping"}


def good(
    name: str, text: str, value: dict[str, Any], *, live: bool = True, data: bytes | None = None
) -> dict[str, Any]:
    """A request that is taken. live: any running service answers it with `ok`."""
    expect = {"accept": True, **({"ok": True} if live else {})}
    return {
        "name": name,
        "text": text,
        "hex": (pack(value) if data is None else data).hex(),
        "meaning": meaning(value),
        "expect": expect,
    }


def bad(
    name: str,
    text: str,
    data: bytes | dict[str, Any],
    code: str,
    *,
    names: str = "",
    answered: bool = True,
    fill: tuple[bytes, int, bytes] | None = None,
    kind: str = "invalid_request",
) -> dict[str, Any]:
    """A request that is refused. answered: the reply bears the request's id. names: must be in the message."""
    row: dict[str, Any] = {"name": name, "text": text, "hex": (pack(data) if isinstance(data, dict) else data).hex()}
    if fill:
        row |= {"fill": {"hex": fill[0].hex(), "times": fill[1]}, "tail": fill[2].hex()}
    error = {"kind": kind, "code": code, **({"names": names} if names else {})}
    return {**row, "expect": {"error": error, "id": ID.hex() if answered else None}}


def opened(pairs: int) -> bytes:
    """The head of a map of 3 + pairs entries, whose first three are there and sound."""
    return bytes([0x80 | 3 + pairs]) + b"".join(pack(k) + pack(v) for k, v in HEAD.items())


def nested(levels: int, leaf: bytes = b"\xc0") -> bytes:
    return b"\x91" * levels + leaf


def vectors() -> list[dict[str, Any]]:
    return [
        *keys_taken(),
        *forms_taken(),
        *structure_refused(),
        *lengths_refused(),
        *types_refused(),
        *keys_refused(),
        *values_refused(),
        *options_refused(),
        *arguments_refused(),
    ]


def keys_taken() -> list[dict[str, Any]]:
    document = {
        "dataset_id": "00000000-0000-4000-8000-000000000001",
        "name": "Füße ☃",
        "text": "a\nb",
        "process_rule": {"mode": "custom", "rules": {"segmentation": {"max_tokens": 500, "weights": [0.5, 1, None]}}},
    }
    full = {
        **HEAD,
        "args": {},
        "epoch": EPOCH,
        "again": False,
        "profile": "",
        "deadline_ms": 5000,
        "priority": "bulk",
        "decode": True,
        "cache": 0,
        "options": {"validate": True, "allow_hazard": False, "wait": True, "blocking": False},
    }
    return [
        good("least", "Only what is required.", HEAD),
        good("every_key", "Every key at once.", full),
        good("order", "Keys in another order.", dict(reversed(HEAD.items()))),
        good("args_absent_or_empty", "An empty args is the same as none.", {**HEAD, "args": {}}),
        good("options_empty", "No option is a fine set of options.", {**HEAD, "options": {}}),
        good(
            "document",
            "A call of Dify, with a map that becomes JSON.",
            {**HEAD, "op": "documents.create_by_text", "args": document},
            live=False,
        ),
        good(
            "http_body",
            "A bin is bytes to send.",
            {**HEAD, "op": "http.request", "args": {"method": "POST", "path": "/x", "body": b"\x00\xff"}},
            live=False,
        ),
        good("priority_interactive", "Somebody waits.", {**HEAD, "priority": "interactive"}),
        good("priority_normal", "The default, said.", {**HEAD, "priority": "normal"}),
        good("deadline_least", "1 ms: it may well be answered with timeout.", {**HEAD, "deadline_ms": 1}, live=False),
        good("deadline_most", "A day.", {**HEAD, "deadline_ms": 86_400_000}),
        good("cache_most", "An hour.", {**HEAD, "cache": 3_600_000}),
    ]


def forms_taken() -> list[dict[str, Any]]:
    def with_v(data: bytes) -> dict[str, Any]:
        return {**HEAD, "v": Raw(data, 1)}

    def with_args(op: str, args: dict[str, Any]) -> dict[str, Any]:
        return {**HEAD, "op": op, "args": args}

    numbers = {"a": Raw(uint(2**64 - 1, 8), 2**64 - 1), "b": -(2**63), "c": Raw(f32(0.5), 0.5), "d": 1e308, "e": -0.0}
    long_keys = mapping([(string(k.encode(), 4), pack(v)) for k, v in HEAD.items()])
    deep = Raw(nested(22), None)
    deepest: Any = None
    for _ in range(22):
        deepest = [deepest]
    deep.meaning = deepest
    rows = [
        good("v_uint64", "An integer in the longest form.", with_v(uint(1, 8))),
        good("v_int8", "An integer in a signed form.", with_v(sint(1, 1))),
        good("deadline_uint64", "The same elsewhere.", {**HEAD, "deadline_ms": Raw(uint(7000, 8), 7000)}),
        good(
            "map16", "The map in a longer form.", HEAD, data=mapping([(pack(k), pack(v)) for k, v in HEAD.items()], 2)
        ),
        good(
            "map32",
            "The map in the longest form.",
            HEAD,
            data=mapping([(pack(k), pack(v)) for k, v in HEAD.items()], 4),
        ),
        good("keys_str32", "Keys in the longest form.", HEAD, data=long_keys),
        good("id_bin32", "A bin of 16 bytes in the longest form.", {**HEAD, "id": Raw(binary(ID, 4), ID)}),
        good("op_bin", "A bin that is UTF-8 where text is expected.", {**HEAD, "op": b"service.ping"}),
        good("numbers", "Integers of all 64 bits and finite floats.", with_args("http.request", numbers), live=False),
        good("depth_24", "24 levels: the map, args and 22 lists.", with_args("http.request", {"x": deep}), live=False),
        good(
            "empty_strings",
            "Empty text, list, map and bin.",
            with_args("http.request", {"": "", "l": [], "m": {}, "b": b""}),
            live=False,
        ),
        good(
            "many_keys",
            "A map of 1,000 keys.",
            with_args("http.request", {f"k{i}": i for i in range(1000)}),
            live=False,
        ),
    ]
    return rows


def structure_refused() -> list[dict[str, Any]]:
    return [
        bad("empty", "No body behind the request id.", b"", "empty", answered=False),
        bad("not_a_map_nil", "nil instead of a map.", b"\xc0", "not_a_map", answered=False),
        bad("not_a_map_array", "A list instead of a map.", array([integer(1)]), "not_a_map", answered=False),
        bad("not_a_map_text", "JSON.", b'{"v":1}', "not_a_map", answered=False),
        bad("trailing_nil", "One byte behind the map.", pack(HEAD) + b"\xc0", "trailing_bytes"),
        bad("trailing_map", "A second map behind the map.", pack(HEAD) * 2, "trailing_bytes"),
        bad("cut_in_a_value", "The last value is cut.", pack(HEAD)[:-4], "truncated"),
        bad("cut_in_a_key", "A key is cut.", opened(1) + string(b"ar", length=4), "truncated"),
        bad("cut_before_a_value", "A key without a value.", opened(1) + pack("args"), "truncated"),
        bad("cut_in_a_number", "A number is cut.", opened(1) + pack("deadline_ms") + b"\xcf\x00\x00", "truncated"),
        bad("reserved_byte", "0xc1 has no meaning in msgpack.", opened(1) + pack("args") + b"\xc1", "reserved_byte"),
        bad("depth_25", "25 levels.", {**HEAD, "args": {"x": Raw(nested(23))}}, "depth"),
        bad("depth_many", "100,000 levels.", opened(1) + pack("args"), "depth", fill=(b"\x91", 100_000, b"\xc0")),
        bad("depth_maps", "25 levels of maps.", opened(1) + pack("args") + b"\x81\xa1x" * 24 + b"\xc0", "depth"),
        bad(
            "elements",
            "A list of 1,000,001 nils.",
            opened(1) + pack("args") + b"\x81\xa1x\xdd" + (1_000_001).to_bytes(4, "big"),
            "elements",
            fill=(b"\xc0", 1_000_001, b""),
        ),
    ]


def lengths_refused() -> list[dict[str, Any]]:
    def claim(name: str, text: str, value: bytes) -> dict[str, Any]:
        return bad(name, text, opened(1) + pack("args") + value, "truncated")

    most = 2**32 - 1
    return [
        bad(
            "claims_map_4g",
            "Five bytes that claim a map of 2^32-1 entries.",
            mapping([], 4, most),
            "truncated",
            answered=False,
        ),
        bad(
            "claims_map_64k",
            "Three bytes that claim a map of 65,535 entries.",
            mapping([], 2, 65535),
            "truncated",
            answered=False,
        ),
        claim("claims_args_4g", "args claims 2^32-1 entries.", mapping([], 4, most)),
        claim("claims_array_4g", "A list claims 2^32-1 entries.", array([], 4, most)),
        claim("claims_array_64k", "A list claims 65,535 entries.", array([], 2, 65535)),
        claim("claims_nested_4g", "Lists in lists, each claiming 2^32-1 entries.", array([], 4, most) * 20),
        claim("claims_str_4g", "A str claims 4 GiB.", string(b"x", 4, most)),
        claim("claims_str_one_more", "A str claims one byte more than there is.", string(b"abc", 1, 4)),
        claim("claims_bin_4g", "A bin claims 4 GiB.", binary(b"x", 4, most)),
        bad("claims_key_4g", "A key claims 4 GiB.", opened(1) + string(b"args", 4, most), "truncated"),
        bad("claims_map_one_more", "The map claims one entry more than there is.", opened(1), "truncated"),
    ]


def types_refused() -> list[dict[str, Any]]:
    def inside(name: str, text: str, value: bytes, code: str) -> dict[str, Any]:
        return bad(name, text, {**HEAD, "args": {"x": Raw(value)}}, code)

    return [
        inside("ext", "An ext type.", ext(1, b"data"), "ext"),
        inside("ext_timestamp", "msgpack's own timestamp is an ext type too.", b"\xd6\xff" + bytes(4), "ext"),
        inside("ext_fix16", "A fixext of 16 bytes.", b"\xd8\x05" + bytes(16), "ext"),
        inside("float_nan", "NaN.", f64(float("nan")), "not_finite"),
        inside("float_inf", "Infinity.", f64(float("inf")), "not_finite"),
        inside("float_minus_inf_32", "Minus infinity as a float of 4 bytes.", f32(float("-inf")), "not_finite"),
        inside("utf8_byte", "A lone 0xff.", string(b"a\xffb"), "utf8"),
        inside("utf8_cut", "A character that is cut.", string("☃".encode()[:2]), "utf8"),
        inside("utf8_overlong", "A slash in two bytes.", string(b"\xc0\xaf"), "utf8"),
        inside("utf8_surrogate", "A lone surrogate.", string(b"\xed\xa0\x80"), "utf8"),
        inside("utf8_too_high", "A character over U+10FFFF.", string(b"\xf4\x90\x80\x80"), "utf8"),
        bad("utf8_in_a_key", "A key that is not UTF-8.", opened(1) + string(b"\xfe") + b"\xc0", "utf8"),
        bad("key_integer", "A key that is a number.", opened(1) + integer(7) + b"\xc0", "key_type"),
        bad("key_bin", "A key that is a bin.", opened(1) + binary(b"args") + b"\x80", "key_type"),
        bad("key_nil", "A key that is nil.", opened(1) + b"\xc0" + b"\xc0", "key_type"),
        inside("key_integer_inside", "The same deep inside.", mapping([(integer(1), b"\xc0")]), "key_type"),
        bad("repeated_key", "A key that stands twice.", opened(1) + pack("op") + pack("service.info"), "repeated_key"),
        bad(
            "repeated_key_forms",
            "The same key in two forms.",
            opened(1) + string(b"op", 2) + pack("service.info"),
            "repeated_key",
        ),
        inside(
            "repeated_key_inside",
            "The same deep inside.",
            mapping([(pack("a"), b"\xc0"), (pack("a"), b"\xc0")]),
            "repeated_key",
        ),
        inside(
            "repeated_key_of_many",
            "The first and the last of 20 keys are the same.",
            mapping([(pack(f"k{i % 19}"), b"\xc0") for i in range(20)], 2),
            "repeated_key",
        ),
    ]


def without(key: str) -> dict[str, Any]:
    return {k: v for k, v in HEAD.items() if k != key}


def keys_refused() -> list[dict[str, Any]]:
    return [
        bad("no_v", "v is missing.", without("v"), "missing_key", names='"v"'),
        bad("no_id", "id is missing.", without("id"), "missing_key", names='"id"', answered=False),
        bad("no_op", "op is missing.", without("op"), "missing_key", names='"op"'),
        bad("empty_map", "Everything is missing.", {}, "missing_key", answered=False),
        bad(
            "unknown_key",
            "A key that nobody knows is refused by name.",
            {**HEAD, "timeout_ms": 5},
            "unknown_key",
            names="timeout_ms",
        ),
        bad("unknown_key_case", "Names are compared exactly.", {**HEAD, "Args": {}}, "unknown_key", names="Args"),
        bad(
            "unknown_key_nul",
            "A known name with a NUL behind it is another one.",
            {**HEAD, "args\0": {}},
            "unknown_key",
        ),
        bad("unknown_key_long", "A very long name.", {**HEAD, "n" * 5000: 1}, "unknown_key"),
        bad(
            "unknown_option",
            "An option that nobody knows is refused by name.",
            {**HEAD, "options": {"validat": True}},
            "unknown_key",
            names="validat",
        ),
    ]


def values_refused() -> list[dict[str, Any]]:
    def wrong(name: str, text: str, key: str, value: Any, code: str, answered: bool = True) -> dict[str, Any]:
        return bad(name, text, {**HEAD, key: value}, code, names="" if key == "v" else key, answered=answered)

    return [
        wrong("v_other", "A version that is not ours.", "v", 2, "version"),
        wrong("v_text", "A version as text.", "v", "1", "version"),
        wrong("id_short", "An id of 15 bytes.", "id", ID[:15], "invalid_type", answered=False),
        wrong("id_long", "An id of 17 bytes.", "id", ID + b"x", "invalid_type", answered=False),
        wrong("id_text", "An id as text of 16 bytes.", "id", "0123456789abcdef", "invalid_type", answered=False),
        wrong("op_number", "op is a number.", "op", 7, "invalid_type"),
        wrong("op_bin_no_utf8", "op is a bin that is not UTF-8.", "op", b"\xff\xfe", "invalid_type"),
        wrong("op_nul", "op holds a NUL.", "op", "service.ping\0x", "invalid_value"),
        wrong("op_long", "op of 65 bytes.", "op", "x" * 65, "too_long"),
        bad(
            "op_unknown",
            "An operation that this service does not have.",
            {**HEAD, "op": "datasets.explode"},
            "unknown_operation",
            kind="unsupported",
            names="datasets.explode",
        ),
        wrong("args_list", "args is a list.", "args", [1], "invalid_type"),
        wrong("args_nil", "args is nil.", "args", None, "invalid_type"),
        wrong("epoch_short", "An epoch of 8 bytes.", "epoch", EPOCH[:8], "invalid_type"),
        wrong("again_number", "again is 1.", "again", 1, "invalid_type"),
        wrong("profile_number", "profile is a number.", "profile", 3, "invalid_type"),
        wrong("deadline_zero", "A deadline of 0.", "deadline_ms", 0, "out_of_range"),
        wrong("deadline_negative", "A deadline in the past.", "deadline_ms", -1, "out_of_range"),
        wrong("deadline_over", "A deadline of a day and 1 ms.", "deadline_ms", 86_400_001, "out_of_range"),
        wrong("deadline_2_64", "A deadline of 2^64-1.", "deadline_ms", 2**64 - 1, "out_of_range"),
        wrong("deadline_float", "A deadline as a float.", "deadline_ms", 5.0, "invalid_type"),
        wrong("deadline_text", "A deadline as text.", "deadline_ms", "5", "invalid_type"),
        wrong("priority_unknown", "A priority that nobody knows.", "priority", "urgent", "invalid_value"),
        wrong("priority_number", "A priority as a number.", "priority", 1, "invalid_value"),
        wrong("decode_text", "decode is text.", "decode", "true", "invalid_type"),
        wrong("cache_negative", "An age under 0.", "cache", -5, "out_of_range"),
        wrong("cache_over", "An age over an hour.", "cache", 3_600_001, "out_of_range"),
    ]


def options_refused() -> list[dict[str, Any]]:
    return [
        bad(
            "options_list",
            "options is a list.",
            {**HEAD, "options": Raw(array([FALSE]))},
            "invalid_type",
            names="options",
        ),
        bad("option_number", "An option is 0.", {**HEAD, "options": {"wait": 0}}, "invalid_type", names="wait"),
    ]


def arguments_refused() -> list[dict[str, Any]]:
    """Arguments of the service's own operations, which need no profile."""

    def call(name: str, text: str, op: str, args: dict[str, Any], code: str, names: str) -> dict[str, Any]:
        return bad(name, text, {**HEAD, "op": op, "args": args}, code, names=names)

    return [
        call(
            "ping_argument",
            "An argument where there is none.",
            "service.ping",
            {"x": 1},
            "unknown_argument",
            "service.ping",
        ),
        call("cancel_nothing", "Nothing to cancel.", "service.cancel", {}, "missing_argument", "service.cancel"),
        call("set_nothing", "Nothing to set.", "service.set", {}, "missing_argument", "service.set"),
        call("set_unknown", "A switch that nobody knows.", "service.set", {"speed": True}, "unknown_argument", "speed"),
        call("set_number", "A switch is 1.", "service.set", {"retry": 1}, "invalid_type", "retry"),
        call("connect_nothing", "No address.", "service.connect", {}, "missing_argument", "base_url"),
        call(
            "connect_unknown",
            "An argument that nobody knows.",
            "service.connect",
            {"base_url": "http://127.0.0.1", "key": "x"},
            "unknown_argument",
            "key",
        ),
    ]
