"""How often each brightness occurs in a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.widgets.view.looks import find_finite

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 256
_PERCENTS = (0.1, 1, 99, 99.9)


def count_samples(samples: NDArray[Any]) -> dict[str, Any]:
    """Count samples in 256 bins of the same width between the least and the largest finite one.

    Returns
    -------
    dict
        ``counts``, ``low``, ``high`` and ``percentiles``; all zero where no sample is finite.
    """
    finite = find_finite(samples)
    if finite is None:
        return {"counts": [0] * BINS, "low": 0.0, "high": 0.0, "percentiles": {f"{each:g}": 0.0 for each in _PERCENTS}}
    low, high = float(finite.min()), float(finite.max())
    width = (high / BINS - low / BINS) or 1.0
    bins = ((finite / width) - low / width).astype(np.intp).clip(0, BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    found = np.percentile(finite, _PERCENTS)
    percentiles = {f"{percent:g}": float(value) for percent, value in zip(_PERCENTS, found, strict=True)}
    return {"counts": counts.tolist(), "low": low, "high": high, "percentiles": percentiles}
