"""Every knowledge operation under every fault: kind, attempts, and how often the server did the work."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sandbox.testing import Sandbox

from faults import faults, oracle, summary
from faults.faults import Told
from faults.matrix import Cell, Matrix, Outcome, sandbox_options
from faults.operations import NOT_CALLED, WORK, rules
from faults.service import Service
from faults.storm import Rides

RULES = rules()
OVER_TLS = ("documents.list", "documents.create_by_text", "metadata.create", "segments.create", "datasets.delete")


def _cells() -> list[Cell]:
    cells: list[Cell] = []
    for rule in RULES.values():
        cells += [Cell(rule, fault) for fault in faults.ADDRESSES]
        cells += [Cell(rule, fault, reused=reused) for fault in faults.AT_SERVER for reused in (False, True)]
        cells += [Cell(rule, fault, reused=True) for fault in faults.IDLE]
        # A write that met its fault once and is not repeated cannot meet it again.
        again = faults.AT_SERVER if rule.retry == "free" else faults.REFUSED
        cells += [Cell(rule, f, always=True) for f in again if f.passes and not f.stalls and not f.retry_after_s]
        if rule.name in OVER_TLS:
            cells += [Cell(rule, f, reused=reused, tls=True) for f in faults.BROKEN for reused in (False, True)]
            cells += [Cell(rule, fault, reused=True, tls=True) for fault in faults.IDLE]
    return cells


CELLS = _cells()


@pytest.fixture(scope="session")
def outcomes(request: pytest.FixtureRequest, service: Service, rides: Rides) -> dict[Cell, Outcome]:
    """Those of the cells whose tests were chosen. The storms go on meanwhile."""
    cells = [cell for cell in map(_cell_of, request.session.items) if cell]
    with Sandbox(*sandbox_options(cells)) as sandbox:
        found = Matrix(sandbox, service.socket).run(cells)
    directory = os.environ.get("FAULTS_SUMMARY")
    if directory:
        summary.write(Path(directory), found)
    return found


def _cell_of(item: pytest.Item) -> Cell | None:
    spec = getattr(item, "callspec", None)
    cell = spec.params.get("cell") if spec is not None else None
    return cell if isinstance(cell, Cell) else None


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_cell(cell: Cell, outcomes: dict[Cell, Outcome]) -> None:
    outcome = outcomes[cell]
    if outcome.broken:
        pytest.fail(f"the cell could not be carried out: {outcome.broken}", pytrace=False)
    wrong = problems(cell, outcome)
    if wrong:
        pytest.fail(f"{cell.name}: wrong {', '.join(wrong)}; expected {cell.expected}; came {outcome}", pytrace=False)


def problems(cell: Cell, outcome: Outcome) -> list[str]:
    """What of an outcome is not as the oracle says."""
    expected = cell.expected
    asked = {
        "kind": outcome.kind in expected.kinds,
        "attempts": expected.attempts[0] <= outcome.attempts <= expected.attempts[1],
        "requests": len(outcome.requests) <= oracle.ATTEMPTS,
        "work": not cell.work.counted or expected.work[0] <= outcome.work <= expected.work[1],
        "verified": outcome.verified == expected.verified,
        "retryable": expected.may_repeat is None or outcome.retryable == expected.may_repeat,
        "fault met": not cell.fault.order or any("fault" in request for request in outcome.requests),
        "connection": _on_the_right_connection(cell, outcome),
        "deadline": outcome.seconds < cell.deadline + 5,
        "Retry-After": outcome.seconds >= cell.fault.retry_after_s or outcome.kind != "ok",
    }
    return [name for name, good in asked.items() if not good]


def _on_the_right_connection(cell: Cell, outcome: Outcome) -> bool:
    """A fault that was to be met on a pooled connection (or a new one) was met there."""
    met = [request["request_on_connection"] > 1 for request in outcome.requests if "fault" in request]
    looked_before = cell.sent_as != cell.rule.name
    return not met or looked_before or cell.fault.idle or met[0] == cell.reused


def test_what_was_proven_is_answered_in_the_operations_own_shape(outcomes: dict[Cell, Outcome]) -> None:
    """Nobody should have to know that an answer was lost: same status, same members as the server's own."""
    normal = {
        cell.rule.name: (outcome.status, outcome.members)
        for cell, outcome in outcomes.items()
        if cell.fault.idle and outcome.kind == "ok" and not outcome.verified
    }
    # Of a run that was looked up nobody knows the task: it stands in the events alone.
    proven = {cell: outcome for cell, outcome in outcomes.items() if outcome.verified and not cell.rule.read_back}
    wrong = {
        f"{cell.name}: {outcome.status}, {sorted(outcome.members ^ normal[cell.rule.name][1])} instead of {normal[cell.rule.name][0]}"
        for cell, outcome in proven.items()
        if (outcome.status, outcome.members) != normal[cell.rule.name]
    }
    assert not wrong, "\n".join(sorted(wrong))
    provable = {cell.rule.name for cell in outcomes if cell.expected.verified and not cell.rule.read_back}
    assert {cell.rule.name for cell in proven} == provable


def test_every_operation_that_the_sandbox_plays_is_in_the_matrix() -> None:
    assert sorted(RULES) == sorted(set(WORK) - NOT_CALLED)


def test_the_oracle_never_lets_a_write_happen_twice() -> None:
    for cell in CELLS:
        assert 0 <= cell.expected.work[0] <= cell.expected.work[1] <= (cell.rule.retry != "free")
        assert cell.expected.attempts[1] <= oracle.ATTEMPTS


def test_there_are_enough_faults() -> None:
    assert len({fault.name for fault in faults.ALL}) == len(faults.ALL) >= 16
    assert {fault.told for fault in faults.ALL} == set(Told)
