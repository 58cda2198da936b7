"""Whatever stands for an image is opened, with its axes, units, channels, levels and labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
import tifffile
import xarray as xr
from PIL import Image

from bioimagehub.catalogs import open_catalog
from bioimagehub.widgets.view.multiscale import measure_axis
from bioimagehub.widgets.view.sources import open_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from bioimagehub.catalogs import Catalog
    from servers.page import Page

ENTRIES = Path(__file__).resolve().parents[3] / "catalogs" / "entries" / "samples.yml"


@pytest.fixture(scope="module")
def catalog(samples: Path) -> Catalog:
    return open_catalog(ENTRIES)


def layers(page: Page) -> list[tuple[str, str, str]]:
    assert page.viewer.problem is None, page.viewer.problem
    return [(each["id"], each["kind"], each["name"]) for each in page.viewer.scene["layers"]]


@pytest.mark.parametrize(
    ("shape", "axes", "size"),
    [
        ((5, 6), None, {"y": 5, "x": 6, "z": 1, "t": 1}),
        ((4, 5, 6), None, {"y": 5, "x": 6, "z": 4, "t": 1}),
        ((3, 4, 5, 6), None, {"y": 5, "x": 6, "z": 4, "t": 1}),
        ((2, 3, 4, 5, 6), None, {"y": 5, "x": 6, "z": 4, "t": 2}),
        ((4, 5, 6), "tyx", {"y": 5, "x": 6, "z": 1, "t": 4}),
        ((6, 5, 4), "xyt", {"y": 5, "x": 6, "z": 1, "t": 4}),
        ((4, 5, 6), ("Time", "Y", "X"), {"y": 5, "x": 6, "z": 1, "t": 4}),
    ],
)
def test_axes_of_arrays(show: Callable[..., Page], shape: Any, axes: Any, size: dict[str, int]) -> None:
    for data in (np.zeros(shape, np.uint16), da.zeros(shape, np.uint16)):
        scene = show(data, axes=axes).viewer.scene
        assert scene["size"] == size
        assert scene["axes_present"] == [axis for axis in "tzyx" if size[axis] > 1 or axis in "yx"]


def test_labelled_array(show: Callable[..., Page]) -> None:
    array = xr.DataArray(
        np.zeros((2, 3, 4, 5), np.float32),
        dims=["channel", "time", "Y", "X"],
        coords={
            "channel": ["DAPI", "GFP"],
            "X": ("X", 10 + 0.5 * np.arange(5), {"units": "micrometer"}),
            "time": ("time", [0.0, 30.0, 60.0], {"units": "second"}),
        },
        attrs={"colours": ["0000FF", "#00ff00"], "title": "A title", "licence": "CC0-1.0"},
        name="cells",
    )
    page = show(array)
    scene = page.viewer.scene
    assert layers(page) == [("c0", "channel", "DAPI"), ("c1", "channel", "GFP")]
    assert (scene["spacing"]["x"], scene["origin"]["x"], scene["units"]["x"]) == (0.5, 10, "micrometer")
    assert (scene["spacing"]["t"], scene["units"]["t"], scene["units"]["y"]) == (30, "second", "pixel")
    assert (scene["title"], scene["licence"]) == ("A title", "CC0-1.0")
    assert [page.viewer.looks[name]["colour"] for name in ("c0", "c1")] == ["#0000ff", "#00ff00"]
    assert (page.viewer.x, page.viewer.y) == (11, 1.5)


def test_an_array_tells_where_it_is_from(catalog: Catalog, show: Callable[..., Page]) -> None:
    record = catalog["samples:nuclei-3d"]
    scene = show(record.open()).viewer.scene
    assert scene["title"] == record.title
    assert scene["licence"] == record.licence
    assert scene["citation"].startswith(f"{record.title}. samples:nuclei-3d. ")
    named = show(xr.DataArray(np.zeros((8, 8)), dims=["y", "x"], name="membranes", attrs={"citation": "Doe 2020"}))
    assert (named.viewer.scene["title"], named.viewer.scene["citation"]) == ("membranes", "Doe 2020")
    assert show(np.zeros((8, 8))).viewer.scene["title"] == ""


def test_outlines_are_opaque_and_fills_are_not(show: Callable[..., Page]) -> None:
    labels = np.ones((8, 8), np.int32)
    assert show(np.zeros((8, 8)), labels=labels).viewer.looks["l0"]["opacity"] == 1
    compared = show(np.zeros((8, 8)), labels=labels, truth=np.zeros((8, 8), np.int32)).viewer
    fills = {
        each["opacity"] for each in compared.looks.values() if each["outline"] is False and each["blend"] == "over"
    }
    assert fills == {0.6}


def test_lists_and_mappings_are_channels(show: Callable[..., Page]) -> None:
    a, b = np.zeros((4, 5), np.uint8), np.ones((4, 5), np.float32)
    assert layers(show([a, b])) == [("c0", "channel", "image 0"), ("c1", "channel", "image 1")]
    page = show({"nuclei": a, "actin": b})
    assert layers(page) == [("c0", "channel", "nuclei"), ("c1", "channel", "actin")]
    assert page.tile("c1").min() == pytest.approx(1)
    assert len({look["colour"] for look in page.viewer.looks.values()}) == 2
    assert layers(show([[1, 2], [3, 4]])) == [("c0", "channel", "image")], "a list of numbers is an array"


def test_files(show: Callable[..., Page], tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 999, (3, 40, 50), np.uint16)
    tifffile.imwrite(tmp_path / "a b.tif", image, imagej=True, metadata={"axes": "ZYX"}, resolution=(2, 2))
    page = show(tmp_path / "a b.tif")
    assert page.viewer.scene["title"] == "a b.tif"
    np.testing.assert_array_equal(page.tile(z=2), image[2])
    Image.fromarray(np.zeros((6, 7, 3), np.uint8)).save(tmp_path / "photo.png")
    assert layers(show(str(tmp_path / "photo.png")))[0][1] == "rgb"


def test_record_with_labels(show: Callable[..., Page], catalog: Catalog) -> None:
    record = catalog["samples:bbbc038-nuclei"]
    page = show(record)
    assert layers(page) == [("c0", "channel", "nuclei"), ("l0", "labels", "nuclei")]
    assert page.viewer.looks["l0"]["visible"] is False
    scene = page.viewer.scene
    assert scene["licence"] == "CC0-1.0"
    assert "Caicedo" in scene["citation"]
    assert scene["title"] == record.title
    labels = record.open(label="nuclei").values
    np.testing.assert_array_equal(page.tile("l0"), labels[:256, :256])
    assert show(record, labels="nuclei").viewer.looks["l0"]["visible"] is True
    assert layers(show(record, labels=[])) == [("c0", "channel", "nuclei")]


def test_all_samples_can_be_seen(show: Callable[..., Page], catalog: Catalog) -> None:
    for record in catalog:
        page = show(record)
        first = layers(page)[0][0]
        assert page.tile(first, z=page.viewer.z).size > 0
        sizes = {axis: length for axis, length in zip(record.axes, record.shape, strict=True) if axis != "c"}
        assert page.viewer.scene["size"] == {"x": 1, "y": 1, "z": 1, "t": 1} | sizes


def test_tree_of_a_record(show: Callable[..., Page], catalog: Catalog) -> None:
    record = catalog["samples:nuclei-3d"]
    page = show(record.open_tree())
    assert layers(page)[0][1] == "channel"
    assert page.viewer.scene["spacing"]["z"] == 0.29
    np.testing.assert_array_equal(page.tile(z=30), record.open().isel(z=30).values)


def test_store_with_levels_is_opened_once(samples: Path) -> None:
    store = next(
        path for path in samples.rglob("*.zarr") if (path / "zarr.json").exists() or (path / ".zattrs").exists()
    )
    (found,) = open_source(str(store))
    metadata = store / "zarr.json"
    if metadata.exists():
        count = len(json.loads(metadata.read_text())["attributes"]["ome"]["multiscales"][0]["datasets"])
        assert len(found.arrays) == count
    sizes = [array.sizes["x"] for array in found.arrays]
    assert sizes == sorted(sizes, reverse=True)


def test_measure_axis() -> None:
    array = xr.DataArray(np.zeros((2, 3)), dims=["t", "x"], coords={"t": ["a", "b"], "x": [1.0, 3.0, 5.0]})
    assert measure_axis(array, "x") == (2.0, 1.0, "pixel")
    assert measure_axis(array, "t") == (1.0, 0.0, "frame")
    assert measure_axis(array, "z") == (1.0, 0.0, "pixel")


def place(size: int, start: float, step: float = 0.5, unit: str = "micrometer") -> Any:
    """Give labels with coordinates of their own."""
    coords = {axis: (axis, start + step * np.arange(size), {"units": unit}) for axis in "yx"}
    return xr.DataArray(np.ones((size, size), np.int32), dims=["y", "x"], coords=coords, name="cells")


def test_labels_that_lie_elsewhere_are_told_of(show: Callable[..., Page]) -> None:
    image = place(100, 10.0).astype("uint8").rename("nuclei")
    (note,) = show(image, labels=place(20, 20.0)).viewer.scene["notes"]
    assert "along y they go from 19.75 to 29.75 micrometer" in note
    assert "from 9.75 to 59.75" in note
    assert "reindex_like" in note
    fitting = place(20, 20.0).reindex_like(image, fill_value=0)
    assert show(image, labels=fitting).viewer.scene["notes"] == []


@pytest.mark.parametrize(
    "labels",
    [
        place(100, 10.0),
        place(50, 10.25, 1.0),
        place(50, 10.0, 1.0),
        place(25, 10.0, 2.0),
        place(20, 20.0, unit="millimeter"),
        np.ones((20, 20), np.int32),
    ],
    ids=["same", "half", "half from its corner", "quarter from its corner", "other unit", "no coordinates"],
)
def test_labels_that_may_cover_the_image_are_not_told_of(show: Callable[..., Page], labels: Any) -> None:
    image = place(100, 10.0).astype("uint8").rename("nuclei")
    assert show(image, labels=labels).viewer.scene["notes"] == []
