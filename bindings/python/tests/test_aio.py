"""The asyncio client against a scripted service."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

import difypool
from difypool import _alink, _calls, _opening
from fake import CLOSE, SILENT, FakeService, Raw, ServiceThread, fail
from test_client import pages
from test_link import JUNK, in_child, once


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(work, 60))


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_opening, "PATIENCE", 0.3)
    monkeypatch.setattr(_calls, "MARGIN", 0.2)


def test_thousand_calls_at_once(service: FakeService) -> None:
    service.handlers["documents.list"] = lambda request: {"n": request["args"]["dataset_id"]}

    async def main() -> None:
        async with difypool.AsyncClient(socket=service.path) as client:
            names = [str(number) for number in range(1000)]
            replies = await asyncio.gather(*(client.documents.list(dataset_id=name) for name in names))
            assert [reply.json()["n"] for reply in replies] == names
            (link,) = client._links.values()
            assert link._calls == {}

    run(main())
    assert service.connections == 1
    assert len(service.seen("service.ping")) == 1


def test_no_threads(service: FakeService) -> None:
    async def main() -> int:
        async with difypool.AsyncClient(socket=service.path) as client:
            before = set(threading.enumerate())
            await client.info()
            new = [thread for thread in threading.enumerate() if thread not in before]
            return len([thread for thread in new if not isinstance(thread, ServiceThread)])

    assert run(main()) == 0


def test_typed_methods_options_and_errors(service: FakeService) -> None:
    service.handlers["datasets.get"] = lambda request: fail("not_found", "no such thing", status=404)

    async def main() -> None:
        async with difypool.AsyncClient(base_url="https://x", api_key="k", socket=service.path) as client:
            assert (await client.documents.create_by_text(dataset_id="d", name="n", text="t", deadline=3)).status == 200
            with pytest.raises(difypool.NotFound):
                await client.datasets.get(dataset_id="d")
            await client.request("GET", "/info")
            await client.set(cache=False)
            assert (await client.call("documents.list", {"dataset_id": "d"}, deadline=1)).status == 200

    run(main())
    assert len(service.seen("service.connect")) == 1
    assert service.seen("documents.create_by_text")[0]["deadline_ms"] == 3000


def test_ca_file_that_the_service_refuses_is_sent(service: FakeService, folder: Path) -> None:
    def connect(request: dict[str, Any]) -> Any:
        if "ca_file" in request["args"]:
            return fail("denied", "others could change that file", code="unsteady_file")
        return service.default(request)

    service.handlers["service.connect"] = connect
    (folder / "ca.pem").write_bytes(b"PEM text")

    async def main(first: bool) -> list[int]:
        ca = str(folder / "ca.pem")
        async with difypool.AsyncClient(base_url="https://x", ca_file=ca, socket=service.path) as client:
            if first:
                await client.info()
            return [r.status for r in await asyncio.gather(*(client.documents.list(dataset_id="d") for _ in range(8)))]

    assert run(main(False)) == run(main(True)) == [200] * 8
    assert service.seen("service.connect")[-1]["args"]["ca_bytes"] == b"PEM text"


def test_iter(service: FakeService) -> None:
    service.handlers["documents.list"] = pages(250)

    async def main() -> list[str]:
        async with difypool.AsyncClient(socket=service.path) as client:
            return [entry["id"] async for entry in client.documents.iter(dataset_id="d")]

    assert run(main()) == [str(number) for number in range(250)]


def test_cancelled_task_cancels_its_call(service: FakeService) -> None:
    service.handlers["documents.delete"] = lambda request: SILENT

    async def main() -> None:
        async with difypool.AsyncClient(socket=service.path) as client:
            task = asyncio.ensure_future(client.documents.delete(dataset_id="d", document_id="x"))
            await asyncio.to_thread(service.wait_for, "documents.delete")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await client.info())["name"] == "fake"

    run(main())
    cancel = service.wait_for("service.cancel")[0]
    assert cancel["args"] == {"id": service.seen("documents.delete")[0]["id"]}


def test_cancelled_before_it_was_sent_is_never_sent(service: FakeService) -> None:
    async def main() -> None:
        async with difypool.AsyncClient(socket=service.path) as client:
            task = asyncio.ensure_future(client.documents.delete(dataset_id="d", document_id="x"))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await client.info()

    run(main())
    assert service.seen("documents.delete") == []
    assert service.seen("service.cancel") == []


def test_resent_over_a_new_connection(service: FakeService) -> None:
    service.handlers["documents.delete"] = once(CLOSE, {"done": True})

    async def main() -> None:
        async with difypool.AsyncClient(socket=service.path) as client:
            assert (await client.documents.delete(dataset_id="d", document_id="x")).json() == {"done": True}

    run(main())
    first, again = service.seen("documents.delete")
    assert first["id"] == again["id"]


def test_service_killed_under_many_calls(service: FakeService) -> None:
    """200 calls in flight, another life of the service: each is sent once more with its id and first epoch."""
    held = threading.Event()

    def hold(request: dict[str, Any]) -> Any:
        if len(service.seen("documents.delete")) == 200 and not held.is_set():
            held.set()
            service.kill()
            service.start(b"f" * 16)
        return {"epoch": request["epoch"]} if held.is_set() and service.epoch[:1] == b"f" else SILENT

    service.handlers["documents.delete"] = hold

    async def main() -> None:
        async with difypool.AsyncClient(base_url="https://x", socket=service.path) as client:
            calls = [client.documents.delete(dataset_id="d", document_id=str(n)) for n in range(200)]
            for reply in await asyncio.gather(*calls):
                assert reply.json()["epoch"] == b"e" * 16

    run(main())
    sent = service.seen("documents.delete")
    assert len({request["id"] for request in sent}) == 200
    assert len(sent) == 400
    assert {request["profile"] for request in sent} == {"h-0-e", "h-0-f"}


def test_lost_handle_is_made_once_for_all(service: FakeService) -> None:
    async def main() -> None:
        async with difypool.AsyncClient(base_url="https://x", socket=service.path) as client:
            await client.documents.list(dataset_id="d")
            service._handles.clear()
            await asyncio.gather(*(client.documents.list(dataset_id=str(n)) for n in range(100)))

    run(main())
    assert len(service.seen("service.connect")) <= 3
    assert len({request["id"] for request in service.seen("documents.list")}) == 101


def test_gone_for_good(service: FakeService, short_patience: None) -> None:
    def die(request: dict[str, Any]) -> Any:
        service.kill()
        return SILENT

    service.handlers["documents.delete"] = die

    async def main() -> None:
        async with difypool.AsyncClient(socket=service.path) as client:
            with pytest.raises(difypool.UnknownOutcome, match="was lost"):
                await client.documents.delete(dataset_id="d", document_id="x")
            with pytest.raises(difypool.Unreachable):
                await client.documents.list(dataset_id="d")
            service.start()
            assert (await client.info())["name"] == "fake"

    run(main())


def test_patient_calls_wait_for_a_restart(service: FakeService, short_patience: None) -> None:
    async def main() -> None:
        async with difypool.AsyncClient(socket=service.path, wait=True) as client:
            await client.info()
            service.kill()
            threading.Timer(1.0, service.start, (b"f" * 16,)).start()
            assert (await client.documents.list(dataset_id="d")).status == 200

    run(main())


def test_deadline_is_ours_too(service: FakeService, short_patience: None) -> None:
    service.handlers["*"] = lambda request: SILENT if request["op"].startswith("documents") else service.default(request)

    async def main() -> None:
        async with difypool.AsyncClient(socket=service.path) as client:
            with pytest.raises(difypool.Timeout):
                await client.documents.list(dataset_id="d", deadline=0.1)
            with pytest.raises(difypool.UnknownOutcome):
                await client.documents.delete(dataset_id="d", document_id="x", deadline=0.1)
            assert (await client.info())["name"] == "fake"

    run(main())
    assert service.connections == 1


def test_mute_service(folder: Path, monkeypatch: pytest.MonkeyPatch, short_patience: None) -> None:
    import socket

    monkeypatch.setattr(_alink, "_HELLO_LIMIT", 0.3)

    async def main() -> None:
        async with difypool.AsyncClient(socket=f"ipc://{folder}/mute") as client:
            with pytest.raises(difypool.Unreachable) as caught:
                await client.info()
            assert caught.value.code == "silent"

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "mute"))
        listener.listen()
        run(main())


@pytest.mark.parametrize("junk", list(JUNK.values()), ids=list(JUNK))
def test_junk(service: FakeService, junk: bytes) -> None:
    service.handlers["documents.list"] = service.handlers["documents.delete"] = lambda request: Raw(junk)

    async def main() -> None:
        async with difypool.AsyncClient(socket=service.path) as client:
            with pytest.raises(difypool.Protocol):
                await client.documents.list(dataset_id="d")
            with pytest.raises(difypool.UnknownOutcome):
                await client.documents.delete(dataset_id="d", document_id="x")
            assert (await client.info())["name"] == "fake"

    run(main())


def test_another_greeting(service: FakeService) -> None:
    service.greeting = b"HTTP/1.1"

    async def main() -> None:
        async with difypool.AsyncClient(socket=service.path) as client:
            with pytest.raises(difypool.Protocol):
                await client.info()

    run(main())


def test_several_loops_one_after_another_and_at_once(service: FakeService) -> None:
    client = difypool.AsyncClient(socket=service.path)

    async def main() -> Any:
        results = await asyncio.gather(*(client.documents.list(dataset_id="d") for _ in range(20)))
        return len(results)

    assert [run(main()) for _ in range(3)] == [20, 20, 20]
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(run(main()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [20] * 4
    assert service.connections == 7

    async def end() -> None:
        await client.close()
        with pytest.raises(difypool.InvalidRequest, match="closed"):
            await client.info()

    run(end())


def test_back_pressure(service: FakeService) -> None:
    """60 MiB of requests to a service that reads them one by one: the loop never holds much more than its bound."""
    service.handlers["http.request"] = lambda request: {"n": len(request["args"]["body"])}
    most = 0

    async def main() -> None:
        nonlocal most
        async with difypool.AsyncClient(socket=service.path) as client:
            await client.info()
            tasks = [asyncio.ensure_future(client.request("POST", "/v1/x", body=bytes(1 << 20))) for _ in range(60)]
            (link,) = client._links.values()
            while not all(task.done() for task in tasks):
                if link._stream is not None:
                    most = max(most, link._stream.transport.get_write_buffer_size())
                await asyncio.sleep(0)
            assert [task.result().json()["n"] for task in tasks] == [1 << 20] * 60

    run(main())
    assert most < 4 << 20


def test_close_ends_what_runs(service: FakeService) -> None:
    service.handlers["documents.list"] = lambda request: SILENT

    async def main() -> None:
        client = difypool.AsyncClient(socket=service.path)
        tasks = [asyncio.ensure_future(client.documents.list(dataset_id="d")) for _ in range(5)]
        while len(service.seen("documents.list")) < 5:
            await asyncio.sleep(0.001)
        await client.close()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(result, difypool.Cancelled)

    run(main())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fork(service: FakeService) -> None:
    client = difypool.AsyncClient(socket=service.path)

    async def main() -> Any:
        return (await client.info())["pid"] == os.getpid() or True

    assert run(main())
    assert in_child(lambda: run(main())) == 0
    assert service.connections == 2
    run(client.close())
