"""Streams of the scripted service: pieces are given by the test, and delivered by the rules of the protocol."""

from __future__ import annotations

import json
import threading
from typing import Any

from fake import SILENT, FakeService, fail


def words(*texts: str, **more: Any) -> list[str]:
    ids = {"task_id": "t1", "message_id": "m1", "conversation_id": "c1", **more}
    return [json.dumps({"event": "message", "answer": text, **ids}) for text in texts]


ENDED = {"ok": {"status": 200, "type": "text/event-stream", "meta": {"attempts": 1}}, "run": {"task_id": "t1"}}


class Flowing:
    """Handlers of ``stream.open``, ``next`` and ``close``. Handles are numbered in the order of their opening."""

    def __init__(self, service: FakeService, kind: str = "events") -> None:
        self.service = service
        self.kind = kind
        self.pieces: list[list[Any]] = []
        self.ends: list[dict[str, Any] | None] = []
        self.after: list[int] = []
        self.closed: list[int] = []
        self.lose = 0  # so many answers are lost, with their connection
        self._waiting: list[dict[str, Any]] = []
        self._lock = threading.RLock()
        self._changed = threading.Condition()
        service.handlers.update(
            {"stream.open": self._open, "stream.next": self._next, "stream.close": self._close},
        )

    def handle(self, number: int) -> bytes:
        return bytes([number]) * 16

    def give(self, number: int, *pieces: Any, end: dict[str, Any] | None = None) -> None:
        with self._lock:
            self.pieces[number] += pieces
            self.ends[number] = end
            for request in list(self._waiting):
                self._try(request)

    def asked(self, count: int) -> list[list[int]]:
        """The streams that each request named, once so many have come."""
        requests = self.service.wait_for("stream.next", count)
        return [sorted(one["stream"][0] for one in request["args"]["streams"]) for request in requests]

    def wait_open(self, number: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.pieces) > number, 20), f"stream {number} was not opened"

    def wait_closed(self, number: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: number in self.closed, 20), f"stream {number} was not closed"

    def _open(self, request: dict[str, Any]) -> Any:
        with self._changed, self._lock:
            self.ends.append(None)
            self.after.append(0)
            self.pieces.append([])
            number = len(self.pieces) - 1
            self._changed.notify_all()
        return {"stream": self.handle(number), "kind": self.kind, "status": 200, "type": "", "headers": {}, "name": "f.bin"}

    def _next(self, request: dict[str, Any]) -> Any:
        named = {one["stream"] for one in request["args"]["streams"]}
        with self._lock:
            for older in list(self._waiting):
                left = [one for one in older["args"]["streams"] if one["stream"] not in named]
                if not left:
                    self._waiting.remove(older)
                    self.service.answer(older, {"streams": []})
            self._waiting.append(request)
            self._try(request)
        wait_ms = request["args"]["wait_ms"]
        if wait_ms < 1000:
            timer = threading.Timer(wait_ms / 1000, self._give_up, (request,))
            timer.daemon = True
            timer.start()
        return SILENT

    def _give_up(self, request: dict[str, Any]) -> None:
        with self._lock:
            if request in self._waiting:
                self._waiting.remove(request)
                self.service.answer(request, {"streams": []})

    def _try(self, request: dict[str, Any]) -> None:
        told = [one for one in map(self._tell, request["args"]["streams"]) if one is not None]
        if not told:
            return
        self._waiting.remove(request)
        if self.lose:
            self.lose -= 1
            request["_peer"].close()
        else:
            self.service.answer(request, {"streams": told})

    def _tell(self, one: dict[str, Any]) -> dict[str, Any] | None:
        number, after = one["stream"][0], one["after"]
        if number >= len(self.pieces) or number in self.closed:
            return {"stream": one["stream"], "end": fail("not_found", "no such stream", code="no_such_stream")}
        told: dict[str, Any] = {"stream": one["stream"]}
        if self.kind == "events":
            pieces: Any = self.pieces[number][after:]
            told.update({"first": after + 1, "events": pieces} if pieces else {})
        else:
            pieces = b"".join(self.pieces[number])[after:]
            told.update({"offset": after, "bytes": pieces} if pieces else {})
        self.after[number] = max(self.after[number], after)
        end = self.ends[number]
        if end is not None:
            told["end"] = end
        return told if len(told) > 1 else None

    def _close(self, request: dict[str, Any]) -> Any:
        number = request["args"]["stream"][0]
        with self._changed:
            self.closed.append(number)
            self._changed.notify_all()
        return {"stopped": self.ends[number] is None, "ended": self.ends[number] is not None}
