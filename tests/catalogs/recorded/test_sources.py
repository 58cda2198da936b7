"""Where recorded data came from."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.errors import InvalidDocumentError
from bioimagehub.catalogs.recorded.sources import read_date, read_rows, read_source

if TYPE_CHECKING:
    from pathlib import Path


def _note(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "SOURCES.txt").write_text(text, encoding="utf-8")
    return folder


def test_a_repository_with_commit_date_and_licence(tmp_path: Path) -> None:
    source = read_source(
        _note(
            tmp_path / "mkngff",
            "repo: github.com/IDR/mkngff_upgrade_scripts  commit: f67ec8f5f519fd4766e8bf03521ccc290e831a6d (2024-06-18)"
            "  paths: /^ngff_filesets/  licence: no LICENSE file\n",
        )
    )
    assert (source.name, source.retrieved) == ("github.com/IDR/mkngff_upgrade_scripts", date(2024, 6, 18))
    assert source.licence == "no LICENSE file"
    fact = source.fact("ngff_filesets/idr0004.csv", "url")
    assert fact.source == "github.com/IDR/mkngff_upgrade_scripts@f67ec8f5f519:ngff_filesets/idr0004.csv"
    assert fact.fields == ("url",)


def test_a_package_takes_the_date_of_the_collection(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Real metadata (2026-11)\n", encoding="utf-8")
    folder = _note(tmp_path / "ega", "PyPI sdist archivefs 0.2.0, tests/data. licence: Apache-2.0\n")
    source = read_source(folder)
    assert (source.name, source.version) == ("pypi.org/project/archivefs", "0.2.0")
    assert source.retrieved == date(2026, 11, 1)


def test_a_date_with_words_behind_it_and_no_licence_file(tmp_path: Path) -> None:
    folder = _note(
        tmp_path / "bbbc",
        "1) pages from repo github.com/broadinstitute/imaging-bbbc, commit 0505d1e28a48331bf925eb93b36253d6286ee95c "
        "(2022-02-11, the last before). No LICENSE file; each page carries its own.\n",
    )
    assert read_source(folder).retrieved == date(2022, 2, 11)
    assert read_source(folder).licence == "No LICENSE file; each page carries its own."


@pytest.mark.parametrize("text", ["", "some data, found somewhere (2026-01-01)", "repo: github.com/a/b no commit"])
def test_data_of_unknown_origin_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidDocumentError, match=r"does not say where the data came from.*Write them into the note"):
        read_source(_note(tmp_path / "x", text))


def test_no_date_at_all_is_none(tmp_path: Path) -> None:
    assert read_date(tmp_path / "nothing") is None


def test_rows_with_too_many_and_too_few_values(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("\ufeffStudy\tSize\nidr0001 \t5\t7\nidr0002\n", encoding="utf-8")
    assert list(read_rows(tmp_path / "a.tsv")) == [
        {"Study": "idr0001", "Size": "5"},
        {"Study": "idr0002", "Size": ""},
    ]
