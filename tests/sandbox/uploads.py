"""Files: what was received in forms, what is stored, and the signed links that lead to it.

Every file part of every form is noted as it begins, also one that breaks off or is refused: its name, type, size so far and hash. Its content is
kept only up to the setting keep_upload_bytes. Files can also be made to order, of any size, from content that is generated while it is sent.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import secrets
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from .multipart import FilePart
from .settings import Settings
from .state import State, Workspace, new_id

MOST_RECEIVED = 1000
PIECE = 65_521
_MB = 1024 * 1024
_LIMITS: tuple[tuple[int, frozenset[str]], ...] = (
    (10 * _MB, frozenset(["jpg", "jpeg", "png", "webp", "gif", "svg"])),
    (100 * _MB, frozenset(["mp4", "mov", "mpeg", "webm"])),
    (50 * _MB, frozenset(["mp3", "m4a", "wav", "amr", "mpga"])),
)
LINK_LASTS_S = 300
# A prime's length, so that content that is cut and joined a block off is not the same.
_BLOCK = Random(1).randbytes(PIECE)


def generated(size: int) -> Iterator[bytes]:
    """Content of so many bytes, always the same."""
    for start in range(0, size, PIECE):
        yield _BLOCK[: min(PIECE, size - start)]


def sha256_of(size: int) -> str:
    """The hash of that content; takes about a second a gigabyte, without the interpreter's lock."""
    made = hashlib.sha256()
    for piece in generated(size):
        made.update(piece)
    return made.hexdigest()


def most_of(extension: str, others: int) -> int:
    """How large an app's file may be, by its extension."""
    return next((limit for limit, names in _LIMITS if extension in names), others)


@dataclass
class StoredFile:
    """A file that has an id. content is None if it is generated, or was too long to be kept."""

    name: str
    size: int
    extension: str
    mime_type: str
    sha256: str
    workspace: Workspace
    app: str
    created_by: str
    content: bytes | None
    generated: bool = False
    id: str = field(default_factory=new_id)
    created_at: float = field(default_factory=time.time)
    in_messages: bool = False

    @property
    def readable(self) -> bool:
        return self.generated or self.content is not None

    def public(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "size": self.size,
            "extension": self.extension,
            "mime_type": self.mime_type,
            "sha256": self.sha256,
            "workspace": self.workspace.name,
            "app": self.app,
            "generated": self.generated,
            "kept": self.content is not None,
            "in_messages": self.in_messages,
        }


_MADE = {"name": "download.bin", "size": 0, "mime_type": "application/octet-stream", "key": "", "in_messages": True}


async def make(uploads: Uploads, state: State, settings: Settings, given: dict[str, Any]) -> StoredFile:
    """A file of generated content, for downloads of any size; its hash is known without its being held."""
    unknown = sorted(set(given) - set(_MADE))
    if unknown:
        raise ValueError(f"file: no {unknown[0]!r}: there are {', '.join(_MADE)}")
    values = {**_MADE, **given}
    if not isinstance(values["size"], int) or values["size"] < 0:
        raise ValueError("size: expected a number of at least 0")
    key = next((one for one in settings.keys if values["key"] in (one.name, one.secret)), None)
    if key is None:
        raise ValueError(f"key: expected one of {', '.join(one.name for one in settings.keys)}")
    sha256 = await asyncio.get_running_loop().run_in_executor(None, sha256_of, values["size"])
    name, workspace = str(values["name"]), state.workspaces[key.workspace]
    made = StoredFile(
        name,
        values["size"],
        name.rpartition(".")[2].lower(),
        str(values["mime_type"]),
        sha256,
        workspace,
        key.name,
        workspace.owner,
        None,
        generated=True,
        in_messages=bool(values["in_messages"]),
    )
    return uploads.store(made)


class Uploads:
    """All of it, for one server."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self.reset()

    def reset(self) -> None:
        self.files: dict[str, StoredFile] = {}
        self.received: deque[tuple[int, str, FilePart]] = deque(maxlen=MOST_RECEIVED)
        self._numbers = itertools.count(1)
        self.parts = 0
        self.whole = 0
        self.bytes = 0

    def state(self) -> dict[str, Any]:
        """The numbers that can be waited for. bytes are those of forms, as they come."""
        return {"parts": self.parts, "whole": self.whole, "bytes": self.bytes, "stored": len(self.files)}

    def note(self, operation: str, part: FilePart) -> None:
        """A file part has begun, or is whole now."""
        if part.whole:
            self.whole += 1
            return
        self.parts += 1
        self.received.append((next(self._numbers), operation, part))

    def list(self) -> list[dict[str, Any]]:
        return [{"number": number, "operation": name, **part.public()} for number, name, part in self.received]

    def store(self, stored: StoredFile) -> StoredFile:
        self.files[stored.id] = stored
        return stored

    # --- signed links

    def _sign(self, file_id: str, stamp: str, nonce: str) -> str:
        text = f"file-preview|{file_id}|{stamp}|{nonce}".encode()
        return base64.urlsafe_b64encode(hmac.new(self._secret, text, hashlib.sha256).digest()).decode()

    def link(self, base: str, file_id: str) -> str:
        """A link to a file that is good for five minutes. base is the server's, without a path."""
        stamp, nonce = str(int(time.time())), secrets.token_hex(16)
        sign = self._sign(file_id, stamp, nonce).replace("=", "%3D")
        return f"{base}/files/{file_id}/file-preview?timestamp={stamp}&nonce={nonce}&sign={sign}"

    def holds(self, file_id: str, stamp: str, nonce: str, sign: str) -> bool:
        """Whether such a link was made here and is still good."""
        good = hmac.compare_digest(self._sign(file_id, stamp, nonce).encode(), sign.encode("utf-8", "replace"))
        return good and 0 <= time.time() - int(stamp) <= LINK_LASTS_S
