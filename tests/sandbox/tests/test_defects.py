"""The switches of what 1.12.1 does and its contract does not say: each on and off. Those with tests of their own are in test_server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from sandbox.settings import DEFECTS, Settings, defects_of
from sandbox.testing import Sandbox

from wire import Answer, Client, create_dataset, create_document, multipart

README = Path(__file__).resolve().parents[1] / "README.md"
NOWHERE = "00000000-0000-4000-8000-00000000dead"
KEYWORD = {"search_method": "keyword_search", "reranking_enable": False, "score_threshold_enabled": False}
JSON = {"Content-Type": "application/json"}
on_and_off = pytest.mark.parametrize("on", [True, False])


@pytest.fixture
def client(sandbox: Sandbox) -> Any:
    with Client(sandbox.http, sandbox.key) as made:
        yield made


def test_the_readme_names_every_defect() -> None:
    named = set(re.findall(r"^\| `([a-z0-9-]+)` \| ", README.read_text("utf-8"), re.MULTILINE))
    assert set(DEFECTS) <= named


@pytest.mark.parametrize(
    ("version", "has"),
    [("1.11.4", True), ("1.12.1", True), ("1.12.2", False), ("1.13.0", False), ("2.0", False), ("present", False)],
)
def test_the_version_sets_the_defects(version: str, has: bool) -> None:
    assert bool(Settings(dify_version=version).defects) == has
    assert "same-name-duplicates" not in defects_of(version)


@on_and_off
def test_deletes_answer_200(sandbox: Sandbox, client: Client, on: bool) -> None:
    sandbox.defect("deletes-answer-200", on)
    answer = client.ask("DELETE", f"/datasets/{create_dataset(client)}")
    assert (answer.status, answer.body) == ((200, b"204\n") if on else (204, b""))
    assert (answer.header("Content-Length") is None) is not on
    # The connection is still of use: a 204 has no body to wait for.
    assert client.ask("GET", "/datasets").json()["total"] == 0


@on_and_off
def test_a_child_chunk_is_gone_in_spite_of_a_400(sandbox: Sandbox, client: Client, on: bool) -> None:
    sandbox.defect("child-delete-400", on)
    sandbox.defect("deletes-answer-200", False)
    dataset = create_dataset(client)
    document = create_document(client, dataset)["document"]["id"]
    sandbox.drain_indexing()
    segments = f"/datasets/{dataset}/documents/{document}/segments"
    children = f"{segments}/{client.ask('GET', segments).json()['data'][0]['id']}/child_chunks"
    made = client.ask("POST", children, {"content": "a child"}).json()["data"]["id"]
    answer = client.ask("DELETE", f"{children}/{made}")
    assert answer.status == (400 if on else 204)
    assert client.ask("GET", children).json()["total"] == 0
    assert sandbox.effects("child_chunks.delete") == 1


def test_a_child_chunk_stays_where_no_model_is(sandbox: Sandbox, client: Client) -> None:
    document = {"id": NOWHERE, "text": "One.", "rule": {"mode": "hierarchical", "rules": {"parent_mode": "full-doc"}}}
    (dataset,) = sandbox.seed(datasets=[{"doc_form": "hierarchical_model", "documents": [document]}])
    sandbox.settings(models="none")
    segments = f"/datasets/{dataset}/documents/{NOWHERE}/segments"
    children = f"{segments}/{client.ask('GET', segments).json()['data'][0]['id']}/child_chunks"
    (child,) = client.ask("GET", children).json()["data"]
    assert (
        client.ask("DELETE", f"{children}/{child['id']}").json()["message"] == "Default model not found for text-embedding"
    )
    assert client.ask("GET", children).json()["total"] == 1


@on_and_off
def test_a_413_shows_a_placeholder(sandbox: Sandbox, on: bool) -> None:
    sandbox.defect("literal-message", on)
    with Client(sandbox.http, sandbox.keys["chat"]) as app:
        answer = app.post_form("/files/upload", multipart(("file", "a.png", "image/png", b"x" * (10 * 1024 * 1024 + 1))))
    assert (answer.status, answer.json()["message"]) == (413, "File size exceeded. {message}" if on else "")


@on_and_off
def test_a_create_by_file_says_why(sandbox: Sandbox, client: Client, on: bool) -> None:
    sandbox.defect("empty-message-400", on)
    sandbox.settings(upload_limit=10)
    path = f"/datasets/{create_dataset(client)}/document/create-by-file"
    data = b'{"indexing_technique": "economy", "process_rule": {"mode": "automatic"}}'
    found = [
        client.post_form(path, multipart(("data", None, None, data), ("file", name, "text/plain", content)))
        for name, content in (("a.exe", b"x"), ("a.txt", b"x" * 11))
    ]
    assert [(one.status, one.json()["code"]) for one in found] == [(400, "invalid_param")] * 2
    assert [one.json()["message"] for one in found] == (
        ["", ""] if on else ["File type not allowed.", "File size exceeded."]
    )


@on_and_off
def test_an_economy_knowledge_base_is_searched_semantically(sandbox: Sandbox, client: Client, on: bool) -> None:
    sandbox.defect("economy-searches-semantically", on)
    dataset = create_dataset(client)
    create_document(client, dataset)
    sandbox.drain_indexing()
    answer = client.ask("POST", f"/datasets/{dataset}/retrieve", {"query": "text"})
    assert answer.status == (400 if on else 200)
    assert on or len(answer.json()["records"]) == 1


@on_and_off
def test_a_missing_switch_is_an_error_of_the_server(sandbox: Sandbox, client: Client, on: bool) -> None:
    sandbox.defect("retrieval-switches-500", on)
    path = f"/datasets/{create_dataset(client)}/retrieve"
    for name in KEYWORD:
        model = {member: value for member, value in KEYWORD.items() if member != name}
        answer = client.ask("POST", path, {"query": "text", "retrieval_model": model})
        assert answer.status == (500 if on else 400)
        assert name in answer.json()["message"]
    assert client.ask("POST", path, {"query": "text", "retrieval_model": KEYWORD}).status == 200


@on_and_off
def test_a_field_that_does_not_exist(sandbox: Sandbox, client: Client, on: bool) -> None:
    sandbox.defect("absent-field-200", on)
    path = f"/datasets/{create_dataset(client)}/metadata/{NOWHERE}"
    statuses = [client.ask("PATCH", path, {"name": "url"}).status, client.ask("DELETE", path).status]
    assert statuses == ([200, 200] if on else [404, 404])


def _with_a_value(client: Client, sandbox: Sandbox) -> tuple[str, str, str]:
    """A knowledge base, a document in it that has a value, and that field."""
    dataset = create_dataset(client)
    document = create_document(client, dataset)["document"]["id"]
    sandbox.drain_indexing()
    field = client.ask("POST", f"/datasets/{dataset}/metadata", {"type": "string", "name": "url"}).json()["id"]
    assert _assign(client, dataset, document, field, "u").status == 200
    return dataset, document, field


def _assign(client: Client, dataset: str, document: str, field: str, value: Any) -> Answer:
    values = [{"id": field, "name": "url", "value": value}]
    operation = {"document_id": document, "metadata_list": values}
    return client.ask("POST", f"/datasets/{dataset}/documents/metadata", {"operation_data": [operation]})


@on_and_off
def test_a_renamed_field_loses_the_values_of_disabled_documents(sandbox: Sandbox, client: Client, on: bool) -> None:
    sandbox.defect("rename-loses-values", on)
    dataset, document, field = _with_a_value(client, sandbox)
    client.ask("PATCH", f"/datasets/{dataset}/documents/status/disable", {"document_ids": [document]})
    client.ask("PATCH", f"/datasets/{dataset}/metadata/{field}", {"name": "address"})
    assert sandbox.dataset(dataset)["documents"][0]["metadata"] == {"address": None if on else "u"}


@on_and_off
def test_a_metadata_write_that_fails(sandbox: Sandbox, client: Client, on: bool) -> None:
    sandbox.defect("write-failures-swallowed", on)
    dataset, document, field = _with_a_value(client, sandbox)
    before = sandbox.effects("metadata.assign")
    tries = ((NOWHERE, field, "x"), (document, NOWHERE, "x"), (document, field, "a\0b"))
    statuses = [_assign(client, dataset, *one).status for one in tries]
    assert statuses == ([200, 200, 200] if on else [400, 400, 400])
    # The server itself takes a field that does not exist for written.
    assert sandbox.effects("metadata.assign") - before == (1 if on else 0)


@on_and_off
def test_a_run_that_does_not_exist(sandbox: Sandbox, on: bool) -> None:
    sandbox.defect("absent-run-200", on)
    with Client(sandbox.http, sandbox.keys["workflow"]) as app:
        answer = app.ask("GET", f"/workflows/run/{NOWHERE}")
    assert (answer.status, answer.json().get("id")) == (200 if on else 404, None)


@on_and_off
def test_a_ceiling_of_runs(sandbox: Sandbox, on: bool) -> None:
    sandbox.defect("ceiling-400", on)
    sandbox.settings(app_limit=1)
    sandbox.script(words=["held"], hold_after=1)
    asked = {"inputs": {}, "query": "hello", "user": "u", "response_mode": "streaming"}
    with Client(sandbox.http, sandbox.keys["chat"]) as app, Client(sandbox.http, sandbox.keys["chat"]) as other:
        app.send("POST", "/v1/chat-messages", {"Authorization": f"Bearer {app.key}", **JSON}, json.dumps(asked).encode())
        sandbox.wait("runs/held", 1)
        answer = other.ask("POST", "/chat-messages", asked)
        sandbox.release_event()
        assert app.receive().status == 200
    assert (answer.status, answer.json()["code"]) == ((400, "invalid_param") if on else (429, "too_many_requests"))


@on_and_off
def test_a_model_that_breaks_midway(sandbox: Sandbox, on: bool) -> None:
    sandbox.defect("broken-model-200", on)
    sandbox.script(break_after=1)
    asked = {"inputs": {}, "query": "hello", "user": "u", "response_mode": "blocking"}
    with Client(sandbox.http, sandbox.keys["chat"]) as app:
        answer = app.ask("POST", "/chat-messages", asked)
    assert (answer.status, "answer" in answer.json()) == ((200, True) if on else (400, False))
