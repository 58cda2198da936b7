"""A small picture of an image, made from its lowest level."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from bioimagehub.catalogs.parts import Channel
    from bioimagehub.catalogs.records import Record

LONGEST = 256
"""A picture has at most this many pixels along y and x."""

# This share of the darkest and of the brightest pixels is left outside the display window.
_DARKEST_PERCENT, _BRIGHTEST_PERCENT = 0.5, 0.2


def make_thumbnail(record: Record) -> bytes:
    """Make the thumbnail of a record: the middle z-slice of the middle timepoint, as PNG.

    Raises
    ------
    CatalogError
        As `Record.open` does.
    """
    levels = record.open().attrs["levels"]
    return encode_png(render(record.open(levels - 1), record.channels))


def render(image: xr.DataArray, channels: Sequence[Channel]) -> NDArray[np.uint8]:
    """Render the middle z-slice of the middle timepoint.

    Parameters
    ----------
    image : DataArray
        Any level of an image; of a large one every n-th pixel is taken.
    channels : sequence of Channel
        Names and colours along ``c``.

    Returns
    -------
    ndarray of uint8, shape (y, x, 3)
        Red, green, blue. Channels are added; pixels that are NaN are black.
    """
    step = max(1, -(-max(image.sizes["y"], image.sizes["x"]) // LONGEST))
    middle: dict[str, Any] = {axis: image.sizes[axis] // 2 for axis in "tz" if axis in image.dims}
    flat = image.isel(middle | {"y": slice(None, None, step), "x": slice(None, None, step)})
    planes = flat.transpose("c", "y", "x").values if "c" in flat.dims else flat.values[np.newaxis]
    picture = np.zeros((*planes.shape[1:], 3))
    for plane, channel in zip(planes, channels, strict=True):
        start, end = choose_window(plane, channels)
        bright = np.clip((plane.astype(np.float64) - start) / max(end - start, np.finfo(np.float64).tiny), 0, 1)
        colour = [int(channel.colour[digit : digit + 2], 16) for digit in (0, 2, 4)]
        picture += np.nan_to_num(bright)[..., np.newaxis] * colour
    rounded: NDArray[np.uint8] = np.rint(np.clip(picture, 0, 255)).astype(np.uint8)
    return rounded


def choose_window(pixels: NDArray[Any], channels: Sequence[Channel]) -> tuple[float, float]:
    """Choose which intensities are shown as black and as full colour.

    Parameters
    ----------
    pixels : ndarray
        One channel; NaN is left out.
    channels : sequence of Channel
        All channels of the image.

    Returns
    -------
    tuple of float
        0 and 255 for a colour photograph (8 bit, channels red, green, blue), which is shown as it is. Otherwise
        the intensities that leave out the 0.5 % darkest and the 0.2 % brightest pixels.
    """
    if pixels.dtype == np.uint8 and [channel.name for channel in channels] == ["red", "green", "blue"]:
        return 0.0, 255.0
    start, end = np.nanpercentile(pixels, [_DARKEST_PERCENT, 100 - _BRIGHTEST_PERCENT])
    return float(start), float(end)


def encode_png(picture: NDArray[np.uint8]) -> bytes:
    """Encode a picture, shape (y, x, 3), as PNG without any date or comment."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
