"""A call on its way, and a handle: what must be known to send them, and to send them again to another life of the service.

No sockets and no clock in here. The rules of ids and epochs (PROTOCOL.md, section 6) stand in :meth:`Call.frame`: the
id is made once, the epoch is the one known when the id was first sent, and only what a resend must change (deadline,
handle) changes.
"""

from __future__ import annotations

from os import urandom
from os.path import isfile

from . import _wire, errors
from ._table import FREE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .reply import Reply

DEADLINE = 120.0  # seconds; the service's default
LOSSES = 8  # connections that may break under one call before it is given up: it may be what breaks them
LONG = 86400.0  # seconds; for what has no deadline unless one is given
_LONG = frozenset(("documents.wait", "pages.push", "batch"))
_WITHIN = frozenset(("http.request", "stream.open"))  # what they do is said in their arguments
OPENINGS = frozenset(("stream.open", "push.open"))  # their replies are worth a farewell, also when nobody waits any more
_FILE_REFUSED = ("unsteady_file", "unreadable_file")
MARGIN = 5.0  # seconds after its deadline that a call still waits for the service's word on it


class Handle:
    """An address with a key of our own, which the service knows by a name (``service.connect``). Any thread.

    The name holds for one life of the service: ``epoch`` says for which.
    """

    __slots__ = ("epoch", "name", "options", "packed")

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.packed = _wire.pack(options)
        self.name = b""
        self.epoch: bytes | None = None

    def change(self, options: dict[str, Any]) -> None:
        """Switches that were set are kept, so that the next life of the service gets them too."""
        self.options = {**self.options, **options}
        self.packed = _wire.pack(self.options)

    def embed_ca(self) -> bool:
        """Sends the CA file's text in place of its path, for a service that will not or cannot read the file itself.

        False where there is none, or none that we can read. Two threads may do it at once: both do the same.
        """
        path = self.options.get("ca_file")
        if path is None:
            return "ca_bytes" in self.options
        if not isfile(path):  # opening a pipe could take for ever
            return False
        try:
            with open(path, "rb") as file:
                text = file.read()
        except OSError:
            return False
        self.options = {**{name: value for name, value in self.options.items() if name != "ca_file"}, "ca_bytes": text}
        self.packed = _wire.pack(self.options)
        self.epoch = None
        return True

    def known(self, reply: Reply, epoch: bytes | None) -> None:
        self.name = _wire.pack(reply.json()["profile"])
        self.epoch = epoch


class Call:
    """One intended call."""

    __slots__ = (
        "answer",
        "answered_by",
        "args",
        "carrier",
        "epoch",
        "expires",
        "free",
        "handle",
        "id",
        "losses",
        "op",
        "profile",
        "reconnects",
        "rid",
        "sent",
        "tail",
        "wake",
    )

    def __init__(
        self,
        op: str,
        args: dict[str, Any] | bytes,
        tail: _wire.Tail,
        now: float,
        handle: Handle | None = None,
        profile: bytes | None = None,
    ) -> None:
        self.op = op
        self.args = args if isinstance(args, bytes) else _wire.pack(args)
        self.tail = tail
        self.handle = handle
        self.profile = profile
        self.id = tail.ident or urandom(16)
        self.free = op in FREE or (op in _WITHIN and _reads(args))
        self.expires = now + self._patience() + MARGIN
        self.rid = 0
        self.epoch: bytes | None = None
        self.sent = False  # its bytes may have reached a service
        self.reconnects = 0
        self.losses = 0
        self.answered_by: bytes | None = None  # epoch of the service that answered
        self.carrier: Any = None  # the connection it was sent on last
        self.answer: bytes | errors.Error | None = None
        self.wake: Any = None

    def _patience(self) -> float:
        """Seconds for the whole call."""
        return self.tail.deadline or (LONG if self.op in _LONG else DEADLINE)

    def frame(self, epoch: bytes | None, now: float) -> bytes:
        """The bytes to send; from here on it counts as sent."""
        profile = self.profile
        if self.handle is not None:
            profile = self.handle.name
        deadline_ms = round(self.tail.deadline * 1000)
        if self.sent:
            deadline_ms = max(1, round((self.expires - MARGIN - now) * 1000))
        elif self.epoch is None:
            self.epoch = epoch
        frame = _wire.request(self.rid, self.id, self.op, self.args, self.epoch, profile, self.tail, deadline_ms)
        self.sent = True
        return frame

    def carry(self) -> None:
        """It is about to be sent on a new connection.

        Raises:
            Error: that happened too often.
        """
        self.losses += self.sent
        if self.losses > LOSSES:
            message = f"{self.op}: the connection to the difypool service broke {LOSSES} times under this call"
            raise self.failed(errors.Unreachable(message, code="lost"))

    def lost_profile(self, outcome: object) -> bool:
        """Whether it is to be sent again because its handle must be made again (at most three times): the service has
        forgotten it, or does not take the path of its CA file, as a service shared with others does not."""
        handle = self.handle
        if handle is None or not isinstance(outcome, errors.Error):
            return False
        if outcome.kind == "not_found" and outcome.code == "no_such_profile":
            handle.epoch = None
        elif outcome.kind != "denied" or outcome.code not in _FILE_REFUSED or not handle.embed_ca():
            return False
        self.reconnects += 1
        self.answer = None
        self.carrier = None
        return self.reconnects <= 3

    def late(self) -> errors.Error:
        """The service said nothing, not even that the deadline passed."""
        waited = self._patience()
        message = f"{self.op}: no word from the difypool service within its deadline of {waited:g} s and {MARGIN:g} s more"
        if self.sent and not self.free:
            return errors.UnknownOutcome(message, code="no_answer", pending=True, hint="look before doing it again")
        return errors.Timeout(message, code="no_answer", hint="see the service's log, or `difypool status`")

    def failed(self, error: errors.Error) -> errors.Error:
        """What the loss of the service for good means to this call."""
        if not self.sent or self.free:
            return error
        return errors.UnknownOutcome(
            f"{self.op}: the difypool service was lost while it worked on this, and did not come back: {error.message}",
            code="service_lost",
            hint="look before doing it again",
        )


def _reads(args: object) -> bool:
    if not isinstance(args, dict):
        return False
    return args.get("op") in FREE or str(args.get("method", "")).upper() in ("GET", "HEAD", "OPTIONS")


NO_TAIL = _wire.tail({})


def hello(now: float, handle: Handle | None = None) -> Call:
    """The first call on a new connection: it teaches the epoch, and makes a handle where one is needed."""
    if handle is None:
        return Call("service.ping", _wire.NO_ARGS, NO_TAIL, now)
    return Call("service.connect", handle.packed, NO_TAIL, now)


def handle_in(payload: bytes, ident: bytes) -> bytes | None:
    """The handle that an opening's reply tells of, if it succeeded."""
    _, outcome = _wire.reply(payload, ident)
    if isinstance(outcome, errors.Error):
        return None
    body = outcome.json()
    handle: bytes | None = body.get("stream") or body.get("push")
    return handle


def cancel(rid: int, ident: bytes) -> bytes:
    """The frame that drops interest in a call; its answer is not waited for."""
    return _wire.request(rid, urandom(16), "service.cancel", _wire.pack({"id": ident}))
