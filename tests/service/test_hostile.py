"""Whatever comes in: it is answered or its connection is closed, memory stays, others are served."""

from __future__ import annotations

import json
import os
import socket
import struct
from pathlib import Path
from typing import Any

import msgpack
import pytest

from daemon import until
from spclient import GREETING, Client, Gone, new_id, request

VECTORS = Path(__file__).parents[2] / "proto" / "vectors"


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (VECTORS / name).read_text().splitlines()]


def bytes_of(row: dict[str, Any]) -> bytes:
    out = bytes.fromhex(row.get("hex", ""))
    if "fill" in row:
        out += bytes.fromhex(row["fill"]["hex"]) * row["fill"]["times"]
    return out + bytes.fromhex(row.get("tail", ""))


def judge(row: dict[str, Any], reply: dict[str, Any]) -> None:
    expect = row["expect"]
    if "error" in expect:
        error = reply["error"]
        got = (error["kind"], error["code"], reply.get("id", b"").hex() or None)
        assert got == (expect["error"]["kind"], expect["error"]["code"], expect["id"]), row["name"]
        assert expect["error"].get("names", "") in error["message"], row["name"]
    elif expect.get("ok"):
        assert "ok" in reply, row["name"]
    else:
        structural = {"truncated", "unknown_key", "missing_key", "utf8", "depth", "elements"}
        assert reply.get("error", {}).get("code") not in structural, row["name"]


def test_every_vector_of_requests_and_memory_has_not_grown(service):
    vectors = rows("requests.jsonl")
    assert sum("error" in row["expect"] for row in vectors) >= 40
    with service.client(60) as client, service.client() as other:

        def round_of_all() -> None:
            for row in vectors:
                judge(row, client.receive(client.send_bytes(bytes_of(row))))
                other.call("service.ping")

        round_of_all()
        before = service.memory()
        for _ in range(5):
            round_of_all()
        grown = service.memory() - before
        assert grown < 3_000_000, f"{grown} bytes more"


@pytest.mark.parametrize("row", rows("client_streams.jsonl"), ids=lambda row: row["name"])
def test_streams(service, row):
    expect = row["expect"]
    before = service.memory() if os.geteuid() == 0 else 0
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(service.socket)
        s.sendall(bytes.fromhex(row["greeting"]) + bytes_of(row))
        if "replies" in expect:
            check_replies(s, [bytes.fromhex(head) for head in expect["replies"]])
        elif expect.get("close"):
            got = drain(s)
            assert got in (b"", b"\x00SP\x00\x00\x31\x00\x00"), "a frame came"
        else:
            s.shutdown(socket.SHUT_WR)
            assert drain(s) in (b"", b"\x00SP\x00\x00\x31\x00\x00"), "a frame came"
    with service.client() as client:
        client.call("service.ping")
    if before:
        assert service.memory() - before < 8_000_000


def drain(s: socket.socket) -> bytes:
    """All until the service closes; an answer to nothing would be in it."""
    out = b""
    while True:
        try:
            piece = s.recv(65536)
        except ConnectionResetError:
            return out
        if not piece:
            return out
        out += piece


def check_replies(s: socket.socket, heads: list[bytes]) -> None:
    stream = s.makefile("rb")
    assert stream.read(8) == b"\x00SP\x00\x00\x31\x00\x00"
    payloads = []
    for _ in heads:
        frame = stream.read(9)
        assert frame[0] == 1
        payloads.append(stream.read(struct.unpack(">Q", frame[1:])[0]))
    for head in heads:
        assert any(payload.startswith(head) for payload in payloads)


def test_four_gigabyte_claims_by_many_reserve_nothing(service):
    with service.client() as client:
        client.call("service.ping")
        before = service.memory()
        sockets = []
        for size in (2**32, 2**40, 2**63, 2**64 - 1, 67174400 + 5):
            for _ in range(10):
                s = socket.socket(socket.AF_UNIX)
                s.connect(service.socket)
                s.sendall(GREETING + b"\x01" + struct.pack(">Q", size) + b"\x80\x00\x00\x01")
                sockets.append(s)
        for s in sockets:
            s.settimeout(10)
            drain(s)
            s.close()
        assert service.memory() - before < 4_000_000
        client.call("service.ping")


def test_random_bytes_as_messages(service):
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    import random

    rng = random.Random(seed)
    sound = msgpack.packb(request("service.ping", {"a": [1, 2.5, "x", b"y", None, {"k": True}]}))
    with service.client(30) as client:
        for _ in range(3000):
            data = bytearray(sound)
            for _ in range(rng.randint(1, 6)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            if rng.random() < 0.3:
                data = data[: rng.randrange(len(data))]
            reply = client.receive(client.send_bytes(bytes(data)))
            assert ("ok" in reply) != ("error" in reply)
        client.call("service.ping")


def test_a_message_over_the_bound_closes_only_its_connection(start):
    service = start("[service]\nmessage_max = 65536\n")
    with service.client() as client, service.client() as other:
        fits = client.ask("service.ping", {"x": b"\x00" * 60000})
        assert fits["error"]["kind"] == "invalid_request"
        with pytest.raises((Gone, ConnectionResetError, BrokenPipeError)):
            client.ask("service.ping", {"x": b"\x00" * 70000})
        other.call("service.ping")


def test_half_a_message_and_silence_blocks_nobody(service):
    clients = [Client(service.socket) for _ in range(50)]
    for client in clients:
        frame = client.frame(msgpack.packb(request("service.ping")))
        client.socket.sendall(frame[: len(frame) // 2])
    with service.client() as other:
        for _ in range(100):
            other.call("service.ping")
    for client in clients:
        client.close()
    until(lambda: service.stats()["service"]["clients"] == 1, "all are gone")


def test_ids_may_be_anything_of_sixteen_bytes(service):
    with service.client() as client:
        for mine in (b"\x00" * 16, b"\xff" * 16, new_id()):
            assert client.ask("service.ping", id=mine)["id"] == mine


@pytest.mark.parametrize(
    "path", ["/..%2fadmin", "/x/..%2F..%2Fadmin", "/%2e%2e%2fadmin", "/..%5cadmin", "/..;/admin"]
)
def test_no_path_leaves_the_base_url(service, upstream, path):
    with service.client() as client:
        handle = client.connect(upstream.url)
        error = client.fail("http.request", {"method": "GET", "path": path}, profile=handle)
        assert error["kind"] == "invalid_request" and "leaves the base URL" in error["message"]
        client.call("http.request", {"method": "GET", "path": "/x/a%2Fb"}, profile=handle)
    assert dict(upstream.requests) == {"GET /v1/x/a%2Fb": 1}
