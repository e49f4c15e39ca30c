"""A fast HTTPS upstream for benchmarks: nginx with a fixed JSON answer.

The rows about calls per second and CPU need a server that costs next to nothing, so that what is compared is the client. nginx is what stands in
front of a Dify, and its cost is the same for both sides of a ratio. The sandbox, which plays Dify, serves the rows about distance.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

# About 1 KB of JSON, as an answer to a create is.
ANSWER = '{"document": {"id": "%s", "name": "a page", "text": "%s"}, "batch": "20261123"}' % (
    "5cd92fac-41b4-4251-acb2-538a2a3a75b8",
    "x" * 900,
)

CONFIG = """
daemon off; master_process off; worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_timeout 65s; keepalive_requests 1000000; default_type application/json;
  client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  server {{
    listen 127.0.0.1:{port} ssl; ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem; ssl_protocols TLSv1.3;
    add_header X-Version 1.12.1;
    location / {{ return 200 '{answer}\\n'; }}
  }}
}}
"""


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Upstream:
    """nginx on a free loopback port, with a certificate of its own, until close()."""

    def __init__(self) -> None:
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        if not os.path.exists(program):
            raise SystemExit("bench: nginx is missing: apt-get install nginx-light")
        self.dir = Path(tempfile.mkdtemp(prefix="difypool-bench-"))
        self.port = free_port()
        self.base_url = f"https://127.0.0.1:{self.port}/v1"
        self.ca_file = str(self.dir / "cert.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", str(self.dir / "key.pem"), "-out", self.ca_file],
            check=True, capture_output=True,
        )  # fmt: skip
        config = self.dir / "nginx.conf"
        config.write_text(CONFIG.format(dir=self.dir, port=self.port, answer=ANSWER))
        self.process = subprocess.Popen([program, "-p", str(self.dir), "-c", str(config)], stderr=subprocess.DEVNULL)
        self._wait_until_it_listens()

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise SystemExit(f"bench: nginx did not start: see {self.dir}/error.log") from None
                time.sleep(0.02)

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        shutil.rmtree(self.dir, ignore_errors=True)
