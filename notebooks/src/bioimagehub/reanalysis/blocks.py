"""Nuclei of an image that is worked on in blocks, on a Dask cluster, with the result of the whole image.

Each block is segmented together with a margin from its neighbours, the halo. A nucleus is named by the place of
its peak in the whole image. Blocks that see the same nucleus see the same peak and so give it the same name,
without knowing of each other: nothing has to be joined, and nothing can be joined wrongly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.reanalysis.errors import ParameterError
from bioimagehub.reanalysis.grid import describe, grid_of
from bioimagehub.reanalysis.segmentation import (
    bins_for,
    check_pixels,
    contrast_of,
    contrast_reach,
    histogram_of,
    kept_names,
    renumber,
    split,
    steps_of,
    threshold_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import xarray as xr
    from numpy.typing import NDArray

# A `dask.array.Array`: Dask's own annotations are partial and do not pass a strict check.
DaskArray = Any

HALO = 2.0
BLOCKS = {2: 1024, 3: 128}


def segment_in_blocks(
    image: xr.DataArray,
    diameter: float | Sequence[float],
    *,
    block: int | Sequence[int] | None = None,
    halo: float = HALO,
) -> xr.DataArray:
    """Label the nuclei of an image of any size, block by block on the Dask cluster.

    This computes; the label image stays in the memory of the workers, and is loaded when it is asked for. The
    method is that of `segment_nuclei`, and so is the result, as long as nuclei are smaller than the halo.

    Parameters
    ----------
    image : xarray.DataArray of a real number type, dims (y, x) or (z, y, x)
        Intensities with the coordinates of `Record.open`, best opened with ``chunks=()`` or ``"auto"``.
    diameter : float or sequence of float
        Typical diameter of a nucleus in the unit of the coordinates; one for each axis where that is pixels and
        they differ.
    block : int or sequence of int, optional
        Pixels along each axis of a block without its halo; by default 1024 in 2D and 128 in 3D. Blocks come out
        about as large, and never smaller than the halo.
    halo : float
        Width of the margin in nucleus diameters.

    Returns
    -------
    xarray.DataArray of int32
        Dimensions and coordinates of `image`, a Dask array. Labels from 1 on without gaps; 0 is background.
        Attributes: ``count``, the number of nuclei; ``threshold``, the contrast above which a pixel is in a
        nucleus; ``cut``, the labels that reached the end of a halo, whose outlines are therefore not sure.

    Raises
    ------
    ImageAxesError, ImageValuesError, ParameterError
        As in `segment_nuclei`; NaN is found while it computes.
    """
    grid = grid_of(image)
    check_pixels(image.shape, image.dtype, describe(image))
    steps = steps_of(grid.spacing, diameter, image.ndim)
    reach, margin = contrast_reach(steps), _margin(halo, steps)
    pixels = _in_blocks(image, BLOCKS[image.ndim] if block is None else block, np.maximum(reach, margin))
    contrast = _map_grown(_contrast_core, pixels, reach, np.float32, steps=steps).persist()
    threshold = _find_threshold(contrast)
    names = _map_grown(_name_core, contrast, margin, np.int64, threshold=threshold, steps=steps).persist()
    labels, attrs = _number(names, steps)
    return image.copy(data=labels).assign_attrs(attrs | {"threshold": threshold}).rename("nuclei")


def _margin(halo: float, steps: Sequence[float]) -> tuple[int, ...]:
    if not halo > 0:
        msg = f"The halo is {halo} nucleus diameters wide, and must be above 0. The default is {HALO}."
        raise ParameterError(msg)
    return tuple(int(np.ceil(halo / step)) for step in steps)


def _in_blocks(image: xr.DataArray, block: int | Sequence[int], margin: NDArray[np.int64]) -> DaskArray:
    """Return the pixels of an image as a Dask array of blocks of about equal size, none smaller than the margin."""
    sizes = np.full(image.ndim, block) if np.ndim(block) == 0 else np.asarray(block)
    if sizes.shape != (image.ndim,) or not (sizes >= 1).all():
        msg = (
            f"The block {block} does not fit {describe(image)} of shape {image.shape}: "
            "one whole number of pixels, or one for each axis, is needed."
        )
        raise ParameterError(msg)
    counts = [
        max(1, min(round(length / size), length // edge))
        for length, size, edge in zip(image.shape, sizes, margin, strict=True)
    ]
    chunks = tuple(
        tuple(len(part) for part in np.array_split(np.arange(length), count))
        for length, count in zip(image.shape, counts, strict=True)
    )
    pixels: DaskArray = image.data if image.chunks is not None else image.chunk().data
    return pixels.rechunk(chunks)


def _map_grown(
    function: Callable[..., NDArray[Any]], array: DaskArray, margin: Sequence[int], dtype: type, **parameters: Any
) -> DaskArray:
    """Map a function that returns the core of a block over blocks that are grown by the margin."""
    from dask.array import overlap

    # Where an axis is a single block, its margin is never used, and may be larger than the image.
    needed = [edge if len(sizes) > 1 else 0 for edge, sizes in zip(margin, array.chunks, strict=True)]
    grow: Any = overlap.overlap
    grown: DaskArray = grow(array, dict(enumerate(needed)), boundary="none", allow_rechunk=False)
    return grown.map_blocks(function, dtype=dtype, chunks=array.chunks, cores=array.chunks, margin=needed, **parameters)


def _place(
    block_info: Any, cores: tuple[tuple[int, ...], ...], margin: Sequence[int]
) -> tuple[tuple[slice, ...], tuple[int, ...]]:
    """Return where the core lies in a grown block, and where the grown block begins in the image."""
    location = block_info[0]["chunk-location"]
    before = [edge if place else 0 for place, edge in zip(location, margin, strict=True)]
    core = tuple(slice(edge, edge + sizes[place]) for place, edge, sizes in zip(location, before, cores, strict=True))
    origin = tuple(sum(sizes[:place]) - edge for place, edge, sizes in zip(location, before, cores, strict=True))
    return core, origin


def _contrast_core(
    block: NDArray[Any],
    *,
    cores: tuple[tuple[int, ...], ...],
    margin: Sequence[int],
    steps: Sequence[float],
    block_info: Any = None,
) -> NDArray[np.float32]:
    core, _ = _place(block_info, cores, margin)
    return contrast_of(block, steps)[core]


def _find_threshold(contrast: DaskArray) -> float:
    """Return the threshold of the whole image, from the sum of the histograms of its blocks."""
    from dask.base import compute
    from dask.delayed import delayed

    task: Any = delayed(histogram_of)
    results: Any = compute
    low, high = (float(value) for value in results(contrast.min(), contrast.max()))
    bins = bins_for(contrast.size)
    counts = [task(block, low, high, bins) for block in contrast.to_delayed().ravel()]
    return threshold_of(np.sum(results(*counts), axis=0), low, high)


def _name_core(
    block: NDArray[np.float32],
    *,
    cores: tuple[tuple[int, ...], ...],
    margin: Sequence[int],
    threshold: float,
    steps: Sequence[float],
    block_info: Any = None,
) -> NDArray[np.int64]:
    """Return the nuclei in the core of a block, named by where in the image their peaks begin, counted from 1.

    The name is negative for a nucleus that goes on at the end of the halo, so that this block has not seen all of it.
    """
    core, origin = _place(block_info, cores, margin)
    labels, parts, peaks = split(block, threshold, steps)
    shape = tuple(sum(sizes) for sizes in cores)
    places = np.unravel_index(peaks, block.shape)
    begins = [place + start for place, start in zip(places, origin, strict=True)]
    names = np.concatenate([[0], np.ravel_multi_index(begins, shape) + 1]).astype(np.int64)
    for axis, (start, length) in enumerate(zip(origin, block.shape, strict=True)):
        for end, is_cut in ((0, start > 0), (-1, start + length < shape[axis])):
            if is_cut:
                seen = np.unique(parts.take(end, axis))
                names[seen] = -np.abs(names[seen])
    return names[labels[core]]


def _number(names: DaskArray, steps: Sequence[float]) -> tuple[DaskArray, dict[str, Any]]:
    """Return the label image with the labels from 1 on, and what there is to tell of them."""
    from dask.base import compute
    from dask.delayed import delayed

    task: Any = delayed(np.unique)
    results: Any = compute
    tables = results(*(task(block, return_counts=True) for block in names.to_delayed().ravel()))
    found, sizes = (np.concatenate(part) for part in zip(*tables, strict=True))
    all_names, places = np.unique(np.abs(found), return_inverse=True)
    kept = kept_names(all_names, np.bincount(places, weights=sizes), steps)
    cut = renumber(np.unique(-found[found < 0]), kept)
    labels = names.map_blocks(_renumber_block, kept=kept, dtype=np.int32).persist()
    return labels, {"count": int(kept.size), "cut": [int(label) for label in cut if label]}


def _renumber_block(block: NDArray[np.int64], kept: NDArray[np.int64]) -> NDArray[np.int32]:
    return renumber(np.abs(block), kept)
