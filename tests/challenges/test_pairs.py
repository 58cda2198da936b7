from __future__ import annotations

import tracemalloc
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.challenges.pairs import PART_PIXELS, Pairs, add_pairs, find_pairs, sort_pairs
from challenges.strategies import label_pairs, unhurried


def as_dict(pairs: Pairs) -> dict[tuple[int, int], int]:
    keys = list(zip(pairs.truth.tolist(), pairs.prediction.tolist(), strict=True))
    assert keys == sorted(set(keys))
    return dict(zip(keys, pairs.pixels.tolist(), strict=True))


def plain(truth: np.ndarray, prediction: np.ndarray) -> dict[tuple[int, int], int]:
    return Counter(zip(truth.ravel().tolist(), prediction.ravel().tolist(), strict=True))


@unhurried
@given(label_pairs())
def test_same_as_counting_pixel_by_pixel(pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert as_dict(find_pairs(*pair)) == plain(*pair)


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8"])
@pytest.mark.parametrize("pixels", [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17])
def test_any_number_of_pixels(dtype: str, pixels: int) -> None:
    """Also where the last word is not full."""
    rng = np.random.default_rng(pixels)
    truth, prediction = rng.integers(0, 3, (2, 1, pixels)).astype(dtype)
    assert as_dict(find_pairs(truth, prediction)) == plain(truth, prediction)


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8"])
def test_largest_label_of_a_type(dtype: str) -> None:
    largest = np.iinfo(dtype).max
    truth = np.array([[0, largest, largest, largest - 1, 0, 0, 1, largest, largest]], dtype)
    prediction = truth[:, ::-1]
    assert as_dict(find_pairs(truth, prediction)) == plain(truth, prediction)


@pytest.fixture(scope="module")
def large() -> tuple[np.ndarray, np.ndarray]:
    """More than threads share, in runs."""
    rng = np.random.default_rng(2)
    truth, prediction = (
        np.repeat(rng.integers(0, 250, (300, 1500)).astype(np.uint8), repeats, axis=1)[:, :7400] for repeats in (5, 7)
    )
    assert truth.size > 2 * PART_PIXELS
    return truth, prediction


@pytest.mark.parametrize("threads", [2, 3, None])
def test_threads_do_not_matter(large: tuple[np.ndarray, np.ndarray], threads: int | None) -> None:
    one, other = find_pairs(*large, threads=1), find_pairs(*large, threads=threads)
    for name in ("truth", "prediction", "pixels"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize(
    "how", ["other type", "other byte order", "Fortran order", "one in Fortran order", "strided", "odd address"]
)
def test_how_pixels_lie_does_not_matter(large: tuple[np.ndarray, np.ndarray], how: str) -> None:
    truth, prediction = (image.astype(np.uint16) for image in large)
    expected = as_dict(find_pairs(truth, prediction))
    moved = np.zeros(truth.nbytes + 2, np.uint8)[2:].view(np.uint16).reshape(truth.shape)
    moved[:] = truth
    twice = np.repeat(truth, 2, axis=0)[::2]
    pairs = {
        "other type": (truth.astype(np.int64), prediction.astype(np.uint8)),
        "other byte order": (truth.astype(">u2"), prediction),
        "Fortran order": (np.asfortranarray(truth), np.asfortranarray(prediction)),
        "one in Fortran order": (np.asfortranarray(truth), prediction),
        "strided": (twice, prediction),
        "odd address": (moved, prediction),
    }
    tracemalloc.start()
    found = find_pairs(*pairs[how], threads=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert as_dict(found) == expected
    assert peak < sum(image.nbytes for image in pairs[how]) + 20 * PART_PIXELS


@unhurried
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(2**40, 2**40 + 3), st.integers(1, 9)), max_size=20))
def test_sorted_and_added(listed: list[tuple[int, int, int]]) -> None:
    columns = np.array(listed, np.uint64).reshape(-1, 3).T
    expected: Counter[tuple[int, int]] = Counter()
    for t, p, pixels in listed:
        expected[t, p] += pixels
    assert as_dict(sort_pairs(columns[0], columns[1], columns[2].astype(np.int64))) == expected


def test_adding_one_changes_nothing() -> None:
    pairs = find_pairs(np.array([[1, 2]]), np.array([[0, 2]]))
    assert add_pairs([pairs]) is pairs
    assert as_dict(add_pairs([pairs, pairs])) == {(1, 0): 2, (2, 2): 2}
    assert repr(pairs) == "<Pairs: 2 pairs of labels on 2 pixels>"
