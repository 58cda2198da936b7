"""Cells that wander, keep out of each other's way, and divide.

References
----------
Svoboda and Ulman, "MitoGen: a framework for generating 3D synthetic time-lapse sequences of cell populations in
fluorescence microscopy", IEEE Trans. Med. Imaging 36 (2017), https://doi.org/10.1109/TMI.2016.2606545, as in the
simulated sequences of the Cell Tracking Challenge: Ulman et al. (2017), https://doi.org/10.1038/nmeth.4473.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import SimulationError
from bioimagehub.challenges.phantoms.camera import expose
from bioimagehub.challenges.phantoms.nuclei import smooth_noise
from bioimagehub.challenges.phantoms.optics import lateral_sigma
from bioimagehub.challenges.phantoms.parameters import Simulated, check_parameters
from bioimagehub.challenges.simulators.cells import blur
from bioimagehub.challenges.tracks import Lineage, Tracks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SOURCE = "Svoboda and Ulman, IEEE Trans. Med. Imaging 36 (2017), https://doi.org/10.1109/TMI.2016.2606545"
# How far cells push each other apart in a frame, and how much of their direction they keep.
STEPS_APART = 8
PERSISTENCE = 0.7
MOST_LABELS = 65_535


@dataclass(eq=False)
class Cell:
    """A cell in one frame: its label, place and velocity in µm, age and lifetime in frames, brightness."""

    label: int
    parent: int
    begin: int
    place: NDArray[np.float64]
    velocity: NDArray[np.float64]
    age: int
    lifetime: int
    brightness: float

    def share(self, growth: float) -> float:
        """Return its area as a share of that of a cell in the middle of its life."""
        return 1 + growth * (min(self.age / self.lifetime, 1) - 0.5)


def simulate(
    seed: int,
    *,
    shape: Sequence[int] = (30, 192, 192),
    pixel: float = 0.6,
    interval: float = 300.0,
    count: int = 12,
    diameter: float = 14.0,
    speed: float = 1.2,
    lifetime: float = 24.0,
    growth: float = 0.5,
    texture: float = 0.2,
    photons: float = 80.0,
    background: float = 15.0,
    wavelength: float = 0.52,
    aperture: float = 0.8,
    read_noise: float = 1.6,
) -> Simulated:
    """Generate a time-lapse of cells.

    Parameters
    ----------
    seed : int
    shape : sequence of int
        Frames and pixels (t, y, x).
    pixel, interval : float
        Size of a pixel in µm; time between frames in seconds.
    count : int
        Cells in the first frame.
    diameter : float
        Mean diameter in µm.
    speed : float
        Standard deviation of a step along an axis between frames, in µm.
    lifetime : float
        Mean frames between divisions; lifetimes vary by a tenth, and the first cells are of any age.
    growth : float
        By how much of the mean area a cell grows between divisions, from 0 to 1.
    texture : float
        Standard deviation of the fluorescence within a cell, as a share of its brightness.
    photons, background : float
        Mean photoelectrons of a pixel inside a cell, and outside.
    wavelength, aperture, read_noise : float
        See `bioimagehub.challenges.simulators.cells`.

    Returns
    -------
    Simulated
        Image: uint16 (t, y, x). Truth: `Tracks` with label images uint16. Cells that leave the image end there.

    Raises
    ------
    SimulationError
        If a parameter is out of range.

    Examples
    --------
    >>> simulate(1, shape=(4, 64, 64), count=3).truth
    <Tracks: frames 0 to 3 of shape 64 × 64, 3 tracks>
    """
    parameters: dict[str, Any] = dict(locals())
    sides = check_parameters(
        seed,
        shape,
        (3,),
        positive={"pixel": pixel, "interval": interval, "diameter": diameter, "lifetime": lifetime, "photons": photons},
        least={"speed": speed, "texture": texture, "background": background, "read_noise": read_noise},
    )
    if not 0 <= count <= 10_000 or not 0 <= growth <= 1 or lifetime < 2:
        msg = (
            f"There are {count} cells, a growth of {growth} and a lifetime of {lifetime}. Expected up to 10,000 cells, "
        )
        raise SimulationError(msg + "a growth from 0 to 1, and a lifetime of at least 2. Choose others.")
    rng = np.random.default_rng(seed)
    extent = np.array(sides[1:]) * pixel
    cells = [_first_cell(rng, label, extent, lifetime) for label in range(1, count + 1)]
    pattern = smooth_noise(rng, sides[1:], [max(diameter / 8 / pixel, 0.5)] * 2)
    image, labels = np.zeros(sides, np.uint16), np.zeros(sides, np.uint16)
    rows: dict[int, list[int]] = {}
    used = count
    for frame in range(sides[0]):
        if frame:
            cells, used = _live(rng, cells, used, frame, diameter, speed, lifetime, growth)
        if used > MOST_LABELS:
            msg = (
                f"By frame {frame} there were {used:,} cells. Expected up to {MOST_LABELS:,}. Choose a longer lifetime."
            )
            raise SimulationError(msg)
        _push_apart(cells, diameter, growth)
        light = _draw(cells, labels[frame], pattern, pixel, diameter, growth, texture)
        seen = set(np.unique(labels[frame]).tolist())
        # What cannot be seen is lost for good: a track has no gap.
        cells = [cell for cell in cells if cell.label in seen]
        for cell in cells:
            rows.setdefault(cell.label, [cell.label, frame, frame, cell.parent])[2] = frame
        expected = background + photons * blur(light, (pixel, pixel), lateral_sigma(wavelength, aperture), 1.0)
        image[frame] = expose(expected, rng, read_noise=read_noise)
    lineage = Lineage.from_rows([rows[label] for label in sorted(rows)])
    plain = parameters | {"shape": list(sides)}
    return Simulated(image, Tracks(labels, lineage), (interval, pixel, pixel), plain, SOURCE, ("t", "y", "x"))


def _lifetime(rng: np.random.Generator, mean: float) -> int:
    return max(2, round(mean * (1 + 0.1 * rng.standard_normal())))


def _first_cell(rng: np.random.Generator, label: int, extent: NDArray[np.float64], lifetime: float) -> Cell:
    life = _lifetime(rng, lifetime)
    place = (0.1 + 0.8 * rng.uniform(size=2)) * extent
    brightness = max(0.4, 1 + 0.2 * rng.standard_normal())
    return Cell(label, 0, 0, place, np.zeros(2), int(rng.integers(life)), life, brightness)


def _live(
    rng: np.random.Generator,
    cells: list[Cell],
    used: int,
    frame: int,
    diameter: float,
    speed: float,
    lifetime: float,
    growth: float,
) -> tuple[list[Cell], int]:
    """Return the cells of the next frame, and the last label that is used: each moves, grows and may divide."""
    later = []
    for cell in cells:
        cell.velocity = PERSISTENCE * cell.velocity + np.sqrt(1 - PERSISTENCE**2) * speed * rng.standard_normal(2)
        cell.place = cell.place + cell.velocity
        cell.age += 1
        if cell.age < cell.lifetime:
            later.append(cell)
            continue
        turn = rng.uniform(0, 2 * np.pi)
        aside = np.array([np.sin(turn), np.cos(turn)]) * diameter * np.sqrt(1 - growth / 2) / 2
        for side in (-1, 1):
            used += 1
            life = _lifetime(rng, lifetime)
            later.append(
                Cell(used, cell.label, frame, cell.place + side * aside, np.zeros(2), 0, life, cell.brightness)
            )
    return later, used


def _push_apart(cells: list[Cell], diameter: float, growth: float) -> None:
    """Move cells that overlap away from each other, by half of their overlap each, a few times."""
    if len(cells) < 2:
        return
    places = np.array([cell.place for cell in cells])
    radii = np.array([diameter / 2 * np.sqrt(cell.share(growth)) for cell in cells])
    for _ in range(STEPS_APART):
        apart = places[:, None] - places
        distance = np.hypot(apart[..., 0], apart[..., 1])
        overlap = np.maximum(radii[:, None] + radii - distance, 0)
        np.fill_diagonal(overlap, 0)
        direction = apart / np.maximum(distance, 1e-9)[..., None]
        places = places + (direction * overlap[..., None] / 2).sum(axis=1)
    for cell, place in zip(cells, places, strict=True):
        cell.place = place


def _draw(
    cells: list[Cell],
    labels: NDArray[np.uint16],
    pattern: NDArray[np.float64],
    pixel: float,
    diameter: float,
    growth: float,
    texture: float,
) -> NDArray[np.float64]:
    """Paint the labels of a frame, and return the fluorescence."""
    light = np.zeros(labels.shape)
    for cell in cells:
        radius = diameter / 2 * np.sqrt(cell.share(growth)) / pixel
        middle = cell.place / pixel
        low = np.maximum(np.floor(middle - radius).astype(int), 0)
        high = np.minimum(np.ceil(middle + radius).astype(int) + 1, labels.shape)
        if (high <= low).any():
            continue
        part = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        y, x = np.ix_(*(np.arange(a, b) - c for a, b, c in zip(low, high, middle, strict=True)))
        body = (y**2 + x**2 < radius**2) & (labels[part] == 0)
        labels[part][body] = cell.label
        light[part][body] = cell.brightness * np.maximum(0.1, 1 + texture * pattern[part][body])
    return light
