"""The apps that the keys belong to: what they ask for, what they do, and what is remembered of their use.

Each key has an app of its own, made after the recipe of its name or else of its kind. A chatflow and a workflow are a row of nodes; what a node
says comes when it is done, as in the real server, which sends the parts of an answer as soon as what they are made of is there.
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from .settings import Key, Settings
from .state import new_id

# One part of an answer: a text (with {names} of inputs and of results) and the variable that it comes from.
Part = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Node:
    """A step of a chatflow or workflow. kind: start, http-request (waits `seconds`), human-input, answer or end."""

    name: str
    kind: str
    seconds: str = "0"
    fails: bool = False
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Recipe:
    form: tuple[dict[str, Any], ...] = ()
    nodes: tuple[Node, ...] = ()
    variables: tuple[tuple[str, str, Any, str], ...] = ()
    max_active: int = 0
    published: bool = True
    api: bool = True


def _field(
    kind: str, variable: str, required: bool = False, length: int = 256, options: tuple[str, ...] = ()
) -> dict[str, Any]:
    shown = {"variable": variable, "label": variable, "type": kind, "required": required, "max_length": length}
    return {kind: {**shown, "options": list(options)}}


_LOREM = "Part one. " + "lorem ipsum dolor sit amet ☃ " * 20
_ANSWER = ("answer", "answer")
_SECONDS = _field("text-input", "secs")
_START = Node("start", "start")
_BROKEN = Node("broken", "http-request", fails=True)
_END, _REPLY = Node("end", "end"), Node("answer", "answer")
_HUMAN = Node("approval", "human-input", parts=(("{action}", ("approval", "__action_id")),))
CHATFLOW = Recipe(
    form=(_field("text-input", "who"),),
    nodes=(
        Node(
            "start",
            "start",
            parts=(
                ("You said: ", _ANSWER),
                ("{sys.query}", ("sys", "query")),
                (" (mood ", _ANSWER),
                ("{mood}", ("conversation", "mood")),
                (")", _ANSWER),
            ),
        ),
        _REPLY,
    ),
    variables=(
        ("mood", "string", "calm", "a string"),
        ("visits", "number", 3, "a number"),
        ("tags", "array[string]", ["a"], "a list"),
    ),
)
WORKFLOW = Recipe(
    form=(
        _field("paragraph", "text", required=True, length=2000),
        _field("select", "kind", options=("a", "b")),
        _field("number", "count"),
    ),
    nodes=(Node("start", "start", parts=(("{text}", ("start", "text")),)), _END),
)
CHAT = Recipe()
COMPLETION = Recipe(form=({"paragraph": {"label": "Query", "variable": "query", "required": True, "default": ""}},))
KINDS: dict[str, Recipe] = {
    "advanced-chat": CHATFLOW,
    "workflow": WORKFLOW,
    "chat": CHAT,
    "agent-chat": CHAT,
    "completion": COMPLETION,
}
_WAIT = Node("wait", "http-request", "{secs}", parts=(("{body}", ("wait", "body")),))
# Apps by the name of their key, where it is not the usual one of its kind.
RECIPES: dict[str, Recipe] = {
    "chatflow-slow": Recipe(
        (_SECONDS,),
        (
            Node("start", "start", parts=(("Waited ", _ANSWER), ("{secs}", ("start", "secs")), (": ", _ANSWER))),
            _WAIT,
            _REPLY,
        ),
    ),
    "chatflow-steps": Recipe(
        nodes=(
            Node("start", "start", parts=((_LOREM, _ANSWER),)),
            Node("h1", "http-request", "1", parts=(("200", ("h1", "status_code")), (" ", _ANSWER))),
            Node("h2", "http-request", "1", parts=(("200", ("h2", "status_code")), (" ", _ANSWER))),
            Node("h3", "http-request", "1", parts=(("200", ("h3", "status_code")),)),
            _REPLY,
        )
    ),
    "chatflow-fail": Recipe(nodes=(Node("start", "start", parts=(("never ", _ANSWER),)), _BROKEN)),
    "chatflow-limit1": Recipe(
        (_SECONDS,),
        (Node("start", "start", parts=(("Waited", _ANSWER),)), Node("wait", "http-request", "{secs}"), _REPLY),
        max_active=1,
    ),
    "chatflow-human": Recipe(nodes=(Node("start", "start", parts=(("Asked: ", _ANSWER),)), _HUMAN, _REPLY)),
    "workflow-slow": Recipe(
        (_SECONDS,),
        (
            _START,
            Node("wait", "http-request", "{secs}"),
            Node("again", "http-request", "0.2", parts=(("{body}", ("again", "body")),)),
            _END,
        ),
    ),
    "workflow-fail": Recipe(nodes=(_START, _BROKEN)),
    "workflow-limit1": Recipe((_SECONDS,), (_START, _WAIT, _END), max_active=1),
    "workflow-human": Recipe(nodes=(_START, _HUMAN, _END)),
    "workflow-unpublished": Recipe(published=False),
    "workflow-apioff": Recipe(api=False),
}


@dataclass
class EndUser:
    """Somebody who uses an app, by the name that the caller gave."""

    id: str
    session: str
    created_at: float


@dataclass
class Variable:
    id: str
    name: str
    value_type: str
    value: Any
    description: str
    created_at: int
    updated_at: int


@dataclass
class Message:
    id: str
    conversation: Conversation | None
    inputs: dict[str, Any]
    query: str
    created_at: int
    user: EndUser
    answer: str = ""
    thought: str | None = None
    thought_id: str = field(default_factory=new_id)
    status: str = "normal"
    error: str | None = None
    feedback: Feedback | None = None


@dataclass
class Feedback:
    id: str
    message: Message
    rating: str
    content: str | None
    created_at: float
    updated_at: float


@dataclass
class Conversation:
    id: str
    user: EndUser
    name: str
    inputs: dict[str, Any]
    created_at: int
    updated_at: int
    order: int
    touched: int
    messages: list[Message] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)


@dataclass
class Annotation:
    id: str
    question: str
    answer: str
    created_at: int


CHANGEABLE = ("max_active", "published", "api", "normal")


class App:
    """One app and all that is known of its use."""

    def __init__(self, key: Key) -> None:
        self.name = key.name or key.secret
        self.workspace = key.workspace
        self.kind = key.kind
        self.recipe = RECIPES.get(self.name) or KINDS.get(key.kind) or CHAT
        self.id = new_id()
        self.workflow_id = new_id()
        self.version = datetime.fromtimestamp(time.time(), timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")
        self.introduction = "Hello, I am recorded." if key.kind in ("chat", "agent-chat") else ""
        self.max_active = self.recipe.max_active
        self.published = self.recipe.published
        self.api = self.recipe.api
        self.normal = True
        self.active = 0
        self.forget()

    def forget(self) -> None:
        """Nobody has used it yet."""
        self.users: dict[str, EndUser] = {}
        self.conversations: dict[str, Conversation] = {}
        self.messages: dict[str, Message] = {}
        self.annotations: dict[str, Annotation] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.order: Iterator[int] = itertools.count(1)

    @property
    def is_graph(self) -> bool:
        return self.kind in ("advanced-chat", "workflow")

    def change(self, values: dict[str, Any]) -> None:
        """As if the console had done it. ValueError names what cannot be changed."""
        for name, value in values.items():
            wanted = int if name == "max_active" else bool
            if name not in CHANGEABLE or type(value) is not wanted:
                raise ValueError("expected max_active, a number, or published, api or normal, true or false")
        for name, value in values.items():
            setattr(self, name, value)

    def public(self) -> dict[str, Any]:
        shown = {
            "name": self.name,
            "kind": self.kind,
            "id": self.id,
            "workflow_id": self.workflow_id,
            "active": self.active,
        }
        return {**shown, **{name: getattr(self, name) for name in CHANGEABLE}}

    def user(self, session: str) -> EndUser:
        if session not in self.users:
            id_ = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.name}|{session}"))
            self.users[session] = EndUser(id_, session, time.time())
        return self.users[session]


class Apps:
    """The apps of all keys, made when first asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._apps: dict[tuple[str, str], App] = {}

    def of(self, key: Key) -> App:
        place = (key.workspace, key.name or key.secret)
        if place not in self._apps:
            self._apps[place] = App(key)
        return self._apps[place]

    def by_name(self, name: str) -> App:
        """The app of the key of that name (or secret). KeyError if there is none."""
        for key in self._settings.keys:
            if name in (key.name, key.secret) and key.kind != "dataset":
                return self.of(key)
        raise KeyError(name)

    def all(self) -> list[App]:
        return [self.of(key) for key in self._settings.keys if key.kind != "dataset"]

    def reset(self) -> None:
        """As they were made; ids stay."""
        for app in self._apps.values():
            app.forget()
            app.max_active, app.published, app.api = app.recipe.max_active, app.recipe.published, app.recipe.api
            app.normal = True
