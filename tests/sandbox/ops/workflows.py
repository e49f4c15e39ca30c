"""Workflows: run, stop, look at a run, list runs, and follow one again."""

from __future__ import annotations

from typing import Any

from ..apps import EndUser
from ..call import Call
from ..errors import invalid_param
from ..routing import operation
from ..validate import check
from ..wire import Answer
from .chat import check_files, check_workflow, stopped
from .runs import FILES, INPUTS, MODE, clean_inputs, prepared, started, take_slot, wrong_app

KINDS = ("workflow",)
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
