"""What apps do in a run, event by event: a model that speaks (chat, agent, completion) or a row of nodes (chatflow, workflow).

The members of every event and their order are those that were recorded.
"""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterable, Iterator
from email.utils import formatdate
from typing import Any

from .apps import Node
from .forms import Form
from .runs import Failed, Run, Stopped
from .state import new_id

WORDS = ("Hello", " from", " the", " stub", ", café ☃ 😀", ".")
_NAME = re.compile(r"\{([\w.]+)\}")
_AGENT_PIECES = re.compile("th|.", re.DOTALL)
_NOTHING = {
    "prompt_tokens": 0,
    "prompt_unit_price": "0.0",
    "prompt_price_unit": "0.0",
    "prompt_price": "0.0",
    "completion_tokens": 0,
    "completion_unit_price": "0.0",
    "completion_price_unit": "0.0",
    "completion_price": "0.0",
    "total_tokens": 0,
    "total_price": "0.0",
    "currency": "USD",
    "latency": 0.0,
    "time_to_first_token": None,
    "time_to_generate": None,
}
_TOLD = {"prompt_tokens": 12, "completion_tokens": 6, "total_tokens": 18}
BROKEN = "[Errno 111] Connection refused"


def shaped(run: Run, name: str, **rest: Any) -> dict[str, Any]:
    """An event with the members that all of this kind of app have."""
    event: dict[str, Any] = {"event": name}
    if run.message is None:
        event["workflow_run_id"] = run.id
    else:
        if run.conversation is not None:
            event["conversation_id"] = run.conversation.id
        event["message_id"] = run.message.id
        event["created_at"] = run.message.created_at
    if name != "error":
        event["task_id"] = run.task_id
    event.update(rest)
    return event


def usage(run: Run, told: bool) -> dict[str, Any]:
    """The numbers of a model's work: told by the model at its end, else nothing. Those of a chatflow are always nothing."""
    shown: dict[str, Any] = dict(_NOTHING)
    if run.app.is_graph:
        shown.update(time_to_first_token=run.elapsed, time_to_generate=0.0)
        return shown
    if told:
        shown = {name: "0" if value == "0.0" else value for name, value in shown.items()}
        shown.update(_TOLD)
    shown["latency"] = run.elapsed
    return shown


def metadata(run: Run, told: bool) -> dict[str, Any]:
    return {"annotation_reply": None, "retriever_resources": [], "usage": usage(run, told)}


# --- texts


def _scripted(action: dict[str, Any]) -> Iterator[str]:
    words = action.get("words") or []
    count = int(action.get("count", len(words)))
    for number in range(count):
        yield words[number % len(words)] if words else f"word{number} "


def _filled(text: str, size: int) -> str:
    return text + "x" * (size - len(text.encode())) if size else text


def is_scripted(run: Run) -> bool:
    return "words" in run.script.action or "count" in run.script.action


def _broken_model() -> Failed:
    return Failed(400, "completion_request_error", "stub broke in the middle")


def texts(run: Run, usual: Iterable[str]) -> Iterator[str]:
    """What is to be said, one text an event, until the model breaks if it is to."""
    action = run.script.action
    size, limit = int(action.get("size", 0)), action.get("break_after")
    for text in _scripted(action) if is_scripted(run) else usual:
        if limit is not None and run.texts >= limit:
            raise _broken_model()
        run.texts += 1
        found = _filled(text, size)
        run.add_text(found)
        yield found
    if limit is not None and run.texts >= limit:
        raise _broken_model()


# --- a model


async def play_model(run: Run) -> None:
    """A chatbot, an agent or a text generator."""
    try:
        await (_agent(run) if run.app.kind == "agent-chat" else _model(run))
        run.status = "succeeded"
        await run.emit(_message_end(run, told=True))
    except Stopped:
        run.status = "stopped"
        run.emit_now(_message_end(run, told=False))
    except Failed as failure:
        truncates = run.truncates and not run.streamed and run.texts and "break_after" in run.script.action
        if not truncates:
            fail(run, failure)
        else:
            run.status, run.error = "failed", failure.message  # the caller is told nothing of it: the answer just ends


def fail(run: Run, failure: Failed) -> None:
    """End with an error event; a blocking caller is told by the same words."""
    run.status, run.error, run.refusal = "failed", failure.message, failure
    if run.message is not None:
        run.message.status, run.message.error = "error", failure.message
    run.emit_now(shaped(run, "error", code=failure.code, status=failure.status, message=failure.message))


async def _model(run: Run) -> None:
    assert run.message is not None
    for text in texts(run, WORDS):
        await run.emit(shaped(run, "message", id=run.message.id, answer=text, from_variable_selector=None))


async def _agent(run: Run) -> None:
    assert run.message is not None
    usual = _AGENT_PIECES.findall("".join(WORDS))
    run.message.thought = "".join(itertools.islice(_scripted(run.script.action), 64) if is_scripted(run) else usual)
    thought = {
        "id": run.message.thought_id,
        "position": 1,
        "thought": run.message.thought,
        "observation": "",
        "tool": "",
        "tool_labels": {},
        "tool_input": "",
        "message_files": [],
    }
    await run.emit(shaped(run, "agent_thought", **thought))
    for text in texts(run, usual):
        await run.emit(shaped(run, "agent_message", id=run.message.id, answer=text))
    await run.emit(shaped(run, "agent_message", id=run.message.id, answer=""))


def _message_end(run: Run, told: bool) -> dict[str, Any]:
    assert run.message is not None
    files: Any = [] if run.app.is_graph else None
    return shaped(run, "message_end", id=run.message.id, metadata=metadata(run, told), files=files)


# --- nodes


def shown_inputs(run: Run, where: str) -> dict[str, Any]:
    """A graph's inputs as an event or a record shows them: "started", "node", or "record"."""
    shown: dict[str, Any] = {
        **run.inputs,
        "sys.files": [],
        "sys.user_id": run.user.session,
        "sys.app_id": run.app.id,
        "sys.workflow_id": run.app.workflow_id,
        "sys.workflow_run_id": run.id,
    }
    if run.conversation is not None:
        shown["sys.query"] = run.query
        if where != "started":
            shown["sys.conversation_id"] = run.conversation.id
        shown["sys.dialogue_count"] = run.turn
    elif where != "started":
        shown["sys.timestamp"] = int(run.created_at)
    return shown


class Graph:
    """The nodes of a chatflow or workflow in one run."""

    def __init__(self, run: Run, second_s: float) -> None:
        self.run = run
        self.second_s = second_s
        self.values: dict[str, Any] = {**run.inputs, "sys.query": run.query}
        if run.conversation is not None:
            self.values.update({one.name: one.value for one in run.conversation.variables})
        speaking = next((node for node in run.app.recipe.nodes if node.parts), run.app.recipe.nodes[0])
        self.speaker = speaking.name if is_scripted(run) else None

    def fill(self, text: str) -> str:
        return _NAME.sub(lambda found: str(self.values.get(found.group(1), "")), text)

    # --- events

    def _event(self, name: str, data: dict[str, Any]) -> dict[str, Any]:
        run = self.run
        if run.message is None:
            return shaped(run, name, data=data)
        return shaped(run, name, workflow_run_id=run.id, data=data)

    def _node_event(self, node: Node, id_: str, started: float) -> dict[str, Any]:
        return {
            "id": id_,
            "node_id": node.name,
            "node_type": node.kind,
            "title": node.name,
            "index": 1,
            "predecessor_node_id": None,
            "inputs": None,
            "inputs_truncated": False,
        }

    async def play(self) -> None:
        run = self.run
        data = {"id": run.id, "workflow_id": run.app.workflow_id, "inputs": shown_inputs(run, "started")}
        await run.emit(self._event("workflow_started", {**data, "created_at": int(run.created_at)}))
        for node in run.app.recipe.nodes:
            await self._play_node(node)

    async def _play_node(self, node: Node) -> None:
        run, id_, started = self.run, new_id(), time.time()
        run.steps += 1
        data = self._node_event(node, id_, started)
        about = {"created_at": int(started), "extras": {}, "iteration_id": None, "loop_id": None, "agent_strategy": None}
        await run.emit(self._event("node_started", {**data, **about}))
        if node.kind == "http-request":
            await self._wait(node)
        elif node.kind == "human-input":
            await self._ask(node)
        error: Failed | None = Failed(400, "invalid_param", BROKEN) if node.fails else None
        try:
            if error is None:
                await self._speak(node)
        except Failed as failure:
            if failure.code != "completion_request_error" or "break_after" not in run.script.action:
                raise
            error = failure
        await run.emit(self._event("node_finished", {**data, **self._finished(node, started, error)}))
        if error is not None:
            raise NodeFailed(error.message)

    async def _wait(self, node: Node) -> None:
        try:
            seconds = float(self.fill(node.seconds) or 0)
        except ValueError:
            seconds = 0.0
        self.values["body"] = json.dumps({"path": f"/sleep/{self.fill(node.seconds)}"})
        if seconds and not node.fails:
            await self.run.pause(seconds * self.second_s)

    async def _ask(self, node: Node) -> None:
        """Wait for a form: the stream ends with its being asked for, and the run goes on once it is filled in."""
        run = self.run
        form = Form(run, node.name)
        run.runs.ask(form)
        run.form = form
        await run.emit(self._event("human_input_required", form.required()))
        await run.emit(self._event("workflow_paused", form.paused()))
        run.end_listeners()
        run.runs.changed()
        while not form.submitted:
            await run.woken(max(0.0, form.expires_at - time.time()))
            if form.expired:
                run.form = None
                await run.emit(self._event("human_input_form_timeout", form.timeout()))
                raise NodeFailed("Human input form timed out")
        run.form = None
        run.runs.changed()
        self.values["action"] = form.action
        await run.emit(self._event("human_input_form_filled", form.filled()))

    async def _speak(self, node: Node) -> None:
        run = self.run
        if self.speaker is not None:
            if node.name == self.speaker:
                for text in texts(run, ()):
                    await self._say(text, node.parts[0][1] if node.parts else (node.name, "text"))
            return
        for part, selector in node.parts:
            for text in texts(run, [self.fill(part)]):
                await self._say(text, selector)

    async def _say(self, text: str, selector: tuple[str, ...]) -> None:
        run = self.run
        if run.message is None:
            await run.emit(shaped(run, "text_chunk", data={"text": text, "from_variable_selector": list(selector)}))
        else:
            event = shaped(run, "message", id=run.message.id, answer=text, from_variable_selector=list(selector))
            await run.emit(event)

    def _finished(self, node: Node, started: float, error: Failed | None) -> dict[str, Any]:
        inputs, process, outputs = self._node_data(node, error)
        return {
            "inputs": inputs,
            "inputs_truncated": False,
            "process_data": process,
            "process_data_truncated": False,
            "outputs": outputs,
            "outputs_truncated": False,
            "status": "succeeded" if error is None else "failed",
            "error": None if error is None else error.message,
            "elapsed_time": round(time.time() - started, 6),
            "execution_metadata": None,
            "created_at": int(started),
            "finished_at": int(time.time()),
            "files": [],
            "iteration_id": None,
            "loop_id": None,
        }

    def _node_data(self, node: Node, error: Failed | None) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """A node's inputs, what it noted, and its outputs."""
        if node.kind == "start":
            return shown_inputs(self.run, "node"), {}, shown_inputs(self.run, "node")
        if node.kind == "answer":
            return {}, {}, self.outputs()
        if node.kind == "end":
            return self.outputs(), {}, self.outputs()
        if node.kind == "human-input":
            return {}, {}, {"__action_id": self.values.get("action", "")}
        if node.fails:
            return {}, {"request": "GET /none HTTP/1.1\r\nHost: 127.0.0.1:9\r\n\r\n"}, {}
        request = f"GET /sleep/{self.fill(node.seconds)} HTTP/1.1\r\nHost: 127.0.0.1:5091\r\n\r\n"
        return {}, {"request": request}, {} if error else self._answer_of_node()

    def _answer_of_node(self) -> dict[str, Any]:
        body = self.values["body"]
        headers = {
            "server": "BaseHTTP/0.6 Python/3.12.1",
            "date": formatdate(usegmt=True),
            "content-type": "application/json",
            "content-length": str(len(body)),
        }
        return {"status_code": 200, "body": body, "headers": headers, "files": []}

    def outputs(self) -> dict[str, Any]:
        if self.run.message is not None:
            return {"answer": self.run.answer, "files": []}
        return {"result": self.run.answer}

    def finished(self) -> dict[str, Any]:
        """workflow_finished as things stand."""
        run = self.run
        run.finished_at = time.time()
        return self._event(
            "workflow_finished",
            {
                "id": run.id,
                "workflow_id": run.app.workflow_id,
                "status": run.status,
                "outputs": run.outputs,
                "error": run.error,
                "elapsed_time": run.elapsed,
                "total_tokens": 0,
                "total_steps": run.steps,
                "created_by": {"id": run.user.id, "user": run.user.session},
                "created_at": int(run.created_at),
                "finished_at": int(run.finished_at),
                "exceptions_count": int(run.status == "failed"),
                "files": [],
            },
        )


class NodeFailed(Exception):
    """A node failed, and the whole run with it."""


async def play_graph(run: Run, second_s: float) -> None:
    """A chatflow or workflow."""
    graph = Graph(run, second_s)
    try:
        await graph.play()
        run.status, run.outputs = "succeeded", graph.outputs()
        await run.emit(graph.finished())
        if run.message is not None:
            await run.emit(_message_end(run, told=True))
    except Stopped:
        run.status, run.error, run.outputs = "stopped", "Stopped by user.", {}
        run.emit_now(graph.finished())
        if run.message is not None:
            run.emit_now(_message_end(run, told=False))
    except NodeFailed as failure:
        run.status, run.error = "failed", str(failure)
        run.emit_now(graph.finished())
        if run.message is not None:
            fail(run, Failed(400, "invalid_param", f"Run failed: {failure}"))
    except Failed as failure:
        fail(run, failure)
