"""The table held against Dify's own contract: no parameter is missing, none is invented, types and bounds are the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import HERE, read_table

TABLE = read_table()
CONTRACT = json.loads((HERE / "contract/service-api.json").read_text(encoding="utf-8"))["operations"]
OURS = {op["contract"]: op for op in TABLE["op"] if "contract" in op}
THEIRS = {entry["operationId"]: entry for entry in CONTRACT}

# What the table does not carry yet: answers that are streams or binary, and bodies of files.
LATER = {
    *("sendChatMessage", "createCompletionMessage", "executeWorkflow", "runWorkflowById", "streamWorkflowEvents"),
    *("runDatasourceNode", "runPipeline", "textToAudioChat", "previewChatFile", "downloadDocumentsZip"),
    *("uploadChatFile", "audioToText", "createDocumentFromFile", "updateDocumentByFile", "updateDocument"),
    "uploadPipelineFile",
}
BOUNDS = {"string": ("minLength", "maxLength"), "array": ("minItems", "maxItems"), "integer": ("minimum", "maximum")}


def is_plain_json(entry: dict[str, Any]) -> bool:
    kinds = {kind for code in entry["answer"].values() for kind in code}
    return kinds <= {"application/json"} and (entry["body"] is None or entry["body"]["type"] == "application/json")


def test_the_contract_is_whole() -> None:
    assert len(CONTRACT) == 82
    assert len(THEIRS) == 82


def test_every_operation_that_is_plain_json_is_carried() -> None:
    plain = {entry["operationId"] for entry in CONTRACT if is_plain_json(entry)}
    assert set(OURS) == plain
    assert set(THEIRS) - plain == LATER


def members(entry: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """All that an operation takes, by place and name."""
    found = {(p["in"], p["name"]): p for p in entry["parameters"]}
    if entry["body"]:
        for name, schema in entry["body"]["members"].items():
            found["body", name] = {**schema, "required": name in entry["body"]["required"]}
    return found


@pytest.mark.parametrize("name", sorted(OURS))
def test_route_and_parameters_are_the_contract_s(name: str) -> None:
    ours, theirs = OURS[name], THEIRS[name]
    assert (ours["method"], ours["path"]) == (theirs["method"], theirs["path"])
    assert {(p["in"], p["name"]) for p in ours["params"]} == set(members(theirs))
    for param in ours["params"]:
        check_param(param, members(theirs)[param["in"], param["name"]])


def check_param(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    name = ours["name"]
    assert ours.get("required", False) == theirs["required"], name
    assert ours.get("nullable", False) == theirs.get("nullable", False), name
    kind = "uuid" if theirs.get("format") == "uuid" else theirs.get("type", "any")
    assert ours["type"] == kind, name
    wanted = theirs.get("format")
    assert ours.get("format") == (None if wanted in ("uuid", "float") else wanted), name
    assert ours.get("enum") == ([e for e in theirs["enum"] if e is not None] if "enum" in theirs else None), name
    assert ours.get("default") == theirs.get("default"), name
    low, high = BOUNDS.get(ours["type"], ("", ""))
    assert (ours.get("min"), ours.get("max")) == (theirs.get(low), theirs.get(high)), name


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_answer_is_of_the_contract_s_kind(name: str) -> None:
    kinds = [kind for code in THEIRS[name]["answer"].values() for kind in code]
    assert OURS[name]["answer"] == ("json" if kinds else "empty")
