"""What a crawler writes down, so that it can go on after a crash of its own.

One line of JSON for each thing that happened, appended by one write each: a kill leaves at most the last line torn, and a torn line is one that
was not written. Nothing is synced to the disk: the crawler outlives kill -9 with this, not a loss of power.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a journal, in order; none if there is no journal yet."""
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n")[:-1]:
        try:
            yield json.loads(line)
        except ValueError:  # torn by a kill; the next life of the crawler ended the line
            continue


class Journal:
    """Steps of a crawl: under which id each was last asked for, and what came of it."""

    def __init__(self, path: Path) -> None:
        self._done: dict[str, str] = {}
        self._ids: dict[str, bytes] = {}
        for entry in entries(path):
            if "id" in entry:
                self._ids[entry["step"]] = bytes.fromhex(entry["id"])
            if "done" in entry:
                self._done[entry["step"]] = entry["done"]
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(self._file, b"\n")  # ends a torn line

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._file)

    def outcome(self, step: str) -> str | None:
        """What came of a step; None = nothing that is known."""
        return self._done.get(step)

    def unfinished(self, step: str) -> bytes | None:
        """The id under which a former life began this step."""
        return self._ids.get(step)

    def begin(self, step: str, ident: bytes) -> None:
        """To be written before anything is sent under that id."""
        self._write(step=step, id=ident.hex())

    def note(self, step: str, **what: Any) -> None:
        self._write(step=step, **what)

    def end(self, step: str, outcome: str, **what: Any) -> None:
        self._done[step] = outcome
        self._write(step=step, done=outcome, **what)

    def _write(self, **entry: Any) -> None:
        os.write(self._file, json.dumps(entry).encode() + b"\n")
