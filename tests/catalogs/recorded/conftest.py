"""A folder of recorded data, made by each test of small inputs in the shape of the real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.archives.report import Report

if TYPE_CHECKING:
    from pathlib import Path


class Recorded:
    """Recorded data in a folder; each collection has a note that tells where it came from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, path: str, text: str) -> Path:
        """Write a file, and beside it, at the top of its collection, a note where there is none."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def note(self, path: str, repository: str, date: str = "2026-04-16") -> None:
        """Write the note of a collection."""
        commit = "6571a5e29304f7cf99f2daa1eff2456464818cf7"
        self.write(f"{path}/SOURCES.txt", f"repo: github.com/{repository}  commit: {commit} ({date})  licence: CC0\n")


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    return Recorded(tmp_path / "recorded")


@pytest.fixture
def report() -> Report:
    return Report(quiet=True)
