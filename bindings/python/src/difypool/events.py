"""The events of a run, one small class for each name that Dify gives them.

This page is the table: a class says how its event is called and what stands in it. An event whose name is not here is an
:class:`Event` like the others, with its ``name`` and its ``data``, so that a newer server loses nothing. What an event
lacks reads as "", 0, False, {} or [].
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Field:
    """Where a value stands: in the event itself, or in its member ``data``."""

    __slots__ = ("_inner", "_name")

    def __init__(self, name: str, inner: bool = False) -> None:
        self._name = name
        self._inner = inner

    def look(self, event: Event | None) -> Any:
        data = event.data if event is not None else None
        if self._inner and isinstance(data, dict):
            data = data.get("data")
        return data.get(self._name) if isinstance(data, dict) else None


class _Text(_Field):
    def __get__(self, event: Event | None, _: type) -> str:
        value = self.look(event)
        return value if isinstance(value, str) else ""


class _Number(_Field):
    def __get__(self, event: Event | None, _: type) -> float:
        value = self.look(event)
        return value if isinstance(value, (int, float)) else 0


class _Count(_Field):
    def __get__(self, event: Event | None, _: type) -> int:
        value = self.look(event)
        return value if isinstance(value, int) else 0


class _Flag(_Field):
    def __get__(self, event: Event | None, _: type) -> bool:
        return self.look(event) is True


class _Map(_Field):
    def __get__(self, event: Event | None, _: type) -> dict[str, Any]:
        value = self.look(event)
        return value if isinstance(value, dict) else {}


class _List(_Field):
    def __get__(self, event: Event | None, _: type) -> list[Any]:
        value = self.look(event)
        return value if isinstance(value, list) else []


class Event:
    """One event. Attributes that all may have: the ids of the run.

    Attributes:
        name: what Dify calls it, such as ``message``.
        data: all of it, as the server sent it: a dict, or the text where that was no JSON.
        number: 1, 2, 3 … within its stream.
    """

    __slots__ = ("data", "name", "number")

    task_id = _Text("task_id")
    message_id = _Text("message_id")
    conversation_id = _Text("conversation_id")
    workflow_run_id = _Text("workflow_run_id")

    def __init__(self, name: str, data: Any, number: int = 0) -> None:
        self.name = name
        self.data = data
        self.number = number

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.number} {self.name} {self.data!r:.80}>"


# ---- chats and completions ------------------------------------------------------------------------------------------


class Message(Event):
    """``message``: some words of the answer."""

    __slots__ = ()
    answer = _Text("answer")


class AgentMessage(Message):
    """``agent_message``: some words of an agent's answer."""

    __slots__ = ()


class MessageReplace(Event):
    """``message_replace``: the answer so far is withdrawn (moderation), and this takes its place."""

    __slots__ = ()
    answer = _Text("answer")
    reason = _Text("reason")


class MessageEnd(Event):
    """``message_end``: the answer is complete; usage and sources stand in ``metadata``."""

    __slots__ = ()
    id = _Text("id")
    metadata = _Map("metadata")
    files = _List("files")


class MessageFile(Event):
    """``message_file``: a file that belongs to the answer."""

    __slots__ = ()
    id = _Text("id")
    type = _Text("type")
    belongs_to = _Text("belongs_to")
    url = _Text("url")


class AgentThought(Event):
    """``agent_thought``: a step of an agent."""

    __slots__ = ()
    id = _Text("id")
    position = _Count("position")
    thought = _Text("thought")
    observation = _Text("observation")
    tool = _Text("tool")
    tool_input = _Text("tool_input")
    message_files = _List("message_files")


class TtsMessage(Event):
    """``tts_message``: a piece of speech, in base64."""

    __slots__ = ()
    audio = _Text("audio")


class TtsMessageEnd(TtsMessage):
    """``tts_message_end``: the speech is complete."""

    __slots__ = ()


class ErrorEvent(Event):
    """``error``: the run failed. What it means is raised after it, as the error of its kind."""

    __slots__ = ()
    status = _Count("status")
    code = _Text("code")
    message = _Text("message")


# ---- workflows -------------------------------------------------------------------------------------------------------


class WorkflowStarted(Event):
    """``workflow_started``."""

    __slots__ = ()
    workflow_id = _Text("workflow_id", True)
    inputs = _Map("inputs", True)
    reason = _Text("reason", True)


class WorkflowFinished(Event):
    """``workflow_finished``: how the run ended, and what came of it."""

    __slots__ = ()
    workflow_id = _Text("workflow_id", True)
    status = _Text("status", True)
    outputs = _Map("outputs", True)
    error = _Text("error", True)
    elapsed_time = _Number("elapsed_time", True)
    total_tokens = _Count("total_tokens", True)
    total_steps = _Count("total_steps", True)
    files = _List("files", True)


class WorkflowPaused(Event):
    """``workflow_paused``: the run waits, for a person's input for instance."""

    __slots__ = ()
    status = _Text("status", True)
    outputs = _Map("outputs", True)
    paused_nodes = _List("paused_nodes", True)
    reasons = _List("reasons", True)


class Node(Event):
    """What the events of nodes have in common."""

    __slots__ = ()
    node_id = _Text("node_id", True)
    node_type = _Text("node_type", True)
    title = _Text("title", True)
    index = _Count("index", True)
    inputs = _Map("inputs", True)


class NodeStarted(Node):
    """``node_started``."""

    __slots__ = ()
    predecessor_node_id = _Text("predecessor_node_id", True)


class NodeFinished(Node):
    """``node_finished``."""

    __slots__ = ()
    status = _Text("status", True)
    outputs = _Map("outputs", True)
    error = _Text("error", True)
    elapsed_time = _Number("elapsed_time", True)
    execution_metadata = _Map("execution_metadata", True)


class NodeRetry(NodeFinished):
    """``node_retry``: it failed and is tried again."""

    __slots__ = ()
    retry_index = _Count("retry_index", True)


class IterationStarted(Node):
    """``iteration_started``."""

    __slots__ = ()


class IterationNext(Node):
    """``iteration_next``."""

    __slots__ = ()


class IterationCompleted(NodeFinished):
    """``iteration_completed``."""

    __slots__ = ()
    steps = _Count("steps", True)


class LoopStarted(Node):
    """``loop_started``."""

    __slots__ = ()


class LoopNext(Node):
    """``loop_next``."""

    __slots__ = ()


class LoopCompleted(NodeFinished):
    """``loop_completed``."""

    __slots__ = ()
    steps = _Count("steps", True)


class TextChunk(Event):
    """``text_chunk``: some words of a workflow."""

    __slots__ = ()
    text = _Text("text", True)
    from_variable_selector = _List("from_variable_selector", True)


class ReasoningChunk(Event):
    """``reasoning_chunk``: some words of a model's thinking."""

    __slots__ = ()
    reasoning = _Text("reasoning", True)
    node_id = _Text("node_id", True)
    is_final = _Flag("is_final", True)


class AgentLog(Event):
    """``agent_log``: a line of an agent's log."""

    __slots__ = ()
    id = _Text("id", True)
    label = _Text("label", True)
    status = _Text("status", True)
    error = _Text("error", True)
    node_id = _Text("node_id", True)


class HumanInputRequired(Event):
    """``human_input_required``: a person is asked; ``form_token`` is what ``human_input.submit`` needs."""

    __slots__ = ()
    form_id = _Text("form_id", True)
    form_token = _Text("form_token", True)
    form_content = _Text("form_content", True)
    node_id = _Text("node_id", True)
    node_title = _Text("node_title", True)
    inputs = _List("inputs", True)
    actions = _List("actions", True)
    expiration_time = _Count("expiration_time", True)


class HumanInputFormFilled(Event):
    """``human_input_form_filled``."""

    __slots__ = ()
    node_id = _Text("node_id", True)
    node_title = _Text("node_title", True)
    action_id = _Text("action_id", True)
    action_text = _Text("action_text", True)
    rendered_content = _Text("rendered_content", True)


class HumanInputFormTimeout(Event):
    """``human_input_form_timeout``."""

    __slots__ = ()
    node_id = _Text("node_id", True)
    node_title = _Text("node_title", True)
    expiration_time = _Count("expiration_time", True)


CLASSES: dict[str, type[Event]] = {
    "message": Message,
    "agent_message": AgentMessage,
    "message_replace": MessageReplace,
    "message_end": MessageEnd,
    "message_file": MessageFile,
    "agent_thought": AgentThought,
    "tts_message": TtsMessage,
    "tts_message_end": TtsMessageEnd,
    "error": ErrorEvent,
    "workflow_started": WorkflowStarted,
    "workflow_finished": WorkflowFinished,
    "workflow_paused": WorkflowPaused,
    "node_started": NodeStarted,
    "node_finished": NodeFinished,
    "node_retry": NodeRetry,
    "iteration_started": IterationStarted,
    "iteration_next": IterationNext,
    "iteration_completed": IterationCompleted,
    "loop_started": LoopStarted,
    "loop_next": LoopNext,
    "loop_completed": LoopCompleted,
    "text_chunk": TextChunk,
    "reasoning_chunk": ReasoningChunk,
    "agent_log": AgentLog,
    "human_input_required": HumanInputRequired,
    "human_input_form_filled": HumanInputFormFilled,
    "human_input_form_timeout": HumanInputFormTimeout,
}


def make(piece: str | dict[str, Any], number: int) -> Event:
    """The event for a piece of a stream as ``stream.next`` gives it."""
    from json import loads

    text = piece if isinstance(piece, str) else str(piece.get("data", ""))
    name = "" if isinstance(piece, str) else str(piece.get("event", ""))
    try:
        data = loads(text)
    except (ValueError, RecursionError):  # no JSON, or nested deeper than this interpreter goes
        data = text
    if isinstance(data, dict):
        name = str(data.get("event") or name)
    return CLASSES.get(name, Event)(name, data, number)
