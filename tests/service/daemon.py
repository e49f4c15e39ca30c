"""A difypoold of a test's own: started, watched and ended by its pid."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spclient import Client


def program() -> str:
    """difypoold: $DIFYPOOL_DAEMON, or the one of the build directory that ran us."""
    named = os.environ.get("DIFYPOOL_DAEMON")
    assert named, "set DIFYPOOL_DAEMON to the difypoold to test"
    return named


def sanitized() -> bool:
    """Whether that program watches its own memory, so that its size says nothing."""
    return b"__asan_init" in Path(program()).read_bytes() or b"__tsan_init" in Path(program()).read_bytes()


def until(condition: Callable[[], Any], what: str, timeout: float = 15.0) -> Any:
    """Ask again and again, briefly, until it holds: for things that tell nobody when they change."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(0.005)


def answers(path: str) -> bool:
    try:
        with Client(path, timeout=2) as client:
            return "ok" in client.ask("service.ping")
    except OSError:
        return False
    except Exception:
        return False


def with_transport(config: str) -> str:
    """$DIFYPOOL_TEST_TRANSPORT = libnng runs all tests that name no transport over that one."""
    named = os.environ.get("DIFYPOOL_TEST_TRANSPORT")
    if not named or "transport =" in config:
        return config
    setting = f"[service]\ntransport = {named}\n"
    if "[service]\n" in config:
        return config.replace("[service]\n", setting, 1)
    return setting + config


class Daemon:
    def __init__(self, directory: Path, config: str | None = None, *options: str) -> None:
        self.directory = directory
        directory.chmod(0o700)
        self.socket = str(directory / "socket")
        self.log = directory / "stderr"
        self.options = list(options)
        self.config = directory / "difypool.ini"
        self.config.write_text(with_transport(config or ""))
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = dict(os.environ)
        self.prefix: list[str] = []  # a program that runs it, such as prlimit

    def start(self, wait: bool = True) -> Daemon:
        command = [*self.prefix, program(), "-c", str(self.config), "--socket", self.socket]
        command += ["--log-level", "debug", *self.options]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment
            )
        if wait:
            until(lambda: self.ended() or answers(self.socket), "the service answers")
            assert not self.ended(), self.said()
        return self

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
            raise

    def client(self, timeout: float = 15.0) -> Client:
        return Client(self.socket, timeout)

    def stats_of(self, client: Client) -> dict[str, Any]:
        """The service's own numbers, over a connection that there is."""
        body: dict[str, Any] = client.call("service.stats")["body"]["service"]
        return body

    def stats(self) -> dict[str, Any]:
        with self.client() as client:
            body: dict[str, Any] = client.call("service.stats")["body"]
            return body

    def descriptors(self) -> int:
        try:
            return len(os.listdir(f"/proc/{self.pid}/fd"))
        except PermissionError:
            pytest.skip("the service keeps its descriptors from view; only root can count them")

    def memory(self) -> int:
        """Proportional set size in bytes."""
        try:
            text = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        except PermissionError:
            pytest.skip("the service keeps its memory from view; only root can measure it")
        for line in text.splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no Pss in smaps_rollup")


@contextlib.contextmanager
def running(directory: Path, config: str | None = None, *options: str) -> Iterator[Daemon]:
    daemon = Daemon(directory, config, *options).start()
    try:
        yield daemon
    finally:
        status = daemon.stop()
    assert status == 0, daemon.said()


def free_path(directory: Path) -> str:
    path = str(directory / "socket")
    assert len(path) < 108
    return path


def refused(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as s:
        return s.connect_ex(path) != 0
