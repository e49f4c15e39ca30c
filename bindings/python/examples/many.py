#!/usr/bin/env python3
"""Many calls at once with asyncio over one connection; the service decides how many the server gets at a time.

usage: DIFY_URL=https://dify.example.com DIFY_KEY=dataset-… python3 many.py
"""

import asyncio
import os

import difypool


async def main() -> None:
    async with difypool.AsyncClient(
        base_url=os.environ["DIFY_URL"],
        api_key=os.environ["DIFY_KEY"],
        ca_file=os.environ.get("DIFY_CA"),
        wait=True,
        priority="bulk",
    ) as client:
        kb = (await client.datasets.create(name="difypool's many")).json()["id"]

        async def push(number: int) -> bool:
            try:
                await client.documents.create_by_text(
                    dataset_id=kb,
                    name=f"page {number}",
                    text=f"The text of page {number}.",
                    indexing_technique="economy",
                    process_rule={"mode": "automatic"},
                )
            except difypool.UnknownOutcome as error:
                print(f"page {number} may be there or not: {error}")
                return False
            return True

        done = await asyncio.gather(*(push(number) for number in range(20)))
        print(sum(done), "pages")
        await client.datasets.delete(dataset_id=kb)


asyncio.run(main())
