"""The indexing worker: one queue, one task about every two seconds whatever its size, the states in order.

A default deployment has one worker for all knowledge bases, so a document waits for all that were queued before it. The update tasks of the 1.12.1
line hang the worker for good (a named defect); only a restart, over the control interface, brings it back, and what hung stays `indexing`.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections import Counter, deque
from typing import Any, Callable

from .settings import Settings
from .state import ChildChunk, Document, Segment, new_id

# How long after the task began each state is left, as a share of the interval: seen at 0.02, 0.07 and 0.16 s of 2 s.
_STAGES: tuple[tuple[str, float], ...] = (
    ("parsing", 0.0),
    ("cleaning", 0.005),
    ("splitting", 0.01),
    ("indexing", 0.03),
    ("completed", 0.08),
)
# The times that are set on entering a state; a document that fails in between has no cleaning time.
_TIMES = {"cleaning": ("parsing_completed_at",), "indexing": ("cleaning_completed_at", "splitting_completed_at")}
_WORDS = re.compile(r"\w+")
LEAST_CHUNK, MOST_CHUNK = 50, 4000


def keywords_of(text: str, most: int = 10) -> list[str]:
    counted = Counter(word for word in _WORDS.findall(text) if len(word) > 1)
    return [word for word, _ in counted.most_common(most)]


def split(text: str, rules: dict[str, Any]) -> list[str]:
    """Pieces at the separator, joined again up to the chunk size. Sizes are in characters here, not in tokens."""
    segmentation = rules.get("segmentation") or {}
    separator = segmentation.get("separator") or segmentation.get("delimiter") or "\n"
    most = int(segmentation.get("max_tokens") or 500)
    custom = separator != "\n"
    chunks: list[str] = []
    for piece in text.split(separator):
        for start in range(0, len(piece), most):
            part = piece[start : start + most]
            if not part.strip():
                continue
            if chunks and not custom and len(chunks[-1]) + len(separator) + len(part) <= most:
                chunks[-1] += separator + part
            else:
                chunks.append(part)
    return [chunk.strip() for chunk in chunks if chunk.strip()]


def _parts(text: str, segmentation: dict[str, Any] | None) -> list[str]:
    """Pieces at the separator and at the chunk size, as they are, with their spaces."""
    given = segmentation or {}
    separator, most = given.get("separator") or "\n", int(given.get("max_tokens") or 500)
    pieces = (piece[start : start + most] for piece in text.split(separator) for start in range(0, len(piece), most))
    return [piece for piece in pieces if piece.strip()]


def families(document: Document, text: str, rules: dict[str, Any], now: int) -> list[Segment]:
    """Parents with their children. In 1.12.1 parents of an economy knowledge base stay `indexing` and are never switched on."""
    whole = rules.get("parent_mode") == "full-doc"
    asleep = document.dataset.indexing_technique == "economy"
    found = []
    for position, parent in enumerate([text] if whole else _parts(text, rules.get("segmentation")), 1):
        segment = Segment(new_id(), document, position, parent, None, None, now, new_id(), updated_at=now)
        segment.enabled, segment.status = not asleep, "indexing" if asleep else "completed"
        segment.children = [
            ChildChunk(new_id(), number, child, "automatic", now, now)
            for number, child in enumerate(_parts(parent, rules.get("subchunk_segmentation")), 1)
        ]
        found.append(segment)
    return found


def node_hash(text: str) -> str:
    return hashlib.sha256((text + "None").encode("utf-8", "replace")).hexdigest()


class Indexer:
    """Runs on the server's loop. `changed` is called after each step, for those who wait."""

    def __init__(self, settings: Settings, changed: Callable[[], None]) -> None:
        self._settings = settings
        self._changed = changed
        self._queue: deque[tuple[Document, str, bool]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._last_start = float("-inf")
        self._hung: Document | None = None
        self._busy = False
        self._paused = False
        self._held: tuple[Document, str, int] | None = None
        self.finished = 0

    def state(self) -> dict[str, Any]:
        return {
            "queued": len(self._queue),
            "busy": int(self._busy),
            "finished": self.finished,
            "hung": int(self._hung is not None),
        }

    def add(self, document: Document, is_update: bool = False) -> None:
        """Queue a document under the batch that it has now."""
        self._queue.append((document, document.batch, is_update))
        self._arm()

    def reset(self) -> None:
        self._queue.clear()
        self._paused = False
        self.restart()
        self.finished = 0

    def restart(self) -> None:
        """A new worker: what hung or was begun is left as it was, the queue goes on."""
        self._hung = None
        self._held = None
        self._busy = False
        self._last_start = float("-inf")
        self._stop_timer()
        self._arm()
        self._changed()

    def pause(self, paused: bool) -> None:
        """Hold the worker before its next task."""
        self._paused = paused
        if paused and not self._busy:
            self._stop_timer()
        if not paused and not self._busy and self._held is not None:
            self._busy = True
            self._stage(*self._held)
        self._arm()

    def drain(self) -> None:
        """Finish everything that was begun or is queued, now."""
        self._take_over()
        if self._held is not None:
            document, batch, index = self._held
            self._held = None
            self._finish(document, batch, index)
        while self._queue and self._hung is None:
            document, batch, is_update = self._queue.popleft()
            if self._begin(document, batch, is_update):
                self._finish(document, batch, 1)

    def advance(self, to: str) -> bool:
        """By hand: take the document that is in work, or the first queued, into a state. The worker is paused from then on."""
        names = [name for name, _ in _STAGES]
        if to not in names:
            raise ValueError(f"no state {to!r}: there are {', '.join(names)}")
        self._take_over()
        self.pause(True)
        while self._held is None and self._queue and self._hung is None:
            document, batch, is_update = self._queue.popleft()
            if self._begin(document, batch, is_update):
                self._held = (document, batch, 1)
        if self._held is None:
            return False
        document, batch, index = self._held
        last = names.index(to)
        self._finish(document, batch, index, last)
        going = to != "completed" and document.indexing_status != "error"
        self._held = (document, batch, last + 1) if going else None
        return True

    def finish_at_once(self, document: Document) -> None:
        """Index a document past the queue."""
        if self._begin(document, document.batch, False):
            self._finish(document, document.batch, 1)

    def _take_over(self) -> None:
        """From the clock: what it was working on is held, for the caller to go on with."""
        if self._busy:
            self._stop_timer()
            self._busy = False

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        if self._busy or self._paused or self._hung is not None or self._timer is not None or not self._queue:
            return
        loop = asyncio.get_running_loop()
        at = max(loop.time(), self._last_start + self._settings.indexing_interval_s)
        self._timer = loop.call_at(at, self._start)

    def _start(self) -> None:
        self._timer = None
        if not self._queue:
            return
        loop = asyncio.get_running_loop()
        self._last_start = loop.time()
        document, batch, is_update = self._queue.popleft()
        if self._begin(document, batch, is_update):
            self._busy = True
            self._stage(document, batch, 1)
        else:
            self._arm()

    def _begin(self, document: Document, batch: str, is_update: bool) -> bool:
        """Take a task up. False if there is nothing to do for it any more, or if the worker hangs on it."""
        if document.dataset.documents.get(document.id) is not document or document.batch != batch:
            return False
        now = int(time.time())
        document.times = {"processing_started_at": now}
        document.segments = []
        if is_update and self._settings.has("update-hangs-indexing"):
            document.times.update((name, now) for names in _TIMES.values() for name in names)
            document.indexing_status = "indexing"
            self._hung = document
            self._changed()
            return False
        document.indexing_status = "parsing"
        self._changed()
        return True

    def _stage(self, document: Document, batch: str, index: int) -> None:
        self._held = (document, batch, index)
        loop = asyncio.get_running_loop()
        delay = (_STAGES[index][1] - _STAGES[index - 1][1]) * self._settings.indexing_interval_s
        self._timer = loop.call_later(delay, self._advance, document, batch, index)

    def _advance(self, document: Document, batch: str, index: int) -> None:
        self._timer = None
        name = _STAGES[index][0]
        if document.batch != batch or name == "completed" or not self._enter(document, name):
            self._busy = False
            self._held = None
            if document.batch == batch and name == "completed":
                self._complete(document)
            self._arm()
        else:
            self._stage(document, batch, index + 1)
        self._changed()

    def _enter(self, document: Document, name: str) -> bool:
        """Into the next state; False if the document failed there."""
        now = int(time.time())
        document.times.update((time_name, now) for time_name in _TIMES.get(name, ()))
        document.indexing_status = name
        error = self._failure(document, name)
        if error is not None:
            document.indexing_status, document.error, document.stopped_at = "error", error, now
            self.finished += 1
            return False
        if name == "splitting":
            self._cut(document, now)
        return True

    def _failure(self, document: Document, name: str) -> str | None:
        if name == "splitting":
            size = ((document.rule.rules or {}).get("segmentation") or {}).get("max_tokens", 500)
            if not isinstance(size, int) or not LEAST_CHUNK <= size <= MOST_CHUNK:
                return "Custom segment length should be between 50 and 4000."
        if name == "cleaning":
            if document.upload.extension == "pdf" and not document.text.rstrip().endswith("%%EOF"):
                return "Failed to load document (PDFium: Data format error)."
            if document.upload.extension == "docx" and not document.text.startswith("PK\3\4"):
                return "File is not a zip file"
        if name == "indexing" and document.dataset.indexing_technique == "high_quality" and not self._settings.vector_store:
            return "Could not connect to Weaviate:Connection to Weaviate failed. Details: ."
        return None

    def _cut(self, document: Document, now: int) -> None:
        rules, text = document.rule.rules or {}, document.text.replace("\0", "")
        if document.doc_form == "hierarchical_model":
            document.segments = families(document, text, rules, now)
        else:
            document.segments = [
                Segment(new_id(), document, position, chunk, None, None, now, new_id(), updated_at=now)
                for position, chunk in enumerate(split(text, rules), 1)
            ]
        document.word_count = sum(len(segment.content) for segment in document.segments)

    def _complete(self, document: Document) -> None:
        now = time.time()
        document.indexing_status = "completed"
        document.times["completed_at"] = int(now)
        document.latency = max(0.0, now - document.times["processing_started_at"])
        document.updated_at = now
        document.tokens = 0
        document.error = None
        document.stopped_at = None
        self.finished += 1

    def _finish(self, document: Document, batch: str, first: int, last: int = len(_STAGES) - 1) -> None:
        """Through the states from first to last, by their places, without waiting."""
        for name, _ in _STAGES[first : last + 1]:
            if name == "completed":
                self._complete(document)
            elif not self._enter(document, name):
                break
        self._changed()
