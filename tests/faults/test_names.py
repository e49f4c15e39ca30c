"""Two callers and one name: whatever is lost on the way, nobody is told that another's work is his own.

The callers have connections of their own to one service. What they ask for bears one name, and texts are of one length, so that name, size and time
tell nothing apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import difypool
import pytest
from sandbox.testing import Sandbox

from faults.service import Service

CALLERS = 8
OLD = ("--dify-version", "1.11.0", "--defect", "+same-name-duplicates")
NEW = ("--dify-version", "1.13.0")
AFTER, BEFORE = {"reset": "after"}, {"reset": "before"}

Told = list[dict[str, Any] | difypool.Error]


@pytest.fixture(scope="module")
def looking(short: Path) -> Iterator[Service]:
    """A service that does not look for long."""
    directory = short / "names"
    directory.mkdir()
    service = Service(directory, "verify_window_ms = 100\n")
    yield service
    service.close()


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Sandbox]]:
    """One of each kind; started once, since that takes longer than most tests."""
    with Sandbox() as racing, Sandbox(*OLD) as doubling, Sandbox(*NEW) as present:
        yield {"racing": racing, "doubling": doubling, "present": present}


def fresh(servers: dict[str, Sandbox], kind: str) -> Sandbox:
    sandbox = servers[kind]
    sandbox.reset()
    sandbox.pause_indexing()
    return sandbox


def at_once(service: Service, sandbox: Sandbox, op: str, calls: list[dict[str, Any]]) -> Told:
    """Each call by a caller of his own, all at once; answers in the order of the calls."""

    def one(args: dict[str, Any]) -> dict[str, Any] | difypool.Error:
        address: dict[str, Any] = {"base_url": sandbox.http, "api_key": sandbox.key}
        with difypool.Client(**address, socket=service.socket, breaker=False) as client:  # which is tested elsewhere
            try:
                found: dict[str, Any] = client.call(op, args, deadline=30).json()
            except difypool.Error as error:
                return error
            return found

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def done(told: Told) -> list[dict[str, Any]]:
    return [one for one in told if isinstance(one, dict)]


def kinds(told: Told) -> set[str]:
    return {one.kind for one in told if isinstance(one, difypool.Error)}


def knowledge_base(sandbox: Sandbox) -> str:
    return sandbox.seed(datasets=[{"name": "Site", "documents": []}])[0]


def lose(sandbox: Sandbox, op: str, *faults: dict[str, Any]) -> None:
    for fault in faults:
        sandbox.fault(match={"operation": op}, **fault)


def text_of(sandbox: Sandbox, dataset: str, document: str) -> str:
    found = {one["id"]: str(one["text"]) for one in sandbox.dataset(dataset)["documents"]}
    return found[document]


def test_knowledge_bases_of_one_name_at_once(looking: Service, servers: dict[str, Sandbox]) -> None:
    sandbox = fresh(servers, "racing")  # whose creates race: a name is found free by all who ask at once
    told = at_once(looking, sandbox, "datasets.create", [{"name": "one", "indexing_technique": "economy"}] * CALLERS)
    assert [one["name"] for one in sandbox.datasets()] == ["one"]
    assert len(done(told)) == 1
    assert kinds(told) == {"conflict"}


def test_fields_and_tags_of_one_name_at_once(looking: Service, servers: dict[str, Sandbox]) -> None:
    sandbox = fresh(servers, "racing")
    dataset = knowledge_base(sandbox)
    args = {"dataset_id": dataset, "type": "string", "name": "url"}
    told = at_once(looking, sandbox, "metadata.create", [args] * CALLERS)
    assert [field["name"] for field in sandbox.dataset(dataset)["fields"]] == ["url"]
    tags = at_once(looking, sandbox, "tags.create", [{"name": "manuals"}] * CALLERS)
    assert sandbox.effects("tags.create") == 1
    assert (len(done(told)), len(done(tags))) == (1, 1)
    assert kinds(told) == kinds(tags) == {"conflict"}


@pytest.mark.parametrize("faults", [(AFTER, AFTER), (AFTER, BEFORE), (BEFORE, AFTER), (BEFORE, BEFORE)])
@pytest.mark.parametrize("op", ["datasets.create", "metadata.create"])
def test_two_whose_answers_are_lost_are_never_both_told_of_one_thing(
    looking: Service, servers: dict[str, Sandbox], op: str, faults: tuple[dict[str, Any], ...]
) -> None:
    sandbox = fresh(servers, "racing")
    dataset = knowledge_base(sandbox)
    args = {"name": "one", "indexing_technique": "economy"}
    if op == "metadata.create":
        args = {"name": "one", "type": "string", "dataset_id": dataset}
    lose(sandbox, op, *faults)
    told = at_once(looking, sandbox, op, [args, args])
    assert sandbox.effects(op) <= 1
    assert len(done(told)) == sandbox.effects(op), "who did it was shown that he did"
    assert kinds(told) <= {"unknown_outcome", "conflict"}


@pytest.mark.parametrize("faults", [(AFTER, AFTER), (AFTER, BEFORE), (BEFORE, AFTER), (BEFORE, BEFORE)])
def test_documents_of_one_name_where_a_repeat_doubles(
    looking: Service, servers: dict[str, Sandbox], faults: tuple[dict[str, Any], ...]
) -> None:
    sandbox = fresh(servers, "doubling")
    dataset = knowledge_base(sandbox)
    texts = ["aaaa", "bbbb"]
    lose(sandbox, "documents.create_by_text", *faults)
    told = at_once(looking, sandbox, "documents.create_by_text", [page(dataset, text) for text in texts])
    for text, one in zip(texts, told, strict=True):
        if isinstance(one, dict):
            assert text_of(sandbox, dataset, one["document"]["id"]) == text
    assert len(done(told)) == sandbox.effects("documents.create_by_text") == faults.count(AFTER)
    assert kinds(told) <= {"unknown_outcome"}


def page(dataset: str, text: str) -> dict[str, Any]:
    return {
        "dataset_id": dataset,
        "name": "page.html",
        "text": text,
        "indexing_technique": "economy",
        "doc_form": "text_model",
        "process_rule": {"mode": "automatic"},
    }


def test_a_page_sent_a_moment_before_does_not_prove_one_that_never_arrived(
    looking: Service, servers: dict[str, Sandbox]
) -> None:
    sandbox = fresh(servers, "racing")  # of 1.12.1, where a create by the same name is an update
    dataset = knowledge_base(sandbox)
    (first,) = done(at_once(looking, sandbox, "documents.create_by_text", [page(dataset, "aaaa")]))
    lose(sandbox, "documents.create_by_text", BEFORE)
    (second,) = done(at_once(looking, sandbox, "documents.create_by_text", [page(dataset, "bbbb")]))
    assert second["document"]["id"] == first["document"]["id"]
    assert text_of(sandbox, dataset, second["document"]["id"]) == "bbbb"


def test_an_update_a_moment_before_does_not_prove_one_that_never_arrived(
    looking: Service, servers: dict[str, Sandbox]
) -> None:
    sandbox = fresh(servers, "present")
    dataset = knowledge_base(sandbox)
    (made,) = done(at_once(looking, sandbox, "documents.create_by_text", [page(dataset, "....")]))
    document = made["document"]["id"]
    update = {"dataset_id": dataset, "document_id": document, "name": "page.html"}
    sandbox.drain_indexing()
    assert done(at_once(looking, sandbox, "documents.update_by_text", [{**update, "text": "aaaa"}]))
    sandbox.drain_indexing()
    lose(sandbox, "documents.update_by_text", BEFORE)
    (told,) = at_once(looking, sandbox, "documents.update_by_text", [{**update, "text": "bbbb"}])
    assert isinstance(told, difypool.Error)
    assert told.kind == "unknown_outcome"
    assert text_of(sandbox, dataset, document) == "aaaa"
