"""The other commands, against a scripted service."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import TOP, Cli, program
from fake import FakeService, fail

HOST = {
    "origin": "https://dify.example", "version": "1.12.1", "breaker": "closed", "connections_opened": 3, "connections_reused": 597,
    "connections_open": 3, "connections_in_use": 1, "connections_bound": 20, "waiting": 2, "concurrency": 8, "calls": 600, "transfers": 600,
    "errors": 2, "dns_us": 12_000, "connect_us": 60_000, "tls_us": 180_000, "saved_us": 34_200_000, "latency_p50_us": 52_000,
    "latency_p90_us": 80_000, "latency_p99_us": 120_000, "latency_max_us": 1_200_000, "sent": 1_258_291, "received": 3_565_158,
}  # fmt: skip
STATS = {
    "service": {"version": "0.1.0", "pid": 4242, "uptime_ms": 10_920_000, "clients": 2, "calls_running": 1, "calls": 1234, "remembered": 3, "remembered_bytes": 12_700,
                "streams": 2, "streams_opened": 7, "stream_pieces": 1234, "stream_held": 2048},
    "pool": {"pooling": True, "errors": {"ok": 598, "not_found": 2, "timeout": 0}},
    "hosts": [HOST],
}  # fmt: skip


@pytest.fixture(autouse=True)
def stats(service: FakeService) -> None:
    service.handlers["service.stats"] = lambda request: STATS


def test_help(cli: Cli) -> None:
    page = cli("help").stdout
    for word in ("call", "status", "check", "--base-url", "$DIFYPOOL_API_KEY", "Exit status"):
        assert word in page
    assert "NAME=VALUE" in cli("help", "call").stdout
    assert cli("call", "--help").stdout == cli("help", "call").stdout
    assert "DIFYPOOL_API_KEY" not in cli("version").stderr
    cli("help", "stauts", status=2)


def test_ops(cli: Cli) -> None:
    listing = cli("ops").stdout
    assert "datasets.list " in listing and "List knowledge bases.\n" in listing
    one = cli("ops", "datasets.create").stdout
    assert "POST /datasets" in one and "name (string, required)" in one and "only_me all" in one
    assert "Servers <=0.9 do not have it.\n" in one and "Servers <=1.0: It is slow.\n" in one
    assert one.endswith("Example:\n  difypool call datasets.create name=Guides\n")
    assert "difypool call datasets.list\n" in cli("ops", "datasets.list").stdout
    assert cli("ops", "--names").stdout.splitlines() == ["datasets.list", "datasets.create", "documents.list"]
    assert cli("ops", "datasets.list", "--names").stdout.splitlines() == ["page", "keyword", "include_all", "tag_ids"]
    assert [op["name"] for op in cli.json("ops", "--json")] == ["datasets.list", "datasets.create", "documents.list"]
    assert [op["name"] for op in cli.json("ops", "datasets", "--json")] == ["datasets.list", "datasets.create"]
    assert cli.json("ops", "datasets.list", "--json")[0]["params"][0]["name"] == "page"
    assert "documents" not in cli("ops", "datasets.").stdout
    assert "datasets.list" in cli("ops", "datasets.lists", status=2).stderr


def test_status(cli: Cli) -> None:
    page = cli("status").stdout
    for words in (
        "Pooling works: 3 connections carried 600 calls (99.5 % reused), about 34.2 s of handshakes saved.",
        "difypoold 0.1.0", "pid 4242", "up 3 h 2 min", "2 clients, 1 calls running, 1,234 answered", "3 writes remembered (12.4 KiB)",
        "2 streams open, 1,234 pieces came, 2.0 KiB held for readers",
        "https://dify.example (Dify 1.12.1)", "3 opened, 597 reused (99.5 %); now 3 open, 1 in use, bound 20",
        "600 in 600 requests, 2 failed; 2 waiting, 8 at once allowed", "DNS 12.0 ms, TCP 60.0 ms, TLS 180 ms; saved by reuse: 34.2 s",
        "median 52.0 ms, 90 % 80.0 ms, 99 % 120 ms, longest 1.20 s", "1.2 MiB sent, 3.4 MiB received", "breaker      closed", "Errors: not_found 2\n",
    ):  # fmt: skip
        assert words in page, words
    assert "ok 598" not in page and "timeout 0" not in page
    assert cli.json("status", "--json") == cli.json("stats") == STATS


def test_status_watches_until_it_is_stopped(cli: Cli, service: FakeService) -> None:
    process = cli.start("status", "--watch", "--interval", "10ms")
    service.wait_for("service.stats", 5)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0 and out.count("Pooling works") >= 4


def test_ping_and_version(cli: Cli) -> None:
    assert "answers in" in cli("ping").stdout
    assert cli("version").stdout.startswith("difypool 0.")
    assert "difypoold 0.1.0 at" in cli("--version").stdout


def test_set(cli: Cli, service: FakeService) -> None:
    cli("set", "pooling", "off", "--profile", "work")
    request = service.seen("service.set")[0]
    assert request["args"] == {"pooling": False} and request["profile"] == "work"
    service.handlers["service.set"] = lambda request: fail("denied", "not yours")
    assert "denied: not yours" in cli("set", "cache", "on", status=1).stderr


def test_stop_leaves_an_operators_service_alone(cli: Cli, service: FakeService) -> None:
    service.handlers["service.info"] = lambda request: {"version": "0.1.0", "private": False, "pid": 1}
    assert "systemctl" in cli("stop", status=1).stderr
    assert not service.seen("service.drain")


def test_logs(lonely: Cli, tmp_path: Path) -> None:
    assert "no log" in lonely("logs", status=1).stderr
    log = tmp_path / "state" / "difypool" / "log"
    log.parent.mkdir(parents=True)
    log.write_text("".join(f"line {number}\n" for number in range(20_000)))
    assert lonely("logs").stdout.splitlines() == [f"line {number}" for number in range(19_950, 20_000)]
    assert lonely("logs", "-n3").stdout == "line 19997\nline 19998\nline 19999\n"
    assert len(lonely("logs", "-n", "1000000").stdout.splitlines()) == 20_000


def test_logs_follow_over_a_rotation(lonely: Cli, tmp_path: Path) -> None:
    log = tmp_path / "state" / "difypool" / "log"
    log.parent.mkdir(parents=True)
    log.write_text("one\n")
    process = lonely.start("logs", "--follow", bufsize=1)
    assert process.stdout is not None
    assert process.stdout.readline() == "one\n"
    with log.open("a") as file:
        file.write("two\n")
    assert process.stdout.readline() == "two\n"
    log.rename(log.with_suffix(".1"))
    log.write_text("three\n")
    assert process.stdout.readline() == "three\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT


# ---- check ------------------------------------------------------------------------------------------------------


class Pool:
    """What the service would do: connections that are reused where pooling is on."""

    def __init__(self, service: FakeService, works: bool = True) -> None:
        self.pooling, self.open, self.works = True, False, works
        self.calls = self.opened = 0
        service.handlers |= {"datasets.list": self.call, "service.set": self.set, "service.stats": self.stats}

    def call(self, request: dict[str, Any]) -> Any:
        reused = self.pooling and self.open and self.works
        self.calls, self.opened, self.open = self.calls + 1, self.opened + (not reused), self.pooling
        return {"ok": {"status": 200, "type": "", "headers": {}, "body": b"", "meta": {"attempts": 1, "reused": reused}}}

    def set(self, request: dict[str, Any]) -> Any:
        self.pooling = request["args"]["pooling"]
        self.open &= self.pooling
        return {}

    def stats(self, request: dict[str, Any]) -> Any:
        host = {"calls": self.calls, "connections_opened": self.opened, "connections_reused": self.calls - self.opened}
        return {"hosts": [host]}


BASE = ("--base-url", "http://dify.example")


def steps(done: Any) -> dict[str, str]:
    return {step["step"]: step["result"] for step in done["steps"]}


def test_check_passes_where_pooling_works(cli: Cli, service: FakeService) -> None:
    pool = Pool(service)
    page = cli("check", *BASE).stdout
    assert page.count("✓") == 4 and "opened 1 connection" in page and "pooling works" in page
    assert steps(cli.json("check", *BASE, "--json")) == dict.fromkeys(("service", "pooling", "counts", "switch"), "passed")
    assert pool.pooling  # and it is on again
    agents = {request["args"]["user_agent"] for request in service.seen("service.connect")}
    assert len(agents) == 2  # each check has a handle of its own


def test_check_fails_where_it_does_not(cli: Cli, service: FakeService) -> None:
    Pool(service, works=False)
    page = cli("check", *BASE, status=1).stdout
    assert "✗" in page and "opened 10 connections" in page
    assert steps(cli.json("check", *BASE, "--json", status=1))["pooling"] == "failed"


def test_check_by_a_profile_that_may_not_be_switched(cli: Cli, service: FakeService) -> None:
    Pool(service)
    service.handlers["service.set"] = lambda request: fail("denied")
    assert steps(cli.json("check", "--profile", "work", "--json"))["switch"] == "skipped"


def test_check_without_a_server_says_what_it_could_do(cli: Cli, service: FakeService) -> None:
    service.handlers["service.profiles"] = lambda request: []
    done = cli("check", status=2)
    assert "✓ the service" in done.stdout and "--base-url" in done.stdout


def test_check_with_an_app_key(cli: Cli, service: FakeService) -> None:
    pool = Pool(service)
    service.handlers["apps.info"] = pool.call
    service.handlers["datasets.list"] = lambda request: fail("unauthorized", meta={"attempts": 1, "reused": False}) if pool.call(request) else None
    assert steps(cli.json("check", *BASE, "--json")) == dict.fromkeys(("service", "pooling", "counts", "switch"), "passed")


def test_check_tells_why_the_server_cannot_be_called(cli: Cli, service: FakeService) -> None:
    service.handlers["datasets.list"] = lambda request: fail("tls", "the certificate is not trusted", hint="Set ca_file.")
    page = cli("check", *BASE, status=1).stdout
    assert "✗" in page and "the certificate is not trusted" in page and "Set ca_file." in page


# ---- completion -------------------------------------------------------------------------------------------------


def complete(cli: Cli, *words: str) -> list[str]:
    """What bash would offer for the last word."""
    script = TOP / "bindings" / "cli" / "completions" / "difypool.bash"
    lines = f"""
        source {script}
        difypool() {{ "$DIFYPOOL_CLI" "$@"; }}
        COMP_WORDS=({" ".join(f"'{word}'" for word in words)}); COMP_CWORD={len(words) - 1}
        _difypool
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    env = cli.env | {"DIFYPOOL_CLI": program("DIFYPOOL_CLI")}
    done = subprocess.run(["bash", "-c", lines], env=env, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split()


def test_bash_completes(cli: Cli) -> None:
    assert complete(cli, "difypool", "sta") == ["status", "stats"]
    assert complete(cli, "difypool", "call", "--dead") == ["--deadline"]
    assert complete(cli, "difypool", "call", "datasets.") == ["datasets.list", "datasets.create"]
    assert complete(cli, "difypool", "--profile", "x", "call", "datasets.list", "p") == ["page="]
    assert complete(cli, "difypool", "call", "datasets.list", "page=") == []
    assert complete(cli, "difypool", "set", "pooling", "o") == ["on", "off"]
    assert complete(cli, "difypool", "--priority", "b") == ["bulk"]


def test_completion_starts_nothing(lonely: Cli) -> None:
    lonely.env.pop("DIFYPOOL_AUTOSTART")
    lonely.env["DIFYPOOL_DAEMON"] = sys.executable
    assert complete(lonely, "difypool", "call", "datasets.") == []


def test_the_scripts_are_those_of_the_tree(cli: Cli) -> None:
    folder = TOP / "bindings" / "cli" / "completions"
    assert cli("completion", "bash").stdout == (folder / "difypool.bash").read_text()
    assert cli("completion", "zsh").stdout == (folder / "_difypool").read_text()


def test_the_scripts_know_every_command_and_option(cli: Cli) -> None:
    page = cli("help").stdout
    commands = [line.split()[0] for line in page.split("Commands:")[1].split("Options:")[0].splitlines() if line.strip()]
    options = [word.rstrip(",:;") for line in page.split("Options:")[1].split("Exit status")[0].splitlines() for word in line.split() if word.startswith("--")]
    assert len(commands) > 10 and len(options) > 20
    for name in ("difypool.bash", "_difypool"):
        text = (TOP / "bindings" / "cli" / "completions" / name).read_text()
        assert not [word for word in {*commands, *options} if word not in text], name


@pytest.mark.skipif(not shutil.which("zsh"), reason="no zsh here")
def test_the_zsh_script_is_sound(cli: Cli) -> None:
    script = TOP / "bindings" / "cli" / "completions" / "_difypool"
    done = subprocess.run(["zsh", "-n", str(script)], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr
    lines = f"autoload -Uz compinit; compinit -D -u; source {script}; whence -w _difypool; print $_comps[difypool]"
    done = subprocess.run(["zsh", "-fc", lines], check=False, env=cli.env, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["_difypool:", "function", "_difypool"], done.stderr


def test_json_of_an_error_is_one_line(cli: Cli, service: FakeService) -> None:
    service.handlers["service.stats"] = lambda request: fail("busy", 'say "no" \\ more', retryable=True, retry_after_ms=1500)
    line = cli("stats", "--json", status=3).stderr
    error = json.loads(line)["error"]
    assert line.count("\n") == 1 and error["message"] == 'say "no" \\ more' and error["retry_after_ms"] == 1500
