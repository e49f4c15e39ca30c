"""What an app's key tells about its app."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..errors import Refusal, envelope
from ..routing import operation
from ..wire import Answer, json_answer

_SPEAKS = ("chat", "agent-chat", "completion")
_LIMITS = {
    "image_file_size_limit": 10,
    "video_file_size_limit": 100,
    "audio_file_size_limit": 50,
    "file_size_limit": 15,
    "workflow_file_upload_limit": 10,
}


def _title(call: Call) -> str:
    return call.app.name.upper()


@operation("apps.info", "GET", "/info", auth="app")
def info(call: Call) -> Answer:
    shown = {
        "name": _title(call),
        "description": f"{_title(call)} of the sandbox",
        "tags": [],
        "mode": call.app.kind,
        "author_name": "Owner",
    }
    return json_answer(shown)


@operation("apps.meta", "GET", "/meta", auth="app")
def meta(call: Call) -> Answer:
    return json_answer({"tool_icons": {}})


def _file_upload(graph: bool) -> dict[str, Any]:
    methods = ["local_file", "remote_url"]
    shown: dict[str, Any] = {"enabled": True}
    if not graph:
        shown["image"] = {"enabled": True, "number_limits": 3, "transfer_methods": methods}
    shown["allowed_file_types"] = ["image", "document"]
    if graph:
        shown["allowed_file_extensions"] = []
    return {**shown, "allowed_file_upload_methods": methods, "number_limits": 3}


@operation("apps.parameters", "GET", "/parameters", auth="app")
def parameters(call: Call) -> Answer:
    app = call.app
    if app.is_graph and not app.published:
        message = "App unavailable, please check your app configurations."
        raise Refusal(envelope(400, "app_unavailable", message))
    chats, speaks = app.kind in ("chat", "agent-chat"), app.kind in _SPEAKS
    voice = (
        {"enabled": True, "voice": "alloy", "language": "en-US"}
        if speaks
        else {"enabled": False, "voice": "", "language": ""}
    )
    shown = {
        "opening_statement": app.introduction if chats or app.kind == "advanced-chat" else None,
        "suggested_questions": ["What?", "Why?"] if chats else [],
        "suggested_questions_after_answer": {"enabled": chats},
        "speech_to_text": {"enabled": speaks},
        "text_to_speech": voice,
        "retriever_resource": {"enabled": app.kind != "workflow"},
        "annotation_reply": {"enabled": False},
        "more_like_this": {"enabled": False},
        "user_input_form": list(app.recipe.form),
        "sensitive_word_avoidance": {"enabled": False} if app.is_graph else {"enabled": False, "type": "", "configs": []},
        "file_upload": _file_upload(app.is_graph),
        "system_parameters": _LIMITS,
    }
    return json_answer(shown)


@operation("apps.site", "GET", "/site", auth="app")
def site(call: Call) -> Answer:
    shown = {
        "title": _title(call),
        "chat_color_theme": None,
        "chat_color_theme_inverted": False,
        "icon_type": "emoji",
        "icon": "x",
        "icon_background": "#fff",
        "description": None,
        "copyright": None,
        "privacy_policy": None,
        "custom_disclaimer": "",
        "default_language": "en-US",
        "show_workflow_steps": True,
        "use_icon_as_answer_icon": False,
        "icon_url": None,
    }
    return json_answer(shown)
