#!/usr/bin/env python3
"""Any code that takes a requests.Session gains the pool. Needs requests.

usage: DIFY_URL=https://dify.example.com DIFY_KEY=dataset-… python3 session.py
"""

import os

import difypool.requests

with difypool.requests.Session() as session:
    session.headers["Authorization"] = f"Bearer {os.environ['DIFY_KEY']}"
    session.verify = os.environ.get("DIFY_CA") or True
    answer = session.get(f"{os.environ['DIFY_URL']}/v1/datasets", params={"page": 1, "limit": 20}, timeout=30)
    answer.raise_for_status()
    print(answer.json()["total"], "knowledge bases")
