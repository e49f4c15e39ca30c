"""Reading answers that come in pieces: order, edges, acknowledgement, many at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator

import pytest

from daemon import Daemon, until
from flows import CHAT, Reading, connect, next_, open_chat, open_download, read, read_all
from sandbox.testing import Sandbox
from spclient import new_id, request


@pytest.fixture(scope="module")
def standin() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def service(start: Callable[..., Daemon]) -> Daemon:
    return start("[service]\norphan_grace_ms = 2000\nstop_ms = 100\n")


@pytest.fixture
def sandbox(standin: Sandbox) -> Sandbox:
    standin.reset()
    return standin


def test_what_an_opening_tells(service, sandbox):
    with service.client() as client:
        handle = connect(client, sandbox)
        body = client.call(
            "stream.open",
            {"op": "chat.send", "args": {"query": "q", "inputs": {}, "user": "u"}},
            profile=handle,
        )["body"]
        assert len(body["stream"]) == 16
        assert (body["kind"], body["status"], body["name"]) == ("events", 200, "")
        assert body["type"].startswith("text/event-stream")
        assert body["headers"]["x-version"] == "1.12.1"
        assert "length" not in body
        read(client, body["stream"])


def test_a_waiting_reader_gets_each_event_at_once(service, sandbox):
    """Each event is held back until the one before it has been read: alone in its reply, or never."""
    sandbox.settings(ping_interval_s=0.05)  # the head of the answer comes with the first
    sandbox.script(words=["one ", "two ", "three"], hold_after="each")
    with service.client() as client:
        reading = Reading(open_chat(client, connect(client, sandbox)))
        for _ in range(4):
            asked = [{"stream": reading.stream, "after": reading.after}]
            waiting = client.send(request("stream.next", {"streams": asked}))
            client.call("service.ping")  # it has been taken
            sandbox.wait("runs/held", 1)
            sandbox.release_event()
            for told in client.receive(waiting)["ok"]["body"]["streams"]:
                reading.take(told)
        reading.take(next_(client, (reading.stream, 4))[0])
    assert reading.sizes == [1, 1, 1, 1]
    assert reading.text == "one two three"
    assert "ok" in reading.end


def test_a_reader_that_lags_gets_many_events_a_reply(service, sandbox):
    sandbox.script(count=50)
    with service.client() as client:
        stream = open_chat(client, connect(client, sandbox))
        sandbox.wait("runs/finished", 1)
        until(lambda: service.stats()["service"]["stream_pieces"] == 51, "all have come")
        (told,) = next_(client, (stream, 0))
        assert (told["first"], len(told["events"])) == (1, 51)
        assert "ok" in told["end"]


@pytest.mark.parametrize(("bounds", "sizes"), [
    ({"max_events": 10}, [10, 10, 1]),
    ({"max_bytes": 1}, [1] * 21),
    ({"max_events": 1}, [1] * 21),
    ({"max_bytes": 100000}, [21]),
])  # fmt: skip
def test_a_reply_keeps_within_its_bounds(service, sandbox, bounds, sizes):
    sandbox.script(count=20)
    with service.client() as client:
        stream = open_chat(client, connect(client, sandbox))
        until(lambda: service.stats()["service"]["stream_pieces"] == 21, "all have come")
        assert read(client, stream, **bounds).sizes == sizes


@pytest.mark.parametrize("edges", [{"chunk_bytes": 1}, {"chunk_bytes": 7}, {"events_per_chunk": 50}])
def test_the_edges_of_chunks_do_not_matter(service, sandbox, edges):
    sandbox.script(words=["Grüß ", "Gott ", "☃ ", "😀"] * 5, **edges)
    with service.client() as client:
        reading = read(client, open_chat(client, connect(client, sandbox)))
    assert reading.text == "Grüß Gott ☃ 😀" * 5
    assert json.loads(reading.events[-1])["event"] == "message_end"


def test_events_with_a_type_of_their_own(service, sandbox):
    sandbox.script(words=["a"], insert=[{"after": 1, "raw": 'event: later\nid: 7\ndata: {"event": "x"}\n\n'}])
    with service.client() as client:
        reading = read(client, open_chat(client, connect(client, sandbox)))
    assert {"event": "later", "id": "7", "data": '{"event": "x"}'} in reading.events
    assert isinstance(reading.events[0], str)


def test_asking_again_gives_the_same(service, sandbox):
    """A reply that is lost with its connection loses nothing."""
    sandbox.script(count=9, hold_after=6)
    first = service.client()
    handle = connect(first, sandbox)
    stream = open_chat(first, handle)
    until(lambda: service.stats()["service"]["stream_pieces"] == 6, "six have come")
    given = next_(first, (stream, 0), max_events=3)
    assert next_(first, (stream, 0), max_events=3) == given
    lost = next_(first, (stream, 3), max_events=2)
    first.send(request("stream.next", {"streams": [{"stream": stream, "after": 3}]}))
    first.close()
    with service.client() as client:
        assert next_(client, (stream, 3), max_events=2) == lost
        assert next_(client, (stream, 3), max_events=2) == lost
        (rest,) = next_(client, (stream, 3))
        assert (rest["first"], len(rest["events"])) == (4, 3)
        sandbox.release_event()
        reading = Reading(stream, after=6)
        while reading.end is None:
            for told in next_(client, (stream, reading.after)):
                reading.take(told)
        assert reading.after == 10
        again = next_(client, (stream, 10))  # its end, too, is told as often as it is asked for
        assert again == [{"stream": stream, "end": reading.end}]


def test_what_was_acknowledged_is_gone_and_what_was_not_given_cannot_be(service, sandbox):
    sandbox.script(count=9, hold_after=5)
    sandbox.script(count=9, hold_after=5)
    with service.client() as client:
        handle = connect(client, sandbox)
        stream, other = open_chat(client, handle), open_chat(client, handle)
        until(lambda: service.stats()["service"]["stream_pieces"] == 10, "five of each have come")
        next_(client, (stream, 0), (other, 0), max_events=6)
        next_(client, (stream, 3), max_events=1)
        for after in (2, 6, 2**62):
            asked = [{"stream": other, "after": 1}, {"stream": stream, "after": after}]
            error = client.fail("stream.next", {"streams": asked})
            assert (error["kind"], error["code"]) == ("invalid_request", "after")
            assert str(after) in error["message"]
        assert next_(client, (other, 0))[0]["first"] == 1  # the refused request acknowledged nothing
        error = client.fail("stream.next", {"streams": [{"stream": stream, "after": 3}] * 2})
        assert error["code"] == "repeated_stream"
        assert next_(client, (stream, 3))[0]["first"] == 4


def test_a_newer_request_takes_the_older_ones_place(service, sandbox):
    sandbox.script(count=3, hold_after=1)
    sandbox.script(count=3, hold_after=1)
    with service.client() as one, service.client() as two:
        handle = connect(one, sandbox)
        stream, other = open_chat(one, handle), open_chat(one, handle)
        until(lambda: service.stats()["service"]["stream_pieces"] == 2, "one of each has come")
        next_(one, (stream, 0), (other, 0))
        both = [{"stream": stream, "after": 1}, {"stream": other, "after": 1}]
        older = one.send(request("stream.next", {"streams": both}))
        one.call("service.ping")  # it has been taken
        newer = two.send(request("stream.next", {"streams": both[:1]}))
        two.call("service.ping")
        newest = two.send(request("stream.next", {"streams": both[1:]}))
        assert one.receive(older)["ok"]["body"] == {"streams": []}  # nothing is left to wait for
        sandbox.release_event()
        assert two.receive(newer)["ok"]["body"]["streams"][0]["stream"] == stream
        assert two.receive(newest)["ok"]["body"]["streams"][0]["stream"] == other


def test_who_waits_in_vain(service, sandbox):
    sandbox.script(count=3, hold_after=1)
    with service.client() as client:
        stream = open_chat(client, connect(client, sandbox))
        assert len(next_(client, (stream, 0))[0]["events"]) == 1
        assert next_(client, (stream, 1), wait_ms=0) == []
        assert next_(client, (stream, 1), wait_ms=30) == []
        long = client.send(
            request("stream.next", {"streams": [{"stream": stream, "after": 1}], "wait_ms": 60000})
        )
        with service.client() as other:  # one whose patience ends sooner does not wait for the other's
            asked = [{"stream": new_id(), "after": 0}]
            assert (
                other.call("stream.next", {"streams": asked})["body"]["streams"][0]["end"]["error"]["code"]
                == "no_such_stream"
            )
            assert next_(other, (stream, 1), wait_ms=30) == []
        assert client.receive(long)["ok"]["body"] == {"streams": []}


def test_many_streams_in_one_request(service, sandbox):
    """All to their ends, each in order; an unknown handle is told of, and the others go on."""
    sandbox.script(count=20, interval_ms=2, times=None)
    with service.client() as client:
        handle = connect(client, sandbox)
        streams = [open_chat(client, handle) for _ in range(40)]
        unknown = new_id()
        told = next_(client, (unknown, 7), *((s, 0) for s in streams))
        (lost,) = [t for t in told if t["stream"] == unknown]
        assert (lost["end"]["error"]["kind"], lost["end"]["error"]["code"]) == ("not_found", "no_such_stream")
        readings = read_all(client, *streams)
    assert all(len(r.events) == 21 and "ok" in r.end for r in readings)
    words = [[json.loads(e)["answer"] for e in r.events[:-1]] for r in readings]
    assert all(w == words[0] for w in words)


def test_none_starves_behind_others(service, sandbox):
    """Replies too small for all: whoever is named last is told of as soon as the others are."""
    sandbox.script(count=200, size=2000, times=None)
    with service.client() as client:
        handle = connect(client, sandbox)
        streams = [open_chat(client, handle) for _ in range(8)]
        until(
            lambda: sandbox.counter("streams/blocked") + sandbox.counter("streams/finished") == 8,
            "all are full",
            30,
        )
        readings = {s: Reading(s) for s in streams}
        for _ in range(8):
            for told in next_(client, *((r.stream, r.after) for r in readings.values()), max_bytes=8000):
                readings[told["stream"]].take(told)
        assert all(r.after > 0 for r in readings.values())


def test_a_download_is_bytes(service, sandbox):
    made = sandbox.make_file(3_000_000, key="chat", name="größer.bin")
    sandbox.use_file(made["id"])
    with service.client() as client:
        opened = open_download(client, connect(client, sandbox), made["id"])
        assert (opened["kind"], opened["length"]) == ("bytes", 3_000_000)
        reading = read(client, opened["stream"], max_bytes=100_000)
    assert hashlib.sha256(reading.data).hexdigest() == made["sha256"]
    assert reading.end["ok"]["meta"]["received"] == 3_000_000


def test_a_download_tells_its_name(service, sandbox):
    made = sandbox.make_file(10, key="chat", name="größer.bin")
    sandbox.use_file(made["id"])
    with service.client() as client:
        asked = {"op": "files.preview", "args": {"file_id": made["id"], "as_attachment": True}}
        body = client.call("stream.open", asked, profile=connect(client, sandbox))["body"]
        assert body["name"] == "größer.bin"
        assert "content-disposition" in body["headers"]
        assert len(read(client, body["stream"]).data) == 10


def test_bytes_are_acknowledged_anywhere(service, sandbox):
    made = sandbox.make_file(50_000, key="chat")
    sandbox.use_file(made["id"])
    with service.client() as client:
        opened = open_download(client, connect(client, sandbox), made["id"])
        (all_,) = next_(client, (opened["stream"], 0))
        (some,) = next_(client, (opened["stream"], 17), max_bytes=5)
        assert (some["offset"], some["bytes"]) == (17, all_["bytes"][17:22])
        error = client.fail("stream.next", {"streams": [{"stream": opened["stream"], "after": 16}]})
        assert error["code"] == "after"


def test_a_cut_download_is_an_error(service, sandbox):
    made = sandbox.make_file(1_000_000, key="chat")
    sandbox.use_file(made["id"])
    sandbox.fault(match={"operation": "files.preview"}, cut_body_after=400_000)
    with service.client() as client:
        reading = read(client, open_download(client, connect(client, sandbox), made["id"])["stream"])
    assert 0 < len(reading.data) <= 400_000
    assert reading.end["error"]["kind"] == "unreachable"


def test_any_read_may_come_in_pieces(service, sandbox):
    with service.client() as client:
        handle = connect(client, sandbox)
        whole = client.call("apps.parameters", {}, profile=handle)["body"]
        body = client.call("stream.open", {"op": "apps.parameters"}, profile=handle)["body"]
        assert body["kind"] == "bytes"
        assert bytes(read(client, body["stream"]).data) == whole
        asked = {"op": "http.request", "args": {"method": "GET", "path": "/v1/parameters"}}
        body = client.call("stream.open", asked, profile=handle)["body"]
        assert bytes(read(client, body["stream"]).data) == whole


def test_an_error_before_the_stream_is_the_operations_own(service, sandbox):
    with service.client() as client:
        handle = connect(client, sandbox)
        sandbox.fault(match={"operation": "chat.send"}, answer="nginx_502", times=None)
        direct = client.fail("chat.send", {"query": "q", "inputs": {}, "user": "u"}, profile=handle)
        opened = client.fail(
            "stream.open",
            {"op": "chat.send", "args": {"query": "q", "inputs": {}, "user": "u"}},
            profile=handle,
        )
        assert (opened["kind"], opened["code"]) == (direct["kind"], direct["code"])
        wrong = client.fail("stream.open", {"op": "chat.send", "args": {"query": "q"}}, profile=handle)
        assert wrong["kind"] == "invalid_request"
    assert service.stats()["service"]["streams"] == 0


def test_an_error_inside_the_stream_is_its_end(service, sandbox):
    sandbox.script(count=9, error="internal_error", error_after=3)
    with service.client() as client:
        reading = read(client, open_chat(client, connect(client, sandbox)))
    assert len(reading.events) >= 3
    error = reading.end["error"]
    assert error["kind"] == "server_error"
    assert error["run"]["task_id"] and error["run"]["message_id"]


@pytest.mark.parametrize("how", ["rst", "fin"])
def test_a_stream_that_is_cut_has_an_unknown_outcome(service, sandbox, how):
    sandbox.script(count=9, cut_after_events=3, how=how)
    with service.client() as client:
        reading = read(client, open_chat(client, connect(client, sandbox)))
    assert len(reading.events) == 3
    assert reading.end["error"]["kind"] == "unknown_outcome"
    assert reading.end["error"]["run"]["task_id"]


def test_one_answer_that_is_cut_tells_the_ids_too(service, sandbox):
    sandbox.script(count=9, cut_after_events=3, how="fin")
    with service.client() as client:
        error = client.fail("chat.send", CHAT, profile=connect(client, sandbox))
    assert error["kind"] == "unknown_outcome"
    assert set(error["run"]) == {"task_id", "message_id", "conversation_id"}
    assert all(error["run"].values())


def test_silence_ends_a_stream_and_pings_are_life(service, sandbox):
    sandbox.settings(ping_interval_s=0.05)
    sandbox.script(count=3, hold_after=1)
    sandbox.script(count=3, hold_after=1, ping_s=3600)
    with service.client() as client:
        handle = connect(client, sandbox)
        alive = open_chat(client, handle, idle_ms=1000)
        silent = open_chat(client, handle, idle_ms=1000)
        reading = read(client, silent)
        assert reading.end["error"]["kind"] in ("timeout", "unknown_outcome")
        sandbox.release_event()
        assert "ok" in read(client, alive).end


def test_total_ms_bounds_all_of_it(service, sandbox):
    sandbox.script(count=3, hold_after=1)
    with service.client() as client:
        reading = read(client, open_chat(client, connect(client, sandbox), total_ms=300))
    assert reading.after == 1
    assert reading.end["error"]["kind"] in ("timeout", "unknown_outcome")


BAD_OPENINGS = [
    ({}, "missing_argument"),
    ({"op": "chat.send", "args": []}, "invalid_type"),
    ({"op": "chat.send", "buffer": 4095}, "out_of_range"),
    ({"op": "chat.send", "buffer": 8388609}, "out_of_range"),
    ({"op": "chat.send", "idle_ms": 0}, "out_of_range"),
    ({"op": "chat.send", "total_ms": "1"}, "invalid_type"),
    ({"op": "chat.send", "keep_run": 1}, "invalid_type"),
    ({"op": "chat.send", "keeprun": True}, "unknown_argument"),
    ({"op": "datasets.create", "args": {"name": "n"}}, "no_stream"),
    ({"op": "http.request", "args": {"method": "POST", "path": "/v1/x"}}, "no_stream"),
    ({"op": "chat.sing"}, "unknown_operation"),
    ({"op": "service.ping"}, "unknown_operation"),
]

BAD_NEXTS = [
    ({}, "missing_argument"),
    ({"streams": []}, "out_of_range"),
    ({"streams": [{"stream": b"x" * 16, "after": 0}] * 1025}, "out_of_range"),
    ({"streams": {}}, "invalid_type"),
    ({"streams": [7]}, "invalid_type"),
    ({"streams": [{"stream": b"x" * 15, "after": 0}]}, "invalid_type"),
    ({"streams": [{"stream": b"x" * 16}]}, "missing_argument"),
    ({"streams": [{"after": 0}]}, "missing_argument"),
    ({"streams": [{"stream": b"x" * 16, "after": -1}]}, "out_of_range"),
    ({"streams": [{"stream": b"x" * 16, "after": 0, "before": 1}]}, "unknown_argument"),
    ({"streams": [{"stream": b"x" * 16, "after": 0}], "wait_ms": 60001}, "out_of_range"),
    ({"streams": [{"stream": b"x" * 16, "after": 0}], "max_bytes": 0}, "out_of_range"),
    ({"streams": [{"stream": b"x" * 16, "after": 0}], "max_events": 65537}, "out_of_range"),
    ({"streams": [{"stream": b"x" * 16, "after": 0}], "wait": 1}, "unknown_argument"),
]


@pytest.mark.parametrize(("op", "args", "code"), [
    *(("stream.open", args, code) for args, code in BAD_OPENINGS),
    *(("stream.next", args, code) for args, code in BAD_NEXTS),
    ("stream.close", {}, "missing_argument"),
    ("stream.close", {"stream": b"x" * 16, "keep": True}, "unknown_argument"),
    ("stream.close", {"stream": b"x" * 16}, "no_such_stream"),
    ("stream.shut", {"stream": b"x" * 16}, "unknown_operation"),
])  # fmt: skip
def test_what_is_wrong_is_refused_by_name(service, sandbox, op, args, code):
    with service.client() as client:
        error = client.fail(op, args, profile=connect(client, sandbox))
        assert error["code"] == code, error
    assert sandbox.counter("requests/total") == 0
