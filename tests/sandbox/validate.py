"""Request bodies as Dify checks them: strict JSON, then pydantic's rules with pydantic's words.

Only the rules that the operations here need: a field table by payload class. The messages are those of pydantic 2.11, since clients match on them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from .errors import Refusal, bad_request, envelope, invalid_param

_LONE = re.compile("[\ud800-\udfff]")


def _no_constant(_: str) -> Any:
    raise ValueError("NaN and infinities are no JSON")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("number out of range")
    return value


def parse_json(body: bytes) -> Any:
    """The server's JSON: UTF-8 without a BOM, no NaN, no lone surrogates, no endless nesting. Raises the 400 otherwise."""
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        raise bad_request() from None
    if b"\\u" in body and _LONE.search(json.dumps(value, ensure_ascii=False)):
        raise bad_request()
    return value


def is_json_type(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def unsupported_media_type() -> Refusal:
    message = "Did not attempt to load JSON data because the request Content-Type was not 'application/json'."
    return Refusal(envelope(415, "unsupported_media_type", message))


class Field(NamedTuple):
    """One member of a payload. kind: str, int, bool, list, dict, any; choices makes it a literal."""

    name: str
    kind: str = "any"
    required: bool = False
    null: bool = False
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()
    enum: bool = False
    members: tuple[Field, ...] = ()


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 50 else text[:25] + "..." + text[-24:]


def problem(where: str, words: str, kind: str, value: Any) -> str:
    return (
        f"{where}\n  {words} [type={kind}, input_value={_shown(value)}, input_type={type(value).__name__}]\n"
        f"    For further information visit https://errors.pydantic.dev/2.11/v/{kind}"
    )


def either(choices: Sequence[str]) -> str:
    """The choices as pydantic lists them."""
    quoted = [f"'{choice}'" for choice in choices]
    return " or ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))


_TYPES: dict[str, tuple[type, str, str]] = {
    "str": (str, "Input should be a valid string", "string_type"),
    "int": (int, "Input should be a valid integer", "int_type"),
    "bool": (bool, "Input should be a valid boolean", "bool_type"),
    "list": (list, "Input should be a valid list", "list_type"),
    "dict": (dict, "Input should be a valid dictionary", "dict_type"),
}


def _check_value(rule: Field, value: Any, where: str) -> list[str]:
    if value is None and rule.null:
        return []
    if rule.choices:
        if value not in rule.choices:
            return [
                problem(where, "Input should be " + either(rule.choices), "enum" if rule.enum else "literal_error", value)
            ]
        return []
    if rule.kind in _TYPES:
        wanted, words, kind = _TYPES[rule.kind]
        if not isinstance(value, wanted) or (rule.kind == "int" and isinstance(value, bool)):
            return [problem(where, words, kind, value)]
    if isinstance(value, str):
        if rule.least is not None and len(value) < rule.least:
            return [
                problem(
                    where,
                    f"String should have at least {rule.least} character{'s' * (rule.least > 1)}",
                    "string_too_short",
                    value,
                )
            ]
        if rule.most is not None and len(value) > rule.most:
            return [problem(where, f"String should have at most {rule.most} characters", "string_too_long", value)]
    if rule.members and isinstance(value, dict):
        return _check_members(rule.members, value, where + ".")
    return []


def _check_members(rules: Sequence[Field], payload: dict[str, Any], prefix: str) -> list[str]:
    found: list[str] = []
    for rule in rules:
        if rule.name in payload:
            found += _check_value(rule, payload[rule.name], prefix + rule.name)
        elif rule.required:
            found.append(problem(prefix + rule.name, "Field required", "missing", payload))
    return found


def refuse(model: str, problems: Sequence[str]) -> Refusal:
    count = len(problems)
    return invalid_param(f"{count} validation error{'s' * (count > 1)} for {model}\n" + "\n".join(problems))


def check(model: str, payload: Any, rules: Sequence[Field]) -> dict[str, Any]:
    """The payload as a dict if it obeys the rules; anything falsy counts as {}, as in the server."""
    payload = payload or {}
    if not isinstance(payload, dict):
        words = f"Input should be a valid dictionary or instance of {model}"
        raise refuse(model, [problem("", words, "model_type", payload).lstrip("\n")])
    problems = _check_members(rules, payload, "")
    if problems:
        raise refuse(model, problems)
    return payload


RETRIEVAL_MODEL = Field(
    "retrieval_model",
    "dict",
    null=True,
    members=(
        Field("search_method", "str", required=True),
        Field("reranking_enable", "bool", required=True),
        Field("top_k", "int", required=True),
        Field("score_threshold_enabled", "bool", required=True),
    ),
)


def refuse_nul(text: Any) -> None:
    """PostgreSQL takes no NUL in a text."""
    if isinstance(text, str) and "\0" in text:
        raise invalid_param("A string literal cannot contain NUL (0x00) characters.")
