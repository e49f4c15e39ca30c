"""A process that calls through the service, for policies.py; prints what came of it as JSON.

    caller.py URL greedy SECONDS WIDTH          that many calls waiting all the time
    caller.py URL lone SECONDS PAUSE            one call at a time, with pauses; how long each waited
    caller.py URL paced SECONDS WINDOW_MS DATASET KEY   as many calls as the plan allows; when each ended
    caller.py URL crowd SECONDS WIDTH           that many callers who would rather wait than fail; when each call ended
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import Any

import difypool

KB = "5cd92fac-41b4-4251-acb2-538a2a3a75b8"


def arguments(number: int, dataset: str = KB) -> dict[str, Any]:
    name = f"{os.getpid()} {number} {time.monotonic_ns()}"  # creates of one name would wait for one another
    return {"dataset_id": dataset, "name": name, "text": "text", "indexing_technique": "economy", "process_rule": {"mode": "automatic"}}


async def many(client: difypool.AsyncClient, seconds: float, width: int, dataset: str = KB, **options: Any) -> dict[str, Any]:
    result: dict[str, Any] = {"done_at": [], "refused_at": [], "errors": 0}

    async def one(number: int) -> None:
        while True:
            try:
                reply = await client.call("documents.create_by_text", **arguments(number, dataset), **options)
            except difypool.RateLimited:
                result["refused_at"].append(time.time())
            except difypool.Error:
                result["errors"] += 1
            else:
                result["done_at"].append(time.time())
                if reply.meta["attempts"] > 1:
                    result["refused_at"].append(time.time() - reply.meta["paced_us"] / 1e6)

    tasks = [asyncio.ensure_future(one(number)) for number in range(width)]
    await asyncio.wait(tasks, timeout=seconds)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    return result


async def lone(client: difypool.AsyncClient, seconds: float, pause: float) -> dict[str, Any]:
    end, waits = time.time() + seconds, list[float]()
    while time.time() < end:
        reply = await client.call("documents.create_by_text", **arguments(0))
        waits.append(reply.meta["queued_us"] / 1000)
        await asyncio.sleep(pause)  # the pace of this caller, not a wait for an event
    return {"waits_ms": waits}


async def main() -> None:
    url, what, seconds, *words = sys.argv[1:]
    key, settings = "dataset-bench", dict[str, Any]()
    if what == "paced":
        key, settings = words[2], {"pace_window_ms": int(words[0])}
    async with difypool.AsyncClient(base_url=url, api_key=key, **settings) as client:
        if what == "lone":
            result = await lone(client, float(seconds), float(words[0]))
        elif what == "paced":
            result = await many(client, float(seconds), 40, words[1], deadline=60)
        elif what == "crowd":
            result = await many(client, float(seconds), int(words[0]), wait=True, deadline=300)
        else:
            result = await many(client, float(seconds), int(words[0]))
    print(json.dumps(result))


asyncio.run(main())
