"""Samples as small whole numbers, the way they travel to the page: value = code · scale + offset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from zlib_ng import zlib_ng

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TOP = 65535
_LARGEST = 1e300
_TASTE = 2**13
"""Bytes out of the middle that tell whether all are worth packing: noise is not, and takes as long."""
_WORTH = 0.9
_LEVEL = 2


def encode_samples(samples: NDArray[Any]) -> tuple[dict[str, Any], bytes]:
    """Encode samples of a channel.

    What has 8 or 16 bits stays exact, and so do whole numbers that span less than 65,536. Others are rounded to
    65,535 steps between the least and the largest finite one of these samples; infinite ones, and those beyond
    ±10³⁰⁰, take these.

    Parameters
    ----------
    samples : array of bool, int or float

    Returns
    -------
    dict
        ``dtype``, ``scale``, ``offset``; ``nan``, whether code 0 stands for NaN; ``packed``, ``shape``.
    bytes
        The codes, little-endian, in C order.
    """
    kind, size = samples.dtype.kind, samples.dtype.itemsize
    if kind == "b":
        codes, scale, offset, nan = samples.astype(np.uint8), 1.0, 0.0, False
    elif kind == "u" and size <= 2:
        codes, scale, offset, nan = samples, 1.0, 0.0, False
    elif kind in "iu":
        codes, scale, offset = _encode_integers(samples)
        nan = False
    else:
        codes, scale, offset = _encode_floats(samples)
        nan = True
    data, packed = pack(codes)
    return {"scale": scale, "offset": offset, "nan": nan} | describe(codes, packed), data


def describe(codes: NDArray[Any], packed: str | None) -> dict[str, Any]:
    """Tell shape and type of codes, and how they are packed."""
    return {"shape": list(codes.shape), "dtype": codes.dtype.name, "packed": packed}


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


def pack(codes: NDArray[Any]) -> tuple[bytes, str | None]:
    """Give the bytes of codes, deflated where that makes them smaller by a tenth, and how they are packed."""
    little = np.ascontiguousarray(codes, codes.dtype.newbyteorder("<"))
    plain = little.tobytes()
    middle = plain[len(plain) // 2 :][:_TASTE]
    if len(zlib_ng.compress(middle, _LEVEL)) >= _WORTH * len(middle):
        return plain, None
    small = zlib_ng.compress(plain, _LEVEL)
    return (small, "deflate") if len(small) < _WORTH * len(plain) else (plain, None)
