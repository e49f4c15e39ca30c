"""What may stand in difypool.toml. A mistake there would be copied into every language, so each is refused by name."""

from __future__ import annotations

import re
from typing import Any

ANSWERS = {"json", "events", "binary", "empty", "any", "value"}
RETRIES = {"free", "verify", "never"}
BREAKERS = {"kb_creation", "doc_creation", "metadata", "retrieval", "app"}
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", ""}
PLACES = {"path", "query", "body", "part", "file", "data", "local"}
FORMATS = {"date-time", "email"}
PYTHON: dict[str, Any] = {
    "string": str,
    "uuid": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}
TYPES = {*PYTHON, "any", "bytes", "file"}

# What the service answers by itself: no HTTP of that name behind it.
OWN_GROUPS = ("service", "stream", "upload", "push")

KIND_KEYS = {"number", "name", "retryable", "exit", "text"}
OP_KEYS = {
    *("number", "name", "group", "answer", "retry", "title", "text", "params"),
    *(
        "contract",
        "stop",
        "read_back",
        "mode",
        "method",
        "path",
        "paced",
        "breaker",
        "aliases",
        "why",
        "proof",
        "repeat_harmless_since",
        "absent",
        "defects",
        "example",
    ),
}
PARAM_KEYS = {"name", "in", "type", "text", "required", "nullable", "min", "max", "enum", "format", "default", "shape"}
DEFECT_KEYS = {"id", "versions", "text"}
VERSION = r"\d+(\.\d+)*"
VERSIONS = re.compile(rf"(>={VERSION} )?<={VERSION}|>={VERSION}")


def check(table: dict[str, Any]) -> list[str]:
    """What is wrong with the definition, one line each."""
    problems = unknown(table, {"protocol", "kind", "op", "keys", "bound"}, "difypool.toml")
    for what in ("kind", "op"):
        problems += [
            f"{what}: {key} {v} stands twice"
            for key in ("number", "name")
            for v in repeated(e[key] for e in table[what])
        ]
    for kind in table["kind"]:
        problems += unknown(kind, KIND_KEYS, f"kind {kind['name']}")
    problems += check_numbers([k["number"] for k in table["kind"]])
    for op in table["op"]:
        problems += [f"{op['name']}: {problem}" for problem in check_op(op)]
    routes = [
        (op["method"], path) for op in table["op"] if op.get("path") for path in (op["path"], *op.get("aliases", []))
    ]
    problems += check_runs({op["name"]: op for op in table["op"]})
    return problems + [f"route {route} stands twice" for route in repeated(routes)]


def check_runs(ops: dict[str, dict[str, Any]]) -> list[str]:
    """What ends a run and what reads it back can be called with what events and call hold; who has a mode can leave it out."""
    problems = []
    for name, op in ops.items():
        if {"stop", "read_back", "mode"} & set(op) and op["answer"] != "events":
            problems.append(f"{name}: stop, read_back and mode are for events")
        for key in ("stop", "read_back"):
            needed = [p for p in ops.get(op.get(key, ""), {"params": []})["params"] if p.get("required")]
            if op.get(key, name) not in ops:
                problems.append(f"{name}: {key} is no operation")
            if any(p["in"] != "path" and p["name"] != "user" for p in needed):
                problems.append(f"{name}: {key} needs more than ids and user")
        modes = [p for p in op["params"] if p["name"] == op.get("mode")]
        if "mode" in op and [(p["in"], p.get("required", False)) for p in modes] != [("local", False)]:
            problems.append(f"{name}: its mode is no local parameter that may be left out")
    return problems


def check_numbers(numbers: list[int]) -> list[str]:
    return [] if numbers == list(range(len(numbers))) else ["kinds are not numbered from 0 without gaps"]


def repeated(values: Any) -> list[Any]:
    seen: set[Any] = set()
    return [v for v in values if v in seen or seen.add(v)]  # type: ignore[func-returns-value]


def unknown(entry: dict[str, Any], allowed: set[str], where: str) -> list[str]:
    return [f"{where}: unknown key {key}" for key in sorted(set(entry) - allowed)]


def check_op(op: dict[str, Any]) -> list[str]:
    problems = unknown(op, OP_KEYS, "operation")
    problems += [f"no {key}" for key in ("title", "text", "group") if not op.get(key)]
    if op["name"].split(".")[0] != op["group"]:
        problems.append("the name does not begin with the group")
    if op["answer"] not in ANSWERS or op["retry"] not in RETRIES:
        problems.append("answer or retry is not one of those allowed")
    if op["group"] not in OWN_GROUPS:
        problems += check_carried(op)
    for defect in op.get("defects", []):
        problems += unknown(defect, DEFECT_KEYS, "defect") + check_versions(defect["versions"])
    problems += check_versions(op["absent"]) if "absent" in op else []
    names = [p["name"] for p in op["params"]]
    problems += [f"parameter {name} stands twice" for name in repeated(names)]
    for param in op["params"]:
        problems += [f"parameter {param['name']}: {problem}" for problem in check_param(param)]
    return problems + check_example(op)


def check_carried(op: dict[str, Any]) -> list[str]:
    """What only an operation that goes to Dify has."""
    problems = []
    if op["method"] not in METHODS or op["breaker"] not in BREAKERS or not isinstance(op["paced"], bool):
        problems.append("method, breaker or paced is not one of those allowed")
    if op["retry"] != "free" and not op.get("why"):
        problems.append("no why for its retry rule")
    if op["retry"] == "verify" and not op.get("proof"):
        problems.append("no proof to verify by")
    of_params = sorted(p["name"] for p in op["params"] if p["in"] == "path")
    for path in (op["path"], *op.get("aliases", [])):
        if sorted(re.findall(r"\{(\w+)\}", path)) != of_params:
            problems.append(f"the parameters in {path} are not those of the list")
    return problems


def check_versions(versions: str) -> list[str]:
    return [] if VERSIONS.fullmatch(versions) else [f"versions {versions!r} is neither '<=A' nor '>=A <=B' nor '>=A'"]


def check_param(param: dict[str, Any]) -> list[str]:
    problems = unknown(param, PARAM_KEYS, "parameter")
    if param["type"] not in TYPES or param["in"] not in PLACES:
        problems.append("type or place is not one of those allowed")
    if not param.get("text", "").strip():
        problems.append("no text")
    if param.get("format", "email") not in FORMATS:
        problems.append(f"format {param['format']} is not one of those allowed")
    if (param["in"] == "file") != (param["type"] == "file"):
        problems.append("what is of type file goes in a file part, and nothing else does")
    if "enum" in param and param["type"] != "string":
        problems.append("only a string may have an enum")
    if any(not isinstance(param.get(k, 0), int) for k in ("min", "max")) or param.get("min", 0) > param.get(
        "max", 1 << 62
    ):
        problems.append("min and max are whole numbers, in this order")
    return problems


def check_example(op: dict[str, Any]) -> list[str]:
    """An example gives every required argument, no unknown one, each of its type."""
    example = op.get("example", {})
    params = {p["name"]: p for p in op["params"]}
    problems = [f"the example lacks {name}" for name, p in params.items() if p.get("required") and name not in example]
    for name, value in example.items():
        problems += [f"example: {problem}" for problem in check_value(name, value, params.get(name))]
    return problems


def check_value(name: str, value: Any, param: dict[str, Any] | None) -> list[str]:
    if param is None:
        return [f"unknown argument {name}"]
    if (isinstance(value, str) and value.startswith("$")) or param["type"] not in PYTHON:
        return []
    if not isinstance(value, PYTHON[param["type"]]) or (isinstance(value, bool) and param["type"] != "boolean"):
        return [f"{name} is not of type {param['type']}"]
    size = value if isinstance(value, (int, float)) else len(value)
    if not param.get("min", size) <= size <= param.get("max", size):
        return [f"{name} is out of bounds"]
    return [] if value in param.get("enum", [value]) else [f"{name} is none of the values allowed"]
