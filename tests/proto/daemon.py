"""A private difypoold of one's own, for tests that want the real service; $DIFYPOOL_DAEMON names the program."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgpack
import pynng


@contextmanager
def running(directory: Path) -> Iterator[Path]:
    """Starts it on demand in a directory and gives its socket's path; it has ended when the block ends."""
    path = directory / "private" / "socket"
    path.parent.mkdir(mode=0o700)
    places = {"XDG_STATE_HOME": str(directory / "state"), "XDG_CONFIG_HOME": str(directory / "config")}
    command = [os.environ["DIFYPOOL_DAEMON"], "--on-demand", "--socket", str(path)]
    subprocess.run(command, check=True, env={**os.environ, **places}, stdin=subprocess.DEVNULL, timeout=30)
    with pynng.Req0(recv_timeout=10_000) as socket:
        socket.dial(f"ipc://{path}", block=True)
        pid = int(ask(socket, "service.info", {})["ok"]["body"]["pid"])
    try:
        yield path
    finally:
        os.kill(pid, signal.SIGTERM)
        wait_for_end(pid)


def ask(socket: pynng.Req0, op: str, args: dict[str, Any], **more: Any) -> dict[str, Any]:
    socket.send(msgpack.packb({"v": 1, "id": os.urandom(16), "op": op, "args": args, **more}))
    reply: dict[str, Any] = msgpack.unpackb(socket.recv())
    return reply


def wait_for_end(pid: int) -> None:
    """Waits up to 10 s for a process that is not our child."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([descriptor], [], [], 10)[0], "the service did not end"
    finally:
        os.close(descriptor)
