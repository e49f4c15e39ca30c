"""The suite against the stand-in, in both versions: nothing fails, nothing is left, and what it says is true."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox.testing import Sandbox

TESTS = Path(__file__).resolve().parents[1]
PIPELINE = "00000000-0000-4000-8000-0000000000a1"
KINDS = {
    "knowledge": "main",
    "chat": "chat",
    "chatflow": "chatflow",
    "agent": "agent",
    "completion": "completion",
    "workflow": "workflow",
    "human": "workflow-human",
}
# Of the eleven routes that 1.12.1 lacks those that can be tried there, and an update that would hang it.
UNSUPPORTED = {
    *("documents.download", "documents.download_zip", "documents.update", "documents.update_by_file", "end_users.get"),
    *("human_input.get", "workflows.events", "pipelines.datasource_plugins", "pipelines.upload_file"),
}


class World:
    def __init__(self, sandbox: Sandbox, home: Path) -> None:
        self.sandbox = sandbox
        self.home = home
        self.env = {
            **os.environ,
            "DIFYPOOL_SOCKET": str(home / "socket"),
            "XDG_STATE_HOME": str(home / "state"),
            "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "bindings/python/src")]),
        }

    def run(self, kinds: dict[str, str], url: str = "") -> tuple[int, dict[str, Any], str]:
        keys = self.home / "keys"
        lines = [f"{kind} {self.sandbox.keys[name]}" for kind, name in kinds.items()]
        keys.write_text("\n".join(["# keys", *lines, f"pipeline_id {PIPELINE}"]) + "\n")
        out = self.home / "out.json"
        out.unlink(missing_ok=True)
        command = [sys.executable, "-m", "conformance", "--url", url or self.sandbox.http, "--keys", str(keys)]
        done = subprocess.run([*command, "--json", str(out)], env=self.env, capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, json.loads(out.read_text()) if out.exists() else {}, done.stdout + done.stderr

    def stop(self) -> None:
        cli = os.environ.get("DIFYPOOL_CLI", "difypool")
        subprocess.run([cli, "stop"], env={**self.env, "DIFYPOOL_AUTOSTART": "0"}, capture_output=True, timeout=30, check=False)


@pytest.fixture(params=["1.12.1", "1.13.0"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if not os.environ.get("DIFYPOOL_DAEMON"):
        pytest.skip("DIFYPOOL_DAEMON names no difypoold")
    with Sandbox("--dify-version", request.param, "--indexing-interval", "0.02") as sandbox:
        sandbox.seed(datasets=[{"id": PIPELINE, "name": "Pipeline", "pipeline": True}])
        world = World(sandbox, tmp_path)
        try:
            yield world
        finally:
            world.stop()


def outcomes(told: dict[str, Any], outcome: str) -> set[str]:
    return {o["operation"] for o in told["outcomes"] if o["outcome"] == outcome}


def test_nothing_fails_and_nothing_is_left(world: World) -> None:
    status, told, text = world.run(KINDS)
    assert status == 0, text
    assert not outcomes(told, "failed"), text
    assert [d["name"] for d in world.sandbox.datasets()] == ["Pipeline"]
    assert told["left_behind"] == []
    assert len({o["operation"] for o in told["outcomes"]}) == 82
    old = "1.12.1" in text.splitlines()[0]
    assert outcomes(told, "unsupported") == (UNSUPPORTED if old else set()), text
    assert bool(told["stays"]) == old


def test_without_app_keys_their_operations_are_not_passed(world: World) -> None:
    status, told, text = world.run({"knowledge": "main"})
    assert status == 0, text
    missing = outcomes(told, "not possible")
    assert {"chat.send", "workflows.run", "completion.send", "files.upload", "audio.to_text"} <= missing
    assert "datasets.create" not in missing


def test_a_broken_server_fails_and_is_cleaned_all_the_same(world: World) -> None:
    fault = {"operation": "segments.list"}
    world.sandbox.fault(match=fault, times=None, answer="database_down")
    status, told, text = world.run({"knowledge": "main"})
    assert status == 1, text
    assert "segments.list" in outcomes(told, "failed"), text
    assert [d["name"] for d in world.sandbox.datasets()] == ["Pipeline"]


def test_deviations_are_told(world: World) -> None:
    answer = {"status": 200, "content_type": "application/json", "body": '{"data": "none", "has_more": 1}'}
    world.sandbox.fault(match={"operation": "documents.list"}, times=None, answer=answer)
    _, told, text = world.run({"knowledge": "main"})
    found = next(o for o in told["outcomes"] if o["operation"] == "documents.list")
    assert found["outcome"] == "deviates", text
    assert any(line.startswith("data: ") for line in found["deviations"])


def test_a_failure_is_not_taken_for_a_known_defect_nor_for_anothers(world: World) -> None:
    world.sandbox.fault(match={"operation": "metadata.update"}, times=None, answer="database_down")
    status, told, text = world.run({"knowledge": "main"})
    assert status == 1, text
    assert outcomes(told, "failed") == {"metadata.update"}, text


@pytest.mark.parametrize("body", ["<no json", "[1]", '"text"', "null"])
def test_an_answer_of_any_shape_does_not_end_the_run(world: World, body: str) -> None:
    answer = {"status": 200, "content_type": "application/json", "body": body}
    for op in ("datasets.get", "tags.create", "segments.create"):
        world.sandbox.fault(match={"operation": op}, times=None, answer=answer)
    status, told, text = world.run({"knowledge": "main"})
    assert "not tried" not in text
    assert {"datasets.get", "tags.create"} <= outcomes(told, "failed") | outcomes(told, "deviates"), (status, text)
    assert [d["name"] for d in world.sandbox.datasets()] == ["Pipeline"]


def test_no_server_is_said(world: World) -> None:
    status, _, text = world.run({"knowledge": "main"}, url="http://127.0.0.1:9/v1")
    assert status == 3
    assert "127.0.0.1:9" in text
