"""What the two clients have in common: how they are set up, and how a call is made of arguments and options."""

from __future__ import annotations

from os.path import abspath
from time import monotonic

from . import _calls, _wire, errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_FILES = ("ca_file", "ca_dir", "client_cert", "client_key")
_OF_A_PROFILE = frozenset(("service.set", "service.warm"))
STREAM_OPTIONS = _wire.OPTIONS | {"idle", "total", "keep_run", "buffer"}
PAGE = 100  # the most that a Dify server gives at once


class Base:
    """Set-up of a client. See :class:`difypool.Client` for the parameters."""

    _handle: _calls.Handle | None
    _profile: bytes | None

    def __init__(
        self,
        profile: str | None = None,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        workspace: str | None = None,
        ca_file: str | None = None,
        ca_dir: str | None = None,
        ca_bytes: bytes | None = None,
        client_cert: str | None = None,
        client_key: str | None = None,
        proxy: str | None = None,
        no_proxy: str | None = None,
        user_agent: str | None = None,
        resolve: str | None = None,
        verify: bool | None = None,
        pooling: bool | None = None,
        retry: bool | None = None,
        breaker: bool | None = None,
        cache: bool | None = None,
        retry_attempts: int | None = None,
        retry_initial_ms: int | None = None,
        retry_max_ms: int | None = None,
        connections: int | None = None,
        warm: int | None = None,
        pace_per_minute: int | None = None,
        pace_window_ms: int | None = None,
        concurrency_max: int | None = None,
        latency_ceiling_ms: int | None = None,
        socket: str | None = None,
        deadline: float | None = None,
        priority: str | None = None,
        wait: bool | None = None,
    ) -> None:
        given = {
            name: value
            for name, value in locals().items()
            if value is not None and name not in ("self", "profile", "socket", "deadline", "priority", "wait")
        }
        if given and base_url is None:
            raise errors.InvalidRequest(
                f"{', '.join(sorted(given))}: only together with base_url; a profile has its own", code="bad_option"
            )
        if given and profile is not None:
            raise errors.InvalidRequest("profile and base_url: give one of them", code="bad_option")
        self._socket = socket
        self._profile = None if profile is None else _wire.pack(profile)
        self._handle = handle_of(given) if given else None
        self._label = base_url or profile or "default profile"
        self._defaults = {
            name: value
            for name, value in (("deadline", deadline), ("priority", priority), ("wait", wait))
            if value is not None
        }
        self._tail = _wire.tail(self._defaults)
        self._begin()

    def _begin(self) -> None:
        """What a kind of client sets up of its own."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._label}>"

    def _make(
        self,
        op: str,
        args: dict[str, Any],
        options: Mapping[str, Any],
        handle: _calls.Handle | None = None,
    ) -> _calls.Call:
        tail = _wire.tail({**self._defaults, **options}) if options else self._tail
        if op.startswith("service.") and op not in _OF_A_PROFILE:
            return _calls.Call(op, args, tail, monotonic())
        return _calls.Call(op, args, tail, monotonic(), handle or self._handle, self._profile)


def handle_of(options: dict[str, Any]) -> _calls.Handle:
    """A handle for options of ``service.connect``; paths become absolute, since the service stands elsewhere."""
    for name in _FILES:
        if name in options:
            options[name] = abspath(options[name])
    return _calls.Handle(options)


def split(
    args: Mapping[str, Any] | None, more: dict[str, Any], names: frozenset[str] = _wire.OPTIONS
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parts the keywords of ``call`` into arguments of the operation and options of the call."""
    options = {name: more.pop(name) for name in names.intersection(more)}
    return {**(args or {}), **more}, options


def switches(pooling: bool | None, retry: bool | None, breaker: bool | None, cache: bool | None) -> dict[str, bool]:
    given = (("pooling", pooling), ("retry", retry), ("breaker", breaker), ("cache", cache))
    return {name: value for name, value in given if value is not None}


STALE = 3


class Walk:
    """The way through a list that comes in pages, without any I/O.

    Lists are newest first and may grow while they are read: an entry that was pushed onto the next page is not given twice.
    ``has_more`` is wrong on some servers, so pages are counted by ``total`` where the server says it.
    """

    def __init__(self, args: Mapping[str, Any], cursor: str) -> None:
        self._args = {name: value for name, value in args.items() if value is not None}
        self._cursor = cursor
        self._seen: set[object] = set()
        self._page = 1
        self._stale = 0  # pages in a row without a new entry
        self._last: object = None
        self.done = False

    def args(self) -> dict[str, Any]:
        """Arguments that ask for the next page."""
        if not self._cursor:
            return self._args
        if self._cursor == "page":
            return {**self._args, "page": self._page, "limit": PAGE}
        more = {} if self._last is None else {self._cursor: self._last}
        return {**self._args, **more, "limit": PAGE}

    def feed(self, answer: Any) -> list[Any]:
        """The new entries of a page; sets ``done`` after the last one."""
        entries = _entries(answer)
        self.done = not self._cursor or not entries or self._ends(answer, len(entries))
        if self._cursor == "first_id":
            entries = entries[::-1]
        if entries and isinstance(entries[-1], dict):
            self._last = entries[-1].get("id")
        self._page += 1
        fresh = []
        for entry in entries:
            ident = entry.get("id") if isinstance(entry, dict) else None
            if ident is None or ident not in self._seen:
                self._seen.add(ident)
                fresh.append(entry)
        self._stale = 0 if fresh else self._stale + 1
        self.done = self.done or self._stale == STALE  # a server that gives one page for ever, whatever is asked for
        return fresh

    def _ends(self, answer: Any, count: int) -> bool:
        total = answer.get("total") if isinstance(answer, dict) else None
        if self._cursor == "page" and isinstance(total, int):
            return self._page * PAGE >= total
        return not (isinstance(answer, dict) and answer.get("has_more", count == PAGE))


def _entries(answer: Any) -> list[Any]:
    """Dify names the list ``data`` nearly everywhere."""
    if isinstance(answer, list):
        return answer
    if isinstance(answer, dict):
        for name in ("data", "doc_metadata", "fields"):
            if isinstance(answer.get(name), list):
                found: list[Any] = answer[name]
                return found
    raise errors.Protocol("the server's answer to a list has no entries in it", code="list")
