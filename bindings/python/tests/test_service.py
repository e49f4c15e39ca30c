"""The real chain: this package, the real difypoold, TLS, the sandbox that stands in for Dify."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

import difypool
import difypool.requests
from chain import chain_is_missing, wait_until

pytestmark = pytest.mark.skipif(bool(chain_is_missing()), reason=chain_is_missing() or "none")

RULE = {"mode": "automatic"}


@pytest.fixture
def options(sandbox: Any) -> dict[str, Any]:
    return {"base_url": sandbox.https, "api_key": sandbox.key, "ca_file": sandbox.ca_file}


@pytest.fixture
def client(daemon: str, options: dict[str, Any]) -> Iterator[difypool.Client]:
    with difypool.Client(**options) as made:
        yield made


@pytest.fixture
def kb(client: difypool.Client) -> str:
    ident: str = client.datasets.create(name="pages").json()["id"]
    return ident


def create(client: difypool.Client, kb: str, name: str, text: str = "text") -> difypool.Reply:
    return client.documents.create_by_text(
        dataset_id=kb, name=name, text=text, indexing_technique="economy", process_rule=RULE
    )


def test_from_nothing_to_a_document(client: difypool.Client, sandbox: Any, kb: str) -> None:
    text = "Ein Text mit Ümläuten, 日本語 und 🐟."
    reply = create(client, kb, "ünï", text)
    assert reply.json()["document"]["name"] == "ünï"
    assert reply.meta["attempts"] == 1
    assert [entry["name"] for entry in client.documents.iter(dataset_id=kb)] == ["ünï"]
    assert [doc["text"] for doc in sandbox.dataset(kb)["documents"]] == [text]
    info = client.info()
    assert (info["name"], info["protocol"], info["private"]) == ("difypoold", 1, True)
    assert any(entry["origin"] in sandbox.https for entry in client.stats()["hosts"])


def test_errors_of_the_server(client: difypool.Client, options: dict[str, Any]) -> None:
    with pytest.raises(difypool.NotFound) as caught:
        client.datasets.get(dataset_id="00000000-0000-4000-8000-000000000000")
    assert caught.value.status == 404
    assert caught.value.json()["code"] == "not_found"
    with pytest.raises(difypool.InvalidRequest, match="no_such"):
        client.call("datasets.list", no_such=1)
    with (
        difypool.Client(**{**options, "api_key": "dataset-wrong"}) as other,
        pytest.raises(difypool.Unauthorized) as refused,
    ):
        other.datasets.list()
    assert "dataset-wrong" not in f"{refused.value!r} {refused.value}"


def test_untrusted_certificate(daemon: str, options: dict[str, Any]) -> None:
    with difypool.Client(base_url=options["base_url"], api_key="k") as client, pytest.raises(difypool.Tls):
        client.datasets.list()
    with difypool.Client(base_url=options["base_url"], api_key=options["api_key"], verify=False) as client:
        assert client.datasets.list().status == 200
    with (
        difypool.Client(**{**options, "ca_file": "/nonexistent.pem"}) as client,
        pytest.raises(difypool.Error, match="nonexistent"),
    ):
        client.datasets.list()


def test_fifty_calls_are_one_connection_or_fifty(daemon: str, options: dict[str, Any], sandbox: Any) -> None:
    for pooling, connections in ((True, 1), (False, 50)):
        sandbox.reset_counters()
        before = sandbox.counter("connections/accepted/total")
        with difypool.Client(**options, pooling=pooling) as client:
            if pooling:
                client.set(pooling=True)
            reused = sum(client.datasets.list().meta["reused"] for _ in range(50))
        assert sandbox.counter("connections/accepted/total") - before == connections
        assert reused == 50 - connections


def test_decode_and_cache(client: difypool.Client, kb: str) -> None:
    create(client, kb, "n")
    reply = client.documents.list(dataset_id=kb, decode=True)
    assert reply.json()["total"] == 1
    assert isinstance(reply._body, dict)


def test_deadline(client: difypool.Client, sandbox: Any, kb: str) -> None:
    sandbox.fault(match={"operation": "datasets.list"}, stall="before")
    with pytest.raises(difypool.Timeout):
        client.datasets.list(deadline=0.2)
    sandbox.release()
    sandbox.fault(match={"operation": "metadata.create"}, stall="headers")
    with pytest.raises(difypool.UnknownOutcome):
        client.metadata.create(dataset_id=kb, type="string", name="late", deadline=0.3)
    sandbox.release()


def test_interrupt_reaches_the_service(client: difypool.Client, sandbox: Any) -> None:
    """Ctrl-C in a program: its read is dropped by the service at once, not at its deadline."""
    sandbox.fault(match={"operation": "datasets.list"}, stall="before")
    code = (
        f"import difypool; c = difypool.Client(base_url={sandbox.https!r}, api_key={sandbox.key!r}, "
        f"ca_file={sandbox.ca_file!r}); c.datasets.list()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    sandbox.wait("requests/total", 1)
    assert client.stats()["service"]["calls_running"] >= 1
    process.send_signal(signal.SIGINT)
    assert process.wait(30) != 0
    # The question itself is a call that runs.
    wait_until(lambda: client.stats()["service"]["calls_running"] <= 1, "the call ended")
    sandbox.release()


def test_asyncio_thousand_calls(daemon: str, options: dict[str, Any], sandbox: Any) -> None:
    async def main() -> None:
        async with difypool.AsyncClient(**options) as client:
            kb = (await client.datasets.create(name="many")).json()["id"]
            replies = await asyncio.gather(
                *(client.documents.list(dataset_id=kb, keyword=str(n), deadline=100) for n in range(1000))
            )
            assert all(reply.status == 200 for reply in replies)
            assert (await client.stats())["service"]["clients"] == 1

    asyncio.run(main())
    assert sandbox.counter("connections/max_open") <= 21


def test_threads(client: difypool.Client, kb: str, sandbox: Any) -> None:
    def work(thread: int) -> int:
        for number in range(4):
            create(client, kb, f"{thread}-{number}")
        return 4

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(work, range(50))) == 200
    names = Counter(doc["name"] for doc in sandbox.dataset(kb)["documents"])
    assert len(names) == 200
    assert set(names.values()) == {1}
    assert len(list(client.documents.iter(dataset_id=kb))) == 200


def test_killed_and_started_again_nothing_is_done_twice(client: difypool.Client, kb: str, sandbox: Any) -> None:
    """Metadata fields have no key that would keep a second one out: each attempt that works makes one more."""
    sandbox.fault(match={"operation": "metadata.create"}, times=None, delay_before_ms=20, delay_after_ms=20)
    outcomes: dict[str, str] = {}

    def work(thread: int) -> None:
        for number in range(12):
            name = f"f{thread}-{number}"
            try:
                client.metadata.create(dataset_id=kb, type="string", name=name, deadline=60)
                outcomes[name] = "done"
            except difypool.UnknownOutcome:
                outcomes[name] = "unknown"
            except difypool.Error as error:
                outcomes[name] = error.kind

    def kill(after: int) -> None:
        wait_until(lambda: len(outcomes) >= after, "calls went on")
        pid = client.info()["pid"]
        os.kill(pid, signal.SIGKILL)

    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(work, thread) for thread in range(8)]
        for after in (10, 35, 60):
            kill(after)
        for job in jobs:
            job.result(120)
    found = Counter(entry["name"] for entry in client.metadata.iter(dataset_id=kb))
    assert len(outcomes) == 96
    assert not [name for name, count in found.items() if count > 1], "done twice"
    assert not [name for name, outcome in outcomes.items() if outcome == "done" and found[name] != 1], "lost"
    assert set(outcomes.values()) <= {"done", "unknown", "unreachable"}
    assert sum(outcome == "done" for outcome in outcomes.values()) > 60


def test_many_processes_start_one_service(daemon: str, options: dict[str, Any]) -> None:
    code = f"import difypool\nwith difypool.Client(**{options!r}) as c:\n    c.datasets.list(); print(c.info()['pid'])"
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(12)
    ]
    answers = [process.communicate(timeout=60) for process in processes]
    assert {out for out, _ in answers} == {answers[0][0]}, answers
    assert answers[0][0].strip()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fork(client: difypool.Client, kb: str) -> None:
    from test_link import in_child

    create(client, kb, "parent")
    assert in_child(lambda: create(client, kb, "child").status == 200) == 0
    assert {entry["name"] for entry in client.documents.iter(dataset_id=kb)} == {"parent", "child"}


# ---- requests ---------------------------------------------------------------------------------------------------


@pytest.fixture
def session(daemon: str, sandbox: Any) -> Iterator[requests.Session]:
    with difypool.requests.Session() as made:
        made.verify = sandbox.ca_file
        made.headers["Authorization"] = f"Bearer {sandbox.key}"
        yield made


def test_adapter(session: requests.Session, sandbox: Any) -> None:
    response = session.get(f"{sandbox.https}/datasets", params={"page": 1, "limit": 5})
    assert (response.status_code, response.json()["data"]) == (200, [])
    assert response.headers["X-Version"]
    assert response.headers["Content-Type"].startswith("application/json")
    created = session.post(f"{sandbox.https}/datasets", json={"name": "by session"})
    assert created.status_code == 200
    missing = session.get(f"{sandbox.https}/datasets/00000000-0000-4000-8000-000000000000")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    html = session.get(f"{sandbox.https}/no/such/route")
    assert html.status_code == 404
    assert "html" in html.headers["Content-Type"]
    with pytest.raises(requests.exceptions.HTTPError):
        html.raise_for_status()


def test_adapter_and_requests_give_the_same_answers(session: requests.Session, sandbox: Any) -> None:
    plain = requests.Session()
    plain.verify = sandbox.ca_file
    plain.headers["Authorization"] = session.headers["Authorization"]
    session.post(f"{sandbox.https}/datasets", json={"name": "one"})
    for path in (
        "/datasets?limit=3",
        "/datasets/x",
        "/datasets/00000000-0000-4000-8000-000000000000/documents",
        "/nothing",
    ):
        ours, theirs = session.get(sandbox.https + path), plain.get(sandbox.https + path)
        assert (ours.status_code, ours.content) == (theirs.status_code, theirs.content)
        assert ours.encoding == theirs.encoding
        for name in ("content-type", "x-version", "x-env"):
            assert ours.headers.get(name) == theirs.headers.get(name)
    plain.close()


def test_adapter_failures(session: requests.Session, sandbox: Any) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        session.get(f"{sandbox.https}/datasets", verify=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(requests.exceptions.ConnectionError):
            session.get(f"http://127.0.0.1:{free.getsockname()[1]}/v1/datasets")
    sandbox.fault(match={"operation": "datasets.list"}, stall="before")
    with pytest.raises(requests.exceptions.Timeout):
        session.get(f"{sandbox.https}/datasets", timeout=0.3)
    sandbox.release()


# ---- the drop-in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pooled", [True, False], ids=["pooled", "plain"])
def test_crawl_of_the_original(daemon: str, sandbox: Any, pooled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The calls that its crawler makes, and what it looks at in the answers."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", sandbox.ca_file)
    api = difypool.ResilientDifyAPI(sandbox.https[:-3], sandbox.key, enable_connection_pooling=pooled)
    lists = api.get_knowledge_base_list(page=1, limit=20)
    assert lists.status_code == 200
    assert lists.json()["data"] == []
    created = api.create_empty_knowledge_base("crawl")
    assert created.status_code == 200
    kb = created.json()["id"]
    assert api.get_document_list(kb).json()["data"] == []
    assert api.get_metadata_list(kb).json()["doc_metadata"] == []
    field = api.create_knowledge_metadata(kb, "string", "url")
    assert field.status_code in (200, 201)
    page = api.create_document_from_text(kb, "page", "###PARENT_SECTION### text", "economy", use_parent_child=False)
    assert page.status_code == 200
    document = page.json()["document"]
    assert document["indexing_status"]
    values = [{"id": field.json()["id"], "name": "url", "value": "https://x"}]
    assert api.assign_document_metadata(kb, document["id"], values).status_code == 200
    assert api.get_indexing_status(kb, page.json()["batch"]).status_code == 200
    listed = api.get_document_list(kb).json()
    assert [entry["name"] for entry in listed["data"]] == ["page"]
    assert listed["has_more"] in (True, False)
    assert api.update_knowledge_metadata(kb, field.json()["id"], "link").status_code == 200
    assert api.delete_metadata(kb, field.json()["id"]).status_code in (200, 204)
    assert api.delete_document(kb, document["id"]).status_code in (200, 204)
    assert api.delete_knowledge_base(kb).status_code in (200, 204)
    with pytest.raises(requests.exceptions.HTTPError) as caught:
        api.get_document_list(kb)
    assert caught.value.response.status_code == 404


def test_retrieve_of_the_drop_in(client: difypool.Client, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sending top_k alone is a 500 at the server; the service fills in what the knowledge base has."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", sandbox.ca_file)
    api = difypool.ResilientDifyAPI(sandbox.https[:-3], sandbox.key)
    model = {"search_method": "keyword_search", "reranking_enable": False, "top_k": 4, "score_threshold_enabled": False}
    kb = client.datasets.create(name="search", indexing_technique="economy", retrieval_model=model).json()["id"]
    api.create_document_from_text(kb, "page", "words to be found", "economy", use_parent_child=False)
    sandbox.drain_indexing()
    assert "records" in api.retrieve(kb, "words", top_k=2).json()


def test_drop_in_waits_for_the_service(daemon: str, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", sandbox.ca_file)
    api = difypool.ResilientDifyAPI(sandbox.https[:-3], sandbox.key)
    api.get_knowledge_base_list()
    with difypool.Client() as client:
        os.kill(client.info()["pid"], signal.SIGKILL)
    assert api.get_knowledge_base_list().status_code == 200


def test_drop_in_tries_a_dead_server_as_often_as_it_was_told(daemon: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("difypool.resilient.DEADLINE", 30.0)
    with socket.socket() as taken:  # bound and not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        for breaker in (False, True):
            api = difypool.ResilientDifyAPI(
                url, "k", enable_circuit_breaker=breaker, retry_config=difypool.RetryConfig(2, 0.01)
            )
            with pytest.raises(requests.exceptions.ConnectionError):
                api.get_knowledge_base_list()
            with pytest.raises(requests.exceptions.ConnectionError):
                api.create_empty_knowledge_base("kb")


def test_drop_in_tells_of_refusals_as_of_answers(daemon: str, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", sandbox.ca_file)
    api = difypool.ResilientDifyAPI(sandbox.https[:-3], sandbox.key)
    kb = api.create_empty_knowledge_base("kb").json()["id"]
    made = api.create_document_from_text(kb, "page", "text", "economy", custom_config={"process_rule": RULE}).json()
    sandbox.drain_indexing()
    with pytest.raises(requests.exceptions.HTTPError) as caught:
        api.update_document_by_text(kb, made["document"]["id"], text="new")
    assert caught.value.response.status_code == 400
    assert set(caught.value.response.json()) == {"code", "message", "status"}


def test_quick_test_of_four_steps(daemon: str, sandbox: Any) -> None:
    script = Path(__file__).parent / "compat" / "quick_test.py"
    environment = {**os.environ, "REQUESTS_CA_BUNDLE": sandbox.ca_file}
    done = subprocess.run(
        [sys.executable, str(script), sandbox.https[:-3], sandbox.key],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line[:2] for line in done.stdout.splitlines() if " ok: " in line] == ["1.", "2.", "3.", "4."]


def test_benchmark_of_the_original(daemon: str, sandbox: Any) -> None:
    script = Path(__file__).parent / "compat" / "benchmark.py"
    environment = {**os.environ, "REQUESTS_CA_BUNDLE": sandbox.ca_file}
    arguments = [sandbox.https[:-3], sandbox.key, "--calls", "5", "--pages", "2", "--json"]
    done = subprocess.run(
        [sys.executable, str(script), *arguments], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    import json

    results = json.loads(done.stdout)
    assert results["calls"]["unpooled_s"] > 0
    assert results["calls"]["pooled_s"] > 0
    assert results["crawl"]["calls"] == 6


def test_thread_with_running_loop(daemon: str, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", sandbox.ca_file)
    api = difypool.ResilientDifyAPI(sandbox.https[:-3], sandbox.key)

    async def main() -> int:
        return api.get_knowledge_base_list().status_code

    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(main())))
    thread.start()
    thread.join(60)
    assert found == [200]


def test_questions_to_the_service(client: difypool.Client, sandbox: Any) -> None:
    operations = {entry["name"]: entry for entry in client.operations()}
    assert operations["documents.list"]["method"] == "GET"
    assert set(operations) >= {f"{group}.list" for group in ("datasets", "documents", "metadata", "segments")}
    assert isinstance(client.profiles(), list)
    client.warm(3)
    sandbox.wait("connections/open/total", 3)
    client.set(pooling=False)
    client.datasets.list()
    assert not client.datasets.list().meta["reused"]
