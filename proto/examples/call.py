#!/usr/bin/env python3
"""One call through difypoold with nothing but pynng and msgpack.

python3 call.py /run/difypool/socket datasets.list limit=1
"""

import json
import os
import sys

import msgpack
import pynng


def ask(socket, op, args=None, epoch=None):
    request = {"v": 1, "id": os.urandom(16), "op": op, "args": args or {}}
    if epoch:
        request["epoch"] = epoch  # tells a resend to another life of the service from a new call
    socket.send(msgpack.packb(request))
    return msgpack.unpackb(socket.recv())


def value(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def main():
    path, op, *words = sys.argv[1:]
    args = {name: value(text) for name, text in (word.split("=", 1) for word in words)}
    with pynng.Req0(recv_timeout=130_000, send_timeout=10_000) as socket:
        socket.dial(f"ipc://{path}", block=True)
        epoch = ask(socket, "service.ping")["epoch"]
        reply = ask(socket, op, args, epoch)
    if "error" in reply:
        error = reply["error"]
        sys.exit(f"{error['kind']}: {error['message']}")
    body = reply["ok"]["body"]
    print(body.decode() if isinstance(body, bytes) else body)


if __name__ == "__main__":
    main()
