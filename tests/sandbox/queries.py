"""Query parameters as pydantic reads them: texts that are to be numbers in a range, UUIDs, or one of a few words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .routing import UUID
from .validate import either, problem, refuse

if TYPE_CHECKING:
    from .call import Call


class Query:
    """The parameters of one request. Problems are gathered in the order of asking; check() raises them all."""

    def __init__(self, call: Call, model: str) -> None:
        self._call = call
        self._model = model
        self._problems: list[str] = []

    def _wrong(self, name: str, words: str, kind: str, text: str) -> None:
        self._problems.append(problem(name, words, kind, text))

    def number(self, name: str, default: int, least: int, most: int) -> int:
        text = self._call.argument(name)
        if text is None:
            return default
        try:
            value = int(text)
        except ValueError:
            words = "Input should be a valid integer, unable to parse string as an integer"
            self._wrong(name, words, "int_parsing", text)
            return default
        if value < least:
            self._wrong(name, f"Input should be greater than or equal to {least}", "greater_than_equal", text)
        elif value > most:
            self._wrong(name, f"Input should be less than or equal to {most}", "less_than_equal", text)
        return value

    def uuid(self, name: str, required: bool = False) -> str | None:
        text = self._call.argument(name)
        if text is None:
            if required:
                self._problems.append(problem(name, "Field required", "missing", dict(self._call.query)))
            return None
        if text == "" and not required:
            return None
        if not UUID.match(text):
            self._wrong(name, "Value error, must be a valid UUID", "value_error", text)
        return text.lower()

    def word(self, name: str, words: Sequence[str], default: str | None = None) -> str | None:
        text = self._call.argument(name)
        if text is None:
            return default
        if text not in words:
            self._wrong(name, "Input should be " + either(words), "literal_error", text)
        return text

    def flag(self, name: str) -> bool:
        return (self._call.argument(name) or "").lower() in ("true", "1", "yes", "on")

    def check(self) -> None:
        if self._problems:
            raise refuse(self._model, self._problems)
