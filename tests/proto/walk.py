"""A walk through all operations: in which order their examples work, and which ids of an answer later ones need.

Beside the example in the table a step has the key that it is called with (by the sandbox's name for it), what its
answer gives (`keep`: name -> way into the answer), and `more`: arguments that this walk needs beside the example's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Way = tuple[str | int, ...]


@dataclass(frozen=True)
class Step:
    op: str
    key: str = "main"
    keep: dict[str, Way] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    needs: str = ""  # what must be known though no argument is made of it
    prepares: bool = False  # sent as plain HTTP by every walk: it is there for what it gives


def steps(key: str, *names: str) -> list[Step]:
    return [Step(name, key) for name in names]


# A knowledge base with a pipeline, which no operation makes: it is there when the walk begins.
PIPELINE = {"dataset_id": "$pipeline_id"}
DOCUMENT: dict[str, Way] = {"document_id": ("document", "id"), "batch": ("batch",)}
KNOWLEDGE = [
    Step("models.list"),
    Step("datasets.create", keep={"dataset_id": ("id",)}),
    *steps("main", "datasets.list", "datasets.get", "datasets.update"),
    Step("documents.create_by_text", keep=DOCUMENT),
    *steps("main", "documents.indexing_status", "documents.list", "documents.get", "datasets.retrieve"),
    Step("segments.create", keep={"segment_id": ("data", 0, "id")}),
    *steps("main", "segments.list", "segments.get", "segments.update"),
    Step("child_chunks.create", keep={"child_chunk_id": ("data", "id")}),
    *steps("main", "child_chunks.list", "child_chunks.update", "child_chunks.delete", "segments.delete"),
    Step("metadata.create", keep={"metadata_id": ("id",)}),
    *steps("main", "metadata.list", "metadata.built_in", "metadata.toggle_built_in", "metadata.assign"),
    Step("metadata.update"),
    Step("tags.create", keep={"tag_id": ("id",)}),
    *steps("main", "tags.list", "tags.bind", "datasets.tags", "tags.unbind", "tags.update", "tags.delete"),
    *steps("main", "datasets.ensure", "metadata.ensure", "tags.ensure", "documents.wait", "pages.push", "batch"),
    Step("documents.update_by_text"),
    # From here on the document is one that was uploaded as a file, of which alone there is something to download.
    Step("documents.create_by_file", keep=DOCUMENT),
    *steps("main", "documents.download", "documents.download_zip", "documents.update_by_file", "documents.update"),
    *steps("main", "documents.update_status", "metadata.delete"),
    *steps("main", "documents.delete", "datasets.delete"),
    Step("pipelines.datasource_plugins", keep={"file_node": (0, "node_id"), "node_id": (1, "node_id")}, more=PIPELINE),
    Step("pipelines.upload_file", keep={"file_id": ("id",)}, prepares=True),
    Step("pipelines.upload_file"),
    Step("pipelines.run_datasource", more=PIPELINE),
    Step("pipelines.run", more={**PIPELINE, "start_node_id": "$file_node"}),
]

MESSAGE: dict[str, Way] = {
    "task_id": ("task_id",),
    "conversation_id": ("conversation_id",),
    "message_id": ("message_id",),
}
ATTACHED = {"files": [{"type": "document", "transfer_method": "local_file", "upload_file_id": "$file_id"}]}
CHATS = [
    *steps("chatflow", "apps.info", "apps.parameters", "apps.meta", "apps.site"),
    Step("files.upload", "chatflow", keep={"file_id": ("id",), "end_user_id": ("created_by",)}, prepares=True),
    *steps("chatflow", "files.upload", "end_users.get"),
    # A file can be seen once a message refers to it.
    Step("chat.send", "chatflow", keep=MESSAGE, more=ATTACHED),
    Step("files.preview", "chatflow", needs="message_id"),
    *steps("chatflow", "chat.stop", "messages.list", "messages.feedback"),
    *steps("chatflow", "apps.feedbacks", "conversations.list"),
    Step("conversations.variables", "chatflow", keep={"variable_id": ("data", 0, "id")}),
    *steps("chatflow", "conversations.update_variable", "conversations.rename"),
    # A chatbot is asked for questions and speech, which the chatflow has turned off.
    Step("chat.send", "chat", keep={"chat_message_id": ("message_id",)}),
    Step("messages.suggested", "chat", more={"message_id": "$chat_message_id"}),
    *steps("chat", "audio.to_text", "audio.from_text"),
    Step("annotations.create", "chatflow", keep={"annotation_id": ("id",)}),
    *steps("chatflow", "annotations.list", "annotations.update"),
    Step("annotations.configure_reply", "chatflow", keep={"job_id": ("job_id",)}),
    *steps("chatflow", "annotations.reply_status", "annotations.delete", "conversations.delete"),
]
RUNS = [
    Step("completion.send", "completion", keep={"task_id": ("task_id",)}),
    Step("completion.stop", "completion"),
    Step("workflows.run", "workflow", keep={"task_id": ("task_id",), "workflow_run_id": ("workflow_run_id",)}),
    Step("workflows.stop", "workflow"),
    Step("workflows.get_run", "workflow", keep={"workflow_id": ("workflow_id",)}),
    *steps("workflow", "workflows.run_by_id", "workflows.events", "workflows.logs"),
    Step("workflows.run", "workflow-human", keep={"form_token": ("form_token",)}, prepares=True),
    Step("human_input.get", "workflow-human"),
    Step("human_input.submit", "workflow-human", more={"inputs": {"comment": "Looks good"}}),
]
WALK = [*KNOWLEDGE, *CHATS, *RUNS]

# After these the document is indexed before the next step is taken.
INDEXED = {
    *("documents.create_by_text", "documents.update_by_text"),
    *("documents.create_by_file", "documents.update_by_file", "documents.update"),
}


def filled(value: Any, known: dict[str, Any]) -> Any:
    """A value with what stands for ids replaced; KeyError with the name of one that is not known."""
    if isinstance(value, str) and value.startswith("$"):
        return known[value[1:]]
    if isinstance(value, list):
        return [filled(v, known) for v in value]
    if isinstance(value, dict):
        return {k: filled(v, known) for k, v in value.items()}
    return value


def taken(answer: Any, way: Way) -> Any:
    for step in way:
        answer = answer[step]
    return answer
