"""difypool: one careful, pooled way to a Dify server, shared by every process of a machine.

    >>> import difypool
    >>> with difypool.Client(base_url="https://api.dify.ai", api_key=key) as client:
    ...     for entry in client.datasets.iter():
    ...         print(entry["name"])

Everything here is loaded when it is first used: ``import difypool`` costs well under a millisecond, and a program that
never touches ``AsyncClient`` or ``ResilientDifyAPI`` never pays for asyncio or requests.
"""

from __future__ import annotations

# Known to type checkers by its name; the real one would cost the import of typing.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from . import events as events
    from . import requests as requests
    from ._batch import Result as Result
    from ._options import CallOptions as CallOptions
    from ._options import FileArg as FileArg
    from ._options import PushOptions as PushOptions
    from ._options import StreamOptions as StreamOptions
    from .aio import AsyncClient as AsyncClient
    from .astreams import AsyncDownload as AsyncDownload
    from .astreams import AsyncStream as AsyncStream
    from .client import Client as Client
    from .errors import BreakerOpen as BreakerOpen
    from .errors import Busy as Busy
    from .errors import Cancelled as Cancelled
    from .errors import Conflict as Conflict
    from .errors import Denied as Denied
    from .errors import Error as Error
    from .errors import Forbidden as Forbidden
    from .errors import Internal as Internal
    from .errors import InvalidRequest as InvalidRequest
    from .errors import NotFound as NotFound
    from .errors import Overloaded as Overloaded
    from .errors import Protocol as Protocol
    from .errors import Quota as Quota
    from .errors import RateLimited as RateLimited
    from .errors import ServerError as ServerError
    from .errors import Timeout as Timeout
    from .errors import Tls as Tls
    from .errors import TooLarge as TooLarge
    from .errors import Unauthorized as Unauthorized
    from .errors import UnknownOutcome as UnknownOutcome
    from .errors import Unreachable as Unreachable
    from .errors import Unsupported as Unsupported
    from .events import Event as Event
    from .push import Page as Page
    from .push import PageResult as PageResult
    from .push import Progress as Progress
    from .push import Summary as Summary
    from .reply import Reply as Reply
    from .resilient import ResilientDifyAPI as ResilientDifyAPI
    from .resilient import RetryConfig as RetryConfig
    from .streams import Download as Download
    from .streams import Stream as Stream

__version__ = "0.1.0"

_HOMES = {
    "AsyncClient": "aio",
    "AsyncDownload": "astreams",
    "AsyncStream": "astreams",
    "CallOptions": "_options",
    "Client": "client",
    "Download": "streams",
    "Event": "events",
    "FileArg": "_options",
    "Page": "push",
    "PageResult": "push",
    "Progress": "push",
    "PushOptions": "_options",
    "Reply": "reply",
    "Result": "_batch",
    "Summary": "push",
    "ResilientDifyAPI": "resilient",
    "RetryConfig": "resilient",
    "Stream": "streams",
    "StreamOptions": "_options",
    "events": "events",
    "requests": "requests",
    **dict.fromkeys(
        (
            "BreakerOpen",
            "Busy",
            "Cancelled",
            "Conflict",
            "Denied",
            "Error",
            "Forbidden",
            "Internal",
            "InvalidRequest",
            "NotFound",
            "Overloaded",
            "Protocol",
            "Quota",
            "RateLimited",
            "ServerError",
            "Timeout",
            "Tls",
            "TooLarge",
            "Unauthorized",
            "UnknownOutcome",
            "Unreachable",
            "Unsupported",
        ),
        "errors",
    ),
}

__all__ = [*sorted(_HOMES), "__version__"]  # noqa: PLE0604


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # importlib would cost more than all else here; __import__ with a fromlist gives the submodule itself.
    module = __import__(f"{__name__}.{home}", fromlist=[name])
    value = module if home == name else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
