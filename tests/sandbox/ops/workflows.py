"""Workflows: run, stop, look at a run, list runs, and follow one again."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from ..apps import EndUser
from ..call import Call
from ..errors import internal_error, invalid_param, not_found
from ..players import shown_inputs
from ..queries import Query
from ..routing import UUID, operation
from ..runs import Run
from ..validate import check
from ..wire import Answer, json_answer
from .chat import check_files, check_workflow, stopped
from .runs import FILES, INPUTS, MODE, clean_inputs, prepared, started, stream, take_slot, wrong_app

KINDS = ("workflow",)
GRAPHS = ("workflow", "advanced-chat")
_RULES = (INPUTS, FILES, MODE)


@operation("workflows.run", "POST", "/workflows/run", auth="app")
def run(call: Call) -> Answer:
    return _run(call, None)


@operation("workflows.run_by_id", "POST", "/workflows/{workflow}/run", auth="app")
def run_by_id(call: Call) -> Answer:
    return _run(call, call.params["workflow"])


def _run(call: Call, workflow_id: str | None) -> Answer:
    user = call.user()
    wrong_app(call, KINDS, "not_workflow_app")
    payload = check("WorkflowRunPayload", call.json(), _RULES)
    release = take_slot(call)
    try:
        return _start(call, user, payload, workflow_id, release)
    except Exception:
        release()
        raise


def _start(call: Call, user: EndUser, payload: dict[str, Any], workflow_id: str | None, release: Any) -> Answer:
    check_workflow(call, workflow_id, None)
    if not call.app.published:
        raise invalid_param("Workflow not published")
    check_files(call, payload.get("files"))
    inputs = clean_inputs(call.app, payload["inputs"])
    return started(call, prepared(call, user, inputs, payload.get("response_mode") == "streaming"), release)


@operation("workflows.stop", "POST", "/workflows/tasks/{task}/stop", auth="app")
def stop(call: Call) -> Answer:
    return stopped(call, KINDS, "not_workflow_app")


# --- what became of it

_NOTHING = dict.fromkeys(
    (
        "id",
        "workflow_id",
        "status",
        "inputs",
        "outputs",
        "error",
        "total_steps",
        "total_tokens",
        "created_at",
        "finished_at",
        "elapsed_time",
    )
)


def _record(one: Run) -> dict[str, Any]:
    """A run as its record shows it: nothing but its start until it has ended. That of a stopped run never ends."""
    if one.status in ("running", "stopped"):
        return {"status": "running", "outputs": {}, "error": None, "steps": 0, "finished_at": None, "elapsed": 0.0}
    return {
        "status": one.status,
        "outputs": one.outputs,
        "error": one.error,
        "steps": one.steps,
        "finished_at": int(one.finished_at or 0),
        "elapsed": one.elapsed,
    }


@operation("workflows.get_run", "GET", "/workflows/run/{run}", auth="app")
def get_run(call: Call) -> Answer:
    wrong_app(call, GRAPHS, "not_workflow_app")
    run_id = call.params["run"]
    if not UUID.match(run_id):
        raise internal_error()
    found = call.world.runs.records.get(run_id.lower())
    if found is None or found.app is not call.app:
        if not call.world.settings.has("absent-run-200"):
            raise not_found("Workflow run not found.")
        return json_answer(_NOTHING)
    record = _record(found)
    shown = {
        "id": found.id,
        "workflow_id": call.app.workflow_id,
        "status": record["status"],
        "inputs": json.dumps(shown_inputs(found, "record")),
        "outputs": json.dumps(record["outputs"]),
        "error": record["error"],
        "total_steps": record["steps"],
        "total_tokens": 0,
        "created_at": int(found.created_at),
        "finished_at": record["finished_at"],
        "elapsed_time": record["elapsed"],
    }
    return json_answer(shown)


def _moment(call: Call, name: str) -> float | None:
    text = call.argument(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        # The server's parser begins with the year.
        raise invalid_param(f"invalid literal for int() with base 10: {text[:4].encode()!r}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _matches(one: Run, keyword: str | None, session: str | None) -> bool:
    if session is not None and one.user.session != session:
        return False
    if not keyword:
        return True
    record = json.dumps([shown_inputs(one, "record"), one.outputs, one.user.session], ensure_ascii=False)
    return keyword.lower() in record.lower()


@operation("workflows.logs", "GET", "/workflows/logs", auth="app")
def logs(call: Call) -> Answer:
    wrong_app(call, KINDS, "not_workflow_app")
    query = Query(call, "WorkflowLogQuery")
    status = query.word("status", ("succeeded", "failed", "stopped"))
    page, limit = query.number("page", 1, 1, 99999), query.number("limit", 20, 1, 100)
    query.check()
    before, after = _moment(call, "created_at__before"), _moment(call, "created_at__after")
    keyword, session = call.argument("keyword"), call.argument("created_by_end_user_session_id")
    found = [
        one
        for one in call.world.runs.records.values()
        if one.app is call.app
        and (status is None or _record(one)["status"] == status)
        and (before is None or one.created_at <= before)
        and (after is None or one.created_at >= after)
        and _matches(one, keyword, session)
    ]
    part = found[::-1][(page - 1) * limit : page * limit]
    around = {"page": page, "limit": limit, "total": len(found), "has_more": len(found) > page * limit}
    return json_answer({**around, "data": [_log(one) for one in part]})


def _log(one: Run) -> dict[str, Any]:
    record = _record(one)
    created = int(one.created_at)
    return {
        "id": one.log_id,
        "workflow_run": {
            "id": one.id,
            "version": one.app.version,
            "status": record["status"],
            "triggered_from": "app-run",
            "error": record["error"],
            "elapsed_time": record["elapsed"],
            "total_tokens": 0,
            "total_steps": record["steps"],
            "created_at": created,
            "finished_at": record["finished_at"],
            "exceptions_count": int(record["status"] == "failed"),
        },
        "details": None,
        "created_from": "service-api",
        "created_by_role": "end_user",
        "created_by_account": None,
        "created_by_end_user": {
            "id": one.user.id,
            "type": "service-api",
            "is_anonymous": False,
            "session_id": one.user.session,
        },
        "created_at": created,
    }


@operation("workflows.events", "GET", "/workflow/{workflow_run_id}/events", auth="app", lacking="routes-absent")
def events(call: Call) -> Answer:
    """Follow a run again: what comes from now on, after a pause or a stream that broke; of one that is over, its last word."""
    user = call.user("query")
    wrong_app(call, GRAPHS, "not_workflow_app")
    query = Query(call, "WorkflowEventsQuery")
    found = call.world.runs.records.get(call.params["workflow_run_id"])
    if found is None or found.app is not call.app or found.user is not user:
        raise not_found("Workflow run not found")
    listener = found.listen(query.flag("continue_on_pause"))
    if query.flag("include_state_snapshot"):
        for frame in found.nodes:
            listener.put(frame)
    if listener.ended and found.last is not None:
        listener.put(found.last)
    call.effect()
    return stream(call, found, listener, call.world.scripts.take(call.entry))
