"""Pushes and batches, against a scripted service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import difypool
from difypool import _calls, push
from fake import CLOSE, FakeService, fail
from flowing import Flowing

TOTALS = {"dataset_id": "kb", "created": 1, "calls": 7}


class Pushing(Flowing):
    """Takes ``room`` pages an add and makes a result of each; the end comes after ``push.finish``."""

    def __init__(self, service: FakeService) -> None:
        super().__init__(service)
        self.pages: list[dict[str, Any]] = []
        self.room = 1000
        self.lose_adds = 0
        self.busy = 0
        self.end: dict[str, Any] = {"ok": {"status": 200, "type": "application/json", "body": json.dumps(TOTALS).encode()}}
        self.end_after: int | None = None
        service.handlers.update({"push.open": self._begin, "push.add": self._add, "push.finish": self._finish})

    def _begin(self, request: dict[str, Any]) -> Any:
        return {"push": self._open(request)["stream"], "window": 32}

    def _add(self, request: dict[str, Any]) -> Any:
        args = request["args"]
        if self.busy:
            self.busy -= 1
            return fail("busy", "others push too", code="push_bytes", retryable=True)
        assert args["at"] <= len(self.pages)
        for page in args["pages"][len(self.pages) - args["at"] :][: self.room]:
            index = len(self.pages)
            self.pages.append(page)
            event: dict[str, Any] = {"event": "page", "index": index, "key": page["url"], "outcome": "created"}
            event["document_id"] = f"d{index}"
            if "text" not in page and "file" not in page:
                event.update({"outcome": "failed", "error": {"kind": "invalid_request", "message": "no text"}})
            self.give(0, json.dumps(event))
        if self.end_after is not None and len(self.pages) >= self.end_after:
            self.give(0, end=self.end)
            return {"taken": len(self.pages), "ended": True}
        if self.lose_adds:
            self.lose_adds -= 1
            return CLOSE
        return {"taken": len(self.pages), "ended": False}

    def _finish(self, request: dict[str, Any]) -> Any:
        if request["args"]["at"] != len(self.pages):
            return fail("invalid_request", "another count", code="at")
        self.give(0, '{"event": "deleted", "document_id": "old", "name": "gone"}', end=self.end)
        return {}


@pytest.fixture
def pushing(service: FakeService) -> Pushing:
    return Pushing(service)


Do = Callable[..., difypool.Summary]


@pytest.fixture(params=["threads", "asyncio", "asyncio with async pages"])
def do(request: pytest.FixtureRequest, service: FakeService) -> Do:
    """``pages.push`` of both clients."""

    def with_threads(pages: Any, **more: Any) -> difypool.Summary:
        with difypool.Client(socket=service.path) as client:
            return client.pages.push(pages, **{"dataset": "KB", **more})

    async def slowly(pages: Any) -> AsyncIterator[Any]:
        for page in pages:
            await asyncio.sleep(0)
            yield page

    def with_asyncio(pages: Any, **more: Any) -> difypool.Summary:
        async def test() -> difypool.Summary:
            given = slowly(pages) if "async pages" in request.param else pages
            async with difypool.AsyncClient(socket=service.path) as client:
                return await client.pages.push(given, **{"dataset": "KB", **more})

        return asyncio.run(asyncio.wait_for(test(), 30))

    return with_threads if request.param == "threads" else with_asyncio


def pages(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {"url": f"https://h/{number}", "title": f"T{number}", "text": f"text {number}"}


def test_a_generator_of_pages(pushing: Pushing, do: Do) -> None:
    heard: list[tuple[int, int, bool]] = []
    summary = do(
        pages(300), set="docs", wait=True, prune=True, deadline=60, idle=5, priority="bulk",
        progress=lambda told: heard.append((told.pages, told.done, told.finished)),
    )  # fmt: skip
    assert [page["url"] for page in pushing.pages] == [f"https://h/{n}" for n in range(300)]
    opened = pushing.service.seen("push.open")[0]
    assert opened["args"] == {
        "dataset": "KB", "set": "docs", "wait": True, "prune": True,
        "buffer": push.BUFFER, "total_ms": 60000, "idle_ms": 5000,
    }  # fmt: skip
    assert opened["priority"] == "bulk"
    assert len(summary) == 300
    assert [result.index for result in summary] == list(range(300))
    assert (summary.dataset_id, summary["calls"], summary.ok) == ("kb", 7, True)
    assert summary.counts() == {"created": 300, "deleted": 1}
    assert [result.document_id for result in summary.deleted] == ["old"]
    assert str(summary) == "300 pages: 300 created, 1 deleted"
    assert heard[-1] == (300, 300, True)
    assert 300 / push.PAGES_AT_ONCE <= len(pushing.service.seen("push.add")) <= 302
    pushing.wait_closed(0)


def test_the_first_page_goes_at_once(pushing: Pushing) -> None:
    def slowly() -> Iterator[dict[str, Any]]:
        for number, page in enumerate(pages(3)):
            yield page
            pushing.service.wait_for("push.add", number + 1)  # it has been sent before the next is asked for

    with difypool.Client(socket=pushing.service.path) as client:
        assert len(client.pages.push(slowly(), dataset="KB")) == 3


def test_room_for_few(pushing: Pushing, do: Do) -> None:
    pushing.room = 7
    assert len(do(pages(100))) == 100
    assert [page["url"] for page in pushing.pages] == [f"https://h/{n}" for n in range(100)]


def test_lost_answers_and_a_full_service(pushing: Pushing, do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    from difypool import _apusher, _pusher

    monkeypatch.setattr(_pusher, "HEAR_MS", 20)
    monkeypatch.setattr(_apusher, "_BUSY_S", 0.02)
    pushing.lose_adds, pushing.busy, pushing.lose = 2, 2, 2
    assert len(do(pages(100))) == 100
    assert [page["url"] for page in pushing.pages] == [f"https://h/{n}" for n in range(100)]


def test_pages_in_every_form(pushing: Pushing, do: Do, folder: Path) -> None:
    (folder / "a.md").write_bytes(b"file")
    given = [
        difypool.Page("u1", "text", title="T", metadata={"lang": "de"}),
        difypool.Page(url="u2", file=folder / "a.md"),
        {"url": "u3", "text": None, "file": ("b.md", b"b")},
        {"url": "u4", "file": folder / "absent.md"},
    ]
    summary = do(given)
    assert pushing.pages == [
        {"url": "u1", "text": "text", "title": "T", "metadata": {"lang": "de"}},
        {"url": "u2", "file": {"name": "a.md", "data": b"file"}},
        {"url": "u3", "file": {"name": "b.md", "data": b"b"}},
        {"url": "u4"},
    ]
    (failed,) = summary.failed
    assert (failed.index, failed.key, summary.ok) == (3, "u4", False)
    assert isinstance(failed.error, difypool.InvalidRequest)
    assert "absent.md" in str(failed.error)


def test_what_is_no_page(pushing: Pushing, do: Do) -> None:
    with pytest.raises(difypool.InvalidRequest, match="page 1 is str"):
        do([{"url": "u", "text": "t"}, "https://h/"])
    pushing.wait_closed(0)
    assert pushing.service.seen("push.finish") == []
    with pytest.raises(difypool.InvalidRequest, match="blocking"):
        do([], blocking=True)


def test_a_crawler_that_fails_leaves_the_push(pushing: Pushing, do: Do) -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield from pages(2)
        raise RuntimeError("the crawler")

    with pytest.raises(RuntimeError, match="the crawler"):
        do(broken())
    pushing.wait_closed(0)
    assert pushing.service.seen("push.finish") == [], "a push that was not finished prunes nothing"


def test_the_service_ends_it_early(pushing: Pushing, do: Do) -> None:
    pushing.end = fail("conflict", "too many to delete", code="max_delete")
    pushing.end_after = 3
    pushing.room = 1
    with pytest.raises(difypool.Conflict, match="too many") as caught:
        do(pages(1000))
    assert caught.value.summary.counts() == {"created": 3}


def test_the_service_is_gone(pushing: Pushing, do: Do) -> None:
    pushing.service.handlers["push.add"] = lambda _: fail("not_found", "no such push", code="no_such_push")
    with pytest.raises(difypool.Unreachable, match="push again"):
        do(pages(5))


def test_the_line_on_standard_error(pushing: Pushing, do: Do, capsys: pytest.CaptureFixture[str]) -> None:
    do(pages(5), progress=True)
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith("push: 5 of 5 pages: 5 created, 1 deleted, ")
    assert lines[-1].endswith("/s")


def test_the_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    line = push.Line()
    line(push.Progress(9, 3, {"created": 3}, "indexing", 2.0))
    line(push.Progress(9, 4, {"created": 4}, "", 2.0))  # too soon after the first
    line(push.Progress(9, 9, {"created": 9}, "", 3.0, finished=True))
    first, last = capsys.readouterr().err.split("\r")[1:]
    assert first == "push: 3 of 9 pages: 3 created, 1.5/s, waiting for indexing"
    assert last.rstrip(" \n") == "push: 9 of 9 pages: 9 created, 3.0/s"
    assert len(last.rstrip("\n")) >= len(first), "nothing of the longer line is left"


# ---- batch -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["threads", "asyncio"])
def test_batch(service: FakeService, kind: str) -> None:
    answer = {
        "calls": 4,
        "failed": 1,
        "results": [
            {"ok": {"status": 200, "type": "application/json", "body": {"id": "x"}}},
            {"error": {"kind": "not_found", "code": "c", "message": "no", "status": 404, "body": {"code": "c"}}},
            {"ok": {"status": 200, "type": "text/plain", "body": "words"}},
            {"ok": {"status": 204, "type": "", "body": None}},
        ],
    }  # fmt: skip
    service.handlers["batch"] = lambda _: {
        "ok": {"status": 200, "type": "application/json", "headers": {}, "body": json.dumps(answer).encode(), "meta": {}}
    }
    calls: list[Any] = [("datasets.get", {"dataset_id": "x"}), {"op": "datasets.get", "args": {}}, ("x.y", {}), ("x.y", {})]

    async def aio() -> list[difypool.Result]:
        async with difypool.AsyncClient(socket=service.path) as client:
            return await client.batch(calls, concurrency=3, deadline=9)

    if kind == "threads":
        with difypool.Client(socket=service.path) as client:
            results = client.batch(calls, concurrency=3, deadline=9)
            with pytest.raises(difypool.InvalidRequest, match="call 0 is str"):
                client.batch(["datasets.list"])  # type: ignore[list-item]
            service.handlers["batch"] = lambda _: {"results": []}
            with pytest.raises(difypool.Protocol):
                client.batch(calls)
    else:
        results = asyncio.run(aio())
    sent = service.seen("batch")[0]
    assert sent["args"]["concurrency"] == 3
    assert sent["args"]["calls"][0] == {"op": "datasets.get", "args": {"dataset_id": "x"}}
    assert results[0].ok is not None
    assert results[0].ok.json() == {"id": "x"}
    assert results[0].error is None
    assert isinstance(results[1].error, difypool.NotFound)
    with pytest.raises(difypool.NotFound):
        results[1].get()
    assert [result.get().content for result in results[2:]] == [b"words", b""]


def test_what_takes_long_has_no_deadline_of_its_own() -> None:
    for op, seconds in (("batch", 86400), ("documents.wait", 86400), ("datasets.list", 120)):
        call = _calls.Call(op, {}, _calls.NO_TAIL, 0.0)
        assert call.expires == seconds + _calls.MARGIN
