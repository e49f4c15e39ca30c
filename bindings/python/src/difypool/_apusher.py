"""Carries out a push from a task; the bookkeeping is in ``push``. One task adds pages while another reads results."""

from __future__ import annotations

import asyncio

from . import _flows, errors, events
from .push import Session, broken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
    from typing import Any, Callable

    from .aio import AsyncClient
    from .push import PageLike, Progress, Summary

_BUSY_S = 1.0  # before an add is repeated that other pushes left no room for


async def push(
    client: AsyncClient,
    op: str,
    pages: AsyncIterable[PageLike] | Iterable[PageLike],
    args: Mapping[str, Any],
    progress: bool | Callable[[Progress], object],
    options: Mapping[str, Any],
) -> Summary:
    """See ``client.pages.push``."""
    session = Session(args, progress, options)
    pusher = _Pusher(client, session)
    await pusher.open(op)
    try:
        await pusher.give(pages)
        return await pusher.finish()
    except errors.Error as error:
        raise broken(pusher.meaning(error), session) from None
    finally:
        await pusher.leave()
        session.tell(finished=True)


async def _each(pages: AsyncIterable[PageLike] | Iterable[PageLike]) -> AsyncIterator[PageLike]:
    if hasattr(pages, "__aiter__"):
        async for page in pages:
            yield page
        return
    for page in pages:
        yield page
        await asyncio.sleep(0)  # what was begun goes on between two pages


class _Pusher:
    _flow: _flows.Flow
    _hearing: asyncio.Task[None]

    def __init__(self, client: AsyncClient, session: Session) -> None:
        self._client = client
        self._link = client._link()
        self._crew = client._crew()
        self._session = session
        self._adding: asyncio.Task[None] | None = None

    async def open(self, op: str) -> None:
        opened = await self._link.run(self._client._make("push.open", self._session.opening, self._session.options))
        self._session.handle = opened.json()["push"]
        self._flow = _flows.Flow(op, {"stream": self._session.handle, "kind": "events"})
        self._crew.adopt(self._flow)
        self._hearing = asyncio.ensure_future(self._hear())

    async def give(self, pages: AsyncIterable[PageLike] | Iterable[PageLike]) -> None:
        """All pages: until the service has taken the last one, or wants no more."""
        session = self._session
        async for page in _each(pages):
            session.take(page)
            if self._adding is None or session.full or self._adding.done():
                await self._settle()
                if session.over:
                    return
                self._adding = asyncio.ensure_future(self._add())
        while session.waiting:
            if self._adding is None:
                self._adding = asyncio.ensure_future(self._add())
            await self._settle()

    async def _add(self) -> None:
        """Sends pages as long as there are any."""
        session = self._session
        while session.waiting:
            try:
                session.added((await self._link.run(self._client._make("push.add", session.adding(), {}))).json())
            except errors.Busy as error:
                if error.code != "push_bytes":
                    raise
                await asyncio.sleep(_BUSY_S)

    async def _settle(self) -> None:
        task, self._adding = self._adding, None
        if task is not None:
            try:
                await task
            finally:
                task.cancel()

    async def _hear(self) -> None:
        """Reads results until the end has come."""
        flow, session = self._flow, self._session
        while True:
            while flow.queue:
                flow.given += 1
                session.hear(events.make(flow.queue.popleft(), flow.given))
            session.tell()
            if flow.end is not None or flow.closed:
                session.over = True
                return
            await self._crew.wait(flow)

    async def finish(self) -> Summary:
        """Says that this was all, and reads to the end."""
        if self._flow.end is None and not self._session.over:
            await self._link.run(self._client._make("push.finish", self._session.finishing(), {}))
        await self._hearing
        end = self._flow.end
        if end is None:
            raise errors.Cancelled("pages.push: the client was closed", code="closed")
        if isinstance(end, errors.Error):
            raise end
        return self._session.summary(end.json())

    def meaning(self, error: errors.Error) -> errors.Error:
        if error.code in _flows.GONE:
            return self._flow.lost(error.message)
        return error

    async def leave(self) -> None:
        """Whatever was not begun is not begun any more."""
        self._crew.leave(self._flow)
        tasks = [self._hearing, *([self._adding] if self._adding is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
