"""One request on its way to an operation: what it asks, who asks, and what it may see."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from .apps import App, Apps, EndUser
from .counters import Counters
from .errors import RATE_LIMIT, forbidden, internal_error, invalid_param, not_found, unauthorized
from .indexing import Indexer
from .multipart import Form
from .routing import Operation
from .runs import Runs
from .scripts import Scripts
from .settings import Key, Settings
from .state import Dataset, Document, State, Workspace
from .streams import Streams
from .uploads import Uploads
from .validate import is_json_type, parse_json, problem, refuse, unsupported_media_type


class World:
    """What the operations work on. One for the whole server."""

    def __init__(self, settings: Settings, state: State, counters: Counters, indexer: Indexer) -> None:
        self.settings = settings
        self.state = state
        self.counters = counters
        self.indexer = indexer
        self.uploads = Uploads()
        self.apps = Apps(settings)
        self.runs = Runs(counters.changed)
        self.streams = Streams(counters.changed)
        self.scripts = Scripts()


class Call:
    __slots__ = (
        "world",
        "operation",
        "method",
        "path",
        "params",
        "headers",
        "body",
        "form",
        "entry",
        "key",
        "workspace",
        "found",
        "context",
        "at_end",
        "_query",
        "_raw_query",
    )

    def __init__(
        self,
        world: World,
        operation: Operation,
        method: str,
        path: str,
        raw_query: str,
        params: dict[str, str],
        headers: Mapping[str, str],
        entry: dict[str, Any],
    ) -> None:
        self.world = world
        self.operation = operation
        self.method = method
        self.path = path
        self.params = params
        self.headers = headers
        self.entry = entry
        self.body = b""
        self.form: Form | None = None
        self.key: Key | None = None
        self.workspace: Workspace = None  # type: ignore[assignment]  # set by admit()
        self.found: Dataset | None = None
        self.context: Any = None
        self.at_end: list[Callable[[], None]] = []
        self._raw_query = raw_query
        self._query: list[tuple[str, str]] | None = None

    # --- who asks

    def admit(self) -> None:
        """The checks that come before any operation, in the server's order: the knowledge base, the key, the plan's rate limit."""
        if self.operation.auth == "none":
            return
        dataset_id = self.params.get("dataset_id") if self.operation.auth == "dataset" else None
        if dataset_id is not None:
            self.found = self.world.state.datasets.get(dataset_id)
            if self.found is None:
                raise not_found("Dataset not found.", self.path, self.operation.matches)
            if not self.found.enable_api:
                raise forbidden("Dataset api access is not enabled.")
        self._authenticate()
        if self.operation.counted and self.world.settings.rate_limit:
            self._count_against_plan()

    def _authenticate(self) -> None:
        header = self.headers.get("Authorization", "").strip()
        scheme, _, secret = header.partition(" ")
        if not secret:
            raise unauthorized("Authorization header must be provided and start with 'Bearer'")
        if scheme.lower() != "bearer":
            raise unauthorized("Authorization scheme must be 'Bearer'")
        self.key = key_of(self.world.settings, secret.strip())
        if self.key is None or (self.key.kind == "dataset") != (self.operation.auth == "dataset"):
            raise unauthorized("Access token is invalid")
        self.workspace = self.world.state.workspaces[self.key.workspace]
        if self.key.kind != "dataset":
            self._check_app()
        if self.workspace.archived:
            raise unauthorized("Tenant does not exist.")

    def _check_app(self) -> None:
        if not self.app.normal:
            raise forbidden("The app's status is abnormal.")
        if not self.app.api:
            raise forbidden("The app's API service has been disabled.")

    def _count_against_plan(self) -> None:
        """A sliding window for the whole workspace that counts refused calls too."""
        now = time.monotonic()
        oldest = now - self.world.settings.rate_window_s
        times = self.workspace.rate_times
        times[:] = [moment for moment in times if moment > oldest]
        times.append(now)
        if len(times) > self.world.settings.rate_limit:
            raise forbidden(RATE_LIMIT)

    @property
    def app(self) -> App:
        """The app of an app's key."""
        assert self.key is not None
        return self.world.apps.of(self.key)

    def user(self, where: str = "json", required: bool = True) -> EndUser:
        """The end user that the body ("json") or the query ("query") names; made when not seen before."""
        if where == "json":
            payload = self.json()
            name = payload.get("user") if isinstance(payload, dict) else None
        else:
            name = self.argument("user")
        if not name:
            if required:
                raise invalid_param("Arg user must be provided.")
            name = "DEFAULT-USER"
        return self.app.user(str(name))

    # --- what it may see

    @property
    def own(self) -> bool:
        """Whether the knowledge base of the path belongs to the key's workspace."""
        return self.found is not None and self.found.workspace is self.workspace

    def dataset(self, foreign: str = "404") -> Dataset:
        """The knowledge base of the path. How one of another workspace is refused differs from operation to operation."""
        assert self.found is not None
        if self.own or foreign == "allow":
            return self.found
        if foreign == "403":
            raise forbidden("You do not have permission to access this dataset.")
        if foreign == "400":
            raise invalid_param("You do not have permission to access this dataset.")
        if foreign == "400 gone":
            raise invalid_param("Dataset does not exist.")
        raise not_found("Dataset not found.")

    def document(self, dataset: Dataset, message: str = "Document not found.") -> Document:
        document = dataset.documents.get(self.params["document_id"])
        if document is None:
            raise not_found(message)
        return document

    # --- what it says

    def json(self) -> Any:
        """The body as JSON, whatever its shape."""
        if not is_json_type(self.headers.get("Content-Type", "")):
            raise unsupported_media_type()
        return parse_json(self.body)

    @property
    def query(self) -> list[tuple[str, str]]:
        if self._query is None:
            self._query = parse_qsl(self._raw_query, keep_blank_values=True, errors="replace")
        return self._query

    @property
    def origin(self) -> str:
        """The server's address as the client knows it, for links."""
        return f"{self.entry['listener']}://{self.headers.get('Host', 'localhost')}"

    def argument(self, name: str) -> str | None:
        """The first query parameter of that name."""
        for key, value in self.query:
            if key == name:
                return value
        return None

    def arguments(self, name: str) -> list[str]:
        return [value for key, value in self.query if key == name]

    def page(self, model: str, problems: list[str] | None = None) -> tuple[int, int]:
        """page and limit as pydantic reads them, with the other problems of the query."""
        problems = problems if problems is not None else []
        values = []
        for name, default in (("page", 1), ("limit", 20)):
            text = self.argument(name)
            try:
                values.append(default if text is None else int(text))
            except ValueError:
                words = "Input should be a valid integer, unable to parse string as an integer"
                problems.append(problem(name, words, "int_parsing", text))
                values.append(default)
        if problems:
            raise refuse(model, problems)
        if max(values) > 2**63 - 1:
            raise internal_error()
        return values[0], values[1]

    # --- what it did

    def close(self) -> None:
        """The answer is out, or cannot be sent any more."""
        for one in self.at_end:
            one()
        self.at_end.clear()

    def effect(self, count: int = 1) -> None:
        """Note that the operation's work is done: from here on the client may be told anything."""
        self.world.counters.effect(self.entry, self.operation.name, count)


# How long a write lasts at least under a defect that needs writes to overlap. Real ones take from 17 ms.
LEAST_WRITE_S = 0.002


def looking_first(look: Callable[[Call], Any]) -> Callable[[Call], Awaitable[None]]:
    """For operations that check and then write, with nothing that holds the two together: what look finds out is true only until the write."""

    async def prepare(call: Call) -> None:
        call.context = look(call)
        await asyncio.sleep(LEAST_WRITE_S)

    return prepare


def key_of(settings: Settings, secret: str) -> Key | None:
    for key in settings.keys:
        if key.secret == secret:
            return key
    return None


def paginate(items: list[Any], page: int, limit: int, by_length: bool) -> tuple[list[Any], dict[str, Any]]:
    """One page, newest first as given, and the members of the answer around it. Out of range values are mended in silence."""
    size = 20 if limit < 1 else min(limit, 100)
    number = max(page, 1)
    part = items[(number - 1) * size : number * size]
    has_more = len(part) == limit if by_length else number * size < len(items)
    return part, {"has_more": has_more, "limit": limit, "total": len(items), "page": page}
