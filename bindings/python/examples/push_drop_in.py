#!/usr/bin/env python3
"""A program written for the original class that lets difypool push its pages, instead of a loop of its own. Needs requests.

usage: DIFY_URL=https://dify.example.com DIFY_KEY=dataset-… python3 push_drop_in.py
"""

import os

import difypool

url, key = os.environ["DIFY_URL"], os.environ["DIFY_KEY"]
api = difypool.ResilientDifyAPI(base_url=url, api_key=key)
crawled = [{"url": f"https://docs.example.com/{n}", "title": f"Page {n}", "markdown": f"Text {n}."} for n in range(12)]

# Instead of: list the documents, skip names that are there, create_document_from_text, assign_document_metadata.
with difypool.Client(base_url=url, api_key=key, ca_file=os.environ.get("DIFY_CA")) as client:
    summary = client.pages.push(
        (
            {"url": page["url"], "title": page["title"], "text": page["markdown"], "metadata": {"title": page["title"]}}
            for page in crawled
        ),
        dataset="docs",
        indexing_technique="economy",
    )
    print(summary, "failed:", [page.key for page in summary.failed])

if os.environ.get("DIFY_CA") and api.session is not None:
    api.session.verify = os.environ["DIFY_CA"]
api.delete_knowledge_base(summary.dataset_id)
