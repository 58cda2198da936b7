"""What is asked of an array, axis by axis, and which chunks hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

Picked = slice | np.ndarray
"""Along one axis: a slice with start, stop and a positive step, or positions in any order (intp, shape n)."""

Selection = tuple[Picked, ...]
"""For each axis what is picked; the axes are independent of one another, as in xarray's orthogonal indexing."""


def normalise(key: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[Selection, tuple[Any, ...]]:
    """Turn NumPy's indices, one for each axis, into a selection.

    Parameters
    ----------
    key : tuple of int, slice or array of int
        One for each axis, at most one dimension each; negative positions count from the end.
    shape : tuple of int
        Shape of the array.

    Returns
    -------
    selection : Selection
        With a length-1 slice where `key` has an int.
    finish : tuple
        Index that turns what was read for `selection` into what was asked for: it drops the axes with an int and
        turns round those with a negative step.

    Raises
    ------
    IndexError
        If a position is outside of the array.
    """
    selection: list[Picked] = []
    finish: list[Any] = []
    for axis, (one, size) in enumerate(zip(key, shape, strict=True)):
        if isinstance(one, slice):
            start, stop, step = one.indices(size)
            count = len(range(start, stop, step))
            if step < 0:
                start, step = start + (count - 1) * step, -step
                finish.append(slice(None, None, -1))
            else:
                finish.append(slice(None))
            selection.append(slice(start, start + (count - 1) * step + 1 if count else start, step))
            continue
        positions = np.asarray(one, dtype=np.intp)
        outside = positions[(positions < -size) | (positions >= size)]
        if outside.size:
            msg = f"index {int(outside.flat[0])} is out of bounds for axis {axis} with size {size}"
            raise IndexError(msg)
        positions = np.where(positions < 0, positions + size, positions)
        if positions.ndim == 0:
            selection.append(slice(int(positions), int(positions) + 1, 1))
            finish.append(0)
        else:
            selection.append(positions)
            finish.append(slice(None))
    return tuple(selection), tuple(finish)


def length(picked: Picked) -> int:
    """Count the positions that are picked along an axis."""
    if isinstance(picked, slice):
        return len(range(picked.start, picked.stop, picked.step))
    return len(picked)


def lengths(selection: Selection) -> tuple[int, ...]:
    """Give the shape of what a selection picks."""
    return tuple(length(picked) for picked in selection)


def split(picked: Picked, chunk: int) -> Iterator[tuple[int, Picked, Picked]]:
    """Split what is picked along an axis into chunks.

    Parameters
    ----------
    picked : Picked
    chunk : int
        Length of a chunk along this axis.

    Yields
    ------
    number : int
        Number of the chunk along this axis; each at most once, in ascending order.
    within : Picked
        What to take out of that chunk.
    to : Picked
        Where it goes in the result.
    """
    if isinstance(picked, slice):
        start, stop, step = picked.start, picked.stop, picked.step
        position = 0
        while start < stop:
            number = start // chunk
            end = min(stop, (number + 1) * chunk)
            count = (end - start + step - 1) // step
            offset = number * chunk
            yield (
                number,
                slice(start - offset, start - offset + (count - 1) * step + 1, step),
                slice(position, position + count, 1),
            )
            position += count
            start += count * step
        return
    numbers: NDArray[np.intp] = picked // chunk
    order = np.argsort(numbers, kind="stable")
    bounds = np.flatnonzero(np.diff(numbers[order])) + 1
    for group in np.split(order, bounds):
        if group.size:
            number = int(numbers[group[0]])
            yield number, picked[group] - number * chunk, group


def take(array: NDArray[Any], within: Selection) -> NDArray[Any]:
    """Take a selection out of an array in memory; a view where all of it are slices."""
    if all(isinstance(picked, slice) for picked in within):
        return array[within]
    taken: NDArray[Any] = array[mesh(within)]
    return taken


def mesh(selection: Selection) -> Any:
    """Give the index with which NumPy picks, or sets, an orthogonal selection."""
    if all(isinstance(picked, slice) for picked in selection):
        return selection
    return np.ix_(*(np.arange(p.start, p.stop, p.step) if isinstance(p, slice) else p for p in selection))
