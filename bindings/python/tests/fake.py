"""A scripted difypool service, for tests: it speaks the wire well, and badly where it is told to.

Run as a program (``python fake.py --on-demand --socket PATH``) it also plays difypoold being started on demand.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
from collections.abc import Callable
from typing import Any

import msgpack

GREETING = b"\x00SP\x00\x00\x31\x00\x00"
CLOSE = object()  # close the connection instead of answering
SILENT = object()  # never answer


class Raw(bytes):
    """Bytes to put on the wire as they are, instead of a reply."""


def fail(kind: str, message: str = "refused", **more: Any) -> dict[str, Any]:
    return {"error": {"kind": kind, "code": "", "message": message, "hint": "", "retryable": False, **more}}


def frame(rid: int, message: dict[str, Any]) -> bytes:
    payload = struct.pack(">I", rid) + msgpack.packb(message)
    return b"\x01" + struct.pack(">Q", len(payload)) + payload


class ServiceThread(threading.Thread):
    """One of the service's own, as a test may want to know them."""


class Peer:
    """One connection of a client."""

    def __init__(self, service: FakeService, sock: socket.socket) -> None:
        self.service = service
        self.sock = sock
        self._lock = threading.Lock()

    def send(self, data: bytes) -> None:
        with self._lock:
            try:
                self.sock.sendall(data)
            except OSError:
                pass

    def close(self) -> None:
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.sock.recv(min(count - len(data), 1 << 20))
            if not more:
                raise EOFError
            data += more
        return data

    def run(self) -> None:
        try:
            self.send(self.service.greeting)
            self.service.greeted.append(self.read(8))
            while True:
                kind, length = struct.unpack(">BQ", self.read(9))
                assert kind == 1, kind
                payload = self.read(length)
                rid = struct.unpack(">I", payload[:4])[0]
                assert rid & 0x80000000
                self.service.take(self, rid, msgpack.unpackb(payload[4:], raw=False))
        except (EOFError, OSError):
            pass
        finally:
            self.service.peers.discard(self)
            self.sock.close()


class FakeService:
    """Answers on a Unix socket. ``handlers[op]`` is called with the request and gives the body of the answer, a map with
    ``ok`` or ``error``, CLOSE, SILENT or Raw; the peer and SP id are in ``request["_peer"]`` and ``request["_rid"]``."""

    def __init__(self, path: str, epoch: bytes = b"e" * 16) -> None:
        self.path = path
        self.epoch = epoch
        self.greeting = GREETING
        self.greeted: list[bytes] = []
        self.requests: list[dict[str, Any]] = []
        self.arrived = threading.Condition()
        self.handlers: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self.peers: set[Peer] = set()
        self.connections = 0
        self._handles: dict[str, Any] = {}
        self._listener: socket.socket | None = None
        self.start()

    # ---- life -------------------------------------------------------------------------------------------------

    def start(self, epoch: bytes | None = None) -> None:
        self.epoch = epoch or self.epoch
        if os.path.exists(self.path):
            os.unlink(self.path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self.path)
        listener.listen(256)
        self._listener = listener
        ServiceThread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            peer = Peer(self, sock)
            self.peers.add(peer)
            self.connections += 1
            ServiceThread(target=peer.run, daemon=True).start()

    def kill(self) -> None:
        """Dies at once: no answer, every connection closed, handles forgotten."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self._handles.clear()
        for peer in list(self.peers):
            peer.close()

    # ---- requests ---------------------------------------------------------------------------------------------

    def take(self, peer: Peer, rid: int, request: dict[str, Any]) -> None:
        request["_peer"], request["_rid"] = peer, rid
        with self.arrived:
            self.requests.append(request)
            self.arrived.notify_all()
        handler = self.handlers.get(request["op"]) or self.handlers.get("*") or self.default
        answer = handler(request)
        if answer is CLOSE:
            peer.close()
        elif isinstance(answer, Raw):
            peer.send(answer)
        elif answer is not SILENT:
            self.answer(request, answer)

    def answer(self, request: dict[str, Any], answer: Any) -> None:
        if not (isinstance(answer, dict) and ("ok" in answer or "error" in answer)):
            answer = {"ok": {"status": 200, "type": "", "headers": {}, "body": answer, "meta": {"op": request["op"]}}}
        reply = {"v": 1, "id": request["id"], "epoch": self.epoch, **answer}
        request["_peer"].send(frame(request["_rid"], reply))

    def default(self, request: dict[str, Any]) -> Any:
        op, args = request["op"], request.get("args", {})
        if op == "service.connect":
            name = f"h-{len(self._handles)}-{self.epoch[:1].decode()}"
            for known, options in self._handles.items():
                if options == args:
                    name = known
            self._handles[name] = args
            return {"profile": name}
        if op in ("service.ping", "service.cancel", "service.set", "service.drain"):
            return {"epoch": self.epoch}
        if op == "service.info":
            return {"name": "fake", "version": "0.1.0", "protocol": 1, "pid": os.getpid()}
        profile = request.get("profile")
        if profile is not None and profile.startswith("h-") and profile not in self._handles:
            return fail("not_found", "no such profile", code="no_such_profile")
        return {"ok": {"status": 200, "type": "application/json", "headers": {}, "body": b'{"id":"1"}', "meta": {"op": op}}}

    # ---- for tests --------------------------------------------------------------------------------------------

    def seen(self, op: str) -> list[dict[str, Any]]:
        return [request for request in list(self.requests) if request["op"] == op]

    def wait_for(self, op: str, count: int = 1, timeout: float = 20) -> list[dict[str, Any]]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.seen(op)) >= count, timeout), f"{op} did not arrive"
        return self.seen(op)


def main() -> None:
    """difypoold --on-demand: listens, detaches, and ends its launcher once it answers."""
    path = sys.argv[sys.argv.index("--socket") + 1]
    log = os.environ.get("FAKE_LOG")
    if log:
        with open(log, "a") as file:
            file.write(f"{os.getpid()}\n")
    ready, tell = os.pipe()
    if os.fork():
        os.close(tell)
        os._exit(0 if os.read(ready, 1) == b"." else 1)
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    stop = threading.Event()
    service = FakeService(path)

    def drain(request: dict[str, Any]) -> Any:
        service.answer(request, {})  # it must be out before the end comes
        stop.set()
        return SILENT

    service.handlers["service.drain"] = drain
    os.write(tell, b".")
    stop.wait(60)
    service.kill()


if __name__ == "__main__":
    main()
