"""Metadata: fields of a knowledge base, and their values on documents.

As in the server, a document's values are kept by the field's *name*, and a binding says which fields it has: a value written under another name
than its field's is there and yet reads back as null. Failures inside a write are swallowed, document by document.
"""

from __future__ import annotations

import asyncio
from typing import Any

from ..call import LEAST_WRITE_S, Call, looking_first
from ..errors import invalid_param, not_found
from ..routing import UUID, operation, races
from ..state import OWNER_NAME, Dataset, Document, MetadataField, new_id
from ..validate import Field, check, problem, refuse, refuse_nul
from ..wire import Answer, done_204, json_answer

BUILT_IN = (
    ("document_name", "string"),
    ("uploader", "string"),
    ("upload_date", "time"),
    ("last_update_date", "time"),
    ("source", "string"),
)
_NAMES = {name for name, _ in BUILT_IN}
CREATE = (Field("type", required=True, choices=("string", "number", "time")), Field("name", "str", required=True))
UPDATE = (Field("name", "str", required=True),)


# --- showing


def _built_in_values(document: Document) -> list[dict[str, Any]]:
    values = (
        document.name,
        OWNER_NAME,
        str(float(document.created_at)),
        str(round(document.updated_at, 6)),
        "file_upload",
    )
    return [{"id": "built-in", "name": name, "type": kind, "value": value} for (name, kind), value in zip(BUILT_IN, values)]


def shown(document: Document, as_text: bool) -> list[dict[str, Any]] | None:
    """A document's metadata: null without any value; texts in lists, as they were written elsewhere."""
    if not document.metadata:
        return None
    rows: list[dict[str, Any]] = []
    for field_id in document.bindings:
        bound = document.dataset.fields.get(field_id)
        if bound is None:
            continue
        value = document.metadata.get(bound.name)
        rows.append({"id": bound.id, "name": bound.name, "type": bound.type, "value": _text(value) if as_text else value})
    return rows + _built_in_values(document)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


# --- fields


def _check_name(dataset: Dataset, name: str) -> None:
    if len(name) > 255:
        raise invalid_param("Metadata name cannot exceed 255 characters.")
    if any(known.name == name for known in dataset.fields.values()):
        raise invalid_param("Metadata name already exists.")
    if name in _NAMES:
        raise invalid_param("Metadata name already exists in Built-in fields.")


def _new_field(call: Call) -> dict[str, Any]:
    payload = check("MetadataArgs", call.json(), CREATE)
    _check_name(call.dataset("400"), payload["name"])
    return payload


@operation("metadata.create", "POST", "/datasets/{dataset_id}/metadata", counted=True)
def create(call: Call) -> Answer:
    payload = call.context or _new_field(call)
    dataset = call.dataset("400")
    made = MetadataField(new_id(), payload["type"], payload["name"])
    dataset.fields[made.id] = made
    call.effect()
    return json_answer({"id": made.id, "type": made.type, "name": made.name}, 201)


races(create, "creates-race", looking_first(_new_field))


@operation("metadata.list", "GET", "/datasets/{dataset_id}/metadata")
def list_(call: Call) -> Answer:
    dataset = call.dataset("allow")
    bound: dict[str, int] = {}
    for document in dataset.documents.values():
        for field_id in document.bindings:
            bound[field_id] = bound.get(field_id, 0) + 1
    fields = [{"id": f.id, "name": f.name, "type": f.type, "count": bound.get(f.id, 0)} for f in dataset.fields.values()]
    return json_answer({"doc_metadata": fields, "built_in_field_enabled": dataset.built_in_fields})


@operation("metadata.update", "PATCH", "/datasets/{dataset_id}/metadata/{metadata_id}", counted=True)
def update(call: Call) -> Answer:
    payload = check("MetadataUpdatePayload", call.json(), UPDATE)
    dataset = call.dataset("400")
    _check_name(dataset, payload["name"])
    found = dataset.fields.get(call.params["metadata_id"])
    if found is None:
        if not call.world.settings.has("absent-field-200"):
            raise not_found("Metadata not found.")
        return json_answer({"id": None, "type": None, "name": None})
    old, found.name = found.name, payload["name"]
    for document in dataset.documents.values():
        # Values of disabled and unfinished documents are not carried over: they are lost.
        loses = call.world.settings.has("rename-loses-values")
        carried = not loses or (document.enabled and document.indexing_status == "completed")
        if carried and found.id in document.bindings:
            document.metadata[found.name] = document.metadata.pop(old, None)
    call.effect()
    return json_answer({"id": found.id, "type": found.type, "name": found.name})


@operation("metadata.delete", "DELETE", "/datasets/{dataset_id}/metadata/{metadata_id}", counted=True)
def delete(call: Call) -> Answer:
    dataset = call.dataset("400")
    gone = dataset.fields.pop(call.params["metadata_id"], None)
    if gone is None and not call.world.settings.has("absent-field-200"):
        raise not_found("Metadata not found.")
    if gone is not None:
        for document in dataset.documents.values():
            if gone.id in document.bindings:
                document.bindings.remove(gone.id)
                document.metadata.pop(gone.name, None)
        call.effect()
    return done_204()


@operation("metadata.built_in", "GET", "/datasets/{dataset_id}/metadata/built-in")
def built_in(call: Call) -> Answer:
    call.dataset("allow")
    return json_answer({"fields": [{"name": name, "type": kind} for name, kind in BUILT_IN]})


@operation("metadata.toggle_built_in", "POST", "/datasets/{dataset_id}/metadata/built-in/{action}", counted=True)
def toggle_built_in(call: Call) -> Answer:
    dataset = call.dataset("400")
    if call.params["action"] in ("enable", "disable"):
        dataset.built_in_fields = call.params["action"] == "enable"
        call.effect()
    return json_answer({"result": "success"})


# --- values


class _Overlap:
    """Two writes to one document that read the same old values; the later of them to finish wins. Further ones wait for both."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.old = dict(document.metadata)
        self.writers = 1
        self.full = False
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def leave(self) -> None:
        self.writers -= 1
        if self.writers == 0:
            self.document.metadata_overlap = None
            self.done.set_result(None)


async def _join(document: Document) -> _Overlap:
    while document.metadata_overlap is not None:
        overlap: _Overlap = document.metadata_overlap
        if not overlap.full:
            overlap.full = True
            overlap.writers += 1
            return overlap
        await asyncio.shield(overlap.done)
    document.metadata_overlap = _Overlap(document)
    return document.metadata_overlap  # type: ignore[no-any-return]


_VALUE_KINDS = (("str", "string"), ("int", "integer"), ("float", "number"))


def _problems(operations: list[Any]) -> list[str]:
    found = []
    for i, entry in enumerate(operations):
        if not isinstance(entry, dict):
            found.append(problem(f"operation_data.{i}", "Input should be a valid dictionary", "dict_type", entry))
            continue
        found += [
            problem(f"operation_data.{i}.{name}", "Field required", "missing", entry)
            for name in ("document_id", "metadata_list")
            if name not in entry
        ]
        values = entry.get("metadata_list")
        for j, item in enumerate(values if isinstance(values, list) else ()):
            value = item.get("value") if isinstance(item, dict) else item
            if isinstance(value, (list, dict)):
                for kind, word in _VALUE_KINDS:
                    where = f"operation_data.{i}.metadata_list.{j}.value.{kind}"
                    found.append(
                        problem(where, f"Input should be a valid {word}", f"{kind.replace('str', 'string')}_type", value)
                    )
    return found


def _operations(call: Call) -> list[dict[str, Any]]:
    payload = check("MetadataOperationData", call.json(), (Field("operation_data", "list", required=True),))
    problems = _problems(payload["operation_data"])
    if problems:
        raise refuse("MetadataOperationData", problems)
    return payload["operation_data"]  # type: ignore[no-any-return]


def _documents(dataset: Dataset, operations: list[dict[str, Any]]) -> list[Document]:
    ids = {str(entry.get("document_id")) for entry in operations}
    return [dataset.documents[one] for one in sorted(ids) if one in dataset.documents]


async def prepare_assign(call: Call) -> None:
    """Read the old values before the call's cost is paid, so that writes at once overlap. In the order of ids: no deadlock."""
    operations = _operations(call)
    dataset = call.dataset("400")
    overlaps: dict[str, _Overlap] = {}
    call.context = (operations, overlaps)
    for document in _documents(dataset, operations):
        overlaps[document.id] = await _join(document)
    await asyncio.sleep(LEAST_WRITE_S)


def _apply(document: Document, entry: dict[str, Any], old: dict[str, Any]) -> None:
    """One document's write; raises where the server swallows a failure."""
    partial = bool(entry.get("partial_update"))
    values = dict(old) if partial else {}
    bindings = list(document.bindings) if partial else []
    for item in entry["metadata_list"]:
        value = int(item["value"]) if isinstance(item.get("value"), bool) else item.get("value")
        if isinstance(value, str) and "\0" in value:
            raise ValueError("NUL")
        if not UUID.match(str(item["id"])):
            raise ValueError("no UUID")
        values[item["name"]] = value
        if item["id"] in bindings:
            bindings.remove(item["id"])
        bindings.append(item["id"])
    document.metadata = values
    document.bindings = bindings


@operation(
    "metadata.assign",
    "POST",
    "/datasets/{dataset_id}/documents/metadata",
    counted=True,
    matches=["/v1/datasets/<uuid:dataset_id>/documents/metadata"],
)
def assign(call: Call) -> Answer:
    operations, overlaps = call.context or (_operations(call), {})
    dataset = call.dataset("400")
    try:
        if not call.world.settings.has("write-failures-swallowed"):
            _check_writable(dataset, operations)
        done = sum(_assign_one(dataset, entry, overlaps) for entry in operations)
    finally:
        for overlap in overlaps.values():
            overlap.leave()
    if done:
        call.effect(done)
    answer = json_answer({"result": "success"})
    answer.items = len(operations)
    return answer


def _check_writable(dataset: Dataset, operations: list[dict[str, Any]]) -> None:
    """Refuse what cannot be kept, before anything is written."""
    for entry in operations:
        if str(entry["document_id"]) not in dataset.documents:
            raise invalid_param("Document not found.")
        for item in entry["metadata_list"]:
            if not isinstance(item, dict) or str(item.get("id")) not in dataset.fields:
                raise invalid_param("Metadata not found.")
            refuse_nul(item.get("value"))


def _assign_one(dataset: Dataset, entry: dict[str, Any], overlaps: dict[str, _Overlap]) -> bool:
    document = dataset.documents.get(str(entry["document_id"]))
    if document is None:
        return False
    overlap = overlaps.get(document.id)
    try:
        _apply(document, entry, document.metadata if overlap is None else overlap.old)
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


races(assign, "metadata-lost-updates", prepare_assign)
