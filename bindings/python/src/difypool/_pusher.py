"""Carries out a push from a thread; the bookkeeping is in ``push``.

One ``push.add`` is under way while the caller's iterable makes the next pages; now and then the results that have come are
read, without waiting. So the service's room is what holds a crawler back, and nothing else. An iterable may stop for
long between two pages, and nothing can be sent meanwhile: so an add's answer is waited for briefly before it is asked for
more. What has a length is asked at once.
"""

from __future__ import annotations

from time import monotonic

from . import _flows, errors, events
from .push import Session, broken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Callable

    from ._calls import Call
    from .client import Client
    from .push import PageLike, Progress, Summary

_BRIEFLY = 0.005  # seconds that the answer of an add is waited for before the next page is asked for
_HEAR_S = 0.1  # seconds between two looks at the results, while there is room
HEAR_MS = 1000  # how long to wait for results before the progress is shown anew


def push(
    client: Client,
    op: str,
    pages: Iterable[PageLike],
    args: Mapping[str, Any],
    progress: bool | Callable[[Progress], object],
    options: Mapping[str, Any],
) -> Summary:
    """See ``client.pages.push``."""
    session = Session(args, progress, options)
    pusher = _Pusher(client, op, session)
    try:
        pusher.give(pages)
        return pusher.finish()
    except errors.Error as error:
        raise broken(pusher.meaning(error), session) from None
    finally:
        pusher.leave()
        session.tell(finished=True)


class _Pusher:
    def __init__(self, client: Client, op: str, session: Session) -> None:
        self._client = client
        self._link = client._link
        self._crew = client._crew()
        self._session = session
        opened = self._link.run(client._make("push.open", session.opening, session.options)).json()
        session.handle = opened["push"]
        self._flow = _flows.Flow(op, {"stream": session.handle, "kind": "events"})
        self._crew.adopt(self._flow)
        self._adding: Call | None = None
        self._look = 0.0

    def give(self, pages: Iterable[PageLike]) -> None:
        """All pages: until the service has taken the last one, or wants no more."""
        session = self._session
        patience = 0.0 if hasattr(pages, "__len__") else _BRIEFLY
        for page in pages:
            session.take(page)
            if self._adding is None or session.full or self._link.poll(self._adding, patience):
                self._settle()
                if session.over:
                    return
                self._add()
                if patience and self._adding is not None and self._link.poll(self._adding, patience):
                    self._settle()
        while session.waiting:
            if self._adding is None:
                self._add()
            self._settle()

    def _add(self) -> None:
        if self._session.waiting:
            self._adding = self._client._make("push.add", self._session.adding(), {})
            self._link.begin(self._adding)

    def _settle(self) -> None:
        """Waits for the answer of the add that is under way, and reads the results that have come."""
        call, self._adding = self._adding, None
        wait_ms = 0
        if call is not None:
            try:
                self._session.added(self._link.finish(call).json())
            except errors.Busy as error:
                if error.code != "push_bytes":
                    raise
                wait_ms = HEAR_MS  # other pushes hold too much: it is asked again
        if wait_ms or monotonic() >= self._look:
            self._hear(wait_ms)
            self._look = monotonic() + _HEAR_S

    def _hear(self, wait_ms: int) -> None:
        flow, session = self._flow, self._session
        self._crew.wait(flow, wait_ms)
        while flow.queue:
            flow.given += 1
            session.hear(events.make(flow.queue.popleft(), flow.given))
        session.over = session.over or flow.end is not None
        session.tell()

    def finish(self) -> Summary:
        """Says that this was all, and reads to the end."""
        if self._flow.end is None and not self._session.over:
            self._link.run(self._client._make("push.finish", self._session.finishing(), {}))
        while self._flow.end is None:
            self._hear(HEAR_MS)
        end = self._flow.end
        if isinstance(end, errors.Error):
            raise end
        return self._session.summary(end.json())

    def meaning(self, error: errors.Error) -> errors.Error:
        if error.code in _flows.GONE:
            return self._flow.lost(error.message)
        return error

    def leave(self) -> None:
        """Whatever was not begun is not begun any more."""
        if self._adding is not None:
            self._link.drop(self._adding)
        self._crew.leave(self._flow)
