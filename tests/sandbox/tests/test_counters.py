"""Numbers, the log, and waiting for a number."""

from __future__ import annotations

import threading

import pytest
from sandbox.testing import Sandbox

from wire import Client, create_dataset, create_document


def test_connections_and_reuse(sandbox: Sandbox) -> None:
    with Client(sandbox.http, sandbox.key) as client:
        for _ in range(5):
            client.ask("GET", "/datasets")
        with Client(sandbox.https, sandbox.key, sandbox.ca_file) as other:
            other.ask("GET", "/datasets")
            connections = sandbox.counters()["connections"]
    assert connections["accepted"] == {"http": 1, "https": 1, "total": 2}
    assert connections["open"]["total"] == connections["max_open"] == 2
    assert (connections["tls_handshakes"], connections["tls_resumed"]) == (1, 0)
    sandbox.wait("connections/open/total", 0, "==")
    requests = sandbox.counters()["requests"]
    assert (requests["total"], requests["answered"], requests["reused"]) == (6, 6, 4)
    assert requests["by_operation"] == {"datasets.list": 6}
    assert requests["by_status"] == {"200": 6}


def test_a_handshake_that_never_ends_is_an_accepted_connection(sandbox: Sandbox) -> None:
    with Client(sandbox.https.replace("https", "http"), sandbox.key) as silent:
        sandbox.wait("connections/accepted/https", 1)
        assert sandbox.counter("connections/tls_handshakes") == 0
        silent.close()


def test_effects_documents_and_the_log(sandbox: Sandbox) -> None:
    with Client(sandbox.http, sandbox.key) as client:
        dataset = create_dataset(client)
        document = create_document(client, dataset)["document"]["id"]
        create_document(client, dataset)
        create_document(client, dataset, "second")
        assert (sandbox.counter("documents"), sandbox.effects("documents.create_by_text")) == (2, 3)
        assert client.ask("DELETE", f"/datasets/{dataset}/documents/{document}").body == b"204\n"
    assert sandbox.counter("documents") == 1
    log = sandbox.log()
    assert [entry["seq"] for entry in log] == [1, 2, 3, 4, 5]
    assert log[4]["operation"] == "documents.delete"
    assert (log[4]["method"], log[4]["status"], log[4]["effects"], log[4]["key"]) == ("DELETE", 200, 1, "main")
    assert sandbox.log(since=4) == log[4:]
    assert all("secret" not in entry for entry in log)


def test_a_refused_call_has_no_effect(sandbox: Sandbox) -> None:
    with Client(sandbox.http, "wrong") as client:
        assert client.ask("POST", "/datasets", {"name": "x"}).status == 401
    assert sandbox.counters()["effects"] == {}
    assert sandbox.log()[0]["key"] is None


def test_requests_in_flight(sandbox: Sandbox) -> None:
    fault = sandbox.fault(stall="before", times=3)
    clients = [Client(sandbox.http, sandbox.key) for _ in range(3)]
    for client in clients:
        client.send("GET", "/v1/datasets", {"Authorization": f"Bearer {sandbox.key}"})
    assert sandbox.wait("requests/in_flight", 3) == 3
    sandbox.release(fault)
    for client in clients:
        assert client.receive().status == 200
        client.close()
    sandbox.wait("requests/in_flight", 0, "==")
    assert sandbox.counter("requests/max_in_flight") == 3


def test_waiting_ends_with_the_number_or_the_deadline(sandbox: Sandbox) -> None:
    with pytest.raises(AssertionError, match=r"documents was 0 and not >= 1"):
        sandbox.wait("documents", 1, timeout_s=0.05)
    found: list[int] = []
    waiter = threading.Thread(target=lambda: found.append(sandbox.wait("effects/datasets.create", 2)))
    waiter.start()
    with Client(sandbox.http, sandbox.key) as client:
        create_dataset(client, "one")
        create_dataset(client, "two")
    waiter.join(10)
    assert found == [2]


def test_counters_start_again(sandbox: Sandbox) -> None:
    with Client(sandbox.http, sandbox.key) as client:
        create_dataset(client)
        sandbox.reset_counters()
        counters = sandbox.counters()
        assert counters["requests"]["total"] == counters["connections"]["accepted"]["total"] == 0
        assert counters["connections"]["open"]["total"] == 1
        assert counters["datasets"] == 1
        assert sandbox.log() == []


def test_a_reset_server_is_empty(sandbox: Sandbox) -> None:
    with Client(sandbox.http, sandbox.key) as client:
        dataset = create_dataset(client)
        sandbox.fault(answer="nginx_502", times=None)
        sandbox.reset()
        assert client.ask("GET", f"/datasets/{dataset}").status == 404
        assert client.ask("GET", "/datasets").json()["total"] == 0


def test_the_log_is_bounded() -> None:
    with Sandbox("--log-size", "3") as small, Client(small.http, small.key) as client:
        for _ in range(5):
            client.ask("GET", "/datasets")
        assert [entry["seq"] for entry in small.log()] == [3, 4, 5]


def test_a_knowledge_base_can_be_looked_into(sandbox: Sandbox) -> None:
    with Client(sandbox.http, sandbox.key) as client:
        dataset = create_dataset(client, "inspected")
        document = create_document(client, dataset, "Füße ☃", "Text ☃")["document"]["id"]
        field = client.ask("POST", f"/datasets/{dataset}/metadata", {"type": "number", "name": "year"}).json()
        values = [{"id": field["id"], "name": "year", "value": 1999}]
        body = {"operation_data": [{"document_id": document, "metadata_list": values}]}
        assert client.ask("POST", f"/datasets/{dataset}/documents/metadata", body).status == 200
    found = sandbox.dataset(dataset)
    assert found["name"] == "inspected"
    (one,) = found["documents"]
    assert (one["name"], one["text"], one["metadata"]) == ("Füße ☃", "Text ☃", {"year": 1999})
    assert sandbox.datasets()[0]["documents"] == 1
