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
from typing import Any, Callable, Deque, Dict, List, Optional, Tuple

from .settings import Settings
from .state import Document, Segment, new_id

# How long after the task began each state is left, as a share of the interval: seen at 0.02, 0.07 and 0.16 s of 2 s.
_STAGES: Tuple[Tuple[str, float], ...] = (("parsing", 0.0), ("cleaning", 0.005), ("splitting", 0.01), ("indexing", 0.03), ("completed", 0.08))
_TIME_OF = {"cleaning": "parsing_completed_at", "splitting": "cleaning_completed_at", "indexing": "splitting_completed_at"}
_WORDS = re.compile(r"\w+")
LEAST_CHUNK, MOST_CHUNK = 50, 4000


def keywords_of(text: str, most: int = 10) -> List[str]:
    counted = Counter(word for word in _WORDS.findall(text) if len(word) > 1)
    return [word for word, _ in counted.most_common(most)]


def split(text: str, rules: Dict[str, Any]) -> List[str]:
    """Pieces at the separator, joined again up to the chunk size. Sizes are in characters here, not in tokens."""
    segmentation = rules.get("segmentation") or {}
    separator = segmentation.get("separator") or segmentation.get("delimiter") or "\n"
    most = int(segmentation.get("max_tokens") or 500)
    custom = separator != "\n"
    chunks: List[str] = []
    for piece in text.split(separator):
        while piece.strip():
            part, piece = piece[:most], piece[most:]
            if chunks and not custom and len(chunks[-1]) + len(separator) + len(part) <= most:
                chunks[-1] += separator + part
            else:
                chunks.append(part)
    return [chunk.strip() for chunk in chunks if chunk.strip()]


def node_hash(text: str) -> str:
    return hashlib.sha256((text + "None").encode("utf-8", "replace")).hexdigest()


class Indexer:
    """Runs on the server's loop. `changed` is called after each step, for those who wait."""

    def __init__(self, settings: Settings, changed: Callable[[], None]) -> None:
        self._settings = settings
        self._changed = changed
        self._queue: Deque[Tuple[Document, str, bool]] = deque()
        self._timer: Optional[asyncio.TimerHandle] = None
        self._last_start = float("-inf")
        self._hung: Optional[Document] = None
        self._busy = False
        self.finished = 0

    def state(self) -> Dict[str, Any]:
        return {"queued": len(self._queue), "busy": int(self._busy), "finished": self.finished, "hung": int(self._hung is not None)}

    def add(self, document: Document, is_update: bool = False) -> None:
        """Queue a document under the batch that it has now."""
        self._queue.append((document, document.batch, is_update))
        self._arm()

    def reset(self) -> None:
        self._queue.clear()
        self.restart()
        self.finished = 0

    def restart(self) -> None:
        """A new worker: what hung is left as it was, the queue goes on."""
        self._hung = None
        self._busy = False
        self._last_start = float("-inf")
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._arm()
        self._changed()

    def drain(self) -> None:
        """Finish everything that is queued, now."""
        self.restart()
        while self._queue and self._hung is None:
            document, batch, is_update = self._queue.popleft()
            if self._begin(document, batch, is_update):
                self._finish(document, batch)

    def _arm(self) -> None:
        if self._busy or self._hung is not None or self._timer is not None or not self._queue:
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
            for name in _TIME_OF.values():
                document.times[name] = now
            document.indexing_status = "indexing"
            self._hung = document
            self._changed()
            return False
        document.indexing_status = "parsing"
        self._changed()
        return True

    def _stage(self, document: Document, batch: str, index: int) -> None:
        loop = asyncio.get_running_loop()
        delay = (_STAGES[index][1] - _STAGES[index - 1][1]) * self._settings.indexing_interval_s
        self._timer = loop.call_later(delay, self._advance, document, batch, index)

    def _advance(self, document: Document, batch: str, index: int) -> None:
        self._timer = None
        name = _STAGES[index][0]
        if document.batch != batch or name == "completed" or not self._enter(document, name):
            self._busy = False
            if document.batch == batch and name == "completed":
                self._complete(document)
            self._arm()
        else:
            self._stage(document, batch, index + 1)
        self._changed()

    def _enter(self, document: Document, name: str) -> bool:
        """Into the next state; False if the document failed there."""
        now = int(time.time())
        if name in _TIME_OF:
            document.times[_TIME_OF[name]] = now
        document.indexing_status = name
        error = self._failure(document, name)
        if error is not None:
            document.indexing_status, document.error, document.stopped_at = "error", error, now
            self.finished += 1
            return False
        if name == "splitting":
            self._cut(document, now)
        return True

    def _failure(self, document: Document, name: str) -> Optional[str]:
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
        rules = document.rule.rules or {}
        document.segments = [
            Segment(new_id(), document, position, chunk, None, keywords_of(chunk), now, new_id(), updated_at=now)
            for position, chunk in enumerate(split(document.text.replace("\0", ""), rules), 1)
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

    def _finish(self, document: Document, batch: str) -> None:
        for name, _ in _STAGES[1:-1]:
            if not self._enter(document, name):
                self._changed()
                return
        self._complete(document)
        self._changed()
