"""What a model is to answer, and how its events are to come: orders for the next runs that match, as faults are for requests.

A fault spoils an answer by its bytes; a script makes the answer. What each member means is in FIELDS.
"""

from __future__ import annotations

import re
from typing import Any

from .errors import PRESETS
from .faults import MATCH, Fault
from .routing import check_names

FIELDS: dict[str, str] = {
    "words": "the texts that the model (or a chatflow's answer, or a workflow's) consists of, one an event",
    "count": "how many texts; the words are repeated, or without words numbered ones are made",
    "size": "each text is filled up to so many bytes",
    "first_ms": "the wait before the first event",
    "interval_ms": "the wait between events",
    "hold_after": 'hold the run once so many events have been sent (a number, a list of them, or "each") until released',
    "error": "the name of a preset: the run fails so, as an error event in a stream or as the answer",
    "error_after": "with error: once so many events have been sent (0)",
    "break_after": "the model breaks after so many texts",
    "cut_after_events": "the connection ends once so many events have been sent",
    "how": "with cut_after_events: rst (the default) or fin",
    "chunk_bytes": "an HTTP chunk ends after so many bytes at the latest",
    "chunk_edges": "HTTP chunks end at these offsets of the body too",
    "events_per_chunk": "so many events share an HTTP chunk",
    "piece_ms": "the wait between the chunks of one event",
    "ping_s": "the interval of pings, instead of the setting's",
    "insert": "a list of {after, event} or {after, raw}: an event, or any text, of yours once so many events have been sent",
}
_NUMBERS = (
    "count",
    "size",
    "first_ms",
    "interval_ms",
    "error_after",
    "break_after",
    "cut_after_events",
    "chunk_bytes",
    "events_per_chunk",
    "piece_ms",
    "ping_s",
)
_LEAST_ONE = ("chunk_bytes", "events_per_chunk")


def _expect(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _check_insert(given: Any) -> None:
    _expect(isinstance(given, list), "insert: expected a list")
    for one in given:
        right = isinstance(one, dict) and _is_number(one.get("after")) and ("event" in one) != ("raw" in one)
        _expect(right, "insert: expected objects with after and either event or raw")


def _check(action: dict[str, Any]) -> None:
    unknown = sorted(set(action) - set(FIELDS))
    _expect(not unknown, f"a script has no {', '.join(unknown)}: there are {', '.join(FIELDS)}")
    for name in _NUMBERS:
        _expect(name not in action or _is_number(action[name]), f"{name}: expected a number of at least 0")
    for name in _LEAST_ONE:
        _expect(action.get(name, 1) >= 1, f"{name}: expected a number of at least 1")
    words = action.get("words", [])
    _expect(isinstance(words, list) and all(isinstance(word, str) for word in words), "words: expected a list of texts")
    hold = action.get("hold_after", 0)
    numbers = isinstance(hold, list) and all(map(_is_number, hold))
    _expect(hold == "each" or _is_number(hold) or numbers, 'hold_after: expected a number, a list of numbers or "each"')
    edges = action.get("chunk_edges", [])
    _expect(isinstance(edges, list) and all(map(_is_number, edges)), "chunk_edges: expected a list of numbers")
    _expect(action.get("how", "rst") in ("rst", "fin"), "how: expected rst or fin")
    _expect("error_after" not in action or "error" in action, "error_after: needs error, the name of a preset")
    _check_error(action.get("error"))
    _check_insert(action.get("insert", []))


def _check_error(name: Any) -> None:
    if name is None:
        return
    _expect(name in PRESETS, f"error: no preset {name!r}: there are {', '.join(sorted(PRESETS))}")
    kind = PRESETS[name]().content_type
    _expect(kind == "application/json", f"error: {name} is no JSON error: it cannot be an event")


class Script(Fault):
    """One order; what is matched and how often is a fault's."""

    def holds(self, sent: int) -> bool:
        hold = self.action.get("hold_after")
        return hold == "each" or hold == sent or (isinstance(hold, list) and sent in hold)


class Scripts:
    """The orders that stand."""

    def __init__(self) -> None:
        self._next = 1
        self._standing: list[Script] = []
        self._plain = Script(0, {}, None, 0, {})

    def add(self, order: dict[str, Any]) -> Script:
        """Set a script from JSON: {match, times, skip, …}. ValueError says what is wrong with it."""
        order = dict(order)
        match, times, skip = order.pop("match", {}), order.pop("times", 1), order.pop("skip", 0)
        _expect(isinstance(match, dict), "match: expected an object")
        unknown = sorted(set(match) - set(MATCH))
        _expect(not unknown, f"match: no {', '.join(unknown)}: there are {', '.join(MATCH)}")
        check_names([match["operation"]] if "operation" in match else [])
        _expect(times is None or (isinstance(times, int) and times > 0), "times: expected at least 1, or null for ever")
        _expect(isinstance(skip, int) and skip >= 0, "skip: expected a number of at least 0")
        _check(order)
        try:
            script = Script(self._next, match, times, skip, order)
        except re.error as error:
            raise ValueError(f"match: path is no regular expression: {error}") from None
        self._next += 1
        self._standing.append(script)
        return script

    def take(self, entry: dict[str, Any]) -> Script:
        """The script for this request's run; an empty one if none was ordered."""
        for script in self._standing:
            if not script.fits(entry):
                continue
            if script.skip:
                script.skip -= 1
                continue
            script.hits += 1
            if script.times is not None:
                script.times -= 1
                if not script.times:
                    self._standing.remove(script)
            return script
        return self._plain

    def clear(self) -> None:
        self._standing.clear()

    def public(self) -> list[dict[str, Any]]:
        return [script.public() for script in self._standing]
