"""The demo's order of events: crawl, then in each setting each way, read back, compare, tell."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from demo import table
from demo.pages import Page, crawl, web_server
from demo.places import Place, real_place, sandbox_places
from demo.progress import Bar
from demo.readback import compare, delete_bases
from demo.ways import WAYS, Result, Way, WorkerFailed, run_way, service_state


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev demo", description="A real crawl into a knowledge base, four ways, compared.")
    parser.add_argument("--pages", type=int, default=1000, metavar="N", help="crawl at most N pages (default: all of them)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there, too")
    parser.add_argument("--setting", choices=["far", "near"], help="only one of the two settings")
    parser.add_argument("--way", action="append", choices=[way.key for way in WAYS], help="only this way (may be given again)")
    parser.add_argument("--url", help="a Dify of yours instead of the stand-in, such as https://dify.example/v1")
    parser.add_argument("--key-file", type=Path, help="file with its knowledge API key")
    parser.add_argument("--ca-file", type=Path, help="its CA, where that is not in the system's store")
    parser.add_argument(
        "--patience", type=float, default=120, metavar="S", help="how long to wait for a real server's indexing (default 120)"
    )
    parser.add_argument("--work", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--site", type=Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if (options.url is None) != (options.key_file is None):
        parser.error("--url and --key-file belong together")
    if options.pages < 1:
        parser.error("--pages must be at least 1")
    return options


@contextmanager
def own_service(work: Path) -> Iterator[Path]:
    """A private service on a socket of this demo's own, started by whoever needs it first, and ended with the demo."""
    directory = Path(tempfile.mkdtemp(prefix="difypool-demo-"))
    path = directory / "socket"
    os.environ["DIFYPOOL_SOCKET"] = str(path)
    os.environ["XDG_STATE_HOME"] = str(work / "state")
    os.environ["XDG_CONFIG_HOME"] = str(work / "config")
    try:
        yield path
    finally:
        end_service(path)
        shutil.rmtree(directory, ignore_errors=True)


def end_service(path: Path) -> None:
    """Asks the service behind this demo's own socket to end, and waits until it is gone."""
    state = service_state(path)
    if state is None:
        return
    with suppress(ProcessLookupError):
        os.kill(state.pid, signal.SIGTERM)
        end = time.monotonic() + 10
        while time.monotonic() < end and Path(f"/proc/{state.pid}").exists():
            time.sleep(0.02)


def crawl_site(site: Path, limit: int) -> list[Page]:
    bar = Bar("crawling git-doc by its links")
    last = (0, 1)

    def progress(done: int, total: int) -> None:
        nonlocal last
        last = (done, total)
        bar.update(done, total)

    with web_server(site) as base:
        pages = crawl(base + "index.html", limit, progress)
    bar.end(len(pages), len(pages), f"{sum(len(page.text) for page in pages) // 1000} thousand characters of text")
    return pages


def chosen_pages(pages: list[dict[str, Any]], way: Way) -> list[dict[str, Any]]:
    """An even share of the pages, large and small ones alike, so that scaling is fair."""
    count = max(1, round(len(pages) * way.share))
    return [pages[number * len(pages) // count] for number in range(count)]


def one_way(way: Way, place: Place, pages: list[dict[str, Any]], work: Path, socket_path: Path, run: str) -> Result:
    own = chosen_pages(pages, way)
    name = f"{run} {way.key}"
    job = {
        "way": way.key,
        "base_url": place.base_url,
        "key_file": str(place.key_file),
        "ca_file": place.ca_file,
        "name": name,
        "pages": own,
    }
    bar = Bar(way.title)
    before = place.connections()
    try:
        result = run_way(way, job, work, socket_path, lambda done: bar.update(done, len(own)))
    except WorkerFailed as err:
        result = Result(way=way, pages=len(own), ended=False, findings=[f"{way.title} did not run to its end: {err}"])
        bar.end(0, len(own), f"failed: {err}")
        return result
    after = place.connections()
    if before is not None and after is not None:
        result.connections = after - before
    bar.end(len(own), len(own), f"{len(result.errors)} errors" if result.errors else "")
    with place.quickly():
        reading = Bar("  read back and compare")
        result.findings, result.checked = compare(place.server(), name, own, place.patience_s, lambda done: reading.update(done, len(own)))
        reading.end(len(own), len(own), "as it must be" if not result.findings else f"{len(result.findings)} findings")
        delete_bases(place.server(), name)
    return result


def one_setting(place: Place, ways: list[Way], pages: list[dict[str, Any]], work: Path, socket_path: Path) -> list[Result]:
    # Knowledge bases have at most 40 characters; the random part tells this run's from any other's.
    run = f"difypool demo {secrets.token_hex(4)}"
    print(f"\n{place.title}")
    try:
        return [one_way(way, place, pages, work, socket_path, run) for way in ways]
    except BaseException:
        if place.real:
            print(f"\n  cleaning up: {delete_bases(place.server(), run)} knowledge base(s) of this run deleted", flush=True)
        raise


def tell(place: Place, results: list[Result], total: int) -> None:
    print(f"\n{place.title}\n")
    print(table.render(results, total))
    print()
    for line in table.won(results, total):
        print("  " + line)
    for result in results:
        for finding in (result.findings + result.errors)[:5]:
            print(f"  {result.way.title}: {finding}")
    for line in place.notes + table.notes(results, total):
        print("  " + line)


def end_on_signal(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def run(options: argparse.Namespace) -> int:
    options.work.mkdir(parents=True, exist_ok=True)
    ways = [way for way in WAYS if options.way is None or way.key in options.way]
    started = time.monotonic()
    told: list[tuple[Place, list[Result]]] = []
    with ExitStack() as stack:
        socket_path = stack.enter_context(own_service(options.work))
        pages = [page.as_dict() for page in crawl_site(options.site, options.pages)]
        if options.url:
            places = [real_place(options.url, options.key_file, options.ca_file, options.patience)]
        else:
            places = sandbox_places(options.work, options.setting)
        for place in places:
            with place.running():
                told.append((place, one_setting(place, ways, pages, options.work, socket_path)))
    for place, results in told:
        tell(place, results, len(pages))
    print(f"\n  {table.clock(time.monotonic() - started)} in all.")
    if options.json:
        written = {place.key: [table.as_json(result, len(pages)) for result in results] for place, results in told}
        options.json.write_text(json.dumps({"machine": table.machine(), "pages": len(pages), "settings": written}, indent=2) + "\n")
    return 1 if any(result.findings for _, results in told for result in results) else 0


def main() -> int:
    signal.signal(signal.SIGTERM, end_on_signal)
    try:
        return run(parse(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
