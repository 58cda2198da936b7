"""From samples to colours, as the page does it (compose.js): the same numbers have the same colours in both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_BASE = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7")


def parse_rgb(colour: Any) -> NDArray[np.float64]:
    """Give red, green and blue of ``#rrggbb``, 0 to 255; white for anything else.

    Examples
    --------
    >>> parse_rgb("#ff8000").tolist(), parse_rgb(None).tolist()
    ([255.0, 128.0, 0.0], [255.0, 255.0, 255.0])
    """
    digits = str(colour or "").removeprefix("#")
    try:
        return np.array([int(digits[start : start + 2], 16) for start in (0, 2, 4)], np.float64)
    except ValueError:
        return np.full(3, 255.0)


def _variants(colour: str) -> list[NDArray[np.float64]]:
    rgb = parse_rgb(colour)
    return [rgb, rgb + (255 - rgb) * 0.45, rgb * 0.68]


_PALETTE = np.floor(np.array([each for colour in _BASE for each in _variants(colour)]) + 0.5).astype(np.uint8)


def colour_numbers(numbers: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Give the colour of each number: always the same one; shape (…, 3)."""
    spread = np.asarray(numbers, np.uint32)
    with np.errstate(over="ignore"):
        for _ in range(2):
            spread = (spread ^ (spread >> np.uint32(16))) * np.uint32(0x45D9F3B)
        spread = spread ^ (spread >> np.uint32(16))
    colours: NDArray[np.uint8] = _PALETTE[spread % np.uint32(len(_PALETTE))]
    return colours


def brighten(samples: NDArray[Any], look: Mapping[str, Any]) -> NDArray[np.float64]:
    """Give the share of full brightness, 0 to 1, of samples; 0 for NaN."""
    low, high = float(look["low"]), float(look["high"])
    wide = samples.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        share = (wide - low) / (high - low) if high > low else (wide >= high).astype(np.float64)
    shown: NDArray[np.float64] = np.nan_to_num(np.clip(share, 0, 1)) ** (float(look.get("gamma") or 1) or 1)
    return shown


def find_rims(labels: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Tell which pixels of objects have a neighbour of another number."""
    rims = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        differs = np.diff(labels, axis=axis) != 0
        before = [slice(None)] * 2
        behind = [slice(None)] * 2
        before[axis], behind[axis] = slice(None, -1), slice(1, None)
        rims[tuple(before)] |= differs
        rims[tuple(behind)] |= differs
    rims &= labels != 0
    return rims
