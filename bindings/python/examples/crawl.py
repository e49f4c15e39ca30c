#!/usr/bin/env python3
"""A crawler: a site's pages become documents, changed ones are written anew, and documents of pages that are gone deleted.

usage: DIFY_URL=https://dify.example.com DIFY_KEY=dataset-… python3 crawl.py https://docs.example.com/
"""

import os
import re
import sys
from html import unescape
from urllib.parse import urldefrag, urljoin
from urllib.request import urlopen

import difypool


def crawl(start):
    """The pages below an address. What fails here ends the push, which then deletes nothing."""
    queue, seen = [start], {start}
    for url in queue:
        with urlopen(url, timeout=30) as answer:
            html = answer.read().decode("utf-8", "replace")
        for link in re.findall(r'<a [^>]*href="([^"]+)"', html):
            target = urldefrag(urljoin(url, unescape(link))).url
            if target.startswith(start) and target not in seen:
                seen.add(target)
                queue.append(target)
        title = re.search(r"<title>(.*?)</title>", html, re.DOTALL)
        text = unescape(re.sub(r"(?s)<(script|style|title).*?</\1>|<[^>]+>", " ", html)).strip()
        yield difypool.Page(url, text, title=unescape(title[1]) if title else None)


with difypool.Client(
    base_url=os.environ["DIFY_URL"], api_key=os.environ["DIFY_KEY"], ca_file=os.environ.get("DIFY_CA")
) as client:
    done = client.pages.push(crawl(sys.argv[1]), dataset="crawl", prune=True, indexing_technique="economy", progress=True)
    print(done, *(f"\n{page.key}: {page.error}" for page in done.failed))
