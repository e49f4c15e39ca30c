"""The weather of a storm: which calls meet which fault, and when somebody is killed. All of it is the seed's."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from sandbox.testing import Sandbox

SHARE = 0.2  # of the calls that meet a fault
CALLS_A_PAGE = 20  # more than there will be
SERVICE_KILLS = 5
CRAWLER_KILLS = 3

# All work is done when its request is read: what a look does not show then was not done.
FAULTS: list[dict[str, Any]] = [
    {"reset": "before"},
    {"reset": "before", "early": True},
    {"reset": "before", "how": "fin"},
    {"reset": "after"},
    {"reset": "after", "how": "fin"},
    {"cut_after": 40},
    {"cut_body_after": 2},
    {"cut_body_after": 2, "how": "fin"},
    {"stall": "headers", "stall_ms": 300},
    {"stall": "in-headers", "stall_ms": 300},
    {"stall": "in-body", "stall_ms": 300},
    {"answer": "nginx_502"},
    {"answer": "nginx_502", "done": True},
    {"answer": "nginx_504_documented", "done": True},
    {"answer": "nginx_503_documented"},
    {"answer": "internal_error"},
    {"answer": "internal_error", "done": True},
    {"answer": "too_many_requests_400"},
    {"answer": "too_many_requests_429_documented"},
]


@dataclass(frozen=True)
class Server:
    """What kind of server the storm goes over."""

    name: str
    options: tuple[str, ...]


SERVERS = [
    # Whatever is done twice shows: a create by a known name adds a second document.
    Server("1.11.0", ("--dify-version", "1.11.0", "--defect", "+same-name-duplicates")),
    # A create by a known name is an update, so the library may repeat it; metadata writes at once trample one another.
    Server("1.12.1", ()),
]


@dataclass(frozen=True)
class Strike:
    """Somebody is killed and started again when the server has seen so many requests."""

    requests: int
    whom: str  # service | crawler


class Weather:
    """All that is left to chance in one storm."""

    def __init__(self, seed: int, pages: int) -> None:
        chance = random.Random(seed)
        self.server = SERVERS[seed % len(SERVERS)]
        calls = CALLS_A_PAGE * pages
        self.faults = [(number, chance.choice(FAULTS)) for number in range(calls) if chance.random() < SHARE]
        whom = ["service"] * SERVICE_KILLS + ["crawler"] * CRAWLER_KILLS
        chance.shuffle(whom)
        # A page takes two calls at least, so every moment comes before the end.
        moments = sorted(chance.sample(range(2, 2 * pages), len(whom)))
        self.strikes = [Strike(*pair) for pair in zip(moments, whom, strict=True)]

    def brew(self, sandbox: Sandbox) -> None:
        """Order the faults: which requests meet one is counted from the first."""
        for before, (number, fault) in enumerate(self.faults):
            # A fault counts only the requests that those ordered before it have left.
            sandbox.fault(skip=number - before, **fault)
