"""Runs: an app at work, with or without somebody who follows it.

A run is a task of its own, as it is a thread of its own in the real server: it goes on when its client leaves, can be stopped by its task id, and
more than one listener can follow it. Each listener has a queue of a few events and the run waits while one of them is full; so a client that does
not read makes its run wait, and no stream is held in memory.

All waiting of a run is in woken(): for time, for room in a queue, for a held event, for a form. stop() ends whichever it is.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import Awaitable
from typing import Any, Callable

from .apps import App, Conversation, EndUser, Message
from .forms import Form
from .scripts import Script
from .state import new_id

QUEUE_EVENTS = 16  # events that a listener's queue holds
KEEP_STREAMED = 1 << 18  # characters of an answer that are remembered of a streamed run
KEEP_BLOCKING = 64 << 20  # and of a blocking one, which has to answer with all of it
RECORDS = 2000  # runs whose outcome is remembered


class Stopped(Exception):
    """The run is to end: its task was stopped."""


class Failed(Exception):
    """The run fails, with what the client is told."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def encode(event: dict[str, Any]) -> bytes:
    """An event as Dify writes it: compact JSON in raw UTF-8."""
    return b"data: " + json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


class Listener:
    """One who follows a run."""

    def __init__(self, run: Run, stays: bool) -> None:
        self._run = run
        self.stays = stays
        self._frames: deque[bytes] = deque()
        self._ready: asyncio.Future[None] | None = None
        self.ended = False

    @property
    def full(self) -> bool:
        return len(self._frames) >= QUEUE_EVENTS

    def put(self, frame: bytes) -> None:
        self._frames.append(frame)
        self.wake()

    def end(self) -> None:
        """Nothing comes after what is queued."""
        self.ended = True
        self.wake()

    def wake(self) -> None:
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(None)

    async def wait(self, seconds: float | None) -> None:
        """Until there may be something, at most so long."""
        loop = asyncio.get_running_loop()
        self._ready = loop.create_future()
        timer = None if seconds is None else loop.call_later(max(0.0, seconds), self.wake)
        try:
            await self._ready
        finally:
            self._ready = None
            if timer is not None:
                timer.cancel()

    def take(self) -> bytes | None:
        """The next event, if one is there."""
        if not self._frames:
            return None
        frame = self._frames.popleft()
        self._run.wake()
        return frame

    def leave(self) -> None:
        """Follow it no longer."""
        self._run.forget(self)


class Run:
    """One run of an app. `player` is the coroutine function that does the app's work with emit(), text() and pause()."""

    def __init__(self, runs: Runs, app: App, user: EndUser, inputs: dict[str, Any], script: Script, streamed: bool) -> None:
        self.runs = runs
        self.app = app
        self.user = user
        self.inputs = inputs
        self.script = script
        self.streamed = streamed
        self.truncates = True  # the defect broken-model-200
        self.task_id = new_id()
        self.id = new_id()
        self.log_id = new_id()
        self.query = ""
        self.turn = 0
        self.conversation: Conversation | None = None
        self.message: Message | None = None
        self.status = "running"
        self.error: str | None = None
        self.refusal: Failed | None = None
        self.outputs: dict[str, Any] = {}
        self.steps = 0
        self.created_at = time.time()
        self.finished_at: float | None = None
        self.sent = 0
        self.texts = 0
        self.held = False
        self.form: Any = None
        self.nodes: list[bytes] = []
        self.last: bytes | None = None
        self.stopped_by_user = False
        self.followed = not streamed
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._listeners: list[Listener] = []
        self._parts: list[str] = []
        self._kept = 0
        self._free = 0
        self._waiter: asyncio.Future[None] | None = None
        self._inserts = sorted(script.action.get("insert", []), key=lambda one: one["after"])
        self._task: asyncio.Task[None] | None = None
        self._release: Callable[[], None] | None = None

    # --- life

    def start(self, player: Callable[[Run], Awaitable[None]], release: Callable[[], None]) -> None:
        """Begin; release is called once when the app's slot is free again."""
        self._release = release
        self.runs.began(self)
        self._task = asyncio.ensure_future(self._live(player))

    async def _live(self, player: Callable[[Run], Awaitable[None]]) -> None:
        try:
            await player(self)
        finally:
            self.finished_at = time.time()
            if self.message is not None and (self.followed or self._listeners):
                self.message.answer = self.answer
            if self.streamed:
                self._parts.clear()  # what it said is in its last events, its record and its message
            for listener in self._listeners:
                listener.end()
            self.free_slot()
            self.runs.ended(self)
            if not self.done.done():
                self.done.set_result(None)

    def free_slot(self) -> None:
        """The app may take another run: this one has ended, or nobody follows it any more."""
        release, self._release = self._release, None
        if release is not None:
            release()

    def stop(self) -> None:
        self.stopped_by_user = True
        self.wake()

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    @property
    def elapsed(self) -> float:
        return round((self.finished_at or time.time()) - self.created_at, 6)

    async def settled(self) -> None:
        """Until it is over, or waits for a form."""
        await asyncio.wait([self.done, self.asked], return_when=asyncio.FIRST_COMPLETED)

    # --- waiting

    def wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def woken(self, seconds: float | None = None) -> None:
        """Wait until woken, at most so long. Raises Stopped."""
        if not self.stopped_by_user:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            timer = None if seconds is None else loop.call_later(seconds, self.wake)
            try:
                await self._waiter
            finally:
                self._waiter = None
                if timer is not None:
                    timer.cancel()
        if self.stopped_by_user:
            raise Stopped

    async def pause(self, seconds: float) -> None:
        """Wait so long. Raises Stopped."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while (left := deadline - loop.time()) > 0:
            await self.woken(left)

    async def _hold(self) -> None:
        self.held = True
        self.runs.changed()
        try:
            while not self._free:
                await self.woken()
            self._free -= 1
        finally:
            self.held = False
            self.runs.changed()

    def let_go(self) -> None:
        """Release the event that is held."""
        self._free += 1
        self.wake()

    async def _room(self) -> None:
        while any(listener.full for listener in self._listeners):
            await self.woken()

    # --- listeners

    def listen(self, stays: bool = False) -> Listener:
        """Follow it from here on; stays: also past a pause."""
        listener = Listener(self, stays)
        self._listeners.append(listener)
        if self.done.done():
            listener.end()
        return listener

    def forget(self, listener: Listener) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)
        if not self._listeners:
            self.free_slot()
        self.wake()

    def end_listeners(self) -> None:
        """The streams end here, the run does not: a form is waited for."""
        if not self.asked.done():
            self.asked.set_result(None)
        for listener in self._listeners:
            if not listener.stays:
                listener.end()
        self._listeners = [listener for listener in self._listeners if listener.stays]

    def _send(self, frame: bytes) -> None:
        for listener in self._listeners:
            listener.put(frame)

    # --- events

    async def emit(self, event: dict[str, Any]) -> None:
        """Send an event when the script says so and there is room for it. Raises Stopped, and Failed where the script wants it."""
        action = self.script.action
        wait = action.get("interval_ms" if self.sent else "first_ms", 0)
        if wait:
            await self.pause(wait / 1000)
        if self.script.holds(self.sent):
            await self._hold()
        if "error" in action and self.sent >= action.get("error_after", 0):
            raise preset_failure(action["error"])
        await self._room()
        if self.stopped_by_user:
            raise Stopped
        self.emit_now(event)
        if not self.sent % 64:
            await asyncio.sleep(0)  # others get their turn, however many events there are

    def emit_now(self, event: dict[str, Any]) -> None:
        """Send an event that nothing holds up: the last ones."""
        while self._inserts and self._inserts[0]["after"] <= self.sent:
            one = self._inserts.pop(0)
            self._send(one["raw"].encode() if "raw" in one else encode(one["event"]))
        frame = encode(event)
        self.sent += 1
        if event["event"] in ("node_started", "node_finished"):
            self.nodes.append(frame)
        elif event["event"] == "workflow_finished":
            self.last = frame
        self._send(frame)

    # --- the answer

    def add_text(self, text: str) -> None:
        limit = KEEP_STREAMED if self.streamed else KEEP_BLOCKING
        if self._kept < limit:
            self._parts.append(text[: limit - self._kept])
        self._kept += len(text)

    @property
    def answer(self) -> str:
        return "".join(self._parts)


def preset_failure(name: str) -> Failed:
    """The failure that an error preset describes."""
    from .errors import PRESETS

    envelope = json.loads(PRESETS[name]().body)
    return Failed(envelope["status"], envelope["code"], envelope["message"])


class Runs:
    """All runs, with their numbers."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.changed = changed
        self.live: dict[str, Run] = {}
        self.records: dict[str, Run] = {}
        self.forms: dict[str, Form] = {}
        self.reset()

    def reset(self) -> None:
        """No runs; those that are under way end without a word."""
        for run in list(self.live.values()):
            run.cancel()
        self.live.clear()
        self.records.clear()
        self.forms.clear()
        self.reset_counters()

    def reset_counters(self) -> None:
        self.numbers: Counter[str] = Counter()
        self.max_in_flight = len(self.live)

    def began(self, run: Run) -> None:
        self.live[run.task_id] = run
        self.records[run.id] = run
        while len(self.records) > RECORDS:
            del self.records[next(iter(self.records))]
        self.numbers["started"] += 1
        self.max_in_flight = max(self.max_in_flight, len(self.live))
        self.changed()

    def ended(self, run: Run) -> None:
        if self.live.pop(run.task_id, None) is None:
            return
        self.numbers["finished"] += 1
        self.numbers[run.status] += 1
        self.changed()

    def ask(self, form: Form) -> None:
        """A run waits for this form."""
        self.forms[form.token] = form
        while len(self.forms) > RECORDS:
            del self.forms[next(iter(self.forms))]

    def stop(self, app: App, task_id: str, session: str) -> bool:
        """Stop a task if it is this app's and was started by this user; whether it was."""
        run = self.live.get(task_id)
        if run is None or run.app is not app or run.user.session != session:
            return False
        run.stop()
        return True

    def release(self, task_id: str | None) -> int:
        found = [run for run in self.live.values() if run.held and task_id in (None, run.task_id)]
        for run in found:
            run.let_go()
        return len(found)

    def state(self) -> dict[str, Any]:
        return {
            "in_flight": len(self.live),
            "max_in_flight": self.max_in_flight,
            "held": sum(run.held for run in self.live.values()),
            "waiting_for_input": sum(run.form is not None for run in self.live.values()),
            **{name: self.numbers[name] for name in ("started", "finished", "succeeded", "failed", "stopped")},
        }
