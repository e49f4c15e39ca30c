"""Files: what a form may look like, what is kept of it, how files are given out, and what happens to both on the way."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import socket
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sandbox.multipart import Form
from sandbox.testing import ControlError, Sandbox
from sandbox.uploads import generated, most_of, sha256_of

from wire import BOUNDARY, Answer, Client, create_dataset, create_document, multipart

UPLOAD = "files.upload"
MB = 1024 * 1024


@pytest.fixture
def app(sandbox: Sandbox) -> Any:
    with Client(sandbox.http, sandbox.keys["chat"]) as client:
        yield client


def upload(client: Client, data: bytes, name: str = "a.txt", kind: str | None = "text/plain") -> Answer:
    return client.post_form("/files/upload", multipart(("file", name, kind, data), ("user", None, None, b"u1")))


# --- forms


def parsed(body: bytes, step: int, keep: int = 1000) -> Form:
    form = Form("b", keep)
    for start in range(0, len(body), step):
        form.feed(body[start : start + step])
    form.finish()
    return form


FORM = (
    b'a preamble\r\n--b\r\nContent-Disposition: form-data; name="user"\r\n\r\nu\r\n1\r\n--b\r\n'
    b'content-type: image/png\r\nContent-Disposition: form-data; name="file"; filename="a \\"b\\".png"\r\n\r\n'
    b"\r\n--bad\r\n\r\n--\r\n--b--\r\nan epilogue"
)


@pytest.mark.parametrize("step", range(1, 60))
def test_a_form_is_read_alike_however_it_is_cut(step: int) -> None:
    form = parsed(FORM.replace(b"--bad", b"--xad"), step)
    assert form.texts == {"user": "u\r\n1"}
    (part,) = form.files
    assert (part.field, part.name, part.content_type, part.whole) == ("file", 'a "b".png', "image/png", True)
    assert part.content == b"\r\n--xad\r\n\r\n--"
    assert part.sha256 == hashlib.sha256(b"\r\n--xad\r\n\r\n--").hexdigest()


def test_a_quote_in_a_name_may_come_as_browsers_send_it() -> None:
    (part,) = parsed(multipart(("file", "a %22b%22 %0D.png", "image/png", b"")).replace(BOUNDARY.encode(), b"b"), 7).files
    assert part.name == 'a "b" %0D.png'


def test_a_form_without_its_last_boundary_has_no_parts() -> None:
    form = parsed(multipart(("file", "a", "b", b"data")).replace(BOUNDARY.encode(), b"b")[:-6], 7)
    assert (form.files, form.texts) == ([], {})


def test_a_file_is_kept_up_to_the_bound_and_counted_beyond_it() -> None:
    for size, kept in ((1000, True), (1001, False)):
        form = parsed(multipart(("file", "a", "b", b"x" * size)).replace(BOUNDARY.encode(), b"b"), 100)
        assert (form.files[0].size, form.files[0].content is not None) == (size, kept)


def test_texts_of_a_form_are_bounded(app: Client) -> None:
    answer = app.post_form("/files/upload", multipart(("user", None, None, b"u" * 500_001)))
    assert (answer.status, answer.json()["code"]) == (413, "request_entity_too_large")


# --- uploads


def test_an_upload_is_noted_and_stored(app: Client, sandbox: Sandbox) -> None:
    stored = upload(app, b"some text", "n☃te.txt").json()
    (noted,) = sandbox.uploads()
    wanted = {"operation": UPLOAD, "field": "file", "name": "n☃te.txt", "type": "text/plain", "size": 9, "whole": True}
    assert {name: noted[name] for name in wanted} == wanted
    assert noted["sha256"] == hashlib.sha256(b"some text").hexdigest() == sandbox.file(stored["id"])["sha256"]
    assert sandbox.file_content(stored["id"]) == b"some text"
    assert (sandbox.effects(UPLOAD), sandbox.counter("uploads/stored")) == (1, 1)


def test_a_refused_upload_is_noted_and_not_stored(app: Client, sandbox: Sandbox) -> None:
    assert upload(app, b"x" * (10 * MB + 1), "a.png", "image/png").status == 413
    assert [(one["size"], one["whole"]) for one in sandbox.uploads()] == [(10 * MB + 1, True)]
    assert (sandbox.files(), sandbox.effects(UPLOAD)) == ([], 0)


@pytest.mark.parametrize(
    ("name", "most"), [("a.png", 10 * MB), ("a.mp3", 50 * MB), ("a.mp4", 100 * MB), ("a.pdf", 15 * MB), ("a", 15 * MB)]
)
def test_the_bound_goes_by_the_extension(name: str, most: int) -> None:
    assert most_of(name.rpartition(".")[2] if "." in name else "", 15 * MB) == most


def test_the_same_user_is_the_same_end_user(app: Client, sandbox: Sandbox) -> None:
    first, second = (upload(app, b"x").json()["created_by"] for _ in range(2))
    nobody = app.post_form("/files/upload", multipart(("file", "a", "text/plain", b"x"))).json()["created_by"]
    assert first == second != nobody


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_a_large_upload_costs_little_memory(sandbox: Sandbox) -> None:
    size = 90 * MB
    head, tail = multipart(("file", "a.mp4", "video/mp4", b"@")).split(b"@")
    with Client(sandbox.http, sandbox.keys["chat"]) as client:
        upload(client, b"warm")
        before = resident(sandbox.pid)
        lines = f"POST /v1/files/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.key}\r\n"
        lines += f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {size + len(head) + len(tail)}\r\n\r\n"
        client.sock.sendall(lines.encode() + head)
        for piece in generated(size):
            client.sock.sendall(piece)
        client.sock.sendall(tail)
        stored = client.receive("POST").json()
        assert resident(sandbox.pid) - before < 8 * MB
    assert (sandbox.file(stored["id"])["sha256"], stored["size"]) == (sha256_of(size), size)
    assert not sandbox.file(stored["id"])["kept"]


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_chunked_upload_is_an_upload(app: Client, sandbox: Sandbox) -> None:
    body = multipart(("file", "a.txt", "text/plain", b"x" * 70_000))
    sent = {"Authorization": f"Bearer {app.key}", "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    chunks = [body[start : start + 9_999] for start in range(0, len(body), 9_999)]
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    app.send("POST", "/v1/files/upload", {**sent, "Transfer-Encoding": "chunked"}, framed)
    stored = app.receive("POST").json()
    assert sandbox.file_content(stored["id"]) == b"x" * 70_000


def test_an_upload_that_breaks_off_is_seen_and_not_done(sandbox: Sandbox) -> None:
    body = multipart(("file", "a.txt", "text/plain", b"x" * 50_000))
    with Client(sandbox.http, sandbox.keys["chat"]) as client:
        sent = {"Authorization": f"Bearer {client.key}", "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        client.send("POST", "/v1/files/upload", {**sent, "Content-Length": str(len(body))}, b"")
        client.sock.sendall(body[:40_000])
        sandbox.wait("uploads/bytes", 40_000)
    sandbox.wait("connections/open/total", 0, "==")
    sandbox.wait("requests/in_flight", 0, "==")
    assert [(one["whole"], 0 < one["size"] < 40_000) for one in sandbox.uploads()] == [(False, True)]
    assert sandbox.effects(UPLOAD) == 0


def test_a_server_that_stops_reading_holds_the_client_up(sandbox: Sandbox) -> None:
    fault = sandbox.fault(match={"operation": UPLOAD}, stall="in-request", read_bytes=100_000)
    body = multipart(("file", "a.mp4", "video/mp4", b"x" * (30 * MB)))
    with Client(sandbox.http, sandbox.keys["chat"]) as client:
        sent = {"Authorization": f"Bearer {client.key}", "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        client.send("POST", "/v1/files/upload", {**sent, "Content-Length": str(len(body))}, b"")
        taken = pour(client, body)
        assert taken < len(body)
        sandbox.wait("uploads/bytes", 100_000, "==")
        sandbox.release(fault)
        client.sock.sendall(body[taken:])
        assert client.receive("POST").status == 201


def pour(client: Client, body: bytes) -> int:
    """Send until nothing more is taken for a while; how much was taken."""
    before, taken = client.sock.gettimeout(), 0
    client.sock.settimeout(0.5)
    try:
        while taken < len(body):
            taken += client.sock.send(body[taken : taken + 65_536])
    except socket.timeout:
        pass
    client.sock.settimeout(before)
    return taken


def test_an_answer_in_the_middle_of_an_upload(sandbox: Sandbox) -> None:
    sandbox.fault(match={"operation": UPLOAD}, answer="nginx_413", early=True, read_bytes=10_000)
    body = multipart(("file", "a.txt", "text/plain", b"x" * 200_000))
    with Client(sandbox.http, sandbox.keys["chat"]) as client:
        sent = {"Authorization": f"Bearer {client.key}", "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        client.send("POST", "/v1/files/upload", {**sent, "Content-Length": str(len(body))}, b"")
        client.sock.sendall(body[:10_000])
        assert client.receive("POST").status == 413
    assert sandbox.effects(UPLOAD) == 0


# --- downloads


def test_a_file_to_order_has_its_hash(sandbox: Sandbox, app: Client) -> None:
    made = sandbox.make_file(3 * MB + 1, "chat", "big ☃.bin")
    answer = app.ask("GET", f"/files/{made['id']}/preview?as_attachment=true")
    assert (answer.status, answer.header("Content-Length")) == (200, str(3 * MB + 1))
    assert answer.header("Content-Disposition") == "attachment; filename*=UTF-8''big%20%E2%98%83.bin"
    assert hashlib.sha256(answer.body).hexdigest() == made["sha256"] == sha256_of(3 * MB + 1)


def test_an_empty_file_comes_without_a_length(sandbox: Sandbox, app: Client) -> None:
    answer = app.ask("GET", f"/files/{sandbox.make_file(0, 'chat')['id']}/preview")
    assert (answer.status, answer.body, answer.header("Transfer-Encoding")) == (200, b"", "chunked")


def test_a_file_that_was_not_kept_says_so(sandbox: Sandbox, app: Client) -> None:
    sandbox.settings(keep_upload_bytes=3)
    stored = upload(app, b"four").json()["id"]
    sandbox.use_file(stored)
    assert app.ask("GET", f"/files/{stored}/preview").json()["code"] == "sandbox_did_not_keep"
    with pytest.raises(ControlError, match="keep_upload_bytes"):
        sandbox.file_content(stored)


def test_the_link_of_an_upload_leads_to_it(sandbox: Sandbox, app: Client) -> None:
    link = urlsplit(upload(app, b"linked").json()["source_url"])
    assert link.netloc == urlsplit(sandbox.http).netloc
    app.send("GET", f"{link.path}?{link.query}", {})
    assert app.receive().body == b"linked"
    app.send("GET", f"{link.path}?{link.query[:-9]}", {})
    assert app.receive().status == 404
    app.send("GET", link.path, {})
    assert (app.receive().status, sandbox.log()[-1]["operation"]) == (400, "links.get")


def test_a_long_answer_can_be_cut_anywhere(sandbox: Sandbox, app: Client) -> None:
    made = sandbox.make_file(MB, "chat")
    sandbox.fault(match={"operation": "files.preview"}, cut_body_after=300_000, how="fin")
    app.send("GET", f"/v1/files/{made['id']}/preview", {"Authorization": f"Bearer {app.key}"})
    head, _, body = app.rest().partition(b"\r\n\r\n")
    assert b"Content-Length: 1048576" in head
    assert body == b"".join(generated(MB))[:300_000]


def test_a_chunked_answer_can_be_cut_and_stalled(sandbox: Sandbox, app: Client) -> None:
    asked = {"text": "hello"}
    sandbox.fault(match={"operation": "audio.from_text"}, cut_body_after=1500, how="fin")
    app.send("POST", "/v1/text-to-audio", _json(app), json.dumps(asked).encode())
    head, _, body = app.rest().partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    assert (len(body), body[:7]) == (1500, b"403\r\nID")
    with Client(sandbox.http, app.key) as client:
        fault = sandbox.fault(match={"operation": "audio.from_text"}, stall="in-body")
        client.send("POST", "/v1/text-to-audio", _json(app), json.dumps(asked).encode())
        first = b""
        while not first.endswith(b"\xff\r\n"):
            first += client.sock.recv(65536)
        assert first.count(b"ID3") == 1
        sandbox.release(fault)
        rest = b""
        while not rest.endswith(b"0\r\n\r\n"):
            rest += client.sock.recv(65536)
        assert rest.count(b"ID3") == 2


def test_audio_of_any_size(sandbox: Sandbox, app: Client) -> None:
    sandbox.settings(audio_bytes=200_000)
    answer = app.ask("POST", "/text-to-audio", {"text": "hello"})
    assert hashlib.sha256(answer.body).hexdigest() == sha256_of(200_000)


def _json(client: Client) -> dict[str, str]:
    return {"Authorization": f"Bearer {client.key}", "Content-Type": "application/json"}


# --- documents and pipelines, in the present version


@pytest.fixture(scope="module")
def present() -> Any:
    with Sandbox("--dify-version", "present", "--indexing-interval", "0.02") as made:
        yield made


def test_a_document_is_downloaded_as_what_it_was(present: Sandbox) -> None:
    with Client(present.https, present.key, present.ca_file) as client:
        dataset = create_dataset(client, "downloads")
        data = json.dumps({"indexing_technique": "economy", "process_rule": {"mode": "automatic"}}).encode()
        binary = b"%PDF \xff\xfe %%EOF"
        form = multipart(("data", None, None, data), ("file", "a ☃.pdf", "application/pdf", binary))
        made = client.post_form(f"/datasets/{dataset}/document/create-by-file", form).json()["document"]["id"]
        text = create_document(client, dataset, "a page", "Füße")["document"]["id"]
        for document, content in ((made, binary), (text, "Füße".encode())):
            link = urlsplit(client.ask("GET", f"/datasets/{dataset}/documents/{document}/download").json()["url"])
            assert link.scheme == "https"
            client.send("GET", f"{link.path}?{link.query}", {})
            answer = client.receive()
            assert (answer.status, answer.body) == (200, content)
            assert (answer.header("Content-Disposition") or "").startswith("attachment; filename*=UTF-8''a%20")
        answer = client.ask("POST", f"/datasets/{dataset}/documents/download-zip", {"document_ids": [made, text, text]})
    assert (answer.status, answer.header("Content-Type")) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        held = {name: archive.read(name) for name in archive.namelist()}
    assert held == {"a ☃.pdf": binary, "a page": "Füße".encode(), "a page (2)": "Füße".encode()}
    assert present.effects("documents.download_zip") == 1


def test_an_archive_of_generated_content_comes_in_chunks(present: Sandbox) -> None:
    document = "00000000-0000-4000-8000-0000000000d1"
    (dataset,) = present.seed(datasets=[{"documents": [{"id": document, "name": "big.bin", "size": 2 * MB}]}])
    with Client(present.http, present.key) as client:
        answer = client.ask("POST", f"/datasets/{dataset}/documents/download-zip", {"document_ids": [document]})
    assert answer.header("Transfer-Encoding") == "chunked"
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert hashlib.sha256(archive.read("big.bin")).hexdigest() == sha256_of(2 * MB)


def test_an_archive_has_its_bounds(present: Sandbox) -> None:
    with Client(present.http, present.key) as client:
        dataset = create_dataset(client, "archives")
        path = f"/datasets/{dataset}/documents/download-zip"
        some = "00000000-0000-4000-8000-00000000dead"
        found = [client.ask("POST", path, {"document_ids": ids}).status for ids in ([], [some] * 101, ["x"], [some])]
    assert found == [400, 400, 400, 404]


def events(answer: Answer) -> list[dict[str, Any]]:
    assert answer.header("Content-Type") == "text/event-stream; charset=utf-8"
    return [json.loads(line[6:]) for line in answer.body.decode().split("\n\n") if line]


def test_a_pipeline_runs_over_its_files(present: Sandbox) -> None:
    with Client(present.http, present.key) as client:
        dataset = create_dataset(client, "sandbox pipeline")
        form = multipart(("file", "notes.md", "text/markdown", b"# Notes"))
        stored = client.post_form("/datasets/pipeline/file-upload", form)
        assert stored.status == 201
        sources = client.ask("GET", f"/datasets/{dataset}/pipeline/datasource-plugins?is_published=true").json()
        node = next(one["node_id"] for one in sources if one["datasource_type"] == "local_file")
        body = {
            "inputs": {},
            "datasource_type": "local_file",
            "datasource_info_list": [{"reference": stored.json()["id"], "name": "notes.md"}],
            "start_node_id": node,
            "is_published": True,
        }
        path = f"/datasets/{dataset}/pipeline/run"
        blocking = client.ask("POST", path, {**body, "response_mode": "blocking"}).json()
        streamed = events(client.ask("POST", path, {**body, "response_mode": "streaming"}))
        lost = client.ask("POST", path, {**body, "datasource_info_list": [{"reference": "x"}], "response_mode": "blocking"})
    assert blocking["data"]["status"] == "succeeded"
    assert [one["event"] for one in streamed][:2] == ["workflow_started", "node_started"]
    assert (streamed[-1]["event"], streamed[-1]["data"]["status"]) == ("workflow_finished", "succeeded")
    assert (lost.status, lost.json()["code"]) == (500, "pipeline_run_error")
    assert [one["text"] for one in present.dataset(dataset)["documents"]] == ["# Notes"] * 2
    assert present.effects("pipelines.run") == 2


@pytest.mark.parametrize("kind", ["local_file", "online_document", "website_crawl", "online_drive"])
def test_a_source_runs_and_tells_of_it(present: Sandbox, kind: str) -> None:
    (dataset,) = present.seed(datasets=[{"pipeline": True}])
    with Client(present.http, present.key) as client:
        sources = client.ask("GET", f"/datasets/{dataset}/pipeline/datasource-plugins").json()
        node = next(one["node_id"] for one in sources if one["datasource_type"] == kind)
        body = {"inputs": {}, "datasource_type": kind, "is_published": True}
        told = events(client.ask("POST", f"/datasets/{dataset}/pipeline/datasource/nodes/{node}/run", body))
    assert [one["event"] for one in told] == ["datasource_processing", "datasource_completed"]


def test_a_knowledge_base_without_a_pipeline_says_so(present: Sandbox) -> None:
    with Client(present.http, present.key) as client:
        dataset = create_dataset(client, "plain")
        answer = client.ask("GET", f"/datasets/{dataset}/pipeline/datasource-plugins")
    assert (answer.status, answer.json()["message"]) == (400, "Pipeline not found")


def test_an_end_user_is_found_by_the_id_of_an_upload(present: Sandbox) -> None:
    with Client(present.http, present.keys["chat"]) as client, Client(present.http, present.keys["agent"]) as other:
        user = upload(client, b"x").json()["created_by"]
        found = client.ask("GET", f"/end-users/{user}").json()
        assert (found["id"], found["external_user_id"], found["is_anonymous"]) == (user, "u1", False)
        assert other.ask("GET", f"/end-users/{user}").json()["code"] == "end_user_not_found"


def test_a_picture_is_given_as_it_came(app: Client, sandbox: Sandbox) -> None:
    picture = base64.b64decode("iVBORw0KGgo=")
    stored = upload(app, picture, "p.png", "image/png").json()["id"]
    sandbox.use_file(stored)
    answer = app.ask("GET", f"/files/{stored}/preview")
    assert (answer.body, answer.header("Content-Type")) == (picture, "image/png")
