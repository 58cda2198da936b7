"""All archives through Intake: its version 1 layer, its current interface, and the files that it alone opens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import intake
import pytest

from bioimagehub.catalogs import Catalog, open_catalog
from bioimagehub.catalogs.entries import find_installed_catalog
from bioimagehub.catalogs.errors import InvalidEntryError, NotReadableError
from bioimagehub.catalogs.records import Record

if TYPE_CHECKING:
    from intake.catalog import Catalog as IntakeCatalog


@pytest.fixture
def entries(samples: Path) -> IntakeCatalog:
    return intake.open_catalog(str(find_installed_catalog()))


def test_all_archives_are_listed(entries: IntakeCatalog) -> None:
    archives = set(open_catalog().facets("archive", limit=1000)["archive"])
    assert set(entries) == archives
    assert all(entry.describe()["description"] for entry in entries._entries.values())


def test_listing_reads_no_table(entries: IntakeCatalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bioimagehub.catalogs.indexes.open_catalog_index", None)
    monkeypatch.setattr("bioimagehub.catalogs.tables.read_table", None)
    assert "idr" in list(intake.open_catalog(str(find_installed_catalog())))


def test_archive_study_and_images_are_walked(entries: IntakeCatalog) -> None:
    idr = entries["idr"]
    assert len(idr) == len(list(idr)) == 138
    study = idr["idr0062"]
    assert study.metadata["title"].startswith("NesSys")
    names = [record.name.partition("/")[2] for record in open_catalog().parts_of("idr:idr0062")]
    assert list(study) == names
    assert len(names) > 5
    readable = [name for name in study if study[name].name == "ome_zarr"]
    assert readable
    source = study[readable[0]]
    assert source.metadata["part_of"] == "idr:idr0062"
    assert source.describe()["args"]["url"].startswith("https://livingobjects.ebi.ac.uk/idr/")
    assert entries["idr", "idr0062", readable[0]].url == source.url


def test_unknown_names_are_no_entries(entries: IntakeCatalog) -> None:
    assert "idr9999" not in entries["idr"]
    with pytest.raises(KeyError):
        entries["idr"]["idr9999"]
    with pytest.raises(KeyError):
        entries["idr"]["idr0062"]["nothing"]


def test_study_without_images_is_empty(entries: IntakeCatalog) -> None:
    assert list(entries["bbbc"]["BBBC006"]) == []


def test_search_takes_facets(entries: IntakeCatalog) -> None:
    found = entries["idr"].search("mitosis", kind="study")
    assert {"idr0013", "idr0052"} & set(found)
    assert found["idr0013"].metadata["title"]
    assert len(found) == len(open_catalog().search("mitosis", archive="idr", kind="study"))
    assert len(found.search("condensin")) < len(found)


def test_record_without_driver_says_what_to_do(entries: IntakeCatalog) -> None:
    with pytest.raises(NotReadableError, match=r"cil:48254 has no image that a driver reads"):
        entries["cil"]["48254"].read()
    with pytest.raises(NotReadableError, match=r"ukbiobank"):
        open_catalog()["ukbiobank"].page()[0].open()


def test_walk_goes_down_to_the_studies(entries: IntakeCatalog) -> None:
    assert "bbbc.BBBC038" in entries.walk(depth=2)


def test_templates_of_depositors_are_not_run(samples: Path) -> None:
    title = "{{ env('HOME') }} {% raw %}"
    record = Record(
        identifier="lab:x", title=title, source="s", source_url="https://example.org", url="x.zarr", driver="ome_zarr"
    )
    from bioimagehub.catalogs.drivers.intake_catalogs import RecordEntry

    entry = RecordEntry("x", record, Catalog([record]))
    assert entry().metadata["title"] == title


def test_current_interface_reads_images(samples: Path) -> None:
    images = open_catalog().to_intake()
    assert len(images) == len(open_catalog().search(readable=True)) > 1000
    assert "samples:bbbc038-nuclei" in images
    assert "cil:48254" not in images
    reader = images["samples:bbbc038-nuclei"]
    image = reader.read(level=1, chunks=None)
    assert image.shape == (256, 256)
    assert image.attrs["identifier"] == "samples:bbbc038-nuclei"
    assert reader.metadata["licence"] == "CC0-1.0"
    assert reader.read(label="nuclei").dtype.kind in "ui"
    with pytest.raises(TypeError, match=r"with levels: the driver ome_zarr takes chunks, field, label, level"):
        reader.read(levels=2)


def test_current_interface_is_searched(samples: Path) -> None:
    found = open_catalog().to_intake().search("nuclei", archive="samples")
    assert len(found) == len(list(found)) == 6
    with pytest.raises(KeyError):
        found["idr:idr0062"]


def test_current_interface_goes_through_yaml(samples: Path, tmp_path: Path) -> None:
    file = tmp_path / "found.yml"
    open_catalog()["samples"].search("bbbc038").to_intake().to_yaml_file(str(file))
    again = intake.open_catalog(str(file))  # falls through to the current interface
    assert again["samples:bbbc038-nuclei"].read().shape == (512, 512)


def test_yaml_goes_round(samples: Path, tmp_path: Path) -> None:
    found = open_catalog()["samples"]
    found.to_yaml(tmp_path / "own.yml")
    assert list(open_catalog(tmp_path / "own.yml")) == list(found)
    entries = intake.open_catalog(str(tmp_path / "own.yml"))
    assert entries["nuclei-3d"].read().shape == (60, 256, 256)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own.yml"]


def test_version_1_catalogs_are_saved(entries: IntakeCatalog, tmp_path: Path) -> None:
    study = entries["idr"]["idr0062"]
    for name, catalog in {"archive": entries["bia"], "study": study, "found": entries["idr"].search("idr0062")}.items():
        catalog.save(str(tmp_path / name))
        again = intake.open_catalog(str(tmp_path / name), driver="yaml_file_cat")
        assert again[next(iter(again))].url.startswith("https://")
        assert len(list(open_catalog(tmp_path / name))) == len(again) > 1
    assert set(again) <= {f"idr0062/{image}" for image in study}


def test_plain_yaml_needs_nothing_of_ours(samples: Path, tmp_path: Path) -> None:
    """In a process in which our package cannot be imported."""
    import subprocess
    import sys

    catalog = open_catalog()["samples"]
    catalog.search("bbbc038").to_yaml(tmp_path / "plain.yml", plain=True)
    code = (
        "import sys, importlib.metadata\n"
        "sys.modules['bioimagehub'] = None\n"
        "import intake\n"
        f"entries = intake.open_catalog({str(tmp_path / 'plain.yml')!r})\n"
        "array = entries['bbbc038-nuclei'].to_dask()\n"
        "print(array.shape, int(array.max().compute()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    brightest = int(catalog["bbbc038-nuclei"].open().max())
    assert done.stdout.strip() == f"(512, 512) {brightest}"


def test_yaml_of_hostile_titles_is_data(tmp_path: Path) -> None:
    title = "!!python/object/apply:os.system ['touch owned'] {{ env('HOME') }} <script>"
    record = Record(
        identifier="lab:x", title=title, source="s", source_url="https://example.org", url="x.zarr", driver="ome_zarr"
    )
    Catalog([record]).to_yaml(tmp_path / "x.yml")
    assert "{{" not in (tmp_path / "x.yml").read_text()
    entry = intake.open_catalog(str(tmp_path / "x.yml"))["x"]
    assert entry.metadata["title"] == title.replace("{{", "{ {")
    assert not (Path.cwd() / "owned").exists()


def test_two_of_one_name_are_not_written_into_one_file(tmp_path: Path) -> None:
    records = [
        Record(identifier=f"{lab}:x", title="t", source="s", source_url="https://e.org", url="x", driver="ome_zarr")
        for lab in "ab"
    ]
    with pytest.raises(InvalidEntryError, match=r"b:x cannot be written: another record.*different files"):
        Catalog(records).to_yaml(tmp_path / "x.yml")
    assert list(tmp_path.iterdir()) == []
