"""Data without calls: knowledge bases, documents, fields and tags put in place at once, under ids of the caller's choice.

For tests that begin in the middle, and for replaying what was recorded on a server that had a past.
"""

from __future__ import annotations

import time
from typing import Any

from .call import World
from .ops.document_writes import Source, new_upload
from .state import (
    AUTOMATIC_RULES,
    Dataset,
    Document,
    MetadataField,
    ProcessRule,
    Tag,
    Workspace,
    new_id,
)

DATASET = {
    "id",
    "name",
    "workspace",
    "indexing_technique",
    "retrieval_model",
    "doc_form",
    "hidden",
    "documents",
    "fields",
    "tags",
    "rule",
}
DOCUMENT = {"id", "name", "text", "status", "error", "enabled", "archived", "batch", "rule", "metadata"}


def _known(given: dict[str, Any], names: set[str], what: str) -> None:
    unknown = sorted(set(given) - names)
    if unknown:
        raise ValueError(f"{what}: no {unknown[0]!r}: there are {', '.join(sorted(names))}")


def _rule(given: Any) -> ProcessRule:
    if isinstance(given, dict):
        return ProcessRule(new_id(), str(given.get("mode", "custom")), given.get("rules"))
    return ProcessRule(new_id(), "automatic", AUTOMATIC_RULES)


def document(world: World, dataset: Dataset, given: dict[str, Any]) -> Document:
    """Add one document; status completed (the default), waiting (queued for indexing) or any other, which it keeps."""
    _known(given, DOCUMENT, "document")
    now = time.time()
    position = next(dataset.positions)
    text = str(given.get("text", "A page of text."))
    source = Source(str(given.get("name", f"page {position}")), text, len(text), "txt", "text/plain")
    dataset.rule = dataset.rule or _rule(given.get("rule"))
    dataset.doc_form = dataset.doc_form or "text_model"
    made = Document(
        given.get("id") or new_id(),
        dataset,
        position,
        source.name,
        text,
        new_upload(source),
        dataset.rule,
        dataset.doc_form,
        "English",
        int(now),
        batch=given.get("batch") or world.state.new_batch(),
        indexing_status="waiting",
        enabled=bool(given.get("enabled", True)),
        archived=bool(given.get("archived", False)),
        updated_at=now,
    )
    for name, value in (given.get("metadata") or {}).items():
        made.bindings.append(next(one.id for one in dataset.fields.values() if one.name == name))
        made.metadata[name] = value
    world.state.add_document(made)
    status = given.get("status", "completed")
    if status == "completed":
        world.indexer.finish_at_once(made)
    elif status == "waiting":
        world.indexer.add(made)
    else:
        made.indexing_status, made.error = status, given.get("error")
    return made


def dataset(world: World, given: dict[str, Any]) -> Dataset:
    """Add one knowledge base with what is in it."""
    _known(given, DATASET, "dataset")
    workspace: Workspace = world.state.workspaces[given.get("workspace") or next(iter(world.state.workspaces))]
    now = int(time.time())
    made = Dataset(
        given.get("id") or new_id(),
        workspace,
        str(given.get("name") or f"seeded {len(workspace.datasets)}"),
        now,
        now,
        indexing_technique=given.get("indexing_technique", "economy"),
        retrieval_model=given.get("retrieval_model"),
        doc_form=given.get("doc_form"),
        hidden=bool(given.get("hidden", False)),
        rule=_rule(given["rule"]) if "rule" in given else None,
    )
    world.state.add_dataset(made)
    for one in given.get("fields", []):
        made.fields[one["id"]] = MetadataField(one["id"], one.get("type", "string"), one["name"])
    for one in given.get("documents", []):
        document(world, made, one)
    for one in given.get("tags", []):
        workspace.tags[one["id"]] = Tag(one["id"], one["name"])
        made.tags.append(one["id"])
    return made


def seed(world: World, given: dict[str, Any]) -> list[str]:
    """Add what is in {datasets: […], tags: [{id, name, workspace}], fill: N, documents: N}; returns the new knowledge bases' ids.

    fill adds so many empty knowledge bases before the others.
    """
    _known(given, {"datasets", "fill", "tags"}, "seed")
    for _ in range(int(given.get("fill", 0))):
        dataset(world, {})
    for one in given.get("tags", []):
        workspace = world.state.workspaces[one.get("workspace") or next(iter(world.state.workspaces))]
        workspace.tags[one["id"]] = Tag(one["id"], one["name"])
    ids = [dataset(world, one).id for one in given.get("datasets", [])]
    world.counters.changed()
    return ids


def fill(world: World, made: Dataset, count: int, text: str) -> None:
    """So many completed documents."""
    for _ in range(count):
        document(world, made, {"text": text})
    world.counters.changed()
