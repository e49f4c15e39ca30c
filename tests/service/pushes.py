"""What tests of pushes share: pages, a push that is fed and read to its end, what a stand-in then holds."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from sandbox.testing import Sandbox
from spclient import Client

WORDS = "How to install, what to do then, and whom to ask. "


def page(number: int, text: str = "", **more: Any) -> dict[str, Any]:
    return {
        "url": f"https://example.org/{number}",
        "title": f"Page {number}",
        "text": text or f"{WORDS}{number}",
        **more,
    }


def pages(count: int, first: int = 0) -> list[dict[str, Any]]:
    return [page(number) for number in range(first, first + count)]


@dataclass
class Push:
    """A push over one connection; its events as they came."""

    client: Client
    handle: bytes = b""
    after: int = 0
    taken: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)
    end: dict[str, Any] | None = None

    def open(self, profile: str, **args: Any) -> Push:
        given = {"dataset": "Guides", "indexing_technique": "economy", **args}
        asked = {name: value for name, value in given.items() if value is not None}
        body = self.client.call("push.open", asked, profile=profile)["body"]
        self.handle = body["push"]
        return self

    def add(self, some: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        asked = {"push": self.handle, "pages": some, "at": self.taken, **more}
        body: dict[str, Any] = self.client.call("push.add", asked)["body"]
        self.taken = body["taken"]
        return body

    def next(self, **more: Any) -> dict[str, Any]:
        body: dict[str, Any] = self.client.call(
            "push.next", {"push": self.handle, "after": self.after, **more}
        )["body"]
        assert body["push"] == self.handle
        if "events" in body:
            assert body["first"] == self.after + 1
            self.after += len(body["events"])
            self.events += [json.loads(event) for event in body["events"]]
        self.end = body.get("end", self.end)
        return body

    def finish(self, **more: Any) -> None:
        assert self.client.call("push.finish", {"push": self.handle, **more})["body"] == {}

    def read(self) -> dict[str, Any]:
        """To its end; the totals."""
        while self.end is None:
            self.next()
        assert "ok" in self.end, self.end
        return dict(json.loads(self.end["ok"]["body"]))

    def fail(self) -> dict[str, Any]:
        """To its end; the error."""
        while self.end is None:
            self.next()
        assert "error" in self.end, self.end
        return dict(self.end["error"])

    def outcomes(self) -> dict[int, str]:
        told = [event for event in self.events if event["event"] == "page"]
        out = {event["index"]: event["outcome"] for event in told}
        assert len(out) == len(told), "a page was told of twice"
        return out


def documents(client: Client, profile: str, name: str = "Guides") -> list[dict[str, Any]]:
    """All documents of the knowledge base of that name; [] if there is none."""
    found = client.call("datasets.list", {"keyword": name, "limit": 100}, profile=profile, decode=True)[
        "body"
    ]["data"]
    ids = [entry["id"] for entry in found if entry["name"] == name]
    assert len(ids) <= 1, "a knowledge base twice"
    out: list[dict[str, Any]] = []
    number = 1
    while ids:
        asked = {"dataset_id": ids[0], "page": number, "limit": 100}
        body = client.call("documents.list", asked, profile=profile, decode=True)["body"]
        out += body["data"]
        if not body["has_more"]:
            return out
        number += 1
    return out


def names_once(client: Client, profile: str, count: int) -> None:
    """Every page stands there exactly once."""
    held = [document["name"] for document in documents(client, profile)]
    assert len(held) == len(set(held)) == count


def connect(client: Client, sandbox: Sandbox) -> str:
    return client.connect(sandbox.http, api_key=sandbox.keys["main"])
