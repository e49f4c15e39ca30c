"""What the server knows: workspaces, knowledge bases, documents, fields, tags, segments. Plain objects, one thread, no I/O.

Rendering is not here but with the operations; here are only the facts and the few rules that keep them consistent.
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

OWNER_NAME = "Owner"
DEFAULT_RETRIEVAL: dict[str, Any] = {
    "search_method": "semantic_search",
    "reranking_enable": False,
    "reranking_model": {"reranking_provider_name": "", "reranking_model_name": ""},
    "top_k": 2,
    "score_threshold_enabled": False,
}
# Shared by all documents that use it: never changed.
AUTOMATIC_RULES: dict[str, Any] = {
    "pre_processing_rules": [
        {"id": "remove_extra_spaces", "enabled": True},
        {"id": "remove_urls_emails", "enabled": False},
    ],
    "segmentation": {"delimiter": "\n", "max_tokens": 500, "chunk_overlap": 50},
}


def new_id() -> str:
    return str(uuid.uuid4())


@dataclass
class Segment:
    id: str
    document: Document
    position: int
    content: str
    answer: str | None
    keywords: list[str] | None  # None: those found in the content, looked for when they are shown
    created_at: int
    index_node_id: str
    enabled: bool = True
    disabled_at: int | None = None
    updated_at: int = 0
    updated_by: str | None = None
    hit_count: int = 0
    status: str = "completed"
    children: list[ChildChunk] = field(default_factory=list)


@dataclass
class ChildChunk:
    id: str
    position: int
    content: str
    type: str
    created_at: int
    updated_at: int


@dataclass
class ProcessRule:
    id: str
    mode: str
    rules: dict[str, Any] | None


@dataclass
class Upload:
    """The file behind a document; a text is one too."""

    id: str
    name: str
    size: int
    extension: str
    mime_type: str
    created_at: float
    content: bytes | None = None  # None: the document's text
    generated: bool = False  # content that is made while it is sent; see uploads


@dataclass
class Document:
    id: str
    dataset: Dataset
    position: int
    name: str
    text: str
    upload: Upload
    rule: ProcessRule
    doc_form: str
    doc_language: str
    created_at: int
    created_from: str = "api"
    batch: str = ""
    indexing_status: str = "waiting"
    error: str | None = None
    stopped_at: int | None = None
    times: dict[str, int] = field(default_factory=dict)
    latency: float | None = None
    tokens: int | None = None
    word_count: int | None = None
    hit_count: int = 0
    enabled: bool = True
    disabled_at: int | None = None
    archived: bool = False
    updated_at: float = 0.0
    metadata: dict[str, Any] = field(default_factory=dict)
    bindings: list[str] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    metadata_overlap: Any = None

    @property
    def display_status(self) -> str:
        if self.indexing_status == "waiting":
            return "queuing"
        if self.indexing_status in ("paused", "error"):
            return self.indexing_status
        if self.indexing_status != "completed":
            return "indexing"
        if self.archived:
            return "archived"
        return "available" if self.enabled else "disabled"


@dataclass
class MetadataField:
    id: str
    type: str
    name: str


@dataclass
class Tag:
    id: str
    name: str
    type: str = "knowledge"


@dataclass
class Dataset:
    id: str
    workspace: Workspace
    name: str
    created_at: int
    updated_at: int
    description: str = ""
    permission: str = "only_me"
    indexing_technique: str | None = None
    embedding_model: str | None = None
    embedding_provider: str | None = None
    retrieval_model: dict[str, Any] | None = None
    partial_members: list[str] = field(default_factory=list)
    enable_api: bool = True
    hidden: bool = False
    doc_form: str | None = None
    built_in_fields: bool = False
    rule: ProcessRule | None = None
    pipeline_id: str | None = None
    documents: dict[str, Document] = field(default_factory=dict)
    by_name: dict[str, list[Document]] = field(default_factory=dict)
    fields: dict[str, MetadataField] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    positions: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def add(self, document: Document) -> None:
        self.documents[document.id] = document
        self.by_name.setdefault(document.name, []).append(document)

    def remove(self, document: Document) -> None:
        del self.documents[document.id]
        self._forget_name(document)

    def rename(self, document: Document, name: str) -> None:
        if document.name != name:
            self._forget_name(document)
            document.name = name
            self.by_name.setdefault(name, []).append(document)

    def _forget_name(self, document: Document) -> None:
        same = self.by_name[document.name]
        same.remove(document)
        if not same:
            del self.by_name[document.name]


@dataclass
class Workspace:
    """A tenant: its knowledge bases and tags, and its owner's account."""

    name: str
    id: str = field(default_factory=new_id)
    owner: str = field(default_factory=new_id)
    datasets: dict[str, Dataset] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)
    archived: bool = False
    rate_times: list[float] = field(default_factory=list)


class State:
    """All of it. `reset` forgets everything but the workspaces' ids."""

    def __init__(self, workspace_names: list[str]) -> None:
        self.workspaces = {name: Workspace(name) for name in workspace_names}
        self._ids = {name: (w.id, w.owner) for name, w in self.workspaces.items()}
        self.datasets: dict[str, Dataset] = {}
        self.documents = 0
        self._last_batch = 0

    def reset(self) -> None:
        self.workspaces = {name: Workspace(name, id_, owner) for name, (id_, owner) in self._ids.items()}
        self.datasets = {}
        self.documents = 0

    def add_dataset(self, dataset: Dataset) -> None:
        self.datasets[dataset.id] = dataset
        dataset.workspace.datasets[dataset.id] = dataset

    def remove_dataset(self, dataset: Dataset) -> None:
        self.documents -= len(dataset.documents)
        del self.datasets[dataset.id]
        del dataset.workspace.datasets[dataset.id]

    def add_document(self, document: Document) -> None:
        document.dataset.add(document)
        self.documents += 1

    def remove_document(self, document: Document) -> None:
        document.dataset.remove(document)
        self.documents -= 1

    def new_batch(self) -> str:
        """A batch number as Dify makes it, from the time, yet never the same twice."""
        self._last_batch = max(self._last_batch + 1, int(time.time() * 1_000_000))
        moment = datetime.fromtimestamp(self._last_batch // 1_000_000, timezone.utc)
        return moment.strftime("%Y%m%d%H%M%S") + f"{self._last_batch % 1_000_000:06d}"
