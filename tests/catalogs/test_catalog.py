from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs import Catalog, open_catalog
from bioimagehub.catalogs.entries import find_installed_catalog
from bioimagehub.catalogs.errors import InvalidEntryError, UnknownEntryError, UnknownFacetError

if TYPE_CHECKING:
    from pathlib import Path

HUB = """\
sources:
  plate:
    description: A plate of the hub
    driver: ome_zarr
    args: {url: "{{ CATALOG_DIR }}/plate.ome.zarr"}
    metadata:
      identifier: hub:plate
      title: Plate
      source: here
      source_url: https://example.org
      authors: []
      organisms: [{name: Danio rerio, taxon: 7955}]
      scales: [organism]
      methods: [{name: light-sheet microscopy, id: "FBbi:00000369"}]
      data_types: [atlas]
      axes: [y, x]
      shape: [4, 4]
      spacing: [1.0, 1.0]
      dtype: uint8
      channels: [{name: all, colour: FFFFFF}]
"""


@pytest.fixture
def hub_catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "hub.yml"
    file.write_text(HUB)
    monkeypatch.setenv("BIOIMAGEHUB_CATALOGS", str(file))
    return file


def test_catalog_has_the_samples(catalog: Catalog) -> None:
    assert len(catalog) == len(list(catalog)) >= 12
    assert "samples:emd-3001" in catalog
    assert "samples:emd-9999" not in catalog


def test_lookup_by_identifier_collection_and_name(catalog: Catalog) -> None:
    record = catalog["samples:bbbc038-nuclei"]
    assert record.identifier == "samples:bbbc038-nuclei"
    assert catalog["samples"]["bbbc038-nuclei"] == record
    assert catalog["bbbc038-nuclei"] == record
    assert len(catalog["samples"]) == len(catalog)


def test_unknown_entry_names_the_nearest(catalog: Catalog) -> None:
    with pytest.raises(UnknownEntryError, match=r"nearest are .*samples:bbbc038-nuclei.*search\(\)"):
        catalog["samples:bbbc038-nucleus"]
    with pytest.raises(LookupError, match=r"nearest are .*skin-histology"):
        catalog["samples"]["skin-histolgy"]


def test_unknown_entry_far_from_all_names_the_collections(catalog: Catalog) -> None:
    with pytest.raises(UnknownEntryError, match="its archives are samples"):
        catalog["qqqqqqqq"]


def test_catalogs_of_the_hub_come_too(hub_catalog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = open_catalog()
    monkeypatch.delenv("BIOIMAGEHUB_CATALOGS")
    assert len(found) == len(open_catalog()) + 1
    assert found["hub:plate"].url == f"{hub_catalog.parent}/plate.ome.zarr"
    assert found["hub"]["plate"] == found["hub:plate"]


def test_several_catalogs_are_separated_as_paths(
    hub_catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = tmp_path / "second.yml"
    second.write_text(HUB.replace("hub:plate", "lab:plate"))
    monkeypatch.setenv("BIOIMAGEHUB_CATALOGS", os.pathsep.join([str(hub_catalog), str(second), ""]))
    found = open_catalog()
    assert {"hub:plate", "lab:plate"} <= {record.identifier for record in found}
    with pytest.raises(UnknownEntryError):
        found["plate"]  # two have this name


def test_named_files_are_opened_alone(hub_catalog: Path) -> None:
    assert [record.identifier for record in open_catalog(hub_catalog)] == ["hub:plate"]


def test_one_identifier_twice_is_refused(hub_catalog: Path) -> None:
    with pytest.raises(InvalidEntryError, match=r"more than one entry hub:plate.*Rename"):
        open_catalog(hub_catalog, hub_catalog)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("emd-3001", {"emd-3001"}),
        ("BBBC038 caicedo", {"bbbc038-nuclei"}),
        ("Häggström", {"skimage-retina"}),
        ("HÄGGSTRÖM", {"skimage-retina"}),
        ("tracks", {"ctc-timelapse"}),
        ("quantitative phase", {"skimage-cell"}),
        ("phase quantitative", {"skimage-cell"}),
        ("Mus musculus", {"mahotas-nuclear"}),
        ("nuclei zebrafish", set()),
    ],
)
def test_words_must_all_occur(catalog: Catalog, text: str, names: set[str]) -> None:
    assert {record.name for record in catalog.search(text)} == names


def test_empty_search_finds_all(catalog: Catalog) -> None:
    assert len(catalog.search()) == len(catalog.search("  ")) == len(catalog)


@pytest.mark.parametrize(
    ("facets", "names"),
    [
        ({"organism": "Homo sapiens"}, {"emd-3001", "skimage-retina"}),
        ({"organism": "homo SAPIENS"}, {"emd-3001", "skimage-retina"}),
        ({"organism": "11676"}, {"cryoet-tomogram"}),
        ({"scale": "tissues"}, {"skimage-ihc", "skin-histology"}),
        ({"scale": "organism", "organism": "9606"}, {"skimage-retina"}),
        ({"method": "magnetic resonance imaging"}, {"nibabel-mr-anatomy"}),
        ({"data_type": "systematic phenotyping"}, set()),
    ],
)
def test_facets_narrow(catalog: Catalog, facets: dict[str, str], names: set[str]) -> None:
    assert {record.name for record in catalog.search(**facets)} == names  # type: ignore[arg-type]


def test_search_of_a_search(catalog: Catalog) -> None:
    found = catalog.search(scale="cells").search("benchmark").search(data_type="benchmark")
    assert {record.name for record in found} == {"mahotas-nuclear", "bbbc038-nuclei", "ctc-timelapse"} | {
        "stardist-nuclei-3d"
    }


@pytest.mark.parametrize(
    ("facets", "told"),
    [
        ({"scale": "organ"}, "Valid values are: cells, molecular, molecular machines, organism, tissues"),
        ({"data_type": "atlases"}, "Valid values are: atlas, benchmark, correlative, systematic phenotyping"),
        ({"organism": "yeast"}, "Valid values are: Homo sapiens, Human immunodeficiency virus 1, Mus musculus"),
        ({"method": "xray"}, "cryo-electron tomography, fluorescence microscopy, fundus photography"),
    ],
)
def test_unknown_facet_lists_the_valid_ones(catalog: Catalog, facets: dict[str, str], told: str) -> None:
    with pytest.raises(UnknownFacetError, match=told) as caught:
        catalog.search(**facets)  # type: ignore[arg-type]
    assert "search for it as text" in str(caught.value)


def test_facet_of_another_record_finds_nothing(catalog: Catalog) -> None:
    found = catalog.search("nothing of the kind")
    assert len(found) == len(found.search(organism="Mus musculus")) == 0


def test_unknown_facet_where_there_is_none(hub_catalog: Path) -> None:
    with pytest.raises(UnknownFacetError, match=r"gene 'TP53'. Valid values are: none\."):
        open_catalog(hub_catalog).search(gene="TP53")


def test_table_has_a_row_for_each(catalog: Catalog) -> None:
    table = catalog.table()
    assert list(table.index) == [record.identifier for record in catalog]
    assert table.loc["samples:cryoet-tomogram", "organism"] == "Human immunodeficiency virus 1"
    assert table.loc["samples:ctc-timelapse", "tables"] == "points, tracks"
    assert table.loc["samples:skimage-ihc", "shape"] == "3 × 512 × 512"


def test_table_of_nothing_has_the_columns(catalog: Catalog) -> None:
    empty = catalog.search("no such words").table()
    assert len(empty) == 0
    assert list(empty.columns) == list(catalog.table().columns)


def test_checksums_are_those_of_the_built_archive(catalog: Catalog, samples: Path) -> None:
    for record in catalog:
        assert record.checksum is not None
        assert record.checksum in (samples / record.name / "record.json").read_text()


def test_catalog_opens_without_the_sample_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOIMAGEHUB_SAMPLES", str(tmp_path / "none"))
    assert {record.checksum for record in open_catalog()} == {None}


def test_catalog_opens_beside_a_damaged_record(damaged: Path) -> None:
    (damaged / "bbbc038-nuclei" / "record.json").write_text('{"identifier":')
    found = open_catalog()
    assert found["bbbc038-nuclei"].checksum is None
    assert found["ctc-timelapse"].checksum is not None


def test_copied_entries_open_elsewhere(tmp_path: Path) -> None:
    """Entries hold rules and no folders."""
    shutil.copytree(find_installed_catalog().parent, tmp_path / "entries")
    assert len(open_catalog(tmp_path / "entries" / "catalog.yml")) >= 12


def test_names_are_completed(catalog: Catalog) -> None:
    assert "samples:emd-3001" in catalog._ipython_key_completions_()
