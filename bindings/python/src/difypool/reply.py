"""The answer to a call, as the server gave it and as difypool carried it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TEXTS = frozenset(("op", "version", "note"))
_FLAGS = frozenset(("reused", "cached", "joined", "verified", "resent"))


class Meta(dict):  # type: ignore[type-arg]
    """How a call went: ``op``, ``attempts``, ``reused``, ``cached``, ``joined``, ``verified``, ``resent``, ``note``,
    ``version``, ``sent`` and ``received`` (bytes), and the times ``queued_us``, ``paced_us``, ``dns_us``,
    ``connect_us``, ``tls_us``, ``server_us``, ``total_us`` in microseconds.

    A key that the service left out reads as 0, False or the empty text.
    """

    __slots__ = ()

    def __missing__(self, key: str) -> Any:
        return "" if key in _TEXTS else key not in _FLAGS and 0


class Reply:
    """A success. Immutable; may be used from any thread and pickled.

    Attributes:
        status: HTTP status; 200 for what the service answers by itself.
        type: Content-Type, empty if there was none.
        headers: those that matter, names in lower case; all but hop-by-hop ones for ``http.request``.
        meta: how the call went, see :class:`Meta`.
    """

    __slots__ = ("_body", "headers", "meta", "status", "type")

    def __init__(self, status: int, type: str, headers: dict[str, str], body: Any, meta: dict[str, Any]) -> None:
        self.status = status
        self.type = type
        self.headers = headers
        self.meta = Meta(meta)
        self._body = body

    def __repr__(self) -> str:
        size = f", {len(self._body)} bytes" if isinstance(self._body, bytes) else ""
        return f"<Reply {self.status} {self.meta['op']}{size}>"

    def __getstate__(self) -> tuple[Any, ...]:
        return (self.status, self.type, self.headers, self._body, dict(self.meta))

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    @property
    def content(self) -> bytes:
        """The server's bytes as they came. Where ``decode`` was asked for: its value as JSON."""
        if isinstance(self._body, bytes):
            return self._body
        import json

        return json.dumps(self._body, ensure_ascii=False).encode()

    @property
    def text(self) -> str:
        """The content as text, by the charset of its type, else UTF-8; what cannot be decoded is replaced."""
        charset = "utf-8"
        for part in self.type.split(";")[1:]:
            name, _, value = part.strip().partition("=")
            if name.lower() == "charset":
                charset = value.strip("\"'") or charset
        try:
            return self.content.decode(charset, "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The content as a value; raises ValueError where it is not JSON. Free of cost where ``decode`` was asked for."""
        if not isinstance(self._body, bytes):
            return self._body
        import json

        return json.loads(self._body)
