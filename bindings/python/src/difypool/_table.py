"""Made by proto/gen.py from proto/difypool.toml. Do not edit: change the definition and run it."""

from __future__ import annotations

PROTOCOL = 1

# kind: (retryable by default, exit status of the command line)
KINDS: dict[str, tuple[bool, int]] = {
    "ok": (False, 0),
    "invalid_request": (False, 1),
    "unauthorized": (False, 1),
    "forbidden": (False, 1),
    "not_found": (False, 1),
    "unsupported": (False, 1),
    "conflict": (False, 1),
    "too_large": (False, 1),
    "rate_limited": (True, 1),
    "quota": (False, 1),
    "overloaded": (True, 3),
    "server_error": (True, 1),
    "unreachable": (True, 3),
    "tls": (False, 3),
    "timeout": (True, 3),
    "cancelled": (False, 1),
    "breaker_open": (True, 3),
    "unknown_outcome": (False, 4),
    "denied": (False, 1),
    "busy": (True, 3),
    "protocol": (False, 1),
    "internal": (False, 1),
}

MESSAGE_MAX = 67174400
GROUPS: frozenset[str] = frozenset(
    ("annotations", "apps", "audio", "chat", "child_chunks", "completion", "conversations", "datasets", "documents", "end_users", "files", "human_input", "messages", "metadata", "models", "pages", "pipelines", "segments", "tags", "workflows")
)
# Operations that are read as events, and as the bytes of a file.
EVENTS: frozenset[str] = frozenset(
    ("chat.send", "completion.send", "workflows.run", "workflows.run_by_id", "workflows.events", "pipelines.run_datasource", "pipelines.run", "documents.wait", "pages.push", "batch")
)
BINARY: frozenset[str] = frozenset(
    ("files.preview", "audio.from_text", "documents.download_zip")
)
# Operations with a file, and the parameter that it is.
FILES: dict[str, str] = {
    "files.upload": "file",
    "audio.to_text": "file",
    "documents.create_by_file": "file",
    "documents.update_by_file": "file",
    "documents.update": "file",
    "pipelines.upload_file": "file",
}
# Operations that may be repeated at will.
FREE: frozenset[str] = frozenset(
    (
        "datasets.list",
        "datasets.get",
        "datasets.retrieve",
        "documents.list",
        "documents.get",
        "documents.indexing_status",
        "metadata.list",
        "metadata.built_in",
        "tags.list",
        "datasets.tags",
        "segments.list",
        "segments.get",
        "child_chunks.list",
        "models.list",
        "apps.info",
        "apps.parameters",
        "apps.meta",
        "apps.site",
        "messages.suggested",
        "messages.list",
        "apps.feedbacks",
        "end_users.get",
        "conversations.list",
        "conversations.variables",
        "annotations.list",
        "annotations.reply_status",
        "workflows.get_run",
        "workflows.logs",
        "human_input.get",
        "documents.download",
        "pipelines.datasource_plugins",
        "workflows.events",
        "files.preview",
        "documents.download_zip",
        "documents.wait",
        "service.ping",
        "service.info",
        "service.stats",
        "service.profiles",
        "service.operations",
        "service.connect",
        "service.set",
        "service.cancel",
        "service.warm",
        "service.drain",
        "stream.next",
        "stream.close",
        "upload.open",
        "upload.write",
        "push.add",
        "push.next",
        "push.finish",
        "push.close",
    )
)
