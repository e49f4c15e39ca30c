"""A TLS server that takes bodies of any size and keeps none: what an upload costs its sender.

    python sink.py CERT KEY        prints its port, serves until its standard input ends

nginx would do, but answers before it has read the body where it has nowhere to put it. This one reads every
byte, then says 201; a connection a thread, since a benchmark has one or two.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import threading

ANSWER = b'{"id": "5cd92fac-41b4-4251-acb2-538a2a3a75b8", "name": "film.mp4"}'
HEAD = (
    b"HTTP/1.1 201 CREATED\r\nContent-Type: application/json\r\nX-Version: 1.12.1\r\n"
    b"Content-Length: %d\r\n\r\n" % len(ANSWER)
)


class Reader:
    """Bytes of one connection: lines and counts, in a buffer that is used again and again."""

    def __init__(self, one: socket.socket) -> None:
        self.one = one
        self.buffer = bytearray(1 << 18)
        self.view = memoryview(self.buffer)
        self.start = self.end = 0

    def fill(self) -> None:
        got = self.one.recv_into(self.buffer)
        if got == 0:
            raise ConnectionError
        self.start, self.end = 0, got

    def line(self) -> bytes:
        out = b""
        while not out.endswith(b"\n"):
            if self.start == self.end:
                self.fill()
            stop = self.buffer.find(b"\n", self.start, self.end)
            stop = self.end if stop < 0 else stop + 1
            out += bytes(self.view[self.start : stop])
            self.start = stop
        return out.rstrip(b"\r\n")

    def skip(self, count: int) -> None:
        while count:
            if self.start == self.end:
                self.fill()
            step = min(count, self.end - self.start)
            self.start += step
            count -= step


def request(one: socket.socket, reader: Reader) -> None:
    length, chunked = 0, False
    reader.line()
    while line := reader.line():
        name, _, value = line.lower().partition(b":")
        if name == b"content-length":
            length = int(value)
        elif name == b"transfer-encoding":
            chunked = value.strip() == b"chunked"
        elif name == b"expect":
            one.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    reader.skip(length)
    while chunked and (size := int(reader.line(), 16)) >= 0:
        reader.skip(size + 2)
        chunked = size > 0
    one.sendall(HEAD + ANSWER)


def serve(context: ssl.SSLContext, raw: socket.socket) -> None:
    with contextlib.suppress(OSError), context.wrap_socket(raw, server_side=True) as one:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = Reader(one)
        while True:
            request(one, reader)


def accept(context: ssl.SSLContext, listener: socket.socket) -> None:
    while True:
        one, _ = listener.accept()
        threading.Thread(target=serve, args=(context, one), daemon=True).start()


def main() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=accept, args=(context, listener), daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
