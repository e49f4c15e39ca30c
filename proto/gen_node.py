"""The Node side of gen.py: error classes, tables and typed methods for each group of operations, in TypeScript."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from gen_pydoc import RETRY_TEXT, bound_text
from gen_python import CURSORS, class_name, file_of, groups, is_list, streamed

BASE = "bindings/node/src/"
NOTE = "// Made by proto/gen.py from proto/difypool.toml. Do not edit: change the definition and run it."
WIDTH = 116
TYPES = {
    "string": "string",
    "uuid": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "object": "Record<string, unknown>",
    "array": "unknown[]",
    "any": "unknown",
    "bytes": "Uint8Array",
    "file": "FileArg",
}
FILE = "Large ones flow through in pieces."


def camel(name: str, first: bool = False) -> str:
    words = name.split("_")
    return "".join(w.capitalize() if i or first else w for i, w in enumerate(words))


def error_class(kind: str) -> str:
    name = camel(kind, True)
    return name if name.endswith("Error") else name + "Error"


def comment(paragraphs: list[str], indent: str) -> str:
    """A TSDoc comment; an empty paragraph parts two, and code stands as it is."""
    lines: list[str] = []
    for text in paragraphs:
        text = text.replace("*/", "*\\/")
        more = "  " if text.startswith(("- ", "@")) else ""
        if text.startswith(("```", "  ")) or not text:
            lines += text.split("\n")
        else:
            lines += textwrap.wrap(
                text, WIDTH - len(indent), subsequent_indent=more, break_on_hyphens=False, break_long_words=False
            )
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    body = "\n".join(f"{indent} * {line}".rstrip() for line in lines)
    return f"{indent}/**\n{body}\n{indent} */\n"


def prose(text: str) -> str:
    """Braces would be taken for tags, and @ for one too."""
    return text.replace("{", "\\{").replace("}", "\\}").replace("@", "\\@")


def kinds_module(table: dict[str, Any]) -> str:
    classes = "\n".join(
        comment([prose(kind["text"])], "")
        + f"export class {error_class(kind['name'])} extends DifyError {{\n"
        + "  constructor(message: string, init: ErrorInit = {}) {\n"
        + f"    super(message, {{ ...init, kind: init.kind ?? {json.dumps(kind['name'])}, "
        + f"retryable: init.retryable ?? {json.dumps(kind['retryable'])} }});\n  }}\n}}\n"
        for kind in table["kind"]
    )
    rows = "\n".join(f"  {kind['name']}: {error_class(kind['name'])}," for kind in table["kind"])
    return f"""{NOTE}
import {{ DifyError, type ErrorInit }} from "./errors.js";

{classes}
/** The class for each kind; an unknown kind is an InternalError that keeps its name. */
export const CLASSES: Record<string, new (message: string, init?: ErrorInit) => DifyError> = {{
{rows}
}};
Object.setPrototypeOf(CLASSES, null);
"""


def names(of: list[str]) -> str:
    return "".join(f"  {json.dumps(name)},\n" for name in of)


def table_module(table: dict[str, Any]) -> str:
    free = [op["name"] for op in table["op"] if op["retry"] == "free"]
    files = "".join(f"  {json.dumps(op['name'])}: {json.dumps(file_of(op))},\n" for op in table["op"] if file_of(op))
    message_max = next(b["default"] for b in table["bound"] if b["name"] == "message_max")
    return f"""{NOTE}

export const MESSAGE_MAX = {message_max};

/** Operations that are read as the bytes of a file. */
export const BINARY: ReadonlySet<string> = new Set([
{names(streamed(table, "binary"))}]);

/** Operations with a file, and the parameter that it is. */
export const FILES: Readonly<Record<string, string>> = {{
{files}}};

/** Operations that may be repeated at will. */
export const FREE: ReadonlySet<string> = new Set([
{names(free)}]);
"""


def type_of(param: dict[str, Any]) -> str:
    if "enum" in param:
        return " | ".join(json.dumps(value) for value in param["enum"])
    return TYPES[param["type"]]


def argument(param: dict[str, Any]) -> str:
    text = prose(param["text"]) + bound_text(param)
    if param.get("format"):
        text += f" Form: {prose(param['format'])}."
    if param.get("default") not in (None, ""):
        text += f" Server's default: {json.dumps(param['default'])}."
    if param["type"] == "file":
        text += " " + FILE
    paragraphs = [text]
    if param.get("shape"):
        paragraphs += ["", "```text\n" + "\n".join(textwrap.wrap(param["shape"], WIDTH - 4)) + "\n```"]
    optional = "" if param.get("required") else "?"
    undefined = "" if param.get("required") else " | undefined"
    return comment(paragraphs, "  ") + f"  {param['name']}{optional}: {type_of(param)}{undefined};\n"


def args_name(op: dict[str, Any]) -> str:
    group, verb = op["name"].split(".")
    return class_name(group) + camel(verb, True) + "Args"


def shown_params(op: dict[str, Any]) -> list[dict[str, Any]]:
    return [p for p in op["params"] if not (op["name"] == "pages.push" and p["name"] == "pages")]


def args_interface(op: dict[str, Any]) -> str:
    params = shown_params(op)
    if not params:
        return ""
    body = "".join(argument(p) for p in params)
    return f"/** Arguments of `{op['name']}`. */\nexport interface {args_name(op)} {{\n{body}}}\n\n"


def value(given: Any) -> str:
    """An example's value as JavaScript writes it; "$x" is a variable."""
    if isinstance(given, str):
        return given[1:] if given.startswith("$") else json.dumps(given, ensure_ascii=False)
    if isinstance(given, list):
        return "[" + ", ".join(value(v) for v in given) + "]"
    if isinstance(given, dict):
        return "{ " + ", ".join(f"{k}: {value(v)}" if k.isidentifier() else f"{json.dumps(k)}: {value(v)}" for k, v in given.items()) + " }"
    return json.dumps(given)


def example(op: dict[str, Any]) -> list[str]:
    group, verb = op["name"].split(".")
    files = {p["name"] for p in op["params"] if p["type"] == "file"}
    given = dict(op.get("example", {}))
    first = value(given.pop("pages")) + ", " if op["name"] == "pages.push" else ""
    words = []
    for name, v in given.items():
        shown = f'{{ path: {json.dumps(v)} }}' if name in files else value(v)
        words.append(name if shown == name else f"{name}: {shown}")
    args = "{ " + ", ".join(words) + " }" if words else ""
    call = f"client.{camel(group)}.{camel(verb)}({first}"
    start = "const push = " if first else "const reply = await "
    line = f"{start}{call}{args});"
    if len(line) > WIDTH - 6:
        line = f"{start}{call}{{\n" + "".join(f"  {word},\n" for word in words) + "});"
    return ["", "@example", "```ts\n" + line + "\n```"]


def about(op: dict[str, Any]) -> list[str]:
    paragraphs = [prose(op["title"]) + ".", "", prose(op["text"]), ""]
    route = f"Dify route: `{op['method']} {op['path']}`. {RETRY_TEXT[op['retry']]}"
    made = "Made of several calls: no server has it. Calling it again changes nothing."
    paragraphs.append(route if op["method"] else made)
    if op.get("absent"):
        paragraphs.append(f"Server versions {prose(op['absent'])} do not have it.")
    for defect in op.get("defects", []):
        paragraphs.append(f"Server versions {prose(defect['versions'])}: {prose(defect['text'])}")
    return paragraphs


def signature(op: dict[str, Any], options: str) -> tuple[str, str]:
    """The parameters of a method, and what it gives on."""
    params = shown_params(op)
    if not params:
        return f"options: {options} = {{}}", "{}"
    default = "" if any(p.get("required") for p in params) else " = {}"
    return f"args: {args_name(op)}{default}, options: {options} = {{}}", "args"


def method(op: dict[str, Any]) -> str:
    if op["name"] == "pages.push":
        return push_methods(op)
    verb = camel(op["name"].split(".")[1])
    takes, args = signature(op, "CallOptions")
    way = f'upload("{op["name"]}", "{file_of(op)}", ' if file_of(op) else f'run("{op["name"]}", '
    return (
        comment(about(op) + example(op), "  ")
        + f"  {verb}({takes}): Promise<Reply> {{\n    return this.#client.{way}{args}, options);\n  }}\n"
    )


def stream_method(op: dict[str, Any]) -> str:
    verb = camel(op["name"].split(".")[1])
    takes, args = signature(op, "StreamOptions")
    kind, way = ("EventStream", "events") if op["answer"] == "events" else ("Download", "download")
    what = "its events as they come" if way == "events" else "its bytes in pieces"
    return (
        comment([f"As {{@link {class_name(op['group'])}.{verb}}}, with {what}. It opens when it is first used."], "  ")
        + f'  {verb}Stream({takes}): {kind} {{\n    return this.#client.{way}("{op["name"]}", {args}, options);\n  }}\n'
    )


def push_methods(op: dict[str, Any]) -> str:
    pages = [
        "",
        "@param pages - any iterable, also an async one: its pages are taken as fast as they can be carried out",
    ]
    session = ["The same, with pages given one by one by `add`, then `finish`."]
    return (
        comment(about(op) + pages + example(op), "  ")
        + f"  push(pages: PageSource, args: {args_name(op)} = {{}}, options: PushOptions = {{}}): Push {{\n"
        + "    return this.#client.push(pages, args, options);\n  }\n\n"
        + comment(session, "  ")
        + f"  session(args: {args_name(op)} = {{}}, options: PushOptions = {{}}): Push {{\n"
        + "    return this.#client.push(undefined, args, options);\n  }\n"
    )


def iterator(op: dict[str, Any]) -> str:
    verb = op["name"].split(".")[1]
    params = [p["name"] for p in op["params"]]
    cursor = next((name for name in CURSORS if name in params), "")
    left_out = [name for name in (cursor, "limit") if name in params]
    how = CURSORS[cursor].replace("``", "`") if cursor else "they come all at once."
    name = "iterate" if verb == "list" else "iterate" + camel(verb, True)
    takes, args = signature(op, "CallOptions")
    if left_out:
        omitted = " | ".join(json.dumps(n) for n in left_out)
        takes = takes.replace(args_name(op), f"Omit<{args_name(op)}, {omitted}>")
    return (
        comment([f"All entries of {{@link {class_name(op['group'])}.{camel(verb)}}}: {how}"], "  ")
        + f"  {name}({takes}): AsyncGenerator<any, void, undefined> {{\n"
        + f'    return this.#client.pages("{op["name"]}", {args}, options, "{cursor}");\n  }}\n'
    )


def group_class(table: dict[str, Any], group: str) -> str:
    ops = [op for op in table["op"] if op["group"] == group]
    parts = []
    for op in ops:
        parts.append(method(op))
        if op["answer"] in ("events", "binary"):
            parts.append(stream_method(op))
        if is_list(op):
            parts.append(iterator(op))
    return (
        "".join(args_interface(op) for op in ops)
        + f"/** Operations of the group `{group}`. */\nexport class {class_name(group)} {{\n"
        + "  readonly #client: Caller;\n\n  /** @internal */\n  constructor(client: Caller) {\n    this.#client = client;\n  }\n\n"
        + "\n".join(parts)
        + "}\n"
    )


def methods_module(table: dict[str, Any]) -> str:
    every = groups(table)
    classes = "\n".join(group_class(table, group) for group in every)
    members = "\n".join(f"  readonly {camel(g)}: {class_name(g)};" for g in every)
    made = "\n".join(f"    this.{camel(g)} = new {class_name(g)}(client);" for g in every)
    return f"""{NOTE}
import type {{ Caller, FileArg, PageSource }} from "./caller.js";
import type {{ CallOptions, PushOptions, StreamOptions }} from "./options.js";
import type {{ Push }} from "./push.js";
import type {{ Reply }} from "./reply.js";
import type {{ Download, EventStream }} from "./streams.js";

{classes}
/** What a client has as members, one for each group of operations. */
export abstract class Groups {{
{members}

  /** @internal */
  constructor(client: Caller) {{
{made}
  }}
}}
"""


def outputs(table: dict[str, Any]) -> dict[str, str]:
    return {
        BASE + "kinds.ts": kinds_module(table),
        BASE + "table.ts": table_module(table),
        BASE + "methods.ts": methods_module(table),
    }
