"""The page of the archives is what their modules and the shipped tables say."""

from __future__ import annotations

from pathlib import Path

from bioimagehub.catalogs.archives import ALIASES, ARCHIVES, open_archive
from bioimagehub.catalogs.archives.reference_page import format_page

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "archives.md"


def test_page_is_current() -> None:
    assert PAGE.read_text() == format_page(), (
        "renew it: python -m bioimagehub.catalogs.archives.reference_page > docs/reference/archives.md"
    )


def test_page_tells_of_every_archive() -> None:
    page = format_page()
    for name in ARCHIVES:
        assert f"## {open_archive(name).ARCHIVE.title}\n" in page
    for alias, identifier in ALIASES.items():
        assert f"`{alias}` ({identifier})" in page


def test_archive_without_table_has_no_records(tmp_path: Path) -> None:
    assert format_page(tmp_path).count("| 0 | 0 | 0 | none yet |") == len(ARCHIVES)
