"""Every recorded exchange of apps, sent again in the order of their dates.

Beside what test_replay.py compares, of a stream: each event's kind in order, the order and types of its members, what is said; that pings come
where they came; and that events are written as they were, each as compact JSON in raw UTF-8.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import sse
from replay_apps_plan import FILES, LATE, STEPS
from sandbox.testing import Sandbox
from test_replay import ID, RECORDINGS, Replay, differences, header_lines, read

from wire import Answer, Client


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


class Story(Replay):
    """All of these files against one server."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox, "apps")
        sandbox.settings(app_second_s=0.002)
        self.exchanges = _in_order()
        self.started: dict[str, Client] = {}

    def step(self, what: str, value: Any) -> None:
        s = self.sandbox
        if what == "script":
            s.script(**value)
        elif what == "start":
            exchange = next(one for one in self.exchanges if one["name"] == value)
            before = s.counter("runs/started")
            self.started[value] = self.begin(exchange)
            s.wait("runs/started", before + 1)
            self.ids[_recorded_task(exchange)] = s.streams()[-1]["task_id"]
        elif what == "wait":
            s.wait(*value)
        elif what == "release":
            s.release_event()
        elif what == "leave":
            self.leave(*value)
        elif what == "abandon":
            key, path, body = value
            with Client(s.http, s.keys[key]) as client:
                sse.start(client, path, body)
                s.wait("runs/held", 1)
        else:
            super().step(what, value)

    def begin(self, exchange: dict[str, Any]) -> Client:
        request = exchange["request"]
        headers = {name: self.header(value) for name, value in request["headers"].items()}
        client = Client(self.sandbox.http)
        client.send(request["method"], self.mapped(request["path"]), headers, self.body(exchange["name"], request, headers))
        return client

    def leave(self, key: str, path: str, body: dict[str, Any], recorded: str) -> None:
        """A client that reads one event and goes away."""
        before = self.sandbox.counter("streams/left")
        with Client(self.sandbox.http, self.sandbox.keys[key]) as client:
            sse.start(client, path, body)
            reader = sse.Reader(client)
            reader.head()
            event = sse.events(reader.chunk() or b"")[0]
        self.sandbox.wait("streams/left", before + 1)
        self.ids[recorded] = event.get("conversation_id") or event["workflow_run_id"]

    def long_body(self, name: str, request: dict[str, Any]) -> bytes:
        if name != "chat.send/long_query":
            return super().long_body(name, request)
        body: dict[str, Any] = {"inputs": {}, "query": "", "response_mode": "blocking", "user": "u1"}
        body["query"] = ("long " * (request["body_size"] // 5 + 1))[: request["body_size"] - len(json.dumps(body))]
        return json.dumps(body).encode()

    def learn(self, recorded: Any, given: Any) -> None:
        """Ids within texts too: that of an app is first seen in a message."""
        if isinstance(recorded, str) and isinstance(given, str) and ID.split(recorded) == ID.split(given):
            for one, other in zip(ID.findall(recorded), ID.findall(given)):
                self.ids.setdefault(one.lower(), other)
        super().learn(recorded, given)


def _in_order() -> list[dict[str, Any]]:
    """All exchanges by the dates of their answers; those of a file stay in its order."""
    found = []
    for name in FILES:
        latest = 0.0
        for exchange in read(RECORDINGS / f"{name}.jsonl"):
            date = parsedate_to_datetime(dict(exchange["response"]["headers"])["Date"]).timestamp()
            latest = max(latest, date + 0.5 * (exchange["name"] in LATE))
            found.append((latest, exchange))
    return [exchange for _, exchange in sorted(found, key=lambda pair: pair[0])]


def _recorded_task(exchange: dict[str, Any]) -> str:
    return next(str(event["task_id"]) for event in sse.events("".join(exchange["response"]["chunks"])) if event != "ping")


def order(value: Any) -> Any:
    """The members of an event in their order, and the types of their values; what depends on the day is left out."""
    if isinstance(value, dict):
        return [(name, order(member)) for name, member in value.items()]
    if isinstance(value, list):
        return [order(item) for item in value]
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def stream_differences(exchange: dict[str, Any], answer: sse.Chunked) -> Iterator[str]:
    recorded, body = exchange["response"], "".join(exchange["response"]["chunks"])
    if (recorded["status"], recorded["reason"]) != (answer.status, answer.reason) or not answer.whole:
        yield f"status {answer.status} {answer.reason}, {'whole' if answer.whole else 'broken'}"
    if header_lines(recorded["headers"]) != header_lines(answer.headers):
        yield f"headers {answer.headers} instead of {recorded['headers']}"
    theirs, pings = _apart(sse.events(body))
    ours, our_pings = _apart(sse.events(answer.body))
    if [event["event"] for event in theirs] != [event["event"] for event in ours]:
        yield f"events {[event['event'] for event in ours]} instead of {[event['event'] for event in theirs]}"
        return
    if not pings <= our_pings:
        yield f"pings after {our_pings} events instead of {pings}"
    for number, (one, other) in enumerate(zip(theirs, ours)):
        if order(one) != order(other):
            yield f"event {number}: {other} instead of {one}"
    if sse.texts(body) != sse.texts(answer.body):
        yield f"said {sse.texts(answer.body)} instead of {sse.texts(body)}"
    if not all(_is_framed(chunk) for chunk in answer.chunks):
        yield "an event is written differently"


def _apart(found: list[Any]) -> tuple[list[dict[str, Any]], set[int]]:
    """The events, and after how many of them pings came. On a busy machine some come elsewhere too."""
    events: list[dict[str, Any]] = []
    pings = set()
    for event in found:
        if event == "ping":
            pings.add(len(events))
        else:
            events.append(event)
    return events, pings


def _is_framed(chunk: bytes) -> bool:
    """Whether a chunk is one event, written as the server writes them."""
    if chunk == b"event: ping\n\n":
        return True
    text = chunk.decode()
    again = json.dumps(json.loads(text[len("data: ") :]), ensure_ascii=False, separators=(",", ":"))
    return text == f"data: {again}\n\n"


def test_recorded_exchanges_of_apps(server: Sandbox) -> None:
    story = Story(server)
    wrong = []
    for exchange in story.exchanges:
        name = exchange["name"]
        for what, value in STEPS.get(name, []):
            story.step(what, value)
        if exchange["response"]["body_kind"] == "chunks":
            with story.started.pop(name, None) or story.begin(exchange) as client:
                stream = sse.receive(client)
            found = list(stream_differences(exchange, stream))
            theirs = sse.events("".join(exchange["response"]["chunks"]))
            story.learn(_apart(theirs)[0], _apart(sse.events(stream.body))[0])
        else:
            answer = story.send(exchange)
            _learn_from(story, exchange, answer)
            found = list(differences(exchange, answer, story))
        wrong += [f"{name}: {text}" for text in found]
    assert not wrong, f"{len(wrong)} differences\n" + "\n".join(wrong)
    assert not story.started


def _learn_from(story: Story, exchange: dict[str, Any], answer: Answer) -> None:
    if exchange["response"]["body_kind"] == "json" and (answer.header("Content-Type") or "").startswith("application/json"):
        story.learn(exchange["response"]["body"], answer.json())


def test_every_step_belongs_to_a_recording() -> None:
    names = {exchange["name"] for exchange in _in_order()}
    assert set(STEPS) | set(LATE) <= names
