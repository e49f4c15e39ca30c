"""What the C binding has of the definition, in its own name space: it includes nothing of the library."""

from __future__ import annotations

from typing import Any

from gen_c import HEADER, c_string, comment


def free_ops(table: dict[str, Any]) -> str:
    """Whose silence leaves nothing unknown: they may be repeated at will."""
    names = (chr(10)).join(f'  "{op["name"]}",' for op in table["op"] if op["retry"] == "free")
    return f"""{HEADER}/* free_ops.h - the operations that may be repeated at will. Internal. */
#ifndef DPC_FREE_OPS_H
#define DPC_FREE_OPS_H

static const char *const dpc__free_ops[] = {{
{names}
}};

#endif
"""


def outputs(table: dict[str, Any]) -> dict[str, str]:
    entries = "\n".join(
        comment(k["text"], "  ") + f"\n  DPC_{k['name'].upper()} = {k['number']}," for k in table["kind"]
    )
    rows = [
        f"  X({k['number']}, {k['name'].upper()}, {c_string(k['name'])}, {int(k['retryable'])}, {k['exit']}, \\\n"
        f"    {c_string(k['text'])})"
        for k in table["kind"]
    ]
    text = f"""{HEADER}/* kinds.h - the kinds of errors, as the C binding names them. */
#ifndef DIFYPOOL_CLIENT_KINDS_H
#define DIFYPOOL_CLIENT_KINDS_H

/* Numbers never change; new kinds are added behind the last. */
typedef enum dpc_kind {{
{entries}
  DPC_KIND_COUNT = {len(table["kind"])}
}} dpc_kind;

/* X(number, NAME, "name", retryable by default, exit status of the command line, "text") */
#define DPC_KIND_LIST(X) \\
{(" " + chr(92) + chr(10)).join(rows)}

#endif
"""
    return {
        "bindings/c/include/difypool-client/kinds.h": text,
        "bindings/c/src/free_ops.h": free_ops(table),
    }
