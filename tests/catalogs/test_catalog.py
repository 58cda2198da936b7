from __future__ import annotations

import copy
import os
import pickle
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs import Catalog, open_catalog, pins
from bioimagehub.catalogs.bounds import parse_bound
from bioimagehub.catalogs.entries import find_installed_catalog
from bioimagehub.catalogs.errors import (
    InvalidEntryError,
    InvalidQueryError,
    LockMismatchError,
    UnknownEntryError,
    UnknownFacetError,
)

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


@pytest.fixture(scope="module")
def everything() -> Catalog:
    """All archives, as they came with the software."""
    return open_catalog()


def test_archives_studies_and_other_names_are_found(everything: Catalog) -> None:
    assert everything["mitocheck"].identifier == "idr:idr0013"
    assert everything["mitotic-cell-atlas"].identifier == "idr:idr0041"
    assert everything["idr0062"] == everything["idr:idr0062"]
    assert {record.collection for record in everything["bbbc"]} == {"bbbc"}
    assert all(part.part_of == "idr:idr0062" for part in everything.parts_of("idr:idr0062"))
    assert len(everything.parts_of("bbbc:BBBC006")) == 0


def test_ranges_take_text_numbers_and_days(everything: Catalog) -> None:
    large = everything.search(kind="study", size=("1 TB", None))
    assert len(large) == len(everything.search(kind="study", size=(10**12, None))) > 50
    assert all(record.size >= 10**12 for record in large.page(limit=20))
    early = everything.search(kind="study", released=(None, "2016-12-31"))
    assert 0 < len(early) < len(everything.search(kind="study"))
    assert all(str(record.released) <= "2016-12-31" for record in early)


def test_orders(everything: Catalog) -> None:
    sizes = [record.size for record in everything.search(kind="study", archive="idr", sort="-size").page(limit=30)]
    assert sizes == sorted(sizes, reverse=True)
    oldest = everything.search(kind="study", sort="released").page(limit=30)
    assert [record.released for record in oldest] == sorted(record.released for record in oldest)
    with pytest.raises(InvalidQueryError, match=r"cannot be sorted by .colour.*Valid values are: -files"):
        everything.search(sort="colour")


def test_flags_and_their_opposites_share_all(everything: Catalog) -> None:
    for flag in ("reference", "readable", "part"):
        yes, no = (everything.search(**{flag: value}) for value in (True, False))
        assert len(yes) + len(no) == len(everything)
        assert len(yes) > 0


def test_all_uses_must_be_allowed(everything: Catalog) -> None:
    both = everything.search(use=["commercial", "derivatives"])
    assert len(both) < len(everything.search(use="commercial"))
    assert "CC-BY-ND-4.0" not in both.facets("licence", limit=100)["licence"]
    assert "CC-BY-SA-4.0" in everything.search(use="commercial").facets("licence", limit=100)["licence"]


def test_several_values_are_alternatives(everything: Catalog) -> None:
    one, other = (len(everything.search(archive=name)) for name in ("bbbc", "cryoet"))
    assert len(everything.search(archive=["bbbc", "cryoet"])) == one + other


def test_facets_count_the_selection(everything: Catalog) -> None:
    found = everything.search("mitosis", archive=["cil", "idr"])
    counts = found.facets("archive", "licence")
    assert sum(counts["archive"].values()) == len(found)
    assert set(counts) == {"archive", "licence"}
    assert all(len(values) <= 3 for values in found.facets(limit=3).values())


def test_suggestion_is_shown_where_nothing_is_found(everything: Catalog) -> None:
    found = everything.search("zebrafsh")
    assert found.suggest() == "zebrafish"
    assert str(found) == "0 records; did you mean: zebrafish"
    assert "did you mean: zebrafish" in found._repr_html_()
    assert everything.search().suggest() is None


def test_pages_hold_each_record_once(everything: Catalog) -> None:
    found = everything.search("cell division", kind="study")
    paged = [record.identifier for offset in range(0, len(found), 7) for record in found.page(offset, 7)]
    assert paged == [record.identifier for record in found]
    assert len(set(paged)) == len(paged) == len(found)


def test_locked_catalog_holds_the_locked_records(samples: Path, everything: Catalog, tmp_path: Path) -> None:
    lock = tmp_path / "paper.lock.json"
    pins.write_lock(lock, [everything["idr:idr0062"], everything["samples:nuclei-3d"]])
    locked = open_catalog(lock=lock)
    assert sorted(record.identifier for record in locked) == ["idr:idr0062", "samples:nuclei-3d"]
    with pytest.raises(UnknownEntryError):
        locked["idr:idr0013"]


def test_changed_record_is_refused_or_warned_about(samples: Path, everything: Catalog, tmp_path: Path) -> None:
    lock = tmp_path / "paper.lock.json"
    older = everything["idr:idr0062"].model_copy(update={"size": 17})
    gone = everything["idr:idr0062"].model_copy(update={"identifier": "idr:idr9999"})
    pins.write_lock(lock, [older, gone])
    with pytest.raises(LockMismatchError, match=r"(?s)paper\.lock\.json locked, in \d+ places.*idr0062.*17.*idr9999"):
        open_catalog(lock=lock)
    with pytest.warns(UserWarning, match="not what"):
        locked = open_catalog(lock=lock, on_change="warn")
    assert [record.identifier for record in locked] == ["idr:idr0062"]


def test_whole_numbers_are_values_of_facets(everything: Catalog) -> None:
    assert len(everything.search(organism=9606)) == len(everything.search(organism="9606")) > 0
    years = everything.search(year=[2019, "2020"])
    assert len(years) == len(everything.search(year=2019)) + len(everything.search(year=2020)) > 0


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"organism": 9606.5}, "The facet 'organism' was given 9606.5. Expected texts"),
        ({"use": [None]}, r"The facet 'use' was given \[None\]. Expected texts"),
        ({"size": "1 TB"}, "The range 'size' was given '1 TB'. Expected the least and the largest"),
        ({"size": 5}, r"Write it like this: \('1 TB', None\)"),
        ({"size": (5,)}, "with None for an open end"),
        ({"size": ("9" * 400, None)}, "Expected a number of bytes, or a text such as"),
        ({"size": (0, float("inf"))}, "inf is no bound of 'size'"),
        ({"files": ("1.5", None)}, "'1.5' is no bound of 'files'. Expected a whole number"),
    ],
)
def test_what_cannot_be_asked_is_told(everything: Catalog, asked: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidQueryError, match=told):
        everything.search(**asked)


def test_large_numbers_lose_no_digit(everything: Catalog) -> None:
    assert parse_bound("size", "9007199254740993") == 9007199254740993
    assert len(everything.search(size=(1e12, None))) == len(everything.search(size=(10**12, None)))
    assert len(everything.search(size=(1e16, None))) == 0


@pytest.mark.parametrize("key", [5, None, slice(0, 5), ("idr", "idr0062"), b"idr"])
def test_only_texts_are_names_of_entries(catalog: Catalog, key: Any) -> None:
    with pytest.raises(UnknownEntryError, match=r"expected an identifier as text.*page\(\)"):
        catalog[key]


def test_catalog_travels_to_other_processes(everything: Catalog, catalog: Catalog) -> None:
    """As Dask sends it: a catalog of files as their name, one in memory whole."""
    found = everything.search("mitosis", archive="idr", kind="study")
    sent = pickle.dumps(found)
    assert len(sent) < 10_000
    assert [record.identifier for record in pickle.loads(sent)] == [record.identifier for record in found]  # noqa: S301
    own = Catalog(list(catalog)[:3])
    assert list(copy.deepcopy(own)) == list(own)


def test_no_value_is_no_condition(everything: Catalog) -> None:
    assert len(everything.search(use=[], organism=())) == len(everything)
