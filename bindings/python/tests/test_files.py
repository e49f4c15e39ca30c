"""Files to send, against a scripted service: whole, in pieces, broken off, begun anew."""

from __future__ import annotations

import asyncio
import io
import os
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import difypool
from difypool import _files
from fake import CLOSE, SILENT, FakeService, fail

PIECE = _files.PIECE
CONTENT = os.urandom(5 * PIECE + 77)


class Uploading:
    """Handlers of ``upload.open``, ``write`` and ``close``."""

    def __init__(self, service: FakeService) -> None:
        self.service = service
        self.content = bytearray()
        self.opened: list[dict[str, Any]] = []
        self.aborted = threading.Event()
        self.hold: list[dict[str, Any]] | None = None
        self.lose = 0
        self.refuse_after: int | None = None
        self.forget = 0
        self._gone = b""
        service.handlers.update({"upload.open": self._open, "upload.write": self._write, "upload.close": self._close})

    def _open(self, request: dict[str, Any]) -> Any:
        self.opened.append(request)
        self.content.clear()
        return {"upload": self._handle(), "window": 4 * PIECE}

    def _handle(self) -> bytes:
        return bytes([len(self.opened)]) * 16

    def _write(self, request: dict[str, Any]) -> Any:
        args = request["args"]
        if self.forget and len(self.content) >= PIECE:
            self.forget -= 1
            self._gone = args["upload"]
        if args["upload"] == self._gone:
            return fail("not_found", "no such upload", code="no_such_upload")
        assert args["offset"] <= len(self.content), "a gap"
        assert len(args["bytes"]) <= PIECE
        del self.content[args["offset"] :]
        self.content += args["bytes"]
        if self.lose:
            self.lose -= 1
            return CLOSE
        if self.hold is not None:
            self.hold.append(request)
            return SILENT
        ended = self.refuse_after is not None and len(self.content) >= self.refuse_after
        return {"offset": len(self.content), "ended": ended}

    def _close(self, request: dict[str, Any]) -> Any:
        if request["args"].get("abort"):
            self.aborted.set()
            return {"aborted": True}
        if self.refuse_after is not None:
            return fail("too_large", "the server says it is too large", status=413)
        return {"ok": {"status": 201, "type": "application/json", "body": b'{"id": "f"}', "meta": {}}}


@pytest.fixture
def uploading(service: FakeService) -> Uploading:
    return Uploading(service)


@pytest.fixture(params=["threads", "asyncio"])
def upload(request: pytest.FixtureRequest, service: FakeService) -> Iterator[Callable[..., difypool.Reply]]:
    """``files.upload`` of both clients."""

    def with_threads(file: Any, **more: Any) -> difypool.Reply:
        with difypool.Client(socket=service.path) as client:
            return client.files.upload(file=file, user="u", **more)

    def with_asyncio(file: Any, **more: Any) -> difypool.Reply:
        async def test() -> difypool.Reply:
            async with difypool.AsyncClient(socket=service.path) as client:
                return await client.files.upload(file=file, user="u", **more)

        return asyncio.run(asyncio.wait_for(test(), 30))

    return with_threads if request.param == "threads" else with_asyncio


@pytest.fixture
def large(folder: Path) -> Path:
    path = folder / "größe.bin"
    path.write_bytes(CONTENT)
    return path


def test_small_ones_go_in_one_message(service: FakeService, upload: Callable[..., difypool.Reply], folder: Path) -> None:
    small = folder / "small.md"
    small.write_bytes(b"abc")
    with open(small, "rb") as file:
        for value in (
            small,
            file,
            ("small.md", b"abc"),
            {"name": "small.md", "data": b"abc"},
            ("small.md", io.BytesIO(b"abc")),
        ):
            upload(value)
    upload(("a", b"abc", "text/x-own"))
    sent = [request["args"]["file"] for request in service.seen("files.upload")]
    assert sent == [{"name": "small.md", "data": b"abc"}] * 5 + [{"name": "a", "data": b"abc", "type": "text/x-own"}]


@pytest.mark.parametrize("value", ["/etc/hostname", b"abc", 7, ("n", "text"), ("n",), io.BytesIO(b"unnamed")])
def test_what_is_no_file_is_refused_by_name(
    service: FakeService, upload: Callable[..., difypool.Reply], value: Any
) -> None:
    with pytest.raises(difypool.InvalidRequest, match="file"):
        upload(value)
    assert service.seen("files.upload") == []


def test_a_text_file_is_refused(upload: Callable[..., difypool.Reply], folder: Path) -> None:
    (folder / "t").write_text("abc")
    with open(folder / "t") as file, pytest.raises(difypool.InvalidRequest, match="binary"):
        upload(file)


def test_a_large_one_in_pieces(uploading: Uploading, upload: Callable[..., difypool.Reply], large: Path) -> None:
    assert upload(large, deadline=20, decode=True).json() == {"id": "f"}
    assert bytes(uploading.content) == CONTENT
    (opened,) = uploading.opened
    assert opened["args"] == {
        "op": "files.upload",
        "args": {"user": "u"},
        "file": {"param": "file", "name": "größe.bin", "length": len(CONTENT)},
        "total_ms": 20000,
    }
    closing = uploading.service.seen("upload.close")[0]
    assert closing["decode"] is True
    assert 0 < closing["deadline_ms"] <= 20000


def test_what_has_no_length_flows_too(uploading: Uploading, upload: Callable[..., difypool.Reply]) -> None:
    reading, writing = os.pipe()

    def write() -> None:
        with open(writing, "wb") as file:
            file.write(CONTENT)

    thread = threading.Thread(target=write)
    thread.start()
    with open(reading, "rb") as pipe:
        upload(("pipe.bin", pipe, "text/plain"))
    thread.join()
    assert uploading.opened[0]["args"]["file"] == {"param": "file", "name": "pipe.bin", "type": "text/plain"}
    assert bytes(uploading.content) == CONTENT


def test_as_many_writes_as_the_window_holds(uploading: Uploading, folder: Path, large: Path) -> None:
    uploading.hold = []
    with difypool.Client(socket=uploading.service.path) as client:
        thread = threading.Thread(target=client.files.upload, kwargs={"file": large, "user": "u"})
        thread.start()
        uploading.service.wait_for("upload.write", 4)
        client._link.run(client._make("service.ping", {}, {}))  # all that was sent before it has been taken
        held, uploading.hold = uploading.hold, None
        assert len(held) == 4
        for request in held:
            uploading.service.answer(request, {"offset": request["args"]["offset"] + len(request["args"]["bytes"])})
        thread.join(20)
    assert bytes(uploading.content) == CONTENT


def test_a_lost_connection_is_harmless(uploading: Uploading, upload: Callable[..., difypool.Reply], large: Path) -> None:
    uploading.lose = 3
    upload(large)
    assert bytes(uploading.content) == CONTENT
    assert len(uploading.opened) == 1


def test_begun_anew_when_its_service_is_gone(
    uploading: Uploading, upload: Callable[..., difypool.Reply], large: Path
) -> None:
    uploading.forget = 1
    upload(large)
    assert bytes(uploading.content) == CONTENT
    assert len(uploading.opened) == 2
    assert uploading.opened[0]["id"] != uploading.opened[1]["id"]


def test_begun_anew_once_and_only_if_it_can_be_read_again(
    uploading: Uploading, upload: Callable[..., difypool.Reply], large: Path
) -> None:
    uploading.forget = 9
    with pytest.raises(difypool.Unreachable, match="nothing was created"):
        upload(large)
    assert len(uploading.opened) == 2


def test_the_server_s_word_ends_it_early(uploading: Uploading, upload: Callable[..., difypool.Reply], large: Path) -> None:
    uploading.refuse_after = 2 * PIECE
    with pytest.raises(difypool.TooLarge, match="the server says"):
        upload(large)


def test_never_whole_in_memory(uploading: Uploading, upload: Callable[..., difypool.Reply], folder: Path) -> None:
    size = 96 << 20

    def forget(request: dict[str, Any]) -> Any:
        return {"offset": request["args"]["offset"] + len(request["args"].pop("bytes"))}

    uploading.service.handlers["upload.write"] = forget
    with open(folder / "sparse", "wb") as file:
        file.truncate(size)
    tracemalloc.start()
    upload(folder / "sparse")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(uploading.service.seen("upload.write")) == size // PIECE
    assert peak < 16 << 20


def test_reading_fails_halfway(uploading: Uploading, upload: Callable[..., difypool.Reply], large: Path) -> None:
    class Bad(io.FileIO):
        def read(self, size: int = -1) -> Any:
            if self.tell() > PIECE:
                raise OSError("the disk is gone")
            return super().read(size)

    with Bad(large) as file, pytest.raises(OSError, match="the disk is gone"):
        upload(("bad.bin", file))
    assert uploading.aborted.wait(20)


def test_a_cancelled_task_cuts_it_off(uploading: Uploading, large: Path) -> None:
    uploading.hold = []

    async def test() -> None:
        async with difypool.AsyncClient(socket=uploading.service.path) as client:
            task = asyncio.ensure_future(client.documents.create_by_file(dataset_id="d", file=large))
            await asyncio.get_running_loop().run_in_executor(None, uploading.service.wait_for, "upload.write", 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.get_running_loop().run_in_executor(None, uploading.aborted.wait, 20)

    asyncio.run(asyncio.wait_for(test(), 30))
