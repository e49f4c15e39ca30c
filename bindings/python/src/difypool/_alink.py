"""One connection to the service in one event loop, with many calls in flight. The counterpart of ``_link`` for asyncio.

All of it runs in its loop's thread, so there are no locks; what waits, waits on a future of its own. Connecting is one
task, shared by all calls that need it. Policy (where to look, when to start the service, how long to try) is the same
generator of steps as that of the threads' client.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from time import monotonic

from . import _calls, _opening, _place, _wire, errors
from .reply import Reply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._calls import Call, Handle

_HELLO_LIMIT = 5.0  # seconds a service that took the connection has for its first answer
_PAUSE = 0.01  # seconds between two tries of a connect whose queue is full
_BUFFERED = 1 << 20  # bytes of requests that the loop holds before calls wait their turn


class _Stream(asyncio.BufferedProtocol):
    """The bytes of one connection."""

    def __init__(self, link: AsyncLink, sock: socket.socket) -> None:
        self._link = link
        self.sock = sock
        self._frames = _wire.Frames()
        self.asked: dict[int, asyncio.Future[bytes]] = {}
        self.transport: Any = None
        self.paused = False
        self.lost = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.set_write_buffer_limits(_BUFFERED)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._frames.space()

    def buffer_updated(self, nbytes: int) -> None:
        self._frames.add(nbytes)
        try:
            payload = self._frames.take()
            while payload is not None:
                self._link.deliver(self, payload)
                payload = self._frames.take()
        except errors.Protocol as error:
            self.transport.abort()
            self.fail(error)
            self._link.spoil(self, error)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self.fail(errors.Unreachable("the difypool service closed the connection before it answered", code="lost"))
        self._link.dropped(self)

    def fail(self, error: errors.Error) -> None:
        """Ends the questions of a connection that is not in use yet."""
        for future in self.asked.values():
            if not future.done():
                future.set_exception(errors.twin(error))
        self.asked.clear()

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        self._link.flush()


class AsyncLink:
    """See above. To be used in its loop's thread alone, ``discard`` excepted."""

    def __init__(self, given: str | None, loop: asyncio.AbstractEventLoop, closed: bool = False) -> None:
        self._given = given
        self._loop = loop
        self._closed = closed
        self._known = False
        self._calls: dict[int, Call] = {}
        self._outbox: deque[Call] = deque()
        self._stream: _Stream | None = None
        self._opening: asyncio.Task[None] | None = None
        self._unwanted: dict[int, bytes] = {}  # openings that were cancelled: SP id, and the call's
        self._introductions: dict[int, asyncio.Task[None]] = {}
        self._rid = int.from_bytes(os.urandom(4), "big")
        self.epoch: bytes | None = None
        self.crew: Any = None  # who reads its streams, once there was one

    async def close(self) -> None:
        """Ends the connection; calls under way end as Cancelled."""
        self._closed = True
        for call in list(self._calls.values()):
            self._hand(call, errors.Cancelled(f"{call.op}: the client was closed", code="closed"))
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.transport.close()
            await asyncio.sleep(0)  # the transport closes its socket in the loop's next turn

    def discard(self) -> None:
        """Lets go of a connection whose loop is closed and can do nothing more."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.sock.close()

    # ---- calls ------------------------------------------------------------------------------------------------

    async def run(self, call: Call) -> Reply:
        """Carries a call out and waits for its reply; raises an Error, or CancelledError."""
        while True:
            outcome = await self._run(call)
            if type(outcome) is Reply:
                return outcome
            if not call.lost_profile(outcome):
                raise outcome  # type: ignore[misc]

    async def _run(self, call: Call) -> Reply | errors.Error:
        if self._closed:
            return errors.InvalidRequest("this client was closed", code="closed")
        handle = call.handle
        while self._stream is not None and handle is not None and handle.epoch != self.epoch:
            try:
                await self._introduce(handle)
            except errors.Error as error:
                return error
        call.wake = self._loop.create_future()
        call.rid = self._next_rid()
        self._calls[call.rid] = call
        timer = self._loop.call_later(max(0.0, call.expires - monotonic()), self._expire, call)
        try:
            if self._stream is None:
                self._open()
            else:
                self._send(self._stream, call)
            await call.wake
        except errors.Error as error:
            self._calls.pop(call.rid, None)
            return error
        except BaseException:
            self._abandon(call)
            raise
        finally:
            timer.cancel()
        if type(call.answer) is not bytes:
            return call.answer  # type: ignore[return-value]
        call.answered_by, outcome = _wire.reply(call.answer, call.id)
        return outcome

    def _next_rid(self) -> int:
        while True:
            self._rid = (self._rid + 1) & 0x7FFFFFFF
            if self._rid | 0x80000000 not in self._calls:
                return self._rid | 0x80000000

    async def _introduce(self, handle: Handle) -> None:
        """Gives a handle to the service of the connection that stands; once, however many calls wait for it."""
        task = self._introductions.get(id(handle))
        if task is None:
            task = self._loop.create_task(self._introduce_now(handle))
            self._introductions[id(handle)] = task
            task.add_done_callback(lambda _: self._introductions.pop(id(handle), None))
        await asyncio.wait([task])
        error = task.exception()
        if error is not None:
            raise errors.twin(error) if isinstance(error, errors.Error) else error

    async def _introduce_now(self, handle: Handle) -> None:
        call = _calls.hello(monotonic(), handle)
        outcome = await self._run(call)
        if isinstance(outcome, errors.Error):
            raise outcome
        handle.known(outcome, call.answered_by)

    def _hand(self, call: Call, answer: bytes | errors.Error) -> None:
        self._calls.pop(call.rid, None)
        call.answer = answer
        if call.wake is not None and not call.wake.done():
            call.wake.set_result(None)

    def _expire(self, call: Call) -> None:
        if call.answer is None:
            self._hand(call, call.late())

    def _abandon(self, call: Call) -> None:
        """The task was cancelled: tell the service, without waiting."""
        unanswered = self._calls.pop(call.rid, None) is not None
        call.answer = errors.Cancelled(f"{call.op}: cancelled")
        stream = self._stream
        if unanswered and call.sent and stream is not None and not stream.lost:
            if call.op in _calls.OPENINGS:
                self._unwanted[call.rid] = call.id
            stream.transport.write(_calls.cancel(self._next_rid(), call.id))

    def post(self, op: str, args: dict[str, Any]) -> bool:
        """Sends a request whose answer nobody waits for; False if there is no connection."""
        stream = self._stream
        if stream is None or stream.lost or self._loop.is_closed():
            return False
        stream.transport.write(_wire.request(self._next_rid(), os.urandom(16), op, _wire.pack(args), self.epoch))
        return True

    def deliver(self, stream: _Stream, payload: bytes) -> None:
        rid = _wire.rid_of(payload)
        question = stream.asked.pop(rid, None)
        if question is not None:
            if not question.done():
                question.set_result(payload)
            return
        call = self._calls.get(rid)
        if call is not None:
            self._hand(call, payload)
        elif rid in self._unwanted:
            handle = _calls.handle_in(payload, self._unwanted.pop(rid))
            if handle is not None and self.crew is not None:
                self.crew.refuse(handle)

    def spoil(self, stream: _Stream, error: errors.Error) -> None:
        """The peer does not speak the protocol: nothing that was sent to it is worth sending again."""
        if self._stream is stream:
            for call in list(self._calls.values()):
                if call.carrier is stream:
                    self._hand(call, call.failed(errors.twin(error)))

    def dropped(self, stream: _Stream) -> None:
        """This connection is over. Its calls stay: they are sent again on the next one."""
        if self._stream is stream:
            self._stream = None
            self._unwanted.clear()
            self._outbox.clear()
            if self._calls:
                self._open()

    # ---- sending ----------------------------------------------------------------------------------------------

    def _send(self, stream: _Stream, call: Call) -> None:
        if call.carrier is stream or call.answer is not None:
            return
        if stream.paused:
            self._outbox.append(call)
            return
        frame = call.frame(self.epoch, monotonic())
        call.carrier = stream
        stream.transport.write(frame)

    def flush(self) -> None:
        """The service takes requests again."""
        stream = self._stream
        while self._outbox and stream is not None and not stream.paused:
            call = self._outbox.popleft()
            try:
                self._send(stream, call)
            except errors.Error as error:
                self._hand(call, error)

    # ---- connecting -------------------------------------------------------------------------------------------

    def _open(self) -> None:
        if self._opening is None and not self._closed:
            self._opening = self._loop.create_task(self._connect())
            self._opening.add_done_callback(self._opened)

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening = None
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            for call in list(self._calls.values()):
                self._hand(call, errors.Internal(f"{call.op}: connecting failed: {error!r}"))
        elif self._calls and self._stream is None:
            self._open()  # lost again before this task had ended

    async def _connect(self) -> None:
        """Makes a connection and sends on it whatever waits, for as long as anything does."""
        while self._calls:
            until = max((c.expires - _calls.MARGIN for c in self._calls.values() if c.tail.wait), default=0.0)
            try:
                await self._take_steps(_opening.opening(self._given, self._known, until))
                return
            except errors.Error as error:
                for call in list(self._calls.values()):
                    if not call.tail.wait or call.expires - _calls.MARGIN <= monotonic():
                        self._hand(call, call.failed(errors.twin(error)))
            await asyncio.sleep(_PAUSE)

    async def _take_steps(self, steps: _opening.Steps) -> None:
        try:
            step = next(steps)
            while self._calls:
                if isinstance(step, float):
                    await asyncio.sleep(step)
                    step = steps.send(None)
                    continue
                try:
                    await self._attempt(step)
                    return
                except errors.Error as error:
                    step = steps.send(error)
        finally:
            steps.close()

    async def _attempt(self, place: _place.Place) -> None:
        sock = await _dial(place)
        try:
            _, stream = await self._loop.create_unix_connection(lambda: _Stream(self, sock), sock=sock)
        except BaseException:
            sock.close()
            raise
        try:
            epoch = await asyncio.wait_for(self._ask(stream, None), _HELLO_LIMIT)
            while self._strange(epoch):
                epoch = await asyncio.wait_for(self._ask(stream, epoch), _HELLO_LIMIT)
        except asyncio.TimeoutError:
            stream.transport.abort()
            text = f"the difypool service took the connection and said nothing for {_HELLO_LIMIT:g} s"
            raise errors.Unreachable(text, code="silent") from None
        except BaseException:
            stream.transport.abort()
            raise
        if stream.lost:
            raise errors.Unreachable("the connection to the difypool service was lost", code="lost")
        self._stream, self.epoch, self._known = stream, epoch, True
        for call in list(self._calls.values()):
            self._resend(stream, call)

    def _strange(self, epoch: bytes | None) -> list[Handle]:
        """Handles that calls wait with and that this life of the service does not know."""
        handles = {id(call.handle): call.handle for call in self._calls.values() if call.handle is not None}
        return [handle for handle in handles.values() if epoch is None or handle.epoch != epoch]

    async def _ask(self, stream: _Stream, epoch: bytes | None) -> bytes:
        """The first questions on a new connection, in one write with the greeting: it costs one round trip."""
        asked: list[tuple[Call, Handle | None, asyncio.Future[bytes]]] = []
        frames = _wire.GREETING if epoch is None else b""
        for number, handle in enumerate(self._strange(epoch) or [None], 1):
            call = _calls.hello(monotonic(), handle)
            call.rid = 0x80000000 | number
            future: asyncio.Future[bytes] = self._loop.create_future()
            stream.asked[call.rid] = future
            asked.append((call, handle, future))
            frames += call.frame(None, 0.0)
        if stream.lost:
            raise errors.Unreachable("the connection to the difypool service was lost", code="lost")
        stream.transport.write(frames)
        await asyncio.wait([future for _, _, future in asked])
        for call, handle, future in asked:
            epoch, outcome = _wire.reply(future.result(), call.id)
            if isinstance(outcome, errors.Error):
                self._refuse(handle, outcome)
            elif handle is not None:
                handle.known(outcome, epoch)
        if epoch is None:
            raise errors.Protocol("the service's reply lacks its epoch", code="reply")
        return epoch

    def _refuse(self, handle: Handle | None, error: errors.Error) -> None:
        """The service will not have this handle: that ends the calls that name it, not those of others."""
        if handle is None:
            raise error
        for call in list(self._calls.values()):
            if call.handle is handle:
                self._hand(call, errors.twin(error))

    def _resend(self, stream: _Stream, call: Call) -> None:
        try:
            call.carry()
            self._send(stream, call)
        except errors.Error as error:
            self._hand(call, error)


async def _dial(place: _place.Place) -> socket.socket:
    """A connected socket whose server may be trusted. A listener whose queue is full is tried again for a while."""
    limit = monotonic() + _HELLO_LIMIT
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        while True:
            try:
                sock.connect(place.path)
                break
            except BlockingIOError as error:
                if monotonic() > limit:
                    raise _place.refused(place, error) from None
            await asyncio.sleep(_PAUSE)
        _place.check_peer(place, sock)
    except OSError as error:
        sock.close()
        raise _place.refused(place, error) from None
    except BaseException:
        sock.close()
        raise
    return sock
