"""What is made of the definition is up to date, compiles, and names everything that the definition holds."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import HERE, PROTO, ROOT
from gen_check import OWN_GROUPS


def run(*words: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(w) for w in words], check=False, capture_output=True, text=True, timeout=120, **more)


@pytest.mark.parametrize("script", ["gen.py", "vectors/make.py"])
def test_nothing_is_stale(script: str) -> None:
    result = run(sys.executable, PROTO / script, "--check")
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_stale_file_is_noticed_and_mended(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(PROTO, tree / "proto", ignore=shutil.ignore_patterns("__pycache__"))
    assert run(sys.executable, tree / "proto/gen.py", "--check").returncode == 1, "the other rooms' files are missing"
    assert run(sys.executable, tree / "proto/gen.py").returncode == 0
    assert run(sys.executable, tree / "proto/gen.py", "--check").returncode == 0
    header = tree / "lib/difypool/kinds.h"
    header.write_text(header.read_text() + "\n")
    result = run(sys.executable, tree / "proto/gen.py", "--check")
    assert result.returncode == 1
    assert "lib/difypool/kinds.h" in result.stdout


def test_a_vector_that_is_stale_is_noticed(tmp_path: Path) -> None:
    copy = tmp_path / "vectors"
    shutil.copytree(PROTO / "vectors", copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "replies.jsonl").write_text("")
    result = run(sys.executable, copy / "make.py", "--check")
    assert result.returncode == 1
    assert "replies.jsonl" in result.stdout


def test_help_says_what_it_does() -> None:
    result = run(sys.executable, PROTO / "gen.py", "--help")
    assert result.returncode == 0
    assert "--check" in result.stdout


def test_numbers_never_change(table: dict[str, Any]) -> None:
    """numbers.json is what has been given out; new entries are added to it, none is ever changed."""
    given = json.loads((HERE / "numbers.json").read_text())
    for what in ("kind", "op"):
        assert {entry["name"]: entry["number"] for entry in table[what]} == given[what]


COMPILERS = [
    ("cc", ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wstrict-prototypes", "-Wconversion"], "c"),
    ("c++", ["-std=c++17", "-Wall", "-Wextra", "-Werror"], "c++"),
]


@pytest.mark.parametrize(("compiler", "flags", "language"), COMPILERS, ids=["c", "c++"])
@pytest.mark.parametrize("header", ["difypool/kinds.h", "difypool/ops.h", "difypool_proto.h", "service_ops.h"])
def test_headers_compile(compiler: str, flags: list[str], language: str, header: str) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler}")
    source = f"#include <{header}>\n"
    if header == "service_ops.h":
        source += "int use(void);\nint use(void) { return dp_operations_json[0]; }\n"
    includes: list[str | Path] = ["-I", ROOT / "lib", "-I", PROTO / "c"]
    result = run(compiler, *flags, "-fsyntax-only", *includes, "-x", language, "-", input=source)
    assert result.returncode == 0, result.stderr


def test_the_c_table_compiles_without_a_warning() -> None:
    if shutil.which("cc") is None:
        pytest.skip("there is no cc")
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wshadow", "-Wstrict-prototypes"]
    for source in ("optable.c", "optable_data.c"):
        result = run("cc", *flags, "-fsyntax-only", "-I", ROOT / "lib", ROOT / "lib" / source)
        assert result.returncode == 0, result.stderr


def test_service_operations_is_the_table_as_json(table: dict[str, Any]) -> None:
    text = (PROTO / "c/service_ops.h").read_text()
    pieces = re.findall(r'^  (".*")(?:;)?$', text, re.MULTILINE)
    operations = json.loads("".join(json.loads(piece) for piece in pieces))
    assert [op["name"] for op in operations] == [op["name"] for op in table["op"]]
    assert [op["params"] for op in operations] == [op["params"] for op in table["op"]]
    assert [op.get("example") for op in operations] == [op.get("example") or None for op in table["op"]]
    for op in operations:
        assert op.get("command", "difypool call " + op["name"]).startswith("difypool call " + op["name"])


def test_the_reference_holds_everything(table: dict[str, Any]) -> None:
    text = (PROTO / "reference.md").read_text()
    for op in table["op"]:
        section = text.split(f"\n### {op['name']}\n", 1)[1].split("\n### ", 1)[0]
        for param in op["params"]:
            assert f"| `{param['name']}` |" in section, (op["name"], param["name"])
        for defect in op.get("defects", []):
            assert f"`{defect['id']}`" in section
    for kind in table["kind"]:
        assert f"| `{kind['name']}` | {kind['number']} |" in text
    for bound in table["bound"]:
        assert f"| `{bound['name']}` |" in text
    for keys in table["keys"].values():
        assert all(f"`{key}`" in text for key in keys)


def test_links_in_the_reference_lead_somewhere() -> None:
    text = (PROTO / "reference.md").read_text()
    anchors = {re.sub(r"[^\w-]", "", h.lower().replace(" ", "-")) for h in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
    for target in re.findall(r"\]\(#([^)]+)\)", text):
        assert target in anchors, target


def test_the_man_page_is_sound(table: dict[str, Any]) -> None:
    source = (PROTO / "man/difypool-operations.7.scd").read_text()
    if shutil.which("scdoc") is None:
        pytest.skip("there is no scdoc")
    result = run("scdoc", input=source)
    assert result.returncode == 0, result.stderr
    page = result.stdout.replace("\\&", "").replace("\\-", "-")
    for op in table["op"]:
        assert op["name"] in page.replace("\\", ""), op["name"]


def test_python_methods_are_those_of_the_table(table: dict[str, Any]) -> None:
    for name, word in (("_methods.py", "def"), ("_amethods.py", "async def")):
        text = (ROOT / "bindings/python/src/difypool" / name).read_text()
        compile(text, name, "exec")
        for op in table["op"]:
            if op["group"] in (*OWN_GROUPS, "http", "batch"):
                continue
            group = "".join(part.capitalize() for part in op["group"].split("_"))
            section = text.split(f"\nclass {group}:\n", 1)[1].split("\nclass ", 1)[0]
            streams = op["answer"] in ("events", "binary")  # a stream need not be awaited
            assert f"    {'def' if streams else word} {op['name'].split('.')[1]}(\n" in section, op["name"]
            assert f'("{op["name"]}", ' in section


def test_node_methods_are_those_of_the_table(table: dict[str, Any]) -> None:
    source = ROOT / "bindings/node/src"
    text = (source / "methods.ts").read_text()
    for op in table["op"]:
        if op["group"] in (*OWN_GROUPS, "http", "batch"):
            continue
        group = "".join(part.capitalize() for part in op["group"].split("_"))
        section = text.split(f"\nexport class {group} {{\n", 1)[1].split("\n}\n", 1)[0]
        first, *more = op["name"].split(".")[1].split("_")
        verb = first + "".join(word.capitalize() for word in more)
        assert re.search(rf"^  {verb}\(.*\): (Promise<Reply>|Push) {{$", section, re.MULTILINE), op["name"]
        if op["answer"] in ("events", "binary"):
            assert re.search(rf"^  {verb}Stream\(", section, re.MULTILINE), op["name"]
        for param in op["params"]:
            assert re.search(rf"^  {param['name']}\??: ", text, re.MULTILINE) or param["name"] == "pages", param["name"]
    kinds = (source / "kinds.ts").read_text()
    for kind in table["kind"]:
        assert f"\n  {kind['name']}: " in kinds, kind["name"]


def test_the_protocol_page_names_what_the_definition_holds(table: dict[str, Any]) -> None:
    text = (PROTO / "PROTOCOL.md").read_text()
    for keys in table["keys"].values():
        for key in keys:
            assert f"`{key}`" in text or f"{key}`" in text, key
    for bound in table["bound"]:
        assert f"`{bound['name']}`" in text, bound["name"]
    pushed = {p["name"] for op in table["op"] if op["name"] == "pages.push" for p in op["params"]}
    for op in table["op"]:
        if op["group"] in (*OWN_GROUPS, "http"):
            assert f"`{op['name']}`" in text, op["name"]
            of_pages_push = pushed if op["name"] == "push.open" else set()  # said to be those of pages.push
            for param in (p for p in op["params"] if p["name"] not in of_pages_push):
                assert f"`{param['name']}`" in text, (op["name"], param["name"])
