"""Streams of threads, against a scripted service."""

from __future__ import annotations

import gc
import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import difypool
from chain import wait_until
from difypool import events
from fake import SILENT, FakeService, fail
from flowing import ENDED, Flowing, words

RUN = {"task_id": "t1", "message_id": "m1", "conversation_id": "c1"}


@pytest.fixture
def flowing(service: FakeService) -> Flowing:
    return Flowing(service)


@pytest.fixture
def client(service: FakeService) -> Iterator[difypool.Client]:
    with difypool.Client(socket=service.path) as made:
        yield made


def chat(client: difypool.Client, **more: Any) -> difypool.Stream:
    return client.chat.send(query="q", inputs={}, user="u", stream=True, **more)


def test_events_words_and_ids(client: difypool.Client, flowing: Flowing) -> None:
    stream = chat(client, idle=2.5, total=60, keep_run=True, buffer=8192, deadline=3)
    opened = flowing.service.seen("stream.open")[0]
    assert opened["args"] == {
        "op": "chat.send",
        "args": {"query": "q", "inputs": {}, "user": "u"},
        "idle_ms": 2500,
        "total_ms": 60000,
        "keep_run": True,
        "buffer": 8192,
    }
    assert opened["deadline_ms"] == 3000
    assert (stream.answer, stream.conversation_id, stream.reply) == ("", "", None)
    flowing.give(0, *words("one ", "two"), end=ENDED)
    seen = [(type(event), event.number, event.task_id, stream.answer, stream.conversation_id) for event in stream]
    assert seen == [(events.Message, 1, "t1", "one ", "c1"), (events.Message, 2, "t1", "one two", "c1")]
    assert stream.reply is not None
    assert stream.reply.meta["attempts"] == 1
    assert stream.text() == "one two"
    flowing.wait_closed(0)


def test_every_kind_of_event(client: difypool.Client, flowing: Flowing) -> None:
    stream = client.workflows.run(inputs={}, user="u", stream=True)
    sent: list[Any] = [
        json.dumps({"event": "workflow_started", "workflow_run_id": "w1", "data": {"workflow_id": "f1"}}),
        json.dumps({"event": "text_chunk", "data": {"text": "some"}}),
        json.dumps({"event": "something_new", "data": {"x": 1}}),
        {"event": "named", "id": "7", "data": "no json"},
        json.dumps([1, 2]),
        json.dumps({"event": "message_replace", "answer": "instead"}),
        json.dumps({"event": "node_retry", "data": {"retry_index": 2, "outputs": None}}),
        json.dumps({"event": "workflow_finished", "data": {"status": "succeeded", "outputs": {"a": 1}}}),
    ]
    flowing.give(0, *sent, end=ENDED)
    got = list(stream)
    assert [type(event).__name__ for event in got] == [
        "WorkflowStarted", "TextChunk", "Event", "Event", "Event", "MessageReplace", "NodeRetry", "WorkflowFinished",
    ]  # fmt: skip
    assert [(event.name, event.data) for event in got[2:5]] == [
        ("something_new", {"event": "something_new", "data": {"x": 1}}),
        ("named", "no json"),
        ("", [1, 2]),
    ]
    retry = got[6]
    assert isinstance(retry, events.NodeRetry)
    assert (retry.retry_index, retry.outputs, retry.title, retry.elapsed_time) == (2, {}, "", 0)
    assert (stream.workflow_run_id, stream.outputs, stream.answer) == ("w1", {"a": 1}, "instead")


def test_an_answer_that_is_one_json_text(client: difypool.Client, service: FakeService) -> None:
    flowing = Flowing(service, "bytes")
    stream = client.pipelines.run(
        dataset_id="d", inputs={}, datasource_type="online_document", datasource_info_list=[], start_node_id="n",
        is_published=True, stream=True,
    )  # fmt: skip
    flowing.give(0, b'{"batch": ', b'"b1"}', end=ENDED)
    assert [event.data for event in stream] == [{"batch": "b1"}]


def test_an_error_comes_after_the_events_before_it(client: difypool.Client, flowing: Flowing) -> None:
    stream = chat(client)
    flowing.give(
        0, *words("one"), end={**fail("quota", "no more", code="provider_quota_exceeded"), "run": {"task_id": "t9"}}
    )
    got = []
    with pytest.raises(difypool.Quota, match="no more") as caught:
        got.extend(event for event in stream)
    with pytest.raises(difypool.Quota):
        stream.text()
    assert stream.answer == "one"
    assert caught.value.run == RUN


def test_what_is_refused_is_raised_at_once(client: difypool.Client, service: FakeService) -> None:
    service.handlers["stream.open"] = lambda _: fail("unauthorized", "no")
    with pytest.raises(difypool.Unauthorized):
        chat(client)
    with pytest.raises(difypool.InvalidRequest, match="blocking"):
        chat(client, blocking=True)
    with pytest.raises(difypool.InvalidRequest, match="idle"):
        chat(client, idle=-1)


@pytest.mark.parametrize("lost", [1, 3])
def test_a_lost_answer_loses_no_event_and_doubles_none(client: difypool.Client, flowing: Flowing, lost: int) -> None:
    stream = chat(client)
    flowing.lose = lost
    flowing.give(0, *words("a", "b"))
    reading = iter(stream)
    assert [next(reading).number, next(reading).number] == [1, 2]
    flowing.lose = lost
    flowing.give(0, *words("c"), end=ENDED)
    assert [event.number for event in reading] == [3]
    assert stream.answer == "abc"


def test_pieces_that_come_twice_are_told_by_their_numbers(client: difypool.Client, service: FakeService) -> None:
    flowing = Flowing(service)
    stream = chat(client)
    answers = [(1, words("a", "b"), None), (2, words("b", "c"), None), (1, words("a"), None), (4, words("d"), ENDED)]

    def scripted(request: dict[str, Any]) -> Any:
        first, pieces, end = answers.pop(0)
        return {
            "streams": [{"stream": flowing.handle(0), "first": first, "events": pieces, **({"end": end} if end else {})}]
        }

    service.handlers["stream.next"] = scripted
    assert stream.text() == "abcd"
    assert [request["args"]["streams"][0]["after"] for request in service.seen("stream.next")] == [0, 2, 3, 3]


def test_a_gap_is_an_error(client: difypool.Client, service: FakeService) -> None:
    flowing = Flowing(service)
    stream = chat(client)
    service.handlers["stream.next"] = lambda _: {
        "streams": [{"stream": flowing.handle(0), "first": 2, "events": words("b")}]
    }
    with pytest.raises(difypool.Protocol, match="left pieces"):
        stream.text()


def test_the_service_dies_and_another_comes(client: difypool.Client, service: FakeService, flowing: Flowing) -> None:
    stream, file = chat(client), client.files.preview(file_id="f", stream=True)
    flowing.give(0, *words("one"))
    reading = iter(stream)
    next(reading)
    service.kill()
    flowing.pieces.clear()
    service.start(b"n" * 16)
    with pytest.raises(difypool.UnknownOutcome, match="chat.send") as caught:
        next(reading)
    assert (caught.value.code, caught.value.run) == ("service_lost", RUN)
    with pytest.raises(difypool.Unreachable):  # a read has no outcome
        list(file)


def test_the_service_dies_for_good(
    client: difypool.Client, service: FakeService, flowing: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFYPOOL_AUTOSTART", "0")
    stream = chat(client)
    flowing.give(0, *words("one"))
    reading = iter(stream)
    next(reading)
    service.kill()
    with pytest.raises(difypool.UnknownOutcome):
        next(reading)


def test_one_request_for_all_and_none_for_who_sleeps(client: difypool.Client, flowing: Flowing) -> None:
    """A stream that has unread pieces is not asked for: that is what holds the server back."""
    streams = [chat(client) for _ in range(3)]
    flowing.give(1, *words("b1", "b2"))
    flowing.give(0, *words("a1"))
    first = iter(streams[0])
    assert next(first).number == 1
    assert flowing.asked(1) == [[0, 1, 2]]
    flowing.give(0, *words("a2"))
    flowing.give(1, *words("b3"), end=ENDED)
    assert next(first).number == 2
    assert flowing.asked(2)[1] == [0, 2]
    assert streams[1].text() == "b1b2b3"
    assert flowing.asked(3)[2] == [0, 1, 2]
    first.close()  # type: ignore[attr-defined]


def test_threads_share_a_request(client: difypool.Client, flowing: Flowing) -> None:
    streams = [chat(client) for _ in range(8)]
    texts: dict[int, str] = {}

    def read(number: int) -> None:
        texts[number] = streams[number].text()

    threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
    threads[0].start()
    assert flowing.asked(1) == [list(range(8))]
    for thread in threads[1:]:
        thread.start()
    for number in range(8):
        flowing.give(number, *words(f"{number}-", "x"), end=ENDED)
    for thread in threads:
        thread.join(20)
    assert texts == {number: f"{number}-x" for number in range(8)}
    assert len(flowing.service.seen("stream.next")) <= 9


# ---- leaving ---------------------------------------------------------------------------------------------------------


def test_leaving_the_loop_stops_it(client: difypool.Client, flowing: Flowing) -> None:
    stream = chat(client)
    flowing.give(0, *words("a", "b"))
    for _ in stream:
        break
    flowing.wait_closed(0)
    with pytest.raises(difypool.Cancelled):
        stream.text()
    assert stream.answer == "a"


def test_close_says_whether_the_run_was_stopped(client: difypool.Client, flowing: Flowing) -> None:
    stream, done = chat(client), chat(client)
    flowing.give(1, end=ENDED)
    assert stream.close() is True
    assert stream.close() is False
    assert done.close(keep_run=True) is False
    assert flowing.service.seen("stream.close")[1]["args"] == {"stream": flowing.handle(1), "keep_run": True}


def test_with_closes_and_an_error_passes(client: difypool.Client, flowing: Flowing) -> None:
    with pytest.raises(RuntimeError), chat(client):
        raise RuntimeError
    assert flowing.closed == [0]


def test_one_that_is_dropped_is_closed(client: difypool.Client, flowing: Flowing) -> None:
    stream = chat(client)
    del stream
    gc.collect()
    flowing.wait_closed(0)


def test_one_that_could_not_be_told_is_told_later(client: difypool.Client, flowing: Flowing) -> None:
    stream = chat(client)
    with client._link._sending:  # somebody is writing: a finaliser waits for nobody
        del stream
        gc.collect()
    assert flowing.closed == []
    with chat(client):
        flowing.wait_closed(0)


def test_an_interrupt_stops_it(client: difypool.Client, flowing: Flowing) -> None:
    stream = chat(client)

    def interrupt() -> None:
        flowing.asked(1)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        stream.text()
    thread.join()
    assert flowing.closed == [0]  # over a new connection, if it tore the old one


def test_an_interrupted_thread_leaves_the_asking_to_others(client: difypool.Client, flowing: Flowing) -> None:
    """The main thread asks for both; a thread waits on that request, and goes on when it is given up."""
    mine, theirs = chat(client), chat(client)
    got: list[str] = []
    thread = threading.Thread(target=lambda: got.append(theirs.text()))

    def interrupt() -> None:
        assert flowing.asked(1) == [[0, 1]]
        thread.start()
        wait_until(lambda: bool(theirs._flow.waiters), "the thread waits")
        os.kill(os.getpid(), signal.SIGINT)

    helper = threading.Thread(target=interrupt)
    helper.start()
    with pytest.raises(KeyboardInterrupt):
        mine.text()
    helper.join()
    flowing.give(1, *words("still here"), end=ENDED)
    thread.join(20)
    assert got == ["still here"]


def test_one_that_opens_after_its_interrupt_is_closed(client: difypool.Client, flowing: Flowing) -> None:
    """Another thread reads the connection, so the interrupt does not tear it."""
    service = flowing.service
    opening = service.handlers["stream.open"]
    held: list[dict[str, Any]] = []

    def hold(request: dict[str, Any]) -> Any:
        held.append(request)
        return SILENT

    service.handlers["stream.open"] = service.handlers["apps.info"] = hold
    leading = threading.Thread(target=client.apps.info)
    leading.start()
    service.wait_for("apps.info")

    def interrupt() -> None:
        service.wait_for("stream.open")
        wait_until(lambda: any(call.wake is not None for call in client._link._calls.values()), "the main thread waits")
        os.kill(os.getpid(), signal.SIGINT)

    helper = threading.Thread(target=interrupt)
    helper.start()
    with pytest.raises(KeyboardInterrupt):
        chat(client)
    helper.join()
    service.answer(held[1], opening(held[1]))
    flowing.wait_closed(0)
    service.answer(held[0], {})
    leading.join(20)


def test_another_thread_closes_it(client: difypool.Client, flowing: Flowing) -> None:
    stream, other = chat(client), chat(client)
    errors: list[BaseException] = []

    def read(one: difypool.Stream) -> None:
        try:
            one.text()
        except difypool.Cancelled as error:
            errors.append(error)

    first = threading.Thread(target=read, args=(other,))
    first.start()
    flowing.asked(1)
    second = threading.Thread(target=read, args=(stream,))
    second.start()
    wait_until(lambda: bool(stream._flow.waiters), "the second waits for the first's request")
    stream.close()
    second.join(20)
    client.close()
    first.join(20)
    assert [type(error) for error in errors] == [difypool.Cancelled] * 2
    flowing.wait_closed(1)


def test_closing_the_client_closes_its_streams(service: FakeService, flowing: Flowing) -> None:
    client = difypool.Client(socket=service.path)
    stream = chat(client)
    client.close()
    flowing.wait_closed(0)
    with pytest.raises(difypool.Cancelled):
        stream.text()


def test_a_child_leaves_its_parents_streams_alone(client: difypool.Client, flowing: Flowing) -> None:
    stream = chat(client)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            stream.text()
        except difypool.InvalidRequest as error:
            status = 0 if error.code == "forked" else 2
            own = chat(client)  # of its own it may have as many as it likes
            own.close()
            stream.close()
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert flowing.closed == [1]
    flowing.give(0, *words("whole"), end=ENDED)
    assert stream.text() == "whole"


# ---- downloads -------------------------------------------------------------------------------------------------------


@pytest.fixture
def bytes_flowing(service: FakeService) -> Flowing:
    return Flowing(service, "bytes")


def test_a_download_in_pieces(client: difypool.Client, bytes_flowing: Flowing, folder: Path) -> None:
    with client.files.preview(file_id="f", stream=True) as file:
        assert (file.name, file.length) == ("f.bin", None)
        bytes_flowing.lose = 1
        bytes_flowing.give(0, b"ab", b"cd")
        reading = file.iter_bytes()
        assert next(reading) == b"abcd"
        bytes_flowing.give(0, b"ef", end=ENDED)
        assert list(reading) == [b"ef"]
    whole = client.files.preview(file_id="f", stream=True)
    bytes_flowing.give(1, b"x" * 10, end=ENDED)
    assert whole.save(folder) == str(folder / "f.bin")
    assert (folder / "f.bin").read_bytes() == b"x" * 10
    assert sorted(os.listdir(folder)) == ["f.bin", "socket"]


def test_a_cut_download_leaves_nothing(client: difypool.Client, bytes_flowing: Flowing, folder: Path) -> None:
    (folder / "kept").write_text("before")
    file = client.files.preview(file_id="f", stream=True)
    bytes_flowing.give(0, b"half", end=fail("unreachable", "cut"))
    with pytest.raises(difypool.Unreachable, match="cut"):
        file.save(folder / "kept")
    assert (folder / "kept").read_text() == "before"
    assert sorted(os.listdir(folder)) == ["kept", "socket"]


def test_a_name_from_the_server_stays_in_its_directory(
    client: difypool.Client, bytes_flowing: Flowing, folder: Path
) -> None:
    for number, (name, lands) in enumerate([("../../evil", "evil"), ("a\\b", "b"), ("..", "")]):
        file = client.files.preview(file_id="f", stream=True)
        file.name = name
        bytes_flowing.give(number, b"x", end=ENDED)
        if lands:
            assert file.save(folder) == str(folder / lands)
        else:
            with pytest.raises(difypool.InvalidRequest, match="no name"):
                file.save(folder)
