"""Sends a file from a thread; what is sent stands in ``_files``."""

from __future__ import annotations

from collections import deque

from . import _files, errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ._calls import Call
    from ._files import Plan
    from .client import Client
    from .reply import Reply


def upload(client: Client, op: str, param: str, args: Mapping[str, Any], options: Mapping[str, Any]) -> Reply:
    """Carries out an operation with a file.

    Raises:
        Error: as of any call.
        OSError: the file cannot be read; nothing was created.
    """
    source = _files.take(args, param)
    if source is None:
        return client._method(op, args, options)
    try:
        if source.data is not None:
            return client._method(op, {**args, param: source.whole()}, options)
        plan = _files.Plan(op, args, param, source, {**client._defaults, **options})
        while True:
            reply = _attempt(client, plan)
            if reply is not None:
                return reply
    finally:
        source.close()


def _attempt(client: Client, plan: Plan) -> Reply | None:
    """None: it is to be begun anew."""
    link = client._link
    plan.opened(link.run(client._make("upload.open", plan.args, {**plan.opening, **plan.left(120)})).json())
    complete = False
    try:
        try:
            _write(client, plan)
            complete = True
            closing = client._make("upload.close", {"upload": plan.handle}, {**plan.closing, **plan.left(86400)})
            return link.run(closing)
        except errors.Error as error:
            plan.once_more(error, complete)
            return None
    except BaseException:
        link.post("upload.close", {"upload": plan.handle, "abort": True})
        raise


def _write(client: Client, plan: Plan) -> None:
    """Sends all pieces, several at once."""
    flying: deque[Call] = deque()
    accepted = 0
    link = client._link
    try:
        while True:
            size = plan.room(accepted)
            data = plan.source.read(size) if size > 0 else b""
            if data:
                call = client._make("upload.write", plan.write(data), plan.left(_files.WRITE_S))
                flying.append(call)
                link.begin(call)
            if not flying:
                return
            if data and plan.room(accepted) > 0:
                continue
            answer = link.finish(flying.popleft()).json()
            accepted = answer["offset"]
            if answer.get("ended"):
                return  # upload.close tells why
    finally:
        for call in flying:
            link.drop(call)
