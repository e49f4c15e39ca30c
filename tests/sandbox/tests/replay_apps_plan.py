"""What happened beside the recorded exchanges of apps, as replay_plan.py has it for knowledge bases.

All of these files are one story: a conversation of chat.jsonl is listed by conversations.jsonl, and a variable that was set there is said in
chat.jsonl again. So they are sent in the order of their dates; those of one second in the order of FILES.

STEPS: what is done before an exchange, by its name. "start" sends another exchange, whose answer is read when it is its turn; "leave" starts a run
whose client goes away (key, path, body, the recorded id that it stands for), "abandon" one whose client does not even wait for the first byte.
"""

from __future__ import annotations

from typing import Any

FILES = ("chat", "completion", "workflow", "messages", "conversations", "annotations")

Step = tuple[str, Any]


def _script(**action: Any) -> Step:
    return ("script", action)


def _stopped(stream: str, events: int) -> list[Step]:
    """A stream that has sent so many events when it is stopped."""
    return [_script(hold_after=events), ("start", stream), ("wait", ("runs/held", 1))]


def _quiet(stream: str, events: int) -> list[Step]:
    """A stream that is silent after so many events, for two pings."""
    return [
        _script(hold_after=events, ping_s=0.02),
        ("start", stream),
        ("wait", ("runs/held", 1)),
        ("wait", ("streams/last/pings", 2)),
        ("release", None),
    ]


def _holder(stream: str) -> list[Step]:
    return [_script(hold_after=1), ("start", stream), ("wait", ("runs/held", 1))]


_LEFT = ("workflow-slow", "/workflows/run", {"inputs": {"secs": "3"}, "response_mode": "streaming", "user": "left"})
_GONE = (
    "chatflow-slow",
    "/chat-messages",
    {"inputs": {"secs": "3"}, "query": "gone", "response_mode": "streaming", "user": "gone"},
)
_FAILURES = {
    "rate": "model_rate_limit",
    "auth": "model_key",
    "bad": "model_bad_request",
    "conn": "model_connection",
    "down": "model_unavailable",
}

STEPS: dict[str, list[Step]] = {
    "chat.send/provider_missing_blocking": [("settings", {"models": "none"})],
    "chat.send/provider_not_initialize": [("settings", {"models": "unconfigured"})],
    "chat.send/chatflow_blocking": [("settings", {"models": "stub"})],
    "completion.send/provider_missing": [("settings", {"models": "none"})],
    "completion.send/provider_not_initialize": [("settings", {"models": "unconfigured"})],
    "completion.send/blocking": [("settings", {"models": "stub"})],
    **{
        f"chat.send/model_fail-{name}_{mode}": [_script(error=preset)]
        for name, preset in _FAILURES.items()
        for mode in ("blocking", "streaming")
    },
    "chat.send/model_fail-mid_blocking": [_script(break_after=3)],
    "chat.send/model_fail-mid_streaming": [_script(break_after=3)],
    "completion.send/model_rate_limit": [_script(error="model_rate_limit")],
    "completion.send/model_fails_in_stream": [_script(break_after=3)],
    "chat.send/chatflow_ping": _quiet("chat.send/chatflow_ping", 7),
    "chat.send/chat_ping": _quiet("chat.send/chat_ping", 0),
    "workflow.run/ping": _quiet("workflow.run/ping", 4),
    "chat.stop/chatflow_request": _stopped("chat.stop/chatflow_stream", 9),
    "chat.stop/chatflow_in_http_node_request": _stopped("chat.stop/chatflow_in_http_node_stream", 7),
    "chat.stop/chat_request": _stopped("chat.stop/chat_stream", 2),
    "completion.stop/ok_request": _stopped("completion.stop/ok_stream", 2),
    "workflow.stop/ok_request": _stopped("workflow.stop/ok_stream", 4),
    "chat.send/too_many_blocking": _holder("chat.send/limit_holder"),
    "chat.send/limit_holder": [("release", None)],
    "workflow.run/too_many_blocking": _holder("workflow.run/limit_holder"),
    "workflow.run/limit_holder": [("release", None)],
    "workflow.run_detail/client_left_1s": [
        _script(hold_after=4),
        ("leave", (*_LEFT, "9683131c-67b5-48ba-b726-2f3f327227ab")),
    ],
    "workflow.run_detail/client_left_6s": [
        ("wait", ("runs/held", 1)),
        ("release", None),
        ("wait", ("runs/in_flight", 0, "==")),
    ],
    "workflow.logs/after_blocking_client_left": [
        _script(hold_after=1),
        ("abandon", ("workflow-slow", "/workflows/run", {**_LEFT[2], "response_mode": "blocking"})),
        ("release", None),
        ("wait", ("runs/in_flight", 0, "==")),
    ],
    "conversations.list/after_client_left": [
        _script(hold_after=1),
        ("leave", (*_GONE, "fb7665ae-717c-42b1-a650-8bd5db64eaf7")),
        ("release", None),
        _script(hold_after=1),
        ("leave", (*_GONE, "63287080-012d-4bc0-bf66-76bba78b5138")),
        ("release", None),
    ],
    "annotations.list/empty": [("settings", {"vector_store": False})],
    "annotation_reply/status_unknown": [("settings", {"vector_store": True})],
}

# Of one second with exchanges of other files, and after them.
LATE = ("messages.list/deleted_conversation",)
