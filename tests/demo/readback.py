"""Reads a knowledge base back and compares: every page once, its text whole, its metadata right.

By plain requests, not by what is being shown: a fault of ours must not hide itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass
class Server:
    base_url: str
    key: str
    ca_file: str | None

    def request(self, method: str, path: str, **rest: Any) -> Any:
        import requests

        url = self.base_url.rstrip("/") + path
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = requests.request(method, url, headers=headers, verify=self.ca_file or True, timeout=60, **rest)
        answer.raise_for_status()
        return answer.json() if answer.content and answer.status_code != 204 else None


def all_of(server: Server, path: str, **params: Any) -> Iterator[dict[str, Any]]:
    """Every entry of a list, each once: page by page until `total` entries were seen or a page is empty."""
    seen: set[str] = set()
    got = 0
    page = 1
    while True:
        answer = server.request("GET", path, params={**params, "page": page, "limit": 100})
        for entry in answer["data"]:
            if entry["id"] not in seen:
                seen.add(entry["id"])
                yield entry
        got += len(answer["data"])
        if not answer["data"] or got >= answer.get("total", 0):
            return
        page += 1


def bases_named(server: Server, prefix: str) -> list[dict[str, Any]]:
    found = all_of(server, "/datasets", keyword=prefix, include_all="true")
    return [entry for entry in found if entry["name"].startswith(prefix)]


def delete_bases(server: Server, prefix: str) -> int:
    """Deletes the knowledge bases whose names begin so; returns how many there were."""
    found = bases_named(server, prefix)
    for entry in found:
        server.request("DELETE", f"/datasets/{entry['id']}")
    return len(found)


def wait_indexed(server: Server, dataset: str, pages: int, patience_s: float, progress: Callable[[int], None]) -> list[dict[str, Any]]:
    """The documents, once all are completed or patience ends: indexing takes its time, and the text is readable only after it."""
    end = time.monotonic() + patience_s
    while True:
        documents = list(all_of(server, f"/datasets/{dataset}/documents"))
        completed = sum(entry["indexing_status"] == "completed" for entry in documents)
        progress(completed)
        ended = sum(entry["indexing_status"] in ("completed", "error") for entry in documents)
        if (ended >= len(documents) and len(documents) >= pages) or time.monotonic() >= end:
            return documents
        time.sleep(min(1.0, max(0.0, end - time.monotonic())))


def squeezed(text: str) -> str:
    """Without white space: chunks are cut at it and lose it."""
    return "".join(text.split())


def text_of(server: Server, dataset: str, document: str) -> str:
    path = f"/datasets/{dataset}/documents/{document}/segments"
    parts = sorted(all_of(server, path), key=lambda part: part["position"])
    return "".join(part["content"] for part in parts)


def uploaded_size(entry: dict[str, Any]) -> int | None:
    details = entry.get("data_source_detail_dict") or {}
    size: int | None = (details.get("upload_file") or {}).get("size")
    return size


def check_metadata(page: dict[str, Any], entry: dict[str, Any]) -> list[str]:
    """Values come back as text, whatever their type."""
    stored = {field["name"]: str(field.get("value")) for field in entry.get("doc_metadata") or []}
    wrong = [name for name, value in page["metadata"].items() if stored.get(name) != str(value)]
    return [f"{page['name']}: metadata {name} is {stored.get(name)!r}, not {page['metadata'][name]!r}" for name in wrong]


def check_document(server: Server, dataset: str, page: dict[str, Any], entry: dict[str, Any]) -> tuple[list[str], bool]:
    """What is wrong with it, and whether its text could be compared whole rather than by its length."""
    findings = check_metadata(page, entry)
    size = uploaded_size(entry)
    if size is not None and size != len(page["text"]):
        findings.append(f"{page['name']}: {size} characters arrived of {len(page['text'])}")
    if entry["indexing_status"] != "completed":
        if entry["indexing_status"] == "error":
            findings.append(f"{page['name']}: indexing failed: {entry.get('error')}")
        return findings, False
    if squeezed(text_of(server, dataset, entry["id"])) != squeezed(page["text"]):
        findings.append(f"{page['name']}: the text read back differs")
    return findings, True


def compare(
    server: Server, name: str, pages: list[dict[str, Any]], patience_s: float, progress: Callable[[int], None]
) -> tuple[list[str], str]:
    """All that is wrong, and a line on what was compared."""
    bases = [entry for entry in bases_named(server, name) if entry["name"] == name]
    if len(bases) != 1:
        return [f"{len(bases)} knowledge bases are called {name}, not 1"], "nothing"
    dataset = bases[0]["id"]
    documents = wait_indexed(server, dataset, len(pages), patience_s, progress)
    by_name: dict[str, list[dict[str, Any]]] = {}
    for entry in documents:
        by_name.setdefault(entry["name"], []).append(entry)
    findings: list[str] = []
    whole = 0
    for page in pages:
        found = by_name.pop(page["name"], [])
        if len(found) != 1:
            findings.append(f"{page['name']}: {len(found)} documents, not 1")
            continue
        wrong, compared = check_document(server, dataset, page, found[0])
        findings += wrong
        whole += compared
    findings += [f"{name}: a document that no page belongs to" for name in by_name]
    rest = f", {len(pages) - whole} not indexed yet: by length" if whole < len(pages) else ""
    return (
        findings,
        f"{len(pages)} pages once each, {whole} texts whole{rest}, {len(pages) * len(pages[0]['metadata']) if pages else 0} metadata values",
    )
