"""Ratios of powers in decibel."""

from __future__ import annotations

from math import inf, log10, nan


def decibel(signal: float, noise: float) -> float:
    """Return 10 log₁₀ (signal / noise): infinite without noise, NaN without signal.

    Parameters
    ----------
    signal, noise : float
        Powers, such as a squared data range and a mean squared error; not negative.

    Examples
    --------
    >>> decibel(100.0, 1.0), decibel(1.0, 0.0), decibel(0.0, 1.0)
    (20.0, inf, nan)
    """
    if signal == 0:
        return nan
    if noise == 0:
        return inf
    return 10 * (log10(signal) - log10(noise))
