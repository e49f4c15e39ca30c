"""Walks end, whatever a server answers."""

from __future__ import annotations

from difypool._base import Walk


def test_a_server_that_gives_one_page_for_ever_is_left() -> None:
    walk = Walk({}, "page")
    page = {"data": [{"id": "a"}, {"id": "b"}], "total": 999_999, "has_more": True}
    found: list[object] = []
    asked = 0
    while not walk.done:
        asked += 1
        assert asked < 10
        found += walk.feed(page)
    assert found == page["data"]


def test_a_page_of_repeats_alone_does_not_end_a_walk() -> None:
    walk = Walk({}, "page")
    old = {"data": [{"id": "a"}], "total": 999_999}
    found = walk.feed(old) + walk.feed(old) + walk.feed({"data": [{"id": "b"}], "total": 1})
    assert [entry["id"] for entry in found] == ["a", "b"]
    assert walk.done
