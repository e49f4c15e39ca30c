#!/usr/bin/env python3
"""The original's benchmark: calls one after another, and the calls of a crawl (three a page), pooling off and on.

usage: benchmark.py BASE_URL KEY [--calls 50] [--pages 200] [--json]

It makes a knowledge base of its own and deletes it at the end.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from difypool import ResilientDifyAPI


def seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def lists(api: ResilientDifyAPI, count: int) -> None:
    for _ in range(count):
        api.get_knowledge_base_list(page=1, limit=20)


def crawl(api: ResilientDifyAPI, kb: str, pages: int) -> None:
    for page in range(pages):
        created = api.create_document_from_text(
            kb, f"page {page}", f"text of page {page}", "economy", use_parent_child=False
        )
        document = created.json()["document"]
        api.get_indexing_status(kb, created.json()["batch"])
        api.delete_document(kb, document["id"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base_url")
    parser.add_argument("key")
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    plain = ResilientDifyAPI(options.base_url, options.key, enable_connection_pooling=False)
    pooled = ResilientDifyAPI(options.base_url, options.key)
    kb = pooled.create_empty_knowledge_base(f"benchmark {time.time_ns()}").json()["id"]
    try:
        results: dict[str, dict[str, float]] = {
            "calls": {"calls": options.calls},
            "crawl": {"calls": 3 * options.pages},
        }
        for name, api in (("unpooled_s", plain), ("pooled_s", pooled)):
            results["calls"][name] = seconds(lambda api=api: lists(api, options.calls))
            results["crawl"][name] = seconds(lambda api=api: crawl(api, kb, options.pages))
    finally:
        pooled.delete_knowledge_base(kb)
    if options.json:
        print(json.dumps(results))
        return 0
    for name, row in results.items():
        print(
            f"{name}: {row['calls']:.0f} calls, {row['unpooled_s']:.2f} s without pooling, "
            f"{row['pooled_s']:.2f} s with it, {row['unpooled_s'] / row['pooled_s']:.1f} times as fast"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
