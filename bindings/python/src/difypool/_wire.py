"""The wire: SP framing and the msgpack maps of requests and replies, as PROTOCOL.md has them.

Bytes in, bytes out; nothing here knows a socket, so that the same code serves threads and asyncio and is tested without
either. SP is spoken by hand because it is small (8 bytes of greeting, 13 of header) and a library for it would cost more
than a whole call. A request's constant parts are packed once: for most calls only its arguments go through msgpack.
"""

from __future__ import annotations

from struct import Struct

from msgpack import Packer, unpackb  # type: ignore[import-untyped]

from . import errors
from ._table import MESSAGE_MAX, PROTOCOL
from .reply import Reply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

GREETING = b"\x00SP\x00\x00\x30\x00\x00"  # ours: REQ
PEER = b"\x00SP\x00\x00\x31\x00\x00"  # the service's: REP
REPLY_MAX = 80 << 20

_HEAD = Struct(">BQI")  # frame type, length, request id
_FRAME = Struct(">BQ")
_RID = Struct(">I")
_MAPS = [bytes((0x80 | n,)) for n in range(16)]
_HELD = 64 << 10  # size of a connection's read buffer while nothing large passes
_SHRINK = 1 << 20

_packers: list[Packer] = []
_ops: dict[str, bytes] = {}


def pack(value: Any) -> bytes:
    """msgpack of a value; InvalidRequest for what it cannot carry. Any thread.

    Packers are kept, since each allocates a large buffer; one is taken out of the list while it works, so no two threads
    ever share one.
    """
    try:
        packer = _packers.pop()
    except IndexError:
        packer = Packer()
    try:
        packed: bytes = packer.pack(value)
    except (TypeError, ValueError, OverflowError) as exception:
        # The packer may hold half a value now and is thrown away.
        raise errors.InvalidRequest(
            f"an argument cannot be sent: {exception}",
            code="not_serializable",
            hint="arguments are None, bool, int of 64 bits, float, str, bytes, list or dict of these",
        ) from None
    _packers.append(packer)
    return packed


_V_ID = pack("v") + pack(PROTOCOL) + pack("id") + b"\xc4\x10"
_EPOCH = pack("epoch") + b"\xc4\x10"
_PROFILE = pack("profile")
_ARGS = pack("args")
_DEADLINE = pack("deadline_ms")
NO_ARGS = pack({})


def _op(op: str) -> bytes:
    packed = _ops.get(op)
    if packed is None:
        packed = pack("op") + pack(op)
        if len(_ops) < 1024:
            _ops[op] = packed
    return packed


class Tail:
    """The options of a call, packed: how many keys, their bytes, and what the client itself must know of them."""

    __slots__ = ("count", "data", "deadline", "ident", "wait")

    def __init__(self, count: int, data: bytes, deadline: float, wait: bool, ident: bytes | None = None) -> None:
        self.count = count
        self.ident = ident  # the caller's own id for the call
        self.data = data
        self.deadline = deadline  # seconds; 0 = the service's default
        self.wait = wait


_FLAGS = frozenset(("validate", "allow_hazard", "wait", "blocking"))
PRIORITIES = frozenset(("interactive", "normal", "bulk"))
OPTIONS = _FLAGS | {"deadline", "priority", "cache", "decode", "call_id", "again"}


def tail(options: Mapping[str, Any]) -> Tail:
    """Packs the options of a call; an option that is None counts as absent.

    Raises:
        InvalidRequest: an unknown option, or a value out of its range; the message names it.
    """
    message: dict[str, Any] = {}
    flags: dict[str, bool] = {}
    deadline = 0.0
    ident = None
    for name, value in options.items():
        if value is None:
            continue
        if name in _FLAGS:
            flags[name] = _boolean(name, value)
        elif name == "deadline":
            deadline = _seconds(name, value, 0.001, 86400)
        elif name == "cache":
            message["cache"] = round(_seconds(name, value, 0, 3600) * 1000)
        elif name in ("decode", "again"):
            message[name] = _boolean(name, value)
        elif name == "call_id":
            ident = _ident(value)
        elif name == "priority":
            if value not in PRIORITIES:
                raise _bad(f"priority is {value!r}; it is one of interactive, normal, bulk")
            message["priority"] = value
        else:
            raise _bad(f"there is no call option {name!r}; there are {', '.join(sorted(OPTIONS))}")
    if flags:
        message["options"] = flags
    return Tail(len(message), pack(message)[1:], deadline, flags.get("wait", False), ident)


def _bad(message: str) -> errors.InvalidRequest:
    return errors.InvalidRequest(message, code="bad_option")


def _ident(value: Any) -> bytes:
    if not isinstance(value, bytes) or len(value) != 16:
        raise _bad(f"option call_id is {value!r}; it is 16 random bytes, made once for each intended call")
    return value


def _boolean(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _bad(f"option {name} is {value!r}; it is True or False")
    return value


def millis(name: str, value: Any) -> int:
    """Milliseconds for an option in seconds."""
    return round(_seconds(name, value, 0.001, 86400) * 1000)


def _seconds(name: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise _bad(f"option {name} is {value!r}; it is seconds, {low:g}..{high:g}")
    return float(value)


def request(
    rid: int,
    ident: bytes,
    op: str,
    args: bytes,
    epoch: bytes | None = None,
    profile: bytes | None = None,
    options: Tail | None = None,
    deadline_ms: int = 0,
) -> bytes:
    """The frame of a request. ``args`` and ``profile`` are packed already; ``rid`` has its top bit set."""
    count = 4
    parts = [_V_ID, ident, _op(op)]
    if epoch is not None:
        count += 1
        parts += (_EPOCH, epoch)
    if profile is not None:
        count += 1
        parts += (_PROFILE, profile)
    if options is not None:
        count += options.count
        parts.append(options.data)
    if deadline_ms:
        count += 1
        parts += (_DEADLINE, pack(deadline_ms))
    parts += (_ARGS, args)
    body = b"".join(parts)
    if len(body) > MESSAGE_MAX:
        raise errors.TooLarge(
            f"the message of {op} has {len(body)} bytes; message_max is {MESSAGE_MAX}", code="message_max"
        )
    return _HEAD.pack(1, len(body) + 5, rid) + _MAPS[count] + body


class Frames:
    """Takes a stream apart into the payloads of its frames. Not safe across threads: its reader owns it.

    Memory follows what really came, never what a header claims: a frame that says 80 MiB and sends none of it costs 64 KiB.
    """

    __slots__ = ("_buffer", "_end", "_greeted", "_need", "_start", "_view")

    def __init__(self) -> None:
        self._buffer = bytearray(_HELD)
        self._view = memoryview(self._buffer)
        self._start = 0
        self._end = 0
        self._need = 0
        self._greeted = False

    def space(self) -> memoryview:
        """Where the next bytes are to be written; never empty. Then :meth:`add`."""
        capacity = len(self._buffer)
        if self._end == capacity or (self._need and self._start and self._start + self._need > capacity):
            self._move(capacity)
        return self._view[self._end :]

    def _move(self, capacity: int) -> None:
        held = self._end - self._start
        if held == capacity:
            capacity = min(capacity * 2, max(self._need, capacity + _HELD))
        buffer = bytearray(capacity)
        buffer[:held] = self._view[self._start : self._end]
        self._buffer, self._view = buffer, memoryview(buffer)
        self._start, self._end = 0, held

    def add(self, count: int) -> None:
        """So many bytes were written to :meth:`space`."""
        self._end += count

    def take(self) -> bytes | None:
        """The payload of the next whole frame, or None.

        Raises:
            Protocol: the peer is not a difypool service; the connection is of no more use.
        """
        start, have = self._start, self._end - self._start
        if not self._greeted:
            if not PEER.startswith(bytes(self._view[start : start + min(have, 8)])):
                raise errors.Protocol("what answers on the socket is not a difypool service", code="greeting")
            if have < len(PEER):
                return None
            self._greeted = True
            self._start = start = start + 8
            have -= 8
        if have < _FRAME.size:
            self._wait_for(_FRAME.size, have)
            return None
        frame, length = _FRAME.unpack_from(self._buffer, start)
        if frame != 1 or length > REPLY_MAX:
            raise errors.Protocol(f"the service sent a frame of type {frame} and {length} bytes", code="framing")
        if have < length + 9:
            self._wait_for(length + 9, have)
            return None
        payload = bytes(self._view[start + 9 : start + 9 + length])
        self._need = 0
        self._start = start + 9 + length
        if self._start == self._end:
            self._start = self._end = 0
            if len(self._buffer) > _SHRINK:
                self._buffer = bytearray(_HELD)
                self._view = memoryview(self._buffer)
        return payload

    def _wait_for(self, need: int, have: int) -> None:
        self._need = need
        if not have:
            self._start = self._end = 0


def rid_of(payload: bytes) -> int:
    """The request id of a reply's payload; 0 where it has none (such a payload is to be dropped)."""
    if len(payload) < 4:
        return 0
    rid: int = _RID.unpack_from(payload)[0]
    return rid if rid & 0x80000000 else 0


def reply(payload: bytes, ident: bytes) -> tuple[bytes | None, Reply | errors.Error]:
    """The epoch and the outcome that a reply's payload tells of the call ``ident``."""
    try:
        message = unpackb(memoryview(payload)[4:], raw=False)
        told = outcome(message)
        epoch = message.get("epoch")
        answered = message.get("id")
    except Exception as exception:  # whatever a broken message makes msgpack, or our reading of it, raise
        return None, errors.Protocol(f"the service's reply cannot be read: {exception!r}", code="reply")
    if answered is not None and answered != ident:
        return None, errors.Protocol("the service answered another call", code="reply_id")
    return epoch, told


def outcome(message: Mapping[str, Any]) -> Reply | errors.Error:
    """What a map with ``ok`` or ``error`` tells."""
    if "ok" not in message:
        return errors.from_wire(message["error"])
    ok = message["ok"]
    return Reply(
        ok.get("status", 200), ok.get("type", ""), ok.get("headers") or {}, ok.get("body", b""), ok.get("meta") or {}
    )
