"""One ride of the property test: what happens in it is all the seed's.

A ride is a few steps. In each the set of pages changes, and is pushed: by one service or by two at once, through faults,
past kills of a service or of a client. Such a push may fail. Then the weather clears, the pages are pushed once more, and
the knowledge base must be the model: exactly those pages, every foreign document as it was, and a further push sends no
write.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Any

from places import NAME, Gone, Place, check_exactly, check_settled, finished, totals
from pushes import Push

WEATHER: list[dict[str, Any]] = [
    {"reset": "before"},
    {"reset": "before", "early": True},
    {"reset": "after"},
    {"reset": "after", "how": "fin"},
    {"cut_after": 40},
    {"cut_body_after": 2},
    {"answer": "nginx_502"},
    {"answer": "nginx_502", "done": True},
    {"answer": "nginx_503_documented"},
    {"answer": "internal_error"},
    {"answer": "internal_error", "done": True},
    {"delay_after_ms": 30},
]
OPERATIONS = [
    "documents.create_by_text",
    "documents.update_by_text",
    "documents.list",
    "metadata.assign",
    "datasets.list",
    "datasets.create",
    "metadata.create",
    "metadata.list",
    "documents.delete",
]
WORDS = "install remove rebase merge push pull remote branch tag commit index tree blob".split()


@dataclass
class Ride:
    place: Place
    seed: int
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    foreign: list[dict[str, Any]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    # --- pages ---

    def text(self) -> str:
        return " ".join(self.random.choices(WORDS, k=self.random.randint(3, 40)))

    def metadata(self) -> dict[str, Any]:
        given: dict[str, Any] = {"kind": self.random.choice(WORDS), "year": self.random.randint(1990, 2030)}
        if self.random.random() < 0.3:
            given["public"] = self.random.random() < 0.5
        if self.random.random() < 0.3:
            given["topics"] = self.random.sample(WORDS, 3)
        return given

    def page(self, number: int) -> dict[str, Any]:
        title = self.random.choice(["Guide", f"Guide {number}", 'a/b: "c"', "Ünïcödé – " + "x" * 300])
        made = {"url": f"https://example.org/{number}", "title": title, "text": self.text()}
        if self.random.random() < 0.8:
            made["metadata"] = self.metadata()
        return made

    def change(self) -> None:
        """Some are new, some other, some gone. Metadata that a page brings no more is left, so it only changes."""
        for number in range(40):
            url, dice = f"https://example.org/{number}", self.random.random()
            if url not in self.pages:
                if dice < 0.4:
                    self.pages[url] = self.page(number)
            elif dice < 0.15:
                self.pages[url]["text"] = self.text()
            elif dice < 0.25 and "metadata" in self.pages[url]:
                self.pages[url]["metadata"]["kind"] = self.random.choice(WORDS)
            elif dice < 0.35:
                del self.pages[url]
        if not self.pages:
            self.pages["https://example.org/0"] = self.page(0)

    def shuffled(self) -> list[dict[str, Any]]:
        return self.random.sample(list(self.pages.values()), len(self.pages))

    # --- what others do ---

    def seed_others(self) -> None:
        """Documents of other programs: some of pages' addresses, which are adopted, and some that are nobody's business."""
        documents = [{"name": f"note {number}", "text": self.text()} for number in range(3)]
        documents.append({"name": "Guide", "text": self.text(), "metadata": {"source_url": "https://elsewhere.example/"}})
        # Before 1.12 an update makes a new document, so two machines that adopt one at the same moment leave two.
        for number in self.random.sample(range(40), 4 if self.place.server.name == "1.12.1" else 0):
            address = f"https://example.org/{number}" + self.random.choice(["", "/"])
            documents.append({"name": f"crawled {number}", "text": self.text(), "metadata": {"source_url": address}})
            self.pages[f"https://example.org/{number}"] = self.page(number)
        fields = [{"id": f"{number:08d}-0000-4000-8000-000000000000", "name": name}
                  for number, name in enumerate(("source_url", "year"))]  # fmt: skip
        self.place.sandbox.seed(datasets=[{"name": NAME, "doc_form": "text_model", "fields": fields, "documents": documents}])
        self.foreign = [document for document in self.place.documents if not document["name"].startswith("crawled")]

    def darken(self) -> None:
        for _ in range(self.random.randint(0, 8)):
            fault = self.random.choice(WEATHER)
            match = {"operation": self.random.choice(OPERATIONS)}
            skip, times = self.random.randint(0, 20), self.random.randint(1, 2)
            self.told.append(f"fault {fault} at {match['operation']} after {skip}, {times} times")
            self.place.sandbox.fault(match=match, skip=skip, times=times, **fault)

    # --- steps ---

    def attempt(self, number: int, pages: list[dict[str, Any]], leaves: bool) -> None:
        """A push that may come to nothing: its service may be killed, its client may leave."""
        try:
            with self.place.client(number) as client:
                handle = client.connect(self.place.sandbox.http, api_key=self.place.sandbox.key)
                push = Push(client)
                if leaves:
                    push.open(handle, dataset=NAME)
                    push.add(pages)
                    push.next(wait_ms=30)
                else:
                    finished(push, handle, pages)
        except (Gone, OSError, AssertionError) as error:
            self.told.append(f"push by {number} came to {error!r}")

    def storm(self) -> None:
        """One or two services at once, and whoever is killed meanwhile."""
        who = self.random.choice([[0], [1], [0, 1], [0, 1], [0, 0]])
        leaves = [self.random.random() < 0.15 for _ in who]
        killed = self.random.random() < 0.25
        effects = self.random.randint(1, 15)
        self.told.append(f"push by {who}, left {leaves}, killed {killed} after {effects}")
        threads = [threading.Thread(target=self.attempt, args=(number, self.shuffled(), left))
                   for number, left in zip(who, leaves)]  # fmt: skip
        self.place.sandbox.reset_counters()
        for thread in threads:
            thread.start()
        if killed:
            while any(thread.is_alive() for thread in threads):
                asked = {"counter": "requests/total", "is": ">=", "value": effects, "timeout_s": 0.2}
                if self.place.sandbox.ask("POST", "/wait", asked)["met"]:
                    self.place.kill(who[0])
                    break
        for thread in threads:
            thread.join(120)
            assert not thread.is_alive(), "a push never ended"

    def step(self) -> None:
        self.darken()
        self.storm()
        self.place.sandbox.clear_faults()
        self.place.sandbox.release()
        self.place.awake()
        number = self.random.randint(0, 1)
        self.told.append(f"settled by {number}")
        # The sets of the pages that a cut push has written without a mark are unknown: running it again comes before pruning.
        totals(self.place.push(self.shuffled(), number))
        totals(self.place.push(self.shuffled(), number, prune=True, prune_adopted=True, max_delete=100))
        check_exactly(self.place, list(self.pages.values()), self.foreign)
        check_settled(self.place, self.shuffled(), number, prune=True, prune_adopted=True)

    def run(self) -> None:
        try:
            self.change()
            if self.random.random() < 0.6:
                self.seed_others()
            for _ in range(self.random.randint(2, 4)):
                self.told.append("---")
                self.step()
                self.change()
        except BaseException:
            print(f"seed {self.seed} at {self.place.server.name}:", *self.told, sep="\n  ")
            raise
