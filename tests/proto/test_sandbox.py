"""Every example in the table is carried out by the Dify stand-in as that operation.

As a plain reading of the table makes HTTP of it; and, with $DIFYPOOL_DAEMON, through the service in one answer, and
through its streams where the answer comes in pieces. What the stand-in does not play is skipped by name; what it plays
must work.
"""

from __future__ import annotations

import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import daemon
import difypool
import pynng
import pytest
from conftest import ROOT
from senders import OPS, CannotSend, Send, as_http, as_python, as_service, as_shell, as_stream
from walk import INDEXED, WALK, Step, filled, taken

sys.path.insert(0, str(ROOT / "tests"))
pytest.importorskip("aiohttp")

import sandbox.ops
from sandbox.routing import ROUTES
from sandbox.testing import Sandbox

assert sandbox.ops  # importing it declares the routes
PIPELINE_ID = "00000000-0000-4000-8000-0000000000a1"
CARRIED = [name for name, op in OPS.items() if "contract" in op]
COMPOSED = [name for name, op in OPS.items() if op.get("path") == "" and name != "http.request"]


def shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


PLAYED = {(method, shape(path)): declared.name for method, path, declared in ROUTES}


def is_played(name: str) -> bool:
    return (OPS[name]["method"], shape("/v1" + OPS[name]["path"])) in PLAYED


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox("--dify-version", "1.13.0", "--indexing-interval", "0.02") as world:
        yield world


class Walk:
    """One walk and what came of each operation: "" = it works, else why it could not be tried, or what went wrong."""

    def __init__(self, world: Sandbox, send: Send) -> None:
        self.world = world
        self.send = send
        self.plain = as_http(world.http, world.keys)
        self.known: dict[str, object] = {"pipeline_id": PIPELINE_ID, "": None}
        self.skipped: dict[str, str] = {}
        self.failed: dict[str, Exception] = {}
        self.worked: set[str] = set()

    def run(self) -> None:
        for step in WALK:
            if step.op not in OPS:
                continue
            if step.op in CARRIED and not is_played(step.op):
                self.skipped[step.op] = "the sandbox does not play it"
                continue
            try:
                self.take(step)
            except CannotSend as why:
                self.skipped[step.op] = str(why)
            except KeyError as missing:
                self.skipped[step.op] = f"there is no {missing}: what gives it was not there either"
            except (AssertionError, ValueError, OSError, pynng.NNGException, difypool.Error) as error:
                self.failed[step.op] = error

    def take(self, step: Step) -> None:
        filled(f"${step.needs}", self.known)
        args = filled({**OPS[step.op].get("example", {}), **step.more}, self.known)
        counter = f"requests/by_operation/{step.op}"
        before = self.world.counter(counter)
        answer = (self.plain if step.prepares else self.send)(step.op, args, step.key)
        times = 1 if step.op in CARRIED else 0
        assert self.world.counter(counter) == before + times, f"{step.op}: not {times} more of {counter}"
        for name, way in step.keep.items():
            try:
                self.known[name] = taken(answer, way)
            except (KeyError, IndexError, TypeError):
                raise AssertionError(f"{step.op}: no {way} in {answer}") from None
        if step.op in INDEXED:
            self.world.drain_indexing()
        if not step.prepares:
            self.worked.add(step.op)


def shown_in(language: str, world: Sandbox, directory: Path, socket: Path | str) -> Send:
    """What sends an example as it is shown to people of that language."""
    if language == "python":
        os.environ["DIFYPOOL_SOCKET"] = str(socket)
        return as_python(world.http, world.keys, {}, directory)
    cli = os.environ.get("DIFYPOOL_CLI")
    if not cli:
        pytest.skip("DIFYPOOL_CLI names no difypool")
    return as_shell(world.http, world.keys, cli, {**os.environ, "DIFYPOOL_SOCKET": str(socket)}, directory)


@pytest.fixture(scope="module", params=["http", "service", "stream", "shell", "python"])
def walk(request: pytest.FixtureRequest, world: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    world.reset()
    world.seed(datasets=[{"id": PIPELINE_ID, "name": "Pipeline", "pipeline": True}])
    if request.param == "http":
        walk = Walk(world, as_http(world.http, world.keys))
        walk.run()
        yield walk
        return
    if not os.environ.get("DIFYPOOL_DAEMON"):
        pytest.skip("DIFYPOOL_DAEMON names no difypoold")
    directory: Path = tmp_path_factory.mktemp("walk")
    if request.param in ("shell", "python"):
        with daemon.running(directory) as path:
            walk = Walk(world, shown_in(request.param, world, directory, path))
            walk.run()
            yield walk
        return
    with daemon.running(directory) as path, pynng.Req0(recv_timeout=60_000, dial=f"ipc://{path}") as socket:
        through = as_service if request.param == "service" else as_stream
        walk = Walk(world, through(world.http, world.keys, socket))
        walk.run()
        yield walk


@pytest.mark.parametrize("name", CARRIED + COMPOSED)
def test_the_example_works(walk: Walk, name: str) -> None:
    if name in walk.failed:
        raise walk.failed[name]
    if name in walk.skipped:
        pytest.skip(f"{name}: {walk.skipped[name]}")
    assert name in walk.worked


def test_the_walk_holds_every_operation() -> None:
    assert {*CARRIED, *COMPOSED} <= {step.op for step in WALK}, "add it to walk.py"


def test_what_the_stand_in_plays_bears_the_table_s_name() -> None:
    ours = {(OPS[name]["method"], shape("/v1" + OPS[name]["path"])): name for name in CARRIED}
    assert {route: name for route, name in PLAYED.items() if route in ours and ours[route] != name} == {}


def test_old_spellings_reach_the_same_operation(world: Sandbox) -> None:
    world.reset()
    send = as_http(world.http, world.keys)
    made = {"name": "old spellings", "indexing_technique": "economy"}
    dataset_id = send("datasets.create", made, "main")["id"]
    for name, op in OPS.items():
        for alias in op.get("aliases", []):
            before = world.counter(f"requests/by_operation/{name}")
            path = alias.format(dataset_id=dataset_id, document_id=dataset_id)
            headers = {"Authorization": f"Bearer {world.key}", "Content-Type": "application/json"}
            request = urllib.request.Request(world.http + path, b"{}", headers, method=op["method"])
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request, timeout=20)
            caught.value.close()
            assert world.counter(f"requests/by_operation/{name}") == before + 1, alias
