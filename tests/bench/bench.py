#!/usr/bin/env python3
"""difypool beside what people would use instead, in one interleaved run: medians, ranges and ratios.

    ./dev bench                       all of it, about ten minutes
    ./dev bench --quick               fewer rounds: to see that it runs, not to quote
    ./dev bench --only calls,fresh    some of: distance, crawl, calls, fresh, memory
    ./dev bench --json FILE           the figures as JSON, too
    ./dev bench policies              what the policies reach beside what they must, about ten minutes
                                      (--only chain,concurrency,fairness,pacing,outage)

Rounds are interleaved and ratios are taken round by round, since nothing else can be compared on a machine with other things to do.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import policies  # noqa: E402
import proc  # noqa: E402
import scenarios as sc  # noqa: E402
import table  # noqa: E402
from upstream import Upstream  # noqa: E402

NOTHING = "00000000-0000-4000-8000-000000000000"
PARTS = ("distance", "crawl", "calls", "fresh", "memory")
POLICIES = ("chain", "concurrency", "fairness", "pacing", "outage")


class Service:
    """difypoold on a socket of its own, until close()."""

    def __init__(self, daemon: str) -> None:
        self.dir = tempfile.TemporaryDirectory(prefix="difypool-bench-")
        self.socket = f"{self.dir.name}/d/socket"
        os.mkdir(f"{self.dir.name}/d", 0o700)
        env = {**os.environ, "XDG_STATE_HOME": self.dir.name, "XDG_CONFIG_HOME": self.dir.name}
        self.process = subprocess.Popen([daemon, "--foreground", "--socket", self.socket], env=env,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        os.environ.update({"DIFYPOOL_SOCKET": self.socket, "DIFYPOOL_DAEMON": daemon, "DIFYPOOL_AUTOSTART": "0"})
        deadline = time.monotonic() + 10
        while not os.path.exists(self.socket):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"bench: {daemon} did not start")
            time.sleep(0.01)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.dir.cleanup()


class Report:
    """What was measured, for people while it runs and for programs at the end."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {"machine": proc.machine(), "time": time.strftime("%Y-%m-%d %H:%M:%S %z"), "results": {}}
        self.targets: list[tuple[str, str, str, str]] = []

    def progress(self, text: str) -> None:
        if sys.stderr.isatty():
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

    def show(self, title: str, header: list[str], rows: list[list[str]]) -> None:
        self.progress("")
        print(f"\n{title}\n\n{table.render(header, rows)}", flush=True)

    def target(self, name: str, value: dict[str, float], least: float, unit: str = " ×", at_most: bool = False) -> None:
        """A figure that has to be reached, with whether it was."""
        reached = value["median"] <= least if at_most else value["median"] >= least
        sign = "≤" if at_most else "≥"
        self.data["results"].setdefault("targets", {})[name] = {**value, "target": f"{sign} {least:g}{unit}", "reached": reached}
        self.targets.append((name, f"{sign} {least:g}{unit}", table.show(value, unit), "yes" if reached else "NO"))

    def least(self, name: str, value: float, least: float, unit: str) -> None:
        """One figure, measured once."""
        self.once(name, value, f"≥ {least:g}{unit}", f"{value:.2f}{unit}", value >= least)

    def most(self, name: str, value: float, most: float, unit: str) -> None:
        self.once(name, value, f"≤ {most:g}{unit}", f"{value:.2f}{unit}", value <= most)

    def once(self, name: str, value: float, target: str, shown: str, reached: bool) -> None:
        self.data["results"].setdefault("targets", {})[name] = {"value": value, "target": target, "reached": reached}
        self.targets.append((name, target, shown, "yes" if reached else "NO"))

    def keep(self, scenario: sc.Scenario) -> None:
        self.data["results"][scenario.name] = scenario.results


def rows_of(scenario: sc.Scenario) -> list[list[str]]:
    base = scenario.ways[0].name
    rows = []
    for way in scenario.ways:
        walls = sc.column(scenario, way.name, "wall")
        calls = scenario.results[way.name][0]["calls"]
        rows.append([
            way.name,
            table.show(table.summary(walls), " s"),
            f"{calls / table.summary(walls)['median']:,.0f}",
            table.show(table.summary(sc.column(scenario, way.name, "cpu")), "", 1e6 / calls, 0),
            table.show(table.summary(sc.column(scenario, way.name, "service_cpu")), "", 1e6 / calls, 0),
            table.show(table.ratios(sc.column(scenario, base, "wall"), walls), " ×"),
        ])  # fmt: skip
    return rows


HEADER = ["way", "wall", "calls/s", "client CPU µs a call", "service CPU µs a call", "times faster than the first"]


def run_and_show(report: Report, place: sc.Place, scenario: sc.Scenario) -> None:
    sc.run(place, scenario, report.progress)
    report.keep(scenario)
    report.show(scenario.title, HEADER, rows_of(scenario))


# --- the parts ----------------------------------------------------------------------------------------


def far_place(sandbox: Any, service: Service) -> sc.Place:
    """A knowledge base on a sandbox that is 20 ms away and thinks for 30 ms."""
    bundle = f"{service.dir.name}/ca-bundle.pem"
    bundle_of(sandbox.ca_file, bundle)
    return sc.Place(sandbox.https, bundle, sandbox.key, make_dataset(sandbox), service.process.pid)


def bundle_of(ca_file: str, bundle: str) -> None:
    """The system's CAs and one more, for all ways alike: who trusts one CA alone spares what everybody pays on a real machine."""
    system = Path("/etc/ssl/certs/ca-certificates.crt")
    if not system.exists():
        raise SystemExit("bench: no CAs of the system: apt-get install ca-certificates")
    Path(bundle).write_text(system.read_text() + Path(ca_file).read_text())


def make_dataset(sandbox: Any) -> str:
    import requests

    answer = requests.post(f"{sandbox.https}/datasets", json={"name": f"bench {time.time_ns() % 10**9}"}, timeout=60,
                           headers={"Authorization": f"Bearer {sandbox.key}"}, verify=sandbox.ca_file)  # fmt: skip
    answer.raise_for_status()
    return str(answer.json()["id"])


def distance(report: Report, place: sc.Place, rounds: int) -> None:
    """The original's benchmark: 50 calls."""
    ways = [sc.Way("requests, no session", "requests"), sc.Way("requests.Session", "session", 1),
            sc.Way("drop-in, pooling off", "dropin-unpooled"), sc.Way("drop-in", "dropin", 1),
            sc.Way("asyncio, 20 at once", "async", 50)]  # fmt: skip
    scenario = sc.Scenario("distance", "50 creates, 20 ms away, 30 ms of server time", "post", 50, ways, rounds)
    run_and_show(report, place, scenario)
    report.target("50 calls, 20 ms away: unpooled requests ÷ ours with 20 connections",
                  table.ratios(sc.column(scenario, ways[0].name, "wall"), sc.column(scenario, ways[-1].name, "wall")), 30)  # fmt: skip


def crawl(report: Report, place: sc.Place, rounds: int, pages: int) -> None:
    """The original's crawl: three calls a page, of which a page's own come one after another."""
    ways = [sc.Way("requests, no session", "requests"), sc.Way("requests.Session", "session", 1), sc.Way("drop-in", "dropin", 1),
            sc.Way("asyncio, 20 at once", "async", 20)]  # fmt: skip
    title = f"{3 * pages} calls of a crawl of {pages} pages, 20 ms away, 30 ms of server time"
    run_and_show(report, place, sc.Scenario("crawl", title, "crawl", pages, ways, rounds))


def calls(report: Report, place: sc.Place, rounds: int, count: int) -> None:
    """What a call costs when the server costs nothing."""
    ways = [sc.Way("requests.Session", "session", 50), sc.Way("difypool.Client", "client", 50), sc.Way("drop-in", "dropin", 50)]
    scenario = sc.Scenario("calls", f"{count} creates one after another, loopback TLS, nginx", "post", count, ways, rounds)
    run_and_show(report, place, scenario)
    theirs, ours = ways[0].name, ways[1].name
    walls, cpus = (sc.column(scenario, theirs, k) for k in ("wall", "cpu"))
    our_cpu = sc.column(scenario, ours, "cpu")
    whole = [a + b for a, b in zip(our_cpu, sc.column(scenario, ours, "service_cpu"), strict=True)]
    report.target("sequential calls a second, Python through the service ÷ requests.Session",
                  table.ratios(walls, sc.column(scenario, ours, "wall")), 2)  # fmt: skip
    report.target("client CPU a call, requests.Session ÷ ours", table.ratios(cpus, our_cpu), 8)
    report.target("client and service CPU a call, requests.Session ÷ ours", table.ratios(cpus, whole), 2)


def many_at_once(report: Report, place: sc.Place, rounds: int, count: int) -> None:
    ways = [sc.Way(f"asyncio, {n} at once", "async", n, n) for n in (1, 8, 32)]
    run_and_show(report, place, sc.Scenario("many", f"{count} creates, several at once, loopback TLS, nginx", "post", count, ways, rounds))


def fresh(report: Report, place: sc.Place, rounds: int) -> None:
    walls = sc.first_answers(place, rounds, report.progress)
    report.data["results"]["fresh"] = walls
    rows = [[name, table.show(table.summary(walls[key]), " ms", 1000, 0)]
            for name, key in (("requests", "requests"), ("difypool.Client", "client"))]  # fmt: skip
    report.show("A fresh Python process to its first answer, loopback TLS, service running", ["way", "wall"], rows)
    report.target("fresh Python process to its first answer, requests ÷ ours", table.ratios(walls["requests"], walls["client"]), 3)


def memory(report: Report, daemon: str) -> None:
    service = Service(daemon)
    try:
        subprocess.run([sys.executable, "-c", "import difypool; difypool.Client().call('service.ping')"], check=True, timeout=30)
        value = table.summary([proc.pss_mb(service.process.pid)])
    finally:
        service.close()
    report.data["results"]["idle_pss_mb"] = value
    report.target("idle service, PSS", value, 12, " MB", at_most=True)


def far(report: Report, service: Service, options: argparse.Namespace) -> None:
    from sandbox.testing import Sandbox

    with Sandbox("--distance-ms", "20", "--think-ms", "30") as sandbox:
        place = far_place(sandbox, service)
        if "distance" in options.only:
            distance(report, place, options.rounds)
        if "crawl" in options.only:
            crawl(report, place, 1 if options.quick else 3, 20 if options.quick else 200)


def near(report: Report, service: Service, options: argparse.Namespace) -> None:
    upstream = Upstream()
    try:
        place = sc.Place(upstream.base_url, upstream.ca_file, "bench-key", NOTHING, service.process.pid)
        if "calls" in options.only:
            calls(report, place, options.rounds, 300 if options.quick else 2000)
            many_at_once(report, place, options.rounds, 300 if options.quick else 2000)
        if "fresh" in options.only:
            fresh(report, place, options.rounds if options.quick else 2 * options.rounds)
    finally:
        upstream.close()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--daemon", default=os.environ.get("DIFYPOOL_DAEMON"), help="difypoold to measure (default: $DIFYPOOL_DAEMON)")
    parser.add_argument("--rounds", type=int, default=7, help="interleaved rounds (default 7)")
    parser.add_argument("--quick", action="store_true", help="2 rounds, fewer calls")
    parser.add_argument("what", nargs="?", choices=("policies",), help="the policies, beside what they must reach")
    parser.add_argument("--only", help=f"parts, comma-separated, of: {', '.join(PARTS)}; of policies: {', '.join(POLICIES)}")
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON")
    options = parser.parse_args()
    parts = POLICIES if options.what == "policies" else PARTS
    options.only = options.only.split(",") if options.only else list(parts)
    if not set(options.only) <= set(parts):
        parser.error(f"--only takes some of {', '.join(parts)}")
    if not options.daemon:
        parser.error("which difypoold? give --daemon, or run ./dev bench")
    options.rounds = 2 if options.quick else options.rounds
    return options


def main() -> int:
    options = parse()
    # What pip installs comes with bytecode; ours is run from the tree and needs leave to write its own.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    report = Report()
    print("Machine: " + ", ".join(f"{k} {v}" for k, v in report.data["machine"].items()))
    if options.what != "policies" and "memory" in options.only:
        memory(report, options.daemon)
    service = Service(options.daemon)
    try:
        if options.what == "policies":
            policies.run(report, options.quick, options.only)
        if {"calls", "fresh"} & set(options.only):
            near(report, service, options)
        if {"distance", "crawl"} & set(options.only):
            far(report, service, options)
    finally:
        service.close()
    report.show("What has to be reached", ["figure", "target", "measured", "reached"], [list(t) for t in report.targets])
    if options.json:
        Path(options.json).write_text(json.dumps(report.data, indent=1))
    return 0 if all(t[3] == "yes" for t in report.targets) or options.quick else 1


if __name__ == "__main__":
    sys.exit(main())
