"""Streams for threads: the events of a run, the bytes of a file.

No stream has a thread. Who waits for a piece of one stream asks the service for all streams of the client that have nothing
left to read (``_flows``), and hands the others what came for them; a thread whose stream is being asked for already waits
for that one. So a program that reads many streams in turn has one waiting request, and a hundred threads have a few.

Leaving a loop, Ctrl-C and dropping a stream tell the service without waiting for it, so that the run stops at the server;
``close()`` waits and says whether it did.
"""

from __future__ import annotations

import os
from _thread import allocate_lock
from time import monotonic

from . import _calls, _flows, _run, _wire, errors
from ._table import EVENTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self

    from ._flows import Flow
    from ._link import Link
    from .client import Client
    from .events import Event


class Crew:
    """The streams of a client. Any thread."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.pid = os.getpid()
        self._lock = allocate_lock()
        self._table = _flows.Table()

    def open(self, call: _calls.Call, op: str) -> Flow:
        flow = _flows.Flow(op, self._link.run(call).json())
        self._tell()
        self.adopt(flow)
        return flow

    def adopt(self, flow: Flow) -> None:
        with self._lock:
            self._table.add(flow)

    def wait(self, flow: Flow, wait_ms: int = _flows.WAIT_MS) -> None:
        """Returns when there is something to read, when somebody else should ask, or after ``wait_ms``."""
        flows: list[Flow] = []
        wake = allocate_lock()
        wake.acquire()
        try:
            with self._lock:
                if flow.ready():
                    return
                if flow.asked is None:
                    self._table.cover(flows, flow)
                elif wait_ms:
                    flow.waiters.append(wake)
            if flows:
                self._ask(flows, wait_ms)
            elif wait_ms:
                wake.acquire()
        finally:
            with self._lock:
                if wake in flow.waiters:
                    flow.waiters.remove(wake)
                self._wake(self._table.release(flows))

    def _ask(self, flows: list[Flow], wait_ms: int) -> None:
        call = _calls.Call("stream.next", _flows.asking(flows, wait_ms), _calls.NO_TAIL, monotonic())
        try:
            body = self._link.run(call).json()
        except errors.Error as error:
            with self._lock:
                for flow in flows:
                    flow.fail(error)
            return
        with self._lock:
            self._table.feed(body)

    def _wake(self, waiters: list[Any]) -> None:
        """With the lock held."""
        for wake in waiters:
            if wake.locked():
                wake.release()

    def forget(self, flow: Flow) -> None:
        with self._lock:
            self._table.forget(flow)
            self._wake(flow.waiters)

    def leave(self, flow: Flow) -> None:
        """Tells the service, without waiting, that nobody reads this any more. Takes no lock, as finalisers may call it."""
        if self.pid != os.getpid():
            return
        self._table.forget(flow)
        self.refuse(flow.handle)

    def refuse(self, handle: bytes) -> None:
        """Gives a handle back that nobody reads."""
        if not self._link.post("stream.close", {"stream": handle}):
            self._table.left.append(handle)  # it is told with the next one

    def _tell(self) -> None:
        left = self._table.left
        while left:
            handle = left.pop()
            if not self._link.post("stream.close", {"stream": handle}):
                left.append(handle)
                return

    def hurry(self, flow: Flow) -> None:
        """Tells the service of a stream that was left, if it could not be told: over a new connection, and briefly."""
        if flow.handle in self._table.left:
            self._table.left.remove(flow.handle)
            self._close(flow.handle, _run.HURRY_S)

    def close(self) -> None:
        """The client is being closed."""
        for flow in list(self._table.flows.values()):
            self.leave(flow)
            with self._lock:
                self._wake(flow.waiters)
        self._tell()

    def stop(self, flow: Flow, keep_run: bool | None) -> bool:
        """Closes a stream and waits for the service's word: whether the run was asked to stop."""
        self.forget(flow)
        return self._close(flow.handle, _run.CLOSE_S, {} if keep_run is None else {"keep_run": keep_run})

    def _close(self, handle: bytes, seconds: float, more: Mapping[str, bool] | None = None) -> bool:
        args = {"stream": handle, **(more or {})}
        call = _calls.Call("stream.close", args, _wire.tail({"deadline": seconds}), monotonic())
        try:
            return bool(self._link.run(call).json()["stopped"])
        except errors.Error:
            return False  # it is gone already, or so is the service, which stops what nobody reads


class _Open(_run.Pieces):
    """What streams of both kinds do."""

    def __init__(self, crew: Crew, flow: Flow) -> None:
        self._crew = crew
        self._describe(flow)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None or issubclass(kind, Exception):
            self.close()
        else:
            self._leave()

    def __del__(self) -> None:
        if hasattr(self, "_flow"):
            self._leave()

    def close(self, *, keep_run: bool | None = None) -> bool:
        """Ends it, and stops its run at the server unless ``keep_run``; may be repeated. Never raises.

        Returns:
            Whether the run was asked to stop: False where it had ended by itself.
        """
        if self._flow.closed or self._pid != os.getpid():
            return False
        return self._crew.stop(self._flow, keep_run)

    def _more(self) -> None:
        """Waits. An interrupt closes the stream at once: the connection may be torn, so leaving may not be enough."""
        self._check()
        try:
            self._crew.wait(self._flow)
        except BaseException:
            self._leave()
            self._crew.hurry(self._flow)
            raise

    def _leave(self) -> None:
        if not self._flow.closed:
            self._crew.leave(self._flow)


class Stream(_Open, _run.Run):
    """The events of a run, as they come: ``for event in client.chat.send(…, stream=True)``.

    The run is stopped at the server when its reader leaves early: by leaving the loop, the ``with`` block or the program,
    by :meth:`close`, or by an interrupt. A reader that takes its time holds the server back; nothing piles up. To be read
    by one thread at a time; any other may close it.

    Attributes:
        answer: the words that were read so far.
        outputs: what a workflow gave, once it has finished.
        task_id, message_id, conversation_id, workflow_run_id: as soon as they are known, before that "".
        reply: how it ended, once it has; its ``meta`` says how the call went.

    Raises (from the loop, after the events that came before):
        Error: the run failed, or the stream was cut; its ``run`` holds the ids to look by.
    """

    def __iter__(self) -> Iterator[Event]:
        try:
            while True:
                event = self._take()
                if event is not None:
                    yield event
                elif self._ended():
                    return
                else:
                    self._more()
        finally:
            self._leave()

    def text(self) -> str:
        """Reads to the end: all words of the answer. Raises as the loop does."""
        for _ in self:
            pass
        return self.answer


class Download(_Open, _run.File):
    """A file as it comes: its name, type and length are known, and its bytes are read in pieces.

    Never whole in memory, unless :meth:`read` is asked for it. A download that is cut raises.
    """

    def __iter__(self) -> Iterator[bytes]:
        return self.iter_bytes()

    def iter_bytes(self) -> Iterator[bytes]:
        """The bytes, in pieces as they come. Leaving the loop ends the download."""
        try:
            while True:
                piece = self._piece()
                if piece is not None:
                    yield piece
                elif self._ended():
                    return
                else:
                    self._more()
        finally:
            self._leave()

    def read(self) -> bytes:
        """All of it."""
        return b"".join(self.iter_bytes())

    def save(self, path: str | os.PathLike[str]) -> str:
        """Writes it to a file, which appears only when it is whole; one that is there is replaced.

        Args:
            path: the file; or a directory, in which the server's own name for it is taken.

        Returns:
            The file's path.

        Raises:
            Error: the download failed or was cut; no file is left.
            OSError: the file cannot be written.
        """
        landing = _run.Landing(path, self.name)
        try:
            for piece in self.iter_bytes():
                landing.write(piece)
            landing.land()
        finally:
            landing.give_up()
        return landing.path


def begin(client: Client, op: str, args: Mapping[str, Any], options: Mapping[str, Any]) -> Stream | Download:
    """Opens a stream. What the server refuses is raised here."""
    crew = client._crew()
    given, rest = _run.opening(op, args, options)
    flow = crew.open(client._make("stream.open", given, rest), op)
    return Download(crew, flow) if flow.kind == "bytes" and op not in EVENTS else Stream(crew, flow)
