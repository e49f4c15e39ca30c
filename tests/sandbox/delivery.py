"""Sending an answer, whole or as a fault wants it spoilt.

Every function returns the status that the client can have seen, or None if it got no whole status line.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from .connection import Connection
from .faults import Fault
from .wire import Answer

_BLOCK = b"x" * 65536


async def frames(head: bytes, answer: Answer) -> AsyncIterator[bytes]:
    """The answer's bytes as they are to be written, the head together with what comes first, as gunicorn sends them."""
    if answer.pieces is None:
        yield head + answer.body
        return
    async for piece in answer.pieces:
        yield head + (b"%x\r\n%s\r\n" % (len(piece), piece) if answer.chunked else piece)
        head = b""
    end = head + (b"0\r\n\r\n" if answer.chunked else b"")
    if end:
        yield end


async def _closed(found: AsyncIterator[bytes], answer: Answer) -> None:
    """End the generators now, so that what they clean up is done when the client can see the end."""
    for one in (found, answer.pieces):
        close = getattr(one, "aclose", None)
        if close is not None:
            await close()


async def send(connection: Connection, head: bytes, answer: Answer, keep_alive: bool) -> int | None:
    if answer.pieces is not None:
        return await _send_pieces(connection, head, answer, keep_alive)
    if not connection.write(head + answer.body):
        return None
    if not keep_alive:
        connection.end("fin")
    elif connection.writable is not None:
        await connection.drained()
    return answer.status


async def _send_pieces(connection: Connection, head: bytes, answer: Answer, keep_alive: bool) -> int | None:
    found, status = frames(head, answer), None
    try:
        async for frame in found:
            if not connection.write(frame):
                return status
            status = answer.status
            await connection.drained()
    finally:
        await _closed(found, answer)
    if not keep_alive:
        connection.end("fin")
    return status


async def stall(fault: Fault) -> None:
    ms = fault.action.get("stall_ms")
    try:
        await asyncio.wait_for(fault.released.wait(), None if ms is None else ms / 1000)
    except asyncio.TimeoutError:
        pass


async def pause(ms: float) -> None:
    if ms:
        await asyncio.sleep(ms / 1000)


def _status_seen(data: bytes, sent: int, status: int) -> int | None:
    return status if sent > data.find(b"\r\n") >= 0 else None


async def _cut(connection: Connection, head: bytes, answer: Answer, action: dict[str, Any]) -> int | None:
    count = int(action["cut_after"]) if "cut_after" in action else len(head) + int(action["cut_body_after"])
    found, sent = frames(head, answer), 0
    try:
        async for frame in found:
            if not connection.write(frame[: count - sent]):
                break
            sent += len(frame)
            await connection.drained()
            if sent >= count:
                break
    finally:
        await _closed(found, answer)
    if action.get("how", "rst") == "rst":
        # A reset overtakes what the client has not read yet: give the bytes time to arrive, so that "after n bytes" is what is seen.
        await asyncio.sleep(0.02)
    connection.end(action.get("how", "rst"))
    return _status_seen(head, min(sent, count), answer.status)


async def _trickle(connection: Connection, head: bytes, answer: Answer, action: dict[str, Any]) -> bool:
    size = max(1, int(action.get("trickle_bytes", 1)))
    found = frames(head, answer)
    try:
        async for frame in found:
            for start in range(0, len(frame), size):
                if not connection.write(frame[start : start + size]):
                    return False
                await connection.drained()
                await pause(action.get("trickle_ms", 0))
    finally:
        await _closed(found, answer)
    return True


async def _big(connection: Connection, head: bytes, answer: Answer, size: int) -> int | None:
    head = head.replace(answer.framing().encode(), f"Content-Length: {size}\r\n".encode(), 1)
    connection.write(head)
    left = size
    while left > 0:
        if not connection.write(_BLOCK[: min(left, len(_BLOCK))]):
            break
        left -= len(_BLOCK)
        await connection.drained()
    return answer.status


async def _endless(connection: Connection, head: bytes, answer: Answer, size: int) -> int | None:
    connection.write(head[:-2])
    sent, number = len(head), 0
    while sent < size:
        line = f"X-Endless-{number}: {'x' * 100}\r\n".encode()
        number += 1
        if not connection.write(line):
            return answer.status
        sent += len(line)
        await connection.drained()
    connection.end("fin")
    return answer.status


def _middle(where: str, head: bytes, answer: Answer) -> int:
    """How many bytes come before the silence: of a chunked answer, whose length nobody knows, the first chunk."""
    if where == "in-headers":
        return len(head) // 2
    if answer.chunked:
        return len(head) + 1
    return len(head) + (len(answer.body) if answer.length is None else answer.length) // 2


async def _halfway(connection: Connection, fault: Fault, head: bytes, answer: Answer) -> int | None:
    where = fault.action["stall"]
    middle: int | None = _middle(where, head, answer)
    found, sent = frames(head, answer), 0
    status: int | None = None
    try:
        async for frame in found:
            rest = frame
            if middle is not None and sent + len(frame) >= middle:
                # A chunk is sent whole before the silence, so that what a client waits for is the next one.
                first = len(frame) if answer.chunked and where == "in-body" else middle - sent
                connection.write(frame[:first])
                rest, middle = frame[first:], None
                await stall(fault)
            sent += len(frame)
            if not connection.write(rest):
                return status
            status = answer.status
            await connection.drained()
    finally:
        await _closed(found, answer)
    return status


async def spoil(connection: Connection, fault: Fault, head: bytes, answer: Answer, keep_alive: bool) -> int | None:
    """Send the answer (the work is done, or not to be done) as the fault says."""
    action = fault.action
    await pause(action.get("delay_after_ms", 0))
    if action.get("stall") == "headers":
        await stall(fault)
    if action.get("reset") == "after":
        connection.end(action.get("how", "rst"))
        return None
    if "garbage" in action:
        connection.write(fault.garbage())
        connection.end("fin")
        return None
    if "cut_after" in action or "cut_body_after" in action:
        return await _cut(connection, head, answer, action)
    status: int | None
    if "big_body" in action:
        status = await _big(connection, head, answer, int(action["big_body"]))
    elif "endless_headers" in action:
        return await _endless(connection, head, answer, int(action["endless_headers"]))
    elif "trickle_ms" in action or "trickle_bytes" in action:
        status = answer.status if await _trickle(connection, head, answer, action) else None
    elif action.get("stall") in ("in-headers", "in-body"):
        status = await _halfway(connection, fault, head, answer)
    else:
        return await send(connection, head, answer, keep_alive)
    if not keep_alive:
        connection.end("fin")
    return status
