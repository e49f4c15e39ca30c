"""Operations and the paths that lead to them.

A room of ops/ declares each operation beside its function; the router is a tree of path segments. An id that is no UUID leads nowhere, as in
Flask (an HTML 404), and a path that exists with other methods only is a 405.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Callable

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.IGNORECASE)


class Operation:
    """One operation: its function takes a Call and returns an Answer (or raises Refusal).

    auth: "dataset", "app" or "none". counted: whether the plan's rate limit counts it. matches: the routes that Flask-RESTX offers in this
    operation's 404 for an unknown knowledge base. lacking: the defect under which the server does not have this operation. races: the defect
    under which calls at once hinder each other; under it prepare, an async function, looks at what is there before the call's cost is paid.
    form: the setting that says how much of a file is held, if the operation takes a form.
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        auth: str,
        counted: bool,
        matches: Sequence[str],
        lacking: str,
        form: str = "",
    ) -> None:
        self.name = name
        self.function = function
        self.auth = auth
        self.counted = counted
        self.matches = list(matches)
        self.lacking = lacking
        self.form = form
        self.races = ""
        self.prepare: Callable[..., Any] | None = None


def races(function: Callable[..., Any], defect: str, prepare: Callable[..., Any]) -> None:
    """Declare that calls of an operation at once hinder each other under a defect; see Operation."""
    made: Operation = function.operation  # type: ignore[attr-defined]
    made.races, made.prepare = defect, prepare


class Node:
    __slots__ = ("fixed", "uuid", "text", "methods")

    def __init__(self) -> None:
        self.fixed: dict[str, Node] = {}
        self.uuid: tuple[str, Node] | None = None
        self.text: tuple[str, Node] | None = None
        self.methods: dict[str, Operation] = {}


Found = tuple[Node, dict[str, str]]


class Router:
    """All routes: those under /v1, and the few that links lead to."""

    def __init__(self) -> None:
        self._root = Node()
        self.names: list[str] = []

    def add(self, method: str, path: str, operation: Operation) -> None:
        """path is like /v1/datasets/{dataset_id}/documents; a parameter whose name ends in _id must be a UUID."""
        node = self._root
        for part in path.strip("/").split("/"):
            node = self._child(node, part)
        node.methods[method] = operation
        if operation.name not in self.names:
            self.names.append(operation.name)

    @staticmethod
    def _child(node: Node, part: str) -> Node:
        if not part.startswith("{"):
            return node.fixed.setdefault(part, Node())
        name = part[1:-1]
        if name.endswith("_id"):
            node.uuid = node.uuid or (name, Node())
            return node.uuid[1]
        node.text = node.text or (name, Node())
        return node.text[1]

    def find(self, path: str) -> Found | None:
        """The node for a decoded path, and its parameters."""
        params: dict[str, str] = {}
        node = self._walk(self._root, path.split("/"), 1, params)
        return None if node is None else (node, params)

    def _walk(self, node: Node, parts: list[str], index: int, params: dict[str, str]) -> Node | None:
        if index == len(parts):
            return node if node.methods else None
        part = parts[index]
        child = node.fixed.get(part)
        if child is not None:
            found = self._walk(child, parts, index + 1, params)
            if found is not None:
                return found
        if node.uuid is not None and UUID.match(part):
            found = self._walk(node.uuid[1], parts, index + 1, params)
            if found is not None:
                params[node.uuid[0]] = part.lower()
                return found
        if node.text is not None and part:
            found = self._walk(node.text[1], parts, index + 1, params)
            if found is not None:
                params[node.text[0]] = part
                return found
        return None


ROUTES: list[tuple[str, str, Operation]] = []


def operation(
    name: str,
    method: str,
    *paths: str,
    auth: str = "dataset",
    counted: bool = False,
    matches: Sequence[str] = (),
    lacking: str = "",
    form: str = "",
    base: str = "/v1",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the function below as the operation at these paths; all but the first are aliases."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        made = Operation(name, function, auth, counted, matches, lacking, form)
        ROUTES.extend((method, base + path, made) for path in paths)
        function.operation = made  # type: ignore[attr-defined]
        return function

    return declare


def check_names(names: Iterable[str]) -> None:
    """ValueError for a name that no operation has."""
    known = {declared.name for _, _, declared in ROUTES} | {"unknown"}
    for name in names:
        if name not in known:
            raise ValueError(f"no operation {name!r}: there are {', '.join(sorted(known))}")


def router() -> Router:
    """A router of every operation that was declared."""
    made = Router()
    for method, path, declared in ROUTES:
        made.add(method, path, declared)
    return made
