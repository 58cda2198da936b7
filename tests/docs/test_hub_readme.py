"""The README of the hub says what each module is about."""

from __future__ import annotations

import re
from pathlib import Path

ROOM = Path(__file__).resolve().parents[2] / "hub"


def test_every_module_has_a_line() -> None:
    modules = {path.name for path in (ROOM / "src" / "bioimagehub" / "hub").glob("*.py")} - {"__init__.py"}
    told = re.findall(r"(?m)^\| `(\w+\.py)` \|", (ROOM / "README.md").read_text())
    assert sorted(told) == sorted(modules)
