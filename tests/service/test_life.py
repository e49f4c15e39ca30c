"""The process: stop, reload, drain, systemd, config, who may connect."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import strangers
from daemon import Daemon, answers, program, refused, until
from spclient import Gone, request
from strangers import as_user
from upstream import Upstream


def test_sigterm_finishes_what_runs(service, upstream):
    gate = upstream.behaviour = upstream.gate()
    with service.client() as client:
        handle = client.connect(upstream.url)
        number = client.send(request("datasets.create", {"name": "n"}, profile=handle))
        gate.wait_for(1)
        service.signal(signal.SIGTERM)
        until(lambda: not os.path.exists(service.socket), "the path is free")
        error = client.fail("datasets.list", {"page": 1}, profile=handle)
        assert (error["kind"], error["code"], error["retryable"]) == ("cancelled", "draining", True)
        gate.open()
        assert "ok" in client.receive(number)
        assert service.process.wait(10) == 0
        with pytest.raises(Gone):
            client.receive_any()


def test_a_second_signal_ends_it_at_once(start, upstream):
    service = start("[service]\nstop_ms = 60000\n")
    upstream.behaviour = upstream.gate()
    with service.client() as client:
        handle = client.connect(upstream.url)
        number = client.send(request("datasets.list", {"page": 1}, profile=handle))
        upstream.wait(lambda: upstream.total() == 1, "the call is out")
        service.signal(signal.SIGINT)
        until(lambda: not os.path.exists(service.socket), "it is ending")
        service.signal(signal.SIGINT)
        assert client.receive(number)["error"]["kind"] == "cancelled"
        assert service.process.wait(10) == 0


def test_a_stop_is_bounded(start, upstream):
    service = start("[service]\nstop_ms = 100\n")
    upstream.behaviour = upstream.gate()
    with service.client() as client:
        handle = client.connect(upstream.url)
        number = client.send(request("datasets.list", {"page": 1}, profile=handle))
        upstream.wait(lambda: upstream.total() == 1, "the call is out")
        service.signal(signal.SIGTERM)
        assert client.receive(number)["error"]["kind"] == "cancelled"
        assert service.process.wait(10) == 0
    assert "did not finish within stop_ms" in service.said()


def test_drain_ends_the_service(service):
    with service.client() as client:
        assert client.call("service.drain")["body"] == {"draining": True}
        assert service.process.wait(10) == 0
    assert not os.path.exists(service.socket)


def test_a_clean_end_leaves_only_the_lock(service):
    service.stop()
    left = set(os.listdir(service.directory))
    assert left == {"difypool.ini", "stderr", "socket.lock"}


def test_two_services_do_not_share_a_path(service):
    second = subprocess.run(
        [program(), "-c", str(service.config), "--socket", service.socket],
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert second.returncode == 1
    assert b"Another difypoold serves" in second.stderr
    assert answers(service.socket)


def test_reload_changes_profiles_and_bounds(start, upstream):
    service = start(f"[profile default]\nbase_url = {upstream.url}\n")
    with service.client() as client, contextual() as other:
        client.call("datasets.list", {"page": 1})
        service.config.write_text(
            f"[service]\ncalls_per_client = 77\ndefault_profile = b\n"
            f"[profile a]\nbase_url = {upstream.url}\n[profile b]\nbase_url = {other.url}\n"
        )
        service.signal(signal.SIGHUP)
        until(lambda: "reloaded the config" in service.said(), "it was reloaded")
        assert client.call("service.info")["body"]["limits"]["calls_per_client"] == 77
        client.call("datasets.list", {"page": 1})
        assert other.total() == 1
        assert client.fail("datasets.list", {"page": 1}, profile="default")["kind"] == "not_found"
        names = [p["name"] for p in client.call("service.profiles")["body"]]
        assert names == ["a", "b"]


def contextual():
    import contextlib

    @contextlib.contextmanager
    def manage():
        server = Upstream()
        try:
            yield server
        finally:
            server.close()

    return manage()


def test_a_reload_keeps_the_connections_of_unchanged_profiles(start, upstream):
    service = start(f"[profile default]\nbase_url = {upstream.url}\n")
    with service.client() as client:
        client.call("datasets.list", {"page": 1})
        service.signal(signal.SIGHUP)
        until(lambda: "reloaded the config" in service.said(), "it was reloaded")
        client.call("datasets.list", {"page": 1})
    assert upstream.connections == 1


@pytest.mark.parametrize(
    "broken",
    [
        "[profile default]\nbase_url = nonsense\n",
        "[service]\ncalls_max = none\n",
        "[nothing]\na = b\n",
    ],
)
def test_a_bad_reload_keeps_the_old_config(start, upstream, broken):
    service = start(f"[profile default]\nbase_url = {upstream.url}\n")
    service.config.write_text(broken)
    service.signal(signal.SIGHUP)
    until(lambda: "was not reloaded" in service.said(), "it says so")
    with service.client() as client:
        client.call("datasets.list", {"page": 1})


def test_systemd_is_told(short):
    path = str(short / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(path)
        notify.settimeout(15)
        directory = short / "d"
        directory.mkdir()
        daemon = Daemon(directory)
        daemon.environment["NOTIFY_SOCKET"] = path
        daemon.start()

        def hear(what: bytes) -> bytes:
            while True:
                message = notify.recv(4096)
                if message.startswith(what):
                    return message

        assert b"STATUS=listening on" in hear(b"READY=1")
        hear(b"WATCHDOG=1")
        daemon.signal(signal.SIGHUP)
        assert b"MONOTONIC_USEC=" in hear(b"RELOADING=1")
        hear(b"READY=1")
        daemon.signal(signal.SIGTERM)
        hear(b"STOPPING=1")
        assert daemon.stop() == 0


@contextlib.contextmanager
def held_thread(pid: int, name: str) -> Iterator[None]:
    """One thread of a process stands still, as in a system call that does not return."""
    seize, interrupt, detach = 0x4206, 0x4207, 17
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    tasks = Path(f"/proc/{pid}/task")
    (tid,) = [int(t.name) for t in tasks.iterdir() if (t / "comm").read_text().strip() == name]
    if libc.ptrace(seize, tid, None, None) != 0:
        pytest.skip(f"ptrace: {os.strerror(ctypes.get_errno())}")
    wait_all = 0x40000000  # __WALL: a thread that is no child
    try:
        assert libc.ptrace(interrupt, tid, None, None) == 0
        os.waitpid(tid, wait_all)
        yield
    finally:
        libc.ptrace(detach, tid, None, None)


def test_the_watchdog_is_not_fed_while_the_engine_is_held(short):
    path = str(short / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(path)
        notify.settimeout(15)
        directory = short / "d"
        directory.mkdir()
        daemon = Daemon(directory)
        daemon.environment["NOTIFY_SOCKET"] = path
        daemon.start()

        def await_fed() -> None:
            while not notify.recv(4096).startswith(b"WATCHDOG=1"):
                pass

        await_fed()
        with held_thread(daemon.pid, "difypool"):
            until(lambda: "the engine does not answer" in daemon.said(), "it is noticed")
            notify.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    notify.recv(4096)  # what was sent before
            with daemon.client() as client:  # the socket itself is fine, and is asked on
                for _ in range(3):
                    client.call("service.ping")
            notify.settimeout(2.5)  # two questions of the main loop to itself
            with pytest.raises(TimeoutError):
                notify.recv(4096)
        notify.settimeout(15)
        await_fed()
        assert daemon.stop() == 0


def test_memory_of_an_idle_service(service):
    with service.client() as client:
        client.call("service.ping")
    assert service.memory() <= 12_000_000


def test_it_leaks_no_descriptors(service, upstream):
    with service.client() as client:
        handle = client.connect(upstream.url, pooling=False)
        client.call("datasets.list", {"page": 1}, profile=handle)
    until(lambda: service.stats()["service"]["clients"] == 1, "only the asker is there")
    before = service.descriptors()
    for _ in range(30):
        with service.client() as client:
            client.call("datasets.list", {"page": 1}, profile=handle)
    until(lambda: service.descriptors() <= before, "all are closed")


def test_no_core_and_no_debugger(service):
    limits = Path(f"/proc/{service.pid}/limits").read_text()
    (core,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core.split()[4] == "0"
    (files,) = [line for line in limits.splitlines() if line.startswith("Max open files")]
    assert files.split()[3] == files.split()[4], "descriptors are not raised to the hard limit"


def check(tmp_path: Path, text: str) -> subprocess.CompletedProcess[str]:
    config = tmp_path / "difypool.ini"
    config.write_text(text)
    return subprocess.run(
        [program(), "-c", str(config), "--check"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def test_check_prints_what_is_in_force_and_no_key(tmp_path):
    key = tmp_path / "key"
    key.write_text("dataset-very-secret\n")
    key.chmod(0o600)
    done = check(
        tmp_path,
        f"[service]\ncalls_max = 99\n[profile p]\nbase_url = http://h\napi_key_file = {key}\n",
    )
    assert done.returncode == 0, done.stderr
    assert "calls_max = 99" in done.stdout
    assert "[profile p]" in done.stdout and f"api_key_file = {key}" in done.stdout
    assert "very-secret" not in done.stdout + done.stderr
    assert "socket in force" in done.stdout


def test_check_prints_the_pools_defaults_too(tmp_path):
    done = check(tmp_path, "[service]\nretry_percent = 7\n")
    assert done.returncode == 0, done.stderr
    for line in ("connections_per_host = 20", "verify_window_ms = 10000", "breaker_failures = 5", "retry_percent = 7"):
        assert line in done.stdout.splitlines()
    assert not [line for line in done.stdout.splitlines() if line.endswith("= 0")]
    done = check(tmp_path, "[service]\nbreaker_pause_ms = 5000\nbreaker_pause_max_ms = 4000\n")
    assert done.returncode != 0
    assert "breaker_pause_max_ms" in done.stderr


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[service]\ncolour = red\n", 2, ["colour", "difypool.ini"]),
        ("[service]\n\ncalls_max = 0\n", 3, ["calls_max", "from 1 to"]),
        ("[service]\nlog_level = loud\n", 2, ["loud", "warning"]),
        ("[service]\nshared = maybe\n", 2, ["maybe", "yes and no"]),
        ("[servce]\n", 1, ["servce", "[profile NAME]"]),
        ("[servce]\ncalls_max = 1\n", 1, ["servce"]),
        ("[profile a b]\nbase_url = http://h\n", 1, ["a b"]),
        ("[profile p]\nbase_url = http://h\nbase_url = http://i\n", 3, ["twice", "base_url"]),
        ("[profile p]\nbase_url = http://h\napi_key = k\n", 3, ["api_key_file"]),
        ("[profile p]\nbase_url = http://h\nwarm = -1\n", 3, ["warm", "1024"]),
        ("[profile p]\nbase_url = http://h\nbase = x\n", 3, ["base"]),
        ("[allow a]\nusers = nobody-of-that-name\n", 2, ["users"]),
        ("[allow a]\ndeny = x\n", 2, ["deny"]),
        ("calls_max = 3\n", 1, ["outside"]),
        ("[service]\nwhat is this\n", 2, ["not understood"]),
        ("[service]\nsocket = /" + "x" * 300 + "\n", 2, ["too long"]),
    ],
)
def test_config_errors_say_where_and_what_is_allowed(tmp_path, text, line, words):
    done = check(tmp_path, text)
    assert done.returncode == 1
    assert f"difypool.ini:{line}:" in done.stderr, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


def test_config_errors_of_the_whole(tmp_path):
    key = tmp_path / "key"
    key.write_text("secret-thing")
    key.chmod(0o644)
    head = "[profile p]\nbase_url = http://h\n"
    for text, words in [
        ("[profile p]\nworkspace = w\n", "has no base_url"),
        (head + f"api_key_file = {key}\n", "chmod 0600"),
        (head + "api_key_file = /nonexistent\n", "cannot be read"),
        (head + "api_key_env = NOT_SET_ANYWHERE\n", "NOT_SET_ANYWHERE"),
        (head + "api_key_credential = c\n", "CREDENTIALS_DIRECTORY"),
        (head + "api_key_env = HOME\napi_key_file = /x\n", "has a key already"),
        ("[service]\ndefault_profile = q\n" + head, "has no section"),
        ("[service]\ngroup = root\n", "not shared"),
    ]:
        done = check(tmp_path, text)
        assert done.returncode == 1
        assert words in done.stderr, done.stderr
        assert "secret-thing" not in done.stderr


def test_keys_come_from_file_environment_and_credentials(start, upstream, monkeypatch, tmp_path):
    seen = []

    async def note(request_) -> None:
        seen.append(request_.headers["authorization"])
        await request_.answer()

    upstream.behaviour = note
    key = tmp_path / "key"
    key.write_text("  from-file \n")
    key.chmod(0o600)
    (tmp_path / "cred").write_text("from-credential")
    (tmp_path / "cred").chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("THE_KEY", "from-environment")
    url = f"base_url = {upstream.url}\n"
    service = start(
        f"[profile f]\n{url}api_key_file = {key}\n[profile e]\n{url}api_key_env = THE_KEY\n"
        f"[profile c]\n{url}api_key_credential = cred\n"
    )
    with service.client() as client:
        for name in "fec":
            client.call("datasets.list", {"page": 1}, profile=name)
        error = client.fail("datasets.list", {"page": 1})
        assert error["code"] == "no_such_profile"
    assert seen == ["Bearer from-file", "Bearer from-environment", "Bearer from-credential"]


def test_command_line():
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program(), *arguments], capture_output=True, text=True, timeout=20, check=False
        )

    assert run("--version").stdout.startswith("difypoold ")
    assert "usage: difypoold" in run("--help").stdout
    for wrong in (["--nonsense"], ["left", "over"], ["--socket", "relative"], ["--log-level", "x"]):
        done = run(*wrong)
        assert done.returncode == 2, wrong
        assert done.stderr
    long = "/tmp/" + "x" * 120
    done = run("--socket", long)
    assert done.returncode == 1 and "107" in done.stderr + done.stdout, done.stderr


def test_json_logs(start, upstream):
    import json

    service = start(f"[service]\nlog_json = yes\n[profile default]\nbase_url = {upstream.url}\n")
    with service.client() as client:
        client.call("datasets.list", {"page": 1})
    lines = [json.loads(line) for line in service.said().splitlines()]
    (call,) = [line for line in lines if line["message"] == "call"]
    assert (call["op"], call["kind"], call["status"], call["attempts"]) == ("datasets.list", "ok", 200, 1)
    assert {"time", "level", "uid", "pid", "profile", "ms", "sent", "received"} <= set(call)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")


@pytest.fixture
def shared(short, upstream):
    """A shared service that uid 4242 (group 4343) can reach."""
    short.chmod(0o755)
    directory = short / "d"
    directory.mkdir()
    daemon = Daemon(
        directory,
        f"[service]\nshared = yes\n[profile site]\nbase_url = {upstream.url}/v1\n"
        "[allow crawlers]\ngroups = 4343\noperations = datasets.*, service.*\n",
    )
    directory.chmod(0o755)
    daemon.start()
    os.chmod(daemon.socket, 0o666)
    yield daemon
    assert daemon.stop() == 0


@needs_root
def test_another_user_reads_no_answers_of_ours(shared, upstream):
    with shared.client() as client:
        call = request("datasets.create", {"name": "n"}, profile="site")
        mine = client.connect(upstream.url)
        assert "ok" in client.receive(client.send(call))
        values = {"path": shared.socket, "mine": mine, "call_id": call["id"].hex()}
        assert as_user(4242, 4343, strangers.reads_answers, **values) == 0
    assert upstream.requests["POST /v1/datasets"] == 2


@needs_root
def test_rules_and_bounds_of_a_shared_service(shared, upstream, short):
    secret = short / "secret.pem"
    secret.write_text("x")
    secret.chmod(0o600)
    values = {"path": shared.socket, "url": upstream.url, "secret": str(secret)}
    assert as_user(4242, 4343, strangers.member, **values) == 0
    assert as_user(4244, 4245, strangers.outsider, path=shared.socket) == 0


@needs_root
def test_a_private_service_takes_nobody_else(service):
    service.directory.chmod(0o755)
    service.directory.parent.chmod(0o755)
    os.chmod(service.socket, 0o666)  # even if its mode were lost
    assert as_user(4242, 4343, strangers.shut_out, path=service.socket) == 0
    assert not refused(service.socket)
