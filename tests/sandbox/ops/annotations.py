"""Annotations of an app, and the jobs that switch the reply by annotation on and off."""

from __future__ import annotations

import time
from typing import Any

from ..apps import Annotation
from ..call import Call, paginate
from ..errors import internal_error, invalid_param, not_found
from ..routing import operation
from ..state import new_id
from ..validate import Field, check
from ..wire import Answer, json_answer, no_content

_PATH = "/apps/annotations"
_RULES = (Field("question", "str", required=True), Field("answer", "str", required=True))
_REPLY_RULES = (
    Field("score_threshold", required=True),
    Field("embedding_provider_name", "str", required=True),
    Field("embedding_model_name", "str", required=True),
)
_DOWN = "Could not connect to Weaviate:Connection to Weaviate failed. Details: ."


def _shown(one: Annotation) -> dict[str, Any]:
    return {
        "id": one.id,
        "question": one.question,
        "answer": one.answer,
        "hit_count": 0,
        "created_at": one.created_at,
    }


def _number(text: str | None, default: int) -> int:
    """What is no number is passed over in silence."""
    try:
        return default if text is None else int(text)
    except ValueError:
        return default


@operation("annotations.list", "GET", _PATH, auth="app")
def list_(call: Call) -> Answer:
    keyword = (call.argument("keyword") or "").lower()
    found = [one for one in call.app.annotations.values() if keyword in one.question.lower() + "\0" + one.answer.lower()]
    page, limit = _number(call.argument("page"), 1), _number(call.argument("limit"), 20)
    part, around = paginate(found[::-1], page, limit, call.world.settings.has("has-more-by-length"))
    shown = {"data": [_shown(one) for one in part], "has_more": around["has_more"], "limit": limit}
    return json_answer({**shown, "total": around["total"], "page": page})


@operation("annotations.create", "POST", _PATH, auth="app")
def create(call: Call) -> Answer:
    payload = check("AnnotationCreatePayload", call.json(), _RULES)
    made = Annotation(new_id(), payload["question"], payload["answer"], int(time.time()))
    call.app.annotations[made.id] = made
    call.effect()
    return json_answer(_shown(made), 201)


def _own(call: Call) -> Annotation:
    found = call.app.annotations.get(call.params["annotation_id"])
    if found is None:
        raise not_found("Annotation not found")
    return found


@operation("annotations.update", "PUT", _PATH + "/{annotation_id}", auth="app")
def update(call: Call) -> Answer:
    payload = check("AnnotationCreatePayload", call.json(), _RULES)
    found = _own(call)
    found.question, found.answer = payload["question"], payload["answer"]
    call.effect()
    return json_answer(_shown(found))


@operation("annotations.delete", "DELETE", _PATH + "/{annotation_id}", auth="app")
def delete(call: Call) -> Answer:
    del call.app.annotations[_own(call).id]
    call.effect()
    return no_content()


# --- the reply by annotation


@operation("annotations.configure_reply", "POST", "/apps/annotation-reply/{action}", auth="app")
def configure_reply(call: Call) -> Answer:
    check("AnnotationReplyActionPayload", call.json(), _REPLY_RULES)
    action = call.params["action"]
    if action not in ("enable", "disable"):
        raise internal_error()
    job: dict[str, Any] = {"id": new_id(), "action": action, "looks": int(call.world.settings.annotation_job_looks)}
    call.app.jobs[job["id"]] = job
    call.effect()
    return json_answer({"job_id": job["id"], "job_status": "waiting"})


@operation("annotations.reply_status", "GET", "/apps/annotation-reply/{action}/status/{job_id}", auth="app")
def reply_status(call: Call) -> Answer:
    """A job waits for so many looks at it, then it is done, or fails since there is no vector store."""
    job = call.app.jobs.get(call.params["job_id"])
    if job is None or job["action"] != call.params["action"]:
        raise invalid_param("The job does not exist.")
    status, error = "waiting", ""
    if job["looks"]:
        job["looks"] -= 1
    elif job["action"] == "enable" and not call.world.settings.vector_store:
        status, error = "error", _DOWN
    else:
        status = "completed"
    return json_answer({"job_id": job["id"], "job_status": status, "error_msg": error})
