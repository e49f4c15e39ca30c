"""What the stand-in does beside the recorded exchanges: versions and defects, indexing by itself, connections, TLS."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from urllib.parse import urlsplit

import pytest
from sandbox import cli
from sandbox.testing import ControlError, Sandbox

from wire import Client, create_dataset, create_document, multipart


def test_plain_and_tls_reach_the_same_server(sandbox: Sandbox) -> None:
    with Client(sandbox.http, sandbox.key) as plain, Client(sandbox.https, sandbox.key, sandbox.ca_file) as secure:
        dataset = create_dataset(plain)
        assert secure.ask("GET", f"/datasets/{dataset}").json()["id"] == dataset
    assert sandbox.counter("connections/accepted/http") == 1
    assert sandbox.counter("connections/tls_handshakes") == 1


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_the_certificate_names_this_machine(sandbox: Sandbox, name: str) -> None:
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    address = ("127.0.0.1", urlsplit(sandbox.https).port or 0)
    with socket.create_connection(address, 10) as sock, context.wrap_socket(sock, server_hostname=name) as secure:
        assert secure.version() == "TLSv1.3"


def test_a_resumed_session_is_counted(sandbox: Sandbox) -> None:
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    address = ("127.0.0.1", urlsplit(sandbox.https).port or 0)
    session = None
    for _ in range(2):
        with socket.create_connection(address, 10) as sock:
            with context.wrap_socket(sock, server_hostname="localhost", session=session) as secure:
                secure.sendall(b"GET /v1/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                while secure.recv(65536):
                    pass
                session = secure.session
    assert (sandbox.counter("connections/tls_handshakes"), sandbox.counter("connections/tls_resumed")) == (2, 1)


def test_indexing_takes_its_turn_and_ends(sandbox: Sandbox) -> None:
    with Client(sandbox.http, sandbox.key) as client:
        dataset = create_dataset(client)
        made = [create_document(client, dataset, f"page {n}") for n in range(3)]
        sandbox.wait("indexing/finished", 3)
        for one in made:
            status = client.ask("GET", f"/datasets/{dataset}/documents/{one['batch']}/indexing-status").json()["data"][0]
            assert (status["indexing_status"], status["completed_segments"]) == ("completed", 1)


def test_the_states_come_in_order(sandbox: Sandbox) -> None:
    sandbox.pause_indexing()
    with Client(sandbox.http, sandbox.key) as client:
        dataset = create_dataset(client)
        batch = create_document(client, dataset)["batch"]
        seen = []
        for state in ("parsing", "cleaning", "splitting", "indexing", "completed"):
            sandbox.advance_indexing(state)
            answer = client.ask("GET", f"/datasets/{dataset}/documents/{batch}/indexing-status")
            seen.append(answer.json()["data"][0]["indexing_status"])
    assert seen == ["parsing", "cleaning", "splitting", "indexing", "completed"]


def test_an_update_hangs_the_worker_until_it_is_restarted(sandbox: Sandbox) -> None:
    with Client(sandbox.http, sandbox.key) as client:
        dataset = create_dataset(client)
        document = create_document(client, dataset)["document"]["id"]
        sandbox.wait("indexing/finished", 1)
        path = f"/datasets/{dataset}/documents/{document}/update-by-text"
        assert client.ask("POST", path, {"name": "a page", "text": "New."}).status == 200
        sandbox.wait("indexing/hung", 1)
        create_document(client, dataset, "another")
        assert client.ask("POST", path, {"name": "a page", "text": "New."}).json()["message"] == "Document is not available"
        assert sandbox.counter("indexing/queued") == 1
        sandbox.restart_indexing()
        sandbox.wait("indexing/finished", 2)
        states = {d["name"]: d["indexing_status"] for d in sandbox.dataset(dataset)["documents"]}
        assert states == {"a page": "indexing", "another": "completed"}


def test_without_the_defect_an_update_ends(sandbox: Sandbox) -> None:
    sandbox.defect("update-hangs-indexing", False)
    with Client(sandbox.http, sandbox.key) as client:
        dataset = create_dataset(client)
        document = create_document(client, dataset)["document"]["id"]
        sandbox.wait("indexing/finished", 1)
        path = f"/datasets/{dataset}/documents/{document}/update-by-text"
        assert client.ask("POST", path, {"name": "a page", "text": "New."}).status == 200
        sandbox.wait("indexing/finished", 2)
    assert sandbox.dataset(dataset)["documents"][0]["text"] == "New."


@pytest.mark.parametrize(("defect", "expected"), [(False, 1), (True, 2)])
def test_a_known_name_is_indexed_again_or_doubled(sandbox: Sandbox, defect: bool, expected: int) -> None:
    sandbox.defect("same-name-duplicates", defect)
    with Client(sandbox.http, sandbox.key) as client:
        dataset = create_dataset(client)
        for text in ("one", "two"):
            create_document(client, dataset, text=text)
    documents = sandbox.dataset(dataset)["documents"]
    assert len(documents) == expected
    assert documents[-1]["text"] == "two"


def test_tags_answer_400_though_done(sandbox: Sandbox) -> None:
    with Client(sandbox.http, sandbox.key) as client:
        assert client.ask("POST", "/datasets/tags", {"name": "crawl"}).status == 400
        assert sandbox.effects("tags.create") == 1
        assert client.ask("GET", "/datasets/tags").status == 400
        sandbox.defect("tags-answer-400", False)
        tags = client.ask("GET", "/datasets/tags").json()
    assert [(tag["name"], tag["binding_count"]) for tag in tags] == [("crawl", "0")]


def _assign_at_once(sandbox: Sandbox, count: int) -> int:
    """Partial writes of different fields to one document, all at once; how many values are there after it."""
    with Client(sandbox.http, sandbox.key) as client:
        dataset = create_dataset(client)
        document = create_document(client, dataset)["document"]["id"]
        fields = [
            client.ask("POST", f"/datasets/{dataset}/metadata", {"type": "string", "name": f"f{n}"}).json()
            for n in range(count)
        ]
    clients = [Client(sandbox.http, sandbox.key) for _ in fields]
    statuses = []

    def write(client: Client, field: dict[str, str]) -> None:
        values = [{"id": field["id"], "name": field["name"], "value": "v"}]
        operation = {"document_id": document, "partial_update": True, "metadata_list": values}
        statuses.append(
            client.ask("POST", f"/datasets/{dataset}/documents/metadata", {"operation_data": [operation]}).status
        )

    threads = [threading.Thread(target=write, args=pair) for pair in zip(clients, fields)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.close()
    assert statuses == [200] * count
    values = sandbox.dataset(dataset)["documents"][0]["metadata"]
    assert len(values) == count
    return sum(value is not None for value in values.values())


def test_partial_writes_at_once_lose_some(sandbox: Sandbox) -> None:
    # With so much think time all eight are there before the first is done. They overlap two by two.
    sandbox.settings(think_ms_by_operation={"metadata.assign": 300})
    assert _assign_at_once(sandbox, 8) == 4


def test_partial_writes_at_once_keep_all_without_the_defect(sandbox: Sandbox) -> None:
    sandbox.settings(think_ms_by_operation={"metadata.assign": 60})
    sandbox.defect("metadata-lost-updates", False)
    assert _assign_at_once(sandbox, 8) == 8


def _creates_at_once(sandbox: Sandbox, path: str, body: dict[str, str]) -> int:
    """Eight equal creates, all begun before the first is done; how many were carried out."""
    before = sandbox.counter("requests/total")
    clients = [Client(sandbox.http, sandbox.key) for _ in range(8)]
    data = json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {sandbox.key}", "Content-Type": "application/json"}
    for client in clients:
        client.send("POST", "/v1" + path, headers, data)
    sandbox.wait("requests/total", before + 8)
    done = sum(client.receive().status in (200, 201) for client in clients)
    for client in clients:
        client.close()
    return done


@pytest.mark.parametrize(("defect", "made"), [(True, 8), (False, 1)])
def test_equal_creates_at_once(sandbox: Sandbox, defect: bool, made: int) -> None:
    sandbox.defect("creates-race", defect)
    sandbox.defect("tags-answer-400", False)
    sandbox.settings(think_ms=200)
    assert _creates_at_once(sandbox, "/datasets", {"name": "same"}) == made
    dataset = sandbox.datasets()[0]["id"]
    assert _creates_at_once(sandbox, f"/datasets/{dataset}/metadata", {"type": "string", "name": "same"}) == made
    assert _creates_at_once(sandbox, "/datasets/tags", {"name": "same"}) == made


@pytest.mark.parametrize(("defect", "pages"), [(True, [True, True]), (False, [True, False])])
def test_has_more_on_a_full_last_page(sandbox: Sandbox, defect: bool, pages: list[bool]) -> None:
    sandbox.defect("has-more-by-length", defect)
    with Client(sandbox.http, sandbox.key) as client:
        dataset = create_dataset(client)
        sandbox.fill(dataset, 200)
        found = [client.ask("GET", f"/datasets/{dataset}/documents?limit=100&page={page}").json() for page in (1, 2)]
    assert [page["has_more"] for page in found] == pages
    assert len({d["id"] for page in found for d in page["data"]}) == 200
    assert found[0]["data"][0]["position"] == 200


def test_a_later_version_has_none_of_the_defects() -> None:
    with Sandbox("--dify-version", "1.13.0") as later, Client(later.http, later.key) as client:
        assert later.settings()["defects"] == []
        root = client.ask("GET", "/")
        assert (root.status, root.header("X-Version")) == (200, "1.13.0")
        dataset = create_dataset(client)
        document = create_document(client, dataset)["document"]["id"]
        later.drain_indexing()
        form = multipart(("file", "b.txt", "text/plain", b"New."))
        assert client.post_form(f"/datasets/{dataset}/documents/{document}", form, method="PATCH").status == 200


def test_the_rate_limit_counts_refused_calls_too(sandbox: Sandbox) -> None:
    sandbox.settings(rate_limit=3, rate_window_s=3600)
    with Client(sandbox.http, sandbox.key) as client, Client(sandbox.http, sandbox.keys["other"]) as other:
        dataset = create_dataset(client)
        statuses = [client.ask("POST", f"/datasets/{dataset}/metadata", {}).status for _ in range(4)]
        assert statuses == [400, 400, 403, 403]
        assert client.ask("GET", "/datasets").status == 200
        assert other.ask("POST", "/datasets", {"name": "elsewhere"}).status == 200


def test_a_connection_ends_after_its_requests(sandbox: Sandbox) -> None:
    sandbox.settings(requests_per_connection=3)
    with Client(sandbox.http, sandbox.key) as client:
        closings = [client.ask("GET", "/datasets").header("Connection") for _ in range(3)]
        assert closings == ["keep-alive", "keep-alive", "close"]
        assert client.rest() == b""


def test_an_idle_connection_gets_an_end_of_file(sandbox: Sandbox) -> None:
    with Client(sandbox.http, sandbox.key) as client:
        client.ask("GET", "/datasets")
        sandbox.settings(keepalive_s=0.05)
        assert client.rest() == b""
    sandbox.wait("connections/open/total", 0, "==")


def test_a_busy_connection_is_not_idle(sandbox: Sandbox) -> None:
    sandbox.settings(keepalive_s=0.05, think_ms=200)
    with Client(sandbox.http, sandbox.key) as client:
        assert client.ask("GET", "/datasets").status == 200


def test_work_is_finished_for_a_client_that_has_left(sandbox: Sandbox) -> None:
    sandbox.settings(think_ms=100)
    client = Client(sandbox.http, sandbox.key)
    body = json.dumps({"name": "left"}).encode()
    headers = {"Authorization": f"Bearer {sandbox.key}", "Content-Type": "application/json"}
    client.send("POST", "/v1/datasets", headers, body)
    sandbox.wait("requests/in_flight", 1)
    client.close()
    sandbox.wait("effects/datasets.create", 1)


def test_half_a_body_does_nothing(sandbox: Sandbox) -> None:
    client = Client(sandbox.http, sandbox.key)
    headers = {"Authorization": f"Bearer {sandbox.key}", "Content-Type": "application/json", "Content-Length": "1000"}
    client.send("POST", "/v1/datasets", headers)
    client.sock.sendall(b'{"name": "half')
    sandbox.wait("requests/in_flight", 1)
    client.close()
    sandbox.wait("requests/in_flight", 0, "==")
    assert sandbox.datasets() == []


def test_pipelined_requests_are_answered_in_order(sandbox: Sandbox) -> None:
    with Client(sandbox.http, sandbox.key) as client:
        for n in range(5):
            client.send("GET", f"/v1/datasets?page={n + 1}", {"Authorization": f"Bearer {sandbox.key}"})
        reader = client.sock.makefile("rb")
        pages = []
        for _ in range(5):
            length = 0
            while (line := reader.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            pages.append(json.loads(reader.read(length))["page"])
    assert pages == [1, 2, 3, 4, 5]


def test_large_texts_pass_and_larger_bodies_do_not(sandbox: Sandbox) -> None:
    sandbox.settings(body_limit=3_000_000)
    with Client(sandbox.http, sandbox.key) as client:
        dataset = create_dataset(client)
        create_document(client, dataset, text="w" * 2_000_000)
        path = f"/v1/datasets/{dataset}/document/create-by-text"
        headers = {"Authorization": f"Bearer {sandbox.key}", "Content-Type": "application/json"}
        client.send("POST", path, {**headers, "Content-Length": "3000001"})
        answer = client.receive()
    assert (answer.status, answer.reason, answer.header("X-Version")) == (413, "Request Entity Too Large", None)


def test_the_control_interface_says_what_is_wrong(sandbox: Sandbox) -> None:
    with pytest.raises(ControlError, match="no setting 'think'"):
        sandbox.settings(think=1)
    with pytest.raises(ControlError, match="no fault explode"):
        sandbox.fault(explode=True)
    with pytest.raises(ControlError, match="no preset 'teapot'"):
        sandbox.fault(answer="teapot")
    with pytest.raises(ControlError, match="no defect 'gremlins'"):
        sandbox.settings(defects=["gremlins"])
    with pytest.raises(ControlError, match=r"no operation 'datasets\.lost': there are .*datasets\.list"):
        sandbox.fault(match={"operation": "datasets.lost"}, answer="nginx_502")
    with pytest.raises(ControlError, match="no operation 'pages'"):
        sandbox.settings(think_ms_by_operation={"pages": 1})
    with pytest.raises(ControlError, match="no GET /nowhere"):
        sandbox.ask("GET", "/nowhere")
    assert "POST /faults" in sandbox.ask("GET", "/")


def test_it_ends_when_its_input_ends() -> None:
    other = Sandbox()
    assert other.process.stdin is not None
    other.process.stdin.close()
    assert other.process.wait(10) == 0
    other.close()


def test_options_are_checked() -> None:
    for options in (["--think", "nothing.like_that=5"], ["--defect=+gremlins"], ["--key", "alone"], ["--preset", "moon"]):
        with pytest.raises(RuntimeError, match="before it was ready"):
            Sandbox(*options)


def test_the_help_names_every_option() -> None:
    parser = cli.parser()
    text = parser.format_help()
    for action in parser._actions:
        assert action.help, action
        assert action.option_strings[-1] in text
