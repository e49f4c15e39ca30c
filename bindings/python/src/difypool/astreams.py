"""Streams for asyncio: the events of a run, the bytes of a file. The counterpart of ``streams``, without threads.

All streams of a client in a loop share their waiting. Readers that need more within one turn of the loop are asked for by
one request; a few such requests may be under way, each for streams of its own, and when there would be more, one that
names all takes the place of the others.
"""

from __future__ import annotations

import asyncio
import os
from time import monotonic

from . import _calls, _flows, _run, _wire, errors
from ._table import EVENTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self

    from ._alink import AsyncLink
    from ._flows import Flow
    from .events import Event

_REQUESTS = 4  # requests under way at once


class Crew:
    """The streams of a client in one loop."""

    def __init__(self, link: AsyncLink, loop: asyncio.AbstractEventLoop) -> None:
        self._link = link
        self._loop = loop
        self._table = _flows.Table()
        self._tasks: set[asyncio.Task[None]] = set()
        self._planned = False

    async def open(self, call: _calls.Call, op: str) -> Flow:
        flow = _flows.Flow(op, (await self._link.run(call)).json())
        self._tell()
        self.adopt(flow)
        return flow

    def adopt(self, flow: Flow) -> None:
        self._table.add(flow)

    async def wait(self, flow: Flow) -> None:
        """Returns when there is something to read, or may be."""
        if flow.ready():
            return
        wake = self._loop.create_future()
        flow.waiters.append(wake)
        if flow.asked is None and not self._planned:
            self._planned = True
            self._loop.call_soon(self._ask)
        try:
            await wake
        finally:
            flow.waiters.remove(wake)

    def _ask(self) -> None:
        """All who want to read have said so in this turn of the loop."""
        self._planned = False
        anew = len(self._tasks) >= _REQUESTS and len(self._table.flows) <= _flows.AT_ONCE
        while True:
            flows: list[Flow] = []
            self._table.cover(flows, anew=anew)
            if not flows:
                return
            task = self._loop.create_task(self._carry(flows))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            if anew:
                return

    async def _carry(self, flows: list[Flow]) -> None:
        try:
            call = _calls.Call("stream.next", _flows.asking(flows), _calls.NO_TAIL, monotonic())
            self._table.feed((await self._link.run(call)).json())
        except errors.Error as error:
            for flow in flows:
                flow.fail(error)
        finally:
            _wake(self._table.release(flows))

    def leave(self, flow: Flow) -> None:
        """Tells the service, without waiting, that nobody reads this any more."""
        self._table.forget(flow)
        self.refuse(flow.handle)

    def refuse(self, handle: bytes) -> None:
        """Gives a handle back that nobody reads."""
        if not self._link.post("stream.close", {"stream": handle}):
            self._table.left.append(handle)  # it is told with the next one

    def _tell(self) -> None:
        left = self._table.left
        while left and self._link.post("stream.close", {"stream": left[-1]}):
            left.pop()

    async def close(self) -> None:
        """The client is being closed."""
        for flow in list(self._table.flows.values()):
            self.leave(flow)
            _wake(flow.waiters)
        self._tell()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self, flow: Flow, keep_run: bool | None) -> bool:
        """Closes a stream and waits for the service's word: whether the run was asked to stop."""
        self._table.forget(flow)
        _wake(flow.waiters)
        args: dict[str, Any] = {"stream": flow.handle}
        if keep_run is not None:
            args["keep_run"] = keep_run
        call = _calls.Call("stream.close", args, _wire.tail({"deadline": _run.CLOSE_S}), monotonic())
        try:
            return bool((await self._link.run(call)).json()["stopped"])
        except errors.Error:
            return False  # it is gone already, or so is the service, which stops what nobody reads


def _wake(waiters: list[Any]) -> None:
    for wake in waiters:
        if not wake.done():
            wake.set_result(None)


class _Open(_run.Pieces):
    """What streams of both kinds do. They open when they are first awaited, entered or iterated."""

    _crew: Crew | None = None

    def __init__(self, op: str, begin: Callable[[], Any]) -> None:
        self.op = op
        self._begin = begin

    def __repr__(self) -> str:
        return super().__repr__() if self._crew is not None else f"<{type(self).__name__} {self.op} not open yet>"

    def __await__(self) -> Generator[Any, None, Self]:
        """Opens it; what the server refuses is raised here."""
        return self._opened().__await__()

    async def _opened(self) -> Self:
        if self._crew is None:
            crew, flow = await self._begin()
            self._describe(flow)
            self._crew = crew
        return self

    async def __aenter__(self) -> Self:
        return await self._opened()

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or issubclass(kind, Exception):
            await self.close()
        else:
            self._leave()

    def __del__(self) -> None:
        self._leave()

    async def close(self, *, keep_run: bool | None = None) -> bool:
        """Ends it, and stops its run at the server unless ``keep_run``; may be repeated. Never raises.

        Returns:
            Whether the run was asked to stop: False where it had ended by itself.
        """
        crew = self._crew
        if crew is None or self._flow.closed or self._pid != os.getpid():
            return False
        return await crew.stop(self._flow, keep_run)

    def _leave(self) -> None:
        crew = self._crew
        if crew is not None and not self._flow.closed and self._pid == os.getpid():
            crew.leave(self._flow)

    async def _more(self) -> bool:
        """Waits; False at the end."""
        crew = self._crew
        if crew is None or self._ended():
            return False
        self._check()
        await crew.wait(self._flow)
        return True


class AsyncStream(_Open, _run.Run):
    """The events of a run, as they come; see :class:`difypool.Stream`.

    ``async for event in client.chat.send(…, stream=True)``, or ``async with`` it, or ``await`` it to have it open. A task
    that is cancelled stops the run, as leaving early does.
    """

    async def __aiter__(self) -> AsyncIterator[Event]:
        await self._opened()
        try:
            while True:
                event = self._take()
                if event is not None:
                    yield event
                elif not await self._more():
                    return
        finally:
            self._leave()

    async def text(self) -> str:
        """Reads to the end: all words of the answer. Raises as the loop does."""
        async for _ in self:
            pass
        return self.answer


class AsyncDownload(_Open, _run.File):
    """A file as it comes; see :class:`difypool.Download`. Reading and writing a local file is done in the loop's thread."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.iter_bytes()

    async def iter_bytes(self) -> AsyncIterator[bytes]:
        """The bytes, in pieces as they come. Leaving the loop ends the download."""
        await self._opened()
        try:
            while True:
                piece = self._piece()
                if piece is not None:
                    yield piece
                elif not await self._more():
                    return
        finally:
            self._leave()

    async def read(self) -> bytes:
        """All of it."""
        return b"".join([piece async for piece in self.iter_bytes()])

    async def save(self, path: str | os.PathLike[str]) -> str:
        """Writes it to a file, which appears only when it is whole; see :meth:`difypool.Download.save`."""
        await self._opened()
        landing = _run.Landing(path, self.name)
        try:
            async for piece in self.iter_bytes():
                landing.write(piece)
            landing.land()
        finally:
            landing.give_up()
        return landing.path


def make(op: str, begin: Callable[[], Any]) -> AsyncStream | AsyncDownload:
    """A stream that is not open yet. What it becomes goes by the operation: the server has not been asked."""
    return AsyncStream(op, begin) if op in EVENTS else AsyncDownload(op, begin)
