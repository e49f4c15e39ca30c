"""The Python side of gen.py: error kinds, bounds and typed methods for each group of operations, sync and async."""

from __future__ import annotations

import json
from typing import Any

from gen_check import OWN_GROUPS
from gen_pydoc import argument, docstring

NOTE = "Made by proto/gen.py from proto/difypool.toml. Do not edit: change the definition and run it."
TYPES = {
    "string": "str",
    "uuid": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "object": "Mapping[str, Any]",
    "array": "Sequence[Any]",
    "any": "Any",
    "bytes": "bytes",
    "file": "FileArg",
}
# How a list goes on after its first page, and what its iterator promises.
CURSORS = {
    "page": "pages of 100, by ``total``, repeats dropped by id.",
    "last_id": "100 at a time, each from the last one's id on.",
    "first_id": "newest first, 100 at a time, each before the earliest one's id.",
}


def class_name(group: str) -> str:
    return "".join(part.capitalize() for part in group.split("_"))


def table_module(table: dict[str, Any]) -> str:
    kinds = "\n".join(f"    {k['name']!r}: ({k['retryable']!r}, {k['exit']!r})," for k in table["kind"]).replace(
        "'", '"'
    )
    free = "\n".join(f"        {json.dumps(op['name'])}," for op in table["op"] if op["retry"] == "free")
    files = "\n".join(f"    {json.dumps(op['name'])}: {json.dumps(file_of(op))}," for op in table["op"] if file_of(op))
    return f'''"""{NOTE}"""

from __future__ import annotations

PROTOCOL = {table["protocol"]["version"]}

# kind: (retryable by default, exit status of the command line)
KINDS: dict[str, tuple[bool, int]] = {{
{kinds}
}}

MESSAGE_MAX = {next(b["default"] for b in table["bound"] if b["name"] == "message_max")}
GROUPS: frozenset[str] = frozenset(
    ({", ".join(json.dumps(g) for g in groups(table))})
)
# Operations that are read as events, and as the bytes of a file.
EVENTS: frozenset[str] = frozenset(
    ({", ".join(json.dumps(n) for n in streamed(table, "events"))})
)
BINARY: frozenset[str] = frozenset(
    ({", ".join(json.dumps(n) for n in streamed(table, "binary"))})
)
# Operations with a file, and the parameter that it is.
FILES: dict[str, str] = {{
{files}
}}
# Operations that may be repeated at will.
FREE: frozenset[str] = frozenset(
    (
{free}
    )
)
'''


def groups(table: dict[str, Any]) -> list[str]:
    return sorted({op["group"] for op in table["op"]} - {*OWN_GROUPS, "http", "batch"})


def streamed(table: dict[str, Any], how: str) -> list[str]:
    """Operations whose answer is of that kind; those that are made of several calls tell events as they go."""
    names = [op["name"] for op in table["op"] if op["answer"] == how]
    if how == "events":
        names += ["documents.wait", "pages.push", "batch"]
    return names


def file_of(op: dict[str, Any]) -> str:
    return next((str(p["name"]) for p in op["params"] if p["type"] == "file"), "")


def is_list(op: dict[str, Any]) -> bool:
    names = {p["name"] for p in op["params"]}
    return op["name"].endswith(".list") or (op.get("method") == "GET" and bool(names.intersection(CURSORS)))


def annotation(param: dict[str, Any]) -> str:
    if "enum" in param:
        return "Literal[" + ", ".join(json.dumps(e) for e in param["enum"]) + "]"
    return TYPES[param["type"]]


def parameters(params: list[dict[str, Any]], indent: str = "        ") -> str:
    """Required ones first, the others with None as default."""
    required = [f"{indent}{argument(p['name'])}: {annotation(p)}," for p in params if p.get("required")]
    optional = [f"{indent}{argument(p['name'])}: {annotation(p)} | None = None," for p in params if not p.get("required")]
    return "".join(line + "\n" for line in required + optional)


def values(params: list[dict[str, Any]]) -> str:
    lines = [f'            "{p["name"]}": {argument(p["name"])},' for p in params]
    return "{\n" + "\n".join(lines) + "\n        }" if lines else "{}"


def method(op: dict[str, Any], is_async: bool) -> str:
    if op["name"] == "pages.push":
        return push_method(op, is_async)
    if op["answer"] in ("events", "binary"):
        return streaming_method(op, is_async)
    params = parameters(op["params"])
    word, await_ = ("async def", "await ") if is_async else ("def", "")
    carry = f'_upload("{op["name"]}", "{file_of(op)}"' if file_of(op) else f'_method("{op["name"]}"'
    return f'''
    {word} {argument(op["name"].split(".")[1])}(
        self,
{"        *," + chr(10) if params else ""}{params}        **options: Unpack[CallOptions],
    ) -> Reply:
        """{docstring(op, "        ", is_async)}
        """
        return {await_}self._client.{carry}, {values(op["params"])}, options)
'''


def streaming_method(op: dict[str, Any], is_async: bool) -> str:
    """One that gives a stream where that is asked for. What comes back then is told to type checkers alone, since the
    import of typing is slow. Without ``async``: a stream need not be awaited."""
    verb = argument(op["name"].split(".")[1])
    stream = ("Async" if is_async else "") + ("Stream" if op["answer"] == "events" else "Download")
    reply = "Coroutine[Any, Any, Reply]" if is_async else "Reply"
    inner = parameters(op["params"], " " * 12)
    return f'''
    if TYPE_CHECKING:

        @overload
        def {verb}(
            self,
            *,
{inner}            stream: Literal[True],
            **options: Unpack[StreamOptions],
        ) -> {stream}: ...

        @overload
        def {verb}(
            self,
            *,
{inner}            stream: Literal[False] = False,
            **options: Unpack[CallOptions],
        ) -> {reply}: ...

    def {verb}(
        self,
        *,
{parameters(op["params"])}        stream: bool = False,
        **options: Any,
    ) -> Any:
        """{docstring(op, "        ", is_async)}
        """
        carry = self._client._stream if stream else self._client._method
        return carry("{op["name"]}", {values(op["params"])}, options)
'''


def push_method(op: dict[str, Any], is_async: bool) -> str:
    """The one whose pages come one by one from any iterable, and whose results are objects."""
    params = [p for p in op["params"] if p["name"] != "pages"]
    pages = "AsyncIterable[PageLike] | Iterable[PageLike]" if is_async else "Iterable[PageLike]"
    word, await_ = ("async def", "await ") if is_async else ("def", "")
    return f'''
    {word} push(
        self,
        pages: {pages},
        *,
{parameters(params)}        progress: bool | Callable[[Progress], object] = False,
        **options: Unpack[PushOptions],
    ) -> Summary:
        """{docstring(op, "        ", is_async)}
        """
        return {await_}self._client._push("{op["name"]}", pages, {values(params)}, progress, options)
'''


def iterator(op: dict[str, Any], is_async: bool) -> str:
    verb = op["name"].split(".")[1]
    names = [p["name"] for p in op["params"]]
    cursor = next((name for name in CURSORS if name in names), "")
    params = [p for p in op["params"] if p["name"] not in (cursor, "limit")]
    kind = "AsyncIterator" if is_async else "Iterator"
    how = f"All entries of :meth:`{verb}`: {CURSORS[cursor]}" if cursor else f"The entries of :meth:`{verb}`, which come all at once."
    return f'''
    def {"iter" if verb == "list" else "iter_" + verb}(
        self,
{"        *," + chr(10) if params else ""}{parameters(params)}        **options: Unpack[CallOptions],
    ) -> {kind}[dict[str, Any]]:
        """{how}"""
        return self._client._pages("{op["name"]}", {values(params)}, options, "{cursor}")
'''


def methods_module(table: dict[str, Any], is_async: bool) -> str:
    parts = []
    for group in groups(table):
        body = ""
        for op in (o for o in table["op"] if o["group"] == group):
            body += method(op, is_async)
            if is_list(op):
                body += iterator(op, is_async)
        parts.append(
            f'class {class_name(group)}:\n    """Operations of the group ``{group}``."""\n\n    __slots__ = ("_client",)\n\n'
            f"    def __init__(self, client: _Caller) -> None:\n        self._client = client\n{body}"
        )
    names = "\n".join(f'    "{g}": {class_name(g)},' for g in groups(table))
    attributes = "\n".join(f"    {g}: {class_name(g)}" for g in groups(table))
    iterators = "AsyncIterator" if is_async else "Iterator"
    client = "AsyncClient" if is_async else "Client"
    prefix, more = ("Async", ["AsyncIterable", "Coroutine"]) if is_async else ("", [])
    words = ", ".join(sorted([iterators, "Callable", "Iterable", "Mapping", "Sequence", *more]))
    flows = f"from .{'a' if is_async else ''}streams import {prefix}Download, {prefix}Stream"
    classes = "\n\n".join(parts)
    return f'''"""{NOTE}

Loaded when a group is first used, so that importing difypool stays quick. Arguments that are None are not sent; to send
null, use ``client.call``.
"""

# ruff: noqa: A001, A002, A003
from __future__ import annotations

# Known to type checkers by its name; the real one would cost the import of typing.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import {words}
    from typing import Any, Literal, overload

    from typing_extensions import Unpack

    from .{"aio" if is_async else "client"} import {client} as _Caller
    from ._options import CallOptions, FileArg, PushOptions, StreamOptions
    from .push import PageLike, Progress, Summary
    from .reply import Reply
    {flows}


{classes}

class Groups:
    """What a client has as attributes, one for each group of operations."""

{attributes}


GROUPS = {{
{names}
}}
'''


def outputs(table: dict[str, Any]) -> dict[str, str]:
    base = "bindings/python/src/difypool/"
    return {
        base + "_table.py": table_module(table),
        base + "_methods.py": methods_module(table, False),
        base + "_amethods.py": methods_module(table, True),
    }
