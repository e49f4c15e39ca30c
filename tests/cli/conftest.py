"""The command as a process: run it against a scripted service, or against the real one and the stand-in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests"), str(TOP / "bindings" / "python" / "tests")]

from fake import FakeService
from sandbox.testing import Sandbox

TIMEOUT_S = 60


def program(variable: str) -> str:
    named = os.environ.get(variable)
    assert named, f"set {variable} to the program to test"
    return named


class Cli:
    """Runs difypool with an environment of its own; ``env`` may be changed by a test."""

    def __init__(self, directory: Path, socket: str) -> None:
        keep = ("PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "DIFYPOOL_TEST_RUN", "SANDBOX_PYTHON", "TMPDIR")
        self.env = {name: os.environ[name] for name in keep if name in os.environ}
        self.env |= {
            "HOME": str(directory),
            "XDG_STATE_HOME": str(directory / "state"),
            "XDG_CONFIG_HOME": str(directory / "config"),
            "DIFYPOOL_SOCKET": socket,
            "DIFYPOOL_AUTOSTART": "0",
            "LC_ALL": "C.UTF-8",
        }
        self.directory = directory

    def start(self, *words: str, **more: Any) -> subprocess.Popen[str]:
        streams: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        # Where tests run in the background, SIGINT is ignored, and what they start inherits that.
        command = ["env", "--default-signal=INT", program("DIFYPOOL_CLI"), *words]
        return subprocess.Popen(command, env=self.env, cwd=self.directory, text=True, **{**streams, **more})

    def __call__(self, *words: str, input: str = "", status: int | None = 0, **more: Any) -> subprocess.CompletedProcess[str]:
        process = self.start(*words, **more)
        try:
            out, err = process.communicate(input, timeout=TIMEOUT_S)
        except BaseException:
            process.kill()
            process.communicate()
            raise
        if status is not None:
            assert process.returncode == status, f"exit {process.returncode}\n{out}\n{err}"
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def json(self, *words: str, **more: Any) -> Any:
        return json.loads(self(*words, **more).stdout)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[FakeService]:
    fake = FakeService(str(tmp_path / "s"))
    fake.handlers["service.operations"] = lambda request: OPERATIONS
    yield fake
    fake.kill()


@pytest.fixture
def cli(tmp_path: Path, service: FakeService) -> Cli:
    return Cli(tmp_path, service.path)


@pytest.fixture
def lonely(tmp_path: Path) -> Cli:
    """A command without a service."""
    return Cli(tmp_path, str(tmp_path / "nobody"))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("--indexing-interval", "0.05") as running:
        yield running


@pytest.fixture
def real(tmp_path: Path, sandbox: Sandbox) -> Iterator[Cli]:
    cli = Cli(tmp_path, str(tmp_path / "s"))
    cli.env |= {"DIFYPOOL_DAEMON": program("DIFYPOOL_DAEMON"), "DIFYPOOL_API_KEY": sandbox.key}
    del cli.env["DIFYPOOL_AUTOSTART"]
    yield cli
    cli("stop")


@pytest.fixture
def base(sandbox: Sandbox) -> list[str]:
    sandbox.reset()
    return ["--base-url", sandbox.https, "--connect", f"ca_file={sandbox.ca_file}"]


OPERATIONS = [
    {
        "name": "datasets.list", "method": "GET", "path": "/datasets", "text": "List knowledge bases. Newest first.",
        "params": [
            {"name": "page", "in": "query", "type": "integer", "text": "Page number."},
            {"name": "keyword", "in": "query", "type": "string", "text": "Words in the name."},
            {"name": "include_all", "in": "query", "type": "boolean", "text": "All of them."},
            {"name": "tag_ids", "in": "query", "type": "array", "text": "Tags."},
        ],
    },
    {
        "name": "datasets.create", "method": "POST", "path": "/datasets", "text": "Create one.",
        "absent": "<=0.9", "defects": [{"id": "slow", "versions": "<=1.0", "text": "It is slow."}],
        "command": "difypool call datasets.create name=Guides",
        "params": [
            {"name": "name", "in": "body", "type": "string", "required": True, "text": "Its name."},
            {"name": "permission", "in": "body", "type": "string", "enum": ["only_me", "all"], "text": "Who sees it."},
        ],
    },
    {"name": "documents.list", "method": "GET", "path": "/datasets/{dataset_id}/documents", "text": "List documents.", "params": []},
]  # fmt: skip
