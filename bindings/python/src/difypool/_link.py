"""One connection to the service, shared by all threads of a process, with many calls in flight.

There is no reader thread. A caller that waits reads for everybody: it *leads*, hands the others their answers, and when
its own has come it wakes one of those who still wait to lead on. So a call made by one thread alone costs no thread
switch, and fifty threads cost one wake-up a call. Connecting (and connecting again) is the leader's work too.

Locks: ``_lock`` guards the fields and is never held across I/O; ``_sending`` keeps frames whole and is taken first. Who
leads stands in the dict ``_leader``: ``setdefault`` takes the place as atomically as a lock would, and, unlike a lock, it
tells afterwards whose it is, so that an interrupt between taking and noting it cannot leave it taken for good. The
modules ``_socket`` and ``_thread`` stand for socket and threading, whose imports take longer than a hundred calls.

A socket that is done with is first shut down, which ends whatever another thread is doing with it, and closed only where no
thread can be using it: a descriptor's number is soon another file's.

After a fork the child starts with new locks and no connection (the parent's stays the parent's); nothing that was in
flight is the child's. An interrupt (KeyboardInterrupt, or whatever a signal handler raises) while the stream is being
read or written gives the connection up, since bytes may be missing: the others' calls go on over a new one, with their
ids, which the protocol makes harmless.
"""

from __future__ import annotations

import _socket
import os
import select
from _thread import allocate_lock
from _weakref import ref
from struct import pack
from time import monotonic, sleep

from . import _calls, _opening, _place, _wire, errors
from .reply import Reply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _weakref import ReferenceType
    from typing import Any

    from ._calls import Call, Handle

_LEAVE_S = 0.1  # how long who is interrupted waits for another thread to have written its frame
_TICK = 0.25  # seconds a read blocks before deadlines are looked at
_HELLO_LIMIT = 5.0  # seconds a service that took the connection has for its first answer
_AT_ONCE = _socket.MSG_DONTWAIT | _socket.MSG_NOSIGNAL

_links: dict[int, ReferenceType[Link]] = {}


class Link:
    """See above. Every method may be called from any thread unless it says otherwise."""

    def __init__(self, given: str | None = None) -> None:
        self._given = given
        self._closed = False
        self._known = False  # a connection was there before
        self.crew: Any = None  # who reads its streams, once there was one
        self._renew()
        key = id(self)
        _links[key] = ref(self, lambda _: _links.pop(key, None))

    def _renew(self) -> None:
        """Fields as they are in a process that has no connection and no other thread in here."""
        self._pid = os.getpid()
        self._lock = allocate_lock()
        self._sending = allocate_lock()
        self._leader: dict[int, Call] = {}
        self._calls: dict[int, Call] = {}
        self._socket: _socket.socket | None = None
        self._dead: list[_socket.socket] = []  # shut down, to be closed
        self._unwanted: dict[int, bytes] = {}  # openings that were interrupted: SP id, and the call's
        self._frames = _wire.Frames()
        self._torn: _socket.socket | None = None  # an interrupt may have lost bytes of this one's stream
        self._rid = int.from_bytes(os.urandom(4), "big")
        self.epoch: bytes | None = None

    def _forked(self) -> None:
        """In the child: let go of the parent's connection without a word on it."""
        socks = [self._socket, *self._dead]
        self._renew()
        for sock in socks:
            if sock is not None:
                sock.close()

    def __del__(self) -> None:
        for sock in (self._socket, *self._dead):
            if sock is not None:
                sock.close()

    def close(self) -> None:
        """Ends the connection; calls that other threads still wait for end as Cancelled. May be called twice."""
        self._closed = True
        with self._lock:
            for call in self._calls.values():
                self._hand(call, errors.Cancelled(f"{call.op}: the client was closed", code="closed"))
            self._calls.clear()
            sock = self._socket
        if sock is not None:
            self._drop(sock)
        nobody = _calls.hello(0.0)
        if self._leader.setdefault(0, nobody) is nobody:  # else who leads buries it
            self._bury()
            self._leader.clear()

    # ---- calls ------------------------------------------------------------------------------------------------

    def run(self, call: Call) -> Reply:
        """Carries a call out and waits for its reply.

        Raises:
            Error: what the service, or its absence, made of it.
        """
        self.begin(call)
        return self.finish(call)

    def begin(self, call: Call) -> None:
        """Sends a call, to be waited for by :meth:`finish`, or given up by :meth:`drop`."""
        if self._pid != os.getpid():
            self._forked()
        if self._closed:
            call.answer = errors.InvalidRequest("this client was closed", code="closed")
            return
        try:
            self._submit(call)
        except errors.Error as error:
            self._leave(call)
            call.answer = error
        except BaseException:
            self._abandon(call)
            raise

    def finish(self, call: Call) -> Reply:
        """Waits for the reply of a call that was begun; raises as :meth:`run` does."""
        while True:
            outcome = self._wait(call)
            if type(outcome) is Reply:
                return outcome
            if not call.lost_profile(outcome):
                raise outcome  # type: ignore[misc]
            self.begin(call)

    def poll(self, call: Call, seconds: float) -> bool:
        """Whether the answer of a call that was begun is there, or comes within so many seconds."""
        if call.answer is None and self._leader.setdefault(0, call) is call:
            try:
                sock = self._socket
                if sock is not None and select.select([sock], [], [], seconds)[0]:
                    self._read(sock)
            except BaseException:
                self._abandon(call)
                raise
            self._leader.clear()
            self._promote()
        return call.answer is not None

    def drop(self, call: Call) -> None:
        """Nobody waits for this call any more; the service is not told."""
        with self._lock:
            self._calls.pop(call.rid, None)

    def _run(self, call: Call) -> Reply | errors.Error:
        self.begin(call)
        return self._wait(call)

    def _wait(self, call: Call) -> Reply | errors.Error:
        try:
            while call.answer is None:
                if self._leader.setdefault(0, call) is call:
                    self._lead(call)
                    self._leader.clear()
                    if self._closed:
                        self._bury()
                    self._promote()
                else:
                    self._follow(call)
        except errors.Error as error:
            self._leave(call)
            return error
        except BaseException:
            self._abandon(call)
            raise
        if type(call.answer) is not bytes:
            return call.answer  # type: ignore[return-value]
        call.answered_by, outcome = _wire.reply(call.answer, call.id)
        return outcome

    def _submit(self, call: Call) -> None:
        """Registers it and sends it, if there is a connection; else whoever leads next connects and sends."""
        handle = call.handle
        while True:
            with self._lock:
                sock = self._socket
                if sock is None or handle is None or handle.epoch == self.epoch:
                    call.rid = self._next_rid()
                    self._calls[call.rid] = call
                    break
            self._introduce(handle, call)
        if sock is not None:
            self._send(sock, call)

    def _next_rid(self) -> int:
        """With the lock held."""
        while True:
            self._rid = (self._rid + 1) & 0x7FFFFFFF
            if self._rid | 0x80000000 not in self._calls:
                return self._rid | 0x80000000

    def _introduce(self, handle: Handle, wanted: Call) -> None:
        """Gives a handle to the service at the other end of the connection that stands."""
        call = _calls.hello(monotonic(), handle)
        call.expires = min(call.expires, wanted.expires)
        outcome = self._run(call)
        if isinstance(outcome, errors.Error):
            raise outcome
        handle.known(outcome, call.answered_by)

    def _leave(self, call: Call) -> None:
        """This call is over without an answer: its place, and the lead if it has that, go to others."""
        with self._lock:
            self._calls.pop(call.rid, None)
        if self._leader.get(0) is call:
            self._leader.clear()
        if not self._leader:
            self._promote()

    def _abandon(self, call: Call) -> None:
        """The caller was interrupted: tell the service, as well as that can be done without waiting for it."""
        with self._lock:
            unanswered = self._calls.pop(call.rid, None) is not None
            rid = self._next_rid()
            if unanswered and call.op in _calls.OPENINGS:
                self._unwanted[call.rid] = call.id
        sock = call.carrier
        if unanswered and sock is not None and self._sending.acquire(True, _LEAVE_S):
            try:
                sock.send(_calls.cancel(rid, call.id), _AT_ONCE)
            except OSError:
                pass  # a connection that is gone, or full: the service notices that nobody waits any more
            finally:
                self._sending.release()
        if self._torn is not None:
            self._drop(self._torn)
        self._leave(call)

    def post(self, op: str, args: dict[str, Any]) -> bool:
        """Sends a request whose answer nobody waits for; False if that is not possible now.

        Waits for nothing, not even for a lock, so that finalisers may call it wherever they run.
        """
        sock = self._socket
        if sock is None or self._pid != os.getpid() or not self._sending.acquire(False):
            return False
        try:
            if self._socket is not sock or not self._lock.acquire(False):
                return False
            try:
                rid = self._next_rid()
            finally:
                self._lock.release()
            frame = _wire.request(rid, os.urandom(16), op, _wire.pack(args), self.epoch)
            if sock.send(frame, _AT_ONCE) != len(frame):
                self._break(sock)  # half a frame is out: nothing may follow it
        except OSError:
            return False
        finally:
            self._sending.release()
        return True

    # ---- waiting ----------------------------------------------------------------------------------------------

    def _hand(self, call: Call, answer: bytes | errors.Error) -> None:
        """Gives a call its answer and wakes its caller; with the lock held."""
        call.answer = answer
        if call.wake is not None and call.wake.locked():
            call.wake.release()

    def _promote(self) -> None:
        """Nobody leads now: wakes one of those who wait."""
        if not self._calls:
            return
        with self._lock:
            for call in self._calls.values():
                if call.wake is not None and call.wake.locked():
                    call.wake.release()
                    return

    def _follow(self, call: Call) -> None:
        """Waits until the answer is there, or until there is nobody who leads."""
        with self._lock:
            if call.answer is not None:
                return
            if call.wake is None:
                call.wake = allocate_lock()
                call.wake.acquire()
        if not self._leader:
            return  # the leader left before it could see that we wait
        left = call.expires - monotonic()
        if left <= 0:
            raise call.late()
        call.wake.acquire(True, left)

    def _lead(self, call: Call) -> None:
        """Connects and reads until the call has its answer; only for who stands in ``_leader``."""
        while call.answer is None:
            sock = self._socket
            if sock is None:
                self._connect(call)
                continue
            self._read(sock)
            if call.answer is None and monotonic() > call.expires:
                raise call.late()

    def _read(self, sock: _socket.socket) -> None:
        """Waits up to a tick for bytes and hands out the answers in them; only for the leader."""
        frames = self._frames
        try:
            try:
                count = sock.recv_into(frames.space())
            except BlockingIOError:
                return
            except OSError:
                count = 0
            if not count:
                self._drop(sock)
                return
            frames.add(count)
            payload = frames.take()
            while payload is not None:
                self._deliver(payload)
                payload = frames.take()
        except errors.Protocol as error:
            self._drop(sock)
            self._spoil(sock, error)
        except BaseException:
            self._torn = sock
            raise

    def _deliver(self, payload: bytes) -> None:
        rid = _wire.rid_of(payload)
        with self._lock:
            call = self._calls.pop(rid, None)
            if call is not None:
                self._hand(call, payload)
        if call is None and rid in self._unwanted:
            handle = _calls.handle_in(payload, self._unwanted.pop(rid))
            if handle is not None and self.crew is not None:
                self.crew.refuse(handle)

    def _spoil(self, sock: _socket.socket, error: errors.Error) -> None:
        """The peer does not speak the protocol: nothing that was sent to it is worth sending again."""
        with self._lock:
            for rid, call in list(self._calls.items()):
                if call.carrier is sock:
                    del self._calls[rid]
                    self._hand(call, call.failed(errors.twin(error)))

    # ---- sending ----------------------------------------------------------------------------------------------

    def _send(self, sock: _socket.socket, call: Call) -> None:
        """Sends it; a connection that breaks meanwhile is noticed and mended by who leads."""
        with self._sending:
            if self._socket is sock and call.carrier is not sock and call.answer is None:
                self._transmit(sock, call, call, self.epoch)

    def _transmit(self, sock: _socket.socket, call: Call, leader: Call, epoch: bytes | None) -> bool:
        """Writes a call's frame, alone on this socket; False if that broke the connection.

        leader: this thread's own call, in whose name it may read meanwhile.
        """
        frame = call.frame(epoch, monotonic())
        call.carrier = sock
        sent: list[int] = []
        try:
            try:
                # One step for the interpreter: no interrupt comes between the sending and the noting of how much.
                sent.extend(map(sock.send, (frame,), (_AT_ONCE,)))
            except BlockingIOError:
                sent.append(0)
            return sent[0] == len(frame) or self._send_rest(sock, memoryview(frame)[sent[0] :], call, leader)
        except OSError:
            self._break(sock)
            return False
        except BaseException:
            if sent != [len(frame)]:
                self._break(sock)  # half a frame may be out: nothing may follow it
            raise

    def _send_rest(self, sock: _socket.socket, rest: memoryview, call: Call, leader: Call) -> bool:
        """The service takes less than we have. It may be waiting for us to read: so read meanwhile, if nobody does."""
        poll = select.poll()
        led = self._leader.get(0) is leader
        while rest:
            leads = self._leader.setdefault(0, leader) is leader
            poll.register(sock, select.POLLOUT | (select.POLLIN if leads else 0))
            events = poll.poll(_TICK * 1000)
            if leads and events and events[0][1] & ~select.POLLOUT:
                self._read(sock)
            if leads and not led:
                self._leader.clear()
                self._promote()
            if sock in self._dead:
                return False
            if monotonic() > call.expires:
                raise call.late()
            try:
                rest = rest[sock.send(rest, _AT_ONCE) :]
            except BlockingIOError:
                continue
        return True

    def _break(self, sock: _socket.socket) -> None:
        """Ends a connection so that who reads it notices."""
        try:
            sock.shutdown(_socket.SHUT_RDWR)
        except OSError:
            pass

    def _drop(self, sock: _socket.socket) -> None:
        """This connection is over. Its calls stay: they are sent again on the next one."""
        with self._lock:
            if self._socket is sock:
                self._socket = None
            if self._torn is sock:
                self._torn = None
            self._unwanted.clear()
            self._dead.append(sock)
        self._break(sock)

    def _bury(self) -> None:
        """Closes what is dead; only for the leader, not while it writes itself. Who still writes to one finds it shut."""
        if self._dead:
            with self._sending:
                while self._dead:
                    self._dead.pop().close()

    # ---- connecting -------------------------------------------------------------------------------------------

    def _connect(self, call: Call) -> None:
        """Makes a connection and sends on it whatever waits; only for the leader."""
        self._bury()
        until = call.expires - _calls.MARGIN if call.tail.wait else 0.0
        steps = _opening.opening(self._given, self._known, until)
        try:
            step = next(steps)
            while call.answer is None and monotonic() <= call.expires:
                if isinstance(step, float):
                    sleep(step)
                    step = steps.send(None)
                    continue
                try:
                    self._attempt(step, call)
                    return
                except errors.Error as error:
                    step = steps.send(error)
        except errors.Error as error:
            self._give_up(call, error)
        finally:
            steps.close()
            self._bury()
        if call.answer is None:
            raise call.late()

    def _attempt(self, place: _place.Place, leader: Call) -> None:
        """Connects, learns the epoch, sends what waits, and only then gives the connection to everybody: until then no
        other thread can be writing to it."""
        sock = _dial(place)
        self._frames = frames = _wire.Frames()
        limit = monotonic() + _HELLO_LIMIT
        try:
            epoch = self._ask(sock, frames, None, limit)
            while True:
                strange, waiting = self._adopt(sock, epoch)
                if strange:
                    epoch = self._ask(sock, frames, epoch, limit)
                elif not waiting:
                    return
                else:
                    for call in waiting:
                        self._resend(sock, call, leader, epoch)
        except errors.Error:
            self._drop(sock)
            raise
        except BaseException:
            self._torn = sock
            raise

    def _adopt(self, sock: _socket.socket, epoch: bytes) -> tuple[list[Handle], list[Call]]:
        """Takes the connection into use, if there is nothing left to do before that: handles to make, calls to send."""
        with self._lock:
            strange = self._strange(epoch)
            waiting = [call for call in self._calls.values() if call.carrier is not sock]
            if self._closed:
                raise errors.Cancelled("the client was closed", code="closed")
            if not strange and not waiting:
                self._socket, self.epoch, self._known = sock, epoch, True
            return strange, waiting

    def _strange(self, epoch: bytes | None) -> list[Handle]:
        """Handles that calls wait with and that this life of the service does not know; with the lock held."""
        handles = {id(call.handle): call.handle for call in self._calls.values() if call.handle is not None}
        return [handle for handle in handles.values() if epoch is None or handle.epoch != epoch]

    def _ask(self, sock: _socket.socket, frames: _wire.Frames, epoch: bytes | None, limit: float) -> bytes:
        """The first questions on a new connection, in one write with the greeting: it costs one round trip."""
        with self._lock:
            strange = self._strange(epoch)
        asked: dict[int, tuple[Call, Handle | None]] = {}
        for number, handle in enumerate(strange or [None], 1):
            call = _calls.hello(monotonic(), handle)
            call.rid = 0x80000000 | number
            asked[call.rid] = (call, handle)
        greeting = _wire.GREETING if epoch is None else b""
        _send_all(sock, greeting + b"".join(call.frame(None, 0.0) for call, _ in asked.values()), limit)
        while asked:
            payload = _next_payload(sock, frames, limit)
            question = asked.pop(_wire.rid_of(payload), None)
            if question is None:
                self._deliver(payload)
                continue
            call, handle = question
            epoch, outcome = _wire.reply(payload, call.id)
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
        with self._lock:
            for rid, call in list(self._calls.items()):
                if call.handle is handle:
                    del self._calls[rid]
                    self._hand(call, errors.twin(error))

    def _resend(self, sock: _socket.socket, call: Call, leader: Call, epoch: bytes) -> None:
        """Sends a call that waits, perhaps again; what is wrong with it is told to its own caller."""
        try:
            call.carry()
            whole = self._transmit(sock, call, leader, epoch)
        except errors.Error as error:
            with self._lock:
                if self._calls.pop(call.rid, None) is not None:
                    self._hand(call, error)
            return
        if not whole:
            raise _lost()

    def _give_up(self, leader: Call, error: errors.Error) -> None:
        """No connection could be made. Those who did not ask to wait get to know it; the others try on."""
        with self._lock:
            for rid, call in list(self._calls.items()):
                if call is leader or not call.tail.wait:
                    del self._calls[rid]
                    self._hand(call, call.failed(errors.twin(error)))


def _dial(place: _place.Place) -> _socket.socket:
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
    try:
        sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_RCVTIMEO, pack("ll", 0, int(_TICK * 1e6)))
        sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDTIMEO, pack("ll", int(_HELLO_LIMIT), 0))
        sock.connect(place.path)
        _place.check_peer(place, sock)
    except OSError as error:
        sock.close()
        raise _place.refused(place, error) from None
    except BaseException:
        sock.close()
        raise
    return sock


def _send_all(sock: _socket.socket, data: bytes, limit: float) -> None:
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[sock.send(rest, _socket.MSG_NOSIGNAL) :]
            if monotonic() > limit:
                raise _silent()
    except OSError:
        raise _lost() from None


def _next_payload(sock: _socket.socket, frames: _wire.Frames, limit: float) -> bytes:
    while True:
        payload = frames.take()
        if payload is not None:
            return payload
        try:
            count = sock.recv_into(frames.space())
        except BlockingIOError:
            if monotonic() > limit:
                raise _silent() from None
            continue
        except OSError:
            count = 0
        if not count:
            raise _lost()
        frames.add(count)


def _lost() -> errors.Error:
    return errors.Unreachable("the difypool service closed the connection before it answered", code="lost")


def _silent() -> errors.Error:
    return errors.Unreachable(
        f"the difypool service took the connection and said nothing for {_HELLO_LIMIT:g} s", code="silent"
    )


def _after_fork() -> None:
    for known in list(_links.values()):
        link = known()
        if link is not None:
            link._forked()


os.register_at_fork(after_in_child=_after_fork)
