"""The real chain for what flows: streams, files, lists and pushes through the real difypoold, to the sandbox over TLS."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import difypool
from chain import chain_is_missing, wait_until
from difypool import events

pytestmark = pytest.mark.skipif(bool(chain_is_missing()), reason=chain_is_missing() or "none")

ASK = {"query": "q", "inputs": {}, "user": "u"}


@pytest.fixture
def sandbox(sandbox: Any) -> Iterator[Any]:
    sandbox.clear_scripts()
    yield sandbox
    sandbox.clear_scripts()


def options_of(sandbox: Any, app: str) -> dict[str, Any]:
    return {"base_url": sandbox.https, "api_key": f"sandbox-app-{app}", "ca_file": sandbox.ca_file}


@pytest.fixture
def chat(daemon: str, sandbox: Any) -> Iterator[difypool.Client]:
    with difypool.Client(**options_of(sandbox, "chat")) as made:
        yield made


@pytest.fixture
def client(daemon: str, sandbox: Any) -> Iterator[difypool.Client]:
    with difypool.Client(base_url=sandbox.https, api_key=sandbox.key, ca_file=sandbox.ca_file) as made:
        yield made


@asynccontextmanager
async def aclient(sandbox: Any, app: str) -> AsyncIterator[difypool.AsyncClient]:
    async with difypool.AsyncClient(**options_of(sandbox, app)) as made:
        yield made


async def aside(function: Any, *args: Any) -> Any:
    """A blocking look at the sandbox, while the loop goes on."""
    return await asyncio.get_running_loop().run_in_executor(None, function, *args)


# ---- streams ---------------------------------------------------------------------------------------------------------


def test_each_event_comes_as_it_is_sent(chat: difypool.Client, sandbox: Any) -> None:
    sandbox.settings(ping_interval_s=0.05)  # the head of the answer comes with the first
    sandbox.script(words=["one ", "two ", "three"], hold_after="each")
    read = []
    with chat.chat.send(**ASK, stream=True) as stream:
        sandbox.wait("runs/held", 1)
        sandbox.release_event()
        for event in stream:
            read.append(type(event).__name__)
            if len(read) < 4:
                assert stream.answer == "".join(["one ", "two ", "three"][: len(read)])
                sandbox.wait("runs/held", 1)
                sandbox.release_event()
    assert read == ["Message", "Message", "Message", "MessageEnd"]
    assert stream.task_id
    again = chat.chat.send(**ASK, conversation_id=stream.conversation_id)
    assert again.json()["conversation_id"] == stream.conversation_id


def test_one_answer_is_put_together_or_asked_for(chat: difypool.Client, sandbox: Any) -> None:
    sandbox.script(words=["a", "b"], times=2)
    whole = chat.chat.send(**ASK).json()
    blocking = chat.chat.send(**ASK, blocking=True).json()
    assert (whole["answer"], blocking["answer"]) == ("ab", "ab")
    assert set(whole) == set(blocking)
    assert sandbox.counter("streams/started") == 1


def test_a_workflow(daemon: str, sandbox: Any) -> None:
    with difypool.Client(**options_of(sandbox, "workflow")) as client:
        stream = client.workflows.run(inputs={"text": "hello", "kind": "a"}, user="u", stream=True)
        kinds = [type(event) for event in stream]
        assert kinds[0] is events.WorkflowStarted
        assert kinds[-1] is events.WorkflowFinished
        assert stream.workflow_run_id
        told = client.workflows.get_run(workflow_run_id=stream.workflow_run_id).json()["outputs"]
        assert json.loads(told) == stream.outputs


def test_an_error_inside_a_stream(chat: difypool.Client, sandbox: Any) -> None:
    sandbox.script(words=["a", "b"], error="internal_error", error_after=2)
    stream = chat.chat.send(**ASK, stream=True)
    with pytest.raises(difypool.ServerError) as caught:
        stream.text()
    assert stream.answer == "ab"
    assert caught.value.run["task_id"] == stream.task_id


def test_a_stream_that_is_cut(chat: difypool.Client, sandbox: Any) -> None:
    sandbox.script(count=5, cut_after_events=2, how="rst")
    stream = chat.chat.send(**ASK, stream=True)
    with pytest.raises(difypool.UnknownOutcome) as caught:
        stream.text()
    assert caught.value.run["conversation_id"] == stream.conversation_id != ""


def test_leaving_early_stops_the_run(chat: difypool.Client, sandbox: Any) -> None:
    for number, leave in enumerate(("break", "close", "drop"), 1):
        sandbox.script(count=100_000, interval_ms=5)
        stream = chat.chat.send(**ASK, stream=True)
        for _ in stream:
            if leave == "break":
                break
            if leave == "close":
                assert stream.close() is True
                break
            if leave == "drop":
                break
        del stream
        sandbox.wait("runs/stopped", number)


def test_a_reader_that_sleeps_holds_the_run(chat: difypool.Client, sandbox: Any) -> None:
    sandbox.script(count=2000, size=4000)
    with chat.chat.send(**ASK, stream=True) as stream:
        reading = iter(stream)
        next(reading)
        sandbox.wait("streams/blocked", 1)
        assert sandbox.counter("runs/finished") == 0
        assert 1 + sum(isinstance(event, events.Message) for event in reading) == 2000


def test_ctrl_c_stops_the_run(chat: difypool.Client, sandbox: Any) -> None:
    sandbox.script(count=100_000, hold_after=1)
    stream = chat.chat.send(**ASK, stream=True)
    main = threading.main_thread().ident
    assert main is not None

    def interrupt() -> None:
        sandbox.wait("runs/held", 1)
        wait_until(lambda: stream._flow.given == 1, "the first was read")
        signal.pthread_kill(main, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        stream.text()
    thread.join()
    sandbox.wait("runs/stopped", 1)


def test_cancelling_a_task_stops_its_run_alone(daemon: str, sandbox: Any) -> None:
    async def test() -> None:
        async with aclient(sandbox, "chat") as client:
            sandbox.script(count=3, hold_after=1, times=2)
            first, second = [await client.chat.send(**ASK, stream=True) for _ in range(2)]
            tasks = [asyncio.ensure_future(stream.text()) for stream in (first, second)]
            while not (first.task_id and second.task_id):  # before that nobody could stop it
                await asyncio.sleep(0.005)
            await aside(sandbox.wait, "runs/held", 2)
            tasks[0].cancel()
            with pytest.raises(asyncio.CancelledError):
                await tasks[0]
            await aside(sandbox.wait, "runs/stopped", 1)
            await aside(sandbox.release_event)
            assert await tasks[1]
            assert sandbox.counter("runs/stopped") == 1

    asyncio.run(asyncio.wait_for(test(), 60))


def test_many_streams_in_one_loop(daemon: str, sandbox: Any) -> None:
    async def read(client: difypool.AsyncClient) -> tuple[str, int]:
        async with client.chat.send(**ASK, stream=True) as stream:
            numbers = [event.number async for event in stream]
            assert numbers == list(range(1, len(numbers) + 1))
            return stream.answer, len(numbers)

    async def test() -> None:
        sandbox.script(words=["x"] * 40, interval_ms=2, times=None)
        async with aclient(sandbox, "chat") as client:
            threads = threading.active_count()
            done = await asyncio.gather(*(read(client) for _ in range(30)))
            assert threading.active_count() == threads
            assert done == [("x" * 40, 41)] * 30

    asyncio.run(asyncio.wait_for(test(), 60))


def test_a_lost_connection_loses_no_event(chat: difypool.Client, sandbox: Any) -> None:
    sandbox.script(count=400, interval_ms=1)
    with chat.chat.send(**ASK, stream=True) as stream:
        numbers = []
        for event in stream:
            numbers.append(event.number)
            if len(numbers) in (50, 150):
                sock = chat._link._socket
                assert sock is not None
                chat._link._break(sock)
        assert numbers == list(range(1, 402))


def test_the_service_is_killed(chat: difypool.Client, sandbox: Any) -> None:
    sandbox.script(count=100_000, hold_after=2)
    stream = chat.chat.send(**ASK, stream=True)
    reading = iter(stream)
    next(reading)
    os.kill(chat.info()["pid"], signal.SIGKILL)
    with pytest.raises(difypool.UnknownOutcome) as caught:
        list(reading)
    assert caught.value.run["task_id"] == stream.task_id


# ---- files -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def large(folder: Path) -> Path:
    path = folder / "großes 日本.bin"
    path.write_bytes(os.urandom(3_000_001))
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_files_of_every_size_arrive_whole(chat: difypool.Client, sandbox: Any, large: Path) -> None:
    reply = chat.files.upload(file=large, user="u")
    assert (reply.json()["name"], reply.json()["size"]) == (large.name, 3_000_001)
    with open(large, "rb") as file:
        file.seek(1000)
        chat.files.upload(file=("part.bin", file), user="u")
    chat.files.upload(file=("small.md", b"abc"), user="u")

    async def test() -> None:
        async with aclient(sandbox, "chat") as client:
            await asyncio.gather(*(client.files.upload(file=large, user="u") for _ in range(4)))

    asyncio.run(asyncio.wait_for(test(), 60))
    content = large.read_bytes()
    told = [(upload["name"], upload["sha256"], upload["whole"]) for upload in sandbox.uploads()]
    assert told == [
        (large.name, digest(large), True),
        ("part.bin", hashlib.sha256(content[1000:]).hexdigest(), True),
        ("small.md", hashlib.sha256(b"abc").hexdigest(), True),
        *[(large.name, digest(large), True)] * 4,
    ]


def test_a_document_by_file(client: difypool.Client, sandbox: Any, folder: Path) -> None:
    page = folder / "guide.md"
    page.write_text("# Guide\n\n" + "words " * 100_000)
    kb = client.datasets.create(name="files").json()["id"]
    reply = client.documents.create_by_file(
        dataset_id=kb, file=page, indexing_technique="economy", process_rule={"mode": "automatic"}
    )
    assert reply.json()["document"]["name"] == "guide.md"
    assert [upload["sha256"] for upload in sandbox.uploads()] == [digest(page)]
    with pytest.raises(difypool.TooLarge, match="15728640"):
        client.documents.create_by_file(dataset_id=kb, file=("big.md", bytes(16_000_000)), indexing_technique="economy")


def test_downloads(chat: difypool.Client, sandbox: Any, folder: Path) -> None:
    made = sandbox.make_file(2_000_000, key="chat")
    sandbox.use_file(made["id"])
    whole = chat.files.preview(file_id=made["id"]).content
    assert len(whole) == 2_000_000
    with chat.files.preview(file_id=made["id"], stream=True) as file:
        assert file.length == 2_000_000
        assert file.save(folder / "copy") == str(folder / "copy")
    assert (folder / "copy").read_bytes() == whole
    sandbox.fault(match={"operation": "files.preview"}, cut_body_after=500_000)
    with pytest.raises(difypool.Error):
        chat.files.preview(file_id=made["id"], stream=True).save(folder / "cut")
    assert not (folder / "cut").exists()
    assert not list(folder.glob(".*part"))
    chunks = chat.files.preview(file_id=made["id"], stream=True).iter_bytes()
    assert b"".join(chunks) == whole


# ---- lists -----------------------------------------------------------------------------------------------------------


def test_lists_of_pages_and_cursors(client: difypool.Client, chat: difypool.Client, sandbox: Any) -> None:
    kb = client.datasets.create(name="many").json()["id"]
    sandbox.fill(kb, 230)
    names = [document["name"] for document in client.documents.iter(dataset_id=kb)]
    assert len(names) == len(set(names)) == 230
    first = chat.chat.send(**ASK).json()["conversation_id"]
    for _ in range(104):
        chat.chat.send(**ASK, conversation_id=first)
    messages = list(chat.messages.iter(conversation_id=first, user="u"))
    assert len({message["id"] for message in messages}) == 105
    assert [message["created_at"] for message in messages] == sorted((m["created_at"] for m in messages), reverse=True)
    for number in range(103):
        chat.annotations.create(question=f"q{number}", answer="a")
    assert len({entry["question"] for entry in chat.annotations.iter()}) == 103
    for message in messages[:3]:
        chat.messages.feedback(message_id=message["id"], rating="like", user="u")
    assert len(list(chat.apps.iter_feedbacks())) == 3
    assert [one["id"] for one in chat.conversations.iter(user="u")] == [first]


def test_logs_and_variables(daemon: str, sandbox: Any) -> None:
    with difypool.Client(**options_of(sandbox, "workflow")) as client:
        for _ in range(3):
            client.workflows.run(inputs={"text": "hello", "kind": "a"}, user="u")
        assert len({entry["id"] for entry in client.workflows.iter_logs()}) == 3
    with difypool.Client(**options_of(sandbox, "chatflow")) as client:
        conversation = client.chat.send(**ASK).json()["conversation_id"]
        whole = client.conversations.variables(conversation_id=conversation, user="u").json()["data"]
        assert whole
        assert list(client.conversations.iter_variables(conversation_id=conversation, user="u")) == whole


# ---- pushes and batches ----------------------------------------------------------------------------------------------


def pages(count: int, word: str = "text") -> Iterator[difypool.Page]:
    for number in range(count):
        yield difypool.Page(f"https://h/{number}", f"{word} {number}", title=f"Page {number}", metadata={"number": number})


def test_pushing_twice_changes_nothing(client: difypool.Client, sandbox: Any) -> None:
    first = client.pages.push(pages(120), dataset="KB", indexing_technique="economy", wait=True, deadline=60)
    assert first.ok
    assert first.counts()["created"] == 120
    documents = sandbox.dataset(first.dataset_id)["documents"]
    assert sorted(document["text"] for document in documents) == sorted(f"text {n}" for n in range(120))
    again = client.pages.push(list(pages(120)), dataset_id=first.dataset_id)
    assert again.counts() == {"unchanged": 120}
    fewer = client.pages.push(pages(110, "new"), dataset_id=first.dataset_id, prune=True, max_delete=50)
    assert (fewer.counts()["updated"], len(fewer.deleted)) == (110, 10)
    assert len(sandbox.dataset(first.dataset_id)["documents"]) == 110
    with pytest.raises(difypool.Conflict) as caught:
        client.pages.push(pages(1, "new"), dataset_id=first.dataset_id, prune=True)
    assert caught.value.summary.counts() == {"unchanged": 1}


def test_an_asynchronous_crawler(daemon: str, sandbox: Any) -> None:
    async def crawled() -> AsyncIterator[difypool.Page]:
        for page in pages(40):
            await asyncio.sleep(0)
            yield page
        yield difypool.Page("https://h/bad")

    async def test() -> None:
        heard = []
        async with difypool.AsyncClient(base_url=sandbox.https, api_key=sandbox.key, ca_file=sandbox.ca_file) as client:
            summary = await client.pages.push(
                crawled(), dataset="KB", indexing_technique="economy", progress=lambda told: heard.append(told.done)
            )
            assert summary.counts() == {"created": 40, "failed": 1}
            (failed,) = summary.failed
            assert (failed.index, failed.key) == (40, "https://h/bad")
            assert failed.error is not None
            assert heard[-1] == 41
            results = await client.batch(
                [("documents.get", {"dataset_id": summary.dataset_id, "document_id": one.document_id}) for one in summary]
            )
            assert [result.error is None for result in results] == [True] * 40 + [False]
            names = {result.get().json()["name"] for result in results[:40]}
            assert names == {one.name for one in summary.of("created")}

    asyncio.run(asyncio.wait_for(test(), 60))


def test_a_crawler_that_fails_prunes_nothing(client: difypool.Client, sandbox: Any) -> None:
    first = client.pages.push(pages(20), dataset="KB", indexing_technique="economy")

    def broken() -> Iterator[difypool.Page]:
        yield from pages(3)
        raise RuntimeError("the crawler")

    with pytest.raises(RuntimeError, match="the crawler"):
        client.pages.push(broken(), dataset_id=first.dataset_id, prune=True, max_delete=100)
    again = client.pages.push(pages(20), dataset_id=first.dataset_id)
    assert again.counts() == {"unchanged": 20}


def test_a_push_whose_service_is_killed_is_finished_by_the_next(client: difypool.Client, sandbox: Any) -> None:
    def killing() -> Iterator[difypool.Page]:
        for number, page in enumerate(pages(60)):
            yield page
            if number == 20:
                sandbox.wait("effects/documents.create_by_text", 5)
                os.kill(client.info()["pid"], signal.SIGKILL)

    with pytest.raises(difypool.Unreachable, match="push again") as caught:
        client.pages.push(killing(), dataset="KB", indexing_technique="economy")
    assert set(caught.value.summary.counts()) <= {"created"}
    done = client.pages.push(pages(60), dataset="KB", indexing_technique="economy")
    assert done.ok
    assert sorted(d["text"] for d in sandbox.dataset(done.dataset_id)["documents"]) == sorted(
        f"text {n}" for n in range(60)
    )
