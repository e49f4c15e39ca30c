"""Partial writers of one document's metadata at once, at a server that loses every second of such writes: through difypool none is lost."""

from __future__ import annotations

import json
import multiprocessing
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import difypool
import pytest
from sandbox.testing import Sandbox

from faults.service import Service

WRITERS = 8
ROUNDS = 6
DOCUMENTS = 5


@dataclass(frozen=True)
class Site:
    """A knowledge base, and how to get there; it goes to other processes too."""

    base_url: str
    key: str
    socket: str
    dataset: str
    documents: tuple[str, ...]
    fields: tuple[str, ...]  # ids; the name of number n is "field n"

    def client(self) -> difypool.Client:
        return difypool.Client(base_url=self.base_url, api_key=self.key, socket=self.socket)

    def change(self, document: str, field: int, value: str) -> dict[str, Any]:
        values = [{"id": self.fields[field], "name": f"field {field}", "value": value}]
        return {"document_id": document, "metadata_list": values, "partial_update": True}


@pytest.fixture(scope="module")
def writing(short: Path) -> Iterator[Service]:
    directory = short / "writers"
    directory.mkdir()
    service = Service(directory, "verify_window_ms = 300\n")
    yield service
    service.close()


@pytest.fixture(scope="module")
def losing() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        assert "metadata-lost-updates" in sandbox.settings()["defects"]
        yield sandbox


@pytest.fixture
def site(writing: Service, losing: Sandbox) -> Site:
    losing.reset()
    losing.pause_indexing()
    documents = [{"id": str(uuid4()), "name": f"page {n}", "text": "A page."} for n in range(DOCUMENTS)]
    fields = [{"id": str(uuid4()), "name": f"field {n}"} for n in range(WRITERS)]
    (dataset,) = losing.seed(datasets=[{"name": "Site", "documents": documents, "fields": fields}])
    return Site(
        losing.http,
        losing.key,
        writing.socket,
        dataset,
        tuple(one["id"] for one in documents),
        tuple(one["id"] for one in fields),
    )


def write(site: Site, fields: range) -> None:
    """A writer for each of these fields, all at once and each several times, on connections of their own."""

    def writer(field: int) -> None:
        with site.client() as client:
            for turn in range(ROUNDS):
                change = site.change(site.documents[0], field, f"{field} in turn {turn}")
                client.metadata.assign(dataset_id=site.dataset, operation_data=[change], deadline=60)

    with ThreadPoolExecutor(len(fields)) as pool:
        list(pool.map(writer, fields))


def kept(losing: Sandbox, site: Site, document: str) -> dict[str, Any]:
    """The values of a document at the server; a field without one counts for none."""
    (found,) = [one["metadata"] for one in losing.dataset(site.dataset)["documents"] if one["id"] == document]
    return {name: value for name, value in found.items() if value is not None}


LAST = {f"field {field}": f"{field} in turn {ROUNDS - 1}" for field in range(WRITERS)}


def test_eight_writers_through_eight_connections(losing: Sandbox, site: Site) -> None:
    write(site, range(WRITERS))
    assert kept(losing, site, site.documents[0]) == LAST


def test_eight_writers_in_two_processes(losing: Sandbox, site: Site) -> None:
    half = WRITERS // 2
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(write, [site, site], [range(half), range(half, WRITERS)]))
    assert kept(losing, site, site.documents[0]) == LAST


def test_eight_writers_whose_answers_are_lost_now_and_then(losing: Sandbox, site: Site) -> None:
    for skip in range(4):
        losing.fault(match={"operation": "metadata.assign"}, skip=5 + 3 * skip, reset="after")
    write(site, range(WRITERS))
    assert kept(losing, site, site.documents[0]) == LAST


def test_one_call_for_many_documents_among_calls_for_one(losing: Sandbox, site: Site) -> None:
    many = [[site.change(one, field, "of many") for one in documents] for field, documents in enumerate(_orders(site))]
    single = [[site.change(one, 2 + n, "of one")] for n, one in enumerate(site.documents)]

    def send(changes: list[dict[str, Any]]) -> None:
        with site.client() as client:
            client.metadata.assign(dataset_id=site.dataset, operation_data=changes, deadline=60)

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(send, [many[0], *single, many[1]]))
    for n, one in enumerate(site.documents):
        assert kept(losing, site, one) == {"field 0": "of many", "field 1": "of many", f"field {2 + n}": "of one"}


def _orders(site: Site) -> list[tuple[str, ...]]:
    """The same documents one way and the other: whoever waited for one at a time would wait for ever."""
    return [site.documents, site.documents[::-1]]


def test_writers_who_call_the_server_by_different_names(losing: Sandbox, site: Site) -> None:
    def writer(field: int) -> None:
        port = urlsplit(site.base_url).port
        other = {"base_url": f"http://alias-{field}.test:{port}", "resolve": f"alias-{field}.test:{port}:127.0.0.1"}
        with difypool.Client(api_key=site.key, socket=site.socket, **other) as client:  # type: ignore[arg-type]
            change = site.change(site.documents[0], field, LAST[f"field {field}"])
            client.metadata.assign(dataset_id=site.dataset, operation_data=[change], deadline=60)

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(writer, range(WRITERS)))
    assert kept(losing, site, site.documents[0]) == LAST


def test_the_server_alone_would_have_lost_some(losing: Sandbox, site: Site) -> None:
    """What the tests above stand against."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    together = threading.Barrier(WRITERS)

    def writer(field: int) -> None:
        body = json.dumps({"operation_data": [site.change(site.documents[0], field, "written")]}).encode()
        head = {"Authorization": f"Bearer {site.key}", "Content-Type": "application/json"}
        url = f"{site.base_url}/datasets/{site.dataset}/documents/metadata"
        together.wait(30)
        with opener.open(urllib.request.Request(url, body, head), timeout=30) as answer:
            assert answer.status == 200

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(writer, range(WRITERS)))
    assert len(kept(losing, site, site.documents[0])) < WRITERS
