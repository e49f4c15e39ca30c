"""Files of apps: upload, preview, and the signed links that lead to any stored file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple
from urllib.parse import quote

from ..call import Call
from ..errors import Refusal, envelope, file_too_large, invalid_param, no_file_uploaded, not_found, too_many_files
from ..multipart import FilePart
from ..routing import operation
from ..state import Document
from ..uploads import StoredFile, generated, most_of
from ..validate import problem, refuse
from ..wire import Answer, json_answer, streamed

NAME_MOST = 200
BAD_IN_FILE_NAME = frozenset('/\\:*?"<>|')
_PUBLIC_FOR = [("Cache-Control", "public, max-age=3600")]


def cut_name(name: str) -> str:
    """A file's name as it is stored: 200 characters, and the extension."""
    stem, dot, extension = name.rpartition(".")
    if len(name) <= NAME_MOST:
        return name
    return stem[:NAME_MOST] + dot + extension.lower()


def only_file(call: Call) -> FilePart:
    """The form's file, or what is wrong with the form, in the server's order."""
    files = call.form.files if call.form is not None else []
    part = call.form.file("file") if call.form is not None else None
    if part is None:
        raise no_file_uploaded()
    if len({one.field for one in files}) > 1:
        raise too_many_files()
    if not part.content_type:
        raise Refusal(envelope(415, "unsupported_file_type", "File type not allowed."))
    if not part.name:
        raise Refusal(envelope(400, "filename_not_exists_error", "The specified filename does not exist."))
    if set(part.name) & BAD_IN_FILE_NAME:
        raise invalid_param("Filename contains invalid characters")
    return part


def check_size(call: Call, part: FilePart) -> None:
    if part.size > most_of(part.extension, int(call.world.settings.upload_limit)):
        raise file_too_large(call.world.settings.has("literal-message"), "")


def keep(call: Call, part: FilePart, app: str, created_by: str) -> StoredFile:
    mime = part.content_type.partition(";")[0].strip().lower()
    kept = StoredFile(
        cut_name(part.name), part.size, part.extension, mime, part.sha256, call.workspace, app, created_by, part.content
    )
    return call.world.uploads.store(kept)


@operation("files.upload", "POST", "/files/upload", auth="app", form="keep_upload_bytes")
def upload(call: Call) -> Answer:
    assert call.key is not None
    part = only_file(call)
    check_size(call, part)
    assert call.form is not None
    stored = keep(call, part, call.key.name, call.app.user(call.form.texts.get("user") or "DEFAULT-USER").id)
    call.effect()
    return json_answer(_shown(call, stored), 201)


def _shown(call: Call, stored: StoredFile) -> dict[str, object]:
    shown: dict[str, object] = {"id": stored.id}
    if call.world.settings.present:
        shown["reference"] = None
    return {
        **shown,
        "name": stored.name,
        "size": stored.size,
        "extension": stored.extension,
        "mime_type": stored.mime_type,
        "created_by": stored.created_by,
        "created_at": int(stored.created_at),
        "preview_url": None,
        "source_url": call.world.uploads.link(call.origin, stored.id),
        "original_url": None,
        "user_id": None,
        "tenant_id": stored.workspace.id,
        "conversation_id": None,
        "file_key": None,
    }


# --- giving them out


class Content(NamedTuple):
    """Bytes with a name and a type; stored tells of those that are generated."""

    name: str
    mime_type: str
    size: int
    data: bytes | None
    generated: bool = False


def _content_of(stored: StoredFile) -> Content:
    if not stored.readable:
        message = "The sandbox did not keep this file: it is longer than the setting keep_upload_bytes."
        raise Refusal(envelope(500, "sandbox_did_not_keep", message))
    return Content(stored.name, stored.mime_type, stored.size, stored.content, stored.generated)


async def _pieces(size: int) -> AsyncIterator[bytes]:
    for piece in generated(size):
        yield piece


def give(content: Content, as_attachment: bool) -> Answer:
    """A file as an answer: in one piece, or, if it is generated, in many. An empty one has no length, as with gunicorn."""
    kind = content.mime_type
    # Werkzeug says so of every text.
    kind = kind + "; charset=utf-8" if kind.startswith("text/") else kind
    if content.generated or not content.size:
        answer = streamed(_pieces(content.size), kind, content.size or None)
    else:
        answer = Answer(200, content.data or b"", kind)
    answer.headers = []
    if as_attachment:
        answer.content_type = "application/octet-stream"
        answer.headers.append(("Content-Disposition", f"attachment; filename*=UTF-8''{quote(content.name)}"))
    return answer


def is_true(text: str) -> bool:
    return text.lower() in ("true", "1", "yes", "on", "t", "y")


def is_false(text: str) -> bool:
    return text.lower() in ("false", "0", "no", "off", "f", "n")


def _as_attachment(call: Call) -> bool:
    text = call.argument("as_attachment") or "false"
    if not (is_true(text) or is_false(text)):
        words = "Input should be a valid boolean, unable to interpret input"
        raise refuse("FilePreviewQuery", [problem("as_attachment", words, "bool_parsing", text)])
    return is_true(text)


@operation("files.preview", "GET", "/files/{file_id}/preview", auth="app")
def preview(call: Call) -> Answer:
    assert call.key is not None
    as_attachment = _as_attachment(call)
    stored = call.world.uploads.files.get(call.params["file_id"])
    if stored is None or not stored.in_messages:
        raise Refusal(envelope(404, "file_not_found", "File not found in message context"))
    if (stored.workspace, stored.app) != (call.workspace, call.key.name):
        raise Refusal(envelope(403, "file_access_denied", "File access denied: not owned by requesting app"))
    answer = give(_content_of(stored), as_attachment)
    answer.headers = [*(answer.headers or []), *_PUBLIC_FOR]
    return answer


@operation("links.get", "GET", "/files/{file_id}/file-preview", auth="none", base="")
def linked(call: Call) -> Answer:
    """What a signed link leads to: a file of an app, of a pipeline, or the one behind a document."""
    stamp, nonce, sign = (call.argument(name) or "" for name in ("timestamp", "nonce", "sign"))
    if not (stamp and nonce and sign):
        return json_answer({"content": "Invalid request."}, 400)
    file_id = call.params["file_id"]
    content = _find(call, file_id)
    if content is None or not stamp.isdigit() or not call.world.uploads.holds(file_id, stamp, nonce, sign):
        raise not_found("File not found or signature is invalid")
    return give(content, is_true(call.argument("as_attachment") or ""))


def document_content(document: Document) -> Content:
    """The file that a document was made from; a text is one too."""
    upload = document.upload
    if upload.generated:
        return Content(upload.name, upload.mime_type, upload.size, None, True)
    data = document.text.encode("utf-8", "replace") if upload.content is None else upload.content
    return Content(upload.name, upload.mime_type, len(data), data)


def _find(call: Call, file_id: str) -> Content | None:
    stored = call.world.uploads.files.get(file_id)
    if stored is not None:
        return _content_of(stored)
    for dataset in call.world.state.datasets.values():
        for document in dataset.documents.values():
            if document.upload.id == file_id:
                return document_content(document)
    return None
