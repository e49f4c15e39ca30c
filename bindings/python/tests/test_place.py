"""Where the service is looked for, and what is refused there."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

import difypool
from difypool import _place
from fake import FakeService

UID = os.geteuid()


def test_order(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    place = _place.locate()
    assert (place.path, place.kind, place.may_start) == (f"{folder}/difypool-{UID}/socket", "private", True)

    (folder / "run" / str(UID)).mkdir(parents=True)
    assert _place.locate().path == f"{folder}/run/{UID}/difypool/socket"

    (folder / "shared").mkdir()
    place = _place.locate()
    assert (place.path, place.kind, place.may_start) == (f"{folder}/shared/socket", "shared", False)

    monkeypatch.setenv("DIFYPOOL_SOCKET", "ipc:///x/y")
    place = _place.locate()
    assert (place.path, place.kind, place.may_start) == ("/x/y", "given", False)
    monkeypatch.setenv("DIFYPOOL_SOCKET", "/x/z")
    assert _place.locate().may_start
    monkeypatch.setenv("DIFYPOOL_AUTOSTART", "0")
    assert not _place.locate().may_start
    assert _place.locate("/given").path == "/given"
    monkeypatch.setenv("DIFYPOOL_SOCKET", "")
    assert _place.locate().kind == "shared"


def test_runtime_directory_of_another_is_passed_over(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "run").mkdir()
    (folder / "run" / str(UID)).symlink_to(folder)
    assert _place.locate().path.startswith(f"{folder}/difypool-")


def test_path_that_is_too_long(folder: Path) -> None:
    assert _place.locate("/" + "x" * 106).path
    with pytest.raises(difypool.InvalidRequest, match="107 bytes"):
        _place.locate("/" + "x" * 107)


def test_directory_is_made_for_us_alone(folder: Path) -> None:
    place = _place.locate()
    _place.prepare(place)
    assert oct(os.stat(os.path.dirname(place.path)).st_mode & 0o777) == "0o700"
    _place.prepare(place)


@pytest.mark.parametrize("what", ["mode", "link", "file"])
def test_another_directory_is_refused_and_left_alone(folder: Path, what: str) -> None:
    place = _place.locate()
    directory = Path(os.path.dirname(place.path))
    if what == "mode":
        directory.mkdir(0o755)
    elif what == "link":
        (folder / "elsewhere").mkdir(0o700)
        directory.symlink_to(folder / "elsewhere")
    else:
        directory.write_text("mine")
    with difypool.Client() as client, pytest.raises(difypool.Denied, match="not a directory of this user alone"):
        client.info()
    assert what != "mode" or oct(directory.stat().st_mode & 0o777) == "0o755"
    assert what != "file" or directory.read_text() == "mine"


class PeerOf:
    """A socket whose server runs as somebody else."""

    def __init__(self, uid: int) -> None:
        self.uid = uid

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        assert (level, option) == (socket.SOL_SOCKET, socket.SO_PEERCRED)
        return b"\1\0\0\0" + self.uid.to_bytes(4, "little") + b"\0\0\0\0"


def test_servers_uid(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = UID + 4242
    path = str(folder / "s")
    Path(path).touch()
    private, given = _place.Place(path, "private", True), _place.Place(path, "given", True)
    for place in (private, given):
        _place.check_peer(place, PeerOf(UID))  # type: ignore[arg-type]
        with pytest.raises(difypool.Denied, match=str(other)):
            _place.check_peer(place, PeerOf(other))  # type: ignore[arg-type]
    monkeypatch.setattr(os, "geteuid", lambda: other + 1)
    _place.check_peer(given, PeerOf(0))  # type: ignore[arg-type]
    with pytest.raises(difypool.Denied):
        _place.check_peer(private, PeerOf(0))  # type: ignore[arg-type]


@pytest.mark.skipif(UID != 0, reason="needs root to give files to another user")
def test_owner_of_the_socket_file_may_serve_where_nobody_else_can_write(folder: Path) -> None:
    path = folder / "s"
    path.touch()
    os.chown(path, 4242, -1)
    place = _place.Place(str(path), "shared", False)
    _place.check_peer(place, PeerOf(4242))  # type: ignore[arg-type]
    folder.chmod(0o777)
    with pytest.raises(difypool.Denied):
        _place.check_peer(place, PeerOf(4242))  # type: ignore[arg-type]


def test_permission_errors_name_the_group(folder: Path) -> None:
    error = _place.refused(_place.Place("/run/difypool/socket", "shared", False), PermissionError(13, "x"))
    assert isinstance(error, difypool.Denied)
    assert "group difypool" in str(error)


def test_shared_place_alone_is_used_and_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A private service is never started where an operator installed one."""
    monkeypatch.setattr("difypool._opening.PATIENCE", 0.2)
    monkeypatch.setenv("DIFYPOOL_DAEMON", "/bin/false")
    (folder / "shared").mkdir()
    with difypool.Client() as client:
        with pytest.raises(difypool.Unreachable, match=r"shared/socket.*systemctl"):
            client.info()
        service = FakeService(f"{folder}/shared/socket")
        assert client.info()["name"] == "fake"
        service.kill()
