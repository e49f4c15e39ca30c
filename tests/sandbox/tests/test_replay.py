"""Every recorded exchange of the operations that the stand-in plays, sent again in its order, file by file.

Compared are the status line, the header lines and their order, the content type, the shape of a JSON body (members and types, all the way down),
an error's code and message, and the members that page a list. Ids are mapped as they come up in answers.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sse
from replay_plan import FEWER_TYPES, OTHER_WORDS, SEED, SETTINGS, SKIPPED, STEPS
from sandbox.testing import Sandbox

from wire import Answer, Client

RECORDINGS = Path(__file__).resolve().parents[1] / "recordings"
KEYS = {
    "KEY-DATASET": "main",
    "KEY-DATASET-2NDKEY": "second",
    "KEY-OTHER-TENANT-DATASET": "other",
    "KEY-CHATFLOW": "chatflow",
    "KEY-CHAT": "chat",
    "KEY-WORKFLOW": "workflow",
    "KEY-COMPLETION": "completion",
    "KEY-AGENT": "agent",
    **{
        f"KEY-{name.upper()}": name
        for name in (
            *("chatflow-slow", "chatflow-steps", "chatflow-fail", "chatflow-limit1"),
            *("workflow-slow", "workflow-fail", "workflow-limit1", "workflow-unpublished", "workflow-apioff"),
        )
    },
}
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b20261123\d{12}\b", re.IGNORECASE)
BOUNDARY = "----replayed"


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox("--defect=-update-hangs-indexing") as sandbox:
        yield sandbox


class Replay:
    """One file's exchanges against one server."""

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        self.sandbox = sandbox
        self.ids: dict[str, str] = {}
        sandbox.settings(models="stub", vector_store=True, rate_limit=0)
        sandbox.settings(**SETTINGS.get(name, {}))
        sandbox.reset()
        for workspace in ("main", "other"):
            sandbox.ask("PATCH", f"/workspaces/{workspace}", {"archived": False})
        sandbox.pause_indexing()
        if SEED.get(name):
            sandbox.seed(**SEED[name])

    def mapped(self, text: str) -> str:
        return ID.sub(lambda found: self.ids.get(found.group().lower(), found.group()), text)

    def step(self, what: str, value: Any) -> None:
        s = self.sandbox
        if what == "settings":
            s.settings(**value)
        elif what == "dataset":
            s.ask("PATCH", f"/datasets/{self.mapped(value[0])}", value[1])
        elif what == "document":
            s.ask("POST", f"/datasets/{value[0]}/documents", value[1])
        elif what == "document off":
            s.ask("PATCH", f"/datasets/{value[0]}/documents/{value[1]}", {"enabled": False})
        elif what == "document off by name":
            (found,) = (d["id"] for d in s.dataset(value[0])["documents"] if d["name"] == value[1])
            s.ask("PATCH", f"/datasets/{value[0]}/documents/{found}", {"enabled": False})
        elif what == "app":
            s.change_app(value[0], **value[1])
        elif what == "workspace":
            s.ask("PATCH", f"/workspaces/{value[0]}", value[1])
        elif what == "advance":
            assert s.advance_indexing(value)
        elif what == "fault":
            s.fault(**value)
        elif what == "hang":
            self.hang()
        elif what == "heal":
            s.defect("update-hangs-indexing", False)
            s.restart_indexing()
        else:
            assert what == "hold", what

    def hang(self) -> None:
        """An update on the unmended server."""
        self.sandbox.defect("update-hangs-indexing", True)
        path = (
            "/datasets/2f30ba00-7aae-4184-ac1d-3d362b34408a/documents/f783eaab-8a20-4798-a89e-eed092a3bd3b/update-by-text"
        )
        with Client(self.sandbox.http, self.sandbox.key) as client:
            answer = client.ask("POST", path, {"name": "meta one", "text": "another text"})
        self.ids["20261123063506668852"] = answer.json()["batch"]
        self.sandbox.drain_indexing()

    def prepare(self, name: str) -> None:
        steps = STEPS.get(name, [])
        if not any(what in ("hold", "advance", "hang") for what, _ in steps):
            self.sandbox.drain_indexing()
        for what, value in steps:
            self.step(what, value)

    def send(self, exchange: dict[str, Any]) -> Answer:
        request = exchange["request"]
        headers = {name: self.header(value) for name, value in request["headers"].items()}
        body = self.body(exchange["name"], request, headers)
        target = self.mapped(request["path"]) + ("?" + self.mapped(request["query"]) if request["query"] else "")
        with Client(self.sandbox.http) as client:
            client.send(request["method"], target, headers, body)
            return client.receive(request["method"])

    def header(self, value: str) -> str:
        for name, key in sorted(KEYS.items(), key=lambda pair: -len(pair[0])):
            if name in value:
                return value.replace(name, self.sandbox.keys[key])
        return value.replace("boundary=…", f"boundary={BOUNDARY}")

    def body(self, name: str, request: dict[str, Any], headers: dict[str, str]) -> bytes:
        kind: str = request["body_kind"]
        given: Any = request.get("body")
        if name == "errors.too_large/nginx_head_only":
            headers["Content-Length"] = str(100 * 1024 * 1024 + 1)
        if kind == "empty":
            return b""
        if kind == "multipart":
            data = self.multipart(given["multipart"])
        elif kind == "base64":
            data = base64.b64decode(given["base64"])
        elif kind.endswith("(cut)"):
            data = self.long_body(name, request)
        elif kind == "text":
            data = self.mapped(given["text"]).encode("utf-8", "surrogatepass")
        else:
            data = self.mapped(json.dumps(given)).encode()
        if request.get("chunked") or "Transfer-Encoding" in headers:
            headers["Transfer-Encoding"] = "chunked"
            half = len(data) // 2
            return (
                b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (data[:half], data[half:]) if part) + b"0\r\n\r\n"
            )
        return data

    def long_body(self, name: str, request: dict[str, Any]) -> bytes:
        """A body that the recording shortened, made as long again."""
        start: str = request["body"].get("cut") or request["body"]["text"]
        size: int = request["body_size"]
        if start.startswith("["):
            return b"[" * (size // 2) + b"]" * (size // 2)
        title = json.loads(re.match(r'\{"name": ("[^"]*")', start).group(1))  # type: ignore[union-attr]
        empty = json.dumps({"name": title, "text": "", "indexing_technique": "economy"})
        return json.dumps({"name": title, "text": "w" * (size - len(empty)), "indexing_technique": "economy"}).encode()

    def multipart(self, parts: list[dict[str, Any]]) -> bytes:
        out = []
        for part in parts:
            value = part.get("value")
            data = base64.b64decode(part["value_base64"]) if "value_base64" in part else b"x" * part.get("value_size", 0)
            if value is not None:
                data = self.mapped(value).encode()
            name = f'; filename="{part["filename"]}"' if "filename" in part else ""
            kind = f"\r\nContent-Type: {part['type']}" if "type" in part else ""
            head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{part["name"]}"{name}{kind}\r\n\r\n'
            out.append(head.encode() + data + b"\r\n")
        return b"".join(out) + f"--{BOUNDARY}--\r\n".encode()

    def learn(self, recorded: Any, given: Any) -> None:
        """Ids of the recorded answer that mean what stands in the same place of ours."""
        if isinstance(recorded, dict) and isinstance(given, dict):
            for name, value in recorded.items():
                self.learn(value, given.get(name))
        elif isinstance(recorded, list) and isinstance(given, list) and len(recorded) == len(given):
            for one, other in zip(recorded, given):
                self.learn(one, other)
        elif isinstance(recorded, str) and isinstance(given, str) and ID.fullmatch(recorded) and ID.fullmatch(given):
            self.ids.setdefault(recorded.lower(), given)

    def learn_tags(self, name: str) -> None:
        """A tag's id is in no answer of 1.12.1 before it is bound: the recorder looked into the database."""
        if name == "tags.create/ok":
            (tag,) = self.sandbox.ask("GET", "/workspaces/main")["tags"]
            self.ids["3304604b-4104-45c6-9ea1-72c1fcdc5140"] = tag["id"]


def shape(value: Any, where: str = "", found: dict[str, set[str]] | None = None) -> dict[str, set[str]]:
    """Which members there are, all the way down, and of which types; the items of a list count together."""
    found = {} if found is None else found
    found.setdefault(where or ".", set()).add(type(value).__name__)
    if isinstance(value, dict):
        for name, member in value.items():
            shape(member, f"{where}.{name}", found)
    elif isinstance(value, list):
        for item in value:
            shape(item, f"{where}[]", found)
    return found


def header_lines(headers: Any) -> list[tuple[str, str]]:
    varying = ("Date", "Content-Length")
    lines = [(name, "" if name in varying else value) for name, value in headers]
    return [(name, ", ".join(sorted(value.split(", "))) if name == "Allow" else value) for name, value in lines]


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def differences(exchange: dict[str, Any], answer: Answer, replay: Replay) -> Iterator[str]:
    recorded = exchange["response"]
    if (recorded["status"], recorded["reason"]) != (answer.status, answer.reason):
        yield f"status {answer.status} {answer.reason} instead of {recorded['status']} {recorded['reason']}: {answer.body[:300]!r}"
        return
    if exchange["via"] == "nginx" and header_lines(recorded["headers"]) != header_lines(answer.headers):
        yield f"headers {header_lines(answer.headers)} instead of {header_lines(recorded['headers'])}"
    if recorded["body_kind"] == "text":
        if recorded["body"]["text"].encode() != answer.body:
            yield f"body {answer.body!r} instead of {recorded['body']['text']!r}"
    elif recorded["body_kind"] == "base64":
        if base64.b64decode(recorded["body"]["base64"]) != answer.body:
            yield f"another body of {len(answer.body)} bytes"
    elif recorded["body_kind"] == "chunks":
        theirs, ours = sse.events("".join(recorded["chunks"])), sse.events(answer.body)
        if shape(theirs) != shape(ours):
            yield f"events {ours} instead of {theirs}"
    elif recorded["body_kind"] == "json":
        yield from json_differences(exchange, answer, replay)
    elif answer.body:
        yield f"a body: {answer.body[:100]!r}"


def json_differences(exchange: dict[str, Any], answer: Answer, replay: Replay) -> Iterator[str]:
    recorded, given = exchange["response"]["body"], answer.json()
    # What a run answers does not go through Flask-RESTX, which ends its JSON with a newline and names no charset.
    end = b"" if "charset" in (answer.header("Content-Type") or "") else b"\n"
    if answer.body != json.dumps(given).encode() + end:
        yield "JSON is written differently"
    if isinstance(recorded, dict) and isinstance(given, dict):
        for name in ("code", "message", "has_more", "limit", "page"):
            wanted = recorded.get(name)
            wanted = replay.mapped(wanted) if isinstance(wanted, str) else wanted
            if wanted != given.get(name) and exchange["name"] not in OTHER_WORDS:
                yield f"{name} {given.get(name)!r} instead of {wanted!r}"
    if "shortened" in exchange.get("note", ""):
        recorded = {**recorded, "data": len(recorded["data"])}
        given = {**given, "data": len(given["data"])}
        if recorded["data"] != given["data"] or recorded["total"] != given["total"]:
            yield f"{given['data']} of {given['total']} instead of {recorded['data']} of {recorded['total']}"
    ours, theirs = shape(given), shape(recorded)
    for where in sorted(set(ours) | set(theirs)):
        fewer = exchange["name"] in FEWER_TYPES and len(ours.get(where, ())) > 0
        if ours.get(where) != theirs.get(where) and not fewer:
            yield f"at {where}: {ours.get(where, 'nothing')} instead of {theirs.get(where, 'nothing')}"


@pytest.mark.parametrize("name", sorted(SEED))
def test_recorded_exchanges(name: str, server: Sandbox) -> None:
    replay = Replay(server, name)
    wrong = []
    for exchange in read(RECORDINGS / f"{name}.jsonl"):
        replay.prepare(exchange["name"])
        answer = replay.send(exchange)
        found = list(differences(exchange, answer, replay))
        wrong += [f"{exchange['name']}: {text}" for text in found]
        if not found and exchange["response"]["body_kind"] == "json":
            replay.learn(exchange["response"]["body"], answer.json())
        replay.learn_tags(exchange["name"])
    assert not wrong, f"{len(wrong)} differences\n" + "\n".join(wrong)


def test_every_recording_is_replayed_or_accounted_for() -> None:
    names = {exchange["name"] for path in RECORDINGS.glob("*.jsonl") for exchange in read(path)}
    assert not names & set(SKIPPED)
    assert set(STEPS) <= names
    assert set(OTHER_WORDS) | set(FEWER_TYPES) <= names
