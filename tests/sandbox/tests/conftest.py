"""Paths and the servers that the tests share. Each test starts from a fresh state; a test that needs other options starts its own server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sandbox.testing import Sandbox  # noqa: E402  (the path is set above)


@pytest.fixture(scope="session")
def _shared() -> Iterator[Sandbox]:
    with Sandbox("--indexing-interval", "0.02") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_shared: Sandbox) -> Iterator[Sandbox]:
    """A stand-in without data, with default settings but for a quick indexing worker."""
    _shared.close_connections(all_=True)
    _shared.wait("connections/open/total", 0, "==")
    _shared.reset()
    before = _shared.settings()
    del before["dify_version"]
    yield _shared
    _shared.settings(**before)
