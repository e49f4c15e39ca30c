"""Pushes over the wire: pages one by one, results, ends, whatever cuts them short. Batches and waits, too."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import strangers
from daemon import Daemon, sanitized, until
from pushes import Push, connect, documents, names_once, page, pages
from sandbox.testing import Sandbox
from spclient import new_id, request
from test_stream_life import as_user


@pytest.fixture(scope="module")
def standin() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(standin: Sandbox) -> Iterator[Sandbox]:
    standin.reset()
    yield standin
    standin.clear_faults()


@pytest.fixture
def service(start: Callable[..., Daemon]) -> Daemon:
    return start("[service]\norphan_grace_ms = 300\nstop_ms = 200\n")


def stall(sandbox: Sandbox, operation: str = "documents.create_by_text", **more: Any) -> None:
    """What reaches that operation is held, with nothing done, until sandbox.release()."""
    sandbox.fault(match={"operation": operation}, stall="before", **more)


def creates(sandbox: Sandbox) -> int:
    return sandbox.effects("documents.create_by_text")


# --- the way of a push -------------------------------------------------------------------------------


def test_pages_one_by_one(service, sandbox):
    with service.client() as client:
        handle = connect(client, sandbox)
        push = Push(client).open(handle)
        assert len(push.handle) == 16
        assert push.add(pages(3)) == {"taken": 3, "ended": False}
        assert push.add(pages(2, 3)) == {"taken": 5, "ended": False}
        push.finish(at=5)
        totals = push.read()
        assert (totals["pages"], totals["created"], totals["failed"]) == (5, 5, 0)
        assert push.outcomes() == dict.fromkeys(range(5), "created")
        names_once(client, handle, 5)
        again = Push(client).open(handle)
        again.add(pages(5))
        again.finish()
        assert again.read()["unchanged"] == 5
        assert creates(sandbox) == 5
        assert client.call("push.close", {"push": again.handle})["body"] == {"stopped": False, "ended": True}
        numbers = service.stats_of(client)
        assert (numbers["pushes"], numbers["pushes_opened"], numbers["push_pages"]) == (1, 2, 10)
    assert "a push of uid" in service.said()


def test_a_page_that_is_wrong_harms_no_other(service, sandbox):
    wrong: list[Any] = [
        {"title": "without a key", "text": "x"},
        {"url": "u", "text": " \n "},
        "no map",
        {"url": "u2", "text": "x", "colour": "red"},
        {"url": "u3", "file": {"name": "a.md"}},
        {"url": "u4", "text": b"\xff\xfe"},
        {"url": "u5", "text": "x", "metadata": {"a": {"b": 1}}},
        {"url": "u6", "text": 7},
    ]
    mixed = [entry for number, bad in enumerate(wrong) for entry in (page(number), bad)]
    with service.client() as client:
        handle = connect(client, sandbox)
        push = Push(client).open(handle, prune=True)
        assert push.add(mixed)["taken"] == 16
        push.finish()
        totals = push.read()
        assert (totals["created"], totals["failed"], totals["deleted"]) == (8, 8, 0)
        outcomes = push.outcomes()
        assert [outcomes[number] for number in range(16)] == ["created", "failed"] * 8
        told = {event["index"]: event for event in push.events if event["event"] == "page"}
        assert told[3]["error"]["code"] == "empty" and told[3]["key"] == "u"
        assert told[1]["key"] is None
        names_once(client, handle, 8)


def test_a_page_may_be_a_file_and_null_is_as_if_not_given(service, sandbox):
    file = {"name": "guide.md", "type": "text/markdown", "data": b"# How to install\n\nAnd what then."}
    with service.client() as client:
        handle = connect(client, sandbox)
        push = Push(client).open(handle)
        push.add(
            [{"url": "https://example.org/f", "file": file, "text": None, "title": None, "metadata": None}]
        )
        push.finish()
        assert push.read()["created"] == 1
        assert sandbox.effects("documents.create_by_file") == 1


@pytest.mark.parametrize("args", [{}, {"adopt": False}, {"dry_run": True}], ids=["plain", "unseen", "dry"])
def test_a_push_without_pages_ends(service, sandbox, args):
    """Also one that is finished before its knowledge base is open."""
    with service.client() as client:
        handle = connect(client, sandbox)
        for _ in range(2):
            push = Push(client).open(handle, **args)
            push.finish(at=0)
            assert push.read()["pages"] == 0


def test_what_is_wrong_with_the_knowledge_base_is_its_end(service, sandbox):
    with service.client() as client:
        handle = connect(client, sandbox)
        push = Push(client).open(handle, dataset=None, dataset_id="00000000-0000-4000-8000-000000000001")
        error = push.fail()
        assert error["kind"] == "not_found"
        assert push.add(pages(1))["ended"]
        push.finish()  # harmless


def test_wrong_arguments_are_told_at_once(service, sandbox):
    with service.client() as client:
        handle = connect(client, sandbox)
        good = {"dataset": "Guides"}
        for more, names in (
            ({"pages": []}, "pages"),
            ({"buffer": 1}, "buffer"),
            ({"idle_ms": 1}, "idle_ms"),
            ({"colour": "red"}, "colour"),
            ({"set": "no spaces"}, "set"),
            ({"dataset_id": "00000000-0000-4000-8000-000000000001"}, "dataset"),
        ):
            error = client.fail("push.open", good | more, profile=handle)
            assert error["kind"] == "invalid_request" and names in error["message"]
        assert service.stats_of(client)["pushes"] == 0
        error = client.fail("stream.open", {"op": "pages.push", "args": good}, profile=handle)
        assert error["code"] == "missing_argument"


# --- at ----------------------------------------------------------------------------------------------


def test_a_repeated_add_is_skipped_and_a_gap_is_refused(service, sandbox):
    with service.client() as client, service.client() as other:
        handle = connect(client, sandbox)
        push = Push(client).open(handle)
        push.add(pages(4))
        for at, count, taken in ((0, 4, 4), (2, 2, 4), (3, 2, 5), (0, 5, 5), (5, 1, 6)):
            asked = {"push": push.handle, "pages": pages(count, at), "at": at}
            assert other.call("push.add", asked)["body"]["taken"] == taken
        for at in (7, 2**40, 2**62):
            error = client.fail("push.add", {"push": push.handle, "pages": pages(1), "at": at})
            assert error["code"] in ("at", "out_of_range")
        assert client.fail("push.finish", {"push": push.handle, "at": 7})["code"] == "at"
        push.finish(at=6)
        error = client.fail("push.add", {"push": push.handle, "pages": pages(1), "at": 6})
        assert error["code"] == "finished"
        assert (
            client.call("push.add", {"push": push.handle, "pages": pages(6), "at": 0})["body"]["taken"] == 6
        )
        assert push.read()["created"] == 6
        names_once(client, handle, 6)


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"at": -1}, "out_of_range"),
        ({"at": 1.5}, "invalid_type"),
        ({"at": None}, "invalid_type"),
        ({"pages": []}, "out_of_range"),
        ({"pages": {}}, "invalid_type"),
        ({"pages": [{}] * 1025}, "out_of_range"),
        ({"push": b"short"}, "invalid_type"),
        ({"push": new_id()}, "no_such_push"),
        ({"wait_ms": 60_001}, "out_of_range"),
        ({"more": 1}, "unknown_argument"),
    ],
)
def test_hostile_adds(service, sandbox, args, code):
    with service.client() as client:
        push = Push(client).open(connect(client, sandbox))
        asked = {"push": push.handle, "pages": pages(1), "at": 0, **args}
        error = client.fail("push.add", asked)
        assert error["code"] == code
        push.add(pages(1))
        push.finish()
        assert push.read()["created"] == 1


def test_back_pressure_and_a_newer_add_that_takes_the_olders_place(service, sandbox):
    stall(sandbox, times=None)
    with service.client() as client, service.client() as other:
        handle = connect(client, sandbox)
        push = Push(client).open(handle)
        waiting = client.send(request("push.add", {"push": push.handle, "pages": pages(300), "at": 0}))
        until(lambda: service.stats_of(other)["push_held"] > 0, "44 of them wait")
        newer = {"push": push.handle, "pages": pages(300), "at": 0}
        number = other.send(request("push.add", newer))
        assert client.receive(waiting)["ok"]["body"] == {"taken": 256, "ended": False}
        sandbox.clear_faults()
        sandbox.release()
        assert other.receive(number)["ok"]["body"] == {"taken": 300, "ended": False}
        push.taken = 300
        push.finish(at=300)
        assert push.read()["created"] == 300
        names_once(client, handle, 300)
        assert service.stats_of(client)["push_held"] == 0


def test_an_add_waits_no_longer_than_it_wants_and_finish_waits_for_it(service, sandbox):
    stall(sandbox, times=None)
    with service.client() as client, service.client() as other:
        handle = connect(client, sandbox)
        push = Push(client).open(handle)
        assert push.add(pages(260), wait_ms=0)["taken"] == 256
        assert push.add(pages(4, 256), wait_ms=20)["taken"] == 256
        asked = {"push": push.handle, "pages": pages(4, 256), "at": 256}
        waiting = client.send(request("push.add", asked))
        until(lambda: service.stats_of(other)["push_held"] > 0, "the four wait")
        assert other.call("push.finish", {"push": push.handle, "at": 260})["body"] == {}
        sandbox.clear_faults()
        sandbox.release()
        assert client.receive(waiting)["ok"]["body"]["taken"] == 260
        assert push.read()["created"] == 260


def test_pages_that_wait_are_bounded(start, sandbox):
    service = start("[service]\npush_bytes = 65536\npushes_per_user = 2\nstop_ms = 100\n")
    stall(sandbox, times=None)
    with service.client() as client:
        handle = connect(client, sandbox)
        push = Push(client).open(handle)
        push.add(pages(256))
        long = [page(number, "words " * 4000) for number in range(256, 270)]
        error = client.fail("push.add", {"push": push.handle, "pages": long, "at": 256})
        assert (error["kind"], error["code"], error["retryable"]) == ("busy", "push_bytes", True)
        assert service.stats_of(client)["push_held"] == 0
        Push(client).open(handle)
        error = client.fail("push.open", {"dataset": "Guides"}, profile=handle)
        assert (error["kind"], error["code"]) == ("busy", "pushes_per_user")
        client.call("push.close", {"push": push.handle})
        Push(client).open(handle)
        sandbox.clear_faults()
        sandbox.release()


# --- whoever goes away -------------------------------------------------------------------------------


def test_the_same_request_opens_the_same_push(service, sandbox):
    with service.client() as client, service.client() as other:
        handle = connect(client, sandbox)
        asked = request("push.open", {"dataset": "Guides", "indexing_technique": "economy"}, profile=handle)
        first = client.receive(client.send(asked))["ok"]["body"]
        assert other.receive(other.send(asked))["ok"]["body"] == first
        assert first["window"] == 256
        assert service.stats_of(client)["pushes"] == 1


def test_a_client_that_vanishes_and_runs_again(service, sandbox):
    with service.client() as client:
        handle = connect(client, sandbox)
        stall(sandbox, skip=20, times=None)
        client.send(
            request("push.open", {"dataset": "Guides", "indexing_technique": "economy"}, profile=handle)
        )
        push = Push(client).open(handle)
        push.add(pages(60))
        sandbox.wait("effects/documents.create_by_text", 10)
    with service.client() as client:
        until(lambda: service.stats_of(client)["pushes"] == 0, "it was given up")
        sandbox.clear_faults()
        sandbox.release()
        handle = connect(client, sandbox)
        again = Push(client).open(handle)
        again.add(pages(60))
        again.finish(at=60)
        totals = again.read()
        assert totals["failed"] == 0 and totals["pages"] == 60
        names_once(client, handle, 60)


def test_another_connection_goes_on(service, sandbox):
    stall(sandbox, times=1)
    with service.client() as other:
        with service.client() as client:
            handle = connect(client, sandbox)
            push = Push(client).open(handle)
            push.add(pages(3))
        push.client = other
        push.add(pages(2, 3))
        sandbox.release()
        push.finish()
        assert push.read()["created"] == 5


def test_a_close_cancels_what_was_not_begun(service, sandbox):
    with service.client() as client:
        handle = connect(client, sandbox)
        first = Push(client).open(handle)
        first.add(pages(3))
        first.finish()
        first.read()
        client.call("push.close", {"push": first.handle})
        stall(sandbox, times=None)
        push = Push(client).open(handle, prune=True, max_delete=100)
        push.add(pages(100, 10))
        push.finish()
        client.call("push.close", {"push": push.handle})
        assert client.fail("push.next", {"push": push.handle, "after": 0})["code"] == "no_such_push"
        sandbox.clear_faults()
        sandbox.release()
        until(lambda: service.stats_of(client)["pushes"] == 0, "it has ended")
        assert sandbox.effects("documents.delete") == 0
        assert sandbox.effects("documents.create_by_text") < 103


def test_a_waiting_reader_hears_of_the_close(service, sandbox):
    with service.client() as client, service.client() as other:
        push = Push(client).open(connect(client, sandbox))
        number = client.send(request("push.next", {"push": push.handle, "after": 0}))
        client.call("service.ping")
        other.call("push.close", {"push": push.handle})
        assert client.receive(number)["error"]["code"] == "no_such_push"


def test_silence_ends_it_if_it_was_asked_for(service, sandbox):
    with service.client() as client:
        handle = connect(client, sandbox)
        push = Push(client).open(handle, idle_ms=150)
        push.add(pages(3))
        error = push.fail()
        assert (error["kind"], error["code"]) == ("timeout", "push_idle")
        assert push.outcomes() == dict.fromkeys(range(3), "created"), "what was begun is whole"
        assert push.add(pages(1, 3))["ended"]


def test_a_drain_completes_what_was_begun_and_says_to_push_again(start, sandbox):
    service = start("[service]\nstop_ms = 20000\norphan_grace_ms = 150\nconcurrency_max = 4\n")
    successor = start("[service]\nstop_ms = 200\n")
    stall(sandbox, times=None)
    with service.client() as client:
        handle = connect(client, sandbox)
        push = Push(client).open(handle)
        push.add(pages(256))
        until(lambda: sandbox.log("documents.create_by_text"), "some are on their way")
        waiting = client.send(request("push.add", {"push": push.handle, "pages": pages(10, 256), "at": 256}))
        client.call("service.drain")
        assert client.receive(waiting)["ok"]["body"]["ended"]
        sandbox.clear_faults()
        sandbox.release()
        error = push.fail()
        assert (error["kind"], error["code"], error["retryable"]) == ("cancelled", "draining", True)
        done = push.outcomes()
        assert set(done.values()) == {"created"}
        until(service.ended, "and then it has ended", 25)
    assert service.stop() == 0
    with successor.client() as client:
        handle = connect(client, sandbox)
        names_once(client, handle, len(done))
        again = Push(client).open(handle)
        again.add(pages(256))
        again.finish()
        totals = again.read()
        assert (totals["unchanged"], totals["created"]) == (len(done), 256 - len(done))
        names_once(client, handle, 256)


def test_a_service_that_is_killed_and_run_again(start, sandbox):
    service = start("[service]\nstop_ms = 200\n")
    with service.client() as client:
        handle = connect(client, sandbox)
        push = Push(client).open(handle)
        push.add(pages(120))
        sandbox.wait("effects/documents.create_by_text", 20)
        epoch = client.epoch
        service.kill()
    service.start()
    with service.client() as client:
        client.call("service.ping")
        assert client.epoch != epoch
        handle = connect(client, sandbox)
        assert (
            client.fail("push.add", {"push": push.handle, "pages": pages(1), "at": 120})["code"]
            == "no_such_push"
        )
        again = Push(client).open(handle)
        again.add(pages(120))
        again.finish()
        totals = again.read()
        assert totals["pages"] == 120 and totals["failed"] == 0
        names_once(client, handle, 120)


# --- one message, streams, waits ---------------------------------------------------------------------


def test_a_push_in_one_message_and_as_a_stream(service, sandbox):
    with service.client() as client:
        handle = connect(client, sandbox)
        asked = {"dataset": "Guides", "indexing_technique": "economy", "pages": pages(4)}
        body = json.loads(client.call("pages.push", asked, profile=handle)["body"])
        assert body["created"] == 4 and sorted(r["index"] for r in body["results"]) == [0, 1, 2, 3]
        opened = client.call("stream.open", {"op": "pages.push", "args": asked}, profile=handle)["body"]
        assert opened["kind"] == "events"
        events, end = read_stream(client, opened["stream"])
        assert [e["outcome"] for e in events if e["event"] == "page"] == ["unchanged"] * 4
        assert json.loads(end["ok"]["body"])["unchanged"] == 4


def read_stream(client: Any, stream: bytes) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    events: list[dict[str, Any]] = []
    while True:
        asked = [{"stream": stream, "after": len(events)}]
        for told in client.call("stream.next", {"streams": asked})["body"]["streams"]:
            events += [json.loads(event) for event in told.get("events", [])]
            if "end" in told:
                return events, told["end"]


def test_a_batch_in_one_message_and_as_a_stream(service, sandbox):
    with service.client() as client:
        handle = connect(client, sandbox)
        calls = [
            {"op": "datasets.create", "args": {"name": "A"}},
            {"op": "datasets.list"},
            {"op": "no.such"},
            {"op": "batch", "args": {"calls": []}},
            {"op": "datasets.get", "args": {"dataset_id": "00000000-0000-4000-8000-000000000001"}},
        ]
        body = client.call("batch", {"calls": calls}, profile=handle, decode=True)["body"]
        assert (body["calls"], body["failed"]) == (5, 3)
        assert [list(result)[0] for result in body["results"]] == ["ok", "ok", "error", "error", "error"]
        opened = client.call("stream.open", {"op": "batch", "args": {"calls": calls[1:]}}, profile=handle)[
            "body"
        ]
        assert opened["kind"] == "events"
        events, end = read_stream(client, opened["stream"])
        assert sorted(event["index"] for event in events) == [0, 1, 2, 3]
        assert json.loads(end["ok"]["body"]) == {"calls": 4, "failed": 3}


def test_waiting_for_the_index_as_a_stream(service, sandbox):
    sandbox.pause_indexing()
    with service.client() as client:
        handle = connect(client, sandbox)
        push = Push(client).open(handle)
        push.add(pages(2))
        push.finish()
        dataset = push.read()["dataset_id"]
        ids = [event["document_id"] for event in push.events if event["event"] == "page"]
        asked = {"op": "documents.wait", "args": {"dataset_id": dataset, "ids": ids}}
        opened = client.call("stream.open", asked, profile=handle)["body"]
        assert opened["kind"] == "events"
        sandbox.pause_indexing(False)
        sandbox.drain_indexing()
        _, end = read_stream(client, opened["stream"])
        assert json.loads(end["ok"]["body"])["completed"] == 2


def test_a_composition_that_is_resent_to_another_life_is_carried_out(service, sandbox):
    old = new_id()
    with service.client() as client:
        handle = connect(client, sandbox)
        asked = {"dataset": "Guides", "indexing_technique": "economy", "pages": pages(2)}
        assert client.call("pages.push", asked, profile=handle, epoch=old)["status"] == 200
        assert client.call("pages.push", asked, profile=handle, again=True)["status"] == 200
        names_once(client, handle, 2)
        assert client.call("datasets.ensure", {"name": "Guides"}, profile=handle, epoch=old)["status"] == 200
        asked = {"dataset": "Guides", "indexing_technique": "economy"}
        assert "push" in client.call("push.open", asked, profile=handle, epoch=old)["body"]
        error = client.fail("batch", {"calls": [{"op": "datasets.list"}]}, profile=handle, epoch=old)
        assert error["kind"] == "unknown_outcome"


def test_what_takes_long_has_only_the_deadline_that_is_given(service, sandbox):
    stall(sandbox, times=None)
    with service.client() as client, service.client() as other:
        handle = connect(client, sandbox)
        asked = {"dataset": "Guides", "indexing_technique": "economy", "pages": pages(2)}
        error = client.fail("pages.push", asked, profile=handle, deadline_ms=200)
        assert (error["kind"], error["code"]) == ("timeout", "deadline")
        call = request("pages.push", asked, profile=handle)
        number = client.send(call)
        until(lambda: service.stats_of(other)["calls_running"] == 1, "it runs")
        assert other.call("service.cancel", {"id": call["id"]})["body"] == {"running": True}
        assert client.receive(number)["error"]["kind"] == "cancelled"
        sandbox.clear_faults()
        sandbox.release()


# --- rules -------------------------------------------------------------------------------------------


def shared(start: Callable[..., Daemon], sandbox: Sandbox, short: Any, operations: str) -> Daemon:
    short.chmod(0o755)
    service = start(
        f"[service]\nshared = yes\nconnect_anywhere = yes\n[profile site]\nbase_url = {sandbox.http}\n"
        f"[allow some]\nusers = 4242\noperations = {operations}\n"
    )
    (short / "0").chmod(0o755)
    os.chmod(service.socket, 0o666)
    return service


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_rules_hold_for_what_stands_within(start, sandbox, short):
    service = shared(start, sandbox, short, "service.*, datasets.*, batch, pages.push")
    values = {"path": service.socket, "url": sandbox.http, "key": sandbox.keys["main"]}
    assert as_user(4242, 4343, strangers.deletes_within, **values) == 0
    assert sandbox.effects("documents.delete") == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_a_push_is_its_users_own_and_needs_a_rule(start, sandbox, short):
    service = shared(start, sandbox, short, "service.*, datasets.*, batch")
    with service.client() as client:
        push = Push(client).open(connect(client, sandbox))
        values = {"path": service.socket, "push": push.handle.hex()}
        assert as_user(4242, 4343, strangers.takes_a_push, **values) == 0
        push.add(pages(1))
        push.finish()
        assert push.read()["created"] == 1


# --- many --------------------------------------------------------------------------------------------


def test_many_pages_and_a_slow_reader(start, sandbox):
    """20,000, mostly duplicates of what came: what is held does not grow with what was given."""
    service = start("[service]\nstop_ms = 200\n")
    with service.client(60) as client:
        handle = connect(client, sandbox)
        push = Push(client).open(handle, buffer=4096)
        kinds = pages(200)
        held = []
        for number in range(0, 20_000, 200):
            while push.taken < number + 200:
                asked = kinds[push.taken - number :]
                push.add(asked, wait_ms=0)
                push.next(wait_ms=1000, max_events=100)
            held.append(service.memory() if number % 2000 == 0 else 0)
        push.finish(at=20_000)
        totals = push.read()
        assert (totals["created"], totals["duplicates"]) == (200, 19_800)
        assert len(push.outcomes()) == 20_000
        sizes = [size for size in held if size]
        if not sanitized():
            assert max(sizes) - sizes[1] < 8 << 20, sizes
        assert len(documents(client, handle)) == 200
