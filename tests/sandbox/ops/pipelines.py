"""The knowledge pipeline: its sources, a run of one of them, a run of all, and files for it. Not in 1.12.1: played in the words of the contract.

A knowledge base has a pipeline if it was made by a name of the setting pipeline_names, or was given one by seed or by the control interface.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from datetime import datetime, timezone
from typing import Any

from ..call import Call
from ..errors import Refusal, envelope, file_too_large, invalid_param
from ..routing import operation
from ..state import Dataset, new_id
from ..validate import Field, check, problem, refuse
from ..wire import Answer, json_answer, streamed
from .document_writes import Source, add_document
from .files import is_false, is_true, keep, only_file

EVENTS = "text/event-stream; charset=utf-8"
TYPES = ("online_document", "local_file", "website_crawl", "online_drive")
_PATH = "/datasets/{dataset_id}/pipeline"
# The sources of every pipeline here: node, plugin, provider, type, title.
SOURCES: tuple[tuple[str, str, str, str, str], ...] = (
    ("1719288585001", "langgenius/file", "file", "local_file", "Files"),
    ("1719288585002", "langgenius/notion_datasource", "notion", "online_document", "Notion Documents"),
    ("1719288585003", "langgenius/firecrawl_datasource", "firecrawl", "website_crawl", "Website"),
    ("1719288585004", "langgenius/google_drive", "google_drive", "online_drive", "Drive"),
)
CREDENTIAL = "c1d2e3f4-a5b6-7890-abcd-ef1234567890"
RUN_SOURCE = (
    Field("inputs", "dict", required=True),
    Field("datasource_type", required=True, choices=TYPES),
    Field("credential_id", "str", null=True),
    Field("is_published", "bool", required=True),
)
RUN = (
    Field("inputs", "dict", required=True),
    Field("datasource_type", required=True, choices=TYPES),
    Field("datasource_info_list", "list", required=True),
    Field("start_node_id", "str", required=True),
    Field("is_published", "bool", required=True),
    Field("response_mode", required=True, choices=("streaming", "blocking")),
)
# What an item must hold, by the type of the source.
_ITEM: dict[str, tuple[str, ...]] = {
    "local_file": (),
    "online_document": ("workspace_id", "page"),
    "website_crawl": ("url",),
    "online_drive": ("id", "type"),
}


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


async def _stream(events: list[dict[str, Any]]) -> AsyncIterator[bytes]:
    for event in events:
        yield _event(event)


# --- files


@operation(
    "pipelines.upload_file", "POST", "/datasets/pipeline/file-upload", lacking="routes-absent", form="keep_upload_bytes"
)
def upload_file(call: Call) -> Answer:
    part = only_file(call)
    if part.size > call.world.settings.upload_limit:
        raise file_too_large(call.world.settings.has("literal-message"), "File size exceeded.")
    stored = keep(call, part, "", call.workspace.owner)
    call.effect()
    shown = {
        "id": stored.id,
        "name": stored.name,
        "size": stored.size,
        "extension": stored.extension,
        "mime_type": stored.mime_type,
        "created_by": stored.created_by,
        "created_at": datetime.fromtimestamp(int(stored.created_at), timezone.utc).strftime("%Y-%m-%dT%H:%M:%S"),
    }
    return json_answer(shown, 201)


# --- sources


def _pipeline(call: Call) -> Dataset:
    dataset = call.dataset("404")
    if dataset.pipeline_id is None:
        raise invalid_param("Pipeline not found")
    return dataset


@operation("pipelines.datasource_plugins", "GET", _PATH + "/datasource-plugins", lacking="routes-absent")
def datasource_plugins(call: Call) -> Answer:
    published = call.argument("is_published")
    if published is not None and not (is_true(published) or is_false(published)):
        words = "Input should be a valid boolean, unable to interpret input"
        raise refuse("DatasourcePluginsQuery", [problem("is_published", words, "bool_parsing", published)])
    _pipeline(call)
    return json_answer([_source(*one) for one in SOURCES])


def _source(node: str, plugin: str, provider: str, kind: str, title: str) -> dict[str, Any]:
    credential = {"id": CREDENTIAL, "name": f"Production {provider}", "type": "api-key", "is_default": True}
    return {
        "node_id": node,
        "plugin_id": plugin,
        "provider_name": provider,
        "datasource_type": kind,
        "title": title,
        "user_input_variables": [],
        "credentials": [] if kind == "local_file" else [credential],
    }


_FOUND: dict[str, list[dict[str, Any]]] = {
    "local_file": [],
    "online_document": [
        {"workspace_id": "ws-1", "workspace_name": "Docs", "total": 1, "pages": [{"page_id": "pg-1", "type": "page"}]}
    ],
    "website_crawl": [
        {"source_url": "https://example.org/", "title": "Example ☃", "description": "", "content": "A page."}
    ],
    "online_drive": [{"bucket": "docs", "files": [{"id": "f-1", "name": "notes.md", "size": 12, "type": "file"}]}],
}


def _node(node_id: str, kind: str) -> None:
    if (node_id, kind) not in {(one[0], one[3]) for one in SOURCES}:
        raise invalid_param(f"Datasource node {node_id} of type {kind} not found")


@operation("pipelines.run_datasource", "POST", _PATH + "/datasource/nodes/{node}/run", lacking="routes-absent")
def run_datasource(call: Call) -> Answer:
    dataset = _pipeline(call)
    payload = check("DatasourceNodeRunPayload", call.json(), RUN_SOURCE)
    kind = payload["datasource_type"]
    _node(call.params["node"], kind)
    assert dataset.pipeline_id is not None
    call.effect()
    found = _FOUND[kind]
    events: list[dict[str, Any]] = [{"event": "datasource_processing", "total": len(found), "completed": 0}]
    events.append(
        {
            "event": "datasource_completed",
            "data": found,
            "total": len(found),
            "completed": len(found),
            "time_consuming": 0.01,
        }
    )
    return streamed(_stream(events), EVENTS)


# --- a run


def _item_source(call: Call, kind: str, item: Any, place: int) -> Source:
    """What a run makes of one item of its list."""
    missing = [name for name in _ITEM[kind] if not isinstance(item, dict) or name not in item]
    if not isinstance(item, dict) or missing:
        raise refuse("PipelineRunApiEntity", [problem(f"datasource_info_list.{place}", "Field required", "missing", item)])
    if kind == "local_file":
        return _file_source(call, item)
    given = item.get("page")
    page: dict[str, Any] = given if isinstance(given, dict) else {}
    name = str(item.get("name") or item.get("title") or page.get("page_name") or "untitled")
    text = f"What {item.get('url') or item.get('id') or page.get('page_id')} holds."
    return Source(name, text, len(text), "md", "text/markdown")


def _file_source(call: Call, item: dict[str, Any]) -> Source:
    reference = str(item.get("reference") or item.get("related_id") or "")
    stored = call.world.uploads.files.get(reference.lower())
    if stored is None or stored.workspace is not call.workspace or stored.app:
        message = f"Pipeline execution failed: file {reference} not found"
        raise Refusal(envelope(500, "pipeline_run_error", message))
    content = stored.content or b""
    name = str(item.get("name") or "untitled")
    return Source(name, content.decode("utf-8", "replace"), stored.size, stored.extension, stored.mime_type, content)


@operation("pipelines.run", "POST", _PATH + "/run", counted=True, lacking="routes-absent")
def run(call: Call) -> Answer:
    dataset = _pipeline(call)
    payload = check("PipelineRunApiEntity", call.json(), RUN)
    kind = payload["datasource_type"]
    _node(payload["start_node_id"], kind)
    sources = [_item_source(call, kind, item, place) for place, item in enumerate(payload["datasource_info_list"])]
    for source in sources:
        add_document(call, dataset, source)
    call.effect(max(1, len(sources)))
    task, run_id, now = new_id(), new_id(), int(time.time())
    done = {"id": run_id, "status": "succeeded", "outputs": {}, "created_at": now, "finished_at": now}
    if payload["response_mode"] == "blocking":
        return json_answer({"task_id": task, "workflow_run_id": run_id, "data": done})
    return streamed(_stream(_events(task, run_id, payload, done)), EVENTS)


def _events(task: str, run_id: str, payload: dict[str, Any], done: dict[str, Any]) -> list[dict[str, Any]]:
    around = {"task_id": task, "workflow_run_id": run_id}
    nodes = ((payload["start_node_id"], "datasource"), ("1719288585100", "knowledge-index"))
    events = [
        {
            "event": "workflow_started",
            **around,
            "data": {"id": run_id, "inputs": payload["inputs"], "created_at": done["created_at"]},
        }
    ]
    for index, (node, kind) in enumerate(nodes, 1):
        shown: dict[str, Any] = {"id": new_id(), "node_id": node, "node_type": kind, "title": kind, "index": index}
        events.append({"event": "node_started", **around, "data": {**shown, "created_at": done["created_at"]}})
        ended = {**shown, "inputs": {}, "outputs": {}, "status": "succeeded", "error": None, "elapsed_time": 0.01}
        events.append({"event": "node_finished", **around, "data": ended})
    finished = {**done, "error": None, "elapsed_time": 0.02, "total_tokens": 0, "total_steps": len(nodes)}
    events.append({"event": "workflow_finished", **around, "data": finished})
    return events
