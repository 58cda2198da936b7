from __future__ import annotations

import numpy as np
import pytest

from bioimagehub.challenges.explorer.boxes import find_boxes


@pytest.mark.parametrize("dtype", ["u1", "i2", ">u4", "u8"])
def test_boxes_of_any_type(dtype: str) -> None:
    labels = np.zeros((3, 4), dtype)
    labels[1:, 1:3] = 7
    labels[0, 3] = 100
    boxes = find_boxes(labels, np.array([7, 100]))
    assert boxes.low.tolist() == [[1, 1], [0, 3]]
    assert boxes.high.tolist() == [[3, 3], [1, 4]]
    assert boxes.centroid.tolist() == [[1.5, 1.5], [0, 3]]


def test_labels_that_are_not_asked_for_are_passed_over() -> None:
    labels = np.array([[1, 5, 5, 9]])
    assert find_boxes(labels, np.array([5])).low.tolist() == [[0, 1]]


def test_largest_labels_take_no_memory() -> None:
    labels = np.array([[2**62, 0, 2**62 + 1]])
    assert find_boxes(labels, np.array([2**62, 2**62 + 1])).low.tolist() == [[0, 0], [0, 2]]
