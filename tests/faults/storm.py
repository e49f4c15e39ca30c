"""A crawl in a storm: one call in five meets a fault, the service is killed under it, and so is the crawler.

Sandbox, service and crawler are processes; this one strikes them as the weather says and looks at the end what stands at the server.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sandbox.testing import Sandbox

from faults.crawler import Task
from faults.journal import entries
from faults.pages import FIELDS, pages
from faults.service import Service
from faults.weather import CRAWLER_KILLS, SERVICE_KILLS, SHARE, Weather

PAGES = 200
WORKERS = 8
PATIENCE_S = 120.0  # until the next kill's moment has come, or for the last pages
LOOKS = 40  # at whether the crawler lives, in that time
SHOWN = 10  # wrong pages that are told of one by one
SETTINGS = "verify_window_ms = 1500\n"


class CrawlerProcess:
    """A crawler that can be killed, and started again with what it has written down."""

    def __init__(self, task: Task, log: Path) -> None:
        self._command = [sys.executable, "-m", "faults.crawler", json.dumps(asdict(task))]
        self._log = log
        self.starts = 0
        self.start()

    def start(self) -> None:
        self.starts += 1
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def finish(self) -> str:
        """Wait for its end; what it said if that was not a good one."""
        try:
            status = self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            return f"the crawler had not ended after {PATIENCE_S:g} s more\n{self._said()}"
        return "" if status == 0 else f"the crawler ended with {status}\n{self._said()}"

    def ended(self) -> bool:
        return self._process.poll() is not None

    def close(self) -> None:
        if self._process.poll() is None:
            self.kill()

    def _said(self) -> str:
        return self._log.read_text(errors="replace")[-3000:]


@dataclass
class Landfall:
    """What a ride left behind."""

    seed: int
    server: str
    pages: int
    workers: int
    seconds: float
    trouble: str  # that the ride itself could not be ended
    datasets: list[dict[str, Any]]
    counters: dict[str, Any]
    journal: list[dict[str, Any]]
    service_starts: int
    crawler_starts: int

    @property
    def replay(self) -> str:
        """The same faults and strikes; what runs at their moment is the machine's."""
        return f"./dev storm --seed {self.seed} --pages {self.pages} --workers {self.workers}"

    @property
    def told(self) -> Counter[str]:
        """What the crawler was told, by number."""
        found: Counter[str] = Counter()
        for entry in self.journal:
            found.update(entry.get("marks", ()))
            found["again"] += bool(entry.get("again"))
            found["repeatable"] += bool(entry.get("repeatable"))
            found["looks"] += "looked" in entry
        return found

    def __str__(self) -> str:
        requests, told = self.counters["requests"]["total"], self.told
        return (
            f"{self.seconds:.1f} s, Dify {self.server}, {self.pages} pages, {requests} requests, "
            f"{self.counters['faults']} faults, service started {self.service_starts} times, crawler {self.crawler_starts}; "
            f"verified {told['verified']}, repeats {told['repeatable']}, looks {told['looks']}, asked again {told['again']}"
        )


def ride(seed: int, count: int = PAGES, workers: int = WORKERS) -> Landfall:
    """One storm, with a sandbox, a service and a crawler of its own."""
    began = time.monotonic()
    weather = Weather(seed, count)
    with tempfile.TemporaryDirectory(prefix="dp-", dir="/tmp") as name, Sandbox(*weather.server.options) as sandbox:
        sandbox.pause_indexing()
        weather.brew(sandbox)
        directory = Path(name)
        service = Service(directory, SETTINGS)
        task = Task(sandbox.http, sandbox.key, service.socket, str(directory / "journal"), count, workers)
        crawler = CrawlerProcess(task, directory / "crawler.log")
        try:
            trouble = _strike(weather, sandbox, service, crawler) or crawler.finish()
        finally:
            crawler.close()
            service.close()
        datasets = [sandbox.dataset(one["id"]) for one in sandbox.datasets()]
        journal = list(entries(directory / "journal"))
        return Landfall(
            seed,
            weather.server.name,
            count,
            workers,
            time.monotonic() - began,
            trouble,
            datasets,
            sandbox.counters(),
            journal,
            service.starts,
            crawler.starts,
        )


def _strike(weather: Weather, sandbox: Sandbox, service: Service, crawler: CrawlerProcess) -> str:
    """Kill and start again, each at its moment; what went wrong with that."""
    for strike in weather.strikes:
        trouble = _await(strike.requests, sandbox, crawler)
        if trouble:
            return trouble
        victim = service if strike.whom == "service" else crawler
        victim.kill()
        victim.start()
    return ""


def _await(requests: int, sandbox: Sandbox, crawler: CrawlerProcess) -> str:
    """Until the server has seen so many; why that will not come."""
    for _ in range(LOOKS):
        try:
            sandbox.wait("requests/total", requests, ">=", PATIENCE_S / LOOKS)
            return ""
        except AssertionError:
            if crawler.ended():
                return f"the crawler ended before its time: {crawler.finish()}"
    return f"the crawl stands still before request {requests}"


# ---- what must be so -------------------------------------------------------------------------------------------


def problems(after: Landfall) -> list[str]:
    """What is not as it must be: nothing lost, nothing doubled, and a storm that was one."""
    found = [after.trouble] if after.trouble else []
    if [one["name"] for one in after.datasets] != ["Site"]:
        return [*found, f"knowledge bases {[one['name'] for one in after.datasets]}, where one called Site was made"]
    site = after.datasets[0]
    fields = sorted(field["name"] for field in site["fields"])
    if fields != sorted(FIELDS):
        found.append(f"metadata fields {fields}, where {sorted(FIELDS)} were made")
    return found + _wrong_pages(after, site) + _calm(after)


def _wrong_pages(after: Landfall, site: dict[str, Any]) -> list[str]:
    there: dict[str, list[dict[str, Any]]] = {}
    for document in site["documents"]:
        there.setdefault(document["name"], []).append(document)
    found = []
    for page in pages(after.pages):
        documents = there.pop(page.name, [])
        content = [(document["text"], document["metadata"]) for document in documents]
        if content != [(page.text, page.metadata)]:
            metadata = [document["metadata"] for document in documents]
            found.append(
                f"{page.name} is there {len(documents)} times, metadata {metadata}{_history(after, page.name)}"
            )
    found += [f"{name} is there, which is no page" for name in there]
    return found[:SHOWN] + [f"and {len(found) - SHOWN} pages more"] * (len(found) > SHOWN)


def _history(after: Landfall, name: str) -> str:
    lines = [json.dumps(entry) for entry in after.journal if str(entry.get("step", "")).startswith(name)]
    return "".join(f"\n      {line}" for line in lines)


def _calm(after: Landfall) -> list[str]:
    """A storm that was none proves nothing."""
    found = []
    if after.counters["faults"] < SHARE / 2 * after.counters["requests"]["total"]:
        found.append(f"only {after.counters['faults']} of {after.counters['requests']['total']} requests met a fault")
    if (after.service_starts, after.crawler_starts) != (SERVICE_KILLS + 1, CRAWLER_KILLS + 1):
        found.append(f"service and crawler were started {after.service_starts} and {after.crawler_starts} times")
    return found


Rides = dict[int, Future[Landfall]]
