from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.drivers.ome_zarr import open_array, parse_channels, parse_levels
from bioimagehub.catalogs.errors import UnknownLabelError, UnknownLevelError, UnreadableImageError

if TYPE_CHECKING:
    from pathlib import Path

VALUES = np.arange(2 * 4 * 6 * 8, dtype=np.uint16).reshape(2, 4, 6, 8)


def _metadata(folder: Path) -> Path:
    return folder / ("zarr.json" if (folder / "zarr.json").exists() else ".zattrs")


def test_image_of_either_version(volume: Path) -> None:
    image = open_array(str(volume))
    assert image.dims == ("c", "z", "y", "x")
    assert list(image["c"].values) == ["membrane", "nuclei"]
    np.testing.assert_array_equal(image.values, VALUES)
    # nanometres become micrometres
    assert image["z"].attrs == {"units": "micrometer", "spacing": 0.5}
    np.testing.assert_allclose(image["x"], 0.2 * np.arange(8), rtol=1e-12)


def test_coarser_level(volume: Path) -> None:
    half = open_array(str(volume), level=1)
    np.testing.assert_array_equal(half.values, VALUES[:, :, ::2, ::2])
    assert half["y"].attrs["spacing"] == pytest.approx(0.4)
    np.testing.assert_allclose(half["y"], [0.1, 0.5, 0.9], rtol=1e-12)  # the stated translation
    assert half.attrs == {"units": "arbitrary units", "level": 1, "levels": 2}


def test_label_image_has_no_channels(volume: Path) -> None:
    cells = open_array(str(volume), label="cells")
    assert cells.dims == ("z", "y", "x")
    np.testing.assert_array_equal(cells.values, VALUES[0] % 3)
    assert cells.attrs == {"units": "1", "label": "cells", "level": 0, "levels": 1}


def test_dask_has_the_stored_chunks(volume: Path) -> None:
    assert open_array(str(volume), chunks=()).chunks == ((1, 1), (1, 1, 1, 1), (4, 2), (4, 4))


@pytest.mark.parametrize("level", [-1, 2])
def test_unknown_level_tells_the_levels(volume: Path, level: int) -> None:
    with pytest.raises(UnknownLevelError, match=f"Level {level} of .* has the levels 0 to 1. Choose one of these"):
        open_array(str(volume), level=level)


def test_unknown_label_tells_the_labels(volume: Path) -> None:
    with pytest.raises(UnknownLabelError, match=r"no label image 'nuclei'.* are cells\. Choose one of these"):
        open_array(str(volume), label="nuclei")


def test_image_without_labels_says_so(volume: Path) -> None:
    shutil.rmtree(volume / "labels")
    with pytest.raises(UnknownLabelError, match="it has no label images"):
        open_array(str(volume), label="cells")


def test_missing_image_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match=r"No OME-Zarr image could be opened at .*none.*Check the address"):
        open_array(str(tmp_path / "none"))


def test_cut_metadata_is_told(volume: Path) -> None:
    file = _metadata(volume)
    file.write_text(file.read_text()[:100])
    with pytest.raises(UnreadableImageError, match="missing or damaged"):
        open_array(str(volume))


def test_group_that_is_no_image_is_told(volume: Path) -> None:
    with pytest.raises(UnreadableImageError, match=r"not an OME-Zarr image.*Give the address of the image group"):
        open_array(str(volume / "labels"))


def test_missing_array_is_told(volume: Path) -> None:
    shutil.rmtree(volume / "half")
    with pytest.raises(UnreadableImageError, match=r"Level half of .* is listed and cannot be opened"):
        open_array(str(volume), level=1)


def test_missing_label_group_is_told(volume: Path) -> None:
    shutil.rmtree(volume / "labels" / "cells")
    with pytest.raises(UnreadableImageError, match=r"The label image 'cells' .* is listed and cannot be opened"):
        open_array(str(volume), label="cells")


def test_level_that_is_a_group_is_told(volume: Path) -> None:
    shutil.rmtree(volume / "half")
    group = zarr.open_group(volume)
    group.create_group("half")
    with pytest.raises(UnreadableImageError, match=r"Level half of .* is a group; its 4 axes call for an array"):
        open_array(str(volume), level=1)


def test_level_of_other_dimensions_is_told(volume: Path) -> None:
    shutil.rmtree(volume / "half")
    zarr.open_group(volume).create_array("half", shape=(3, 4), dtype="uint8")
    with pytest.raises(UnreadableImageError, match="is an array of 2 dimensions"):
        open_array(str(volume), level=1)


def _multiscales(**changes: Any) -> dict[str, Any]:
    axes = [{"name": "t", "type": "time", "unit": "minute"}, {"name": "y", "type": "space"}]
    transformations = [{"type": "scale", "scale": [2.0, 0.5]}]
    datasets = [{"path": "0", "coordinateTransformations": transformations}]
    return {"multiscales": [{"axes": axes, "datasets": datasets, **changes}]}


def test_time_becomes_seconds_and_unstated_units_pixels() -> None:
    ((time, y),) = (level.axes for level in parse_levels(_multiscales(), "image"))
    assert (time.units, time.spacing) == ("second", 120.0)
    assert (y.units, y.spacing) == ("pixel", 0.5)


@pytest.mark.parametrize(
    "changes",
    [
        {"axes": ["t", "y"]},
        {"axes": [{"name": "t", "type": "time"}]},
        {"axes": [{"name": "t", "type": "time", "unit": "fortnight"}, {"name": "y", "type": "space"}]},
        {"datasets": [{"path": "0"}]},
        {"datasets": [{"path": "0", "coordinateTransformations": []}]},
        {"datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, "a"]}]}]},
    ],
)
def test_metadata_that_make_no_image_are_told(changes: dict[str, Any]) -> None:
    with pytest.raises(UnreadableImageError, match=r"multiscale metadata of image .*Validate it with ome-zarr-models"):
        parse_levels(_multiscales(**changes), "image")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(metadata=st.fixed_dictionaries({"multiscales": JSON}))
def test_any_metadata_give_levels_or_the_error(metadata: dict[str, Any]) -> None:
    try:
        parse_levels(metadata, "image")
    except UnreadableImageError as error:
        assert "multiscale metadata of image" in str(error)  # noqa: PT017


def test_channels_without_hints_have_no_names() -> None:
    assert parse_channels({}) == ()
    assert parse_channels({"omero": {"channels": [{"color": "FF0000"}, {"label": "DNA"}]}}) == ("0", "DNA")


def test_image_over_http(volume: Path, http_server: str) -> None:
    """The same image from a web server, as the archives serve it."""
    served = open_array(f"{http_server}/{volume.name}", level=1, chunks=())
    np.testing.assert_array_equal(served.values, VALUES[:, :, ::2, ::2])


def test_missing_image_over_http_is_told(http_server: str) -> None:
    with pytest.raises(UnreadableImageError, match="No OME-Zarr image could be opened at http"):
        open_array(f"{http_server}/none.zarr")


def test_json_of_the_metadata_is_as_written(volume: Path) -> None:
    """The fixture writes what the versions differ in: where the attributes lie."""
    stored = json.loads(_metadata(volume).read_text())
    assert ("attributes" in stored) == (volume / "zarr.json").exists()
