"""Starting a private service, by a difypoold that is scripted."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

import difypool
from conftest import HERE
from difypool import _opening


def program(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.fixture
def daemon(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("FAKE_LOG", str(folder / "started"))
    path = program(folder / "difypoold", f'#!/bin/sh\nexec {sys.executable} {HERE}/fake.py "$@"\n')
    monkeypatch.setenv("DIFYPOOL_DAEMON", path)
    return path


def test_starts_one_where_none_answers(daemon: str, folder: Path) -> None:
    with difypool.Client() as client:
        info = client.info()
        assert info["pid"] != os.getpid()
        assert (folder / f"difypool-{os.geteuid()}" / "socket").exists()
        assert len((folder / "started").read_text().split()) == 1
        client.call("service.drain")


def test_starts_one_for_asyncio(daemon: str, folder: Path) -> None:
    async def main() -> None:
        async with difypool.AsyncClient() as client:
            infos = await asyncio.gather(*(client.info() for _ in range(20)))
            assert len({info["pid"] for info in infos}) == 1
            await client.call("service.drain")

    asyncio.run(main())
    assert len((folder / "started").read_text().split()) == 1


def test_starts_one_on_the_socket_of_the_environment(daemon: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFYPOOL_SOCKET", str(folder / "named"))
    with difypool.Client() as client:
        client.info()
        assert (folder / "named").exists()
        client.call("service.drain")


def test_is_found_in_path(daemon: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIFYPOOL_DAEMON")
    monkeypatch.setenv("PATH", f"relative:{folder}:{os.environ['PATH']}")
    assert _opening.find_daemon() == daemon
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(sys, "prefix", str(folder / "prefix"))
    (folder / "prefix" / "bin").mkdir(parents=True)
    program(folder / "prefix" / "bin" / "difypoold", "#!/bin/sh\n")
    assert _opening.find_daemon() == f"{folder}/prefix/bin/difypoold"


def test_none_to_start_says_how_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(sys, "prefix", "/nonexistent")
    begun = time.monotonic()
    with difypool.Client() as client, pytest.raises(difypool.Unreachable, match=r"\./dev install") as caught:
        client.info()
    assert caught.value.code == "not_installed"
    with difypool.Client(wait=True) as client, pytest.raises(difypool.Unreachable, match="install"):
        client.info()
    assert time.monotonic() - begun < 5, "there is nothing to wait for, even for who is patient"


@pytest.mark.parametrize("text", ["#!/nonexistent/interpreter\n", None])
def test_one_that_cannot_be_run(text: str | None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "difypoold"
    if text is not None:
        program(path, text)
    monkeypatch.setenv("DIFYPOOL_DAEMON", str(path))
    with difypool.Client() as client, pytest.raises(difypool.Unreachable, match="cannot be run"):
        client.info()


def test_its_complaint_is_passed_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program(folder / "difypoold", "#!/bin/sh\necho 'difypoold: the config is broken in line 3' >&2\nexit 2\n")
    monkeypatch.setenv("DIFYPOOL_DAEMON", path)
    with difypool.Client() as client, pytest.raises(difypool.Unreachable, match="config is broken in line 3"):
        client.info()

    async def main() -> None:
        async with difypool.AsyncClient() as aclient:
            with pytest.raises(difypool.Unreachable, match="config is broken"):
                await aclient.info()

    asyncio.run(main())


def test_one_that_never_says_anything_is_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_opening, "START_LIMIT", 0.3)
    path = program(folder / "difypoold", "#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setenv("DIFYPOOL_DAEMON", path)
    with difypool.Client() as client, pytest.raises(difypool.Unreachable, match="did not listen"):
        client.info()


def test_no_autostart(daemon: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFYPOOL_AUTOSTART", "0")
    with difypool.Client() as client, pytest.raises(difypool.Unreachable) as caught:
        client.info()
    assert caught.value.code == "no_service"
    assert not (folder / "started").exists()


def test_it_gets_nothing_of_ours_but_its_arguments(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard input from /dev/null, a process group of its own, default signals."""
    text = f"""#!/bin/sh
readlink /proc/$$/fd/0 > {folder}/stdin
cut -d' ' -f5 /proc/$$/stat > {folder}/group
grep SigIgn /proc/$$/status > {folder}/signals
echo "$@" > {folder}/argv
exit 7
"""
    monkeypatch.setenv("DIFYPOOL_DAEMON", program(folder / "difypoold", text))
    with difypool.Client() as client, pytest.raises(difypool.Unreachable, match="exit status 7"):
        client.info()
    assert (folder / "stdin").read_text().strip() == "/dev/null"
    assert int((folder / "group").read_text()) != os.getpgrp()
    assert int((folder / "signals").read_text().split()[1], 16) & (1 << 12) == 0, "SIGPIPE"
    assert (folder / "argv").read_text().split() == [
        "--on-demand",
        "--socket",
        f"{folder}/difypool-{os.geteuid()}/socket",
    ]


def test_a_program_that_reaps_all_children_itself(daemon: str, folder: Path) -> None:
    """SIGCHLD ignored: the launcher's status is nowhere to be had, and the connect tells the truth."""
    code = f"""
import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)
from difypool import Client, _place
_place.SHARED, _place.RUNTIME, _place.TEMPORARY = {str(folder)!r} + "/no", {str(folder)!r} + "/no", {str(folder)!r}
with Client() as client:
    print(client.info()["name"])
    client.call("service.drain")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "fake\n", done.stderr
