"""The drop-in's methods, attributes and switches, one by one, as the service and the network get to see them."""

from __future__ import annotations

import asyncio
import json
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import MagicMock, patch

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

import difypool
from difypool import ResilientDifyAPI, RetryConfig, _direct
from difypool.requests import BREAKER_TEXT
from fake import FakeService, fail

BASE = "https://dify.example"

HIERARCHICAL = {
    "doc_form": "hierarchical_model",
    "process_rule": {
        "mode": "hierarchical",
        "rules": {
            "pre_processing_rules": [
                {"id": "remove_extra_spaces", "enabled": False},
                {"id": "remove_urls_emails", "enabled": False},
            ],
            "segmentation": {"separator": "###PARENT_SECTION###", "max_tokens": 4000, "chunk_overlap": 100},
            "parent_mode": "paragraph",
            "subchunk_segmentation": {"separator": "###CHILD_SECTION###", "max_tokens": 4000, "chunk_overlap": 50},
        },
    },
}
FLAT = {
    "doc_form": "text_model",
    "process_rule": {
        "mode": "custom",
        "rules": {
            "pre_processing_rules": [
                {"id": "remove_extra_spaces", "enabled": False},
                {"id": "remove_urls_emails", "enabled": False},
            ],
            "segmentation": {"separator": "###SECTION_BREAK###", "max_tokens": 1024, "chunk_overlap": 50},
        },
    },
}
OWN = {"doc_form": "x", "process_rule": {"mode": "automatic"}}
TEXT = {"name": "text", "text": "text", "indexing_technique": "high_quality"}
VALUES = [{"id": "f", "name": "url", "value": "v"}]
DATASETS = "/v1/datasets"

METHODS = [
    ("create_empty_knowledge_base", ("n",), {}, "POST", "", {"name": "n", "permission": "only_me"}, None),
    ("get_knowledge_base_list", (), {}, "GET", "", None, {"page": 1, "limit": 20}),
    ("get_knowledge_base_list", (3, 7), {}, "GET", "", None, {"page": 3, "limit": 7}),
    ("delete_knowledge_base", ("d",), {}, "DELETE", "/d", None, None),
    ("create_document_from_text", ("d",), {}, "POST", "/d/document/create-by-text", {**TEXT, **HIERARCHICAL}, None),
    (
        "create_document_from_text",
        ("d", "n", "t", "economy", False),
        {},
        "POST",
        "/d/document/create-by-text",
        {"name": "n", "text": "t", "indexing_technique": "economy", **FLAT},
        None,
    ),
    (
        "create_document_from_text",
        ("d",),
        {"custom_config": OWN},
        "POST",
        "/d/document/create-by-text",
        {**TEXT, **OWN},
        None,
    ),
    (
        "update_document_by_text",
        ("d", "x"),
        {"text": "t"},
        "POST",
        "/d/documents/x/update_by_text",
        {"text": "t", "indexing_technique": "high_quality"},
        None,
    ),
    (
        "update_document_by_text",
        ("d", "x", "n"),
        {"custom_config": OWN},
        "POST",
        "/d/documents/x/update_by_text",
        {"name": "n", "indexing_technique": "high_quality", **OWN},
        None,
    ),
    ("get_document_list", ("d",), {}, "GET", "/d/documents", None, {"page": 1, "limit": 100}),
    ("delete_document", ("d", "x"), {}, "DELETE", "/d/documents/x", None, None),
    ("get_indexing_status", ("d", "b"), {}, "GET", "/d/documents/b/indexing-status", None, None),
    ("create_knowledge_metadata", ("d",), {}, "POST", "/d/metadata", {"type": "string", "name": "test"}, None),
    ("update_knowledge_metadata", ("d", "f"), {}, "PATCH", "/d/metadata/f", {"name": "test"}, None),
    ("get_metadata_list", ("d",), {}, "GET", "/d/metadata", None, None),
    ("delete_metadata", ("d", "f"), {}, "DELETE", "/d/metadata/f", None, None),
    (
        "assign_document_metadata",
        ("d", "x", VALUES),
        {},
        "POST",
        "/d/documents/metadata",
        {"operation_data": [{"document_id": "x", "metadata_list": VALUES}]},
        None,
    ),
    ("retrieve", ("d", "q"), {}, "POST", "/d/retrieve", {"query": "q", "retrieval_model": {"top_k": 5}}, None),
    ("create_knowledge_base_type_tag", ("t",), {}, "POST", "/tags", {"name": "t"}, None),
    ("get_knowledge_base_type_tags", (), {}, "GET", "/tags", None, None),
    ("bind_dataset_to_tag", (["t"], "d"), {}, "POST", "/tags/binding", {"tag_ids": ["t"], "target_id": "d"}, None),
    ("unbind_dataset_from_tag", ("t", "d"), {}, "POST", "/tags/unbinding", {"tag_id": "t", "target_id": "d"}, None),
]


@pytest.fixture
def here(service: FakeService, monkeypatch: pytest.MonkeyPatch) -> FakeService:
    """The drop-in finds the service as every client does."""
    monkeypatch.setenv("DIFYPOOL_SOCKET", f"ipc://{service.path}")
    service.handlers["http.request"] = lambda request: ok({"id": "1"})
    return service


def ok(body: Any = None, status: int = 200) -> dict[str, Any]:
    headers = {"content-type": "application/json"}
    return {
        "ok": {
            "status": status,
            "type": "application/json",
            "headers": headers,
            "body": json.dumps(body).encode(),
            "meta": {},
        }
    }


def refusal(status: int, kind: str) -> dict[str, Any]:
    return fail(kind, "no", status=status, body=b'{"code": "c"}', headers={"content-type": "application/json"})


@pytest.mark.parametrize("case", METHODS, ids=lambda case: case[0])
@pytest.mark.parametrize("pooled", [True, False], ids=["pooled", "plain"])
def test_every_method_is_one_call(here: FakeService, case: Any, pooled: bool) -> None:
    name, args, more, method, path, body, params = case
    api = ResilientDifyAPI(BASE, "k", enable_connection_pooling=pooled)
    owner = "requests.Session" if pooled else "requests"
    own = {} if pooled else {"headers": {"Authorization": "Bearer k", "Content-Type": "application/json"}}
    wanted = {"GET": {"params": params}, "DELETE": {}}.get(method, {"json": body})
    with patch(f"{owner}.{method.lower()}") as called:
        called.return_value.status_code = 200
        assert getattr(api, name)(*args, **more) is called.return_value
    called.assert_called_once_with(f"{BASE}{DATASETS}{path}", **own, **wanted)


@pytest.mark.parametrize("case", METHODS, ids=lambda case: case[0])
def test_every_method_through_the_service(here: FakeService, case: Any) -> None:
    name, args, more, method, path, body, params = case
    api = ResilientDifyAPI(BASE, "k")
    assert getattr(api, name)(*args, **more).json() == {"id": "1"}
    (request,) = here.seen("http.request")
    assert (request["args"]["method"], request["args"]["path"]) == (method, DATASETS + path)
    assert json.loads(request["args"].get("body") or "null") == body
    assert request["args"].get("query") == ("&".join(f"{k}={v}" for k, v in params.items()) if params else None)
    assert request["options"] == {"wait": True}
    assert request["deadline_ms"] >= 120_000
    connect = here.seen("service.connect")[0]["args"]
    assert (connect["base_url"], connect["api_key"]) == (f"{BASE}/v1", "k")


def test_constructor_does_no_io_and_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFYPOOL_SOCKET", "/nonexistent/" + "x" * 200)
    for args in ((), ("not a url", 5, None, None, object(), True), (None, None, 1, 1, None, 0)):
        api = ResilientDifyAPI(*args)
        assert api.base_url is (args[0] if args else "http://localhost:8088") or api.base_url == "http://localhost:8088"
    assert ResilientDifyAPI().session.headers["Authorization"] == "Bearer None"  # type: ignore[union-attr]
    assert "k3y" not in repr(ResilientDifyAPI(BASE, "k3y"))


def test_default_attributes() -> None:
    api = ResilientDifyAPI()
    config = api.retry_config
    assert (config.max_attempts, config.initial_delay, config.max_delay) == (3, 2.0, 30.0)
    assert (config.exponential_base, config.jitter) == (2.0, True)
    assert (api.enable_retry, api.enable_circuit_breaker) == (True, True)
    config = RetryConfig()
    assert (config.max_attempts, config.initial_delay, config.max_delay) == (3, 1.0, 60.0)
    thresholds = {key: (b.failure_threshold, b.recovery_timeout) for key, b in api.circuit_breakers.items()}
    assert thresholds == {"kb_creation": (5, 60), "doc_creation": (5, 60), "metadata": (5, 60), "retrieval": (3, 30)}
    for breaker in api.circuit_breakers.values():
        assert (breaker.state, breaker.failure_count, breaker.last_failure_time) == ("closed", 0, None)
        assert breaker.expected_exception is Exception


def test_settings_reach_the_service(here: FakeService) -> None:
    api = ResilientDifyAPI(BASE, "k", retry_config=RetryConfig(max_attempts=7, initial_delay=0.25, max_delay=5))
    api.get_metadata_list("d")
    api.enable_retry = False
    api.enable_circuit_breaker = False
    api.get_metadata_list("d")
    own = {"base_url", "api_key"}
    assert [{k: v for k, v in c["args"].items() if k not in own} for c in here.seen("service.connect")] == [
        {"retry": True, "breaker": True, "retry_attempts": 7, "retry_initial_ms": 250, "retry_max_ms": 5000},
        {"retry": False, "breaker": False},
    ]


def test_headers_and_tls_are_read_at_each_call(here: FakeService, folder: Any) -> None:
    (folder / "ca.pem").touch()
    api = ResilientDifyAPI(BASE, "one")
    assert api.session is not None
    api.get_metadata_list("d")
    api.session.headers["Authorization"] = "Bearer two"
    api.session.verify = str(folder / "ca.pem")
    api.get_metadata_list("d")
    one, two = (c["args"] for c in here.seen("service.connect"))
    assert (one["api_key"], two["api_key"], two["ca_file"]) == ("one", "two", str(folder / "ca.pem"))


def test_make_request(here: FakeService) -> None:
    api = ResilientDifyAPI(BASE, "k")
    url = f"{BASE}/v1/datasets/d/documents/x/segments"
    assert api._make_request("get", url, "no_such_circuit", params={"page": 1}).status_code == 200
    api._make_request("Post", url, "doc_creation", {"segments": []})
    api._make_request("patch", url, "doc_creation", json_data={})
    api._make_request("DELETE", url, "doc_creation")
    assert [r["args"]["method"] for r in here.seen("http.request")] == ["GET", "POST", "PATCH", "DELETE"]
    with pytest.raises(ValueError, match="^Unsupported HTTP method: HEAD$"):
        api._make_request("head", url, "retrieval")


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (refusal(404, "not_found"), requests.exceptions.HTTPError),
        (refusal(500, "server_error"), requests.exceptions.HTTPError),
        (fail("unsupported"), requests.exceptions.HTTPError),
        (fail("unreachable"), requests.exceptions.ConnectionError),
        (fail("timeout"), requests.exceptions.Timeout),
    ],
)
def test_failures(here: FakeService, error: Any, wanted: type) -> None:
    here.handlers["http.request"] = lambda request: error
    with pytest.raises(wanted) as caught:
        ResilientDifyAPI(BASE, "k").get_document_list("d")
    if wanted is requests.exceptions.HTTPError:
        told = caught.value.response.json()  # type: ignore[attr-defined]
        own = {"code": "unsupported", "message": "refused", "status": 400}
        assert told == ({"code": "c"} if error["error"].get("status") else own)


def test_open_breaker(here: FakeService) -> None:
    here.handlers["http.request"] = lambda request: fail("breaker_open")
    api = ResilientDifyAPI(BASE, "k")
    with pytest.raises(requests.exceptions.RequestException, match=f"^{BREAKER_TEXT}$"):
        api.get_document_list("d")
    breaker = api.circuit_breakers["retrieval"]
    assert (breaker.state, breaker.failure_count) == ("open", 3)
    assert api.circuit_breakers["metadata"].state == "closed"
    here.handlers["http.request"] = lambda request: ok()
    api.get_document_list("d")
    assert (breaker.state, breaker.failure_count) == ("closed", 0)


def test_breaker_objects_mirror_what_happens(here: FakeService) -> None:
    api = ResilientDifyAPI(BASE, "k")
    breaker = api.circuit_breakers["metadata"]
    here.handlers["http.request"] = lambda request: refusal(500, "server_error")
    for count in range(1, 7):
        with pytest.raises(requests.exceptions.HTTPError):
            api.delete_metadata("d", "f")
        assert breaker.failure_count == count
        assert breaker.state == ("open" if count >= 5 else "closed")
    assert breaker.last_failure_time is not None
    assert time.time() - breaker.last_failure_time < 60
    assert len(here.seen("http.request")) == 6, "the object holds nothing back: that is the service's business"


def test_a_pages_own_error_opens_nothing(here: FakeService) -> None:
    here.handlers["http.request"] = lambda request: refusal(400, "invalid_request")
    api = ResilientDifyAPI(BASE, "k")
    for _ in range(10):
        with pytest.raises(requests.exceptions.HTTPError):
            api.create_document_from_text("d")
    assert api.circuit_breakers["doc_creation"].failure_count == 0


def test_in_a_thread_with_a_running_loop(here: FakeService) -> None:
    async def main() -> int:
        return ResilientDifyAPI(BASE, "k").get_document_list("d").status_code

    assert asyncio.run(main()) == 200


def test_can_be_given_to_other_processes(here: FakeService) -> None:
    api = ResilientDifyAPI(BASE, "k", retry_config=RetryConfig(max_attempts=2))
    api.circuit_breakers["metadata"].failed()
    twin = pickle.loads(pickle.dumps(api))
    assert twin.get_document_list("d").status_code == 200
    assert twin.circuit_breakers["metadata"].failure_count == 1
    assert here.seen("service.connect")[0]["args"]["retry_attempts"] == 2
    with pytest.raises(requests.exceptions.RequestException, match="OPEN"):
        twin.circuit_breakers["metadata"].refused() or twin.circuit_breakers["metadata"].call(print)


def test_from_many_threads(here: FakeService) -> None:
    here.handlers["http.request"] = lambda request: ok({"path": request["args"]["path"]})
    api = ResilientDifyAPI(BASE, "k")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: api.get_indexing_status("d", str(n)).json()["path"], range(200)))
    assert answers == [f"/v1/datasets/d/documents/{n}/indexing-status" for n in range(200)]
    assert here.connections == 1


def test_waits_for_a_restart_of_the_service(here: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("difypool._opening.PATIENCE", 0.1)
    api = ResilientDifyAPI(BASE, "k")
    api.get_metadata_list("d")
    here.kill()
    threading.Timer(0.8, here.start, (b"f" * 16,)).start()
    assert api.get_metadata_list("d").status_code == 200


# ---- CircuitBreaker.call ----------------------------------------------------------------------------------------


def test_breaker_called_by_hand() -> None:
    breaker = ResilientDifyAPI().circuit_breakers["retrieval"]
    breaker.recovery_timeout = 0.1
    broken = MagicMock(side_effect=OSError("down"))
    for _ in range(3):
        with pytest.raises(OSError, match="down"):
            breaker.call(broken, 1)
    assert breaker.state == "open"
    with pytest.raises(Exception, match=f"^{BREAKER_TEXT}$"):
        breaker.call(broken)
    assert broken.call_count == 3
    assert breaker.last_failure_time is not None
    breaker.last_failure_time -= 1
    with pytest.raises(OSError, match="down"):
        breaker.call(broken)
    assert breaker.state == "open", "the one that tried it found it broken still"
    breaker.last_failure_time -= 1
    assert breaker.call(lambda a, b=0: a + b, 1, b=2) == 3
    assert (breaker.state, breaker.failure_count) == ("closed", 0)


def test_half_open_lets_one_try() -> None:
    breaker = ResilientDifyAPI().circuit_breakers["retrieval"]
    breaker.state, breaker.last_failure_time = "open", time.time() - 1000
    inside, leave = threading.Event(), threading.Event()

    def slow() -> str:
        inside.set()
        assert leave.wait(30)
        return "done"

    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(breaker.call, slow)
        assert inside.wait(30)
        assert breaker.state == "half_open"
        with pytest.raises(Exception, match="OPEN"):
            breaker.call(lambda: "second")
        leave.set()
        assert job.result(30) == "done"


# ---- pooling off ------------------------------------------------------------------------------------------------


def refused_connection() -> requests.exceptions.ConnectionError:
    return requests.exceptions.ConnectionError(MaxRetryError(None, "/", NewConnectionError(None, "refused")))  # type: ignore[arg-type]


def http_error(status: int, **headers: str) -> MagicMock:
    mock = MagicMock(status_code=status, headers=headers)
    mock.raise_for_status.side_effect = requests.exceptions.HTTPError(str(status), response=mock)
    return mock


def quick() -> ResilientDifyAPI:
    return ResilientDifyAPI(BASE, "k", retry_config=RetryConfig(3, 0.001, 0.002), enable_connection_pooling=False)


GOOD = MagicMock(status_code=200)
BROKEN = requests.exceptions.ConnectionError("reset by peer")


@pytest.mark.parametrize(
    ("answers", "tries", "good"),
    [
        ([BROKEN, BROKEN, GOOD], 3, True),
        ([BROKEN, BROKEN, BROKEN, GOOD], 3, False),
        ([http_error(502), GOOD], 2, True),
        ([http_error(404), GOOD], 1, False),
        ([http_error(429), GOOD], 1, False),
        ([http_error(429, **{"Retry-After": "0"}), GOOD], 2, True),
        ([http_error(503, **{"Retry-After": "9999"}), GOOD], 1, False),
        ([requests.exceptions.ReadTimeout("slow"), GOOD], 2, True),
        ([ValueError("a bug"), GOOD], 1, False),
    ],
)
def test_plain_reads_are_repeated(answers: list[Any], tries: int, good: bool) -> None:
    with patch("requests.get", side_effect=answers) as get:
        if good:
            assert quick().get_document_list("d") is GOOD
        else:
            with pytest.raises((requests.exceptions.RequestException, ValueError)):
                quick().get_document_list("d")
    assert get.call_count == tries


@pytest.mark.parametrize(
    ("answers", "tries"),
    [
        ([BROKEN, GOOD], 1),
        ([http_error(502), GOOD], 1),
        ([requests.exceptions.ReadTimeout("slow"), GOOD], 1),
        ([refused_connection(), refused_connection(), GOOD], 3),
        ([requests.exceptions.ConnectTimeout("slow"), GOOD], 2),
        ([http_error(429, **{"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}), GOOD], 2),
    ],
)
def test_plain_writes_are_repeated_only_if_nothing_happened(answers: list[Any], tries: int) -> None:
    with patch("requests.post", side_effect=answers) as post:
        if answers[tries - 1] is GOOD:
            assert quick().create_document_from_text("d") is GOOD
        else:
            with pytest.raises(requests.exceptions.RequestException):
                quick().create_document_from_text("d")
    assert post.call_count == tries


def test_plain_retrieve_is_a_read() -> None:
    with patch("requests.post", side_effect=[BROKEN, GOOD]):
        assert quick().retrieve("d", "q") is GOOD


def test_plain_switches() -> None:
    api = quick()
    api.enable_retry = False
    with patch("requests.get", side_effect=BROKEN) as get:
        for _ in range(3):
            with pytest.raises(requests.exceptions.ConnectionError):
                api.get_document_list("d")
        assert get.call_count == 3
        assert api.circuit_breakers["retrieval"].state == "open"
        api.enable_circuit_breaker = False
        with pytest.raises(requests.exceptions.ConnectionError):
            api.get_document_list("d")
        assert get.call_count == 4


def test_plain_breaker_waits_before_it_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """An open breaker holds a call back until it may try, and refuses only what would have to wait too long."""
    api = quick()
    api.enable_retry = False
    breaker = api.circuit_breakers["retrieval"]
    breaker.state, breaker.failure_count, breaker.last_failure_time = "open", 3, time.time()
    breaker.recovery_timeout = 0.2
    with patch("requests.get", return_value=GOOD) as get:
        begun = time.monotonic()
        assert api.get_document_list("d") is GOOD
        assert time.monotonic() - begun >= 0.15
        assert breaker.state == "closed"
        monkeypatch.setattr(_direct, "PATIENCE", 0.05)
        breaker.state, breaker.last_failure_time, breaker.recovery_timeout = "open", time.time(), 60
        with pytest.raises(requests.exceptions.RequestException, match=f"^{BREAKER_TEXT}$"):
            api.get_document_list("d")
    assert get.call_count == 1
    assert _direct.carry_out.__doc__


def test_patience_is_two_minutes_at_least() -> None:
    assert _direct.PATIENCE >= 120


def test_names_are_difypools() -> None:
    assert difypool.ResilientDifyAPI is ResilientDifyAPI
    assert difypool.RetryConfig is RetryConfig
