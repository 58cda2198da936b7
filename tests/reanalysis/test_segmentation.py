from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.filters import threshold_triangle

from bioimagehub.catalogs import open_catalog
from bioimagehub.reanalysis import segment_nuclei
from bioimagehub.reanalysis.errors import ImageAxesError, ImageValuesError, ParameterError, ReanalysisError
from bioimagehub.reanalysis.segmentation import (
    contrast_of,
    contrast_reach,
    histogram_of,
    renumber,
    split,
    steps_of,
    threshold_of,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_discs_that_touch_are_told_apart_and_found_where_they_are(draw_balls: Any) -> None:
    centres = [(30.0, 30.0), (30.0, 49.0), (70.0, 40.0), (71.0, 80.0), (20.0, 85.0)]
    labels = segment_nuclei(draw_balls((100, 110), centres, radius=10), (0.5, 0.5), diameter=10.0)
    assert labels.dtype == np.int32
    assert labels.max() == len(centres)
    assert len({labels[int(y), int(x)] for y, x in centres} - {0}) == len(centres)
    area = (labels > 0).sum()
    assert area == pytest.approx(len(centres) * np.pi * 10**2, rel=0.1)


def test_balls_in_an_anisotropic_stack(draw_balls: Any) -> None:
    centres = [(20.0, 20.0, 20.0), (20.0, 20.0, 38.0), (20.0, 45.0, 30.0)]
    stack = draw_balls((40, 60, 60), centres, radius=10)[::2]
    labels = segment_nuclei(stack, spacing=(1.0, 0.5, 0.5), diameter=10.0)
    assert labels.max() == 3
    assert {labels[int(z) // 2, int(y), int(x)] for z, y, x in centres} == {1, 2, 3}


def test_a_stack_in_pixels_takes_a_diameter_for_each_axis(draw_balls: Any) -> None:
    centres = [(20.0, 20.0, 20.0), (20.0, 20.0, 38.0), (20.0, 45.0, 30.0)]
    stack = draw_balls((40, 60, 60), centres, radius=10)[::2]
    physical = segment_nuclei(stack, spacing=(1.0, 0.5, 0.5), diameter=10.0)
    in_pixels = segment_nuclei(stack, spacing=(1, 1, 1), diameter=(10, 20, 20))
    np.testing.assert_array_equal(in_pixels, physical)


@given(unit=st.floats(1e-3, 1e3), gain=st.floats(0.1, 50))
@settings(max_examples=15, deadline=None)
def test_neither_the_unit_of_length_nor_the_gain_changes_the_nuclei(draw_balls: Any, unit: float, gain: float) -> None:
    image = draw_balls((60, 60), [(20.0, 20.0), (20.0, 39.0), (45.0, 30.0)], radius=9)
    expected = segment_nuclei(image, (0.5, 0.5), 9.0)
    assert expected.max() == 3
    np.testing.assert_array_equal(segment_nuclei(image, (0.5 * unit, 0.5 * unit), 9.0 * unit), expected)
    other = segment_nuclei(image * gain, (0.5, 0.5), 9.0)
    assert other.max() == 3
    assert ((other > 0) == (expected > 0)).mean() > 0.99


def test_dim_nuclei_are_found_beside_bright_ones(draw_balls: Any) -> None:
    image = draw_balls((80, 120), [(20.0, 20.0 + 25 * i) for i in range(4)], radius=9)
    y, x = np.indices(image.shape)
    image[(y - 60) ** 2 + (x - 60) ** 2 <= 81] = 9000
    assert segment_nuclei(image, (1, 1), 18).max() == 5


@pytest.mark.parametrize("side", [60, 100, 400])
@pytest.mark.parametrize("diameter", [10, 20, 40])
def test_noise_has_no_nuclei(side: int, diameter: float) -> None:
    noise = np.random.default_rng(1).poisson(20, (side, side))
    assert segment_nuclei(noise, (1, 1), diameter).max() == 0


@pytest.mark.parametrize(
    ("identifier", "level", "diameter", "lowest", "highest"),
    [
        # Of 125, 51 and 20 nuclei in the ground truth.
        ("samples:bbbc038-nuclei", 0, 22.0, 112, 138),
        ("samples:stardist-nuclei-3d", 0, (9.0, 14.0, 14.0), 46, 56),
        ("samples:nuclei-3d", 1, 12.0, 17, 23),
    ],
)
def test_counts_of_archived_images_against_their_ground_truth(
    samples: Path, identifier: str, level: int, diameter: Any, lowest: int, highest: int
) -> None:
    record = open_catalog()[identifier]
    image = record.open(level)
    truth = record.open(level, label="nuclei").values
    spacing = [image[dim].attrs["spacing"] for dim in image.dims]
    labels = segment_nuclei(image.values, spacing, diameter)
    assert lowest <= labels.max() <= highest
    assert lowest <= len(np.unique(truth)) - 1 <= highest
    both = ((labels > 0) & (truth > 0)).sum()
    assert 2 * both / ((labels > 0).sum() + (truth > 0).sum()) > 0.75  # Dice coefficient of the foreground


@pytest.mark.parametrize("value", [0, 7])
@pytest.mark.parametrize("shape", [(40, 30), (12, 20, 24), (1, 1)])
def test_an_image_without_contrast_has_no_nuclei(shape: tuple[int, ...], value: int) -> None:
    labels = segment_nuclei(np.full(shape, value, np.uint8), (1,) * len(shape), 8)
    assert labels.shape == shape
    assert not labels.any()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32", "float64"])
def test_every_real_type_gives_the_same_nuclei(draw_balls: Any, dtype: str) -> None:
    image = draw_balls((50, 50), [(15.0, 15.0), (35.0, 33.0)], radius=8)
    assert image.max() < 255 + 100
    clipped = np.minimum(image, 255)
    np.testing.assert_array_equal(
        segment_nuclei(clipped.astype(dtype), (1, 1), 16), segment_nuclei(clipped, (1, 1), 16)
    )


@pytest.mark.parametrize(
    ("image", "spacing", "diameter", "kind", "told"),
    [
        (np.zeros(9), (1,), 5, ImageAxesError, r"it has 1 axes.*Select one channel and one timepoint"),
        (np.zeros((2, 2, 9, 9)), (1,) * 4, 5, ImageAxesError, r"it has 4 axes"),
        (np.zeros((0, 9)), (1, 1), 5, ImageValuesError, r"its shape is \(0, 9\).*Check the selection"),
        (np.zeros((9, 9), complex), (1, 1), 5, ImageValuesError, r"its type is complex128.*Convert it"),
        (np.zeros((9, 9), bool), (1, 1), 5, ImageValuesError, r"its type is bool"),
        (np.full((9, 9), np.nan), (1, 1), 5, ImageValuesError, r"NaN or infinity\. Replace these pixels"),
        (np.zeros((9, 9)), (1, 1, 1), 5, ParameterError, r"spacing \[1\.0, 1\.0, 1\.0\].*2 axes"),
        (np.zeros((9, 9)), (1, -1), 5, ParameterError, r"one positive number for each"),
        (np.zeros((9, 9)), (1, 1), 0, ParameterError, r"diameter \[0\.0, 0\.0\].*measure the diameter"),
        (np.zeros((9, 9)), (1, 1), (5, 5, 5), ParameterError, r"does not fit an image of 2 axes"),
        (np.zeros((9, 9)), (1, 1), 3, ParameterError, r"has 3\.0 pixels across.*use a finer level"),
    ],
)
def test_what_cannot_be_segmented_is_told(
    image: np.ndarray, spacing: Any, diameter: Any, kind: type[ReanalysisError], told: str
) -> None:
    with pytest.raises(kind, match=told):
        segment_nuclei(image, spacing, diameter)


def test_a_pixel_of_the_contrast_depends_on_no_more_than_its_reach() -> None:
    steps = steps_of((1.0, 0.5), 6.0, 2)
    reach = contrast_reach(steps)
    random = np.random.default_rng(1)
    image = random.uniform(1, 100, (60, 80))
    changed = image.copy()
    changed[30, 40] = 5000.0
    differs = np.argwhere(contrast_of(image, steps) != contrast_of(changed, steps))
    assert (abs(differs - (30, 40)).max(axis=0) <= reach).all()


@pytest.mark.parametrize("number", [1, 3, 12])
@pytest.mark.parametrize("side", [130, 400])
def test_one_nucleus_in_a_large_dark_field_is_found_like_a_crowd(draw_balls: Any, number: int, side: int) -> None:
    centres = [(15.0 + 30 * (i % 4), 15.0 + 30 * (i // 4)) for i in range(number)]
    assert segment_nuclei(draw_balls((side, side), centres, radius=10), (1, 1), 20).max() == number


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_the_threshold_is_that_of_the_triangle_method(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = np.concatenate([random.normal(0, 1, 5000), random.uniform(2, 20, 800)]).astype(np.float32)
    low, high = float(values.min()), float(values.max())
    histogram = histogram_of(values, low, high, 256)
    top = int(histogram.argmax())

    def depth(threshold: float) -> float:
        place = int((threshold - low) / (high - low) * 256)
        return histogram[top] * (1 - (place - top) / (255 - top)) - histogram[place]

    # Several bins may lie as deep: which of them is taken is not part of the method.
    ours, theirs = threshold_of(histogram, low, high), threshold_triangle(values, nbins=256)
    assert depth(ours) == pytest.approx(depth(theirs))


def test_names_of_peaks_are_the_first_pixels_of_the_peaks(draw_balls: Any) -> None:
    image = draw_balls((50, 70), [(20.0, 20.0), (20.0, 50.0)], radius=9).astype(np.float32)
    labels, parts, peaks = split(image, 50.0, steps_of((1, 1), 18, 2))
    assert labels.max() == 2
    assert labels.ravel()[peaks].tolist() == [1, 2]
    assert (parts[labels > 0] == labels[labels > 0]).all()
    at = np.array(np.unravel_index(peaks, image.shape)).T
    assert (abs(at - [(20, 20), (20, 50)]) <= 2).all()


def test_renumber_keeps_what_is_kept_in_its_order() -> None:
    labels = np.array([[0, 90, 90], [7, 0, 40]])
    np.testing.assert_array_equal(renumber(labels, np.array([7, 90])), [[0, 2, 2], [1, 0, 0]])
    np.testing.assert_array_equal(renumber(labels, np.array([], np.int64)), np.zeros((2, 3)))
