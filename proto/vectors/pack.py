"""A msgpack packer small enough to write wrong bytes with: every form can be asked for, nothing is checked."""

from __future__ import annotations

import struct
from typing import Any

NIL, TRUE, FALSE = b"\xc0", b"\xc3", b"\xc2"


def uint(value: int, size: int) -> bytes:
    """An unsigned integer in the form of 1, 2, 4 or 8 bytes, however small it is."""
    return bytes([{1: 0xCC, 2: 0xCD, 4: 0xCE, 8: 0xCF}[size]]) + value.to_bytes(size, "big")


def sint(value: int, size: int) -> bytes:
    return bytes([{1: 0xD0, 2: 0xD1, 4: 0xD2, 8: 0xD3}[size]]) + value.to_bytes(size, "big", signed=True)


def integer(value: int) -> bytes:
    """The shortest form."""
    if -32 <= value < 128:
        return value.to_bytes(1, "big", signed=value < 0)
    if value > 0:
        return uint(value, next(s for s in (1, 2, 4, 8) if value < 1 << 8 * s))
    return sint(value, next(s for s in (1, 2, 4, 8) if value >= -(1 << (8 * s - 1))))


def f32(value: float) -> bytes:
    return b"\xca" + struct.pack(">f", value)


def f64(value: float) -> bytes:
    return b"\xcb" + struct.pack(">d", value)


def headed(data: bytes, size: int, codes: dict[int, int], length: int | None = None) -> bytes:
    """data behind its length in `size` bytes; `length` is what the head claims, if that differs."""
    return bytes([codes[size]]) + (len(data) if length is None else length).to_bytes(size, "big") + data


def binary(data: bytes, size: int = 1, length: int | None = None) -> bytes:
    return headed(data, size, {1: 0xC4, 2: 0xC5, 4: 0xC6}, length)


def string(data: bytes, size: int = 0, length: int | None = None) -> bytes:
    """A str of any bytes; size 0 is the fixstr form."""
    if size == 0:
        return bytes([0xA0 | (len(data) if length is None else length)]) + data
    return headed(data, size, {1: 0xD9, 2: 0xDA, 4: 0xDB}, length)


def array(items: list[bytes], size: int = 0, length: int | None = None) -> bytes:
    count, data = len(items) if length is None else length, b"".join(items)
    return bytes([0x90 | count]) + data if size == 0 else headed(data, size, {2: 0xDC, 4: 0xDD}, count)


def mapping(pairs: list[tuple[bytes, bytes]], size: int = 0, length: int | None = None) -> bytes:
    count, data = len(pairs) if length is None else length, b"".join(k + v for k, v in pairs)
    return bytes([0x80 | count]) + data if size == 0 else headed(data, size, {2: 0xDE, 4: 0xDF}, count)


def ext(kind: int, data: bytes, size: int = 1, length: int | None = None) -> bytes:
    code = bytes([{1: 0xC7, 2: 0xC8, 4: 0xC9}[size]])
    return code + (len(data) if length is None else length).to_bytes(size, "big") + bytes([kind]) + data


def pack(value: Any) -> bytes:
    """A value in the shortest forms; bytes become a bin. Made bytes are passed on as Raw."""
    if isinstance(value, Raw):
        return value.data
    if value is None or isinstance(value, bool):
        return {None: NIL, True: TRUE, False: FALSE}[value]
    if isinstance(value, int):
        return integer(value)
    if isinstance(value, float):
        return f64(value)
    if isinstance(value, bytes):
        return binary(value, next(s for s in (1, 2, 4) if len(value) < 1 << 8 * s))
    if isinstance(value, str):
        data = value.encode()
        return string(data, 0 if len(data) < 32 else next(s for s in (1, 2, 4) if len(data) < 1 << 8 * s))
    if isinstance(value, list):
        return array([pack(v) for v in value], 0 if len(value) < 16 else 2)
    return mapping([(pack(k), pack(v)) for k, v in value.items()], 0 if len(value) < 16 else 2)


class Raw:
    """Bytes that stand in a message as they are, with the value that they mean to a sound reader (if any)."""

    def __init__(self, data: bytes, meaning: Any = None) -> None:
        self.data = data
        self.meaning = meaning


def meaning(value: Any) -> Any:
    """The value as JSON: a bin is {"$bin": "hex"}."""
    if isinstance(value, Raw):
        return meaning(value.meaning)
    if isinstance(value, bytes):
        return {"$bin": value.hex()}
    if isinstance(value, list):
        return [meaning(v) for v in value]
    if isinstance(value, dict):
        return {k: meaning(v) for k, v in value.items()}
    return value
