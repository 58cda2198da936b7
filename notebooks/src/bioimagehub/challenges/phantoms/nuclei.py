"""Nuclei: irregular, textured, not overlapping, as label images and as fluorescence.

References
----------
Lehmussola et al., "Computational framework for simulating fluorescence microscope images with cell populations", IEEE
Trans. Med. Imaging 26 (2007), https://doi.org/10.1109/TMI.2007.896925 (SIMCEP: shapes, texture, clusters);
Svoboda, Kozubek and Stejskal, "Generation of digital phantoms of cell nuclei and simulation of image formation in 3D
image cytometry", Cytometry A 75 (2009), https://doi.org/10.1002/cyto.a.20714 (in 3D).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TRIALS = 200


@dataclass(frozen=True, eq=False)
class Nuclei:
    """Nuclei of one field.

    Attributes
    ----------
    labels : ndarray of uint16
        0 is background; nuclei are numbered from 1.
    light : ndarray of float64
        Fluorescence before optics, about 1 inside a nucleus of mean brightness.
    """

    labels: NDArray[np.uint16]
    light: NDArray[np.float64]


def smooth_noise(rng: np.random.Generator, shape: Sequence[int], sigma: Sequence[float]) -> NDArray[np.float64]:
    """Return Gaussian noise without details below σ pixels, of mean 0 and standard deviation 1, float64."""
    from scipy.ndimage import gaussian_filter

    noise: NDArray[np.float64] = gaussian_filter(rng.standard_normal(tuple(shape)), sigma, mode="wrap")
    deviation = float(noise.std())
    return noise / deviation if deviation > 0 else noise


def grow_nuclei(
    rng: np.random.Generator,
    shape: Sequence[int],
    spacing: Sequence[float],
    *,
    count: int,
    diameter: float,
    variation: float = 0.15,
    elongation: float = 0.25,
    roughness: float = 0.08,
    clustering: float = 0.2,
    texture: float = 0.25,
) -> Nuclei:
    """Put nuclei into a field.

    Parameters
    ----------
    rng : Generator
        Where chance comes from.
    shape, spacing : sequence
        Pixels and their size in µm, along (z,) y, x.
    count : int
        Nuclei that are wanted; fewer are placed if there is no room.
    diameter : float
        Mean diameter in µm.
    variation : float
        Standard deviation of the diameter, as a share of it.
    elongation : float
        Largest share by which one axis is longer, and another shorter.
    roughness : float
        Standard deviation of the outline, as a share of the radius.
    clustering : float
        Probability that a nucleus is placed beside another one, touching it.
    texture : float
        Standard deviation of the fluorescence within a nucleus, as a share of its brightness.
    """
    sizes = np.array(spacing, np.float64)
    extent = np.array(shape) * sizes
    detail = [max(diameter / 6 / size, 0.5) for size in spacing]
    outline, inside = smooth_noise(rng, shape, detail), smooth_noise(rng, shape, [one / 2 for one in detail])
    labels = np.zeros(tuple(shape), np.uint16)
    light = np.zeros(tuple(shape))
    placed: list[tuple[NDArray[np.float64], float]] = []
    for _ in range(count):
        radius = diameter / 2 * max(0.4, 1 + variation * rng.standard_normal())
        centre = _find_place(rng, extent, radius, placed, clustering)
        stretch = 1 + elongation * rng.uniform(-1, 1, len(sizes))
        turn = rng.uniform(0, np.pi)
        brightness = max(0.3, 1 + 0.2 * rng.standard_normal())
        if centre is None:
            continue
        placed.append((centre, radius))
        reach = np.ceil(radius * (1 + elongation) * (1 + 4 * roughness) / sizes).astype(int) + 1
        middle = centre / sizes
        low = np.maximum(np.floor(middle).astype(int) - reach, 0)
        high = np.minimum(np.ceil(middle).astype(int) + reach + 1, shape)
        part = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        grid = np.ix_(*((np.arange(a, b) - c) * d for a, b, c, d in zip(low, high, middle, sizes, strict=True)))
        distance = _distance(list(grid), radius * stretch, turn)
        body = (distance < 1 + roughness * outline[part]) & (labels[part] == 0)
        labels[part][body] = len(placed)
        light[part][body] = brightness * np.maximum(0.1, 1 + texture * inside[part][body])
    return Nuclei(_renumbered(labels), light)


def _find_place(
    rng: np.random.Generator,
    extent: NDArray[np.float64],
    radius: float,
    placed: Sequence[tuple[NDArray[np.float64], float]],
    clustering: float,
) -> NDArray[np.float64] | None:
    """Return a centre that keeps a distance to all others; None if none was found."""
    for _ in range(TRIALS):
        centre = rng.uniform(0, 1, len(extent)) * extent
        direction = rng.standard_normal(len(extent))
        beside = rng.random() < clustering
        if beside and placed:
            other, its_radius = placed[int(rng.integers(len(placed)))]
            centre = other + direction / np.linalg.norm(direction) * (radius + its_radius) * 0.95
        inside = bool(((centre >= 0) & (centre < extent)).all())
        if inside and all(np.linalg.norm(centre - other) >= 0.9 * (radius + its) for other, its in placed):
            return centre
    return None


def _distance(grid: list[NDArray[np.float64]], radii: NDArray[np.float64], turn: float) -> NDArray[np.float64]:
    """Return the distance to the centre, 1 on an ellipsoid that is turned in the plane of y and x."""
    y, x = grid[-2], grid[-1]
    across, along = np.cos(turn) * y - np.sin(turn) * x, np.sin(turn) * y + np.cos(turn) * x
    square = (across / radii[-2]) ** 2 + (along / radii[-1]) ** 2
    if len(grid) == 3:
        square = square + (grid[0] / radii[0]) ** 2
    distance: NDArray[np.float64] = np.sqrt(square)
    return distance


def _renumbered(labels: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Return labels without gaps, which are there if a nucleus has no pixel."""
    _, numbers = np.unique(np.append(labels.ravel(), np.uint16(0)), return_inverse=True)
    return numbers[:-1].reshape(labels.shape).astype(np.uint16)
