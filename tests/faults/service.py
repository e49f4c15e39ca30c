"""A difypoold of the tests' own, which can be killed and started again on the same socket."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import difypool
import pytest


class Service:
    """Started at once; close() ends it, and says what it logged if it did not end as it should."""

    def __init__(self, directory: Path, settings: str = "") -> None:
        program = os.environ.get("DIFYPOOL_DAEMON")
        if not program:
            pytest.skip("DIFYPOOL_DAEMON does not name a difypoold")
        self.socket = str(directory / "socket")
        self._log = directory / "log"
        config = directory / "difypool.ini"
        config.write_text(f"[service]\n{settings}")
        self._command = [program, "-c", str(config), "--socket", self.socket]
        self.starts = 0
        self.start()

    def start(self) -> None:
        self.starts += 1
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._wait_ready()

    def _wait_ready(self) -> None:
        """A client waits for a service that is about to answer; one that ends says why."""
        with difypool.Client(socket=self.socket, wait=True, deadline=30.0) as client:
            client.info()
        assert self.process.poll() is None, self.said()

    def kill(self) -> None:
        """As a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        assert status == 0, self.said()

    def said(self) -> str:
        return self._log.read_text(errors="replace")[-4000:]
