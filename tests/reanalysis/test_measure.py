from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import regionprops_table

from bioimagehub.catalogs import Record, open_catalog
from bioimagehub.reanalysis import measure_objects
from bioimagehub.reanalysis.errors import ImageAxesError, LabelsMismatchError, ReanalysisError

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = [
    "dataset", "checksum", "level", "label", "size", "size_unit", "centroid_z", "centroid_y", "centroid_x",
    "centroid_unit", "intensity_mean", "intensity_min", "intensity_max", "at_border",
]  # fmt: skip


@pytest.fixture
def record(samples: Path) -> Record:
    return open_catalog()["samples:nuclei-3d"]


def test_areas_and_places_by_hand(record: Record, place_on_grid: Any) -> None:
    labels = np.zeros((5, 6), np.int32)
    labels[1:3, 1:4] = 4
    labels[4, 5] = 9
    image = np.arange(30).reshape(5, 6)
    table = measure_objects(place_on_grid(labels, (0.5, 2.0)), place_on_grid(image, (0.5, 2.0)), record)
    assert list(table.columns) == COLUMNS
    assert table["label"].tolist() == [4, 9]
    assert table["size"].tolist() == [6.0, 1.0]
    assert set(table["size_unit"]) == {"µm²"}
    assert table["centroid_y"].tolist() == [0.75, 2.0]
    assert table["centroid_x"].tolist() == [4.0, 10.0]
    assert table["centroid_z"].isna().all()
    assert table["intensity_mean"].tolist() == [11.0, 29.0]
    assert table["intensity_min"].tolist() == [7.0, 29.0]
    assert table["intensity_max"].tolist() == [15.0, 29.0]
    assert table["at_border"].tolist() == [False, True]
    assert set(table["dataset"]) == {"samples:nuclei-3d"}
    assert set(table["checksum"]) == {record.checksum}


def test_volumes_of_an_archived_stack_are_in_cubic_micrometres(record: Record) -> None:
    image, truth = record.open(1, chunks=()), record.open(1, label="nuclei", chunks=())
    table = measure_objects(truth, image, record)
    voxel = np.prod([image[dim].attrs["spacing"] for dim in image.dims])
    assert len(table) == 20
    assert set(table["size_unit"]) == {"µm³"}
    assert table["size"].sum() == pytest.approx((truth.values > 0).sum() * voxel)
    assert (table["level"] == 1).all()
    assert table["centroid_x"].between(0, float(image.x[-1])).all()
    assert 300 < table.loc[~table["at_border"], "size"].median() < 1500  # nuclei of some 10 µm


@pytest.mark.parametrize(
    ("identifier", "unit"), [("samples:bbbc038-nuclei", "pixel"), ("samples:stardist-nuclei-3d", "voxel")]
)
def test_a_record_without_a_pixel_size_is_measured_in_pixels(samples: Path, identifier: str, unit: str) -> None:
    record = open_catalog()[identifier]
    truth = record.open(label="nuclei")
    table = measure_objects(truth, record.open(), record)
    assert set(table["size_unit"]) == {unit}
    assert set(table["centroid_unit"]) == {"pixel"}
    assert table["size"].sum() == (truth.values > 0).sum()


def test_pixels_are_those_of_the_full_resolution(record: Record, place_on_grid: Any) -> None:
    labels = place_on_grid(np.ones((4, 4), np.int32), 2.0, "pixel")
    table = measure_objects(labels, labels, record)
    assert table["size"].tolist() == [64.0]
    assert table["centroid_x"].tolist() == [3.0]


def test_one_axis_without_spacing_leaves_no_volume(record: Record, place_on_grid: Any) -> None:
    labels = place_on_grid(np.ones((2, 4, 4), np.int32), (0.5, 0.2, 0.2))
    labels.coords["z"].attrs["units"] = "pixel"
    table = measure_objects(labels, labels, record)
    assert table["size"].tolist() == [32.0]
    assert table["size_unit"].tolist() == ["voxel"]
    assert table["centroid_x"].tolist() == [1.5]


@given(seed=st.integers(0, 1000), block=st.integers(3, 14), ndim=st.sampled_from([2, 3]))
@settings(max_examples=20, deadline=None)
def test_blocks_measure_like_scikit_image(place_on_grid: Any, samples: Path, seed: int, block: int, ndim: int) -> None:
    random = np.random.default_rng(seed)
    shape = (9, 13, 11)[:ndim]
    labels = random.integers(0, 6, shape) * random.integers(0, 2, shape)
    image = random.normal(100, 30, shape)
    spacing = (0.7, 0.3, 0.4)[:ndim]
    record = open_catalog()["samples:nuclei-3d"]
    table = measure_objects(place_on_grid(labels, spacing).chunk(block), place_on_grid(image, spacing), record)
    properties = ("label", "area", "centroid", "intensity_mean", "intensity_min", "intensity_max", "bbox")
    expected = regionprops_table(labels, image, properties=properties, spacing=spacing)
    assert table["label"].tolist() == expected["label"].tolist()
    np.testing.assert_allclose(table["size"], expected["area"])
    for axis, dim in enumerate("zyx"[-ndim:]):
        np.testing.assert_allclose(table[f"centroid_{dim}"], expected[f"centroid-{axis}"])
    for name in ("intensity_mean", "intensity_min", "intensity_max"):
        np.testing.assert_allclose(table[name], expected[name])
    ends = [
        (expected[f"bbox-{axis}"] == 0) | (expected[f"bbox-{axis + ndim}"] == length)
        for axis, length in enumerate(shape)
    ]
    assert table["at_border"].tolist() == np.any(ends, axis=0).tolist()


def test_a_label_image_without_objects_gives_an_empty_table(record: Record, place_on_grid: Any) -> None:
    labels = place_on_grid(np.zeros((4, 4), np.uint8))
    table = measure_objects(labels, labels, record)
    assert list(table.columns) == COLUMNS
    assert table.empty


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (np.zeros((4, 5), int), r"\(4, 5\), those of the image.*\(4, 4\)\. Open both at the same level"),
        (np.zeros((4, 4)), r"has the type float64, and labels are whole numbers.*astype"),
        (np.full((4, 4), -2), r"holds the label -2.*Set what is to be left out to 0"),
    ],
)
def test_what_is_no_label_image_is_told(record: Record, place_on_grid: Any, labels: np.ndarray, told: str) -> None:
    with pytest.raises(LabelsMismatchError, match=told) as caught:
        measure_objects(place_on_grid(labels), place_on_grid(np.zeros((4, 4))), record)
    assert isinstance(caught.value, ReanalysisError)


def test_an_image_with_channels_is_told(record: Record, place_on_grid: Any) -> None:
    image = place_on_grid(np.zeros((4, 4), int)).expand_dims("c")
    with pytest.raises(ImageAxesError, match=r"has the axes c y x"):
        measure_objects(image, image, record)
