"""Sending an answer, whole or as a fault wants it spoilt.

Every function returns the status that the client can have seen, or None if it got no whole status line.
"""

from __future__ import annotations

import asyncio
from typing import Any

from .connection import Connection
from .faults import Fault
from .wire import Answer

_BLOCK = b"x" * 65536


async def send(connection: Connection, head: bytes, answer: Answer, keep_alive: bool) -> int | None:
    if not connection.write(head + answer.body):
        return None
    if not keep_alive:
        connection.end("fin")
    elif connection.writable is not None:
        await connection.drained()
    return answer.status


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
    data = head + answer.body
    count = int(action["cut_after"]) if "cut_after" in action else len(head) + int(action["cut_body_after"])
    connection.write(data[:count])
    await connection.drained()
    if action.get("how", "rst") == "rst":
        # A reset overtakes what the client has not read yet: give the bytes time to arrive, so that "after n bytes" is what is seen.
        await asyncio.sleep(0.02)
    connection.end(action.get("how", "rst"))
    return _status_seen(data, count, answer.status)


async def _trickle(connection: Connection, data: bytes, action: dict[str, Any]) -> bool:
    size = max(1, int(action.get("trickle_bytes", 1)))
    for start in range(0, len(data), size):
        if not connection.write(data[start : start + size]):
            return False
        await connection.drained()
        await pause(action.get("trickle_ms", 0))
    return True


async def _big(connection: Connection, head: bytes, answer: Answer, size: int) -> int | None:
    head = head.replace(f"Content-Length: {len(answer.body)}\r\n".encode(), f"Content-Length: {size}\r\n".encode(), 1)
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


async def _halfway(connection: Connection, fault: Fault, head: bytes, answer: Answer) -> int | None:
    data = head + answer.body
    middle = len(head) // 2 if fault.action["stall"] == "in-headers" else len(head) + len(answer.body) // 2
    connection.write(data[:middle])
    await stall(fault)
    return answer.status if connection.write(data[middle:]) else None


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
        status = answer.status if await _trickle(connection, head + answer.body, action) else None
    elif action.get("stall") in ("in-headers", "in-body"):
        status = await _halfway(connection, fault, head, answer)
    else:
        return await send(connection, head, answer, keep_alive)
    if not keep_alive:
        connection.end("fin")
    return status
