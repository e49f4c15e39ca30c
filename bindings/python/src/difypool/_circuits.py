"""Circuit breakers as users of the original class know them.

With pooling on they decide nothing: the service has the breaker, and these objects show what its answers tell. With pooling
off, past the service, they are the breaker. Either way only what speaks of the server's health counts, which is transport
failures and answers of 5xx; a page's own 4xx never opens a breaker, and a half-open one lets a single call try.
"""

from __future__ import annotations

from threading import Condition
from time import monotonic, time

from requests import exceptions

from .requests import BREAKER_TEXT, BreakerOpen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

SETTINGS = {
    "kb_creation": (5, 60),
    "doc_creation": (5, 60),
    "metadata": (5, 60),
    "retrieval": (3, 30),
}  # failures that open it, seconds until it is tried again


class CircuitBreaker:
    """One circuit. Safe across threads.

    Attributes:
        state: ``closed``, ``open`` or ``half_open``.
        failure_count: failures since the last success.
        failure_threshold: failures that open it.
        recovery_timeout: seconds until an open one is tried again.
        last_failure_time: by time.time(); None before the first.
        expected_exception: what :meth:`call` takes for a failure.
    """

    def __init__(
        self,
        failure_threshold: int = 5,
        recovery_timeout: float = 60,
        expected_exception: type[BaseException] = Exception,
    ) -> None:
        self.state = "closed"
        self.failure_count = 0
        self.failure_threshold = failure_threshold
        self.recovery_timeout = recovery_timeout
        self.last_failure_time: float | None = None
        self.expected_exception = expected_exception
        self._changed = Condition()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_changed"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._changed = Condition()

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Calls ``function(*args, **kwargs)`` and counts how it went; raises BreakerOpen at once while it is open."""
        self.enter(0)
        try:
            result = function(*args, **kwargs)
        except self.expected_exception:
            self.failed()
            raise
        except BaseException:
            self.left()
            raise
        self.succeeded()
        return result

    def enter(self, patience: float) -> None:
        """Waits up to so many seconds for leave to call; then one of succeeded, failed, left must follow.

        Raises:
            BreakerOpen: it stayed open.
        """
        limit = monotonic() + patience
        with self._changed:
            while self.state != "closed":
                opens_in = (self.last_failure_time or 0.0) + self.recovery_timeout - time()
                if self.state == "open" and opens_in <= 0:
                    self.state = "half_open"
                    return
                left = limit - monotonic()
                if left <= 0:
                    raise BreakerOpen(BREAKER_TEXT)
                self._changed.wait(min(left, opens_in) if self.state == "open" else left)

    def succeeded(self) -> None:
        with self._changed:
            self.state = "closed"
            self.failure_count = 0
            self._changed.notify_all()

    def failed(self) -> None:
        with self._changed:
            self.failure_count += 1
            self.last_failure_time = time()
            if self.state == "half_open" or self.failure_count >= self.failure_threshold:
                self.state = "open"
            self._changed.notify_all()

    def left(self) -> None:
        """A call ended that says nothing of the server's health."""
        with self._changed:
            if self.state == "half_open":
                self.state = "open"
            self._changed.notify_all()

    def refused(self) -> None:
        """The service's breaker is open."""
        with self._changed:
            self.state = "open"
            self.failure_count = max(self.failure_count, self.failure_threshold)
            self.last_failure_time = time()

    def note(self, error: BaseException | None) -> None:
        """How a call went that was not asked of this object beforehand."""
        if isinstance(error, BreakerOpen):
            self.refused()
        elif error is not None and speaks_of_health(error):
            self.failed()
        elif error is None or isinstance(error, exceptions.HTTPError):
            self.succeeded()


def new_set() -> dict[str, CircuitBreaker]:
    return {key: CircuitBreaker(threshold, timeout) for key, (threshold, timeout) in SETTINGS.items()}


def status_of(error: BaseException) -> int:
    """HTTP status behind an error; 0 where there is none."""
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", 0)
    return status if isinstance(status, int) else 0


def speaks_of_health(error: BaseException) -> bool:
    if isinstance(error, exceptions.HTTPError):
        return status_of(error) >= 500
    return isinstance(error, (exceptions.ConnectionError, exceptions.Timeout))
