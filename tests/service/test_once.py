"""Attacks on "once": resends to every life of a service, clocks that step, deadlines and cancels.

By raw connections, which do what a careless client or a library's own resend would do.
"""

from __future__ import annotations

import os
import struct
import subprocess
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from daemon import Daemon, sanitized, until
from spclient import new_id, request
from upstream import Request

CREATE = "POST /v1/datasets"
DAY = 86400


def create(profile, **more):
    return request("datasets.create", {"name": "n"}, profile=profile, **more)


# ---- other lives of the service ----


def test_a_frame_without_an_epoch_that_outlived_the_service_is_not_carried_out_again(service, upstream):
    """What a plain REQ socket does by itself when its service was killed under a call."""
    gate = upstream.behaviour = upstream.gate()
    with service.client() as client:
        call = create(client.connect(upstream.url))
        client.send(call)
        gate.wait_for(1)
        service.kill()
    gate.open()
    service.start()
    with service.client() as client:
        again = client.receive(client.send({**call, "profile": client.connect(upstream.url)}))
    assert again["error"]["kind"] == "unknown_outcome"
    assert again["error"]["code"] == "epoch_needed"
    assert upstream.requests[CREATE] == 1


@pytest.mark.parametrize("sign", ["epoch", "again"])
def test_a_resend_that_this_life_knows_is_answered_from_memory(service, upstream, sign):
    """However it is marked: who knows the outcome need not look for it."""
    with service.client() as client:
        call = create(client.connect(upstream.url))
        assert "ok" in client.receive(client.send(call))
        before = upstream.total()
        marked = {**call, sign: os.urandom(16) if sign == "epoch" else True}
        reply = client.receive(client.send(marked))
    assert reply["ok"]["meta"]["resent"] is True
    assert upstream.total() == before


def test_many_resends_through_many_lives_do_a_write_once(service, upstream):
    """The same id, with the epoch of its first life, to a service that is killed again and again."""
    with service.client() as client:
        handle = client.connect(upstream.url)
        call = create(handle, epoch=client.epoch)
        assert "ok" in client.receive(client.send(call))
    for _ in range(3):
        service.kill()
        service.start()
        with service.client() as client:
            there = {**call, "profile": client.connect(upstream.url), "deadline_ms": 400}
            numbers = [client.send(there) for _ in range(3)]
            replies = [client.receive(number) for number in numbers]
        assert {reply["error"]["kind"] for reply in replies} <= {"unknown_outcome", "timeout"}
    assert upstream.requests[CREATE] == 1


# ---- clocks that step ----


class Steps:
    """The service's wall clock, as far as it is off."""

    def __init__(self, directory: Path) -> None:
        library = directory / "steps.so"
        source = Path(__file__).with_name("steps.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source)], check=True)
        self._file = directory / "step"
        self.to(7 * DAY)
        self.environment = {"LD_PRELOAD": str(library), "STEP_FILE": str(self._file)}

    def to(self, seconds: int) -> None:
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("=q", seconds))


@pytest.fixture
def stepping(short):
    if sanitized():
        pytest.skip("a sanitizer wants to be preloaded first")
    steps = Steps(short)
    directory = short / "stepping"
    directory.mkdir()
    daemon = Daemon(directory, "[service]\nremember_ms = 60000\n")
    daemon.environment.update(steps.environment)
    daemon.start()
    yield daemon, steps
    assert daemon.stop() == 0, daemon.said()[-4000:]


def test_a_clock_that_steps_forgets_nothing_and_repeats_nothing(stepping, upstream):
    service, steps = stepping
    with service.client() as client:
        started = client.call("service.info")["body"]["started_ms"]
        handle = client.connect(upstream.url)
        call = create(handle)
        assert "ok" in client.receive(client.send(call))
        for seconds in (DAY, -DAY, 400 * DAY, 0):
            steps.to(seconds)
            again = client.receive(client.send(call))
            assert again["ok"]["meta"]["resent"] is True
            client.call("datasets.list", {"page": 1}, profile=handle, deadline_ms=5000)
    assert started / 1000 > time.time() + 6 * DAY, "the stepping clock is the service's"
    assert upstream.requests[CREATE] == 1


@pytest.mark.parametrize("seconds", [DAY, -DAY])
def test_a_clock_that_is_off_proves_by_the_servers_own(stepping, upstream, seconds):
    """The answer is lost; what is found is held against the server's clock, not against ours."""
    service, steps = stepping
    made_at = [0]

    async def server(asked: Request) -> None:
        date = f"Date: {formatdate(usegmt=True)}\r\n".encode()
        if asked.method == "POST":
            made_at[0] = 1
            asked.writer.transport.abort()
            return
        item = b'{"id":"x1","name":"n","created_at":%d}' % int(time.time())
        body = b'{"data":[%s]}' % (item if made_at[0] else b"")
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Version: 1.12.1\r\n"
        asked.writer.write(head + date + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        await asked.writer.drain()

    upstream.behaviour = server
    steps.to(seconds)
    with service.client() as client:
        reply = client.receive(client.send(create(client.connect(upstream.url))))
    assert reply["ok"]["meta"]["verified"] is True
    assert upstream.requests[CREATE] == 1


# ---- deadlines and cancels ----

ONE_PLACE = "[service]\nconnections_per_host = 1\nconcurrency_max = 1\nwait_queue = 1\n"


def test_what_cannot_be_answered_in_time_is_not_sent(start, upstream):
    service = start(ONE_PLACE)
    gate = upstream.behaviour = upstream.gate()
    with service.client() as client:
        handle = client.connect(upstream.url)
        first = client.send(create(handle))
        gate.wait_for(1)
        args = {"name": "another"}
        late = client.fail("datasets.create", args, profile=handle, deadline_ms=150)
        assert late["kind"] == "timeout", late
        gate.open()
        assert "ok" in client.receive(first)
        client.call("datasets.list", {"page": 1}, profile=handle)
    assert upstream.requests[CREATE] == 1


def test_a_cancelled_wait_frees_its_place(start, upstream):
    service = start(ONE_PLACE)
    gate = upstream.behaviour = upstream.gate()
    with service.client() as client, service.client() as other:
        handle = client.connect(upstream.url)
        first = client.send(request("http.request", {"method": "POST", "path": "/a"}, profile=handle))
        gate.wait_for(1)
        mine = new_id()
        args = {"method": "POST", "path": "/b"}
        waiting = client.send(request("http.request", args, profile=handle, id=mine))
        client.call("service.ping")  # read in order: what was sent before has been taken
        full = other.fail("http.request", {"method": "POST", "path": "/c"}, profile=handle)
        assert (full["kind"], full["code"]) == ("busy", "wait_queue")
        assert other.call("service.cancel", {"id": mine})["body"] == {"running": True}
        assert client.receive(waiting)["error"]["kind"] == "cancelled"
        takes = other.send(request("http.request", {"method": "POST", "path": "/d"}, profile=handle))
        gate.open()
        assert "ok" in client.receive(first)
        assert "ok" in other.receive(takes)
    assert upstream.requests["POST /v1/b"] == upstream.requests["POST /v1/c"] == 0


def test_a_cancelled_write_in_flight_is_finished_and_its_outcome_kept(service, upstream):
    gate = upstream.behaviour = upstream.gate()
    with service.client() as client, service.client() as other:
        mine = new_id()
        call = create(client.connect(upstream.url), id=mine)
        number = client.send(call)
        gate.wait_for(1)
        assert other.call("service.cancel", {"id": mine})["body"] == {"running": True}
        told = client.receive(number)["error"]
        assert (told["kind"], told["pending"]) == ("unknown_outcome", True), told
        assert upstream.open == 1, "it was not cut"
        asked_again = client.send(call)
        gate.open()
        assert "ok" in client.receive(asked_again)
        assert client.receive(client.send(call))["ok"]["meta"]["resent"] is True
    assert upstream.requests[CREATE] == 1


def test_a_write_that_outlives_its_grace_is_remembered_as_unknown(start, upstream):
    service = start("[service]\nwrite_grace_ms = 150\n")
    gate = upstream.behaviour = upstream.gate()
    with service.client() as client:
        call = create(client.connect(upstream.url), deadline_ms=100)
        assert client.receive(client.send(call))["error"]["pending"] is True
        until(lambda: service.stats_of(client)["calls_running"] == 0, "its grace is over")
        again = client.receive(client.send(call))["error"]
        gate.open()
    assert again["kind"] == "unknown_outcome"
    assert not again.get("pending")
    assert upstream.requests[CREATE] == 1
