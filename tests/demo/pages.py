"""The crawl: pages of a real web site, found by following links, with their text and what is known of them."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

# What the crawl knows of each page, and keeps with its document: six fields with their types in Dify.
FIELDS = {
    "source_url": "string",
    "domain": "string",
    "title": "string",
    "content_hash": "string",
    "word_count": "number",
    "crawled_at": "time",
}


@dataclass
class Page:
    name: str
    text: str
    metadata: dict[str, str | int]

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """The progress bar says enough."""


@contextmanager
def web_server(directory: Path) -> Iterator[str]:
    """Serves a directory on a free loopback port; yields its base URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(directory)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def links_of(url: str, html: bytes) -> list[str]:
    """The pages of the same site that a page links to, in the order of their links, without fragments."""
    import lxml.html

    tree: Any = lxml.html.fromstring(html, base_url=url)
    tree.make_links_absolute(url)
    here = urllib.parse.urlsplit(url).netloc
    found: dict[str, None] = {}
    for anchor in tree.iterfind(".//a[@href]"):
        target = str(urllib.parse.urldefrag(anchor.get("href")).url)
        parts = urllib.parse.urlsplit(target)
        if parts.netloc == here and parts.path.endswith(".html"):
            found[target] = None
    return list(found)


def page_of(url: str, html: bytes) -> Page | None:
    """The page's text by trafilatura, and its metadata; None where there is no text."""
    import trafilatura

    text = trafilatura.extract(html, url=url, include_comments=False)
    if not text:
        return None
    details = trafilatura.extract_metadata(html, default_url=url)
    path = urllib.parse.urlsplit(url).path.lstrip("/")
    title = (details.title if details is not None else None) or path
    metadata: dict[str, str | int] = {
        "source_url": url,
        "domain": urllib.parse.urlsplit(url).hostname or "",
        "title": title,
        "content_hash": hashlib.sha256(text.encode()).hexdigest(),
        "word_count": len(text.split()),
        "crawled_at": int(time.time()),
    }
    # The path makes the name unique: a knowledge base holds one document for each name.
    return Page(f"{title[:150]} ({path})"[:200], text, metadata)


def crawl(start: str, limit: int, progress: Callable[[int, int], None]) -> list[Page]:
    """Follows links from start, breadth first, until `limit` pages with text were found or no link is left."""
    import requests

    pages: list[Page] = []
    seen = {start}
    waiting = [start]
    with requests.Session() as session:
        session.trust_env = False
        while waiting and len(pages) < limit:
            url = waiting.pop(0)
            answer = session.get(url, timeout=10)
            if answer.status_code != 200:
                continue
            fresh = [link for link in links_of(url, answer.content) if link not in seen]
            seen.update(fresh)
            waiting += fresh
            page = page_of(url, answer.content)
            if page is not None:
                pages.append(page)
            progress(len(pages), min(limit, len(pages) + len(waiting)))
    return pages
