"""What a cell works on, and how it is put in place: a knowledge base by seeding, use of an app by plain HTTP past the service."""

from __future__ import annotations

import json
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

RETRIEVAL = {
    "search_method": "keyword_search",
    "reranking_enable": False,
    "top_k": 5,
    "score_threshold_enabled": False,
}
TEXT = "How to install, and what to do then."
USER = "abc-123"
BOUNDARY = "a-line-that-no-file-has"


def _id() -> str:
    return str(uuid.uuid4())


@dataclass
class Scene:
    """The ids of what one cell of the matrix works on, in a workspace of its own."""

    workspace: str
    dataset: str = field(default_factory=_id)
    document: str = field(default_factory=_id)
    metadata: str = field(default_factory=_id)
    bound_tag: str = field(default_factory=_id)
    free_tag: str = field(default_factory=_id)
    batch: str = "20260101000000123456"
    found: dict[str, str] = field(default_factory=dict)  # ids that the server made, by their names

    def seed(self, tags: bool) -> dict[str, Any]:
        """What the sandbox has to put in place."""
        dataset: dict[str, Any] = {
            "id": self.dataset,
            "name": "Product guide",
            "workspace": self.workspace,
            "retrieval_model": RETRIEVAL,
            "pipeline": True,
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


class Plain:
    """Requests past the service, counted so that the sandbox's log of them can be left out."""

    def __init__(self, base_url: str, secret: str) -> None:
        self._base_url = base_url
        self._secret = secret
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.requests = 0

    def get(self, path: str) -> Any:
        return self._ask(urllib.request.Request(self._base_url + path))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        head = {"Content-Type": "application/json"}
        return self._ask(urllib.request.Request(self._base_url + path, json.dumps(body).encode(), head))

    def upload(self, path: str, name: str, content: bytes, **texts: str) -> Any:
        parts = [f'name="{key}"\r\n\r\n{value}'.encode() for key, value in texts.items()]
        parts.append(f'name="file"; filename="{name}"\r\nContent-Type: text/plain\r\n\r\n'.encode() + content)
        opening = f"--{BOUNDARY}\r\nContent-Disposition: form-data; ".encode()
        body = b"".join(opening + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()
        head = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        return self._ask(urllib.request.Request(self._base_url + path, body, head))

    def _ask(self, request: urllib.request.Request) -> Any:
        self.requests += 1
        request.add_header("Authorization", f"Bearer {self._secret}")
        with self._opener.open(request, timeout=30) as answer:
            return json.load(answer)


Prepare = Callable[[Scene, Plain], None]


def _in_document(scene: Scene) -> str:
    return f"/datasets/{scene.dataset}/documents/{scene.document}/segments"


def segment(scene: Scene, plain: Plain) -> None:
    scene.found["segment_id"] = plain.get(_in_document(scene))["data"][0]["id"]


def child_chunk(scene: Scene, plain: Plain) -> None:
    segment(scene, plain)
    path = f"{_in_document(scene)}/{scene.found['segment_id']}/child_chunks"
    scene.found["child_chunk_id"] = plain.post(path, {"content": "apt"})["data"]["id"]


def nodes(scene: Scene, plain: Plain) -> None:
    found = plain.get(f"/datasets/{scene.dataset}/pipeline/datasource-plugins?is_published=true")
    scene.found["file_node"], scene.found["node_id"] = found[0]["node_id"], found[1]["node_id"]


def pipeline_file(scene: Scene, plain: Plain) -> None:
    nodes(scene, plain)
    scene.found["file_id"] = plain.upload("/datasets/pipeline/file-upload", "guide.md", TEXT.encode())["id"]


def chat(scene: Scene, plain: Plain) -> None:
    body = {"inputs": {}, "query": "How?", "user": USER, "response_mode": "blocking"}
    made = plain.post("/chat-messages", {**body, "files": _attached(scene)})
    scene.found |= {name: made[name] for name in ("task_id", "conversation_id", "message_id")}


def _attached(scene: Scene) -> list[dict[str, str]]:
    if "file_id" not in scene.found:
        return []
    return [{"type": "document", "transfer_method": "local_file", "upload_file_id": scene.found["file_id"]}]


def variable(scene: Scene, plain: Plain) -> None:
    chat(scene, plain)
    path = f"/conversations/{scene.found['conversation_id']}/variables?user={USER}"
    scene.found["variable_id"] = plain.get(path)["data"][0]["id"]


def file_of_user(scene: Scene, plain: Plain) -> None:
    made = plain.upload("/files/upload", "guide.md", TEXT.encode(), user=USER)
    scene.found |= {"file_id": made["id"], "end_user_id": made["created_by"]}


def file_in_message(scene: Scene, plain: Plain) -> None:
    """A file can be seen once a message refers to it."""
    file_of_user(scene, plain)
    chat(scene, plain)


def annotation(scene: Scene, plain: Plain) -> None:
    made = plain.post("/apps/annotations", {"question": "How?", "answer": "With apt."})
    scene.found["annotation_id"] = made["id"]


REPLY = {
    "score_threshold": 0.9,
    "embedding_provider_name": "langgenius/openai/openai",
    "embedding_model_name": "text-embedding-3-small",
}


def reply_job(scene: Scene, plain: Plain) -> None:
    scene.found["job_id"] = plain.post("/apps/annotation-reply/enable", REPLY)["job_id"]


def completion(scene: Scene, plain: Plain) -> None:
    body = {"inputs": {"query": "A line"}, "user": USER, "response_mode": "blocking"}
    scene.found["task_id"] = plain.post("/completion-messages", body)["task_id"]


def workflow(scene: Scene, plain: Plain) -> None:
    body = {"inputs": {"text": "Summarize"}, "user": USER, "response_mode": "blocking"}
    made = plain.post("/workflows/run", body)
    scene.found |= {"task_id": made["task_id"], "workflow_run_id": made["workflow_run_id"]}
    scene.found["workflow_id"] = made["data"]["workflow_id"]
