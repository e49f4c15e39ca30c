"""Answers held against Dify's published contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator

CONTRACT = json.loads((Path(__file__).parent / "contract/service-api.json").read_text(encoding="utf-8"))
OPERATIONS: dict[str, dict[str, Any]] = {
    operation["operationId"]: operation["responses"]
    for methods in CONTRACT["paths"].values()
    for method, operation in methods.items()
    if method in ("get", "post", "put", "patch", "delete")
}
MOST = 5  # deviations of one answer that are told


def schema_of(operation: str, status: int) -> dict[str, Any] | None:
    """The schema of a JSON answer; None: the contract names none."""
    answer = OPERATIONS[operation].get(str(status), {})
    if "$ref" in answer:
        return None
    content = answer.get("content", {}).get("application/json")
    return content.get("schema") if content else None


def promised(operation: str) -> list[int]:
    """The statuses of success that the contract names."""
    return sorted(int(status) for status in OPERATIONS[operation] if status.startswith("2"))


def deviations(operation: str, status: int, body: Any) -> list[str]:
    """In what the answer of an operation differs from the contract, a line each."""
    found = []
    if status not in promised(operation):
        found.append(f"status {status}, where the contract has {' or '.join(map(str, promised(operation)))}")
    schema = schema_of(operation, status)
    if schema is None or body is None:
        return found
    checker = OAS30Validator({**schema, "components": CONTRACT["components"]})
    nulls: dict[str, None] = {}
    others: dict[str, None] = {}
    for error in sorted(checker.iter_errors(body), key=lambda e: list(map(str, e.absolute_path))):
        where = "/".join("*" if isinstance(part, int) else part for part in error.absolute_path) or "the answer"
        if error.instance is None:
            nulls[where] = None
        else:
            others[f"{where}: {error.message[:160]}"] = None
    if nulls:
        found.append(f"null, where the contract has a value: {', '.join(nulls)}")
    found += others
    if len(found) > MOST:
        found = [*found[:MOST], f"and {len(found) - MOST} more"]
    return found
