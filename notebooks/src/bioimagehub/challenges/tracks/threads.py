"""Work on the frames of a sequence, several at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import prod
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Found = TypeVar("Found")

# Decoding a TIFF and counting overlaps let other threads run; more threads than these wait for each other.
THREADS = 4
# So many pixels of each of truth, prediction and segmentation are in memory at once.
PIXELS = 1 << 27


def in_threads(work: Callable[[int], Found], numbers: Sequence[int], shape: Sequence[int]) -> Iterator[Found]:
    """Yield the results of work on frames, in their order.

    Parameters
    ----------
    work : callable
        Takes the number of a frame.
    numbers : sequence of int
        Of the frames.
    shape : sequence of int
        Of one frame. Of large ones fewer are worked on at a time, one at least.
    """
    with ThreadPoolExecutor(max(1, min(THREADS, PIXELS // max(prod(shape), 1)))) as threads:
        yield from threads.map(work, numbers)
