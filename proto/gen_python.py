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
    "file": "Any",
}
# How a list goes on after its first page, and what its iterator promises.
CURSORS = {
    "page": "All entries of :meth:`list`: pages of 100, by ``total``, repeats dropped by id.",
    "last_id": "All entries of :meth:`list`: 100 at a time, each from the last one's id on.",
    "first_id": "All entries of :meth:`list`, newest first: 100 at a time, each before the earliest one's id.",
}


def class_name(group: str) -> str:
    return "".join(part.capitalize() for part in group.split("_"))


def table_module(table: dict[str, Any]) -> str:
    kinds = "\n".join(f"    {k['name']!r}: ({k['retryable']!r}, {k['exit']!r})," for k in table["kind"]).replace(
        "'", '"'
    )
    free = "\n".join(f"        {json.dumps(op['name'])}," for op in table["op"] if op["retry"] == "free")
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
# Operations that may be repeated at will.
FREE: frozenset[str] = frozenset(
    (
{free}
    )
)
'''


def groups(table: dict[str, Any]) -> list[str]:
    return sorted({op["group"] for op in table["op"]} - {*OWN_GROUPS, "http", "batch"})


def annotation(param: dict[str, Any]) -> str:
    if "enum" in param:
        return "Literal[" + ", ".join(json.dumps(e) for e in param["enum"]) + "]"
    return TYPES[param["type"]]


def method(op: dict[str, Any], is_async: bool) -> str:
    verb = argument(op["name"].split(".")[1])
    required = [p for p in op["params"] if p.get("required")]
    optional = [p for p in op["params"] if not p.get("required")]
    params = [f"        {argument(p['name'])}: {annotation(p)}," for p in required]
    params += [f"        {argument(p['name'])}: {annotation(p)} | None = None," for p in optional]
    star = "        *,\n" if params else ""
    values = [f'            "{p["name"]}": {argument(p["name"])},' for p in op["params"]]
    args = "{\n" + "\n".join(values) + "\n        }" if values else "{}"
    word, await_ = ("async def", "await ") if is_async else ("def", "")
    return f'''
    {word} {verb}(
        self,
{star}{"".join(p + chr(10) for p in params)}        **options: Unpack[CallOptions],
    ) -> Reply:
        """{docstring(op, "        ", is_async)}
        """
        return {await_}self._client._method("{op["name"]}", {args}, options)
'''


def iterator(op: dict[str, Any], is_async: bool) -> str:
    names = [p["name"] for p in op["params"]]
    cursor = next((name for name in CURSORS if name in names), "")
    params = [p for p in op["params"] if p["name"] not in (cursor, "limit")]
    required = [f"        {argument(p['name'])}: {annotation(p)}," for p in params if p.get("required")]
    optional = [
        f"        {argument(p['name'])}: {annotation(p)} | None = None," for p in params if not p.get("required")
    ]
    values = [f'            "{p["name"]}": {argument(p["name"])},' for p in params]
    kind = "AsyncIterator" if is_async else "Iterator"
    how = CURSORS.get(cursor, "The entries of :meth:`list`, which come all at once.")
    star = "        *,\n" if params else ""
    return f'''
    def iter(
        self,
{star}{"".join(p + chr(10) for p in required + optional)}        **options: Unpack[CallOptions],
    ) -> {kind}[dict[str, Any]]:
        """{how}"""
        args: dict[str, Any] = {{
{chr(10).join(values)}
        }}
        return self._client._pages("{op["name"]}", args, options, "{cursor}")
'''


def methods_module(table: dict[str, Any], is_async: bool) -> str:
    parts = []
    for group in groups(table):
        body = ""
        for op in (o for o in table["op"] if o["group"] == group):
            body += method(op, is_async)
            if op["name"].endswith(".list"):
                body += iterator(op, is_async)
        parts.append(
            f'class {class_name(group)}:\n    """Operations of the group ``{group}``."""\n\n    __slots__ = ("_client",)\n\n'
            f"    def __init__(self, client: _Caller) -> None:\n        self._client = client\n{body}"
        )
    names = "\n".join(f'    "{g}": {class_name(g)},' for g in groups(table))
    attributes = "\n".join(f"    {g}: {class_name(g)}" for g in groups(table))
    iterators = "AsyncIterator" if is_async else "Iterator"
    client = "AsyncClient" if is_async else "Client"
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
    from collections.abc import {iterators}, Mapping, Sequence
    from typing import Any, Literal

    from typing_extensions import Unpack

    from .{"aio" if is_async else "client"} import {client} as _Caller
    from ._options import CallOptions
    from .reply import Reply


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
