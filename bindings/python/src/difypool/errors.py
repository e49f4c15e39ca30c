"""What can go wrong, one class for each kind of failure on the wire.

All derive from :class:`Error`. They can be pickled, hold no secrets, and compare by what their attributes say, not by
their text: catch a class, or look at ``kind``, ``code`` and ``retryable``.
"""

from __future__ import annotations

from ._table import KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Error(Exception):
    """A call that did not succeed.

    Attributes:
        kind: one of the kinds of the protocol, such as ``rate_limited``; of an unknown kind its own name.
        code: machine-readable detail, Dify's own or difypool's; may be empty.
        message: what happened and where, for people.
        hint: what to do about it, for people; may be empty.
        status: HTTP status of the answer behind it; 0 where there was none.
        retryable: the same call may succeed later without any change.
        retry_after: seconds until the earliest useful repeat; None where nobody said.
        body: the server's error answer as bytes (with ``decode`` a value); empty where there was none.
        type: Content-Type of ``body``.
        headers: those of the server's answer that matter, names in lower case.
        pending: a write that still runs; the same call with the same id would get its outcome.
        meta: how the call went, as in :attr:`difypool.Reply.meta`.
        run: of an operation that runs an app: the ids by which to look for the run, those that are known
            (``task_id``, ``message_id``, ``conversation_id``, ``workflow_run_id``).
        summary: of a push: a :class:`difypool.Summary` of what became of its pages until then; else None.
    """

    kind = "internal"

    def __init__(
        self,
        message: str = "",
        *,
        kind: str = "",
        code: str = "",
        hint: str = "",
        status: int = 0,
        retryable: bool | None = None,
        retry_after: float | None = None,
        body: Any = b"",
        type: str = "",
        headers: Mapping[str, str] | None = None,
        pending: bool = False,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        if kind:
            self.kind = kind
        self.message = message
        self.code = code
        self.hint = hint
        self.status = status
        self.retryable = KINDS.get(self.kind, (False, 1))[0] if retryable is None else retryable
        self.retry_after = retry_after
        self.body = body
        self.type = type
        self.headers = dict(headers or {})
        self.pending = pending
        self.meta = dict(meta or {})
        self.run: dict[str, str] = {}
        self.summary: Any = None

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message

    def __repr__(self) -> str:
        status = f", status={self.status}" if self.status else ""
        code = f", code={self.code!r}" if self.code else ""
        return f"{type(self).__name__}({self.message!r}{code}{status})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore, (type(self), self.message, dict(self.__dict__)))

    def json(self) -> Any:
        """The server's error answer as a value; raises ValueError where it is not JSON."""
        if not isinstance(self.body, (bytes, bytearray)):
            return self.body
        import json

        return json.loads(self.body)


def _restore(cls: type[Error], message: str, state: dict[str, Any]) -> Error:
    error = cls.__new__(cls, message)
    error.__dict__.update(state)
    return error


def twin(error: Error) -> Error:
    """The same error as another object, for another caller: one that is raised twice mixes its tracebacks."""
    return _restore(type(error), error.message, dict(error.__dict__))


class InvalidRequest(Error, ValueError):
    """The call itself is wrong: an argument, an option or a message."""

    kind = "invalid_request"


class Unauthorized(Error):
    """The server does not accept this key, or the key is of another kind than the route needs."""

    kind = "unauthorized"


class Forbidden(Error):
    """The key is good but may not do this."""

    kind = "forbidden"


class NotFound(Error):
    """What an id or a name points to does not exist for this key."""

    kind = "not_found"


class Unsupported(Error):
    """This server's version does not have the route, or cannot do it safely."""

    kind = "unsupported"


class Conflict(Error):
    """It collides with what is there: a name that is taken, a state that forbids it, an id used for another call."""

    kind = "conflict"


class TooLarge(Error):
    """Something is over a size bound, the server's or ours; the message names the bound."""

    kind = "too_large"


class RateLimited(Error):
    """The plan's rate of calls is used up for now."""

    kind = "rate_limited"


class Quota(Error):
    """The plan's permanent limit is reached; waiting does not help."""

    kind = "quota"


class Overloaded(Error):
    """The server has too much to do right now."""

    kind = "overloaded"


class ServerError(Error):
    """The server failed while it worked on the call."""

    kind = "server_error"


class Unreachable(Error):
    """No connection to the server, or to the service, could be made or kept."""

    kind = "unreachable"


class Tls(Error):
    """The server's certificate or the TLS settings do not allow a trusted connection."""

    kind = "tls"


class Timeout(Error):
    """The deadline passed before an answer came; nothing was changed at the server."""

    kind = "timeout"


class Cancelled(Error):
    """The caller, or a shutdown, ended the call."""

    kind = "cancelled"


class BreakerOpen(Error):
    """The server failed so often lately that it is left alone for a moment."""

    kind = "breaker_open"


class UnknownOutcome(Error):
    """The write may have happened and could not be verified; look before doing it again."""

    kind = "unknown_outcome"


class Denied(Error):
    """Local rules of this machine's service do not allow it."""

    kind = "denied"


class Busy(Error):
    """A local bound is reached; the code names it."""

    kind = "busy"


class Protocol(Error):
    """What answered is not a Dify server, or not a difypool service."""

    kind = "protocol"


class Internal(Error):
    """difypool itself failed, or an error of a kind that this version does not know (see ``kind``)."""

    kind = "internal"


CLASSES: dict[str, type[Error]] = {cls.kind: cls for cls in Error.__subclasses__()}


def from_wire(error: Mapping[str, Any]) -> Error:
    """The exception for the ``error`` map of a reply."""
    kind = str(error["kind"])
    retry_after = error.get("retry_after_ms")
    made = CLASSES.get(kind, Internal)(
        str(error.get("message", "")),
        kind=kind,
        code=str(error.get("code", "")),
        hint=str(error.get("hint", "")),
        status=int(error.get("status", 0)),
        retryable=bool(error.get("retryable", False)),
        retry_after=None if retry_after is None else retry_after / 1000,
        body=error.get("body", b""),
        type=str(error.get("type", "")),
        headers=error.get("headers"),
        pending=bool(error.get("pending", False)),
        meta=error.get("meta"),
    )
    made.run.update(error.get("run") or {})
    return made
