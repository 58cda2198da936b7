from __future__ import annotations

import numpy as np
import pytest

from bioimagehub.challenges import otsu_watershed, score_image
from bioimagehub.challenges.errors import InvalidImageError


def balls(shape: tuple[int, ...], centres: list[tuple[float, ...]], radii: tuple[float, ...]) -> np.ndarray:
    """Bright balls with a soft edge on a noisy background, each with its number in the second image."""
    grid = np.stack(np.meshgrid(*[np.arange(side) for side in shape], indexing="ij"), -1)
    distances = np.stack([np.sqrt((((grid - np.array(centre)) / radii) ** 2).sum(-1)) for centre in centres])
    labels = np.where(distances.min(0) <= 1, distances.argmin(0) + 1, 0)
    noise = np.random.default_rng(3).normal(100, 5, shape)
    return np.stack([noise + 200 * (distances.min(0) <= 1), labels])


def test_touching_discs_are_told_apart() -> None:
    image, truth = balls((60, 80), [(20, 20), (20, 37), (45, 60)], (10, 10))
    score = score_image(truth.astype(int), otsu_watershed(image, diameter=16))
    assert score.score("f1") == 1
    assert score.score("matched_iou") > 0.9


@pytest.mark.parametrize("second", [(8, 20, 37), (13, 20, 20)], ids=["beside", "above"])
def test_touching_balls_in_a_stack_of_thick_slices(second: tuple[float, ...]) -> None:
    """Slices are three times as far apart as pixels, so the balls are flat in pixels."""
    image, truth = balls((22, 50, 60), [(8, 20, 20), second, (7, 35, 45)], (10 / 3, 10, 10))
    labels = otsu_watershed(image, diameter=4, spacing=(0.75, 0.25, 0.25))
    score = score_image(truth.astype(int), labels)
    assert score.score("f1") == 1
    assert score.score("matched_iou") > 0.8


def test_unit_does_not_matter() -> None:
    image, _ = balls((60, 80), [(20, 20), (20, 37), (45, 60)], (10, 10))
    in_pixels = otsu_watershed(image, diameter=16)
    assert np.array_equal(otsu_watershed(image, diameter=4, spacing=(0.25, 0.25)), in_pixels)


def test_labels_are_consecutive_and_specks_are_dropped() -> None:
    image, _ = balls((60, 80), [(20, 20), (45, 60)], (10, 10))
    image[50:53, 5:8] = 300
    labels = otsu_watershed(image, diameter=16)
    assert np.unique(labels).tolist() == [0, 1, 2]
    assert labels.dtype == np.int32
    assert not labels[48:56, 3:10].any()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, bool])
def test_every_type_of_pixel(dtype: type) -> None:
    image = np.zeros((40, 40), dtype)
    image[10:30, 10:30] = 1
    assert otsu_watershed(image, diameter=10).max() == 1


def test_uniform_image_has_no_objects() -> None:
    assert not otsu_watershed(np.full((30, 30), 7), diameter=10).any()


def test_image_is_not_changed() -> None:
    image, _ = balls((60, 80), [(20, 20)], (10, 10))
    image.flags.writeable = False
    otsu_watershed(image, diameter=16)


@pytest.mark.parametrize("shape", [(5,), (0, 5), (2, 3, 4, 5)])
def test_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(
        InvalidImageError, match=r"Expected \(y, x\) or \(z, y, x\).* Choose one channel and one timepoint"
    ):
        otsu_watershed(np.ones(shape), diameter=4)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers(value: float) -> None:
    with pytest.raises(InvalidImageError, match=r"Replace NaN and infinity, such as with numpy.nan_to_num"):
        otsu_watershed(np.full((9, 9), value), diameter=4)


@pytest.mark.parametrize("diameter", [0, -1, 0.5, np.nan, np.inf])
def test_diameter(diameter: float) -> None:
    with pytest.raises(InvalidImageError, match=r"Expected at least one pixel. Give it in the unit of the spacing"):
        otsu_watershed(np.ones((9, 9)), diameter=diameter)


@pytest.mark.parametrize("spacing", [(1,), (1, 1, 1), (0, 1), (1, -1), (1, np.nan)])
def test_spacing(spacing: tuple[float, ...]) -> None:
    with pytest.raises(InvalidImageError, match="Expected 2 positive numbers, one an axis"):
        otsu_watershed(np.ones((9, 9)), diameter=4, spacing=spacing)
