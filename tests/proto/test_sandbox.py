"""Every example of the knowledge operations is carried out by the Dify stand-in as that operation.

Once as a plain reading of the table makes an HTTP request of it, once through the service (with $DIFYPOOL_DAEMON).
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import daemon
import pynng
import pytest
from conftest import ROOT, read_table

sys.path.insert(0, str(ROOT / "tests"))
pytest.importorskip("aiohttp")

from sandbox.testing import Sandbox

OPS = {op["name"]: op for op in read_table()["op"]}
Send = Callable[[str, dict[str, Any]], Any]

# In this order each finds what it needs; "keep" says which ids of an answer later ones use.
WALK: list[tuple[str, dict[str, tuple[str | int, ...]]]] = [
    ("models.list", {}),
    ("datasets.create", {"dataset_id": ("id",)}),
    ("datasets.list", {}),
    ("datasets.get", {}),
    ("datasets.update", {}),
    ("documents.create_by_text", {"document_id": ("document", "id"), "batch": ("batch",)}),
    ("documents.indexing_status", {}),
    ("documents.list", {}),
    ("documents.get", {}),
    ("datasets.retrieve", {}),
    ("segments.create", {"segment_id": ("data", 0, "id")}),
    ("segments.list", {}),
    ("segments.get", {}),
    ("segments.update", {}),
    ("segments.delete", {}),
    ("metadata.create", {"metadata_id": ("id",)}),
    ("metadata.list", {}),
    ("metadata.built_in", {}),
    ("metadata.toggle_built_in", {}),
    ("metadata.assign", {}),
    ("metadata.update", {}),
    ("tags.create", {"tag_id": ("id",)}),
    ("tags.list", {}),
    ("tags.bind", {}),
    ("datasets.tags", {}),
    ("tags.unbind", {}),
    ("tags.update", {}),
    ("tags.delete", {}),
    ("documents.update_by_text", {}),
    ("documents.update_status", {}),
    ("metadata.delete", {}),
    ("documents.delete", {}),
    ("datasets.delete", {}),
]


# After these the document is indexed before the next step is taken.
INDEXED = ["documents.create_by_text", "documents.update_by_text"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("--dify-version", "1.13.0", "--indexing-interval", "0.02") as sandbox:
        yield sandbox


def flat(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_http(sandbox: Sandbox) -> Send:
    """The table read as its comments say: path, query and body, and nothing else."""

    def send(name: str, args: dict[str, Any]) -> Any:
        op = OPS[name]
        places = {p["name"]: p["in"] for p in op["params"]}
        path = op["path"].format(
            **{k: urllib.parse.quote(str(v), safe="") for k, v in args.items() if places[k] == "path"}
        )
        query = [
            (k, flat(x)) for k, v in args.items() if places[k] == "query" for x in (v if isinstance(v, list) else [v])
        ]
        body = {k: v for k, v in args.items() if places[k] == "body"}
        data = json.dumps(body).encode() if "body" in places.values() else None
        url = f"{sandbox.http}{path}?{urllib.parse.urlencode(query)}"
        headers = {"Authorization": f"Bearer {sandbox.key}", "Content-Type": "application/json"}
        with urllib.request.urlopen(
            urllib.request.Request(url, data, headers, method=op["method"]), timeout=20
        ) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    return send


def as_service(sandbox: Sandbox, socket: pynng.Req0) -> Send:
    handle = daemon.ask(socket, "service.connect", {"base_url": sandbox.http, "api_key": sandbox.key})["ok"]["body"]

    def send(name: str, args: dict[str, Any]) -> Any:
        reply = daemon.ask(socket, name, args, profile=handle["profile"])
        assert "ok" in reply, (name, reply["error"])
        assert reply["ok"]["meta"]["op"] == name
        body = reply["ok"]["body"]
        return json.loads(body) if body else None

    return send


@pytest.fixture(params=["http", "service"])
def send(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Send]:
    sandbox.reset()
    if request.param == "http":
        yield as_http(sandbox)
        return
    if not os.environ.get("DIFYPOOL_DAEMON"):
        pytest.skip("DIFYPOOL_DAEMON names no difypoold")
    with (
        daemon.running(request.getfixturevalue("tmp_path")) as path,
        pynng.Req0(recv_timeout=60_000, dial=f"ipc://{path}") as socket,
    ):
        yield as_service(sandbox, socket)


def filled(value: Any, known: dict[str, Any]) -> Any:
    """The example with what stands for ids replaced."""
    if isinstance(value, str) and value.startswith("$"):
        return known[value[1:]]
    if isinstance(value, list):
        return [filled(v, known) for v in value]
    if isinstance(value, dict):
        return {k: filled(v, known) for k, v in value.items()}
    return value


def test_every_example_of_the_knowledge_operations_works(send: Send, sandbox: Sandbox) -> None:
    known: dict[str, Any] = {}
    for name, kept in WALK:
        answer = send(name, filled(OPS[name].get("example", {}), known))
        for key, way in kept.items():
            known[key] = answer
            for step in way:
                known[key] = known[key][step]
        assert sandbox.counter(f"requests/by_operation/{name}") == 1, name
        if name in INDEXED:
            sandbox.wait("indexing/finished", INDEXED.index(name) + 1)
    assert sandbox.counter("requests/total") == len(WALK)


def test_the_walk_holds_every_operation_that_the_stand_in_has() -> None:
    """Old spellings lead to the same operations; what takes a file is walked on its own."""
    groups = {"datasets", "documents", "metadata", "tags", "models"}
    walked = {name for name, _ in WALK}
    absent = {name for name, op in OPS.items() if op.get("absent") or any(p["in"] == "file" for p in op["params"])}
    assert walked >= {name for name, op in OPS.items() if op["group"] in groups} - absent


def test_old_spellings_reach_the_same_operation(sandbox: Sandbox) -> None:
    sandbox.reset()
    send = as_http(sandbox)
    dataset_id = send("datasets.create", {"name": "old spellings", "indexing_technique": "economy"})["id"]
    for name, op in OPS.items():
        for alias in op.get("aliases", []):
            before = sandbox.counter(f"requests/by_operation/{name}")
            path = alias.format(dataset_id=dataset_id, document_id=dataset_id)
            request = urllib.request.Request(
                sandbox.http + path, b"{}", {"Authorization": f"Bearer {sandbox.key}"}, method=op["method"]
            )
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request, timeout=20)
            caught.value.close()
            assert sandbox.counter(f"requests/by_operation/{name}") == before + 1, alias
