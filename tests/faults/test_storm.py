"""A crawl in a storm ends with each page there once, with its text and its metadata."""

from __future__ import annotations

import asyncio
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sandbox.testing import Sandbox

from faults import storm
from faults.service import Service

SEEDS = [int(seed) for seed in os.environ.get("FAULTS_SEEDS", "1,2").split(",")]


@dataclass
class Landfall:
    """What a ride left behind at the server."""

    told: storm.Told
    dataset: dict[str, Any]
    datasets: list[dict[str, Any]]
    counters: dict[str, Any]
    starts: int


def _ride(seed: int) -> Landfall:
    with tempfile.TemporaryDirectory(prefix="dp-", dir="/tmp") as directory, Sandbox(*storm.OPTIONS) as sandbox:
        sandbox.pause_indexing()
        service = Service(Path(directory))
        try:
            crawler = asyncio.run(storm.ride(sandbox, service, seed))
        finally:
            service.close()
        found = sandbox.dataset(crawler.dataset)
        return Landfall(crawler.told, found, sandbox.datasets(), sandbox.counters(), service.starts)


@pytest.fixture(scope="module")
def rides() -> dict[int, Any]:
    """Both crawls at once, since they wait for most of their time; a failure is the seed's own test's."""
    if not os.environ.get("DIFYPOOL_DAEMON"):
        pytest.skip("DIFYPOOL_DAEMON does not name a difypoold")
    with ThreadPoolExecutor(2) as pool:
        return {seed: pool.submit(_ride, seed) for seed in SEEDS}


@pytest.mark.parametrize("seed", SEEDS)
def test_no_page_is_lost_or_doubled(seed: int, rides: dict[int, Any]) -> None:
    after: Landfall = rides[seed].result()
    told = f"seed {seed}: {after.told}"
    assert _content(after.dataset) == _expected(), told
    assert after.counters["effects"]["documents.create_by_text"] == storm.PAGES, told
    assert [one["name"] for one in after.datasets] == ["Site"], told
    assert sorted(field["name"] for field in after.dataset["fields"]) == ["title", "url"], told


@pytest.mark.parametrize("seed", SEEDS)
def test_there_was_a_storm(seed: int, rides: dict[int, Any]) -> None:
    after: Landfall = rides[seed].result()
    assert after.counters["faults"] >= storm.SHARE / 2 * after.counters["requests"]["total"]
    assert after.starts == storm.KILLS + 1
    assert after.told.verified > 0
    assert after.told.looks > 0


def _expected() -> list[dict[str, Any]]:
    return [{"name": page.name, "text": page.text, "metadata": page.metadata} for page in storm.pages()]


def _content(dataset: dict[str, Any]) -> list[dict[str, Any]]:
    found = [{name: document[name] for name in ("name", "text", "metadata")} for document in dataset["documents"]]
    return sorted(found, key=lambda document: str(document["name"]))
