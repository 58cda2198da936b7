"""The loop over all pixels, compiled.

Compiling takes about a second, once: the machine code is kept beside the module, or in the user's cache folder where
the installation is read-only (``NUMBA_CACHE_DIR`` names another). Where nothing can be written, each
process compiles anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

FIRST_SLOTS = 1 << 14
HALF = np.uint64(32)
# 2**64 over the golden ratio: spreads keys that differ in few bits (Knuth, TAOCP 3, section 6.4).
SPREAD = np.uint64(0x9E3779B97F4A7C15)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function on its first call; keep the machine code where a folder for it can be written."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # Numba found no folder that it may write
        return njit(nogil=True)(function)


@compiled
def _add(keys: NDArray[np.uint64], counts: NDArray[np.int64], key: np.uint64, pixels: int) -> bool:
    """Add pixels to a key of an open hash table (a count of 0 marks a free slot); tell whether the key is new."""
    last = keys.size - 1
    slot = np.int64((key * SPREAD) >> HALF) & last
    while counts[slot] and keys[slot] != key:
        slot = (slot + 1) & last
    is_new: bool = counts[slot] == 0
    keys[slot] = key
    counts[slot] += pixels
    return is_new


@compiled
def _add_runs(
    truth: NDArray[Any],
    prediction: NDArray[Any],
    start: int,
    keys: NDArray[np.uint64],
    counts: NDArray[np.int64],
    used: int,
) -> tuple[int, int]:
    """Add runs of equal label pairs from pixel `start` on, until half of the slots are used.

    Returns the pixel to go on from, and the used slots. Touching the table once a run and not once a pixel is
    what makes it fast; growing the table here would keep its address out of the registers.
    """
    limit = keys.size // 2
    t = truth[start]
    p = prediction[start]
    pixels = 0
    for position in range(start, truth.size):
        if truth[position] != t or prediction[position] != p:
            used += _add(keys, counts, (np.uint64(t) << HALF) | np.uint64(p), pixels)
            if used >= limit:
                return position, used
            t = truth[position]
            p = prediction[position]
            pixels = 0
        pixels += 1
    used += _add(keys, counts, (np.uint64(t) << HALF) | np.uint64(p), pixels)
    return truth.size, used


@compiled
def _move(
    keys: NDArray[np.uint64], counts: NDArray[np.int64], to_keys: NDArray[np.uint64], to_counts: NDArray[np.int64]
) -> None:
    """Add all of one table to a larger one."""
    for slot in range(keys.size):
        if counts[slot]:
            _add(to_keys, to_counts, keys[slot], counts[slot])


def count_pairs(
    truth: NDArray[Any], prediction: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Count the pixels of each pair of labels.

    Parameters
    ----------
    truth, prediction : ndarray of uint8, uint16, uint32 or uint64, shape (pixels,)
        Contiguous and of one type. Labels up to 2³² − 1; memory grows with the pairs, not with the labels.

    Returns
    -------
    truth_label, prediction_label, pixels : ndarray of int64, shape (pairs,)
        Each pair that occurs, the background's included, sorted by truth label, then prediction label.
    """
    keys, counts = _empty_table(FIRST_SLOTS)
    position = used = 0
    while position < truth.size:
        if used >= keys.size // 2:
            larger = _empty_table(4 * keys.size)
            _move(keys, counts, *larger)
            keys, counts = larger
        position, used = _add_runs(truth, prediction, position, keys, counts, used)
    filled = np.flatnonzero(counts)
    filled = filled[np.argsort(keys[filled])]
    pairs = keys[filled]
    low = np.uint64(0xFFFFFFFF)
    return (pairs >> HALF).astype(np.int64), (pairs & low).astype(np.int64), counts[filled]


def _empty_table(slots: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    return np.zeros(slots, np.uint64), np.zeros(slots, np.int64)
