#!/usr/bin/env python3
"""Writes the vectors: requests.jsonl, replies.jsonl, client_streams.jsonl and service_streams.jsonl.

    python3 proto/vectors/make.py            write what is out of date
    python3 proto/vectors/make.py --check    write nothing; exit 1 if something is out of date

README.md says what stands in them. Needs the standard library only.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import flows
import replies
import requests_
import streams


def outputs() -> dict[Path, str]:
    files: dict[str, list[dict[str, Any]]] = {
        "requests.jsonl": [*requests_.vectors(), *flows.requests(), *flows.refusals()],
        "replies.jsonl": [*replies.vectors(), *flows.replies()],
        "client_streams.jsonl": streams.of_clients(),
        "service_streams.jsonl": streams.of_services(),
    }
    for name, rows in files.items():
        names = [row["name"] for row in rows]
        assert len(set(names)) == len(names), f"{name}: a name stands twice"
    return {HERE / name: "".join(json.dumps(row) + "\n" for row in rows) for name, rows in files.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if something is out of date")
    options = parser.parse_args()
    stale = {p: t for p, t in outputs().items() if not p.exists() or p.read_text(encoding="utf-8") != t}
    for path, text in stale.items():
        print(f"{'stale' if options.check else 'wrote'}: {path.name}")
        if not options.check:
            path.write_text(text, encoding="utf-8")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
