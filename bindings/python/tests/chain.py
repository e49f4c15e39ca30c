"""What the tests of the real chain stand on: the real difypoold, and the sandbox that plays Dify."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DAEMON = os.environ.get("DIFYPOOL_DAEMON", "")


def chain_is_missing() -> str:
    """Why the real chain cannot be tested here; empty if it can."""
    if not DAEMON:
        return "DIFYPOOL_DAEMON names no difypoold (./dev test sets it)"
    if not os.access(DAEMON, os.X_OK):
        return f"DIFYPOOL_DAEMON is {DAEMON}, which is no program"
    if not (ROOT / "tests" / "sandbox" / "testing.py").exists():
        return "tests/sandbox is not there (outside the source tree)"
    if str(ROOT / "tests") not in sys.path:
        sys.path.append(str(ROOT / "tests"))
    try:
        import aiohttp  # noqa: F401
        import cryptography  # noqa: F401
        import sandbox.testing  # noqa: F401
    except ImportError as error:
        return f"the sandbox cannot run: {error}"
    return ""


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, f"it did not happen within {seconds} s: {what}"
        time.sleep(0.005)


def has_ended(pid: int) -> bool:
    """Whether a process that is not our child is gone, or waits for nothing but to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
