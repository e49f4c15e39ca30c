"""./dev conformance: what a Dify server does with each operation.

    ./dev conformance --url https://dify.example/v1 --keys FILE [--json FILE]

FILE holds a line for each key: its kind, then the key. Kinds are knowledge, chat, chatflow, agent, completion,
workflow and human (a workflow that asks a person); a line `pipeline_id ID` names a knowledge base with a pipeline. It makes what it needs and removes it again. Exit status: 0 if
nothing failed, 1 if something did, 2 for usage, 3 if the server cannot be reached.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import textwrap
import tomllib
from pathlib import Path
from typing import Any

from difypool import Client
from difypool import Error as DifypoolError

from .plan import KINDS
from .run import OUTCOMES, Outcome, Run

ROOT = Path(__file__).resolve().parents[2]


def read_keys(path: str) -> tuple[dict[str, str], dict[str, str]]:
    keys: dict[str, str] = {}
    given: dict[str, str] = {}
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 2 or words[0] not in (*KINDS, "pipeline_id"):
            raise SystemExit(f"conformance: {path}, line {number}: want a kind ({', '.join(KINDS)}) and a key")
        (given if words[0] == "pipeline_id" else keys)[words[0]] = words[1]
    return keys, given


def shown(outcome: Outcome) -> str:
    name = outcome.operation + (" (stream)" if outcome.mode else "")
    lines = [f"{name:34} {outcome.outcome:12} {outcome.ms:6} ms  {outcome.status or '':>3}"]
    notes = [*outcome.deviations, *([outcome.detail] if outcome.detail else [])]
    for note in notes:
        lines += textwrap.wrap(note, 110, initial_indent="      ", subsequent_indent="        ")
    return "\n".join(lines)


def operations() -> list[dict[str, Any]]:
    with open(ROOT / "proto/difypool.toml", "rb") as file:
        return [op for op in tomllib.load(file)["op"] if "contract" in op]


def numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def known_defects(op: dict[str, Any], version: str) -> dict[str, str]:
    """What this version of a server is known to do wrong with an operation, as the table says, by its id."""
    found = {}
    for defect in op.get("defects", []):
        bounds = dict(re.findall(r"(<=|>=)([\d.]+)", defect["versions"]))
        if not version or (
            ("<=" not in bounds or numbers(version) <= numbers(bounds["<="]))
            and (">=" not in bounds or numbers(version) >= numbers(bounds[">="]))
        ):
            found[defect["id"]] = defect["text"]
    return found


def parsed(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev conformance", description=__doc__.split("\n\n")[0])
    parser.add_argument("--url", required=True, help="base URL of the server, with or without /v1")
    parser.add_argument("--keys", required=True, help="file of keys: KIND KEY on a line each")
    parser.add_argument("--ca-file", help="PEM file of CAs to trust")
    parser.add_argument("--json", metavar="FILE", help="write the outcomes there, too")
    parser.add_argument("--quiet", action="store_true", help="the totals alone")
    return parser.parse_args(argv)


def report(run: Run, untried: list[str]) -> None:
    counts = run.as_json()["counts"]
    for line in run.left:
        print(f"left behind: {line}")
    for line in run.stays:
        print(f"stays: {line}")
    for name in untried:
        print(f"not tried: {name}")
    print(", ".join(f"{counts[name]} {name}" for name in OUTCOMES))


def main(argv: list[str] | None = None) -> int:
    options = parsed(argv)
    keys, given = read_keys(options.keys)
    if "knowledge" not in keys:
        raise SystemExit("conformance: a key of the kind knowledge is needed")
    table = operations()
    # Without the breaker: what one operation does wrong is not to be told of those after it.
    more: dict[str, Any] = {"breaker": False, **({"ca_file": options.ca_file} if options.ca_file else {})}
    clients = {kind: Client(base_url=options.url, api_key=key, **more) for kind, key in keys.items()}
    tell = (lambda _: None) if options.quiet else (lambda o: print(shown(o), flush=True))
    run = Run(clients, {o["name"]: o["contract"] for o in table}, {o["name"]: o["answer"] for o in table}, {}, tell)
    try:
        version = clients["knowledge"].call("datasets.list", {"limit": 1}).meta.get("version") or ""
        run.defects = {o["name"]: known_defects(o, version) for o in table}
        print(f"{options.url}: Dify {version or 'of unknown version'}\n")
        run.go(given)
    except DifypoolError as error:
        print(f"conformance: {error}", file=sys.stderr)
        return 3
    finally:
        for client in clients.values():
            client.close()
    untried = sorted({o["name"] for o in table} - {o.operation for o in run.outcomes})
    report(run, untried)
    if options.json:
        Path(options.json).write_text(json.dumps(run.as_json(), indent=1) + "\n", encoding="utf-8")
    return 1 if untried or run.left or any(o.outcome == "failed" for o in run.outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
