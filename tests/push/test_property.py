"""Random page sets, faults, kills and pushers at the same time, against a model.

PUSH_SEEDS=100 rides more, PUSH_SEED=7 begins elsewhere.
"""

from __future__ import annotations

import os

import pytest

from places import Place
from rides import Ride

FIRST = int(os.environ.get("PUSH_SEED", "1"))
COUNT = int(os.environ.get("PUSH_SEEDS", "3"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_the_knowledge_base_is_the_pages(fresh: Place, seed: int) -> None:
    Ride(fresh, seed).run()
