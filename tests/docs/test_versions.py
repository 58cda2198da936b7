"""The page of tested versions says what the locks say."""

from __future__ import annotations

import re

from packaging.specifiers import SpecifierSet

from bioimagehub.hub.versions import TESTED, TESTED_PYTHON
from locks import PYPROJECT, PYTHONS, ROOT, pins_for

PAGE = ROOT / "docs" / "reference" / "versions.md"


def table() -> dict[str, str]:
    """Return the version of each package in the table of the page."""
    return dict(re.findall(r"(?m)^\| ([\w-]+) \| (\d[\w.]*) \|$", PAGE.read_text()))


def test_page_has_the_versions_of_the_lock() -> None:
    pins = pins_for("develop", PYTHONS[0])
    assert table()
    wrong = [
        f"| {name} | {pins[name].version if name in pins else 'not in the lock'} |"
        for name, found in table().items()
        if name not in pins or pins[name].version != found
    ]
    assert not wrong, f"{PAGE} is behind the lock. Write these lines:\n" + "\n".join(wrong)


def test_page_has_the_pythons() -> None:
    assert f"| Python | {', '.join(PYTHONS)} (CPython) |" in PAGE.read_text()


def test_page_names_what_the_hub_checks_before_it_starts() -> None:
    assert set(TESTED) <= set(table())


def test_hub_accepts_what_is_locked() -> None:
    pins = pins_for("hub", PYTHONS[0])
    for name, (first, beyond) in TESTED.items():
        assert SpecifierSet(f">={first},<{beyond}").contains(pins[name].version), f"{name}: {TESTED[name]}"


def test_hub_accepts_the_pythons_of_the_locks() -> None:
    lowest, highest = (".".join(map(str, part)) for part in TESTED_PYTHON)
    assert (lowest, highest) == (PYTHONS[0], PYTHONS[-1])
    classifiers = {f"Programming Language :: Python :: {python}" for python in PYTHONS}
    assert classifiers <= set(PYPROJECT["project"]["classifiers"])
