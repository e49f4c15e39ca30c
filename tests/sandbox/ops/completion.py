"""Completion messages: to a text generator."""

from __future__ import annotations

import time
from typing import Any

from ..apps import EndUser
from ..call import Call
from ..routing import operation
from ..validate import Field, check
from ..wire import Answer
from .chat import check_files, stopped
from .runs import (
    FILES,
    INPUTS,
    MODE,
    add_message,
    check_model,
    clean_inputs,
    prepared,
    started,
    take_slot,
    vary_stream,
    wrong_app,
)

_KINDS = ("completion",)
_RULES = (INPUTS, Field("query", "str"), FILES, MODE, Field("retriever_from", "str"))


@operation("completion.send", "POST", "/completion-messages", auth="app")
def send(call: Call) -> Answer:
    user = call.user()
    wrong_app(call, _KINDS, "app_unavailable")
    payload = check("CompletionRequestPayload", call.json(), _RULES)
    release = take_slot(call)
    try:
        return _run(call, user, payload, release)
    except Exception:
        release()
        raise


def _run(call: Call, user: EndUser, payload: dict[str, Any], release: Any) -> Answer:
    check_model(call)
    check_files(call, payload.get("files"))
    inputs = clean_inputs(call.app, payload["inputs"])
    run = prepared(call, user, inputs, payload.get("response_mode") == "streaming")
    run.query = str(payload.get("query") or inputs.get("query") or "")
    run.message = add_message(call.app, user, None, inputs, run.query, int(time.time()))
    return vary_stream(run, started(call, run, release))


@operation("completion.stop", "POST", "/completion-messages/{task}/stop", auth="app")
def stop(call: Call) -> Answer:
    return stopped(call, _KINDS, "app_unavailable")
