"""Private services: started by whoever needs one first, however many come at once."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from daemon import answers, program, until
from spclient import Client


class Private:
    def __init__(self, directory: Path) -> None:
        directory.chmod(0o700)
        self.directory = directory
        self.socket = str(directory / "s" / "socket")
        self.environment = {
            **os.environ,
            "HOME": str(directory),
            "XDG_STATE_HOME": str(directory / "state"),
            "XDG_CONFIG_HOME": str(directory / "config"),
        }
        self.pids: set[int] = set()

    def launch(self, *options: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [program(), "--on-demand", "--socket", self.socket, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
        )

    def run(self, *options: str) -> subprocess.CompletedProcess[bytes]:
        process = self.launch(*options)
        out, err = process.communicate(timeout=30)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def pid(self) -> int:
        with Client(self.socket) as client:
            pid: int = client.call("service.info")["body"]["pid"]
        self.pids.add(pid)
        return pid

    def gone(self, pid: int) -> bool:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        return state == "Z"

    def end(self) -> None:
        if answers(self.socket):
            self.pid()
        for pid in self.pids:
            if not self.gone(pid):
                os.kill(pid, signal.SIGTERM)
                until(lambda pid=pid: self.gone(pid), "it ends")


@pytest.fixture
def private(short):
    p = Private(short)
    yield p
    p.end()


def test_fifty_at_once_start_one_service(private):
    launchers = [private.launch() for _ in range(50)]
    for launcher in launchers:
        _, err = launcher.communicate(timeout=60)
        assert launcher.returncode == 0, err
    pid = private.pid()
    log = (private.directory / "state/difypool/log").read_text()
    assert log.count("listens on") == 1, log
    assert f"{private.socket}" in log
    assert private.pid() == pid


def test_the_launcher_returns_once_it_answers_and_holds_nothing(private):
    done = private.run()  # communicate() returns only when all copies of its pipes are closed
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    pid = private.pid()
    assert os.getsid(pid) != os.getsid(0)
    if os.geteuid() == 0:  # it keeps these from everybody else's view
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        for number in "012":
            assert os.readlink(f"/proc/{pid}/fd/{number}") == "/dev/null"
    assert private.run().returncode == 0
    assert private.pid() == pid


def test_inherited_descriptors_are_closed(private):
    read, write = os.pipe()
    os.set_inheritable(write, True)
    process = subprocess.Popen(
        [program(), "--on-demand", "--socket", private.socket],
        env=private.environment,
        pass_fds=[write],
    )
    os.close(write)
    assert process.wait(30) == 0
    assert os.read(read, 1) == b"", "the service holds a pipe of its caller open"
    os.close(read)


def test_proxies_of_whoever_came_first_are_not_taken(private):
    private.environment["http_proxy"] = private.environment["HTTPS_PROXY"] = "http://127.0.0.1:1"
    assert private.run().returncode == 0
    environment = Path(f"/proc/{private.pid()}/environ")
    del environment  # what the kernel shows is what it began with; a call tells
    from upstream import Upstream

    server = Upstream()
    try:
        with Client(private.socket) as client:
            handle = client.connect(server.url)
            client.call("datasets.list", {"page": 1}, profile=handle)
    finally:
        server.close()


def test_it_ends_when_nobody_has_been_connected_for_a_while(private):
    assert private.run("--idle-exit-ms", "300").returncode == 0
    with Client(private.socket) as client:
        pid = client.call("service.info")["body"]["pid"]
        private.pids.add(pid)
        assert not private.gone(pid)
    until(lambda: private.gone(pid), "it has ended")
    assert not os.path.exists(private.socket)
    assert private.run().returncode == 0
    assert private.pid() != pid


def test_it_drains_when_its_path_is_no_longer_its_own(private):
    assert private.run().returncode == 0
    pid = private.pid()
    os.unlink(private.socket)
    until(lambda: private.gone(pid), "it has ended")
    assert private.run().returncode == 0
    second = private.pid()
    os.rename(private.socket, private.socket + ".old")
    Path(private.socket).write_text("somebody else's")
    until(lambda: private.gone(second), "it has ended")
    assert Path(private.socket).read_text() == "somebody else's"


def test_killed_and_started_again(private):
    assert private.run().returncode == 0
    pid = private.pid()
    os.kill(pid, signal.SIGKILL)
    until(lambda: private.gone(pid), "it is dead")
    assert os.path.exists(private.socket)
    assert private.run().returncode == 0
    assert private.pid() != pid


def test_a_successor_need_not_wait_for_what_still_runs(private, upstream):
    gate = upstream.behaviour = upstream.gate()
    assert private.run().returncode == 0
    old = private.pid()
    from spclient import request

    with Client(private.socket, 30) as client:
        handle = client.connect(upstream.url)
        number = client.send(request("datasets.create", {"name": "n"}, profile=handle))
        gate.wait_for(1)
        client.call("service.drain")
        until(lambda: not os.path.exists(private.socket), "the path is free")
        assert private.run().returncode == 0
        assert private.pid() != old
        gate.open()
        assert "ok" in client.receive(number)
    until(lambda: private.gone(old), "the old one has ended")


@pytest.mark.parametrize("kind", ["open to others", "a link", "a file"])
def test_a_directory_that_is_not_safe_is_refused(private, kind):
    place = private.directory / "s"
    if kind == "open to others":
        place.mkdir()
        place.chmod(0o777)
    elif kind == "a link":
        (private.directory / "t").mkdir(mode=0o700)
        place.symlink_to(private.directory / "t")
    else:
        place.write_text("")
    done = private.run()
    assert done.returncode == 1
    assert b"closed to others" in done.stderr, done.stderr


def test_errors_of_the_config_reach_the_launcher(private):
    (private.directory / "config/difypool").mkdir(parents=True)
    config = private.directory / "config/difypool/difypool.ini"
    config.write_text("[service]\nshared = yes\n")
    done = private.run()
    assert done.returncode == 1 and b"is private" in done.stderr
    config.write_text("[profile p]\nbase_url = ftp://nonsense\n")
    done = private.run()
    assert done.returncode == 1 and b"[profile p]" in done.stderr, done.stderr
    config.write_text("[profile p]\nbase_url = http://127.0.0.1:1\n")
    assert private.run().returncode == 0


def test_the_log_is_bounded(private):
    """Written well past its bound, log and log.old together stay within it."""
    assert private.run("--log-level", "debug").returncode == 0
    log = private.directory / "state/difypool/log"
    with Client(private.socket, 60) as client:
        junk = {"x" * 60: 1}
        for _ in range(45):
            numbers = [client.send({"v": 1, "id": os.urandom(16), "op": "o", **junk}) for _ in range(1000)]
            for number in numbers:
                client.receive(number)
    old = private.directory / "state/difypool/log.old"
    assert old.exists()
    assert log.stat().st_size + old.stat().st_size <= 4 * 1024 * 1024


def test_it_can_stay_in_the_foreground(private):
    process = private.launch("--foreground")
    until(lambda: answers(private.socket), "it answers")
    assert private.pid() == process.pid
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0
