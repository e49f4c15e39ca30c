"""The documents that gen.py makes: reference.md and the man page difypool-operations(7)."""

from __future__ import annotations

from typing import Any

NOTE = "Made by proto/gen.py from proto/difypool.toml. Do not edit."
RETRY_TEXT = {
    "free": "repeated at will",
    "verify": "a repeat looks first whether it happened",
    "never": "never repeated once a byte may have reached the server",
}


def type_text(param: dict[str, Any]) -> str:
    text = str(param["type"])
    length = param["type"] in ("string", "bytes")
    unit = " characters" if param["type"] == "string" else " bytes" if length else ""
    if "min" in param or "max" in param:
        text += f", {param.get('min', '')}..{param.get('max', '')}{unit}"
    if "enum" in param:
        text += ": " + ", ".join(f"`{e}`" for e in param["enum"])
    if "default" in param:
        text += f"; default `{param['default']}`"
    return text


def op_section(op: dict[str, Any]) -> str:
    lines = [f"### `{op['name']}`", ""]
    if op.get("method"):
        lines += [f"`{op['method']} {op['path']}`. {op['text']}", ""]
    else:
        lines += [op["text"], ""]
    facts = [f"Retry: {RETRY_TEXT[op['retry']]}."]
    if op.get("paced"):
        facts.append("Counted by a plan's rate limit.")
    if op.get("proof"):
        facts.append(f"Proof of effect: {op['proof']}")
    for defect in op.get("defects", []):
        facts.append(f"Known defect ({defect['versions']}, `{defect['id']}`): {defect['text']}")
    lines += [" ".join(facts), ""]
    if op["params"]:
        lines += ["| argument | where | type | |", "|---|---|---|---|"]
        for p in op["params"]:
            needed = " **required**" if p.get("required") else ""
            lines.append(f"| `{p['name']}` | {p['in']} | {type_text(p)}{needed} | {p['text'].replace('|', chr(92) + '|')} |")
        lines.append("")
    return "\n".join(lines)


def reference(table: dict[str, Any]) -> str:
    kinds = "\n".join(f"| `{k['name']}` | {'yes' if k['retryable'] else 'no'} | {k['exit']} | {k['text']} |" for k in table["kind"])
    bounds = "\n".join(f"| `{b['name']}` | {b['default']:,} | {b['text']} |" for b in table["bound"])
    sections = "\n".join(op_section(op) for op in table["op"])
    return f"""<!-- {NOTE} -->
# Reference: operations, error kinds, bounds

Types and texts of Dify's parameters come from the OpenAPI document of langgenius/dify-docs (CC BY 4.0).

## Error kinds

| kind | retryable | exit status | |
|---|---|---|---|
{kinds}

## Bounds

| name | default | |
|---|---|---|
{bounds}

## Operations

{sections}"""


def scd(text: str) -> str:
    """Text as scdoc(5) takes it: its own marks escaped."""
    for mark in ("\\", "*", "_", "`", "|", "[", "<", "#"):
        text = text.replace(mark, "\\" + mark)
    return text


def man_op(op: dict[str, Any]) -> str:
    lines = [f"*{scd(op['name'])}*"]
    route = f"{op['method']} {op['path']}. " if op.get("method") else ""
    lines.append("\t" + scd(f"{route}{op['text']} Retry: {RETRY_TEXT[op['retry']]}."))
    for p in op["params"]:
        needed = ", required" if p.get("required") else ""
        lines += ["", "\t_" + scd(p["name"]) + "_ (" + scd(type_text(p).replace("`", "")) + needed + ")", "\t\t" + scd(p["text"])]
    return "\n".join(lines) + "\n"


def man(table: dict[str, Any]) -> str:
    body = "\n".join(man_op(op) for op in table["op"])
    kinds = "\n".join(f"*{scd(k['name'])}*\n\t{scd(k['text'])}\n" for k in table["kind"])
    return f"""difypool-operations(7)

; {NOTE}

# NAME

difypool-operations - operations that difypool carries, and the kinds of errors

# DESCRIPTION

Operations are called by name through *difypool*(1), the bindings or *libdifypool*(3). Types and texts of Dify's
parameters come from the OpenAPI document of langgenius/dify-docs (CC BY 4.0).

# OPERATIONS

{body}
# ERROR KINDS

{kinds}
# SEE ALSO

*difypool*(1), *difypoold*(8), *libdifypool*(3)
"""


def outputs(table: dict[str, Any]) -> dict[str, str]:
    return {"proto/reference.md": reference(table), "proto/man/difypool-operations.7.scd": man(table)}
