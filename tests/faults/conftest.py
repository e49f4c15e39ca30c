"""Fixtures of tests/faults."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from faults import storm
from faults.service import Service
from faults.storm import Rides


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


@pytest.fixture(scope="session")
def rides(request: pytest.FixtureRequest) -> Iterator[Rides]:
    """The storms of the tests that were chosen, begun and not waited for: they wait themselves for most of their time."""
    if not os.environ.get("DIFYPOOL_DAEMON"):
        pytest.skip("DIFYPOOL_DAEMON does not name a difypoold")
    specs = [getattr(item, "callspec", None) for item in request.session.items]
    seeds = {spec.params["seed"] for spec in specs if spec is not None and "seed" in spec.params}
    with ThreadPoolExecutor(2) as pool:
        yield {seed: pool.submit(storm.ride, seed) for seed in sorted(seeds)}
