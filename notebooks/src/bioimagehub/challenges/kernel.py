"""The loop over all pixels, compiled.

Compiling takes about a second, once: the machine code is kept beside the module, or in the user's cache folder where
the installation is read-only (``NUMBA_CACHE_DIR`` names another). Where nothing can be written, each
process compiles anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Table: TypeAlias = tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]

FIRST_SLOTS = 1 << 14
WORD = 8  # bytes that are compared at once
ONE = np.uint64(1)
ALL_BITS = np.uint64(0xFFFFFFFFFFFFFFFF)
HALF = np.uint64(32)
# 2**64 over the golden ratio: spreads keys that differ in few bits (Knuth, TAOCP 3, section 6.4).
SPREAD = np.uint64(0x9E3779B97F4A7C15)
# The top six bits of its product with 2**k differ for all k (Leiserson et al., "Using de Bruijn sequences to index a 1
# in a computer word", 1998): they find the lowest bit that is set.
DE_BRUIJN = 0x03F79D71B4CB0A89
TOP_SIX = np.uint64(58)
LOWEST_BIT = np.zeros(64, np.uint64)
for _k in range(64):
    LOWEST_BIT[(DE_BRUIJN << _k) % 2**64 >> 58] = _k
DE_BRUIJN_WORD = np.uint64(DE_BRUIJN)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function on its first call; keep the machine code where a folder for it can be written."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # Numba found no folder that it may write
        return njit(nogil=True)(function)


@compiled
def _add(
    truth_keys: NDArray[np.uint64],
    prediction_keys: NDArray[np.uint64],
    counts: NDArray[np.int64],
    t: np.uint64,
    p: np.uint64,
    pixels: int,
) -> bool:
    """Add pixels to a pair of an open hash table (a count of 0 marks a free slot); tell whether the pair is new."""
    last = counts.size - 1
    slot = np.int64(((t * SPREAD + p) * SPREAD) >> HALF) & last
    while counts[slot] and (truth_keys[slot] != t or prediction_keys[slot] != p):
        slot = (slot + 1) & last
    is_new: bool = counts[slot] == 0
    truth_keys[slot] = t
    prediction_keys[slot] = p
    counts[slot] += pixels
    return is_new


@compiled
def _add_runs(
    truth: NDArray[np.uint64],
    prediction: NDArray[np.uint64],
    first: int,
    bits: int,
    keys: tuple[NDArray[np.uint64], NDArray[np.uint64]],
    counts: NDArray[np.int64],
    used: int,
) -> tuple[int, int]:
    """Add runs of equal label pairs from word `first` on, until half of the slots are used.

    A word holds 64 // `bits` labels; which of them comes first does not matter to the counts. Returns the word to go
    on from, and the used slots.

    Words are compared with one in which the labels of the present run are repeated, so the inside of a run costs two
    comparisons a word, and its end is the lowest bit that differs. Touching the table once a run is what makes it
    fast; growing the table here would keep its address out of the registers.
    """
    truth_keys, prediction_keys = keys
    limit = counts.size // 2
    label_mask = ALL_BITS >> np.uint64(64 - bits)
    repeat = ALL_BITS // label_mask  # a 1 at the place of each label
    place_mask = ~np.uint64(bits - 1)
    t = truth[first] & label_mask
    p = prediction[first] & label_mask
    truth_run = t * repeat
    prediction_run = p * repeat
    begin = first * 64  # all positions in bits
    word = first
    while word < truth.size and used < limit:
        differs = (truth[word] ^ truth_run) | (prediction[word] ^ prediction_run)
        while differs:
            place = LOWEST_BIT[((differs & (~differs + ONE)) * DE_BRUIJN_WORD) >> TOP_SIX] & place_mask
            end = word * 64 + int(place)
            used += _add(truth_keys, prediction_keys, counts, t, p, (end - begin) // bits)
            begin = end
            t = (truth[word] >> place) & label_mask
            p = (prediction[word] >> place) & label_mask
            truth_run = t * repeat
            prediction_run = p * repeat
            differs = ((truth[word] ^ truth_run) | (prediction[word] ^ prediction_run)) & (ALL_BITS << place)
        word += 1
    used += _add(truth_keys, prediction_keys, counts, t, p, (word * 64 - begin) // bits)
    return word, used


@compiled
def _move(table: Table, larger: Table) -> None:
    """Add all of one table to a larger one."""
    for slot in range(table[2].size):
        if table[2][slot]:
            _add(larger[0], larger[1], larger[2], table[0][slot], table[1][slot], table[2][slot])


def count_pairs(truth: NDArray[Any], prediction: NDArray[Any]) -> Table:
    """Count the pixels of each pair of labels.

    Parameters
    ----------
    truth, prediction : ndarray of uint8, uint16, uint32 or uint64, shape (pixels,)
        Contiguous and of one type, in the byte order of the machine. Memory grows with the pairs, not with the labels.

    Returns
    -------
    truth_label, prediction_label : ndarray of uint64, shape (pairs,)
    pixels : ndarray of int64, shape (pairs,)
        Each pair that occurs, the background's included, in no order.
    """
    labels = WORD // truth.itemsize
    whole = truth.size // labels * labels
    table, used = _empty_table(FIRST_SLOTS), 0
    if whole:
        table, used = _fill(table, used, _words(truth[:whole]), _words(prediction[:whole]), 64 // labels)
    if whole < truth.size:
        rest = truth[whole:].astype(np.uint64), prediction[whole:].astype(np.uint64)
        table, used = _fill(table, used, *rest, 64)
    filled = np.flatnonzero(table[2])
    return table[0][filled], table[1][filled], table[2][filled]


def _fill(
    table: Table, used: int, truth: NDArray[np.uint64], prediction: NDArray[np.uint64], bits: int
) -> tuple[Table, int]:
    """Add all words to a table, which may be replaced by a larger one."""
    word = 0
    while word < truth.size:
        if used >= table[2].size // 2:
            larger = _empty_table(4 * table[2].size)
            _move(table, larger)
            table = larger
        word, used = _add_runs(truth, prediction, word, bits, table[:2], table[2], used)
    return table, used


def _words(labels: NDArray[Any]) -> NDArray[np.uint64]:
    """Return labels that fill words as these, without a copy where they lie at the address of one."""
    if labels.ctypes.data % WORD:
        labels = labels.copy()
    return labels.view(np.uint64)


def _empty_table(slots: int) -> Table:
    return np.zeros(slots, np.uint64), np.zeros(slots, np.uint64), np.zeros(slots, np.int64)
