"""What tests of streams share: a stand-in of Dify, streams that are opened and read to their end."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from sandbox.testing import Sandbox
from spclient import Client

CHAT: dict[str, Any] = {"query": "How?", "inputs": {}, "user": "u-1"}


def connect(client: Client, sandbox: Sandbox, key: str = "chat", **more: Any) -> str:
    """A handle for the app of that name."""
    return client.connect(sandbox.http, api_key=sandbox.keys[key], **more)


def open_chat(client: Client, handle: str, args: dict[str, Any] | None = None, **more: Any) -> bytes:
    """Begin a run as a stream; its handle."""
    asked = {"op": "chat.send", "args": {**CHAT, **(args or {})}, **more}
    stream: bytes = client.call("stream.open", asked, profile=handle)["body"]["stream"]
    return stream


def open_download(client: Client, handle: str, file_id: str, **more: Any) -> dict[str, Any]:
    asked = {"op": "files.preview", "args": {"file_id": file_id}, **more}
    body: dict[str, Any] = client.call("stream.open", asked, profile=handle)["body"]
    return body


def next_(client: Client, *streams: tuple[bytes, int], **more: Any) -> list[dict[str, Any]]:
    """One stream.next: what each of them has to tell."""
    asked = [{"stream": stream, "after": after} for stream, after in streams]
    told: list[dict[str, Any]] = client.call("stream.next", {"streams": asked, **more})["body"]["streams"]
    return told


@dataclass
class Reading:
    """What was read of one stream so far."""

    stream: bytes
    after: int = 0
    events: list[Any] = field(default_factory=list)
    data: bytearray = field(default_factory=bytearray)
    sizes: list[int] = field(default_factory=list)  # events a reply
    end: dict[str, Any] | None = None

    def take(self, told: dict[str, Any]) -> None:
        """One entry of a reply; it must go on exactly where the last one ended."""
        assert told["stream"] == self.stream
        if "events" in told:
            assert told["first"] == self.after + 1, "a gap, or a piece twice"
            assert told["events"], "an empty list of events"
            self.events += told["events"]
            self.after += len(told["events"])
            self.sizes.append(len(told["events"]))
        if "bytes" in told:
            assert told["offset"] == self.after
            self.data += told["bytes"]
            self.after += len(told["bytes"])
        if "end" in told:
            assert self.end is None
            self.end = told["end"]

    @property
    def text(self) -> str:
        """The words of a chat."""
        told = (json.loads(event) for event in self.events)
        return "".join(event["answer"] for event in told if event["event"] == "message")


def read_all(client: Client, *streams: bytes, **more: Any) -> list[Reading]:
    """Read them to their ends, all in one stream.next after the other."""
    readings = {stream: Reading(stream) for stream in streams}
    while open_ := [r for r in readings.values() if r.end is None]:
        for told in next_(client, *((r.stream, r.after) for r in open_), **more):
            readings[told["stream"]].take(told)
    return [readings[stream] for stream in streams]


def read(client: Client, stream: bytes, **more: Any) -> Reading:
    return read_all(client, stream, **more)[0]
