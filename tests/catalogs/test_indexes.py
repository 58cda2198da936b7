"""The index of a set of catalog files: built once, found again, renewed when a file changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs import open_catalog
from bioimagehub.catalogs.errors import DamagedIndexError, InvalidEntryError
from bioimagehub.catalogs.indexes import index_paths, open_catalog_index

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = """\
sources:
  cells:
    driver: ome_zarr
    args: {url: cells.ome.zarr}
    metadata: {identifier: "lab:cells", title: TITLE, source: here, source_url: "https://example.org"}
"""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalog file, with a folder of indexes that is empty."""
    monkeypatch.setenv("BIOIMAGEHUB_INDEX", str(tmp_path / "index"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = tmp_path / "lab.yml"
    file.write_text(ENTRY.replace("TITLE", "First"))
    return file


def _indexes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_ino for file in folder.glob("*.sqlite")}


def test_index_is_built_once(lab: Path, tmp_path: Path) -> None:
    assert len(open_catalog(lab)) == 1
    built = _indexes(tmp_path / "index")
    assert len(built) == 1
    assert len(open_catalog(lab)) == 1
    assert _indexes(tmp_path / "index") == built


def test_changed_file_renews_the_index_and_the_old_one_goes(lab: Path, tmp_path: Path) -> None:
    old = open_catalog(lab)
    lab.write_text(ENTRY.replace("TITLE", "Second one"))
    assert open_catalog(lab)["lab:cells"].title == "Second one"
    assert len(_indexes(tmp_path / "index")) == 1
    # Who has the old one open goes on reading it.
    assert old["lab:cells"].title == "First"


@pytest.mark.parametrize("damage", ["note", "index", "cut", "gone"])
def test_damage_is_found_and_cured(lab: Path, tmp_path: Path, damage: str) -> None:
    open_catalog(lab)
    (index,) = (tmp_path / "index").glob("*.sqlite")
    (note,) = (tmp_path / "index").glob("*.json")
    if damage == "note":
        note.write_text(note.read_text()[:20])
    elif damage == "index":
        index.write_bytes(b"no index" * 1000)
    elif damage == "cut":
        index.write_bytes(index.read_bytes()[: index.stat().st_size // 2])
    else:
        index.unlink()
    assert open_catalog(lab)["lab:cells"].title == "First"


def test_damage_that_shows_in_use_is_cured_by_opening_again(lab: Path, tmp_path: Path) -> None:
    open_catalog(lab)
    (index,) = (tmp_path / "index").glob("*.sqlite")
    content = bytearray(index.read_bytes())
    for place in range(8192, len(content), 64):
        content[place : place + 32] = bytes(32)
    index.write_bytes(content)
    with pytest.raises(DamagedIndexError, match=r"Build it again by opening the catalog again"):
        list(open_catalog(lab).search("first"))
    assert not index.exists()
    assert open_catalog(lab)["lab:cells"].title == "First"


def test_what_nobody_comes_back_to_is_swept(lab: Path, tmp_path: Path) -> None:
    old = tmp_path / "index" / "of-an-old-version.sqlite"
    new = tmp_path / "index" / "being-built.sqlite"
    other = tmp_path / "other.yml"
    other.write_text(ENTRY.replace("TITLE", "Other"))
    open_catalog(other)
    (of_other,) = (tmp_path / "index").glob("*.sqlite")
    for index in (old, new):
        index.write_bytes(b"")
    for index in (old, of_other):
        os.utime(index, (0, 0))
    other.unlink()
    open_catalog(lab)
    left = set((tmp_path / "index").glob("*.sqlite"))
    assert new in left
    assert not left & {old, of_other}
    assert len(list((tmp_path / "index").glob("*.json"))) == 1


def test_note_cannot_lead_out_of_the_folder(lab: Path, tmp_path: Path) -> None:
    open_catalog(lab)
    (note,) = (tmp_path / "index").glob("*.json")
    told = json.loads(note.read_text())
    kept = tmp_path / "kept.sqlite"
    kept.write_bytes(b"mine")
    note.write_text(json.dumps({**told, "index": "../kept.sqlite", "files": []}))
    lab.write_text(ENTRY.replace("TITLE", "Second one"))
    assert open_catalog(lab)["lab:cells"].title == "Second one"
    assert kept.read_bytes() == b"mine"


def test_index_of_the_hub_is_read_and_own_ones_go_to_the_cache(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_catalog(lab)
    shared, cache = index_paths()
    monkeypatch.setattr("bioimagehub.catalogs.indexes._build_in", _refuse(shared, "bioimagehub.catalogs.indexes"))
    assert len(open_catalog(lab)) == 1
    assert not cache.exists()
    other = tmp_path / "other.yml"
    other.write_text(lab.read_text())
    assert len(open_catalog(other)) == 1
    assert len(_indexes(cache)) == 1


def _refuse(shared: Path, module: str) -> object:
    """Make a folder that cannot be written, which root could write anyway."""
    from importlib import import_module

    build = import_module(module)._build_in

    def build_in(folder: Path, *arguments: object) -> object:
        if folder == shared:
            raise PermissionError(13, "Permission denied", str(folder))
        return build(folder, *arguments)

    return build_in


def test_without_a_folder_to_write_it_is_built_in_memory_with_a_warning(lab: Path, tmp_path: Path) -> None:
    (tmp_path / "index").write_text("a file where the folder should be")
    (tmp_path / "cache").write_text("likewise")
    with pytest.warns(UserWarning, match=r"built in memory.*BIOIMAGEHUB_INDEX"):
        assert len(open_catalog_index([lab])) == 1


def test_where_an_index_cannot_be_put_the_next_folder_is_taken(lab: Path, tmp_path: Path) -> None:
    open_catalog(lab)
    (index,) = (tmp_path / "index").glob("*.sqlite")
    index.unlink()
    (index / "in-the-way").mkdir(parents=True)
    assert len(open_catalog(lab)) == 1
    assert len(_indexes(index_paths()[1])) == 1


def test_one_identifier_in_two_files_names_both(lab: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yml"
    other.write_text(lab.read_text())
    with pytest.raises(InvalidEntryError, match=rf"more than one entry lab:cells: in {lab} and in {other}"):
        open_catalog(lab, other)
    assert _indexes(tmp_path / "index") == {}


def test_many_processes_at_once_build_one_index(lab: Path, tmp_path: Path) -> None:
    code = f"from bioimagehub.catalogs import open_catalog; print(open_catalog({str(lab)!r})['lab:cells'].title)"
    started = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(6)]
    assert [process.communicate(timeout=120)[0].strip() for process in started] == ["First"] * 6
    assert len(_indexes(tmp_path / "index")) == 1


def test_harvested_table_goes_before_the_one_that_came_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bioimagehub.catalogs.records import Record
    from bioimagehub.catalogs.tables import write_table

    monkeypatch.setenv("BIOIMAGEHUB_INDEX", str(tmp_path / "index"))
    monkeypatch.setenv("BIOIMAGEHUB_HARVEST", str(tmp_path / "harvest"))
    before = open_catalog()
    assert "gxa:E-MTAB-9999" not in before
    (tmp_path / "harvest").mkdir()
    record = Record(
        identifier="gxa:E-MTAB-9999",
        kind="study",
        title="New",
        source="Expression Atlas",
        source_url="https://example.org",
    )
    write_table(tmp_path / "harvest" / "gxa.parquet", [record], attribution={})
    after = open_catalog()
    assert [found.identifier for found in after["gxa"]] == ["gxa:E-MTAB-9999"]
    assert len(after) == len(before) - len(before["gxa"]) + 1


def test_opening_reads_no_table(samples: Path) -> None:
    open_catalog()
    code = "from bioimagehub.catalogs import open_catalog; open_catalog()['idr:idr0062']; import sys\n"
    code += "assert not {'pyarrow', 'numpy', 'pandas'} & set(sys.modules), sorted(sys.modules)"
    with warnings.catch_warnings():
        subprocess.run([sys.executable, "-c", code], check=True, timeout=120, env=dict(os.environ))
