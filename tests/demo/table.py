"""What is printed and written at the end: the table, what each step won, the JSON."""

from __future__ import annotations

import platform
from typing import Any

from demo.ways import Result

# Seen on a default server: its one indexing worker starts a task about every 2 s, whatever the task's size.
INDEXING_TASK_S = 2.0


def searchable_s(result: Result, total: int) -> float:
    """When the last of all pages could be found: one task a page was queued, and a default server starts one every 2 s."""
    return max(result.scaled_s(total), result.setup_s + total * INDEXING_TASK_S)


def clock(seconds: float) -> str:
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"


def row(result: Result, total: int) -> list[str]:
    if not result.ended:
        return [result.way.title, str(result.pages), "broke off", *[""] * (len(HEAD) - 3)]
    scaled = "" if result.pages == total else " *"
    service = f" + {result.service_cpu_s:.2f}" if result.way.ours else ""
    return [
        result.way.title,
        str(result.pages),
        clock(result.wall_s()),
        clock(result.scaled_s(total)) + scaled,
        str(result.calls),
        str(result.connections),
        f"{result.client_cpu_s:.2f}{service} s",
        str(len(result.errors)),
        clock(searchable_s(result, total)),
        "right" if not result.findings else f"{len(result.findings)} wrong",
    ]


HEAD = ["", "pages", "took", "for all pages", "calls", "connections", "CPU: client + service", "errors", "searchable", "read back"]


def render(results: list[Result], total: int) -> str:
    rows = [HEAD] + [row(result, total) for result in results]
    widths = [max(len(line[column]) for line in rows) for column in range(len(HEAD))]
    lines = []
    for number, line in enumerate(rows):
        cells = [line[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        lines.append("  " + "  ".join(cells).rstrip())
        if number == 0:
            lines.append("  " + "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def times(ratio: float) -> str:
    return f"{ratio:.1f} times as fast" if ratio >= 1.05 else "no faster" if ratio >= 0.95 else f"{1 / ratio:.1f} times as slow"


STEPS = {
    ("requests", "session"): "Keeping a connection open",
    ("session", "dropin"): "One import changed, calls by way of the service",
    ("dropin", "async"): "Pages in parallel",
}


def won(results: list[Result], total: int) -> list[str]:
    """A line for what each step brought, whichever way it went."""
    lines = []
    results = [result for result in results if result.ended]
    for before, after in zip(results, results[1:], strict=False):
        what = STEPS.get((before.way.key, after.way.key), f"{before.way.title} -> {after.way.title}")
        ratio = before.scaled_s(total) / max(after.scaled_s(total), 0.001)
        lines.append(f"{what}: {times(ratio)} ({clock(before.scaled_s(total))} -> {clock(after.scaled_s(total))}), "
                     f"CPU a call {before.cpu_ms_a_call():.1f} -> {after.cpu_ms_a_call():.1f} ms.")  # fmt: skip
    if len(results) > 2:
        ratio = results[0].scaled_s(total) / max(results[-1].scaled_s(total), 0.001)
        lines.append(f"All of it: {times(ratio)}.")
    return lines


def notes(results: list[Result], total: int) -> list[str]:
    lines = []
    if any(result.pages != total for result in results):
        lines.append(f"* Slow ways wrote fewer pages; their time is scaled to all {total}: the start as it was, the rest in proportion.")
    lines.append(
        f"searchable: computed, not waited for. Each page queues one indexing task, and a default server starts one every {INDEXING_TASK_S:.0f} s."
    )
    return lines


def as_json(result: Result, total: int) -> dict[str, Any]:
    return {
        "way": result.way.key, "ended": result.ended, "pages": result.pages, "setup_s": result.setup_s, "pages_s": result.pages_s,
        "scaled_s": result.scaled_s(total), "scaled_to_pages": total, "calls": result.calls, "connections": result.connections,
        "client_cpu_s": result.client_cpu_s, "service_cpu_s": result.service_cpu_s, "errors": result.errors,
        "searchable_computed_s": searchable_s(result, total), "compared": result.checked, "findings": result.findings,
    }  # fmt: skip


def machine() -> dict[str, str]:
    import os

    return {"system": platform.platform(), "cpus": str(os.cpu_count()), "python": platform.python_version()}
