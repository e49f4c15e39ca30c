"""Segments of a document: list, create, get, update, delete."""

from __future__ import annotations

import time
from typing import Any

from ..call import Call, paginate
from ..errors import internal_error, invalid_param, not_found
from ..indexing import keywords_of, node_hash
from ..routing import operation
from ..state import ChildChunk, Document, Segment, new_id
from ..validate import Field, check
from ..wire import Answer, done_204, json_answer

_PATH = "/datasets/{dataset_id}/documents/{document_id}/segments"


def render_child(segment: Segment, child: ChildChunk) -> dict[str, Any]:
    return {
        "id": child.id,
        "segment_id": segment.id,
        "content": child.content,
        "position": child.position,
        "word_count": len(child.content),
        "type": child.type,
        "created_at": child.created_at,
        "updated_at": child.updated_at,
    }


def _is_full_doc(segment: Segment) -> bool:
    """Of a document that is one parent, lists leave the children out."""
    return (segment.document.rule.rules or {}).get("parent_mode") == "full-doc"


def _keywords(segment: Segment) -> list[str] | None:
    if segment.document.doc_form == "hierarchical_model":
        return segment.keywords
    return keywords_of(segment.content) if segment.keywords is None else segment.keywords


def render(segment: Segment) -> dict[str, Any]:
    owner = segment.document.dataset.workspace.owner
    return {
        "id": segment.id,
        "position": segment.position,
        "document_id": segment.document.id,
        "content": segment.content,
        "sign_content": segment.content,
        "answer": segment.answer,
        "word_count": len(segment.content) + len(segment.answer or ""),
        "tokens": 0,
        "keywords": _keywords(segment),
        "index_node_id": segment.index_node_id,
        "index_node_hash": node_hash(segment.content),
        "hit_count": segment.hit_count,
        "enabled": segment.enabled,
        "disabled_at": segment.disabled_at,
        "disabled_by": None if segment.disabled_at is None else owner,
        "status": segment.status,
        "created_by": owner,
        "created_at": segment.created_at,
        "updated_at": segment.updated_at,
        "updated_by": segment.updated_by,
        "indexing_at": segment.created_at,
        "completed_at": segment.created_at if segment.status == "completed" else None,
        "error": None,
        "stopped_at": None,
        "child_chunks": [] if _is_full_doc(segment) else [render_child(segment, child) for child in segment.children],
        "attachments": [],
        "summary": None,
    }


def _number(text: str | None, default: int) -> int:
    """Here, unlike in the other lists, what is no number is passed over in silence."""
    try:
        return default if text is None else int(text)
    except ValueError:
        return default


@operation("segments.list", "GET", _PATH)
def list_(call: Call) -> Answer:
    document = call.document(call.dataset("404"))
    keyword, statuses = (call.argument("keyword") or "").lower(), call.arguments("status")
    found: list[Segment] = [
        segment
        for segment in (document.segments if document.indexing_status == "completed" else [])
        if keyword in segment.content.lower() and (not statuses or "completed" in statuses)
    ]
    page, limit = _number(call.argument("page"), 1), _number(call.argument("limit"), 20)
    part, around = paginate(found, page, limit, call.world.settings.has("has-more-by-length"))
    shown = {"data": [render(segment) for segment in part], "doc_form": document.doc_form, "total": around["total"]}
    return json_answer({**shown, "has_more": around["has_more"], "limit": limit, "page": page})


def _add(document: Document, item: dict[str, Any], is_qa: bool) -> Segment:
    now = int(time.time())
    content = item["content"]
    keywords = list(item["keywords"]) if item.get("keywords") else None
    answer = item.get("answer") if is_qa else None
    position = max((segment.position for segment in document.segments), default=0) + 1
    segment = Segment(new_id(), document, position, content, answer, keywords, now, new_id(), updated_at=now)
    document.segments.append(segment)
    document.word_count = (document.word_count or 0) + len(content)
    return segment


def _check_item(item: Any, is_qa: bool) -> None:
    content = item.get("content") if isinstance(item, dict) else None
    if is_qa and not (item.get("answer") if isinstance(item, dict) else None):
        raise invalid_param("Answer is required")
    if not isinstance(content, str) or not content.strip():
        raise invalid_param("Content is empty")
    if "\0" in content:
        raise internal_error()


@operation("segments.create", "POST", _PATH, counted=True)
def create(call: Call) -> Answer:
    document = call.document(call.dataset("404"))
    if document.indexing_status != "completed":
        raise not_found("Document is not completed.")
    if not document.enabled:
        raise not_found("Document is disabled.")
    payload = check("SegmentCreatePayload", call.json(), (Field("segments", "list", null=True),))
    items = payload.get("segments")
    if items is None:
        return json_answer({"error": "Segments is required"}, 400)
    is_qa = document.doc_form == "qa_model"
    for item in items:
        _check_item(item, is_qa)
    made = [_add(document, item, is_qa) for item in items]
    if made:
        call.effect(len(made))
    return json_answer({"data": [render(segment) for segment in made], "doc_form": document.doc_form})


def segment_of(call: Call) -> Segment:
    document = call.document(call.dataset("404"))
    for segment in document.segments:
        if segment.id == call.params["segment_id"]:
            return segment
    raise not_found("Segment not found.")


def _single(segment: Segment) -> Answer:
    return json_answer({"data": render(segment), "doc_form": segment.document.doc_form})


@operation("segments.get", "GET", _PATH + "/{segment_id}")
def get(call: Call) -> Answer:
    return _single(segment_of(call))


@operation("segments.update", "POST", _PATH + "/{segment_id}", counted=True)
def update(call: Call) -> Answer:
    segment = segment_of(call)
    payload = check("SegmentUpdatePayload", call.json(), (Field("segment", "dict", required=True),))
    change = payload["segment"]
    enabled = change.get("enabled")
    if not segment.enabled and enabled is not True:
        raise invalid_param("Can't update disabled segment")
    if isinstance(enabled, bool) and enabled != segment.enabled:
        segment.enabled = enabled
        segment.disabled_at = None if enabled else int(time.time())
    content = change.get("content")
    if content:
        segment.content = content
        segment.keywords = list(change["keywords"]) if change.get("keywords") else None
        segment.updated_by = segment.document.dataset.workspace.owner
    segment.updated_at = int(time.time())
    call.effect()
    return _single(segment)


@operation("segments.delete", "DELETE", _PATH + "/{segment_id}", counted=True)
def delete(call: Call) -> Answer:
    segment = segment_of(call)
    segment.document.segments.remove(segment)
    call.effect()
    return done_204()
