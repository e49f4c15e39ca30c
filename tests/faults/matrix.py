"""Carries out the cells of the matrix through difypoold and the Python client, many at a time, and counts what the server did.

Each cell has a key, a workspace and a host name of its own (all names lead to one sandbox). So nothing that the library keeps by key, workspace or
origin (pool, breaker, budget of repeats, pace, version) and nothing that the sandbox counts is shared between two cells, and they can run in any
order and number at once. What the server did is read from its log at the end, when nothing runs any more.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import difypool
from sandbox.testing import Sandbox

from faults import oracle
from faults.faults import Fault, Told
from faults.operations import WORK, Rule, Work
from faults.scenes import Plain, Scene

AT_ONCE = 128  # nearly all cells wait nearly all of their time
STALL_S = 2.5  # deadline of a call that will not be answered
PROOF_S = 16.0  # … of one whose proof is looked for, to the end of the time for that
SHORT_S = 6.0  # … of one that a host's refusal would hold for longer
LONG_S = 60.0  # … of all others, which end long before


@dataclass(frozen=True)
class Cell:
    """One operation under one fault."""

    rule: Rule
    fault: Fault
    reused: bool = False
    always: bool = False
    tls: bool = False

    @property
    def name(self) -> str:
        marks = ["reused" if self.reused else "fresh", *["always"] * self.always, *["tls"] * self.tls]
        return f"{self.rule.name}-{self.fault.name}-{'-'.join(marks)}".replace(" ", "_").replace(",", "")

    @property
    def work(self) -> Work:
        return WORK[self.rule.name]

    @property
    def sent_as(self) -> str:
        return self.work.carried_as or self.rule.name

    @property
    def expected(self) -> oracle.Expected:
        return oracle.expect(self.rule, self.fault, self.always)

    @property
    def deadline(self) -> float:
        if self.fault.stalls:  # a way round a defect looks three times before it writes
            return STALL_S * 3 if self.work.carried_as else STALL_S
        if self.fault.kind == "rate_limited":
            return SHORT_S
        doubtful = self.fault.told in (Told.NOTHING, Told.UNCLEAR) and not self.fault.done
        return PROOF_S if self.rule.retry == "verify" and doubtful else LONG_S


@dataclass
class Outcome:
    """What came of a cell."""

    kind: str  # "ok" or the error's
    code: str
    text: str
    retryable: bool
    attempts: int
    verified: bool
    seconds: float
    status: int = 0
    members: frozenset[str] = frozenset()  # of a JSON answer, two levels deep
    requests: list[dict[str, Any]] = field(default_factory=list)  # the sandbox's log of this cell's operation
    work: int = 0
    broken: str = ""  # the cell itself could not be carried out

    def __str__(self) -> str:
        said = f"{self.kind}/{self.code} {self.text!r}" if self.kind != "ok" else "ok"
        return f"{said}, attempts {self.attempts}, verified {self.verified}, work {self.work}, requests {self.requests}"


class Places:
    """Addresses that lead to the sandbox by any name, and some that lead nowhere."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._http = urlsplit(sandbox.http).port or 0
        self._https = urlsplit(sandbox.https).port or 0
        self._ca_file = sandbox.ca_file
        self._closed = socket.socket()
        self._closed.bind(("127.0.0.1", 0))  # bound, so that nobody else gets the port, and not listening

    def close(self) -> None:
        self._closed.close()

    def options(self, fault: Fault, name: str, tls: bool) -> dict[str, Any]:
        """Parameters of a client whose calls go where the fault wants them."""
        if fault.address == "dns":
            return {"base_url": f"http://{'x' * 64}.invalid"}  # no name server is asked for a label so long
        if fault.address == "refused":
            return self._at("http", name, self._closed.getsockname()[1])
        if fault.address == "tls":
            return self._at("https", name, self._http)
        if fault.address == "untrusted":
            return self._at("https", name, self._https)
        if fault.address == "misnamed":
            return {**self._at("https", name, self._https), "ca_file": self._ca_file}
        if tls:  # the certificate bears no such names
            return {**self._at("https", name, self._https), "verify": False}
        return self._at("http", name, self._http)

    @staticmethod
    def _at(scheme: str, name: str, port: int) -> dict[str, Any]:
        return {"base_url": f"{scheme}://{name}:{port}", "resolve": f"{name}:{port}:127.0.0.1"}


def key_of(number: int) -> str:
    return f"cell-{number}"


def secret_of(number: int, work: Work) -> str:
    """Keys tell by their beginning what they are for."""
    return f"{'dataset' if work.key == 'dataset' else 'app'}-{key_of(number)}"


# Routes of later versions are there, and a delete that is done says so: what 1.12.1 does instead has tests of its own.
DEFECTS = ["--defect=-routes-absent", "--defect=-child-delete-400"]


def sandbox_options(cells: list[Cell]) -> list[str]:
    """A sandbox with a key and a workspace for each cell, that remembers all requests."""
    keys = [f"--key={secret_of(n, cell.work)}:{key_of(n)}:{cell.work.key}:{key_of(n)}" for n, cell in enumerate(cells)]
    return ["--log-size", "1000000", *DEFECTS, *keys]


class Matrix:
    """Runs cells against one sandbox and one service."""

    def __init__(self, sandbox: Sandbox, service: str) -> None:
        self._sandbox = sandbox
        self._service = service
        self._places = Places(sandbox)
        self._prepared: dict[int, int] = {}  # requests of each cell that put its scene in place

    def run(self, cells: list[Cell]) -> dict[Cell, Outcome]:
        """All cells, the slow ones first; the outcomes by cell."""
        self._sandbox.pause_indexing()
        order = sorted(range(len(cells)), key=lambda n: cells[n].deadline % LONG_S, reverse=True)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = dict(zip(order, pool.map(lambda n: self._guarded(n, cells[n]), order), strict=True))
        self._places.close()
        self._sandbox.clear_faults()
        self._sandbox.wait("requests/in_flight", 0, "==", 30)
        self._count(cells, found)
        return {cells[n]: outcome for n, outcome in found.items()}

    def _guarded(self, number: int, cell: Cell) -> Outcome:
        try:
            return self._cell(number, cell)
        except Exception as error:
            return Outcome("", "", "", False, 0, False, 0, broken=f"{type(error).__name__}: {error}")

    def _cell(self, number: int, cell: Cell) -> Outcome:
        args = cell.work.args(self._scene(number, cell))
        options = self._places.options(cell.fault, f"{key_of(number)}.test", cell.tls)
        with self._client(number, cell, options) as client:
            if cell.reused:
                self._warm(number, cell, client)
            order = self._order(number, cell)
            try:
                return _call(client, cell, args)
            finally:
                if cell.fault.stalls:
                    self._sandbox.release(order)

    def _client(self, number: int, cell: Cell, options: dict[str, Any]) -> difypool.Client:
        return difypool.Client(
            **options,
            api_key=secret_of(number, cell.work),
            socket=self._service,
            breaker=False,  # it is tested elsewhere, and here it would answer for the server
            retry_attempts=oracle.ATTEMPTS,
            retry_initial_ms=1,
            retry_max_ms=5,
        )

    def _scene(self, number: int, cell: Cell) -> Scene:
        scene, plain = Scene(key_of(number)), Plain(self._sandbox.http, secret_of(number, cell.work))
        if cell.work.key == "dataset":
            # A server of 1.12.1 that has a tag cannot list tags.
            self._sandbox.seed(**scene.seed(tags=cell.rule.name != "tags.list"))
        if cell.work.prepare:
            cell.work.prepare(scene, plain)
        self._prepared[number] = plain.requests
        return scene

    def _warm(self, number: int, cell: Cell, client: difypool.Client) -> None:
        """Leave a connection in the pool; with an idle fault one that the server has closed."""
        began = time.monotonic()
        if cell.fault.idle:
            match = {"key": key_of(number)}
            self._sandbox.fault(match=match, cut_after=1 << 30, how="fin")
        if cell.work.key == "dataset":
            client.call("models.list", model_type="text-embedding", deadline=LONG_S)
        else:
            client.call("apps.info", deadline=LONG_S)
        if cell.fault.idle:
            self._sandbox.settings()  # a round through the sandbox's loop: what it was about to close is closed
            # libcurl sees the end of a plain connection itself; of TLS's farewell the service hears a moment later.
            while cell.tls and _open_connections(client, key_of(number)):
                assert time.monotonic() < began + LONG_S, "the service did not notice that a connection was closed"

    def _order(self, number: int, cell: Cell) -> int:
        if not cell.fault.order:
            return 0
        match = {"key": key_of(number), "operation": cell.sent_as}
        return self._sandbox.fault(match=match, times=None if cell.always else 1, **cell.fault.order)

    def _count(self, cells: list[Cell], found: dict[int, Outcome]) -> None:
        by_key: dict[str, list[dict[str, Any]]] = {}
        for entry in self._sandbox.log():
            by_key.setdefault(entry["key"], []).append(entry)
        for number, outcome in found.items():
            entries = by_key.get(key_of(number), [])[self._prepared.get(number, 0) :]
            if cells[number].rule.retry != "free":
                outcome.work = sum(entry["effects"] for entry in entries)
            outcome.requests = [_brief(e) for e in entries if e["operation"] == cells[number].sent_as]


def _open_connections(client: difypool.Client, name: str) -> int:
    """How many the service holds to a host."""
    return sum(int(host["connections_open"]) for host in client.stats()["hosts"] if f"//{name}.test" in host["origin"])


def _brief(entry: dict[str, Any]) -> dict[str, Any]:
    names = ("request_on_connection", "status", "effects", "fault")
    return {name: entry[name] for name in names if name in entry}


def _call(client: difypool.Client, cell: Cell, args: dict[str, Any]) -> Outcome:
    began = time.monotonic()
    try:
        reply = client.call(cell.rule.name, args, deadline=cell.deadline, **cell.work.options)
    except difypool.Error as error:
        attempts = int(error.meta.get("attempts", 0))
        seconds = time.monotonic() - began
        return Outcome(error.kind, error.code, error.message, error.retryable, attempts, False, seconds)
    seconds = time.monotonic() - began
    members = frozenset(_members(_shown(reply), 2))
    attempts, verified = reply.meta["attempts"], reply.meta["verified"]
    return Outcome("ok", "", "", False, attempts, verified, seconds, reply.status, members)


def _shown(reply: difypool.Reply) -> Any:
    """An answer as JSON; its bytes if it is none."""
    try:
        return json.loads(reply.content)
    except ValueError:
        return reply.content


def _members(value: Any, depth: int, path: str = "") -> Iterator[str]:
    """The shape of an answer: the names of members with their paths, and the type of what has none."""
    if depth and isinstance(value, dict):
        for name, inner in value.items():
            yield from _members(inner, depth - 1, f"{path}.{name}")
    else:
        yield path or type(value).__name__
