"""Every fault, as a client meets it, and what the server knows about it afterwards."""

from __future__ import annotations

import socket
import ssl
import time
from typing import Any

import pytest
from sandbox.testing import Sandbox

from wire import Client, create_dataset

CREATE = {"operation": "datasets.create"}


@pytest.fixture(params=["http", "https"])
def client(request: pytest.FixtureRequest, sandbox: Sandbox) -> Any:
    with Client(getattr(sandbox, request.param), sandbox.key, sandbox.ca_file) as made:
        yield made


def ask_create(client: Client) -> Any:
    return client.ask("POST", "/datasets", {"name": "faulty"})


@pytest.mark.parametrize(("when", "done"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("how", ["rst", "fin"])
def test_reset(client: Client, sandbox: Sandbox, when: str, done: int, how: str) -> None:
    sandbox.fault(match=CREATE, reset=when, how=how)
    client.send("POST", "/v1/datasets", _headers(sandbox), b'{"name": "lost"}')
    assert client.ending() == how
    assert sandbox.effects("datasets.create") == done
    (entry,) = sandbox.log("datasets.create")
    assert (entry["status"], entry["effects"]) == (None, done)


def test_reset_on_a_reused_connection_only(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(match={**CREATE, "reused": True}, reset="after")
    assert ask_create(client).status == 200
    with pytest.raises((ConnectionError, OSError)):
        client.ask("POST", "/datasets", {"name": "second"})
    first, second = sandbox.log("datasets.create")
    assert first["connection"] == second["connection"]
    assert (second["request_on_connection"], second["effects"], second["status"]) == (2, 1, None)


@pytest.mark.parametrize("how", ["rst", "fin"])
def test_cut_after_bytes_of_the_answer(client: Client, sandbox: Sandbox, how: str) -> None:
    sandbox.fault(match=CREATE, cut_after=20, how=how)
    client.send("POST", "/v1/datasets", _headers(sandbox), b'{"name": "cut"}')
    got = b""
    try:
        while part := client.sock.recv(65536):
            got += part
        ended = "fin"
    except ConnectionResetError:
        ended = "rst"
    assert got == b"HTTP/1.1 200 OK\r\nSer"
    assert ended == how or isinstance(client.sock, ssl.SSLSocket)  # over TLS Python tells both alike
    assert sandbox.effects("datasets.create") == 1


def test_cut_in_the_body(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(match=CREATE, cut_body_after=10, how="fin")
    client.send("POST", "/v1/datasets", _headers(sandbox), b'{"name": "cut"}')
    head, _, body = client.rest().partition(b"\r\n\r\n")
    assert b"Content-Length: 1" in head
    assert body == b'{"id": "' + body[8:10]


def _headers(sandbox: Sandbox) -> dict[str, str]:
    return {"Authorization": f"Bearer {sandbox.key}", "Content-Type": "application/json"}


@pytest.mark.parametrize(("where", "done"), [("before", 0), ("headers", 1), ("in-headers", 1), ("in-body", 1)])
def test_stall_until_released(client: Client, sandbox: Sandbox, where: str, done: int) -> None:
    fault = sandbox.fault(match=CREATE, stall=where)
    client.send("POST", "/v1/datasets", _headers(sandbox), b'{"name": "stalled"}')
    sandbox.wait("faults", 1)
    sandbox.wait("effects/datasets.create", done)
    client.sock.settimeout(0.2)
    first = b""
    if where in ("before", "headers"):
        with pytest.raises((socket.timeout, TimeoutError)):
            client.sock.recv(1)
    else:
        first = client.sock.recv(65536)
        assert (b"\r\n\r\n" in first) == (where == "in-body")
    assert sandbox.counter("requests/in_flight") == 1
    assert sandbox.effects("datasets.create") == done
    sandbox.release(fault)
    client.sock.settimeout(10)
    sandbox.wait("requests/in_flight", 0, "==")
    whole = first
    while not whole.endswith(b"}\n"):
        whole += client.sock.recv(65536)
    assert whole.startswith(b"HTTP/1.1 200 OK\r\n")
    assert sandbox.effects("datasets.create") == 1


def test_stall_for_a_time(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(match=CREATE, stall="headers", stall_ms=80)
    began = time.monotonic()
    assert ask_create(client).status == 200
    assert time.monotonic() - began >= 0.08


def test_a_client_may_leave_a_stall(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(match=CREATE, stall="headers")
    client.send("POST", "/v1/datasets", _headers(sandbox), b'{"name": "left"}')
    sandbox.wait("effects/datasets.create", 1)
    client.close()
    sandbox.wait("connections/open/total", 0, "==")
    sandbox.clear_faults()
    sandbox.wait("requests/in_flight", 0, "==")


@pytest.mark.parametrize(("member", "visible"), [("delay_before_ms", 0), ("delay_after_ms", 1)])
def test_delay(client: Client, sandbox: Sandbox, member: str, visible: int) -> None:
    sandbox.fault(match=CREATE, **{member: 300})
    client.send("POST", "/v1/datasets", _headers(sandbox), b'{"name": "slow"}')
    sandbox.wait("faults", 1)
    if visible:
        sandbox.wait("effects/datasets.create", 1)
    else:
        assert sandbox.effects("datasets.create") == 0
    assert sandbox.counter("requests/answered") == 0
    assert client.receive().status == 200


def test_every_preset_is_sent(sandbox: Sandbox) -> None:
    presets = sandbox.ask("GET", "/faults")["presets"]
    assert len(presets) > 40
    statuses = set()
    for preset in presets:
        sandbox.fault(match=CREATE, answer=preset)
        with Client(sandbox.http, sandbox.key) as client:
            answer = ask_create(client)
        statuses.add(answer.status)
        by_app = answer.header("X-Version") is not None
        assert answer.header("Server") == "nginx/1.22.1"
        if answer.header("Content-Type") == "application/json":
            assert by_app, preset
            assert answer.json()["status"] == answer.status
        elif preset != "not_found_html":
            assert not by_app, preset
    assert statuses == {400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 502, 503, 504}
    assert sandbox.effects("datasets.create") == 0


def test_any_answer(client: Client, sandbox: Sandbox) -> None:
    answer = {
        "status": 418,
        "reason": "TEAPOT",
        "headers": [["Retry-After", "3"]],
        "body": "short and stout",
        "content_type": "text/x-tea",
    }
    sandbox.fault(match=CREATE, answer=answer)
    got = ask_create(client)
    assert (got.status, got.reason, got.body) == (418, "TEAPOT", b"short and stout")
    assert (got.header("Retry-After"), got.header("Content-Type")) == ("3", "text/x-tea")
    assert ask_create(client).status == 200


def test_an_answer_though_the_work_is_done(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(match=CREATE, answer="nginx_504_documented", done=True)
    assert ask_create(client).status == 504
    assert sandbox.effects("datasets.create") == 1


def test_an_answer_before_the_body_is_read(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(match=CREATE, answer="nginx_413", early=True)
    client.send("POST", "/v1/datasets", {**_headers(sandbox), "Content-Length": "5000000"})
    assert client.receive().status == 413


def test_trickle(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(match=CREATE, answer={"status": 200, "body": "{}"}, trickle_ms=1, trickle_bytes=4)
    client.send("POST", "/v1/datasets", _headers(sandbox), b'{"name": "drops"}')
    parts: list[bytes] = []
    while not b"".join(parts).endswith(b"{}"):
        parts.append(client.sock.recv(65536))
    assert len(parts) > 5


def test_a_body_of_a_gigabyte_is_not_held_in_memory(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(match={"operation": "datasets.list"}, big_body=1_000_000_000)
    client.send("GET", "/v1/datasets", _headers(sandbox))
    got = 0
    while got < 30_000_000:
        got += len(client.sock.recv(1 << 20))
    with open(f"/proc/{sandbox.pid}/status", encoding="ascii") as status:
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    assert resident < 300_000
    client.close()
    sandbox.wait("requests/in_flight", 0, "==")


def test_headers_without_end(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(match=CREATE, endless_headers=300_000)
    client.send("POST", "/v1/datasets", _headers(sandbox), b'{"name": "endless"}')
    data = client.rest()
    assert len(data) >= 300_000
    assert b"\r\n\r\n" not in data


@pytest.mark.parametrize("garbage", ["not http at all\r\n\r\n", {"base64": "AP8B/g=="}])
def test_garbage(client: Client, sandbox: Sandbox, garbage: Any) -> None:
    sandbox.fault(match=CREATE, garbage=garbage)
    client.send("POST", "/v1/datasets", _headers(sandbox), b'{"name": "noise"}')
    assert client.rest() == (garbage.encode() if isinstance(garbage, str) else b"\x00\xff\x01\xfe")


def test_matching(sandbox: Sandbox) -> None:
    cases: list[tuple[dict[str, Any], bool]] = [
        ({"operation": "datasets.list"}, True),
        ({"operation": "documents.list"}, False),
        ({"method": "get"}, True),
        ({"method": "POST"}, False),
        ({"path": "/datasets$"}, True),
        ({"path": "/documents"}, False),
        ({"key": "main"}, True),
        ({"key": sandbox.key}, True),
        ({"key": "other"}, False),
        ({"listener": "http"}, True),
        ({"listener": "https"}, False),
        ({"reused": True}, False),
    ]
    for match, fits in cases:
        sandbox.fault(match=match, answer="nginx_502")
        with Client(sandbox.http, sandbox.key) as client:
            assert client.ask("GET", "/datasets").status == (502 if fits else 200), match
        sandbox.clear_faults()


def test_times_and_skip(sandbox: Sandbox) -> None:
    sandbox.fault(answer="nginx_502", times=2, skip=1)
    sandbox.fault(answer="nginx_413", skip=2, times=None)
    with Client(sandbox.http, sandbox.key) as client:
        statuses = [client.ask("GET", "/datasets").status for _ in range(6)]
        assert statuses == [200, 502, 502, 200, 413, 413]
        assert sandbox.ask("GET", "/faults")["faults"][0]["hits"] == 2
        sandbox.clear_faults()
        assert client.ask("GET", "/datasets").status == 200


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_idle_connections_are_closed_to_order(client: Client, sandbox: Sandbox, how: str) -> None:
    create_dataset(client)
    with Client(sandbox.http, sandbox.key) as busy:
        fault = sandbox.fault(stall="before")
        busy.send("GET", "/v1/datasets", _headers(sandbox))
        sandbox.wait("requests/in_flight", 1)
        assert sandbox.close_connections(how=how) == 1
        assert client.ending() == how
        sandbox.release(fault)
        assert busy.receive().status == 200
