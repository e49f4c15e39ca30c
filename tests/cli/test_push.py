"""difypool push: files and JSON lines into a knowledge base; with the real service and the stand-in."""

from __future__ import annotations

import json
import os
import pty
import signal
from pathlib import Path
from typing import Any

import pytest
from conftest import TIMEOUT_S, Cli
from fake import FakeService
from sandbox.testing import Sandbox

NEW = ["--kb", "Docs", "--technique", "economy"]


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A tree as people have them: texts, files, hidden ones, others."""
    top = tmp_path / "docs"
    (top / "sub" / ".git").mkdir(parents=True)
    for number in range(4):
        (top / f"p{number}.md").write_text(f"# Page {number}\n\nGrüße {number}\n")
    (top / "sub" / "a.html").write_text("<p>hi</p>")
    (top / "sub" / ".git" / "c.md").write_text("hidden")
    (top / "x.bin").write_text("other")
    (top / "y.bin").symlink_to("nowhere")
    (top / "loop").symlink_to(".")
    return top


def documents(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [document for dataset in sandbox.datasets() for document in sandbox.dataset(dataset["id"])["documents"]]


def keys(sandbox: Sandbox) -> list[str]:
    return sorted(document["name"].split(" [")[0] for document in documents(sandbox))


def lines(count: int, first: int = 0) -> str:
    entries = [{"url": f"https://example.org/{n}", "title": f"T{n}", "text": f"Text {n}"} for n in range(first, first + count)]
    return "".join(json.dumps(entry) + "\n" for entry in entries)


def events(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_tree_and_again(real: Cli, base: list[str], sandbox: Sandbox, docs: Path) -> None:
    done = real("push", *NEW, "docs", "--metadata", "team=web", "--metadata", "rank:=3", "--report", "report", *base)
    assert done.stdout.startswith("5 created (5 pages") and "2 files were left out" in done.stderr
    assert keys(sandbox) == ["p0.md", "p1.md", "p2.md", "p3.md", "sub a.html"]
    assert [event["key"] for event in events(docs.parent / "report")].count("sub/a.html") == 1
    assert sandbox.effects("documents.create_by_file") == 1
    metadata = documents(sandbox)[0]["doc_metadata"] if "doc_metadata" in documents(sandbox)[0] else documents(sandbox)[0]["metadata"]
    assert metadata["team"] == "web" and str(metadata["rank"]) == "3"
    (docs / "p1.md").write_text("changed")
    os.rename(docs, docs.parent / "moved")
    done = real("push", *NEW, "moved/", "--metadata", "team=web", "--metadata", "rank:=3", *base)
    assert done.stdout.startswith("1 updated, 4 unchanged (5 pages")


def test_prune_dry_run_and_its_bound(real: Cli, base: list[str], sandbox: Sandbox, docs: Path) -> None:
    real("push", *NEW, "docs", *base)
    (docs / "p0.md").unlink()
    done = real("push", *NEW, "docs", "--prune", *base, status=None)  # one of five is more than 10 %
    assert done.returncode == 1 and "conflict" in done.stderr
    dry = real("push", *NEW, "docs", "--prune", "--max-delete=50", "--dry-run", *base)
    assert dry.stdout.startswith("Nothing was written. It would be: 4 unchanged, 1 deleted")
    assert len(documents(sandbox)) == 5
    done = real("push", *NEW, "docs", "--prune", "--max-delete=50", "--wait", "--json", *base)
    totals = json.loads(done.stdout)
    assert (totals["unchanged"], totals["deleted"], totals["not_indexed"]) == (4, 1, 0)
    assert keys(sandbox) == ["p1.md", "p2.md", "p3.md", "sub a.html"]


def test_a_page_that_is_wrong_is_exit_5_and_nothing_is_pruned(real: Cli, base: list[str], sandbox: Sandbox, docs: Path) -> None:
    real("push", *NEW, "docs", *base)
    (docs / "p0.md").write_bytes(b"\xff\xfe")
    (docs / "p1.md").unlink()
    (docs / "big.md").write_bytes(b"x" * (16 << 20))
    done = real("push", *NEW, "docs", "--prune", "--max-delete=90", "--report", "report", *base, status=5)
    assert "docs/p0.md: it is not UTF-8" in done.stderr and "more than 15 MiB" in done.stderr
    assert done.stdout.startswith("3 unchanged, 2 failed (5 pages")
    failed = {event["key"]: event["reason"] for event in events(docs.parent / "report") if event["outcome"] == "failed"}
    assert failed == {"p0.md": "docs/p0.md: it is not UTF-8", "big.md": "docs/big.md: it has more than 15 MiB"}
    assert len(documents(sandbox)) == 5


def test_lines_of_a_crawler(real: Cli, base: list[str], sandbox: Sandbox) -> None:
    odd = [
        '{"source_url": "https://example.org/a", "markdown": "A", "depth": 3, "metadata": {"lang": "en"}}',
        '{"id": "b", "content": "B", "title": "Bee"}',
        "nonsense", '{"url": "https://example.org/c"}', '{"text": "no key"}', "[]", "", "  ",
    ]  # fmt: skip
    done = real("push", *NEW, "-", "--metadata", "lang=de", *base, input="\n".join(odd), status=5)
    assert done.stdout.startswith("2 created, 4 failed (6 pages")
    for number, why in ((3, "no JSON object"), (4, "no text"), (5, "neither url nor id"), (6, "no JSON object")):
        assert f"line {number}: it " in done.stderr and why in done.stderr
    stored = {document["name"].split(" [")[0]: document for document in documents(sandbox)}
    assert "Bee" in stored
    metadata = [document.get("doc_metadata") or document.get("metadata") for document in documents(sandbox)]
    assert sorted(entry["lang"] for entry in metadata) == ["de", "en"]


def test_a_page_goes_while_the_crawler_goes_on(real: Cli, base: list[str], sandbox: Sandbox) -> None:
    process = real.start("push", *NEW, "-", *base)
    assert process.stdin
    process.stdin.write(lines(1))
    process.stdin.flush()
    sandbox.wait("requests/by_operation/documents.create_by_text", 1)
    out, err = process.communicate(lines(200, 1), timeout=TIMEOUT_S)
    assert process.returncode == 0, err
    assert out.startswith("201 created (201 pages")
    assert len({document["name"] for document in documents(sandbox)}) == 201


@pytest.mark.parametrize("prune", [False, True])
def test_ctrl_c_finishes_what_was_taken_and_says_how_to_go_on(real: Cli, base: list[str], sandbox: Sandbox, prune: bool) -> None:
    words = ["push", *NEW, "-", *base, *(["--prune", "--max-delete=100"] if prune else [])]
    real(*words, input=lines(3))
    process = real.start(*words)
    assert process.stdin
    process.stdin.write(lines(2, 3))
    process.stdin.flush()
    sandbox.wait("requests/by_operation/documents.create_by_text", 5)
    process.send_signal(signal.SIGINT)
    process.wait(TIMEOUT_S)
    _, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130
    assert "run the same command again to go on" in err
    names = {document["name"] for document in documents(sandbox)}
    assert len(names) == 5, "what was taken is not finished, or a push that was cut deleted"
    assert "without a key" not in err
    assert real("push", *NEW, "-", *base, input=lines(8)).returncode == 0
    assert len({document["name"] for document in documents(sandbox)}) == len(documents(sandbox)) == 8


def test_a_service_that_is_killed_and_the_same_command_again(real: Cli, base: list[str], sandbox: Sandbox) -> None:
    process = real.start("push", *NEW, "-", *base)
    assert process.stdin
    process.stdin.write(lines(10))
    process.stdin.flush()
    sandbox.wait("requests/by_operation/documents.create_by_text", 3)
    os.kill(real.json("stats")["service"]["pid"], signal.SIGKILL)
    _, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 3 and "Push the same pages again" in err
    real("push", *NEW, "-", *base, input=lines(10))
    assert len({document["name"] for document in documents(sandbox)}) == len(documents(sandbox)) == 10


def test_a_bar_on_a_terminal(real: Cli, base: list[str], sandbox: Sandbox, docs: Path) -> None:
    here, there = pty.openpty()
    try:
        real("push", *NEW, "docs", *base, stderr=there)
        os.set_blocking(here, False)
        shown = os.read(here, 65536).decode()
    finally:
        os.close(here)
        os.close(there)
    assert "pages" in shown and "waiting for" in shown and "\r\x1b[K" in shown


def test_what_is_wrong_with_the_knowledge_base(real: Cli, base: list[str], docs: Path) -> None:
    nowhere = "00000000-0000-4000-8000-000000000000"
    assert "not_found" in real("push", "--kb", nowhere, "docs", *base, status=1).stderr
    assert "technique" in real("push", "--kb", "x", "--technique", "cheap", "docs", *base, status=1).stderr


@pytest.mark.parametrize(
    "words",
    [
        ["push"], ["push", "docs"], ["push", "--kb", "x"], ["push", "--kb", "x", "docs/x.bin"], ["push", "--kb", "x", "-", "--metadata", "a"],
        ["push", "--kb", "x", "-", "--metadata", "a:=}"], ["push", "--kb", "x", "-", "--max-delete", "many"], ["push", "--kb", "x\udcff", "-"],
    ],
)  # fmt: skip
def test_a_wrong_command_line_sends_nothing(cli: Cli, service: FakeService, docs: Path, words: list[str]) -> None:
    assert cli(*words, status=2).stderr
    assert not service.seen("push.open")


def test_what_cannot_be_read_or_written_is_said_first(cli: Cli, service: FakeService, docs: Path) -> None:
    assert "cannot read nowhere" in cli("push", "--kb", "x", "nowhere", status=1).stderr
    assert "cannot write" in cli("push", "--kb", "x", "docs", "--report", "no/such/file", status=1).stderr
    assert not service.seen("push.open")
