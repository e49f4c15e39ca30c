"""A crawl in a storm ends with each page there once, with its text and its metadata."""

from __future__ import annotations

import os
from typing import Any

import pytest

from faults import storm
from faults.storm import Rides

RIDE_S = 300.0
SEEDS = [int(seed) for seed in os.environ.get("FAULTS_SEEDS", "1,2").split(",")]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_page_is_lost_or_doubled(seed: int, rides: Rides) -> None:
    after = rides[seed].result(RIDE_S)
    told = f"seed {seed}: {after.told}"
    assert _content(after.dataset) == _expected(), told
    assert after.counters["effects"]["documents.create_by_text"] == storm.PAGES, told
    assert [one["name"] for one in after.datasets] == ["Site"], told
    assert sorted(field["name"] for field in after.dataset["fields"]) == ["title", "url"], told


@pytest.mark.parametrize("seed", SEEDS)
def test_there_was_a_storm(seed: int, rides: Rides) -> None:
    after = rides[seed].result(RIDE_S)
    assert after.counters["faults"] >= storm.SHARE / 2 * after.counters["requests"]["total"]
    assert after.starts == storm.KILLS + 1
    assert after.told.verified > 0
    assert after.told.looks > 0


def _expected() -> list[dict[str, Any]]:
    return [{"name": page.name, "text": page.text, "metadata": page.metadata} for page in storm.pages()]


def _content(dataset: dict[str, Any]) -> list[dict[str, Any]]:
    found = [{name: document[name] for name in ("name", "text", "metadata")} for document in dataset["documents"]]
    return sorted(found, key=lambda document: str(document["name"]))
