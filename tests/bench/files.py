#!/usr/bin/env python3
"""A 90 MB upload through the service beside curl's own, interleaved, to one TLS server on loopback.

    ./dev bench files               7 rounds, about a minute
    ./dev bench files --quick       2 rounds: to see that it runs, not to quote
    ./dev bench files --json FILE   the figures as JSON, too

The client speaks the protocol as PROTOCOL.md has it and nothing more: it keeps half a
window on its way while it waits for the answer to the other half. The same through the Python binding stands beside it. curl's time is its own time_total, ours runs from upload.open to the answer of upload.close. The
service's memory is its resident set, at its highest within the rounds, against what it was before the first.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "service")]

import difypool  # noqa: E402

import proc  # noqa: E402
import table  # noqa: E402
from bench import Report, Service  # noqa: E402
from spclient import Client, request  # noqa: E402

SIZE = 90 << 20


def resident_mb(pid: int, name: str) -> float:
    """VmRSS, or VmHWM, its highest since the last reset (proc(5))."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {name} in /proc/{pid}/status")


def forget_highest(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


@contextlib.contextmanager
def sink(place: Path) -> Iterator[str]:
    cert, key = str(place / "cert.pem"), str(place / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    process = subprocess.Popen([sys.executable, str(HERE / "sink.py"), cert, key],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    assert process.stdin and process.stdout
    try:
        yield f"https://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(10)


def by_curl(url: str, cert: str, file: str) -> float:
    out = subprocess.run(
        ["curl", "--silent", "--show-error", "--fail", "--cacert", cert, "-H", "Authorization: Bearer bench-key",
         "-F", "user=u", "-F", f"file=@{file};type=video/mp4", "-o", os.devnull, "-w", "%{time_total}", f"{url}/files/upload"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return float(out.stdout)


def by_service(client: Client, profile: str, file: str) -> float:
    begun = time.monotonic()
    about = {"name": "film.mp4", "length": SIZE}
    args = {"op": "files.upload", "args": {"user": "u"}, "file": about}
    opened = client.call("upload.open", args, profile=profile)["body"]
    upload, step = opened["upload"], opened["window"] // 2
    under_way: collections.deque[int] = collections.deque()
    at = 0
    with open(file, "rb", buffering=0) as source:
        while at < SIZE or under_way:
            while at < SIZE and len(under_way) < 2:
                piece = source.read(step)
                write = request("upload.write", {"upload": upload, "offset": at, "bytes": piece})
                under_way.append(client.send(write))
                at += len(piece)
            body = client.receive(under_way.popleft())["ok"]["body"]
            assert not body["ended"]
    assert body["offset"] == SIZE
    assert client.call("upload.close", {"upload": upload})["status"] == 201
    return time.monotonic() - begun


def by_python(client: difypool.Client, file: str) -> float:
    begun = time.monotonic()
    assert client.files.upload(file=Path(file), user="u").status == 201
    return time.monotonic() - begun


def measure(report: Report, service: Service, rounds: int, url: str, place: Path) -> None:
    cert, file = str(place / "cert.pem"), str(place / "film.mp4")
    with open(file, "wb") as out:
        out.writelines(os.urandom(1 << 20) for _ in range(SIZE >> 20))
    pid = service.process.pid
    curl, ours, cpu, python = [], [], [], []
    binding = difypool.Client(socket=service.socket, base_url=url, api_key="bench-key", ca_file=cert)
    with Client(service.socket) as client, binding:
        profile = client.connect(url, ca_file=cert)
        before = resident_mb(pid, "VmRSS")
        forget_highest(pid)
        for n in range(rounds):
            report.progress(f"upload: round {n + 1} of {rounds}")
            curl.append(by_curl(url, cert, file))
            spent = proc.cpu_seconds(pid)
            ours.append(by_service(client, profile, file))
            cpu.append(proc.cpu_seconds(pid) - spent)
            python.append(by_python(binding, file))
        growth = resident_mb(pid, "VmHWM") - before
    rows = [
        ["curl -F", table.show(table.summary(curl), " s"), f"{90 / table.summary(curl)['median']:,.0f}", ""],
        ["upload.open, .write, .close", table.show(table.summary(ours), " s"),
         f"{90 / table.summary(ours)['median']:,.0f}", table.show(table.summary(cpu), " s")],
        ["Python: files.upload(file=Path(…))", table.show(table.summary(python), " s"),
         f"{90 / table.summary(python)['median']:,.0f}", ""],
    ]  # fmt: skip
    report.show("A file of 90 MB, loopback TLS", ["way", "wall", "MB/s", "service CPU"], rows)
    report.data["results"]["upload"] = {"curl": curl, "service": ours, "service_cpu": cpu, "python": python, "growth_mb": growth}
    report.target("90 MB through the service ÷ curl", table.ratios(ours, curl), 2, at_most=True)
    report.target("the same, growth of the service's memory", table.summary([growth]), 8, " MB", at_most=True)
    report.target("90 MB through service and Python ÷ curl", table.ratios(python, curl), 2, at_most=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--daemon", default=os.environ.get("DIFYPOOL_DAEMON"), help="difypoold to measure (default: $DIFYPOOL_DAEMON)")
    parser.add_argument("--rounds", type=int, default=7, help="interleaved rounds (default 7)")
    parser.add_argument("--quick", action="store_true", help="2 rounds")
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON")
    options = parser.parse_args()
    if not options.daemon:
        parser.error("which difypoold? give --daemon, or run ./dev bench files")
    report = Report()
    print("Machine: " + ", ".join(f"{k} {v}" for k, v in report.data["machine"].items()))
    service = Service(options.daemon)
    try:
        with tempfile.TemporaryDirectory(prefix="difypool-bench-") as place, sink(Path(place)) as url:
            measure(report, service, 2 if options.quick else options.rounds, url, Path(place))
    finally:
        service.close()
    report.show("What has to be reached", ["figure", "target", "measured", "reached"], [list(t) for t in report.targets])
    if options.json:
        Path(options.json).write_text(json.dumps(report.data, indent=1))
    return 0 if all(t[3] == "yes" for t in report.targets) or options.quick else 1


if __name__ == "__main__":
    sys.exit(main())
