"""Ranks: 1 is best, equal scores share a rank, and NaN comes after everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RELATIVE_NOISE_DIGITS = 12


def ranks(gains: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return competition ranks (1, 1, 3) along the last axis.

    Parameters
    ----------
    gains : ndarray of float64, shape (..., entries)
        More is better, compared as they are, unrounded. NaN ranks after all others, also after minus infinity.

    Returns
    -------
    ndarray of int64, shape of `gains`
        One more than the number of entries that are better.

    Examples
    --------
    >>> ranks(np.array([0.5, 0.7, np.nan, 0.7, -np.inf]))
    array([3, 1, 5, 1, 4])
    """
    order = np.argsort(-gains, axis=-1)  # NaN comes last
    ordered = np.take_along_axis(gains, order, -1)
    silent = np.isnan(ordered)
    is_new = np.ones(ordered.shape, bool)
    is_new[..., 1:] = (ordered[..., 1:] != ordered[..., :-1]) & ~(silent[..., 1:] & silent[..., :-1])
    places = np.where(is_new, np.arange(1, gains.shape[-1] + 1), 0)
    np.maximum.accumulate(places, axis=-1, out=places)
    result = np.empty(gains.shape, np.int64)
    np.put_along_axis(result, order, places, -1)
    return result


def settle(gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return numbers rounded so that what only the order of a sum tells apart is equal.

    A matrix product adds the columns in an order of its own. Differences below 10⁻¹² of the largest number are of
    that kind, and would break ties at random.

    Examples
    --------
    >>> settle(np.array([0.1 + 0.2, 0.3])).tolist()
    [0.3, 0.3]
    """
    finite = np.abs(gains[np.isfinite(gains)])
    largest = finite.max(initial=0.0)
    if largest == 0:
        return gains
    decimals = RELATIVE_NOISE_DIGITS - int(np.ceil(np.log10(largest)))
    # Beyond the range of 10**decimals rounding would overflow: such numbers stay as they are.
    return np.round(gains, decimals) if abs(decimals) < 300 else gains
