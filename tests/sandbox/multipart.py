"""multipart/form-data as Werkzeug reads it, fed in pieces: a part with a file name is a file, any other a text.

A file is counted and hashed as it comes, and kept only up to a bound, so that an upload of any size costs the stand-in little. A body that
ends before its last boundary has no parts at all, as in Werkzeug.
"""

from __future__ import annotations

import hashlib
import re
from email.message import Message
from typing import Any, Callable

_PARAMETER = re.compile(r';\s*([\w*]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)')
# What Werkzeug holds of texts in memory, and more than any part's head needs.
MOST_TEXT = 500_000
MOST_HEAD = 65_536


class FilePart:
    """One file of a form: what it says it is, and what came so far."""

    def __init__(self, field: str, name: str, content_type: str, keep: int) -> None:
        self.field = field
        self.name = name
        self.content_type = content_type
        self.size = 0
        self.whole = False
        self._hash = hashlib.sha256()
        self._kept: bytearray | None = bytearray()
        self._keep = keep

    def feed(self, data: bytes | bytearray) -> None:
        self.size += len(data)
        self._hash.update(data)
        if self.size > self._keep:
            self._kept = None
        elif self._kept is not None:
            self._kept += data

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    @property
    def content(self) -> bytes | None:
        """All of it, or None if it is longer than what is kept."""
        return None if self._kept is None else bytes(self._kept)

    @property
    def extension(self) -> str:
        _, dot, extension = self.name.rpartition(".")
        return extension.lower() if dot else ""

    def public(self) -> dict[str, Any]:
        return {
            "field": self.field,
            "name": self.name,
            "type": self.content_type,
            "size": self.size,
            "sha256": self.sha256,
            "whole": self.whole,
        }


class Form:
    """What a body holds. told hears of each file as it begins, and again when it is whole."""

    def __init__(self, boundary: str = "", keep: int = 0, told: Callable[[FilePart], None] | None = None) -> None:
        self.texts: dict[str, str] = {}
        self.files: list[FilePart] = []
        self.too_large = False
        self._mark = b"\r\n--" + boundary.encode("latin-1", "replace")
        self._keep = keep
        self._told = told
        self._buffer = bytearray(b"\r\n")
        self._file: FilePart | None = None
        self._text: tuple[str, bytearray] | None = None
        self._texts_size = 0
        self._state = "before" if boundary else "end"

    def feed(self, data: bytes) -> None:
        if self._state == "end":
            return
        self._buffer += data
        while self._step():
            pass

    def finish(self) -> None:
        """The body is over."""
        if self._state != "end":
            self.texts, self.files = {}, []

    def file(self, field: str) -> FilePart | None:
        return next((part for part in self.files if part.field == field), None)

    # --- the three things that can stand next

    def _step(self) -> bool:
        """Take what can be taken from the buffer; False if more is needed first."""
        if self._state in ("before", "body"):
            return self._until_mark()
        if self._state == "marked":
            return self._after_mark()
        return self._state == "head" and self._part_head()

    def _until_mark(self) -> bool:
        at = self._buffer.find(self._mark)
        ends = at >= 0
        if not ends:
            at = max(0, len(self._buffer) - len(self._mark) + 1)
        if self._state == "body" and at:
            self._content(self._buffer[:at])
        del self._buffer[: at + (len(self._mark) if ends else 0)]
        if ends:
            if self._state == "body":
                self._part_ends()
            self._state = "marked"
        return ends

    def _after_mark(self) -> bool:
        if len(self._buffer) < 2:
            return False
        self._state = "end" if self._buffer.startswith(b"--") else "head"
        return self._state == "head"

    def _part_head(self) -> bool:
        at = self._buffer.find(b"\r\n\r\n")
        if at < 0:
            if len(self._buffer) > MOST_HEAD:
                self._state, self.texts, self.files = "end", {}, []
            return False
        self._part_begins(_headers(bytes(self._buffer[:at])))
        del self._buffer[: at + 4]
        self._state = "body"
        return True

    def _part_begins(self, headers: dict[str, str]) -> None:
        disposition = _parameters(headers.get("content-disposition", ""))
        name, filename = disposition.get("name", ""), _filename(disposition)
        self._file = self._text = None
        if filename is None:
            self._text = (name, bytearray())
            return
        self._file = FilePart(name, filename, headers.get("content-type", ""), self._keep)
        self.files.append(self._file)
        if self._told is not None:
            self._told(self._file)

    def _content(self, data: bytearray) -> None:
        if self._file is not None:
            self._file.feed(data)
        elif self._text is not None and not self.too_large:
            self._texts_size += len(data)
            self.too_large = self._texts_size > MOST_TEXT
            self._text[1].extend(data)

    def _part_ends(self) -> None:
        if self._file is not None:
            self._file.whole = True
            if self._told is not None:
                self._told(self._file)
        elif self._text is not None:
            self.texts.setdefault(self._text[0], self._text[1].decode("utf-8", "replace"))


def boundary_of(content_type: str) -> str:
    """The boundary of a multipart/form-data body; empty if it is none."""
    if not content_type.lower().startswith("multipart/form-data"):
        return ""
    return _parameters(content_type).get("boundary", "")


def _parameters(value: str) -> dict[str, str]:
    found = {}
    for name, text in _PARAMETER.findall(value):
        if text.startswith('"'):  # with backslashes as in headers, or %22 for a quote as browsers have it
            text = re.sub(r"\\(.)", r"\1", text[1:-1]).replace("%22", '"')
        found[name.lower()] = text
    return found


def _headers(block: bytes) -> dict[str, str]:
    lines = block.decode("utf-8", "replace").split("\r\n")
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _filename(disposition: dict[str, str]) -> str | None:
    extended = disposition.get("filename*")
    if extended is None:
        return disposition.get("filename")
    message = Message()
    message.add_header("Content-Disposition", f"attachment; filename*={extended}")
    return message.get_filename()
