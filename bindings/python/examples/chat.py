#!/usr/bin/env python3
"""Words of an answer as they come, and a second question in the same conversation.

usage: DIFY_URL=https://dify.example.com DIFY_KEY=app-… python3 chat.py
"""

import os

import difypool

with difypool.Client(
    base_url=os.environ["DIFY_URL"], api_key=os.environ["DIFY_KEY"], ca_file=os.environ.get("DIFY_CA")
) as client:
    with client.chat.send(query="Who are you?", inputs={}, user="abc-123", stream=True) as stream:
        for event in stream:
            if isinstance(event, difypool.events.Message):
                print(event.answer, end="", flush=True)
    more = {"inputs": {}, "user": "abc-123", "conversation_id": stream.conversation_id}
    print("\nand:", client.chat.send(query="And what can you do?", **more).json()["answer"])
