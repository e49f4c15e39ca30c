"""Many at once: pipelines that are read late, clients that vanish, a thousand clients."""

from __future__ import annotations

import contextlib
import selectors
import shutil
import socket
import threading
import time

import pytest

from daemon import Daemon, answers, until
from spclient import GREETING, Client, Gone, request


def test_five_thousand_pipelined_requests_read_late(service):
    with service.client(60) as client:
        done = threading.Event()
        numbers: list[int] = []

        def write() -> None:
            for _ in range(5000):
                numbers.append(client.send(request("service.ping")))
            done.set()

        writer = threading.Thread(target=write)
        writer.start()
        # Nothing is read before all is written: the service has to hold what its socket cannot.
        assert done.wait(60), "the service stopped reading"
        writer.join()
        replies = [client.receive_any() for _ in range(5000)]
    assert sorted(n for n, _ in replies) == sorted(numbers)
    assert all("ok" in reply for _, reply in replies)


def test_who_never_reads_is_closed_and_harms_nobody(start):
    service = start("[service]\nunread_per_client = 500\n")
    with service.client(30) as greedy, service.client() as other:
        with pytest.raises((Gone, BrokenPipeError, ConnectionResetError)):
            for _ in range(20000):
                greedy.send(request("service.ping"))
            while True:
                greedy.receive_any()
        other.call("service.ping")
    assert "unread_per_client" in service.said()


def test_calls_per_client_and_calls_max_are_bounds(start, upstream):
    service = start("[service]\ncalls_per_client = 5\ncalls_max = 8\n")
    gate = upstream.behaviour = upstream.gate()
    with service.client() as one, service.client() as other:
        handle = one.connect(upstream.url)
        mine = [one.send(request("datasets.list", {"page": n + 1}, profile=handle)) for n in range(5)]
        running = lambda: service.stats()["service"]["calls_running"]  # noqa: E731
        until(lambda: running() == 5, "five run")
        error = one.fail("datasets.list", {"page": 9}, profile=handle)
        assert (error["kind"], error["code"]) == ("busy", "calls_per_client")
        theirs = [
            other.send(request("datasets.list", {"page": n + 11}, profile=handle)) for n in range(3)
        ]
        until(lambda: running() == 8, "eight run")
        error = other.fail("datasets.list", {"page": 19}, profile=handle)
        assert (error["kind"], error["code"]) == ("busy", "calls_max")
        other.call("service.ping")
        gate.open()
        assert all("ok" in one.receive(n) for n in mine)
        assert all("ok" in other.receive(n) for n in theirs)
        other.call("datasets.list", {"page": 19}, profile=handle)


def test_clients_max_is_a_bound(start):
    service = start("[service]\nclients_max = 3\n")

    def admitted() -> Client | None:
        try:
            client = service.client()
            client.call("service.ping")
        except (Gone, OSError):
            return None
        return client

    # Whoever was connected before, such as the question whether it answers, may just be leaving.
    clients = [until(admitted, "there is a place") for _ in range(3)]
    assert admitted() is None
    for client in clients:
        client.call("service.ping")
    clients.pop().close()
    clients.append(until(admitted, "a place is free again"))
    for client in clients:
        client.call("service.ping")
        client.close()


def vanish(path: str, how: int) -> None:
    """Connect, and be gone: at once, after a greeting, or in the middle of a message."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        try:
            s.connect(path)
            if how > 0:
                s.sendall(GREETING)
            if how > 1:
                s.sendall(b"\x01\x00\x00\x00\x00\x00\x00\x01\x00\x80\x00")
        except OSError:
            pass  # its backlog is full, or it listens again just now


class Outages:
    """Asks over fresh connections all the time; remembers the longest time without an answer."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.longest = 0.0
        self.answers = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        last = time.monotonic()
        while not self.stop.is_set():
            try:
                with Client(self.path, timeout=0.2) as client:
                    client.call("service.ping")
                last = time.monotonic()
                self.answers += 1
            except (OSError, Gone, TimeoutError):
                pass
            self.longest = max(self.longest, time.monotonic() - last)

    def end(self) -> None:
        self.stop.set()
        self.thread.join()


def test_two_thousand_clients_that_connect_and_vanish(service, upstream):
    """No outage over 2 s, and a call that runs meanwhile is not cancelled."""
    gate = upstream.behaviour = upstream.gate()
    patient = service.client(60)
    handle = patient.connect(upstream.url)
    call = request("datasets.create", {"name": "n"}, profile=handle, epoch=patient.epoch)
    patient.send(call)
    gate.wait_for(1)
    outages = Outages(service.socket)
    for n in range(2000):
        vanish(service.socket, n % 3)
    until(lambda: outages.answers > 0, "somebody is served")
    served = outages.answers
    until(lambda: outages.answers > served, "and still is, after the last has vanished")
    outages.end()
    assert outages.longest < 2.0, f"nobody was served for {outages.longest:.2f} s"
    gate.open()
    try:
        reply = patient.receive_any()[1]
    except (Gone, ConnectionResetError):  # it listened again: ask again, as clients do
        patient = service.client()
        reply = patient.receive(patient.send(call))
    assert "ok" in reply, reply
    assert upstream.requests["POST /v1/datasets"] == 1
    patient.close()


def test_a_thousand_clients_at_once(service, upstream):
    """All connected at the same time, each with a call of its own, all served."""
    with service.client() as first:
        handle = first.connect(upstream.url)
    clients = [service.client(60) for _ in range(1000)]
    until(lambda: service.stats()["service"]["clients"] > 1000, "all are connected at once")
    numbers = []
    for n, client in enumerate(clients):
        call = request("datasets.list", {"page": n + 1}, profile=handle, deadline_ms=60000)
        numbers.append(client.send(call))
    waiting = selectors.DefaultSelector()
    for client, number in zip(clients, numbers, strict=True):
        waiting.register(client.socket, selectors.EVENT_READ, (client, number))
    served = 0
    deadline = time.monotonic() + 60
    while served < 1000:
        assert time.monotonic() < deadline, f"only {served} were served"
        for key, _ in waiting.select(1):
            client, number = key.data
            got, reply = client.receive_any()
            assert got == number and "ok" in reply, reply
            waiting.unregister(client.socket)
            served += 1
    for client in clients:
        client.close()
    until(lambda: service.stats()["service"]["clients"] == 1, "all are gone")
    assert upstream.connections <= 20


def test_large_messages_both_ways(service, upstream):
    body = b"y" * 20_000_000

    async def big(request_) -> None:
        await request_.answer(body=body, content_type="application/octet-stream")

    upstream.behaviour = big
    with service.client(60) as client:
        handle = client.connect(upstream.url)
        args = {"method": "POST", "path": "/big", "body": b"x" * 30_000_000}
        ok = client.call("http.request", args, profile=handle)
    assert ok["body"] == body
    assert len(upstream.bodies[-1]) == 30_000_000


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="needs prlimit(1)")
def test_descriptors_run_out_and_come_back(short):
    """While there are none, those who are connected are served; afterwards newcomers are again."""
    directory = short / "d"
    directory.mkdir()
    daemon = Daemon(directory)
    daemon.prefix = ["prlimit", "--nofile=64:64"]
    daemon.start()
    clients = []
    with contextlib.suppress(Gone, OSError):
        for _ in range(100):
            clients.append(Client(daemon.socket, timeout=0.3))
    assert 20 < len(clients) < 64
    for client in clients:
        client.timeout = 15
        client.call("service.ping")
        client.close()
    until(lambda: answers(daemon.socket), "newcomers are served again")
    assert daemon.stop() == 0


def test_strangers_keep_no_place_from_clients(service):
    """Connections that never greet are many; whoever greets is served all the same."""
    strangers = []
    for _ in range(700):
        s = socket.socket(socket.AF_UNIX)
        s.connect(service.socket)
        strangers.append(s)
    with service.client() as client:
        for _ in range(10):
            client.call("service.ping")
    until(lambda: service.stats()["service"]["clients"] == 1, "strangers are no clients")
    for s in strangers:
        s.close()
    until(lambda: service.descriptors() < 60, "their descriptors are closed")
