from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given

from bioimagehub.challenges.surfaces.boxes import find_boxes, find_extent
from challenges.strategies import label_pairs, unhurried

if TYPE_CHECKING:
    from numpy.typing import NDArray


@unhurried
@given(label_pairs())
def test_equal_to_the_places_of_the_pixels(pair: tuple[NDArray[np.integer], NDArray[np.integer]]) -> None:
    image = pair[0]
    names = np.unique(image[image > 0]).astype(np.int64)
    boxes = find_boxes(image, names)
    assert boxes.shape == (len(names), 2, image.ndim)
    for name, (low, high) in zip(names, boxes, strict=True):
        places = np.argwhere(image == name)
        assert (low.tolist(), high.tolist()) == (places.min(0).tolist(), (places.max(0) + 1).tolist())
    low, high = find_extent(image)
    if len(names):
        places = np.argwhere(image)
        assert (low.tolist(), high.tolist()) == (places.min(0).tolist(), (places.max(0) + 1).tolist())
    else:
        assert (low > high).all()


def test_views_and_byte_orders() -> None:
    image = np.zeros((6, 8), ">i4")
    image[1:5:2, 2:8:3] = 9
    assert find_extent(image.T[::-1]).tolist() == [[2, 1], [6, 4]]
    assert find_boxes(image[1:, ::-1], np.array([9])).tolist() == [[[0, 2], [3, 6]]]


def test_largest_labels() -> None:
    image = np.array([[2**62, 0], [2**64 - 1, 1]], np.uint64)
    names = np.array([1, 2**62, 2**64 - 1], np.uint64)
    assert find_boxes(image, names)[:, 0].tolist() == [[1, 1], [0, 0], [1, 0]]
