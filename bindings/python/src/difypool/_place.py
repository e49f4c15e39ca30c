"""Where the service is, and whether what stands there may be given a key (PROTOCOL.md, section 2)."""

from __future__ import annotations

import errno
import os
import stat
from struct import Struct

from . import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket

# Roots of the search; tests point them elsewhere.
SHARED = "/run/difypool"
RUNTIME = "/run/user"
TEMPORARY = "/tmp"  # noqa: S108 - its directory is checked before use

PATH_MAX = 107
SHARED_PATIENCE = 10.0  # seconds
NO_SERVICE = "no_service"

_SO_PEERCRED = 17
_SOL_SOCKET = 1
_CREDENTIALS = Struct("3i")  # pid, uid, gid


class Place:
    """A socket's path and how it was come by: ``given`` by name, ``shared`` (an operator's) or ``private``."""

    __slots__ = ("kind", "may_start", "path")

    def __init__(self, path: str, kind: str, may_start: bool) -> None:
        self.path = path
        self.kind = kind
        self.may_start = may_start


def locate(given: str | None = None) -> Place:
    """The place to use. ``given`` goes before ``$DIFYPOOL_SOCKET``; both are a path or ``ipc://PATH``.

    Raises:
        InvalidRequest: the path is too long for a Unix socket.
    """
    start = os.environ.get("DIFYPOOL_AUTOSTART") != "0"
    name = given or os.environ.get("DIFYPOOL_SOCKET")
    uid = os.geteuid()
    if name:
        plain = not name.startswith("ipc://")
        place = Place(os.path.abspath(name if plain else name[6:]), "given", start and plain)
    elif os.path.isdir(SHARED):
        place = Place(f"{SHARED}/socket", "shared", False)
    elif _is_ours(f"{RUNTIME}/{uid}", uid):
        place = Place(f"{RUNTIME}/{uid}/difypool/socket", "private", start)
    else:
        place = Place(f"{TEMPORARY}/difypool-{uid}/socket", "private", start)
    if len(os.fsencode(place.path)) > PATH_MAX:
        raise errors.InvalidRequest(
            f"the socket's path {place.path!r} is longer than the {PATH_MAX} bytes that the system allows",
            code="path_too_long",
            hint="set DIFYPOOL_SOCKET to a shorter one",
        )
    return place


def _is_ours(path: str, uid: int) -> bool:
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == uid


def prepare(place: Place) -> None:
    """Makes sure that the directory of a private service is a real one, ours alone; makes it where it is absent.

    Raises:
        Denied: something else stands there. It is left as it is.
    """
    if place.kind != "private":
        return
    directory = os.path.dirname(place.path)
    try:
        os.mkdir(directory, 0o700)
    except FileExistsError:
        pass
    except OSError as error:
        raise errors.Denied(f"cannot make the directory {directory}: {error.strerror}", code="directory") from None
    found = os.lstat(directory)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) != 0o700:
        raise errors.Denied(
            f"{directory} is not a directory of this user alone (mode 0700); no key is sent there",
            code="directory",
            hint="remove it if it is yours, else set DIFYPOOL_SOCKET to a path of your own",
        )


def refused(place: Place, error: OSError) -> errors.Error:
    """What a failed connect means."""
    if error.errno in (errno.ENOENT, errno.ECONNREFUSED, errno.ENOTDIR):
        hint = "is the system's difypoold running? `systemctl status difypoold`" if place.kind == "shared" else ""
        return errors.Unreachable(f"no difypool service answers on {place.path}", code=NO_SERVICE, hint=hint)
    if error.errno in (errno.EACCES, errno.EPERM):
        hint = "set DIFYPOOL_SOCKET to a socket of your own"
        if place.kind == "shared":
            hint = "ask for membership of the group difypool: `usermod -aG difypool USER`, then log in again"
        return errors.Denied(f"no permission to connect to {place.path}", code="socket_permission", hint=hint)
    return errors.Unreachable(f"cannot connect to {place.path}: {error.strerror or error}", code="connect")


def check_peer(place: Place, sock: _socket.socket) -> None:
    """Refuses a server that somebody else runs, before anything secret is sent.

    Raises:
        Denied: the peer's uid is not one that may stand there.
    """
    _, uid, _ = _CREDENTIALS.unpack(sock.getsockopt(_SOL_SOCKET, _SO_PEERCRED, _CREDENTIALS.size))
    if uid == os.geteuid() or (place.kind != "private" and (uid == 0 or _guards(place.path, uid))):
        return
    raise errors.Denied(
        f"the service on {place.path} runs as uid {uid}, which is neither this user nor one that may stand there",
        code="peer_uid",
        hint="set DIFYPOOL_SOCKET to a service that you trust",
    )


def _guards(path: str, uid: int) -> bool:
    """Whether the socket file is that user's, in a directory that only that user and root can write."""
    try:
        file, directory = os.stat(path), os.stat(os.path.dirname(path))
    except OSError:
        return False
    return file.st_uid == uid and directory.st_uid in (0, uid) and not stat.S_IMODE(directory.st_mode) & 0o022
