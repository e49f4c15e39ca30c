"""A stand-in, two services that push into it as two machines would, and what must then be there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon import Daemon
from pushes import Push
from sandbox.testing import Sandbox
from spclient import Client, Gone

NAME = "Guides"
SETTINGS = "[service]\nverify_window_ms = 300\norphan_grace_ms = 100\nstop_ms = 200\n"
TAG = re.compile(r" \[[0-9a-f]{12}\](\.[a-z]+)?$")


@dataclass(frozen=True)
class Server:
    name: str
    options: tuple[str, ...] = ()


# A create by a known name is an update on the one, and a second document on the other.
SERVERS = [
    Server("1.12.1"),
    Server("1.11.0", ("--dify-version", "1.11.0", "--defect", "+same-name-duplicates", "--defect=-update-hangs-indexing")),
]


class Place:
    def __init__(self, directory: Path, server: Server) -> None:
        self.server = server
        self.sandbox = Sandbox("--indexing-interval", "0.01", *server.options)
        self.services: list[Daemon] = []
        self.killed = False  # a service was, since begin()
        for name in ("a", "b"):
            (directory / name).mkdir()
            self.services.append(Daemon(directory / name, SETTINGS))

    def __enter__(self) -> Place:
        return self

    def __exit__(self, *_: object) -> None:
        for service in self.services:
            if service.process:
                service.stop()
        self.sandbox.close()

    def begin(self) -> None:
        self.sandbox.reset()
        self.sandbox.clear_faults()
        self.killed = False
        self.awake()

    def end(self) -> None:
        self.sandbox.clear_faults()
        self.sandbox.release()

    def awake(self) -> None:
        """Both services run; those that were killed are started again."""
        for service in self.services:
            if service.process is None or service.ended():
                service.start()

    def kill(self, number: int) -> None:
        self.killed = True
        self.services[number].kill()

    def client(self, number: int = 0) -> Client:
        return self.services[number].client(60)

    def push(self, pages: list[dict[str, Any]], number: int = 0, **options: Any) -> Push:
        """A push of all of them, to its end, which may be an error."""
        with self.client(number) as client:
            handle = client.connect(self.sandbox.http, api_key=self.sandbox.key)
            return finished(Push(client), handle, pages, **options)

    @property
    def base(self) -> str:
        """The knowledge base's id. Who was killed while two machines created one may leave a second, which is empty."""
        found = [dataset for dataset in self.sandbox.datasets() if dataset["name"] == NAME]
        assert len(found) == 1 or (found and self.killed), f"{len(found)} knowledge bases of one name"
        used = [dataset for dataset in found if dataset["documents"]]
        assert len(used) <= 1, "two knowledge bases of one name are used"
        return str((used or found)[0]["id"])

    @property
    def documents(self) -> list[dict[str, Any]]:
        """As they are in the server, oldest first."""
        return list(self.sandbox.dataset(self.base)["documents"])


def finished(push: Push, handle: str, pages: list[dict[str, Any]], **options: Any) -> Push:
    """Open it, feed it and read it as back-pressure asks, to its end."""
    push.open(handle, dataset=NAME, **options)
    while push.taken < len(pages) and push.end is None:
        if push.add(pages[push.taken :], wait_ms=0)["ended"]:
            break
        push.next(wait_ms=20)
    if push.end is None:
        push.finish()
    while push.end is None:
        push.next()
    return push


def totals(push: Push) -> dict[str, Any]:
    """Of a push that went well."""
    told = push.read()
    assert told["failed"] == 0, [event for event in push.events if event.get("outcome") == "failed"]
    return told


def value_of(value: Any) -> str:
    """A metadata value as it is read back."""
    if isinstance(value, list):
        return ", ".join(str(entry) for entry in value)
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def check_page(page: dict[str, Any], document: dict[str, Any]) -> None:
    kept = document["metadata"]
    assert document["text"] == page["text"], (page["url"], document["name"])
    assert kept.get("source_url") == page["url"]
    for name, value in page.get("metadata", {}).items():
        assert str(kept.get(name)) == value_of(value), (page["url"], name)


def check_exactly(place: Place, pages: list[dict[str, Any]], foreign: list[dict[str, Any]]) -> None:
    """The knowledge base holds these pages, each once, the foreign documents as they were, and nothing else."""
    documents = place.documents
    by_id = {document["id"]: document for document in documents}
    for before in foreign:
        now = by_id.pop(before["id"], None)
        assert now is not None, f"a foreign document is gone: {before['name']}"
        assert (now["name"], now["text"], now["metadata"]) == (before["name"], before["text"], before["metadata"])
    by_url: dict[str, list[dict[str, Any]]] = {}
    for document in by_id.values():
        by_url.setdefault(str(document["metadata"].get("source_url")), []).append(document)
    for page in pages:
        own = by_url.pop(page["url"], [])
        assert len(own) == 1, (page["url"], [document["name"] for document in own])
        check_page(page, own[0])
    assert not by_url, {url: [document["name"] for document in own] for url, own in by_url.items()}


def check_settled(place: Place, pages: list[dict[str, Any]], number: int, **options: Any) -> None:
    """The same once more sends no write."""
    place.sandbox.reset_counters()
    before = len(place.sandbox.log())
    again = totals(place.push(pages, number, **options))
    assert again["unchanged"] == len(pages), again
    wrote = [request for request in place.sandbox.log()[before:] if request["method"] != "GET"]
    assert not wrote, wrote


__all__ = ["Gone", "Place", "Server", "check_exactly", "check_settled", "finished", "totals"]
