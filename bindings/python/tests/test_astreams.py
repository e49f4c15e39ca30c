"""Streams of asyncio, against a scripted service."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import difypool
from difypool import _flows
from fake import SILENT, FakeService, fail
from flowing import ENDED, Flowing, words


@pytest.fixture
def flowing(service: FakeService) -> Flowing:
    return Flowing(service)


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 30))


@asynccontextmanager
async def client_of(service: FakeService) -> AsyncIterator[difypool.AsyncClient]:
    async with difypool.AsyncClient(socket=service.path) as client:
        yield client


def chat(client: difypool.AsyncClient, **more: Any) -> difypool.AsyncStream:
    return client.chat.send(query="q", inputs={}, user="u", stream=True, **more)


async def seen(flowing: Flowing, count: int) -> list[list[int]]:
    return await asyncio.get_running_loop().run_in_executor(None, flowing.asked, count)


async def aside(function: Any, *args: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, function, *args)


async def closed(flowing: Flowing, number: int) -> None:
    await asyncio.get_running_loop().run_in_executor(None, flowing.wait_closed, number)


def test_three_ways_to_read(flowing: Flowing) -> None:
    async def test() -> None:
        async with client_of(flowing.service) as client:
            reading = chat(client).__aiter__()  # opens with the first event
            task = asyncio.ensure_future(reading.__anext__())
            await seen(flowing, 1)
            flowing.give(0, *words("a"), end=ENDED)
            assert (await task).answer == "a"  # type: ignore[attr-defined]
            async with chat(client) as stream:
                flowing.give(1, *words("b", "c"), end=ENDED)
                assert [event.number async for event in stream] == [1, 2]
                assert (stream.answer, stream.conversation_id) == ("bc", "c1")
            opened = await chat(client)
            flowing.give(2, *words("d"), end=ENDED)
            assert await opened.text() == "d"
            assert opened.reply is not None

    run(test())


def test_one_answer_and_generic_streams(flowing: Flowing) -> None:
    async def test() -> None:
        async with client_of(flowing.service) as client:
            assert (await client.chat.send(query="q", inputs={}, user="u")).json() == {"id": "1"}
            stream = client.stream("documents.wait", {"dataset_id": "d", "ids": []}, total=5)
            assert isinstance(stream, difypool.AsyncStream)
            async with stream:
                flowing.give(0, '{"event": "progress", "total": 1}', end=ENDED)
                assert [event.data["total"] async for event in stream] == [1]
            assert isinstance(client.stream("datasets.list"), difypool.AsyncDownload)

    run(test())


def test_errors_after_events_and_at_once(flowing: Flowing) -> None:
    async def test() -> None:
        async with client_of(flowing.service) as client:
            with pytest.raises(difypool.InvalidRequest, match="total"):
                chat(client, total=0)
            stream = await chat(client)
            flowing.give(0, *words("a"), end=fail("overloaded", "busy"))
            with pytest.raises(difypool.Overloaded) as caught:
                await stream.text()
            assert stream.answer == "a"
            assert caught.value.run["conversation_id"] == "c1"
            flowing.service.handlers["stream.open"] = lambda _: fail("forbidden", "no")
            with pytest.raises(difypool.Forbidden):
                await chat(client)

    run(test())


def test_many_streams_share_their_requests(flowing: Flowing) -> None:
    count = 40

    async def read(client: difypool.AsyncClient, number: int) -> str:
        async with chat(client) as stream:
            return await stream.text()

    async def test() -> None:
        async with client_of(flowing.service) as client:
            streams = [await chat(client) for _ in range(count)]
            tasks = [asyncio.ensure_future(stream.text()) for stream in streams]
            assert (await seen(flowing, 1)) == [list(range(count))]
            for number in range(count):
                flowing.give(number, *words("a"))
            for number in range(count):
                flowing.give(number, *words("b"), end=ENDED)
            assert await asyncio.gather(*tasks) == ["ab"] * count
            assert len(flowing.service.seen("stream.next")) < 2 * count
            assert len(asyncio.all_tasks()) < 8, "no task a stream"

    run(test())


def test_a_late_reader_joins_and_one_request_takes_the_place_of_many(flowing: Flowing) -> None:
    async def test() -> None:
        async with client_of(flowing.service) as client:
            tasks = []
            for number in range(8):
                stream = await chat(client)
                tasks.append(asyncio.ensure_future(stream.text()))
                await seen(flowing, number + 1)
            named = await seen(flowing, 8)
            assert named[:5] == [[0], [1], [2], [3], [0, 1, 2, 3, 4]]
            for number in range(8):
                flowing.give(number, *words("x"), end=ENDED)
            assert await asyncio.gather(*tasks) == ["x"] * 8

    run(test())


def test_more_streams_than_one_request_may_name(flowing: Flowing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_flows, "AT_ONCE", 3)

    async def test() -> None:
        async with client_of(flowing.service) as client:
            streams = [await chat(client) for _ in range(10)]
            tasks = [asyncio.ensure_future(stream.text()) for stream in streams]
            for number in reversed(range(10)):
                flowing.give(number, *words("x"), end=ENDED)
                await asyncio.sleep(0)
            assert await asyncio.gather(*tasks) == ["x"] * 10

    run(test())


@pytest.mark.parametrize("lost", [1, 3])
def test_lost_connections(flowing: Flowing, lost: int) -> None:
    async def test() -> None:
        async with client_of(flowing.service) as client:
            stream = await chat(client)
            flowing.lose = lost
            flowing.give(0, *words("a", "b"))
            flowing.give(0, *words("c"), end=ENDED)
            assert await stream.text() == "abc"

    run(test())


def test_the_service_dies(flowing: Flowing) -> None:
    async def test() -> None:
        async with client_of(flowing.service) as client:
            stream = await chat(client)
            flowing.give(0, *words("a"))
            reading = stream.__aiter__()
            await reading.__anext__()
            flowing.service.kill()
            flowing.pieces.clear()
            flowing.service.start(b"n" * 16)
            with pytest.raises(difypool.UnknownOutcome) as caught:
                await reading.__anext__()
            assert caught.value.run["task_id"] == "t1"

    run(test())


def test_a_cancelled_task_stops_the_run(flowing: Flowing) -> None:
    async def test() -> None:
        async with client_of(flowing.service) as client:
            other = await chat(client)
            task = asyncio.ensure_future((await chat(client)).text())
            await seen(flowing, 1)
            rest = asyncio.ensure_future(other.text())
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await closed(flowing, 1)
            flowing.give(0, *words("goes on"), end=ENDED)
            assert await rest == "goes on"

    run(test())


def test_one_that_opens_after_its_task_was_cancelled_is_closed(flowing: Flowing) -> None:
    held: list[dict[str, Any]] = []

    def hold(request: dict[str, Any]) -> Any:
        held.append(request)
        return SILENT

    async def test() -> None:
        async with client_of(flowing.service) as client:
            opening = flowing.service.handlers["stream.open"]
            flowing.service.handlers["stream.open"] = hold
            task = asyncio.ensure_future(chat(client).text())
            await asyncio.get_running_loop().run_in_executor(None, flowing.service.wait_for, "stream.open")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.get_running_loop().run_in_executor(None, flowing.service.wait_for, "service.cancel")
            flowing.service.answer(held[0], opening(held[0]))  # it was too late to cancel it
            await closed(flowing, 0)

    run(test())


def test_leaving_early_in_every_way(flowing: Flowing) -> None:
    async def test() -> None:
        async with client_of(flowing.service) as client:
            stream = await chat(client)
            flowing.give(0, *words("a", "b"))
            async for _ in stream:
                break
            await closed(flowing, 0)
            closing = await chat(client)
            assert await closing.close() is True
            assert await closing.close() is False
            dropped = await chat(client)
            del dropped
            gc.collect()
            await closed(flowing, 2)
            with pytest.raises(RuntimeError):
                async with chat(client):
                    raise RuntimeError
            await closed(flowing, 3)
            left = await chat(client)
        with pytest.raises(difypool.Cancelled):
            await left.text()
        await closed(flowing, 4)

    run(test())


def test_downloads(service: FakeService, folder: Path) -> None:
    flowing = Flowing(service, "bytes")

    async def test() -> None:
        async with client_of(service) as client:
            file = client.files.preview(file_id="f", stream=True)
            task = asyncio.ensure_future(file.save(folder / "out"))
            await aside(flowing.wait_open, 0)
            flowing.lose = 1
            flowing.give(0, b"ab", b"cd", end=ENDED)
            assert await task == str(folder / "out")
            assert (folder / "out").read_bytes() == b"abcd"
            cut = client.files.preview(file_id="f", stream=True)
            task = asyncio.ensure_future(cut.save(folder / "cut"))
            await aside(flowing.wait_open, 1)
            flowing.give(1, b"half", end=fail("unreachable", "cut"))
            with pytest.raises(difypool.Unreachable):
                await task
            stopped = client.files.preview(file_id="f", stream=True)
            task = asyncio.ensure_future(stopped.save(folder / "stopped"))
            await aside(flowing.wait_open, 2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert sorted(os.listdir(folder)) == ["out", "socket"]
            async with client.audio.from_text(text="t", user="u", stream=True) as speech:
                flowing.give(3, b"mp3", end=ENDED)
                assert await speech.read() == b"mp3"

    run(test())
