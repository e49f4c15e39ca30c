"""Fixtures of the service's tests: a short temporary directory, services and upstreams that end."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from daemon import Daemon  # noqa: E402
from upstream import Upstream  # noqa: E402


@pytest.fixture
def short(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A directory whose path leaves room for a socket's name (107 bytes in all)."""
    path = Path(tempfile.mkdtemp(prefix="dp-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    server = Upstream()
    yield server
    server.close()


@pytest.fixture
def start(short: Path) -> Iterator[Callable[..., Daemon]]:
    """start(config, *options) gives a running service; each ends cleanly, or the test fails."""
    daemons: list[Daemon] = []

    def begin(config: str | None = None, *options: str) -> Daemon:
        directory = short / str(len(daemons))
        directory.mkdir()
        daemon = Daemon(directory, config, *options)
        daemons.append(daemon)
        return daemon.start()

    yield begin
    for daemon in daemons:
        killed = daemon.ended()
        status = daemon.stop()
        assert killed or status == 0, daemon.said()[-4000:]


@pytest.fixture
def service(start: Callable[..., Daemon]) -> Daemon:
    return start()
