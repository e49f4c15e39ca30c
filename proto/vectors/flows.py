"""Streams and uploads: what a client asks for them, and what it is told."""

from __future__ import annotations

from typing import Any

from replies import BASE, ERROR, META, error, ok
from requests_ import HEAD, bad, good

STREAM = bytes(range(0x40, 0x50))
OTHER = bytes(range(0x60, 0x70))
UPLOAD = bytes(range(0x80, 0x90))
PUSH = bytes(range(0xA0, 0xB0))
PAGE = {"url": "https://example.org/ü", "title": "Füße ☃", "text": "How?", "metadata": {"year": 2024, "tags": ["a", "b"]}}
RESULT = '{"event":"page","index":0,"key":"https://example.org/ü","outcome":"created"}'
PNG = b"\x89PNG\r\n\x1a\n"
CHAT = {"inputs": {}, "query": "Füße ☃?", "user": "abc-123"}
RUN = {"task_id": "t-1", "conversation_id": "c-1", "message_id": "m-1"}
WORDS = '{"event":"message","task_id":"t-1","answer":"Füße ☃"}'


def requests() -> list[dict[str, Any]]:
    """Requests that are taken; what comes of them depends on profiles and handles."""

    def asks(name: str, text: str, op: str, args: dict[str, Any], **more: Any) -> dict[str, Any]:
        return good(name, text, {**HEAD, "op": op, "args": args, **more}, live=False)

    every = {"buffer": 8_388_608, "idle_ms": 1, "total_ms": 86_400_000, "keep_run": True}
    many = [{"stream": STREAM, "after": 0}, {"stream": OTHER, "after": 2**40}]
    limits = {"wait_ms": 0, "max_bytes": 1, "max_events": 65_536}
    file = {"param": "file", "name": "Füße ☃.md", "type": "text/markdown", "length": 36}
    return [
        asks("stream_open", "A run as a stream.", "stream.open", {"op": "chat.send", "args": CHAT}),
        asks(
            "stream_open_every_argument",
            "With all its bounds.",
            "stream.open",
            {"op": "chat.send", "args": CHAT} | every,
        ),
        asks("stream_open_bare", "An operation without arguments.", "stream.open", {"op": "apps.info"}),
        asks(
            "stream_open_profile",
            "Profile, priority and options are those of the request.",
            "stream.open",
            {"op": "files.preview", "args": {"file_id": "00000000-0000-4000-8000-000000000001"}},
            profile="app",
            priority="interactive",
            options={"wait": True},
        ),
        asks("stream_next", "One stream, from its start.", "stream.next", {"streams": many[:1]}),
        asks("stream_next_many", "Two at once, with all bounds.", "stream.next", {"streams": many, **limits}),
        asks("stream_close", "Its run is stopped.", "stream.close", {"stream": STREAM}),
        asks("stream_close_keep", "Its run goes on.", "stream.close", {"stream": STREAM, "keep_run": True}),
        asks(
            "file_bin",
            "A file small enough for the message: its bytes.",
            "documents.update_by_file",
            {"dataset_id": "d", "document_id": "e", "file": PNG},
        ),
        asks(
            "file_map",
            "The same with a name and a type.",
            "files.upload",
            {"file": {"name": "a ☃.png", "type": "image/png", "data": PNG}, "user": "abc-123"},
        ),
        asks(
            "upload_open", "A file of unknown length.", "upload.open", {"op": "files.upload", "file": {"name": "a.md"}}
        ),
        asks(
            "upload_open_every_argument",
            "All that can be said.",
            "upload.open",
            {"op": "files.upload", "args": {"user": "abc-123"}, "file": file, "total_ms": 60_000, "idle_ms": 1000},
        ),
        asks("upload_write", "The first bytes.", "upload.write", {"upload": UPLOAD, "offset": 0, "bytes": PNG}),
        asks(
            "upload_write_far", "Bytes past 4 GiB.", "upload.write", {"upload": UPLOAD, "offset": 2**33, "bytes": b"x"}
        ),
        asks("upload_close", "The file is complete.", "upload.close", {"upload": UPLOAD}),
        asks("upload_abort", "It is given up.", "upload.close", {"upload": UPLOAD, "abort": True}),
        asks("push_open", "A push into a knowledge base by its name.", "push.open", {"dataset": "Füße"}),
        asks(
            "push_open_bounds",
            "With its bounds, and what pages.push takes.",
            "push.open",
            {"dataset": "Füße", "prune": False, "buffer": 4096, "idle_ms": 100, "total_ms": 86_400_000},
        ),
        asks("push_add", "The first page.", "push.add", {"push": PUSH, "pages": [PAGE], "at": 0}),
        asks(
            "push_add_file",
            "A page that is a file, far behind others, without waiting.",
            "push.add",
            {"push": PUSH, "pages": [{"id": "7", "file": {"name": "a ☃.png", "data": PNG}}], "at": 2**33, "wait_ms": 0},
        ),
        asks("push_next", "What became of pages.", "push.next", {"push": PUSH, "after": 0}),
        asks("push_next_bounds", "With all bounds.", "push.next", {"push": PUSH, "after": 2**40, **limits}),
        asks("push_finish", "No more pages come.", "push.finish", {"push": PUSH}),
        asks("push_finish_at", "So many were given in all.", "push.finish", {"push": PUSH, "at": 2**33}),
        asks("push_close", "It is given up.", "push.close", {"push": PUSH}),
    ]


def replies() -> list[dict[str, Any]]:
    return [*of_streams(), *ends(), *of_uploads(), *of_pushes()]


def value(body: Any) -> dict[str, Any]:
    return {**BASE, "ok": {"status": 200, "type": "", "headers": {}, "body": body, "meta": {}}}


def told(*streams: dict[str, Any]) -> dict[str, Any]:
    return value({"streams": list(streams)})


def of_streams() -> list[dict[str, Any]]:
    events = {"stream": STREAM, "kind": "events", "status": 200, "type": "text/event-stream", "headers": {}, "name": ""}
    file = {"stream": OTHER, "kind": "bytes", "status": 200, "type": "image/png", "headers": {}, "name": "a ☃.png"}
    typed = {"event": "later", "id": "7", "data": "{}"}
    return [
        ok("stream_opened", "A stream of events has begun.", value(events)),
        ok("stream_opened_file", "A file of known length has begun.", value({**file, "length": len(PNG)})),
        ok("stream_silent", "Nothing has come in time.", told()),
        ok("stream_event", "The first event.", told({"stream": STREAM, "first": 1, "events": [WORDS]})),
        ok(
            "stream_events",
            "Many, one of them with a type and an id.",
            told({"stream": STREAM, "first": 2**32, "events": [WORDS, typed, WORDS]}),
        ),
        ok("stream_bytes", "A piece of a file.", told({"stream": OTHER, "offset": 2**33, "bytes": PNG})),
        ok(
            "stream_many",
            "Pieces of two streams.",
            told({"stream": STREAM, "first": 3, "events": [WORDS]}, {"stream": OTHER, "offset": 0, "bytes": PNG}),
        ),
        ok("stream_closed", "A run was stopped.", value({"stopped": True, "ended": False})),
        ok("stream_closed_ended", "It had ended by itself.", value({"stopped": False, "ended": True})),
    ]


def ends() -> list[dict[str, Any]]:
    """A request for many streams succeeds though one of them has failed."""
    good_end = {"ok": {"status": 200, "type": "text/event-stream", "meta": META, "run": RUN}}
    bad_end = {"error": {**ERROR, "kind": "server_error", "code": "completion_request_error", "run": RUN}}
    cut = {"error": {**ERROR, "kind": "unknown_outcome", "code": "cut", "run": RUN}}
    lost = {"error": {**ERROR, "kind": "not_found", "code": "no_such_stream"}}
    last = {"stream": STREAM, "first": 9, "events": [WORDS]}
    return [
        ok("stream_end", "The last event, and that the run ended well.", told({**last, "end": good_end})),
        ok("stream_end_alone", "The end without a further event.", told({"stream": STREAM, "end": good_end})),
        ok("stream_end_error", "A run that failed: the error told inside it.", told({**last, "end": bad_end})),
        ok("stream_end_cut", "A stream that was cut; its run may go on.", told({"stream": STREAM, "end": cut})),
        ok(
            "stream_end_unknown",
            "A handle that is not known, beside one that is.",
            told({"stream": OTHER, "end": lost}, last),
        ),
        error("stream_not_opened", "An operation that failed before its answer began.", {**BASE, "error": ERROR}),
        error(
            "stream_after_refused",
            "An after that was never given.",
            {**BASE, "error": {**ERROR, "kind": "invalid_request", "code": "after"}},
        ),
        error(
            "streams_per_user",
            "Too many open streams.",
            {**BASE, "error": {**ERROR, "kind": "busy", "code": "streams_per_user", "retryable": True}},
        ),
    ]


def of_uploads() -> list[dict[str, Any]]:
    def refused(name: str, text: str, kind: str, code: str) -> dict[str, Any]:
        return error(name, text, {**BASE, "error": {**ERROR, "kind": kind, "code": code, "status": 0}})

    done = {"status": 201, "type": "application/json", "headers": {}, "body": b'{"id": "1"}', "meta": META}
    return [
        ok("upload_opened", "Bytes may be sent.", value({"upload": UPLOAD, "window": 1_048_576})),
        ok("upload_accepted", "So many bytes were accepted.", value({"offset": 2**33, "ended": False})),
        ok("upload_ended", "The server has answered early.", value({"offset": 4096, "ended": True})),
        ok("upload_done", "The operation's own answer.", {**BASE, "ok": done}),
        ok("upload_aborted", "It was given up.", value({"aborted": True})),
        refused("upload_gap", "A write that would leave a gap.", "invalid_request", "offset"),
        refused("upload_window_full", "A write beyond the window.", "busy", "window"),
        refused("upload_length", "Another length than was said.", "invalid_request", "length"),
        refused("upload_idle", "Nothing was written for too long.", "timeout", "upload_idle"),
        refused("upload_unknown", "A handle that is not known.", "not_found", "no_such_upload"),
        refused("upload_too_large", "A file over a bound, which is named.", "too_large", "file"),
    ]


def of_pushes() -> list[dict[str, Any]]:
    def refused(name: str, text: str, kind: str, code: str) -> dict[str, Any]:
        return error(name, text, {**BASE, "error": {**ERROR, "kind": kind, "code": code, "status": 0}})

    done = {"status": 200, "type": "application/json", "headers": {}, "body": b'{"created": 1}', "meta": META}
    return [
        ok("push_opened", "Pages may be given.", value({"push": PUSH, "window": 256})),
        ok("push_taken", "So many were taken.", value({"taken": 2**33, "ended": False})),
        ok("push_ended", "Nothing more is wanted.", value({"taken": 7, "ended": True})),
        ok("push_silent", "Nothing has come in time.", value({"push": PUSH})),
        ok("push_result", "What became of a page.", value({"push": PUSH, "first": 1, "events": [RESULT]})),
        ok("push_end", "The totals.", value({"push": PUSH, "first": 2**32, "events": [RESULT], "end": {"ok": done}})),
        ok("push_finished", "No more pages come.", value({})),
        refused("push_gap", "An add that would leave a gap.", "invalid_request", "at"),
        refused("push_full", "More pages wait than may.", "busy", "push_bytes"),
        refused("push_unknown", "A handle that is not known.", "not_found", "no_such_push"),
    ]


def refusals() -> list[dict[str, Any]]:
    """Wrong arguments of the service's own: refused by name before anything is looked up."""

    def wrong(name: str, text: str, op: str, args: dict[str, Any], code: str, names: str) -> dict[str, Any]:
        return bad(name, text, {**HEAD, "op": op, "args": args}, code, names=names)

    opened = {"op": "chat.send", "args": CHAT}
    added = {"push": PUSH, "pages": [PAGE], "at": 0}
    one = [{"stream": STREAM, "after": 0}]
    return [
        wrong("stream_open_nothing", "No operation is named.", "stream.open", {}, "missing_argument", "op"),
        wrong(
            "stream_open_unknown",
            "An argument nobody knows.",
            "stream.open",
            opened | {"x": 1},
            "unknown_argument",
            "x",
        ),
        wrong("stream_open_args_list", "args is a list.", "stream.open", opened | {"args": []}, "invalid_type", "args"),
        wrong(
            "stream_open_buffer",
            "A buffer too small.",
            "stream.open",
            opened | {"buffer": 4095},
            "out_of_range",
            "buffer",
        ),
        wrong("stream_open_idle", "No time at all.", "stream.open", opened | {"idle_ms": 0}, "out_of_range", "idle_ms"),
        wrong(
            "stream_open_total",
            "Over a day.",
            "stream.open",
            opened | {"total_ms": 86_400_001},
            "out_of_range",
            "total_ms",
        ),
        wrong(
            "stream_open_keep",
            "A number as switch.",
            "stream.open",
            opened | {"keep_run": 1},
            "invalid_type",
            "keep_run",
        ),
        wrong("stream_next_nothing", "No stream is named.", "stream.next", {}, "missing_argument", "streams"),
        wrong("stream_next_empty", "A list of none.", "stream.next", {"streams": []}, "out_of_range", "streams"),
        wrong("stream_next_map", "No list.", "stream.next", {"streams": one[0]}, "invalid_type", "streams"),
        wrong(
            "stream_next_short",
            "A handle of 15 bytes.",
            "stream.next",
            {"streams": [{"stream": STREAM[:15], "after": 0}]},
            "invalid_type",
            "stream",
        ),
        wrong(
            "stream_next_negative",
            "Fewer than none arrived.",
            "stream.next",
            {"streams": [{"stream": STREAM, "after": -1}]},
            "out_of_range",
            "after",
        ),
        wrong(
            "stream_next_wait",
            "Over a minute.",
            "stream.next",
            {"streams": one, "wait_ms": 60_001},
            "out_of_range",
            "wait_ms",
        ),
        wrong(
            "stream_next_bytes",
            "No byte.",
            "stream.next",
            {"streams": one, "max_bytes": 0},
            "out_of_range",
            "max_bytes",
        ),
        wrong(
            "stream_next_events",
            "No event.",
            "stream.next",
            {"streams": one, "max_events": 0},
            "out_of_range",
            "max_events",
        ),
        wrong("stream_close_nothing", "No stream is named.", "stream.close", {}, "missing_argument", "stream"),
        bad(
            "stream_close_unknown",
            "A handle that nobody has.",
            {**HEAD, "op": "stream.close", "args": {"stream": STREAM}},
            "no_such_stream",
            kind="not_found",
        ),
        wrong("push_open_buffer", "Too small.", "push.open", {"dataset": "F", "buffer": 1}, "out_of_range", "buffer"),
        wrong("push_open_idle", "Too short.", "push.open", {"dataset": "F", "idle_ms": 99}, "out_of_range", "idle_ms"),
        wrong("push_open_pages", "Pages.", "push.open", {"dataset": "F", "pages": []}, "unknown_argument", "pages"),
        wrong("push_add_nothing", "No push is named.", "push.add", {}, "missing_argument", "push"),
        wrong("push_add_none", "A list of none.", "push.add", added | {"pages": []}, "out_of_range", "pages"),
        wrong("push_add_map", "No list.", "push.add", added | {"pages": PAGE}, "invalid_type", "pages"),
        wrong("push_add_before", "Before the first.", "push.add", added | {"at": -1}, "out_of_range", "at"),
        wrong("push_add_wait", "Over a minute.", "push.add", added | {"wait_ms": 60_001}, "out_of_range", "wait_ms"),
        wrong("push_add_unknown", "Nobody knows it.", "push.add", added | {"x": 1}, "unknown_argument", "x"),
        wrong("push_next_nothing", "No push is named.", "push.next", {"after": 0}, "missing_argument", "push"),
        wrong("push_next_after", "Nothing arrived?", "push.next", {"push": PUSH}, "missing_argument", "after"),
        wrong("push_next_streams", "A list.", "push.next", {"streams": one}, "unknown_argument", "streams"),
        wrong("push_finish_short", "15 bytes.", "push.finish", {"push": PUSH[:15]}, "invalid_type", "push"),
        wrong("push_close_nothing", "No push is named.", "push.close", {}, "missing_argument", "push"),
        bad(
            "push_add_unknown_handle",
            "A handle that nobody has.",
            {**HEAD, "op": "push.add", "args": added},
            "no_such_push",
            kind="not_found",
        ),
    ]
