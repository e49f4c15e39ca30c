"""Medians, ranges and ratios of interleaved rounds, as a table for people and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def summary(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "rounds": len(values)}


def ratios(above: Sequence[float], below: Sequence[float]) -> dict[str, float]:
    """Round by round, since only what ran side by side may be compared."""
    return summary([a / b for a, b in zip(above, below, strict=True)])


def show(value: dict[str, float], unit: str = "", scale: float = 1.0, digits: int = 2) -> str:
    low, mid, high = (value[k] * scale for k in ("min", "median", "max"))
    return f"{mid:.{digits}f}{unit} ({low:.{digits}f}..{high:.{digits}f})"


def render(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns line up in a terminal, too."""
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(str(c).ljust(w) for c, w in zip(cells, widths, strict=True)) + " |"

    return "\n".join([line(header), "|" + "|".join("-" * (w + 2) for w in widths) + "|", *(line(r) for r in rows)])
