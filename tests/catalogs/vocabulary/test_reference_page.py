"""The page about the classification is made of the rules that are in force."""

from __future__ import annotations

from pathlib import Path

from bioimagehub.catalogs.vocabulary.reference_page import format_page

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "classification.md"


def test_page_is_current() -> None:
    command = "python -m bioimagehub.catalogs.vocabulary.reference_page > docs/reference/classification.md"
    assert PAGE.read_text(encoding="utf-8") == format_page(), f"the rules changed; run: {command}"


def test_no_cell_breaks_its_table() -> None:
    rows = [line for line in format_page().splitlines() if line.startswith("| `")]
    assert rows
    assert {row.count("|") for row in rows} == {5}
