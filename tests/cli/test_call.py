"""difypool call: arguments, answers, errors, interrupts."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, program
from fake import CLOSE, SILENT, FakeService, fail

ANSWER = b'{"id":"1"}'


def args_of(service: FakeService, op: str = "datasets.list") -> dict[str, Any]:
    found = service.seen(op)[-1].get("args", {})
    assert isinstance(found, dict)
    return found


def test_the_answer_comes_as_it_is(cli: Cli) -> None:
    assert cli("call", "datasets.list").stdout == ANSWER.decode()


def test_arguments_of_each_kind(cli: Cli, service: FakeService, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_bytes("Größe\n".encode())
    (tmp_path / "picture").write_bytes(b"\x89PNG\xff")
    (tmp_path / "rule.json").write_text('{"mode": "custom"}')
    cli("call", "documents.create_by_text", "name=A page", "text@page.md", "file@picture", "size:=5", "rule:=@rule.json", "note@-", input="said")
    assert args_of(service, "documents.create_by_text") == {
        "name": "A page", "text": "Größe\n", "file": b"\x89PNG\xff", "size": 5, "rule": {"mode": "custom"}, "note": "said",
    }  # fmt: skip


def test_the_table_decides_what_a_number_is(cli: Cli, service: FakeService) -> None:
    cli("call", "datasets.list", "page=2", "keyword=2", "include_all=true", 'tag_ids=["a"]', "unknown=3")
    assert args_of(service) == {"page": 2, "keyword": "2", "include_all": True, "tag_ids": ["a"], "unknown": "3"}
    service.requests.clear()
    cli("call", "datasets.list", "keyword=word")
    assert not service.seen("service.operations")  # it is asked only where it matters


@pytest.mark.parametrize(
    "words",
    [
        ["call"], ["call", "datasets.list", "page"], ["call", "datasets.list", "page:=x"], ["call", "datasets.list", "a=1", "a=2"],
        ["call", "datasets.list", "name=\udcff"], ["frobnicate"], ["set", "pooling"], ["set", "pooling", "maybe"], ["set", "colour", "on"],
        ["call", "a.b", "--no-such-option"], ["call", "a.b", "--deadline"], ["call", "a.b", "--deadline", "soon"], ["call", "a.b", "--priority", "high"],
        ["ping", "extra"], ["call", "a.b", "--profile", "x", "--base-url", "http://x"], ["call", "a.b", "--key-file", "x"], ["completion", "fish"], [],
    ],
)  # fmt: skip
def test_a_wrong_command_line_is_exit_2_and_sends_nothing(cli: Cli, service: FakeService, words: list[str]) -> None:
    done = cli(*words, status=2)
    assert done.stderr or not words
    assert not [request for request in service.requests if not request["op"].startswith("service.")]


def test_suggestions(cli: Cli, service: FakeService) -> None:
    service.handlers["datasets.lst"] = lambda request: fail("unsupported", code="unknown_operation")
    assert "datasets.list" in cli("call", "datasets.lst", status=2).stderr
    assert "status" in cli("stauts", status=2).stderr
    assert "--deadline" in cli("ping", "--dedline=5", status=2).stderr
    assert "difypool call datasets.list" in cli("datasets.list", status=2).stderr


@pytest.mark.parametrize("option", ["--api-key=dataset-example", "--key", "--token"])
def test_a_key_on_the_command_line_is_refused_and_not_repeated(lonely: Cli, option: str) -> None:
    done = lonely("call", "datasets.list", "--base-url", "http://x", option, "dataset-example", status=2)
    assert "DIFYPOOL_API_KEY" in done.stderr and "--key-file" in done.stderr
    assert "dataset-example" not in done.stderr + done.stdout
    done = lonely("call", "a.b", "--base-url", "http://x", "--connect", "api_key=dataset-example", status=2)
    assert "dataset-example" not in done.stderr + done.stdout


def test_options_travel(cli: Cli, service: FakeService) -> None:
    cli("call", "datasets.list", "--deadline=2m", "--priority", "bulk", "--cache", "500ms", "--wait", "--no-validate", "--allow-hazard", "-p", "work")
    request = service.seen("datasets.list")[0]
    assert 110_000 < request["deadline_ms"] <= 120_000
    assert (request["priority"], request["cache"], request["profile"]) == ("bulk", 500, "work")
    assert request["options"] == {"validate": False, "allow_hazard": True, "wait": True}


def test_a_server_of_ones_own(cli: Cli, service: FakeService, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")
    cli.env["DIFYPOOL_API_KEY"] = "dataset-example"
    cli("call", "datasets.list", "--base-url", "http://dify.example", "--connect", "ca_file=ca.pem", "--connect", "pooling=false")
    connect = service.seen("service.connect")[0]
    assert connect["args"] == {
        "base_url": "http://dify.example", "api_key": "dataset-example", "ca_file": str(tmp_path / "ca.pem"), "pooling": False,
    }  # fmt: skip
    assert service.seen("datasets.list")[0]["profile"].startswith("h-")


def test_a_key_file(cli: Cli, service: FakeService, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("  dataset-example\n")
    key.chmod(0o644)
    done = cli("call", "datasets.list", "--base-url", "http://x", "--key-file", "key")
    assert "chmod 600" in done.stderr
    assert service.seen("service.connect")[0]["args"]["api_key"] == "dataset-example"
    key.chmod(0o600)
    assert not cli("call", "datasets.list", "--base-url", "http://x", "--key-file", "key").stderr
    cli("call", "datasets.list", "--base-url", "http://x", "--key-file", "-", input="dataset-other\n")
    assert service.seen("service.connect")[-1]["args"]["api_key"] == "dataset-other"
    for bad in ("", "two keys", "x" * 5000, "nul\0inside", "ümlaut"):
        key.write_text(bad)
        done = cli("call", "datasets.list", "--base-url", "http://x", "--key-file", "key", status=1)
        assert not bad or bad[:8] not in done.stderr
    assert "no_such" in cli("call", "a.b", "--base-url", "http://x", "--key-file", "no_such", status=1).stderr


@pytest.mark.parametrize(
    ("kind", "status"),
    [("not_found", 1), ("unreachable", 3), ("tls", 3), ("timeout", 3), ("overloaded", 3), ("busy", 3), ("breaker_open", 3), ("unknown_outcome", 4), ("of_tomorrow", 1)],
)  # fmt: skip
def test_errors_by_kind(cli: Cli, service: FakeService, kind: str, status: int) -> None:
    service.handlers["a.b"] = lambda request: fail(kind, "It went\nwrong.", code="some_code", hint="Do this.")
    done = cli("call", "a.b", status=status)
    assert done.stdout == ""
    assert f"difypool: {kind}: It went wrong. (some_code)" in done.stderr and "Do this." in done.stderr
    error = json.loads(cli("call", "a.b", "--json", status=status).stderr)["error"]
    assert error["kind"] == kind and error["message"] == "It went wrong." and error["hint"] == "Do this."


def test_what_the_server_said_with_include(cli: Cli, service: FakeService) -> None:
    body = {"status": 404, "type": "application/json", "headers": {"x-version": "1.12.1"}, "body": b'{"code":"x"}'}
    service.handlers["a.b"] = lambda request: fail("not_found", **body)
    done = cli("call", "a.b", "--include", status=1)
    assert "status: 404" in done.stdout and "x-version: 1.12.1" in done.stdout and '{"code":"x"}' in done.stdout


def test_notes_go_to_standard_error(cli: Cli, service: FakeService) -> None:
    answer = {"ok": {"status": 200, "type": "", "headers": {}, "body": b"x", "meta": {"note": "filled in from the knowledge base"}}}
    service.handlers["a.b"] = lambda request: answer
    assert "filled in" in cli("call", "a.b").stderr
    assert cli("call", "a.b", "--quiet").stderr == ""


def test_a_terminal_gets_indented_json(cli: Cli, service: FakeService) -> None:
    service.handlers["a.b"] = lambda request: {
        "ok": {"status": 200, "type": "application/json; charset=utf-8", "headers": {}, "body": b'{"a":[1],"b":"\x7f"}', "meta": {}}
    }
    terminal, other = pty.openpty()
    process = cli.start("call", "a.b", stdout=other)
    process.communicate(timeout=30)
    os.close(other)
    shown = os.read(terminal, 4096).decode().replace("\r\n", "\n")
    os.close(terminal)
    assert shown == '{\n  "a": [\n    1\n  ],\n  "b": "\\u007f"\n}\n'


def test_output_appears_whole_or_not_at_all(cli: Cli, service: FakeService, tmp_path: Path) -> None:
    target = tmp_path / "answer"
    assert cli("call", "a.b", "-o", "answer").stdout == ""
    assert target.read_bytes() == ANSWER
    service.handlers["a.b"] = lambda request: fail("not_found")
    cli("call", "a.b", "-o", "answer", status=1)
    assert target.read_bytes() == ANSWER
    assert not (tmp_path / "answer.part").exists()
    service.requests.clear()
    cli("call", "a.b", "-o", "no/such/directory", status=1)
    assert not service.seen("a.b")  # found before anything was sent


def test_a_full_disk_is_an_error(cli: Cli) -> None:
    assert "cannot write" in cli("call", "a.b", "-o", "/dev/full", status=1).stderr


def test_closed_standard_streams(cli: Cli, service: FakeService) -> None:
    command = ["sh", "-c", '"$0" call a.b >&- <&-', program("DIFYPOOL_CLI")]
    done = subprocess.run(command, env=cli.env, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "cannot write" in done.stderr
    assert len(service.seen("a.b")) == 1


def test_a_reader_that_stops_is_no_error_message(cli: Cli, service: FakeService) -> None:
    service.handlers["a.b"] = lambda request: {"ok": {"status": 200, "type": "text/plain", "headers": {}, "body": b"x" * 4_000_000, "meta": {}}}
    read, write = os.pipe()
    process = cli.start("call", "a.b", stdout=write)
    os.close(write)
    os.read(read, 10)
    os.close(read)
    _, err = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGPIPE and err == ""


def test_ctrl_c_cancels_at_the_service(cli: Cli, service: FakeService) -> None:
    held: dict[bytes, dict[str, Any]] = {}

    def hold(request: dict[str, Any]) -> Any:
        held[request["id"]] = request
        return SILENT

    def cancel(request: dict[str, Any]) -> Any:
        service.answer(held[request["args"]["id"]], fail("cancelled"))
        return {"running": True}

    service.handlers |= {"a.b": hold, "service.cancel": cancel}
    process = cli.start("call", "a.b")
    service.wait_for("a.b")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130 and "cancelled" in err


def test_a_second_ctrl_c_leaves_at_once(cli: Cli, service: FakeService) -> None:
    service.handlers |= {"a.b": lambda request: SILENT, "service.cancel": lambda request: SILENT}
    process = cli.start("call", "a.b")
    service.wait_for("a.b")
    process.send_signal(signal.SIGINT)
    service.wait_for("service.cancel")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_one_signal_is_enough_where_the_service_is_silent(cli: Cli, service: FakeService, number: int, status: int) -> None:
    service.handlers |= {"a.b": lambda request: SILENT, "service.cancel": lambda request: SILENT}
    process = cli.start("call", "a.b", "-o", "answer", "--deadline", "100s")
    service.wait_for("a.b")
    process.send_signal(number)
    service.wait_for("service.cancel")
    _, err = process.communicate(timeout=30)  # far below the call's deadline
    assert process.returncode == status and "does not answer" in err
    assert not list(cli.directory.glob("answer*"))


def test_a_signal_ends_the_question_for_types_as_well(cli: Cli, service: FakeService) -> None:
    service.handlers["service.operations"] = lambda request: SILENT
    process = cli.start("call", "datasets.list", "page=2", "--deadline", "100s")
    service.wait_for("service.operations")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143 and not service.seen("datasets.list")


def test_a_service_that_dies_is_exit_4_for_what_it_had(cli: Cli, service: FakeService) -> None:
    def die(request: dict[str, Any]) -> Any:
        service.kill()
        return SILENT

    service.handlers["a.b"] = die
    done = cli("call", "a.b", status=4)
    assert "unknown_outcome" in done.stderr


def test_a_service_that_hangs_up_is_asked_again_with_the_same_id(cli: Cli, service: FakeService) -> None:
    answers = iter([CLOSE, CLOSE, {"ok": {"status": 200, "type": "", "headers": {}, "body": b"done", "meta": {}}}])
    service.handlers["a.b"] = lambda request: next(answers)
    assert cli("call", "a.b").stdout == "done"
    assert len({request["id"] for request in service.seen("a.b")}) == 1


def test_without_a_service(lonely: Cli) -> None:
    process: subprocess.CompletedProcess[str]
    for words in (["ping"], ["stats"], ["status"]):
        process = lonely(*words, status=3)
        assert process.stderr and not process.stdout
    assert lonely("stop").stdout == "no service was running\n"
