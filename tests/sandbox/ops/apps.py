"""What an app's key tells about its app."""

from __future__ import annotations

from ..call import Call
from ..routing import operation
from ..wire import Answer, json_answer


@operation("apps.info", "GET", "/info", auth="app")
def info(call: Call) -> Answer:
    assert call.key is not None
    name = call.key.name.upper() or "APP"
    shown = {
        "name": name,
        "description": f"{name} of the sandbox",
        "tags": [],
        "mode": call.key.kind,
        "author_name": "Owner",
    }
    return json_answer(shown)


@operation("apps.meta", "GET", "/meta", auth="app")
def meta(call: Call) -> Answer:
    return json_answer({"tool_icons": {}})
