"""Storms for longer than a test may take: `./dev storm`. A line a seed, then a summary; exit status 1 if anything was lost or doubled."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from faults import storm
from faults.weather import CRAWLER_KILLS, SERVICE_KILLS


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _pages(text: str) -> int:
    least = SERVICE_KILLS + CRAWLER_KILLS
    if int(text) < least:
        raise argparse.ArgumentTypeError(f"at least {least}: everybody is killed at a page of his own")
    return int(text)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="dev storm",
        description="Crawl in a storm: one call in five meets a fault, difypoold is killed five times and the crawler three times. "
        "In the end each page must be there once, with its text and metadata.",
    )
    parser.add_argument("--seeds", type=_number, default=10, metavar="N", help="ride so many seeds (10)")
    parser.add_argument("--first", type=int, default=1, metavar="N", help="from this one on (1)")
    parser.add_argument("--seed", type=int, metavar="N", help="this seed alone")
    parser.add_argument("--pages", type=_pages, default=storm.PAGES, metavar="N", help=f"of the site ({storm.PAGES})")
    parser.add_argument(
        "--workers", type=_number, default=storm.WORKERS, metavar="N", help=f"of the crawler ({storm.WORKERS})"
    )
    parser.add_argument("--jobs", type=_number, default=2, metavar="N", help="storms at once (2)")
    return parser.parse_args(arguments)


def _ridden(given: argparse.Namespace) -> Iterator[tuple[int, list[str], str]]:
    """Seed, what was wrong and how it went, as they end; no more are begun than run at once."""
    seeds = iter([given.seed] if given.seed is not None else range(given.first, given.first + given.seeds))
    with ThreadPoolExecutor(given.jobs) as pool:
        running: dict[Future[storm.Landfall], int] = {}
        while True:
            while len(running) < given.jobs and (seed := next(seeds, None)) is not None:
                running[pool.submit(storm.ride, seed, given.pages, given.workers)] = seed
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield _outcome(running.pop(future), future, given)


def _outcome(seed: int, future: Future[storm.Landfall], given: argparse.Namespace) -> tuple[int, list[str], str]:
    try:
        after = future.result()
    except Exception as error:
        replay = f"./dev storm --seed {seed} --pages {given.pages} --workers {given.workers}"
        return seed, [f"the ride came to no end: {type(error).__name__}: {error}", f"replay: {replay}"], ""
    wrong = storm.problems(after)
    return seed, [*wrong, f"replay: {after.replay}"] if wrong else [], str(after)


def main(arguments: list[str]) -> int:
    given = parse(arguments)
    began, ridden, failed = time.monotonic(), 0, []
    for seed, wrong, how in _ridden(given):
        ridden += 1
        print(f"seed {seed}: {'WRONG' if wrong else 'ok'}, {how}", flush=True)
        for line in wrong:
            print(f"    {line}", flush=True)
        failed += [seed] if wrong else []
    seconds = time.monotonic() - began
    print(
        f"{ridden} storms in {seconds:.0f} s, {ridden - len(failed)} good, {len(failed)} with something lost, doubled or stuck"
    )
    if failed:
        print(f"seeds: {', '.join(map(str, sorted(failed)))}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
