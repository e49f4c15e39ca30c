"""One way of making calls, in a process of its own, so that its CPU time is its own.

    worker.py WAY --base-url URL --ca FILE --key KEY --calls N --shape ping|crawl|post [--width N] [--warm]

Prints one JSON line: wall and CPU seconds of the measured part, calls, errors. Ways: requests (a new connection a call), session (requests.Session),
dropin, dropin-unpooled (ResilientDifyAPI of difypool), client (difypool.Client), async (difypool.AsyncClient, WIDTH calls at once).
Shapes: `get` one cheap read a call; `post` a create-by-text a call; `crawl` three calls a page: look for it, create it, set its metadata.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

TEXT = "A page of a crawl. " * 10  # about 200 bytes, as in the measurements that the targets come from
RULE = {"mode": "custom", "rules": {"pre_processing_rules": [], "segmentation": {"separator": "\n\n", "max_tokens": 1000, "chunk_overlap": 50}}}


def steps(shape: str, number: int, dataset: str) -> list[tuple[str, str, dict[str, Any] | None]]:
    """The HTTP requests of the number-th unit of work: method, path below /v1, JSON body."""
    name = f"page {number}"
    create = ("POST", f"/datasets/{dataset}/document/create-by-text",
              {"name": name, "text": TEXT, "indexing_technique": "economy", "process_rule": RULE})  # fmt: skip
    if shape == "get":
        return [("GET", f"/datasets/{dataset}/metadata", None)]
    if shape == "post":
        return [create]
    document = "00000000-0000-4000-8000-%012d" % number
    assign = ("POST", f"/datasets/{dataset}/documents/metadata",
              {"operation_data": [{"document_id": document, "metadata_list": []}]})  # fmt: skip
    return [("GET", f"/datasets/{dataset}/documents?keyword=page+{number}&limit=1", None), create, assign]


def run_requests(options: argparse.Namespace, session: bool) -> Callable[[int], int]:
    import requests

    caller: Any = requests.Session() if session else requests
    headers = {"Authorization": f"Bearer {options.key}"}

    def run(count: int) -> int:
        errors = 0
        for number in range(count):
            for method, path, body in steps(options.shape, number, options.dataset):
                answer = caller.request(method, options.base_url + path, json=body, headers=headers, verify=options.ca)
                errors += answer.status_code >= 400
        return errors

    return run


def run_dropin(options: argparse.Namespace, pooling: bool) -> Callable[[int], int]:
    import os

    os.environ["REQUESTS_CA_BUNDLE"] = options.ca
    from difypool import ResilientDifyAPI

    root = options.base_url.removesuffix("/v1")
    api = ResilientDifyAPI(root, options.key, enable_connection_pooling=pooling)

    def run(count: int) -> int:
        errors = 0
        for number in range(count):
            for method, path, body in steps(options.shape, number, options.dataset):
                answer = api._make_request(method, options.base_url + path, "doc_creation", json_data=body)
                errors += answer.status_code >= 400
        return errors

    return run


def operation(method: str, path: str, body: dict[str, Any] | None, dataset: str) -> tuple[str, dict[str, Any]]:
    """The same request as an operation of difypool."""
    if path.endswith("/create-by-text"):
        return "documents.create_by_text", {"dataset_id": dataset, **(body or {})}
    if path.endswith("/documents/metadata"):
        return "metadata.assign", {"dataset_id": dataset, **(body or {})}
    if path.endswith("/metadata"):
        return "metadata.list", {"dataset_id": dataset}
    number = path.partition("page+")[2].partition("&")[0]
    return "documents.list", {"dataset_id": dataset, "keyword": f"page {number}", "limit": 1}


def client_options(options: argparse.Namespace) -> dict[str, Any]:
    return {"base_url": options.base_url, "api_key": options.key, "ca_file": options.ca}


def run_client(options: argparse.Namespace) -> Callable[[int], int]:
    import difypool

    client = difypool.Client(**client_options(options))

    def run(count: int) -> int:
        errors = 0
        for number in range(count):
            for step in steps(options.shape, number, options.dataset):
                op, args = operation(*step, options.dataset)
                try:
                    client.call(op, **args)
                except difypool.Error:
                    errors += 1
        return errors

    return run


def run_async(options: argparse.Namespace) -> Callable[[int], int]:
    import asyncio

    import difypool

    loop = asyncio.new_event_loop()
    client = difypool.AsyncClient(**client_options(options))

    async def unit(number: int, places: asyncio.Semaphore) -> int:
        errors = 0
        async with places:
            for step in steps(options.shape, number, options.dataset):
                op, args = operation(*step, options.dataset)
                try:
                    await client.call(op, **args)
                except difypool.Error:
                    errors += 1
        return errors

    async def all_units(count: int) -> int:
        places = asyncio.Semaphore(options.width)
        return sum(await asyncio.gather(*(unit(number, places) for number in range(count))))

    def run(count: int) -> int:
        return loop.run_until_complete(all_units(count))

    return run


def chosen(options: argparse.Namespace) -> Callable[[int], int]:
    ways: dict[str, Callable[[], Callable[[int], int]]] = {
        "requests": lambda: run_requests(options, False),
        "session": lambda: run_requests(options, True),
        "dropin": lambda: run_dropin(options, True),
        "dropin-unpooled": lambda: run_dropin(options, False),
        "client": lambda: run_client(options),
        "async": lambda: run_async(options),
    }
    return ways[options.way]()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way")
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--units", type=int, required=True, help="calls, or pages for the shape crawl")
    parser.add_argument("--shape", choices=("get", "post", "crawl"), required=True)
    parser.add_argument("--width", type=int, default=20)
    parser.add_argument("--warm", type=int, default=0, help="units carried out before the clock starts")
    parser.add_argument("--watch", type=int, default=0, help="pid of a service whose CPU is measured beside ours")
    options = parser.parse_args()
    sys.path.insert(0, __file__.rpartition("/")[0])
    from proc import cpu_seconds

    run = chosen(options)
    if options.warm:
        run(options.warm)
    service = cpu_seconds(options.watch) if options.watch else 0.0
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    errors = run(options.units)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    service = cpu_seconds(options.watch) - service if options.watch else 0.0
    calls = options.units * len(steps(options.shape, 0, options.dataset))
    print(json.dumps({"wall": wall, "cpu": cpu, "service_cpu": service, "calls": calls, "errors": errors}))


if __name__ == "__main__":
    main()
