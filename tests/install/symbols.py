"""Holds what a shared library exports against what its headers declare.

    symbols.py MACRO LIBRARY HEADER...

Every function that a header declares with MACRO must be exported, and nothing else may be.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def declared(macro: str, headers: list[Path]) -> set[str]:
    names: set[str] = set()
    for header in headers:
        text = re.sub(r"/\*.*?\*/", " ", header.read_text(), flags=re.S)
        text = re.sub(r"^\s*#(?:.*\\\n)*.*$", " ", text, flags=re.M)
        for match in re.finditer(rf"\b{macro}\b([^;]*);", text):
            name = re.search(r"\b(\w+)\s*(?:\(|\[|$)", match.group(1).strip())
            if name is None:
                raise SystemExit(f"{header}: cannot read the declaration {match.group(0)!r}")
            names.add(name.group(1))
    return names


def exported(library: Path) -> set[str]:
    listing = subprocess.run(["nm", "-D", "--defined-only", str(library)], capture_output=True, text=True, check=True).stdout
    symbols = {line.split()[-1] for line in listing.splitlines() if line.split()[-2] != "A"}
    return {symbol.split("@")[0] for symbol in symbols}


def main() -> int:
    macro, library, headers = sys.argv[1], Path(sys.argv[2]), [Path(name) for name in sys.argv[3:]]
    promised, given = declared(macro, headers), exported(library)
    if not promised:
        print(f"no declaration with {macro} in {len(headers)} header(s): is the macro's name right?")
        return 1
    for name in sorted(promised - given):
        print(f"{name}: declared in a header, not exported by {library.name}")
    for name in sorted(given - promised):
        print(f"{name}: exported by {library.name}, declared in no header")
    print(f"{library.name}: {len(given)} symbols, {len(promised)} declarations")
    return 0 if promised == given else 1


if __name__ == "__main__":
    sys.exit(main())
