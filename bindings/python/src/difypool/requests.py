"""A transport adapter for requests: whatever uses a session gains the pool, without knowing of it.

    >>> import difypool.requests
    >>> session = difypool.requests.Session()
    >>> session.get("https://api.dify.ai/v1/datasets", headers={"Authorization": f"Bearer {key}"})

or, on a session that is there already, ``session.mount("https://api.dify.ai", difypool.requests.Adapter())``.

The session goes on doing what is its own: cookies, redirects, hooks, merging of settings. The adapter takes what the
session would send and has the service carry it. Nothing is ever sent past the service: what it cannot carry (a path outside
``/v1``, an ``Authorization`` that is no bearer key) is an error that says so. Answers are read whole, also with
``stream=True``; an event stream therefore comes at its end.
"""

from __future__ import annotations

import io
import json
import os
from datetime import timedelta
from http import HTTPStatus
from time import perf_counter
from urllib.parse import urlsplit

import requests
from requests import exceptions
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers, select_proxy
from urllib3.response import HTTPResponse
from urllib3.util import Timeout

from . import _base, errors
from .client import Client

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ._calls import Handle

BREAKER_TEXT = "Circuit breaker OPEN: Service unavailable"
_HANDLES = 128  # addresses that an adapter remembers
# What the service sets by itself, or what speaks of a connection that is not there.
_NOT_SENT = frozenset(
    (
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-authorization",
        "transfer-encoding",
    )
)


class BreakerOpen(exceptions.RequestException):
    """The server failed so often lately that it is left alone for a moment. The cause says when it is tried again."""


class Adapter(HTTPAdapter):
    """See above. One adapter serves any number of threads, and any number of servers and keys.

    Args:
        deadline: seconds for a call that has no ``timeout`` of its own, 0.001..86400; 120 by default.
        wait: wait, within that time, for an open breaker, a full server and a restart of the service instead of failing.
        priority: ``interactive``, ``normal`` or ``bulk``.
        socket: the service's socket, instead of looking for it.
        profile: further options of ``service.connect`` for every address, such as ``{"pooling": False}``; what the
            request itself says (address, key, TLS, proxy) comes on top.

    ``verify``, ``cert``, ``proxies`` and ``timeout`` of the session and of the call are honoured, and so is the key in
    the ``Authorization`` header, which is read at each call. A ``timeout`` is the deadline of the whole call: of a pair
    the sum. ``verify=True`` means the system's CAs (requests' own bundle is not used).
    """

    __attrs__ = [*HTTPAdapter.__attrs__, "_profile", "_set_up"]  # noqa: RUF012 - what requests pickles

    def __init__(
        self,
        *,
        deadline: float | None = None,
        wait: bool = False,
        priority: str | None = None,
        socket: str | None = None,
        profile: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1)
        self._profile = dict(profile or {})
        self._set_up = {"deadline": deadline, "wait": wait or None, "priority": priority, "socket": socket}
        self._begin()

    def _begin(self) -> None:
        self._client = Client(**self._set_up)  # type: ignore[arg-type]
        self._handles: dict[tuple[tuple[str, Any], ...], Handle] = {}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        adapter: Any = super()  # stubs of requests differ on whether, and of what, it has this
        adapter.__setstate__(state)
        self._begin()

    def close(self) -> None:
        """Ends the connection to the service; a later call opens another, as sessions allow."""
        client = self._client
        self._begin()
        client.close()
        super().close()

    def profile_options(self) -> Mapping[str, Any]:
        """Options of ``service.connect`` besides the request's own; asked at each call, for subclasses to override."""
        return self._profile

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Has the service carry a request; what requests calls for every request of a session.

        Raises:
            requests.exceptions.ConnectionError: no connection to the server, or to the service; also a write of which
                nobody knows whether it happened.
            requests.exceptions.SSLError, Timeout, InvalidURL, InvalidHeader, RequestException: by their names. The cause
                (``__cause__``) is the :class:`difypool.Error`.
            BreakerOpen: the server is left alone for a moment.
            requests.exceptions.HTTPError: the call was refused before it was sent, since this server cannot carry it out
                or it is not well-formed; ``response`` is a 400 that says so in Dify's form.
        """
        started = perf_counter()
        address, path, query = _split(request)
        options: dict[str, Any] = {**self.profile_options(), **address, **_tls(request.url or "", verify, cert)}
        proxy = select_proxy(request.url or "", dict(proxies or {}))
        if proxy:
            options["proxy"] = proxy if "://" in proxy else f"http://{proxy}"
        args = {"method": request.method, "path": path, "headers": _headers(request), **query, **_body(request)}
        deadline = _deadline(timeout)
        try:
            reply = self._client._through(
                self._handle(options), "http.request", args, {} if deadline is None else {"deadline": deadline}
            )
            status, headers, content = reply.status, reply.headers, reply.content
        except errors.Error as error:
            if _is_refusal(error):
                raise self._refused(error, request, stream, perf_counter() - started) from error
            if not error.status or error.kind == "unknown_outcome":
                raise _translate(error, request) from error
            status, headers, content = error.status, error.headers, error.body
        return self._response(request, status, headers, content, stream, perf_counter() - started)

    def _handle(self, options: dict[str, Any]) -> Handle:
        key = tuple(sorted(options.items()))
        handle = self._handles.get(key)
        if handle is None:
            for oldest in list(self._handles)[: max(0, len(self._handles) - _HANDLES + 1)]:
                self._handles.pop(oldest, None)
            handle = self._handles[key] = _base.handle_of(options)
        return handle

    def _response(
        self,
        request: requests.PreparedRequest,
        status: int,
        headers: Mapping[str, str],
        content: bytes,
        stream: bool,
        seconds: float,
    ) -> requests.Response:
        response = requests.Response()
        response.status_code = status
        response.headers = CaseInsensitiveDict(headers)
        response.encoding = get_encoding_from_headers(response.headers)
        response.reason = _reason(status)
        response.url = request.url or ""
        response.request = request
        response.elapsed = timedelta(seconds=seconds)
        response.raw = HTTPResponse(
            body=io.BytesIO(content),
            headers=dict(headers),
            status=status,
            reason=response.reason,
            version=11,
            preload_content=False,
            request_method=request.method,
        )
        response.connection = self
        if not stream and "content-encoding" not in response.headers:
            response._content = content
            setattr(response, "_content_consumed", True)  # noqa: B010 - not all stubs of requests know it
        return response

    def _refused(
        self, error: errors.Error, request: requests.PreparedRequest, stream: bool, seconds: float
    ) -> exceptions.HTTPError:
        """A call that was refused before it was sent, told as the server tells of such calls: who was written for it
        catches HTTPError and reads ``response``."""
        said = json.dumps({"code": error.code or error.kind, "message": str(error), "status": 400}).encode()
        response = self._response(request, 400, {"content-type": "application/json"}, said, stream, seconds)
        return exceptions.HTTPError(error, request=request, response=response)


class Session(requests.Session):
    """A ``requests.Session`` with an :class:`Adapter` mounted for http and https; takes the adapter's arguments."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        adapter = Adapter(**options)
        self.mount("https://", adapter)
        self.mount("http://", adapter)


def _split(request: requests.PreparedRequest) -> tuple[dict[str, str], str, dict[str, str]]:
    """Address with key, path and query of a request, as the service takes them."""
    url = urlsplit(request.url or "")
    index = url.path.rfind("/v1/")
    if index < 0:
        raise exceptions.InvalidURL(
            f"difypool carries what is under /v1 alone, not {url.path or '/'}: mount it for the Dify server's address only",
            request=request,
        )
    address = {"base_url": f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path[:index]}/v1"}
    authorization = _text(request.headers.get("Authorization"))
    if authorization:
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise exceptions.InvalidHeader("difypool carries bearer keys alone in Authorization", request=request)
        address["api_key"] = key.strip()
    return address, url.path[index:], {"query": url.query} if url.query else {}


def _text(value: str | bytes | None) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value or ""


def _tls(url: str, verify: bool | str, cert: Any) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if not url.lower().startswith("https:"):
        return options
    if verify is False or verify is None:
        options["verify"] = False
    elif verify is not True:
        if not os.path.exists(verify):
            raise OSError(f"Could not find a suitable TLS CA certificate bundle, invalid path: {verify}")
        options["ca_dir" if os.path.isdir(verify) else "ca_file"] = os.path.abspath(verify)
    if cert:
        certificate, key = (cert, None) if isinstance(cert, (str, os.PathLike)) else cert
        options["client_cert"] = os.path.abspath(certificate)
        if key:
            options["client_key"] = os.path.abspath(key)
    return options


def _headers(request: requests.PreparedRequest) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in request.headers.items() if _text(name).lower() not in _NOT_SENT}


def _body(request: requests.PreparedRequest) -> dict[str, bytes]:
    body: Any = request.body
    if body is None:
        return {}
    if isinstance(body, str):
        body = body.encode("utf-8")
    elif hasattr(body, "read"):
        body = body.read()
    elif not isinstance(body, (bytes, bytearray)):
        body = b"".join(part.encode("utf-8") if isinstance(part, str) else part for part in body)
    return {"body": bytes(body)}


def _deadline(timeout: Any) -> float | None:
    """requests' timeouts, of connecting and of each read, as one for all of it; None = the adapter's own."""
    if timeout is None:
        return None
    if isinstance(timeout, Timeout):
        timeout = timeout.total or (timeout.connect_timeout, timeout.read_timeout)
    parts = timeout if isinstance(timeout, tuple) else (timeout,)
    if len(parts) not in (1, 2):
        raise ValueError(f"Invalid timeout {timeout}. Pass a (connect, read) timeout tuple, or a single float.")
    if parts[-1] is None:
        return None
    seconds = sum(float(part) for part in parts if part is not None)
    if seconds <= 0:
        raise ValueError(f"Invalid timeout {timeout}: it must be greater than 0.")
    return min(max(seconds, 0.001), 86400.0)


def _is_refusal(error: errors.Error) -> bool:
    """Whether the service found fault with the call itself, without having asked the server."""
    return (
        error.kind in ("invalid_request", "unsupported") and not error.status and error.code not in ("base_url", "closed")
    )


def _translate(error: errors.Error, request: requests.PreparedRequest) -> exceptions.RequestException:
    """The exception that users of requests know for it."""
    kind = error.kind
    if kind == "breaker_open":
        return BreakerOpen(BREAKER_TEXT, request=request)
    cls: type[exceptions.RequestException] = exceptions.RequestException
    if kind == "tls":
        cls = exceptions.SSLError
    elif error.code.startswith("proxy"):
        cls = exceptions.ProxyError
    elif kind == "timeout" or error.pending:
        cls = exceptions.ConnectTimeout if error.code.startswith("connect") else exceptions.ReadTimeout
    elif kind in ("unreachable", "unknown_outcome", "cancelled", "busy", "overloaded"):
        cls = exceptions.ConnectionError
    elif error.code == "base_url":
        cls = exceptions.InvalidURL
    return cls(error, request=request)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
