"""What the README shows must work: its Python and shell run against the stand-in, its C compiles."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox.testing import Sandbox

TOP = Path(__file__).resolve().parents[2]
ADDRESS = "https://api.dify.ai/v1"


def blocks(language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```", (TOP / "README.md").read_text(), flags=re.M | re.S)
    assert found, f"README.md has no {language} block"
    return found


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("--indexing-interval", "0.01") as running:
        yield running


@pytest.fixture
def own_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A private service for one test, ended by it."""
    monkeypatch.setenv("DIFYPOOL_SOCKET", str(tmp_path / "socket"))
    yield
    if (tmp_path / "socket").exists():
        subprocess.run([os.environ["DIFYPOOL_CLI"], "stop"], check=True, timeout=30)


@pytest.mark.usefixtures("own_service")
def test_python(sandbox: Sandbox) -> None:
    program = next(block for block in blocks("python") if "difypool.Client" in block).replace(ADDRESS, sandbox.http)
    start = f"key, text = {sandbox.key!r}, 'Some text.'\n"
    done = subprocess.run([sys.executable, "-c", start + program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Chapter 1 ")


@pytest.mark.usefixtures("own_service")
def test_python_pages_and_apps(sandbox: Sandbox) -> None:
    pages, chat = (next(block for block in blocks("python") if word in block) for word in ("pages.push", "chat.send"))
    start = f"import difypool\nkey, app_key, text = {sandbox.key!r}, {sandbox.keys['chat']!r}, 'Some text.'\n"
    program = (start + pages + chat).replace(ADDRESS, sandbox.http)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "'created': 1" in done.stdout
    assert done.stdout.splitlines()[1].startswith("Hello")


def test_python_imports() -> None:
    imports = [line for block in blocks("python") for line in block.splitlines() if line.startswith("from ")]
    assert len(imports) >= 2
    for line in imports:
        subprocess.run([sys.executable, "-c", line], check=True, timeout=60)


def include_flags() -> list[str]:
    return [f"-I{TOP / 'lib'}", f"-I{TOP / 'bindings/c/include'}"]


@pytest.mark.parametrize("number", [0, 1])
def test_c_compiles(number: int, tmp_path: Path) -> None:
    lines = blocks("c")[number].splitlines()
    includes = [line for line in lines if line.startswith("#include")]
    body = [line for line in lines if not line.startswith("#include")]
    source = tmp_path / "readme.c"
    head = ["#include <stdio.h>", *includes, "int main(int argc, char **argv) {", "(void)argc; const char *key = argv[0]; (void)key;"]
    source.write_text("\n".join([*head, *body, "return 0; }", ""]))
    done = subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", *include_flags(), str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("own_service")
def test_shell(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name, key in (("key", sandbox.key), ("app-key", sandbox.keys["chat"])):
        (tmp_path / name).write_text(key)
        (tmp_path / name).chmod(0o600)
    key_file = tmp_path / "key"
    server = ["--base-url", sandbox.http, "--key-file", str(key_file)]
    commands = [line.partition("#")[0].strip() for block in blocks("sh") for line in block.splitlines() if line.startswith("difypool ")]
    assert len(commands) >= 4
    for command in commands:
        words = shlex.split(command)[1:]
        if "--base-url" in words:
            words = server + words[4:]
        elif words[0] == "chat":
            words = ["--base-url", sandbox.http, "--key-file", str(tmp_path / "app-key"), *words]
        elif words[0] == "check":
            words = server + words
        done = subprocess.run([os.environ["DIFYPOOL_CLI"], *words], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert done.stdout, command


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (TOP / "README.md").read_text())
    local = [link for link in links if "://" not in link]
    assert len(local) > 10
    missing = [link for link in local if not (TOP / link).exists()]
    assert missing == []
