"""Messages of a conversation: list, suggested questions, feedback; and all feedback of an app."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Any

from ..apps import EndUser, Feedback, Message
from ..call import Call
from ..errors import Refusal, envelope, invalid_param, not_found
from ..queries import Query
from ..routing import operation
from ..state import new_id
from ..validate import Field, check
from ..wire import Answer, json_answer
from .chat import KINDS
from .runs import wrong_app

_MATCHES = ["/v1/messages", "/v1/chat-messages", "/api/messages"]
_NO_PARENT = "00000000-0000-0000-0000-000000000000"
_GONE = "Message Not Exists."
_RATING = Field("rating", "str", null=True, choices=("like", "dislike"))


def _thoughts(one: Message) -> list[dict[str, Any]]:
    if one.thought is None:
        return []
    thought: dict[str, Any] = {
        "id": one.thought_id,
        "chain_id": None,
        "message_id": one.id,
        "position": 1,
        "thought": one.thought,
        "tool": "",
        "tool_labels": {},
        "tool_input": "",
        "created_at": one.created_at,
        "observation": "",
        "files": [],
    }
    return [thought]


def _shown(one: Message) -> dict[str, Any]:
    return {
        "id": one.id,
        "conversation_id": one.conversation.id if one.conversation is not None else None,
        "parent_message_id": _NO_PARENT,
        "inputs": one.inputs,
        "query": one.query,
        "answer": one.answer,
        "feedback": None if one.feedback is None else {"rating": one.feedback.rating},
        "retriever_resources": [],
        "created_at": one.created_at,
        "agent_thoughts": _thoughts(one),
        "message_files": [],
        "status": one.status,
        "error": one.error,
    }


@operation("messages.list", "GET", "/messages", auth="app")
def list_(call: Call) -> Answer:
    """The newest page comes first, each page oldest first."""
    user = call.user("query", required=False)
    wrong_app(call, KINDS, "not_chat_app")
    query = Query(call, "MessageListQuery")
    conversation_id, first_id = query.uuid("conversation_id", required=True), query.uuid("first_id")
    limit = query.number("limit", 20, 1, 100)
    query.check()
    conversation = call.app.conversations.get(conversation_id or "")
    if conversation is None or conversation.user is not user:
        raise not_found("Conversation Not Exists.", call.path, _MATCHES)
    found = conversation.messages
    if first_id is not None:
        places = [place for place, one in enumerate(found) if one.id == first_id]
        if not places:
            raise not_found("First Message Not Exists.", call.path, _MATCHES)
        found = found[: places[0]]
    shown = [_shown(one) for one in found[-limit:]]
    return json_answer({"limit": limit, "has_more": len(found) > limit, "data": shown})


def _own(call: Call, user: EndUser) -> Message:
    found = call.app.messages.get(call.params["message_id"])
    if found is None or found.user is not user:
        raise not_found(_GONE)
    return found


@operation("messages.suggested", "GET", "/messages/{message_id}/suggested", auth="app")
def suggested(call: Call) -> Answer:
    user = call.user("query")
    wrong_app(call, KINDS, "not_chat_app")
    _own(call, user)
    if call.app.kind == "advanced-chat":
        raise Refusal(envelope(400, "bad_request", "Suggested Questions Is Disabled."))
    return json_answer({"result": "success", "data": []})


@operation("messages.feedback", "POST", "/messages/{message_id}/feedbacks", auth="app")
def feedback(call: Call) -> Answer:
    user = call.user()
    payload = check("MessageFeedbackPayload", call.json(), (_RATING, Field("content", "str", null=True)))
    message, rating, now = _own(call, user), payload.get("rating"), time.time()
    if rating is None and message.feedback is None:
        raise invalid_param("rating cannot be None when feedback not exists")
    if rating is None:
        message.feedback = None
    elif message.feedback is None:
        message.feedback = Feedback(new_id(), message, rating, payload.get("content"), now, now)
    else:
        message.feedback.rating, message.feedback.content = rating, payload.get("content")
        message.feedback.updated_at = now
    call.effect()
    return json_answer({"result": "success"})


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


@operation("apps.feedbacks", "GET", "/app/feedbacks", auth="app")
def feedbacks(call: Call) -> Answer:
    query = Query(call, "FeedbackListQuery")
    page, limit = query.number("page", 1, 1, 2**31), query.number("limit", 20, 1, 101)
    query.check()
    found = [one.feedback for one in call.app.messages.values() if one.feedback is not None]
    found.sort(key=lambda one: one.created_at, reverse=True)
    shown = [_feedback(call, one) for one in found[(page - 1) * limit : page * limit]]
    return json_answer({"data": shown})


def _feedback(call: Call, one: Feedback) -> dict[str, Any]:
    conversation = one.message.conversation
    return {
        "id": one.id,
        "app_id": call.app.id,
        "conversation_id": None if conversation is None else conversation.id,
        "message_id": one.message.id,
        "rating": one.rating,
        "content": one.content,
        "from_source": "user",
        "from_end_user_id": one.message.user.id,
        "from_account_id": None,
        "created_at": _moment(one.created_at),
        "updated_at": _moment(one.updated_at),
    }
