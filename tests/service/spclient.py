"""A raw client of the protocol: SP framing over a Unix socket and msgpack, nothing else.

It does no more than PROTOCOL.md asks of a client, and everything a test may want to do wrong.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from typing import Any

import msgpack

GREETING = b"\x00SP\x00\x00\x30\x00\x00"
GREETING_BACK = b"\x00SP\x00\x00\x31\x00\x00"


class Gone(Exception):
    """The service closed the connection."""


def new_id() -> bytes:
    return os.urandom(16)


def request(op: str, args: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    out: dict[str, Any] = {"v": 1, "id": more.pop("id", None) or new_id(), "op": op}
    if args is not None:
        out["args"] = args
    out.update(more)
    return out


class Client:
    """One connection. `send` and `receive` are apart, so that many calls may be on their way."""

    def __init__(self, path: str, timeout: float = 15.0, greet: bool = True) -> None:
        self.timeout = timeout
        self.number = int.from_bytes(os.urandom(3), "big")
        self.buffer = bytearray()
        self.early: dict[int, dict[str, Any]] = {}
        self.epoch: bytes | None = None
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        if greet:
            self.socket.sendall(GREETING)
            if self._take(8) != GREETING_BACK:
                raise AssertionError("not the greeting of a REP socket")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def _take(self, count: int) -> bytes:
        deadline = time.monotonic() + self.timeout
        while len(self.buffer) < count:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the service did not answer in time")
            self.socket.settimeout(left)
            try:
                piece = self.socket.recv(262144)
            except ConnectionResetError as error:
                raise Gone from error
            if not piece:
                raise Gone
            self.buffer += piece
        out = bytes(self.buffer[:count])
        del self.buffer[:count]
        return out

    def frame(self, payload: bytes) -> bytes:
        """The next message as bytes on the wire; its number is self.number."""
        self.number = (self.number + 1) & 0x7FFFFFFF
        head = struct.pack(">I", self.number | 0x80000000)
        return b"\x01" + struct.pack(">Q", len(payload) + 4) + head + payload

    def send_bytes(self, payload: bytes) -> int:
        frame = self.frame(payload)
        self.socket.settimeout(self.timeout)
        self.socket.sendall(frame)
        return self.number

    def send(self, message: dict[str, Any]) -> int:
        return self.send_bytes(msgpack.packb(message))

    def receive_any(self) -> tuple[int, dict[str, Any]]:
        head = self._take(9)
        assert head[0] == 1, "not a frame"
        payload = self._take(struct.unpack(">Q", head[1:])[0])
        number = struct.unpack(">I", payload[:4])[0] & 0x7FFFFFFF
        reply = msgpack.unpackb(payload[4:])
        self.epoch = reply["epoch"]
        return number, reply

    def receive(self, number: int) -> dict[str, Any]:
        while number not in self.early:
            got, reply = self.receive_any()
            self.early[got] = reply
        return self.early.pop(number)

    def ask(self, op: str, args: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """Send and wait; the reply as it came."""
        return self.receive(self.send(request(op, args, **more)))

    def call(self, op: str, args: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """The same, and it must have gone well: the reply's "ok"."""
        reply = self.ask(op, args, **more)
        assert "ok" in reply, reply.get("error")
        ok: dict[str, Any] = reply["ok"]
        return ok

    def fail(self, op: str, args: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """The same, and it must have failed: the reply's "error"."""
        reply = self.ask(op, args, **more)
        assert "error" in reply, reply.get("ok")
        error: dict[str, Any] = reply["error"]
        return error

    def connect(self, base_url: str, **more: Any) -> str:
        args = {"base_url": base_url, "api_key": "dataset-test", **more}
        handle: str = self.call("service.connect", args)["body"]["profile"]
        return handle
