"""The servers of the demo: the stand-in in its two settings, or a real one. What differs between them is here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo.readback import Server

if TYPE_CHECKING:
    from sandbox.testing import Sandbox

SANDBOX_PATIENCE_S = 30.0

# A stand-in behind which nobody waits: what is measured is the way there, not its own cost.
FAR = ("--distance-ms", "20", "--think-ms", "30")
# As a default docker deployment was measured: one worker, bound by its core.
NEAR = ("--preset", "default-server")


@dataclass
class Place:
    """A server that ways are tried on; base class and the real server at once."""

    key: str
    title: str
    base_url: str = ""
    key_file: Path = Path()
    ca_file: str | None = None
    patience_s: float = 0.0
    real: bool = True
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        yield

    @contextmanager
    def quickly(self) -> Iterator[None]:
        """Around what is not measured."""
        yield

    def connections(self) -> int | None:
        """How many connections the server has seen so far; None where it cannot be asked."""
        return None

    def server(self) -> Server:
        """For reading back and cleaning up."""
        return Server(self.base_url, self.key_file.read_text().strip(), self.ca_file)


@dataclass
class SandboxPlace(Place):
    options: tuple[str, ...] = ()
    sandbox: Sandbox | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        from sandbox.testing import Sandbox

        with Sandbox(*self.options) as sandbox:
            self.sandbox = sandbox
            self.base_url = sandbox.https
            self.ca_file = str(self._trust(sandbox))
            self.key_file.touch(mode=0o600)
            self.key_file.write_text(sandbox.key)
            yield

    def _trust(self, sandbox: Sandbox) -> Path:
        """The list of CAs that programs really load, and the stand-in's: reading it is part of what a connection costs."""
        import certifi

        path = self.key_file.with_suffix(".ca.pem")
        path.write_text(Path(certifi.where()).read_text() + Path(sandbox.ca_file).read_text())
        return path

    def _running(self) -> Sandbox:
        if self.sandbox is None:
            raise RuntimeError(f"the stand-in for {self.title!r} is not running")
        return self.sandbox

    @contextmanager
    def quickly(self) -> Iterator[None]:
        """Without think time and CPU cost, and with the indexing done that a real server would take minutes for."""
        sandbox = self._running()
        slow = ("think_ms", "cpu_workers", "worker_connections")
        before: dict[str, Any] = sandbox.settings()
        sandbox.settings(**dict.fromkeys(slow, 0))
        sandbox.drain_indexing()
        try:
            yield
        finally:
            sandbox.settings(**{name: before[name] for name in slow})

    def connections(self) -> int | None:
        return int(self._running().counter("connections/accepted/total"))

    def server(self) -> Server:
        sandbox = self._running()
        return Server(sandbox.https_direct, sandbox.key, sandbox.ca_file)


def sandbox_places(work: Path, only: str | None) -> list[Place]:
    places: list[Place] = [
        SandboxPlace("far", "far: 20 ms away, 30 ms of server time a call, TLS", options=FAR),
        SandboxPlace("near", "near: a default server next door, one CPU-bound worker, TLS", options=NEAR),
    ]
    for place in places:
        place.key_file = work / f"key-{place.key}"
        place.patience_s = SANDBOX_PATIENCE_S
        place.real = False
    return [place for place in places if only in (None, place.key)]


def real_place(url: str, key_file: Path, ca_file: Path | None, patience_s: float) -> Place:
    notes = ["connections: as the client or the service counts them; this server cannot be asked."]
    return Place("real", f"your server: {url}", url, key_file, str(ca_file) if ca_file else None, patience_s, notes=notes)
