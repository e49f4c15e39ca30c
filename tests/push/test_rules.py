"""The rules of a push, one by one, through a service and against the stand-in."""

from __future__ import annotations

import threading
from typing import Any

from places import NAME, Place, check_exactly, check_settled, totals
from pushes import page, pages

ELSE = "00000000-0000-4000-8000-00000000000"


def seeded(place: Place, *documents: dict[str, Any], **more: Any) -> None:
    fields = [{"id": ELSE + "1", "name": "source_url"}]
    place.sandbox.seed(datasets=[{"name": NAME, "fields": fields, "documents": list(documents), **more}])


def test_two_machines_at_once_leave_no_page_twice(fresh: Place) -> None:
    """Other titles on each, too, so that names differ: then only the mark in the name tells that it is one page."""
    wanted = [page(number, metadata={"kind": "guide"}) for number in range(60)]
    other = [{**entry, "title": f"Other {number}"} for number, entry in enumerate(reversed(wanted[:50]))]
    ended: list[Any] = []
    threads = [threading.Thread(target=lambda p=p, n=n: ended.append(fresh.push(p, n))) for n, p in enumerate((wanted, other))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [push.read()["failed"] for push in ended] == [0, 0]
    check_exactly(fresh, wanted, [])
    for number in (0, 1):
        check_settled(fresh, wanted, number)


def test_two_pushes_of_one_service_at_once(fresh: Place) -> None:
    """Each holds pages that the other waits for."""
    wanted = [page(number, metadata={"kind": "guide"}) for number in range(80)]
    ended: list[Any] = []
    lists = (wanted, wanted[::-1], wanted[40:] + wanted[:40])
    threads = [threading.Thread(target=lambda p=p: ended.append(fresh.push(p))) for p in lists]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(push.read()["created"] for push in ended) == 80
    check_exactly(fresh, wanted, [])


def test_calls_of_a_push(fresh: Place) -> None:
    """New: a create a page and little else; unchanged: no write; changed and gone: as many as there are."""
    crawl = {"title": "t", "language": "en", "depth": 1, "author": "a", "section": "s"}
    wanted = [page(number, metadata=crawl) for number in range(200)]
    rounds = []
    other = [{**entry, "text": entry["text"] + " changed"} if number < 10 else entry for number, entry in enumerate(wanted)]
    for some in (wanted, wanted, other[:195]):
        before = len(fresh.sandbox.log())
        totals(fresh.push(some, prune=True))
        rounds.append([request["method"] for request in fresh.sandbox.log()[before:]])
    new, unchanged, changed = rounds
    assert len(new) <= 225 and len(unchanged) <= 6 and set(unchanged) == {"GET"}
    if fresh.server.name == "1.12.1":  # before it, an update takes looks, a create and a delete
        assert len(changed) <= 24, len(changed)


def test_a_dry_run_sends_no_write_and_tells_what_hands_have_edited(fresh: Place) -> None:
    wanted = pages(3)
    totals(fresh.push(wanted, wait=True))
    document = fresh.documents[0]
    with fresh.client() as client:
        handle = client.connect(fresh.sandbox.http, api_key=fresh.sandbox.key)
        where = {"dataset_id": fresh.base, "document_id": document["id"]}
        found = client.call("segments.list", where, profile=handle, decode=True)["body"]["data"][0]["id"]
        edit = {**where, "segment_id": found, "segment": {"content": "By hand."}}
        client.call("segments.update", edit, profile=handle, epoch=client.epoch)
    wanted[0]["text"] = "A new text."
    before = len(fresh.sandbox.log())
    push = fresh.push([*wanted[:2], page(7)], prune=True, dry_run=True, max_delete=100)
    told = totals(push)
    assert (told["created"], told["updated"], told["unchanged"], told["deleted"]) == (1, 1, 1, 1)
    assert {request["method"] for request in fresh.sandbox.log()[before:]} == {"GET"}
    assert [event["edited_segments"] for event in push.events if "edited_segments" in event] == [1]
    assert len(fresh.documents) == 3


def test_one_document_is_adopted_by_one_page(fresh: Place) -> None:
    """Addresses that differ by a slash are two pages; the document of the crawl before is one of them."""
    address = "https://example.org/a"
    seeded(fresh, {"name": "old", "text": "old", "metadata": {"source_url": address + "/"}}, {"name": "note", "text": "mine"})
    note = [document for document in fresh.documents if document["name"] == "note"]
    wanted = [{"url": address, "text": "one"}, {"url": address + "/", "text": "two"}]
    told = totals(fresh.push(wanted))
    assert (told["adopted"], told["created"]) == (1, 1)
    check_exactly(fresh, wanted, note)
    check_settled(fresh, wanted[::-1], 0)
    check_settled(fresh, wanted[::-1], 1)


def test_without_adopt_nothing_of_others_is_written_or_listed(fresh: Place) -> None:
    seeded(fresh, {"name": "old", "text": "old", "metadata": {"source_url": "https://example.org/1"}},
           {"name": "Mine", "text": "mine"})  # fmt: skip
    fresh.sandbox.fill(fresh.base, 300)
    before, wanted = fresh.documents, page(1, name="Mine")
    start = len(fresh.sandbox.log())
    push = fresh.push([wanted], adopt=False)
    assert totals(push)["created"] == 1
    held = {document["id"]: document for document in fresh.documents}
    assert all(held[document["id"]]["text"] == document["text"] for document in before)
    lists = [request for request in fresh.sandbox.log()[start:] if request["operation"] == "documents.list"]
    assert len(lists) <= 3
    told = next(event for event in push.events if event["event"] == "page")
    assert told["name"].startswith("Mine [") and told["notes"]


def test_names_that_pages_bring_are_no_two_pages(fresh: Place) -> None:
    wanted = [{"id": f"p{number}", "name": "Same", "text": f"text {number}"} for number in range(4)]
    assert totals(fresh.push(wanted))["created"] == 4
    assert sorted(document["text"] for document in fresh.documents) == [f"text {number}" for number in range(4)]
    assert totals(fresh.push(wanted[::-1]))["unchanged"] == 4
    assert totals(fresh.push(wanted[::-1], 1))["unchanged"] == 4


def test_equal_keys(fresh: Place) -> None:
    twice = [page(1), page(1), page(1, "other"), page(1, "third")]
    with_error = fresh.push(twice).read()
    assert (with_error["created"], with_error["duplicates"], with_error["failed"]) == (1, 1, 2)
    numbered = totals(fresh.push(twice, on_duplicate="number"))
    assert (numbered["unchanged"], numbered["duplicates"], numbered["created"]) == (1, 1, 2)
    again = totals(fresh.push(twice, on_duplicate="number"))
    assert (again["unchanged"], again["duplicates"], again["created"]) == (3, 1, 0)
    assert sorted(document["text"] for document in fresh.documents) == sorted({entry["text"] for entry in twice})


def test_the_last_of_equal_keys_in_a_list(fresh: Place) -> None:
    with fresh.client() as client:
        handle = client.connect(fresh.sandbox.http, api_key=fresh.sandbox.key)
        asked = {"dataset": NAME, "indexing_technique": "economy", "on_duplicate": "last",
                 "pages": [page(1), page(2), page(1, "last")]}  # fmt: skip
        for created in (2, 0):
            told = client.call("pages.push", asked, profile=handle, decode=True)["body"]
            assert (told["created"], told["duplicates"], told["failed"]) == (created, 1, 0)
    assert {document["text"] for document in fresh.documents} == {"last", page(2)["text"]}
    assert fresh.sandbox.effects("documents.create_by_text") == 2


def test_pruning_is_careful(fresh: Place) -> None:
    totals(fresh.push(pages(20), set="one"))
    totals(fresh.push(pages(5, 100), set="two"))
    assert fresh.push(pages(10), set="one", prune=True).fail()["code"] == "max_delete"
    failing = fresh.push([*pages(19), {"url": "https://example.org/19", "text": " "}], set="one", prune=True).read()
    assert (failing["failed"], failing["deleted"]) == (1, 0)
    assert totals(fresh.push([], set="one", prune=True, max_delete=100))["deleted"] == 0
    assert totals(fresh.push(pages(18), set="one", prune=True))["deleted"] == 2
    assert len(fresh.documents) == 23


def test_what_is_disabled_or_archived_is_left(fresh: Place) -> None:
    wanted = pages(3)
    totals(fresh.push(wanted, wait=True))
    for document, change in zip(fresh.documents, ({"enabled": False}, {"archived": True})):
        fresh.sandbox.ask("PATCH", f"/datasets/{fresh.base}/documents/{document['id']}", change)
    for entry in wanted:
        entry["text"] += " changed"
    push = fresh.push(wanted)
    assert (totals(push)["skipped"], totals(push)["updated"]) == (2, 1)
    codes = {event.get("code") for event in push.events if event.get("outcome") == "skipped"}
    assert codes == {"skipped_disabled", "skipped_archived"}
    assert totals(fresh.push(wanted, mend=True))["updated"] == 2
    check_exactly(fresh, wanted, [])


def test_a_failed_indexing_is_tried_once_more(fresh: Place) -> None:
    wanted = pages(3)
    fresh.sandbox.pause_indexing()
    ended: list[Any] = []
    thread = threading.Thread(target=lambda: ended.append(fresh.push(wanted, wait=True)))
    thread.start()
    fresh.sandbox.wait("effects/metadata.assign", 1)
    fresh.sandbox.wait("documents", 3)
    broken = fresh.documents[1]["id"]
    fresh.sandbox.ask("PATCH", f"/datasets/{fresh.base}/documents/{broken}", {"indexing_status": "error", "error": "no room"})
    fresh.sandbox.drain_indexing()
    fresh.sandbox.ask("PATCH", f"/datasets/{fresh.base}/documents/{broken}", {"indexing_status": "error", "error": "no room"})
    fresh.sandbox.pause_indexing(False)
    thread.join(60)
    told = totals(ended[0])
    assert (told["pages"], told["created"], told["indexed"], told["not_indexed"]) == (3, 3, 3, 0)
    assert any(event.get("waiting_for") == "indexing" for event in ended[0].events)
    check_exactly(fresh, wanted, [])


def test_a_knowledge_base_keeps_its_form(fresh: Place) -> None:
    seeded(fresh, doc_form="hierarchical_model")
    assert fresh.push(pages(1), doc_form="text_model").fail()["code"] == "doc_form"
    assert totals(fresh.push(pages(2), wait=True))["indexed"] == 2
    rule = {"mode": "custom", "rules": {"segmentation": {"separator": "\n", "max_tokens": 500}}}
    assert fresh.push(pages(1), process_rule=rule).fail()["code"] == "doc_form"


def test_thousands_unchanged_in_one_message(fresh: Place) -> None:
    """Each is done at once and asks for the next: not one within another."""
    wanted = [{"id": f"p{number}", "text": "same"} for number in range(3000)]
    with fresh.client() as client:
        handle = client.connect(fresh.sandbox.http, api_key=fresh.sandbox.key)
        asked = {"dataset": NAME, "indexing_technique": "economy", "pages": wanted, "dry_run": True}
        assert client.call("pages.push", asked, profile=handle, decode=True)["body"]["created"] == 3000
