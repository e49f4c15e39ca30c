"""The options that every call takes. A module of its own, since typing is slow to import and only type checkers need it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, BinaryIO, Literal, Tuple, TypedDict, Union  # noqa: UP035


class CallOptions(TypedDict, total=False):
    """Options of one call; all may be left out.

    Attributes:
        deadline: seconds for all of it, waiting included, 0.001..86400; 120 by default, none for ``batch`` and
            ``documents.wait``.
        priority: ``interactive`` goes first, ``bulk`` last.
        cache: an answer up to so many seconds old will do, 0..3600; 0 by default.
        decode: the service decodes a JSON answer of up to 1 MiB, so that ``reply.json()`` costs nothing.
        wait: wait for an open breaker, a full server and a restart of the service instead of failing. The plan's pace
            is waited for in any case.
        validate: refuse unknown and ill-formed arguments before anything is sent; on by default.
        allow_hazard: carry out what is known to break this version of the server.
        blocking: ask the server for one answer rather than a stream.
        call_id: 16 random bytes that stand for this intended call; by default made here. A program that writes it down
            before it calls can ask again after a crash of its own: the service joins, or answers from memory.
        again: this call may have been carried out already, under this ``call_id`` or otherwise: a write is looked for
            before it is done, and where nothing can show it, it is UnknownOutcome and not done.
    """

    deadline: float
    priority: Literal["interactive", "normal", "bulk"]
    cache: float
    decode: bool
    wait: bool
    validate: bool
    allow_hazard: bool
    blocking: bool
    call_id: bytes
    again: bool


class StreamOptions(CallOptions, total=False):
    """Options of one call with ``stream=True``: those of every call, where ``deadline`` is for the opening, and these.

    Attributes:
        idle: seconds of silence that end it, 0.001..86400; pings count as life.
        total: seconds for all of it, 0.001..86400; no bound by default.
        keep_run: leave the run going at the server when the stream is closed or abandoned; stopped by default.
        buffer: bytes that the service holds for a reader that takes its time, 4,096..8,388,608.
    """

    idle: float
    total: float
    keep_run: bool
    buffer: int


class PushOptions(TypedDict, total=False):
    """Options of a push.

    Attributes:
        deadline: seconds for all of it, 0.001..86400; no bound by default.
        idle: seconds in which no page comes although there is room, 0.1..86400; no bound by default.
        priority: ``interactive`` goes first, ``bulk`` last.
        validate: refuse unknown and ill-formed arguments; on by default.
    """

    deadline: float
    idle: float
    priority: Literal["interactive", "normal", "bulk"]
    validate: bool


# A file to send: a path, an open binary file, bytes, a name and bytes and perhaps a media type, or the wire's own map.
FileArg = Union[
    "os.PathLike[str]", BinaryIO, bytes, Tuple[str, bytes], Tuple[str, bytes, str], Mapping[str, Any]  # noqa: UP006
]
