"""Start, steer and stop the stand-in from tests. Synchronous; only the standard library is needed here.

    from sandbox.testing import Sandbox

    with Sandbox("--indexing-interval", "0.05") as sandbox:
        use(sandbox.https, sandbox.key, sandbox.ca_file)
        sandbox.fault(match={"operation": "documents.create_by_text"}, reset="after")
        ...
        assert sandbox.effects("documents.create_by_text") == 1

The process runs in the interpreter that is named by the environment's SANDBOX_PYTHON, or in this one: it needs aiohttp and cryptography.
"""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

_TESTS = Path(__file__).resolve().parent.parent
START_S = 30.0


class ControlError(RuntimeError):
    """The control interface refused; its reason is the text."""


class Control:
    """A client of the control interface."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, timeout_s: float = 30.0) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with self._opener.open(request, timeout=timeout_s) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise ControlError(json.load(error).get("error", str(error))) from None

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change settings (or only read them); returns all."""
        return self.ask("PATCH", "/settings", changes)  # type: ignore[no-any-return]

    def defect(self, name: str, on: bool) -> None:
        """Switch one named defect."""
        names = set(self.settings()["defects"])
        self.settings(defects=sorted(names | {name} if on else names - {name}))

    def counters(self) -> dict[str, Any]:
        return self.ask("GET", "/counters")  # type: ignore[no-any-return]

    def counter(self, path: str) -> Any:
        """One number, by its path with slashes; 0 if nothing counted there yet."""
        found: Any = self.counters()
        for part in path.split("/"):
            found = found.get(part, 0) if isinstance(found, dict) else 0
        return found

    def effects(self, operation: str) -> int:
        """How often an operation's work was done."""
        return int(self.counter(f"effects/{operation}"))

    def reset_counters(self) -> None:
        self.ask("DELETE", "/counters")

    def wait(self, counter: str, value: Any, is_: str = ">=", timeout_s: float = 10.0) -> Any:
        """Until the number compares so; returns it. AssertionError after the deadline, with the number as it was then."""
        asked = {"counter": counter, "is": is_, "value": value, "timeout_s": timeout_s}
        found = self.ask("POST", "/wait", asked, timeout_s + 10)
        assert found["met"], f"{counter} was {found['value']} and not {is_} {value} within {timeout_s} s"
        return found["value"]

    def log(self, operation: str | None = None, since: int = 0) -> list[dict[str, Any]]:
        """The requests, oldest first."""
        more = f"&operation={operation}" if operation else ""
        return self.ask("GET", f"/log?since={since}{more}")["requests"]  # type: ignore[no-any-return]

    def fault(self, match: dict[str, Any] | None = None, times: int | None = 1, skip: int = 0, **action: Any) -> int:
        """Order a fault for the next requests that match; returns its number."""
        return int(self.ask("POST", "/faults", {"match": match or {}, "times": times, "skip": skip, **action})["id"])

    def clear_faults(self) -> None:
        self.ask("DELETE", "/faults")

    def release(self, fault: int | None = None) -> None:
        """Let go what a fault stalls."""
        self.ask("POST", "/faults/release", {"id": fault})

    def apps(self) -> dict[str, dict[str, Any]]:
        """The apps by the names of their keys."""
        return {app["name"]: app for app in self.ask("GET", "/apps")["apps"]}

    def change_app(self, name: str, **changes: Any) -> None:
        """max_active, published, api, normal: as if the console had done it."""
        self.ask("PATCH", f"/apps/{name}", changes)

    def script(self, match: dict[str, Any] | None = None, times: int | None = 1, skip: int = 0, **action: Any) -> int:
        """Order what the next runs that match answer, and how: see scripts.py; returns its number."""
        return int(self.ask("POST", "/scripts", {"match": match or {}, "times": times, "skip": skip, **action})["id"])

    def clear_scripts(self) -> None:
        self.ask("DELETE", "/scripts")

    def release_event(self, task_id: str | None = None) -> int:
        """Let go the event that a run (or every run) holds; how many were held."""
        return int(self.ask("POST", "/scripts/release", {"task_id": task_id})["released"])

    def streams(self) -> list[dict[str, Any]]:
        """The streams, oldest first, with what was written to each."""
        return self.ask("GET", "/streams")["streams"]  # type: ignore[no-any-return]

    def close_connections(self, all_: bool = False, how: str = "fin") -> int:
        return int(self.ask("POST", "/connections/close", {"all": all_, "how": how})["closed"])

    def reset(self) -> None:
        """A fresh server: no data, no faults, numbers at 0."""
        self.ask("POST", "/reset")

    def datasets(self) -> list[dict[str, Any]]:
        return self.ask("GET", "/datasets")["datasets"]  # type: ignore[no-any-return]

    def dataset(self, dataset_id: str) -> dict[str, Any]:
        """A knowledge base with its documents, their texts and metadata."""
        return self.ask("GET", f"/datasets/{dataset_id}")  # type: ignore[no-any-return]

    def fill(self, dataset_id: str, count: int, text: str = "A page of text.") -> None:
        """Add so many completed documents at once."""
        self.ask("POST", f"/datasets/{dataset_id}/fill", {"count": count, "text": text})

    def uploads(self) -> list[dict[str, Any]]:
        """The file parts that came in forms, oldest first: operation, name, type, size, sha256, whole."""
        return self.ask("GET", "/uploads")["uploads"]  # type: ignore[no-any-return]

    def files(self) -> list[dict[str, Any]]:
        return self.ask("GET", "/files")["files"]  # type: ignore[no-any-return]

    def file(self, file_id: str) -> dict[str, Any]:
        """A stored file: name, size, mime_type, sha256, and whether its content was kept."""
        return self.ask("GET", f"/files/{file_id}")  # type: ignore[no-any-return]

    def file_content(self, file_id: str) -> bytes:
        """What is in a stored file, if it was kept (up to the setting keep_upload_bytes)."""
        return base64.b64decode(self.ask("GET", f"/files/{file_id}/content")["base64"])

    def make_file(
        self, size: int, key: str, name: str = "download.bin", mime_type: str = "application/octet-stream"
    ) -> dict[str, Any]:
        """A file of so many generated bytes that the app of a key (by its name) can download; its id and sha256 are in it."""
        asked = {"size": size, "key": key, "name": name, "mime_type": mime_type}
        return self.ask("POST", "/files", asked, 120.0)  # type: ignore[no-any-return]

    def use_file(self, file_id: str) -> None:
        """As if a message used it, without which a file has no preview."""
        self.ask("PATCH", f"/files/{file_id}", {"in_messages": True})

    def seed(self, **data: Any) -> list[str]:
        """Put data in place: datasets, tags, fill; see seed.py. Returns the ids of the knowledge bases."""
        return self.ask("POST", "/seed", data)["datasets"]  # type: ignore[no-any-return]

    def pause_indexing(self, paused: bool = True) -> None:
        """Hold the indexing worker; drain_indexing and advance_indexing work all the same."""
        self.ask("POST", "/indexing/pause", {"paused": paused})

    def advance_indexing(self, to: str) -> bool:
        """Take the first queued document into a state, with the worker paused; False if there is none."""
        return bool(self.ask("POST", "/indexing/advance", {"to": to})["moved"])

    def drain_indexing(self) -> None:
        """Finish all that is queued for indexing, now."""
        self.ask("POST", "/indexing/drain")

    def restart_indexing(self) -> None:
        self.ask("POST", "/indexing/restart")

    def relay(self, distance_ms: float) -> dict[str, str]:
        """Further listeners so far away; their URLs as http and https."""
        return self.ask("POST", "/relays", {"distance_ms": distance_ms})  # type: ignore[no-any-return]


class Sandbox(Control):
    """A stand-in of one's own, running until close(). Options are those of the command line."""

    def __init__(self, *options: str, python: str | None = None, start_s: float = START_S) -> None:
        program = python or os.environ.get("SANDBOX_PYTHON") or sys.executable
        environment = {**os.environ, "PYTHONPATH": str(_TESTS), "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [program, "-m", "sandbox", "--until-eof", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        try:
            self.ready = self._wait_ready(start_s)
        except BaseException:
            self.close()
            raise
        super().__init__(self.ready["control"])
        self.pid = self.process.pid
        self.http: str = self.ready["http"]
        self.https: str = self.ready["https"]
        self.http_direct: str = self.ready["http_direct"]
        self.https_direct: str = self.ready["https_direct"]
        self.key: str = self.ready["key"]
        self.keys: dict[str, str] = self.ready["keys"]
        self.ca_file: str = self.ready["ca_file"]

    def _wait_ready(self, start_s: float) -> dict[str, Any]:
        assert self.process.stdout is not None
        deadline, line = time.monotonic() + start_s, b""
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise RuntimeError(f"the sandbox did not get ready within {start_s} s")
            part = os.read(self.process.stdout.fileno(), 65536)
            if not part:
                raise RuntimeError(f"the sandbox ended with {self.process.wait()} before it was ready (its error is above)")
            line += part
        return json.loads(line)  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the process: politely, then for certain."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
