"""A web server with one answer, for programs that are compiled against an installed prefix.

Prints its port, serves until its standard input ends, then prints how many connections and requests it saw.
"""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = b'{"data": [], "has_more": false, "limit": 1, "total": 0, "page": 1}'


class Counter:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.connections = 0
        self.requests = 0


COUNTER = Counter()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        with COUNTER.lock:
            COUNTER.connections += 1

    def do_GET(self) -> None:
        with COUNTER.lock:
            COUNTER.requests += 1
        known = self.path.startswith("/v1/datasets")
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.send_header("X-Version", "1.12.1")
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: what matters is printed at the end."""


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    server.shutdown()
    print(f"connections={COUNTER.connections} requests={COUNTER.requests}", flush=True)


if __name__ == "__main__":
    main()
