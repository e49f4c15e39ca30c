"""Answers in chunks as they come over the wire: the head's lines, every HTTP chunk, and the events in them."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from wire import Client


class Chunked(NamedTuple):
    status: int
    reason: str
    headers: list[tuple[str, str]]
    chunks: list[bytes]
    whole: bool

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)


class Reader:
    """Reads one answer of a client's connection; what is asked for is waited for."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._held = b""
        self.ended = False

    def _more(self) -> bool:
        data = self._client.sock.recv(65536)
        self._held += data
        self.ended = not data
        return bool(data)

    def _until(self, mark: bytes) -> bytes | None:
        while mark not in self._held:
            if not self._more():
                return None
        found, _, self._held = self._held.partition(mark)
        return found

    def head(self) -> tuple[int, str, list[tuple[str, str]]]:
        found = self._until(b"\r\n\r\n")
        assert found is not None, "no answer"
        first, *lines = found.decode("latin-1").split("\r\n")
        _, status, reason = first.split(" ", 2)
        headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
        return int(status), reason, headers

    def chunk(self) -> bytes | None:
        """The next chunk; empty is the end of the body, None the end of the connection."""
        line = self._until(b"\r\n")
        if line is None:
            return None
        size = int(line, 16) + 2
        while len(self._held) < size:
            if not self._more():
                return None
        data, self._held = self._held[: size - 2], self._held[size:]
        return data

    def rest(self) -> tuple[list[bytes], bool]:
        """All chunks, and whether the body came to its end."""
        chunks: list[bytes] = []
        while True:
            data = self.chunk()
            if not data:
                return chunks, data is not None
            chunks.append(data)


def receive(client: Client) -> Chunked:
    reader = Reader(client)
    status, reason, headers = reader.head()
    if ("Transfer-Encoding", "chunked") not in headers:
        return Chunked(status, reason, headers, [], False)
    chunks, whole = reader.rest()
    return Chunked(status, reason, headers, chunks, whole)


def events(body: bytes | str) -> list[Any]:
    """The events of a stream, in order; a ping as the text "ping"."""
    text = body.decode() if isinstance(body, bytes) else body
    assert text.endswith("\n\n") or not text, text[-100:]
    found: list[Any] = []
    for frame in text.split("\n\n")[:-1]:
        if frame == "event: ping":
            found.append("ping")
        else:
            assert frame.startswith("data: "), frame
            found.append(json.loads(frame[len("data: ") :]))
    return found


def texts(body: bytes | str) -> list[str]:
    """What was said, one text an event."""
    said = []
    for event in events(body):
        if event != "ping" and event["event"] in ("message", "agent_message"):
            said.append(event["answer"])
        elif event != "ping" and event["event"] == "text_chunk":
            said.append(event["data"]["text"])
    return said


def start(client: Client, path: str, body: dict[str, Any]) -> None:
    """Send a POST and do not wait for its answer."""
    headers = {"Authorization": f"Bearer {client.key}", "Content-Type": "application/json"}
    client.send("POST", client.prefix + path, headers, json.dumps(body).encode())
