"""The control interface: JSON over HTTP on a loopback port of its own. What it offers is in ROUTES, and GET / tells it."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any, Callable

from aiohttp import web

from . import faults as faults_room
from . import scripts as scripts_room
from . import seed as seed_room
from . import uploads as uploads_room
from .counters import COMPARE
from .errors import PRESETS
from .routing import check_names
from .server import Server
from .settings import DEFECTS
from .state import Dataset, new_id

Handler = Callable[["Control", dict[str, Any], dict[str, str]], Any]


def _inspect(dataset: Dataset) -> dict[str, Any]:
    """A knowledge base with all that a comparison may want; documents oldest first."""
    names = {f.id: f.name for f in dataset.fields.values()}
    return {
        "id": dataset.id,
        "name": dataset.name,
        "workspace": dataset.workspace.name,
        "indexing_technique": dataset.indexing_technique,
        "doc_form": dataset.doc_form,
        "fields": [{"id": f.id, "name": f.name, "type": f.type} for f in dataset.fields.values()],
        "tags": [dataset.workspace.tags[tag_id].name for tag_id in dataset.tags if tag_id in dataset.workspace.tags],
        "documents": [
            {
                "id": document.id,
                "name": document.name,
                "text": document.text,
                "indexing_status": document.indexing_status,
                "display_status": document.display_status,
                "enabled": document.enabled,
                "archived": document.archived,
                "batch": document.batch,
                "metadata": {names[f]: document.metadata.get(names[f]) for f in document.bindings if f in names},
                "segments": [segment.content for segment in document.segments],
            }
            for document in dataset.documents.values()
        ],
    }


class Control:
    """Serves one Server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.port = 0
        self._listener: Any = None

    async def listen(self, host: str, port: int) -> None:
        manager = web.Server(self._handle, access_log=None)
        self._listener = await asyncio.get_running_loop().create_server(manager, host, port, backlog=256)
        self.port = self._listener.sockets[0].getsockname()[1]

    def stop(self) -> None:
        if self._listener is not None:
            self._listener.close()

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        path = request.path.rstrip("/") or "/"
        try:
            body = json.loads(await request.text() or "{}")
            if not isinstance(body, dict):
                raise ValueError("expected a JSON object")
            for (method, pattern), (handler, _) in ROUTES.items():
                params = _match(pattern, path)
                if method == request.method and params is not None:
                    made = handler(self, body, {**dict(request.query), **params})
                    value = await made if asyncio.iscoroutine(made) else made
                    return web.json_response(value)
        except KeyError as error:
            return web.json_response({"error": f"not found or missing: {error.args[0]}"}, status=404)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"error": f"no {request.method} {path}; GET / lists what there is"}, status=404)

    # --- what is asked

    def about(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        return {f"{method} {pattern}": text for (method, pattern), (_, text) in ROUTES.items()}

    def get_settings(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        return self.server.settings.public()

    def change_settings(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        for name in ("think_ms_by_operation", "cpu_ms_by_operation", "cpu_ms_per_item"):
            check_names(body.get(name) or {})
        self.server.settings.change(body)
        for connection in self.server.connections:
            connection.settings_changed()
        return self.server.settings.public()

    def defects(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        return {name: {"on": self.server.settings.has(name), "what": text} for name, text in DEFECTS.items()}

    def counters(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        return self.server.counters.snapshot()

    def reset_counters(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        self.server.reset_counters()
        return {}

    async def wait(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        comparison = body.get("is", ">=")
        if comparison not in COMPARE:
            raise ValueError(f"is: expected one of {' '.join(COMPARE)}")
        met, value = await self.server.counters.wait(
            body["counter"], comparison, body["value"], float(body.get("timeout_s", 10))
        )
        return {"met": met, "value": value}

    def log(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        since, wanted = int(args.get("since", 0)), args.get("operation")
        entries = self.server.counters.log
        found = [e for e in entries if e["seq"] > since and (wanted is None or e["operation"] == wanted)]
        return {"requests": [{name: value for name, value in entry.items() if name != "secret"} for entry in found]}

    def get_faults(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        return {
            "faults": self.server.faults.list(),
            "presets": sorted(PRESETS),
            "match": faults_room.MATCH,
            "members": faults_room.FIELDS,
        }

    def add_fault(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        return self.server.faults.add(body).public()

    def clear_faults(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        self.server.faults.clear()
        return {}

    def release(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        number = body.get("id")
        return {"released": self.server.faults.release(number)}

    def apps(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        return {"apps": [app.public() for app in self.server.world.apps.all()]}

    def change_app(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        app = self.server.world.apps.by_name(args["app"])
        app.change(body)
        return app.public()

    def get_scripts(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        return {"scripts": self.server.world.scripts.public(), "members": scripts_room.FIELDS}

    def add_script(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        return self.server.world.scripts.add(body).public()

    def clear_scripts(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        self.server.world.scripts.clear()
        return {}

    def release_events(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        return {"released": self.server.world.runs.release(body.get("task_id"))}

    def streams(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        return {"streams": self.server.world.streams.listed()}

    def close_connections(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        how = body.get("how", "fin")
        if how not in ("fin", "rst"):
            raise ValueError("how: expected fin or rst")
        return {"closed": self.server.close_connections(not body.get("all", False), how)}

    def reset(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        self.server.reset()
        return {}

    def datasets(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        found = self.server.state.datasets.values()
        return {
            "datasets": [
                {"id": d.id, "name": d.name, "workspace": d.workspace.name, "documents": len(d.documents)} for d in found
            ]
        }

    def dataset(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        return _inspect(self.server.state.datasets[args["dataset"]])

    def change_dataset(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        dataset = self.server.state.datasets[args["dataset"]]
        for name, value in body.items():
            if name not in ("enable_api", "hidden", "pipeline") or not isinstance(value, bool):
                raise ValueError("expected enable_api, hidden or pipeline, true or false")
            if name == "pipeline":
                dataset.pipeline_id = new_id() if value else None
            else:
                setattr(dataset, name, value)
        return _inspect(dataset)

    def fill_dataset(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        dataset = self.server.state.datasets[args["dataset"]]
        seed_room.fill(self.server.world, dataset, int(body["count"]), str(body.get("text", "A page of text.")))
        return {"documents": len(dataset.documents)}

    def add_document(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        dataset = self.server.state.datasets[args["dataset"]]
        made = seed_room.document(self.server.world, dataset, body)
        self.server.counters.changed()
        return {"id": made.id}

    def change_document(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        document = self.server.state.datasets[args["dataset"]].documents[args["document"]]
        for name, value in body.items():
            if name not in ("enabled", "archived", "indexing_status", "error"):
                raise ValueError("expected enabled, archived, indexing_status or error")
            setattr(document, name, value)
        document.disabled_at = None if document.enabled else int(document.updated_at)
        return {"id": document.id}

    def workspace(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        workspace = self.server.state.workspaces[args["workspace"]]
        tags = [{"id": tag.id, "name": tag.name} for tag in workspace.tags.values()]
        return {"name": workspace.name, "id": workspace.id, "archived": workspace.archived, "tags": tags}

    def change_workspace(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        workspace = self.server.state.workspaces[args["workspace"]]
        workspace.archived = bool(body.get("archived", False))
        return {"name": workspace.name, "archived": workspace.archived}

    def received(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        return {"uploads": self.server.world.uploads.list()}

    def files(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        return {"files": [stored.public() for stored in self.server.world.uploads.files.values()]}

    def file(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        return self.server.world.uploads.files[args["file"]].public()

    def file_content(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        stored = self.server.world.uploads.files[args["file"]]
        if stored.content is None:
            raise ValueError(
                "its content is generated" if stored.generated else "its content was not kept: keep_upload_bytes"
            )
        return {"base64": base64.b64encode(stored.content).decode()}

    async def make_file(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        return (await uploads_room.make(self.server.world.uploads, self.server.state, self.server.settings, body)).public()

    def change_file(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        stored = self.server.world.uploads.files[args["file"]]
        if set(body) != {"in_messages"} or not isinstance(body["in_messages"], bool):
            raise ValueError("expected in_messages, true or false")
        stored.in_messages = body["in_messages"]
        return stored.public()

    def seed(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        return {"datasets": seed_room.seed(self.server.world, body)}

    def pause_indexing(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        self.server.indexer.pause(bool(body.get("paused", True)))
        return self.server.indexer.state()

    def advance_indexing(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        return {"moved": self.server.indexer.advance(str(body["to"]))}

    def restart_indexing(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        self.server.indexer.restart()
        return self.server.indexer.state()

    def drain_indexing(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        self.server.indexer.drain()
        return self.server.indexer.state()

    async def add_relay(self, body: dict[str, Any], args: dict[str, str]) -> Any:
        distance = float(body["distance_ms"])
        if distance < 0:
            raise ValueError("distance_ms: expected a number of at least 0")
        made: dict[str, Any] = {"distance_ms": distance}
        for listener in self.server.ports:
            relay = await self.server.add_relay(listener, distance)
            made[listener] = f"{listener}://{self.server.settings.host}:{relay.port}/v1"
        return made


ROUTES: dict[tuple[str, str], tuple[Handler, str]] = {
    ("GET", "/"): (Control.about, "this list"),
    ("GET", "/settings"): (Control.get_settings, "the settings that can be changed"),
    ("PATCH", "/settings"): (Control.change_settings, "change settings: {name: value}"),
    ("GET", "/defects"): (Control.defects, "the named defects, and which are on"),
    ("GET", "/counters"): (Control.counters, "all numbers"),
    ("DELETE", "/counters"): (Control.reset_counters, "numbers at 0 and an empty log"),
    ("POST", "/wait"): (Control.wait, "{counter, is, value, timeout_s}: until it is so; answers {met, value}"),
    ("GET", "/log"): (Control.log, "requests, oldest first; ?since=SEQ, ?operation=NAME"),
    ("GET", "/faults"): (Control.get_faults, "the faults that stand, what can be matched, what can go wrong, presets"),
    ("POST", "/faults"): (Control.add_fault, "{match, times, skip, …}: a fault for the next requests that match"),
    ("DELETE", "/faults"): (Control.clear_faults, "no faults; what stalls goes on"),
    ("POST", "/faults/release"): (Control.release, "{id}: let go what that fault (or every one) stalls"),
    ("GET", "/apps"): (Control.apps, "the apps of the keys, with their ids"),
    ("PATCH", "/apps/{app}"): (
        Control.change_app,
        "{max_active, published, api, normal}: of the app of the key of that name",
    ),
    ("GET", "/scripts"): (Control.get_scripts, "the scripts that stand, and what can be in one"),
    ("POST", "/scripts"): (Control.add_script, "{match, times, skip, …}: what the next runs that match answer, and how"),
    ("DELETE", "/scripts"): (Control.clear_scripts, "no scripts"),
    ("POST", "/scripts/release"): (
        Control.release_events,
        "{task_id}: let go the event that this run (or every one) holds",
    ),
    ("GET", "/streams"): (Control.streams, "the streams, open and ended, with what was written to each"),
    ("POST", "/connections/close"): (Control.close_connections, "close idle connections now; {all, how: fin or rst}"),
    ("POST", "/reset"): (Control.reset, "a fresh server: no data, no faults, numbers at 0"),
    ("GET", "/datasets"): (Control.datasets, "all knowledge bases"),
    ("GET", "/datasets/{dataset}"): (Control.dataset, "one with its documents' text and metadata"),
    ("PATCH", "/datasets/{dataset}"): (
        Control.change_dataset,
        "{enable_api, hidden, pipeline}: pipeline gives it a knowledge pipeline",
    ),
    ("POST", "/datasets/{dataset}/fill"): (Control.fill_dataset, "{count, text}: add so many completed documents at once"),
    ("POST", "/seed"): (Control.seed, "{datasets, tags, fill}: data under ids of your choice; see seed.py"),
    ("GET", "/uploads"): (
        Control.received,
        "the file parts of forms, oldest first: name, type, size so far, sha256, whole",
    ),
    ("GET", "/files"): (Control.files, "the stored files"),
    ("POST", "/files"): (
        Control.make_file,
        "{name, size, mime_type, key, in_messages}: a file of so many generated bytes that belongs to a key's app",
    ),
    ("GET", "/files/{file}"): (Control.file, "one with its size and sha256"),
    ("PATCH", "/files/{file}"): (
        Control.change_file,
        "{in_messages}: whether a message uses it, without which it has no preview",
    ),
    ("GET", "/files/{file}/content"): (Control.file_content, "its content, if that was kept"),
    ("POST", "/indexing/pause"): (Control.pause_indexing, "{paused}: hold the indexing worker, or let it go on"),
    ("POST", "/indexing/advance"): (
        Control.advance_indexing,
        "{to}: take the first queued document into a state; the worker is paused then",
    ),
    ("POST", "/datasets/{dataset}/documents"): (
        Control.add_document,
        "{id, name, text, status, …}: add one document; see seed.py",
    ),
    ("PATCH", "/datasets/{dataset}/documents/{document}"): (
        Control.change_document,
        "{enabled, archived, indexing_status, error}: as if the console had done it",
    ),
    ("GET", "/workspaces/{workspace}"): (Control.workspace, "a workspace and its tags"),
    ("PATCH", "/workspaces/{workspace}"): (Control.change_workspace, "{archived}"),
    ("POST", "/indexing/restart"): (Control.restart_indexing, "restart the indexing worker"),
    ("POST", "/indexing/drain"): (Control.drain_indexing, "finish all that is queued for indexing, now"),
    ("POST", "/relays"): (Control.add_relay, "{distance_ms}: further listeners so far away; answers their URLs"),
}


def _match(pattern: str, path: str) -> Any:
    wanted: list[str] = pattern.split("/")
    given = path.split("/")
    if len(wanted) != len(given):
        return None
    params: dict[str, str] = {}
    for want, have in zip(wanted, given):
        if want.startswith("{"):
            params[want[1:-1]] = have
        elif want != have:
            return None
    return params
