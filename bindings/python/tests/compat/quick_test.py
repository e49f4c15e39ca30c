#!/usr/bin/env python3
"""The original's quick test: in four steps, that pooling works. Ends with status 0 if it does.

usage: quick_test.py BASE_URL KEY
"""

from __future__ import annotations

import sys
import time

import requests

from difypool import ResilientDifyAPI

CALLS = 10


def timed(api: ResilientDifyAPI) -> float:
    begun = time.perf_counter()
    for _ in range(CALLS):
        assert api.get_knowledge_base_list(page=1, limit=1).status_code == 200
    return (time.perf_counter() - begun) / CALLS


def main() -> int:
    base_url, key = sys.argv[1:3]
    pooled = ResilientDifyAPI(base_url=base_url, api_key=key)
    assert pooled.enable_connection_pooling
    assert isinstance(pooled.session, requests.Session)
    print("1. ok: pooling is on by default")

    plain = ResilientDifyAPI(base_url=base_url, api_key=key, enable_connection_pooling=False)
    assert plain.session is None
    assert plain.headers["Authorization"] == f"Bearer {key}"
    print("2. ok: it can be turned off")

    answers = [api.get_knowledge_base_list(page=1, limit=1).json() for api in (pooled, plain)]
    assert answers[0] == answers[1]
    print("3. ok: both ways give the same answer")

    without, with_pool = timed(plain), timed(pooled)
    assert with_pool < without, f"{with_pool * 1000:.1f} ms a call with pooling, {without * 1000:.1f} ms without"
    print(f"4. ok: {CALLS} calls, {without * 1000:.1f} ms each without pooling, {with_pool * 1000:.1f} ms with it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
