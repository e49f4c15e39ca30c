"""Many calls in one message: what goes in, and what came of each."""

from __future__ import annotations

from . import errors
from .reply import Reply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


class Result:
    """What came of one call of a batch: exactly one of ``ok`` and ``error`` is there.

    Attributes:
        ok: the reply, or None.
        error: the error, or None.
    """

    __slots__ = ("error", "ok")

    def __init__(self, ok: Reply | None, error: errors.Error | None) -> None:
        self.ok = ok
        self.error = error

    def __repr__(self) -> str:
        return f"<Result {self.ok if self.error is None else self.error!r}>"

    def get(self) -> Reply:
        """The reply; raises the error, if it is one."""
        if self.ok is not None:
            return self.ok
        raise errors.twin(self.error or errors.Protocol("the result of the call is missing", code="batch"))


def calls(given: Iterable[Mapping[str, Any] | tuple[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """The calls as the wire has them."""
    out: list[dict[str, Any]] = []
    for call in given:
        if isinstance(call, tuple):
            out.append({"op": call[0], "args": dict(call[1]) if len(call) > 1 else {}})
        elif isinstance(call, dict):
            out.append(call)
        else:
            raise errors.InvalidRequest(
                f"call {len(out)} is {type(call).__name__}; it is (op, arguments) or a dict of op and args", code="argument"
            )
    return out


def results(answer: Any, given: list[dict[str, Any]]) -> list[Result]:
    told = answer["results"]
    if len(told) != len(given):
        raise errors.Protocol(f"a batch of {len(given)} calls has {len(told)} results", code="batch")
    return [_result(one, call["op"]) for one, call in zip(told, given)]


def _result(told: Mapping[str, Any], op: str) -> Result:
    if "error" in told:
        return Result(None, errors.from_wire(told["error"]))
    ok = told.get("ok") or {}
    body = ok.get("body")
    if body is None:
        body = b""
    elif isinstance(body, str) and "json" not in ok.get("type", ""):
        body = body.encode()
    return Result(Reply(ok.get("status", 200), ok.get("type", ""), {}, body, {"op": op}), None)
