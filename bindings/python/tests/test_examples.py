"""Every example runs, and so does what the README shows first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chain import chain_is_missing

ROOM = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOM / "examples").glob("*.py"))
SAID = {"first": "hello ", "many": "20 pages", "session": "0 knowledge bases", "drop_in": "retrieval closed"}


def test_every_example_is_expected_to_say_something() -> None:
    assert {example.stem for example in EXAMPLES} == set(SAID)


def test_readme_shows_the_first_example() -> None:
    first = (ROOM / "examples" / "first.py").read_text()
    code = first[first.index("import os") :].rstrip()
    assert code in (ROOM / "README.md").read_text()


@pytest.mark.skipif(bool(chain_is_missing()), reason=chain_is_missing() or "none")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example(daemon: str, sandbox: Any, example: Path) -> None:
    environment = {**os.environ, "DIFY_URL": sandbox.https[:-3], "DIFY_KEY": sandbox.key, "DIFY_CA": sandbox.ca_file}
    done = subprocess.run([sys.executable, str(example)], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert SAID[example.stem] in done.stdout
    assert sandbox.datasets() == [], "an example cleans up"
