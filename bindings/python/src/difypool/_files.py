"""Files to send: what a caller may give, and how it is cut into pieces.

A file that is small goes in the message of its call. A larger one is opened (``upload.open``), written in pieces, of which
as many are under way as the service has room for, and closed, which gives the operation's reply; at no time is more of it
in memory than those pieces. If the service dies meanwhile nothing has been created, and a file that can be read again from
where it began is sent once more. A text is never taken for a path: that would open whatever a page happens to name.
"""

from __future__ import annotations

import os
from time import monotonic

from . import _wire, errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SMALL = 256 << 10  # bytes that go in one message
PIECE = 256 << 10
WINDOW = 1 << 20  # bytes ahead of what was accepted, where the service does not say
WRITE_S = 3600.0  # seconds for one piece: what waits is the server's pace, which the service bounds
_OPENING = frozenset(("priority", "wait", "validate", "allow_hazard"))


class Source:
    """A file to send, read from its beginning. To be closed."""

    def __init__(self, value: Any, param: str) -> None:
        self.data: Any = None  # what goes in one message, if it is small
        self.name, self.type = "", ""
        self.length: int | None = None
        self._file: Any = None
        self._own = False
        self._start = 0
        if isinstance(value, (bytes, bytearray, memoryview)):
            raise errors.InvalidRequest(
                f"{param}: bytes have no file name, which the server needs", code="argument", hint="give (name, bytes)"
            )
        if isinstance(value, str):
            raise errors.InvalidRequest(
                f"{param}: {value!r:.80} is a text",
                code="argument",
                hint="a path is a pathlib.Path, content is (name, bytes)",
            )
        if isinstance(value, tuple):
            self._take_tuple(value, param)
        elif isinstance(value, os.PathLike):
            self._file, self._own = open(value, "rb"), True  # noqa: SIM115 (close() closes it)
            self._take_file(os.path.basename(os.fspath(value)))
        elif hasattr(value, "read"):
            self._file = value
            self._take_file(getattr(value, "name", None), param)
        else:
            raise errors.InvalidRequest(
                f"{param} is {type(value).__name__}; it is a pathlib.Path, an open binary file or (name, bytes)",
                code="argument",
            )

    def _take_tuple(self, value: tuple[Any, ...], param: str) -> None:
        if len(value) not in (2, 3) or not isinstance(value[0], str):
            raise errors.InvalidRequest(f"{param}: a tuple is (name, bytes) or (name, bytes, type)", code="argument")
        self.name = value[0]
        self.type = value[2] if len(value) == 3 else ""
        content = value[1]
        if hasattr(content, "read"):
            self._file = content
            self._take_file(self.name, param)
            return
        if not isinstance(content, (bytes, bytearray, memoryview)):
            raise errors.InvalidRequest(f"{param}: the content of {self.name!r} is no bytes", code="argument")
        self.length = len(content)
        if self.length > SMALL:
            from io import BytesIO

            self._file, self._own = BytesIO(content), True
        else:
            self.data = bytes(content)

    def _take_file(self, name: Any, param: str = "file") -> None:
        if not isinstance(name, str) or not name:
            raise errors.InvalidRequest(
                f"{param}: the open file has no name, which the server needs", code="argument", hint="give (name, file)"
            )
        self.name = os.path.basename(name)
        try:
            self._start = self._file.tell()
            self.length = self._file.seek(0, 2) - self._start
            self._file.seek(self._start)
        except (OSError, AttributeError, ValueError):
            self._start, self.length = -1, None  # a pipe: read as it comes
        if self.length is not None and self.length <= SMALL:
            self.data = self.read(SMALL + 1)

    def read(self, size: int = PIECE) -> bytes:
        """The next bytes; b"" at the end."""
        data = self._file.read(size)
        if not isinstance(data, bytes):
            raise errors.InvalidRequest(
                f"{self.name}: reading it gave {type(data).__name__}, not bytes",
                code="argument",
                hint="open it in binary mode",
            )
        return data

    def again(self) -> bool:
        """Goes back to where it began; False where that cannot be done."""
        if self._start < 0:
            return False
        self._file.seek(self._start)
        return True

    def close(self) -> None:
        if self._own:
            self._file.close()

    def whole(self) -> dict[str, Any]:
        """A small one, as an argument."""
        return {"name": self.name, "data": self.data, **({"type": self.type} if self.type else {})}

    def told(self, param: str) -> dict[str, Any]:
        """What ``upload.open`` is told of it."""
        about: dict[str, Any] = {"param": param, "name": self.name}
        if self.type:
            about["type"] = self.type
        if self.length is not None:
            about["length"] = self.length
        return about


class Plan:
    """The calls of one upload; those of threads and of asyncio carry them out."""

    def __init__(self, op: str, args: Mapping[str, Any], param: str, source: Source, options: Mapping[str, Any]) -> None:
        self.op = op
        self.source = source
        self.args: dict[str, Any] = {
            "op": op,
            "args": {name: value for name, value in args.items() if value is not None and name != param},
            "file": source.told(param),
        }
        self.opening = {name: value for name, value in options.items() if name in _OPENING}
        self.closing = {name: value for name, value in options.items() if name not in _OPENING and name != "deadline"}
        deadline = options.get("deadline")
        self._until = None
        if deadline is not None:
            self.args["total_ms"] = _wire.millis("deadline", deadline)
            self._until = monotonic() + deadline
        self.handle = b""
        self.offset = 0
        self._window = WINDOW
        self._tries = 2

    def left(self, most: float) -> dict[str, Any]:
        """The option that bounds one message."""
        left = most if self._until is None else self._until - monotonic()
        return {"deadline": min(max(left, 0.001), most)}

    def opened(self, body: Mapping[str, Any]) -> None:
        self.handle = body["upload"]
        self._window = int(body.get("window") or WINDOW)
        self.offset = 0

    def room(self, accepted: int) -> int:
        """How many bytes may be sent now."""
        return min(PIECE, self._window, accepted + self._window - self.offset)

    def write(self, data: bytes) -> dict[str, Any]:
        args = {"upload": self.handle, "offset": self.offset, "bytes": data}
        self.offset += len(data)
        return args

    def once_more(self, error: errors.Error, closing: bool) -> bool:
        """Whether to begin anew: the service that held it is gone, and nothing was created. Raises what else it is."""
        gone = error.code == "no_such_upload" or error.kind == "unreachable"
        if not gone:
            raise error
        if closing:
            raise errors.UnknownOutcome(
                f"{self.op}: the difypool service was lost after the whole of {self.source.name} had been sent",
                code="service_lost",
                hint="look before doing it again",
            ) from None
        self._tries -= 1
        if self._tries and error.code == "no_such_upload" and self.source.again():
            return True
        raise errors.Unreachable(
            f"{self.op}: the difypool service was lost while {self.source.name} was being sent; nothing was created",
            code="service_lost",
        ) from None


def whole(value: Any) -> dict[str, Any]:
    """A file of a page, all of it, as the wire has it."""
    source = Source(value, "file")
    try:
        if source.data is None:
            source.data = source.read(-1)
        return source.whole()
    finally:
        source.close()


def take(args: Mapping[str, Any], param: str) -> Source | None:
    """The file among the arguments; None where there is none, or it is in the wire's own form already."""
    value = args.get(param)
    return None if value is None or isinstance(value, dict) else Source(value, param)
