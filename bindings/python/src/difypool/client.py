"""The client for threads."""

from __future__ import annotations

from os import getpid

from . import _base
from ._base import STREAM_OPTIONS
from ._link import Link
from ._table import FILES, GROUPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self, Unpack

    from ._batch import Result
    from ._calls import Handle
    from ._methods import Groups
    from ._options import CallOptions
    from .push import PageLike, Progress, Summary
    from .reply import Reply
    from .streams import Crew, Download, Stream
else:
    Groups = object


class Client(_base.Base, Groups):
    """A connection to the machine's difypool service, and an address with a key that calls go to.

    Making one does no I/O; the service is looked for, and started if need be, at the first call. One client serves any
    number of threads at once, over one connection, and a child of fork() opens its own. Each group of operations is an
    attribute: ``client.documents.create_by_text(dataset_id=…, name=…, text=…)``.

    Args:
        profile: a profile of the service's configuration; None (and no ``base_url``) = its default profile.
        base_url: ``https://host[:port][/prefix]``, with or without ``/v1``. All that follow go with it.
        api_key: sent as ``Authorization: Bearer KEY``; held back from every text that this package makes.
        workspace: name for the pacer, where several keys share one plan; by default made of origin and key.
        ca_file, ca_dir, ca_bytes: CAs to trust, as a PEM file, a hashed directory, PEM text; by default the system's.
            The service reads the file; one that it refuses to read (of a shared service: that others could change) is
            read here and sent.
        client_cert, client_key: PEM files.
        proxy, no_proxy: proxy URL (http, https, socks5h), and the hosts that go past it. The environment is not read.
        user_agent: to send instead of difypool's.
        resolve: ``HOST:PORT:ADDRESS`` pins the name.
        verify: False = do not check the server's certificate.
        pooling: False = a new connection for every call.
        retry, breaker, cache: False = never repeat; never leave a server alone; never join equal reads.
        retry_attempts: tries in all, 1..10; 3 by default.
        retry_initial_ms, retry_max_ms: pauses before a repeat in milliseconds, 1..600000; 500 and 20000 by default.
        connections: connections to this host, 1..1024; 20 by default.
        warm: connections opened ahead, 0..1024.
        pace_per_minute: knowledge-base calls a minute that the plan allows, 1..1000000; learnt by default.
        pace_window_ms: of the server's window that these are counted in, 1000..600000; a minute by default.
        concurrency_max: calls of this client's settings at once, 1..1024; the service finds by trying how many do good.
        latency_ceiling_ms: so few ``bulk`` calls at once that half of them are answered within that time, 1..600000.
        socket: the service's socket, a path or ``ipc://PATH``, instead of looking for it.
        deadline, priority, wait: defaults for the options of calls (seconds; see :class:`difypool.CallOptions`).

    Raises:
        InvalidRequest: options that contradict one another or are out of their range. What only the service can judge,
            such as the form of ``base_url``, is judged at the first call.
    """

    def _begin(self) -> None:
        self._link = Link(self._socket)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name not in GROUPS:
                raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
            from . import _methods

            group = _methods.GROUPS[name](self)
            self.__dict__[name] = group
            return group

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection and all streams. Calls of other threads end as Cancelled, later ones as InvalidRequest.

        May be repeated.
        """
        crew = self._link.crew
        if crew is not None:
            crew.close()
        self._link.close()

    # ---- calls ------------------------------------------------------------------------------------------------

    def call(self, op: str, args: Mapping[str, Any] | None = None, /, **more: Any) -> Reply:
        """Carries out an operation by its name: ``client.call("documents.list", dataset_id=…, deadline=5)``.

        Keywords that are options of a call (:class:`difypool.CallOptions`) are taken as such, all others as arguments;
        arguments in the mapping ``args`` are never taken for options.

        Raises:
            Error: a subclass named after the kind of failure.
            KeyboardInterrupt: and whatever else a signal handler raises; the service is told to drop the call.
        """
        arguments, options = _base.split(args, more)
        if op in FILES:
            return self._upload(op, FILES[op], arguments, options)
        return self._link.run(self._make(op, arguments, options))

    def stream(self, op: str, args: Mapping[str, Any] | None = None, /, **more: Any) -> Stream | Download:
        """Opens any operation as a stream by its name: what its typed method does with ``stream=True``.

        So may all that only read: ``documents.wait`` tells its progress, ``batch`` each result as it comes, and a large
        answer flows out as a :class:`difypool.Download`. Options are those of :class:`difypool.StreamOptions`.

        Raises:
            Error: the server refused it.
        """
        arguments, options = _base.split(args, more, STREAM_OPTIONS)
        return self._stream(op, arguments, options)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: str | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Any request under the base URL. Answers of 4xx and 5xx raise, with the answer in the error.

        Args:
            method: GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS.
            path: as Dify has it, escaped, with or without ``/v1``. A route that difypool knows is carried with its rules.
            query: escaped, without ``?``; or names and values.
            headers: more request headers.
            body: sent as it is.
            options: as of every call.
        """
        args = {"method": method, "path": path, "query": query, "headers": headers, "body": body}
        return self._method("http.request", args, options)

    def batch(
        self,
        calls: Iterable[Mapping[str, Any] | tuple[str, Mapping[str, Any]]],
        *,
        concurrency: int | None = None,
        **options: Unpack[CallOptions],
    ) -> list[Result]:
        """Many calls of any operations in one message: ``client.batch([("datasets.get", {"dataset_id": …}), …])``.

        Each goes by its own rules; one that fails harms no other. The whole has no deadline unless one is given.

        Args:
            calls: up to 10,000, each ``(op, arguments)`` or ``{"op": …, "args": {…}}``.
            concurrency: how many run at once, 1..1024; 16 by default.
            options: as of every call, for all of them together.

        Returns:
            What came of each, in their order: ``result.ok`` is a reply or None, ``result.error`` an error or None.

        Raises:
            Error: the batch as a whole could not be carried out.
        """
        from . import _batch

        given = _batch.calls(calls)
        reply = self._method("batch", {"calls": given, "concurrency": concurrency}, options)
        return _batch.results(reply.json(), given)

    def _method(self, op: str, args: Mapping[str, Any], options: Mapping[str, Any]) -> Reply:
        """What the typed methods stand on: arguments that are None are not sent."""
        given = {name: value for name, value in args.items() if value is not None}
        return self._link.run(self._make(op, given, options))

    def _upload(self, op: str, param: str, args: Mapping[str, Any], options: Mapping[str, Any]) -> Reply:
        """What the typed methods with a file stand on."""
        from ._upload import upload

        return upload(self, op, param, args, options)

    def _push(
        self,
        op: str,
        pages: Iterable[PageLike],
        args: Mapping[str, Any],
        progress: bool | Callable[[Progress], object],
        options: Mapping[str, Any],
    ) -> Summary:
        """What ``pages.push`` stands on."""
        from ._pusher import push

        return push(self, op, pages, args, progress, options)

    def _crew(self) -> Crew:
        """Who reads this process's streams."""
        link = self._link
        crew: Crew | None = link.crew
        if crew is None or crew.pid != getpid():
            from .streams import Crew

            crew = link.crew = Crew(link)
        return crew

    def _stream(self, op: str, args: Mapping[str, Any], options: Mapping[str, Any]) -> Stream | Download:
        from .streams import begin

        return begin(self, op, args, options)

    def _through(self, handle: Handle, op: str, args: dict[str, Any], options: Mapping[str, Any]) -> Reply:
        """A call to another address than the client's own, over its connection."""
        return self._link.run(self._make(op, args, options, handle))

    def _pages(self, op: str, args: Mapping[str, Any], options: Mapping[str, Any], cursor: str) -> Iterator[Any]:
        """What the iterators stand on."""
        walk = _base.Walk(args, cursor)
        while not walk.done:
            yield from walk.feed(self._link.run(self._make(op, walk.args(), options)).json())

    # ---- the service itself -----------------------------------------------------------------------------------

    def info(self) -> dict[str, Any]:
        """The service: name, version, protocol, epoch, pid, bounds."""
        value: dict[str, Any] = self._value("service.info")
        return value

    def stats(self) -> dict[str, Any]:
        """Counters of the service, the pool and each host; the reference of ``<difypool/stats.h>`` has their units."""
        value: dict[str, Any] = self._value("service.stats")
        return value

    def profiles(self) -> list[dict[str, Any]]:
        """The profiles of the service's configuration that this user may use, without their keys."""
        value: list[dict[str, Any]] = self._value("service.profiles")
        return value

    def operations(self) -> list[dict[str, Any]]:
        """All operations: name, method, path, parameters."""
        value: list[dict[str, Any]] = self._value("service.operations")
        return value

    def set(
        self,
        *,
        pooling: bool | None = None,
        retry: bool | None = None,
        breaker: bool | None = None,
        cache: bool | None = None,
    ) -> None:
        """Switches the client's address: pooling, retry, breaker, cache. None = as it is. It also holds for other clients
        of this user with the same base URL, key and options, since they share one address.

        Raises:
            Denied: the profile is the configuration's and this user may not switch it.
        """
        changes = _base.switches(pooling, retry, breaker, cache)
        self._link.run(self._make("service.set", dict(changes), {}))
        if self._handle is not None:
            self._handle.change(changes)

    def warm(self, connections: int) -> Any:
        """Opens so many connections (1..1024) to the server and waits for them."""
        return self._link.run(self._make("service.warm", {"connections": connections}, {})).json()

    def _value(self, op: str) -> Any:
        return self._link.run(self._make(op, {}, {})).json()
