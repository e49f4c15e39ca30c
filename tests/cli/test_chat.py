"""difypool chat: words as they come, conversations, Ctrl-C; with the real service and the stand-in."""

from __future__ import annotations

import json
import os
import pty
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import TIMEOUT_S, Cli, program
from fake import FakeService, fail
from sandbox.testing import Sandbox


@pytest.fixture
def chat(real: Cli, base: list[str]) -> Iterator[Any]:
    """Runs ``difypool chat`` with the key of an app of the stand-in."""

    def run(*words: str, app: str = "chat", **more: Any) -> subprocess.CompletedProcess[str]:
        real.env["DIFYPOOL_API_KEY"] = f"sandbox-app-{app}"
        return real("chat", *words, *base, **more)

    yield run


def until(read: Any, wanted: str) -> str:
    """What is read until that text came; ends where the other side does."""
    had = b""
    while wanted.encode() not in had:
        more = read(65536)
        assert more, had
        had += more
    return had.decode()


WORDS = "Hello from the stub, café ☃ 😀.\n"


@pytest.mark.parametrize("app", ["chat", "agent"])
def test_the_words_of_an_answer(chat: Any, app: str) -> None:
    assert chat("Say", "hello", app=app).stdout == WORDS


def test_a_chatflow_and_a_question_from_a_pipe(chat: Any) -> None:
    done = chat(input="Grüße\n", app="chatflow")
    assert done.stdout.startswith("You said: Grüße ")


def test_completion_and_workflow(chat: Any) -> None:
    assert chat("Say hello", "--op", "completion.send", app="completion").stdout == WORDS
    inputs = ["--input", "text=said", "--input", "kind=a", "--input", "count:=3"]
    assert chat("--op", "workflows.run", *inputs, app="workflow").stdout == "said\n"


def test_words_come_while_the_run_goes_on(real: Cli, base: list[str], sandbox: Sandbox) -> None:
    real.env["DIFYPOOL_API_KEY"] = "sandbox-app-chat"
    sandbox.script(words=["Grü", "ße ☃"], hold_after=1)
    process = real.start("chat", "Hello", *base)
    assert process.stdout
    assert until(lambda size: os.read(process.stdout.fileno(), size), "Grü") == "Grü"  # type: ignore[union-attr]
    sandbox.wait("runs/held", 1)
    sandbox.release_event()
    out, _ = process.communicate(timeout=TIMEOUT_S)
    assert (out, process.returncode) == ("ße ☃\n", 0)


def test_a_conversation_by_name(chat: Any, real: Cli, sandbox: Sandbox, tmp_path: Path) -> None:
    chat("My name is Ada", "--conversation", "ada", "--user", "me")
    kept = tmp_path / "state" / "difypool" / "conversations" / "ada"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    conversation = kept.read_text().splitlines()[0]
    lines = chat("Who am I?", "--conversation", "ada", "--user", "me", "--json").stdout.splitlines()
    assert {json.loads(line)["conversation_id"] for line in lines} == {conversation}
    lines = chat("And now?", "--conversation", conversation, "--user", "me", "--json").stdout.splitlines()
    assert json.loads(lines[-1])["conversation_id"] == conversation
    assert [entry.name for entry in kept.parent.iterdir()] == ["ada"]
    assert "of user me" in chat("Hi", "--conversation", "ada", "--user", "you", status=2).stderr


def test_a_conversation_that_the_server_forgot(chat: Any, real: Cli, sandbox: Sandbox) -> None:
    chat("Hi", "--conversation", "old")
    sandbox.reset()
    done = chat("Hi", "--conversation", "old", status=1)
    assert "not_found" in done.stderr and "conversations/old; delete it" in done.stderr


def test_events_as_json_lines(chat: Any) -> None:
    events = [json.loads(line) for line in chat("Hello", "--json").stdout.splitlines()]
    assert events[-1]["event"] == "message_end"
    assert "".join(event.get("answer", "") for event in events) == WORDS.strip()


def test_an_error_within_a_stream(chat: Any, sandbox: Sandbox) -> None:
    sandbox.script(error="model_rate_limit", error_after=2)
    done = chat("Hello", status=None)
    assert done.returncode in (1, 3) and done.stdout == "Hello from\n"
    assert "  " in done.stderr.splitlines()[1]  # a hint
    sandbox.script(error="model_rate_limit", error_after=2)
    again = chat("Hello", "--json", status=done.returncode)
    assert json.loads(again.stderr)["error"]["kind"]


def test_a_stream_that_is_cut_leaves_a_doubt_and_its_ids(chat: Any, sandbox: Sandbox) -> None:
    sandbox.script(words=["One", " two"], cut_after_events=1)
    done = chat("Hello", status=4)
    assert done.stdout == "One\n"
    assert "unknown_outcome" in done.stderr and "The run is task" in done.stderr


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_stops_the_run_at_the_server(real: Cli, base: list[str], sandbox: Sandbox, number: int, status: int) -> None:
    real.env["DIFYPOOL_API_KEY"] = "sandbox-app-chat"
    sandbox.script(words=["One", " two"], hold_after=1)
    process = real.start("chat", "Hello", *base)
    assert process.stdout
    until(lambda size: os.read(process.stdout.fileno(), size), "One")  # type: ignore[union-attr]
    sandbox.wait("runs/held", 1)
    process.send_signal(number)
    process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == status
    sandbox.wait("runs/stopped", 1)


def test_an_output_that_is_full_stops_the_run(real: Cli, base: list[str], sandbox: Sandbox) -> None:
    real.env["DIFYPOOL_API_KEY"] = "sandbox-app-chat"
    sandbox.script(words=["One", " two"], hold_after=1)
    with open("/dev/full", "w") as full:
        done = real("chat", "Hello", *base, stdout=full, status=1)
    assert "cannot write the answer" in done.stderr
    sandbox.wait("runs/stopped", 1)


def test_a_dialogue_on_a_terminal(real: Cli, base: list[str], sandbox: Sandbox) -> None:
    """Two questions in one conversation, the second answer cut short by Ctrl-C, then the end."""
    real.env |= {"DIFYPOOL_API_KEY": "sandbox-app-chat", "TERM": "xterm"}
    sandbox.script(words=["First ", "\x1b]0;evil\x07answer"])
    sandbox.script(words=["Second", " half"], hold_after=1)
    child, fd = pty.fork()
    if child == 0:
        try:
            os.chdir(real.directory)
            os.execvpe("env", ["env", "--default-signal=INT", program("DIFYPOOL_CLI"), "chat", *base], real.env)
        finally:
            os._exit(127)
    try:
        until(lambda size: os.read(fd, size), "> ")
        os.write(fd, b"One?\n")
        said = until(lambda size: os.read(fd, size), "\r\n> ")
        assert "First \N{REPLACEMENT CHARACTER}]0;evil\N{REPLACEMENT CHARACTER}answer" in said
        os.write(fd, b"Two?\n")
        until(lambda size: os.read(fd, size), "Second")
        sandbox.wait("runs/held", 1)
        os.write(fd, b"\x03")
        until(lambda size: os.read(fd, size), "> ")
        sandbox.wait("runs/stopped", 1)
        os.write(fd, b"\x04")
        _, status = os.waitpid(child, 0)
        child = 0
        assert os.waitstatus_to_exitcode(status) == 0
    finally:
        os.close(fd)
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    runs = [entry for entry in sandbox.log("chat.send")]
    assert len(runs) == 2


@pytest.mark.parametrize(
    "words",
    [
        ["chat"], ["chat", "--op", "datasets.list", "x"], ["chat", "--op", "workflows.run", "x"], ["chat", "--op", "workflows.run"],
        ["chat", "x", "--conversation", "../x"], ["chat", "x", "--conversation", ".x"], ["chat", "x", "--input", "a"],
        ["chat", "x", "--input", "a=1", "--input", "a=2"], ["chat", "x", "--input", "a:=}"], ["chat", "x", "--user", "a\nb"],
        ["chat", "x", "--op", "completion.send", "--conversation", "a"], ["chat", "x\udcff"],
    ],
)  # fmt: skip
def test_a_wrong_command_line_asks_nothing(cli: Cli, service: FakeService, words: list[str]) -> None:
    assert cli(*words, status=2).stderr
    assert not service.seen("stream.open")


HANDLE = b"0123456789abcdef"


def test_events_are_asked_for_once_across_a_lost_connection(cli: Cli, service: FakeService) -> None:
    """The reply to the first stream.next is lost with its connection: the question comes again, and no word twice."""
    asked: list[dict[str, Any]] = []

    def nexts(request: dict[str, Any]) -> Any:
        asked.append(request["args"]["streams"][0])
        if len(asked) == 1:
            return CLOSE_NOW
        event = json.dumps({"event": "message", "answer": "once"})
        end = {"ok": {"status": 200, "type": "text/event-stream", "body": b""}, "run": {}}
        return {"streams": [{"stream": HANDLE, "first": 1, "events": [event], "end": end}]}

    from fake import CLOSE

    CLOSE_NOW = CLOSE
    service.handlers["stream.open"] = lambda request: {"stream": HANDLE, "kind": "events", "status": 200}
    service.handlers["stream.next"] = nexts
    service.handlers["stream.close"] = lambda request: {"stopped": False, "ended": True}
    assert cli("chat", "Hello").stdout == "once\n"
    assert asked[0] == asked[1] == {"stream": HANDLE, "after": 0}
    opened = service.seen("stream.open")[0]["args"]
    assert opened["op"] == "chat.send" and opened["args"]["query"] == "Hello" and opened["args"]["user"] == f"difypool-{os.getuid()}"


def test_a_service_that_lost_the_stream(cli: Cli, service: FakeService) -> None:
    service.handlers["stream.open"] = lambda request: {"stream": HANDLE, "kind": "events", "status": 200}
    gone = fail("not_found", code="no_such_stream")
    service.handlers["stream.next"] = lambda request: {"streams": [{"stream": HANDLE, "end": gone}]}
    done = cli("chat", "Hello", status=4)
    assert "service_lost" in done.stderr
