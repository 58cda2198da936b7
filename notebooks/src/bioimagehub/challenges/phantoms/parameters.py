"""What a simulator gives, and what its parameters must be."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from bioimagehub.challenges.errors import SimulationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

# 2 GB of float64.
MOST_PIXELS = 1 << 28


@dataclass(frozen=True, eq=False)
class Simulated:
    """A generated image of which the truth is known.

    Attributes
    ----------
    image : ndarray
        What a method gets.
    truth : ndarray, Points, Tracks or dict
        What it should find, of the kind that the task takes.
    spacing : tuple of float
        Size of a pixel in micrometres, or of a frame in seconds, along each axis of the image; 1 for others.
    parameters : dict
        All parameters, the seed included, as plain values: they give the same image again.
    source : str
        The published simulator or model that it follows.
    axes : tuple of str
        Names of the axes of the image.
    """

    image: NDArray[np.generic]
    truth: Any
    spacing: tuple[float, ...]
    parameters: dict[str, Any]
    source: str
    axes: tuple[str, ...]


def check_parameters(
    seed: int, shape: Sequence[int], ndim: Sequence[int], *, positive: dict[str, float], least: dict[str, float]
) -> tuple[int, ...]:
    """Check the parameters that simulators have in common, and return the shape.

    Parameters
    ----------
    seed : int
        At least 0.
    shape : sequence of int
        Pixels along each axis.
    ndim : sequence of int
        How many axes there may be.
    positive, least : dict of str to float
        Parameters that must be above 0, and at least 0.

    Raises
    ------
    SimulationError
        If one is out of range.
    """
    sides = tuple(int(side) for side in shape)
    pixels = 1
    for side in sides:
        pixels *= max(side, 0)
    if len(sides) not in ndim or not 0 < pixels <= MOST_PIXELS:
        axes = " or ".join(map(str, ndim))
        msg = f"The shape is {list(sides)}. Expected {axes} positive numbers, and at most {MOST_PIXELS:,} pixels."
        raise SimulationError(msg + " Choose another shape.")
    if seed < 0:
        msg = f"The seed is {seed}. Expected a whole number of at least 0. Choose another one."
        raise SimulationError(msg)
    for name, value in (positive | least).items():
        if not isfinite(value) or value < 0 or (value == 0 and name in positive):
            words = "above 0" if name in positive else "of at least 0"
            msg = f"The parameter {name} is {value}. Expected a number {words}. Choose another one."
            raise SimulationError(msg)
    return sides
