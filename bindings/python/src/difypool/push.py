"""Pages in, results out: what a push takes and gives, and its bookkeeping, without any I/O.

What the service does with pages is its own affair; here they are numbered, cut into messages, and their results gathered.
Pages go as soon as there is room for them: the first at once, by itself, and while it is on its way others gather. A page
whose file cannot be read is sent without a text all the same, so that the service counts it as failed (and prunes nothing).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, fields
from time import monotonic
from typing import Any, Callable, Union

from . import _files, _wire, errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .events import Event

PAGES_AT_ONCE = 64  # pages in one message
BYTES_AT_ONCE = 1 << 20  # and what they may hold, unless one alone holds more
BUFFER = 1 << 20  # bytes of results that the service holds for us
ADD_WAIT_MS = 1000  # how long an add waits for room before results are looked at
OUTCOMES = ("created", "updated", "adopted", "unchanged", "duplicate", "skipped", "failed", "deleted")
_LINE_S = 0.2  # seconds between two changes of the line on a terminal
_LOG_S = 10.0  # and between two lines where there is none
_OPENING = frozenset(("priority", "validate", "allow_hazard"))


@dataclass(frozen=True)
class Page:
    """A page to push.

    Attributes:
        url: where it is from; without its fragment it is the page's key, unless there is an ``id``.
        text: its text; or
        file: its file, in any form that a file argument may have.
        id: its key, where it has no address of its own.
        title, name: its title, and the name of its document (made of the title by default).
        metadata: values of metadata fields, by their names.
    """

    url: str | None = None
    text: str | None = None
    file: Any = None
    id: str | None = None
    title: str | None = None
    name: str | None = None
    metadata: Mapping[str, Any] | None = None


PageLike = Union[Page, "Mapping[str, Any]"]
_MEMBERS = tuple(member.name for member in fields(Page))


@dataclass(frozen=True)
class PageResult:
    """What became of a page, or of a document that was pruned.

    Attributes:
        index: the page's number, from 0, in the order they were given; -1 for a document that was deleted.
        key: its key.
        outcome: ``created``, ``updated``, ``adopted``, ``unchanged``, ``duplicate``, ``skipped``, ``failed``,
            ``deleted``.
        document_id, name: of its document, where there is one.
        code: why it was skipped.
        error: why it failed.
        data: all that was told of it.
    """

    index: int
    key: str
    outcome: str
    document_id: str = ""
    name: str = ""
    code: str = ""
    error: errors.Error | None = None
    data: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass
class Summary:
    """What a push has done: counts, and the results of its pages, in the order in which they were given.

    ``for result in summary`` walks through them; ``summary["created"]`` is any count that the service tells.

    Attributes:
        dataset_id: the knowledge base.
        totals: all that the service tells at the end.
        results: of the pages.
        deleted: of the documents that were pruned.
        seconds: how long it took.
    """

    dataset_id: str = ""
    totals: dict[str, Any] = field(default_factory=dict, repr=False)
    results: list[PageResult] = field(default_factory=list, repr=False)
    deleted: list[PageResult] = field(default_factory=list, repr=False)
    seconds: float = 0.0

    def __iter__(self) -> Iterator[PageResult]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, name: str) -> Any:
        return self.totals[name]

    def __str__(self) -> str:
        return f"{len(self.results)} pages: " + (_told(self.counts()) or "none")

    def counts(self) -> dict[str, int]:
        """How many pages came to each outcome."""
        counted: dict[str, int] = {}
        for result in (*self.results, *self.deleted):
            counted[result.outcome] = counted.get(result.outcome, 0) + 1
        return counted

    def of(self, outcome: str) -> list[PageResult]:
        """The results of one outcome."""
        return [result for result in self.results if result.outcome == outcome]

    @property
    def failed(self) -> list[PageResult]:
        """The pages that failed, each with its ``error``."""
        return self.of("failed")

    @property
    def ok(self) -> bool:
        """Whether no page failed."""
        return not self.failed


@dataclass
class Progress:
    """How far a push is.

    Attributes:
        pages: that were given so far.
        done: of them, that have a result.
        counts: how many came to each outcome.
        waiting_for: what it waits for, as the service says: the server, the pace, indexing; "" = nothing.
        seconds: since it began.
        finished: whether this is the last word.
    """

    pages: int = 0
    done: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    waiting_for: str = ""
    seconds: float = 0.0
    finished: bool = False

    @property
    def rate(self) -> float:
        """Results a second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    def __str__(self) -> str:
        waiting = f", waiting for {self.waiting_for}" if self.waiting_for and not self.finished else ""
        told = _told(self.counts)
        return f"{self.done} of {self.pages} pages{': ' + told if told else ''}, {self.rate:.1f}/s{waiting}"


def _told(counts: Mapping[str, int]) -> str:
    order = {outcome: number for number, outcome in enumerate(OUTCOMES)}
    told = sorted(counts.items(), key=lambda counted: order.get(counted[0], len(order)))
    return ", ".join(f"{count} {outcome}" for outcome, count in told)


class Line:
    """Progress on standard error: one line that changes on a terminal, elsewhere a line now and then."""

    def __init__(self) -> None:
        self._next = 0.0
        self._width = 0
        self._rewrites = sys.stderr.isatty()

    def __call__(self, progress: Progress) -> None:
        now = monotonic()
        if now < self._next and not progress.finished:
            return
        self._next = now + (_LINE_S if self._rewrites else _LOG_S)
        text = f"push: {progress}"
        if self._rewrites:
            end = "\n" if progress.finished else ""
            sys.stderr.write("\r" + text.ljust(self._width) + end)
            self._width = len(text)
        else:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()


class Session:
    """The bookkeeping of one push. Those of threads and of asyncio carry its messages."""

    def __init__(
        self, args: Mapping[str, Any], progress: bool | Callable[[Progress], object], options: Mapping[str, Any]
    ) -> None:
        self.opening: dict[str, Any] = {name: value for name, value in args.items() if value is not None}
        self.opening["buffer"] = BUFFER
        self.options = {name: value for name, value in options.items() if name in _OPENING}
        for name, sent in (("deadline", "total_ms"), ("idle", "idle_ms")):
            if options.get(name) is not None:
                self.opening[sent] = _wire.millis(name, options[name])
        unknown = sorted(set(options) - _OPENING - {"deadline", "idle"})
        if unknown:
            raise errors.InvalidRequest(f"pages.push takes no option {', '.join(unknown)}", code="bad_option")
        self.handle = b""
        self.given = 0  # pages that were taken from the caller
        self.over = False  # the push wants no more
        self._waiting: list[tuple[int, dict[str, Any]]] = []  # pages that the service has not taken, with their sizes
        self._size = 0
        self._unread: dict[int, errors.Error] = {}  # files of ours that could not be read, by their page's index
        self._results: dict[int, PageResult] = {}
        self._deleted: list[PageResult] = []
        self._progress = Progress()
        self._tell: Callable[[Progress], object] | None = None
        if progress:
            self._tell = Line() if progress is True else progress
        self._began = monotonic()

    # ---- pages -----------------------------------------------------------------------------------------------------

    def take(self, page: PageLike) -> None:
        """One more page of the caller's."""
        if isinstance(page, Page):
            sent = {name: getattr(page, name) for name in _MEMBERS if getattr(page, name) is not None}
        elif isinstance(page, dict):
            sent = {name: value for name, value in page.items() if value is not None}
        else:
            raise errors.InvalidRequest(
                f"page {self.given} is {type(page).__name__}; it is a difypool.Page or a dict", code="argument"
            )
        if "file" in sent and not isinstance(sent["file"], dict):
            try:
                sent["file"] = _files.whole(sent["file"])
            except OSError as error:
                self._unread[self.given] = errors.InvalidRequest(f"its file cannot be read: {error}", code="file")
                del sent["file"]
        size = len(sent.get("text") or "") + len((sent.get("file") or {}).get("data") or b"") + 256
        self._waiting.append((size, sent))
        self._size += size
        self.given += 1

    @property
    def full(self) -> bool:
        """Whether there is enough for a message."""
        return len(self._waiting) >= PAGES_AT_ONCE or self._size >= BYTES_AT_ONCE

    @property
    def waiting(self) -> bool:
        return bool(self._waiting) and not self.over

    def adding(self) -> dict[str, Any]:
        """Arguments of the next ``push.add``."""
        pages: list[dict[str, Any]] = []
        held = 0
        for size, page in self._waiting[:PAGES_AT_ONCE]:
            if pages and held + size > BYTES_AT_ONCE:
                break
            pages.append(page)
            held += size
        at = self.given - len(self._waiting)
        return {"push": self.handle, "pages": pages, "at": at, "wait_ms": ADD_WAIT_MS}

    def added(self, answer: Mapping[str, Any]) -> None:
        taken = int(answer["taken"]) - (self.given - len(self._waiting))
        for size, _ in self._waiting[: max(taken, 0)]:
            self._size -= size
        del self._waiting[: max(taken, 0)]
        self.over = self.over or bool(answer.get("ended"))

    def finishing(self) -> dict[str, Any]:
        return {"push": self.handle, "at": self.given}

    # ---- results ---------------------------------------------------------------------------------------------------

    def hear(self, event: Event) -> None:
        data = event.data if isinstance(event.data, dict) else {}
        if event.name == "page":
            self._note(self._result(data, int(data.get("index", -1)), str(data.get("outcome", ""))))
        elif event.name == "deleted":
            self._note(self._result(data, -1, "deleted"))
        elif event.name == "progress":
            self._progress.waiting_for = str(data.get("waiting_for") or "")

    def _result(self, data: dict[str, Any], index: int, outcome: str) -> PageResult:
        error = data.get("error")
        failure = errors.from_wire({"kind": "internal", **error}) if isinstance(error, dict) else None
        if index in self._unread:
            failure = self._unread[index]
        return PageResult(
            index=index,
            key=str(data.get("key") or ""),
            outcome=outcome,
            document_id=str(data.get("document_id") or ""),
            name=str(data.get("name") or ""),
            code=str(data.get("code") or ""),
            error=failure,
            data=data,
        )

    def _note(self, result: PageResult) -> None:
        if result.outcome == "deleted":
            self._deleted.append(result)
        else:
            self._results[result.index] = result
            self._progress.done = len(self._results)
        counts = self._progress.counts
        counts[result.outcome] = counts.get(result.outcome, 0) + 1

    def tell(self, finished: bool = False) -> None:
        """Shows how far it is."""
        if self._tell is not None:
            self._progress.pages = self.given
            self._progress.seconds = monotonic() - self._began
            self._progress.finished = finished
            self._tell(self._progress)

    def summary(self, totals: Any) -> Summary:
        told = totals if isinstance(totals, dict) else {}
        return Summary(
            dataset_id=str(told.get("dataset_id") or ""),
            totals=told,
            results=[self._results[index] for index in sorted(self._results)],
            deleted=self._deleted,
            seconds=monotonic() - self._began,
        )


def broken(error: errors.Error, session: Session) -> errors.Error:
    """The error that ended a push, with what became of the pages until then."""
    error.summary = session.summary({})
    return error
