"""The operations, a room a group. Importing this package declares them all; a new room is added to the list below."""

from . import (
    apps,
    audio,
    chat,
    child_chunks,
    completion,
    datasets,
    document_writes,
    documents,
    files,
    metadata,
    models,
    retrieve,
    segments,
    tags,
    workflows,
)

__all__ = [
    "apps",
    "audio",
    "chat",
    "child_chunks",
    "completion",
    "datasets",
    "document_writes",
    "documents",
    "files",
    "metadata",
    "models",
    "retrieve",
    "segments",
    "tags",
    "workflows",
]
