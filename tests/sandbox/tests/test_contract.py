"""The published contract, held against what is played: all of it by the present version, and all but eleven operations by 1.12.1."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox.settings import PRESENT
from sandbox.testing import Sandbox

from wire import Answer, Client

CONTRACT: list[dict[str, Any]] = json.loads(
    (Path(__file__).resolve().parents[2] / "proto/contract/service-api.json").read_text("utf-8")
)["operations"]
ABSENT = {
    "updateDocument",
    "downloadDocument",
    "downloadDocumentsZip",
    "getEndUserChat",
    "getChatflowHumanInputForm",
    "submitChatflowHumanInputForm",
    "streamWorkflowEvents",
    "listDatasourcePlugins",
    "runDatasourceNode",
    "runPipeline",
    "uploadPipelineFile",
}
SOME_ID = "00000000-0000-4000-8000-00000000dead"


def path_of(entry: dict[str, Any]) -> str:
    """Its path with something well formed for each parameter."""
    return re.sub(r"\{(\w+)\}", lambda found: SOME_ID if found[1].endswith("_id") else "enable", entry["path"])


def is_lacking(answer: Answer) -> bool:
    """Whether an answer is that of a server without the route."""
    html = answer.status == 404 and (answer.header("Content-Type") or "").startswith("text/html")
    return html or (answer.status == 405 and answer.json()["code"] == "method_not_allowed")


@pytest.fixture(scope="module", params=["1.12.1", "present"])
def server(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox("--dify-version", request.param) as sandbox:
        yield sandbox


def test_the_present_version_has_all_and_the_recorded_one_lacks_eleven(server: Sandbox) -> None:
    assert len(CONTRACT) == 82
    with Client(server.http) as client:
        lacking = set()
        for entry in CONTRACT:
            client.send(entry["method"], client.prefix + path_of(entry), {})
            answer = client.receive(entry["method"])
            assert answer.header("X-Version") == server.settings()["dify_version"]
            if is_lacking(answer):
                lacking.add(entry["operationId"])
    assert lacking == (set() if server.settings()["dify_version"] == PRESENT else ABSENT)
