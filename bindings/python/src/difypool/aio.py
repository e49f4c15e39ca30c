"""The client for asyncio."""

from __future__ import annotations

import asyncio
import os

from . import _base
from ._alink import AsyncLink
from ._table import FILES, GROUPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self, Unpack

    from ._amethods import Groups
    from ._batch import Result
    from ._flows import Flow
    from ._options import CallOptions
    from .astreams import AsyncDownload, AsyncStream, Crew
    from .push import PageLike, Progress, Summary
    from .reply import Reply
else:
    Groups = object


class AsyncClient(_base.Base, Groups):
    """As :class:`difypool.Client`, for asyncio: the same parameters, the same methods as coroutines.

    Without threads. It may be used from several event loops, also one after another (``asyncio.run`` twice), and has one
    connection in each; within a loop any number of calls may be under way. Cancelling a task tells the service to drop
    its call. After a fork, the child's loops have connections of their own.
    """

    def _begin(self) -> None:
        self._links: dict[asyncio.AbstractEventLoop, AsyncLink] = {}
        self._pid = os.getpid()
        self._closed = False

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name not in GROUPS:
                raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
            from . import _amethods

            group = _amethods.GROUPS[name](self)
            self.__dict__[name] = group
            return group

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends this loop's connection and its streams, and those of loops that are closed already.

        To be awaited in each loop. Calls under way end as Cancelled, later ones as InvalidRequest. May be repeated.
        """
        self._closed = True
        link = self._links.pop(asyncio.get_running_loop(), None)
        self._sweep()
        if link is not None:
            if link.crew is not None:
                await link.crew.close()
            await link.close()

    def _link(self) -> AsyncLink:
        loop = asyncio.get_running_loop()
        if self._pid != os.getpid():
            self._links = {}
            self._pid = os.getpid()
        link = self._links.get(loop)
        if link is None:
            self._sweep()
            link = self._links[loop] = AsyncLink(self._socket, loop, self._closed)
        return link

    def _sweep(self) -> None:
        for loop in list(self._links):
            if loop.is_closed():
                self._links.pop(loop).discard()

    # ---- calls ------------------------------------------------------------------------------------------------

    async def call(self, op: str, args: Mapping[str, Any] | None = None, /, **more: Any) -> Reply:
        """Carries out an operation by its name; see :meth:`difypool.Client.call`.

        Raises:
            Error: a subclass named after the kind of failure.
            asyncio.CancelledError: the task was cancelled; the service is told to drop the call.
        """
        arguments, options = _base.split(args, more)
        if op in FILES:
            return await self._upload(op, FILES[op], arguments, options)
        return await self._link().run(self._make(op, arguments, options))

    def stream(self, op: str, args: Mapping[str, Any] | None = None, /, **more: Any) -> AsyncStream | AsyncDownload:
        """Any operation as a stream by its name; see :meth:`difypool.Client.stream`. It opens when it is first used."""
        arguments, options = _base.split(args, more, _base.STREAM_OPTIONS)
        return self._stream(op, arguments, options)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: str | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Any request under the base URL; see :meth:`difypool.Client.request`."""
        args = {"method": method, "path": path, "query": query, "headers": headers, "body": body}
        return await self._method("http.request", args, options)

    async def batch(
        self,
        calls: Iterable[Mapping[str, Any] | tuple[str, Mapping[str, Any]]],
        *,
        concurrency: int | None = None,
        **options: Unpack[CallOptions],
    ) -> list[Result]:
        """Many calls of any operations in one message; see :meth:`difypool.Client.batch`."""
        from . import _batch

        given = _batch.calls(calls)
        reply = await self._method("batch", {"calls": given, "concurrency": concurrency}, options)
        return _batch.results(reply.json(), given)

    async def _method(self, op: str, args: Mapping[str, Any], options: Mapping[str, Any]) -> Reply:
        """What the typed methods stand on: arguments that are None are not sent."""
        given = {name: value for name, value in args.items() if value is not None}
        return await self._link().run(self._make(op, given, options))

    async def _pages(self, op: str, args: Mapping[str, Any], options: Mapping[str, Any], cursor: str) -> AsyncIterator[Any]:
        """What the iterators stand on."""
        walk = _base.Walk(args, cursor)
        while not walk.done:
            reply = await self._link().run(self._make(op, walk.args(), options))
            for entry in walk.feed(reply.json()):
                yield entry

    async def _upload(self, op: str, param: str, args: Mapping[str, Any], options: Mapping[str, Any]) -> Reply:
        """What the typed methods with a file stand on."""
        from ._aupload import upload

        return await upload(self, op, param, args, options)

    async def _push(
        self,
        op: str,
        pages: AsyncIterable[PageLike] | Iterable[PageLike],
        args: Mapping[str, Any],
        progress: bool | Callable[[Progress], object],
        options: Mapping[str, Any],
    ) -> Summary:
        """What ``pages.push`` stands on."""
        from ._apusher import push

        return await push(self, op, pages, args, progress, options)

    def _crew(self) -> Crew:
        """Who reads the streams of this loop."""
        link = self._link()
        if link.crew is None:
            from .astreams import Crew

            link.crew = Crew(link, asyncio.get_running_loop())
        crew: Crew = link.crew
        return crew

    def _stream(self, op: str, args: Mapping[str, Any], options: Mapping[str, Any]) -> AsyncStream | AsyncDownload:
        from . import _run, astreams

        given, rest = _run.opening(op, args, options)

        async def begin() -> tuple[Crew, Flow]:
            crew = self._crew()
            return crew, await crew.open(self._make("stream.open", given, rest), op)

        return astreams.make(op, begin)

    # ---- the service itself -----------------------------------------------------------------------------------

    async def info(self) -> dict[str, Any]:
        """The service: name, version, protocol, epoch, pid, bounds."""
        value: dict[str, Any] = await self._value("service.info")
        return value

    async def stats(self) -> dict[str, Any]:
        """Counters of the service, the pool and each host."""
        value: dict[str, Any] = await self._value("service.stats")
        return value

    async def profiles(self) -> list[dict[str, Any]]:
        """The profiles of the service's configuration that this user may use, without their keys."""
        value: list[dict[str, Any]] = await self._value("service.profiles")
        return value

    async def operations(self) -> list[dict[str, Any]]:
        """All operations: name, method, path, parameters."""
        value: list[dict[str, Any]] = await self._value("service.operations")
        return value

    async def set(
        self,
        *,
        pooling: bool | None = None,
        retry: bool | None = None,
        breaker: bool | None = None,
        cache: bool | None = None,
    ) -> None:
        """Switches the client's address; see :meth:`difypool.Client.set`."""
        changes = _base.switches(pooling, retry, breaker, cache)
        await self._link().run(self._make("service.set", dict(changes), {}))
        if self._handle is not None:
            self._handle.change(changes)

    async def warm(self, connections: int) -> Any:
        """Opens so many connections (1..1024) to the server and waits for them."""
        reply = await self._link().run(self._make("service.warm", {"connections": connections}, {}))
        return reply.json()

    async def _value(self, op: str) -> Any:
        return (await self._link().run(self._make(op, {}, {}))).json()
