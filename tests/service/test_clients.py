"""Unmodified clients of others: pynng's REQ socket, as anybody would use it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import msgpack
import pytest

from spclient import new_id, request

pynng = pytest.importorskip("pynng")


@pytest.mark.parametrize("transport", ["own", "libnng"])
def test_pynng(start, upstream, transport):
    service = start(f"[service]\ntransport = {transport}\n")
    with pynng.Req0(dial=f"ipc://{service.socket}", recv_timeout=15000) as req:

        def ask(op, args=None, **more):
            req.send(msgpack.packb(request(op, args, **more)))
            return msgpack.unpackb(req.recv())

        info = ask("service.info")["ok"]["body"]
        assert info["name"] == "difypoold"
        connect = {"base_url": upstream.url, "api_key": "k"}
        handle = ask("service.connect", connect)["ok"]["body"]["profile"]
        for n in range(20):
            reply = ask("datasets.list", {"page": n + 1}, profile=handle)
            assert reply["ok"]["status"] == 200
    assert upstream.connections == 1


def test_pynng_contexts_at_once(service, upstream):
    with service.client() as client:
        handle = client.connect(upstream.url)
    with pynng.Req0(dial=f"ipc://{service.socket}", recv_timeout=15000) as req:
        contexts = [req.new_context() for _ in range(40)]
        ids = [new_id() for _ in contexts]
        for n, (context, mine) in enumerate(zip(contexts, ids, strict=True)):
            call = request("datasets.list", {"page": n + 1}, profile=handle, id=mine)
            context.send(msgpack.packb(call))
        for context, mine in zip(contexts, ids, strict=True):
            reply = msgpack.unpackb(context.recv())
            assert reply["id"] == mine and "ok" in reply
            context.close()


def test_pynng_resends_after_a_restart_and_nothing_is_done_twice(service, upstream):
    """Its socket sends the request again by itself; the write comes back as unknown."""
    gate = upstream.behaviour = upstream.gate()
    with service.client() as client:
        handle = client.connect(upstream.url)
    with pynng.Req0(dial=f"ipc://{service.socket}", recv_timeout=20000) as req:
        req.send(msgpack.packb(request("datasets.create", {"name": "n"}, profile=handle)))
        gate.wait_for(1)
        service.kill()
        service.start()
        error = msgpack.unpackb(req.recv())["error"]
    gate.open()
    # The handle went with the service; had it been a configured profile: epoch_needed.
    assert error["code"] in ("no_such_profile", "epoch_needed")
    assert upstream.requests["POST /v1/datasets"] == 1


def test_pynng_resends_a_write_of_a_configured_profile(start, upstream):
    gate = upstream.behaviour = upstream.gate()
    service = start(f"[profile default]\nbase_url = {upstream.url}\n")
    with pynng.Req0(dial=f"ipc://{service.socket}", recv_timeout=20000) as req:
        req.send(msgpack.packb(request("datasets.create", {"name": "n"})))
        gate.wait_for(1)
        service.kill()
        service.start()
        error = msgpack.unpackb(req.recv())["error"]
    gate.open()
    assert (error["kind"], error["code"]) == ("unknown_outcome", "epoch_needed")
    assert upstream.requests["POST /v1/datasets"] == 1


def test_libnng_listener_is_healed_after_clients_that_vanish(start):
    """libnng before 1.6 stops listening; the service's question to itself notices and heals it."""
    from test_load import Outages, vanish

    service = start("[service]\ntransport = libnng\n")
    outages = Outages(service.socket)
    for n in range(300):
        vanish(service.socket, n % 2)
    from daemon import until

    served = outages.answers
    until(lambda: outages.answers > served, "somebody is served again")
    outages.end()
    assert outages.longest < 2.0, f"nobody was served for {outages.longest:.2f} s"


EXAMPLE = Path(__file__).parents[2] / "proto/examples/call.c"


@pytest.mark.parametrize("transport", ["own", "libnng"])
@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_libnng_in_c(start, short, transport):
    """The example of the protocol: libnng's REQ socket in C, and nothing of difypool."""
    flags: list[str] = []
    for name in ("msgpack-c", "msgpack"):
        found = subprocess.run(
            ["pkg-config", "--cflags", "--libs", name], capture_output=True, text=True, check=False
        )
        if found.returncode == 0:
            flags = found.stdout.split()
            break
    program = short / "call"
    built = subprocess.run(
        ["cc", "-std=gnu11", str(EXAMPLE), "-o", str(program), "-lnng", *flags],
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode != 0 and ("nng/nng.h" in built.stderr or "msgpack.h" in built.stderr):
        pytest.skip("the headers of libnng or msgpack-c are not installed")
    assert built.returncode == 0, built.stderr
    service = start(f"[service]\ntransport = {transport}\n")
    for op in ("service.ping", "service.info"):
        done = subprocess.run(
            [str(program), service.socket, op],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "epoch" in done.stdout
