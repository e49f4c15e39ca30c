#!/usr/bin/env python3
"""Make service-api.json of Dify's published OpenAPI document: answers and schemas alone, without their prose.

python3 trim.py OPENAPI_DOCUMENT > service-api.json
"""

from __future__ import annotations

import json
import sys
from typing import Any

PROSE = {
    *("description", "example", "examples", "summary", "title", "tags", "parameters", "requestBody", "security"),
    "externalDocs",
}


def trimmed(value: Any, names: bool = False) -> Any:
    """names: the keys of this object are somebody's names, of which none is prose."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if names or not (k in PROSE or k.startswith("x-"))}
        return {k: trimmed(v, k in ("properties", "schemas") and not names) for k, v in kept.items()}
    return [trimmed(v) for v in value] if isinstance(value, list) else value


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        whole = json.load(file)
    components = trimmed({"schemas": whole["components"]["schemas"]})
    out = {"openapi": whole["openapi"], "paths": trimmed(whole["paths"]), "components": components}
    json.dump(out, sys.stdout, separators=(",", ":"), ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
