"""Sends a file from a task; what is sent stands in ``_files``. Local files are read in the loop's thread."""

from __future__ import annotations

import asyncio
from collections import deque

from . import _files, errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ._alink import AsyncLink
    from ._files import Plan
    from .aio import AsyncClient
    from .reply import Reply


async def upload(client: AsyncClient, op: str, param: str, args: Mapping[str, Any], options: Mapping[str, Any]) -> Reply:
    """Carries out an operation with a file; raises as that of the threads' client does."""
    source = _files.take(args, param)
    if source is None:
        return await client._method(op, args, options)
    try:
        if source.data is not None:
            return await client._method(op, {**args, param: source.whole()}, options)
        plan = _files.Plan(op, args, param, source, {**client._defaults, **options})
        while True:
            reply = await _attempt(client, plan)
            if reply is not None:
                return reply
    finally:
        source.close()


async def _attempt(client: AsyncClient, plan: Plan) -> Reply | None:
    """None: it is to be begun anew."""
    link = client._link()
    opened = await link.run(client._make("upload.open", plan.args, {**plan.opening, **plan.left(120)}))
    plan.opened(opened.json())
    complete = False
    try:
        try:
            await _write(client, link, plan)
            complete = True
            closing = client._make("upload.close", {"upload": plan.handle}, {**plan.closing, **plan.left(86400)})
            return await link.run(closing)
        except errors.Error as error:
            plan.once_more(error, complete)
            return None
    except BaseException:
        link.post("upload.close", {"upload": plan.handle, "abort": True})
        raise


async def _write(client: AsyncClient, link: AsyncLink, plan: Plan) -> None:
    """Sends all pieces, several at once."""
    flying: deque[asyncio.Task[Reply]] = deque()
    accepted = 0
    try:
        while True:
            size = plan.room(accepted)
            data = plan.source.read(size) if size > 0 else b""
            if data:
                call = client._make("upload.write", plan.write(data), plan.left(_files.WRITE_S))
                flying.append(asyncio.ensure_future(link.run(call)))
            if not flying:
                return
            if data and plan.room(accepted) > 0:
                continue
            answer = (await flying[0]).json()
            flying.popleft()
            accepted = answer["offset"]
            if answer.get("ended"):
                return  # upload.close tells why
    finally:
        for task in flying:
            task.cancel()
        if flying:
            await asyncio.gather(*flying, return_exceptions=True)
