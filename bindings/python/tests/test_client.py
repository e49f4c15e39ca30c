"""The client for threads against a scripted service: calls, options, groups, lists, handles."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import difypool
from fake import FakeService, fail


@pytest.fixture
def client(service: FakeService) -> Any:
    with difypool.Client(socket=service.path) as made:
        yield made


def test_call(client: difypool.Client, service: FakeService) -> None:
    reply = client.call("documents.list", dataset_id="d", page=2, deadline=5, priority="bulk")
    assert (reply.status, reply.json(), reply.meta["op"]) == (200, {"id": "1"}, "documents.list")
    (request,) = service.seen("documents.list")
    assert request["args"] == {"dataset_id": "d", "page": 2}
    assert (request["deadline_ms"], request["priority"]) == (5000, "bulk")
    assert "profile" not in request
    assert len(request["id"]) == 16
    assert request["epoch"] == service.epoch


def test_a_call_under_an_id_of_the_programs_own(client: difypool.Client, service: FakeService) -> None:
    mine = os.urandom(16)
    client.call("documents.delete", dataset_id="d", call_id=mine)
    client.documents.delete(dataset_id="d", document_id="n", call_id=mine, again=True)
    first, second = service.seen("documents.delete")
    assert (first["id"], second["id"]) == (mine, mine)
    assert "again" not in first
    assert second["again"] is True
    assert "call_id" not in second["args"]


def test_arguments_in_a_mapping_are_never_options(client: difypool.Client, service: FakeService) -> None:
    client.call("service.set", {"cache": False, "retry": True})
    assert service.seen("service.set")[0]["args"] == {"cache": False, "retry": True}


def test_one_connection_and_one_ping_for_any_number_of_calls(client: difypool.Client, service: FakeService) -> None:
    for _ in range(50):
        client.call("documents.list")
    assert service.connections == 1
    assert len(service.seen("service.ping")) == 1
    assert len({request["id"] for request in service.requests}) == 51


def test_typed_methods(client: difypool.Client, service: FakeService) -> None:
    client.documents.create_by_text(dataset_id="d", name="n", text="t", deadline=3)
    (request,) = service.seen("documents.create_by_text")
    assert request["args"] == {"dataset_id": "d", "name": "n", "text": "t"}
    assert request["deadline_ms"] == 3000
    assert client.documents is client.documents
    with pytest.raises(AttributeError, match="dokuments"):
        _ = client.dokuments  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        client.documents.create_by_text(name="n", text="t")  # type: ignore[call-arg]


def test_errors_come_as_their_classes(client: difypool.Client, service: FakeService) -> None:
    service.handlers["datasets.get"] = lambda request: fail(
        "not_found", "no such thing", status=404, body=b'{"code":"not_found"}'
    )
    with pytest.raises(difypool.NotFound, match="no such thing") as caught:
        client.datasets.get(dataset_id="x")
    assert (caught.value.status, caught.value.json()) == (404, {"code": "not_found"})
    service.handlers["datasets.get"] = lambda request: fail("weird")
    with pytest.raises(difypool.Internal) as other:
        client.datasets.get(dataset_id="x")
    assert other.value.kind == "weird"


def test_request(client: difypool.Client, service: FakeService) -> None:
    client.request("GET", "/v1/info", query={"a": 1}, headers={"X-Y": "z"})
    assert service.seen("http.request")[0]["args"] == {
        "method": "GET",
        "path": "/v1/info",
        "query": {"a": 1},
        "headers": {"X-Y": "z"},
    }


def test_defaults_of_the_client(service: FakeService) -> None:
    with difypool.Client("main", socket=service.path, deadline=7, priority="interactive", wait=True) as client:
        client.call("documents.list", priority="bulk")
        client.documents.list(dataset_id="d")
    first, second = service.seen("documents.list")
    assert (first["deadline_ms"], first["priority"], first["options"], first["profile"]) == (
        7000,
        "bulk",
        {"wait": True},
        "main",
    )
    assert second["priority"] == "interactive"


def test_own_address_is_introduced_once(service: FakeService) -> None:
    with difypool.Client(
        base_url="https://x", api_key="app-secret", ca_file="ca.pem", pooling=False, socket=service.path
    ) as client:
        assert "secret" not in repr(client)
        for _ in range(3):
            client.documents.list(dataset_id="d")
        client.info()
    (connect,) = service.seen("service.connect")
    assert connect["args"]["api_key"] == "app-secret"
    assert connect["args"]["pooling"] is False
    assert connect["args"]["ca_file"].startswith("/"), "the service stands in another directory"
    assert {request["profile"] for request in service.seen("documents.list")} == {"h-0-e"}
    assert "profile" not in service.seen("service.info")[0]
    assert service.seen("service.ping") == [], "making the handle teaches the epoch"


def test_lost_handle_is_made_again_with_the_same_id(service: FakeService) -> None:
    with difypool.Client(base_url="https://x", socket=service.path) as client:
        client.documents.list(dataset_id="d")
        service._handles.clear()
        assert client.documents.list(dataset_id="e").status == 200
    again = service.seen("documents.list")[1:]
    assert len(again) == 2
    assert again[0]["id"] == again[1]["id"]
    assert len(service.seen("service.connect")) == 2


def test_handle_that_is_lost_always_is_given_up(service: FakeService) -> None:
    service.handlers["documents.list"] = lambda request: fail("not_found", "gone", code="no_such_profile")
    with difypool.Client(base_url="https://x", socket=service.path) as client, pytest.raises(difypool.NotFound):
        client.documents.list(dataset_id="d")
    assert len(service.seen("documents.list")) == 4


def takes_no_path(service: FakeService, code: str) -> None:
    """Refuses CA files as a shared service does those that users keep."""

    def connect(request: dict[str, Any]) -> Any:
        if "ca_file" in request["args"] or "client_cert" in request["args"]:
            return fail("denied", "others could change that file", code=code)
        return service.default(request)

    service.handlers["service.connect"] = connect


@pytest.mark.parametrize("code", ["unsteady_file", "unreadable_file"])
def test_ca_file_that_the_service_refuses_is_sent(service: FakeService, folder: Path, code: str) -> None:
    takes_no_path(service, code)
    (folder / "ca.pem").write_bytes(b"PEM text")
    with difypool.Client(base_url="https://x", ca_file=str(folder / "ca.pem"), socket=service.path) as client:
        for _ in range(2):
            assert client.documents.list(dataset_id="d").status == 200
        service.kill()
        service.start(b"f" * 16)
        assert client.documents.list(dataset_id="d").status == 200
    sent = [{k: v for k, v in c["args"].items() if k != "base_url"} for c in service.seen("service.connect")]
    assert sent == [{"ca_file": str(folder / "ca.pem")}, {"ca_bytes": b"PEM text"}, {"ca_bytes": b"PEM text"}]


def test_ca_file_is_sent_on_a_connection_that_stands(service: FakeService, folder: Path) -> None:
    takes_no_path(service, "unsteady_file")
    (folder / "ca.pem").write_bytes(b"PEM text")
    with difypool.Client(base_url="https://x", ca_file=str(folder / "ca.pem"), socket=service.path) as client:
        client.info()
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda n: client.documents.list(dataset_id=str(n)), range(8)))
    assert {reply.status for reply in replies} == {200}
    assert service.connections == 1


def test_refused_files_end_the_call(service: FakeService, folder: Path) -> None:
    takes_no_path(service, "unsteady_file")
    (folder / "ca.pem").write_bytes(b"PEM text")
    os.mkfifo(folder / "pipe")
    absent, other = {"ca_file": str(folder / "none")}, {"client_cert": str(folder / "ca.pem")}
    for options in (absent, other, {"ca_file": str(folder / "pipe")}, {"ca_file": str(folder / "ca.pem"), **other}):
        with (
            difypool.Client(base_url="https://x", socket=service.path, **options) as client,
            pytest.raises(difypool.Denied, match="others could change"),
        ):
            client.documents.list(dataset_id="d")
    assert service.seen("documents.list") == []


def test_refused_address_ends_the_call(service: FakeService) -> None:
    service.handlers["service.connect"] = lambda request: fail("denied", "not to this host")
    with difypool.Client(base_url="https://x", socket=service.path) as client:
        for _ in range(2):
            with pytest.raises(difypool.Denied, match="not to this host"):
                client.documents.list(dataset_id="d")
        assert client.info()["name"] == "fake"
    assert service.seen("documents.list") == []


def test_set_is_kept_for_the_next_life_of_the_service(service: FakeService) -> None:
    with difypool.Client(base_url="https://x", socket=service.path) as client:
        client.set(pooling=False, retry=None)
        assert service.seen("service.set")[0]["args"] == {"pooling": False}
        service.kill()
        service.start(b"f" * 16)
        client.documents.list(dataset_id="d")
    assert service.seen("service.connect")[-1]["args"] == {"base_url": "https://x", "pooling": False}


def test_warm_goes_to_the_address(service: FakeService) -> None:
    service.handlers["service.warm"] = lambda request: {"opened": request["args"]["connections"]}
    with difypool.Client(base_url="https://x", socket=service.path) as client:
        assert client.warm(5) == {"opened": 5}
    assert service.seen("service.warm")[0]["profile"] == "h-0-e"


@pytest.mark.parametrize(
    "options",
    [{"api_key": "k"}, {"profile": "p", "base_url": "x"}, {"deadline": -1}, {"priority": "x"}, {"pooling": True}],
)
def test_contradictory_set_up(options: dict[str, Any]) -> None:
    with pytest.raises(difypool.InvalidRequest):
        difypool.Client(**options)


def test_closed_client(service: FakeService) -> None:
    client = difypool.Client(socket=service.path)
    client.close()
    client.info_text = None  # type: ignore[attr-defined]
    with pytest.raises(difypool.InvalidRequest, match="closed"):
        client.info()
    client.close()


def pages(total: int, missing_total: bool = False) -> Any:
    """A list of so many entries, newest first, as Dify gives it: has_more is true on a last page that is full."""

    def handler(request: dict[str, Any]) -> Any:
        args = request["args"]
        start = (args["page"] - 1) * args["limit"]
        data = [{"id": str(number)} for number in range(start, min(start + args["limit"], total))]
        body = {
            "data": data,
            "has_more": len(data) == args["limit"],
            "page": args["page"],
            "limit": args["limit"],
            "total": total,
        }
        if missing_total:
            del body["total"]
        return {
            "ok": {"status": 200, "type": "application/json", "headers": {}, "body": json.dumps(body).encode(), "meta": {}}
        }

    return handler


@pytest.mark.parametrize(("total", "calls"), [(0, 1), (1, 1), (100, 1), (101, 2), (250, 3)])
def test_iter_pages_by_total(client: difypool.Client, service: FakeService, total: int, calls: int) -> None:
    service.handlers["documents.list"] = pages(total)
    found = list(client.documents.iter(dataset_id="d", keyword=None, deadline=9))
    assert [entry["id"] for entry in found] == [str(number) for number in range(total)]
    seen = service.seen("documents.list")
    assert [request["args"] for request in seen] == [{"dataset_id": "d", "page": n + 1, "limit": 100} for n in range(calls)]
    assert seen[0]["deadline_ms"] == 9000


def test_iter_without_a_total_goes_on_while_pages_are_full(client: difypool.Client, service: FakeService) -> None:
    service.handlers["datasets.list"] = pages(200, missing_total=True)
    assert len(list(client.datasets.iter())) == 200
    assert len(service.seen("datasets.list")) == 3


def test_iter_drops_what_was_pushed_onto_the_next_page(client: difypool.Client, service: FakeService) -> None:
    def handler(request: dict[str, Any]) -> Any:
        start = 0 if request["args"]["page"] == 1 else 98  # two were added in between
        data = [{"id": str(number)} for number in range(start, min(start + 100, 150))]
        return {"data": data, "has_more": True, "total": 152}

    service.handlers["documents.list"] = handler
    found = [entry["id"] for entry in client.documents.iter(dataset_id="d")]
    assert found == [str(number) for number in range(150)]


def test_iter_of_lists_without_pages(client: difypool.Client, service: FakeService) -> None:
    service.handlers["metadata.list"] = lambda request: {
        "doc_metadata": [{"id": "a"}, {"id": "b"}],
        "built_in_field_enabled": False,
    }
    service.handlers["tags.list"] = lambda request: [{"id": "t"}]
    assert [field["id"] for field in client.metadata.iter(dataset_id="d")] == ["a", "b"]
    assert [tag["id"] for tag in client.tags.iter()] == ["t"]
    service.handlers["tags.list"] = lambda request: {"surprise": 1}
    with pytest.raises(difypool.Protocol):
        list(client.tags.iter())


def test_iter_by_cursor(client: difypool.Client, service: FakeService) -> None:
    def conversations(request: dict[str, Any]) -> Any:
        after = int(request["args"].get("last_id", -1))
        data = [{"id": str(n)} for n in range(after + 1, min(after + 101, 150))]
        return {"data": data, "has_more": after + 101 < 150, "limit": 100}

    def messages(request: dict[str, Any]) -> Any:
        before = int(request["args"].get("first_id", 150))
        data = [{"id": str(n)} for n in range(max(0, before - 100), before)]
        return {"data": data, "has_more": before > 100, "limit": 100}

    service.handlers["conversations.list"] = conversations
    service.handlers["messages.list"] = messages
    assert [c["id"] for c in client.conversations.iter(user="u")] == [str(n) for n in range(150)]
    assert [m["id"] for m in client.messages.iter(user="u", conversation_id="c")] == [str(n) for n in range(149, -1, -1)]


def test_large_bodies_both_ways(client: difypool.Client, service: FakeService) -> None:
    service.handlers["http.request"] = lambda request: {
        "ok": {"status": 200, "type": "", "headers": {}, "body": request["args"]["body"][::-1], "meta": {}}
    }
    body = bytes(range(256)) * (20 << 12)
    assert client.request("POST", "/v1/x", body=body).content == body[::-1]
