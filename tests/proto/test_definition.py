"""The definition itself: sound, and refused by name where it is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gen_check
import pytest

Spoiler = Callable[[dict[str, Any]], object]


READS_BY_POST = {"datasets.retrieve", "documents.download_zip"}
READS_OF_READS = {"documents.wait"}  # made of several calls, each a read


def op(table: dict[str, Any], name: str) -> dict[str, Any]:
    return next(o for o in table["op"] if o["name"] == name)


def test_it_is_sound(table: dict[str, Any]) -> None:
    assert gen_check.check(table) == []


def test_every_operation_and_parameter_says_what_it_is(table: dict[str, Any]) -> None:
    for entry in table["op"]:
        assert entry["text"].endswith("."), entry["name"]
        assert not entry["title"].endswith("."), entry["name"]
        for param in entry["params"]:
            assert len(param["text"]) > 5 and param["text"].endswith((".", ")")), (entry["name"], param["name"])
            assert param["text"].count("`") % 2 == 0, (entry["name"], param["name"])
            assert "](" not in param["text"], "a link of somebody else's documents"
    for entry in [*table["kind"], *table["bound"]]:
        assert entry["text"].endswith("."), entry["name"]


def test_writes_that_need_arguments_have_an_example(table: dict[str, Any]) -> None:
    for entry in table["op"]:
        if any(p.get("required") for p in entry["params"]):
            assert entry.get("example"), entry["name"]


def test_only_reads_are_free(table: dict[str, Any]) -> None:
    for entry in table["op"]:
        if entry["group"] not in gen_check.OWN_GROUPS and entry["retry"] == "free":
            assert entry["method"] == "GET" or entry["name"] in READS_BY_POST | READS_OF_READS, entry["name"]


def test_reads_are_not_paced_but_retrieve_is(table: dict[str, Any]) -> None:
    for entry in table["op"]:
        if entry.get("method") == "GET":
            assert not entry["paced"], entry["name"]
    assert op(table, "datasets.retrieve")["paced"]


SPOILED: list[tuple[str, Spoiler, str]] = [
    ("unknown key", lambda t: op(t, "datasets.list").update(pace=True), "datasets.list: operation: unknown key pace"),
    ("unknown table", lambda t: t.update(ops=[]), "unknown key ops"),
    (
        "unknown key of a parameter",
        lambda t: op(t, "datasets.list")["params"][0].update(maximum=5),
        "unknown key maximum",
    ),
    ("unknown key of a defect", lambda t: op(t, "tags.list")["defects"][0].update(since="1"), "unknown key since"),
    ("number twice", lambda t: op(t, "datasets.get").update(number=1), "op: number 1 stands twice"),
    ("name twice", lambda t: op(t, "datasets.get").update(name="datasets.list"), "op: name datasets.list stands twice"),
    ("gap in kinds", lambda t: t["kind"].pop(3), "without gaps"),
    ("route twice", lambda t: op(t, "tags.list").update(path="/datasets"), "stands twice"),
    ("no text", lambda t: op(t, "datasets.get").update(text=""), "datasets.get: no text"),
    ("wrong group", lambda t: op(t, "datasets.get").update(group="x"), "does not begin with the group"),
    ("wrong answer", lambda t: op(t, "datasets.get").update(answer="xml"), "answer or retry"),
    ("wrong method", lambda t: op(t, "datasets.get").update(method="FETCH"), "method, breaker or paced"),
    ("no reason", lambda t: op(t, "datasets.delete").pop("why"), "no why"),
    ("no proof", lambda t: op(t, "datasets.delete").pop("proof"), "no proof"),
    ("path and list differ", lambda t: op(t, "datasets.get")["params"].clear(), "are not those of the list"),
    ("alias differs", lambda t: op(t, "datasets.get").update(aliases=["/kb/{id}"]), "are not those of the list"),
    ("versions", lambda t: op(t, "tags.list")["defects"][0].update(versions="1.12"), "versions '1.12'"),
    ("absent", lambda t: op(t, "tags.list").update(absent="old"), "versions 'old'"),
    (
        "parameter twice",
        lambda t: op(t, "tags.create")["params"].append(op(t, "tags.create")["params"][0]),
        "stands twice",
    ),
    ("parameter without text", lambda t: op(t, "tags.create")["params"][0].update(text=" "), "name: no text"),
    ("parameter type", lambda t: op(t, "tags.create")["params"][0].update(type="text"), "type or place"),
    ("parameter format", lambda t: op(t, "tags.create")["params"][0].update(format="url"), "format url"),
    ("enum of a number", lambda t: op(t, "datasets.list")["params"][0].update(enum=["1"]), "only a string"),
    ("bounds in the wrong order", lambda t: op(t, "tags.create")["params"][0].update(min=9, max=1), "in this order"),
    ("stop of nothing", lambda t: op(t, "chat.send").update(stop="chat.end"), "chat.send: stop is no operation"),
    ("stop of no run", lambda t: op(t, "datasets.get").update(stop="chat.stop"), "are for events"),
    (
        "stop that needs more",
        lambda t: op(t, "chat.send").update(stop="tags.create"),
        "chat.send: stop needs more than ids and user",
    ),
    ("mode that is sent", lambda t: op(t, "chat.send").update(mode="query"), "its mode is no local parameter"),
    ("file in a query", lambda t: op(t, "tags.create")["params"][0].update(type="file"), "goes in a file part"),
    ("example lacks", lambda t: op(t, "tags.create")["example"].clear(), "the example lacks name"),
    ("example unknown", lambda t: op(t, "tags.create")["example"].update(colour=1), "unknown argument colour"),
    ("example type", lambda t: op(t, "tags.create")["example"].update(name=1), "name is not of type string"),
    ("example boolean", lambda t: op(t, "datasets.list")["example"].update(limit=True), "limit is not of type integer"),
    ("example bounds", lambda t: op(t, "tags.create")["example"].update(name="x" * 51), "name is out of bounds"),
    ("example enum", lambda t: op(t, "models.list")["example"].update(model_type="x"), "none of the values"),
]


@pytest.mark.parametrize(("spoil", "words"), [row[1:] for row in SPOILED], ids=[row[0] for row in SPOILED])
def test_what_is_wrong_is_said_by_name(table: dict[str, Any], spoil: Spoiler, words: str) -> None:
    spoil(table)
    problems = gen_check.check(table)
    assert any(words in problem for problem in problems), problems
