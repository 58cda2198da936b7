from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.challenges import Conventions, contingency, score_image
from bioimagehub.challenges.blocks import block_shape, blocks, lazy_pairs
from bioimagehub.challenges.counts import measure
from bioimagehub.challenges.errors import LabelShapeError, NegativeLabelError, NotALabelImageError
from bioimagehub.challenges.pairs import add_pairs, find_pairs
from challenges.cases import draw
from challenges.strategies import label_pairs, unhurried

if TYPE_CHECKING:
    from pathlib import Path

    from bioimagehub.challenges.contingency import Contingency


def same(one: Contingency, other: Contingency) -> bool:
    """To the bit, types included."""
    return all(
        np.array_equal(value, vars(other)[name]) and value.dtype == vars(other)[name].dtype
        for name, value in vars(one).items()
    )


@unhurried
@given(label_pairs(), st.integers(1, 40))
def test_block_by_block_is_the_same(pair: tuple[np.ndarray, np.ndarray], pixels: int) -> None:
    whole, parts = find_pairs(*pair), lazy_pairs(*pair, block_pixels=pixels)
    for name in ("truth", "prediction", "pixels"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name))


@unhurried
@given(label_pairs(), st.integers(1, 4), st.integers(1, 4))
def test_dask_is_the_same(pair: tuple[np.ndarray, np.ndarray], one: int, other: int) -> None:
    """Also when the two are cut differently."""
    lazy = da.from_array(pair[0], chunks=one), da.from_array(pair[1], chunks=other)
    assert same(contingency(*lazy), contingency(*pair))


@pytest.fixture(scope="module")
def volume() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    small = np.where(rng.random((2, 5, 12, 14)) < 0.5, 2**61 + rng.integers(0, 200, (2, 5, 12, 14)), 0)
    truth, prediction = np.repeat(np.repeat(small, 7, axis=2), 5, axis=3)
    return truth, np.roll(prediction, 3, axis=2)


@pytest.mark.parametrize("other", ["zarr", "NumPy", "Dask", "xarray"])
def test_files_are_read_in_blocks(tmp_path: Path, volume: tuple[np.ndarray, np.ndarray], other: str) -> None:
    truth, prediction = volume
    array = zarr.create_array(tmp_path / "truth.zarr", data=truth, chunks=(2, 30, 30))
    kinds: dict[str, Any] = {
        "zarr": zarr.create_array(tmp_path / "prediction.zarr", data=prediction, chunks=(5, 17, 70)),
        "NumPy": prediction,
        "Dask": da.from_array(prediction, chunks=(5, 17, 70)),
        "xarray": xr.DataArray(da.from_array(prediction, chunks=(5, 17, 70)), dims=("z", "y", "x")),
    }
    assert same(contingency(array, kinds[other]), contingency(truth, prediction))
    assert same(contingency(kinds[other], array), contingency(prediction, truth))


def test_counts_of_files(tmp_path: Path, volume: tuple[np.ndarray, np.ndarray]) -> None:
    array = zarr.create_array(tmp_path / "truth.zarr", data=volume[0], chunks=(2, 30, 30))
    conventions = Conventions()
    lazy, loaded = (measure(one, volume[1], conventions=conventions) for one in (array, volume[0]))
    assert lazy.as_dict() == loaded.as_dict()
    assert score_image(array, volume[1]).row() == score_image(*volume).row()


def test_no_more_than_two_blocks_are_in_memory() -> None:
    truth = zarr.create_array(zarr.storage.MemoryStore(), shape=(64, 512, 512), chunks=(1, 512, 512), dtype="u4")
    truth[:, 100:200, 100:300] = np.arange(64, dtype="u4")[:, None, None] + 1
    lazy_pairs(truth, truth, block_pixels=2**18)  # compiles
    tracemalloc.start()
    pairs = lazy_pairs(truth, truth, block_pixels=2**18)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(pairs.pixels) == 65
    assert peak < truth.size * 4 / 8


def test_blocks_cover_the_image_once() -> None:
    seen = np.zeros((7, 11, 13), int)
    for block in blocks(seen.shape, block_shape(seen.shape, (2, 3, 4), 30)):
        seen[block] += 1
    assert (seen == 1).all()


@pytest.mark.parametrize(
    ("shape", "chunks", "pixels", "expected"),
    [
        ((100, 100), (10, 10), 1, (10, 10)),
        ((100, 100), (10, 10), 500, (10, 50)),
        ((100, 100), (10, 10), 3500, (30, 100)),
        ((100, 100), (10, 10), 10**9, (100, 100)),
        ((5, 100), (10, 200), 10**9, (5, 100)),
        ((9, 100), None, 350, (3, 100)),
    ],
)
def test_blocks_are_made_of_whole_chunks(
    shape: tuple[int, ...], chunks: tuple[int, ...] | None, pixels: int, expected: tuple[int, ...]
) -> None:
    assert block_shape(shape, chunks, pixels) == expected


@unhurried
@given(st.lists(label_pairs(), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_order_of_parts_does_not_matter(images: list[tuple[np.ndarray, np.ndarray]], random: Any) -> None:
    parts = [find_pairs(*pair) for pair in images]
    shuffled = random.sample(parts, len(parts))
    one, other = add_pairs(parts), add_pairs([add_pairs(shuffled[:1]), *shuffled[1:]])
    assert [*map(np.ndarray.tolist, (one.truth, one.prediction, one.pixels))] == [
        *map(np.ndarray.tolist, (other.truth, other.prediction, other.pixels))
    ]


def test_what_is_refused() -> None:
    good = da.from_array(draw("11.2", "11.2"), chunks=2)
    with pytest.raises(LabelShapeError, match=r"shape \(2, 3\). Expected \(2, 4\)"):
        contingency(good, good[:, :3])
    with pytest.raises(LabelShapeError, match="at least two axes"):
        contingency(good[0], good[0])
    with pytest.raises(LabelShapeError, match="at least one"):
        contingency(good[:0], good[:0])
    with pytest.raises(NotALabelImageError, match="The prediction of field-2 has values of type float64"):
        contingency(good, good * 0.5, name="field-2")
    with pytest.raises(NegativeLabelError, match="The ground truth of image has the label -1"):
        contingency(good - 1, good)
