#!/usr/bin/env python3
"""Streams of events through difypool: what an event is delayed by, and what many streams at once cost.

    ./dev bench streams                       about three minutes
    ./dev bench streams --quick               shorter: to see that it runs, not to quote
    ./dev bench streams --only delay,storm    one of them
    ./dev bench streams --way raw             the delay with a bare client of the protocol instead of the Python binding

delay: one stream over loopback TLS, read with httpx and through service and Python in turn, round by round; what is compared are the medians of the
events' ages. storm: 500 streams, 20 events a second each, read by one client; CPU and memory of the service, plain and TLS.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import proc  # noqa: E402
import table  # noqa: E402

PARTS = ("delay", "storm")
STREAMS = 500
BOUNDS = "streams_per_user = 600\nstreams_per_host = 600\nconnections_total = 1200\n"


def wait_for(path: Path, process: subprocess.Popen[bytes], what: str) -> None:
    deadline = time.monotonic() + 10
    while not path.exists() or (path.is_file() and not path.read_text()):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"bench: {what} did not start")
        time.sleep(0.01)


class Source:
    """source.c on a free loopback port, until close()."""

    def __init__(self, program: str, place: Path, rate: int, count: int, tls: bool) -> None:
        port, pair = place / f"port-{rate}-{count}-{tls}", [place / "cert.pem", place / "key.pem"]
        port.unlink(missing_ok=True)
        command = [program, str(port), str(rate), str(count), *(map(str, pair) if tls else ())]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE)
        wait_for(port, self.process, program)
        self.base_url = f"http{'s' if tls else ''}://127.0.0.1:{port.read_text().strip()}/v1"
        self.ca = str(pair[0]) if tls else None

    def close(self) -> None:
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait(10)


class Service:
    """difypoold with the bounds that a storm needs, until close()."""

    def __init__(self, daemon: str, place: Path, name: str) -> None:
        own = place / name
        own.mkdir(mode=0o700)
        config, self.socket = own / "difypool.ini", own / "socket"
        config.write_text(f"[service]\n{BOUNDS}")
        env = {**os.environ, "XDG_STATE_HOME": str(own), "XDG_CONFIG_HOME": str(own)}
        command = [daemon, "--foreground", "-c", str(config), "--socket", str(self.socket)]
        self.process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.socket, self.process, daemon)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def certificate(place: Path) -> None:
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", str(place / "key.pem"), "-out", str(place / "cert.pem")], check=True, capture_output=True)  # fmt: skip


def worker(source: Source, service: Service, *what: str) -> dict[str, Any]:
    command = [sys.executable, str(HERE / "stream_worker.py"), *what, "--base-url", source.base_url, "--key", "app-bench",
               "--socket", str(service.socket), "--watch", str(service.process.pid), *(["--ca", source.ca] if source.ca else [])]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(what)} failed:\n{done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


class Streams:
    """What was measured, with what has to be reached."""

    def __init__(self, options: argparse.Namespace, place: Path) -> None:
        self.options, self.place = options, place
        self.data: dict[str, Any] = {"machine": proc.machine(), "time": time.strftime("%Y-%m-%d %H:%M:%S %z"), "results": {}}
        self.targets: list[list[str]] = []

    def target(self, name: str, values: list[float], most: float, unit: str) -> None:
        value = table.summary(values)
        reached = value["median"] <= most
        self.data["results"][name] = {**value, "target": f"≤ {most:g}{unit}", "reached": reached}
        self.targets.append([name, f"≤ {most:g}{unit}", table.show(value, unit), "yes" if reached else "NO"])

    def delay(self) -> None:
        """The same source, the same number of events, one way after the other; the order changes round by round."""
        count, way = (100, self.options.way) if self.options.quick else (400, self.options.way)
        source, service = Source(self.options.source, self.place, 100, count, True), Service(self.options.daemon, self.place, "d")
        medians: dict[str, list[float]] = {"httpx": [], way: []}
        highs: dict[str, list[float]] = {"httpx": [], way: []}
        try:
            for number in range(self.options.rounds):
                for name in sorted(medians, reverse=bool(number % 2)):
                    ages = sorted(worker(source, service, "delay", name)["ages_us"][10:])
                    medians[name].append(statistics.median(ages))
                    highs[name].append(ages[int(len(ages) * 0.99)])
        finally:
            source.close()
            service.close()
        rows = [[name, table.show(table.summary(medians[name]), " µs", 1, 0), table.show(table.summary(highs[name]), " µs", 1, 0)] for name in medians]
        print(f"\nAge of an event, loopback TLS, 100 a second\n\n{table.render(['way', 'median', '99 of 100'], rows)}", flush=True)
        self.data["results"]["delay"] = {"medians_us": medians, "p99_us": highs}
        added = [(ours - theirs) / 1000 for ours, theirs in zip(medians[way], medians["httpx"])]
        self.target(f"an event's added delay through service and {way} against httpx, median", added, 1, " ms")

    def storm(self, tls: bool, most_kb: float) -> None:
        name = "TLS" if tls else "plain"
        seconds = 5 if self.options.quick else 15
        source = Source(self.options.source, self.place, 20, 20 * seconds, tls)
        results = []
        try:
            for number in range(1 if self.options.quick else 3):  # each with a service that has held nothing yet
                service = Service(self.options.daemon, self.place, f"s-{name}-{number}")
                try:
                    results.append(worker(source, service, "storm", "--streams", str(STREAMS)))
                finally:
                    service.close()
        finally:
            source.close()
        self.data["results"][f"storm {name}"] = results
        keys = (("events_s", 0), ("replies_s", 0), ("cpu_us_an_event", 1), ("cores", 2), ("kb_a_stream", 1))
        row = [table.show(table.summary([r[k] for r in results]), "", 1, digits) for k, digits in keys]
        header = ["events a second", "replies a second", "CPU µs an event", "cores", "KB a stream"]
        print(f"\n{STREAMS} streams, 20 events a second each, {name}\n\n{table.render(header, [row])}", flush=True)
        self.target(f"{STREAMS} streams, 20 events a second each, {name}: service CPU", [r["cores"] for r in results], 1, " cores")
        self.target(f"the same, memory a stream, {name}", [r["kb_a_stream"] for r in results], most_kb, " KB")


def default_way() -> str:
    """The Python binding, if the one that is there reads streams."""
    try:
        return "python" if importlib.util.find_spec("difypool.events") else "raw"
    except ModuleNotFoundError:
        return "raw"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--daemon", default=os.environ.get("DIFYPOOL_DAEMON"), help="difypoold to measure (default: $DIFYPOOL_DAEMON)")
    parser.add_argument("--source", default=os.environ.get("DIFYPOOL_BENCH_SOURCE"), help="the program of source.c")
    parser.add_argument("--rounds", type=int, default=7, help="interleaved rounds of the delay (default 7)")
    parser.add_argument("--quick", action="store_true", help="2 rounds, fewer events")
    ways = ("python", "raw")
    parser.add_argument("--way", choices=ways, default=default_way(), help="what reads through the service (default %(default)s)")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, comma-separated, of: {', '.join(PARTS)}")
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON")
    options = parser.parse_args()
    options.only = options.only.split(",")
    if not set(options.only) <= set(PARTS):
        parser.error(f"--only takes some of {', '.join(PARTS)}")
    if not options.daemon or not options.source:
        parser.error("which difypoold and which source? give --daemon and --source, or run ./dev bench streams")
    options.rounds = 2 if options.quick else options.rounds
    return options


def main() -> int:
    options = parse()
    with tempfile.TemporaryDirectory(prefix="dp-bench-") as directory:
        bench = Streams(options, Path(directory))
        print("Machine: " + ", ".join(f"{k} {v}" for k, v in bench.data["machine"].items()))
        certificate(Path(directory))
        if "delay" in options.only:
            bench.delay()
        if "storm" in options.only:
            bench.storm(False, 48)
            bench.storm(True, 112)
    print(f"\nWhat has to be reached\n\n{table.render(['figure', 'target', 'measured', 'reached'], bench.targets)}")
    if options.json:
        Path(options.json).write_text(json.dumps(bench.data, indent=1))
    return 0 if all(t[3] == "yes" for t in bench.targets) or options.quick else 1


if __name__ == "__main__":
    sys.exit(main())
