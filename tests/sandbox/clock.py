"""Waiting for milliseconds on a loop whose timers are late.

asyncio's epoll rounds every wait up to a whole millisecond, so a timer fires half a millisecond late on average, and what is emulated here are sums
of such waits: three a call. Asking for half a millisecond less makes them right on average.
"""

from __future__ import annotations

import asyncio

EARLY_S = 0.0005


async def wait(seconds: float) -> None:
    """Sleep so long, on average."""
    if seconds > 0:
        await asyncio.sleep(max(0.0, seconds - EARLY_S))
