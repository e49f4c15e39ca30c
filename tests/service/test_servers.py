"""Servers that misbehave: the caller gets a clear error in time, and other hosts' calls go on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time

import pytest

from daemon import until
from spclient import request
from upstream import Request, Upstream


@contextlib.contextmanager
def second_upstream():
    other = Upstream()
    try:
        yield other
    finally:
        other.close()


def others_are_served(service, healthy: Upstream, client) -> None:
    handle = client.connect(healthy.url)
    for page in range(5):
        client.call("datasets.list", {"page": page + 1}, profile=handle)


async def stall_before_the_head(request_: Request) -> None:
    await asyncio.sleep(3600)


async def stall_in_the_head(request_: Request) -> None:
    request_.writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: appl")
    await asyncio.sleep(3600)


async def stall_in_the_body(request_: Request) -> None:
    request_.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    await asyncio.sleep(3600)


async def trickle(request_: Request) -> None:
    request_.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        request_.writer.write(b"x")
        await request_.writer.drain()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    "behaviour", [stall_before_the_head, stall_in_the_head, stall_in_the_body, trickle]
)
def test_who_stalls_is_left_at_the_deadline(service, upstream, behaviour):
    upstream.behaviour = behaviour
    with service.client() as client, second_upstream() as healthy:
        handle = client.connect(upstream.url, retry=False)
        call = request("datasets.list", {"page": 1}, profile=handle, deadline_ms=400)
        number = client.send(call)
        others_are_served(service, healthy, client)
        error = client.receive(number)["error"]
        assert error["kind"] == "timeout", error
    assert service.stats()["service"]["calls_running"] == 0


def test_who_stalls_is_left_at_the_stall_bound(start, upstream):
    service = start("[service]\nstall_timeout_ms = 300\n")
    upstream.behaviour = stall_in_the_body
    with service.client() as client:
        handle = client.connect(upstream.url, retry=False)
        error = client.fail("datasets.list", {"page": 1}, profile=handle)
    assert error["kind"] in ("timeout", "unreachable", "server_error"), error


def test_a_reset_is_an_error_of_its_kind(service, upstream):
    async def reset(request_: Request) -> None:
        request_.reset()

    upstream.behaviour = reset
    with service.client() as client, second_upstream() as healthy:
        handle = client.connect(upstream.url, retry=False)
        error = client.fail("datasets.list", {"page": 1}, profile=handle)
        assert error["kind"] == "unreachable", error
        others_are_served(service, healthy, client)


def test_a_gigabyte_is_refused_and_not_held(service, upstream):
    async def gigabyte(request_: Request) -> None:
        request_.writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        piece = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        for _ in range(1024):
            request_.writer.write(piece)
            await request_.writer.drain()

    upstream.behaviour = gigabyte
    with service.client(60) as client, second_upstream() as healthy:
        handle = client.connect(upstream.url, retry=False)
        number = client.send(request("datasets.list", {"page": 1}, profile=handle))
        others_are_served(service, healthy, client)
        error = client.receive(number)["error"]
        assert error["kind"] == "too_large", error
        until(lambda: service.memory() < 40_000_000, "its memory is back")


def test_a_gigabyte_that_is_announced_reserves_nothing(service, upstream):
    async def announce(request_: Request) -> None:
        request_.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
        await request_.writer.drain()
        await asyncio.sleep(3600)

    upstream.behaviour = announce
    with service.client() as client:
        handle = client.connect(upstream.url, retry=False)
        before = service.memory()
        error = client.fail("datasets.list", {"page": 1}, profile=handle, deadline_ms=1000)
        assert error["kind"] in ("too_large", "timeout"), error
        assert service.memory() - before < 8_000_000


def test_headers_without_end_are_refused(service, upstream):
    async def endless(request_: Request) -> None:
        request_.writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            request_.writer.write(b"X-Filler: " + b"y" * 4000 + b"\r\n")
            await request_.writer.drain()

    upstream.behaviour = endless
    with service.client(30) as client, second_upstream() as healthy:
        handle = client.connect(upstream.url, retry=False)
        before = service.memory()
        number = client.send(request("datasets.list", {"page": 1}, profile=handle))
        others_are_served(service, healthy, client)
        error = client.receive(number)["error"]
        assert error["kind"] in ("too_large", "protocol", "unreachable"), error
        assert service.memory() - before < 8_000_000


def test_not_http_at_all(service, upstream):
    async def garbage(request_: Request) -> None:
        request_.writer.write(b"\x00\x01SSH-2.0-nothing\r\n\r\n" * 10)
        await request_.writer.drain()
        request_.writer.close()

    upstream.behaviour = garbage
    with service.client() as client:
        handle = client.connect(upstream.url, retry=False)
        error = client.fail("datasets.list", {"page": 1}, profile=handle)
    assert error["kind"] in ("protocol", "unreachable"), error


def test_nobody_listens_there(service):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))  # bound and not listening: refused
        with service.client() as client:
            url = f"http://127.0.0.1:{s.getsockname()[1]}"
            handle = client.connect(url, retry=False)
            error = client.fail("datasets.list", {"page": 1}, profile=handle)
    assert error["kind"] == "unreachable"
    assert error["retryable"] is True


NAMESPACE = """
import os, sys, subprocess
conf, hosts, nss, command = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
subprocess.run(["mount", "--make-rprivate", "/"], check=True)
subprocess.run(["mount", "--bind", conf, "/etc/resolv.conf"], check=True)
subprocess.run(["mount", "--bind", nss, "/etc/nsswitch.conf"], check=True)
os.execv(command[0], command)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="a mount namespace of its own needs root")
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare(1)")
def test_a_name_server_that_does_not_answer_harms_no_other_host(short, upstream):
    """Looking a name up hangs; calls to a host by address go on at their usual pace."""
    from daemon import Daemon, program

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        try:
            silent.bind(("127.0.0.77", 53))
        except OSError as error:
            pytest.skip(f"cannot be a name server at 127.0.0.77:53: {error}")
        (short / "resolv.conf").write_text("nameserver 127.0.0.77\noptions timeout:20 attempts:1\n")
        (short / "nsswitch.conf").write_text("hosts: dns\n")
        (short / "ns.py").write_text(NAMESPACE)
        wrapper = short / "difypoold"
        wrapper.write_text(
            f"#!/bin/sh\nexec unshare -m {sys.executable} {short}/ns.py {short}/resolv.conf x "
            f'{short}/nsswitch.conf {program()} "$@"\n'
        )
        wrapper.chmod(0o755)
        probe = subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True)
        if probe.returncode != 0:
            pytest.skip("this machine allows no mount namespace")
        directory = short / "d"
        directory.mkdir()
        daemon = Daemon(directory)
        before = os.environ["DIFYPOOL_DAEMON"]
        os.environ["DIFYPOOL_DAEMON"] = str(wrapper)
        try:
            daemon.start()
            with daemon.client() as client:
                hangs = client.connect("http://dify.invalid.example", retry=False)
                call = request("datasets.list", {"page": 1}, profile=hangs, deadline_ms=1500)
                number = client.send(call)
                silent.settimeout(10)
                silent.recvfrom(512)  # the question has come; nobody will answer it
                handle = client.connect(upstream.url)
                slowest = 0.0
                for page in range(50):
                    began = time.monotonic()
                    client.call("datasets.list", {"page": page + 1}, profile=handle)
                    slowest = max(slowest, time.monotonic() - began)
                assert slowest < 1.0, f"a call to another host took {slowest:.2f} s"
                error = client.receive(number)["error"]
                assert error["kind"] in ("timeout", "unreachable"), error
        finally:
            os.environ["DIFYPOOL_DAEMON"] = before
            assert daemon.stop() == 0, daemon.said()[-2000:]
