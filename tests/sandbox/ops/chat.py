"""Chat messages: to a chatbot, an agent or a chatflow."""

from __future__ import annotations

import time
from typing import Any

from ..apps import Conversation, EndUser, Variable
from ..call import Call
from ..errors import Refusal, envelope, invalid_param, not_found
from ..routing import UUID, operation
from ..state import new_id
from ..validate import Field, check, problem, refuse
from ..wire import Answer, json_answer
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

KINDS = ("chat", "agent-chat", "advanced-chat")
_MATCHES = ["/v1/chat-messages", "/api/chat-messages", "/v1/chat-messages/<string:task_id>/stop"]
_RULES = (
    INPUTS,
    Field("query", "str", required=True),
    FILES,
    MODE,
    Field("conversation_id", "str", null=True),
    Field("retriever_from", "str"),
    Field("auto_generate_name", "bool"),
    Field("workflow_id", "str", null=True),
)
_NAME_LENGTH = 75


def _payload(call: Call) -> dict[str, Any]:
    payload = check("ChatRequestPayload", call.json(), _RULES)
    given = payload.get("conversation_id")
    if given and not UUID.match(given):
        words = "Value error, conversation_id must be a valid UUID"
        raise refuse("ChatRequestPayload", [problem("conversation_id", words, "value_error", given)])
    return payload


def check_workflow(call: Call, workflow_id: Any, matches: list[str] | None) -> None:
    """A workflow id must be the app's own."""
    if not workflow_id:
        return
    if not UUID.match(workflow_id):
        raise Refusal(envelope(400, "bad_request", f"Invalid workflow_id format: '{workflow_id}'. "))
    if workflow_id.lower() != call.app.workflow_id:
        raise not_found(f"Workflow not found with id: {workflow_id}", call.path, matches)


def check_files(call: Call, files: Any) -> None:
    """Files must have been uploaded."""
    for one in files or []:
        if not isinstance(one, dict) or one.get("transfer_method") != "local_file":
            continue
        stored = call.world.uploads.files.get(str(one.get("upload_file_id")))
        if stored is None or stored.workspace is not call.workspace:
            raise invalid_param("Invalid upload file")
        stored.in_messages = True


def short_name(query: str) -> str:
    """A conversation's name from its first question."""
    name = query.strip()
    return name if len(name) <= _NAME_LENGTH else name[:_NAME_LENGTH] + "..."


def _conversation(call: Call, user: EndUser, conversation_id: Any) -> Conversation | None:
    if not conversation_id:
        return None
    found = call.app.conversations.get(conversation_id.lower())
    if found is None or found.user is not user:
        raise not_found("Conversation Not Exists.", call.path, _MATCHES)
    return found


def _new_conversation(call: Call, user: EndUser, inputs: dict[str, Any], query: str, now: int) -> Conversation:
    order = next(call.app.order)
    made = Conversation(new_id(), user, short_name(query), inputs, now, now, order, order)
    made.variables = [
        Variable(new_id(), name, kind, value, text, now, now) for name, kind, value, text in call.app.recipe.variables
    ]
    call.app.conversations[made.id] = made
    return made


@operation("chat.send", "POST", "/chat-messages", auth="app")
def send(call: Call) -> Answer:
    user = call.user()
    wrong_app(call, KINDS, "not_chat_app")
    payload = _payload(call)
    streaming = payload.get("response_mode") == "streaming"
    release = take_slot(call)
    try:
        return _run(call, user, payload, streaming, release)
    except Exception:
        release()
        raise


def _run(call: Call, user: EndUser, payload: dict[str, Any], streaming: bool, release: Any) -> Answer:
    app, now = call.app, int(time.time())
    if app.kind == "advanced-chat":
        check_workflow(call, payload.get("workflow_id"), _MATCHES)
    elif app.kind == "agent-chat" and not streaming:
        raise invalid_param("Agent Chat App does not support blocking mode")
    if not payload["query"]:
        raise invalid_param("query is required")
    query = payload["query"].replace("\0", "")
    conversation = _conversation(call, user, payload.get("conversation_id"))
    if app.kind != "advanced-chat":
        check_model(call)
    check_files(call, payload.get("files"))
    inputs = clean_inputs(app, payload["inputs"]) if conversation is None else conversation.inputs
    first_s = 0.0
    if conversation is None:
        conversation = _new_conversation(call, user, inputs, query, now)
        first_s = call.world.settings.new_conversation_ms / 1000
    run = prepared(call, user, inputs, streaming)
    run.query, run.conversation = query, conversation
    run.message = add_message(app, user, conversation, inputs, query, now)
    run.turn = len(conversation.messages)
    return vary_stream(run, started(call, run, release, first_s))


@operation("chat.stop", "POST", "/chat-messages/{task}/stop", auth="app")
def stop(call: Call) -> Answer:
    return stopped(call, KINDS, "not_chat_app")


def stopped(call: Call, kinds: tuple[str, ...], code: str) -> Answer:
    """The answer to any stop: success, whether there was something to stop or not."""
    user = call.user()
    wrong_app(call, kinds, code)
    if call.world.runs.stop(call.app, call.params["task"], user.session):
        call.effect()
    return json_answer({"result": "success"})
