#!/usr/bin/env python3
"""Cuts Dify's OpenAPI document down to what the tests hold the operation table against.

    python3 tests/proto/contract/trim.py OPENAPI.json > tests/proto/contract/service-api.json

One entry an operation: method, path, parameters and members of the body with type, format, bounds and whether they are
required, and the content types of success. All prose is left out.
"""

from __future__ import annotations

import json
import sys
from typing import Any

KEPT = (
    "type",
    "format",
    "enum",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "nullable",
    "default",
)
METHODS = ("get", "post", "put", "patch", "delete")


def resolve(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in value:
        target: Any = document
        for part in value["$ref"][2:].split("/"):
            target = target[part]
        value = {**target, **{k: v for k, v in value.items() if k != "$ref"}}
    return value


def schema(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    found = resolve(document, value)
    return {k: found[k] for k in KEPT if k in found}


def body(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any] | None:
    if "requestBody" not in operation:
        return None
    content = resolve(document, operation["requestBody"])["content"]
    ((kind, media),) = content.items()
    whole = resolve(document, media["schema"])
    members = {name: schema(document, value) for name, value in whole.get("properties", {}).items()}
    return {"type": kind, "required": whole.get("required", []), "members": members}


def answer(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, list[str]]:
    responses = operation["responses"].items()
    return {code: sorted(resolve(document, r).get("content", {})) for code, r in responses if code.startswith("2")}


def entry(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    params = [resolve(document, p) for p in operation.get("parameters", [])]
    return {
        "operationId": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "parameters": [
            {"name": p["name"], "in": p["in"], "required": p.get("required", False), **schema(document, p["schema"])}
            for p in params
        ],
        "body": body(document, operation),
        "answer": answer(document, operation),
    }


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    entries = [
        entry(document, path, method, item[method])
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]
    lines = ",\n".join("  " + json.dumps(e, ensure_ascii=False) for e in entries)
    print(
        f'{{"source": "langgenius/dify-docs, OpenAPI document of the Service API, CC BY 4.0, trimmed", "operations": [\n{lines}\n]}}'
    )


if __name__ == "__main__":
    main()
