"""The transport adapter: what a session would send, as the service gets it, and its answers as requests gives them."""

from __future__ import annotations

import io
import pickle
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from requests import exceptions
from requests.adapters import HTTPAdapter

import difypool
import difypool.requests
from difypool import errors
from fake import FakeService, fail

BASE = "https://dify.example/v1"


def answer(status: int = 200, body: bytes = b'{"ok": 1}', **headers: str) -> dict[str, Any]:
    named = {"content-type": "application/json", **{key.replace("_", "-"): value for key, value in headers.items()}}
    return {"ok": {"status": status, "type": named["content-type"], "headers": named, "body": body, "meta": {}}}


def refusal(status: int, kind: str, body: bytes = b'{"code": "c"}') -> dict[str, Any]:
    return fail(kind, "the server refused", status=status, body=body, headers={"content-type": "application/json"})


@pytest.fixture
def session(service: FakeService) -> Any:
    service.handlers["http.request"] = lambda request: answer()
    with difypool.requests.Session(socket=service.path) as made:
        yield made


def sent(service: FakeService) -> dict[str, Any]:
    return service.seen("http.request")[-1]["args"]


def test_request_as_the_service_gets_it(session: requests.Session, service: FakeService) -> None:
    session.post(
        f"{BASE}/datasets?x=1&y=a%20b",
        json={"name": "n"},
        params={"z": "ä"},
        headers={"Authorization": "Bearer key-1", "X-Trace": b"t"},
    )
    args = sent(service)
    assert (args["method"], args["path"], args["query"], args["body"]) == (
        "POST",
        "/v1/datasets",
        "x=1&y=a%20b&z=%C3%A4",
        b'{"name": "n"}',
    )
    names = {name.lower() for name in args["headers"]}
    assert {"content-type", "x-trace", "user-agent"} <= names
    assert not names & {"authorization", "host", "content-length", "connection", "accept-encoding"}
    assert service.seen("service.connect")[0]["args"] == {"base_url": BASE, "api_key": "key-1"}


@pytest.mark.parametrize(
    ("url", "base", "path"),
    [
        ("http://h/v1/datasets", "http://h/v1", "/v1/datasets"),
        ("http://h:81/dify/v1/datasets", "http://h:81/dify/v1", "/v1/datasets"),
        ("http://h/v1/proxy/v1/info", "http://h/v1/proxy/v1", "/v1/info"),
    ],
)
def test_base_and_path(session: requests.Session, service: FakeService, url: str, base: str, path: str) -> None:
    session.get(url)
    assert service.seen("service.connect")[0]["args"] == {"base_url": base}
    assert sent(service)["path"] == path


@pytest.mark.parametrize("url", ["https://h/", "https://h/health", "https://h/v1x/datasets"])
def test_what_is_not_under_v1_is_refused_and_not_sent_past(
    session: requests.Session, service: FakeService, url: str
) -> None:
    with pytest.raises(exceptions.InvalidURL, match="/v1"):
        session.get(url)
    assert service.requests == []


def test_other_authorization_is_refused(session: requests.Session) -> None:
    with pytest.raises(exceptions.InvalidHeader, match="bearer"):
        session.get(f"{BASE}/info", auth=("user", "password"))


def test_authorization_is_read_at_each_call(session: requests.Session, service: FakeService) -> None:
    for key in ("one", "two", "one"):
        session.headers["Authorization"] = f"Bearer {key}"
        session.get(f"{BASE}/info")
    assert [c["args"]["api_key"] for c in service.seen("service.connect")] == ["one", "two"]
    profiles = [request["profile"] for request in service.seen("http.request")]
    assert profiles[0] == profiles[2] != profiles[1]
    assert service.connections == 1


def test_response(session: requests.Session, service: FakeService) -> None:
    service.handlers["http.request"] = lambda request: answer(201, '{"name": "ä"}'.encode(), x_version="1.12.1")
    response = session.post(f"{BASE}/datasets", json={})
    assert type(response) is requests.Response
    assert (response.status_code, response.reason, response.ok) == (201, "Created", True)
    assert response.json() == {"name": "ä"}
    assert response.headers["X-Version"] == "1.12.1"
    assert response.url == f"{BASE}/datasets"
    assert response.request.method == "POST"
    assert isinstance(response.elapsed, timedelta)
    assert response.elapsed > timedelta(0)
    assert b"".join(response.iter_content(4)) == '{"name": "ä"}'.encode()
    assert response.raw.status == 201
    assert response.raw.headers["x-version"] == "1.12.1"
    assert pickle.loads(pickle.dumps(response)).json() == response.json()
    assert response.history == []
    response.close()


def test_streamed_response(session: requests.Session, service: FakeService) -> None:
    service.handlers["http.request"] = lambda request: answer(200, b"a\nb\nc\n", content_type="text/plain")
    with session.get(f"{BASE}/x", stream=True) as response:
        assert response._content is False
        assert list(response.iter_lines()) == [b"a", b"b", b"c"]
    with session.get(f"{BASE}/x", stream=True) as response:
        assert response.raw.read(3) == b"a\nb"


def test_encoded_answer_is_decoded_once(session: requests.Session, service: FakeService) -> None:
    import gzip

    service.handlers["http.request"] = lambda request: answer(200, gzip.compress(b"plain"), content_encoding="gzip")
    assert session.get(f"{BASE}/x").content == b"plain"
    assert session.get(f"{BASE}/x", stream=True).content == b"plain"


@pytest.mark.parametrize(
    ("status", "kind"), [(404, "not_found"), (403, "rate_limited"), (500, "server_error"), (429, "quota")]
)
def test_answers_of_4xx_and_5xx_are_responses(
    session: requests.Session, service: FakeService, status: int, kind: str
) -> None:
    service.handlers["http.request"] = lambda request: refusal(status, kind)
    response = session.get(f"{BASE}/datasets")
    assert (response.status_code, response.json()) == (status, {"code": "c"})
    with pytest.raises(exceptions.HTTPError) as caught:
        response.raise_for_status()
    assert caught.value.response is response


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (fail("unreachable", "no way"), exceptions.ConnectionError),
        (fail("tls", "not trusted"), exceptions.SSLError),
        (fail("timeout", "too late"), exceptions.ReadTimeout),
        (fail("unknown_outcome", "who knows"), exceptions.ConnectionError),
        (fail("unknown_outcome", "who knows", status=502), exceptions.ConnectionError),
        (fail("unknown_outcome", "still runs", pending=True), exceptions.ReadTimeout),
        (fail("busy", "full"), exceptions.ConnectionError),
        (fail("breaker_open", "left alone"), difypool.requests.BreakerOpen),
        (fail("denied", "not here"), exceptions.RequestException),
        (fail("invalid_request", "no url", code="base_url"), exceptions.InvalidURL),
        (fail("invalid_request", "no such field"), exceptions.HTTPError),
        (fail("unsupported", "this version hangs"), exceptions.HTTPError),
        (fail("unreachable", "no way", code="proxy"), exceptions.ProxyError),
        (fail("something_new", "?"), exceptions.RequestException),
    ],
)
def test_failures_as_requests_names_them(session: requests.Session, service: FakeService, error: Any, wanted: type) -> None:
    service.handlers["http.request"] = lambda request: error
    with pytest.raises(wanted) as caught:
        session.get(f"{BASE}/datasets")
    assert type(caught.value) is wanted
    assert caught.value.request.url == f"{BASE}/datasets"
    assert isinstance(caught.value.__cause__, errors.Error)
    assert caught.value.__cause__.kind == error["error"]["kind"]


def test_local_refusals_have_a_response(session: requests.Session, service: FakeService) -> None:
    service.handlers["http.request"] = lambda request: fail(
        "unsupported", "this version hangs on it", code="hazard", hint="send a name with it"
    )
    with pytest.raises(exceptions.HTTPError, match="hangs on it") as caught:
        session.post(f"{BASE}/datasets", json={})
    response = caught.value.response
    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/json")
    message = "this version hangs on it (send a name with it)"
    assert response.json() == {"code": "hazard", "message": message, "status": 400}
    assert response.request is caught.value.request


def test_ca_files_that_the_service_refuses_are_sent(
    session: requests.Session, service: FakeService, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(request: dict[str, Any]) -> Any:
        if "ca_file" in request["args"]:
            return fail("denied", "others could change that file", code="unsteady_file")
        return service.default(request)

    service.handlers["service.connect"] = connect
    (folder / "a.pem").write_bytes(b"PEM a")
    (folder / "b.pem").write_bytes(b"PEM b")
    session.verify = str(folder / "a.pem")
    assert session.get(f"{BASE}/info").status_code == 200
    session.verify = True
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder / "b.pem"))
    assert session.get(f"{BASE}/info").status_code == 200
    taken = [c["args"]["ca_bytes"] for c in service.seen("service.connect") if "ca_bytes" in c["args"]]
    assert taken == [b"PEM a", b"PEM b"]


def test_breaker_text(session: requests.Session, service: FakeService) -> None:
    service.handlers["http.request"] = lambda request: fail("breaker_open", retry_after_ms=5000)
    with pytest.raises(exceptions.RequestException, match="^Circuit breaker OPEN: Service unavailable$") as caught:
        session.get(f"{BASE}/datasets")
    assert caught.value.__cause__.retry_after == 5  # type: ignore[union-attr]


def test_service_that_is_not_there(folder: Path) -> None:
    with (
        difypool.requests.Session(socket=f"ipc://{folder}/none") as session,
        pytest.raises(exceptions.ConnectionError, match="none"),
    ):
        session.get(f"{BASE}/info")


def test_tls_settings(
    session: requests.Session, service: FakeService, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca, directory, cert, key = folder / "ca.pem", folder / "cas", folder / "c.pem", folder / "k.pem"
    for path in (ca, cert, key):
        path.touch()
    directory.mkdir()
    session.get(f"{BASE}/info", verify=False)
    session.get(f"{BASE}/info", verify=str(ca))
    session.get(f"{BASE}/info", verify=str(directory), cert=str(cert))
    session.verify, session.cert = True, (str(cert), str(key))
    session.get(f"{BASE}/info")
    session.cert = None
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca))
    session.get(f"{BASE}/datasets")
    session.get("http://plain/v1/datasets")
    assert [{k: v for k, v in c["args"].items() if k != "base_url"} for c in service.seen("service.connect")] == [
        {"verify": False},
        {"ca_file": str(ca)},
        {"ca_dir": str(directory), "client_cert": str(cert)},
        {"client_cert": str(cert), "client_key": str(key)},
        {},
    ]
    profiles = [request["profile"] for request in service.seen("http.request")]
    assert profiles[4] == profiles[1], "the environment's bundle is the same address as the one given by hand"
    with pytest.raises(OSError, match="invalid path"):
        session.get(f"{BASE}/info", verify="/nonexistent/ca.pem")


def test_proxies(session: requests.Session, service: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    session.get(f"{BASE}/info", proxies={"https": "http://proxy:3128"})
    monkeypatch.setenv("HTTPS_PROXY", "proxy-of-env:1")
    session.get(f"{BASE}/info")
    monkeypatch.setenv("NO_PROXY", "dify.example")
    session.get(f"{BASE}/info")
    session.trust_env = False
    session.get(f"{BASE}/info")
    assert [c["args"].get("proxy") for c in service.seen("service.connect")] == [
        "http://proxy:3128",
        "http://proxy-of-env:1",
        None,
    ]


@pytest.mark.parametrize(
    ("timeout", "deadline"),
    [(None, None), (2, 2000), (1.5, 1500), ((1, 2), 3000), ((None, 2), 2000), ((1, None), None), (0.0001, 1)],
)
def test_timeouts(session: requests.Session, service: FakeService, timeout: Any, deadline: Any) -> None:
    session.get(f"{BASE}/info", timeout=timeout)
    assert service.seen("http.request")[0].get("deadline_ms") == deadline


@pytest.mark.parametrize("timeout", [0, -1, (1, 2, 3), "soon"])
def test_bad_timeouts(session: requests.Session, timeout: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        session.get(f"{BASE}/info", timeout=timeout)


def test_urllib3_timeout_objects(session: requests.Session, service: FakeService) -> None:
    from urllib3.util import Timeout

    session.get(f"{BASE}/info", timeout=Timeout(connect=1, read=2))
    session.get(f"{BASE}/info", timeout=Timeout(total=4))
    assert [request["deadline_ms"] for request in service.seen("http.request")] == [3000, 4000]


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"bytes", b"bytes"),
        ("tëxt", "tëxt".encode()),
        (io.BytesIO(b"file"), b"file"),
        ({"a": "1"}, b"a=1"),
        (iter([b"x", b"y"]), b"xy"),
    ],
)
def test_bodies(session: requests.Session, service: FakeService, data: Any, body: bytes) -> None:
    session.post(f"{BASE}/x", data=data)
    assert sent(service)["body"] == body


def test_files(session: requests.Session, service: FakeService) -> None:
    session.post(f"{BASE}/x", files={"file": ("a.txt", b"content")}, data={"data": "{}"})
    assert b'filename="a.txt"' in sent(service)["body"]
    assert sent(service)["headers"]["Content-Type"].startswith("multipart/form-data; boundary=")


def test_redirects_are_the_sessions(session: requests.Session, service: FakeService) -> None:
    def handler(request: dict[str, Any]) -> Any:
        if request["args"]["path"] == "/v1/old":
            return answer(308, b"", location=f"{BASE}/new")
        return answer(200, b"{}")

    service.handlers["http.request"] = handler
    response = session.get(f"{BASE}/old")
    assert [r.status_code for r in response.history] == [308]
    assert response.url == f"{BASE}/new"


def test_options_of_the_adapter(service: FakeService) -> None:
    service.handlers["http.request"] = lambda request: answer()
    session = requests.Session()
    adapter = difypool.requests.Adapter(
        deadline=200, wait=True, priority="bulk", socket=service.path, profile={"pooling": False, "retry_attempts": 2}
    )
    session.mount("https://dify.example", adapter)
    assert isinstance(session.get_adapter(f"{BASE}/info"), HTTPAdapter)
    session.get(f"{BASE}/info")
    (request,) = service.seen("http.request")
    assert (request["deadline_ms"], request["priority"], request["options"]) == (200_000, "bulk", {"wait": True})
    assert service.seen("service.connect")[0]["args"] == {"base_url": BASE, "pooling": False, "retry_attempts": 2}
    session.close()


def test_session_can_be_used_after_close_and_pickled(session: requests.Session, service: FakeService) -> None:
    session.get(f"{BASE}/info")
    session.close()
    session.get(f"{BASE}/info")
    twin = pickle.loads(pickle.dumps(session))
    twin.get(f"{BASE}/info")
    twin.close()
    assert service.connections == 3


def test_keys_are_in_no_text(session: requests.Session, service: FakeService) -> None:
    service.handlers["service.connect"] = lambda request: fail("denied", "not to this host")
    with pytest.raises(exceptions.RequestException) as caught:
        session.get(f"{BASE}/info", headers={"Authorization": "Bearer super-secret"})
    assert "super-secret" not in f"{caught.value!r}{caught.value}{caught.value.__cause__!r}{session.get_adapter(BASE)!r}"


def test_many_addresses_are_bounded(session: requests.Session, service: FakeService) -> None:
    for number in range(140):
        session.get(f"{BASE}/info", headers={"Authorization": f"Bearer {number}"})
    adapter: Any = session.get_adapter(BASE)
    assert len(adapter._handles) == 128
