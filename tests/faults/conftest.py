"""Fixtures of tests/faults."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.service import Service


@pytest.fixture(scope="session")
def short() -> Iterator[Path]:
    """A directory whose path leaves room for a socket's name (107 bytes in all)."""
    path = Path(tempfile.mkdtemp(prefix="dp-", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(autouse=True, scope="session")
def _no_second_service() -> None:
    """A client must meet the service of the test, or nobody."""
    os.environ["DIFYPOOL_AUTOSTART"] = "0"


@pytest.fixture(scope="session")
def service(short: Path) -> Iterator[Service]:
    running = Service(short, "profiles_per_user = 100000\n")
    yield running
    running.close()
