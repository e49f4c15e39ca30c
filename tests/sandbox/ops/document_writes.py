"""Documents: create and update by text and by file.

Creating by a known name re-indexes the document of that name (if it is enabled and was uploaded), same id, metadata kept: 1.12.1 has no other
idempotency. Everything that ends in indexing goes through the one worker.
"""

from __future__ import annotations

import copy
import json
import time
from typing import Any, NamedTuple

from ..call import Call
from ..errors import (
    Refusal,
    envelope,
    file_too_large,
    internal_error,
    invalid_param,
    no_file_uploaded,
    not_found,
    too_many_files,
)
from ..multipart import FilePart, Form
from ..routing import operation
from ..state import AUTOMATIC_RULES, Dataset, Document, ProcessRule, Upload, new_id
from ..validate import RETRIEVAL_MODEL, Field, check, problem, refuse, refuse_nul
from ..wire import Answer, json_answer
from .datasets import TECHNIQUES
from .documents import render
from .files import BAD_IN_FILE_NAME, NAME_MOST, cut_name
from .models import require_embedding

EXTENSIONS = frozenset(
    [
        "txt",
        "markdown",
        "md",
        "mdx",
        "pdf",
        "html",
        "htm",
        "xlsx",
        "xls",
        "vtt",
        "properties",
        "doc",
        "docx",
        "csv",
        "eml",
        "msg",
        "pptx",
        "ppt",
        "xml",
        "epub",
    ]
)
FORMS = ("text_model", "hierarchical_model", "qa_model")
PROCESS_RULE = Field(
    "process_rule",
    "dict",
    null=True,
    members=(Field("mode", required=True, choices=("automatic", "custom", "hierarchical")),),
)
CREATE_TEXT = (
    Field("name", "str", required=True),
    Field("text", "str", required=True),
    PROCESS_RULE,
    Field("original_document_id", "str", null=True),
    Field("doc_form", "str"),
    Field("doc_language", "str"),
    Field("indexing_technique", "str", null=True),
    RETRIEVAL_MODEL,
    Field("embedding_model", "str", null=True),
    Field("embedding_model_provider", "str", null=True),
)
UPDATE_TEXT = (
    Field("name", "str", null=True),
    Field("text", "str", null=True),
    PROCESS_RULE,
    Field("doc_form", "str"),
    Field("doc_language", "str"),
    RETRIEVAL_MODEL,
)
_PREFIX = "/v1/datasets/<uuid:dataset_id>/document/"
_BY_TEXT = [_PREFIX + "create-by-text", _PREFIX + "create_by_text", _PREFIX + "create-by-file"]
_BY_FILE = [_PREFIX + "create-by-file", _PREFIX + "create_by_file", _PREFIX + "create-by-text"]


class Source(NamedTuple):
    """What is to be indexed: a text, or a file read as one."""

    name: str
    text: str
    size: int
    extension: str
    mime_type: str
    content: bytes | None = None


# --- checking


def _settle_technique(call: Call, dataset: Dataset, payload: dict[str, Any]) -> None:
    """The technique that a create names, checked; the knowledge base's own stays if it has one."""
    technique = payload.get("indexing_technique")
    if not technique and not dataset.indexing_technique:
        raise internal_error()
    if not technique and call.world.settings.has("technique-required"):
        raise refuse("KnowledgeConfig", [problem("indexing_technique", "Field required", "missing", payload)])
    if technique and technique not in TECHNIQUES:
        words = "Input should be 'high_quality' or 'economy'"
        raise refuse("KnowledgeConfig", [problem("indexing_technique", words, "literal_error", technique)])
    if payload.get("embedding_model_provider"):
        require_embedding(call.world.settings, payload.get("embedding_model"), payload["embedding_model_provider"])


def _adopt_technique(call: Call, dataset: Dataset, technique: str | None) -> None:
    if dataset.indexing_technique is None and technique:
        if technique == "high_quality":
            dataset.embedding_model, dataset.embedding_provider = require_embedding(call.world.settings, None, None)
        dataset.indexing_technique = technique


def _check_form(dataset: Dataset, form: str | None) -> str:
    """The first document fixes a knowledge base's form."""
    form = form or "text_model"
    if dataset.doc_form is not None and form != dataset.doc_form:
        raise invalid_param("doc_form is different from the dataset doc_form.")
    if form not in FORMS:
        raise invalid_param(f"Invalid doc_form: {form}")
    return form


def _check_rule(call: Call, given: dict[str, Any] | None) -> ProcessRule | None:
    if not given:
        return None
    if given["mode"] == "automatic":
        return ProcessRule(new_id(), "automatic", AUTOMATIC_RULES)
    rules = given.get("rules")
    if not rules:
        raise invalid_param("Process rule rules is required")
    if not call.world.settings.has("bad-rule-sticks"):
        size = (rules.get("segmentation") or {}).get("max_tokens")
        if not isinstance(size, int) or not 50 <= size <= 4000:
            raise invalid_param("Custom segment length should be between 50 and 4000.")
    return ProcessRule(new_id(), given["mode"], copy.deepcopy(rules))


# --- writing


def new_upload(source: Source) -> Upload:
    """A new file behind a document."""
    same = source.content is None or source.content == source.text.encode("utf-8", "replace")
    return Upload(
        new_id(),
        source.name,
        source.size,
        source.extension,
        source.mime_type,
        round(time.time(), 6),
        None if same else source.content,
    )


def _requeue(call: Call, document: Document, source: Source, is_update: bool) -> None:
    document.text = source.text
    document.upload = new_upload(source)
    document.indexing_status = "waiting"
    document.error = document.stopped_at = None
    document.batch = call.world.state.new_batch()
    document.updated_at = time.time()
    call.world.indexer.add(document, is_update)


def _same_name(call: Call, dataset: Dataset, name: str) -> Document | None:
    """The document that a create by this name re-indexes, if any."""
    if call.world.settings.has("same-name-duplicates"):
        return None
    for document in dataset.by_name.get(name, ()):
        if document.enabled:
            return document
    return None


def _create(call: Call, dataset: Dataset, source: Source, payload: dict[str, Any]) -> Answer:
    form = _check_form(dataset, payload.get("doc_form"))
    rule = _check_rule(call, payload.get("process_rule"))
    if payload.get("original_document_id") and payload["original_document_id"] not in dataset.documents:
        raise not_found("Document not found", call.path, call.operation.matches)
    _adopt_technique(call, dataset, payload.get("indexing_technique"))
    dataset.rule = rule or dataset.rule or ProcessRule(new_id(), "automatic", AUTOMATIC_RULES)
    dataset.doc_form = dataset.doc_form or form
    document = _same_name(call, dataset, source.name)
    if document is not None:
        document.rule = rule or document.rule
        document.archived = False
        _requeue(call, document, source, is_update=False)
    else:
        document = _add(call, dataset, source, form, payload.get("doc_language") or "English")
    call.effect()
    return json_answer({"document": render(document), "batch": document.batch})


def _add(call: Call, dataset: Dataset, source: Source, form: str, language: str) -> Document:
    assert dataset.rule is not None
    now = time.time()
    document = Document(
        new_id(),
        dataset,
        next(dataset.positions),
        source.name,
        source.text,
        new_upload(source),
        dataset.rule,
        form,
        language,
        int(now),
        batch=call.world.state.new_batch(),
        updated_at=now,
    )
    call.world.state.add_document(document)
    call.world.indexer.add(document)
    return document


def add_document(call: Call, dataset: Dataset, source: Source) -> Document:
    """One more document by the knowledge base's own rules, as a pipeline makes it."""
    dataset.rule = dataset.rule or ProcessRule(new_id(), "automatic", AUTOMATIC_RULES)
    dataset.doc_form = dataset.doc_form or "text_model"
    dataset.indexing_technique = dataset.indexing_technique or "economy"
    return _add(call, dataset, source, dataset.doc_form, "English")


def _text_source(name: str, text: str) -> Source:
    refuse_nul(name)
    return Source(name[:NAME_MOST], text, len(text), "txt", "text/plain")


@operation(
    "documents.create_by_text",
    "POST",
    "/datasets/{dataset_id}/document/create-by-text",
    "/datasets/{dataset_id}/document/create_by_text",
    counted=True,
    matches=_BY_TEXT,
)
def create_by_text(call: Call) -> Answer:
    payload = check("DocumentTextCreatePayload", call.json(), CREATE_TEXT)
    dataset = call.dataset("400 gone")
    _settle_technique(call, dataset, payload)
    return _create(call, dataset, _text_source(payload["name"], payload["text"]), payload)


def _data_part(texts: dict[str, str]) -> dict[str, Any]:
    if "data" not in texts:
        return {}
    try:
        data = json.loads(texts["data"])
    except ValueError as error:
        raise invalid_param(str(error)) from None
    if not isinstance(data, dict):
        raise internal_error()
    return data


def _one_file(files: list[FilePart]) -> FilePart:
    named = [part for part in files if part.field == "file" and part.name]
    if not named:
        raise no_file_uploaded()
    if len({part.field for part in files}) > 1:
        raise too_many_files()
    return named[0]


def _file_source(part: FilePart) -> Source:
    """The file as a source; a long name is cut before its extension. Of a file that is too large no text is held, and none is needed."""
    if set(part.name) & BAD_IN_FILE_NAME:
        raise invalid_param("Filename contains invalid characters")
    mime = part.content_type or "application/octet-stream"
    content = part.content or b""
    return Source(cut_name(part.name), content.decode("utf-8", "replace"), part.size, part.extension, mime, content)


def _unusable(call: Call, source: Source, is_update: bool) -> None:
    """Refuse a file that is too large or of another type. A create does so by a plain 400, in 1.12.1 without saying why."""
    too_large = source.size > call.world.settings.upload_limit
    if not too_large and source.extension in EXTENSIONS:
        return
    if not is_update:
        silent = call.world.settings.has("empty-message-400")
        raise invalid_param("" if silent else "File size exceeded." if too_large else "File type not allowed.")
    if too_large:
        raise file_too_large(call.world.settings.has("literal-message"), "File size exceeded.")
    raise Refusal(envelope(415, "unsupported_file_type", "File type not allowed."))


def _form(call: Call) -> tuple[dict[str, Any], list[FilePart]]:
    """The data part, and the files; nothing at all if the body is no form."""
    form = call.form or Form()
    return _data_part(form.texts), form.files


@operation(
    "documents.create_by_file",
    "POST",
    "/datasets/{dataset_id}/document/create-by-file",
    "/datasets/{dataset_id}/document/create_by_file",
    counted=True,
    matches=_BY_FILE,
    form="upload_limit",
)
def create_by_file(call: Call) -> Answer:
    dataset = call.dataset("400 gone")
    data, files = _form(call)
    data.setdefault("indexing_technique", dataset.indexing_technique)
    if files and not data["indexing_technique"]:
        raise invalid_param("indexing_technique is required.")
    part = _one_file(files)
    if not data.get("process_rule") and dataset.rule is None:
        raise invalid_param("process_rule is required.")
    source = _file_source(part)
    _unusable(call, source, is_update=False)
    return _create(call, dataset, source, data)


def _update(call: Call, document: Document, source: Source, rule: ProcessRule | None, name: str) -> Answer:
    if document.indexing_status != "completed" or not document.enabled or document.archived:
        raise invalid_param("Document is not available")
    document.dataset.rename(document, name[:NAME_MOST])
    document.rule = rule or document.rule
    document.created_from = "web"
    _requeue(call, document, source, is_update=True)
    call.effect()
    return json_answer({"document": render(document), "batch": document.batch})


@operation(
    "documents.update_by_text",
    "POST",
    "/datasets/{dataset_id}/documents/{document_id}/update-by-text",
    "/datasets/{dataset_id}/documents/{document_id}/update_by_text",
    counted=True,
)
def update_by_text(call: Call) -> Answer:
    payload = check("DocumentTextUpdate", call.json(), UPDATE_TEXT)
    if payload.get("text") is not None and payload.get("name") is None:
        words = "Value error, name is required when text is provided"
        raise refuse("DocumentTextUpdate", [problem("", words, "value_error", payload).lstrip("\n")])
    dataset = call.dataset("400 gone")
    rule = _check_rule(call, payload.get("process_rule"))
    if not payload.get("text") and rule is None:
        raise invalid_param("Data source or Process rule is required")
    document = call.document(dataset, "Document not found")
    text = payload.get("text") or document.text
    name = payload.get("name") or document.name
    return _update(call, document, _text_source(name, text), rule, name)


@operation(
    "documents.update_by_file",
    "POST",
    "/datasets/{dataset_id}/documents/{document_id}/update-by-file",
    "/datasets/{dataset_id}/documents/{document_id}/update_by_file",
    counted=True,
    form="upload_limit",
)
def update_by_file(call: Call) -> Answer:
    dataset = call.dataset("400 gone")
    data, files = _form(call)
    rule = _check_rule(call, data.get("process_rule"))
    if not files and rule is None:
        raise invalid_param("Data source or Process rule is required")
    if not files:
        document = call.document(dataset, "Document not found")
        return _update(call, document, _text_source(document.name, document.text), rule, data.get("name") or document.name)
    source = _file_source(_one_file(files))
    _unusable(call, source, is_update=True)
    document = call.document(dataset, "Document not found")
    return _update(call, document, source, rule, data.get("name") or source.name)


@operation(
    "documents.update",
    "PATCH",
    "/datasets/{dataset_id}/documents/{document_id}",
    counted=True,
    lacking="routes-absent",
    form="upload_limit",
)
def update(call: Call) -> Answer:
    """The later contract's update by file."""
    return update_by_file(call)  # type: ignore[no-any-return]
