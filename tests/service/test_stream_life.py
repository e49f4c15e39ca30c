"""Streams and what happens around them: ids, clients that vanish, bounds, sleepers, drains, other users."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import strangers
from daemon import Daemon, until
from flows import CHAT, Reading, connect, next_, open_chat, open_download, read, read_all
from sandbox.testing import Sandbox
from spclient import request
from strangers import as_user

QUICK = "[service]\norphan_grace_ms = 150\n"


@pytest.fixture(scope="module")
def standin() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(standin: Sandbox) -> Sandbox:
    standin.reset()
    standin.settings(ping_interval_s=0.2)
    return standin


def streams(service: Daemon) -> int:
    count: int = service.stats()["service"]["streams"]
    return count


def held(service: Daemon) -> int:
    count: int = service.stats()["service"]["stream_held"]
    return count


def sanitized(service: Daemon) -> bool:
    return "libasan" in Path(f"/proc/{service.pid}/maps").read_text()


def opening(args: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"op": "chat.send", "args": {**CHAT, **(args or {})}, **more}


# --- ids and epochs


def test_the_same_id_gives_the_same_handle(start, sandbox):
    """While it opens and afterwards, over any connection: the run is started once."""
    service = start(QUICK)
    sandbox.script(count=3, first_ms=300)
    with service.client() as one, service.client() as two:
        handle = connect(one, sandbox)
        call = request("stream.open", opening(), profile=handle, epoch=one.epoch)
        first, joined = one.send(call), two.send(call)
        replies = [one.receive(first), two.receive(joined)]
        assert replies[0]["ok"]["body"] == replies[1]["ok"]["body"]
        assert sorted(r["ok"]["meta"].get("joined", False) for r in replies) == [False, True]
        again = two.receive(two.send(call))
        assert again["ok"]["body"] == replies[0]["ok"]["body"]
        assert again["ok"]["meta"]["resent"] is True
        read(one, again["ok"]["body"]["stream"])
        error = one.fail("stream.open", opening({"query": "Another?"}), profile=handle, id=call["id"])
        assert (error["kind"], error["code"]) == ("conflict", "id_reused")
    assert sandbox.counter("runs/started") == 1


def test_a_download_has_one_handle_too(start, sandbox):
    service = start(QUICK)
    made = sandbox.make_file(100, key="chat")
    sandbox.use_file(made["id"])
    with service.client() as client:
        handle = connect(client, sandbox)
        call = request(
            "stream.open", {"op": "files.preview", "args": {"file_id": made["id"]}}, profile=handle
        )
        bodies = [client.receive(client.send(call))["ok"]["body"] for _ in range(3)]
        assert bodies[0] == bodies[1] == bodies[2]
    assert sandbox.counter("requests/by_operation/files.preview") == 1


def test_a_former_life_may_have_begun_it(start, sandbox):
    service = start(QUICK)
    made = sandbox.make_file(100, key="chat")
    sandbox.use_file(made["id"])
    with service.client() as client:
        handle = connect(client, sandbox)
        old = os.urandom(16)
        error = client.fail("stream.open", opening(), profile=handle, epoch=old)
        assert error["kind"] == "unknown_outcome"
        assert sandbox.counter("runs/started") == 0
        asked = {"op": "files.preview", "args": {"file_id": made["id"]}}  # which changes nothing
        body = client.call("stream.open", asked, profile=handle, epoch=old)["body"]
        assert len(read(client, body["stream"]).data) == 100


def test_an_opening_has_a_deadline(start, sandbox):
    service = start(QUICK)
    sandbox.fault(match={"operation": "chat.send"}, stall="before")
    sandbox.fault(match={"operation": "files.preview"}, stall="before")
    with service.client() as client:
        handle = connect(client, sandbox)
        error = client.fail("stream.open", opening(), profile=handle, deadline_ms=200)
        assert error["kind"] == "unknown_outcome"  # nobody knows what the server makes of it
        asked = {"op": "files.preview", "args": {"file_id": "00000000-0000-4000-8000-000000000000"}}
        error = client.fail("stream.open", asked, profile=handle, deadline_ms=200)
        assert (error["kind"], error["code"]) == ("timeout", "opening")
    until(lambda: streams(service) == 0, "no place is held")


def test_a_deadline_is_for_the_opening_alone(start, sandbox):
    service = start(QUICK)
    sandbox.script(count=3, hold_after=1)
    with service.client() as client:
        handle = connect(client, sandbox)
        stream = client.call("stream.open", opening(), profile=handle, deadline_ms=400)["body"]["stream"]
        reading = Reading(stream)
        reading.take(next_(client, (stream, 0))[0])
        assert next_(client, (stream, 1), wait_ms=500) == []  # past the deadline, and still there
        sandbox.release_event()
        while reading.end is None:
            for told in next_(client, (stream, reading.after)):
                reading.take(told)
    assert reading.after == 4 and "ok" in reading.end


# --- clients that vanish


def test_nobody_is_left_then_the_stream_is_closed(start, sandbox):
    service = start(QUICK)
    sandbox.script(count=9, hold_after=1)
    client = service.client()
    stream = open_chat(client, connect(client, sandbox))
    next_(client, (stream, 0))
    client.send(request("stream.next", {"streams": [{"stream": stream, "after": 1}]}))
    client.close()
    until(lambda: streams(service) == 0, "it is closed")
    sandbox.wait("streams/left", 1)
    assert "nobody reads the stream of chat.send" in service.said()
    with service.client() as other:
        assert next_(other, (stream, 1))[0]["end"]["error"]["code"] == "no_such_stream"


def test_another_connection_takes_it_up(start, sandbox):
    service = start("[service]\norphan_grace_ms = 1500\n")
    sandbox.script(count=9, hold_after=3)
    first = service.client()
    stream = open_chat(first, connect(first, sandbox))
    second = service.client()
    until(lambda: service.stats()["service"]["stream_pieces"] == 3, "three have come")
    assert len(next_(second, (stream, 0))[0]["events"]) == 3
    first.close()
    assert next_(second, (stream, 3), wait_ms=2000) == []  # longer than the grace
    second.close()
    with service.client() as third:
        sandbox.release_event()
        reading = Reading(stream, after=3)
        while reading.end is None:
            for told in next_(third, (stream, reading.after)):
                reading.take(told)
    assert reading.after == 10


def test_one_that_has_ended_is_kept_for_its_reader(start, sandbox):
    service = start(QUICK)
    sandbox.script(count=5)
    sandbox.script(count=5)
    client = service.client()
    handle = connect(client, sandbox)
    stream, unread = open_chat(client, handle), open_chat(client, handle)
    until(lambda: service.stats()["service"]["stream_pieces"] == 12, "all has come")
    assert read(client, stream).after == 6
    told = next_(client, (stream, 6), (unread, 0))
    assert {t["stream"]: "events" in t for t in told} == {stream: False, unread: True}
    assert streams(service) == 2
    assert client.call("stream.close", {"stream": stream})["body"] == {"stopped": False, "ended": True}
    assert streams(service) == 1
    client.close()
    until(lambda: streams(service) == 0, "the other is closed, too")
    assert held(service) == 0


def test_closing_tells_who_waits(start, sandbox):
    service = start(QUICK)
    sandbox.script(count=5, hold_after=1)
    with service.client() as one, service.client() as two:
        stream = open_chat(one, connect(one, sandbox))
        next_(one, (stream, 0))
        waiting = one.send(request("stream.next", {"streams": [{"stream": stream, "after": 1}]}))
        one.call("service.ping")
        assert two.call("stream.close", {"stream": stream})["body"]["ended"] is False
        (told,) = one.receive(waiting)["ok"]["body"]["streams"]
        assert told["end"]["error"]["code"] == "no_such_stream"
        assert two.fail("stream.close", {"stream": stream})["code"] == "no_such_stream"
    sandbox.wait("streams/left", 1)


@pytest.mark.parametrize(("opened", "closed", "stopped"), [
    ({}, {}, True),
    ({"keep_run": True}, {}, False),
    ({}, {"keep_run": True}, False),
    ({"keep_run": True}, {"keep_run": False}, True),
])  # fmt: skip
def test_closing_stops_the_run_unless_told_otherwise(start, sandbox, opened, closed, stopped):
    service = start(QUICK)
    sandbox.script(count=5, hold_after=1)
    with service.client() as client:
        stream = open_chat(client, connect(client, sandbox), **opened)
        next_(client, (stream, 0))
        answer = client.call("stream.close", {"stream": stream, **closed})["body"]
        assert answer == {"stopped": stopped, "ended": False}
    sandbox.wait("streams/left", 1)
    if not stopped:
        sandbox.release_event()
    sandbox.wait("runs/finished", 1)
    assert sandbox.counter("runs/stopped") == stopped
    assert sandbox.counter("requests/by_operation/chat.stop") == stopped


@pytest.mark.parametrize("keep", [False, True])
def test_the_run_of_an_orphan_is_stopped_unless_told_otherwise(start, sandbox, keep):
    service = start(QUICK)
    sandbox.script(count=5, hold_after=1)
    with service.client() as client:
        next_(client, (open_chat(client, connect(client, sandbox), keep_run=keep), 0))
    sandbox.wait("streams/left", 1)
    if keep:
        sandbox.release_event()
    sandbox.wait("runs/finished", 1)
    assert sandbox.counter("runs/stopped") == (not keep)
    assert streams(service) == 0


def test_a_workflow_whose_stream_is_cut_is_read_back(start, sandbox):
    service = start(QUICK)
    sandbox.script(cut_after_events=3)
    with service.client() as client:
        handle = connect(client, sandbox, "workflow")
        args = {"inputs": {"text": "t", "kind": "a", "count": 1}, "user": "u"}
        asked = {"op": "workflows.run", "args": args}
        reply = client.ask("stream.open", asked, profile=handle)
        assert "ok" in reply, reply
        reading = read(client, reply["ok"]["body"]["stream"])
    assert json.loads(reading.events[-1])["event"] == "workflow_finished"
    assert "ok" in reading.end, reading.end
    assert reading.end["ok"]["run"]["workflow_run_id"]


# --- bounds


def test_bounds_on_open_streams(start, sandbox):
    service = start("[service]\norphan_grace_ms = 150\nstreams_per_user = 2\nstreams_max = 3\n")
    sandbox.script(hold_after=1, times=None)
    with service.client() as client:
        handle = connect(client, sandbox)
        first = open_chat(client, handle)
        open_chat(client, handle)
        error = client.fail("stream.open", opening(), profile=handle)
        assert (error["kind"], error["code"]) == ("busy", "streams_per_user")
        client.call("stream.close", {"stream": first})
        open_chat(client, handle)
    service = start("[service]\norphan_grace_ms = 150\nstreams_max = 1\n")
    with service.client() as client:
        handle = connect(client, sandbox)
        open_chat(client, handle)
        error = client.fail("stream.open", opening(), profile=handle)
        assert (error["kind"], error["code"]) == ("busy", "streams_max")
    assert sandbox.counter("runs/started") == 4


def test_a_refused_opening_leaves_its_place(start, sandbox):
    service = start("[service]\nstreams_per_user = 1\n")
    sandbox.fault(match={"operation": "chat.send"}, answer="nginx_502", times=None)
    with service.client() as client:
        handle = connect(client, sandbox, retry=False, breaker=False)
        for _ in range(3):
            assert client.fail("stream.open", opening(), profile=handle)["kind"] != "busy"
    assert streams(service) == 0


def test_a_reader_that_sleeps_makes_the_server_wait(start, sandbox):
    """400 MB are on their way, and a few of them move."""
    service = start(QUICK)
    sandbox.script(count=100_000, size=4000)
    with service.client() as client:
        stream = open_chat(client, connect(client, sandbox), buffer=65536)
        before = service.memory()
        sandbox.wait("streams/blocked", 1)
        written = sandbox.counter("streams/last/bytes")
        reading = Reading(stream)
        reading.take(next_(client, (stream, 0))[0])
        for _ in range(50):  # asking without acknowledging moves nothing
            assert next_(client, (stream, 0), wait_ms=0)[0]["first"] == 1
        assert 0 < held(service) <= 65536
        assert sandbox.counter("streams/last/bytes") == written
        assert sandbox.counter("streams/blocked") == 1
        while sandbox.counter("streams/last/bytes") == written:  # until the kernel's own buffers have room
            for _ in range(20):
                reading.take(next_(client, (stream, reading.after))[0])
            assert reading.after * 4000 < 50_000_000
        assert held(service) <= 65536
        if not sanitized(service):  # a sanitizer keeps what was freed
            assert service.memory() - before < 8_000_000
        client.call("stream.close", {"stream": stream})
    assert held(service) == 0


def test_all_streams_together_are_bounded(start, sandbox):
    """stream_bytes: streams wait in line, each may hold one event, and all come to their ends."""
    service = start("[service]\norphan_grace_ms = 150\nstream_bytes = 65536\n")
    sandbox.script(count=150, size=4000, times=None)
    with service.client() as client:
        handle = connect(client, sandbox)
        opened = [open_chat(client, handle, buffer=65536) for _ in range(6)]
        until(lambda: held(service) > 65536 - 4500, "no more fits")
        assert held(service) <= 65536 + 6 * 4500
        for stream in opened:
            assert next_(client, (stream, 0), max_events=1)[0]["first"] == 1
        alone = read(client, opened[3])  # one reader wakes up, the others sleep on
        assert len(alone.events) == 151
        assert held(service) <= 65536 + 6 * 4500
        assert all(len(r.events) == 151 for r in read_all(client, *(s for s in opened if s != opened[3])))
    until(lambda: streams(service) == 0, "they are closed")
    assert held(service) == 0


def test_a_piece_larger_than_the_buffer_passes(start, sandbox):
    service = start(QUICK)
    sandbox.script(count=5, size=50_000)
    made = sandbox.make_file(300_000, key="chat")
    sandbox.use_file(made["id"])
    with service.client() as client:
        handle = connect(client, sandbox)
        assert read(client, open_chat(client, handle, buffer=4096), max_bytes=1).sizes == [1] * 6
        file = open_download(client, handle, made["id"], buffer=4096)["stream"]
        reading = read(client, file, max_bytes=1000)
        assert "ok" in reading.end, reading.end
        assert len(reading.data) == 300_000


# --- other users, rules, the end of the service


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_handles_belong_to_their_user(start, sandbox, short):
    short.chmod(0o755)
    key = short / "key"
    key.write_text(sandbox.keys["chat"])
    key.chmod(0o600)
    service = start(
        "[service]\nshared = yes\norphan_grace_ms = 150\n"
        f"[profile site]\nbase_url = {sandbox.http}\napi_key_file = {key}\n"
    )
    (short / "0").chmod(0o755)
    os.chmod(service.socket, 0o666)
    sandbox.script(count=3)
    with service.client() as client:
        stream = open_chat(client, "site")
        assert as_user(4242, 4343, strangers.reads_streams, path=service.socket, stream=stream.hex()) == 0
        assert read(client, stream).after == 4


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_rules_look_at_the_operation_within(start, sandbox, short):
    short.chmod(0o755)
    service = start(
        f"[service]\nshared = yes\n[profile site]\nbase_url = {sandbox.http}\n"
        "[allow some]\nusers = 4242\noperations = apps.*, stream.*\n"
    )
    (short / "0").chmod(0o755)
    os.chmod(service.socket, 0o666)
    assert as_user(4242, 4343, strangers.opens_what_it_may, path=service.socket) == 0
    assert sandbox.counter("runs/started") == 0


def test_a_drain_lets_streams_end(start, sandbox):
    service = start("[service]\nstop_ms = 20000\norphan_grace_ms = 150\n")
    sandbox.script(count=5, hold_after=2)
    with service.client() as client:
        handle = connect(client, sandbox)
        reading = Reading(open_chat(client, handle))
        client.call("service.drain")
        until(
            lambda: client.ask("datasets.list", {}, profile=handle)["error"]["code"] == "draining",
            "it drains",
        )
        error = client.fail("stream.open", opening(), profile=handle)
        assert (error["kind"], error["code"]) == ("cancelled", "draining")
        sandbox.release_event()
        while reading.end is None:
            for told in next_(client, (reading.stream, reading.after)):
                reading.take(told)
        assert reading.after == 6 and "ok" in reading.end
        until(service.ended, "and then it has ended")
    assert service.stop() == 0


def test_the_end_of_the_service_ends_its_streams(start, sandbox):
    service = start("[service]\nstop_ms = 50\n")
    sandbox.script(count=5, hold_after=1)
    with service.client() as client:
        reading = Reading(open_chat(client, connect(client, sandbox)))
        reading.take(next_(client, (reading.stream, 0))[0])
        waiting = client.send(request("stream.next", {"streams": [{"stream": reading.stream, "after": 1}]}))
        client.call("service.drain")
        (told,) = client.receive(waiting)["ok"]["body"]["streams"]
        assert told["end"]["error"]["kind"] in ("cancelled", "unknown_outcome")


def test_five_hundred_streams_at_once(start, sandbox):
    """Read by one client in one request after the other: all of them, in order."""
    service = start("[service]\nstreams_per_user = 600\nstreams_per_host = 600\nconnections_total = 700\n")
    sandbox.script(count=10, interval_ms=20, times=None)
    with service.client(60) as client:
        handle = connect(client, sandbox)
        numbers = [
            client.send(request("stream.open", opening({"user": f"u-{n}"}), profile=handle))
            for n in range(500)
        ]
        opened = [client.receive(n)["ok"]["body"]["stream"] for n in numbers]
        readings = read_all(client, *opened)
        assert all(len(r.events) == 11 and "ok" in r.end for r in readings)
        for reading in readings:
            told = [json.loads(e) for e in reading.events]
            assert len({e["task_id"] for e in told}) == 1
        assert len({json.loads(r.events[0])["task_id"] for r in readings}) == 500
        for number in [client.send(request("stream.close", {"stream": s})) for s in opened]:
            assert client.receive(number)["ok"]["body"]["ended"] is True
    assert streams(service) == 0 and held(service) == 0
