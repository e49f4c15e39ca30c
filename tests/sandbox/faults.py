"""Faults to order: what goes wrong with the next requests that match.

A fault is a match, how often, and what happens. They are tried in the order in which they were set; the first that matches is used, and used up.
What each member means is in FIELDS, which the control interface checks and the README repeats.
"""

from __future__ import annotations

import asyncio
import base64
import builtins
import re
from typing import Any

from .errors import PRESETS
from .routing import check_names
from .wire import Answer

MATCH: dict[str, str] = {
    "operation": "the operation's name, such as documents.create_by_text (or unknown)",
    "method": "the HTTP method",
    "path": "a regular expression that is searched for in the decoded path",
    "key": "the API key's secret or its name",
    "reused": "true: only on a connection that has served a request before; false: only on a new one",
    "listener": "http or https",
}
FIELDS: dict[str, str] = {
    "delay_before_ms": "wait before the work",
    "delay_after_ms": "wait between the work and the answer",
    "reset": "before (the request is read, nothing is done) or after (the work is done, no byte of an answer)",
    "how": "rst (the default) or fin: how reset and cut close the connection",
    "cut_after": "send so many bytes of the answer, head included, then close",
    "cut_body_after": "send the head and so many bytes of the body, then close",
    "stall": "before (nothing done), headers (done, no byte sent), in-headers or in-body (half of it sent), in-request (read_bytes of the "
    "request's body read); until released, or for stall_ms",
    "read_bytes": "with stall in-request, or with early: so many bytes of the request's body are read first",
    "stall_ms": "how long a stall lasts; without it until released",
    "answer": "the name of a preset, or {status, headers, body, reason, content_type}: sent instead, without doing the work",
    "done": "with answer: do the work all the same, first",
    "early": "with answer or reset: before the request's body has been read, or after read_bytes of it",
    "trickle_ms": "send the answer trickle_bytes (1) at a time, so long apart",
    "trickle_bytes": "how many bytes a time",
    "big_body": "send a body of so many bytes (of x) instead of the answer's",
    "endless_headers": "send header lines up to so many bytes, and never the end of the head",
    "garbage": "send these bytes (a text, or {base64: …}) instead of an answer, then close",
}
_STALLS = ("before", "headers", "in-headers", "in-body", "in-request")
_NUMBERS = (
    "delay_before_ms",
    "delay_after_ms",
    "stall_ms",
    "read_bytes",
    "trickle_ms",
    "trickle_bytes",
    "cut_after",
    "cut_body_after",
    "big_body",
    "endless_headers",
)


class Fault:
    """One order. times None means for ever."""

    def __init__(self, number: int, match: dict[str, Any], times: int | None, skip: int, action: dict[str, Any]) -> None:
        self.number = number
        self.match = match
        self.times = times
        self.skip = skip
        self.action = action
        self.hits = 0
        self.path = re.compile(match["path"]) if "path" in match else None
        self.released = asyncio.Event()

    def fits(self, entry: dict[str, Any]) -> bool:
        m = self.match
        return (
            ("operation" not in m or m["operation"] == entry["operation"])
            and ("method" not in m or m["method"].upper() == entry["method"])
            and (self.path is None or self.path.search(entry["path"]) is not None)
            and ("key" not in m or m["key"] in (entry["secret"], entry["key"]))
            and ("reused" not in m or m["reused"] == (entry["request_on_connection"] > 1))
            and ("listener" not in m or m["listener"] == entry["listener"])
        )

    def answer(self) -> Answer | None:
        """The answer to send instead, if this fault has one."""
        given = self.action.get("answer")
        if given is None:
            return None
        if isinstance(given, str):
            return PRESETS[given]()
        body = given.get("body", "")
        data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else base64.b64decode(body["base64"])
        headers = [(str(name), str(value)) for name, value in given.get("headers", [])]
        content_type = given.get("content_type", "application/json")
        return Answer(
            int(given["status"]), data, content_type, headers, given.get("made_by", "app"), given.get("reason", "")
        )

    def garbage(self) -> bytes:
        given = self.action["garbage"]
        return given.encode("utf-8", "surrogatepass") if isinstance(given, str) else base64.b64decode(given["base64"])

    def public(self) -> dict[str, Any]:
        left = self.times
        return {
            "id": self.number,
            "match": self.match,
            "times": left,
            "skip": self.skip,
            "action": self.action,
            "hits": self.hits,
        }


def _expect(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _check_answer(given: Any) -> None:
    if isinstance(given, str):
        _expect(given in PRESETS, f"no preset {given!r}: there are {', '.join(sorted(PRESETS))}")
        return
    _expect(
        isinstance(given, dict) and isinstance(given.get("status"), int),
        "answer: expected a preset's name or an object with a status",
    )
    known = {"status", "headers", "body", "reason", "content_type", "made_by"}
    _expect(set(given) <= known, f"answer: unknown member among {sorted(set(given) - known)}")


def _check_action(action: dict[str, Any]) -> None:
    unknown = sorted(set(action) - set(FIELDS))
    _expect(not unknown, f"no fault {', '.join(unknown)}: there are {', '.join(FIELDS)}")
    _expect(bool(action), f"a fault needs at least one of {', '.join(FIELDS)}")
    for name in _NUMBERS:
        value = action.get(name, 0)
        _expect(
            isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0,
            f"{name}: expected a number of at least 0",
        )
    _expect(action.get("reset", "before") in ("before", "after"), "reset: expected before or after")
    _expect(action.get("how", "rst") in ("rst", "fin"), "how: expected rst or fin")
    _expect(action.get("stall", "before") in _STALLS, f"stall: expected one of {', '.join(_STALLS)}")
    if "answer" in action:
        _check_answer(action["answer"])


class Faults:
    """The orders that stand."""

    def __init__(self) -> None:
        self._next = 1
        self._standing: list[Fault] = []
        self._used: list[Fault] = []

    def add(self, order: dict[str, Any]) -> Fault:
        """Set a fault from JSON: {match, times, skip, …action}. ValueError says what is wrong with it."""
        order = dict(order)
        match = order.pop("match", {})
        times, skip = order.pop("times", 1), order.pop("skip", 0)
        _expect(isinstance(match, dict), "match: expected an object")
        unknown = sorted(set(match) - set(MATCH))
        _expect(not unknown, f"match: no {', '.join(unknown)}: there are {', '.join(MATCH)}")
        check_names([match["operation"]] if "operation" in match else [])
        _expect(
            times is None or (isinstance(times, int) and times > 0),
            "times: expected a number of at least 1, or null for ever",
        )
        _expect(isinstance(skip, int) and skip >= 0, "skip: expected a number of at least 0")
        _check_action(order)
        try:
            fault = Fault(self._next, match, times, skip, order)
        except re.error as error:
            raise ValueError(f"match: path is no regular expression: {error}") from None
        self._next += 1
        self._standing.append(fault)
        return fault

    def take(self, entry: dict[str, Any]) -> Fault | None:
        """The fault for this request, if any."""
        for fault in self._standing:
            if not fault.fits(entry):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.hits += 1
            if fault.times is not None:
                fault.times -= 1
                if not fault.times:
                    self._standing.remove(fault)
                    self._used = [used for used in self._used if not used.released.is_set()][-1000:] + [fault]
            return fault
        return None

    def any(self) -> bool:
        return bool(self._standing)

    def release(self, number: int | None = None) -> int:
        """Let go what a fault has stalled; without a number, what all of them have."""
        found = [fault for fault in self._standing + self._used if number is None or fault.number == number]
        for fault in found:
            fault.released.set()
        return len(found)

    def clear(self) -> None:
        """Forget all faults, and let go what they have stalled."""
        self.release()
        self._standing.clear()
        self._used.clear()

    def list(self) -> builtins.list[dict[str, Any]]:
        return [fault.public() for fault in self._standing]
