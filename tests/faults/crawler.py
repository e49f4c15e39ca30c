"""A careful crawler, as a process that may be killed at any moment and started again.

What it relies on is the contract of ids (PROTOCOL.md, section 6). Before each write it puts the id of the call into its journal, and what came of it
after. What a former life began and did not end is asked for under the same id, and with `again`: a service that knows the id joins the call or answers
from memory, and one that does not (it was killed, too) looks at the server before it does anything. What an error calls repeatable is asked for under
a new id; after an unknown outcome the crawler itself looks, and does the thing anew only if there is nothing.

To look and to do it then without the id would not do: the call of the life that was killed may still be on its way.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import difypool

from faults.journal import Journal
from faults.pages import FIELDS, Page, pages

ROUNDS = 40  # tries at one thing before the crawler gives up
PATIENCE_S = 60.0
IN_DOUBT = ("unknown_outcome", "server_error", "overloaded")

Look = Callable[[], Awaitable[str]]


@dataclass(frozen=True)
class Task:
    """What a crawler is started with: JSON on its command line."""

    base_url: str
    key: str
    socket: str
    journal: str
    pages: int
    workers: int


@dataclass(frozen=True)
class Write:
    """One step: a call that changes something, what of its answer is kept, and how to see whether it happened."""

    step: str
    op: str
    args: dict[str, Any]
    taken: Callable[[Any], str]
    look: Look


class Crawler:
    """Puts pages into a knowledge base through any weather."""

    def __init__(self, client: difypool.AsyncClient, journal: Journal) -> None:
        self._client = client
        self._journal = journal
        self._dataset = ""
        self._fields: dict[str, str] = {}

    async def crawl(self, todo: list[Page], workers: int) -> None:
        self._dataset = await self._once(self._knowledge_base())
        for name in FIELDS:
            self._fields[name] = await self._once(self._field(name))
        left = list(reversed(todo))

        async def work() -> None:
            while left:
                page = left.pop()
                document = await self._once(self._document(page))
                await self._once(self._values(page, document))

        await asyncio.gather(*(work() for _ in range(workers)))

    # ---- each thing once --------------------------------------------------------------------------------------

    async def _once(self, write: Write) -> str:
        done = self._journal.outcome(write.step)
        if done is not None:
            return done
        ident, again = self._journal.unfinished(write.step), True
        for _ in range(ROUNDS):
            if ident is None:
                ident, again = os.urandom(16), False
                self._journal.begin(write.step, ident)
            try:
                return await self._ask(write, ident, again)
            except difypool.Error as error:
                self._journal.note(write.step, error=f"{error.kind}/{error.code}", repeatable=error.retryable)
                if error.pending:
                    continue  # it still runs: the same id fetches what comes of it
                ident = None
                if error.retryable:
                    continue
                if error.kind not in IN_DOUBT:
                    raise
            found = await write.look()
            self._journal.note(write.step, looked=found)
            if found:
                self._journal.end(write.step, found)
                return found
        raise AssertionError(f"{write.step} was not done in {ROUNDS} tries")

    async def _ask(self, write: Write, ident: bytes, again: bool) -> str:
        reply = await self._client.call(write.op, write.args, call_id=ident, again=again or None)
        kept = write.taken(reply.json())
        marks = [name for name in ("verified", "resent", "joined") if reply.meta[name]]
        self._journal.end(write.step, kept, marks=marks, again=again)
        return kept

    async def _read(self, op: str, **args: Any) -> Any:
        """A read: it changes nothing, so it may be asked until it is answered."""
        for _ in range(ROUNDS):
            try:
                return (await self._client.call(op, args)).json()
            except difypool.Error as error:
                if not error.retryable:
                    raise
        raise AssertionError(f"{op} was not answered in {ROUNDS} tries")

    # ---- what is done -----------------------------------------------------------------------------------------

    def _knowledge_base(self) -> Write:
        args = {"name": "Site", "indexing_technique": "economy"}

        async def look() -> str:
            found = await self._read("datasets.list", keyword="Site", include_all=True, limit=100)
            return next((str(one["id"]) for one in found["data"] if one["name"] == "Site"), "")

        return Write("knowledge base", "datasets.create", args, lambda made: str(made["id"]), look)

    def _field(self, name: str) -> Write:
        args = {"dataset_id": self._dataset, "type": "string", "name": name}

        async def look() -> str:
            found = await self._read("metadata.list", dataset_id=self._dataset)
            return next((str(one["id"]) for one in found["doc_metadata"] if one["name"] == name), "")

        return Write(f"field {name}", "metadata.create", args, lambda made: str(made["id"]), look)

    def _document(self, page: Page) -> Write:
        args = {
            "dataset_id": self._dataset,
            "name": page.name,
            "text": page.text,
            "indexing_technique": "economy",
            "doc_form": "text_model",
            "process_rule": {"mode": "automatic"},
        }

        async def look() -> str:
            found = await self._read("documents.list", dataset_id=self._dataset, keyword=page.name, limit=100)
            return next((str(one["id"]) for one in found["data"] if one["name"] == page.name), "")

        return Write(f"{page.name} text", "documents.create_by_text", args, _id_of_document, look)

    def _values(self, page: Page, document: str) -> Write:
        values = [{"id": self._fields[name], "name": name, "value": page.metadata[name]} for name in FIELDS]
        one = {"document_id": document, "metadata_list": values, "partial_update": True}
        args = {"dataset_id": self._dataset, "operation_data": [one]}
        look = partial(self._has_values, page, document)
        return Write(f"{page.name} metadata", "metadata.assign", args, lambda _: document, look)

    async def _has_values(self, page: Page, document: str) -> str:
        found = await self._read("documents.get", dataset_id=self._dataset, document_id=document)
        there = {one["name"]: one["value"] for one in found["doc_metadata"] or []}
        return document if page.metadata.items() <= there.items() else ""


def _id_of_document(made: Any) -> str:
    return str(made["document"]["id"])


async def run(task: Task) -> None:
    client = difypool.AsyncClient(
        base_url=task.base_url,
        api_key=task.key,
        socket=task.socket,
        retry_initial_ms=5,
        retry_max_ms=50,
        wait=True,
        deadline=PATIENCE_S,
    )
    with Journal(Path(task.journal)) as journal:
        async with client:
            await Crawler(client, journal).crawl(pages(task.pages), task.workers)


if __name__ == "__main__":
    asyncio.run(run(Task(**json.loads(sys.argv[1]))))
