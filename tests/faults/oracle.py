"""What a call must come to, from the operation's rule and the fault alone.

The reasons, in the order in which they are asked:

1. What changes nothing at the server (`free`) may be sent again: after a fault that passes it succeeds, and else it ends with what went wrong.
2. Where no byte can have reached the server, and where the server or a proxy refused in so many words, a write did not happen. It may be sent again
   if that can help; `never` only in the first case, as its rule says.
3. Else a write may have happened. Nothing but the server can tell: what it shows proves success, and absence proves nothing. So what is done and
   provable is a success and says that it was verified; what is not proven is sent again only where the table calls a repeat harmless; all else is an
   unknown outcome. Where the server itself answered that it failed, its own kind may stand instead, but never as something to repeat.
4. When the deadline passes, a read has timed out; a write that was sent has an unknown outcome, for it may yet happen.

In no case is a write's work done more than once, nor more often sent than the profile allows.
"""

from __future__ import annotations

from dataclasses import dataclass

from faults.faults import Fault, Told
from faults.operations import Rule

ATTEMPTS = 3  # the profile's retry_attempts


@dataclass(frozen=True)
class Expected:
    """kinds: "ok" or the error's kind, any of them. attempts: least and most. work: how often it is done."""

    kinds: frozenset[str]
    attempts: tuple[int, int]
    work: tuple[int, int]
    verified: bool = False
    may_repeat: bool | None = None  # what `retryable` must say; None = what its kind says

    def __str__(self) -> str:
        return f"{'/'.join(sorted(self.kinds))}, attempts {self.attempts}, work {self.work}"


def _ok(attempts: int, work: int, verified: bool = False) -> Expected:
    return Expected(frozenset({"ok"}), (attempts, attempts), (work, work), verified)


def _fails(kinds: set[str], attempts: int, work: int, may_repeat: bool | None = None) -> Expected:
    return Expected(frozenset(kinds), (attempts, attempts), (work, work), may_repeat=may_repeat)


def _is_none(rule: Rule, fault: Fault) -> bool:
    """Whether the fault meets what this operation's answer does not have."""
    return (fault.only_json and not rule.answers) or (fault.in_body and rule.bodiless)


def _read(rule: Rule, fault: Fault, always: bool) -> Expected:
    if fault.told is Told.NOT_SENT:
        return _not_sent(fault, 0)
    if _is_none(rule, fault):
        return _ok(1, 0)
    if rule.read_back and fault.in_body and not fault.stalls:
        return _ok(1, 0, verified=True)
    if fault.stalls or not fault.passes:
        return _fails({fault.kind}, 1, 0)
    if always:
        return _fails({fault.kind}, ATTEMPTS, 0)
    return _ok(2, 0)


def _not_sent(fault: Fault, work: int) -> Expected:
    """attempts counts transfers that had a connection."""
    if fault.idle:
        return _ok(1, work)
    return _fails({fault.kind}, 0, 0)


def _refused(rule: Rule, fault: Fault, always: bool) -> Expected:
    if not fault.passes or rule.retry == "never":
        return _fails({fault.kind}, 1, 0)
    return _fails({fault.kind}, ATTEMPTS, 0) if always else _ok(2, 1)


def _in_doubt(rule: Rule, fault: Fault) -> Expected:
    if rule.retry == "verify" and rule.provable:
        if fault.done:
            return _ok(1, 1, verified=True)
        if rule.harmless:
            return _ok(2, 1)
    kinds = {"unknown_outcome"}
    if fault.told is Told.UNCLEAR:
        kinds.add(fault.kind)
    return _fails(kinds, 1, int(fault.done), may_repeat=False)


def expect(rule: Rule, fault: Fault, always: bool = False) -> Expected:
    """always: every request of the operation meets the fault, not only the first."""
    if rule.retry == "free":
        return _read(rule, fault, always)
    if _is_none(rule, fault):
        return _ok(1, 1)
    if fault.told is Told.NOT_SENT:
        return _not_sent(fault, 1)
    if fault.told is Told.REFUSED:
        return _refused(rule, fault, always)
    if fault.stalls:
        # What is let go after the deadline is done then: the transfer was not cut.
        return _fails({"unknown_outcome"}, 1, 1, may_repeat=False)
    return _in_doubt(rule, fault)
