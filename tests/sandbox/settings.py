"""Everything that can be chosen about the stand-in, in one place.

A setting that shapes the server (ports, keys) is fixed at the start; the others may be changed while it runs, over the control interface. Named
defects are what the 1.12.1 line was seen to do and later lines may not: each can be switched by name, so that a client's workaround can be tested
with the defect and without it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

# What each defect does. The README carries the same list for readers.
DEFECTS: dict[str, str] = {
    "tags-answer-400": "tag create and update answer 400 although the tag is made; the tag list is 400 as soon as a tag exists",
    "tag-filter-400": "the tag_ids filter of the list of knowledge bases is 400",
    "has-more-by-length": "has_more compares the page's length with the limit: true on a full last page, false above the cap of 100",
    "update-hangs-indexing": "update-by-text and update-by-file hang the indexing worker until it is restarted",
    "metadata-lost-updates": "metadata writes to one document at once lose some of them",
    "creates-race": "equal creates at once all succeed: knowledge bases (in spite of 409), metadata fields, tags",
    "bad-rule-sticks": "a bad chunk size is accepted and becomes the default of later documents",
    "technique-required": "create-by-text without indexing_technique is refused although the knowledge base has one",
    "routes-absent": "the operations that 1.12.1 lacks answer HTML 404 or JSON 405",
    "deletes-answer-200": "deletes and tag bindings answer 200 with the body 204 where a 204 is documented",
    "child-delete-400": "child chunk delete in an economy knowledge base is 400 although the child chunk is gone",
    "literal-message": "the message of a 413 holds a literal {message}",
    "empty-message-400": "create-by-file with a file too large or of another type is a 400 without a message",
    "economy-searches-semantically": "an economy knowledge base made without a retrieval_model is searched semantically: 400",
    "retrieval-switches-500": "a retrieval_model without its switches is a 500 whose message is the missing one's name",
    "absent-field-200": "update and delete of a metadata field that does not exist are 200",
    "rename-loses-values": "renaming a metadata field loses its value on documents that are disabled or not completed",
    "write-failures-swallowed": "a metadata write with an unknown document or field, or a NUL in a value, is 200 all the same",
    "variable-name-500": "the variable_name filter of a conversation's variables is a 500",
    "absent-run-200": "a workflow run that does not exist is 200 with nulls",
    "ceiling-400": "an app's ceiling of runs at once is a 400 where a 429 is documented",
    "broken-model-200": "blocking: a model that breaks midway is 200 with a truncated answer",
    "root-404": "GET /v1/ is an HTML 404 (with X-Version)",
    "same-name-duplicates": "a create-by-text with a known name adds a second document (servers before 1.12)",
}

# Off unless asked for, whatever the version.
_OPT_IN = {"same-name-duplicates"}


# The version that "present" stands for: a server of the published contract, which says no number. The first one after the recorded line.
PRESENT = "1.13.0"


def version_of(text: str) -> str:
    """A version as X-Version says it."""
    return PRESENT if text == "present" else text


def is_present(version: str) -> bool:
    """Whether a version is later than the recorded line, and so keeps to the published contract."""
    try:
        return tuple(int(part) for part in version.split(".")[:3]) > (1, 12, 1)
    except ValueError:
        return False


def defects_of(version: str) -> set[str]:
    """The defects that a version has unless they are switched by hand: those seen on 1.12.1 hold for it and for all before it."""
    return set() if is_present(version) else set(DEFECTS) - _OPT_IN


@dataclass(frozen=True)
class Key:
    """An API key. kind is "dataset", or an app's mode ("chat", "workflow", ...), which is no use on a knowledge path."""

    secret: str
    workspace: str
    kind: str = "dataset"
    name: str = ""


DEFAULT_KEYS = (
    Key("sandbox-knowledge", "main", "dataset", "main"),
    Key("sandbox-knowledge-second", "main", "dataset", "second"),
    Key("sandbox-other-workspace", "other", "dataset", "other"),
    Key("sandbox-app-chatflow", "main", "advanced-chat", "chatflow"),
    Key("sandbox-app-chat", "main", "chat", "chat"),
    Key("sandbox-app-workflow", "main", "workflow", "workflow"),
    Key("sandbox-app-completion", "main", "completion", "completion"),
    Key("sandbox-app-agent", "main", "agent-chat", "agent"),
    # Apps of a special kind, by their names: see apps.py.
    *(
        Key(f"sandbox-app-{kind}-{what}", "main", "workflow" if kind == "workflow" else "advanced-chat", f"{kind}-{what}")
        for kind, what in (
            ("chatflow", "slow"),
            ("chatflow", "steps"),
            ("chatflow", "fail"),
            ("chatflow", "limit1"),
            ("chatflow", "human"),
            ("workflow", "slow"),
            ("workflow", "fail"),
            ("workflow", "limit1"),
            ("workflow", "human"),
            ("workflow", "unpublished"),
            ("workflow", "apioff"),
        )
    ),
)


@dataclass
class Settings:
    """The settings with their defaults: a server that answers at once, without bounds, of version 1.12.1."""

    dify_version: str = "1.12.1"
    env: str = "PRODUCTION"
    host: str = "127.0.0.1"
    keys: list[Key] = field(default_factory=lambda: list(DEFAULT_KEYS))
    defects: set[str] | None = None

    think_ms: float = 0.0
    think_ms_by_operation: dict[str, float] = field(default_factory=dict)
    cpu_workers: int = 0
    cpu_ms: float = 0.0
    cpu_ms_by_operation: dict[str, float] = field(default_factory=dict)
    cpu_ms_per_item: dict[str, float] = field(default_factory=dict)
    worker_connections: int = 0
    keepalive_s: float = 65.0
    requests_per_connection: int = 1000
    indexing_interval_s: float = 2.0
    models: str = "stub"
    vector_store: bool = True
    rate_limit: int = 0
    rate_window_s: float = 60.0
    body_limit: int = 100 * 1024 * 1024
    upload_limit: int = 15 * 1024 * 1024
    keep_upload_bytes: int = 1024 * 1024
    audio_bytes: int = 0
    speech_kinds: list[str] = field(default_factory=lambda: ["chat", "completion", "agent-chat"])
    pipeline_names: list[str] = field(default_factory=lambda: ["sandbox pipeline"])
    hidden_names: list[str] = field(default_factory=list)
    ping_interval_s: float = 10.0
    app_second_s: float = 1.0
    new_conversation_ms: float = 0.0
    app_limit: int = 0
    annotation_job_looks: int = 2

    def __post_init__(self) -> None:
        self.dify_version = version_of(self.dify_version)
        if self.defects is None:
            self.defects = defects_of(self.dify_version)

    @property
    def present(self) -> bool:
        return is_present(self.dify_version)

    def has(self, defect: str) -> bool:
        return self.defects is not None and defect in self.defects

    def change(self, values: dict[str, Any]) -> None:
        """Apply changes by name, all or none. ValueError names what is unknown or of the wrong type."""
        changed: dict[str, Any] = {}
        for name, value in values.items():
            if name not in CHANGEABLE:
                raise ValueError(f"no setting {name!r} that can be changed: there are {', '.join(sorted(CHANGEABLE))}")
            changed[name] = _checked(name, value, getattr(self, name))
        for name, value in changed.items():
            setattr(self, name, value)

    def public(self) -> dict[str, Any]:
        """All settings that can be changed, as JSON values."""
        values = {name: getattr(self, name) for name in sorted(CHANGEABLE)}
        values["defects"] = sorted(self.defects or ())
        values["dify_version"] = self.dify_version
        return values


def _checked(name: str, value: Any, old: Any) -> Any:
    if name == "defects":
        return checked_defects(value)
    if isinstance(old, bool):
        if not isinstance(value, bool):
            raise ValueError(f"{name}: expected true or false")
    elif isinstance(old, (int, float)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise ValueError(f"{name}: expected a number of at least 0")
    elif not isinstance(value, type(old)):
        raise ValueError(f"{name}: expected a {type(old).__name__}")
    return value


def checked_defects(names: Any) -> set[str]:
    if not isinstance(names, (list, set, tuple)):
        raise ValueError("defects: expected a list of names")
    unknown = sorted(set(names) - set(DEFECTS))
    if unknown:
        raise ValueError(f"no defect {unknown[0]!r}: there are {', '.join(sorted(DEFECTS))}")
    return set(names)


FIXED = {"dify_version", "env", "host", "keys"}
CHANGEABLE = {f.name for f in dataclasses.fields(Settings)} - FIXED

# A default docker deployment on two cores: one gunicorn worker with 10 connections behind nginx. Operations with a figure in the first block were
# measured for their CPU; those in the second are medians of recorded answer times of an idle server, which is what they cost when nothing waits.
DEFAULT_SERVER: dict[str, Any] = {
    "cpu_workers": 1,
    "worker_connections": 10,
    "keepalive_s": 65.0,
    "requests_per_connection": 1000,
    "indexing_interval_s": 2.0,
    "cpu_ms": 15.0,
    "cpu_ms_by_operation": {
        "datasets.list": 52.0,
        "documents.create_by_text": 58.0,
        "metadata.assign": 7.0,
        "documents.indexing_status": 15.0,
        "documents.list": 10.5,
        "datasets.retrieve": 27.0,
        "datasets.create": 28.0,
        "datasets.get": 52.0,
        "datasets.update": 26.0,
        "datasets.delete": 16.0,
        "documents.create_by_file": 69.0,
        "documents.update_by_text": 68.0,
        "documents.update_by_file": 68.0,
        "documents.get": 21.0,
        "documents.delete": 36.0,
        "documents.update_status": 31.0,
        "metadata.create": 17.0,
        "metadata.list": 14.0,
        "metadata.update": 20.0,
        "metadata.delete": 18.0,
        "tags.bind": 12.0,
        "tags.unbind": 12.0,
        "segments.create": 36.0,
        "segments.list": 42.0,
        "child_chunks.list": 17.0,
        "child_chunks.create": 31.0,
        "child_chunks.update": 30.0,
        "child_chunks.delete": 78.0,
        "files.upload": 25.0,
        "files.preview": 13.0,
        "audio.to_text": 112.0,
        "audio.from_text": 125.0,
        "models.list": 53.0,
        "apps.info": 11.0,
        "apps.parameters": 10.0,
        "apps.meta": 10.0,
        "apps.site": 11.0,
        "chat.send": 115.0,
        "workflows.run": 78.0,
        "workflows.run_by_id": 71.0,
        "conversations.list": 13.0,
        "conversations.delete": 33.0,
        "messages.list": 35.0,
        "messages.feedback": 13.0,
        "messages.suggested": 179.0,
        "annotations.list": 17.0,
        "annotations.update": 29.0,
        "annotations.delete": 20.0,
        "annotations.configure_reply": 29.0,
        "annotations.reply_status": 11.0,
    },
    "new_conversation_ms": 1000.0,
    "cpu_ms_per_item": {"datasets.list": 5.0, "documents.list": 3.5, "metadata.assign": 10.0},
}
PRESETS: dict[str, dict[str, Any]] = {"default-server": DEFAULT_SERVER}
