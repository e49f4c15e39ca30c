"""Conversations: list, rename, delete, and their variables."""

from __future__ import annotations

import time
from typing import Any

from ..apps import Conversation, EndUser, Variable
from ..call import Call
from ..errors import Refusal, envelope, internal_error, invalid_param, not_found
from ..queries import Query
from ..routing import operation
from ..validate import Field, check, problem, refuse
from ..wire import Answer, json_answer, no_content
from .chat import KINDS, short_name
from .runs import wrong_app

_SORTS = ("created_at", "-created_at", "updated_at", "-updated_at")
_LIST_MATCHES = [
    "/v1/conversations",
    "/v1/conversations/<uuid:c_id>/variables/<uuid:variable_id>",
    "/api/conversations",
]
_GONE = "Conversation Not Exists."


def _shown(call: Call, one: Conversation) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "inputs": one.inputs,
        "status": "normal",
        "introduction": call.app.introduction,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
    }


@operation("conversations.list", "GET", "/conversations", auth="app")
def list_(call: Call) -> Answer:
    user = call.user("query", required=False)
    wrong_app(call, KINDS, "not_chat_app")
    query = Query(call, "ConversationListQuery")
    last_id, limit = query.uuid("last_id"), query.number("limit", 20, 1, 100)
    sort = query.word("sort_by", _SORTS, "-updated_at") or ""
    query.check()
    own = [one for one in call.app.conversations.values() if one.user is user]
    by_update = sort.endswith("updated_at")
    own.sort(key=lambda one: one.touched if by_update else one.order, reverse=sort.startswith("-"))
    if last_id is not None:
        places = [place for place, one in enumerate(own) if one.id == last_id]
        if not places:
            raise not_found("Last Conversation Not Exists.", call.path, _LIST_MATCHES)
        own = own[places[0] + 1 :]
    shown = [_shown(call, one) for one in own[:limit]]
    return json_answer({"limit": limit, "has_more": len(own) > limit, "data": shown})


def _own(call: Call, user: EndUser, matches: list[str] | None = None) -> Conversation:
    found = call.app.conversations.get(call.params["conversation_id"])
    if found is None or found.user is not user:
        raise not_found(_GONE, call.path, matches)
    return found


@operation("conversations.rename", "POST", "/conversations/{conversation_id}/name", auth="app")
def rename(call: Call) -> Answer:
    user = call.user(required=False)
    wrong_app(call, KINDS, "not_chat_app")
    rules = (Field("name", "str", null=True), Field("auto_generate", "bool"))
    payload = check("ConversationRenamePayload", call.json(), rules)
    name = (payload.get("name") or "").strip()
    if not name and not payload.get("auto_generate"):
        words = "Value error, name is required when auto_generate is false"
        raise refuse("ConversationRenamePayload", [problem("", words, "value_error", payload).lstrip("\n")])
    found = _own(call, user)
    found.name = short_name(found.messages[0].query) if payload.get("auto_generate") and found.messages else name
    found.updated_at, found.touched = int(time.time()), next(call.app.order)
    call.effect()
    return json_answer(_shown(call, found))


@operation("conversations.delete", "DELETE", "/conversations/{conversation_id}", auth="app")
def delete(call: Call) -> Answer:
    """Whoever asks, and also when there is none: the server does not look."""
    call.user(required=False)
    wrong_app(call, KINDS, "not_chat_app")
    gone = call.app.conversations.pop(call.params["conversation_id"], None)
    if gone is not None:
        for message in gone.messages:
            call.app.messages.pop(message.id, None)
        call.effect()
    return no_content()


# --- variables


def _variable(one: Variable) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "value_type": one.value_type,
        "value": str(one.value),
        "description": one.description,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
    }


@operation("conversations.variables", "GET", "/conversations/{conversation_id}/variables", auth="app")
def variables(call: Call) -> Answer:
    user = call.user("query", required=False)
    wrong_app(call, KINDS, "not_chat_app")
    query = Query(call, "ConversationVariablesQuery")
    last_id, limit = query.uuid("last_id"), query.number("limit", 20, 1, 100)
    query.check()
    found = _own(call, user, ["/v1/conversations/<uuid:c_id>/variables"]).variables
    name = call.argument("variable_name")
    if name is not None:
        if call.world.settings.has("variable-name-500"):
            raise internal_error()
        found = [one for one in found if one.name == name]
    if last_id is not None:
        places = [place for place, one in enumerate(found) if one.id == last_id]
        if not places:
            raise invalid_param("")
        found = found[places[0] + 1 :]
    shown = [_variable(one) for one in found[:limit]]
    return json_answer({"limit": limit, "has_more": len(found) > limit, "data": shown})


def _type_of(value: Any) -> str:
    for kind, name in ((bool, "boolean"), (str, "string"), ((int, float), "number"), (dict, "object")):
        if isinstance(value, kind):
            return name
    if isinstance(value, list):
        names = {_type_of(one) for one in value}
        return f"array[{names.pop()}]" if len(names) == 1 else "array[any]"
    return "none"


def _fits(value: Any, wanted: str) -> bool:
    return _type_of(value) == wanted or (value == [] and wanted.startswith("array"))


@operation("conversations.update_variable", "PUT", "/conversations/{conversation_id}/variables/{variable_id}", auth="app")
def update_variable(call: Call) -> Answer:
    user = call.user(required=False)
    wrong_app(call, KINDS, "not_chat_app")
    payload = check("ConversationVariableUpdatePayload", call.json(), (Field("value", required=True),))
    found = next((one for one in _own(call, user).variables if one.id == call.params["variable_id"]), None)
    if found is None:
        raise not_found("Conversation Variable Not Exists.")
    value = payload["value"]
    if not _fits(value, found.value_type):
        message = f"Type mismatch: variable '{found.name}' expects {found.value_type}, but got {_type_of(value)} type"
        raise Refusal(envelope(400, "bad_request", message))
    found.value, found.updated_at = value, int(time.time())
    call.effect()
    return json_answer(_variable(found))
