"""A progress bar: one line that is drawn anew on a terminal, a few plain lines where there is none."""

from __future__ import annotations

import sys
import time


class Bar:
    WIDTH = 28
    REDRAW_S = 0.1

    def __init__(self, title: str, quiet: bool = False) -> None:
        self.title = title
        self.quiet = quiet
        self.started = time.monotonic()
        self.drawn = 0.0
        self.quarter = 0
        self.live = sys.stdout.isatty()

    def update(self, done: int, total: int) -> None:
        if self.quiet or total <= 0:
            return
        now = time.monotonic()
        if self.live and (done >= total or now - self.drawn >= self.REDRAW_S):
            self.drawn = now
            print("\r" + self._line(done, total), end="", flush=True)
        elif not self.live and done * 4 // total > self.quarter and done < total:
            self.quarter = done * 4 // total
            print(self._line(done, total), flush=True)

    def end(self, done: int, total: int, note: str = "") -> None:
        if self.quiet:
            return
        start = "\r" if self.live else ""
        print(f"{start}{self._line(done, total)}{'  ' + note if note else ''}", flush=True)

    def _line(self, done: int, total: int) -> str:
        filled = self.WIDTH * done // max(total, 1)
        seconds = time.monotonic() - self.started
        return f"  {self.title:<38} [{'#' * filled}{'.' * (self.WIDTH - filled)}] {done:>4}/{total:<4} {seconds:6.1f} s"
