"""Documents: how they are shown, listed, looked up, removed, switched on and off. What writes them is in document_writes."""

from __future__ import annotations

import re
import time
from typing import Any

from ..call import Call, paginate
from ..errors import Refusal, envelope, internal_error, not_found
from ..routing import UUID, operation
from ..state import Document, Upload
from ..validate import refuse_nul
from ..wire import Answer, done_204, json_answer
from . import metadata

# --- showing


def _upload(upload: Upload, owner: str) -> dict[str, Any]:
    return {
        "upload_file": {
            "id": upload.id,
            "name": upload.name,
            "size": upload.size,
            "extension": upload.extension,
            "mime_type": upload.mime_type,
            "created_by": owner,
            "created_at": upload.created_at,
        }
    }


def render(document: Document) -> dict[str, Any]:
    """A document as lists and writes show it."""
    owner = document.dataset.workspace.owner
    return {
        "id": document.id,
        "position": document.position,
        "data_source_type": "upload_file",
        "data_source_info": {"upload_file_id": document.upload.id},
        "data_source_detail_dict": _upload(document.upload, owner),
        "dataset_process_rule_id": document.rule.id,
        "name": document.name,
        "created_from": document.created_from,
        "created_by": owner,
        "created_at": document.created_at,
        "tokens": document.tokens,
        "indexing_status": document.indexing_status,
        "error": document.error,
        "enabled": document.enabled,
        "disabled_at": document.disabled_at,
        "disabled_by": None if document.disabled_at is None else owner,
        "archived": document.archived,
        "display_status": document.display_status,
        "word_count": document.word_count,
        "hit_count": document.hit_count,
        "doc_form": document.doc_form,
        "doc_metadata": metadata.shown(document, as_text=True),
        "summary_index_status": None,
        "need_summary": False,
    }


def _detail(document: Document) -> dict[str, Any]:
    """A document as its own GET shows it, less its metadata."""
    owner = document.dataset.workspace.owner
    lengths = [len(segment.content) for segment in document.segments]
    rule = {"mode": document.rule.mode, "rules": document.rule.rules}
    return {
        "id": document.id,
        "position": document.position,
        "data_source_type": "upload_file",
        "data_source_info": _upload(document.upload, owner),
        "dataset_process_rule_id": document.rule.id,
        "dataset_process_rule": rule,
        "document_process_rule": {"id": document.rule.id, "dataset_id": document.dataset.id, **rule},
        "name": document.name,
        "created_from": document.created_from,
        "created_by": owner,
        "created_at": document.created_at,
        "tokens": document.tokens,
        "indexing_status": document.indexing_status,
        "completed_at": document.times.get("completed_at"),
        "updated_at": int(document.updated_at) or None,
        "indexing_latency": document.latency,
        "error": document.error,
        "enabled": document.enabled,
        "disabled_at": document.disabled_at,
        "disabled_by": None if document.disabled_at is None else owner,
        "archived": document.archived,
        "doc_type": None,
        "doc_metadata": metadata.shown(document, as_text=False),
        "segment_count": len(lengths),
        "average_segment_length": sum(lengths) // len(lengths) if lengths else 0,
        "hit_count": document.hit_count,
        "display_status": document.display_status,
        "doc_form": document.doc_form,
        "doc_language": document.doc_language,
        "summary_index_status": None,
        "need_summary": False,
    }


# --- reading


def like(pattern: str) -> re.Pattern[str]:
    """A keyword as PostgreSQL's LIKE takes it, unescaped: % and _ are wildcards, a backslash takes the next as it is."""
    parts, escaped = [], False
    for char in pattern:
        if escaped:
            parts.append(re.escape(char))
            escaped = False
        elif char == "\\":
            escaped = True
        else:
            parts.append({"%": ".*", "_": "."}.get(char) or re.escape(char))
    return re.compile("".join(parts), re.DOTALL)


_STATUSES = {"queuing", "indexing", "paused", "error", "available", "disabled", "archived"}


@operation("documents.list", "GET", "/datasets/{dataset_id}/documents")
def list_(call: Call) -> Answer:
    page, limit = call.page("DocumentListQuery")
    keyword, status = call.argument("keyword"), call.argument("status")
    refuse_nul(keyword)
    dataset = call.dataset("404")
    found = list(reversed(list(dataset.documents.values())))
    if status in _STATUSES:
        found = [document for document in found if document.display_status == status]
    if keyword:
        pattern = like(keyword)
        found = [document for document in found if pattern.search(document.name)]
    part, around = paginate(found, page, limit, call.world.settings.has("has-more-by-length"))
    answer = json_answer({"data": [render(document) for document in part], **around})
    answer.items = len(part)
    return answer


@operation("documents.get", "GET", "/datasets/{dataset_id}/documents/{document_id}")
def get(call: Call) -> Answer:
    document = call.document(call.dataset("404"))
    which = call.argument("metadata") or "all"
    if which not in ("all", "only", "without"):
        raise Refusal(envelope(400, "invalid_metadata", f"Invalid metadata value: {which}"))
    if which == "only":
        shown = {"id": document.id, "doc_type": None, "doc_metadata": metadata.shown(document, as_text=False)}
        return json_answer(shown)
    shown = _detail(document)
    if which == "without":
        del shown["doc_type"], shown["doc_metadata"]
    return json_answer(shown)


@operation("documents.indexing_status", "GET", "/datasets/{dataset_id}/documents/{batch}/indexing-status")
def indexing_status(call: Call) -> Answer:
    batch = call.params["batch"]
    found = [document for document in call.dataset("404").documents.values() if document.batch == batch]
    if not found:
        raise not_found("Documents not found.")
    return json_answer({"data": [_status(document) for document in found]})


def _status(document: Document) -> dict[str, Any]:
    times = document.times
    segments = len(document.segments)
    return {
        "id": document.id,
        "indexing_status": document.indexing_status,
        "processing_started_at": times.get("processing_started_at"),
        "parsing_completed_at": times.get("parsing_completed_at"),
        "cleaning_completed_at": times.get("cleaning_completed_at"),
        "splitting_completed_at": times.get("splitting_completed_at"),
        "completed_at": times.get("completed_at"),
        "paused_at": None,
        "error": document.error,
        "stopped_at": document.stopped_at,
        "completed_segments": segments if document.indexing_status == "completed" else 0,
        "total_segments": segments,
    }


# --- removing and switching


@operation("documents.delete", "DELETE", "/datasets/{dataset_id}/documents/{document_id}", counted=True)
def delete(call: Call) -> Answer:
    dataset = call.dataset("400 gone")
    document = call.document(dataset, "Document Not Exists.")
    if document.archived:
        raise Refusal(envelope(403, "archived_document_immutable", "The archived document is not editable."))
    call.world.state.remove_document(document)
    call.effect()
    return done_204()


_ACTIONS = ("enable", "disable", "archive", "un_archive")


def _invalid_action(message: str) -> Refusal:
    return Refusal(envelope(400, "invalid_action", message))


def _switch(document: Document, action: str) -> None:
    now = int(time.time())
    if action == "disable":
        if document.indexing_status != "completed":
            raise _invalid_action(f"Document: {document.name} is not completed.")
        if not document.enabled:
            raise _invalid_action(f"Document:{document.name} is being indexed, please try again later")
        document.enabled, document.disabled_at = False, now
    elif action == "enable":
        document.enabled, document.disabled_at = True, None
    else:
        document.archived = action == "archive"
    document.updated_at = time.time()


@operation("documents.update_status", "PATCH", "/datasets/{dataset_id}/documents/status/{action}")
def update_status(call: Call) -> Answer:
    action = call.params["action"]
    dataset = call.dataset("404")
    payload = call.json() or {}
    if action not in _ACTIONS:
        raise _invalid_action(f"Invalid action: {action}. Must be one of {list(_ACTIONS)}")
    ids = payload.get("document_ids") or [] if isinstance(payload, dict) else []
    if any(not isinstance(one, str) or not UUID.match(one) for one in ids):
        raise internal_error()
    documents = [dataset.documents[one.lower()] for one in ids if one.lower() in dataset.documents]
    for document in documents:
        _switch(document, action)
    if documents:
        call.effect(len(documents))
    return json_answer({"result": "success"})
