"""The operations, a room a group. Importing this package declares them all; a new room is added to the list below."""

from . import apps, datasets, document_writes, documents, metadata, models, retrieve, segments, tags

__all__ = ["apps", "datasets", "document_writes", "documents", "metadata", "models", "retrieve", "segments", "tags"]
