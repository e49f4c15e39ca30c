"""How a connection comes about: look, start the service if it may be started, wait, look again.

One policy for threads and asyncio, written as a generator of steps without any I/O of a socket: it yields a
:class:`~difypool._place.Place` to connect to (and is sent the error if that failed) or a number of seconds to wait. Each
client carries the steps out in its own way.
"""

from __future__ import annotations

import os
import sys
from time import monotonic

from . import _place, errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Optional, Union

    Step = Union[_place.Place, float]
    Steps = Generator[Step, Optional[errors.Error], None]

PATIENCE = 10.0  # seconds that a service which was there is given to come back
START_LIMIT = 30.0  # seconds that difypoold has to say that it listens
PAUSE_FIRST, PAUSE_LONGEST = 0.005, 0.25  # seconds between two tries
_SIGNALS = (13, 24, 25)  # SIGPIPE, SIGXCPU, SIGXFSZ: Python ignores some of them, difypoold must not inherit that

INSTALL_HINT = (
    "install difypool's service (`./dev install` in its source tree), or set DIFYPOOL_DAEMON to the program difypoold, "
    "or DIFYPOOL_SOCKET to the socket of one that runs"
)


def opening(given: str | None, lost: bool, until: float = 0.0) -> Steps:
    """Steps to a connection; ends when the last place it yielded worked, else raises.

    given: as in :func:`difypool._place.locate`.
    lost: a connection was there before, so the service is expected back.
    until: keep trying until then (by time.monotonic) whatever the place; 0 = only as long as is usual.
    """
    begun = monotonic()
    pause = PAUSE_FIRST
    answered = False
    while True:
        place = _place.locate(given)
        _place.prepare(place)
        error = yield place
        if error is None:
            return
        if not isinstance(error, errors.Unreachable):
            raise error
        answered = answered or error.code != _place.NO_SERVICE
        if error.code == _place.NO_SERVICE and place.may_start:
            try:
                yield from _start(place)
                answered = True
                error = yield place
                if error is None:
                    return
            except errors.Unreachable as failure:
                error = failure
        if monotonic() >= _limit(place, error, begun, until, lost or answered):
            raise error
        yield pause
        pause = min(pause * 2, PAUSE_LONGEST)


def _limit(place: _place.Place, error: errors.Error, begun: float, until: float, expected: bool) -> float:
    """When to stop trying. A service that was there, or is an operator's, may be restarting; else there is little to wait
    for, and nothing at all where difypoold is missing or says why it cannot start."""
    if expected or place.kind == "shared":
        return max(begun + PATIENCE, until)
    return begun + PATIENCE if until and error.code == _place.NO_SERVICE else begun


def find_daemon() -> str:
    """The difypoold that would be started.

    Raises:
        Unreachable: there is none; the hint says how to install it.
    """
    named = os.environ.get("DIFYPOOL_DAEMON")
    if named:
        return named
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    folders += [f"{sys.prefix}/bin", f"{sys.prefix}/sbin", f"{sys.prefix}/libexec/difypool"]
    for folder in folders:
        path = os.path.join(folder, "difypoold")
        if os.path.isabs(path) and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    raise errors.Unreachable(
        "no difypool service runs, and there is no difypoold to start one", code="not_installed", hint=INSTALL_HINT
    )


def _start(place: _place.Place) -> Generator[float, object, None]:
    """Starts a private service; ends once its launcher said that one answers (whoever started it)."""
    daemon = find_daemon()
    complaint = os.memfd_create("difypoold-stderr")
    try:
        pid = _spawn(daemon, place.path, complaint)
        status = yield from _wait_for(pid)
        if status == 0:
            return
        os.lseek(complaint, 0, os.SEEK_SET)
        said = os.read(complaint, 4096).decode("utf-8", "replace").strip()
    finally:
        os.close(complaint)
    if status is None:
        said = f"it did not listen within {START_LIMIT:g} s"
    raise errors.Unreachable(
        f"{daemon} could not start a service on {place.path}: {said or f'exit status {status}'}", code="start"
    )


def _spawn(daemon: str, path: str, complaint: int) -> int:
    """posix_spawn rather than subprocess, which takes longer to import than the service needs to start.

    A process group of its own keeps a Ctrl-C at the terminal from ending the launcher half-way.
    """
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, complaint, 2),
    ]
    argv = [daemon, "--on-demand", "--socket", path]
    try:
        return os.posix_spawn(
            daemon, argv, os.environ, file_actions=actions, setpgroup=0, setsigmask=(), setsigdef=_SIGNALS
        )
    except OSError as error:
        raise errors.Unreachable(
            f"{daemon} cannot be run: {error.strerror}", code="not_installed", hint=INSTALL_HINT
        ) from None


def _wait_for(pid: int) -> Generator[float, object, int | None]:
    """The exit status of the launcher; None if it had to be given up. A status that somebody else reaped counts as 0:
    the connect that follows tells the truth."""
    begun = monotonic()
    pause = 0.001
    while monotonic() < begun + START_LIMIT:
        try:
            ended, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return 0
        if ended:
            return os.waitstatus_to_exitcode(status)
        yield pause
        pause = min(pause * 1.5, 0.02)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return None
