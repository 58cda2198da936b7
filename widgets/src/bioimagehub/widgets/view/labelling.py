"""Names for the axes and the channels of arrays that have none, or others than the viewer's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.widgets.errors import UnviewableError
from bioimagehub.widgets.view.multiscale import AXES
from bioimagehub.widgets.view.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

_CALLED = {
    "channel": "c",
    "channels": "c",
    "time": "t",
    "times": "t",
    "frame": "t",
    "row": "y",
    "column": "x",
    "s": "c",
}
"""Other names of axes, in lower case."""

_USUAL = {2: "yx", 3: "zyx", 4: "czyx", 5: "tczyx"}
_KINDS = "biuf"
_RGBA = (("red", None), ("green", None), ("blue", None), ("alpha", None))
_PHOTOGRAPH = (("red", "green", "blue"), ("r", "g", "b"))

Channels = tuple[tuple[str, str | None], ...]


def label_axes(
    source: Any, axes: str | None, name: str, *, labels: bool = False
) -> tuple[xr.DataArray, Channels, tuple[str, ...]]:
    """Give an array the axes that the viewer knows.

    Parameters
    ----------
    source : DataArray, or array of NumPy, Dask or another library
    axes : str or None
        Their names, such as ``"zyx"``; None for those that it has, or for a guess.
    name : str
        What it is called in an error.
    labels : bool
        Whether its numbers are objects.

    Returns
    -------
    array : DataArray
        Dimensions out of `AXES`, in that order.
    channels : tuple of (name, colour)
        Empty where nothing tells them; those of photographs, which have the colours last.
    notes : tuple of str
        What was guessed.

    Raises
    ------
    UnviewableError
        If it is no image.
    """
    import xarray as xr

    shown = clean(name)
    notes: tuple[str, ...] = ()
    channels: Channels = ()
    if isinstance(source, xr.DataArray):
        array = source
        _check(array, shown, labels=labels)
        array = array.rename(_rename(array, axes, shown))
    else:
        data = source if hasattr(source, "dtype") and hasattr(source, "shape") else _to_numpy(source, shown)
        _check(data, shown, labels=labels)
        guess = axes or _guess(data.shape, data.dtype, labels=labels)
        if axes is None and data.ndim > 2:
            notes = (f"The axes of {shown} were taken to be {', '.join(guess)}. Say with axes=… if they are others.",)
        if guess[-1:] in ("c", ("c",)) and data.dtype == np.uint8 and data.shape[-1] in (3, 4):
            channels = _RGBA[: data.shape[-1]]
        array = xr.DataArray(_as_lazy(data), dims=_parse(axes or guess, data.ndim, shown))
    order = [axis for axis in AXES if axis in array.dims]
    return array.transpose(*order), channels, notes


def is_photograph(array: xr.DataArray, channels: Channels) -> bool:
    """Tell whether the channels are red, green and blue (and perhaps alpha) of 8 bits each."""
    if array.dtype != np.uint8 or array.sizes.get("c", 1) not in (3, 4):
        return False
    names = tuple(each.lower() for each, _ in channels[:3])
    return names in _PHOTOGRAPH


def name_channels(array: xr.DataArray) -> Channels:
    """Give the names of the channels, and their colours where the attribute ``colours`` tells them; none without c."""
    count = array.sizes.get("c", 1)
    if "c" not in array.dims:
        return ()
    values = array.coords["c"].values if "c" in array.coords else np.arange(count)
    named = values.dtype.kind not in "iuf"
    colours = array.attrs.get("colours") or [None] * count
    if count > 1 and len(set(colours)) == 1:
        # Writers that know of no colours say the same for all, mostly white: added up, nothing could be told apart.
        colours = [None] * count
    return tuple(
        (clean(value) if named else f"channel {value}", parse_colour(colour))
        for value, colour in zip(values, colours, strict=False)
    )


def parse_colour(colour: Any) -> str | None:
    """Give a colour as ``#rrggbb``; None for what is none.

    Examples
    --------
    >>> parse_colour("00FF00"), parse_colour("#00ff00"), parse_colour("javascript:")
    ('#00ff00', '#00ff00', None)
    """
    digits = str(colour).removeprefix("#").lower()
    return f"#{digits}" if len(digits) == 6 and set(digits) <= set("0123456789abcdef") else None


def _check(array: Any, name: str, *, labels: bool) -> None:
    shape, dtype = tuple(array.shape), np.dtype(array.dtype)
    if any(not isinstance(size, int | np.integer) for size in shape):
        msg = (
            f"{name} has blocks of unknown length: its shape is {shape}. Expected whole numbers. "
            "Call compute_chunk_sizes() on the Dask array first."
        )
        raise UnviewableError(msg)
    if dtype.kind == "c":
        msg = (
            f"{name} holds complex numbers ({dtype}), which have no one brightness. Expected real numbers. "
            "Show its magnitude, numpy.abs(image), or its phase, numpy.angle(image)."
        )
        raise UnviewableError(msg)
    if dtype.kind not in _KINDS:
        msg = (
            f"{name} holds {clean(dtype)}, which is no number. Expected an array of numbers. "
            "Convert it: array.astype(float)."
        )
        raise UnviewableError(msg)
    if labels and dtype.kind == "f":
        msg = (
            f"{name} holds {dtype} and is to be shown as labels. Expected whole numbers, 0 for background. "
            "Convert it: labels.astype('uint32')."
        )
        raise UnviewableError(msg)
    if 0 in shape:
        msg = (
            f"{name} has no pixels: its shape is {shape}. Expected at least one along each axis. "
            "Look at the selection that it came from."
        )
        raise UnviewableError(msg)
    if len(shape) < 2:
        msg = f"{name} has too few axes: its shape is {shape}. Expected y and x at least. Give an image, or reshape it."
        raise UnviewableError(msg)


def _guess(shape: Sequence[int], dtype: Any, *, labels: bool) -> str:
    if not labels and dtype == np.uint8 and len(shape) in (3, 4) and shape[-1] in (3, 4) and min(shape[-3:-1]) > 4:
        return "zyxc"[-len(shape) :]
    return _USUAL.get(len(shape), "")


def _parse(axes: Any, count: int, name: str) -> list[str]:
    names = [_CALLED.get(str(each).lower(), str(each).lower()) for each in axes]
    if len(names) != count or len(set(names)) != count or not {"y", "x"} <= set(names) <= set(AXES):
        given = "nothing tells its axes" if not names else f"they were said to be {', '.join(map(clean, names))}"
        msg = (
            f"{name} has {count} axes, and {given}. Expected as many, each once, out of t, c, z, y and x, y and x "
            'among them. Say which they are: view(image, axes="zyx").'
        )
        raise UnviewableError(msg)
    return names


def _rename(array: xr.DataArray, axes: str | None, name: str) -> dict[Any, str]:
    dims = list(array.dims)
    if axes is not None:
        return dict(zip(dims, _parse(axes, len(dims), name), strict=True))
    called = [_CALLED.get(str(dim).lower(), str(dim).lower()) for dim in dims]
    if not set(called) & set(AXES):
        called = list(_USUAL.get(len(dims), ""))
    renamed = dict(zip(dims, _parse(called, len(dims), name), strict=True))
    return {old: new for old, new in renamed.items() if old != new}


def _to_numpy(source: Any, name: str) -> Any:
    found: Any = None
    try:
        found = np.asarray(source)
        why = f"it became an array of {found.dtype}"
    except (TypeError, ValueError) as error:
        why = clean(error)
    if found is None or found.dtype.kind not in f"{_KINDS}c":
        msg = (
            f"{name} of the type {clean(type(source).__name__)} is no image: {why}. Expected a record or its "
            "identifier, a path, an address, or an array of numbers. Give one of these."
        )
        raise UnviewableError(msg)
    return found


def _as_lazy(data: Any) -> Any:
    """Give what xarray takes: NumPy and Dask as they are; of others, such as Zarr arrays, Dask blocks."""
    import sys

    if isinstance(data, np.ndarray):
        return data
    dask = sys.modules.get("dask.array")
    if dask is not None and isinstance(data, dask.Array):
        return data
    if hasattr(data, "chunks"):
        import dask.array as da

        return da.from_array(data)  # type: ignore[no-untyped-call]
    return np.asarray(data)
