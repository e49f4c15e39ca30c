"""The examples in proto/examples are compiled and run, against a REP socket that answers as the service does.

With $DIFYPOOL_DAEMON they are run against the real service too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import daemon
import msgpack
import pynng
import pytest
from conftest import PROTO
from test_vectors import judge

EPOCH = bytes(range(16))
EXAMPLES = PROTO / "examples"


class Service:
    """Answers service.ping, datasets.list and, with an error, everything else; keeps what it was asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.requests: list[dict[str, Any]] = []
        self._socket = pynng.Rep0(listen=f"ipc://{path}")
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                request = msgpack.unpackb(self._socket.recv())
                self.requests.append(request)
                self._socket.send(
                    msgpack.packb({"v": 1, "id": request["id"], "epoch": EPOCH, **self._answer(request["op"])})
                )
            except pynng.Closed:
                return

    def _answer(self, op: str) -> dict[str, Any]:
        ok = {"status": 200, "type": "application/json", "headers": {}, "meta": {}}
        if op == "service.ping":
            return {"ok": {**ok, "body": {"epoch": EPOCH}}}
        if op == "datasets.list":
            return {"ok": {**ok, "body": '{"data": ["☃"]}'.encode()}}
        return {
            "error": {"kind": "unsupported", "code": "x", "message": "No such thing.", "hint": "", "retryable": False}
        }

    def close(self) -> None:
        self._socket.close()
        self._thread.join(10)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path / "s")
    yield service
    service.close()


@pytest.fixture(scope="session")
def c_example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """call.c, compiled as its head says."""
    if shutil.which("cc") is None or shutil.which("pkg-config") is None:
        pytest.skip("there is no C compiler or no pkg-config")
    flags = next((f for name in ("msgpack-c", "msgpack") if (f := pkg_config(name)) is not None), None)
    if flags is None or not Path("/usr/include/nng/nng.h").exists():
        pytest.skip("there is no msgpack-c or no libnng to compile against")
    program = tmp_path_factory.mktemp("example") / "call"
    words = [
        "cc",
        "-std=gnu11",
        "-Wall",
        "-Wextra",
        "-Werror",
        str(EXAMPLES / "call.c"),
        "-o",
        str(program),
        "-lnng",
        *flags,
    ]
    subprocess.run(words, check=True, timeout=60)
    return program


def pkg_config(name: str) -> list[str] | None:
    result = subprocess.run(
        ["pkg-config", "--cflags", "--libs", name], check=False, capture_output=True, text=True, timeout=20
    )
    return result.stdout.split() if result.returncode == 0 else None


Runner = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(params=["python", "c"])
def call(request: pytest.FixtureRequest) -> Runner:
    if request.param == "python":
        start = [sys.executable, str(EXAMPLES / "call.py")]
    else:
        start = [str(request.getfixturevalue("c_example"))]

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*start, *map(str, words)], check=False, capture_output=True, text=True, timeout=60)

    return run


def test_an_example_makes_a_call(call: Runner, service: Service) -> None:
    result = call(service.path, "datasets.list")
    assert (result.returncode, result.stdout) == (0, '{"data": ["☃"]}\n'), result.stderr
    assert [r["op"] for r in service.requests] == ["service.ping", "datasets.list"]
    assert "epoch" not in service.requests[0]
    assert service.requests[1]["epoch"] == EPOCH
    assert service.requests[0]["id"] != service.requests[1]["id"]
    assert [judge(r) for r in service.requests] == ["", ""]


def test_an_example_shows_an_error(call: Runner, service: Service) -> None:
    result = call(service.path, "documents.get")
    assert result.returncode == 1
    assert result.stderr == "unsupported: No such thing.\n"


def test_the_python_example_sends_arguments(service: Service) -> None:
    words = [sys.executable, str(EXAMPLES / "call.py"), str(service.path), "datasets.list", "limit=1", "keyword=a b"]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    assert service.requests[1]["args"] == {"limit": 1, "keyword": "a b"}


@pytest.mark.skipif(not os.environ.get("DIFYPOOL_DAEMON"), reason="DIFYPOOL_DAEMON names no difypoold")
def test_an_example_talks_to_the_real_service(call: Runner, tmp_path: Path) -> None:
    with daemon.running(tmp_path) as path:
        result = call(path, "service.info")
        assert result.returncode == 0, result.stderr
        assert "difypoold" in result.stdout
