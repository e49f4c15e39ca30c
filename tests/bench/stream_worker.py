"""One way of reading streams of events, as a process of its own; the figures go to standard output as JSON.

    stream_worker.py delay WAY --base-url … --key … [--ca …] [--socket …]    one stream: the age of each event, in µs, when WAY has it as a dict
    stream_worker.py storm …  --streams 500                                   many, read by one client with stream.next; CPU and memory of the service

The source (source.c) writes the monotonic clock into each event, so an age is the whole way from its write to the program that reads it.
"""

from __future__ import annotations

import argparse
import json
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "service")]

from proc import cpu_seconds, pss_mb  # noqa: E402

CHAT: dict[str, Any] = {"query": "q", "inputs": {}, "user": "u"}


def by_httpx(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    import httpx

    verify: Any = ssl.create_default_context(cafile=options.ca) if options.ca else True
    body = {**CHAT, "response_mode": "streaming"}
    headers = {"Authorization": f"Bearer {options.key}"}
    with httpx.Client(verify=verify, timeout=60) as client, client.stream("POST", options.base_url + "/chat-messages", json=body, headers=headers) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line[6:])


def connected(options: argparse.Namespace) -> tuple[Any, str]:
    from spclient import Client

    client = Client(options.socket, timeout=60)
    more = {"ca_file": options.ca} if options.ca else {}
    return client, client.connect(options.base_url, api_key=options.key, **more)


def by_raw_client(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The protocol and nothing else: what the service adds, and Python's socket and msgpack."""
    client, handle = connected(options)
    stream = client.call("stream.open", {"op": "chat.send", "args": CHAT}, profile=handle)["body"]["stream"]
    after, ended = 0, False
    while not ended:
        for told in client.call("stream.next", {"streams": [{"stream": stream, "after": after}]})["body"]["streams"]:
            for event in told.get("events", ()):
                after += 1
                yield json.loads(event)
            ended = "end" in told
    client.call("stream.close", {"stream": stream})


def by_binding(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """As a Python program does it. A typed event is a mapping of what the server sent, or has it as .data."""
    import difypool

    more = {"ca_file": options.ca} if options.ca else {}
    client = difypool.Client(base_url=options.base_url, api_key=options.key, socket=options.socket, **more)
    with client.chat.send(stream=True, **CHAT) as events:
        for event in events:
            yield event if isinstance(event, dict) else event.data


WAYS: dict[str, Callable[[argparse.Namespace], Iterator[dict[str, Any]]]] = {
    "httpx": by_httpx,
    "raw": by_raw_client,
    "python": by_binding,
}


def delay(options: argparse.Namespace) -> dict[str, Any]:
    ages = []
    for number, event in enumerate(WAYS[options.way](options), 1):
        ages.append((time.monotonic_ns() - event["ns"]) / 1000)
        if event["n"] != number:
            raise SystemExit(f"event {event['n']} came where {number} was due")
    return {"ages_us": ages}


class Storm:
    """Many streams and one reader, which checks that each of them comes whole and in order."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.client, self.handle = connected(options)
        self.after: dict[bytes, int] = {}
        self.ended: set[bytes] = set()
        self.replies = 0

    def open(self) -> None:
        from spclient import request

        asked = {"op": "chat.send", "args": CHAT}
        numbers = [self.client.send(request("stream.open", asked, profile=self.handle)) for _ in range(self.options.streams)]
        for number in numbers:
            reply = self.client.receive(number)
            if "ok" not in reply:
                raise SystemExit(f"a stream was not opened: {reply['error']}")
            self.after[reply["ok"]["body"]["stream"]] = 0

    def take(self, told: dict[str, Any]) -> None:
        stream = told["stream"]
        if "events" in told:
            if told["first"] != self.after[stream] + 1:
                raise SystemExit(f"{told['first']} came after {self.after[stream]}")
            for event in told["events"]:
                self.after[stream] += 1
                if f'"n": {self.after[stream]}, ' not in event:
                    raise SystemExit(f"not number {self.after[stream]}: {event}")
        if "end" in told:
            if "ok" not in told["end"]:
                raise SystemExit(f"a stream failed: {told['end']}")
            self.ended.add(stream)

    def step(self) -> None:
        """All that are open in one request."""
        asked = [{"stream": s, "after": n} for s, n in self.after.items() if s not in self.ended]
        for told in self.client.call("stream.next", {"streams": asked, "max_events": 65536})["body"]["streams"]:
            self.take(told)
        self.replies += 1

    def events(self) -> int:
        return sum(self.after.values())


def storm(options: argparse.Namespace) -> dict[str, Any]:
    run = Storm(options)
    before_mb = pss_mb(options.watch)
    run.open()
    start, service, seen, replies, memory = time.monotonic(), cpu_seconds(options.watch), run.events(), run.replies, 0.0
    while not run.ended:  # until the first of them ends all are there
        run.step()
        if not memory and time.monotonic() - start > 2:
            memory = pss_mb(options.watch)
    wall, cpu = time.monotonic() - start, cpu_seconds(options.watch) - service
    counted, asked = run.events() - seen, run.replies - replies
    while len(run.ended) < options.streams:
        run.step()
    return {
        "cores": cpu / wall,
        "events_s": counted / wall,
        "cpu_us_an_event": cpu / counted * 1e6,
        "replies_s": asked / wall,
        "kb_a_stream": ((memory or pss_mb(options.watch)) - before_mb) * 1024 / options.streams,
        "events": run.events(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("delay", "storm"))
    parser.add_argument("way", nargs="?", choices=tuple(WAYS))
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--ca")
    parser.add_argument("--socket")
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--watch", type=int, default=0, help="pid of the service")
    options = parser.parse_args()
    print(json.dumps(delay(options) if options.what == "delay" else storm(options)))


if __name__ == "__main__":
    main()
