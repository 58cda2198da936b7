"""Samples as small whole numbers, the way they travel to the page: value = code · scale + offset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from zlib_ng import zlib_ng

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_TOP = 65535
_LARGEST = 1e300
SHADES = 256
"""Steps that the contrast of a layer has at least, whatever single samples of a tile are."""
_MOST_OF_IT = (1, 99)
"""Percentiles of a tile that are never cut off."""
_TASTE = 2**13
"""Bytes out of the middle that tell whether all are worth packing: noise is not, and takes as long."""
_WORTH = 0.9
_LEVEL = 2


def encode_samples(
    samples: NDArray[Any], contrast: tuple[float, float] | None = None
) -> tuple[dict[str, Any], NDArray[Any]]:
    """Encode samples of a channel.

    What has 8 or 16 bits stays exact, and so do whole numbers that span less than 65,536. Others are rounded to
    65,535 steps between the least and the largest finite one of these samples; infinite ones, and those beyond
    ±10³⁰⁰, take these. Where a few samples are so far away that the contrast would have less than 256 steps, they take
    the nearest value at which it has as many.

    Parameters
    ----------
    samples : array of bool, int or float
    contrast : tuple of float or None
        The values that are black and white in the layer at first, if they are known.

    Returns
    -------
    dict
        ``dtype``, ``shape``, ``scale``, ``offset``; ``nan``, whether code 0 stands for NaN.
    array
        The codes.
    """
    kind, size = samples.dtype.kind, samples.dtype.itemsize
    if kind == "b":
        codes, scale, offset, nan = samples.astype(np.uint8), 1.0, 0.0, False
    elif kind == "u" and size <= 2:
        codes, scale, offset, nan = samples, 1.0, 0.0, False
    elif kind in "iu":
        codes, scale, offset = _encode_integers(_cut_off(samples, contrast))
        nan = False
    else:
        codes, scale, offset = _encode_floats(_cut_off(samples, contrast))
        nan = True
    return describe(codes, scale, offset, nan=nan), codes


def describe(codes: NDArray[Any], scale: float = 1.0, offset: float = 0.0, *, nan: bool = False) -> dict[str, Any]:
    """Tell shape and type of codes, and what they stand for."""
    return {"shape": list(codes.shape), "dtype": codes.dtype.name, "scale": scale, "offset": offset, "nan": nan}


def fold_labels(labels: NDArray[Any]) -> NDArray[np.uint32]:
    """Give labels of any width in 32 bits: 0 stays 0, and nothing else becomes it."""
    if labels.dtype.itemsize <= 4:
        return np.ascontiguousarray(labels).astype(np.int64).astype(np.uint32)
    wide = labels.astype(np.uint64)
    low = (wide & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    high = (wide >> np.uint64(32)).astype(np.uint32)
    if labels.dtype.kind == "i":
        # The upper half of a small negative number is all ones, and tells nothing.
        high[labels < 0] += np.uint32(1)
    folded = low ^ high
    folded[(folded == 0) & (wide != 0)] = 0xFFFFFFFF
    return folded


def _cut_off(samples: NDArray[Any], contrast: tuple[float, float] | None) -> NDArray[Any]:
    """Bring samples nearer that are so far away that nothing could be told apart in the contrast."""
    finite = samples[np.isfinite(samples)]
    if contrast is None or not finite.size:
        return samples
    least, largest = float(finite.min()), float(finite.max())
    low, high = contrast
    widest = _TOP / SHADES
    if largest - least <= max(widest * (high - low), _TOP if samples.dtype.kind in "iu" else 0):
        return samples
    # The contrast may have been chosen by a plane that is not like this one.
    with np.errstate(over="ignore", invalid="ignore"):
        begin, end = (float(each) for each in np.percentile(finite, _MOST_OF_IT))
    low, high = max(least, min(low, begin)), min(largest, max(high, end))
    around = (widest - 1) / 2 * (high - low)
    if not high > low or not np.isfinite(around):
        return samples
    least, largest = max(least, low - around), min(largest, high + around)
    if samples.dtype.kind == "f":
        return samples.clip(least, largest)
    # Whole numbers stay whole, and doubles may be beyond all that their type has.
    return samples.clip(max(int(finite.min()), int(np.ceil(least))), min(int(finite.max()), int(np.floor(largest))))


def _encode_integers(samples: NDArray[Any]) -> tuple[NDArray[Any], float, float]:
    low, high = int(samples.min()), int(samples.max())
    # Differences of 64-bit numbers do not fit into 64 bits with a sign; without one they do.
    above = samples.astype(np.uint64) - np.uint64(low % 2**64)
    if high - low <= _TOP:
        return above.astype(np.uint16), 1.0, float(low)
    scale = (high - low) / _TOP
    return np.rint(above / scale).clip(0, _TOP).astype(np.uint16), scale, float(low)


def _encode_floats(samples: NDArray[Any]) -> tuple[NDArray[Any], float, float]:
    wide = samples.astype(np.float64)
    finite = np.isfinite(wide)
    wide[finite] = wide[finite].clip(-_LARGEST, _LARGEST)
    if not finite.any():
        codes = np.where(np.isnan(wide), 0, np.where(wide > 0, _TOP, 1)).astype(np.uint16)
        return codes, 1.0, 0.0
    low, high = float(wide[finite].min()), float(wide[finite].max())
    # Of one value, the step is of its size, so that offset and value can be told apart.
    scale = (high - low) / (_TOP - 1) or abs(low) or 1.0
    with np.errstate(invalid="ignore", over="ignore"):
        steps = np.rint((np.clip(wide, low, high) - low) / scale) + 1
    codes = np.where(np.isnan(wide), 0, np.nan_to_num(steps, nan=1.0).clip(1, _TOP)).astype(np.uint16)
    return codes, scale, low - scale


def pack(arrays: Sequence[NDArray[Any]]) -> tuple[bytes, str | None]:
    """Give the bytes of arrays of codes behind each other, and how they are packed.

    They are little-endian, in C order, and deflated where that makes them smaller by a tenth.
    """
    parts = [np.ascontiguousarray(codes, codes.dtype.newbyteorder("<")).tobytes() for codes in arrays]
    plain = b"".join(parts)
    if not any(map(_is_worth, parts)):
        return plain, None
    small = zlib_ng.compress(plain, _LEVEL)
    return (small, "deflate") if len(small) < _WORTH * len(plain) else (plain, None)


def _is_worth(data: bytes) -> bool:
    middle = data[len(data) // 2 :][:_TASTE]
    return len(zlib_ng.compress(middle, _LEVEL)) < _WORTH * len(middle)
