"""Retrieve: segments that share words with the query, best first. Both the keyword and the other methods find by words here."""

from __future__ import annotations

import re
from typing import Any

from ..call import Call
from ..errors import Refusal, envelope, invalid_param
from ..routing import operation
from ..state import Dataset, Document, Segment
from ..validate import RETRIEVAL_MODEL, Field, check
from ..wire import Answer, json_answer
from .datasets import retrieval_of
from .segments import render

METHODS = ("keyword_search", "semantic_search", "full_text_search", "hybrid_search")
_WORDS = re.compile(r"\w+")
_SWITCHES = tuple(rule for rule in RETRIEVAL_MODEL.members if rule.name != "top_k")
PAYLOAD = (
    Field("query", "str", required=True, most=250),
    Field("retrieval_model", "dict", null=True),
    Field("attachment_ids", "list", null=True),
)


def _checked_model(call: Call, dataset: Dataset, given: dict[str, Any]) -> dict[str, Any]:
    """The model to search by. A missing switch is the KeyError that the server makes of it."""
    settings = call.world.settings
    model = given or retrieval_of(dataset)
    asleep = dataset.indexing_technique != "high_quality" and not settings.has("economy-searches-semantically")
    if asleep and not given and dataset.retrieval_model is None:
        model = {**model, "search_method": "keyword_search"}
    if given and not settings.has("retrieval-switches-500"):
        check("RetrievalModel", given, _SWITCHES)
    if given:
        for name in ("search_method", "score_threshold_enabled", "reranking_enable"):
            if name not in given:
                raise Refusal(envelope(500, "internal_server_error", f"'{name}'"))
        if given["search_method"] not in METHODS:
            raise invalid_param(f"'{given['search_method']}' is not a valid RetrievalMethod")
    if model["search_method"] != "keyword_search":
        if call.world.settings.models != "stub" or dataset.indexing_technique != "high_quality":
            raise invalid_param("Default model not found for text-embedding")
        if not call.world.settings.vector_store:
            raise invalid_param("Could not connect to Weaviate:Connection to Weaviate failed. Details: .")
    return model


def _matches(document: Document, condition: dict[str, Any]) -> bool:
    value = document.metadata.get(condition.get("name", ""))
    wanted, how = condition.get("value"), condition.get("comparison_operator")
    if how in ("is", "="):
        return value is not None and str(value) == str(wanted)
    if how in ("is not", "≠"):
        return value is None or str(value) != str(wanted)
    if how == "contains":
        return value is not None and str(wanted) in str(value)
    if how == "empty":
        return value is None
    if how == "not empty":
        return value is not None
    return False


def _allowed(document: Document, conditions: dict[str, Any]) -> bool:
    if document.display_status != "available":
        return False
    rules = conditions.get("conditions") or []
    if not rules:
        return True
    results = [_matches(document, rule) for rule in rules]
    return all(results) if conditions.get("logical_operator", "and") == "and" else any(results)


def _search(dataset: Dataset, query: str, conditions: dict[str, Any]) -> list[tuple[float, Segment]]:
    wanted = {word.lower() for word in _WORDS.findall(query)}
    found = []
    for document in dataset.documents.values():
        if not _allowed(document, conditions):
            continue
        for segment in document.segments:
            shared = wanted & {word.lower() for word in _WORDS.findall(segment.content)} if segment.enabled else set()
            if shared:
                found.append((len(shared) / len(wanted), segment))
    found.sort(key=lambda pair: -pair[0])
    return found


def _record(segment: Segment, score: float) -> dict[str, Any]:
    shown = render(segment)
    for name in ("updated_at", "updated_by", "child_chunks", "attachments", "summary"):
        del shown[name]
    document = segment.document
    shown["document"] = {
        "id": document.id,
        "data_source_type": "upload_file",
        "name": document.name,
        "doc_type": None,
        "doc_metadata": dict(document.metadata) or None,
    }
    return {"segment": shown, "child_chunks": None, "score": score, "tsne_position": None, "files": None, "summary": None}


@operation(
    "datasets.retrieve", "POST", "/datasets/{dataset_id}/retrieve", "/datasets/{dataset_id}/hit-testing", counted=True
)
def retrieve(call: Call) -> Answer:
    dataset = call.dataset("403")
    payload = check("HitTestingPayload", call.json(), PAYLOAD)
    if not payload["query"] and not payload.get("attachment_ids"):
        raise invalid_param("Query or attachment_ids is required")
    model = _checked_model(call, dataset, payload.get("retrieval_model") or {})
    by_keyword = model["search_method"] == "keyword_search"
    records: list[dict[str, Any]] = []
    found = _search(dataset, payload["query"], model.get("metadata_filtering_conditions") or {})
    for score, segment in found[: int(model.get("top_k") or 4)]:
        segment.hit_count += 1
        records.append(_record(segment, 0.0 if by_keyword else round(score, 6)))
    return json_answer({"query": {"content": payload["query"]}, "records": records})
