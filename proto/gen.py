#!/usr/bin/env python3
"""Makes tables of difypool.toml: C enums and tables, message keys, the reference and the Python methods.

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

import gen_c  # noqa: E402
import gen_docs  # noqa: E402
import gen_python  # noqa: E402

ANSWERS = {"json", "events", "binary", "empty", "any", "value"}
RETRIES = {"free", "verify", "never"}
TYPES = {"string", "integer", "number", "boolean", "uuid", "object", "array", "any", "bytes"}
PLACES = {"path", "query", "body", "local"}


def load() -> dict[str, Any]:
    with open(ROOT / "proto" / "difypool.toml", "rb") as file:
        table = tomllib.load(file)
    problems = check(table)
    if problems:
        raise SystemExit("difypool.toml:\n  " + "\n  ".join(problems))
    return table


def check(table: dict[str, Any]) -> list[str]:
    """What is wrong with the definition, each by name; a mistake here would be copied into every language."""
    problems: list[str] = []
    for what, entries in (("kind", table["kind"]), ("op", table["op"])):
        for key in ("number", "name"):
            values = [entry[key] for entry in entries]
            problems += [f"{what}: {key} {v} stands twice" for v in sorted({v for v in values if values.count(v) > 1}, key=str)]
    for op in table["op"]:
        problems += check_op(op)
    return problems


def check_op(op: dict[str, Any]) -> list[str]:
    name, problems = op["name"], []
    if not op.get("text"):
        problems.append(f"{name}: no text")
    if op["answer"] not in ANSWERS or op["retry"] not in RETRIES:
        problems.append(f"{name}: answer or retry is not one of those allowed")
    names = [p["name"] for p in op["params"]]
    in_path = [part[1:-1] for part in op.get("path", "").split("/") if part.startswith("{")]
    if sorted(in_path) != sorted(p["name"] for p in op["params"] if p["in"] == "path"):
        problems.append(f"{name}: the path's parameters are not those of the list")
    for param in op["params"]:
        if param["type"] not in TYPES or param["in"] not in PLACES or not param.get("text") or names.count(param["name"]) > 1:
            problems.append(f"{name}: parameter {param['name']}: type, place, text or name")
    return problems


def outputs(table: dict[str, Any]) -> dict[Path, str]:
    files: dict[str, str] = {}
    for module in (gen_c, gen_docs, gen_python):
        files.update(module.outputs(table))
    return {ROOT / path: text for path, text in files.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if something is out of date")
    options = parser.parse_args()
    stale = [(path, text) for path, text in outputs(load()).items() if not path.exists() or path.read_text() != text]
    for path, text in stale:
        print(f"{'stale' if options.check else 'wrote'}: {path.relative_to(ROOT)}")
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if options.check and stale:
        print("run: python3 proto/gen.py")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
