"""Opening records: what is asked for, and what is wrong with a damaged sample archive."""

from __future__ import annotations

import itertools
import json
import pickle
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import tifffile

from bioimagehub.catalogs import Catalog, open_catalog
from bioimagehub.catalogs.errors import (
    AmbiguousImageError,
    DamagedSampleError,
    InvalidEntryError,
    MissingFileError,
    NotReadableError,
    SamplesNotBuiltError,
    UnknownLabelError,
    UnknownLevelError,
    UnknownOptionError,
    UnknownTableError,
    UnreadableImageError,
    UnreadableTableError,
)
from bioimagehub.catalogs.records import Record, parse_record
from bioimagehub.catalogs.tables import read_table, write_table
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path


def test_every_record_opens_as_it_says(catalog: Catalog) -> None:
    units = {"t": ("second", "frame"), "z": ("micrometer", "pixel")}
    for record in catalog:
        image = record.open()
        assert (image.dims, image.shape, image.dtype.name) == (record.axes, record.shape, record.dtype)
        assert image.name == record.name
        assert image.attrs["identifier"] == record.identifier
        for axis, spacing in zip(record.axes, record.spacing, strict=True):
            if axis == "c":
                assert list(image["c"].values) == [channel.name for channel in record.channels]
                continue
            known, unknown = units.get(axis, units["z"])
            assert image[axis].attrs == {"units": unknown if spacing is None else known, "spacing": spacing or 1.0}
            assert image[axis].dtype == np.float64


def test_every_level_is_half_the_one_before(catalog: Catalog) -> None:
    for record in catalog:
        levels = record.open().attrs["levels"]
        sizes = [record.open(level).sizes for level in range(levels)]
        for before, after in itertools.pairwise(sizes):
            assert (after["y"], after["x"]) == (-(-before["y"] // 2), -(-before["x"] // 2))
        assert max(sizes[-1]["y"], sizes[-1]["x"]) <= 128


def test_labels_lie_on_the_image(catalog: Catalog) -> None:
    """Labelled pixels are brighter than the background, at each level and at the same coordinates."""
    for name in ("bbbc038-nuclei", "nuclei-3d", "stardist-nuclei-3d"):
        record = catalog[name]
        for level in range(record.open().attrs["levels"]):
            image, nuclei = record.open(level), record.open(level, label="nuclei")
            assert all(np.array_equal(image[dim], nuclei[dim]) for dim in image.dims)
            assert float(image.where(nuclei > 0).mean()) > 1.25 * float(image.where(nuclei == 0).mean())


def test_number_of_nuclei(catalog: Catalog) -> None:
    counts = {
        name: len(np.unique(catalog[name].open(label="nuclei"))) - 1
        for name in ("bbbc038-nuclei", "nuclei-3d", "stardist-nuclei-3d")
    }
    assert counts == {"bbbc038-nuclei": 125, "nuclei-3d": 20, "stardist-nuclei-3d": 51}


def test_particles_lie_on_the_particles(catalog: Catalog) -> None:
    """The lattice that the particles lie on is denser than the tomogram as a whole."""
    record = catalog["cryoet-tomogram"]
    particles, tomogram = record.load_table("particles"), record.open()
    assert list(particles.columns) == ["particle", "z", "y", "x", "axis_z", "axis_y", "axis_x"]
    assert len(particles) == 5377
    places = {axis: particles[axis].to_xarray() for axis in "zyx"}
    at_particles = tomogram.load().sel(places, method="nearest")
    assert float(at_particles.mean()) > float(tomogram.mean()) + 0.5 * float(tomogram.std())
    lengths = np.linalg.norm(particles[["axis_z", "axis_y", "axis_x"]], axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=1e-6)


def test_tracks_are_made_of_points_on_cells(catalog: Catalog) -> None:
    record = catalog["ctc-timelapse"]
    points, tracks = record.load_table("points"), record.load_table("tracks")
    assert (len(points), len(tracks), tracks["track"].nunique()) == (422, 403, 16)
    merged = tracks.merge(points, on=["t", "y", "x"])
    assert len(merged) == len(tracks)
    movie = record.open().load()
    places = {axis: tracks[axis].to_xarray() for axis in "tyx"}
    assert float(movie.sel(places, method="nearest").mean()) > 5 * float(movie.mean())


@pytest.mark.parametrize("chunks", [(), {"y": 100}, "auto"])
def test_dask_gives_the_same_pixels(catalog: Catalog, chunks: Any) -> None:
    record = catalog["bbbc038-nuclei"]
    image = record.open(chunks=chunks)
    assert image.chunks is not None
    np.testing.assert_array_equal(image.values, record.open().values)


def test_blocks_are_worth_a_task_each(catalog: Catalog) -> None:
    assert catalog["nuclei-3d"].open(chunks=()).data.npartitions == 1
    assert catalog["nuclei-3d"].open(chunks={"y": 128, "x": 128}).data.chunksize == (60, 128, 128)


def test_opened_arrays_can_be_sent_to_workers(catalog: Catalog) -> None:
    for chunks in (None, ()):
        image = catalog["nuclei-3d"].open(chunks=chunks)
        again = pickle.loads(pickle.dumps(image))  # noqa: S301
        np.testing.assert_array_equal(again.isel(z=30).values, image.isel(z=30).values)


def test_unknown_level(catalog: Catalog) -> None:
    with pytest.raises(UnknownLevelError, match=r"Level 7 of .* has the levels 0 to 2"):
        catalog["bbbc038-nuclei"].open(7)


def test_unknown_label(catalog: Catalog) -> None:
    with pytest.raises(
        UnknownLabelError, match=r"samples:nuclei-3d has no label image 'cells': it has nuclei\. Choose"
    ):
        catalog["nuclei-3d"].open(label="cells")
    with pytest.raises(LookupError, match=r"no label image 'nuclei' in .*emd-3001.*: it has no label images"):
        catalog["emd-3001"].open(label="nuclei")


def test_unknown_table(catalog: Catalog) -> None:
    with pytest.raises(UnknownTableError, match=r"no table 'track': it has points, tracks\. Choose one of these"):
        catalog["ctc-timelapse"].load_table("track")


def test_missing_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOIMAGEHUB_SAMPLES", str(tmp_path / "none"))
    record = open_catalog()["bbbc038-nuclei"]
    for read in (record.open, lambda: record.open(label="nuclei")):
        with pytest.raises(SamplesNotBuiltError, match=r"sample archive was not found in .*none\. Build it with:"):
            read()


def test_missing_dataset(damaged: Path) -> None:
    with pytest.raises(SamplesNotBuiltError, match=r"dataset emd-3001 of the sample archive was not found.*Build it"):
        open_catalog()["emd-3001"].open()


def _first_chunk(folder: Path) -> Path:
    return next(path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "zarr.json")


def test_missing_chunk_is_not_read_as_background(damaged: Path) -> None:
    """Zarr would give zeros."""
    _first_chunk(damaged / "bbbc038-nuclei" / "image.ome.zarr").unlink()
    with pytest.raises(DamagedSampleError, match=r"image.ome.zarr/0/c/0/0 is missing.*bioimagehub samples build"):
        open_catalog()["bbbc038-nuclei"].open()


def test_file_too_many_is_told(damaged: Path) -> None:
    (damaged / "bbbc038-nuclei" / "image.ome.zarr" / "0" / "c" / "0" / "9").write_bytes(b"")
    with pytest.raises(DamagedSampleError, match=r"0/c/0/9 does not belong there.*it replaces what is damaged"):
        open_catalog()["bbbc038-nuclei"].open()


def test_many_missing_files_are_summed_up(damaged: Path) -> None:
    shutil.rmtree(damaged / "bbbc038-nuclei" / "image.ome.zarr" / "0" / "c")
    with pytest.raises(DamagedSampleError, match="0/c/1/0 is missing; and 1 more"):
        open_catalog()["bbbc038-nuclei"].open()


@pytest.mark.parametrize("name", ["manifest-sha256.txt", "record.json"])
def test_missing_bookkeeping_is_told(damaged: Path, name: str) -> None:
    record = open_catalog()["bbbc038-nuclei"]
    (damaged / "bbbc038-nuclei" / name).unlink()
    with pytest.raises(DamagedSampleError, match=rf"{name} .*bioimagehub samples build"):
        record.open()


@pytest.mark.parametrize("name", ["manifest-sha256.txt", "record.json", "image.ome.zarr/zarr.json"])
def test_cut_bookkeeping_is_told(damaged: Path, name: str) -> None:
    record = open_catalog()["bbbc038-nuclei"]
    file = damaged / "bbbc038-nuclei" / name
    file.write_bytes(file.read_bytes()[:50])
    with pytest.raises(DamagedSampleError, match="bioimagehub samples build"):
        record.open()


@pytest.mark.parametrize("cut", [0, 1, 100])
def test_cut_chunk_is_told_when_it_is_read(damaged: Path, cut: int) -> None:
    chunk = _first_chunk(damaged / "bbbc038-nuclei" / "image.ome.zarr")
    chunk.write_bytes(chunk.read_bytes()[:cut])
    image = open_catalog()["bbbc038-nuclei"].open()
    with pytest.raises(UnreadableImageError, match=r"cannot be read: .*damaged or cut short.*samples build"):
        image.load()
    assert int(image.isel(y=-1, x=-1)) >= 0  # in another chunk


def test_changed_byte_is_told_when_it_is_read(damaged: Path) -> None:
    for chunk in (damaged / "bbbc038-nuclei" / "image.ome.zarr" / "0" / "c").rglob("*"):
        if chunk.is_file():
            content = bytearray(chunk.read_bytes())
            content[len(content) // 2] ^= 1
            chunk.write_bytes(content)
    image = open_catalog()["bbbc038-nuclei"].open(chunks=())
    with pytest.raises(UnreadableImageError, match=r"cannot be read: .*checksum"):
        image.compute(scheduler="synchronous")


def test_missing_table_is_told(damaged: Path) -> None:
    (damaged / "ctc-timelapse" / "tables" / "tracks.parquet").unlink()
    with pytest.raises(DamagedSampleError, match=r"tables/tracks\.parquet is missing.*samples build"):
        open_catalog()["ctc-timelapse"].load_table("tracks")


def test_cut_table_is_told(damaged: Path) -> None:
    file = damaged / "ctc-timelapse" / "tables" / "tracks.parquet"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(DamagedSampleError, match=r"'tracks' of samples:ctc-timelapse: .*as Parquet.*samples build"):
        open_catalog()["ctc-timelapse"].load_table("tracks")


def test_records_outside_the_archive(samples: Path, tmp_path: Path, fields: dict[str, Any]) -> None:
    """The same folders read by their paths; damage is then told without the way to build a sample."""
    shutil.copytree(samples / "ctc-timelapse", tmp_path / "copy")
    timelapse = {**open_catalog()["ctc-timelapse"].model_dump(), "identifier": "lab:movie"}
    record = parse_record({**timelapse, "url": str(tmp_path / "copy" / "image.ome.zarr")}, "here")
    assert record.open().shape == (30, 511, 511)
    assert len(record.load_table("points")) == 422
    (tmp_path / "copy" / "tables" / "points.parquet").unlink()
    with pytest.raises(MissingFileError, match=r"The table 'points' of lab:movie: .*tables/points\.parquet"):
        record.load_table("points")
    (tmp_path / "copy" / "image.ome.zarr" / "zarr.json").unlink()
    with pytest.raises(UnreadableImageError, match="No OME-Zarr image could be opened"):
        record.open()


PLAIN = {"identifier": "lab:two", "title": "Two", "source": "Lab", "source_url": "https://example.org"}


@pytest.fixture
def two(tmp_path: Path) -> Record:
    """An image and an overview with two levels in one TIFF; the entry names the second level of the overview."""
    pixels = np.arange(32 * 48, dtype=np.uint16).reshape(32, 48)
    with tifffile.TiffWriter(tmp_path / "two.ome.tif") as file:
        file.write(pixels, photometric="minisblack", metadata={"axes": "YX", "Name": "cells"})
        file.write(pixels + 1, subifds=1, photometric="minisblack", metadata={"axes": "YX", "Name": "overview"})
        file.write(pixels[::2, ::2] + 1, subfiletype=1, photometric="minisblack")
    return make_two(tmp_path, series="overview", level=1)


def make_two(folder: Path, **options: object) -> Record:
    url = str(folder / "two.ome.tif")
    return parse_record({**PLAIN, "driver": "tiff", "url": url, "options": json.dumps(options)}, "here")


def test_options_of_an_entry_hold_unless_others_are_given(two: Record, tmp_path: Path) -> None:
    assert two.open().attrs["series"] == "overview"
    assert two.open().shape == (16, 24)
    assert two.open(0).shape == two.open(level=0).shape == (32, 48)
    assert int(two.open(0, series="cells")[0, 0]) == 0
    with pytest.raises(AmbiguousImageError, match=r"lab:two: .*series="):
        make_two(tmp_path).open()
    for wrong in ("dataset", "driver", "version"):
        with pytest.raises(UnknownOptionError, match=rf"lab:two: .*{wrong}: the driver tiff takes axes, chunks"):
            make_two(tmp_path, **{wrong: "1"}).open()


def test_options_stay_in_files_and_in_tables(two: Record, tmp_path: Path) -> None:
    Catalog([two]).to_yaml(tmp_path / "two.yml")
    assert open_catalog(tmp_path / "two.yml")["lab:two"].arguments == two.arguments
    write_table(tmp_path / "two.parquet", [two], attribution={})
    (fields,) = read_table(tmp_path / "two.parquet")
    assert parse_record(fields, "here").open().identical(two.open())
    images = Catalog([two]).to_intake()
    assert images["lab:two"].read().shape == (16, 24)
    assert images["lab:two"].read(level=0, series="cells").shape == (32, 48)
    with pytest.raises(UnknownOptionError, match=r"lab:two: .*dataset: the driver tiff takes"):
        images["lab:two"].read(dataset="a")


@pytest.mark.parametrize("value", [2.5, [0.65, 0.65], [1, "a"], True])
def test_options_are_numbers_texts_and_lists(tmp_path: Path, value: object) -> None:
    assert make_two(tmp_path, voxel=value).arguments == {"voxel": value}


@pytest.mark.parametrize("value", [None, {"y": 2}, [[1]], float("nan")])
def test_other_options_are_told(tmp_path: Path, value: object) -> None:
    with pytest.raises(InvalidEntryError, match="texts, numbers, truth values and lists of these"):
        make_two(tmp_path, voxel=value)


def test_tables_beside_an_image(two: Record, tmp_path: Path) -> None:
    cells = pd.DataFrame({"id": [1, 2], "area": [3.5, 4.0]})
    cells.to_csv(tmp_path / "cells.csv", index=False)
    (tmp_path / "tables").mkdir()
    cells.to_parquet(tmp_path / "tables" / "cells.parquet")
    names = ("cells", "cells.csv", "gone.star", "../secret.csv")
    with StoreServer(tmp_path) as server:
        for url in (str(two.url), f"{server.url}/two.ome.tif?key=1"):
            record = two.model_copy(update={"url": url, "tables": names})
            for name in names[:2]:
                pd.testing.assert_frame_equal(record.load_table(name), cells)
            assert list(record.load_table("cells.csv", columns=["area"])) == ["area"]
            with pytest.raises(MissingFileError, match=r"The table 'gone\.star' of lab:two: .*gone\.star"):
                record.load_table("gone.star")
            with pytest.raises(UnknownOptionError, match=r"with table: its format takes columns"):
                record.load_table("cells.csv", table="a")
            with pytest.raises(MissingFileError, match="leads out of"):
                record.load_table("../secret.csv")
    (tmp_path / "cells.csv").write_text("id,area\n1\n")
    with pytest.raises(UnreadableTableError, match=r"'cells\.csv' of lab:two: .*row 2 has 1 values"):
        two.model_copy(update={"tables": names}).load_table("cells.csv")


def test_names_of_tables_are_checked(tmp_path: Path) -> None:
    for names in (["../secret.csv"], ["a.xlsx"], ["/etc/passwd.csv"]):
        with pytest.raises(InvalidEntryError, match=r"tables\.0"):
            parse_record({**PLAIN, "tables": names}, "here")
    assert parse_record({**PLAIN, "tables": ["Run_1/points.star", "tracks"]}, "here").tables[1] == "tracks"


def test_tree_of_an_entry_that_tells_how_to_read_one_image(tmp_path: Path) -> None:
    fields = {
        "identifier": "lab:a",
        "title": "A",
        "source": "s",
        "source_url": "https://example.org",
        "driver": "tracking",
    }
    record = parse_record({**fields, "url": str(tmp_path), "options": '{"sequence": "01", "time_step": 2.5}'}, "test")
    with pytest.raises(NotReadableError, match=r"its entry gives time_step, which .* Use `open`"):
        record.open_tree()
