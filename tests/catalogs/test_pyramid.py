from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bioimagehub.catalogs.samples.pyramid import plan_factors, shrink_image, shrink_labels


def test_z_is_halved_when_slices_are_as_close_as_pixels() -> None:
    assert plan_factors("zyx", (60, 512, 512), (0.29, 0.26, 0.26)) == [(1, 1, 1), (2, 2, 2), (4, 4, 4)]


def test_thick_slices_wait_until_pixels_are_as_large() -> None:
    assert plan_factors("zyx", (60, 1024, 1024), (1.0, 0.3, 0.3)) == [(1, 1, 1), (1, 2, 2), (1, 4, 4), (2, 8, 8)]


def test_z_of_unknown_spacing_stays() -> None:
    assert plan_factors("zyx", (60, 256, 256), (None, None, None))[-1] == (1, 2, 2)


def test_time_and_channels_stay() -> None:
    assert plan_factors("tcyx", (30, 3, 300, 200), (None, None, 1.0, 1.0)) == [(1, 1, 1, 1), (1, 1, 2, 2), (1, 1, 4, 4)]


def test_image_is_averaged_by_hand() -> None:
    image = np.array([[1, 2, 9], [3, 5, 10], [7, 8, 20]], dtype=np.uint8)
    # 11/4 and 15/2, rounded half to even; edges average what they have.
    np.testing.assert_array_equal(shrink_image(image, (2, 2)), [[3, 10], [8, 20]])


def test_floats_are_not_rounded() -> None:
    np.testing.assert_array_equal(shrink_image(np.array([0.0, 0.5, 1.0], dtype=np.float32), (2,)), [0.25, 1.0])


def test_most_frequent_label_wins_and_background_loses_a_tie() -> None:
    labels = np.array([[0, 0, 3, 0], [0, 7, 3, 0], [5, 5, 0, 2], [5, 4, 0, 0]], dtype=np.uint16)
    np.testing.assert_array_equal(shrink_labels(labels, (2, 2)), [[0, 3], [5, 0]])


def test_large_labels_stay_exact() -> None:
    labels = np.full((2, 2), 2**32 - 1, dtype=np.uint32)
    assert shrink_labels(labels, (2, 2))[0, 0] == 2**32 - 1


SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=7)


@given(image=hnp.arrays(np.uint8, SHAPES), halves=st.lists(st.sampled_from([1, 2]), min_size=3, max_size=3))
def test_coarse_image_stays_within_the_fine(image: np.ndarray, halves: list[int]) -> None:
    factors = halves[: image.ndim]
    coarse = shrink_image(image, factors)
    assert coarse.shape == tuple(-(-size // factor) for size, factor in zip(image.shape, factors, strict=True))
    assert coarse.dtype == image.dtype
    assert image.min() <= coarse.min() <= coarse.max() <= image.max()


@given(labels=hnp.arrays(np.uint16, SHAPES, elements=st.integers(0, 3)))
def test_no_label_is_invented(labels: np.ndarray) -> None:
    factors = (2,) * labels.ndim
    coarse = shrink_labels(labels, factors)
    for position in np.ndindex(coarse.shape):
        block = labels[tuple(slice(2 * at, 2 * at + 2) for at in position)]
        counts = np.bincount(block.ravel(), minlength=4)
        # Where a block sticks out its edge is repeated, which keeps the order of the counts.
        assert counts[coarse[position]] == counts.max()


@pytest.mark.parametrize("value", [0, 200])
def test_uniform_images_stay_uniform(value: int) -> None:
    assert set(np.unique(shrink_image(np.full((5, 6), value, dtype=np.uint8), (2, 2)))) == {value}
