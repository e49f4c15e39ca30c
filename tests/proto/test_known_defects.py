"""What the table says of servers up to 1.12.1, shown with the stand-in of that version, through the service.

Where the library goes around a defect, the caller must not see it; where it cannot, the caller sees what is told.
Every defect of the table is shown here, or stands in ELSEWHERE with the test that shows it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import daemon
import pynng
import pytest
from conftest import ROOT
from senders import OPS

sys.path.insert(0, str(ROOT / "tests"))
pytest.importorskip("aiohttp")

from sandbox.testing import Sandbox

pytestmark = pytest.mark.skipif(not os.environ.get("DIFYPOOL_DAEMON"), reason="DIFYPOOL_DAEMON names no difypoold")

NOWHERE = "00000000-0000-4000-8000-00000000dead"
BAD_RULE = {"mode": "custom", "rules": {"segmentation": {"separator": "\n", "max_tokens": 10}}}
RULE = {"mode": "automatic"}
SEARCH = {"search_method": "keyword_search", "top_k": 5}

# What is shown where, if not here: runs need an app that breaks at the right moment, writes at once need many callers.
ELSEWHERE = {
    ("chat.send", "broken_model_is_200"): "tests/unit/test_stream.c",
    ("completion.send", "broken_model_is_200"): "tests/unit/test_stream.c",
    ("metadata.assign", "partial_writes_race"): "tests/sandbox/tests/test_server.py",
}


class Server:
    """A 1.12.1, the service before it, and a knowledge base."""

    def __init__(self, sandbox: Sandbox, socket: pynng.Req0) -> None:
        self.sandbox = sandbox
        self._socket = socket
        self._handles: dict[str, str] = {}
        self.kb = ""

    def ask(self, op: str, key: str = "main", options: dict[str, bool] | None = None, **args: Any) -> dict[str, Any]:
        if key not in self._handles:
            own = {"base_url": self.sandbox.http, "api_key": self.sandbox.keys[key]}
            self._handles[key] = daemon.ask(self._socket, "service.connect", own)["ok"]["body"]["profile"]
        reply = daemon.ask(self._socket, op, args, profile=self._handles[key], options=options or {})
        error = reply.get("error", {})
        if "file" in args and error.get("message", "").endswith("must be a file"):
            pytest.skip("the service takes no files as arguments")
        if error.get("code") == "no_such_route" and not OPS[op].get("absent"):
            pytest.skip(f"the sandbox does not play {op}")
        return reply

    def good(self, op: str, key: str = "main", **args: Any) -> Any:
        """The answer of a call that succeeds, and what was done differently as `note`."""
        reply = self.ask(op, key, **args)
        assert "ok" in reply, (op, reply["error"])
        body = reply["ok"]["body"]
        self.note = reply["ok"]["meta"].get("note", "")
        return json.loads(body) if body and body != b"204" else None

    def bad(self, op: str, key: str = "main", options: dict[str, bool] | None = None, **args: Any) -> dict[str, Any]:
        reply = self.ask(op, key, options, **args)
        assert "error" in reply, (op, reply)
        error: dict[str, Any] = reply["error"]
        return error

    def begin(self) -> None:
        self.sandbox.reset()
        model = {**SEARCH, "reranking_enable": False, "score_threshold_enabled": False}
        made = self.good("datasets.create", name="Guides", indexing_technique="economy", retrieval_model=model)
        self.kb = made["id"]

    def document(self, name: str = "guide.md", **more: Any) -> str:
        args: dict[str, Any] = {
            "dataset_id": self.kb,
            "name": name,
            "text": "How to install.",
            "indexing_technique": "economy",
        }
        made = self.good("documents.create_by_text", **{**args, "process_rule": RULE, **more})
        self.sandbox.drain_indexing()
        return str(made["document"]["id"])

    def field(self) -> str:
        return str(self.good("metadata.create", dataset_id=self.kb, type="string", name="url")["id"])

    def assign(self, document: str, field: str) -> None:
        values = [{"id": field, "name": "url", "value": "x"}]
        data = [{"document_id": document, "metadata_list": values}]
        self.good("metadata.assign", dataset_id=self.kb, operation_data=data)

    def values(self, document: str) -> dict[str, Any]:
        got = self.good("documents.get", dataset_id=self.kb, document_id=document)
        return {entry["name"]: entry["value"] for entry in got["doc_metadata"] or []}


Show = Callable[[Server], None]
SHOWN: dict[tuple[str, str], Show] = {}


def shows(defect: str, *ops: str) -> Callable[[Show], Show]:
    def keep(function: Show) -> Show:
        SHOWN.update({(op, defect): function for op in ops})
        return function

    return keep


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with (
        Sandbox("--dify-version", "1.12.1", "--indexing-interval", "0.02") as sandbox,
        daemon.running(tmp_path_factory.mktemp("defects")) as path,
        pynng.Req0(recv_timeout=60_000, dial=f"ipc://{path}") as socket,
    ):
        yield Server(sandbox, socket)


# --- knowledge bases and searches


@shows("tag_filter_400", "datasets.list")
def tag_filter(server: Server) -> None:
    assert server.bad("datasets.list", tag_ids=[NOWHERE])["status"] == 400


@shows("has_more", "datasets.list")
def has_more_of_datasets(server: Server) -> None:
    page = server.good("datasets.list", limit=1)
    assert (page["total"], page["has_more"]) == (1, True)


@shows("has_more", "documents.list")
def has_more_of_documents(server: Server) -> None:
    server.document()
    page = server.good("documents.list", dataset_id=server.kb, limit=1)
    assert (page["total"], page["has_more"]) == (1, True)


@shows("economy_default", "datasets.retrieve")
def economy_default(server: Server) -> None:
    kb = server.good("datasets.create", name="Bare", indexing_technique="economy")["id"]
    assert server.bad("datasets.retrieve", dataset_id=kb, query="x")["status"] == 400
    server.good("datasets.retrieve", dataset_id=server.kb, query="x")


@shows("retrieval_switches", "datasets.retrieve")
def retrieval_switches(server: Server) -> None:
    server.good("datasets.retrieve", dataset_id=server.kb, query="install", retrieval_model=SEARCH)
    assert server.note


# --- documents


@shows("technique_required", "documents.create_by_text")
def technique_required(server: Server) -> None:
    args: dict[str, Any] = {"dataset_id": server.kb, "name": "a.md", "text": "a", "process_rule": RULE}
    server.good("documents.create_by_text", **args)
    assert "indexing_technique" in server.note


@shows("same_name_overwrites", "documents.create_by_text")
def same_name_by_text(server: Server) -> None:
    assert server.document() == server.document(text="Another text.")


def by_file(server: Server, name: str = "guide.md", **more: Any) -> str:
    file = {"name": name, "data": b"# How to install\n"}
    made = server.good("documents.create_by_file", dataset_id=server.kb, file=file, **{"process_rule": RULE, **more})
    server.sandbox.drain_indexing()
    return str(made["document"]["id"])


@shows("same_name_overwrites", "documents.create_by_file")
def same_name_by_file(server: Server) -> None:
    assert server.document() == by_file(server)


@shows("empty_message_400", "documents.create_by_file")
def empty_message(server: Server) -> None:
    file = {"name": "x.exe", "data": b"MZ"}
    args: dict[str, Any] = {"dataset_id": server.kb, "file": file, "process_rule": RULE}
    error = server.bad("documents.create_by_file", options={"validate": False}, **args)
    assert error["status"] == 400
    assert json.loads(error["body"])["message"] == ""
    assert error["message"]


def is_failed(server: Server, document: str) -> bool:
    got = server.good("documents.get", dataset_id=server.kb, document_id=document)
    return bool(got["indexing_status"] == "error")


@shows("bad_rule_kept", "documents.create_by_text")
def bad_rule_by_text(server: Server) -> None:
    assert is_failed(server, server.document(process_rule=BAD_RULE))


@shows("bad_rule_kept", "documents.create_by_file")
def bad_rule_by_file(server: Server) -> None:
    assert is_failed(server, by_file(server, process_rule=BAD_RULE))


@shows("update_hangs_indexing", "documents.update_by_text")
def update_by_text(server: Server) -> None:
    document = server.document()
    args: dict[str, Any] = {
        "dataset_id": server.kb,
        "document_id": document,
        "name": "guide.md",
        "text": "How to install it.",
    }
    assert server.good("documents.update_by_text", **args)["document"]["id"] == document
    assert server.note
    assert server.sandbox.counter("requests/by_operation/documents.update_by_text") == 0


@shows("update_hangs_indexing", "documents.update_by_file")
def update_by_file(server: Server) -> None:
    args: dict[str, Any] = {
        "dataset_id": server.kb,
        "document_id": server.document(),
        "file": {"name": "guide.md", "data": b"x"},
    }
    assert server.bad("documents.update_by_file", **args)["kind"] == "unsupported"
    assert server.sandbox.counter("requests/by_operation/documents.update_by_file") == 0


@shows("literal_message", "documents.update_by_file")
def literal_message_of_update(server: Server) -> None:
    file = {"name": "big.md", "data": bytes((15 << 20) + 1)}
    args: dict[str, Any] = {"dataset_id": server.kb, "document_id": server.document(), "file": file}
    error = server.bad("documents.update_by_file", options={"validate": False, "allow_hazard": True}, **args)
    assert (error["kind"], error["status"]) == ("too_large", 413)
    assert "{message}" in json.loads(error["body"])["message"]


@shows("literal_message", "files.upload")
def literal_message_of_upload(server: Server) -> None:
    file = {"name": "big.png", "data": bytes((10 << 20) + 1)}
    error = server.bad("files.upload", "chatflow", {"validate": False}, file=file)
    assert (error["kind"], error["status"]) == ("too_large", 413)
    assert "{message}" in json.loads(error["body"])["message"]


@shows("gone_but_400", "child_chunks.delete")
def child_chunk_is_gone(server: Server) -> None:
    document = server.document()
    of: dict[str, Any] = {"dataset_id": server.kb, "document_id": document}
    of["segment_id"] = server.good("segments.list", **of)["data"][0]["id"]
    child = server.good("child_chunks.create", **of, content="apt")["data"]["id"]
    server.good("child_chunks.delete", **of, child_chunk_id=child)
    assert "proved that it was done" in server.note
    assert server.good("child_chunks.list", **of)["data"] == []


# --- metadata and tags


@shows("absent_is_200", "metadata.update")
def absent_field(server: Server) -> None:
    got = server.good("metadata.update", dataset_id=server.kb, metadata_id=NOWHERE, name="url")
    assert not got or not got.get("id")


@shows("rename_loses_values", "metadata.update")
def rename_loses_values(server: Server) -> None:
    document, field = server.document(), server.field()
    server.assign(document, field)
    assert server.values(document)["url"] == "x"
    server.good("documents.update_status", dataset_id=server.kb, action="disable", document_ids=[document])
    server.good("metadata.update", dataset_id=server.kb, metadata_id=field, name="address")
    assert not server.values(document).get("address")


@shows("failures_swallowed", "metadata.assign")
def failures_swallowed(server: Server) -> None:
    server.assign(NOWHERE, server.field())


@shows("done_but_400", "tags.create")
def tag_is_made(server: Server) -> None:
    server.good("tags.create", name="manuals")
    assert server.note
    assert server.sandbox.effects("tags.create") == 1


def bound_tag(server: Server) -> str:
    """A tag, which 1.12.1 shows only through a knowledge base that it is bound to."""
    server.sandbox.seed(tags=[{"id": NOWHERE, "name": "manuals"}])
    server.good("tags.bind", tag_ids=[NOWHERE], target_id=server.kb)
    return NOWHERE


@shows("done_but_400", "tags.update")
def tag_is_renamed(server: Server) -> None:
    server.good("tags.update", tag_id=bound_tag(server), name="handbooks")
    assert server.note
    assert [tag["name"] for tag in server.good("datasets.tags", dataset_id=server.kb)["data"]] == ["handbooks"]


@shows("list_400", "tags.list")
def tags_cannot_be_listed(server: Server) -> None:
    server.good("tags.list")
    bound_tag(server)
    assert server.bad("tags.list")["status"] == 400
    assert server.good("datasets.tags", dataset_id=server.kb)["total"] == 1


# --- runs


@shows("absent_is_200", "workflows.get_run")
def absent_run(server: Server) -> None:
    got = server.good("workflows.get_run", "workflow", workflow_run_id=NOWHERE)
    assert not got["id"]


@shows("ceiling_is_400", "chat.send", "completion.send", "workflows.run", "workflows.run_by_id")
def ceiling(server: Server) -> None:
    server.sandbox.fault(answer="too_many_requests_400", times=None)
    for op, key in (("chat.send", "chatflow"), ("completion.send", "completion"), ("workflows.run", "workflow")):
        args = {**OPS[op]["example"], "inputs": {}}
        assert server.bad(op, key, **args)["kind"] == "overloaded"
    by_id: dict[str, Any] = {"workflow_id": NOWHERE, "inputs": {}, "user": "abc-123"}
    assert server.bad("workflows.run_by_id", "workflow", **by_id)["kind"] == "overloaded"


@pytest.mark.parametrize(("op", "defect"), sorted(SHOWN))
def test_the_defect_is_as_the_table_says(server: Server, op: str, defect: str) -> None:
    server.begin()
    SHOWN[op, defect](server)


def test_every_defect_is_shown() -> None:
    told = {(name, defect["id"]) for name, op in OPS.items() for defect in op.get("defects", [])}
    assert told == {*SHOWN, *ELSEWHERE}
    assert all((ROOT / place).exists() for place in ELSEWHERE.values())
