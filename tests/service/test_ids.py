"""Nothing is done twice because a message was: ids, epochs, lost connections, a service that dies."""

from __future__ import annotations

import os

import pytest

from daemon import until
from spclient import Gone, new_id, request
from upstream import Request

CREATE = "POST /v1/datasets"


def test_the_same_id_joins_the_running_call(service, upstream):
    gate = upstream.behaviour = upstream.gate()
    with service.client() as one, service.client() as other:
        handle = one.connect(upstream.url)
        call = request("datasets.create", {"name": "n"}, profile=handle)
        first = one.send(call)
        gate.wait_for(1)
        second = other.send(call)
        third = one.send(call)
        for client in (one, other):  # read in order: what was sent before has been taken
            client.call("service.ping")
        assert service.stats()["service"]["calls_running"] == 1
        gate.open()
        replies = [one.receive(first), other.receive(second), one.receive(third)]
    assert upstream.requests[CREATE] == 1
    assert len({r["ok"]["body"] for r in replies}) == 1
    assert replies[1]["ok"]["meta"]["joined"] is True


def test_a_finished_write_is_answered_from_memory(service, upstream):
    with service.client() as client:
        handle = client.connect(upstream.url)
        call = request("datasets.create", {"name": "n"}, profile=handle)
        first = client.receive(client.send(call))
    with service.client() as client:
        again = client.receive(client.send(call))
    assert upstream.requests[CREATE] == 1
    assert again["ok"]["body"] == first["ok"]["body"]
    assert again["ok"]["meta"]["resent"] is True


def test_an_id_stands_for_one_call(service, upstream):
    with service.client() as client:
        handle = client.connect(upstream.url)
        mine = new_id()
        client.call("datasets.create", {"name": "one"}, profile=handle, id=mine)
        error = client.fail("datasets.create", {"name": "two"}, profile=handle, id=mine)
    assert (error["kind"], error["code"]) == ("conflict", "id_reused")
    assert upstream.requests[CREATE] == 1


def test_reads_are_not_remembered(service, upstream):
    with service.client() as client:
        handle = client.connect(upstream.url, cache=False)
        mine = new_id()
        for _ in range(2):
            client.call("datasets.list", {"page": 1}, profile=handle, id=mine)
    assert upstream.requests["GET /v1/datasets"] == 2


def test_what_has_to_be_forgotten_leaves_a_tombstone(start, upstream):
    async def big(request_: Request) -> None:
        await request_.answer(201, b'"' + b"x" * 40000 + b'"')

    upstream.behaviour = big
    service = start("[service]\nremember_bytes = 65536\n")
    with service.client() as client:
        handle = client.connect(upstream.url)
        first = new_id()
        client.call("datasets.create", {"name": "n"}, profile=handle, id=first)
        client.call("datasets.create", {"name": "m"}, profile=handle)
        error = client.fail("datasets.create", {"name": "n"}, profile=handle, id=first)
    assert (error["kind"], error["code"]) == ("unknown_outcome", "forgotten")
    assert upstream.requests[CREATE] == 2


def test_a_new_connection_takes_a_call_up(start, upstream):
    service = start("[service]\norphan_grace_ms = 20000\n")
    gate = upstream.behaviour = upstream.gate()
    lost = service.client()
    handle = lost.connect(upstream.url)
    call = request("datasets.create", {"name": "n"}, profile=handle)
    lost.send(call)
    gate.wait_for(1)
    lost.close()
    with service.client() as client:
        number = client.send(call)
        gate.open()
        assert "ok" in client.receive(number)
    assert upstream.total() == 1


def test_nobody_asks_any_more_then_a_read_is_cancelled(start, upstream):
    service = start("[service]\norphan_grace_ms = 100\n")
    upstream.behaviour = upstream.gate()
    with service.client() as client:
        handle = client.connect(upstream.url)
        client.send(request("datasets.list", {"page": 1}, profile=handle))
        upstream.wait(lambda: upstream.total() == 1, "the call is out")
    until(lambda: service.stats()["service"]["calls_running"] == 0, "it was dropped")
    assert "nobody asks for datasets.list" in service.said()


def test_nobody_asks_any_more_but_a_write_is_finished(start, upstream):
    service = start("[service]\norphan_grace_ms = 50\n")
    gate = upstream.behaviour = upstream.gate()
    client = service.client()
    handle = client.connect(upstream.url)
    call = request("datasets.create", {"name": "n"}, profile=handle)
    client.send(call)
    gate.wait_for(1)
    client.close()
    with service.client() as other:
        until(lambda: "nobody asks for datasets.create" in service.said(), "the grace is over")
        number = other.send(call)
        gate.open()
        reply = other.receive(number)
    assert "ok" in reply, reply
    assert upstream.requests[CREATE] == 1


def test_a_late_write_is_told_as_pending_and_its_outcome_is_kept(service, upstream):
    gate = upstream.behaviour = upstream.gate()
    with service.client() as client:
        handle = client.connect(upstream.url)
        call = request("datasets.create", {"name": "n"}, profile=handle, deadline_ms=200)
        late = client.receive(client.send(call))["error"]
        assert (late["kind"], late["pending"]) == ("unknown_outcome", True)
        call["deadline_ms"] = 20000
        number = client.send(call)
        gate.open()
        assert "ok" in client.receive(number)
        assert client.receive(client.send(call))["ok"]["meta"]["resent"] is True
    assert upstream.requests[CREATE] == 1


def test_who_joins_has_a_deadline_of_his_own(service, upstream):
    gate = upstream.behaviour = upstream.gate()
    with service.client() as client:
        handle = client.connect(upstream.url)
        call = request("datasets.create", {"name": "n"}, profile=handle)
        first = client.send(call)
        gate.wait_for(1)
        joined = client.receive(client.send({**call, "deadline_ms": 150}))["error"]
        assert (joined["kind"], joined["pending"]) == ("unknown_outcome", True)
        gate.open()
        assert "ok" in client.receive(first)


def test_cancel_ends_a_read(service, upstream):
    upstream.behaviour = upstream.gate()
    with service.client() as client, service.client() as other:
        handle = client.connect(upstream.url)
        mine = new_id()
        call = request("datasets.list", {"page": 1}, profile=handle, id=mine)
        number = client.send(call)
        upstream.wait(lambda: upstream.total() == 1, "the call is out")
        assert other.call("service.cancel", {"id": mine})["body"] == {"running": True}
        assert client.receive(number)["error"]["kind"] == "cancelled"
        assert other.call("service.cancel", {"id": mine})["body"] == {"running": False}


def test_a_write_with_another_epoch_is_not_simply_done(service, upstream):
    with service.client() as client:
        handle = client.connect(upstream.url)
        args = {"method": "POST", "path": "/elsewhere", "body": b"x"}
        error = client.fail("http.request", args, profile=handle, epoch=os.urandom(16))
        assert error["kind"] == "unknown_outcome", error
        assert error["code"] == "service_restarted", error
        error = client.fail("http.request", args, profile=handle, again=True)
        assert error["kind"] == "unknown_outcome", error
        assert upstream.requests["POST /v1/elsewhere"] == 0
        client.call("http.request", args, profile=handle, epoch=client.epoch)
    assert upstream.requests["POST /v1/elsewhere"] == 1


def test_a_read_with_another_epoch_is_done(service, upstream):
    with service.client() as client:
        handle = client.connect(upstream.url)
        client.call("datasets.list", {"page": 1}, profile=handle, epoch=os.urandom(16))
        args = {"method": "GET", "path": "/elsewhere"}
        client.call("http.request", args, profile=handle, epoch=os.urandom(16))


def test_after_an_unclean_end_writes_need_an_epoch(service, upstream):
    service.kill()
    service.start()
    with service.client() as client:
        handle = client.connect(upstream.url)
        error = client.fail("datasets.create", {"name": "n"}, profile=handle)
        assert (error["kind"], error["code"]) == ("unknown_outcome", "epoch_needed")
        client.call("datasets.list", {"page": 1}, profile=handle)
        client.call("datasets.create", {"name": "n"}, profile=handle, epoch=client.epoch)
    assert upstream.requests[CREATE] == 1


def test_after_a_clean_end_they_do_not(service, upstream):
    assert service.stop() == 0
    service.start()
    with service.client() as client:
        handle = client.connect(upstream.url)
        client.call("datasets.create", {"name": "n"}, profile=handle)


def test_killed_in_the_middle_of_calls_and_started_again(service, upstream):
    """Every caller gets an answer or a clear error, and no write reaches the server twice."""
    gate = upstream.behaviour = upstream.gate()
    client = service.client()
    handle = client.connect(upstream.url)
    calls = [
        request(
            "http.request",
            {"method": "POST", "path": "/elsewhere", "body": b"%d" % n},
            profile=handle,
            epoch=client.epoch,
        )
        for n in range(8)
    ]
    for call in calls:
        client.send(call)
    gate.wait_for(1)
    service.kill()
    with pytest.raises(Gone):
        client.receive_any()
    gate.open()
    service.start()
    with service.client() as again:
        fresh = again.connect(upstream.url)
        for call in calls:
            error = again.receive(again.send({**call, "profile": fresh}))["error"]
            assert error["kind"] == "unknown_outcome", error
    assert upstream.total() <= 8
    sent = [body for body in upstream.bodies if body]
    assert len(sent) == len(set(sent)), "a write reached the server twice"
