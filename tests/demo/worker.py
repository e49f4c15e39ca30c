"""One way of writing a crawl into a knowledge base, in a process of its own, so that its CPU time is its own.

    python -m demo.worker JOB.json

The job names the way, the server, the key's file and the pages. Writes JSON lines to standard output: {"done": N} as pages are written, at the end
{"result": …}. What is called is what a crawler calls: look which knowledge bases there are, make one, look at its documents and metadata fields,
make six of those, then for each page create the document and set its metadata.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from demo.pages import FIELDS

# economy: needs no embedding model, so it works on any server. Chunks do not overlap, so that their sum is the text.
CONFIG: dict[str, Any] = {
    "doc_form": "text_model",
    "process_rule": {
        "mode": "custom",
        "rules": {
            "pre_processing_rules": [{"id": "remove_extra_spaces", "enabled": False}, {"id": "remove_urls_emails", "enabled": False}],
            "segmentation": {"separator": "\n\n", "max_tokens": 1000, "chunk_overlap": 0},
        },
    },
}
TECHNIQUE = "economy"
REPORT_EVERY_S = 0.05


class Report:
    """What happened, counted as it happens, and told to whoever draws the bar."""

    def __init__(self) -> None:
        self.calls = 0
        self.errors: list[str] = []
        self.done = 0
        self.told = 0.0

    def failed(self, what: str, err: BaseException) -> None:
        self.errors.append(f"{what}: {type(err).__name__}: {err}"[:300])

    def page_done(self) -> None:
        self.done += 1
        if time.monotonic() - self.told >= REPORT_EVERY_S:
            self.told = time.monotonic()
            print(json.dumps({"done": self.done}), flush=True)


def assignment(page: dict[str, Any], fields: dict[str, str]) -> list[dict[str, Any]]:
    return [{"id": fields[name], "name": name, "value": value} for name, value in page["metadata"].items()]


class Crawler(Protocol):
    """The calls of a crawl, one after another; each returns the decoded answer or raises."""

    def list_bases(self) -> Any: ...
    def create_base(self, name: str) -> Any: ...
    def list_documents(self, dataset: str) -> Any: ...
    def list_fields(self, dataset: str) -> Any: ...
    def create_field(self, dataset: str, kind: str, name: str) -> Any: ...
    def create_document(self, dataset: str, name: str, text: str) -> Any: ...
    def assign(self, dataset: str, document: str, values: list[dict[str, Any]]) -> Any: ...
    def connections(self) -> int: ...


class PlainRequests:
    """requests, with a Session or with a new connection for every call."""

    def __init__(self, job: dict[str, Any], report: Report) -> None:
        import requests

        self.base = job["base_url"].rstrip("/")
        self.report = report
        self.headers = {"Authorization": f"Bearer {job['key']}"}
        self.session = requests.Session() if job["way"] == "session" else None
        self.caller: Any = self.session or requests
        self.verify: str | bool = job["ca_file"] or True

    def _call(self, method: str, path: str, **rest: Any) -> Any:
        self.report.calls += 1
        answer = self.caller.request(method, self.base + path, headers=self.headers, verify=self.verify, timeout=120, **rest)
        answer.raise_for_status()
        return answer.json()

    def list_bases(self) -> Any:
        return self._call("GET", "/datasets", params={"page": 1, "limit": 20})

    def create_base(self, name: str) -> Any:
        return self._call("POST", "/datasets", json={"name": name, "permission": "only_me"})

    def list_documents(self, dataset: str) -> Any:
        return self._call("GET", f"/datasets/{dataset}/documents", params={"page": 1, "limit": 100})

    def list_fields(self, dataset: str) -> Any:
        return self._call("GET", f"/datasets/{dataset}/metadata")

    def create_field(self, dataset: str, kind: str, name: str) -> Any:
        return self._call("POST", f"/datasets/{dataset}/metadata", json={"type": kind, "name": name})

    def create_document(self, dataset: str, name: str, text: str) -> Any:
        body = {"name": name, "text": text, "indexing_technique": TECHNIQUE, **CONFIG}
        return self._call("POST", f"/datasets/{dataset}/document/create-by-text", json=body)

    def assign(self, dataset: str, document: str, values: list[dict[str, Any]]) -> Any:
        body = {"operation_data": [{"document_id": document, "metadata_list": values}]}
        return self._call("POST", f"/datasets/{dataset}/documents/metadata", json=body)

    def connections(self) -> int:
        """As far as the client knows: a Session counts what it opened, without one it is one a call."""
        if self.session is None:
            return self.report.calls
        adapter: Any = self.session.get_adapter(self.base)
        pools = adapter.poolmanager.pools  # can be asked for its keys, not iterated
        return sum(int(pools[key].num_connections) for key in pools.keys())  # noqa: SIM118


class DropIn:
    """ResilientDifyAPI of difypool, used as a crawler uses the class of that name: same calls, by way of the service."""

    def __init__(self, job: dict[str, Any], report: Report) -> None:
        from difypool import ResilientDifyAPI

        self.report = report
        self.api = ResilientDifyAPI(job["base_url"].rstrip("/").removesuffix("/v1"), job["key"])
        if job["ca_file"]:
            # The class has no option for it; requests reads this, before a session's own `verify`.
            os.environ["REQUESTS_CA_BUNDLE"] = job["ca_file"]

    def _call(self, method: str, *args: Any, **named: Any) -> Any:
        self.report.calls += 1
        return getattr(self.api, method)(*args, **named).json()

    def list_bases(self) -> Any:
        return self._call("get_knowledge_base_list")

    def create_base(self, name: str) -> Any:
        return self._call("create_empty_knowledge_base", name)

    def list_documents(self, dataset: str) -> Any:
        return self._call("get_document_list", dataset)

    def list_fields(self, dataset: str) -> Any:
        return self._call("get_metadata_list", dataset)

    def create_field(self, dataset: str, kind: str, name: str) -> Any:
        return self._call("create_knowledge_metadata", dataset, kind, name)

    def create_document(self, dataset: str, name: str, text: str) -> Any:
        return self._call("create_document_from_text", dataset, name, text, TECHNIQUE, custom_config=CONFIG)

    def assign(self, dataset: str, document: str, values: list[dict[str, Any]]) -> Any:
        return self._call("assign_document_metadata", dataset, document, values)

    def connections(self) -> int:
        """The service's to say."""
        return 0


def run_sequential(api: Crawler, job: dict[str, Any], report: Report) -> dict[str, Any]:
    started = time.monotonic()
    api.list_bases()
    api.list_bases()
    dataset = api.create_base(job["name"])["id"]
    api.list_documents(dataset)
    api.list_fields(dataset)
    fields = {name: api.create_field(dataset, kind, name)["id"] for name, kind in FIELDS.items()}
    first = time.monotonic()
    for page in job["pages"]:
        try:
            document = api.create_document(dataset, page["name"], page["text"])["document"]["id"]
            api.assign(dataset, document, assignment(page, fields))
        except Exception as err:  # a crawl goes on with the next page, and counts
            report.failed(page["name"], err)
        report.page_done()
    return {"setup_s": first - started, "pages_s": time.monotonic() - first, "connections": api.connections()}


async def run_async(job: dict[str, Any], report: Report) -> dict[str, Any]:
    """The asyncio client: the same calls, pages in parallel. How many of them run at once is for the service to bound."""
    import difypool

    options: dict[str, Any] = {"base_url": job["base_url"], "api_key": job["key"]}
    if job["ca_file"]:
        options["ca_file"] = job["ca_file"]
    async with difypool.AsyncClient(**options) as client:

        async def call(op: str, **args: Any) -> Any:
            report.calls += 1
            return (await client.call(op, **args)).json()

        started = time.monotonic()
        for _ in range(2):
            await call("datasets.list", page=1, limit=20)
        dataset = (await call("datasets.create", name=job["name"], permission="only_me"))["id"]
        await call("documents.list", dataset_id=dataset, page=1, limit=100)
        await call("metadata.list", dataset_id=dataset)
        made = await asyncio.gather(*(call("metadata.create", dataset_id=dataset, type=kind, name=name) for name, kind in FIELDS.items()))
        fields = {answer["name"]: answer["id"] for answer in made}

        async def write(page: dict[str, Any]) -> None:
            try:
                answer = await call("documents.create_by_text", dataset_id=dataset, name=page["name"], text=page["text"],
                                    indexing_technique=TECHNIQUE, **CONFIG)  # fmt: skip
                values = {"document_id": answer["document"]["id"], "metadata_list": assignment(page, fields)}
                await call("metadata.assign", dataset_id=dataset, operation_data=[values])
            except Exception as err:  # as above
                report.failed(page["name"], err)
            report.page_done()

        first = time.monotonic()
        await asyncio.gather(*(write(page) for page in job["pages"]))
        return {"setup_s": first - started, "pages_s": time.monotonic() - first, "connections": 0}


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def caller_of(job: dict[str, Any], report: Report) -> Callable[[], dict[str, Any]]:
    """The way, ready to run: what it imports is not measured."""
    if job["way"] == "async":
        import difypool.aio  # noqa: F401

        return lambda: asyncio.run(run_async(job, report))
    api: Crawler = DropIn(job, report) if job["way"] == "dropin" else PlainRequests(job, report)
    return lambda: run_sequential(api, job, report)


def main() -> int:
    job = json.loads(Path(sys.argv[1]).read_text())
    job["key"] = Path(job["key_file"]).read_text().strip()
    report = Report()
    run = caller_of(job, report)
    before = cpu_seconds()
    result = run()
    result |= {"cpu_s": cpu_seconds() - before, "calls": report.calls, "errors": report.errors, "done": report.done}
    print(json.dumps({"result": result}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
