"""Label images that are larger than memory: pairs of labels block by block, with the same result."""

from __future__ import annotations

from functools import partial
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

import numpy as np

from bioimagehub.challenges.labels import SMALLEST_NDIM, check_pair, check_shapes
from bioimagehub.challenges.pairs import add_pairs, find_pairs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike

    from bioimagehub.challenges.pairs import Pairs

# Two blocks of 32-bit labels are 128 MB; larger ones are not faster.
BLOCK_PIXELS = 1 << 24
# How many partial results are added at once.
BRANCHES = 8


class LazyArray(Protocol):
    """What is opened and not loaded: an array of Zarr, HDF5, xarray or Dask."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Pixels along each axis."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        ...

    def __getitem__(self, key: Any, /) -> Any:
        """Return a part."""
        ...


def is_lazy(image: object) -> TypeGuard[LazyArray]:
    """Tell whether an image can be read in parts, and is not in memory as a NumPy array already."""
    if isinstance(image, np.ndarray | np.generic):
        return False
    return all(hasattr(image, name) for name in ("shape", "dtype", "__getitem__"))


def lazy_pairs(
    truth: ArrayLike | LazyArray,
    prediction: ArrayLike | LazyArray,
    *,
    name: str = "image",
    block_pixels: int = BLOCK_PIXELS,
) -> Pairs:
    """Count the pixels of each pair of labels, with two blocks in memory at a time.

    Parameters
    ----------
    truth, prediction : array of int or uint, both (y, x), (z, y, x) or with more axes
        At least one of them is lazy. If one is a Dask array, its blocks are tasks on the scheduler that is in use, and
        their results are added as a tree.
    name : str
        What messages call the image.
    block_pixels : int
        About how many pixels are read at once; whole chunks of the file in any case.

    Raises
    ------
    NotALabelImageError, NegativeLabelError, LabelShapeError
        See `bioimagehub.challenges.labels.check_pair`.

    Examples
    --------
    >>> import dask.array as da
    >>> lazy_pairs(da.zeros((40, 30), dtype="u2", chunks=16), da.ones((40, 30), dtype="u2", chunks=16))
    <Pairs: 1 pairs of labels on 1200 pixels>
    """
    images = [image if is_lazy(image) else np.asarray(image) for image in (truth, prediction)]
    check_shapes(tuple(images[0].shape), tuple(images[1].shape), name)
    if prod(images[0].shape) == 0 or len(images[0].shape) < SMALLEST_NDIM:
        return _pairs_of_block(images[0], images[1], name)  # tells what is wrong
    on_dask = [_dask_array(image) for image in images]
    if any(array is not None for array in on_dask):
        return _pairs_on_dask(images, on_dask, name)
    size = block_shape(images[0].shape, _chunks(images[0]) or _chunks(images[1]), block_pixels)
    parts: list[Pairs] = []
    for block in blocks(images[0].shape, size):
        parts.append(_pairs_of_block(images[0][block], images[1][block], name))
        if len(parts) == BRANCHES:
            parts = [add_pairs(parts)]
    return add_pairs(parts)


def block_shape(shape: Sequence[int], chunks: Sequence[int] | None, pixels: int) -> tuple[int, ...]:
    """Return the shape of blocks of about so many pixels, that are made of whole chunks.

    Parameters
    ----------
    shape : sequence of int
        Pixels of the image along each axis.
    chunks : sequence of int or None
        Pixels of a chunk along each axis; None if the image is not kept in chunks.
    pixels : int
        A block has at most so many, unless one chunk has more.

    Examples
    --------
    >>> block_shape((1000, 4096, 4096), (64, 64, 64), 2**24)
    (64, 64, 4096)
    >>> block_shape((1000, 4096, 4096), None, 2**24)
    (1, 4096, 4096)
    """
    size = [min(side, chunk) for side, chunk in zip(shape, chunks or [1] * len(shape), strict=True)]
    for axis in reversed(range(len(shape))):
        times = max(pixels // prod(size), 1)
        size[axis] = min(size[axis] * times, shape[axis])
    return tuple(size)


def blocks(shape: Sequence[int], size: Sequence[int]) -> Iterator[tuple[slice, ...]]:
    """Yield the slices of each block of an image, the last axis running fastest."""
    yield from product(
        *(
            [slice(start, start + step) for start in range(0, side, step)]
            for side, step in zip(shape, size, strict=True)
        )
    )


def _pairs_of_block(truth: Any, prediction: Any, name: str, threads: int | None = None) -> Pairs:
    return find_pairs(*check_pair(truth, prediction, name), threads=threads)


def _chunks(image: Any) -> tuple[int, ...] | None:
    """Return the shape of the chunks that an image is kept in, where it tells one."""
    chunks = getattr(image, "chunks", None)
    if not chunks:
        return None
    return tuple(chunk if isinstance(chunk, int) else max(chunk) for chunk in chunks)


def _dask_array(image: Any) -> Any:
    """Return the Dask array that an image is, or that an array of xarray is made of; else None."""
    inner = image.data if hasattr(image, "dims") and image.chunks else image
    return inner if hasattr(inner, "to_delayed") else None


def _pairs_on_dask(images: list[Any], on_dask: list[Any], name: str) -> Pairs:
    import dask.array as da
    from dask.base import compute
    from dask.delayed import delayed

    chunks = next(array.chunks for array in on_dask if array is not None)
    arrays = [
        da.from_array(image, chunks=chunks)  # type: ignore[no-untyped-call]
        if array is None
        else array.rechunk(chunks)
        for image, array in zip(images, on_dask, strict=True)
    ]
    # The scheduler has threads or processes of its own.
    work = delayed(partial(_pairs_of_block, name=name, threads=1), pure=True)
    truth, prediction = (array.to_delayed().ravel() for array in arrays)
    layer = [work(*pair) for pair in zip(truth, prediction, strict=True)]
    add = delayed(add_pairs, pure=True)
    while len(layer) > 1:
        layer = [add(layer[start : start + BRANCHES]) for start in range(0, len(layer), BRANCHES)]
    pairs: Pairs
    (pairs,) = compute(layer[0])  # type: ignore[no-untyped-call]
    return pairs
