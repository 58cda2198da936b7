"""The tables are built from the recorded data: all of them, in the same bytes, with their sources named."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.errors import CatalogNotFoundError
from bioimagehub.catalogs.recorded import __main__ as command
from bioimagehub.catalogs.recorded import ega, jax_komp
from bioimagehub.catalogs.recorded.building import ATTRIBUTION, build, describe
from bioimagehub.catalogs.tables import read_attribution, read_table

if TYPE_CHECKING:
    from catalogs.recorded.conftest import Recorded

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data" / "archives"
ENTRIES = ROOT / "catalogs" / "entries"
# The collection is tested where it is there; the tables that ship are tested everywhere, in test_shipped.py.
PRESENT = [SHARED] if SHARED.is_dir() else []


def _small(recorded: Recorded) -> Path:
    recorded.note(jax_komp.FOLDER, "TheJacksonLaboratory/jax-ngff-challenge-2024", "2024-10-03")
    head = "url,written,written_human_readable,origin\n"
    row = (
        "https://storage.googleapis.com/jax-public-ngff-2024/a.zarr,5,,https://images.jax.org/webclient/?show=image-1\n"
    )
    recorded.write(f"{jax_komp.FOLDER}/KOMP_adult_lacZ.csv", head + row)
    recorded.write(f"{jax_komp.FOLDER}/KOMP_histopathology.csv", head)
    recorded.note(ega.FOLDER, "someone/archivefs", "2026-10-01")
    recorded.write(f"{ega.FOLDER}/ega_EGAD00001009826_files.json", '[{"fileId": "EGAF1", "fileSize": 29568}]')
    return recorded.folder


def test_what_is_recorded_becomes_a_table_an_archive(recorded: Recorded, tmp_path: Path, report: Report) -> None:
    into = tmp_path / "entries"
    into.mkdir()
    counts = build(_small(recorded), into, report)
    assert (counts["impc"], counts["ega"]) == (3, 1)
    assert [fields["identifier"] for fields in read_table(into / "impc.parquet")] == [
        "impc:jax-komp-adult-lacz", "impc:jax-komp-histopathology", "impc:jax-komp-adult-lacz/a",
    ]  # fmt: skip
    (source,) = read_attribution(into / "impc.parquet").items()
    assert source[0].startswith("github.com/TheJacksonLaboratory/jax-ngff-challenge-2024@6571a5e29304f7cf99f2daa1ef")
    assert source[1] == "2024-10-03; CC0"
    page = (into / ATTRIBUTION).read_text(encoding="utf-8")
    assert "## impc.parquet" in page
    assert source[0] in page


def test_collections_that_are_not_there_are_told(recorded: Recorded, tmp_path: Path, report: Report) -> None:
    (tmp_path / "entries").mkdir()
    counts = build(_small(recorded), tmp_path / "entries", report)
    lost = {loss.identifier for loss in report.losses}
    assert {"crates", "cil", "bbbc"} <= lost
    text = describe(counts, report)
    assert "impc: 3 records" in text
    assert f"{len(report.losses)} records lost" in text


def test_the_command_tells_what_it_built(
    recorded: Recorded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([str(_small(recorded)), "--into", str(tmp_path), "--defects"]) == 0
    assert "impc: 3 records" in capsys.readouterr().out


def test_a_folder_without_recorded_data_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CatalogNotFoundError, match=r"holds no recorded data.*Give the folder"):
        build(tmp_path, tmp_path, Report())
    assert command.main([str(tmp_path), "--into", str(tmp_path)]) == 1
    assert "Give the folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", PRESENT)
def test_the_shipped_tables_are_those_of_the_recorded_data(folder: Path, tmp_path: Path) -> None:
    report = Report(quiet=True)
    build(folder, tmp_path, report)
    assert [loss.identifier for loss in report.losses] == []
    built = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    shipped = {file.name: file.read_bytes() for file in ENTRIES.iterdir() if file.name in built}
    different = [name for name in built if list(_rows(tmp_path / name)) != list(_rows(ENTRIES / name))]
    assert different == []
    assert built.keys() == shipped.keys()


def _rows(file: Path) -> list[object]:
    return list(read_table(file)) if file.suffix == ".parquet" else [file.read_text(encoding="utf-8")]


@pytest.mark.parametrize("folder", PRESENT)
def test_every_entry_of_the_recorded_data_is_in_the_tables(folder: Path) -> None:
    """The index of the recorded data has one row an entry; archive and accession give the identifier."""
    names = {"CIL": "cil", "BIA": "bia", "CryoET Data Portal": "cryoet", "EMPIAR": "empiar"}
    with (folder / "entries_index.csv").open(encoding="utf-8", newline="") as lines:
        rows = [(row["archive"], row["accession"].removeprefix("CIL:")) for row in csv.DictReader(lines)]
    wanted = {f"{names.get(archive, archive.lower())}:{accession}" for archive, accession in rows}
    found = {fields["identifier"] for table in ENTRIES.glob("*.parquet") for fields in read_table(table)}
    assert len(wanted) == 11767
    assert sorted(wanted - found) == []
