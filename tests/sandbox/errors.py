"""Dify's errors: the envelope, the HTML pages of Flask, gunicorn and nginx, and presets by name for faults.

An operation raises Refusal; whoever runs it turns that into the answer it carries. The presets are every kind of error that was recorded, and the
documented ones that were not (they say so), so that a test can ask for "what Dify says when …" by name.
"""

from __future__ import annotations

import html
from typing import Any, Callable

from .wire import HTML_TYPE, Answer, json_answer


class Refusal(Exception):
    """An operation's refusal, with the answer that says it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def envelope(status: int, code: str, message: str, **more: Any) -> Answer:
    return json_answer({"code": code, "message": message, "status": status, **more}, status)


def invalid_param(message: str) -> Refusal:
    return Refusal(envelope(400, "invalid_param", message))


def bad_request() -> Refusal:
    return Refusal(
        envelope(400, "bad_request", "The browser (or proxy) sent a request that this server could not understand.")
    )


def not_found(message: str, path: str = "", matches: list[str] | None = None) -> Refusal:
    """A 404; with matches, Flask-RESTX appends what it thinks was meant."""
    if matches:
        message = f"{message.rstrip('.')}. You have requested this URI [{path}] but did you mean {' or '.join(matches)} ?"
    return Refusal(envelope(404, "not_found", message))


def no_file_uploaded() -> Refusal:
    return Refusal(envelope(400, "no_file_uploaded", "Please upload your file."))


def too_many_files() -> Refusal:
    return Refusal(envelope(400, "too_many_files", "Only one file is allowed."))


def file_too_large(literal: bool, plain: str) -> Refusal:
    """literal: the defect that shows a placeholder instead of what it stands for."""
    return Refusal(envelope(413, "file_too_large", "File size exceeded. {message}" if literal else plain))


def form_too_large() -> Refusal:
    """Werkzeug's refusal of a form whose texts are too long to be held."""
    message = "The data value transmitted exceeds the capacity limit."
    return Refusal(envelope(413, "request_entity_too_large", message))


def forbidden(message: str) -> Refusal:
    return Refusal(envelope(403, "forbidden", message))


def internal_error() -> Refusal:
    """An exception nobody caught: the members come in another order than elsewhere."""
    return Refusal(json_answer({"message": "Internal Server Error", "code": "unknown", "status": 500}, 500))


def unauthorized(message: str) -> Refusal:
    answer = envelope(401, "unauthorized", message)
    answer.headers = [("WWW-Authenticate", 'Bearer realm="api"')]
    return Refusal(answer)


def method_not_allowed() -> Answer:
    answer = envelope(405, "method_not_allowed", "The method is not allowed for the requested URL.")
    answer.made_by = "bare"
    return answer


def html_404() -> Answer:
    body = (
        "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not found on the server. "
        "If you entered the URL manually please check your spelling and try again.</p>\n"
    )
    return Answer(404, body.encode(), HTML_TYPE, made_by="bare")


def redirect(url: str) -> Answer:
    link = html.escape(url)
    body = (
        "<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n<p>You should be redirected automatically to "
        f'the target URL: <a href="{link}">{link}</a>. If not, click the link.\n'
    )
    return Answer(308, body.encode(), HTML_TYPE, [("Location", url)], made_by="bare")


def nginx_page(status: int, reason: str, extra: str = "", closes: bool = False) -> Answer:
    """A page of nginx itself: no X-Version, CRLF line ends, its own reason phrases. After some it closes the connection."""
    title = extra or reason
    more = f"<center>{extra}</center>\r\n" if extra else ""
    body = (
        f"<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1></center>\r\n{more}"
        "<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"
    )
    answer = Answer(status, body.encode(), "text/html", made_by="nginx", reason=reason)
    answer.closes = closes
    return answer


def gunicorn_page(status: int, reason: str, message: str) -> Answer:
    body = (
        f"<html>\n  <head>\n    <title>{reason}</title>\n  </head>\n  <body>\n    <h1><p>{reason}</p></h1>\n    {html.escape(message)}\n"
        "  </body>\n</html>\n"
    )
    return Answer(status, body.encode(), "text/html", made_by="nginx", reason=reason)


def database_down() -> Answer:
    answer = internal_error().answer
    answer.last_headers = [("Vary", "Cookie")]
    return answer


def cloudflare_1015() -> Answer:
    body = b"<!DOCTYPE html><html><head><title>Access denied</title></head><body><h1>Error 1015</h1><p>You are being rate limited</p></body></html>\n"
    return Answer(
        429, body, "text/html; charset=UTF-8", [("Retry-After", "30")], made_by="nginx", reason="Too Many Requests"
    )


def _kind(status: int, code: str, message: str) -> Callable[[], Answer]:
    return lambda: envelope(status, code, message)


RATE_LIMIT = "Sorry, you have reached the knowledge base request rate limit of your subscription."

# Errors by name, for faults. Those whose name ends in _documented were not recorded.
PRESETS: dict[str, Callable[[], Answer]] = {
    "invalid_param": _kind(400, "invalid_param", "A value is not what it should be."),
    "invalid_param_empty": _kind(400, "invalid_param", ""),
    "bad_request": lambda: bad_request().answer,
    "document_not_available": _kind(400, "invalid_param", "Document is not available"),
    "doc_form_differs": _kind(400, "invalid_param", "doc_form is different from the dataset doc_form."),
    "too_many_requests_400": _kind(
        400,
        "invalid_param",
        "Too many requests. Please try again later. The current maximum concurrent requests allowed is 1.",
    ),
    "plugin_daemon_down": _kind(
        400,
        "invalid_param",
        "Failed to request plugin daemon, url: plugin/c6350746-4291-4dda-ba9f-d1d9f56b2476/management/models",
    ),
    "vector_store_down": _kind(
        400, "invalid_param", "Could not connect to Weaviate:Connection to Weaviate failed. Details: ."
    ),
    "documents_limit": _kind(
        400,
        "invalid_param",
        "You have reached the limit of your subscription. Only -50 documents can be uploaded.",
    ),
    "default_model_not_found": _kind(400, "invalid_param", "Default model not found for text-embedding"),
    "app_unavailable": _kind(400, "app_unavailable", "App unavailable, please check your app configurations."),
    "provider_not_initialize_documented": _kind(
        400, "provider_not_initialize", "No valid model provider credentials found."
    ),
    "provider_quota_exceeded_documented": _kind(
        400, "provider_quota_exceeded", "Your quota for the hosted model provider has been exhausted."
    ),
    "model_rate_limit": _kind(400, "completion_request_error", "rate limited by stub"),
    "model_key": _kind(400, "completion_request_error", "Incorrect API key provided"),
    "model_bad_request": _kind(400, "completion_request_error", "bad request at stub"),
    "model_connection": _kind(400, "completion_request_error", "connection error at stub"),
    "model_unavailable": _kind(400, "completion_request_error", "stub unavailable"),
    "model_broke": _kind(400, "completion_request_error", "stub broke in the middle"),
    "node_failed": _kind(400, "invalid_param", "Run failed: [Errno 111] Connection refused"),
    "provider_not_initialize": _kind(400, "provider_not_initialize", "Model stub-chat credentials is not initialized."),
    "no_file_uploaded": _kind(400, "no_file_uploaded", "Please upload your file."),
    "too_many_files": _kind(400, "too_many_files", "Only one file is allowed."),
    "invalid_action": _kind(400, "invalid_action", "Document: to delete is not completed."),
    "unauthorized": lambda: unauthorized("Access token is invalid").answer,
    "rate_limit": _kind(403, "forbidden", RATE_LIMIT),
    "forbidden": _kind(403, "forbidden", "You do not have permission to access this dataset."),
    "api_disabled": _kind(403, "forbidden", "Dataset api access is not enabled."),
    "vector_space_full": _kind(
        403, "forbidden", "The capacity of the vector space has reached the limit of your subscription."
    ),
    "documents_full": _kind(403, "forbidden", "The number of documents has reached the limit of your subscription."),
    "paid_feature": _kind(
        403, "forbidden", "To unlock this feature and elevate your Dify experience, please upgrade to a paid plan."
    ),
    "archived_document_immutable": _kind(403, "archived_document_immutable", "The archived document is not editable."),
    "not_found": _kind(404, "not_found", "Dataset not found."),
    "not_found_html": html_404,
    "not_found_html_foreign": lambda: nginx_page(404, "Not Found"),
    "method_not_allowed": method_not_allowed,
    "dataset_name_duplicate": _kind(
        409, "dataset_name_duplicate", "The dataset name already exists. Please modify your dataset name."
    ),
    "dataset_in_use_documented": _kind(
        409,
        "dataset_in_use",
        "The knowledge base is being used by some apps. Please remove it from the apps before deleting.",
    ),
    "file_too_large": _kind(413, "file_too_large", "File size exceeded. {message}"),
    "nginx_413": lambda: nginx_page(413, "Request Entity Too Large"),
    "unsupported_file_type": _kind(415, "unsupported_file_type", "File type not allowed."),
    "unsupported_media_type": _kind(
        415,
        "unsupported_media_type",
        "Did not attempt to load JSON data because the request Content-Type was not 'application/json'.",
    ),
    "quota_429": _kind(
        429, "rate_limit_error", "Workflow execution quota limit reached for tenant 00000000-0000-4000-8000-000000000001"
    ),
    "too_many_requests_429_documented": _kind(429, "too_many_requests", "Too many requests. Please try again later."),
    "cloudflare_1015": cloudflare_1015,
    "database_down": database_down,
    "internal_error": lambda: internal_error().answer,
    "internal_server_error": _kind(500, "internal_server_error", "'score_threshold_enabled'"),
    "nginx_502": lambda: nginx_page(502, "Bad Gateway"),
    "nginx_503_documented": lambda: nginx_page(503, "Service Temporarily Unavailable"),
    "nginx_504_documented": lambda: nginx_page(504, "Gateway Time-out"),
}
