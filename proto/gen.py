#!/usr/bin/env python3
"""Makes tables of difypool.toml: C enums and tables, message keys, the reference, and the Python, Go and Node methods.

    python3 proto/gen.py            write what is out of date
    python3 proto/gen.py --check    write nothing; exit 1 and name the files that are out of date

Needs Python 3.11 (tomllib) and nothing else. What it makes is committed, so that building needs no Python.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "proto"))

import gen_c
import gen_check
import gen_client
import gen_docs
import gen_go
import gen_node
import gen_python


def load() -> dict[str, Any]:
    with open(ROOT / "proto" / "difypool.toml", "rb") as file:
        table = tomllib.load(file)
    problems = gen_check.check(table)
    if problems:
        raise SystemExit("difypool.toml:\n  " + "\n  ".join(problems))
    return table


def outputs(table: dict[str, Any]) -> dict[Path, str]:
    """Every file that is made of the definition, with its text."""
    files: dict[str, str] = {}
    for module in (gen_c, gen_client, gen_docs, gen_go, gen_node, gen_python):
        files.update(module.outputs(table))
    return {ROOT / path: text for path, text in files.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if something is out of date")
    options = parser.parse_args()
    stale = [
        (path, text)
        for path, text in outputs(load()).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        print(f"{'stale' if options.check else 'wrote'}: {path.relative_to(ROOT)}")
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if options.check and stale:
        print("run: python3 proto/gen.py")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
