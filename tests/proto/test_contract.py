"""The table held against Dify's own contract, both ways: operations, paths, parameters, types, bounds, kinds of answer.

No operation and no parameter is missing, none is invented. Where the table differs on purpose, DIFFERENCES says why;
a difference that is no longer one fails too.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from conftest import HERE, read_table

TABLE = read_table()
CONTRACT = json.loads((HERE / "contract/service-api.json").read_text(encoding="utf-8"))["operations"]
OURS = {op["contract"]: op for op in TABLE["op"] if "contract" in op}
THEIRS = {entry["operationId"]: entry for entry in CONTRACT}
BOUNDS = {"string": ("minLength", "maxLength"), "array": ("minItems", "maxItems"), "integer": ("minimum", "maximum")}
BINARY = {"application/octet-stream", "application/zip", "audio/mpeg"}

# (operation, parameter) -> what of it differs from the contract, and why that is meant.
MODE = "The library writes it: it reads a stream also where one answer is wanted, so that no proxy cuts a long run."
LARGEST = "Not in the contract's schema but in its texts, and seen: the server refuses what is larger."
DIFFERENCES: dict[tuple[str, str], tuple[set[str], str]] = {
    ("sendChatMessage", "response_mode"): ({"in"}, MODE),
    ("createCompletionMessage", "response_mode"): ({"in"}, MODE),
    ("executeWorkflow", "response_mode"): ({"in"}, MODE),
    ("runWorkflowById", "response_mode"): ({"in"}, MODE),
    ("runPipeline", "response_mode"): ({"in", "required"}, MODE + " So nobody has to give it."),
    ("uploadChatFile", "file"): ({"max"}, LARGEST),
    ("audioToText", "file"): ({"max"}, LARGEST),
    ("createDocumentFromFile", "file"): ({"max"}, LARGEST),
    ("updateDocumentByFile", "file"): ({"max"}, LARGEST),
    ("updateDocument", "file"): ({"max"}, LARGEST),
    ("uploadPipelineFile", "file"): ({"max"}, LARGEST),
}

# The contract says in prose what the text part `data` may hold: these members of createDocumentFromText.
OF_AN_UPDATE = (
    *("doc_form", "doc_language", "process_rule"),
    *("retrieval_model", "embedding_model", "embedding_model_provider"),
)
IN_DATA = {
    "createDocumentFromFile": ("indexing_technique", *OF_AN_UPDATE),
    "updateDocumentByFile": OF_AN_UPDATE,
    "updateDocument": OF_AN_UPDATE,
}


def test_every_operation_is_carried_and_none_is_invented() -> None:
    assert len(CONTRACT) == len(THEIRS) == 82
    assert set(OURS) == set(THEIRS)
    others = {op["name"] for op in TABLE["op"] if "contract" not in op and op.get("method")}
    assert not others, "an operation of Dify that its contract does not know"


# What a 1.12.1 was seen to lack: an HTML 404, or for the PATCH a JSON 405.
ABSENT = {
    *("updateDocument", "downloadDocument", "downloadDocumentsZip", "getEndUserChat", "streamWorkflowEvents"),
    *("getChatflowHumanInputForm", "submitChatflowHumanInputForm", "listDatasourcePlugins", "runDatasourceNode"),
    *("runPipeline", "uploadPipelineFile"),
}


def test_eleven_operations_are_absent_in_1_12_1() -> None:
    assert {op["contract"]: op["absent"] for op in OURS.values() if "absent" in op} == dict.fromkeys(ABSENT, "<=1.12.1")


def test_names_are_group_and_verb() -> None:
    for op in OURS.values():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", op["name"]), op["name"]


def part(name: str, schema: dict[str, Any]) -> str:
    return "file" if schema.get("format") == "binary" else "data" if name == "data" else "part"


def members(entry: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """All that an operation takes, by name, with its place; `data` is what its text says that it holds."""
    found = {p["name"]: p for p in entry["parameters"]}
    body = entry["body"] or {"type": "", "required": [], "members": {}}
    for name, schema in body["members"].items():
        place = part(name, schema) if body["type"] == "multipart/form-data" else "body"
        found[name] = {**schema, "in": place, "required": name in body["required"]}
    if found.get("data", {}).get("in") == "data":
        del found["data"]
        of_text = THEIRS["createDocumentFromText"]["body"]["members"]
        found |= {name: {**of_text[name], "in": "data", "required": False} for name in IN_DATA[entry["operationId"]]}
    return found


@pytest.mark.parametrize("name", sorted(OURS))
def test_route_and_parameters_are_the_contract_s(name: str) -> None:
    ours, theirs = OURS[name], THEIRS[name]
    assert (ours["method"], ours["path"]) == (theirs["method"], theirs["path"])
    assert {p["name"] for p in ours["params"]} == set(members(theirs))
    for param in ours["params"]:
        differs = {
            key for key, (mine, wanted) in facts(param, members(theirs)[param["name"]]).items() if mine != wanted
        }
        meant, _ = DIFFERENCES.get((name, param["name"]), (set(), ""))
        assert differs == meant, param["name"]


def facts(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What is to be equal, ours beside theirs."""
    form = theirs.get("format")
    kind = {"uuid": "uuid", "binary": "file"}.get(form or "", theirs.get("type", "any"))
    low, high = BOUNDS.get(ours["type"], ("", ""))
    values = [e for e in theirs["enum"] if e is not None] if "enum" in theirs else None
    return {
        "in": (ours["in"], theirs["in"]),
        "type": (ours["type"], kind),
        "required": (ours.get("required", False), theirs["required"]),
        "nullable": (ours.get("nullable", False), theirs.get("nullable", False)),
        "format": (ours.get("format"), None if form in ("uuid", "float", "binary") else form),
        "enum": (ours.get("enum"), values),
        "default": (ours.get("default"), theirs.get("default")),
        "min": (ours.get("min"), theirs.get(low)),
        "max": (ours.get("max"), theirs.get(high)),
    }


def test_differences_are_of_parameters_that_are_there() -> None:
    for operation, param in DIFFERENCES:
        assert param in members(THEIRS[operation]), (operation, param)


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_answer_is_of_the_contract_s_kind(name: str) -> None:
    kinds = {kind for code in THEIRS[name]["answer"].values() for kind in code}
    if "text/event-stream" in kinds:
        wanted = "events"
    elif kinds & BINARY:
        wanted = "binary"
    else:
        assert kinds <= {"application/json"}
        wanted = "json" if kinds else "empty"
    assert OURS[name]["answer"] == wanted


@pytest.mark.parametrize("name", sorted(OURS))
def test_who_asks_for_a_stream_by_a_member_says_so(name: str) -> None:
    has = "response_mode" in members(THEIRS[name])
    assert OURS[name].get("mode", "") == ("response_mode" if has else "")
