"""Streams and what can be ordered of them: words, silence, errors, ends and edges, and the client's pace as the server feels it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import sse
from sandbox.testing import ControlError, Sandbox

from wire import Client

CHAT: dict[str, Any] = {"inputs": {}, "query": "hello", "response_mode": "streaming", "user": "u1"}
WORKFLOW: dict[str, Any] = {"inputs": {"text": "hi"}, "response_mode": "streaming", "user": "u1"}


@pytest.fixture(params=["http", "https"])
def client(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Client]:
    with Client(getattr(sandbox, request.param), sandbox.keys["chat"], sandbox.ca_file) as made:
        yield made


def app(sandbox: Sandbox, name: str) -> Client:
    return Client(sandbox.http, sandbox.keys[name])


def ask(client: Client, path: str = "/chat-messages", body: dict[str, Any] = CHAT) -> sse.Chunked:
    sse.start(client, path, body)
    return sse.receive(client)


def last(sandbox: Sandbox) -> dict[str, Any]:
    return sandbox.streams()[-1]


# --- what is said


def test_words_and_their_size(client: Client, sandbox: Sandbox) -> None:
    sandbox.script(words=["Füße", " ☃"])
    assert sse.texts(ask(client).body) == ["Füße", " ☃"]
    sandbox.script(words=["a", "b"], count=5)
    assert sse.texts(ask(client).body) == ["a", "b", "a", "b", "a"]
    sandbox.script(count=3, size=1000)
    assert [len(text) for text in sse.texts(ask(client).body)] == [1000] * 3
    assert len(sse.texts(ask(client).body)) == 6  # a script is used up


@pytest.mark.parametrize("name", ["agent", "chatflow", "workflow", "completion"])
def test_a_script_speaks_for_every_kind_of_app(sandbox: Sandbox, name: str) -> None:
    sandbox.script(words=["one", "two"], match={"key": name})
    path, body = {
        "workflow": ("/workflows/run", WORKFLOW),
        "completion": ("/completion-messages", {**CHAT, "inputs": {"query": "x"}}),
    }.get(name, ("/chat-messages", CHAT))
    with app(sandbox, name) as client:
        assert [text for text in sse.texts(ask(client, path, body).body) if text] == ["one", "two"]
        sandbox.script(words=["one", "two"])
        if name != "agent":
            answer = client.ask("POST", path, {**body, "response_mode": "blocking"}).json()
            assert (answer["data"]["outputs"]["result"] if name == "workflow" else answer["answer"]) == "onetwo"


def test_effects_and_numbers(client: Client, sandbox: Sandbox) -> None:
    answer = ask(client)
    assert sandbox.effects("chat.send") == 1
    sandbox.wait("streams/finished", 1)
    numbers = sandbox.counters()
    assert (numbers["runs"]["started"], numbers["runs"]["succeeded"], numbers["runs"]["in_flight"]) == (1, 1, 0)
    assert (numbers["streams"]["open"], numbers["streams"]["events"]) == (0, 7)
    assert numbers["streams"]["bytes"] == last(sandbox)["bytes"] == len(answer.body)


# --- silence


def test_an_event_is_held_until_it_is_released(client: Client, sandbox: Sandbox) -> None:
    sandbox.script(hold_after=[0, 2])
    sse.start(client, "/chat-messages", CHAT)
    sandbox.wait("runs/held", 1)
    assert last(sandbox)["events"] == 0
    assert sandbox.release_event() == 1
    reader = sse.Reader(client)
    reader.head()
    assert [sse.texts(reader.chunk() or b"") for _ in range(2)] == [["Hello"], [" from"]]
    sandbox.wait("runs/held", 1)
    sandbox.release_event(last(sandbox)["task_id"])
    chunks, whole = reader.rest()
    assert (len(chunks), whole) == (5, True)


def test_each_event_by_itself(client: Client, sandbox: Sandbox) -> None:
    sandbox.script(words=["a", "b"], hold_after="each")
    sse.start(client, "/chat-messages", CHAT)
    reader = sse.Reader(client)
    for number in range(3):
        sandbox.wait("runs/held", 1)
        assert sandbox.counter("streams/last/events") == number
        assert sandbox.release_event() == 1
        if not number:
            reader.head()
        assert len(sse.events(reader.chunk() or b"")) == 1
        if number < 2:
            sandbox.wait("runs/held", 1)
    assert reader.chunk() == b""


def test_pings_come_in_silence_and_bring_the_head(client: Client, sandbox: Sandbox) -> None:
    sandbox.settings(ping_interval_s=0.01)
    sandbox.script(hold_after=0)
    sse.start(client, "/chat-messages", CHAT)
    sandbox.wait("streams/last/pings", 2)
    reader = sse.Reader(client)
    assert reader.head()[0] == 200
    assert [reader.chunk(), reader.chunk()] == [b"event: ping\n\n"] * 2
    sandbox.wait("runs/held", 1)
    sandbox.release_event()
    assert reader.rest()[1]


def test_no_pings(client: Client, sandbox: Sandbox) -> None:
    sandbox.settings(ping_interval_s=0.0)
    sandbox.script(first_ms=30)
    assert b"ping" not in ask(client).body


def test_intervals(client: Client, sandbox: Sandbox) -> None:
    sandbox.script(words=["a", "b"], first_ms=20, interval_ms=20)
    elapsed = sse.events(ask(client).body)[-1]["metadata"]["usage"]["latency"]
    assert elapsed >= 0.039  # before the first event and between the two; the end is made before its wait


# --- errors and ends


def test_an_error_in_a_stream_and_without_one(client: Client, sandbox: Sandbox) -> None:
    sandbox.script(error="provider_quota_exceeded_documented", error_after=2, times=2)
    found = sse.events(ask(client).body)
    assert [event["event"] for event in found] == ["message", "message", "error"]
    assert (found[2]["code"], found[2]["status"]) == ("provider_quota_exceeded", 400)
    answer = client.ask("POST", "/chat-messages", {**CHAT, "response_mode": "blocking"})
    assert (answer.status, answer.json()["code"]) == (400, "provider_quota_exceeded")
    sandbox.wait("runs/failed", 2)


def test_an_error_of_a_workflow(sandbox: Sandbox) -> None:
    sandbox.script(error="internal_error", error_after=1)
    with app(sandbox, "workflow") as client:
        found = sse.events(ask(client, "/workflows/run", WORKFLOW).body)
    assert [event["event"] for event in found] == ["workflow_started", "error"]
    assert list(found[1]) == ["event", "workflow_run_id", "code", "status", "message"]


def test_a_model_that_breaks_midway(client: Client, sandbox: Sandbox) -> None:
    sandbox.script(break_after=2, times=2)
    assert [event["event"] for event in sse.events(ask(client).body)] == ["message", "message", "error"]
    answer = client.ask("POST", "/chat-messages", {**CHAT, "response_mode": "blocking"})
    assert (answer.status, answer.json()["answer"]) == (200, "Hello from")
    sandbox.script(break_after=0)
    assert client.ask("POST", "/chat-messages", {**CHAT, "response_mode": "blocking"}).status == 400


def test_a_workflow_whose_model_breaks(sandbox: Sandbox) -> None:
    sandbox.script(words=["a", "b", "c"], break_after=2, times=2)
    with app(sandbox, "workflow") as client:
        found = sse.events(ask(client, "/workflows/run", WORKFLOW).body)
        assert (found[-1]["event"], found[-1]["data"]["status"]) == ("workflow_finished", "failed")
        answer = client.ask("POST", "/workflows/run", {**WORKFLOW, "response_mode": "blocking"})
        assert (answer.status, answer.json()["data"]["status"]) == (200, "failed")


@pytest.mark.parametrize("how", ["rst", "fin"])
def test_a_stream_that_ends_in_the_middle(client: Client, sandbox: Sandbox, how: str) -> None:
    sandbox.script(cut_after_events=2, how=how)
    sse.start(client, "/chat-messages", CHAT)
    reader = sse.Reader(client)
    reader.head()
    assert [sse.texts(reader.chunk() or b"") for _ in range(2)] == [["Hello"], [" from"]]
    assert client.ending() == how
    sandbox.wait("streams/cut", 1)
    sandbox.wait("runs/succeeded", 1)  # the run knows nothing of it


def test_a_client_that_leaves_ends_its_stream_but_not_its_run(client: Client, sandbox: Sandbox) -> None:
    sandbox.script(hold_after=1)
    sse.start(client, "/chat-messages", CHAT)
    sandbox.wait("streams/last/events", 1)
    client.close()
    sandbox.wait("streams/left", 1)
    assert (sandbox.counter("streams/open"), sandbox.counter("runs/in_flight")) == (0, 1)
    sandbox.wait("runs/held", 1)
    sandbox.release_event()
    sandbox.wait("runs/succeeded", 1)


def test_stop_ends_a_run_that_is_held(client: Client, sandbox: Sandbox) -> None:
    sandbox.script(hold_after=2)
    sse.start(client, "/chat-messages", CHAT)
    sandbox.wait("runs/held", 1)
    path = f"/chat-messages/{last(sandbox)['task_id']}/stop"
    with app(sandbox, "chat") as other, app(sandbox, "agent") as foreign:
        assert foreign.ask("POST", path, {"user": "u1"}).json() == {"result": "success"}
        assert other.ask("POST", path, {"user": "somebody else"}).json() == {"result": "success"}
        assert (sandbox.counter("runs/in_flight"), sandbox.effects("chat.stop")) == (1, 0)
        assert other.ask("POST", path, {"user": "u1"}).json() == {"result": "success"}
    assert [event["event"] for event in sse.events(sse.receive(client).body)] == ["message", "message", "message_end"]
    assert (sandbox.counter("runs/stopped"), sandbox.effects("chat.stop")) == (1, 1)


# --- edges


def test_chunks_end_where_they_are_wanted(client: Client, sandbox: Sandbox) -> None:
    sandbox.script(chunk_edges=[1, 3, 100])
    answer = ask(client)
    assert [sum(map(len, answer.chunks[:n])) for n in range(1, 4)] == [1, 3, 100]
    assert len(answer.chunks) == 10
    assert len(sse.events(answer.body)) == 7
    sandbox.script(chunk_bytes=7)
    answer = ask(client)
    assert max(map(len, answer.chunks)) == 7
    assert len(sse.events(answer.body)) == 7


def test_an_edge_within_a_character(client: Client, sandbox: Sandbox) -> None:
    sandbox.script(words=["☃"], times=2)
    edge = ask(client).body.index("☃".encode()) + 1
    sandbox.clear_scripts()
    sandbox.script(words=["☃"], chunk_edges=[edge])
    answer = ask(client)
    assert answer.chunks[0][-1:] == b"\xe2"
    assert sse.texts(answer.body) == ["☃"]


def test_events_share_a_chunk(client: Client, sandbox: Sandbox) -> None:
    sandbox.script(events_per_chunk=3)
    assert [chunk.count(b"data: ") for chunk in ask(client).chunks] == [3, 3, 1]


def test_anything_can_be_put_in_between(client: Client, sandbox: Sandbox) -> None:
    sandbox.script(
        insert=[{"after": 1, "event": {"event": "tts_message", "audio": ""}}, {"after": 2, "raw": ": note\r\n\r\n"}]
    )
    body = ask(client).body
    assert b": note\r\n\r\n" in body
    kinds = [event["event"] for event in sse.events(body.replace(b": note\r\n\r\n", b""))]
    assert kinds[:3] == ["message", "tts_message", "message"]


# --- the client's pace


def test_a_client_that_does_not_read_holds_the_run_up(client: Client, sandbox: Sandbox) -> None:
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    sandbox.script(count=20_000, size=4000)
    sse.start(client, "/chat-messages", CHAT)
    sandbox.wait("streams/blocked", 1)
    written = last(sandbox)["bytes"]
    with open(f"/proc/{sandbox.pid}/status", encoding="ascii") as status:
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    assert resident < 300_000
    # Another stream is served from its first event to its last meanwhile, and this one does not move.
    with app(sandbox, "workflow") as other:
        assert ask(other, "/workflows/run", WORKFLOW).whole
    held = next(stream for stream in sandbox.streams() if stream["operation"] == "chat.send")
    assert held["blocked"]
    assert written <= held["bytes"] < 20_000_000
    assert sandbox.counter("runs/in_flight") == 1
    answer = sse.receive(client)
    assert answer.whole
    assert len(answer.body) > 80_000_000


def test_a_blocked_client_that_leaves(client: Client, sandbox: Sandbox) -> None:
    sandbox.script(count=20_000, size=4000)
    sse.start(client, "/chat-messages", CHAT)
    sandbox.wait("streams/blocked", 1)
    client.close()
    sandbox.wait("streams/left", 1)
    sandbox.wait("runs/succeeded", 1)


# --- faults and workers


def test_faults_spoil_streams_too(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(stall="in-body")
    sse.start(client, "/chat-messages", CHAT)
    reader = sse.Reader(client)
    reader.head()
    assert sse.texts(reader.chunk() or b"") == ["Hello"]
    sandbox.release()
    assert reader.rest()[1]
    sandbox.fault(trickle_bytes=50)
    assert ask(client).whole
    sandbox.fault(answer="nginx_504_documented", done=True)
    assert client.ask("POST", "/chat-messages", CHAT).status == 504
    sandbox.fault(reset="before")
    sse.start(client, "/chat-messages", CHAT)
    assert client.ending() == "rst"
    assert sandbox.effects("chat.send") == 3
    sandbox.wait("streams/open", 0, "==")
    sandbox.wait("runs/in_flight", 0, "==")


@pytest.mark.parametrize("how", ["rst", "fin"])
def test_a_stream_whose_work_is_done_though_nobody_is_told(client: Client, sandbox: Sandbox, how: str) -> None:
    sandbox.fault(reset="after", how=how)
    sse.start(client, "/chat-messages", CHAT)
    assert client.ending() == how
    assert sandbox.effects("chat.send") == 1
    sandbox.wait("runs/succeeded", 1)


def test_a_fault_that_cuts_the_body(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(cut_body_after=100, how="fin")
    sse.start(client, "/chat-messages", CHAT)
    reader = sse.Reader(client)
    reader.head()
    assert reader.rest() == ([], False)
    sandbox.wait("streams/left", 1)


def test_a_stream_keeps_its_worker(client: Client, sandbox: Sandbox) -> None:
    sandbox.settings(worker_connections=1)
    sandbox.script(hold_after=1)
    sse.start(client, "/chat-messages", CHAT)
    sandbox.wait("runs/held", 1)
    with app(sandbox, "chat") as other:
        sse.start(other, "/chat-messages", CHAT)
        sandbox.wait("workers/waiting_for_a_worker", 1)
        sandbox.release_event()
        assert sse.receive(client).whole
        assert sse.receive(other).whole


def test_an_apps_ceiling_counts_followed_runs(sandbox: Sandbox) -> None:
    sandbox.settings(app_limit=1)
    sandbox.script(hold_after=1)
    with app(sandbox, "chat") as one, app(sandbox, "chat") as other:
        sse.start(one, "/chat-messages", CHAT)
        sandbox.wait("runs/held", 1)
        refused = other.ask("POST", "/chat-messages", CHAT)
        assert (refused.status, refused.json()["message"][:19]) == (400, "Too many requests. ")
        assert sandbox.effects("chat.send") == 1
        one.close()
        sandbox.wait("streams/left", 1)
        assert ask(other).whole


def test_a_connection_goes_on_after_a_stream(client: Client, sandbox: Sandbox) -> None:
    for _ in range(3):
        assert ask(client).whole
    assert sandbox.counter("connections/accepted/total") == 1
    assert sandbox.counter("requests/reused") == 2


def test_matching_and_skipping(sandbox: Sandbox) -> None:
    sandbox.script(match={"operation": "workflows.run"}, words=["w"])
    sandbox.script(match={"key": "chat"}, words=["c"], skip=1)
    with app(sandbox, "chat") as client:
        assert len(sse.texts(ask(client).body)) == 6
        assert sse.texts(ask(client).body) == ["c"]
    with app(sandbox, "workflow") as client:
        assert sse.texts(ask(client, "/workflows/run", WORKFLOW).body) == ["w"]
    assert sandbox.ask("GET", "/scripts")["scripts"] == []


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"wurds": ["x"]}, "a script has no wurds"),
        ({"words": "x"}, "words: expected a list of texts"),
        ({"count": -1}, "count: expected a number of at least 0"),
        ({"chunk_bytes": 0}, "chunk_bytes: expected a number of at least 1"),
        ({"hold_after": "all"}, "hold_after: expected a number"),
        ({"error": "no_such"}, "error: no preset 'no_such'"),
        ({"error": "nginx_502"}, "nginx_502 is no JSON error"),
        ({"error_after": 1}, "error_after: needs error"),
        ({"how": "politely"}, "how: expected rst or fin"),
        ({"insert": [{"after": 1}]}, "insert: expected objects"),
        ({"match": {"colour": "red"}}, "match: no colour"),
        ({"match": {"operation": "chat.sing"}}, "no operation 'chat.sing'"),
        ({"match": {"path": "("}}, "path is no regular expression"),
        ({"times": 0}, "times: expected at least 1"),
    ],
)
def test_a_script_is_checked(sandbox: Sandbox, order: dict[str, Any], words: str) -> None:
    with pytest.raises(ControlError, match=words.replace("(", r"\(")):
        sandbox.ask("POST", "/scripts", order)


def test_a_reset_server_has_no_runs(client: Client, sandbox: Sandbox) -> None:
    sandbox.script(hold_after=1, times=None)
    sse.start(client, "/chat-messages", CHAT)
    sandbox.wait("runs/held", 1)
    sandbox.reset()
    assert sandbox.counters()["runs"]["in_flight"] == 0
    assert not sse.events(sse.receive(client).body)[1:]
    sandbox.wait("streams/open", 0, "==")
    assert json.loads(client.ask("GET", "/conversations?user=u1").body)["data"] == []
