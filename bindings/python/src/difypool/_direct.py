"""Calls past the service, for the drop-in with pooling off: retry and breaker in Python, small.

What may be repeated: a read after a transport failure or a 5xx; a write only if no connection was made, so that nothing can
have happened; anything that was refused with a time to come back (Retry-After). Never another 4xx.
"""

from __future__ import annotations

import random
from email.utils import parsedate_to_datetime
from time import sleep, time

from requests import exceptions
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from ._circuits import speaks_of_health, status_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    import requests

    from ._circuits import CircuitBreaker

PATIENCE = 120.0  # seconds that a call waits for an open breaker, or for the time that the server names


def carry_out(
    send: Callable[[], requests.Response], reads: bool, breaker: CircuitBreaker | None, retry: Any | None
) -> requests.Response:
    """Sends until it succeeded, or must or may not be repeated; returns the answer of a success.

    send: makes the request once.
    reads: repeating it changes nothing at the server.
    retry: an object with the attributes of RetryConfig; None = one attempt.
    """
    attempts = max(1, int(retry.max_attempts)) if retry is not None else 1
    attempt = 1
    while True:
        if breaker is not None:
            breaker.enter(PATIENCE)
        try:
            response = send()
            response.raise_for_status()
        except BaseException as error:
            _tell(breaker, error)
            pause = _pause(error, reads, attempt, retry)
            if attempt >= attempts or pause is None:
                raise
        else:
            _tell(breaker, None)
            return response
        sleep(pause)
        attempt += 1


def _tell(breaker: CircuitBreaker | None, error: BaseException | None) -> None:
    if breaker is None:
        return
    if error is None or (isinstance(error, exceptions.HTTPError) and not speaks_of_health(error)):
        breaker.succeeded()
    elif speaks_of_health(error):
        breaker.failed()
    else:
        breaker.left()


def _pause(error: BaseException, reads: bool, attempt: int, retry: Any) -> float | None:
    """Seconds until the call may be repeated; None = never."""
    if retry is None:
        return None
    named = _retry_after(error)
    if named is not None:
        return named if named <= PATIENCE else None
    if not (speaks_of_health(error) if reads else _never_left(error)):
        return None
    pause = min(float(retry.max_delay), float(retry.initial_delay) * float(retry.exponential_base) ** (attempt - 1))
    return pause * random.uniform(0.5, 1.0) if retry.jitter else pause  # noqa: S311 - no secret in it


def _never_left(error: BaseException) -> bool:
    """Whether no byte of the request can have reached the server."""
    if isinstance(error, exceptions.ConnectTimeout):
        return True
    seen: Any = error
    for _ in range(4):
        seen = getattr(seen, "reason", None) or (seen.args[0] if getattr(seen, "args", ()) else None)
        if isinstance(seen, (NewConnectionError, ConnectTimeoutError)):
            return True
    return False


def _retry_after(error: BaseException) -> float | None:
    if not isinstance(error, exceptions.HTTPError) or status_of(error) not in (429, 503):
        return None
    headers: Any = getattr(error.response, "headers", None)
    value = headers.get("Retry-After") if hasattr(headers, "get") else None
    if not isinstance(value, str):
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except (TypeError, ValueError):
        return None
