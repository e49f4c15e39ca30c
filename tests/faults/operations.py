"""The operations of the matrix, with arguments that do something to a small knowledge base of their own.

Rules (retry rule, from which version a repeat is harmless, whether there is a proof) are read from proto/difypool.toml; here stands only what the
table cannot know: arguments that work on a scene, and what an operation is carried as.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox import ops  # noqa: F401  (importing declares the operations)
from sandbox.routing import router
from sandbox.settings import Settings

from faults import scenes
from faults.scenes import RETRIEVAL, TEXT, Prepare, Scene

TABLE = Path(__file__).resolve().parents[2] / "proto" / "difypool.toml"

# Not called: the sandbox gives an app that asks a person to keys of one name, and cells are told apart by the names of their keys.
NOT_CALLED = {"human_input.get", "human_input.submit"}

# Nothing shows that they happened, so a lost answer is an unknown outcome: a server of 1.12.1 cannot list tags once it has one (the table's list_400),
# and a message's feedback stands in the list of a conversation that a call does not name.
WITHOUT_PROOF = {"tags.create", "tags.update", "tags.delete", "messages.feedback"}

# Whose answer has no body at all, a true 204: what happens to a body cannot happen to it.
BODILESS = {"conversations.delete", "annotations.delete"}


@dataclass(frozen=True)
class Rule:
    """What the table says of an operation, and so what the oracle may know."""

    name: str
    retry: str  # free | verify | never
    provable: bool  # the server shows whether it happened
    harmless: bool  # a second time leaves what the first one left, at the sandbox's version
    answers: bool  # with JSON; else its answer is empty or bytes, and what comes in its place says nothing
    bodiless: bool = False  # its answer has no body
    read_back: bool = False  # a run whose events broke off is looked up


@dataclass(frozen=True)
class Work:
    """How an operation is called on a scene."""

    args: Callable[[Scene], dict[str, Any]]
    carried_as: str = ""  # another operation that does the same on this version of the server
    prepare: Prepare | None = None
    key: str = "dataset"  # its kind: that, or the mode of the app that it belongs to
    options: dict[str, Any] = field(default_factory=dict)  # of the call
    counted: bool = (
        True  # False: the sandbox does not tell what it did (to stop what has ended leaves nothing to count)
    )


def _document(s: Scene) -> dict[str, Any]:
    return {"dataset_id": s.dataset, "document_id": s.document}


def _dataset(s: Scene) -> dict[str, Any]:
    return {"dataset_id": s.dataset}


def _segment(s: Scene) -> dict[str, Any]:
    return {**_document(s), "segment_id": s.found["segment_id"]}


def _field(s: Scene) -> dict[str, Any]:
    return {"dataset_id": s.dataset, "metadata_id": s.metadata}


def _assignment(s: Scene) -> dict[str, Any]:
    values = [{"id": s.metadata, "name": "url", "value": "https://example.org/guide"}]
    one = {"document_id": s.document, "metadata_list": values, "partial_update": True}
    return {**_dataset(s), "operation_data": [one]}


def _new_text(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "text": text, "doc_form": "text_model", "process_rule": {"mode": "automatic"}}


CHATFLOW = "advanced-chat"
BLOCKING = {"blocking": True}
_USER = {"user": scenes.USER}
_FILE = {"file": {"name": "page.md", "data": b"How to install it from a file."}}
_NEW_FILE = {"indexing_technique": "economy", "process_rule": {"mode": "automatic"}}


def _chunk(s: Scene) -> dict[str, Any]:
    return {**_segment(s), "child_chunk_id": s.found["child_chunk_id"]}


def _nothing(s: Scene) -> dict[str, Any]:
    return {}


def _known(*names: str, user: bool = True) -> Callable[[Scene], dict[str, Any]]:
    """Ids that the scene has found, and the user that they belong to."""
    return lambda s: {**{name: s.found[name] for name in names}, **(_USER if user else {})}


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
    "segments.get": Work(_segment, prepare=scenes.segment),
    "segments.update": Work(
        lambda s: {**_segment(s), "segment": {"content": "Install it with apt-get."}}, prepare=scenes.segment
    ),
    "segments.delete": Work(_segment, prepare=scenes.segment),
    "child_chunks.create": Work(lambda s: {**_segment(s), "content": "apt"}, prepare=scenes.segment),
    "child_chunks.list": Work(_segment, prepare=scenes.segment),
    "child_chunks.update": Work(lambda s: {**_chunk(s), "content": "apt-get"}, prepare=scenes.child_chunk),
    "child_chunks.delete": Work(_chunk, prepare=scenes.child_chunk),
    "documents.create_by_file": Work(lambda s: {**_dataset(s), **_FILE, **_NEW_FILE}),
    # Refused unless asked for, since it hangs the indexing of this version, which rests here.
    "documents.update_by_file": Work(lambda s: {**_document(s), **_FILE}, options={"allow_hazard": True}),
    "documents.update": Work(lambda s: {**_document(s), **_FILE}),
    "documents.download": Work(_document),
    "documents.download_zip": Work(lambda s: {**_dataset(s), "document_ids": [s.document]}),
    "pipelines.datasource_plugins": Work(lambda s: {**_dataset(s), "is_published": True}),
    "pipelines.upload_file": Work(lambda s: _FILE),
    "pipelines.run_datasource": Work(
        lambda s: {
            **_dataset(s),
            "node_id": s.found["node_id"],
            "inputs": {},
            "datasource_type": "online_document",
            "is_published": True,
        },
        prepare=scenes.nodes,
    ),
    "pipelines.run": Work(
        lambda s: {
            **_dataset(s),
            "inputs": {},
            "datasource_type": "local_file",
            "datasource_info_list": [{"reference": s.found["file_id"], "name": "guide.md"}],
            "start_node_id": s.found["file_node"],
            "is_published": True,
        },
        prepare=scenes.pipeline_file,
        options=BLOCKING,
    ),
    "models.list": Work(lambda s: {"model_type": "text-embedding"}),
    "apps.info": Work(_nothing, key=CHATFLOW),
    "apps.parameters": Work(_nothing, key=CHATFLOW),
    "apps.meta": Work(_nothing, key=CHATFLOW),
    "apps.site": Work(_nothing, key=CHATFLOW),
    "apps.feedbacks": Work(_nothing, key=CHATFLOW),
    "chat.send": Work(lambda s: {"inputs": {}, "query": "How?", **_USER}, key=CHATFLOW, options=BLOCKING),
    "chat.stop": Work(_known("task_id"), prepare=scenes.chat, key=CHATFLOW, counted=False),
    "completion.send": Work(lambda s: {"inputs": {"query": "A line"}, **_USER}, key="completion", options=BLOCKING),
    "completion.stop": Work(_known("task_id"), prepare=scenes.completion, key="completion", counted=False),
    "workflows.run": Work(lambda s: {"inputs": {"text": "So"}, **_USER}, key="workflow", options=BLOCKING),
    "workflows.run_by_id": Work(
        lambda s: {"inputs": {"text": "So"}, **_known("workflow_id")(s)},
        prepare=scenes.workflow,
        key="workflow",
        options=BLOCKING,
    ),
    "workflows.stop": Work(_known("task_id"), prepare=scenes.workflow, key="workflow", counted=False),
    "workflows.get_run": Work(_known("workflow_run_id", user=False), prepare=scenes.workflow, key="workflow"),
    "workflows.events": Work(_known("workflow_run_id"), prepare=scenes.workflow, key="workflow"),
    "workflows.logs": Work(_nothing, key="workflow"),
    "messages.list": Work(_known("conversation_id"), prepare=scenes.chat, key=CHATFLOW),
    "messages.suggested": Work(_known("message_id"), prepare=scenes.chat, key="chat"),
    "messages.feedback": Work(
        lambda s: {**_known("message_id")(s), "rating": "like"}, prepare=scenes.chat, key=CHATFLOW
    ),
    "conversations.list": Work(lambda s: _USER, key=CHATFLOW),
    "conversations.variables": Work(_known("conversation_id"), prepare=scenes.chat, key=CHATFLOW),
    "conversations.rename": Work(
        lambda s: {**_known("conversation_id")(s), "name": "Installing"}, prepare=scenes.chat, key=CHATFLOW
    ),
    "conversations.update_variable": Work(
        lambda s: {**_known("conversation_id", "variable_id")(s), "value": "merry"},
        prepare=scenes.variable,
        key=CHATFLOW,
    ),
    "conversations.delete": Work(_known("conversation_id"), prepare=scenes.chat, key=CHATFLOW),
    "annotations.create": Work(lambda s: {"question": "How?", "answer": "With apt."}, key=CHATFLOW),
    "annotations.list": Work(_nothing, key=CHATFLOW),
    "annotations.update": Work(
        lambda s: {**_known("annotation_id", user=False)(s), "question": "How?", "answer": "With apt-get."},
        prepare=scenes.annotation,
        key=CHATFLOW,
    ),
    "annotations.delete": Work(_known("annotation_id", user=False), prepare=scenes.annotation, key=CHATFLOW),
    "annotations.configure_reply": Work(lambda s: {"action": "enable", **scenes.REPLY}, key=CHATFLOW),
    "annotations.reply_status": Work(
        lambda s: {"action": "enable", **_known("job_id", user=False)(s)}, prepare=scenes.reply_job, key=CHATFLOW
    ),
    "files.upload": Work(lambda s: {**_FILE, **_USER}, key=CHATFLOW),
    "files.preview": Work(_known("file_id"), prepare=scenes.file_in_message, key=CHATFLOW),
    "end_users.get": Work(_known("end_user_id", user=False), prepare=scenes.file_of_user, key=CHATFLOW),
    "audio.to_text": Work(lambda s: {"file": {"name": "question.mp3", "data": b"ID3"}, **_USER}, key="chat"),
    "audio.from_text": Work(lambda s: {"text": "Hello.", **_USER}, key="chat"),
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
        carrier["answer"] in ("json", "events"),
        row["name"] in BODILESS,
        "read_back" in carrier and WORK[row["name"]].options != BLOCKING,
    )


def rules() -> dict[str, Rule]:
    """The rules of every operation of the table that the sandbox plays, by name, but those of NOT_CALLED."""
    table = {row["name"]: row for row in tomllib.loads(TABLE.read_text())["op"]}
    played = set(router().names)
    found: dict[str, Rule] = {}
    for name, row in table.items():
        if name not in played or name in NOT_CALLED:
            continue
        work = WORK.get(name)
        found[name] = _rule(row, table[work.carried_as] if work and work.carried_as else row)
    return found
