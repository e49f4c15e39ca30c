#!/usr/bin/env python3
"""A program written for the original class: the import is the one line that changes. Needs requests.

usage: DIFY_URL=https://dify.example.com DIFY_KEY=dataset-… python3 drop_in.py
"""

import os

from difypool import ResilientDifyAPI

api = ResilientDifyAPI(base_url=os.environ["DIFY_URL"], api_key=os.environ["DIFY_KEY"])
if os.environ.get("DIFY_CA") and api.session is not None:
    api.session.verify = os.environ["DIFY_CA"]
print(api.get_knowledge_base_list(page=1, limit=20).json()["total"], "knowledge bases")
for kind, breaker in api.circuit_breakers.items():
    print(kind, breaker.state)
