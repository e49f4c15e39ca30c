"""The operations, a room a group. Importing this package declares them all; a new room is added to the list below."""

from . import (
    apps,
    audio,
    child_chunks,
    datasets,
    document_writes,
    documents,
    files,
    metadata,
    models,
    retrieve,
    segments,
    tags,
)

__all__ = [
    "apps",
    "audio",
    "child_chunks",
    "datasets",
    "document_writes",
    "documents",
    "files",
    "metadata",
    "models",
    "retrieve",
    "segments",
    "tags",
]
