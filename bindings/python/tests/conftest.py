"""Shared by all tests: a clean environment, a scripted service, and a look at what a test left behind."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import difypool  # noqa: E402
from chain import DAEMON, chain_is_missing, has_ended, wait_until  # noqa: E402
from difypool import _place  # noqa: E402
from fake import FakeService  # noqa: E402


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """No test finds the machine's own service, nor starts a real one by accident."""
    for name in list(os.environ):
        if (
            name.startswith("DIFYPOOL_")
            or name.lower().endswith("_proxy")
            or name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setattr(_place, "SHARED", str(folder / "shared"))
    monkeypatch.setattr(_place, "RUNTIME", str(folder / "run"))
    monkeypatch.setattr(_place, "TEMPORARY", str(folder))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory of the test's own, with a path short enough for sockets."""
    path = Path(tempfile.mkdtemp(prefix="dp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def service(folder: Path) -> Iterator[FakeService]:
    fake = FakeService(str(folder / "socket"))
    yield fake
    fake.kill()


@pytest.fixture(autouse=True)
def no_leaks(request: pytest.FixtureRequest, clean_environment: None) -> Iterator[None]:
    """Every test gives back the file descriptors that it opened."""
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    yield
    if request.node.get_closest_marker("leaks"):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    names = [_name(fd) for fd in os.listdir("/proc/self/fd")]
    # The scripted service's own ends close in its threads, a moment after ours; only ours are counted.
    ours = [name for name in names if not name.startswith("socket:")]
    assert len(ours) <= before + 2, f"left open: {names}"


def _name(descriptor: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return "gone"


@pytest.fixture(scope="session")
def one_sandbox() -> Iterator[Any]:
    if chain_is_missing():
        pytest.skip(chain_is_missing())
    from sandbox.testing import Sandbox

    with Sandbox("--indexing-interval", "0.01") as made:
        yield made


@pytest.fixture
def sandbox(one_sandbox: Any) -> Any:
    """A fresh Dify."""
    one_sandbox.clear_faults()
    one_sandbox.release()
    one_sandbox.reset()
    one_sandbox.reset_counters()
    return one_sandbox


@pytest.fixture
def daemon(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The real difypoold: started by whoever needs it first, and ended here."""
    path = str(folder / "real")
    monkeypatch.setenv("DIFYPOOL_DAEMON", DAEMON)
    monkeypatch.setenv("DIFYPOOL_SOCKET", path)
    yield path
    monkeypatch.setenv("DIFYPOOL_AUTOSTART", "0")
    with difypool.Client() as client:
        try:
            pid = client.info()["pid"]
        except difypool.Unreachable:
            return
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: has_ended(pid), "the service ended")
