"""multipart/form-data as Werkzeug reads it: a part with a file name is a file, any other a text."""

from __future__ import annotations

import re
from email.message import Message
from typing import NamedTuple

_PARAMETER = re.compile(r';\s*([\w*]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)')


class FilePart(NamedTuple):
    field: str
    name: str
    content_type: str
    data: bytes


def _parameters(value: str) -> dict[str, str]:
    found = {}
    for name, text in _PARAMETER.findall(value):
        if text.startswith('"'):
            text = re.sub(r"\\(.)", r"\1", text[1:-1])
        found[name.lower()] = text
    return found


def _headers(block: bytes) -> dict[str, str]:
    lines = block.decode("utf-8", "replace").split("\r\n")
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def parse(content_type: str, body: bytes) -> tuple[dict[str, str], list[FilePart]]:
    """The texts by name and the files in order; nothing if the type is another one."""
    texts: dict[str, str] = {}
    files: list[FilePart] = []
    boundary = _parameters(content_type).get("boundary")
    if not content_type.lower().startswith("multipart/form-data") or not boundary:
        return texts, files
    mark = b"--" + boundary.encode("latin-1", "replace")
    for part in (b"\r\n" + body).split(b"\r\n" + mark)[1:]:
        if part.startswith(b"--"):
            break
        head, separator, data = part.partition(b"\r\n\r\n")
        if not separator:
            continue
        headers = _headers(head)
        disposition = _parameters(headers.get("content-disposition", ""))
        name, filename = disposition.get("name", ""), _filename(disposition)
        if filename is None:
            texts.setdefault(name, data.decode("utf-8", "replace"))
        else:
            files.append(FilePart(name, filename, headers.get("content-type", ""), data))
    return texts, files


def _filename(disposition: dict[str, str]) -> str | None:
    extended = disposition.get("filename*")
    if extended is None:
        return disposition.get("filename")
    message = Message()
    message.add_header("Content-Disposition", f"attachment; filename*={extended}")
    return message.get_filename()
