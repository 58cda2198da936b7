"""A table of the objects of a label image: where they are, how large, how bright, and of which dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.reanalysis.errors import LabelsMismatchError
from bioimagehub.reanalysis.grid import MICROMETRE, Grid, describe, grid_of

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from numpy.typing import NDArray

    from bioimagehub.catalogs import Record

_SIZE_UNITS = {(2, MICROMETRE): "µm²", (3, MICROMETRE): "µm³"}
_UNKNOWN_SIZE_UNITS = {2: "pixel", 3: "voxel"}


def measure_objects(labels: xr.DataArray, image: xr.DataArray, record: Record) -> pd.DataFrame:
    """Measure every object of a label image; this computes, block by block on the Dask cluster.

    Parameters
    ----------
    labels : xarray.DataArray of int, dims (y, x) or (z, y, x)
        One label for each object, from 1 on; 0 is background.
    image : xarray.DataArray of a real number type, dims and shape of `labels`
        Intensities, with the coordinates of `Record.open`.
    record : bioimagehub.catalogs.Record
        The dataset that `image` belongs to.

    Returns
    -------
    pandas.DataFrame
        A row for each object, ordered by label, with the columns

        ``dataset``, ``checksum`` : str
            Identifier and checksum of the record; the checksum is None where the record has none.
        ``level`` : int
            Multiscale level that was measured; 0 is the full resolution.
        ``label`` : int64
        ``size`` : float64, ``size_unit`` : str
            Area in µm² or volume in µm³. Number of pixels, with the unit ``pixel`` or ``voxel``, where the record
            does not state the distance between pixels.
        ``centroid_z``, ``centroid_y``, ``centroid_x`` : float64, ``centroid_unit`` : str
            In ``micrometer`` or ``pixel``; ``centroid_z`` is NaN in 2D.
        ``intensity_mean``, ``intensity_min``, ``intensity_max`` : float64
            In the unit of the image.
        ``at_border`` : bool
            True where the object touches the border of the image, so that its size is only a lower bound.

    Raises
    ------
    ImageAxesError
        If the axes are others than ``y x`` or ``z y x``, or without spacing.
    LabelsMismatchError
        If the two do not have the same shape, or the labels are not whole numbers from 0 on.
    """
    import pandas as pd

    grid = grid_of(image)
    _check_labels(labels, image)
    parts = pd.concat(_measure_blocks(labels, image))
    return _in_units(_merge(parts), grid, image, record)


def _check_labels(labels: xr.DataArray, image: xr.DataArray) -> None:
    if labels.dims != image.dims or labels.shape != image.shape:
        msg = (
            f"The label image does not fit {describe(image)}: its axes and shape are {labels.dims} {labels.shape}, "
            f"those of the image {image.dims} {image.shape}. Open both at the same level, with the same selection."
        )
        raise LabelsMismatchError(msg)
    if not np.issubdtype(labels.dtype, np.integer):
        msg = (
            f"The label image for {describe(image)} has the type {labels.dtype}, and labels are whole numbers. "
            "If each object has its own value, convert it: labels.astype('int32')."
        )
        raise LabelsMismatchError(msg)


def _measure_blocks(labels: xr.DataArray, image: xr.DataArray) -> list[pd.DataFrame]:
    from dask.base import compute
    from dask.delayed import delayed

    label_blocks: Any = labels.data if labels.chunks is not None else labels.chunk().data
    image_blocks: Any = (image.data if image.chunks is not None else image.chunk().data).rechunk(label_blocks.chunks)
    begins = [np.concatenate([[0], np.cumsum(sizes)[:-1]]) for sizes in label_blocks.chunks]
    task: Any = delayed(_measure_block)
    results: Any = compute
    return list(
        results(
            *(
                task(
                    label_blocks.blocks[place],
                    image_blocks.blocks[place],
                    [int(begin[i]) for begin, i in zip(begins, place, strict=True)],
                    labels.shape,
                )
                for place in np.ndindex(*label_blocks.numblocks)
            )
        )
    )


def _measure_block(
    labels: NDArray[np.integer], image: NDArray[Any], begin: list[int], shape: tuple[int, ...]
) -> pd.DataFrame:
    """Return what can be added up over the blocks: sums and extremes, indexed by label."""
    import pandas as pd

    if labels.size and labels.min() < 0:
        msg = (
            f"The label image holds the label {labels.min()}, and labels are whole numbers from 0 on. "
            "Set what is to be left out to 0, the background."
        )
        raise LabelsMismatchError(msg)
    inside = np.nonzero(labels)
    values = image[inside].astype(np.float64)
    pixels = pd.DataFrame({"label": labels[inside].astype(np.int64), "value": values})
    at_border = np.zeros(values.size, bool)
    for axis, (indices, start, length) in enumerate(zip(inside, begin, shape, strict=True)):
        places = indices + start
        pixels[f"place_{axis}"] = places.astype(np.float64)
        at_border |= (places == 0) | (places == length - 1)
    pixels["at_border"] = at_border
    groups = pixels.groupby("label")
    part = groups[["value", *(f"place_{axis}" for axis in range(labels.ndim))]].sum()
    return part.assign(
        count=groups.size(), low=groups["value"].min(), high=groups["value"].max(), at_border=groups["at_border"].any()
    )


def _merge(parts: pd.DataFrame) -> pd.DataFrame:
    how = {"low": "min", "high": "max", "at_border": "any"}
    return parts.groupby(level="label").agg({column: how.get(column, "sum") for column in parts.columns})


def _in_units(merged: pd.DataFrame, grid: Grid, image: xr.DataArray, record: Record) -> pd.DataFrame:
    import pandas as pd

    count = merged["count"].astype(np.float64)
    table = pd.DataFrame(
        {
            "dataset": record.identifier,
            "checksum": record.checksum,
            "level": int(image.attrs.get("level", 0)),
            "label": merged.index.to_numpy(np.int64),
            "size": (count * np.prod(grid.spacing)).to_numpy(),
            "size_unit": _SIZE_UNITS.get((image.ndim, grid.unit), _UNKNOWN_SIZE_UNITS[image.ndim]),
            "centroid_z": np.nan,
        }
    )
    for axis, dim in enumerate(image.dims):
        place = (merged[f"place_{axis}"] / count).to_numpy()
        table[f"centroid_{dim}"] = grid.origin[axis] + grid.spacing[axis] * place
    table["centroid_unit"] = grid.unit
    table["intensity_mean"] = (merged["value"] / count).to_numpy()
    table["intensity_min"] = merged["low"].to_numpy(np.float64)
    table["intensity_max"] = merged["high"].to_numpy(np.float64)
    table["at_border"] = merged["at_border"].to_numpy(bool)
    return table
