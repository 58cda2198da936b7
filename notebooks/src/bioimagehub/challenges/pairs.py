"""Pixels of each pair of labels: what is counted in one part of an image, and can be added to that of other parts."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

# Parts of less than this are not worth a thread, nor the Python around them.
PART_PIXELS = 1 << 20
MOST_THREADS = 4


@dataclass(frozen=True, eq=False, repr=False)
class Pairs:
    """The pairs of labels that occur, the background's included.

    Attributes
    ----------
    truth, prediction : ndarray of uint64, shape (pairs,)
        The two labels of each pair, sorted by truth label, then prediction label; no pair is there twice.
    pixels : ndarray of int64, shape (pairs,)
        How many pixels have both; at least 1.
    """

    truth: NDArray[np.uint64]
    prediction: NDArray[np.uint64]
    pixels: NDArray[np.int64]

    def __repr__(self) -> str:
        return f"<Pairs: {len(self.pixels)} pairs of labels on {int(self.pixels.sum())} pixels>"


def add_pairs(parts: Sequence[Pairs]) -> Pairs:
    """Return the pairs of all parts of an image together.

    All sums are of whole numbers and the result is sorted, so neither the parts nor their order can be seen in it.

    Parameters
    ----------
    parts : sequence of Pairs
        At least one.
    """
    if len(parts) == 1:
        return parts[0]
    return sort_pairs(
        np.concatenate([part.truth for part in parts]),
        np.concatenate([part.prediction for part in parts]),
        np.concatenate([part.pixels for part in parts]),
    )


def sort_pairs(truth: NDArray[np.uint64], prediction: NDArray[np.uint64], pixels: NDArray[np.int64]) -> Pairs:
    """Return pairs that come in any order, also several times, as `Pairs`."""
    if len(pixels) == 0:
        return Pairs(truth, prediction, pixels)
    if max(int(truth.max()), int(prediction.max())) < 2**32:
        order = np.argsort((truth << np.uint64(32)) | prediction)
    else:
        order = np.lexsort((prediction, truth))
    truth, prediction = truth[order], prediction[order]
    is_new = np.ones(len(order), np.bool_)
    is_new[1:] = (truth[1:] != truth[:-1]) | (prediction[1:] != prediction[:-1])
    first = np.flatnonzero(is_new)
    return Pairs(truth[first], prediction[first], np.add.reduceat(pixels[order], first))


def find_pairs(
    truth: NDArray[np.integer[Any]], prediction: NDArray[np.integer[Any]], *, threads: int | None = None
) -> Pairs:
    """Count the pixels of each pair of labels of two images in memory.

    Parameters
    ----------
    truth, prediction : ndarray of int or uint, of one shape
        Labels from 0 on. Neither is copied as a whole, whatever its type, byte order and strides.
    threads : int, optional
        How many threads count; by default one a processor that this process may use, up to 4.
    """
    # Numba takes half a second to import; who only reads labels does not wait for it.
    from bioimagehub.challenges.kernel import count_pairs

    if threads is None:
        threads = min(len(os.sched_getaffinity(0)), MOST_THREADS)
    parts = list(_parts(truth, prediction, threads))
    if threads == 1 or len(parts) == 1:
        counted = [count_pairs(*_alike(*part)) for part in parts]
    else:
        with ThreadPoolExecutor(threads) as pool:
            counted = list(pool.map(lambda part: count_pairs(*_alike(*part)), parts))
    t, p, pixels = (np.concatenate(column) for column in zip(*counted, strict=True))
    return sort_pairs(t, p, pixels)


def _parts(
    truth: NDArray[np.integer[Any]], prediction: NDArray[np.integer[Any]], threads: int
) -> Iterator[tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]]]]:
    """Cut two images into parts: one for each thread if their pixels can be taken as they lie, else small ones."""
    if truth.flags.f_contiguous and prediction.flags.f_contiguous:
        truth, prediction = truth.T, prediction.T
    flat = truth.flags.c_contiguous and prediction.flags.c_contiguous
    if flat:
        truth, prediction = truth.reshape(-1), prediction.reshape(-1)
    axis = int(np.argmax(truth.shape))
    truth, prediction = np.moveaxis(truth, axis, 0), np.moveaxis(prediction, axis, 0)
    as_they_lie = flat and truth.dtype == prediction.dtype and truth.dtype.isnative
    wanted = threads if as_they_lie else -(-truth.size // PART_PIXELS)
    wanted = min(max(wanted, 1), max(truth.size // PART_PIXELS, 1), len(truth))
    # Whole words each, so that none is copied to be aligned.
    step = -(-len(truth) // wanted) if not flat else -(-len(truth) // wanted // 8) * 8
    for start in range(0, len(truth), step):
        yield truth[start : start + step], prediction[start : start + step]


def _alike(
    truth: NDArray[np.integer[Any]], prediction: NDArray[np.integer[Any]]
) -> tuple[NDArray[np.unsignedinteger[Any]], NDArray[np.unsignedinteger[Any]]]:
    """Return the pixels of a part as contiguous unsigned integers of one type, without a copy where they are."""
    size = max(truth.dtype.itemsize, prediction.dtype.itemsize)
    t, p = (np.ascontiguousarray(part).reshape(-1) for part in (truth, prediction))
    return _unsigned(t, size), _unsigned(p, size)


def _unsigned(labels: NDArray[np.integer[Any]], size: int) -> NDArray[np.unsignedinteger[Any]]:
    native: NDArray[np.unsignedinteger[Any]] = labels.astype(labels.dtype.newbyteorder("="), copy=False).view(
        f"u{labels.dtype.itemsize}"
    )
    return native.astype(f"u{size}", copy=False)
