"""Files as arguments, and files that come in pieces: over raw SP, with everything a client may do wrong."""

from __future__ import annotations

import os
import signal
import socket
import struct
from collections.abc import Iterator

import pytest

import strangers
from daemon import Daemon, sanitized, until
from receiver import Receiver
from spclient import Client, new_id, request
from strangers import as_user

WINDOW = 1 << 20


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.close()


def opened(client: Client, profile: str, **more):
    file = {"name": "a.bin", **more.pop("file", {})}
    args = {"op": "files.upload", "file": file, **more.pop("args", {})}
    body = client.call("upload.open", args, profile=profile, **more)["body"]
    assert len(body["upload"]) == 16
    return body["upload"], body["window"]


def write(client: Client, upload: bytes, offset: int, data: bytes):
    args = {"upload": upload, "offset": offset, "bytes": data}
    return client.call("upload.write", args)["body"]


def send_all(client: Client, upload: bytes, data: bytes, step: int) -> None:
    """As a client should: what was accepted is what the last answer said."""
    at = 0
    while at < len(data):
        body = write(client, upload, at, data[at : at + step])
        assert not body["ended"]
        assert body["offset"] > at
        at = body["offset"]


def grown(service: Daemon, before: int) -> int:
    return 0 if sanitized() else service.memory() - before


def settled(service: Daemon):
    until(lambda: service.stats()["service"]["uploads"] == 0, "no upload runs any more")


def test_a_file_may_be_an_argument(service, receiver):
    with service.client() as client:
        profile = client.connect(receiver.url)
        file = {"name": 'grüße ☃ "q".txt', "data": b"hello"}
        ok = client.call("files.upload", {"file": file, "user": "u1"}, profile=profile)
        assert ok["status"] == 201
        client.call("files.upload", {"file": b"bare"}, profile=profile)
        typed = {"name": "x.mp3", "type": "audio/x-odd", "data": b"ID3"}
        client.call("files.upload", {"file": typed}, profile=profile)
    first, bare, odd = receiver.taken
    assert first.path == "/v1/files/upload"
    assert first.headers["content-length"] == str(len(first.body))
    assert "grüße ☃ %22q%22.txt".encode() in first.body
    assert first.parts()["user"][2] == b"u1"
    assert first.parts()["file"][1:] == ("text/plain", b"hello")
    assert bare.parts()["file"] == ("file", "application/octet-stream", b"bare")
    assert odd.parts()["file"][1] == "audio/x-odd"


@pytest.mark.parametrize(
    ("file", "code", "needle"),
    [
        ({"name": "a.png", "data": b"x" * ((10 << 20) + 1)}, "image_size", "10485760"),
        ({"name": "a\n.png", "data": b""}, "invalid_argument", "control"),
        ({"name": "a.png", "type": "x\r\ny", "data": b""}, "invalid_argument", "type"),
        ({"name": "a.png"}, "missing_argument", "data"),
        ({"data": b""}, "missing_argument", "name"),
        ({"name": "a.png", "data": "text"}, "invalid_argument", "bin"),
        ({"name": "a.png", "data": b"", "more": 1}, "invalid_argument", "map of"),
        ("text", "argument", "must be a file"),
        ({"name": "a/b.png", "data": b""}, "file_name", "holds /"),
    ],
)
def test_wrong_files_are_told_before_a_byte_is_sent(service, receiver, file, code, needle):
    with service.client() as client:
        profile = client.connect(receiver.url)
        error = client.fail("files.upload", {"file": file}, profile=profile)
        assert error["code"] == code and needle in error["message"]
        assert error["kind"] == ("too_large" if code.endswith("_size") else "invalid_request")
    assert receiver.begun == 0


@pytest.mark.parametrize("step", [1 << 16, 1 << 19, 1 << 20, 3 << 20])
@pytest.mark.parametrize("known", [True, False])
def test_a_file_in_pieces(service, receiver, step, known):
    data = os.urandom((5 << 20) + 12345)
    with service.client() as client:
        profile = client.connect(receiver.url)
        file = {"length": len(data)} if known else {}
        args = {"args": {"user": "u1"}}
        upload, window = opened(client, profile, file=file, args=args)
        assert window == WINDOW // 2
        send_all(client, upload, data, step)
        ok = client.call("upload.close", {"upload": upload})
        assert ok["status"] == 201 and b"f1" in ok["body"]
        again = client.call("upload.close", {"upload": upload}, decode=True)
        assert again["body"] == {"id": "f1"} and again["meta"]["resent"]
        assert write(client, upload, 0, b"x")["ended"]
    (taken,) = receiver.taken
    assert ("content-length" in taken.headers) == known
    assert taken.parts()["user"][2] == b"u1"
    assert taken.body.count(data) == 1
    assert service.stats()["service"]["uploads"] == 0


def test_an_empty_file_in_no_pieces(service, receiver):
    with service.client() as client:
        profile = client.connect(receiver.url)
        for file in ({"length": 0}, {}):
            upload, _ = opened(client, profile, file=file)
            assert client.call("upload.close", {"upload": upload})["status"] == 201
    assert [t.parts()["file"][2] for t in receiver.taken] == [b"", b""]


def test_what_is_wrong_is_told_at_the_opening(service, receiver):
    with service.client() as client:
        profile = client.connect(receiver.url)

        def refused(args, kind, code, **more):
            error = client.fail("upload.open", args, profile=profile, **more)
            assert (error["kind"], error["code"]) == (kind, code), error

        file = {"name": "a.md"}
        refused({"file": file}, "invalid_request", "missing_argument")
        refused({"op": "files.upload"}, "invalid_request", "missing_argument")
        refused({"op": "files.upload", "file": {}}, "invalid_request", "missing_argument")
        refused({"op": "no.such", "file": file}, "unsupported", "unknown_operation")
        refused({"op": "datasets.list", "file": file}, "invalid_request", "no_file")
        wrong = {"name": "a.md", "param": "other"}
        refused({"op": "files.upload", "file": wrong}, "invalid_request", "invalid_value")
        refused(
            {"op": "files.upload", "file": {"name": "a.md", "size": 1}},
            "invalid_request",
            "unknown_argument",
        )
        large = {"name": "a.md", "length": (15 << 20) + 1}
        refused({"op": "files.upload", "file": large}, "too_large", "document_size")
        odd = {"name": "a.exe", "length": 1}
        by_file = {"op": "documents.create_by_file", "args": {"dataset_id": "x"}, "file": odd}
        refused(by_file, "invalid_request", "argument")
        by_file["args"] = {"dataset_id": "5cd92fac-41b4-4251-acb2-538a2a3a75b8"}
        refused(by_file, "invalid_request", "file_type")
        refused({"op": "files.upload", "args": {"nope": 1}, "file": file}, "invalid_request", "argument")
        assert (
            client.fail("upload.open", {"op": "files.upload", "file": file}, profile="none")["code"]
            == "no_such_profile"
        )
        assert service.stats()["service"]["uploads"] == 0
        # What validation would refuse goes where it is asked to go.
        args = {"op": "documents.create_by_file", "args": by_file["args"], "file": odd}
        ok = client.call("upload.open", args, profile=profile, options={"validate": False})
        write(client, ok["body"]["upload"], 0, b"M")
        client.call("upload.close", {"upload": ok["body"]["upload"]})
    assert receiver.taken[0].parts()["file"][0] == "a.exe"


def test_hostile_offsets(service, receiver):
    data = os.urandom(300_000)
    with service.client() as client:
        profile = client.connect(receiver.url)
        upload, _ = opened(client, profile, file={"length": len(data)})

        def refused(args, code, kind="invalid_request"):
            error = client.fail("upload.write", {"upload": upload, **args})
            assert (error["kind"], error["code"]) == (kind, code), error

        assert write(client, upload, 0, data[:1000])["offset"] == 1000
        assert write(client, upload, 0, data[:1000])["offset"] == 1000  # the same again
        assert write(client, upload, 500, data[500:1500])["offset"] == 1500  # half of it new
        assert write(client, upload, 10, b"lies")["offset"] == 1500  # accepted before, so skipped
        refused({"offset": 1501, "bytes": b"x"}, "offset")
        refused({"offset": 2**62 - 1, "bytes": b"x"}, "offset")
        refused({"offset": -1, "bytes": b"x"}, "out_of_range")
        refused({"offset": 2**63, "bytes": b"x"}, "out_of_range")
        refused({"offset": "0", "bytes": b"x"}, "invalid_type")
        refused({"offset": 1500, "bytes": b""}, "out_of_range")
        refused({"offset": 1500, "bytes": b"x" * ((4 << 20) + 1)}, "out_of_range")
        refused({"offset": 1500, "bytes": "text"}, "invalid_type")
        refused({"offset": 1500}, "missing_argument")
        refused({"bytes": b"x"}, "missing_argument")
        refused({"offset": 0, "bytes": b"x", "more": 1}, "unknown_argument")
        refused({"offset": 1500, "bytes": data}, "length")  # more than was said
        error = client.fail("upload.write", {"upload": new_id(), "offset": 0, "bytes": b"x"})
        assert (error["kind"], error["code"]) == ("not_found", "no_such_upload")
        error = client.fail("upload.close", {"upload": new_id()})
        assert error["code"] == "no_such_upload"
        assert client.fail("upload.close", {"upload": b"short"})["kind"] == "invalid_request"
        assert client.fail("upload.close", {})["code"] == "missing_argument"
        write(client, upload, 1500, data[1500:])
        number = client.send(request("upload.close", {"upload": upload}))
        assert client.receive(number)["ok"]["status"] == 201
    assert receiver.taken[0].parts()["file"][2] == data


def test_a_length_that_does_not_match_creates_nothing(service, receiver):
    with service.client() as client:
        profile = client.connect(receiver.url)
        upload, _ = opened(client, profile, file={"length": 1000})
        write(client, upload, 0, b"x" * 999)
        receiver.wait(lambda: receiver.received > 999, "the bytes arrived")
        for _ in range(2):
            error = client.fail("upload.close", {"upload": upload})
            assert (error["kind"], error["code"]) == ("invalid_request", "length")
            assert "999" in error["message"] and "1000" in error["message"]
    receiver.wait(lambda: receiver.cut == 1, "the request was cut")
    assert receiver.taken == []
    assert service.stats()["service"]["uploads"] == 0


@pytest.mark.parametrize("known", [True, False])
def test_an_aborted_upload_is_cut(service, receiver, known):
    with service.client() as client:
        profile = client.connect(receiver.url)
        file = {"length": 5} if known else {}
        upload, _ = opened(client, profile, file=file)
        write(client, upload, 0, b"whole")  # all its bytes: only the close is missing
        receiver.wait(lambda: receiver.received > 100, "the bytes arrived")
        assert client.call("upload.close", {"upload": upload, "abort": True})["body"] == {"aborted": True}
        error = client.fail("upload.close", {"upload": upload})
        assert (error["kind"], error["code"]) == ("cancelled", "aborted")
        again = client.call("upload.close", {"upload": upload, "abort": True})
        assert again["body"] == {"aborted": True}
        other, _ = opened(client, profile)
        client.call("upload.close", {"upload": other})
        late = client.call("upload.close", {"upload": other, "abort": True})
        assert late["body"] == {"aborted": False}  # it was done by then
    receiver.wait(lambda: receiver.cut == 1, "the request was cut")
    assert len(receiver.taken) == 1


def test_back_pressure_reaches_the_client(service, receiver):
    """Of what is sent to a server that does not read, the window and the sockets hold all there is."""
    receiver.pause_at = 100_000
    total = 64 << 20
    piece = os.urandom(1 << 19)
    with service.client() as client:
        profile = client.connect(receiver.url)
        before = service.memory()
        upload, window = opened(client, profile, file={"name": "a.mp4", "length": total})
        accepted = 0
        number = None
        while accepted < total:
            args = {"upload": upload, "offset": accepted, "bytes": piece}
            number = client.send(request("upload.write", args))
            client.timeout = 1.0
            try:
                accepted = client.receive(number)["ok"]["body"]["offset"]
            except TimeoutError:
                break
        client.timeout = 15.0
        assert accepted < 16 << 20  # a window, and what the kernel's buffers took
        assert grown(service, before) < 8 << 20
        receiver.pause_at = None
        receiver.go()
        accepted = client.receive(number)["ok"]["body"]["offset"]
        while accepted < total:
            body = write(client, upload, accepted, piece[: total - accepted])
            accepted = body["offset"]
        assert client.call("upload.close", {"upload": upload})["status"] == 201
        assert grown(service, before) < 8 << 20
    assert len(receiver.taken[0].parts()["file"][2]) == total


def test_more_than_the_window_is_never_held(service, receiver):
    """A client that does not wait for answers: what has no room is told to be sent again."""
    receiver.pause_at = 1
    data = os.urandom(40 << 20)
    with service.client() as client:
        profile = client.connect(receiver.url)
        before = service.memory()
        upload, _ = opened(client, profile, file={"name": "a.mp4", "length": len(data)})
        step = 4 << 20
        numbers = []
        for at in range(0, len(data), step):
            args = {"upload": upload, "offset": at, "bytes": data[at : at + step]}
            numbers.append(client.send(request("upload.write", args)))
        codes = set()
        for number in numbers[1:]:
            codes.add(client.receive(number)["error"]["code"])
        assert codes == {"offset"}
        assert grown(service, before) < 12 << 20  # one message of 4 MiB is read at a time
        receiver.go()
        offset = client.receive(numbers[0])["ok"]["body"]["offset"]
        assert 0 < offset < len(data)
        while offset < len(data):
            offset = write(client, upload, offset, data[offset : offset + step])["offset"]
        client.call("upload.close", {"upload": upload})
    assert receiver.taken[0].parts()["file"][2] == data


def test_too_many_writes_that_wait(service, receiver):
    receiver.pause_at = 1
    with service.client() as client:
        profile = client.connect(receiver.url)
        upload, _ = opened(client, profile, file={"name": "a.mp4"})
        piece = os.urandom(1 << 20)
        accepted, waiting = 0, []
        # Fill window and sockets, until a write waits.
        while not waiting:
            args = {"upload": upload, "offset": accepted, "bytes": piece}
            number = client.send(request("upload.write", args))
            client.timeout = 1.0
            try:
                accepted = client.receive(number)["ok"]["body"]["offset"]
            except TimeoutError:
                waiting.append(number)
        client.timeout = 15.0
        repeat = {"upload": upload, "offset": 0, "bytes": piece[:10]}
        waiting += [client.send(request("upload.write", repeat)) for _ in range(15)]
        error = client.fail("upload.write", repeat)
        assert (error["kind"], error["code"]) == ("busy", "window")
        receiver.go()
        for number in waiting:
            assert client.receive(number)["ok"]["body"]["offset"] > 0
        client.call("upload.close", {"upload": upload, "abort": True})


def test_two_connections_on_one_handle(service, receiver):
    data = os.urandom(200_000)
    with service.client() as one, service.client() as two:
        profile = one.connect(receiver.url)
        upload, _ = opened(one, profile)
        at = 0
        for client in (one, two) * 10:
            at = write(client, upload, at, data[at : at + 10_000])["offset"]
        first = one.send(request("upload.close", {"upload": upload}))
        second = two.send(request("upload.close", {"upload": upload}))
        assert one.receive(first)["ok"]["status"] == two.receive(second)["ok"]["status"] == 201
    assert receiver.taken[0].parts()["file"][2] == data
    assert len(receiver.taken) == 1


def test_another_connection_takes_an_upload_up(start, receiver):
    service = start("[service]\norphan_grace_ms = 15000\n")
    with service.client() as one:
        profile = one.connect(receiver.url)
        upload, _ = opened(one, profile, file={"length": 8})
        write(one, upload, 0, b"half")
    with service.client() as two:
        write(two, upload, 4, b"half")
        assert two.call("upload.close", {"upload": upload})["status"] == 201
    assert receiver.taken[0].parts()["file"][2] == b"halfhalf"


def test_a_client_that_dies_creates_nothing(start, receiver):
    service = start("[service]\norphan_grace_ms = 100\n")
    client = service.client()
    profile = client.connect(receiver.url)
    upload, _ = opened(client, profile, file={"length": 5})
    write(client, upload, 0, b"whole")
    receiver.wait(lambda: receiver.received > 100, "the bytes arrived")
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    receiver.wait(lambda: receiver.cut == 1, "the request was cut")
    settled(service)
    with service.client() as other:
        error = other.fail("upload.close", {"upload": upload})
        assert (error["kind"], error["code"]) == ("cancelled", "orphaned")
    assert receiver.taken == []


def test_a_client_that_dies_while_it_waits(start, receiver):
    """Its write waits for room, another's close for the outcome: neither is there for the answer."""
    service = start("[service]\norphan_grace_ms = 100\n")
    receiver.pause_at = 1
    first = service.client()
    profile = first.connect(receiver.url)
    upload, _ = opened(first, profile, file={"name": "a.mp4", "length": 64 << 20})
    piece = os.urandom(1 << 20)
    number, accepted = 0, 0
    first.timeout = 0.5
    while True:
        write_args = {"upload": upload, "offset": accepted, "bytes": piece}
        number = first.send(request("upload.write", write_args))
        try:
            accepted = first.receive(number)["ok"]["body"]["offset"]
        except TimeoutError:
            break
    second = service.client()
    other, _ = opened(second, profile)
    write(second, other, 0, b"x")
    second.send(request("upload.close", {"upload": other}))
    receiver.wait(lambda: receiver.begun == 2, "both have begun")
    first.close()
    second.close()
    until(lambda: service.stats()["service"]["clients"] == 1, "both are gone")
    receiver.go()
    receiver.wait(lambda: receiver.cut == 1, "the half file was cut")
    settled(service)
    assert len(receiver.taken) <= 1  # a file that was complete may have been taken


def test_a_byte_at_a_time(service, receiver):
    """Writes that never wait for an answer, each waking a transfer that starves."""
    data = os.urandom(3000)
    with service.client() as client:
        profile = client.connect(receiver.url)
        upload, _ = opened(client, profile, file={"length": len(data)})
        numbers = [
            client.send(request("upload.write", {"upload": upload, "offset": n, "bytes": data[n : n + 1]}))
            for n in range(len(data))
        ]
        if os.environ.get("DIFYPOOL_TEST_TRANSPORT") != "libnng":  # which may change their order
            for n, number in enumerate(numbers):
                assert client.receive(number)["ok"]["body"]["offset"] >= n + 1
            client.call("upload.close", {"upload": upload})
            assert receiver.taken[0].parts()["file"][2] == data


def test_an_idle_upload_ends(service, receiver):
    with service.client() as client:
        profile = client.connect(receiver.url)
        upload, _ = opened(client, profile, args={"idle_ms": 100})
        write(client, upload, 0, b"x")
        receiver.wait(lambda: receiver.cut == 1, "the request was cut")
        settled(service)
        assert write(client, upload, 1, b"x") == {"offset": 1, "ended": True}
        error = client.fail("upload.close", {"upload": upload})
        assert (error["kind"], error["code"]) == ("timeout", "upload_idle")
    assert receiver.taken == []


def test_a_bound_on_the_whole(service, receiver):
    with service.client() as client:
        profile = client.connect(receiver.url)
        upload, _ = opened(client, profile, args={"total_ms": 200})
        write(client, upload, 0, b"x")
        settled(service)
        assert client.fail("upload.close", {"upload": upload})["kind"] == "timeout"
    receiver.wait(lambda: receiver.cut == receiver.begun, "the request was cut")
    assert receiver.taken == []


def test_a_server_that_refuses_early_ends_it_at_once(service, receiver):
    """413 before the body: writes are told, also one that waits, and the close has the answer."""
    receiver.early = 413
    with service.client() as client:
        profile = client.connect(receiver.url)
        upload, _ = opened(client, profile, file={"name": "a.mp4", "length": 90 << 20})
        at, ended = 0, False
        piece = os.urandom(1 << 19)
        while not ended:
            body = write(client, upload, at, piece)
            at, ended = body["offset"], body["ended"]
            assert at <= 32 << 20
        error = client.fail("upload.close", {"upload": upload})
        assert (error["kind"], error["status"]) == ("too_large", 413)
    receiver.go()


def test_a_server_that_refuses_a_quiet_client(service, receiver):
    """The client writes nothing; the refusal ends the upload all the same."""
    receiver.early = 413
    with service.client() as client:
        profile = client.connect(receiver.url)
        upload, _ = opened(client, profile, file={"length": 1000})
        settled(service)
        assert client.fail("upload.close", {"upload": upload})["status"] == 413
    receiver.go()


def test_the_same_opening_again_is_the_same_upload(service, receiver):
    mine = new_id()
    with service.client() as one, service.client() as two:
        profile = one.connect(receiver.url)
        upload, _ = opened(one, profile, id=mine)
        again, _ = opened(two, profile, id=mine)
        assert again == upload
        args = {"op": "files.upload", "file": {"name": "other.bin"}}
        error = two.fail("upload.open", args, profile=profile, id=mine)
        assert (error["kind"], error["code"]) == ("conflict", "id_reused")
        assert service.stats()["service"]["uploads_opened"] == 1
        write(one, upload, 0, b"x")
        one.call("upload.close", {"upload": upload})
        assert opened(one, profile, id=mine)[0] == upload  # a resend that comes late


def test_bounds(start, receiver):
    service = start("[service]\nuploads_per_user = 3\nuploads_max = 3\n")
    with service.client() as client:
        profile = client.connect(receiver.url)
        uploads = [opened(client, profile)[0] for _ in range(3)]
        args = {"op": "files.upload", "file": {"name": "a"}}
        error = client.fail("upload.open", args, profile=profile)
        assert error["kind"] == "busy" and error["code"].startswith("uploads_")
        client.call("upload.close", {"upload": uploads[0]})
        uploads[0], _ = opened(client, profile)  # what has ended does not count
        for upload in uploads:
            client.call("upload.close", {"upload": upload, "abort": True})


def test_a_drain_finishes_what_is_in_flight(service, receiver):
    with service.client() as client:
        profile = client.connect(receiver.url)
        upload, _ = opened(client, profile, file={"length": 10})
        write(client, upload, 0, b"first")
        assert client.call("service.drain")["body"]["draining"]
        until(lambda: service.stats_of(client)["draining"], "it drains")
        args = {"op": "files.upload", "file": {"name": "a"}}
        assert client.fail("upload.open", args, profile=profile)["code"] == "draining"
        write(client, upload, 5, b"after")
        assert client.call("upload.close", {"upload": upload})["status"] == 201
    until(service.ended, "the drained service ended")
    assert receiver.taken[0].parts()["file"][2] == b"firstafter"


def test_a_service_that_is_killed_leaves_nothing_behind(service, receiver):
    client = service.client()
    profile = client.connect(receiver.url)
    upload, _ = opened(client, profile, file={"length": 5})
    write(client, upload, 0, b"whole")
    receiver.wait(lambda: receiver.received > 100, "the bytes arrived")
    service.signal(signal.SIGKILL)
    receiver.wait(lambda: receiver.cut == 1, "the request was cut")
    assert receiver.taken == []
    client.close()
    service.process.wait(10)
    service.start()
    with service.client() as other:
        error = other.fail("upload.close", {"upload": upload})
        assert error["code"] == "no_such_upload"


def test_a_deadline_of_the_close_leaves_the_outcome_to_be_fetched(service, receiver):
    receiver.hold = True
    with service.client() as client:
        profile = client.connect(receiver.url)
        upload, _ = opened(client, profile)
        write(client, upload, 0, b"x")
        error = client.fail("upload.close", {"upload": upload}, deadline_ms=100)
        assert (error["kind"], error["code"]) == ("unknown_outcome", "pending")
        waiting = client.send(request("upload.close", {"upload": upload}))
        receiver.go()
        assert client.receive(waiting)["ok"]["status"] == 201
    assert len(receiver.taken) == 1


def test_many_at_once(service, receiver):
    data = [os.urandom(100_000 + n) for n in range(40)]
    with service.client() as client:
        profile = client.connect(receiver.url)
        uploads = [opened(client, profile, file={"length": len(d)})[0] for d in data]
        for at in range(0, 110_000, 10_000):
            numbers = [
                client.send(
                    request("upload.write", {"upload": u, "offset": at, "bytes": d[at : at + 10_000]})
                )
                for u, d in zip(uploads, data, strict=True)
                if at < len(d)
            ]
            for number in numbers:
                assert "ok" in client.receive(number)
        closes = [client.send(request("upload.close", {"upload": u})) for u in uploads]
        assert {client.receive(n)["ok"]["status"] for n in closes} == {201}
    assert sorted(t.parts()["file"][2] for t in receiver.taken) == sorted(data)


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")
def test_rules_and_owners(short, receiver):
    """A rule that allows upload.* alone allows no upload; and a handle is its user's own."""
    short.chmod(0o755)
    directory = short / "d"
    directory.mkdir()
    service = Daemon(
        directory,
        f"[service]\nshared = yes\n[profile site]\nbase_url = {receiver.url}\n"
        "[allow crawlers]\ngroups = 4343\noperations = documents.*, upload.*, service.*\n",
    )
    directory.chmod(0o755)
    service.start()
    os.chmod(service.socket, 0o666)
    with service.client() as client:
        upload, _ = opened(client, "site")
        values = {"path": service.socket, "theirs": upload.hex()}
        assert as_user(4242, 4343, strangers.uploads, **values) == 0
        assert write(client, upload, 0, b"x")["offset"] == 1
        assert client.call("upload.close", {"upload": upload})["status"] == 201
    assert service.stop() == 0
    assert [t.path for t in receiver.taken] == ["/v1/files/upload"]
