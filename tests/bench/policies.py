"""./dev bench policies: what the policies reach, beside what they must.

Concurrency beside the best of fixed numbers of connections, a lone caller beside nine greedy ones, the pace of a plan from inside a window that
others have used, an outage under waiting calls, and the cost of the chain of policies. Every server is a process of its own on loopback.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
KB = "5cd92fac-41b4-4251-acb2-538a2a3a75b8"
OP = "documents.create_by_text"


def arguments(number: int) -> dict[str, Any]:
    return {
        "dataset_id": KB,
        "name": f"{number} {time.monotonic_ns()}",  # creates of one name would wait for one another
        "text": "text",
        "indexing_technique": "economy",
        "process_rule": {"mode": "automatic"},
    }


class Places:
    """places.py as a process."""

    def __init__(self, places: int, service_ms: float, kind: str = "steady", distance_ms: float = 0) -> None:
        self.name = f"{places} place{'s' if places > 1 else ''}, {kind}, {service_ms:g} ms" + (f", {distance_ms:g} ms away" if distance_ms else "")
        self.places, self.service_ms, self.distance_ms = places, service_ms, distance_ms
        command = [sys.executable, str(HERE / "places.py"), "--places", str(places), "--service-ms", str(service_ms), "--kind", kind,
                   "--distance-ms", str(distance_ms)]  # fmt: skip
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def say(self, word: str) -> dict[str, int]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        answer: dict[str, int] = json.loads(self.process.stdout.readline())
        return answer

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Places:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Figure(NamedTuple):
    calls_s: float
    median_ms: float
    limit: int = 0


class Clock:
    """What counts: whatever ends within seconds after the settling time, the longer of 3 s and 100 calls."""

    def __init__(self, seconds: float, settle: bool) -> None:
        self.began, self.seconds, self.settle = time.monotonic(), seconds, settle
        self.done, self.from_s, self.times = 0, 0.0, list[float]()

    def ended(self, wire_ms: float) -> bool:
        """One more call has ended; False = enough."""
        now = time.monotonic() - self.began
        self.done += 1
        if not self.from_s and (now >= 3 and self.done >= 100 if self.settle else now >= 0.5):
            self.from_s = now
        elif self.from_s:
            self.times.append(wire_ms)
        return not self.from_s or now < self.from_s + self.seconds

    def figure(self, limit: int) -> Figure:
        return Figure(len(self.times) / self.seconds, statistics.median(self.times or [0.0]), limit)


# --- concurrency ------------------------------------------------------------------------------------------------------


async def fixed(server: Places, width: int, seconds: float) -> Figure:
    """Plain connections, each of which sends as soon as it was answered."""
    body = json.dumps(arguments(1)).encode()
    request = (f"POST /v1/datasets/{KB}/document/create-by-text HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
               f"Content-Length: {len(body)}\r\n\r\n").encode() + body  # fmt: skip
    clock = Clock(seconds, settle=False)

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        going = True
        while going:
            sent = time.monotonic()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            wire = 1000 * (time.monotonic() - sent)
            await reader.readexactly(int(head.rsplit(b":", 1)[1]))
            going = clock.ended(wire)
        writer.close()

    await asyncio.gather(*(one() for _ in range(width)))
    return clock.figure(width)


async def adaptive(server: Places, width: int, seconds: float) -> Figure:
    """As many callers as anybody could want, through the service."""
    import difypool

    clock, limit = Clock(seconds, settle=True), 0
    async with difypool.AsyncClient(base_url=server.url, api_key="dataset-bench", connections=128) as client:

        async def one(number: int) -> None:
            going = True
            while going:
                reply = await client.call(OP, **arguments(number))
                going = clock.ended(reply.meta["server_us"] / 1000)

        await asyncio.gather(*(one(number) for number in range(width)))
        for host in (await client.stats())["hosts"]:
            if str(server.port) in host["origin"]:
                limit = host["concurrency"]
    return clock.figure(limit)


def widths(server: Places, quick: bool) -> list[int]:
    """Fixed numbers worth trying: all up to twice the knee where it is low, in steps of a twelfth where it is high."""
    knee = server.places * (1 + server.distance_ms / server.service_ms)
    if knee <= 10 and not quick:
        return list(range(1, int(2 * knee) + 2))
    if knee <= 10:
        return sorted({1, *(max(1, round(knee * f)) for f in (0.75, 1, 1.25, 1.5))})
    return [max(1, round(knee * f / 12)) for f in ((11, 12, 13) if quick else range(9, 19))]


def concurrency(report: Any, quick: bool) -> None:
    servers = [(1, 60.0, "cpu", 0.0), (1, 50.0, "steady", 0.0), (4, 50.0, "steady", 0.0), (10, 50.0, "steady", 0.0), (64, 100.0, "steady", 0.0),
               (10, 30.0, "steady", 20.0), (4, 50.0, "degrading", 0.0), (10, 50.0, "degrading", 0.0)]  # fmt: skip
    rows, shares, waits, data = [], [], [], {}
    for places, service_ms, kind, distance_ms in servers[:2] + servers[3:6:2] if quick else servers:
        with Places(places, service_ms, kind, distance_ms) as server:
            report.progress(server.name)
            tried = [asyncio.run(fixed(server, n, 1.0 if quick else 2.5)) for n in widths(server, quick)]
            found = asyncio.run(adaptive(server, 3 * max(f.limit for f in tried), 3.0 if quick else 10.0))
        best = max(f.calls_s for f in tried)
        least = min((f for f in tried if f.calls_s >= 0.95 * best), key=lambda f: f.median_ms)
        shares.append(found.calls_s / best)
        waits.append(found.median_ms / least.median_ms)
        data[server.name] = {"tried": tried, "found": found}
        rows.append([server.name, f"{least.limit}: {best:.0f}/s, {least.median_ms:.0f} ms", f"{found.limit}: {found.calls_s:.0f}/s, {found.median_ms:.0f} ms",
                     f"{100 * shares[-1]:.1f} %", f"{waits[-1]:.2f} ×"])  # fmt: skip
    report.show("Calls at once, found by trying, beside the best of fixed ones", ["server", "best fixed", "found", "throughput", "time on the wire"], rows)
    report.data["results"]["concurrency"] = data
    report.least("throughput of the best fixed number of calls at once", 100 * min(shares), 95, " %")
    report.most("median time on the wire ÷ the least at that throughput", max(waits), 1.5, " ×")


# --- processes that call ----------------------------------------------------------------------------------------------


def caller(url: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, str(HERE / "caller.py"), url, *words], stdout=subprocess.PIPE, text=True)


def result_of(process: subprocess.Popen[str], timeout_s: float) -> dict[str, Any]:
    out, _ = process.communicate(timeout=timeout_s)
    result: dict[str, Any] = json.loads(out)
    return result


def fairness(report: Any, quick: bool) -> None:
    seconds, service_ms = (6 if quick else 20), 50.0
    with Places(1, service_ms) as server:
        report.progress("one caller beside nine")
        greedy = [caller(server.url, "greedy", str(seconds + 4), "200") for _ in range(9)]
        time.sleep(3)  # not a wait for an event: the nine are to have their queues full
        lone = result_of(caller(server.url, "lone", str(seconds), str(service_ms * 19 / 1000)), seconds + 30)
        for process in greedy:
            result_of(process, 60)
    waits = [ms / service_ms for ms in lone["waits_ms"]]
    report.data["results"]["fairness"] = lone
    report.show("One caller at a time beside nine with 200 calls waiting each, 1 place, 50 ms", ["calls", "median wait", "longest wait"],
                [[str(len(waits)), f"{statistics.median(waits):.2f} calls' time", f"{max(waits):.2f} calls' time"]])  # fmt: skip
    report.most("longest wait of one call at a time beside nine greedy callers ÷ a call's time", max(waits), 3, " ×")


def pacing(report: Any, quick: bool) -> None:
    from sandbox.testing import Sandbox

    limit, window_s, windows = 100, 3.0, 4 if quick else 10
    with Sandbox("--rate-limit", str(limit), "--rate-window", str(window_s)) as sandbox:
        report.progress("pacing")
        results, refused = paced(sandbox, window_s, windows, limit)
    sent = sorted(t for r in results for t in r["done_at"])
    taught = min(t for r in results for t in r["refused_at"]) if any(r["refused_at"] for r in results) else sent[0]
    first = next(t for t in sent if t > taught + 0.2)
    used = sum(1 for t in sent if first <= t < first + windows * window_s)
    share = 100 * used / (windows * limit)
    report.data["results"]["pacing"] = {"refused": refused, "used": used, "windows": windows, "limit": limit}
    report.show(f"A plan of {limit} calls in {window_s:g} s, 4 processes, 30 of the first window used by others", ["refused in all", "windows", "used"],
                [[str(refused), str(windows), f"{used} of {windows * limit}"]])  # fmt: skip
    report.most("calls refused, those that were out when the first was included", refused, 8, "")
    report.least("of the allowed rate used over the windows after", share, 97, " %")


def paced(sandbox: Any, window_s: float, windows: int, limit: int) -> tuple[list[dict[str, Any]], int]:
    import requests

    session, headers = requests.Session(), {"Authorization": f"Bearer {sandbox.key}"}
    answer = session.post(f"{sandbox.http}/datasets", json={"name": "paced"}, headers=headers, timeout=30)
    dataset = answer.json()["id"]
    for _ in range(limit * 3 // 10 - 1):  # others
        session.post(f"{sandbox.http}/datasets/{dataset}/metadata", json={"type": "string", "name": ""}, headers=headers, timeout=30)
    words = ("paced", str(window_s * (windows + 2.5)), str(int(1000 * window_s)), dataset, sandbox.key)
    processes = [caller(sandbox.http, *words) for _ in range(4)]
    results = [result_of(p, window_s * windows + 60) for p in processes]
    return results, int(sandbox.counter("requests/by_status/403"))


def outage(report: Any, quick: bool) -> None:
    waiting, down_s = 1000, (8 if quick else 60)
    with Places(10, 20.0) as server:
        report.progress("outage")
        process = caller(server.url, "crowd", str(down_s + 16), str(waiting))
        wait_for(lambda: server.say("count")["calls"] > 200, 20)
        time.sleep(4)  # the rate before is that of a limit that has been found
        before = server.say("down")
        time.sleep(down_s)
        after = server.say("up")
        back_at = time.time()
        result = result_of(process, 120)
    attempts = after["refused"] - before["refused"]
    rate_before = rate(result["done_at"], back_at - down_s - 3, back_at - down_s)
    recovery = next((t - back_at for t in steps(back_at, 20) if rate(result["done_at"], t, t + 1) >= 0.95 * rate_before), 99.0)
    report.data["results"]["outage"] = {"attempts": attempts, "rate_before": rate_before, "recovery_s": recovery, "errors": result["errors"]}
    report.show(f"An outage of {down_s} s under {waiting} waiting calls", ["attempts at the address", "calls/s before", "full rate after", "calls that failed"],
                [[str(attempts), f"{rate_before:.0f}", f"{recovery:.1f} s", str(result["errors"])]])  # fmt: skip
    report.most("connection attempts while down, of the calls", 100 * attempts / waiting, 5, " %")
    report.most("from the server's return to full rate", recovery, 3, " s")


def steps(start: float, seconds: int) -> list[float]:
    return [start + 0.1 * n for n in range(10 * seconds)]


def rate(times: list[float], start: float, end: float) -> float:
    return sum(1 for t in times if start <= t < end) / (end - start)


def wait_for(true: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise SystemExit("bench: nothing came of it in time")
        time.sleep(0.02)


def chain(report: Any) -> None:
    """policy.c, which measures the parts of a call that do no I/O."""
    path = os.environ.get("DIFYPOOL_BENCH_POLICY")
    if not path or not Path(path).exists():
        print("bench: bench_policy is not there, so the chain was not measured; ./dev bench builds it", file=sys.stderr)
        return
    out = subprocess.run([path], check=True, capture_output=True, text=True, timeout=300).stdout
    parts = [(line[:58].strip(), float(line[58:].split()[0])) for line in out.splitlines()]
    report.show("The parts of a call that do no I/O, CPU, best of seven rounds", ["part", "µs"], [[n, f"{v:.3f}"] for n, v in parts])
    report.most("the chain of policies, fake clock", next(v for n, v in parts if n.startswith("the chain")), 3, " µs")


def run(report: Any, quick: bool, only: list[str]) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parts = {"chain": lambda: chain(report), "concurrency": lambda: concurrency(report, quick), "fairness": lambda: fairness(report, quick),
             "pacing": lambda: pacing(report, quick), "outage": lambda: outage(report, quick)}  # fmt: skip
    for name in only or parts:
        parts[name]()
