"""A client that sends exactly what it is told and shows exactly what it got; one connection may carry many requests."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
from typing import Any, NamedTuple
from urllib.parse import urlsplit

DEADLINE_S = 20.0
BOUNDARY = "----sandbox-tests"


class Answer(NamedTuple):
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """A connection to a base URL, opened at once."""

    def __init__(self, base_url: str, key: str = "", ca_file: str | None = None) -> None:
        url = urlsplit(base_url)
        self.prefix = url.path
        self.key = key
        self.host = f"{url.hostname}:{url.port}"
        self.sock: socket.socket = socket.create_connection((url.hostname, url.port), DEADLINE_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if url.scheme == "https":
            self.sock = ssl.create_default_context(cafile=ca_file).wrap_socket(self.sock, server_hostname="localhost")

    def send(self, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> None:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.host}", *(f"{k}: {v}" for k, v in headers.items())]
        if body and "Transfer-Encoding" not in headers:
            lines.append(f"Content-Length: {len(body)}")
        elif not body and method in ("POST", "PATCH", "PUT") and "Content-Length" not in headers:
            lines.append("Content-Length: 0")
        self.sock.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def receive(self, method: str = "GET") -> Answer:
        answer = http.client.HTTPResponse(self.sock, method=method)
        answer.begin()
        while answer.status == 100:
            answer = http.client.HTTPResponse(self.sock, method=method)
            answer.begin()
        body = answer.read()
        return Answer(answer.status, answer.reason, answer.getheaders(), body)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A request below the base URL with the key, its body as JSON."""
        data = b"" if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.key}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        self.send(method, self.prefix + path, sent, data)
        return self.receive(method)

    def post_form(self, path: str, body: bytes, method: str = "POST") -> Answer:
        """A form below the base URL with the key; its body comes from multipart()."""
        sent = {"Authorization": f"Bearer {self.key}", "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        self.send(method, self.prefix + path, sent, body)
        return self.receive(method)

    def rest(self) -> bytes:
        """All that comes until the connection ends. ConnectionResetError if it ends with a reset."""
        parts = []
        while part := self.sock.recv(65536):
            parts.append(part)
        return b"".join(parts)

    def ending(self) -> str:
        """How the connection ends below TLS: "fin" or "rst". What was sent before is read past."""
        raw = socket.socket(fileno=os.dup(self.sock.fileno()))
        with raw:
            raw.settimeout(DEADLINE_S)
            try:
                while raw.recv(65536):
                    pass
            except ConnectionResetError:
                return "rst"
        return "fin"

    def close(self) -> None:
        self.sock.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def multipart(*parts: tuple[str, str | None, str | None, bytes]) -> bytes:
    """A form's body: field, file name (None for a text), type (None for none), content."""
    out = []
    for field, name, kind, data in parts:
        filename = "" if name is None else f'; filename="{name}"'
        type_line = "" if kind is None else f"\r\nContent-Type: {kind}"
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"{filename}{type_line}\r\n\r\n'
        out.append(head.encode() + data + b"\r\n")
    return b"".join(out) + f"--{BOUNDARY}--\r\n".encode()


def create_dataset(client: Client, name: str = "pages", **more: Any) -> str:
    answer = client.ask("POST", "/datasets", {"name": name, "indexing_technique": "economy", **more})
    assert answer.status == 200, answer.body
    return str(answer.json()["id"])


def create_document(client: Client, dataset: str, name: str = "a page", text: str = "Some text.") -> dict[str, Any]:
    body = {"name": name, "text": text, "indexing_technique": "economy", "process_rule": {"mode": "automatic"}}
    answer = client.ask("POST", f"/datasets/{dataset}/document/create-by-text", body)
    assert answer.status == 200, answer.body
    return answer.json()  # type: ignore[no-any-return]
