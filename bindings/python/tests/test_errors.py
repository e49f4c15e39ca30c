"""Errors and replies as objects: classes, texts, pickling."""

from __future__ import annotations

import copy
import pickle

import pytest

import difypool
from difypool import _table, errors
from difypool.reply import Meta, Reply


def test_a_class_for_every_kind_of_the_table() -> None:
    assert set(errors.CLASSES) == set(_table.KINDS) - {"ok"}
    for kind, cls in errors.CLASSES.items():
        assert cls.__name__ == "".join(word.capitalize() for word in kind.split("_"))
        assert getattr(difypool, cls.__name__) is cls
        assert cls("x").retryable == _table.KINDS[kind][0]
        assert cls.__doc__


@pytest.mark.parametrize("cls", list(errors.CLASSES.values()))
def test_pickles_whole(cls: type[errors.Error]) -> None:
    error = cls(
        "what",
        code="c",
        hint="do",
        status=403,
        retryable=True,
        retry_after=1.5,
        body=b"{}",
        headers={"a": "b"},
        meta={"n": 1},
    )
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), errors.twin(error)):
        assert type(twin) is cls
        assert twin is not error
        assert twin.__dict__ == error.__dict__
        assert str(twin) == "what (do)"


def test_unknown_kind_is_internal_and_keeps_its_name() -> None:
    error = errors.from_wire({"kind": "eclipsed", "message": "m", "retryable": True})
    assert type(error) is difypool.Internal
    assert (error.kind, error.retryable) == ("eclipsed", True)
    assert pickle.loads(pickle.dumps(error)).kind == "eclipsed"


def test_from_wire() -> None:
    error = errors.from_wire(
        {
            "kind": "rate_limited",
            "code": "forbidden",
            "message": "m",
            "hint": "h",
            "retryable": True,
            "status": 403,
            "retry_after_ms": 2500,
            "body": b'{"code":"forbidden"}',
            "run": {"task_id": "t1"},
        }
    )
    assert isinstance(error, difypool.RateLimited)
    assert error.run == {"task_id": "t1"}
    assert (error.status, error.retry_after, error.json()) == (403, 2.5, {"code": "forbidden"})


def test_invalid_request_is_a_value_error() -> None:
    assert issubclass(difypool.InvalidRequest, ValueError)


def test_reply() -> None:
    reply = Reply(
        200, 'application/json; charset="utf-8"', {"x-version": "1"}, b'{"a": "\xc3\xa9"}', {"attempts": 2, "op": "o.p"}
    )
    assert reply.json() == {"a": "é"}
    assert reply.text == '{"a": "é"}'
    assert reply.meta["attempts"] == 2
    assert (reply.meta["reused"], reply.meta["queued_us"], reply.meta["note"]) == (False, 0, "")
    assert "é" not in repr(reply)
    twin = pickle.loads(pickle.dumps(reply))
    assert (twin.content, twin.meta, twin.status) == (reply.content, reply.meta, 200)


def test_reply_texts() -> None:
    assert Reply(200, "text/plain; charset=latin-1", {}, b"\xe9", {}).text == "é"
    assert Reply(200, "text/plain; charset=nonsense", {}, b"\xc3\xa9", {}).text == "é"
    assert Reply(200, "", {}, b"\xff", {}).text == "\ufffd"
    decoded = Reply(200, "application/json", {}, {"a": "é"}, {})
    assert decoded.json() == {"a": "é"}
    assert decoded.content == '{"a": "é"}'.encode()
    with pytest.raises(ValueError, match="Expecting value"):
        Reply(502, "text/html", {}, b"<html>", {}).json()


def test_meta_of_unknown_keys_is_zero() -> None:
    assert Meta({})["something_new"] == 0
