"""The documents that gen.py makes: reference.md and the man page difypool-operations(7)."""

from __future__ import annotations

import json
import shlex
from typing import Any

NOTE = "Made by proto/gen.py from proto/difypool.toml. Do not edit."
SOURCE = "Texts, types and bounds of Dify's parameters come from the OpenAPI document of langgenius/dify-docs (CC BY 4.0), shortened."
RETRY_TEXT = {
    "free": "at will",
    "verify": "only after looking whether it happened",
    "never": "never, once a byte may have reached the server",
}
FLOWS = ("stream", "upload", "push")
ANSWER_TEXT = {"events": "Answers with a stream of events.", "binary": "Answers with the bytes of a file."}
MAPS = {
    "request": "A request",
    "options": "`options` of a request",
    "reply": "A reply",
    "ok": "`ok` of a reply",
    "error": "`error` of a reply",
    "meta": "`meta` of either",
}


def bounds(param: dict[str, Any]) -> str:
    low, high = param.get("min"), param.get("max")
    if low is None and high is None:
        return ""
    unit = {"string": " characters", "bytes": " bytes", "file": " bytes", "array": " entries"}.get(param["type"], "")
    if high is None:
        return f", at least {low}{unit}"
    return f", at most {high}{unit}" if low is None else f", {low}..{high}{unit}"


def type_text(param: dict[str, Any]) -> str:
    text = f"{param['type']}{bounds(param)}"
    if "format" in param:
        text += f", {param['format']}"
    if param.get("nullable"):
        text += " or null"
    if "enum" in param:
        text += ": " + ", ".join(f"`{e}`" for e in param["enum"])
    if param.get("default") not in (None, ""):
        text += f"; default `{json.dumps(param['default'], ensure_ascii=False)}`"
    return text


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def command(op: dict[str, Any]) -> str:
    """The example as the command line takes it."""
    words = ["difypool", "call", op["name"]]
    files = {p["name"] for p in op["params"] if p["type"] == "file"}
    for name, value in op.get("example", {}).items():
        if name in files:
            words.append(shlex.quote(f"{name}@{value}"))
        elif isinstance(value, str):
            words.append(f'{name}="{value}"' if value.startswith("$") else shlex.quote(f"{name}={value}"))
        else:
            words.append(json_word(name, json.dumps(value, ensure_ascii=False)))
    return " ".join(words)


def message(op: dict[str, Any]) -> str:
    """The example as a request holds it, of what bindings and the command line use for their users."""
    return json.dumps({"op": op["name"], "args": op["example"]}, ensure_ascii=False)


def json_word(name: str, text: str) -> str:
    """NAME:=JSON, quoted so that the shell fills in its $variables."""
    if "$" not in text:
        return shlex.quote(f"{name}:={text}")
    return f'{name}:="' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def facts(op: dict[str, Any]) -> list[str]:
    lines = [f"Repeats: {RETRY_TEXT[op['retry']]}." + (f" {op['why']}" if op.get("why") else "")]
    if op.get("proof"):
        lines.append(f"What proves it: {op['proof']}")
    if op.get("repeat_harmless_since"):
        lines.append(
            f"From server version {op['repeat_harmless_since']} on, doing the same again leaves what doing it once leaves."
        )
    if op["answer"] in ANSWER_TEXT:
        lines.append(ANSWER_TEXT[op["answer"]])
    if op.get("stop"):
        lines.append(f"Its run is stopped by `{op['stop']}`, also when its stream is closed early.")
    if op.get("read_back"):
        lines.append(f"A cut stream is read back by `{op['read_back']}`.")
    if op.get("paced"):
        lines.append("Counted by a plan's rate limit.")
    if op.get("absent"):
        lines.append(f"Server versions {op['absent']} do not have it.")
    for defect in op.get("defects", []):
        lines.append(f"Known defect `{defect['id']}`, server versions {defect['versions']}: {defect['text']}")
    return lines


def params_table(op: dict[str, Any]) -> list[str]:
    lines = ["| argument | where | type | |", "|---|---|---|---|"]
    for p in op["params"]:
        needed = " **required**" if p.get("required") else ""
        lines.append(f"| `{p['name']}` | {p['in']} | {cell(type_text(p))}{needed} | {cell(p['text'])} |")
    shapes = [p for p in op["params"] if p.get("shape")]
    for p in shapes:
        lines += ["", f"`{p['name']}` is `{p['shape']}`"]
    return [*lines, ""]


def op_section(op: dict[str, Any]) -> str:
    lines = [f"### {op['name']}", ""]
    if op.get("method"):
        also = "".join(f", also `{alias}`" for alias in op.get("aliases", []))
        lines += [f"`{op['method']} {op['path']}`{also}", ""]
    lines += [f"{op['title']}. {op['text']}", ""]
    lines += [f"- {fact}" for fact in facts(op)] + [""]
    if op["params"]:
        lines += params_table(op)
    if op.get("example"):
        lines += ["```json", message(op), "```", ""] if op["group"] in FLOWS else ["```sh", command(op), "```", ""]
    return "\n".join(lines)


def keys_section(table: dict[str, Any]) -> str:
    rows = [f"| {MAPS[name]} | {', '.join(f'`{k}`' for k in keys)} |" for name, keys in table["keys"].items()]
    return "\n".join(rows)


def overview(table: dict[str, Any]) -> str:
    rows = []
    for op in table["op"]:
        route = f"`{op['method']} {op['path']}`" if op.get("method") else ""
        rows.append(
            f"| [{op['name']}](#{op['name'].replace('.', '')}) | {route} | {op['retry']} | {cell(op['title'])} |"
        )
    return "\n".join(rows)


def reference(table: dict[str, Any]) -> str:
    kinds = "\n".join(
        f"| `{k['name']}` | {k['number']} | {'yes' if k['retryable'] else 'no'} | {k['exit']} | {k['text']} |"
        for k in table["kind"]
    )
    bound_rows = "\n".join(f"| `{b['name']}` | {b['default']:,} | {b['text']} |" for b in table["bound"])
    sections = "\n".join(op_section(op) for op in table["op"])
    return f"""<!-- {NOTE} -->
# Reference: operations, error kinds, keys and bounds

{SOURCE}

## Error kinds

*retryable*: whether the same call may succeed later without any change, unless an error says otherwise. *exit*: the status of the command line.

| kind | number | retryable | exit | |
|---|---|---|---|---|
{kinds}

## Message keys

What each means is in [PROTOCOL.md](PROTOCOL.md), section 3.

| map | keys |
|---|---|
{keys_section(table)}

## Bounds

| name | default | |
|---|---|---|
{bound_rows}

## Operations

*repeats*: `free` = {RETRY_TEXT["free"]}; `verify` = {RETRY_TEXT["verify"]}; `never` = {RETRY_TEXT["never"]}.
In examples `$x` is an id that only you know.

| operation | route | repeats | |
|---|---|---|---|
{overview(table)}

{sections}"""


def scd(text: str) -> str:
    """Text as scdoc(5) takes it: its own marks escaped."""
    for mark in ("\\", "*", "_", "`", "|", "[", "<", "#", "."):
        text = text.replace(mark, "\\" + mark)
    return text


def man_param(param: dict[str, Any]) -> list[str]:
    needed = ", required" if param.get("required") else ""
    head = f"_{scd(param['name'])}_ ({scd(type_text(param).replace('`', ''))}{needed})"
    lines = ["", "\t" + head, "", "\t\t" + scd(param["text"].replace("`", ""))]
    if param.get("shape"):
        lines += ["", "\t\t" + scd(param["shape"])]
    return lines


def man_op(op: dict[str, Any]) -> str:
    route = f"{op['method']} {op['path']}. " if op.get("method") else ""
    lines = [f"*{scd(op['name'])}*", "\t" + scd(f"{route}{op['text']}".replace("`", ""))]
    for fact in facts(op):
        lines += ["", "\t" + scd(fact.replace("`", ""))]
    for param in op["params"]:
        lines += man_param(param)
    if op.get("example"):
        lines += ["", "\tExample: " + scd(message(op) if op["group"] in FLOWS else command(op))]
    return "\n".join(lines) + "\n"


def man(table: dict[str, Any]) -> str:
    body = "\n".join(man_op(op) for op in table["op"])
    kinds = "\n".join(f"*{scd(k['name'])}* (exit status {k['exit']})\n\t{scd(k['text'])}\n" for k in table["kind"])
    return f"""difypool-operations(7)

; {NOTE}

# NAME

difypool-operations - operations that difypool carries, and the kinds of errors

# DESCRIPTION

Operations are called by name through *difypool*(1), the bindings or *libdifypool*(3). {scd(SOURCE)}

# OPERATIONS

{body}
# ERROR KINDS

{kinds}
# SEE ALSO

*difypool*(1), *difypoold*(8), *libdifypool*(3)
"""


def outputs(table: dict[str, Any]) -> dict[str, str]:
    return {"proto/reference.md": reference(table), "proto/man/difypool-operations.7.scd": man(table)}
