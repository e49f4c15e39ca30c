"""What goes wrong between a client and the service: lost connections, other lives, silence, junk, interrupts, forks."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import difypool
from difypool import _calls, _link, _opening
from fake import CLOSE, SILENT, FakeService, Raw, fail, frame


@pytest.fixture
def client(service: FakeService) -> Any:
    with difypool.Client(socket=service.path) as made:
        yield made


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_opening, "PATIENCE", 0.3)
    monkeypatch.setattr(_calls, "MARGIN", 0.2)


# ---- lost connections and new lives ---------------------------------------------------------------------------


def once(first: Any, then: Any = None) -> Any:
    """A handler that answers so the first time, and then otherwise."""
    left = [first]

    def handler(request: dict[str, Any]) -> Any:
        answer = left.pop() if left else then
        return answer(request) if callable(answer) else answer

    return handler


def test_resent_with_its_id_over_a_new_connection(client: difypool.Client, service: FakeService) -> None:
    service.handlers["documents.delete"] = once(CLOSE, {"done": True})
    assert client.documents.delete(dataset_id="d", document_id="x").json() == {"done": True}
    first, again = service.seen("documents.delete")
    assert first["id"] == again["id"]
    assert first["epoch"] == again["epoch"] == service.epoch
    assert service.connections == 2
    assert len(service.seen("service.ping")) == 2, "the epoch is asked for on every new connection"


def test_service_killed_and_another_life_started(client: difypool.Client, service: FakeService) -> None:
    """The resend tells by its epoch that it may have been carried out; new calls carry the new epoch."""

    def die(request: dict[str, Any]) -> Any:
        service.kill()
        threading.Timer(0.1, service.start, (b"f" * 16,)).start()
        return SILENT

    service.handlers["documents.create_by_text"] = once(
        die,
        lambda request: (
            fail("unknown_outcome", code="service_restarted") if request["epoch"] == b"e" * 16 else {"new": True}
        ),
    )
    with pytest.raises(difypool.UnknownOutcome):
        client.documents.create_by_text(dataset_id="d", name="n", text="t")
    assert client.documents.create_by_text(dataset_id="d", name="m", text="t").json() == {"new": True}
    first, again, new = service.seen("documents.create_by_text")
    assert first["id"] == again["id"] != new["id"]
    assert (first["epoch"], again["epoch"], new["epoch"]) == (b"e" * 16, b"e" * 16, b"f" * 16)


def test_idle_connection_lost_is_nothing(client: difypool.Client, service: FakeService) -> None:
    client.info()
    service.kill()
    service.start(b"f" * 16)
    client.documents.delete(dataset_id="d", document_id="x")
    assert {request["epoch"] for request in service.seen("documents.delete")} <= {b"e" * 16, b"f" * 16}


def test_never_sent_before_the_epoch_is_known(service: FakeService) -> None:
    with difypool.Client(socket=service.path) as client:
        service.handlers["service.ping"] = once(CLOSE, {"epoch": service.epoch})
        client.documents.delete(dataset_id="d", document_id="x")
    ops = [request["op"] for request in service.requests]
    assert ops == ["service.ping", "service.ping", "documents.delete"]


def test_all_calls_in_flight_go_on(client: difypool.Client, service: FakeService) -> None:
    """20 calls of 20 threads, the service killed when all are there: each is sent once again, none is made anew."""
    barrier = threading.Event()

    def hold(request: dict[str, Any]) -> Any:
        if len(service.seen("documents.delete")) == 20 and not barrier.is_set():
            barrier.set()
            service.kill()
            service.start(b"f" * 16)
        return {"epoch": request["epoch"]} if barrier.is_set() and service.epoch[:1] == b"f" else SILENT

    service.handlers["documents.delete"] = hold
    with ThreadPoolExecutor(20) as pool:
        jobs = [pool.submit(client.documents.delete, dataset_id="d", document_id=str(n)) for n in range(20)]
        for job in jobs:
            assert job.result(30).json()["epoch"] == b"e" * 16
    sent = service.seen("documents.delete")
    assert len({request["id"] for request in sent}) == 20
    assert len(sent) == 40


def test_gone_for_good(client: difypool.Client, service: FakeService, short_patience: None) -> None:
    """A write that was sent may have happened; a read, or what was never sent, can simply be repeated."""

    def die(request: dict[str, Any]) -> Any:
        service.kill()
        return SILENT

    service.handlers["documents.delete"] = service.handlers["documents.list"] = die
    with pytest.raises(difypool.UnknownOutcome, match="was lost") as caught:
        client.documents.delete(dataset_id="d", document_id="x")
    assert caught.value.code == "service_lost"
    with pytest.raises(difypool.Unreachable):
        client.documents.delete(dataset_id="d", document_id="x")
    service.start()
    with pytest.raises(difypool.Unreachable):
        client.documents.list(dataset_id="d")


def test_patient_calls_wait_for_a_restart(service: FakeService, short_patience: None) -> None:
    with difypool.Client(socket=service.path, wait=True) as client:
        client.info()
        service.kill()
        threading.Timer(1.0, service.start, (b"f" * 16,)).start()
        assert client.documents.list(dataset_id="d").status == 200


def test_call_that_breaks_every_connection_is_given_up(client: difypool.Client, service: FakeService) -> None:
    service.handlers["documents.delete"] = lambda request: CLOSE
    with pytest.raises(difypool.UnknownOutcome):
        client.documents.delete(dataset_id="d", document_id="x")
    assert len(service.seen("documents.delete")) == _calls.LOSSES + 1
    assert client.info()["name"] == "fake"


# ---- silence --------------------------------------------------------------------------------------------------


def test_deadline_is_ours_too(client: difypool.Client, service: FakeService, short_patience: None) -> None:
    service.handlers["*"] = lambda request: SILENT if request["op"].startswith("documents") else service.default(request)
    with pytest.raises(difypool.Timeout):
        client.documents.list(dataset_id="d", deadline=0.1)
    with pytest.raises(difypool.UnknownOutcome) as caught:
        client.documents.delete(dataset_id="d", document_id="x", deadline=0.1)
    assert caught.value.pending
    assert client.info()["name"] == "fake", "the connection is as good as before"
    assert service.connections == 1


def test_late_answer_of_a_call_that_was_given_up_is_dropped(
    client: difypool.Client, service: FakeService, short_patience: None
) -> None:
    service.handlers["documents.list"] = lambda request: SILENT
    with pytest.raises(difypool.Timeout):
        client.documents.list(dataset_id="d", deadline=0.1)
    service.answer(service.seen("documents.list")[0], {"late": True})
    assert client.info()["name"] == "fake"


def test_service_that_takes_connections_and_says_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, short_patience: None
) -> None:
    monkeypatch.setattr(_link, "_HELLO_LIMIT", 0.3)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "mute"))
        listener.listen()
        with difypool.Client(socket=f"ipc://{folder}/mute") as client, pytest.raises(difypool.Unreachable) as caught:
            client.info()
    assert caught.value.code == "silent"


# ---- junk -----------------------------------------------------------------------------------------------------

JUNK = {
    "frame of another type": b"\x02" + bytes(12),
    "length of 4 GiB": b"\x01" + struct.pack(">Q", 1 << 32),
    "length over the bound": b"\x01" + struct.pack(">Q", (80 << 20) + 1),
    "http": b"HTTP/1.1 200 OK\r\n\r\n",
}


@pytest.mark.parametrize("junk", list(JUNK.values()), ids=list(JUNK))
def test_junk_instead_of_a_frame(client: difypool.Client, service: FakeService, junk: bytes) -> None:
    service.handlers["documents.list"] = service.handlers["documents.delete"] = lambda request: Raw(junk)
    with pytest.raises(difypool.Protocol):
        client.documents.list(dataset_id="d")
    with pytest.raises(difypool.UnknownOutcome):
        client.documents.delete(dataset_id="d", document_id="x")
    assert len(service.seen("documents.delete")) == 1, "it is not sent to such a service again"
    assert client.info()["name"] == "fake"


@pytest.mark.parametrize(
    "greeting", [b"\x00SP\x00\x00\x30\x00\x00", b"HTTP/1.1", b"\x00" * 8, b"\x00SP\x00\x00\x31\x00\x01"]
)
def test_another_greeting(service: FakeService, greeting: bytes) -> None:
    service.greeting = greeting
    with difypool.Client(socket=service.path) as client, pytest.raises(difypool.Protocol, match="not a difypool service"):
        client.info()


def test_payloads_for_nobody_are_dropped(client: difypool.Client, service: FakeService) -> None:
    def handler(request: dict[str, Any]) -> Any:
        peer = request["_peer"]
        peer.send(b"\x01" + struct.pack(">Q", 3) + b"abc")  # too short for a request id
        peer.send(b"\x01" + struct.pack(">QI", 4, 5))  # without its top bit
        peer.send(frame(request["_rid"] ^ 1, {"v": 1, "ok": {"status": 500}}))  # another's
        return {"mine": True}

    service.handlers["documents.list"] = handler
    assert client.documents.list(dataset_id="d").json() == {"mine": True}


def test_bytes_one_by_one(client: difypool.Client, service: FakeService) -> None:
    def handler(request: dict[str, Any]) -> Any:
        for byte in frame(
            request["_rid"], {"v": 1, "id": request["id"], "epoch": service.epoch, "ok": {"status": 200, "body": b"x"}}
        ):
            request["_peer"].send(bytes((byte,)))
        return SILENT

    service.handlers["documents.list"] = handler
    assert client.documents.list(dataset_id="d").content == b"x"


# ---- interrupts -----------------------------------------------------------------------------------------------


class Interrupted(BaseException):
    pass


interruptible = pytest.mark.skipif(
    sys.version_info < (3, 10),
    reason="before 3.10 an interrupt can leave a with-block without releasing its lock (bpo-29988)",
)


def interrupt_when(service: FakeService, op: str, count: int = 1) -> threading.Thread:
    """Signals the main thread once a call has arrived at the service."""
    main = threading.main_thread().ident
    assert main is not None

    def run() -> None:
        service.wait_for(op, count)
        signal.pthread_kill(main, signal.SIGUSR1)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.fixture
def interrupts() -> Any:
    def handler(number: int, where: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, handler)
    yield
    signal.signal(signal.SIGUSR1, before)


@interruptible
def test_interrupt_cancels_the_call(client: difypool.Client, service: FakeService, interrupts: None) -> None:
    service.handlers["documents.delete"] = lambda request: SILENT
    thread = interrupt_when(service, "documents.delete")
    with pytest.raises(Interrupted):
        client.documents.delete(dataset_id="d", document_id="x")
    thread.join()
    cancel = service.wait_for("service.cancel")[0]
    assert cancel["args"] == {"id": service.seen("documents.delete")[0]["id"]}
    assert client.info()["name"] == "fake"


@interruptible
def test_interrupt_of_the_leader_harms_no_other(client: difypool.Client, service: FakeService, interrupts: None) -> None:
    """The main thread reads for all when it is interrupted; the other threads' calls are answered all the same."""
    service.handlers["documents.delete"] = lambda request: SILENT
    held: list[dict[str, Any]] = []

    def hold(request: dict[str, Any]) -> Any:
        held.append(request)
        return SILENT

    service.handlers["documents.list"] = hold

    def others() -> list[Any]:
        service.wait_for("documents.delete")
        with ThreadPoolExecutor(8) as pool:
            jobs = [pool.submit(client.documents.list, dataset_id=str(n)) for n in range(8)]
            service.wait_for("service.cancel")
            service.handlers["documents.list"] = lambda request: {"n": request["args"]["dataset_id"]}
            for request in list(held):
                service.answer(request, {"n": request["args"]["dataset_id"]})
            return [job.result(30).json()["n"] for job in jobs]

    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(others)
        thread = interrupt_when(service, "documents.list", 8)
        with pytest.raises(Interrupted):
            client.documents.delete(dataset_id="d", document_id="x")
        thread.join()
        assert job.result(60) == [str(n) for n in range(8)]


@interruptible
def test_interrupts_at_any_moment(client: difypool.Client, service: FakeService) -> None:
    """A timer interrupts a stream of calls hundreds of times, wherever it happens to be; every call that ends is answered
    with its own answer, and the client goes on."""
    service.handlers["documents.list"] = lambda request: {"n": request["args"]["dataset_id"]}

    def handler(number: int, where: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, handler)
    interrupted = answered = 0
    limit = time.monotonic() + 60
    try:
        while interrupted < 300 and time.monotonic() < limit:
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0001 + (interrupted % 17) * 0.00005)
                for _ in range(50):
                    name = str(answered)
                    assert client.documents.list(dataset_id=name).json() == {"n": name}
                    answered += 1
            except Interrupted:
                interrupted += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted == 300
    assert client.documents.list(dataset_id="end").json() == {"n": "end"}


@interruptible
def test_ctrl_c_in_a_program(service: FakeService) -> None:
    service.handlers["documents.list"] = lambda request: SILENT
    code = f"import difypool; difypool.Client(socket={service.path!r}).documents.list(dataset_id='d')"
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    service.wait_for("documents.list")
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in complaint
    assert service.wait_for("service.cancel")


# ---- forks ----------------------------------------------------------------------------------------------------


def in_child(work: Any) -> int:
    """Runs work in a forked child; its exit status is 0 if work returned true."""
    pid = os.fork()
    if not pid:
        try:
            os._exit(0 if work() else 1)
        except BaseException:
            os._exit(2)
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise AssertionError("the child hung")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fork(client: difypool.Client, service: FakeService) -> None:
    client.info()
    assert in_child(lambda: client.documents.list(dataset_id="child").status == 200) == 0
    assert client.documents.list(dataset_id="parent").status == 200
    assert service.connections == 2, "each process has its own"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fork_while_threads_are_calling(client: difypool.Client, service: FakeService) -> None:
    """Locks that other threads hold at the fork are not the child's, nor is what they wait for."""
    stop = threading.Event()

    def calls() -> None:
        while not stop.is_set():
            client.documents.list(dataset_id="p")

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(calls) for _ in range(4)]
        service.wait_for("documents.list", 50)
        for _ in range(5):
            assert in_child(lambda: client.documents.get(dataset_id="c", document_id="d").status == 200) == 0
        stop.set()
        for job in jobs:
            job.result(30)
    ids = [request["id"] for request in service.requests]
    assert len(ids) == len(set(ids))


# ---- threads --------------------------------------------------------------------------------------------------


def test_fifty_threads(client: difypool.Client, service: FakeService) -> None:
    service.handlers["documents.list"] = lambda request: {"n": request["args"]["dataset_id"]}

    def calls(thread: int) -> int:
        for number in range(40):
            name = f"{thread}.{number}"
            assert client.documents.list(dataset_id=name).json() == {"n": name}
        return 40

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(calls, range(50))) == 2000
    assert service.connections == 1
    assert client._link._calls == {}
    assert client._link._leader == {}


def test_answers_out_of_order(client: difypool.Client, service: FakeService) -> None:
    held: list[dict[str, Any]] = []

    def hold(request: dict[str, Any]) -> Any:
        held.append(request)
        if len(held) == 30:
            for waiting in reversed(held):
                service.answer(waiting, {"n": waiting["args"]["dataset_id"]})
        return SILENT

    service.handlers["documents.list"] = hold
    with ThreadPoolExecutor(30) as pool:
        found = list(pool.map(lambda n: client.documents.list(dataset_id=str(n)).json()["n"], range(30)))
    assert found == [str(n) for n in range(30)]


def test_a_slow_call_holds_up_nobody(client: difypool.Client, service: FakeService) -> None:
    """The thread that reads for all is not the one whose answer comes first."""
    slow: list[dict[str, Any]] = []
    service.handlers["datasets.get"] = lambda request: slow.append(request) or SILENT
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(client.datasets.get, dataset_id="slow")
        service.wait_for("datasets.get")
        for _ in range(100):
            client.documents.list(dataset_id="quick")
        assert not job.done()
        service.answer(slow[0], {"at": "last"})
        assert job.result(30).json() == {"at": "last"}


def test_large_requests_at_once_against_large_answers(client: difypool.Client, service: FakeService) -> None:
    """Both sides' buffers are full at the same time; who writes reads meanwhile."""
    service.handlers["http.request"] = lambda request: {
        "ok": {"status": 200, "type": "", "headers": {}, "body": request["args"]["body"], "meta": {}}
    }

    def call(number: int) -> bool:
        body = bytes((number,)) * (3 << 20)
        return client.request("POST", "/v1/x", body=body).content == body

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(call, range(12)))


def test_service_that_does_not_read(folder: Path, short_patience: None) -> None:
    """A request of 20 MiB is stuck in the middle; the deadline ends it, and the connection with it."""
    service = FakeService(str(folder / "s"))
    release = threading.Event()
    original = service.take

    def take(peer: Any, rid: int, request: dict[str, Any]) -> None:
        original(peer, rid, request)
        if request["op"] == "service.info":
            release.wait(30)

    service.take = take  # type: ignore[method-assign]
    with difypool.Client(socket=service.path) as client:
        client.info()
        with pytest.raises(difypool.UnknownOutcome):
            client.request("POST", "/v1/x", body=bytes(20 << 20), deadline=0.5)
        release.set()
        assert client.call("documents.list").status == 200
    service.kill()


def test_close_ends_the_calls_of_other_threads(service: FakeService) -> None:
    service.handlers["documents.list"] = lambda request: SILENT
    client = difypool.Client(socket=service.path)
    with ThreadPoolExecutor(5) as pool:
        jobs = [pool.submit(client.documents.list, dataset_id="d") for _ in range(5)]
        service.wait_for("documents.list", 5)
        client.close()
        for job in jobs:
            with pytest.raises(difypool.Cancelled):
                job.result(30)


def test_many_clients_come_and_go(service: FakeService) -> None:
    for _ in range(50):
        with difypool.Client(socket=service.path) as client:
            client.info()
    assert service.connections == 50
    assert len(_link._links) <= 2


def test_unclosed_client_leaves_nothing(service: FakeService, recwarn: pytest.WarningsRecorder) -> None:
    client = difypool.Client(socket=service.path)
    client.info()
    del client
    assert [w for w in recwarn.list if issubclass(w.category, ResourceWarning)] == []
