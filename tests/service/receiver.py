"""A server that takes uploads as slowly, or as rudely, as a test wants, and says what it got."""

from __future__ import annotations

import email.parser
import email.policy
import json
import socket
import threading
from dataclasses import dataclass


@dataclass
class Taken:
    """A request whose body came whole."""

    path: str
    headers: dict[str, str]
    body: bytes

    def parts(self) -> dict[str, tuple[str | None, str, bytes]]:
        """By name: file name, type, content."""
        head = b"Content-Type: " + self.headers["content-type"].encode() + b"\r\n\r\n"
        policy = email.policy.HTTP
        message = email.parser.BytesParser(policy=policy).parsebytes(head + self.body)
        out = {}
        for part in message.iter_parts():
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True)
            out[str(name)] = (part.get_filename(), part.get_content_type(), bytes(content))
        return out


class Receiver:
    """`pause_at`: bytes of a body after which it reads no more until `go`. `early`: a status that is
    answered before the body is read. `answer`: status and JSON for a body that came whole. `hold`: that
    answer waits for `go`."""

    def __init__(self) -> None:
        self.pause_at: int | None = None
        self.early: int | None = None
        self.hold = False
        self.answer: tuple[int, object] = (201, {"id": "f1"})
        self.taken: list[Taken] = []
        self.begun = 0  # requests whose head came
        self.cut = 0  # bodies that broke off
        self.received = 0  # bytes of bodies
        self._go = threading.Event()
        self._changed = threading.Condition()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def go(self) -> None:
        self._go.set()

    def wait(self, condition, what: str, timeout: float = 15.0) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, timeout), f"never came true: {what}"

    def close(self) -> None:
        self._go.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
        self._thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self._listener.accept()
            except OSError:
                return
            # A small buffer, so that a reader which stops is felt soon.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            self._sockets.append(one)
            threading.Thread(target=self._serve, args=(one,), daemon=True).start()

    def _serve(self, one: socket.socket) -> None:
        data = bytearray()
        try:
            while self._request(one, data):
                pass
        except OSError:
            pass
        one.close()

    def _note(self, name: str, more: int = 1) -> None:
        with self._changed:
            setattr(self, name, getattr(self, name) + more)
            self._changed.notify_all()

    def _request(self, one: socket.socket, data: bytearray) -> bool:
        while b"\r\n\r\n" not in data:
            piece = one.recv(65536)
            if not piece:
                return False
            data += piece
        head, _, rest = bytes(data).partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {k.strip().lower(): v.strip() for k, _, v in (x.partition(":") for x in lines)}
        self._note("begun")
        if self.early is not None:
            self._say(one, self.early, {"code": "file_too_large", "message": "no", "status": 413})
            self._go.wait(15)
            return False
        data[:] = rest
        self._note("received", len(rest))
        body = self._body(one, data, headers)
        if body is None:
            self._note("cut")
            return False
        with self._changed:
            self.taken.append(Taken(first.split(" ")[1], headers, body))
            self._changed.notify_all()
        if self.hold:
            self._go.wait(15)
        self._say(one, *self.answer)
        return True

    def _more(self, one: socket.socket, data: bytearray) -> bool:
        if self.pause_at is not None and self.received >= self.pause_at:
            self._go.wait(15)
        piece = one.recv(65536)
        data += piece
        self._note("received", len(piece))
        return bool(piece)

    def _body(self, one: socket.socket, data: bytearray, headers: dict[str, str]) -> bytes | None:
        if "content-length" in headers:
            length = int(headers["content-length"])
            while len(data) < length:
                if not self._more(one, data):
                    return None
            body = bytes(data[:length])
            del data[:length]
            return body
        if headers.get("transfer-encoding") != "chunked":
            return b""
        body = bytearray()
        while True:
            while b"\r\n" not in data:
                if not self._more(one, data):
                    return None
            size, _, rest = bytes(data).partition(b"\r\n")
            length = int(size, 16)
            data[:] = rest
            while len(data) < length + 2:
                if not self._more(one, data):
                    return None
            body += data[:length]
            del data[: length + 2]
            if length == 0:
                return bytes(body)

    def _say(self, one: socket.socket, status: int, answer: object) -> None:
        body = json.dumps(answer).encode()
        one.sendall(
            f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nX-Version: 1.12.1\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
