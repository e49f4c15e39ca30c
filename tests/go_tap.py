"""Makes TAP of what `go test -json` says, read from standard input.

Every test and subtest is a check; what a failed one printed follows it. A package that does not build, or ends before its
tests do, is a failed check of its own.
"""

from __future__ import annotations

import json
import sys
from typing import Any

VERDICTS = ("pass", "fail", "skip")


def events(lines: Any) -> Any:
    """The events; a line that is none (the compiler's) belongs to no test."""
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            event = {"Action": "output", "Output": line}
        if isinstance(event, dict):
            yield event


def main() -> int:
    said: dict[str, list[str]] = {}
    count = bad = 0

    def tell(name: str, verdict: str) -> None:
        nonlocal count, bad
        count += 1
        bad += verdict == "fail"
        print(f"{'not ' if verdict == 'fail' else ''}ok {count} - {name}{' # SKIP' if verdict == 'skip' else ''}")
        if verdict == "fail":
            for line in "".join(said.get(name, said.get("", []))).splitlines():
                print(f"# {line}")

    begun: set[str] = set()
    for event in events(sys.stdin):
        name = event.get("Test", "")
        action = event.get("Action")
        if action == "run":
            begun.add(name)
        elif action in ("output", "build-output"):
            said.setdefault(name, []).append(event.get("Output", ""))
        elif action in VERDICTS and name:
            begun.discard(name)
            tell(name, action)
        elif action == "fail":
            for unfinished in sorted(begun):
                tell(unfinished, "fail")
            if not bad:
                tell(event.get("Package", "a package"), "fail")
            begun.clear()
    print(f"1..{count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
