"""The command, the real service and the stand-in for Dify, together."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import Cli, program
from sandbox.testing import Sandbox


def test_a_page_from_the_shell_into_a_knowledge_base(real: Cli, base: list[str], sandbox: Sandbox, tmp_path: Path) -> None:
    dataset = real.json("call", "datasets.create", "name=From the shell", *base)["id"]
    (tmp_path / "page.md").write_text("Grüße aus der Shell\n" * 100)
    made = real.json(
        "call", "documents.create_by_text", f"dataset_id={dataset}", "name=42", "text@page.md", "indexing_technique=economy",
        'process_rule={"mode": "automatic"}', *base,
    )  # fmt: skip
    assert made["document"]["name"] == "42"
    stored = sandbox.dataset(dataset)["documents"]
    assert [document["name"] for document in stored] == ["42"]
    listed = real.json("call", "documents.list", f"dataset_id={dataset}", "limit=5", "page=1", *base)
    assert listed["limit"] == 5 and listed["total"] == 1


def test_fifty_processes_start_one_service(real: Cli, base: list[str], sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(50) as threads:
        done = list(threads.map(lambda _: real("call", "datasets.list", *base, status=None), range(50)))
    assert [process.returncode for process in done] == [0] * 50, [process.stderr for process in done if process.returncode]
    assert len(real("logs", "-n1000").stdout.split(" listens on ")) == 2
    assert sandbox.counter("connections/tls_handshakes") <= 20  # the pool's bound


def test_many_calls_share_one_connection(real: Cli, base: list[str]) -> None:
    for _ in range(20):
        real("call", "datasets.list", *base)
    stats = real.json("stats")
    assert sum(host["connections_opened"] for host in stats["hosts"]) == 1
    assert sum(host["connections_reused"] for host in stats["hosts"]) == 19
    page = real("status").stdout
    assert "Pooling works: 1 connection carried 20 calls (95.0 % reused)" in page
    assert real.env["DIFYPOOL_API_KEY"] not in page + real("logs").stdout + json.dumps(stats)


def test_check(real: Cli, base: list[str]) -> None:
    done = real.json("check", *base, "--json")
    assert done["ok"], done
    assert [step["result"] for step in done["steps"]] == ["passed"] * 4


def test_switching_off_for_the_whole_service_and_for_one_server(real: Cli, base: list[str]) -> None:
    assert "for the whole service" in real("restart").stdout + real("set", "pooling", "off").stdout
    assert "Pooling is off" in real("status").stdout
    assert not real.json("check", *base, "--json", status=1)["ok"]
    real("set", "pooling", "on")
    assert real("set", "pooling", "off", *base).stdout.startswith("pooling is off for https://")
    for _ in range(2):
        assert "connection: new" in real("call", "datasets.list", "--include", *base).stdout
    real("set", "pooling", "on", *base)
    real("call", "datasets.list", *base)
    assert "connection: reused" in real("call", "datasets.list", "--include", *base).stdout


def test_a_service_that_is_killed_does_nothing_twice(real: Cli, base: list[str], sandbox: Sandbox) -> None:
    dataset = real.json("call", "datasets.create", "name=Storm", "indexing_technique=economy", *base)["id"]

    def create(number: int) -> tuple[int, str]:
        done = real(
            "call", "documents.create_by_text", f"dataset_id={dataset}", f"name=page-{number}", f"text=Text {number}",
            "indexing_technique=economy", *base, status=None,
        )  # fmt: skip
        return done.returncode, done.stderr

    with ThreadPoolExecutor(8) as threads:
        running = [threads.submit(create, number) for number in range(60)]
        for milestone in (10, 25, 40):
            sandbox.wait("requests/by_operation/documents.create_by_text", milestone, timeout_s=30)
            pid = real.json("stats")["service"]["pid"]
            os.kill(pid, signal.SIGKILL)
        ended = [future.result() for future in running]
    names = [document["name"] for document in sandbox.dataset(dataset)["documents"]]
    assert len(names) == len(set(names)), "a page is there twice"
    for number, (status, err) in enumerate(ended):
        assert status in (0, 4), err
        assert status == 4 or f"page-{number}" in names


def test_errors_of_the_server(real: Cli, base: list[str]) -> None:
    nowhere = "dataset_id=00000000-0000-4000-8000-000000000000"
    assert "not_found" in real("call", "datasets.get", nowhere, *base, status=1).stderr
    assert "dataset_id" in real("call", "datasets.get", *base, status=1).stderr
    assert "datasets.list" in real("call", "dataset.list", *base, status=2).stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        assert "unreachable" in real("call", "datasets.list", "--base-url", f"http://127.0.0.1:{port}", "--deadline", "5", status=3).stderr


def test_a_certificate_that_is_not_trusted_is_exit_3(real: Cli, sandbox: Sandbox) -> None:
    assert "tls" in real("call", "datasets.list", "--base-url", sandbox.https, status=3).stderr


def test_ctrl_c_ends_a_call_that_the_server_does_not_answer(real: Cli, base: list[str], sandbox: Sandbox) -> None:
    sandbox.fault(match={"operation": "datasets.list"}, stall="headers")
    process = real.start("call", "datasets.list", *base)
    sandbox.wait("requests/by_operation/datasets.list", 1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    sandbox.release()
    assert process.returncode == 130 and "cancelled" in err


def has_ended(pid: int) -> bool:
    """It may be there as a zombie, where whoever adopted it does not look."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_stop_and_restart(real: Cli, base: list[str]) -> None:
    assert "one was started" in real("restart").stdout
    first = real.json("stats")["service"]["pid"]
    assert "was restarted" in real("restart").stdout
    second = real.json("stats")["service"]["pid"]
    assert first != second and has_ended(first)
    assert real("stop").stdout == "the service has ended\n"
    real("ping", status=3)
    assert real("call", "datasets.list", *base).stdout.startswith("{")


def example(name: str) -> str:
    return str(Path(program("DIFYPOOL_CLI")).parents[1] / "c" / f"example-{name}")


@pytest.mark.parametrize(("name", "expected"), [("first", '"data"'), ("many", "20 of 20 calls answered"), ("own_loop", "status 200")])
def test_the_examples_in_c_run(real: Cli, sandbox: Sandbox, name: str, expected: str) -> None:
    done = subprocess.run([example(name), sandbox.http], check=False, env=real.env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and expected in done.stdout, done.stderr
