"""The site that is crawled: pages by number, each with a text and metadata of its own."""

from __future__ import annotations

from dataclasses import dataclass

FIELDS = ("url", "title")


@dataclass(frozen=True)
class Page:
    number: int

    @property
    def name(self) -> str:
        return f"page {self.number:04}.html"

    @property
    def text(self) -> str:
        return f"Page {self.number} of the site.\n" + "Some words. " * (self.number + 1)

    @property
    def metadata(self) -> dict[str, str]:
        return {"url": f"https://example.org/{self.number}", "title": f"Title {self.number}"}


def pages(count: int) -> list[Page]:
    return [Page(number) for number in range(count)]
