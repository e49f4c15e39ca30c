"""The matrix as a table for people: operations down, faults across."""

from __future__ import annotations

from pathlib import Path

from faults.matrix import Cell, Outcome


def _brief(outcome: Outcome) -> str:
    if outcome.broken:
        return "broken"
    kind = "ok, verified" if outcome.verified else outcome.kind
    return f"{kind} {outcome.attempts}/{outcome.work}"


def _column(cell: Cell) -> str:
    marks = [word for word, on in (("always", cell.always), ("TLS", cell.tls)) if on]
    return ", ".join([cell.fault.name, "reused" if cell.reused else "fresh", *marks])


def write(directory: Path, outcomes: dict[Cell, Outcome]) -> Path:
    """outcomes.md: one section a fault, since a table of all of them is wider than anybody's screen."""
    rows: dict[str, list[str]] = {}
    for cell, outcome in sorted(outcomes.items(), key=lambda pair: (_column(pair[0]), pair[0].rule.name)):
        rows.setdefault(_column(cell), []).append(f"| {cell.rule.name} | {cell.rule.retry} | {_brief(outcome)} |")
    head = "# Operations under faults\n\nOutcome, then attempts / how often the server did the work.\n"
    parts = [
        f"\n## {name}\n\n| operation | retry | outcome |\n|---|---|---|\n" + "\n".join(lines) + "\n"
        for name, lines in rows.items()
    ]
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "outcomes.md"
    path.write_text(head + "".join(parts))
    return path
