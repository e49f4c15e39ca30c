"""The operations of the matrix, with arguments that do something to a small knowledge base of their own.

Rules (retry rule, from which version a repeat is harmless, whether there is a proof) are read from proto/difypool.toml; here stands only what the
table cannot know: arguments that work on a scene, and what an operation is carried as.
"""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox import ops  # noqa: F401  (importing declares the operations)
from sandbox.routing import router
from sandbox.settings import Settings

TABLE = Path(__file__).resolve().parents[2] / "proto" / "difypool.toml"
RETRIEVAL = {
    "search_method": "keyword_search",
    "reranking_enable": False,
    "top_k": 5,
    "score_threshold_enabled": False,
}
TEXT = "How to install, and what to do then."

# Neither can be shown by a server of 1.12.1: it cannot list tags once it has one (the table's list_400).
WITHOUT_PROOF = {"tags.create", "tags.update", "tags.delete"}

# Played by the sandbox and not called by the matrix: files go out in pieces, and child chunks need a scene of their own.
NOT_CALLED = {
    "child_chunks.create",
    "child_chunks.list",
    "child_chunks.update",
    "child_chunks.delete",
    "documents.create_by_file",
    "documents.update_by_file",
}


@dataclass(frozen=True)
class Rule:
    """What the table says of an operation, and so what the oracle may know."""

    name: str
    retry: str  # free | verify | never
    provable: bool  # the server shows whether it happened
    harmless: bool  # a second time leaves what the first one left, at the sandbox's version
    answers: bool  # with JSON; else its answer is empty, and what comes in its place says nothing


def _id() -> str:
    return str(uuid.uuid4())


@dataclass
class Scene:
    """The ids of what one cell of the matrix works on: a knowledge base, in a workspace of its own."""

    workspace: str
    dataset: str = field(default_factory=_id)
    document: str = field(default_factory=_id)
    metadata: str = field(default_factory=_id)
    bound_tag: str = field(default_factory=_id)
    free_tag: str = field(default_factory=_id)
    batch: str = "20260101000000123456"
    segment: str = ""

    def seed(self, tags: bool) -> dict[str, Any]:
        """What the sandbox has to put in place."""
        dataset: dict[str, Any] = {
            "id": self.dataset,
            "name": "Product guide",
            "workspace": self.workspace,
            "retrieval_model": RETRIEVAL,
            "documents": [{"id": self.document, "name": "guide.md", "text": TEXT, "batch": self.batch}],
            "fields": [{"id": self.metadata, "name": "url"}],
        }
        if not tags:
            return {"datasets": [dataset]}
        dataset["tags"] = [{"id": self.bound_tag, "name": "bound"}]
        return {
            "datasets": [dataset],
            "tags": [{"id": self.free_tag, "name": "free", "workspace": self.workspace}],
        }


@dataclass(frozen=True)
class Work:
    """How an operation is called on a scene."""

    args: Callable[[Scene], dict[str, Any]]
    carried_as: str = ""  # another operation that does the same on this version of the server
    needs_segment: bool = False


def _document(s: Scene) -> dict[str, Any]:
    return {"dataset_id": s.dataset, "document_id": s.document}


def _dataset(s: Scene) -> dict[str, Any]:
    return {"dataset_id": s.dataset}


def _segment(s: Scene) -> dict[str, Any]:
    return {**_document(s), "segment_id": s.segment}


def _field(s: Scene) -> dict[str, Any]:
    return {"dataset_id": s.dataset, "metadata_id": s.metadata}


def _assignment(s: Scene) -> dict[str, Any]:
    values = [{"id": s.metadata, "name": "url", "value": "https://example.org/guide"}]
    one = {"document_id": s.document, "metadata_list": values, "partial_update": True}
    return {**_dataset(s), "operation_data": [one]}


def _new_text(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "text": text, "doc_form": "text_model", "process_rule": {"mode": "automatic"}}


WORK: dict[str, Work] = {
    "datasets.list": Work(lambda s: {"keyword": "guide", "include_all": True}),
    "datasets.create": Work(
        lambda s: {"name": "Second guide", "indexing_technique": "economy", "retrieval_model": RETRIEVAL}
    ),
    "datasets.get": Work(_dataset),
    "datasets.update": Work(lambda s: {**_dataset(s), "name": "Renamed guide"}),
    "datasets.delete": Work(_dataset),
    "datasets.retrieve": Work(lambda s: {**_dataset(s), "query": "install"}),
    "datasets.tags": Work(_dataset),
    "documents.create_by_text": Work(
        lambda s: {**_dataset(s), **_new_text("page.md", TEXT), "indexing_technique": "economy"}
    ),
    "documents.update_by_text": Work(
        lambda s: {**_document(s), **_new_text("guide.md", "How to install it on Debian.")},
        carried_as="documents.create_by_text",
    ),
    "documents.list": Work(lambda s: {**_dataset(s), "limit": 100}),
    "documents.get": Work(_document),
    "documents.delete": Work(_document),
    "documents.indexing_status": Work(lambda s: {**_dataset(s), "batch": s.batch}),
    "documents.update_status": Work(lambda s: {**_dataset(s), "action": "disable", "document_ids": [s.document]}),
    "metadata.list": Work(_dataset),
    "metadata.create": Work(lambda s: {**_dataset(s), "type": "string", "name": "author"}),
    "metadata.update": Work(lambda s: {**_field(s), "name": "address"}),
    "metadata.delete": Work(_field),
    "metadata.built_in": Work(_dataset),
    "metadata.toggle_built_in": Work(lambda s: {**_dataset(s), "action": "enable"}),
    "metadata.assign": Work(_assignment),
    "tags.create": Work(lambda s: {"name": "manuals"}),
    "tags.list": Work(lambda s: {}),
    "tags.update": Work(lambda s: {"tag_id": s.free_tag, "name": "handbooks"}),
    "tags.delete": Work(lambda s: {"tag_id": s.free_tag}),
    "tags.bind": Work(lambda s: {"tag_ids": [s.free_tag], "target_id": s.dataset}),
    "tags.unbind": Work(lambda s: {"tag_id": s.bound_tag, "target_id": s.dataset}),
    "segments.create": Work(lambda s: {**_document(s), "segments": [{"content": "Install it with apt."}]}),
    "segments.list": Work(_document),
    "segments.get": Work(_segment, needs_segment=True),
    "segments.update": Work(
        lambda s: {**_segment(s), "segment": {"content": "Install it with apt-get."}}, needs_segment=True
    ),
    "segments.delete": Work(_segment, needs_segment=True),
    "models.list": Work(lambda s: {"model_type": "text-embedding"}),
}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _rule(row: dict[str, Any], carrier: dict[str, Any]) -> Rule:
    since = carrier.get("repeat_harmless_since")
    return Rule(
        row["name"],
        carrier["retry"],
        bool(carrier.get("proof")) and row["name"] not in WITHOUT_PROOF,
        since is not None and _numbers(Settings().dify_version) >= _numbers(since),
        carrier["answer"] == "json",
    )


def rules() -> dict[str, Rule]:
    """The rules of every operation of the table that belongs to knowledge and that the sandbox plays, by name, but those of NOT_CALLED."""
    table = {row["name"]: row for row in tomllib.loads(TABLE.read_text())["op"]}
    played = set(router().names)
    found: dict[str, Rule] = {}
    for name, row in table.items():
        if name not in played or name in NOT_CALLED or row["breaker"] == "app" or "absent" in row:
            continue
        work = WORK.get(name)
        found[name] = _rule(row, table[work.carried_as] if work and work.carried_as else row)
    return found
