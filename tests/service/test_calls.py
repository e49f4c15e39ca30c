"""Calls of Dify through the service: how many connections they take, and what comes back."""

from __future__ import annotations

import json

from daemon import Daemon
from spclient import request
from upstream import Request, Upstream


def host_of(service: Daemon) -> dict:
    (host,) = service.stats()["hosts"]
    return host


def test_fifty_calls_one_after_another_take_one_connection(service, upstream):
    with service.client() as client:
        handle = client.connect(upstream.url)
        for _ in range(50):
            client.call("datasets.list", {"page": 1}, profile=handle)
    host = host_of(service)
    assert upstream.connections == 1
    assert (host["connections_opened"], host["connections_reused"]) == (1, 49)
    assert host["calls"] == 50


def test_fifty_unpooled_calls_take_fifty_connections(service, upstream):
    with service.client() as client:
        handle = client.connect(upstream.url, pooling=False)
        for _ in range(50):
            client.call("datasets.list", {"page": 1}, profile=handle)
    assert upstream.connections == 50
    assert host_of(service)["connections_opened"] == 50
    upstream.wait(lambda: upstream.open == 0, "all are closed")


def fifty_at_once(service: Daemon, upstream: Upstream, **settings: int) -> dict:
    gate = upstream.behaviour = upstream.gate()
    with service.client() as client:
        handle = client.connect(upstream.url, **settings)
        numbers = [
            client.send(request("datasets.list", {"page": n + 1}, profile=handle))
            for n in range(50)
        ]
        gate.wait_for(1)
        gate.open()
        for number in numbers:
            assert "ok" in client.receive(number)
    return host_of(service)


def test_fifty_at_once_stay_within_the_bound(start, upstream):
    host = fifty_at_once(start("[service]\nconnections_per_host = 12\n"), upstream)
    assert host["connections_bound"] == 12
    assert upstream.connections == host["connections_opened"] <= 12
    assert upstream.most_in_flight <= 12


def test_a_profile_may_have_a_lower_bound(service, upstream):
    host = fifty_at_once(service, upstream, connections=6)
    assert upstream.connections == host["connections_opened"] <= 6


def test_a_handle_can_be_switched(service, upstream):
    with service.client() as client:
        handle = client.connect(upstream.url)
        client.call("service.set", {"pooling": False}, profile=handle)
        for _ in range(5):
            client.call("datasets.list", {"page": 1}, profile=handle)
        assert upstream.connections == 5
        client.call("service.set", {"pooling": True}, profile=handle)
        for _ in range(5):
            client.call("datasets.list", {"page": 1}, profile=handle)
    assert upstream.connections == 6


def test_a_write_on_a_reused_connection_that_closes_after_the_work_is_done_once(start, upstream):
    service = start("[service]\nstop_ms = 100\n")  # it goes on looking whether the write happened

    async def close_after_work(request_: Request) -> None:
        if request_.method == "POST":
            request_.writer.close()  # the work is done, the answer never comes
        else:
            await request_.answer()

    upstream.behaviour = close_after_work
    with service.client() as client:
        handle = client.connect(upstream.url, retry=False)
        client.call("datasets.list", {"page": 1}, profile=handle)
        error = client.fail("datasets.create", {"name": "once"}, profile=handle, deadline_ms=2000)
    assert upstream.requests["POST /v1/datasets"] == 1
    assert error["kind"] == "unknown_outcome"


def test_unknown_writes_are_not_repeated_either(service, upstream):
    async def close_after_work(request_: Request) -> None:
        if request_.method == "POST":
            request_.writer.close()
        else:
            await request_.answer()

    upstream.behaviour = close_after_work
    with service.client() as client:
        handle = client.connect(upstream.url)
        args = {"method": "GET", "path": "/elsewhere"}
        client.call("http.request", args, profile=handle)
        args = {"method": "POST", "path": "/elsewhere", "body": b"x"}
        error = client.fail("http.request", args, profile=handle)
    assert upstream.requests["POST /v1/elsewhere"] == 1
    assert error["kind"] == "unknown_outcome"


def test_bytes_come_as_they_were_sent(service, upstream):
    body = json.dumps({"data": ["ü", 1.5, None]}).encode()

    async def answer(request_: Request) -> None:
        await request_.answer(body=body)

    upstream.behaviour = answer
    with service.client() as client:
        handle = client.connect(upstream.url)
        ok = client.call("datasets.list", {"page": 1}, profile=handle)
        assert ok["body"] == body
        assert ok["type"] == "application/json"
        assert ok["headers"] == {"x-version": "1.12.1"}
        decoded = client.call("datasets.list", {"page": 1}, profile=handle, decode=True)
        assert decoded["body"] == {"data": ["ü", 1.5, None]}


def test_what_cannot_be_decoded_comes_as_bytes(service, upstream):
    async def answer(request_: Request) -> None:
        await request_.answer(body=b'{"n": 123456789012345678901234567890}')

    upstream.behaviour = answer
    with service.client() as client:
        handle = client.connect(upstream.url)
        ok = client.call("datasets.list", {"page": 1}, profile=handle, decode=True)
    assert ok["body"] == b'{"n": 123456789012345678901234567890}'


def test_http_request_gets_the_whole_answer(service, upstream):
    async def answer(request_: Request) -> None:
        headers = "X-Other: here\r\nX-Other: again\r\nX-Odd: caf\xe9\r\n"
        await request_.answer(418, b"teapot", headers, "text/plain")

    upstream.behaviour = answer
    with service.client() as client:
        handle = client.connect(upstream.url)
        args = {"method": "GET", "path": "/v1/any", "query": "a=1", "headers": {"X-Mine": "1"}}
        error = client.fail("http.request", args, profile=handle)
    assert (error["status"], error["body"], error["type"]) == (418, b"teapot", "text/plain")
    assert error["headers"]["x-other"] == "here"
    assert "connection" not in error["headers"]
    assert upstream.requests["GET /v1/any"] == 1


def test_maps_and_lists_become_json(service, upstream):
    value = {"a": [1, -2, 2.5, True, None, 'q"\\\n\x01ü'], "big": 2**63, "empty": {}}
    with service.client() as client:
        handle = client.connect(upstream.url)
        client.ask(
            "datasets.create",
            {"name": "n", "retrieval_model": value},
            profile=handle,
            options={"validate": False},
        )
    sent = [b for b in upstream.bodies if b]
    assert json.loads(sent[-1])["retrieval_model"] == value


def test_a_key_reaches_neither_log_nor_answers(service, upstream):
    async def echo(request_: Request) -> None:
        assert request_.headers["authorization"] == "Bearer dataset-very-secret"
        await request_.answer(401, b'{"code":"unauthorized","message":"no"}')

    upstream.behaviour = echo
    with service.client() as client:
        handle = client.connect(upstream.url, api_key="dataset-very-secret")
        assert client.fail("datasets.list", {"page": 1}, profile=handle)["kind"] == "unauthorized"
        for op in ("service.profiles", "service.stats", "service.info"):
            assert "very-secret" not in repr(client.call(op))
    assert "very-secret" not in service.said()
    assert "op=datasets.list" in service.said()


def test_equal_connects_share_a_handle(service, upstream):
    with service.client() as one, service.client() as other:
        first = one.connect(upstream.url)
        assert other.connect(upstream.url) == first
        assert one.connect(upstream.url, api_key="another") != first
        assert len(first) == 32
        names = {p["name"] for p in one.call("service.profiles")["body"]}
        assert first in names


def test_warm_opens_connections(service, upstream):
    with service.client() as client:
        handle = client.connect(upstream.url)
        ready = client.call("service.warm", {"connections": 4}, profile=handle)["body"]
        assert ready["connections"] >= 1
    assert upstream.connections == ready["connections"]


def test_connect_says_what_is_wrong(service):
    with service.client() as client:
        fail = client.fail
        assert "base_url" in fail("service.connect", {"api_key": "x"})["message"]
        error = fail("service.connect", {"base_url": "http://h", "colour": 1})
        assert "colour" in error["message"] and "pooling" in error["hint"]
        error = fail("service.connect", {"base_url": "http://h", "pooling": 3})
        assert error["code"] == "invalid_type"
        error = fail("service.connect", {"base_url": "http://h", "connections": 5000})
        assert error["code"] == "out_of_range"
        assert fail("service.connect", {"base_url": "ftp://h"})["kind"] == "invalid_request"
        error = fail("datasets.list", {"page": 1}, profile="0" * 32)
        assert (error["kind"], error["code"]) == ("not_found", "no_such_profile")


def test_service_operations_lists_what_there_is(service):
    with service.client() as client:
        names = {op["name"] for op in client.call("service.operations")["body"]}
    assert {"datasets.list", "documents.create_by_text", "http.request", "service.ping"} <= names


def test_profiles_per_user_is_a_bound(start, upstream: Upstream):
    service = start("[service]\nprofiles_per_user = 3\n")
    with service.client() as client:
        for n in range(3):
            client.connect(upstream.url, api_key=f"k{n}")
        error = client.fail("service.connect", {"base_url": upstream.url, "api_key": "k3"})
        assert (error["kind"], error["code"]) == ("busy", "profiles_per_user")
        client.connect(upstream.url, api_key="k0")
