"""The command line: options into settings, start, one ready line, until a signal."""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import shutil
import signal
import sys
import tempfile
from typing import Any

from .settings import DEFECTS, PRESENT, PRESETS, Key, Settings, checked_defects, defects_of, version_of

_REQUIREMENTS = os.path.join(os.path.dirname(__file__), "requirements.txt")
_EPILOG = """
When it is ready it prints one line of JSON: pid, version, http and https (base URLs that end in /v1), control (the control interface's URL),
ca_file, key (of the main workspace) and keys (all of them by name). It ends on SIGTERM and SIGINT, and, with --until-eof, when its input ends.
Settings that have no option can be changed over the control interface (PATCH /settings). README.md beside this program tells the rest.
"""


def _pairs(values: list[str], option: str) -> dict[str, float]:
    found = {}
    for value in values:
        name, equals, number = value.partition("=")
        try:
            found[name] = float(number)
        except ValueError:
            raise SystemExit(f"sandbox: {option}: expected OPERATION=MS, not {value!r}") from None
    return found


def _key(text: str) -> Key:
    parts = text.split(":")
    if not 2 <= len(parts) <= 4 or not all(parts[:2]):
        raise SystemExit(f"sandbox: --key: expected SECRET:WORKSPACE[:KIND[:NAME]], not {text!r}")
    kind = parts[2] if len(parts) > 2 else "dataset"
    return Key(parts[0], parts[1], kind, parts[3] if len(parts) > 3 else parts[0])


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="sandbox",
        description="A stand-in for a Dify server.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = p.add_argument_group("addresses").add_argument
    add("--http-port", type=int, default=0, metavar="PORT", help="plain HTTP (0: a free port; the default)")
    add("--https-port", type=int, default=0, metavar="PORT", help="HTTPS (0: a free port; the default)")
    add("--control-port", type=int, default=0, metavar="PORT", help="the control interface (0: a free port; the default)")
    add(
        "--tls-dir",
        metavar="DIR",
        help="where ca.pem, server.pem and server.key are written (default: a directory that is removed at the end)",
    )
    add(
        "--key",
        action="append",
        default=[],
        metavar="SECRET:WORKSPACE[:KIND[:NAME]]",
        help="an API key instead of the built-in ones; KIND is dataset or an app's mode",
    )
    add = p.add_argument_group("what server").add_argument
    add(
        "--dify-version",
        default="1.12.1",
        metavar="VERSION",
        help=f"the version it says it is, which sets its defects (default 1.12.1); present, or any after 1.12.1, keeps to the published "
        f"contract: all operations, no defects (present says {PRESENT})",
    )
    add(
        "--defect",
        action="append",
        default=[],
        metavar="[+|-]NAME",
        help="switch a defect on or off: " + ", ".join(sorted(DEFECTS)),
    )
    add(
        "--models",
        choices=("stub", "unconfigured", "none"),
        default="stub",
        help="the workspace's model provider: with credentials, without, or none",
    )
    add("--no-vector-store", action="store_true", help="the vector store is down: indexing and search of high_quality fail")
    add(
        "--rate-limit",
        type=int,
        default=0,
        metavar="N",
        help="knowledge calls a window and workspace, then 403 (0: no limit)",
    )
    add("--rate-window", type=float, default=60.0, metavar="S", help="that window (default 60)")
    add = p.add_argument_group("how fast and how far").add_argument
    add(
        "--preset",
        choices=sorted(PRESETS),
        help="default-server: one CPU-bound worker with 10 connections, with measured costs",
    )
    add("--think-ms", type=float, metavar="MS", help="every call takes so long")
    add("--think", action="append", default=[], metavar="OPERATION=MS", help="an operation takes so long")
    add("--cpu-workers", type=int, metavar="N", help="workers that are bound by their core (0: none)")
    add("--cpu-ms", type=float, metavar="MS", help="what a call takes of a worker's core")
    add("--cpu", action="append", default=[], metavar="OPERATION=MS", help="what an operation takes of a worker's core")
    add(
        "--worker-connections", type=int, metavar="N", help="calls that the workers take at once; others wait (0: no bound)"
    )
    add(
        "--distance-ms",
        type=float,
        default=0.0,
        metavar="MS",
        help="the round trip: http and https are behind a relay that delays every segment",
    )
    add("--indexing-interval", type=float, metavar="S", help="one indexing task starts every so many seconds (default 2)")
    add(
        "--ping-interval",
        type=float,
        metavar="S",
        help="a stream of events is pinged every so many seconds (default 10; 0: never)",
    )
    add("--app-second", type=float, metavar="S", help="how long a second of an app that waits is (default 1)")
    add("--app-limit", type=int, metavar="N", help="runs at once of an app, then 400 (default 0: as many as come)")
    add = p.add_argument_group("connections").add_argument
    add("--keepalive", type=float, metavar="S", help="an idle connection is closed after so long (default 65; 0: never)")
    add("--requests-per-connection", type=int, metavar="N", help="then Connection: close (default 1000; 0: never)")
    add = p.add_argument_group("this program").add_argument
    add("--log-size", type=int, default=10000, metavar="N", help="requests that the log keeps (default 10000)")
    add(
        "--until-eof",
        action="store_true",
        help="end when standard input ends, so that nothing is left when the parent dies",
    )
    return p


def _settings(options: argparse.Namespace) -> Settings:
    settings = Settings(dify_version=options.dify_version, models=options.models, vector_store=not options.no_vector_store)
    settings.defects = _defects(options)
    if options.preset:
        settings.change(PRESETS[options.preset])
    chosen: dict[str, Any] = {
        "think_ms": options.think_ms,
        "cpu_workers": options.cpu_workers,
        "cpu_ms": options.cpu_ms,
        "worker_connections": options.worker_connections,
        "keepalive_s": options.keepalive,
        "requests_per_connection": options.requests_per_connection,
        "indexing_interval_s": options.indexing_interval,
        "ping_interval_s": options.ping_interval,
        "app_second_s": options.app_second,
        "app_limit": options.app_limit,
        "rate_limit": options.rate_limit,
        "rate_window_s": options.rate_window,
    }
    settings.change({name: value for name, value in chosen.items() if value is not None})
    settings.think_ms_by_operation = {**settings.think_ms_by_operation, **_pairs(options.think, "--think")}
    settings.cpu_ms_by_operation = {**settings.cpu_ms_by_operation, **_pairs(options.cpu, "--cpu")}
    from . import ops  # noqa: F401  (importing declares the operations)
    from .routing import check_names

    check_names([*settings.think_ms_by_operation, *settings.cpu_ms_by_operation])
    if options.key:
        settings.keys = [_key(text) for text in options.key]
    return settings


def _defects(options: argparse.Namespace) -> Any:
    names = defects_of(version_of(options.dify_version))
    for text in options.defect:
        name = text.lstrip("+-")
        checked_defects([name])
        (names.discard if text.startswith("-") else names.add)(name)
    return names


async def _run(options: argparse.Namespace, settings: Settings, tls_dir: str) -> None:
    from . import tls
    from .control import Control
    from .server import Server

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = Server(settings, options.log_size)
    context, ca_file = tls.make(tls_dir)
    distant = options.distance_ms > 0
    await server.listen("http", 0 if distant else options.http_port, None)
    await server.listen("https", 0 if distant else options.https_port, context)
    ports = dict(server.ports)
    if distant:
        for listener, port in (("http", options.http_port), ("https", options.https_port)):
            ports[listener] = (await server.add_relay(listener, options.distance_ms, port)).port
    control = Control(server)
    await control.listen(settings.host, options.control_port)
    _tell_ready(settings, server, control, ports, ca_file)
    if options.until_eof:
        loop.add_reader(sys.stdin.fileno(), _stop_at_end, stop)
    await stop.wait()
    server.stop()
    control.stop()


def _stop_at_end(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        stop.set()


def _tell_ready(settings: Settings, server: Any, control: Any, ports: dict[str, int], ca_file: str) -> None:
    knowledge = [key for key in settings.keys if key.kind == "dataset"]
    line = {
        "ready": True,
        "pid": os.getpid(),
        "version": settings.dify_version,
        **{name: f"{name}://{settings.host}:{port}/v1" for name, port in ports.items()},
        **{name + "_direct": f"{name}://{settings.host}:{port}/v1" for name, port in server.ports.items()},
        "control": f"http://{settings.host}:{control.port}",
        "ca_file": ca_file,
        "key": knowledge[0].secret if knowledge else None,
        "keys": {key.name: key.secret for key in settings.keys},
    }
    print(json.dumps(line), flush=True)


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    for module in ("aiohttp", "cryptography"):
        if importlib.util.find_spec(module) is None:
            print(f"sandbox: {module} is missing: pip install -r {_REQUIREMENTS}", file=sys.stderr)
            return 2
    try:
        settings = _settings(options)
    except ValueError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    own = options.tls_dir is None
    tls_dir = tempfile.mkdtemp(prefix="sandbox-") if own else options.tls_dir
    try:
        os.makedirs(tls_dir, exist_ok=True)
        asyncio.run(_run(options, settings, tls_dir))
    except OSError as error:
        print(f"sandbox: cannot start: {error}", file=sys.stderr)
        return 1
    finally:
        if own:
            shutil.rmtree(tls_dir, ignore_errors=True)
    return 0
