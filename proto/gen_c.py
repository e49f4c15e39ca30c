"""The C side of gen.py: enums, the operation table, routes and the message keys."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from gen_check import OWN_GROUPS
from gen_docs import FLOWS, command

HEADER = "/* Made by proto/gen.py from proto/difypool.toml. Do not edit: change the definition and run it. */\n"
WIDTH = 100


def c_string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def c_text(text: str, indent: str) -> str:
    """A long text as adjacent literals, one a line."""
    pieces = textwrap.wrap(text, WIDTH - len(indent) - 4, drop_whitespace=False)
    return f"\n{indent}".join(c_string(piece) for piece in pieces)


def c_strings(values: list[str]) -> str:
    """A list of strings that ends in NULL, or NULL where there are none."""
    if not values:
        return "NULL"
    return "(const char *const[]){" + ", ".join(c_string(v) for v in values) + ", NULL}"


def comment(text: str, indent: str = "") -> str:
    """One comment, wrapped."""
    lines = textwrap.wrap(text, WIDTH - len(indent) - 6)
    return "\n".join(f"{indent}{'/*' if i == 0 else ' *'} {line}" for i, line in enumerate(lines)) + " */"


def row(fields: list[str], indent: str) -> str:
    """An initialiser in braces, wrapped between its fields."""
    lines, line = [], indent + "{"
    for i, field in enumerate(fields):
        piece = field + ("," if i + 1 < len(fields) else "},")
        gap = "" if line.endswith("{") else " "
        if len(line + gap + piece) > WIDTH and not line.endswith("{"):
            lines.append(line)
            line, gap = indent + " ", ""
        line += gap + piece
    return "\n".join([*lines, line])


def enum_name(name: str) -> str:
    return "DP_OP_" + name.upper().replace(".", "_")


def kinds(table: dict[str, Any]) -> str:
    rows = [
        f"  X({k['number']}, {k['name'].upper()}, {c_string(k['name'])}, {int(k['retryable'])}, {k['exit']}, \\\n"
        f"    {c_string(k['text'])})"
        for k in table["kind"]
    ]
    entries = "\n".join(
        comment(k["text"], "  ") + f"\n  DP_{k['name'].upper()} = {k['number']}," for k in table["kind"]
    )
    return f"""{HEADER}/* kinds.h - the kinds of errors; the same in the library, on the wire and in every binding. */
#ifndef DIFYPOOL_KINDS_H
#define DIFYPOOL_KINDS_H

/* Numbers never change; new kinds are added behind the last. */
typedef enum dp_kind {{
{entries}
  DP_KIND_COUNT = {len(table["kind"])}
}} dp_kind;

/* X(number, NAME, "name", retryable by default, exit status of the command line, "text") */
#define DP_KIND_LIST(X) \\
{(" " + chr(92) + chr(10)).join(rows)}

#endif
"""


def lib_ops(table: dict[str, Any]) -> list[dict[str, Any]]:
    """The operations that the library carries; those of the service are the service's own."""
    return [op for op in table["op"] if op["group"] not in OWN_GROUPS]


def op_comment(op: dict[str, Any]) -> str:
    route = f"{op['method']} {op['path']}" if op["method"] else "any other method and path"
    return comment(f"{route}: {op['title']}", "  ")


def ops(table: dict[str, Any]) -> str:
    entries = "\n".join(op_comment(op) + f"\n  {enum_name(op['name'])} = {op['number']}," for op in lib_ops(table))
    return f"""{HEADER}/* ops.h - the operations of the Dify Service API. */
#ifndef DIFYPOOL_OPS_H
#define DIFYPOOL_OPS_H

#include <difypool/export.h>

#ifdef __cplusplus
extern "C" {{
#endif

/* Numbers never change. What each takes is in difypool-operations(7) and proto/reference.md. */
typedef enum dp_op {{
  DP_OP_NONE = 0,
{entries}
}} dp_op;

/* dp_op_name - "documents.create_by_text"; NULL for a number that is no operation. Static text. Any
 * thread. Since 0.1. */
DP_EXPORT const char *dp_op_name(dp_op op);
/* dp_op_from_name - the operation of that name; DP_OP_NONE if there is none, or for NULL. Any
 * thread. Since 0.1. */
DP_EXPORT dp_op dp_op_from_name(const char *name);
/* dp_op_is_free - 1 = repeating it changes nothing at the server (a read); 0 = a write, or
 * http.request. Any thread. Since 0.1. */
DP_EXPORT int dp_op_is_free(dp_op op);

/* What a good answer of an operation is. */
typedef enum dp_answer_form {{
  DP_ANSWER_JSON = 0,
  DP_ANSWER_EVENTS = 1, /* a stream of events; without a sink one answer is put together of them */
  DP_ANSWER_BINARY = 2, /* bytes of some type */
  DP_ANSWER_EMPTY = 3,
  DP_ANSWER_ANY = 4 /* http.request: whatever is there */
}} dp_answer_form;

/* dp_op_answer - DP_ANSWER_ANY for a number that is no operation. Any thread. Since 0.1. */
DP_EXPORT dp_answer_form dp_op_answer(dp_op op);

#ifdef __cplusplus
}}
#endif
#endif
"""


def param_row(param: dict[str, Any]) -> str:
    fields = [
        c_string(param["name"]),
        f"DP__IN_{param['in'].upper()}",
        f"DP__TYPE_{param['type'].upper()}",
        str(int(param.get("required", False))),
        str(param["min"]) if "min" in param else "INT64_MIN",
        str(param["max"]) if "max" in param else "INT64_MAX",
        c_strings(param.get("enum", [])),
        str(int(param.get("nullable", False))),
    ]
    return row(fields, "  ")


def version_range(versions: str) -> tuple[str, str]:
    """ "<=1.12.1" and ">=1.9.0 <=1.12.1" as first and last."""
    first = last = ""
    for term in versions.split():
        if term.startswith(">="):
            first = term[2:]
        else:
            last = term[2:]
    return first, last


def defect_row(defect: dict[str, Any]) -> str:
    first, last = version_range(defect["versions"])
    return (
        row([c_string(defect["id"]), c_string(first), c_string(last)], "  ")[:-2]
        + ",\n   "
        + c_text(defect["text"], "   ")
        + "},"
    )


def arrays(op: dict[str, Any]) -> str:
    """The parameters and the defects of one operation, where it has any."""
    identifier, text = op["name"].replace(".", "_"), ""
    for what, kind, make in (("params", "param", param_row), ("defects", "defect", defect_row)):
        if op.get(what):
            body = "\n".join(make(entry) for entry in op[what])
            text += f"static const dp__{kind}_desc {what}_{identifier}[] = {{\n{body}\n}};\n\n"
    return text


def op_row(op: dict[str, Any]) -> str:
    identifier = op["name"].replace(".", "_")
    fields = [
        enum_name(op["name"]),
        c_string(op["name"]),
        c_string(op["method"]),
        c_string(op["path"]),
        f"DP__ANSWER_{op['answer'].upper()}",
        f"DP__RETRY_{op['retry'].upper()}",
        str(int(op["paced"])),
        f"DP__CIRCUIT_{op['breaker'].upper()}",
        c_string(op.get("repeat_harmless_since", "")),
        c_strings(op.get("aliases", [])),
        "params_" + identifier if op["params"] else "NULL",
        str(len(op["params"])),
        c_string(version_range(op.get("absent", ""))[1]),
        "defects_" + identifier if op.get("defects") else "NULL",
        str(len(op.get("defects", []))),
        enum_name(op["stop"]) if "stop" in op else "DP_OP_NONE",
        enum_name(op["read_back"]) if "read_back" in op else "DP_OP_NONE",
        c_string(op.get("mode", "")),
    ]
    return row(fields, "  ")


def segments(path: str) -> list[str]:
    return path.split("/")[1:]


def route_key(method: str, path: str) -> tuple[Any, ...]:
    """Literals before parameters from the left, so that the first match is the right one."""
    return (method, len(segments(path)), [s.startswith("{") for s in segments(path)], path)


def route_rows(table: dict[str, Any]) -> str:
    by_name = sorted(lib_ops(table), key=lambda op: str(op["name"]))
    routes = [
        (op["method"], path, index)
        for index, op in enumerate(by_name)
        if op["path"]
        for path in [op["path"], *op.get("aliases", [])]
    ]
    routes.sort(key=lambda r: route_key(r[0], r[1]))
    return "\n".join(row([c_string(m), str(len(segments(p))), str(i), c_string(p)], "  ") for m, p, i in routes)


def index_rows(table: dict[str, Any]) -> str:
    by_name = sorted(lib_ops(table), key=lambda op: str(op["name"]))
    return "\n".join(f"  [{enum_name(op['name'])}] = {i + 1}," for i, op in enumerate(by_name))


def optable(table: dict[str, Any]) -> str:
    details = "".join(arrays(op) for op in lib_ops(table))
    rows = "\n".join(op_row(op) for op in sorted(lib_ops(table), key=lambda op: str(op["name"])))
    return f"""{HEADER}#include "optable.h"

{details}const dp__op_desc dp__optable[] = {{
{rows}
}};
const size_t dp__optable_count = sizeof dp__optable / sizeof dp__optable[0];

const dp__route_desc dp__routes[] = {{
{route_rows(table)}
}};
const size_t dp__route_count = sizeof dp__routes / sizeof dp__routes[0];

const uint8_t dp__op_index[] = {{
{index_rows(table)}
}};
const size_t dp__op_index_count = sizeof dp__op_index / sizeof dp__op_index[0];
"""


def key_macros(table: dict[str, Any]) -> str:
    keys: list[str] = []
    for group in table["keys"].values():
        keys += [k for k in group if k not in keys]
    return "\n".join(f"#define DP_KEY_{k.upper()} {c_string(k)}" for k in keys)


def x_list(macro: str, rows: list[str]) -> str:
    return f"#define {macro}(X) \\\n" + " \\\n".join("  " + r for r in rows) + "\n"


def own_rows(table: dict[str, Any], group: str) -> list[str]:
    return [
        f"X({op['name'].split('.')[1].upper()}, {c_string(op['name'])}, \\\n    {c_string(op['text'])})"
        for op in table["op"]
        if op["group"] == group
    ]


def proto_header(table: dict[str, Any]) -> str:
    lists = "\n".join(
        x_list("DP_KEYS_" + name.upper(), [f"X({k.upper()}, {c_string(k)})" for k in group])
        for name, group in table["keys"].items()
    )
    bounds = [f"X({b['name']}, {b['default']}, {c_string(b['text'])})" for b in table["bound"]]
    bound_macros = "\n".join(f"#define DP_BOUND_{b['name'].upper()} {b['default']}" for b in table["bound"])
    own = "\n".join(x_list(f"DP_{group.upper()}_OP_LIST", own_rows(table, group)) for group in OWN_GROUPS)
    return f"""{HEADER}/* difypool_proto.h - version, message keys, bounds and service operations of the wire; see PROTOCOL.md. */
#ifndef DIFYPOOL_PROTO_H
#define DIFYPOOL_PROTO_H

#define DP_PROTOCOL_VERSION {table["protocol"]["version"]}

/* Keys of the maps in messages. */
{key_macros(table)}

/* X(NAME, "name"): the keys that each map may hold. */
{lists}
/* X(name, default, "text"): what the service bounds; a refusal bears the name as its code. */
{x_list("DP_BOUND_LIST", bounds)}
/* The defaults alone. */
{bound_macros}

/* X(NAME, "group.name", "text"): what the service answers by itself. */
{own}
#endif
"""


def service_ops(table: dict[str, Any]) -> str:
    """The whole table as the service answers it to service.operations: one JSON text, so that no room keeps a second table."""
    wanted = (
        "name",
        "method",
        "path",
        "aliases",
        "group",
        "answer",
        "stop",
        "read_back",
        "mode",
        "retry",
        "why",
        "proof",
        "repeat_harmless_since",
        "paced",
        "breaker",
        "title",
        "text",
        "absent",
        "defects",
        "example",
    )
    entries = []
    for op in table["op"]:
        entry = {k: op[k] for k in wanted if op.get(k) not in (None, "", [])}
        entry["params"] = op["params"]
        if op.get("example") and op["group"] not in FLOWS:
            entry["command"] = command(op)
        entries.append(entry)
    texts = [json.dumps(entry, ensure_ascii=True, separators=(",", ":")) for entry in entries]
    texts = [("[" if i == 0 else ",") + text for i, text in enumerate(texts)] + ["]"]
    # Each operation begins on a line of its own, so that a change of one is a change of few lines.
    pieces = [text[i : i + 90] for text in texts for i in range(0, len(text), 90)]
    body = "\n".join("  " + c_string(piece) for piece in pieces)
    return f"""{HEADER}/* service_ops.h - what service.operations answers, as one JSON text. Included by one file of the service. */
#ifndef DIFYPOOL_SERVICE_OPS_H
#define DIFYPOOL_SERVICE_OPS_H

static const char dp_operations_json[] =
{body};

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
