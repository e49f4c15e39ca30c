"""The original class's unit tests, 15 of them, written anew from the description of its behaviour.

They use nothing but what its users use, and stand in for the network by replacing functions of requests.
"""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock, Mock, patch

import pytest
import requests
from requests.adapters import HTTPAdapter

from difypool import ResilientDifyAPI, RetryConfig

URL, KEY = "http://localhost:8088", "dataset-test-key"


@pytest.fixture
def api() -> ResilientDifyAPI:
    return ResilientDifyAPI(base_url=URL, api_key=KEY)


@pytest.fixture
def plain() -> ResilientDifyAPI:
    return ResilientDifyAPI(base_url=URL, api_key=KEY, enable_connection_pooling=False, enable_retry=False)


def response(body: Any = None, status: int = 200) -> Mock:
    """A mock with what the original's tests give it, and nothing more."""
    mock = Mock(spec=["status_code", "raise_for_status", "json"])
    mock.status_code = status
    mock.json.return_value = body or {}
    mock.raise_for_status.return_value = None
    return mock


def test_pooling_is_on_by_default(api: ResilientDifyAPI) -> None:
    assert api.enable_connection_pooling is True
    assert isinstance(api.session, requests.Session)


def test_pooling_can_be_turned_off(plain: ResilientDifyAPI) -> None:
    assert plain.enable_connection_pooling is False
    assert plain.session is None
    assert plain.headers == {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}


def test_session_has_the_headers(api: ResilientDifyAPI) -> None:
    assert api.session is not None
    assert api.session.headers["Authorization"] == f"Bearer {KEY}"
    assert api.session.headers["Content-Type"] == "application/json"


def test_adapters_are_mounted(api: ResilientDifyAPI) -> None:
    assert api.session is not None
    assert {"http://", "https://"} <= set(api.session.adapters)
    for url in ("http://x", "https://x"):
        assert isinstance(api.session.get_adapter(url), HTTPAdapter)


@patch("requests.Session.get")
def test_get_goes_through_the_session(get: MagicMock, api: ResilientDifyAPI) -> None:
    get.return_value = response({"data": [], "has_more": False})
    answer = api.get_knowledge_base_list(page=2, limit=50)
    assert answer.json() == {"data": [], "has_more": False}
    get.assert_called_once_with(f"{URL}/v1/datasets", params={"page": 2, "limit": 50})


@patch("requests.Session.post")
def test_post_goes_through_the_session(post: MagicMock, api: ResilientDifyAPI) -> None:
    post.return_value = response({"id": "kb"})
    assert api.create_empty_knowledge_base("name").json()["id"] == "kb"
    post.assert_called_once_with(f"{URL}/v1/datasets", json={"name": "name", "permission": "only_me"})


@patch("requests.Session.patch")
def test_patch_goes_through_the_session(patched: MagicMock, api: ResilientDifyAPI) -> None:
    patched.return_value = response()
    api.update_knowledge_metadata("kb", "field", "new")
    patched.assert_called_once_with(f"{URL}/v1/datasets/kb/metadata/field", json={"name": "new"})


@patch("requests.Session.delete")
def test_delete_goes_through_the_session(delete: MagicMock, api: ResilientDifyAPI) -> None:
    delete.return_value = response()
    api.delete_knowledge_base("kb")
    delete.assert_called_once_with(f"{URL}/v1/datasets/kb")


@patch("requests.get")
def test_without_pooling_calls_are_direct(get: MagicMock, plain: ResilientDifyAPI) -> None:
    get.return_value = response({"data": []})
    plain.get_knowledge_base_list()
    get.assert_called_once_with(f"{URL}/v1/datasets", headers=plain.headers, params={"page": 1, "limit": 20})


@patch("requests.post")
def test_without_pooling_posts_are_direct(post: MagicMock, plain: ResilientDifyAPI) -> None:
    post.return_value = response({"id": "kb"})
    plain.create_empty_knowledge_base("name", "all_team_members")
    post.assert_called_once_with(
        f"{URL}/v1/datasets", headers=plain.headers, json={"name": "name", "permission": "all_team_members"}
    )


def test_each_instance_has_a_session_of_its_own() -> None:
    one, two = ResilientDifyAPI(URL, KEY), ResilientDifyAPI(URL, KEY)
    assert one.session is not two.session


@patch("requests.Session.get")
def test_many_calls_use_one_session(get: MagicMock, api: ResilientDifyAPI) -> None:
    get.return_value = response({"data": []})
    session = api.session
    for _ in range(10):
        api.get_metadata_list("kb")
    assert get.call_count == 10
    assert api.session is session


def test_unsupported_method(api: ResilientDifyAPI, plain: ResilientDifyAPI) -> None:
    for each in (api, plain):
        with pytest.raises(ValueError, match="^Unsupported HTTP method: PUT$"):
            each._make_request("PUT", f"{URL}/v1/datasets", "retrieval")


@patch("requests.Session.get")
def test_http_errors_are_raised(get: MagicMock, api: ResilientDifyAPI) -> None:
    refused = response(status=404)
    refused.raise_for_status.side_effect = requests.exceptions.HTTPError("404 Client Error", response=refused)
    get.return_value = refused
    with pytest.raises(requests.exceptions.HTTPError):
        api.get_document_list("kb")


def test_retry_and_breakers_are_configured() -> None:
    config = RetryConfig(max_attempts=5, initial_delay=0.5)
    api = ResilientDifyAPI(URL, KEY, True, True, config, True)
    assert api.retry_config is config
    assert (config.max_delay, config.exponential_base, config.jitter) == (60.0, 2.0, True)
    assert set(api.circuit_breakers) == {"kb_creation", "doc_creation", "metadata", "retrieval"}
    assert all(breaker.state == "closed" for breaker in api.circuit_breakers.values())
