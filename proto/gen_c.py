"""The C side of gen.py: enums, the operation table and the message keys."""

from __future__ import annotations

import json
from typing import Any

HEADER = "/* Made by proto/gen.py from proto/difypool.toml. Do not edit: change the definition and run it. */\n"


def c_string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def enum_name(name: str) -> str:
    return "DP_OP_" + name.upper().replace(".", "_")


def kinds(table: dict[str, Any]) -> str:
    rows = " \\\n".join(
        f"  X({k['number']}, {k['name'].upper()}, {c_string(k['name'])}, {int(k['retryable'])}, {k['exit']}, {c_string(k['text'])})"
        for k in table["kind"]
    )
    entries = "\n".join(f"  DP_{k['name'].upper()} = {k['number']}, /* {k['text']} */" for k in table["kind"])
    return f"""{HEADER}/* kinds.h - the kinds of errors; the same in the library, on the wire and in every binding. */
#ifndef DIFYPOOL_KINDS_H
#define DIFYPOOL_KINDS_H

typedef enum dp_kind {{
{entries}
  DP_KIND_COUNT = {len(table["kind"])}
}} dp_kind;

/* X(number, NAME, "name", retryable by default, exit status of the command line, "text") */
#define DP_KIND_LIST(X) \\
{rows}

#endif
"""


def lib_ops(table: dict[str, Any]) -> list[dict[str, Any]]:
    return [op for op in table["op"] if op["group"] != "service"]


def ops(table: dict[str, Any]) -> str:
    entries = "\n".join(
        f"  {enum_name(op['name'])} = {op['number']}, /* {(op.get('method') or 'any') + ' ' + (op.get('path') or 'path')} */"
        for op in lib_ops(table)
    )
    return f"""{HEADER}/* ops.h - the operations of the Dify Service API. Numbers never change. */
#ifndef DIFYPOOL_OPS_H
#define DIFYPOOL_OPS_H

#include <difypool/export.h>

#ifdef __cplusplus
extern "C" {{
#endif

typedef enum dp_op {{
  DP_OP_NONE = 0,
{entries}
}} dp_op;

/* dp_op_name - "documents.create_by_text"; NULL for a number that is no operation. Static. Any thread. Since 0.1. */
DP_EXPORT const char *dp_op_name(dp_op op);
/* dp_op_from_name - the operation of that name; DP_OP_NONE if there is none. Any thread. Since 0.1. */
DP_EXPORT dp_op dp_op_from_name(const char *name);
/* dp_op_is_free - 1 = repeating it changes nothing at the server (a read); 0 = a write, or http.request. Since 0.1. */
DP_EXPORT int dp_op_is_free(dp_op op);

#ifdef __cplusplus
}}
#endif
#endif
"""


def param_row(param: dict[str, Any]) -> str:
    enums = "NULL"
    if "enum" in param:
        enums = "(const char *const[]){" + ", ".join(c_string(e) for e in param["enum"]) + ", NULL}"
    low = f"{param['min']}" if "min" in param else "INT64_MIN"
    high = f"{param['max']}" if "max" in param else "INT64_MAX"
    return (
        f"  {{{c_string(param['name'])}, DP__IN_{param['in'].upper()}, DP__TYPE_{param['type'].upper()}, "
        f"{int(param.get('required', False))}, {low}, {high}, {enums}}},"
    )


def op_row(op: dict[str, Any]) -> str:
    identifier = op["name"].replace(".", "_")
    aliases = "NULL"
    if op.get("aliases"):
        aliases = "(const char *const[]){" + ", ".join(c_string(a) for a in op["aliases"]) + ", NULL}"
    return (
        f"  {{{enum_name(op['name'])}, {c_string(op['name'])}, {c_string(op['method'])}, {c_string(op['path'])}, "
        f"DP__ANSWER_{op['answer'].upper()}, DP__RETRY_{op['retry'].upper()}, {int(op['paced'])}, "
        f"DP__CIRCUIT_{op['breaker'].upper()}, {c_string(op.get('repeat_harmless_since', ''))}, {aliases}, "
        f"{'params_' + identifier if op['params'] else 'NULL'}, {len(op['params'])}}},"
    )


def optable(table: dict[str, Any]) -> str:
    params = "\n".join(
        f"static const dp__param_desc params_{op['name'].replace('.', '_')}[] = {{\n"
        + "\n".join(param_row(p) for p in op["params"])
        + "\n};\n"
        for op in lib_ops(table)
        if op["params"]
    )
    rows = "\n".join(op_row(op) for op in sorted(lib_ops(table), key=lambda op: str(op["name"])))
    return f"""{HEADER}#include "optable.h"

{params}
/* Sorted by name, so that a look-up by name is a binary search. */
const dp__op_desc dp__optable[] = {{
{rows}
}};
const size_t dp__optable_count = sizeof dp__optable / sizeof dp__optable[0];
"""


def proto_header(table: dict[str, Any]) -> str:
    keys: list[str] = []
    for group in table["keys"].values():
        keys += [k for k in group if k not in keys]
    key_lines = "\n".join(f"#define DP_KEY_{k.upper()} {c_string(k)}" for k in keys)
    bound_rows = " \\\n".join(f"  X({b['name']}, {b['default']}, {c_string(b['text'])})" for b in table["bound"])
    lists = "\n".join(
        f"/* X(NAME, \"name\") */\n#define DP_KEYS_{name.upper()}(X) " + " ".join(f"X({k.upper()}, {c_string(k)})" for k in group)
        for name, group in table["keys"].items()
    )
    service = "\n".join(
        f"  X({op['name'].split('.')[1].upper()}, {c_string(op['name'])}, {c_string(op['text'])}) \\" for op in table["op"] if op["group"] == "service"
    ).rstrip(" \\")
    return f"""{HEADER}/* difypool_proto.h - version, message keys, bounds and service operations of the wire; see PROTOCOL.md. */
#ifndef DIFYPOOL_PROTO_H
#define DIFYPOOL_PROTO_H

#define DP_PROTOCOL_VERSION {table['protocol']['version']}

{key_lines}

{lists}

/* X(name, default, "text") */
#define DP_BOUND_LIST(X) \\
{bound_rows}

/* X(NAME, "service.name", "text") */
#define DP_SERVICE_OP_LIST(X) \\
{service}

#endif
"""


def outputs(table: dict[str, Any]) -> dict[str, str]:
    return {
        "lib/difypool/kinds.h": kinds(table),
        "lib/difypool/ops.h": ops(table),
        "lib/optable_data.c": optable(table),
        "proto/c/difypool_proto.h": proto_header(table),
        "proto/c/service_ops.h": service_ops(table),
    }


def service_ops(table: dict[str, Any]) -> str:
    """The whole table as the service answers it to service.operations: one JSON text, so that no room keeps a second table."""
    entries = []
    for op in table["op"]:
        entry = {k: op[k] for k in ("name", "method", "path", "group", "answer", "retry", "paced", "text") if op.get(k) not in (None, "")}
        entry["params"] = op["params"]
        entries.append(entry)
    text = json.dumps(entries, ensure_ascii=True, separators=(",", ":"))
    pieces = [text[i : i + 90] for i in range(0, len(text), 90)]
    # A piece must not end in half an escape; C string literals are joined by the compiler.
    body = "\n".join("  " + c_string(piece) for piece in pieces)
    return f"""{HEADER}/* service_ops.h - what service.operations answers, as one JSON text. Included by one file of the service. */
#ifndef DIFYPOOL_SERVICE_OPS_H
#define DIFYPOOL_SERVICE_OPS_H

static const char dp_operations_json[] =
{body};

#endif
"""
