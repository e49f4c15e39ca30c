"""What is measured: each scenario is a list of ways that are run in turn, round after round."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass
class Place:
    """A server to call, and the service that stands between."""

    base_url: str
    ca_file: str
    key: str
    dataset: str
    service_pid: int
    python: str = sys.executable


@dataclass
class Way:
    name: str
    worker: str
    warm: int = 0
    width: int = 20


@dataclass
class Scenario:
    name: str
    title: str
    shape: str
    units: int
    ways: Sequence[Way]
    rounds: int
    results: dict[str, list[dict[str, float]]] = field(default_factory=dict)


def run_worker(place: Place, way: Way, scenario: Scenario) -> dict[str, float]:
    command = [place.python, str(HERE / "worker.py"), way.worker, "--base-url", place.base_url, "--ca", place.ca_file,
               "--key", place.key, "--dataset", place.dataset, "--units", str(scenario.units), "--shape", scenario.shape,
               "--width", str(way.width), "--warm", str(way.warm), "--watch", str(place.service_pid)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise SystemExit(f"bench: {way.name} failed:\n{done.stderr[-2000:]}")
    result: dict[str, float] = json.loads(done.stdout)
    if result["errors"]:
        raise SystemExit(f"bench: {way.name}: {result['errors']} of {result['calls']} calls failed; nothing to compare")
    return result


def run(place: Place, scenario: Scenario, progress: Callable[[str], None]) -> None:
    """All ways once a round, in turn; the first way of a round changes, so that none always follows the slowest."""
    for number in range(scenario.rounds):
        shift = number % len(scenario.ways)
        for way in [*scenario.ways[shift:], *scenario.ways[:shift]]:
            progress(f"{scenario.title}: round {number + 1} of {scenario.rounds}, {way.name}")
            scenario.results.setdefault(way.name, []).append(run_worker(place, way, scenario))


def first_answers(place: Place, rounds: int, progress: Callable[[str], None]) -> dict[str, list[float]]:
    """Wall seconds of a fresh process that makes one call."""
    walls: dict[str, list[float]] = {"requests": [], "client": []}
    for number in range(rounds):
        for way in sorted(walls, reverse=bool(number % 2)):
            progress(f"fresh process: round {number + 1} of {rounds}, {way}")
            start = time.perf_counter()
            subprocess.run([place.python, str(HERE / "first_answer.py"), way, place.base_url, place.ca_file, place.key, place.dataset],
                           check=True, timeout=60)  # fmt: skip
            walls[way].append(time.perf_counter() - start)
    return walls


def column(scenario: Scenario, way: str, key: str) -> list[float]:
    return [result[key] for result in scenario.results[way]]
