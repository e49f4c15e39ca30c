"""Child chunks of a segment: list, create, update, delete."""

from __future__ import annotations

import time

from ..call import Call
from ..errors import invalid_param, not_found
from ..routing import operation
from ..state import ChildChunk, Segment, new_id
from ..validate import Field, check, problem, refuse
from ..wire import Answer, done_204, json_answer
from .segments import render_child, segment_of

_PATH = "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks"
_CONTENT = (Field("content", "str", required=True),)
MOST_LISTED = 100


def _page(call: Call) -> tuple[int, int]:
    """page and limit, which are refused below 1 here."""
    problems = []
    values = []
    for name, default in (("limit", 20), ("page", 1)):
        text = call.argument(name)
        try:
            number = default if text is None else int(text)
        except ValueError:
            words = "Input should be a valid integer, unable to parse string as an integer"
            problems.append(problem(name, words, "int_parsing", text))
            number = default
        if number < 1:
            problems.append(problem(name, "Input should be greater than or equal to 1", "greater_than_equal", number))
        values.append(number)
    if problems:
        raise refuse("ChildChunkListQuery", problems)
    return values[1], values[0]


@operation("child_chunks.list", "GET", _PATH)
def list_(call: Call) -> Answer:
    segment = segment_of(call)
    page, limit = _page(call)
    limit = min(limit, MOST_LISTED)
    keyword = (call.argument("keyword") or "").lower()
    found = [child for child in segment.children if keyword in child.content.lower()]
    part = found[(page - 1) * limit : page * limit]
    around = {"total": len(found), "total_pages": -(-len(found) // limit), "page": page, "limit": limit}
    return json_answer({"data": [render_child(segment, child) for child in part], **around})


@operation("child_chunks.create", "POST", _PATH, counted=True)
def create(call: Call) -> Answer:
    segment = segment_of(call)
    content = check("ChildChunkCreatePayload", call.json(), _CONTENT)["content"]
    now = int(time.time())
    position = max((child.position for child in segment.children), default=0) + 1
    made = ChildChunk(new_id(), position, content, "customized", now, now)
    segment.children.append(made)
    call.effect()
    return json_answer({"data": render_child(segment, made)})


def _child(call: Call) -> tuple[Segment, ChildChunk]:
    segment = segment_of(call)
    for child in segment.children:
        if child.id == call.params["child_chunk_id"]:
            return segment, child
    raise not_found("Child chunk not found.")


@operation("child_chunks.update", "PATCH", _PATH + "/{child_chunk_id}", counted=True)
def update(call: Call) -> Answer:
    segment, child = _child(call)
    child.content = check("ChildChunkUpdatePayload", call.json(), _CONTENT)["content"]
    child.type, child.updated_at = "customized", int(time.time())
    call.effect()
    return json_answer({"data": render_child(segment, child)})


@operation("child_chunks.delete", "DELETE", _PATH + "/{child_chunk_id}", counted=True)
def delete(call: Call) -> Answer:
    """1.12.1 takes the child chunk out of the vector store, also where there is none: gone, and then a 400. Without a model it stays."""
    segment, child = _child(call)
    settings = call.world.settings
    economy = segment.document.dataset.indexing_technique != "high_quality"
    asks_store = not economy or settings.has("child-delete-400")
    if asks_store and settings.models != "stub":
        raise invalid_param("Default model not found for text-embedding")
    segment.children.remove(child)
    call.effect()
    if asks_store and (economy or not settings.vector_store):
        raise invalid_param("Could not connect to Weaviate:Connection to Weaviate failed. Details: .")
    return done_204()
