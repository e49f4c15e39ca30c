"""What all operations that run an app have in common: the inputs, the app's ceiling, and the two ways to answer."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Callable

from ..apps import App, Conversation, EndUser, Message
from ..call import Call
from ..errors import Refusal, envelope, invalid_param
from ..players import metadata, play_graph, play_model
from ..runs import Listener, Run
from ..scripts import Script
from ..state import new_id
from ..validate import Field
from ..wire import JSON_TYPE, Answer

MODE = Field("response_mode", "str", null=True, choices=("blocking", "streaming"))
INPUTS = Field("inputs", "dict", required=True)
FILES = Field("files", "list", null=True)
_TEXTS = ("text-input", "select", "paragraph")
_VARY = [("Vary", "Cookie")]


def wrong_app(call: Call, kinds: tuple[str, ...], code: str) -> None:
    """Refuse a key of another kind of app."""
    if call.app.kind in kinds:
        return
    message = "Please check if your app mode matches the right API route."
    if code == "app_unavailable":
        message = "App unavailable, please check your app configurations."
    raise Refusal(envelope(400, code, message))


def check_model(call: Call) -> None:
    """Whether the app's model can be used."""
    models = call.world.settings.models
    if models == "none":
        raise invalid_param("Provider langgenius/stub/stub does not exist.")
    if models == "unconfigured":
        raise Refusal(envelope(400, "provider_not_initialize", "Model stub-chat credentials is not initialized."))


# --- inputs


def clean_inputs(app: App, given: dict[str, Any]) -> dict[str, Any]:
    """The inputs as the app's form takes them: unknown ones dropped, missing ones null, no NUL in a text."""
    found = {}
    for entry in app.recipe.form:
        ((kind, rule),) = entry.items()
        name = rule["variable"]
        found[name] = _clean(name, kind, rule, given.get(name))
    return found


def _clean(name: str, kind: str, rule: dict[str, Any], value: Any) -> Any:
    if value is None:
        if rule["required"]:
            raise invalid_param(f"{name} is required in input form")
        return None
    if kind in _TEXTS and not isinstance(value, str):
        raise invalid_param(f"(type '{kind}') {name} in input form must be a string")
    if kind == "number":
        return _number(name, value)
    if kind == "select" and value not in rule["options"]:
        raise invalid_param(f"{name} in input form must be one of the following: {rule['options']}")
    if kind in ("text-input", "paragraph") and rule.get("max_length") and len(value) > rule["max_length"]:
        raise invalid_param(f"{name} in input form must be less than {rule['max_length']} characters")
    return value.replace("\0", "") if isinstance(value, str) else value


def _number(name: str, value: Any) -> Any:
    if isinstance(value, str):
        if not value.strip():
            return None
        try:
            return float(value) if "." in value else int(value)
        except ValueError:
            raise invalid_param(f"{name} in input form must be a valid number") from None
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise invalid_param(f"{name} in input form must be a valid number")
    return value


# --- running


def take_slot(call: Call) -> Callable[[], None]:
    """One of the app's places for runs at once; returns what gives it back. A 400 when all are taken, where a 429 is documented."""
    app, limit = call.app, call.app.max_active or int(call.world.settings.app_limit)
    if limit and app.active >= limit:
        if not call.world.settings.has("ceiling-400"):
            raise Refusal(envelope(429, "too_many_requests", "Too many requests. Please try again later."))
        raise invalid_param(
            "Too many requests. Please try again later. The current maximum concurrent requests allowed "
            f"for {app.id} is {limit}."
        )
    app.active += 1
    free = [True]

    def release() -> None:
        if free:
            free.clear()
            app.active -= 1

    return release


def add_message(
    app: App, user: EndUser, conversation: Conversation | None, inputs: dict[str, Any], query: str, now: int
) -> Message:
    made = Message(new_id(), conversation, inputs, query, now, user)
    app.messages[made.id] = made
    if conversation is not None:
        conversation.messages.append(made)
        conversation.updated_at, conversation.touched = now, next(app.order)
    return made


def prepared(call: Call, user: EndUser, inputs: dict[str, Any], streaming: bool) -> Run:
    """A run that waits for its start."""
    script = call.world.scripts.take(call.entry)
    made = Run(call.world.runs, call.app, user, inputs, script, streaming)
    made.truncates = call.world.settings.has("broken-model-200")
    return made


def started(call: Call, run: Run, release: Callable[[], None], first_s: float = 0.0) -> Answer:
    """Start the run and answer as its caller wants: with its events, or with a promise of its outcome."""
    settings = call.world.settings

    async def play(one: Run) -> None:
        if first_s:
            await asyncio.sleep(first_s)
        if one.app.is_graph:
            await play_graph(one, settings.app_second_s)
        else:
            await play_model(one)

    listener = run.listen() if run.streamed else None
    run.start(play, release)
    call.effect()
    if listener is not None:
        return stream(call, run, listener, run.script)
    answer = Answer(200, b"")
    answer.later = _outcome(run)
    return answer


def stream(call: Call, run: Run, listener: Listener, script: Script) -> Answer:
    """The answer that carries what a listener hears; it is closed with the request, whatever becomes of the answer."""
    answer, made = call.world.streams.answer(run, listener, script, call.entry, call.world.settings.ping_interval_s)
    call.at_end.append(made.close)
    return answer


async def _outcome(run: Run) -> Answer:
    """The blocking answer, once the run is over or waits for a form."""
    await run.settled()
    if run.refusal is not None:
        answer = envelope(run.refusal.status, run.refusal.code, run.refusal.message)
    else:
        shown = _chat_outcome(run) if run.message is not None else _workflow_outcome(run)
        answer = Answer(200, json.dumps(shown).encode("ascii"), JSON_TYPE + "; charset=utf-8")
    if _varies(run):
        answer.last_headers = _VARY
    return answer


def _varies(run: Run) -> bool:
    """Whether the server looked at the session on its way: a chatbot's new conversation, a blocking text generator."""
    kind = run.app.kind
    if kind == "chat":
        return run.conversation is not None and len(run.conversation.messages) == 1
    return kind == "completion" and not run.streamed


def vary_stream(run: Run, answer: Answer) -> Answer:
    if _varies(run):
        answer.last_headers = _VARY
    return answer


def _chat_outcome(run: Run) -> dict[str, Any]:
    assert run.message is not None
    shown: dict[str, Any] = {
        "event": "message",
        "task_id": run.task_id,
        "id": run.message.id,
        "message_id": run.message.id,
    }
    if run.conversation is not None:
        shown["conversation_id"] = run.conversation.id
    return {
        **shown,
        "mode": run.app.kind,
        "answer": run.answer,
        "metadata": metadata(run, told=False),
        "created_at": run.message.created_at,
    }


def _workflow_outcome(run: Run) -> dict[str, Any]:
    ended = run.finished_at
    data = {
        "id": run.id,
        "workflow_id": run.app.workflow_id,
        "status": "paused" if run.form is not None else run.status,
        "outputs": run.outputs,
        "error": run.error,
        "elapsed_time": run.elapsed,
        "total_tokens": 0,
        "total_steps": run.steps,
        "created_at": int(run.created_at),
        "finished_at": None if ended is None else int(ended),
    }
    return {"task_id": run.task_id, "workflow_run_id": run.id, "data": data}
