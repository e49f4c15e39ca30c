"""Apps beside the recorded exchanges: what only a later server has (events of a run, forms, end users), and the switches of apps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sse
from sandbox.testing import ControlError, Sandbox

from wire import Client

CHAT: dict[str, Any] = {"inputs": {}, "query": "hello", "response_mode": "streaming", "user": "u1"}
RUN: dict[str, Any] = {"inputs": {}, "response_mode": "streaming", "user": "u1"}
FILLED = {"inputs": {"comment": "good ☃"}, "action": "approve", "user": "u1"}


@pytest.fixture(scope="module")
def _present() -> Iterator[Sandbox]:
    with Sandbox("--dify-version", "present") as sandbox:
        yield sandbox


@pytest.fixture
def present(_present: Sandbox) -> Sandbox:
    _present.reset()
    return _present


def app(sandbox: Sandbox, name: str) -> Client:
    return Client(sandbox.http, sandbox.keys[name])


def follow(client: Client, path: str) -> None:
    client.send("GET", client.prefix + path, {"Authorization": f"Bearer {client.key}"})


def kinds(body: bytes) -> list[str]:
    return [event["event"] for event in sse.events(body)]


def paused(sandbox: Sandbox, name: str) -> tuple[str, str]:
    """A run that waits for a form: its id and the form's token."""
    path, body = ("/workflows/run", RUN) if name.startswith("workflow") else ("/chat-messages", CHAT)
    with app(sandbox, name) as client:
        sse.start(client, path, body)
        found = sse.events(sse.receive(client).body)
    assert [event["event"] for event in found[-2:]] == ["human_input_required", "workflow_paused"]
    assert found[-1]["data"]["paused_nodes"] == ["approval"]
    return found[-1]["workflow_run_id"], found[-2]["data"]["form_token"]


@pytest.mark.parametrize("name", ["workflow-human", "chatflow-human"])
def test_a_run_waits_for_a_form_and_goes_on(present: Sandbox, name: str) -> None:
    run, token = paused(present, name)
    with app(present, name) as client, app(present, name) as follower:
        form = client.ask("GET", f"/form/human_input/{token}").json()
        assert [action["id"] for action in form["user_actions"]] == ["approve", "reject"]
        follow(follower, f"/workflow/{run}/events?user=u1")
        present.wait("streams/open", 1)
        answer = client.ask("POST", f"/form/human_input/{token}", FILLED)
        assert (answer.status, answer.json()) == (200, {})
        found = sse.events(sse.receive(follower).body)
        assert found[0]["event"] == "human_input_form_filled"
        assert (found[0]["data"]["action_text"], found[0]["data"]["submitted_data"]) == ("Approve", FILLED["inputs"])
        assert "workflow_finished" in [event["event"] for event in found]
        for method, body in (("GET", None), ("POST", FILLED)):
            again = client.ask(method, f"/form/human_input/{token}", body)
            assert (again.status, again.json()["code"]) == (412, "human_input_form_submitted")
    assert present.effects("human_input.submit") == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({**FILLED, "inputs": {}}, "Missing required inputs: comment"),
        ({**FILLED, "action": "maybe"}, "Invalid action: maybe"),
    ],
)
def test_a_form_is_checked(present: Sandbox, body: dict[str, Any], message: str) -> None:
    _, token = paused(present, "workflow-human")
    with app(present, "workflow-human") as client:
        answer = client.ask("POST", f"/form/human_input/{token}", body)
        assert (answer.status, answer.json()["code"], answer.json()["message"]) == (400, "invalid_form_data", message)
        assert client.ask("GET", "/form/human_input/none").json()["message"] == "Form not found"
    assert present.counter("runs/waiting_for_input") == 1


def test_a_blocking_run_that_waits_says_so(present: Sandbox) -> None:
    with app(present, "workflow-human") as client:
        data = client.ask("POST", "/workflows/run", {**RUN, "response_mode": "blocking"}).json()["data"]
    assert (data["status"], data["finished_at"]) == ("paused", None)


def test_a_broken_stream_is_taken_up_again(present: Sandbox) -> None:
    present.script(hold_after=4, cut_after_events=3)
    with app(present, "workflow-slow") as client, app(present, "workflow-slow") as again:
        sse.start(client, "/workflows/run", {**RUN, "inputs": {"secs": "0"}})
        chunks, whole = _rest(client)
        assert not whole
        run = sse.events(chunks[0])[0]["workflow_run_id"]
        present.wait("runs/held", 1)
        follow(again, f"/workflow/{run}/events?user=u1&include_state_snapshot=true")
        present.wait("streams/open", 1)
        present.release_event()
        found = kinds(sse.receive(again).body)
    assert found[:3] == ["node_started", "node_finished", "node_started"]
    assert found[-1] == "workflow_finished"


def _rest(client: Client) -> tuple[list[bytes], bool]:
    reader = sse.Reader(client)
    reader.head()
    chunks: list[bytes] = []
    try:
        while data := reader.chunk():
            chunks.append(data)
        return chunks, False
    except ConnectionResetError:
        return chunks, False


def test_a_run_that_is_over_has_one_event(present: Sandbox) -> None:
    with app(present, "workflow") as client:
        body = {**RUN, "inputs": {"text": "hi"}, "response_mode": "blocking"}
        run = client.ask("POST", "/workflows/run", body).json()["workflow_run_id"]
        follow(client, f"/workflow/{run}/events?user=u1")
        assert kinds(sse.receive(client).body) == ["workflow_finished"]
        answer = client.ask("GET", f"/workflow/{run}/events?user=other")
        assert (answer.status, answer.json()["message"]) == (404, "Workflow run not found")


def test_end_users_of_runs_are_known(present: Sandbox) -> None:
    with app(present, "workflow") as client:
        sse.start(client, "/workflows/run", {**RUN, "inputs": {"text": "hi"}})
        made = sse.events(sse.receive(client).body)[-1]["data"]["created_by"]
        found = client.ask("GET", f"/end-users/{made['id']}").json()
    assert (found["session_id"], found["external_user_id"], found["is_anonymous"]) == ("u1", "u1", False)


def test_the_variable_filter(sandbox: Sandbox) -> None:
    with app(sandbox, "chatflow") as client:
        made = client.ask("POST", "/chat-messages", {**CHAT, "response_mode": "blocking"}).json()
        path = f"/conversations/{made['conversation_id']}/variables?user=u1&variable_name=visits"
        assert client.ask("GET", path).status == 500
        sandbox.defect("variable-name-500", False)
        assert [one["value"] for one in client.ask("GET", path).json()["data"]] == ["3"]


def test_apps_are_switched_by_name(sandbox: Sandbox) -> None:
    sandbox.change_app("workflow", published=False)
    with app(sandbox, "workflow") as client:
        answer = client.ask("POST", "/workflows/run", {**RUN, "inputs": {"text": "x"}})
        assert answer.json()["message"] == "Workflow not published"
        sandbox.change_app("workflow", published=True, api=False)
        assert client.ask("GET", "/info").status == 403
    assert sandbox.apps()["workflow"]["api"] is False
    sandbox.reset()
    assert sandbox.apps()["workflow"]["api"] is True
    with pytest.raises(ControlError, match="expected max_active"):
        sandbox.change_app("workflow", colour=True)
    with pytest.raises(ControlError, match="not found"):
        sandbox.change_app("nobody", api=True)


def test_a_message_whose_client_left_has_no_answer(sandbox: Sandbox) -> None:
    sandbox.script(hold_after=1)
    with app(sandbox, "chat") as client:
        sse.start(client, "/chat-messages", CHAT)
        sandbox.wait("runs/held", 1)
    sandbox.wait("streams/left", 1)
    sandbox.release_event()
    sandbox.wait("runs/succeeded", 1)
    with app(sandbox, "chat") as client:
        (one,) = client.ask("GET", "/conversations?user=u1").json()["data"]
        (message,) = client.ask("GET", f"/messages?user=u1&conversation_id={one['id']}").json()["data"]
    assert (message["query"], message["answer"]) == ("hello", "")


def test_an_agents_thought_is_in_its_message(sandbox: Sandbox) -> None:
    with app(sandbox, "agent") as client:
        sse.start(client, "/chat-messages", CHAT)
        first = sse.events(sse.receive(client).body)[0]
        path = f"/messages?user=u1&conversation_id={first['conversation_id']}"
        (message,) = client.ask("GET", path).json()["data"]
    assert message["agent_thoughts"][0]["id"] == first["id"]
    assert message["answer"] == message["agent_thoughts"][0]["thought"] == "Hello from the stub, café ☃ 😀."


def test_a_files_id_must_be_known(sandbox: Sandbox) -> None:
    file = {"type": "image", "transfer_method": "local_file", "upload_file_id": "00000000-0000-4000-8000-00000000dead"}
    with app(sandbox, "chat") as client:
        answer = client.ask("POST", "/chat-messages", {**CHAT, "files": [file]})
        assert answer.json()["message"] == "Invalid upload file"
        assert sandbox.effects("chat.send") == 0
        assert sandbox.apps()["chat"]["active"] == 0


def test_options_of_the_command_line() -> None:
    with Sandbox("--ping-interval", "0.02", "--app-second", "0.001", "--app-limit", "1") as small:
        with app(small, "workflow-slow") as client:
            small.script(hold_after=1)
            sse.start(client, "/workflows/run", {**RUN, "inputs": {"secs": "100"}})
            small.wait("streams/last/pings", 1)
            with app(small, "workflow-slow") as other:
                assert other.ask("POST", "/workflows/run", {**RUN, "inputs": {"secs": "0"}}).status == 400
            small.release_event()
            assert sse.receive(client).whole
