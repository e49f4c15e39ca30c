"""Files in both directions, and events of a call: with the real service and the stand-in."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import signal
import subprocess
from pathlib import Path

import pytest
from conftest import TIMEOUT_S, Cli, program
from sandbox.testing import Sandbox

PIECE = b"0123456789abcde\n" * 4096


def big_file(path: Path, pieces: int) -> str:
    with path.open("wb") as out:
        for _ in range(pieces):
            out.write(PIECE)
    return hashlib.sha256(PIECE * pieces).hexdigest()


@pytest.fixture
def app(real: Cli) -> Cli:
    real.env["DIFYPOOL_API_KEY"] = "sandbox-app-chat"
    return real


def test_the_lists_are_the_tables(real: Cli, base: list[str]) -> None:
    """The command writes down which operations have files; the service's table is the truth."""
    source = (Path(__file__).parents[2] / "bindings" / "cli" / "src" / "carry.c").read_text()
    listed = source[source.index("bool cli_is_binary") : source.index("/* ---- A file there")]
    binary, files = listed.split("bool cli_takes_file")
    for op in real.json("ops", "--json"):
        takes = [param["name"] for param in op.get("params", []) if param["type"] == "file"]
        assert (f'"{op["name"]}"' in binary) == (op.get("answer") == "binary"), op["name"]
        assert (f'"{op["name"]}"' in files) == bool(takes), op["name"]
        assert not takes or takes == ["file"]


def test_a_small_file_is_an_argument_with_its_name(app: Cli, base: list[str], sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "Grüße ☃.txt").write_text("hi")
    made = app.json("call", "files.upload", "user=u", "file@Grüße ☃.txt", *base)
    assert (made["name"], made["size"]) == ("Grüße ☃.txt", 2)


@pytest.mark.parametrize("through", ["file", "pipe"])
def test_a_large_file_goes_in_pieces(app: Cli, base: list[str], sandbox: Sandbox, tmp_path: Path, through: str) -> None:
    digest = big_file(tmp_path / "big.txt", 80)
    if through == "file":
        app("call", "files.upload", "user=u", "file@big.txt", *base)
    else:
        with (tmp_path / "big.txt").open() as stdin:
            read, write = os.pipe()
            process = app.start("call", "files.upload", "user=u", "file@/dev/stdin", *base, stdin=read)
            os.close(read)
            with os.fdopen(write, "wb") as pipe:
                pipe.write(stdin.buffer.read())
            _, err = process.communicate(timeout=TIMEOUT_S)
            assert process.returncode == 0, err
    part = sandbox.uploads()[-1]
    assert (part["sha256"], part["size"], part["whole"]) == (digest, 80 * len(PIECE), True)


def test_an_upload_that_is_refused(app: Cli, base: list[str], sandbox: Sandbox, tmp_path: Path) -> None:
    big_file(tmp_path / "big.txt", 256)  # 16 MiB: over what a server takes of a document
    done = app("call", "files.upload", "user=u", "file@big.txt", *base, status=1)
    assert "too_large" in done.stderr
    assert "cannot read" in app("call", "files.upload", "user=u", "file@nowhere.txt", *base, status=1).stderr


def test_ctrl_c_creates_nothing(app: Cli, base: list[str], sandbox: Sandbox, tmp_path: Path) -> None:
    big_file(tmp_path / "big.txt", 160)
    sandbox.fault(match={"operation": "files.upload"}, stall="in-request", read_bytes=1_000_000)
    process = app.start("call", "files.upload", "user=u", "file@big.txt", *base)
    sandbox.wait("requests/by_operation/files.upload", 1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130
    sandbox.release()
    assert not sandbox.files()


def test_a_download_appears_whole_or_not_at_all(app: Cli, base: list[str], sandbox: Sandbox, tmp_path: Path) -> None:
    made = sandbox.make_file(8_000_000, key="chat")
    sandbox.use_file(made["id"])
    words = ["call", "files.preview", f"file_id={made['id']}", "-o", "got", *base]
    sandbox.fault(match={"operation": "files.preview"}, times=None, cut_body_after=4_000_000)
    assert app(*words, status=None).returncode in (1, 3)
    assert not list(tmp_path.glob("got*"))
    sandbox.clear_faults()
    app(*words)
    assert hashlib.sha256((tmp_path / "got").read_bytes()).hexdigest() == made["sha256"]
    assert [path.name for path in tmp_path.glob("got*")] == ["got"]


def test_a_file_is_not_written_to_a_terminal(app: Cli, base: list[str], sandbox: Sandbox) -> None:
    here, there = pty.openpty()
    try:
        done = app("call", "files.preview", "file_id=00000000-0000-4000-8000-000000000000", *base, stdout=there, status=2)
        assert "--output" in done.stderr
    finally:
        os.close(here)
        os.close(there)
    assert not sandbox.log("files.preview")


def test_progress_on_a_terminal(app: Cli, base: list[str], sandbox: Sandbox, tmp_path: Path) -> None:
    big_file(tmp_path / "big.txt", 80)
    here, there = pty.openpty()
    try:
        app("call", "files.upload", "user=u", "file@big.txt", *base, stderr=there)
        os.set_blocking(here, False)
        shown = os.read(here, 65536).decode()
    finally:
        os.close(here)
        os.close(there)
    assert "of 5.0 MiB (" in shown and "/s" in shown and shown.endswith("\r\x1b[K")


def test_events_of_any_call(app: Cli, base: list[str], sandbox: Sandbox) -> None:
    done = app("call", "chat.send", "query=Hi", "user=u", "inputs:={}", "--stream", *base)
    events = [json.loads(line)["event"] for line in done.stdout.splitlines()]
    assert events[0] == "message" and events[-1] == "message_end"
    sandbox.script(words=["One", " two"], hold_after=1)
    process = app.start("call", "chat.send", "query=Hi", "user=u", "inputs:={}", "--stream", *base)
    assert process.stdout
    assert b"One" in os.read(process.stdout.fileno(), 65536)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130
    sandbox.wait("runs/stopped", 1)


@pytest.mark.skipif("asan" in os.environ.get("DIFYPOOL_CLI", "") or "ASAN_OPTIONS" in os.environ, reason="AddressSanitizer reserves terabytes")
@pytest.mark.parametrize("way", ["up", "down"])
def test_a_file_is_never_whole_in_memory(app: Cli, base: list[str], sandbox: Sandbox, tmp_path: Path, way: str) -> None:
    """64 MiB through a process that may map 32: what held the file would be out of memory."""
    size = 64 << 20
    with (tmp_path / "big.mp4").open("wb") as out:
        out.truncate(size)
    made = sandbox.make_file(size, key="chat")
    sandbox.use_file(made["id"])
    words = ["files.upload", "user=u", "file@big.mp4"] if way == "up" else ["files.preview", f"file_id={made['id']}", "-o", "got"]
    limited = ["sh", "-c", 'ulimit -v 32768; exec "$@"', "sh", program("DIFYPOOL_CLI"), "call", *words, *base]
    app("call", "apps.info", *base)  # starts the service, which has no such bound
    done = subprocess.run(limited, env=app.env, cwd=tmp_path, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stderr
    if way == "up":
        assert (sandbox.uploads()[-1]["size"], sandbox.uploads()[-1]["whole"]) == (size, True)
    else:
        assert (tmp_path / "got").stat().st_size == size
