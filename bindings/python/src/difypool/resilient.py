"""The drop-in: the class that crawlers were written against, on difypool.

    >>> from difypool import ResilientDifyAPI
    >>> api = ResilientDifyAPI("https://dify.example.com", api_key)
    >>> api.get_knowledge_base_list().json()["data"]

With pooling on, its calls are those of a ``requests.Session`` whose transport is the service; what retries, breaks and
paces sits there, and calls wait rather than fail: whoever calls this class takes an error for the loss of a page. With
pooling off they are plain calls of requests, past the service, as they used to be (without a timeout, as they used to be).
"""

from __future__ import annotations

import requests

from . import _circuits, _direct
from .requests import Adapter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

DEADLINE = 300.0  # seconds that a call may take, waiting for breaker, pace and restarts included


class RetryConfig:
    """How a call is repeated.

    Args:
        max_attempts: tries in all, 1..10.
        initial_delay: seconds before the first repeat.
        max_delay: seconds of the longest pause.
        exponential_base: growth of the pauses, with pooling off; the service spreads its own.
        jitter: spread the pauses, with pooling off; the service always does.
    """

    def __init__(
        self,
        max_attempts: int = 3,
        initial_delay: float = 1.0,
        max_delay: float = 60.0,
        exponential_base: float = 2.0,
        jitter: bool = True,
    ) -> None:
        self.max_attempts = max_attempts
        self.initial_delay = initial_delay
        self.max_delay = max_delay
        self.exponential_base = exponential_base
        self.jitter = jitter


class _DropInAdapter(Adapter):
    """Reads the switches of its API object at each call, since people change them."""

    __attrs__ = [*Adapter.__attrs__, "_api"]  # noqa: RUF012 - what requests pickles

    def __init__(self, api: ResilientDifyAPI) -> None:
        super().__init__(deadline=DEADLINE, wait=True)
        self._api = api

    def profile_options(self) -> Mapping[str, Any]:
        api = self._api
        options: dict[str, Any] = {"retry": bool(api.enable_retry), "breaker": bool(api.enable_circuit_breaker)}
        if api.enable_retry and api.retry_config is not None:
            config = api.retry_config
            options["retry_attempts"] = _within(config.max_attempts, 10)
            options["retry_initial_ms"] = _within(config.initial_delay * 1000, 600_000)
            options["retry_max_ms"] = max(options["retry_initial_ms"], _within(config.max_delay * 1000, 600_000))
        return options


def _within(value: float, most: int) -> int:
    return min(most, max(1, round(value)))


class ResilientDifyAPI:
    """A Dify server's knowledge base API. Making one does no I/O and never raises; it may be used from any thread, also
    from one with a running event loop (whose thread it then holds up, as requests does).

    Args:
        base_url: address of the server, without ``/v1``.
        api_key: knowledge base key.
        enable_retry: repeat what is safe to repeat.
        enable_circuit_breaker: leave a server alone that is down.
        retry_config: a :class:`RetryConfig` or anything with its attributes; 3 attempts, 2 to 30 s, by default.
        enable_connection_pooling: carry calls through the service; False = plain calls of requests, past it.

    Every method returns the ``requests.Response`` of a success.

    Raises (every method):
        requests.exceptions.HTTPError: the server answered 4xx or 5xx; ``response`` is its answer.
        requests.exceptions.ConnectionError, Timeout: no answer came.
        requests.exceptions.RequestException: anything else; of an open breaker with the text
            ``Circuit breaker OPEN: Service unavailable``.
    """

    def __init__(
        self,
        base_url: str = "http://localhost:8088",
        api_key: str | None = None,
        enable_retry: bool = True,
        enable_circuit_breaker: bool = True,
        retry_config: Any = None,
        enable_connection_pooling: bool = True,
    ) -> None:
        self.base_url = base_url
        self.enable_retry = enable_retry
        self.enable_circuit_breaker = enable_circuit_breaker
        self.retry_config = RetryConfig(3, 2.0, 30.0) if retry_config is None else retry_config
        self.enable_connection_pooling = enable_connection_pooling
        self.circuit_breakers = _circuits.new_set()
        headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        self.session: requests.Session | None = None
        if enable_connection_pooling:
            self.session = requests.Session()
            self.session.headers.update(headers)
            adapter = _DropInAdapter(self)
            self.session.mount("http://", adapter)
            self.session.mount("https://", adapter)
        else:
            self.headers = headers

    def __repr__(self) -> str:
        return f"<ResilientDifyAPI {self.base_url}>"

    # ---- one call ---------------------------------------------------------------------------------------------

    def _make_request(
        self,
        method: str,
        url: str,
        circuit_key: str,
        json_data: Any = None,
        params: Mapping[str, Any] | None = None,
    ) -> requests.Response:
        """Any call by its whole URL, for routes that have no method here.

        Raises:
            ValueError: the method is none of GET, POST, PATCH, DELETE.
        """
        method = method.upper()
        if method not in ("GET", "POST", "PATCH", "DELETE"):
            raise ValueError(f"Unsupported HTTP method: {method}")
        breaker = self.circuit_breakers.get(circuit_key) if self.enable_circuit_breaker else None
        session = self.session
        if session is not None:
            return _pooled(session, method, url, json_data, params, breaker)
        reads = method == "GET" or url.partition("?")[0].endswith("/retrieve")
        retry = self.retry_config if self.enable_retry else None
        return _direct.carry_out(lambda: self._plain(method, url, json_data, params), reads, breaker, retry)

    def _plain(self, method: str, url: str, json_data: Any, params: Mapping[str, Any] | None) -> requests.Response:
        """Functions are looked up at the call, since tests replace them."""
        if method == "GET":
            return requests.get(url, headers=self.headers, params=params)  # noqa: S113
        if method == "POST":
            return requests.post(url, headers=self.headers, json=json_data)  # noqa: S113
        if method == "PATCH":
            return requests.patch(url, headers=self.headers, json=json_data)  # noqa: S113
        return requests.delete(url, headers=self.headers)  # noqa: S113

    def _url(self, path: str) -> str:
        return f"{self.base_url}/v1/datasets{path}"

    def _get(self, path: str, params: Mapping[str, Any] | None = None) -> requests.Response:
        return self._make_request("GET", self._url(path), "retrieval", params=params)

    # ---- knowledge bases --------------------------------------------------------------------------------------

    def create_empty_knowledge_base(self, name: str, permission: str = "only_me") -> requests.Response:
        data = {"name": name, "permission": permission}
        return self._make_request("POST", self._url(""), "kb_creation", data)

    def get_knowledge_base_list(self, page: int = 1, limit: int = 20) -> requests.Response:
        return self._get("", {"page": page, "limit": limit})

    def delete_knowledge_base(self, dataset_id: str) -> requests.Response:
        return self._make_request("DELETE", self._url(f"/{dataset_id}"), "kb_creation")

    def retrieve(self, dataset_id: str, query: str, top_k: int = 5) -> requests.Response:
        """Searches a knowledge base: its own way of retrieval, with ``top_k`` laid over it by the service."""
        data = {"query": query, "retrieval_model": {"top_k": top_k}}
        return self._make_request("POST", self._url(f"/{dataset_id}/retrieve"), "retrieval", data)

    # ---- documents --------------------------------------------------------------------------------------------

    def create_document_from_text(
        self,
        dataset_id: str,
        name: str = "text",
        text: str = "text",
        indexing_technique: str = "high_quality",
        use_parent_child: bool = True,
        custom_config: Mapping[str, Any] | None = None,
    ) -> requests.Response:
        """Creates a document; ``custom_config`` takes the place of the preset (doc_form and process_rule)."""
        data: dict[str, Any] = {"name": name, "text": text, "indexing_technique": indexing_technique}
        data.update(custom_config or preset(use_parent_child))
        return self._make_request("POST", self._url(f"/{dataset_id}/document/create-by-text"), "doc_creation", data)

    def update_document_by_text(
        self,
        dataset_id: str,
        document_id: str,
        name: str | None = None,
        text: str | None = None,
        indexing_technique: str = "high_quality",
        custom_config: Mapping[str, Any] | None = None,
    ) -> requests.Response:
        """Updates a document; a name or text that is None stays as it is."""
        data: dict[str, Any] = {"indexing_technique": indexing_technique}
        if name is not None:
            data["name"] = name
        if text is not None:
            data["text"] = text
        data.update(custom_config or {})
        path = f"/{dataset_id}/documents/{document_id}/update_by_text"
        return self._make_request("POST", self._url(path), "doc_creation", data)

    def get_document_list(self, dataset_id: str, page: int = 1, limit: int = 100) -> requests.Response:
        return self._get(f"/{dataset_id}/documents", {"page": page, "limit": limit})

    def delete_document(self, dataset_id: str, document_id: str) -> requests.Response:
        return self._make_request("DELETE", self._url(f"/{dataset_id}/documents/{document_id}"), "doc_creation")

    def get_indexing_status(self, dataset_id: str, batch: str) -> requests.Response:
        return self._get(f"/{dataset_id}/documents/{batch}/indexing-status")

    # ---- metadata ---------------------------------------------------------------------------------------------

    def create_knowledge_metadata(
        self, dataset_id: str, metadata_type: str = "string", name: str = "test"
    ) -> requests.Response:
        data = {"type": metadata_type, "name": name}
        return self._make_request("POST", self._url(f"/{dataset_id}/metadata"), "metadata", data)

    def update_knowledge_metadata(self, dataset_id: str, metadata_id: str, name: str = "test") -> requests.Response:
        path = f"/{dataset_id}/metadata/{metadata_id}"
        return self._make_request("PATCH", self._url(path), "metadata", {"name": name})

    def get_metadata_list(self, dataset_id: str) -> requests.Response:
        return self._get(f"/{dataset_id}/metadata")

    def delete_metadata(self, dataset_id: str, metadata_id: str) -> requests.Response:
        return self._make_request("DELETE", self._url(f"/{dataset_id}/metadata/{metadata_id}"), "metadata")

    def assign_document_metadata(
        self, dataset_id: str, document_id: str, metadata_list: Sequence[Mapping[str, Any]]
    ) -> requests.Response:
        """Replaces a document's metadata values; each entry has id, name and value."""
        data = {"operation_data": [{"document_id": document_id, "metadata_list": metadata_list}]}
        return self._make_request("POST", self._url(f"/{dataset_id}/documents/metadata"), "metadata", data)

    # ---- tags -------------------------------------------------------------------------------------------------

    def create_knowledge_base_type_tag(self, name: str) -> requests.Response:
        return self._make_request("POST", self._url("/tags"), "kb_creation", {"name": name})

    def get_knowledge_base_type_tags(self) -> requests.Response:
        return self._get("/tags")

    def bind_dataset_to_tag(self, tag_ids: Sequence[str], target_id: str) -> requests.Response:
        data = {"tag_ids": tag_ids, "target_id": target_id}
        return self._make_request("POST", self._url("/tags/binding"), "kb_creation", data)

    def unbind_dataset_from_tag(self, tag_id: str, target_id: str) -> requests.Response:
        data = {"tag_id": tag_id, "target_id": target_id}
        return self._make_request("POST", self._url("/tags/unbinding"), "kb_creation", data)


def _pooled(
    session: requests.Session,
    method: str,
    url: str,
    json_data: Any,
    params: Mapping[str, Any] | None,
    breaker: _circuits.CircuitBreaker | None,
) -> requests.Response:
    """Exactly one call of the session; the breaker object only takes note."""
    try:
        if method == "GET":
            response = session.get(url, params=params)
        elif method == "POST":
            response = session.post(url, json=json_data)
        elif method == "PATCH":
            response = session.patch(url, json=json_data)
        else:
            response = session.delete(url)
        response.raise_for_status()
    except Exception as error:
        if breaker is not None:
            breaker.note(error)
        raise
    if breaker is not None:
        breaker.note(None)
    return response


def preset(use_parent_child: bool) -> dict[str, Any]:
    """How a text is cut where the caller does not say: by marks that its crawler put into it."""
    rules: dict[str, Any] = {
        "pre_processing_rules": [
            {"id": "remove_extra_spaces", "enabled": False},
            {"id": "remove_urls_emails", "enabled": False},
        ],
    }
    if not use_parent_child:
        rules["segmentation"] = {"separator": "###SECTION_BREAK###", "max_tokens": 1024, "chunk_overlap": 50}
        return {"doc_form": "text_model", "process_rule": {"mode": "custom", "rules": rules}}
    rules["segmentation"] = {"separator": "###PARENT_SECTION###", "max_tokens": 4000, "chunk_overlap": 100}
    rules["parent_mode"] = "paragraph"
    rules["subchunk_segmentation"] = {"separator": "###CHILD_SECTION###", "max_tokens": 4000, "chunk_overlap": 50}
    return {"doc_form": "hierarchical_model", "process_rule": {"mode": "hierarchical", "rules": rules}}
