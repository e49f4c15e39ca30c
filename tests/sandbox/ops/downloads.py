"""Documents as files again: a signed link to one, an archive of many. Neither is in 1.12.1; both are played in the words of the contract."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator, Iterator
from io import BytesIO, RawIOBase

from ..call import Call
from ..errors import not_found
from ..routing import UUID, operation
from ..uploads import generated
from ..validate import Field, check, problem, refuse
from ..wire import Answer, json_answer, streamed
from .files import Content, document_content

MOST_IN_ARCHIVE = 100
_PATH = "/datasets/{dataset_id}/documents"
_IDS = (Field("document_ids", "list", required=True),)


@operation("documents.download", "GET", _PATH + "/{document_id}/download", counted=True, lacking="routes-absent")
def download(call: Call) -> Answer:
    document = call.document(call.dataset("403"))
    link = call.world.uploads.link(call.origin, document.upload.id)
    call.effect()
    return json_answer({"url": link + "&as_attachment=true"})


def _ids(call: Call) -> list[str]:
    model = "DocumentBatchDownloadZipPayload"
    ids = check(model, call.json(), _IDS)["document_ids"]
    if not 1 <= len(ids) <= MOST_IN_ARCHIVE:
        least = not ids
        words = f"List should have at {'least 1 item' if least else f'most {MOST_IN_ARCHIVE} items'} after validation, not {len(ids)}"
        raise refuse(model, [problem("document_ids", words, "too_short" if least else "too_long", ids)])
    bad = [
        problem(f"document_ids.{place}", "Input should be a valid UUID", "uuid_parsing", one)
        for place, one in enumerate(ids)
        if not isinstance(one, str) or not UUID.match(one)
    ]
    if bad:
        raise refuse(model, bad)
    return [one.lower() for one in ids]


@operation("documents.download_zip", "POST", _PATH + "/download-zip", counted=True, lacking="routes-absent")
def download_zip(call: Call) -> Answer:
    dataset = call.dataset("403")
    found = [dataset.documents.get(one) for one in _ids(call)]
    documents = [document for document in found if document is not None]
    if len(documents) < len(found):
        raise not_found("Document not found.")
    contents = [document_content(document) for document in documents]
    call.effect()
    pieces = _archive(_named(contents))
    if any(content.generated for content in contents):
        answer = streamed(_each(pieces), "application/zip")
    else:
        answer = Answer(200, b"".join(pieces), "application/zip")
    answer.headers = [("Content-Disposition", f"attachment; filename={dataset.id}.zip")]
    return answer


def _named(contents: list[Content]) -> list[tuple[str, Content]]:
    """Each with a name of its own, and one that stays where it is unpacked."""
    taken: set[str] = set()
    found = []
    for content in contents:
        name = content.name.replace("/", "_").replace("\\", "_") or "document"
        stem, dot, extension = name.rpartition(".")
        number, made = 1, name
        while made in taken:
            number += 1
            made = f"{stem} ({number}){dot}{extension}" if dot else f"{name} ({number})"
        taken.add(made)
        found.append((made, content))
    return found


class _Drain(RawIOBase):
    """Where the archive is written: what came since it was last asked."""

    def __init__(self) -> None:
        super().__init__()
        self._buffer = BytesIO()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return self._buffer.write(bytes(data))  # type: ignore[call-overload]

    def take(self) -> bytes:
        data = self._buffer.getvalue()
        self._buffer = BytesIO()
        return data


def _archive(contents: list[tuple[str, Content]]) -> Iterator[bytes]:
    """The archive as it grows: never whole in memory, if its members are not."""
    drain = _Drain()
    with zipfile.ZipFile(drain, "w", zipfile.ZIP_STORED) as archive:
        for name, content in contents:
            with archive.open(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), "w", force_zip64=True) as member:
                for piece in generated(content.size) if content.generated else iter([content.data or b""]):
                    member.write(piece)
                    yield drain.take()
    yield drain.take()


async def _each(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        if piece:
            yield piece
