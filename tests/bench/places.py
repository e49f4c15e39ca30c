"""A server of so many places, to find the best concurrency of: steady, CPU-bound or degrading.

    python places.py --places 4 --service-ms 50 --kind steady

Prints its port. On standard input it takes `down` (connections are counted and reset), `up`, and `count`, which prints what it counted as
JSON. Whatever it is asked is answered with the same document.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import struct
import sys
import time
from collections import deque

BODY = b'{"document":{"id":"07b88b46-0e6b-4f00-bc46-223550de6861"},"batch":"20261123000000"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Version: 1.12.1\r\nContent-Length: %d\r\n\r\n" % len(BODY)


class Places:
    """Who is served, and who waits, in order."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.busy, self.line = options, 0, deque[asyncio.Future[None]]()
        self.down, self.connections, self.refused, self.calls = False, 0, 0, 0

    async def serve(self) -> None:
        if self.busy >= self.options.places:
            mine = asyncio.get_running_loop().create_future()
            self.line.append(mine)
            await mine
        else:
            self.busy += 1
        try:
            await self.work()
        finally:
            self.calls += 1
            while self.line and self.line[0].done():
                self.line.popleft()
            if self.line:
                self.line.popleft().set_result(None)
            else:
                self.busy -= 1

    async def work(self) -> None:
        seconds = self.options.service_ms / 1000
        if self.options.kind == "cpu":  # as a worker of gunicorn: nothing else goes on meanwhile
            end = time.process_time() + seconds
            while time.process_time() < end:
                pass
            await asyncio.sleep(0)
            return
        if self.options.kind == "degrading":
            seconds *= 1 + 0.5 * len(self.line) / self.options.places
        await asyncio.sleep(seconds)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = 0
        if not await reader.readline():
            raise ConnectionError("closed between two requests")
        while (line := await reader.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if length:
            await reader.readexactly(length)
        await asyncio.sleep(self.options.distance_ms / 2000)
        await self.serve()
        await asyncio.sleep(self.options.distance_ms / 2000)
        writer.write(HEAD + BODY)

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.down:
            self.refused += 1
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while not self.down and not reader.at_eof():
                await self.answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    def command(self) -> None:
        word = sys.stdin.readline().strip()
        if word in ("down", "up"):
            self.down = word == "down"
        if word in ("count", "down", "up"):
            print(json.dumps({"connections": self.connections, "refused": self.refused, "calls": self.calls}), flush=True)
        if not word:
            asyncio.get_running_loop().stop()


async def begin(options: argparse.Namespace) -> asyncio.Server:
    places = Places(options)
    server = await asyncio.start_server(places.connection, "127.0.0.1", 0, backlog=4096)
    asyncio.get_running_loop().add_reader(0, places.command)
    print(server.sockets[0].getsockname()[1], flush=True)
    return server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, required=True)
    parser.add_argument("--service-ms", type=float, required=True)
    parser.add_argument("--distance-ms", type=float, default=0.0)
    parser.add_argument("--kind", choices=("steady", "cpu", "degrading"), default="steady")
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(begin(parser.parse_args()))
    loop.run_forever()
    server.close()


if __name__ == "__main__":
    main()
