"""What reading will cost, told before it is done: requests, bytes, memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.display import format_size
from bioimagehub.catalogs.errors import CostNotKnownError, UnknownAxisError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

    from bioimagehub.catalogs.records import Record


@dataclass(frozen=True)
class Cost:
    """What reading will cost.

    Attributes
    ----------
    requests : int
        To the store; what the cache on this machine holds is not asked for again, and counts here all the same.
    bytes : int
        To fetch; at most, where `exact` is False, for a compressed chunk has no more bytes than its pixels.
    memory : int
        Bytes of the pixels in memory.
    exact : bool
        Whether the entry tells the length of each chunk.
    """

    requests: int
    bytes: int
    memory: int
    exact: bool

    def __str__(self) -> str:
        some = "" if self.exact else "at most "
        many = f"{self.requests:,} request{'s' * (self.requests != 1)}"
        return f"{many}, {some}{format_size(self.bytes)} to fetch, {format_size(self.memory)} in memory"

    def _repr_html_(self) -> str:
        return f"<p>Reading this takes <b>{self}</b>.</p>"


def cost(image: xr.DataArray | Record, selection: Mapping[str, Any] | None = None, **options: Any) -> Cost:
    """Tell what reading an image, or a part of it, will cost; no pixel is read.

    Parameters
    ----------
    image : xarray.DataArray or Record
        As `Record.open` gives it without `chunks`, indexed or not; or the record.
    selection : mapping of axis to int, slice or positions
        What of it will be read, by position as in `xarray.DataArray.isel`; None for all.
    **options
        For a record, what goes to `Record.open`: ``level``, ``label``, ``series``.

    Raises
    ------
    UnknownAxisError
        If the selection names an axis that the image does not have.
    CostNotKnownError
        If the array is not one that a driver opened lazily: it is in memory, computed, or over Dask.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> cost(xr.DataArray(np.zeros(3)))
    Traceback (most recent call last):
        ...
    bioimagehub.catalogs.errors.CostNotKnownError: The cost of reading this array is not known: ...
    """
    import numpy as np
    import xarray as xr

    from bioimagehub.catalogs.arrays.labelled import find_pixels
    from bioimagehub.catalogs.arrays.selection import normalise

    array = image if isinstance(image, xr.DataArray) else image.open(**options)
    unknown = sorted(set(selection or ()) - set(map(str, array.dims)))
    if unknown:
        axes = ", ".join(map(str, array.dims))
        msg = f"{array.name or 'The image'} has no axis {', '.join(unknown)}: its axes are {axes}. Choose out of these."
        raise UnknownAxisError(msg)
    if selection:
        array = array.isel(selection)
    found = find_pixels(array)
    if found is None:
        msg = (
            f"The cost of reading this array is not known: it is {type(array.variable._data).__name__}, and no image "
            "that is still to be read. Give the record, or what `open` gives without `chunks`."
        )
        raise CostNotKnownError(msg)
    pixels, key = found
    normal, _ = normalise(key, pixels.shape)
    reading = pixels.foresee(normal)
    memory = int(np.prod(array.shape, dtype=np.int64)) * array.dtype.itemsize
    return Cost(reading.requests, reading.bytes, memory, reading.exact)
