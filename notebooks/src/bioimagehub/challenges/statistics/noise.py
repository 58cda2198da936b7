"""How many digits of a score mean something: rounding to what the choice of cases explains.

A score on hidden truth that is told to the last digit answers questions that nobody should be able to ask: how a
change to one case moves it. Rounded to steps of the noise it tells what the score is good for, and no more.
"""

from __future__ import annotations

from math import floor, inf, isfinite, log10
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS = (1, 2, 5, 10)


def step_below(width: float) -> float:
    """Return the largest of … 0.1, 0.2, 0.5, 1, 2, 5, 10 … that is not above a width; 0 for a width of 0.

    Examples
    --------
    >>> step_below(0.066), step_below(0.05), step_below(0.0)
    (0.05, 0.05, 0.0)
    """
    return _step(width, up=False)


def step_above(width: float) -> float:
    """Return the smallest of … 0.1, 0.2, 0.5, 1, 2, 5, 10 … that is not below a width; 0 for a width of 0.

    Examples
    --------
    >>> step_above(0.066), step_above(0.05), step_above(3)
    (0.1, 0.05, 5.0)
    """
    return _step(width, up=True)


def _step(width: float, *, up: bool) -> float:
    if not width > 0 or not isfinite(width):
        return 0.0
    power = floor(log10(width))
    # From decimal text: 2 * 10.0**-1 is not always the float that is written 0.2.
    ladder = [float(f"{digit}e{exponent}") for exponent in (power - 1, power, power + 1) for digit in STEPS[:3]]
    tolerance = 1e-9 * width  # for widths that are a step up to the error of a division
    if up:
        return min(step for step in ladder if step >= width - tolerance)
    return max(step for step in ladder if step <= width + tolerance)


def round_to(score: float, step: float) -> float:
    """Return the nearest multiple of a step, as a float with no digits behind it; NaN and infinities as they are.

    Examples
    --------
    >>> round_to(0.8765, 0.05), round_to(-3.2, 0.5), round_to(0.8765, 0)
    (0.9, -3.0, 0.8765)
    """
    if step == 0 or not isfinite(score):
        return score
    return _multiple(round(score / step), step)


def _multiple(count: int, step: float) -> float:
    digits = max(0, -floor(log10(step)))
    return round(count * step, digits) + 0.0  # no minus zero


def round_to_noise(score: float, interval: tuple[float, float]) -> float:
    """Return a score without the digits that its interval says are noise.

    Parameters
    ----------
    score : float
        A score; NaN and infinite ones are returned as they are.
    interval : tuple of float
        The ends of its interval. The step is the largest of 1, 2 and 5 times a power of ten that is not above half
        of its width. An interval without width tells of no noise: the score stays as it is.

    Examples
    --------
    >>> round_to_noise(0.87654, (0.81, 0.93))
    0.9
    >>> round_to_noise(0.87654, (0.8755, 0.8775))
    0.877
    """
    low, high = interval
    return round_to(score, step_below((high - low) / 2))


def board_step(low: NDArray[np.float64], high: NDArray[np.float64], *, reach: float, cases: int) -> float:
    """Return the step to which all hidden scores of one metric are rounded, so that rounding keeps their order.

    Parameters
    ----------
    low, high : ndarray of float64, shape (entries,)
        The intervals of the entries that compete.
    reach : float
        The distance of the best and the worst score of the metric; infinite if there is none.
    cases : int
        Number of cases.

    Returns
    -------
    float
        The step below half the median width of the intervals; not less than twice what one case can
        move a mean, ``reach / cases``. 0 if nothing is known of either.

    Examples
    --------
    >>> board_step(np.array([0.7, 0.5]), np.array([0.8, 0.6]), reach=1.0, cases=100)
    0.05
    >>> board_step(np.array([0.7, 0.5]), np.array([0.8, 0.6]), reach=1.0, cases=10)
    0.2
    """
    known = np.isfinite(low) & np.isfinite(high)
    width = high[known] - low[known]
    noise = step_below(float(np.median(width)) / 2) if width.size else 0.0
    return max(noise, step_above(2 * reach / cases) if reach != inf else 0.0)
