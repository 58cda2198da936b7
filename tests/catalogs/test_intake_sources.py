"""Intake alone opens the catalog: its drivers are found by entry point."""

from __future__ import annotations

import pickle
from importlib.metadata import entry_points
from pathlib import Path

import intake
import mrcfile
import numpy as np
import pytest
import xarray as xr
from intake.source.base import DataSource

from bioimagehub.catalogs import open_catalog
from bioimagehub.catalogs.drivers import DRIVERS
from bioimagehub.catalogs.errors import SamplesNotBuiltError, UnknownLabelError, UnknownLevelError, UnknownOptionError

ENTRIES = Path(__file__).resolve().parents[2] / "catalogs" / "entries" / "catalog.yml"


@pytest.fixture
def entries(samples: Path) -> intake.Catalog:
    return intake.open_catalog(str(ENTRIES))


def test_each_driver_has_an_entry_point() -> None:
    ours = {
        point.name: point.load()
        for point in entry_points(group="intake.drivers")
        if point.value.startswith("bioimagehub.")
    }
    assert sorted(ours) == sorted([*DRIVERS, "archive", "table"])
    for name, source in ours.items():
        assert issubclass(source, DataSource)
        assert source.name == name


def test_entries_are_nested_and_complete(entries: intake.Catalog) -> None:
    assert list(entries["samples"]) == [record.name for record in open_catalog()["samples"]]


def test_every_entry_reads_as_its_record(entries: intake.Catalog) -> None:
    for record in open_catalog()["samples"]:
        source = entries["samples"][record.name]
        assert source.metadata["identifier"] == record.identifier
        xr.testing.assert_identical(source.to_dask().rename(None), record.open().rename(None))


def test_entry_is_read_with_axes_and_units(entries: intake.Catalog) -> None:
    nuclei = entries["samples"]["nuclei-3d"].read()
    assert nuclei.dims == ("z", "y", "x")
    assert nuclei.chunks is None
    assert nuclei["z"].attrs == {"units": "micrometer", "spacing": 0.29}
    assert nuclei.attrs["identifier"] == "samples:nuclei-3d"


def test_level_and_label_are_parameters(entries: intake.Catalog) -> None:
    source = entries["samples"]["bbbc038-nuclei"]
    assert source(level=1).to_dask().shape == (256, 256)
    labels = source(level=2, label="nuclei").read()
    assert labels.shape == (128, 128)
    assert labels.attrs["label"] == "nuclei"


def test_wrong_parameters_are_told(entries: intake.Catalog) -> None:
    source = entries["samples"]["bbbc038-nuclei"]
    with pytest.raises(UnknownLevelError, match="the levels 0 to 2"):
        source(level=9).read()
    with pytest.raises(UnknownLabelError, match="are nuclei"):
        source(label="cells").to_dask()
    with pytest.raises(TypeError, match="lavel"):
        source(lavel=1)


def test_source_is_discovered_closed_and_sent(entries: intake.Catalog) -> None:
    source = entries["samples"]["bbbc038-nuclei"]
    found = source.discover()
    assert (found["dtype"], found["shape"], found["npartitions"]) == ("uint16", (512, 512), 1)
    source.close()
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(source)).read(), source.read())  # noqa: S301


def test_missing_archive_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOIMAGEHUB_SAMPLES", str(tmp_path / "none"))
    entries = intake.open_catalog(str(ENTRIES))
    with pytest.raises(SamplesNotBuiltError, match="bioimagehub samples build"):
        entries["samples"]["emd-3001"].read()


def test_tables_are_read(tmp_path: Path) -> None:
    (tmp_path / "cells.tsv").write_text("id\tarea\n1\t3.5\n2\t4\n")
    (tmp_path / "lab.yml").write_text(
        "sources:\n"
        '  cells: {driver: table, args: {url: "{{ CATALOG_DIR }}/cells.tsv"}, metadata: {identifier: "lab:cells"}}\n'
    )
    cells = intake.open_catalog(str(tmp_path / "lab.yml"))["cells"]
    assert cells.read().to_dict("list") == {"id": [1, 2], "area": [3.5, 4.0]}
    assert cells.discover()["dtype"] == {"id": "int64", "area": "float64"}
    assert list(cells(columns=["area"]).read()) == ["area"]
    with pytest.raises(UnknownOptionError, match=r"lab:cells: .*with colums: its format takes columns"):
        cells(colums=["area"]).read()


def test_wrong_options_name_the_entry(tmp_path: Path) -> None:
    (tmp_path / "lab.yml").write_text(
        "sources:\n  map: {driver: mrc, args: {url: map.mrc, serie: 1}, metadata: {identifier: 'lab:map'}}\n"
    )
    with pytest.raises(UnknownOptionError, match=r"lab:map: map\.mrc cannot be opened with serie: .*stack"):
        intake.open_catalog(str(tmp_path / "lab.yml"))["map"].read()


def test_our_drivers_beside_those_of_intake_xarray(samples: Path, tmp_path: Path) -> None:
    """A catalog of a hub may hold stores that xarray wrote, and maps, beside OME-Zarr."""
    xr.Dataset({"a": ("x", np.arange(3))}).to_zarr(tmp_path / "store.zarr", consolidated=False)
    with mrcfile.new(tmp_path / "map.mrc") as written:
        written.set_data(np.zeros((2, 3, 4), dtype=np.float32))
    (tmp_path / "lab.yml").write_text(
        "sources:\n"
        '  map: {driver: mrc, args: {url: "{{ CATALOG_DIR }}/map.mrc"}}\n'
        '  store: {driver: zarr, args: {urlpath: "{{ CATALOG_DIR }}/store.zarr", consolidated: false}}\n'
        "  cells: {driver: ome_zarr, args: {url: samples://skimage-cell/image.ome.zarr}}\n"
    )
    lab = intake.open_catalog(str(tmp_path / "lab.yml"))
    assert dict(lab["map"].to_dask().sizes) == {"z": 2, "y": 3, "x": 4}
    assert list(lab["store"].to_dask()["a"].values) == [0, 1, 2]
    assert lab["cells"].read().shape == (660, 550)
