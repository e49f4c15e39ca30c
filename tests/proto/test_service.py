"""The vectors held against the real service, where $DIFYPOOL_DAEMON names one: byte for byte, over a plain socket."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import daemon
import msgpack
import pytest
from conftest import read_vectors
from test_vectors import body

pytestmark = pytest.mark.skipif(not os.environ.get("DIFYPOOL_DAEMON"), reason="DIFYPOOL_DAEMON names no difypoold")

REQ = bytes.fromhex("0053500000300000")
REP = bytes.fromhex("0053500000310000")
PING = msgpack.packb({"v": 1, "id": bytes(16), "op": "service.ping"})
REQUESTS = [r for r in read_vectors("requests") if "error" in r["expect"] or "ok" in r["expect"]]
STREAMS = read_vectors("client_streams")
GROWTH_MAX = 16 << 20  # bytes that the service may be larger after all of them; the largest vector has 1 MB


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with daemon.running(tmp_path_factory.mktemp("service")) as path:
        yield path


class Connection:
    def __init__(self, path: Path, greeting: bytes = REQ) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(str(path))
        self.socket.sendall(greeting)
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, payload: bytes) -> None:
        self.socket.sendall(b"\x01" + struct.pack(">Q", len(payload)) + payload)

    def take(self, count: int) -> bytes:
        """So many bytes, or fewer where the service closes first."""
        while len(self._rest) < count:
            try:
                piece = self.socket.recv(65536)
            except ConnectionResetError:
                piece = b""
            if not piece:
                break
            self._rest += piece
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def frame(self) -> bytes:
        """The payload of the next frame; b"" = the service has closed."""
        head = self.take(9)
        return self.take(int.from_bytes(head[1:], "big")) if len(head) == 9 else b""


def answer(path: Path, request: bytes) -> dict[str, Any]:
    with Connection(path) as connection:
        assert connection.take(8) == REP
        connection.send(b"\x80\x00\x00\x07" + request)
        payload = connection.frame()
    assert payload[:4] == b"\x80\x00\x00\x07"
    reply: dict[str, Any] = msgpack.unpackb(payload[4:])
    return reply


@pytest.mark.parametrize("row", REQUESTS, ids=[r["name"] for r in REQUESTS])
def test_requests(path: Path, row: dict[str, Any]) -> None:
    reply = answer(path, body(row))
    assert reply["v"] == 1
    assert len(reply["epoch"]) == 16
    if "ok" in row["expect"]:
        assert "ok" in reply, reply["error"]
        return
    want, error = row["expect"]["error"], reply["error"]
    assert (error["kind"], error["code"]) == (want["kind"], want["code"]), error["message"]
    assert want.get("names", "") in error["message"]
    assert reply.get("id") == (bytes.fromhex(row["expect"]["id"]) if row["expect"]["id"] else None)


@pytest.mark.parametrize("row", STREAMS, ids=[r["name"] for r in STREAMS])
def test_streams(path: Path, row: dict[str, Any]) -> None:
    expect = row["expect"]
    with Connection(path, bytes.fromhex(row["greeting"])) as connection:
        try:
            connection.socket.sendall(bytes.fromhex(row["hex"]))
        except (BrokenPipeError, ConnectionResetError):
            assert "close" in expect
        if "replies" in expect:
            assert connection.take(8) == REP
            left = [bytes.fromhex(head) for head in expect["replies"]]
            while left:
                payload = connection.frame()
                left.remove(next(head for head in left if payload.startswith(head)))
        elif "close" in expect:
            assert connection.take(1 << 20) in (b"", REP), "nothing comes but the greeting, and then the end"
        else:
            assert stays_silent(connection)
    assert "ok" in answer(path, PING), "others are served as before"


def stays_silent(connection: Connection) -> bool:
    """The next thing that comes is the answer to a ping, or the end."""
    try:
        connection.send(b"\x80\x00\x00\x09" + PING)
    except (BrokenPipeError, ConnectionResetError):
        return True
    greeting = connection.take(8)
    payload = connection.frame()
    return greeting in (b"", REP) and payload[:4] in (b"", b"\x80\x00\x00\x09")


def resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))) * 1024


def test_the_service_does_not_grow(path: Path) -> None:
    info = answer(path, msgpack.packb({"v": 1, "id": bytes(16), "op": "service.info"}))["ok"]["body"]
    rows = [r for r in REQUESTS if "error" in r["expect"]]
    for row in rows:
        answer(path, body(row))
    before = resident(info["pid"])
    for _ in range(10):
        for row in rows:
            answer(path, body(row))
    assert resident(info["pid"]) - before < GROWTH_MAX
