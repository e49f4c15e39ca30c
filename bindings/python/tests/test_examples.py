"""Every example runs, and so does what the README shows first."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from chain import chain_is_missing

ROOM = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOM / "examples").glob("*.py"))
SAID = {
    "chat": "Hello from the stub, café ☃ 😀.\nand: Hello",
    "crawl": "",  # has a test of its own
    "drop_in": "retrieval closed",
    "first": "hello ",
    "many": "20 pages",
    "push_drop_in": "12 pages: 12 created failed: []",
    "session": "0 knowledge bases",
}


def test_every_example_is_expected_to_say_something() -> None:
    assert {example.stem for example in EXAMPLES} == set(SAID)


def test_readme_shows_the_first_example() -> None:
    first = (ROOM / "examples" / "first.py").read_text()
    code = first[first.index("import os") :].rstrip()
    assert code in (ROOM / "README.md").read_text()


@pytest.mark.parametrize(
    ("example", "begin", "end"), [("chat", "with difypool", ""), ("push_drop_in", "# Instead", "\n\nif ")]
)
def test_readme_shows_what_the_examples_do(example: str, begin: str, end: str) -> None:
    text = (ROOM / "examples" / f"{example}.py").read_text()
    code = text[text.index(begin) :]
    assert (code[: code.index(end)] if end else code).rstrip() in (ROOM / "README.md").read_text()


def run(example: str, sandbox: Any, key: str, *arguments: str) -> str:
    environment = {**os.environ, "DIFY_URL": sandbox.https[:-3], "DIFY_KEY": key, "DIFY_CA": sandbox.ca_file}
    command = [sys.executable, str(ROOM / "examples" / f"{example}.py"), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


real_chain = pytest.mark.skipif(bool(chain_is_missing()), reason=chain_is_missing() or "none")


@real_chain
@pytest.mark.parametrize("example", sorted(set(SAID) - {"crawl"}))
def test_example(daemon: str, sandbox: Any, example: str) -> None:
    key = "sandbox-app-chat" if example == "chat" else sandbox.key
    assert SAID[example] in run(example, sandbox, key)
    assert sandbox.datasets() == [], "an example cleans up"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@real_chain
def test_the_crawler(daemon: str, sandbox: Any, folder: Path) -> None:
    assert len((ROOM / "examples" / "crawl.py").read_text().splitlines()) < 40
    site = folder / "site"
    site.mkdir()
    names = [f"page{number}.html" for number in range(20)]
    for name in names:
        (site / name).write_text(f"<title>{name} &amp; more</title><p>All about {name}</p><script>no()</script>")

    def index() -> None:
        (site / "index.html").write_text("".join(f'<a class="x" href="/{name}#part">x</a>' for name in names))

    index()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/"
            assert run("crawl", sandbox, sandbox.key, address) == "21 pages: 21 created\n"
            (dataset,) = sandbox.datasets()
            texts = {document["text"] for document in sandbox.dataset(dataset["id"])["documents"]}
            assert {f"All about {name}" for name in names} <= texts
            (site / names[0]).write_text("<title>changed</title>changed")
            names.pop()
            index()
            assert run("crawl", sandbox, sandbox.key, address) == "20 pages: 2 updated, 18 unchanged, 1 deleted\n"
        finally:
            server.shutdown()
            thread.join()
