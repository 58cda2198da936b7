"""Everything that the installed distribution offers by name can be loaded."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint, distribution, version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENTRY_POINTS = sorted(distribution("bioimagehub").entry_points, key=lambda point: (point.group, point.name))


@pytest.mark.parametrize("point", ENTRY_POINTS, ids=lambda point: f"{point.group}:{point.name}")
def test_entry_point_can_be_loaded(point: EntryPoint) -> None:
    assert callable(point.load())


def test_installed_distribution_offers_what_pyproject_declares() -> None:
    declared = {("console_scripts", name, value) for name, value in PROJECT["scripts"].items()}
    for group, points in PROJECT.get("entry-points", {}).items():
        declared |= {(group, name, value) for name, value in points.items()}
    assert {(point.group, point.name, point.value) for point in ENTRY_POINTS} == declared


def test_installed_version_is_that_of_the_project() -> None:
    assert version("bioimagehub") == PROJECT["version"]


@pytest.mark.parametrize("name", sorted(PROJECT["scripts"]))
def test_command_starts(name: str) -> None:
    script = Path(sys.executable).parent / name
    done = subprocess.run([script, "--version"], check=True, capture_output=True, text=True)
    assert PROJECT["version"] in done.stdout
    done = subprocess.run([script, "--help"], check=True, capture_output=True, text=True)
    assert f"usage: {name}" in done.stdout
