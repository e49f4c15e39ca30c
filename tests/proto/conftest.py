"""What the tests of proto/ share: the definition, the modules of the generator, the vectors and the trimmed contract."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(PROTO))


def read_table() -> dict[str, Any]:
    with open(PROTO / "difypool.toml", "rb") as file:
        return tomllib.load(file)


def read_vectors(name: str) -> list[dict[str, Any]]:
    with open(PROTO / "vectors" / f"{name}.jsonl", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.fixture
def table() -> dict[str, Any]:
    """The definition, freshly read: a test may spoil its copy."""
    return read_table()
