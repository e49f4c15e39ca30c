"""The docstrings of the Python methods that gen_python.py makes: what a call does, takes, raises, and how it looks."""

from __future__ import annotations

import json
import keyword
import textwrap
from typing import Any

WIDTH = 110
RETRY_TEXT = {
    "free": "A read: repeated at will.",
    "verify": "A write: never repeated blindly; a repeat looks first whether it happened.",
    "never": "A write: never repeated once a byte may have reached the server.",
}
FILE = " A `pathlib.Path`, an open binary file, `(name, bytes)` or `(name, bytes, type)`; large ones flow through in pieces."
STREAM = {
    "events": "stream: True gives the events as they come, as a {stream}; otherwise one answer is put together.",
    "binary": "stream: True gives a {stream}, whose bytes come in pieces; otherwise `reply.content` holds them.",
}
PAGES = (
    "pages: any iterable, of :class:`difypool.Page` or dicts with its members; a generator's pages are taken as fast as they"
    " can be carried out."
)
PROGRESS = "progress: True shows a line on standard error; a callable gets a :class:`difypool.Progress` now and then."
PUSH_OPTIONS = "options: deadline (s; none by default), idle (s), priority, validate; see PushOptions."
STREAM_OPTIONS = "With a stream also idle (s), total (s), keep_run, buffer; see StreamOptions."
OPTIONS = "options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions."
# Every call may fail in these ways; only what is special to an operation is said on top.
COMMON = "Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol"


def argument(name: str) -> str:
    """A parameter's name as Python can have it."""
    return name + "_" if keyword.iskeyword(name) else name


def bound_text(param: dict[str, Any]) -> str:
    low, high = param.get("min"), param.get("max")
    if low is None and high is None:
        return ""
    unit = {"string": " characters", "bytes": " bytes", "file": " bytes", "array": " entries"}.get(param["type"], "")
    if high is None:
        return f" At least {low}{unit}."
    return f" At most {high}{unit}." if low is None else f" {low}..{high}{unit}."


def wrapped(text: str, indent: int = 0) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 4 if indent else 0),
        break_on_hyphens=False,
    )


def param_lines(param: dict[str, Any]) -> list[str]:
    text = f"{argument(param['name'])}: {param['text']}{bound_text(param)}"
    if param.get("format"):
        text += f" Form: {param['format']}."
    if param.get("default") not in (None, ""):
        text += f" Server's default: {param['default']!r}."
    if param["type"] == "file":
        text += FILE
    lines = wrapped(text, 4)
    if param.get("shape"):
        lines += wrapped(f"Of the form ``{param['shape']}``", 8)
    return lines


def raises(op: dict[str, Any]) -> str:
    kinds = ["InvalidRequest"]
    if any(p["in"] == "path" and p["type"] != "string" for p in op["params"]):
        kinds.append("NotFound")
    if op["retry"] != "free":
        kinds += ["Conflict", "UnknownOutcome"]
    if op.get("paced"):
        kinds += ["RateLimited", "Quota"]
    if op.get("absent") or any("refused" in d["text"] for d in op.get("defects", [])):
        kinds.append("Unsupported")
    return ", ".join(kinds)


def python_value(value: Any) -> str:
    """An example's value as Python writes it; "$x" is a variable."""
    if isinstance(value, str):
        return value[1:] if value.startswith("$") else json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ", ".join(python_value(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {python_value(v)}" for k, v in value.items()) + "}"
    return repr(value)


def example_lines(op: dict[str, Any], is_async: bool) -> list[str]:
    group, verb = op["name"].split(".")
    files = {p["name"] for p in op["params"] if p["type"] == "file"}
    given = dict(op.get("example", {}))
    words = [python_value(given.pop("pages"))] if op["name"] == "pages.push" else []
    words += [
        f"{argument(name)}=" + (f"Path({json.dumps(value)})" if name in files else python_value(value))
        for name, value in given.items()
    ]
    start = f"reply = {'await ' if is_async else ''}client.{group}.{argument(verb)}("
    whole = start + ", ".join(words) + ")"
    if len(whole) + 4 <= WIDTH:
        return [f"    >>> {whole}"]
    return [f"    >>> {start}", *(f"    ...     {word}," for word in words), "    ... )"]


def argument_lines(op: dict[str, Any], is_async: bool) -> list[str]:
    if op["name"] == "pages.push":
        lines = wrapped(PAGES, 4)
        for param in op["params"]:
            lines += param_lines(param) if param["name"] != "pages" else []
        return lines + wrapped(PROGRESS, 4) + wrapped(PUSH_OPTIONS, 4)
    lines = [line for param in op["params"] for line in param_lines(param)]
    if op["answer"] in STREAM:
        stream = ("Async" if is_async else "") + ("Stream" if op["answer"] == "events" else "Download")
        lines += wrapped(STREAM[op["answer"]].format(stream=f":class:`difypool.{stream}`"), 4)
    lines.append("    " + OPTIONS)
    return lines + (wrapped(STREAM_OPTIONS, 8) if op["answer"] in STREAM else [])


def docstring(op: dict[str, Any], indent: str, is_async: bool) -> str:
    lines = wrapped(f"{op['title']}.") + ["", *wrapped(op["text"])]
    route = f"Dify route: ``{op['method']} {op['path']}``. {RETRY_TEXT[op['retry']]}"
    made = "Made of several calls: no server has it. Calling it again changes nothing."
    lines += ["", *wrapped(route if op["method"] else made)]
    if op.get("absent"):
        lines += wrapped(f"Server versions {op['absent']} do not have it.")
    for defect in op.get("defects", []):
        lines += wrapped(f"Server versions {defect['versions']}: {defect['text']}")
    lines += ["", "Args:"]
    lines += argument_lines(op, is_async)
    lines += ["", "Raises:", *wrapped(f"{raises(op)}, {COMMON}: all are :class:`difypool.Error`.", 4)]
    lines += ["", "Example:", *example_lines(op, is_async)]
    text = "\n".join((indent + line).rstrip() for line in lines).strip()
    return text.replace("\\", "\\\\").replace('"""', "'''")
