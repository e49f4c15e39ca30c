"""What streams of threads and of asyncio have in common: events, the answer so far, ids, the file that bytes become."""

from __future__ import annotations

import os

from . import _wire, errors, events
from ._table import BINARY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ._flows import Flow
    from .reply import Reply

CLOSE_S = 5.0  # seconds that close() waits for the service's word
HURRY_S = 1.0  # and an interrupt
DOWNLOAD_BUFFER = 256 << 10  # bytes the service holds of a download
IDS = ("task_id", "message_id", "conversation_id", "workflow_run_id")
_TIMES = {"idle": "idle_ms", "total": "total_ms"}
_OWN = frozenset(("idle", "total", "keep_run", "buffer"))


def opening(op: str, args: Mapping[str, Any], options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments of ``stream.open``, and what is left of the options.

    Raises:
        InvalidRequest: an option is out of its range, or makes no sense with a stream.
    """
    if options.get("blocking"):
        raise errors.InvalidRequest(f"{op}: stream and blocking: give one of them", code="bad_option")
    given: dict[str, Any] = {"op": op, "args": {name: value for name, value in args.items() if value is not None}}
    if op in BINARY:
        given["buffer"] = DOWNLOAD_BUFFER
    rest = {}
    for name, value in options.items():
        if name not in _OWN:
            rest[name] = value
        elif value is not None:
            given[_TIMES.get(name, name)] = _wire.millis(name, value) if name in _TIMES else value
    return given, rest


class Pieces:
    """A stream of any kind; see :class:`difypool.Stream` and :class:`difypool.Download`.

    Attributes:
        op: the operation.
        status, type, headers: of the server's answer.
    """

    _flow: Flow

    def _describe(self, flow: Flow) -> None:
        self._flow = flow
        self._pid = os.getpid()
        self.op = flow.op
        self.status = int(flow.head.get("status", 200))
        self.type = str(flow.head.get("type", ""))
        self.headers: dict[str, str] = flow.head.get("headers") or {}

    def __repr__(self) -> str:
        state = "closed" if self._flow.closed else "open" if self._flow.end is None else "ended"
        return f"<{type(self).__name__} {self.op} {state}>"

    @property
    def reply(self) -> Reply | None:
        """How it ended, with ``meta`` and without a body; None as long as it goes on, or where it failed."""
        end = self._flow.end
        return None if end is None or isinstance(end, errors.Error) else end

    def _check(self) -> None:
        if self._pid != os.getpid():
            raise errors.InvalidRequest(f"{self.op}: this stream belongs to the process before the fork", code="forked")

    def _ended(self) -> bool:
        """Whether all has been read; raises what ended it, if that was no success."""
        flow = self._flow
        if flow.queue:
            return False
        if isinstance(flow.end, errors.Error):
            error = errors.twin(flow.end)
            error.run = self._ids()
            raise error
        if flow.closed and flow.end is None:
            raise errors.Cancelled(f"{self.op}: the stream was closed", code="closed")
        return flow.end is not None

    def _ids(self) -> dict[str, str]:
        return dict(self._flow.run)


class Run(Pieces):
    """The events of a run, and what they add up to."""

    def _describe(self, flow: Flow) -> None:
        super()._describe(flow)
        self._words: list[str] = []
        self._known: dict[str, str] = {}
        self._bytes = b""
        #: What a workflow gave, once it has finished.
        self.outputs: dict[str, Any] = {}

    @property
    def answer(self) -> str:
        """The words that were read so far."""
        if len(self._words) > 1:
            self._words = ["".join(self._words)]
        return self._words[0] if self._words else ""

    @property
    def task_id(self) -> str:
        """Id of the task at the server, by which it can be stopped; "" as long as it is not known."""
        return self._id("task_id")

    @property
    def message_id(self) -> str:
        """Id of the message; "" as long as it is not known."""
        return self._id("message_id")

    @property
    def conversation_id(self) -> str:
        """Id of the conversation, to go on with; "" as long as it is not known."""
        return self._id("conversation_id")

    @property
    def workflow_run_id(self) -> str:
        """Id of the workflow's run; "" as long as it is not known."""
        return self._id("workflow_run_id")

    def _id(self, name: str) -> str:
        return self._known.get(name) or self._flow.run.get(name, "")

    def _ids(self) -> dict[str, str]:
        return {**self._flow.run, **self._known}

    def _take(self) -> events.Event | None:
        """The next event that has arrived."""
        flow = self._flow
        if not flow.queue:
            return None
        if flow.kind != "events":
            return self._take_whole()
        flow.given += 1
        event = events.make(flow.queue.popleft(), flow.given)
        self._note(event)
        return event

    def _take_whole(self) -> events.Event | None:
        """An operation of events that answered with one JSON text: it is one event without a name."""
        flow = self._flow
        self._bytes += b"".join(flow.queue)
        flow.queue.clear()
        if flow.end is None or isinstance(flow.end, errors.Error):
            return None
        return events.make(self._bytes.decode("utf-8", "replace"), 1)

    def _note(self, event: events.Event) -> None:
        if isinstance(event.data, dict):
            for name in IDS:
                value = event.data.get(name)
                if value and isinstance(value, str):
                    self._known[name] = value
        if isinstance(event, events.Message):
            self._words.append(event.answer)
        elif isinstance(event, events.TextChunk):
            self._words.append(event.text)
        elif isinstance(event, events.MessageReplace):
            self._words = [event.answer]
        elif isinstance(event, events.WorkflowFinished):
            self.outputs = event.outputs


class File(Pieces):
    """The bytes of a file that flow out in pieces.

    Attributes:
        name: as the server calls the file; "" where it does not say.
        length: in bytes; None where the server does not say.
    """

    def _describe(self, flow: Flow) -> None:
        super()._describe(flow)
        self.name = str(flow.head.get("name", ""))
        length = flow.head.get("length")
        self.length = length if isinstance(length, int) else None

    def _piece(self) -> bytes | None:
        flow = self._flow
        if not flow.queue:
            return None
        piece = flow.queue.popleft()
        return piece if isinstance(piece, bytes) else str(piece).encode()


class Landing:
    """A file that appears under its name only when it is whole: written beside it, then renamed."""

    def __init__(self, path: str | os.PathLike[str], name: str) -> None:
        whole = os.fspath(path)
        if os.path.isdir(whole):
            own = os.path.basename(name.replace("\\", "/"))
            if own in ("", ".", ".."):
                raise errors.InvalidRequest(
                    f"{whole} is a directory, and the server gave the file no name", code="file_name"
                )
            whole = os.path.join(whole, own)
        self.path = whole
        folder, own = os.path.split(whole)
        self._temporary = os.path.join(folder, f".{own[:100]}.{os.urandom(6).hex()}.part")
        self._file = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def land(self) -> None:
        os.close(self._file)
        self._file = -1
        os.replace(self._temporary, self.path)
        self._temporary = ""

    def give_up(self) -> None:
        """Leaves nothing behind; harmless after :meth:`land`."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        if self._temporary:
            os.unlink(self._temporary)
            self._temporary = ""
