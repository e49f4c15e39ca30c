"""What other users try against a service: run as a program, by root, which first becomes that user.

python strangers.py UID GID NAME JSON ends with what the function NAME gives for the JSON's values.
(A fork of the tests' process would do, were it not for its threads.)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import Any

from spclient import Client, Gone, request


def reads_answers(path: str, mine: str, call_id: str) -> int:
    call = request("datasets.create", {"name": "n"}, profile="site", id=bytes.fromhex(call_id))
    with Client(path) as client:
        reply = client.receive(client.send(call))
        if "resent" in reply["ok"]["meta"]:
            return 1
        if client.fail("datasets.list", {"page": 1}, profile=mine)["code"] != "no_such_profile":
            return 2
        if client.call("service.cancel", {"id": call["id"]})["body"]["running"]:
            return 3
        names = {p["name"] for p in client.call("service.profiles")["body"]}
        return 0 if names == {"site"} else 4


def member(path: str, url: str, secret: str) -> int:
    with Client(path) as client:
        client.call("datasets.list", {"page": 1})
        if client.fail("tags.list", {})["code"] != "not_allowed":
            return 1
        if client.fail("service.connect", {"base_url": "http://elsewhere"})["kind"] != "denied":
            return 2
        if client.fail("service.connect", {"base_url": url, "proxy": "http://p"})["code"] != "proxy":
            return 3
        args = {"base_url": url, "client_cert": secret}
        if client.fail("service.connect", args)["code"] != "unreadable_file":
            return 4
        if not refuses_what_may_change(client, url):
            return 7
        handle = client.connect(url + "/")
        client.call("service.set", {"pooling": False}, profile=handle)
        if client.fail("service.set", {"pooling": False}, profile="site")["kind"] != "denied":
            return 5
        if client.fail("service.drain")["kind"] != "denied":
            return 6
        client.call("service.info")
    return 0


def refuses_what_may_change(client: Client, url: str) -> bool:
    """A pipe in a file's place would hold the service; what is root's own is taken, whatever it holds."""
    with tempfile.TemporaryDirectory() as place:
        pipe, link = f"{place}/pipe", f"{place}/link"
        os.mkfifo(pipe)
        os.symlink("/etc/passwd", link)
        asked = [{"base_url": url, "ca_file": path} for path in (pipe, link)]
        codes = [client.fail("service.connect", args)["code"] for args in asked]
    client.call("service.connect", {"base_url": url, "ca_file": "/etc/passwd"})
    return codes == ["unsteady_file", "unsteady_file"]


def reads_streams(path: str, stream: str) -> int:
    handle = bytes.fromhex(stream)
    with Client(path) as client:
        asked = {"streams": [{"stream": handle, "after": 0}], "wait_ms": 0}
        (told,) = client.call("stream.next", asked)["body"]["streams"]
        if set(told) != {"stream", "end"} or told["end"]["error"]["code"] != "no_such_stream":
            return 1
        error = client.fail("stream.close", {"stream": handle})
        return 0 if error["code"] == "no_such_stream" else 2


def opens_what_it_may(path: str) -> int:
    chat = {"op": "chat.send", "args": {"query": "q", "inputs": {}, "user": "u"}}
    with Client(path) as client:
        if client.fail("stream.open", chat, profile="site")["code"] != "not_allowed":
            return 1
        error = client.fail("stream.open", {"op": "apps.info"}, profile="site")
        return 0 if error["kind"] == "unauthorized" else 2  # it got as far as the server


def uploads(path: str, theirs: str) -> int:
    """Allowed are upload.* and documents.*: what counts is the operation within; and not their handle."""
    file = {"name": "a.md"}
    knowledge_base = "5cd92fac-41b4-4251-acb2-538a2a3a75b8"
    with Client(path) as client:
        args = {"op": "files.upload", "file": file}
        if client.fail("upload.open", args, profile="site")["code"] != "not_allowed":
            return 1
        args = {"op": "documents.create_by_file", "args": {"dataset_id": knowledge_base}, "file": file}
        mine = client.call("upload.open", args, profile="site")["body"]["upload"]
        write = {"upload": bytes.fromhex(theirs), "offset": 0, "bytes": b"x"}
        if client.fail("upload.write", write)["code"] != "no_such_upload":
            return 2
        close = {"upload": bytes.fromhex(theirs), "abort": True}
        if client.fail("upload.close", close)["code"] != "no_such_upload":
            return 3
        client.call("upload.close", {"upload": mine, "abort": True})
    return 0


def deletes_within(path: str, url: str, key: str) -> int:
    """Allowed are service.*, datasets.*, batch and pages.push: no delete may hide in them."""
    some = "5cd92fac-41b4-4251-acb2-538a2a3a75b8"
    gone = {"dataset_id": some, "document_id": some}
    delete = {"op": "documents.delete", "args": gone}
    read = {"op": "datasets.list"}
    prune = {"dataset": "Guides", "pages": [{"url": "u", "text": "x"}], "prune": True}
    pushes = [{**prune, "prune": value} for value in (True, 1, "true")]
    tricks: list[list[Any]] = [
        [read, delete],
        [{**delete, "op": b"documents.delete"}],
        [{**delete, "op": "documents.delete\0"}],
        [{**delete, "op": "documents.delete\0.list"}],
        [{"op": "http.request", "args": {"method": "DELETE", "path": "/v1/datasets/x/documents/y"}}],
        *[[read, {"op": "pages.push", "args": push}] for push in pushes],
        [{"op": ["documents.delete"], "args": gone}],
        [{"args": gone}, read],
        ["documents.delete"],
    ]
    with Client(path) as client:
        mine = client.connect(url, api_key=key)
        if client.call("batch", {"calls": [read]}, profile=mine, decode=True)["body"]["failed"]:
            return 1
        for number, calls in enumerate(tricks):
            for more in ({}, {"options": {"validate": False}}):
                asked = {"calls": calls}
                for error in (
                    client.fail("batch", asked, profile=mine, **more),
                    client.fail("stream.open", {"op": "batch", "args": asked}, profile=mine, **more),
                ):
                    if error["kind"] not in ("denied", "invalid_request"):
                        return 10 + number
        for calls in (json.dumps([delete]), json.dumps([delete]).encode(), {"0": delete}, None):
            error = client.fail("batch", {"calls": calls}, profile=mine, options={"validate": False})
            if error["kind"] != "invalid_request":
                return 2
        for push in pushes:
            if client.fail("pages.push", push, profile=mine)["kind"] != "denied":
                return 3
            opened = {key_: value for key_, value in push.items() if key_ != "pages"}
            if client.fail("push.open", opened, profile=mine)["kind"] != "denied":
                return 4
        return 0 if "push" in client.call("push.open", {"dataset": "Guides"}, profile=mine)["body"] else 5


def takes_a_push(path: str, push: str) -> int:
    """Of another user, and without a rule for pages.push."""
    handle = bytes.fromhex(push)
    with Client(path) as client:
        for op, args in (
            ("push.add", {"pages": [{"url": "u", "text": "x"}], "at": 0}),
            ("push.next", {"after": 0}),
            ("push.finish", {}),
            ("push.close", {}),
        ):
            if client.fail(op, {"push": handle, **args})["code"] != "no_such_push":
                return 1
        error = client.fail("push.open", {"dataset": "Guides"}, profile="site")
        if error["code"] != "not_allowed":
            return 2
        error = client.fail("batch", {"calls": [{"op": "pages.push", "args": {}}]}, profile="site")
        return 0 if error["code"] == "not_allowed" else 3


def outsider(path: str) -> int:
    with Client(path) as client:
        client.call("service.ping")
        return 0 if client.fail("datasets.list", {"page": 1})["code"] == "not_allowed" else 1


def shut_out(path: str) -> int:
    try:
        with Client(path, timeout=5) as client:
            client.call("service.ping")
    except (Gone, BrokenPipeError, ConnectionResetError):
        return 0
    return 1


def as_user(uid: int, gid: int, what: Any, **values: str) -> int:
    command = [sys.executable, __file__, str(uid), str(gid), what.__name__, json.dumps(values)]
    return subprocess.run(command, timeout=60, check=False).returncode


if __name__ == "__main__":
    os.setgroups([])
    os.setgid(int(sys.argv[2]))
    os.setuid(int(sys.argv[1]))
    sys.exit(globals()[sys.argv[3]](**json.loads(sys.argv[4])))
