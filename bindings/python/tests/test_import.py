"""What importing costs: nothing that a program did not ask for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import difypool
from difypool import _table

SLOW = (
    "asyncio concurrent dataclasses email enum functools http importlib.metadata inspect json logging re requests "
    "selectors shutil signal socket ssl subprocess tempfile threading typing urllib urllib3 weakref"
).split()


def loaded_by(code: str) -> set[str]:
    lines = "import sys; before = set(sys.modules)\n" + code + "\nprint('\\n'.join(set(sys.modules) - before))"
    out = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True, timeout=60)
    return set(out.stdout.split())


def test_import_alone_loads_itself_alone() -> None:
    assert loaded_by("import difypool") <= {"difypool", "__future__"}


def test_client_and_typed_methods_load_nothing_slow(service: object) -> None:
    code = f"import difypool; c = difypool.Client(socket={service.path!r}); c.documents.list(dataset_id='d'); c.close()"  # type: ignore[attr-defined]
    loaded = loaded_by(code)
    assert not loaded.intersection(SLOW)
    assert "difypool._methods" in loaded


def test_errors_load_nothing_slow() -> None:
    assert not loaded_by("import difypool; difypool.RateLimited").intersection(SLOW)


def test_asyncio_client_needs_no_requests() -> None:
    assert not loaded_by("import difypool; difypool.AsyncClient").intersection({"requests", "urllib3"})


def test_all_names_are_there() -> None:
    for name in difypool.__all__:
        assert getattr(difypool, name) is not None
    assert set(difypool.__all__) <= set(dir(difypool))
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = difypool.nothing_of_the_kind  # type: ignore[attr-defined]


def test_every_group_has_methods_in_both_clients() -> None:
    from difypool import _amethods, _methods

    assert set(_methods.GROUPS) == set(_amethods.GROUPS) == set(_table.GROUPS)
    for group, cls in _methods.GROUPS.items():
        public = {name for name in vars(cls) if not name.startswith("_")}
        assert public == {name for name in vars(_amethods.GROUPS[group]) if not name.startswith("_")}
        assert all(getattr(cls, name).__doc__ for name in public)
