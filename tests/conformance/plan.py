"""In which order the operations are tried, with which arguments, and what of an answer later ones need.

`keys` are the kinds of key that serve: the first that is there is used, and another where it turns out that its app cannot. `args` may hold "$name" for what an earlier answer gave;
where that is missing, the operation is reported as not possible, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Way = tuple[str | int, ...]
KNOWLEDGE = ("knowledge",)
CHAT = ("chatflow", "chat", "agent")
ANY_APP = (*CHAT, "completion", "workflow")
HUMAN = ("human",)
KINDS = ("knowledge", *ANY_APP, "human")


@dataclass(frozen=True)
class Step:
    op: str
    keys: tuple[str, ...] = KNOWLEDGE
    args: dict[str, Any] = field(default_factory=dict)
    keep: dict[str, Way] = field(default_factory=dict)
    indexed: str = ""  # the document whose indexing must have ended before
    removes: str = ""  # what is gone after it
    streamed: bool = False
    optional: bool = False  # it serves another operation: where it fails, that one is not possible


D = {"dataset_id": "$dataset_id"}
DOC = {**D, "document_id": "$document_id"}
SEGMENT = {**DOC, "segment_id": "$segment_id"}
FILED = {**D, "document_id": "$file_document_id"}
RULE = {"mode": "automatic"}
PARENTS = {
    "mode": "hierarchical",
    "rules": {
        "pre_processing_rules": [],
        "parent_mode": "paragraph",
        "segmentation": {"separator": "\n\n", "max_tokens": 500, "chunk_overlap": 0},
        "subchunk_segmentation": {"separator": "\n", "max_tokens": 200, "chunk_overlap": 0},
    },
}
GUIDE = {"name": "conformance.md", "type": "text/markdown", "data": b"# Guide\n\nHow to install, and what to do then.\n"}
TEXT = "How to install, and what to do then.\n\nSecond part of the guide."
SEARCH = {"search_method": "keyword_search", "reranking_enable": False, "score_threshold_enabled": False, "top_k": 2}

KNOWLEDGE_STEPS = [
    Step("models.list", args={"model_type": "llm"}),
    Step(
        "models.list",
        args={"model_type": "text-embedding"},
        keep={"embedding_provider": ("data", 0, "provider"), "embedding_model": ("data", 0, "models", 0, "model")},
    ),
    Step(
        "datasets.create",
        args={"name": "$unique", "indexing_technique": "economy", "permission": "only_me", "retrieval_model": SEARCH},
        keep={"dataset_id": ("id",)},
    ),
    Step("datasets.list", args={"limit": 2, "keyword": "$unique"}),
    Step("datasets.get", args=D),
    Step("datasets.update", args={**D, "description": "changed"}),
    Step(
        "documents.create_by_text",
        args={**D, "name": "Guide", "text": TEXT, "indexing_technique": "economy", "process_rule": RULE},
        keep={"document_id": ("document", "id"), "batch": ("batch",)},
    ),
    Step("documents.indexing_status", args={**D, "batch": "$batch"}),
    Step("documents.list", args={**D, "limit": 5}),
    Step("documents.get", args=DOC),
    Step("datasets.retrieve", args={**D, "query": "install", "retrieval_model": SEARCH}, indexed="document_id"),
    Step(
        "segments.create",
        args={**DOC, "segments": [{"content": "A chunk of its own.", "keywords": ["chunk"]}]},
        keep={"segment_id": ("data", 0, "id")},
        indexed="document_id",
    ),
    Step("segments.list", args=DOC),
    Step("segments.get", args=SEGMENT),
    Step("segments.update", args={**SEGMENT, "segment": {"content": "A chunk that was changed.", "keywords": ["chunk"]}}),
    Step("segments.delete", args=SEGMENT),
    Step("metadata.create", args={**D, "type": "string", "name": "author"}, keep={"metadata_id": ("id",)}),
    Step("metadata.list", args=D),
    Step("metadata.built_in", args=D),
    Step("metadata.toggle_built_in", args={**D, "action": "enable"}),
    Step(
        "metadata.assign",
        args={
            **D,
            "operation_data": [
                {
                    "document_id": "$document_id",
                    "metadata_list": [{"id": "$metadata_id", "name": "author", "value": "Ann"}],
                    "partial_update": True,
                }
            ],
        },
    ),
    Step("metadata.update", args={**D, "metadata_id": "$metadata_id", "name": "writer"}),
    Step("metadata.delete", args={**D, "metadata_id": "$metadata_id"}),
    Step("tags.create", args={"name": "$unique"}, keep={"tag_id": ("id",)}),
    Step("tags.list"),
    Step("tags.bind", args={"tag_ids": ["$tag_id"], "target_id": "$dataset_id"}),
    Step("datasets.tags", args=D),
    Step("tags.unbind", args={"tag_id": "$tag_id", "target_id": "$dataset_id"}),
    Step("tags.update", args={"tag_id": "$tag_id", "name": "$unique2"}),
    Step("tags.delete", args={"tag_id": "$tag_id"}, removes="tag_id"),
    Step("documents.update_by_text", args={**DOC, "name": "Guide", "text": TEXT + " More.", "process_rule": RULE}),
    Step(
        "documents.create_by_file",
        args={**D, "file": GUIDE, "indexing_technique": "economy", "process_rule": RULE},
        keep={"file_document_id": ("document", "id")},
    ),
    Step("documents.download", args=FILED, indexed="file_document_id"),
    Step("documents.download_zip", args={**D, "document_ids": ["$file_document_id"]}),
    Step("documents.update_by_file", args={**FILED, "file": GUIDE, "process_rule": RULE}),
    Step("documents.update", args={**FILED, "file": GUIDE, "process_rule": RULE}, indexed="file_document_id"),
    Step("documents.update_status", args={**D, "action": "disable", "document_ids": ["$document_id"]}, indexed="document_id"),
    # Chunks in chunks need a knowledge base of their own: the first document fixes its form.
    Step(
        "datasets.create",
        args={"name": "$unique2", "indexing_technique": "economy", "permission": "only_me"},
        keep={"parents_id": ("id",)},
    ),
    Step(
        "documents.create_by_text",
        args={
            "dataset_id": "$parents_id",
            "name": "Parents",
            "text": TEXT,
            "indexing_technique": "economy",
            "doc_form": "hierarchical_model",
            "process_rule": PARENTS,
        },
        keep={"parent_document_id": ("document", "id")},
    ),
    Step(
        "segments.list",
        args={"dataset_id": "$parents_id", "document_id": "$parent_document_id"},
        keep={"parent_segment_id": ("data", 0, "id")},
        indexed="parent_document_id",
    ),
]
CHILD = {"dataset_id": "$parents_id", "document_id": "$parent_document_id", "segment_id": "$parent_segment_id"}
KNOWLEDGE_STEPS += [
    Step("child_chunks.create", args={**CHILD, "content": "A child."}, keep={"child_chunk_id": ("data", "id")}),
    Step("child_chunks.list", args=CHILD),
    Step("child_chunks.update", args={**CHILD, "child_chunk_id": "$child_chunk_id", "content": "Another."}),
    Step("child_chunks.delete", args={**CHILD, "child_chunk_id": "$child_chunk_id"}),
    Step("documents.delete", args=DOC),
    Step("pipelines.datasource_plugins", args={"dataset_id": "$pipeline_id"}, keep={"node_id": (0, "node_id")}),
    Step("pipelines.upload_file", args={"file": GUIDE}, keep={"pipeline_file_id": ("id",)}),
    Step(
        "pipelines.run_datasource",
        args={
            "dataset_id": "$pipeline_id",
            "node_id": "$node_id",
            "inputs": {},
            "datasource_type": "local_file",
            "is_published": True,
        },
    ),
    Step(
        "pipelines.run",
        args={
            "dataset_id": "$pipeline_id",
            "inputs": {},
            "datasource_type": "local_file",
            "start_node_id": "$node_id",
            "datasource_info_list": [{"reference": "$pipeline_file_id"}],
            "is_published": True,
        },
    ),
    Step("datasets.delete", args=D, removes="dataset_id"),
]

USER = {"user": "$user"}
ATTACHED = [{"type": "document", "transfer_method": "local_file", "upload_file_id": "$file_id"}]
TALK = {**USER, "query": "Say one word.", "inputs": "$inputs"}
APP_STEPS = [
    Step("apps.info", ANY_APP),
    Step("apps.parameters", ANY_APP),
    Step("apps.meta", ANY_APP),
    Step("apps.site", ANY_APP),
    Step("files.upload", CHAT, {**USER, "file": GUIDE}, {"file_id": ("id",), "end_user_id": ("created_by",)}),
    Step("end_users.get", CHAT, {"end_user_id": "$end_user_id"}),
    Step(
        "chat.send",
        CHAT,
        TALK,
        {"conversation_id": ("conversation_id",), "message_id": ("message_id",), "task_id": ("task_id",)},
    ),
    Step("chat.send", CHAT, {**TALK, "conversation_id": "$conversation_id"}, streamed=True),
    Step("chat.send", CHAT, {**TALK, "files": ATTACHED}, {"preview_id": ("upload_file_id",)}, optional=True),
    Step("files.preview", CHAT, {"file_id": "$preview_id"}),
    Step("chat.stop", CHAT, {**USER, "task_id": "$task_id"}),
    Step("messages.list", CHAT, {**USER, "conversation_id": "$conversation_id"}),
    Step("messages.feedback", CHAT, {**USER, "message_id": "$message_id", "rating": "like"}),
    # Questions and speech are turned on by app: each that there is a key for is tried.
    Step("chat.send", ("chat", "chatflow", "agent"), TALK, {"suggest_id": ("message_id",)}, optional=True),
    Step("messages.suggested", ("chat", "chatflow", "agent"), {**USER, "message_id": "$suggest_id"}),
    Step("apps.feedbacks", CHAT),
    Step("conversations.list", CHAT, USER),
    Step(
        "conversations.variables",
        CHAT,
        {**USER, "conversation_id": "$conversation_id"},
        {"variable_id": ("data", 0, "id")},
    ),
    Step(
        "conversations.update_variable",
        CHAT,
        {**USER, "conversation_id": "$conversation_id", "variable_id": "$variable_id", "value": "new"},
    ),
    Step("conversations.rename", CHAT, {**USER, "conversation_id": "$conversation_id", "name": "conformance"}),
    Step("audio.from_text", CHAT, {**USER, "text": "One word."}),
    Step("audio.to_text", CHAT, {**USER, "file": {"name": "a.mp3", "type": "audio/mp3", "data": b"ID3" + bytes(2000)}}),
    Step("annotations.create", CHAT, {"question": "$unique", "answer": "one"}, {"annotation_id": ("id",)}),
    Step("annotations.list", CHAT),
    Step("annotations.update", CHAT, {"annotation_id": "$annotation_id", "question": "$unique", "answer": "two"}),
    Step(
        "annotations.configure_reply",
        CHAT,
        {
            "action": "disable",
            "score_threshold": 0.9,
            "embedding_provider_name": "$embedding_provider",
            "embedding_model_name": "$embedding_model",
        },
        {"job_id": ("job_id",)},
    ),
    Step("annotations.reply_status", CHAT, {"action": "disable", "job_id": "$job_id"}),
    Step("annotations.delete", CHAT, {"annotation_id": "$annotation_id"}, removes="annotation_id"),
    Step("conversations.delete", CHAT, {**USER, "conversation_id": "$conversation_id"}, removes="conversation_id"),
    Step("completion.send", ("completion",), {**USER, "inputs": "$inputs"}, {"completion_task_id": ("task_id",)}),
    Step("completion.stop", ("completion",), {**USER, "task_id": "$completion_task_id"}),
    Step(
        "workflows.run",
        ("workflow",),
        {**USER, "inputs": "$inputs"},
        {"run_id": ("workflow_run_id",), "run_task_id": ("task_id",)},
    ),
    Step("workflows.run", ("workflow",), {**USER, "inputs": "$inputs"}, streamed=True),
    Step("workflows.stop", ("workflow",), {**USER, "task_id": "$run_task_id"}),
    Step("workflows.get_run", ("workflow",), {"workflow_run_id": "$run_id"}, {"workflow_id": ("workflow_id",)}),
    Step("workflows.run_by_id", ("workflow",), {**USER, "workflow_id": "$workflow_id", "inputs": "$inputs"}),
    Step("workflows.events", ("workflow",), {**USER, "workflow_run_id": "$run_id"}),
    Step("workflows.logs", ("workflow",)),
    Step("workflows.run", HUMAN, {**USER, "inputs": "$inputs"}, {"form_token": ("form_token",)}, streamed=True, optional=True),
    Step("human_input.get", HUMAN, {"form_token": "$form_token"}, {"action": ("user_actions", 0, "id")}),
    Step("human_input.submit", HUMAN, {**USER, "form_token": "$form_token", "inputs": "$form_inputs", "action": "$action"}),
]
STEPS = [*KNOWLEDGE_STEPS, *APP_STEPS]
