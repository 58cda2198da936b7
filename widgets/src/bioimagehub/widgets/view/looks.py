"""How layers look at first: colours that the colour-blind tell apart, and contrast by percentiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bioimagehub.widgets.view.layers import Layer

# Okabe and Ito's colours, brightened so that they add up on black.
PALETTE = ("#00a5ff", "#ffa000", "#00d79b", "#ff5fb4", "#fff04b", "#9a8cff", "#ff6a3d", "#c8c8c8")
LOW, HIGH = 0.1, 99.9
"""Percentiles that are shown as black and as full colour."""
FILL = 0.6
"""Opacity of labels that are filled."""


def choose_look(layer: Layer, samples: NDArray[Any] | None, number: int = 0, *, alone: bool = False) -> dict[str, Any]:
    """Choose how a layer looks.

    Parameters
    ----------
    layer : Layer
    samples : ndarray or None
        Of it; None where none could be read.
    number : int
        Which of the channels it is.
    alone : bool
        Whether it is the only channel: then it is white.
    """
    look: dict[str, Any] = {
        "visible": layer.source.visible, "colour": "#ffffff", "low": 0.0, "high": 255.0, "gamma": 1.0, "opacity": 1.0,
        "blend": "add", "outline": False, "size": 1,
    }  # fmt: skip
    if layer.kind == "labels":
        # A fill lets the image shine through; an outline would be lost on it.
        outline = layer.source.outline
        return look | {"colour": layer.colour, "opacity": 1.0 if outline else FILL, "blend": "over", "outline": outline}
    if layer.kind == "rgb":
        return look
    low, high = choose_contrast(samples) if samples is not None else _default(layer.dtype)
    colour = layer.colour or ("#ffffff" if alone else PALETTE[number % len(PALETTE)])
    return look | {"colour": colour, "low": low, "high": high}


def _default(dtype: np.dtype[Any]) -> tuple[float, float]:
    """Give the contrast of what could not be read."""
    return (0.0, float(np.iinfo(dtype).max)) if dtype.kind == "u" else (0.0, 1.0)


def choose_mark_look() -> dict[str, Any]:
    """Choose how points and tracks look: each number has a colour of its own."""
    return {"visible": True, "colour": None, "opacity": 1.0, "blend": "over", "size": 8}


def choose_contrast(samples: NDArray[Any] | None) -> tuple[float, float]:
    """Give the values that are shown as black and as full colour; never the same twice.

    Examples
    --------
    >>> choose_contrast(np.full(9, 7.0)), choose_contrast(np.full(9, np.nan))
    ((7.0, 8.0), (0.0, 1.0))
    """
    finite = find_finite(samples)
    if finite is None:
        return 0.0, 1.0
    low, high = (float(each) for each in np.percentile(finite, [LOW, HIGH]))
    if not low < high:
        # A few bright points in the dark are all that there is to see.
        low, high = float(finite.min()), float(finite.max())
    if not low < high:
        high = low + max(1.0, abs(low) * 1e-6)
    return low, high


def find_finite(samples: NDArray[Any] | None) -> NDArray[Any] | None:
    """Give the samples that are finite, as doubles; None if there are none."""
    if samples is None:
        return None
    wide = samples.astype(np.float64).ravel()
    finite = wide[np.isfinite(wide)]
    return finite if finite.size else None


def find_range(samples: NDArray[Any] | None) -> tuple[float, float]:
    """Give the least and the largest sample; 0 and 1 where there is none."""
    finite = find_finite(samples)
    return (0.0, 1.0) if finite is None else (float(finite.min()), float(finite.max()))
