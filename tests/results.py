"""Counts what test runners report: meson's testlog.json, pytest's junit XML, TAP.

    results.py SUITE COUNTS FILE...

Appends "SUITE passed failed skipped" to the file COUNTS, prints a line for people and, for what failed, its output.
A file that is missing or empty counts as one failure: a runner that died has not passed.
"""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

TAP_LINE = re.compile(r"^(not )?ok\b[ \t]*\d*[ \t]*(?:-[ \t]*)?([^#\n]*)(?:#[ \t]*(skip|todo)\b)?", re.I | re.M)
SHOWN_CHARACTERS = 12000


@dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    output: list[str] = field(default_factory=list)

    def fail(self, name: str, said: str) -> None:
        self.failed += 1
        text = said.strip()
        if len(text) > SHOWN_CHARACTERS:
            text = "[…]\n" + text[-SHOWN_CHARACTERS:]
        self.output.append(f"--- {name}\n{text}" if text else f"--- {name}")


def read_tap(text: str, tally: Tally, name: str) -> int:
    """Counts the cases in TAP text; returns how many failed, leaving their output to the caller."""
    bad = 0
    for match in TAP_LINE.finditer(text):
        if match.group(3):
            tally.skipped += 1
        elif match.group(1):
            bad += 1
        else:
            tally.passed += 1
    return bad


def read_tap_file(path: Path, tally: Tally) -> None:
    text = path.read_text(errors="replace")
    lines = text.splitlines()
    cases = [i for i, line in enumerate(lines) if TAP_LINE.match(line)]
    read_tap("\n".join(line for line in lines if not line.startswith("not ok")), tally, path.name)
    for position, start in enumerate(cases):
        if lines[start].startswith("not ok"):
            end = cases[position + 1] if position + 1 < len(cases) else len(lines)
            tally.fail(lines[start], "\n".join(line for line in lines[start + 1 : end] if not re.match(r"^1\.\.\d+", line)))
    if not any(re.match(r"^1\.\.\d+", line) for line in lines):
        tally.fail(path.name, "the test ended before it said how many checks it makes\n" + text[-2000:])


def read_meson_log(path: Path, tally: Tally) -> None:
    for line in path.read_text().splitlines():
        test = json.loads(line)
        said = (test.get("stdout") or "") + (test.get("stderr") or "")
        if test["result"] == "SKIP":
            tally.skipped += 1
            continue
        before = tally.passed
        bad = read_tap(test.get("stdout") or "", tally, test["name"])
        if test["result"] not in ("OK", "EXPECTEDFAIL") or bad:
            tally.fail(f"{test['name']} ({test['result']})", said)
            tally.failed += max(0, bad - 1)
        elif tally.passed == before and not bad:
            tally.passed += 1


def read_junit(path: Path, tally: Tally) -> None:
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        problem = case.find("failure")
        if problem is None:
            problem = case.find("error")
        if problem is not None:
            captured = "".join((case.findtext(tag) or "") for tag in ("system-out", "system-err"))
            tally.fail(name, f"{problem.get('message') or ''}\n{problem.text or ''}\n{captured}")
        elif case.find("skipped") is not None:
            tally.skipped += 1
        else:
            tally.passed += 1


READERS = {".json": read_meson_log, ".xml": read_junit, ".tap": read_tap_file}


def main() -> int:
    suite, counts, files = sys.argv[1], Path(sys.argv[2]), [Path(name) for name in sys.argv[3:]]
    tally = Tally()
    for path in files:
        before = (tally.passed, tally.failed, tally.skipped)
        try:
            READERS[path.suffix](path, tally)
        except (OSError, ValueError, ElementTree.ParseError) as err:
            tally.fail(path.name, f"no result to read: {err}")
        if (tally.passed, tally.failed, tally.skipped) == before:
            tally.fail(path.name, "no test ran")
    with counts.open("a") as out:
        out.write(f"{suite} {tally.passed} {tally.failed} {tally.skipped}\n")
    for text in tally.output:
        print(text)
    print(f"    {suite}: passed {tally.passed}  failed {tally.failed}  skipped {tally.skipped}", flush=True)
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
