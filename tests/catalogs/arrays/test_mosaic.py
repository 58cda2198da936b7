"""Tiles that lie anywhere are put together as if they were painted one after another."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.arrays.mosaic import MosaicPixels, Tiles

HEIGHT, WIDTH = 23, 19
Tile = tuple[int, int, int, int, int]
tiles = st.tuples(
    st.integers(0, 2), st.integers(0, HEIGHT - 1), st.integers(1, 12), st.integers(0, WIDTH - 1), st.integers(1, 12)
)


def indices(size: int) -> st.SearchStrategy[Any]:
    positions = st.lists(st.integers(0, size - 1), max_size=6).map(lambda found: np.array(found, np.intp))
    return st.one_of(st.integers(-size, size - 1), st.slices(size), positions)


@given(st.lists(tiles, max_size=8), st.booleans(), st.data())
def test_as_painted(found: list[Tile], coloured: bool, data: st.DataObject) -> None:
    samples = 3 if coloured else 1
    expected = np.zeros((3 * samples, HEIGHT, WIDTH), np.int64)
    pieces, boxes = [], []
    for number, (plane, y, height, x, width) in enumerate(found):
        bottom, right = min(HEIGHT, y + height), min(WIDTH, x + width)
        piece = (
            1 + np.arange((bottom - y) * (right - x) * samples).reshape(bottom - y, right - x, samples) + 1000 * number
        )
        expected[plane * samples : (plane + 1) * samples, y:bottom, x:right] = piece.transpose(2, 0, 1)
        pieces.append(piece)
        boxes.append((y, bottom, x, right))
    pixels = MosaicPixels(
        Tiles(
            np.array([[one[0]] for one in found], np.int64).reshape(-1, 1),
            np.array(boxes, np.int64).reshape(-1, 4),
            np.arange(len(found)),
            np.full(len(found), 7),
        ),
        expected.shape,
        expected.dtype,
        samples,
        0 if coloured else None,
        pieces.__getitem__,
        "tiles",
        near=True,
    )
    key = tuple(data.draw(indices(size)) for size in expected.shape)
    picked = expected
    for axis in reversed(range(3)):
        picked = np.take(picked, np.arange(expected.shape[axis])[key[axis]], axis=axis)
    np.testing.assert_array_equal(pixels[key], picked)


def test_tiles_that_are_covered_are_not_read() -> None:
    read = []

    def read_tile(row: int) -> Any:
        read.append(row)
        return np.full((8, 8, 1), row)

    boxes = np.array([(0, 8, 0, 8), (2, 10, 2, 10), (0, 8, 0, 8)])
    pixels = MosaicPixels(
        Tiles(np.zeros((3, 0), np.int64), boxes, np.arange(3), np.full(3, 64)),
        (10, 10),
        np.dtype(np.int64),
        1,
        None,
        read_tile,
        "tiles",
        near=True,
    )
    assert pixels.foresee((slice(0, 10, 1), slice(0, 10, 1))).requests == 2
    assert pixels[0:3, 0:3].tolist() == [[2] * 3] * 3
    assert read == [2]
