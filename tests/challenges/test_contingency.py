from __future__ import annotations

import tracemalloc
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.challenges import contingency
from challenges.cases import Case, draw
from challenges.strategies import INTEGERS, label_pairs, unhurried

if TYPE_CHECKING:
    from bioimagehub.challenges.contingency import Contingency


def overlaps(table: Contingency) -> dict[tuple[int, int], tuple[int, int]]:
    i = table.truth_labels[table.truth_index].tolist()
    j = table.prediction_labels[table.prediction_index].tolist()
    return dict(
        zip(zip(i, j, strict=True), zip(table.intersection.tolist(), table.union.tolist(), strict=True), strict=True)
    )


def test_overlaps_by_hand(case: Case) -> None:
    assert overlaps(contingency(case.truth, case.prediction)) == case.overlaps


def test_areas_by_hand() -> None:
    table = contingency(draw("11.22", "1...2"), draw("111..", "..4.."))
    assert table.truth_labels.tolist() == [1, 2]
    assert table.truth_areas.tolist() == [3, 3]
    assert table.prediction_labels.tolist() == [1, 4]
    assert table.prediction_areas.tolist() == [3, 1]
    assert (table.n_truth, table.n_prediction) == (2, 2)
    assert table.iou.tolist() == [0.5]


@unhurried
@given(label_pairs())
def test_same_as_counting_pixel_by_pixel(pair: tuple[np.ndarray, np.ndarray]) -> None:
    truth, prediction = pair
    counted = Counter(zip(truth.ravel().tolist(), prediction.ravel().tolist(), strict=True))
    area = Counter(truth.ravel().tolist()), Counter(prediction.ravel().tolist())
    table = contingency(truth, prediction)
    assert overlaps(table) == {
        (i, j): (shared, area[0][i] + area[1][j] - shared) for (i, j), shared in counted.items() if i and j
    }
    assert dict(zip(table.truth_labels.tolist(), table.truth_areas.tolist(), strict=True)) == {
        label: pixels for label, pixels in area[0].items() if label
    }
    assert dict(zip(table.prediction_labels.tolist(), table.prediction_areas.tolist(), strict=True)) == {
        label: pixels for label, pixels in area[1].items() if label
    }


@unhurried
@given(label_pairs())
def test_truth_and_prediction_change_places(pair: tuple[np.ndarray, np.ndarray]) -> None:
    there, back = contingency(*pair), contingency(*reversed(pair))
    assert overlaps(there) == {(i, j): found for (j, i), found in overlaps(back).items()}
    assert there.truth_areas.tolist() == back.prediction_areas.tolist()


@unhurried
@given(label_pairs(), st.randoms(use_true_random=False))
def test_order_of_pixels_does_not_matter(pair: tuple[np.ndarray, np.ndarray], random: np.random.Generator) -> None:
    truth, prediction = pair
    order = list(range(truth.size))
    random.shuffle(order)
    shuffled = [image.ravel()[order].reshape(image.shape) for image in pair]
    assert overlaps(contingency(*shuffled)) == overlaps(contingency(truth, prediction))


@pytest.mark.parametrize("largest", [255, 2**16 - 1, 2**31 - 1, 2**32 - 1, 2**32, 2**53 + 1, 2**63 - 1, 2**64 - 1])
def test_one_pixel_of_a_huge_label_costs_nothing(largest: int) -> None:
    """Tables with one place for each possible label would take gigabytes here."""
    dtype = next(dtype for dtype in INTEGERS[:4] if largest <= np.iinfo(dtype).max)
    truth = np.zeros((64, 64), dtype)
    truth[:8, :8] = 1
    truth[-1, -1] = largest
    prediction = truth.copy()
    prediction[0, 0] = largest - 1
    contingency(truth, prediction)  # compiles
    tracemalloc.start()
    table = contingency(truth, prediction)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert overlaps(table) == {(1, 1): (63, 64), (1, largest - 1): (1, 64), (largest, largest): (1, 1)}
    assert peak < 2_000_000


def test_huge_labels_without_background() -> None:
    image = np.array([[2**40, 2**40, 2**50]])
    assert overlaps(contingency(image, image)) == {(2**40, 2**40): (2, 2), (2**50, 2**50): (1, 1)}


@pytest.mark.parametrize("truth", INTEGERS, ids=str)
@pytest.mark.parametrize("prediction", INTEGERS, ids=str)
def test_every_pair_of_integer_types(truth: np.dtype, prediction: np.dtype) -> None:
    table = contingency(draw("11.22").astype(truth), draw("1122.").astype(prediction))
    assert overlaps(table) == {(1, 1): (2, 2), (2, 2): (1, 3)}


def test_byte_order_does_not_matter() -> None:
    table = contingency(draw("11.22").astype(">u2"), draw("1122.").astype("<u2"))
    assert overlaps(table) == {(1, 1): (2, 2), (2, 2): (1, 3)}


def test_strides_do_not_matter() -> None:
    rng = np.random.default_rng(1)
    truth, prediction = rng.integers(0, 5, (2, 8, 9, 10))
    expected = overlaps(
        contingency(np.ascontiguousarray(truth[::2, ::-1, 1:]), np.ascontiguousarray(prediction[::2, ::-1, 1:]))
    )
    assert overlaps(contingency(truth[::2, ::-1, 1:], prediction[::2, ::-1, 1:])) == expected
    fortran = np.asfortranarray(truth[::2, ::-1, 1:])
    assert overlaps(contingency(fortran, prediction[::2, ::-1, 1:])) == expected


def test_more_overlaps_than_the_first_table_holds() -> None:
    """Each pixel is a pair of its own, so the table has to grow several times."""
    truth = np.arange(1, 200_001, dtype=np.uint32).reshape(400, 500)
    prediction = truth[::-1, ::-1].copy()
    table = contingency(truth, prediction)
    assert len(table.intersection) == truth.size
    assert np.array_equal(table.truth_labels[table.truth_index], np.sort(truth.ravel()))
    assert np.array_equal(table.prediction_labels[table.prediction_index], 200_001 - np.arange(1, 200_001))


def test_lazy_arrays_are_loaded() -> None:
    import dask.array as da
    import xarray as xr

    lazy = xr.DataArray(da.from_array(draw("11.22"), chunks=2), dims=("y", "x"))
    assert overlaps(contingency(lazy, draw("1122."))) == {(1, 1): (2, 2), (2, 2): (1, 3)}


def test_images_are_not_changed() -> None:
    truth, prediction = draw("11.22"), draw("1122.")
    truth.flags.writeable = prediction.flags.writeable = False
    table = contingency(truth, prediction)
    with pytest.raises(ValueError, match="read-only"):
        table.intersection[0] = 5
