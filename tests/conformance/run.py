"""One run: all operations tried in order, through difypool, and what came of each.

An outcome is one of

    ok            it did what the contract says
    deviates      it worked, and the answer differs from the contract, in the ways that are listed
    unsupported   this server lacks the route, or difypool keeps it from breaking the server
    not possible  this server or these keys cannot have it: no such app, no model, nothing to try it on
    defect        it failed as this version of the server is known to
    failed        it should have worked

What a run makes it removes, whatever happens; what could not be removed is told by name.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from difypool import Client
from difypool import Error as DifypoolError

from . import schema
from .plan import STEPS, Step

INDEXING_S = 120
OUTCOMES = ("ok", "deviates", "unsupported", "not possible", "defect", "failed")
# What a server says of what it lacks, not of what was asked.
LACKS = ("not_initialize", "provider_not_initialize", "provider_not_support", "model_currently_not_support", "quota")
LACKS_TEXT = ("not enabled", "not initialized", "is not enabled", "default model not found", "plugin daemon", "is disabled")
# By what a failure is known for one of the table's defects; those that do not fail, or are mended, are not here.
SIGNS = {
    "list_400": "validation error",
    "done_but_400": "validation error",
    "technique_required": "validation error",
    "economy_default": "default model not found",
    "ceiling_is_400": "too many requests",
}


class NotPossible(Exception):
    """Why an operation cannot be tried."""


@dataclass
class Outcome:
    operation: str
    outcome: str
    ms: int = 0
    status: int = 0
    detail: str = ""
    deviations: list[str] = field(default_factory=list)
    mode: str = ""  # "stream" where it was read event by event


@dataclass
class Run:
    clients: dict[str, Client]
    contracts: dict[str, str]  # operation -> operationId
    answers: dict[str, str]  # operation -> kind of answer
    defects: dict[str, dict[str, str]]  # operation -> what this version of the server is known to do wrong, by its id
    tell: Callable[[Outcome], None]
    outcomes: list[Outcome] = field(default_factory=list)
    known: dict[str, Any] = field(default_factory=dict)
    made: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)  # kind of key, operation, arguments
    left: list[str] = field(default_factory=list)
    stays: list[str] = field(default_factory=list)  # what no program could remove
    indexed: dict[str, str] = field(default_factory=dict)  # document -> "" or why not

    def go(self, given: dict[str, Any]) -> None:
        mark = uuid.uuid4().hex[:8]
        self.known = {"user": f"conformance-{mark}", "unique": f"conformance {mark}", "unique2": f"conformance {mark} b"}
        self.known.update(given)
        try:
            for step in STEPS:
                self.note(self.attempt(step))
        finally:
            self.clean()

    def note(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.tell(outcome)

    # --- one operation -------------------------------------------------------------------------

    def attempt(self, step: Step) -> Outcome:
        """With one key after another, until one can."""
        kinds = [kind for kind in step.keys if kind in self.clients]
        if not kinds:
            why = f"no key of {' or '.join(step.keys)} was given"
            return Outcome(step.op, "not possible", detail=why, mode="stream" if step.streamed else "")
        for kind in kinds:
            out = self.attempt_with(step, kind)
            if out.outcome != "not possible" or not out.status:
                break
        return out

    def attempt_with(self, step: Step, kind: str) -> Outcome:
        out = Outcome(step.op, "failed", mode="stream" if step.streamed else "")
        started = time.monotonic()
        try:
            if step.indexed:
                self.wait_for(step.indexed)
            started = time.monotonic()
            self.call(step, kind, out)
        except NotPossible as why:
            out.outcome, out.detail = "not possible", str(why)
        except DifypoolError as error:
            self.judge(error, out)
            if step.optional and out.outcome == "failed":
                out.outcome = "not possible"
        except (ValueError, TypeError, AttributeError, LookupError) as odd:  # what no Dify answers must not end the run
            out.outcome, out.detail = "failed", f"what it answered cannot be read: {odd!r}"[:300]
        out.ms = round(1000 * (time.monotonic() - started))
        return out

    def filled(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith("$"):
            if value[1:] not in self.known:
                raise NotPossible(f"there is no {value[1:].replace('_', ' ')}: what gives it did not")
            return self.known[value[1:]]
        if isinstance(value, dict):
            return {k: self.filled(v) for k, v in value.items()}
        return [self.filled(v) for v in value] if isinstance(value, list) else value

    def call(self, step: Step, kind: str, out: Outcome) -> None:
        if step.args.get("inputs") == "$inputs":
            self.known["inputs"] = self.inputs(kind)
        args = self.filled(step.args)
        client = self.clients[kind]
        if step.streamed:
            self.stream(client, step, kind, args, out)
            return
        reply = client.call(step.op, args)
        out.status = reply.status
        body = reply.json() if reply.content and self.answers[step.op] in ("json", "events") else None
        out.deviations = [] if reply.meta.get("note") else schema.deviations(self.contracts[step.op], reply.status, body)
        if body is None and reply.content.strip() == b"null" and schema.schema_of(self.contracts[step.op], reply.status):
            out.deviations.append("null, where the contract has a value: the answer")
        out.detail = reply.meta.get("note", "")
        out.outcome = "deviates" if out.deviations else "ok"
        if step.op == "tags.create" and not (body or {}).get("id"):
            self.stays.append(f"the tag {args['name']}: this version of the server shows no id to delete it by")
        if self.answers[step.op] == "binary" and not reply.content:
            raise NotPossible("the answer is empty")
        self.keep(step, kind, body, args)

    def stream(self, client: Client, step: Step, kind: str, args: dict[str, Any], out: Outcome) -> None:
        with client.stream(step.op, args) as events:
            told: list[dict[str, Any]] = [dict(event.data) for event in events if not isinstance(event, bytes)]
        out.status, out.outcome, out.detail = 200, "ok", f"{len(told)} events"
        members: dict[str, Any] = {}
        for one in told:
            inner = one.get("data")
            members = {**(inner if isinstance(inner, dict) else {}), **one, **members}
        self.keep(step, kind, members, args)

    def judge(self, error: DifypoolError, out: Outcome) -> None:
        text = f"{error.code} {error}".lower()
        out.status = error.status or 0
        out.detail = f"{error.kind}: {error}"[:300]
        if error.kind == "unsupported":
            out.outcome = "unsupported"
        elif known := [t for i, t in self.defects.get(out.operation, {}).items() if i in SIGNS and SIGNS[i] in text]:
            out.outcome, out.detail = "defect", f"{known[0]} ({out.detail})"
        elif error.kind == "quota" or error.code in LACKS or any(words in text for words in LACKS_TEXT):
            out.outcome = "not possible"

    def keep(self, step: Step, kind: str, body: Any, args: dict[str, Any]) -> None:
        if "preview_id" in step.keep:  # a file can be seen once a message refers to it
            self.known["preview_id"] = self.known["file_id"]
            return
        if step.op == "human_input.get":
            asked = [entry.get("output_variable_name") for entry in body.get("inputs", [])]
            self.known["form_inputs"] = dict.fromkeys(asked, "conformance")
        for name, way in step.keep.items():
            value = body
            try:
                for part in way:
                    value = value[part]
            except (KeyError, IndexError, TypeError):
                continue
            self.known[name] = value
            self.note_made(name, kind, value, args)
        if step.removes:
            self.made = [m for m in self.made if self.known.get(step.removes) not in m[2].values()]

    def note_made(self, name: str, kind: str, value: Any, args: dict[str, Any]) -> None:
        removed_by = {
            "dataset_id": ("datasets.delete", {"dataset_id": value}),
            "parents_id": ("datasets.delete", {"dataset_id": value}),
            "tag_id": ("tags.delete", {"tag_id": value}),
            "annotation_id": ("annotations.delete", {"annotation_id": value}),
            "conversation_id": ("conversations.delete", {"conversation_id": value, "user": args.get("user")}),
        }
        if name in removed_by:
            self.made.append((kind, *removed_by[name]))

    # --- what is needed beside ------------------------------------------------------------------

    def inputs(self, kind: str) -> dict[str, Any]:
        """Values for what an app asks its users for."""
        values: dict[str, Any] = {}
        form = self.clients[kind].call("apps.parameters", {}).json().get("user_input_form", [])
        for entry in form:
            for what, spec in entry.items():
                if not spec.get("required"):
                    continue
                if what in ("file", "file-list"):
                    raise NotPossible(f"the app wants a file for {spec.get('variable')}")
                options = spec.get("options") or ["1"]
                values[spec["variable"]] = options[0] if what == "select" else 1 if what == "number" else "conformance"
        return values

    def wait_for(self, name: str) -> None:
        document = self.filled(f"${name}")
        if name not in self.indexed:
            dataset = self.known["parents_id" if name.startswith("parent") else "dataset_id"]
            args = {"dataset_id": dataset, "ids": [document]}
            try:
                done = self.clients["knowledge"].call("documents.wait", args, deadline=INDEXING_S).json()
                states = {d["status"]: d.get("error", "") for d in done["documents"]}
                self.indexed[name] = "" if "completed" in states else f"its indexing ended in {states}"
            except DifypoolError as error:
                self.indexed[name] = f"it was not indexed within {INDEXING_S} s ({error.code})"
        if self.indexed[name]:
            raise NotPossible(f"the document cannot be used: {self.indexed[name]}")

    # --- leaving nothing behind -------------------------------------------------------------------

    def clean(self) -> None:
        for kind, op, args in reversed(self.made):
            try:
                self.clients[kind].call(op, args)
            except DifypoolError as error:
                if error.kind != "not_found":
                    self.left.append(f"{op} {json.dumps(args)}: {error}")
        self.made = []

    def as_json(self) -> dict[str, Any]:
        counts = {name: sum(o.outcome == name for o in self.outcomes) for name in OUTCOMES}
        return {"outcomes": [asdict(o) for o in self.outcomes], "counts": counts, "left_behind": self.left, "stays": self.stays}
