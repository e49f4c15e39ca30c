"""A crawl in a storm: one call in five meets a fault, and the service is killed under it.

The server is of a version that adds a second document where a create is repeated, so that whatever is done twice shows. The crawler does what the
errors tell it: it repeats what may be repeated, and after an unknown outcome it looks before it does the same again.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import difypool
from sandbox.testing import Sandbox

from faults.service import Service

PAGES = 60
WORKERS = 8
SHARE = 0.2  # of the calls that meet a fault
CALLS = 1500  # calls that the storm lasts; more than there will be
KILLS = 2
ROUNDS = 30  # tries at one thing before the crawler gives up
PATIENCE_S = 60.0
OPTIONS = ["--dify-version", "1.11.0", "--defect", "+same-name-duplicates", "--log-size", "100000"]

# All work is done when its request is read: what a look does not show then was not done.
STORM: list[dict[str, Any]] = [
    {"reset": "before"},
    {"reset": "before", "early": True},
    {"reset": "before", "how": "fin"},
    {"reset": "after"},
    {"reset": "after", "how": "fin"},
    {"cut_after": 40},
    {"cut_body_after": 2},
    {"stall": "headers", "stall_ms": 300},
    {"stall": "in-body", "stall_ms": 300},
    {"answer": "nginx_502"},
    {"answer": "nginx_502", "done": True},
    {"answer": "nginx_504_documented", "done": True},
    {"answer": "nginx_503_documented"},
    {"answer": "internal_error"},
    {"answer": "internal_error", "done": True},
    {"answer": "too_many_requests_400"},
    {"answer": "too_many_requests_429_documented"},
]


@dataclass(frozen=True)
class Page:
    number: int

    @property
    def name(self) -> str:
        return f"page {self.number:03}.html"

    @property
    def text(self) -> str:
        return f"Page {self.number} of the site.\n" + "Some words. " * (self.number + 1)

    @property
    def metadata(self) -> dict[str, str]:
        return {"url": f"https://example.org/{self.number}", "title": f"Title {self.number}"}


def pages() -> list[Page]:
    return [Page(number) for number in range(PAGES)]


@dataclass
class Told:
    """What the crawler was told, for whoever reads a failure."""

    verified: int = 0
    again: int = 0  # repeats that it was told are safe
    looks: int = 0  # looks after an unknown outcome
    kinds: list[str] = field(default_factory=list)


class Crawler:
    """Puts pages into a knowledge base through any weather."""

    def __init__(self, client: difypool.AsyncClient) -> None:
        self._client = client
        self.told = Told()
        self.dataset = ""
        self._fields: dict[str, str] = {}

    async def crawl(self, todo: list[Page]) -> None:
        self.dataset = await self._once(self._make_dataset, self._find_dataset)
        for name in ("url", "title"):
            self._fields[name] = await self._once(partial(self._make_field, name), partial(self._find_field, name))
        left = list(reversed(todo))

        async def work() -> None:
            while left:
                await self._put(left.pop())

        await asyncio.gather(*(work() for _ in range(WORKERS)))

    async def _once(self, do: Callable[[], Awaitable[str]], look: Callable[[], Awaitable[str]]) -> str:
        """Until it is done: again where the error says that this is safe, else only if a look shows nothing of it."""
        for _ in range(ROUNDS):
            try:
                return await do()
            except difypool.Error as error:
                self.told.kinds.append(f"{error.kind}/{error.code}")
                if error.retryable:
                    self.told.again += 1
                    continue
                if error.kind not in ("unknown_outcome", "server_error", "overloaded"):
                    raise
            self.told.looks += 1
            found = await look()
            if found:
                return found
        raise AssertionError(f"not done after {ROUNDS} tries: {self.told.kinds[-ROUNDS:]}")

    async def _ask(self, op: str, **args: Any) -> Any:
        reply = await self._client.call(op, args)
        self.told.verified += bool(reply.meta["verified"])
        return reply.json()

    async def _read(self, op: str, **args: Any) -> Any:
        """A read: it changes nothing, so it may be asked until it is answered."""
        for _ in range(ROUNDS):
            try:
                return (await self._client.call(op, args)).json()
            except difypool.Error as error:
                self.told.kinds.append(f"{op}: {error.kind}/{error.code}")
                if not error.retryable:
                    raise
        raise AssertionError(f"{op} was not answered in {ROUNDS} tries")

    async def _make_dataset(self) -> str:
        return str((await self._ask("datasets.create", name="Site", indexing_technique="economy"))["id"])

    async def _find_dataset(self) -> str:
        found = await self._read("datasets.list", keyword="Site", include_all=True, limit=100)
        return next((str(one["id"]) for one in found["data"] if one["name"] == "Site"), "")

    async def _make_field(self, name: str) -> str:
        return str((await self._ask("metadata.create", dataset_id=self.dataset, type="string", name=name))["id"])

    async def _find_field(self, name: str) -> str:
        found = await self._read("metadata.list", dataset_id=self.dataset)
        return next((str(one["id"]) for one in found["doc_metadata"] if one["name"] == name), "")

    async def _put(self, page: Page) -> None:
        document = await self._once(partial(self._make_document, page), partial(self._find_document, page))
        await self._once(partial(self._assign, document, page), partial(self._assigned, document, page))

    async def _make_document(self, page: Page) -> str:
        made = await self._ask(
            "documents.create_by_text",
            dataset_id=self.dataset,
            name=page.name,
            text=page.text,
            indexing_technique="economy",
            doc_form="text_model",
            process_rule={"mode": "automatic"},
        )
        return str(made["document"]["id"])

    async def _find_document(self, page: Page) -> str:
        found = await self._read("documents.list", dataset_id=self.dataset, keyword=page.name, limit=100)
        return next((str(one["id"]) for one in found["data"] if one["name"] == page.name), "")

    async def _assign(self, document: str, page: Page) -> str:
        values = [
            {"id": self._fields[name], "name": name, "value": value} for name, value in sorted(page.metadata.items())
        ]
        data = [{"document_id": document, "metadata_list": values, "partial_update": True}]
        await self._ask("metadata.assign", dataset_id=self.dataset, operation_data=data)
        return document

    async def _assigned(self, document: str, page: Page) -> str:
        found = await self._read("documents.get", dataset_id=self.dataset, document_id=document)
        there = {one["name"]: one["value"] for one in found["doc_metadata"] or []}
        return document if page.metadata.items() <= there.items() else ""


def brew(sandbox: Sandbox, chance: random.Random) -> None:
    """Order the storm's faults: which requests meet one, counted from the first, is the seed's."""
    hit = [number for number in range(CALLS) if chance.random() < SHARE]
    for before, number in enumerate(hit):
        # A fault counts only the requests that those ordered before it have left.
        sandbox.fault(skip=number - before, **chance.choice(STORM))


async def lightning(sandbox: Sandbox, service: Service, chance: random.Random) -> None:
    """Kill the service and start it again, each time when so much is done."""
    moments = sorted(chance.sample(range(PAGES // 6, 5 * PAGES // 6), KILLS))
    for done in moments:
        await asyncio.to_thread(sandbox.wait, "effects/documents.create_by_text", done, ">=", PATIENCE_S)
        service.kill()
        await asyncio.to_thread(service.start)


async def _crawl(sandbox: Sandbox, service: Service, seed: int) -> Crawler:
    """The whole crawl."""
    chance = random.Random(seed)
    brew(sandbox, chance)
    options: dict[str, Any] = {"retry_initial_ms": 5, "retry_max_ms": 50, "wait": True, "deadline": PATIENCE_S}
    client = difypool.AsyncClient(base_url=sandbox.http, api_key=sandbox.key, socket=service.socket, **options)
    async with client:
        crawler = Crawler(client)
        await asyncio.gather(crawler.crawl(pages()), lightning(sandbox, service, chance))
    return crawler


@dataclass
class Landfall:
    """What a ride left behind at the server."""

    told: Told
    dataset: dict[str, Any]
    datasets: list[dict[str, Any]]
    counters: dict[str, Any]
    starts: int


def ride(seed: int) -> Landfall:
    """One storm, with a sandbox and a service of its own."""
    with tempfile.TemporaryDirectory(prefix="dp-", dir="/tmp") as directory, Sandbox(*OPTIONS) as sandbox:
        sandbox.pause_indexing()
        service = Service(Path(directory))
        try:
            crawler = asyncio.run(_crawl(sandbox, service, seed))
        finally:
            service.close()
        found = sandbox.dataset(crawler.dataset)
        return Landfall(crawler.told, found, sandbox.datasets(), sandbox.counters(), service.starts)


Rides = dict[int, Future[Landfall]]
