"""Two ways to send an operation: as a plain reading of the table makes HTTP of it, and through the service.

Both give what the answer says: JSON as it is, the bytes of a file, of events the members that they tell of, the first
told of each name.
"""

from __future__ import annotations

import json
import subprocess
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import Any

import daemon
import gen_docs
import gen_pydoc
import pynng
from conftest import read_table

OPS: dict[str, dict[str, Any]] = {op["name"]: op for op in read_table()["op"]}
CONTENT = b"# Guide\n\nHow to install, and what to do then.\n"
MEDIA = {"md": "text/markdown", "mp3": "audio/mp3"}
Send = Callable[[str, dict[str, Any], str], Any]


class CannotSend(Exception):
    """This way there is no sending it, for the reason that is said."""


def flat(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def multipart(parts: dict[str, dict[str, Any]]) -> tuple[bytes, str]:
    """The body that the table's comments tell of, and its type: texts first, then `data`, then the file."""
    boundary = uuid.uuid4().hex
    texts = {**{k: flat(v) for k, v in parts["part"].items()}, **parts["texts"]}
    pieces = [f'form-data; name="{name}"\r\n\r\n{text}'.encode() for name, text in texts.items()]
    for name, filename in parts["file"].items():
        media = MEDIA[filename.rpartition(".")[2]]
        head = f'form-data; name="{name}"; filename="{filename}"\r\nContent-Type: {media}\r\n\r\n'
        pieces.append(head.encode() + CONTENT)
    body = b"".join(b"--%s\r\nContent-Disposition: %s\r\n" % (boundary.encode(), piece) for piece in pieces)
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def placed(op: dict[str, Any], args: dict[str, Any]) -> dict[str, dict[str, Any]]:
    places: dict[str, dict[str, Any]] = {k: {} for k in ("path", "query", "body", "part", "data", "file", "local")}
    where = {p["name"]: p["in"] for p in op["params"]}
    for name, value in args.items():
        places[where[name]][name] = value
    return places


def body_of(op: dict[str, Any], places: dict[str, dict[str, Any]]) -> tuple[bytes | None, str]:
    takes = {p["in"] for p in op["params"]}
    if "file" in takes:
        texts = {"data": json.dumps(places["data"])} if "data" in takes else {}
        return multipart({**places, "texts": texts})
    mode = {op["mode"]: "streaming"} if "mode" in op else {}
    if "body" in takes:
        return json.dumps({**places["body"], **mode}).encode(), "application/json"
    return None, "application/json"


def lines_of(stream: bytes) -> list[str]:
    return [line[5:] for line in stream.decode().splitlines() if line.startswith("data:")]


def told(data: list[str]) -> dict[str, Any]:
    """What events tell: their members and those of their `data`, each as it was first told."""
    found: dict[str, Any] = {}
    events = [json.loads(text) for text in data]
    assert events, "a stream without an event"
    for event in events:
        assert event["event"] != "error", event
        inner = event["data"] if isinstance(event.get("data"), dict) else {}
        found = {**inner, **event, **found}
    return found


def read(op: dict[str, Any], kind: str, data: bytes) -> Any:
    """The answer, which must be of the kind that the table says."""
    if op["answer"] == "empty":
        return None
    if op["answer"] == "events":
        assert kind == "text/event-stream", kind
        return told(lines_of(data))
    if op["answer"] == "binary":
        assert kind not in ("application/json", "text/html"), kind
        assert data
        return data
    assert kind == "application/json", kind
    return json.loads(data)


def as_http(base: str, keys: dict[str, str]) -> Send:
    """The table read as its comments say, and nothing else."""

    def send(name: str, args: dict[str, Any], key: str) -> Any:
        op = OPS[name]
        if not op["path"]:
            raise CannotSend("it is made of other calls, so there is no HTTP of it")
        places = placed(op, args)
        path = op["path"].format(**{k: urllib.parse.quote(str(v), safe="") for k, v in places["path"].items()})
        query = [(k, flat(x)) for k, v in places["query"].items() for x in (v if isinstance(v, list) else [v])]
        data, kind = body_of(op, places)
        headers = {"Authorization": f"Bearer {keys[key]}", "Content-Type": kind}
        url = f"{base}{path}?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(url, data, headers, method=op["method"])
        with urllib.request.urlopen(request, timeout=20) as answer:
            head: Message = answer.headers
            return read(op, head.get_content_type() if "Content-Type" in head else "", answer.read())

    return send


def as_shell(base: str, keys: dict[str, str], cli: str, env: dict[str, str], directory: Path) -> Send:
    """The example as the reference, the man page and `difypool ops` show it, run by a shell."""

    def send(name: str, args: dict[str, Any], key: str) -> Any:
        op = OPS[name]
        for param in op["params"]:
            if param["type"] == "file" and param["name"] in args:
                (directory / args[param["name"]]).write_bytes(CONTENT)
        out = directory / "out"
        events = op["answer"] == "events" and "mode" not in op
        how = f" -o {out}" if op["answer"] == "binary" else " --stream" if events else ""
        line = gen_docs.command({**op, "example": args}).replace("difypool call", f"{cli} --base-url {base} call{how}", 1)
        done = subprocess.run(
            ["sh", "-c", line], env={**env, "DIFYPOOL_API_KEY": keys[key]}, cwd=directory, capture_output=True, timeout=60, check=False
        )
        assert done.returncode == 0, (line, done.stderr)
        if op["answer"] == "binary":
            return out.read_bytes()
        if events:
            return told(done.stdout.decode().splitlines())
        return json.loads(done.stdout) if op["answer"] != "empty" and done.stdout.strip() else None

    return send


def as_python(base: str, keys: dict[str, str], clients: dict[str, Any], directory: Path) -> Send:
    """The example as the docstring of its method shows it, run by Python."""
    import difypool

    def send(name: str, args: dict[str, Any], key: str) -> Any:
        op = OPS[name]
        if op["group"] == "batch":
            raise CannotSend("it has no method made by the table")
        for param in op["params"]:
            if param["type"] == "file" and param["name"] in args:
                (directory / args[param["name"]]).write_bytes(CONTENT)
        if key not in clients:
            clients[key] = difypool.Client(base_url=base, api_key=keys[key])
        lines = [line.strip()[4:] for line in gen_pydoc.example_lines({**op, "example": args}, False)]
        scope: dict[str, Any] = {"client": clients[key], "Path": lambda file: directory / file}
        exec("\n".join(lines), scope)
        reply = scope["reply"]
        if name == "pages.push":
            return reply.counts()
        if op["answer"] == "binary":
            return reply.content
        if op["answer"] == "events" and reply.content.startswith(b"data:"):
            return told(lines_of(reply.content))
        return reply.json() if op["answer"] != "empty" and reply.content else None

    return send


def connected(base: str, keys: dict[str, str], socket: pynng.Req0) -> Callable[[str], str]:
    """The handle of a key's profile, connected when it is first asked for."""
    handles: dict[str, str] = {}

    def handle(key: str) -> str:
        if key not in handles:
            own = {"base_url": base, "api_key": keys[key]}
            handles[key] = daemon.ask(socket, "service.connect", own)["ok"]["body"]["profile"]
        return handles[key]

    return handle


def as_service(base: str, keys: dict[str, str], socket: pynng.Req0) -> Send:
    """Through the service: a file as a map, an answer in one piece."""
    handle = connected(base, keys, socket)

    def send(name: str, args: dict[str, Any], key: str) -> Any:
        op = OPS[name]
        files = {p["name"] for p in op["params"] if p["in"] == "file"}
        args = {k: {"name": v, "data": CONTENT} if k in files else v for k, v in args.items()}
        reply = daemon.ask(socket, name, args, profile=handle(key))
        if files and reply.get("error", {}).get("message", "").endswith("must be a file"):
            raise CannotSend("the service takes no files as arguments")
        assert "ok" in reply, (name, reply["error"])
        assert reply["ok"]["meta"]["op"] == name
        body = reply["ok"]["body"]
        if op["answer"] == "binary":
            assert body
            return body
        if op["answer"] == "events" and "mode" not in op and body.startswith(b"data:"):
            return told(lines_of(body))  # a server that knows no other answer, so there is none to put together
        return json.loads(body) if body else None

    return send


def as_stream(base: str, keys: dict[str, str], socket: pynng.Req0) -> Send:
    """What comes in pieces through a stream of the service, piece by piece; all else in one answer."""
    handle = connected(base, keys, socket)
    whole = as_service(base, keys, socket)

    def ask(op: str, args: dict[str, Any], **more: Any) -> Any:
        reply = daemon.ask(socket, op, args, **more)
        assert "ok" in reply, (op, reply["error"])
        return reply["ok"]["body"]

    def send(name: str, args: dict[str, Any], key: str) -> Any:
        kind = OPS[name]["answer"]
        if kind not in ("events", "binary"):
            return whole(name, args, key)
        opened = ask("stream.open", {"op": name, "args": args}, profile=handle(key))
        assert opened["kind"] == {"events": "events", "binary": "bytes"}[kind]
        events, data, end = drained(ask, opened["stream"])
        ask("stream.close", {"stream": opened["stream"]})
        assert "ok" in end, end
        return told(events) if kind == "events" else data

    return send


def drained(ask: Callable[..., Any], stream: bytes) -> tuple[list[str], bytes, dict[str, Any]]:
    """All pieces of a stream, a few at a time, and its end."""
    events: list[str] = []
    data = b""
    while True:
        at = {"stream": stream, "after": len(events) + len(data)}
        for told_ in ask("stream.next", {"streams": [at], "wait_ms": 10_000, "max_events": 3})["streams"]:
            assert told_.get("first", len(events) + 1) == len(events) + 1
            assert told_.get("offset", len(data)) == len(data)
            events += told_.get("events", [])
            data += told_.get("bytes", b"")
            if "end" in told_:
                return events, data, told_["end"]
