"""The ways that are compared, and how one of them is run: a worker process, watched from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Way:
    key: str
    title: str
    share: float  # of the pages: the slow ways get fewer, and their times are scaled
    ours: bool


WAYS = (
    Way("requests", "requests, a connection a call", 0.25, False),
    Way("session", "requests.Session", 0.5, False),
    Way("dropin", "difypool.ResilientDifyAPI, in turn", 0.5, True),
    Way("async", "difypool.AsyncClient, in parallel", 1.0, True),
)


@dataclass
class Result:
    """What one way did. Times in seconds; scaled to all pages where it says so."""

    way: Way
    pages: int
    setup_s: float = 0.0
    pages_s: float = 0.0
    calls: int = 0
    connections: int = 0  # as the client or the service says; where the server can be asked, as it says
    client_cpu_s: float = 0.0
    service_cpu_s: float = 0.0
    errors: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    checked: str = ""
    ended: bool = True  # False: it broke off, and its figures mean nothing

    def wall_s(self) -> float:
        return self.setup_s + self.pages_s

    def scaled_s(self, total: int) -> float:
        """Its time for `total` pages: the start as it was, the rest in proportion."""
        return self.setup_s + self.pages_s * total / max(self.pages, 1)

    def cpu_ms_a_call(self) -> float:
        return 1000 * (self.client_cpu_s + self.service_cpu_s) / max(self.calls, 1)


class WorkerFailed(RuntimeError):
    pass


@dataclass(frozen=True)
class ServiceState:
    pid: int
    connections: int  # opened to servers, so far
    cpu_s: float


def service_state(path: Path) -> ServiceState | None:
    """The service that answers on a socket, by its own word; None where nobody does. Starts none."""
    if not path.exists():
        return None
    import difypool

    before = os.environ.get("DIFYPOOL_AUTOSTART")
    os.environ["DIFYPOOL_AUTOSTART"] = "0"
    try:
        with difypool.Client(socket=str(path)) as client:
            stats = client.stats()
    except difypool.Error:
        return None
    finally:
        os.environ.pop("DIFYPOOL_AUTOSTART")
        if before is not None:
            os.environ["DIFYPOOL_AUTOSTART"] = before
    pid: int = stats["service"]["pid"]
    return ServiceState(pid, sum(host["connections_opened"] for host in stats["hosts"]), process_cpu_s(pid))


def process_cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_worker(job_file: Path, progress: Callable[[int], None]) -> dict[str, Any]:
    """Runs the worker to its end. Whatever interrupts this ends the worker, too."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "demo.worker", str(job_file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert worker.stdout is not None
        assert worker.stderr is not None
        result: dict[str, Any] | None = None
        for line in worker.stdout:
            said = json.loads(line)
            result = said.get("result", result)
            progress(said.get("done", 0))
        complaint = worker.stderr.read()
        if worker.wait(30) != 0 or result is None:
            raise WorkerFailed(complaint.strip().splitlines()[-1] if complaint.strip() else f"it ended with status {worker.returncode}")
        return result
    finally:
        if worker.poll() is None:
            worker.kill()
            worker.wait(10)


def run_way(way: Way, job: dict[str, Any], work: Path, socket_path: Path, progress: Callable[[int], None]) -> Result:
    job_file = work / f"job-{way.key}.json"
    job_file.write_text(json.dumps(job))
    nothing = ServiceState(0, 0, 0.0)
    before = (service_state(socket_path) if way.ours else None) or nothing
    said = run_worker(job_file, progress)
    after = (service_state(socket_path) if way.ours else None) or nothing
    return Result(
        way=way,
        pages=len(job["pages"]),
        setup_s=said["setup_s"],
        pages_s=said["pages_s"],
        calls=said["calls"],
        connections=after.connections - before.connections if way.ours else said["connections"],
        client_cpu_s=said["cpu_s"],
        service_cpu_s=max(0.0, after.cpu_s - before.cpu_s),
        errors=said["errors"],
    )
