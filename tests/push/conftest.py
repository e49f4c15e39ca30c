"""Tests of pushes against the stand-in: what they share stands in the service's tests."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "service"), str(HERE.parent)]

from places import SERVERS, Place  # noqa: E402


@pytest.fixture(scope="session", params=SERVERS, ids=lambda server: server.name)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A stand-in of one version, and services, begun anew for each test."""
    directory = Path(tempfile.mkdtemp(prefix="dp-"))
    with Place(directory, request.param) as made:
        yield made
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def fresh(place: Place) -> Iterator[Place]:
    place.begin()
    yield place
    place.end()
