#!/usr/bin/env python3
"""Makes a knowledge base, puts a page into it, reads it back, removes it.

usage: DIFY_URL=https://dify.example.com DIFY_KEY=dataset-… python3 first.py
"""

import os

import difypool

with difypool.Client(
    base_url=os.environ["DIFY_URL"],
    api_key=os.environ["DIFY_KEY"],
    ca_file=os.environ.get("DIFY_CA"),  # only for a CA of your own
) as client:
    kb = client.datasets.create(name="difypool's first").json()["id"]
    client.documents.create_by_text(
        dataset_id=kb,
        name="hello",
        text="The text of a page.",
        indexing_technique="economy",
        process_rule={"mode": "automatic"},
    )
    for document in client.documents.iter(dataset_id=kb):
        print(document["name"], document["indexing_status"])
    client.datasets.delete(dataset_id=kb)
