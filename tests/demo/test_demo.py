"""The parts of the demo, and a small run of all of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox.testing import Sandbox

from demo import __main__ as main
from demo import readback, table
from demo.pages import FIELDS, crawl, links_of, page_of, web_server
from demo.places import sandbox_places
from demo.ways import WAYS, Result

PARAGRAPH = "<p>Some words of {name}, long enough that nobody takes them for furniture of a page or for a menu.</p>"


def write_site(directory: Path, links: dict[str, list[str]]) -> None:
    for name, targets in links.items():
        anchors = "".join(f'<a href="{target}">{target}</a> ' for target in targets)
        body = f"<h1>Title of {name}</h1>" + PARAGRAPH.format(name=name) * 3
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"<html><head><title>Title of {name}</title></head><body>{body}<p>{anchors}</p></body></html>")


def test_crawl_follows_links_once_and_survives_dead_ones(tmp_path: Path) -> None:
    write_site(tmp_path, {"index.html": ["a.html", "sub/b.html", "a.html#part", "gone.html", "http://127.0.0.1:1/x.html"],
                          "a.html": ["index.html", "sub/b.html"], "sub/b.html": ["../c.html"], "c.html": [], "alone.html": []})  # fmt: skip
    seen: list[tuple[int, int]] = []
    with web_server(tmp_path) as base:
        pages = crawl(base + "index.html", 100, lambda done, total: seen.append((done, total)))
    assert [str(page.metadata["source_url"]).removeprefix(base) for page in pages] == ["index.html", "a.html", "sub/b.html", "c.html"]
    assert len({page.name for page in pages}) == 4
    assert all(list(page.metadata) == list(FIELDS) for page in pages)
    assert "Some words of c.html" in pages[-1].text
    assert seen[-1][0] == 4


def test_crawl_stops_at_its_limit(tmp_path: Path) -> None:
    write_site(tmp_path, {"index.html": ["a.html", "b.html"], "a.html": [], "b.html": []})
    with web_server(tmp_path) as base:
        assert len(crawl(base + "index.html", 2, lambda *_: None)) == 2


def test_links_leave_out_other_sites_and_fragments() -> None:
    html = b'<a href="x.html#one">1</a><a href="x.html#two">2</a><a href="//other/y.html">3</a><a href="z.png">4</a>'
    assert links_of("http://here/index.html", html) == ["http://here/x.html"]


def test_a_page_without_text_is_no_page() -> None:
    assert page_of("http://here/empty.html", b"<html><body></body></html>") is None


def test_shares_are_even_and_scaling_leaves_the_start_alone() -> None:
    pages: list[dict[str, Any]] = [{"n": number} for number in range(40)]
    share = main.chosen_pages(pages, WAYS[0])
    assert [page["n"] for page in share] == list(range(0, 40, 4))
    result = Result(way=WAYS[0], pages=10, setup_s=2.0, pages_s=5.0)
    assert result.wall_s() == 7.0
    assert result.scaled_s(40) == 22.0
    assert table.searchable_s(result, 40) == 82.0


def test_what_was_won_is_said_either_way() -> None:
    fast, slow = Result(way=WAYS[0], pages=1, pages_s=1.0, calls=1), Result(way=WAYS[1], pages=1, pages_s=4.0, calls=1)
    assert "4.0 times as slow" in table.won([fast, slow], 1)[0]
    assert "4.0 times as fast" in table.won([slow, fast], 1)[0]
    assert "no faster" in table.won([fast, fast], 1)[0]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("--indexing-interval", "0.01") as running:
        yield running


PAGES: list[dict[str, Any]] = [
    {
        "name": f"page {number}",
        "text": f"First part {number}.\n\nSecond part, with ünïcode, {number}.",
        "metadata": {"title": f"t{number}", "word_count": number},
    }
    for number in range(3)
]


@pytest.fixture
def filled(sandbox: Sandbox) -> Iterator[tuple[readback.Server, str, list[str]]]:
    """A knowledge base that holds PAGES as it should; its name, and its documents' ids."""
    server = readback.Server(sandbox.https, sandbox.key, sandbox.ca_file)
    name = f"compare {os.urandom(4).hex()}"
    dataset = server.request("POST", "/datasets", json={"name": name})["id"]
    fields = {field: server.request("POST", f"/datasets/{dataset}/metadata", json={"type": kind, "name": field})["id"]
              for field, kind in (("title", "string"), ("word_count", "number"))}  # fmt: skip
    documents = [put_page(server, dataset, page, fields) for page in PAGES]
    yield server, name, [dataset, *documents]
    readback.delete_bases(server, name)


def put_page(server: readback.Server, dataset: str, page: dict[str, Any], fields: dict[str, str]) -> str:
    rule = {
        "mode": "custom",
        "rules": {"pre_processing_rules": [], "segmentation": {"separator": "\n\n", "max_tokens": 500, "chunk_overlap": 0}},
    }
    body = {"name": page["name"], "text": page["text"], "indexing_technique": "economy", "process_rule": rule}
    document: str = server.request("POST", f"/datasets/{dataset}/document/create-by-text", json=body)["document"]["id"]
    values = [{"id": fields[name], "name": name, "value": value} for name, value in page["metadata"].items()]
    server.request(
        "POST", f"/datasets/{dataset}/documents/metadata", json={"operation_data": [{"document_id": document, "metadata_list": values}]}
    )
    return document


def compared(server: readback.Server, name: str, pages: list[dict[str, Any]]) -> list[str]:
    return readback.compare(server, name, pages, 20, lambda _: None)[0]


Filled = tuple[readback.Server, str, list[str]]


def test_what_is_right_is_found_right(filled: Filled) -> None:
    server, name, _ = filled
    findings, line = readback.compare(server, name, PAGES, 20, lambda _: None)
    assert findings == []
    assert line == "3 pages once each, 3 texts whole, 6 metadata values"


def test_a_missing_page_is_found(filled: Filled) -> None:
    server, name, (dataset, first, *_) = filled
    server.request("DELETE", f"/datasets/{dataset}/documents/{first}")
    assert compared(server, name, PAGES) == ["page 0: 0 documents, not 1"]


def test_a_page_too_many_is_found(filled: Filled) -> None:
    server, name, _ = filled
    assert compared(server, name, PAGES[:2]) == ["page 2: a document that no page belongs to"]


def test_another_text_of_equal_length_is_found(filled: Filled) -> None:
    server, name, _ = filled
    changed = [{**PAGES[0], "text": PAGES[0]["text"].replace("First", "Worst")}, *PAGES[1:]]
    assert compared(server, name, changed) == ["page 0: the text read back differs"]


def test_a_cut_text_and_a_wrong_value_are_found(filled: Filled) -> None:
    server, name, _ = filled
    longer = {**PAGES[0], "text": PAGES[0]["text"] + " More."}
    other = {**PAGES[1], "metadata": {**PAGES[1]["metadata"], "title": "other"}}
    findings = compared(server, name, [longer, other, PAGES[2]])
    assert any("characters arrived of" in finding for finding in findings)
    assert "page 1: metadata title is 't1', not 'other'" in findings


def test_a_knowledge_base_that_is_not_there_is_found(sandbox: Sandbox) -> None:
    server = readback.Server(sandbox.https, sandbox.key, sandbox.ca_file)
    assert compared(server, "nobody has this", PAGES) == ["0 knowledge bases are called nobody has this, not 1"]


def demo(*options: str, work: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "demo", "--work", str(work), "--site", str(site), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    directory = tmp_path / "site"
    names = [f"page{number}.html" for number in range(7)]
    write_site(directory, {"index.html": names} | {name: [] for name in names})
    return directory


def test_all_ways_in_both_settings(tmp_path: Path, site: Path) -> None:
    done = demo("--json", str(tmp_path / "out.json"), work=tmp_path / "work", site=site)
    assert done.returncode == 0, done.stdout + done.stderr
    out = json.loads((tmp_path / "out.json").read_text())
    assert list(out["settings"]) == ["far", "near"]
    for results in out["settings"].values():
        assert [result["way"] for result in results] == ["requests", "session", "dropin", "async"]
        assert all(result["findings"] == [] and result["errors"] == [] for result in results)
        by_way = {result["way"]: result for result in results}
        assert by_way["requests"]["connections"] == by_way["requests"]["calls"] == 11 + 2 * 2
        assert by_way["session"]["connections"] == 1
        assert by_way["dropin"]["connections"] == 1
        assert by_way["async"]["pages"] == 8
        assert 1 <= by_way["async"]["connections"] <= 20


def test_a_server_of_ones_own_is_left_as_it_was(tmp_path: Path, site: Path, sandbox: Sandbox) -> None:
    before = sandbox.datasets()
    key = tmp_path / "key"
    key.write_text(sandbox.key + "\n")
    done = demo("--url", sandbox.https, "--key-file", str(key), "--ca-file", sandbox.ca_file, "--way", "requests", "--way", "async",
                work=tmp_path / "work", site=site)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert sandbox.datasets() == before
    assert sandbox.key not in done.stdout + done.stderr


def test_an_interrupted_run_cleans_up(tmp_path: Path, site: Path, sandbox: Sandbox) -> None:
    before = sandbox.datasets()
    created = sandbox.effects("documents.create_by_text")
    key = tmp_path / "key"
    key.write_text(sandbox.key)
    sandbox.settings(think_ms=300)
    command = [sys.executable, "-m", "demo", "--work", str(tmp_path / "work"), "--site", str(site), "--url", sandbox.https, "--key-file", str(key),
               "--ca-file", sandbox.ca_file, "--way", "session"]  # fmt: skip
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        sandbox.wait("effects/documents.create_by_text", created + 1, timeout_s=30)
        running.terminate()
        said = running.communicate(timeout=30)[0]
    finally:
        sandbox.settings(think_ms=0)
        if running.poll() is None:
            running.kill()
            running.wait()
    assert running.returncode == 130, said
    assert "cleaning up: 1 knowledge base(s)" in said
    assert sandbox.datasets() == before


def test_both_settings_are_places_of_the_stand_in(tmp_path: Path) -> None:
    assert [place.key for place in sandbox_places(tmp_path, None)] == ["far", "near"]
    assert [place.key for place in sandbox_places(tmp_path, "near")] == ["near"]
