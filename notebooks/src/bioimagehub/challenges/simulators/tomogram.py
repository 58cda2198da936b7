"""Macromolecules of a few shapes in a noisy tomogram with a missing wedge.

References
----------
Gubins et al., "SHREC 2020: classification in cryo-electron tomograms", Computers & Graphics 91 (2020),
https://doi.org/10.1016/j.cag.2020.07.010
"""

from __future__ import annotations

from math import pi, tan
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import SimulationError
from bioimagehub.challenges.phantoms.parameters import Simulated, check_parameters
from bioimagehub.challenges.points import Points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SOURCE = "Gubins et al., Computers & Graphics 91 (2020), https://doi.org/10.1016/j.cag.2020.07.010"
SHAPES = ("ball", "ring", "rod")
# 1 Å in µm.
ANGSTROM = 1e-4
TRIALS = 200


def simulate(
    seed: int,
    *,
    shape: Sequence[int] = (64, 128, 128),
    voxel: float = 10.0,
    count: int = 30,
    diameter: float = 160.0,
    shapes: Sequence[str] = ("ball",),
    signal_to_noise: float = 0.1,
    tilt: float = 60.0,
) -> Simulated:
    """Generate a tomogram.

    Parameters
    ----------
    seed : int
    shape : sequence of int
        Voxels (z, y, x). The specimen was tilted around y.
    voxel : float
        Size of a voxel in Å.
    count : int
        Particles that are wanted; there are fewer if there is no room.
    diameter : float
        Of a particle, in Å.
    shapes : sequence of {"ball", "ring", "rod"}
        Each particle has one of them at random, in any direction.
    signal_to_noise : float
        Variance of the densities over that of the noise, in the whole volume.
    tilt : float
        Largest tilt in degrees, both ways: what is steeper is missing.

    Returns
    -------
    Simulated
        Image: float32 (z, y, x), mean 0, particles dark. Truth: `Points`, the centres of the particles in µm.

    Raises
    ------
    SimulationError
        If a parameter is out of range.

    Examples
    --------
    >>> simulate(1, shape=(24, 48, 48), count=3).truth
    <Points: 3 along z, y, x>
    """
    parameters: dict[str, Any] = dict(locals())
    sides = check_parameters(
        seed,
        shape,
        (3,),
        positive={"voxel": voxel, "diameter": diameter, "signal_to_noise": signal_to_noise, "tilt": tilt},
        least={"count": count},
    )
    if not shapes or not set(shapes) <= set(SHAPES) or tilt > 90:
        msg = (
            f"The shapes are {', '.join(shapes)}, the tilt {tilt}. Expected some of {', '.join(SHAPES)}, and up to 90."
        )
        raise SimulationError(msg + " Choose others.")
    radius = diameter / 2 / voxel
    rng = np.random.default_rng(seed)
    centres: list[NDArray[np.float64]] = []
    density = np.zeros(sides)
    for _ in range(count):
        kind = shapes[int(rng.integers(len(shapes)))]
        direction = rng.standard_normal(3)
        centre = _find_place(rng, sides, radius, centres)
        if centre is not None:
            centres.append(centre)
            _add_particle(density, kind, centre, direction / np.linalg.norm(direction), radius)
    noise = rng.standard_normal(sides) * _noise_level(density, signal_to_noise)
    volume = _tilted(noise - density, tilt).astype(np.float32)
    places = np.array(centres, np.float64).reshape(-1, 3) * voxel * ANGSTROM
    size = voxel * ANGSTROM
    truth = Points(places, "zyx", extent=tuple(side * size for side in sides))
    plain = parameters | {"shape": list(sides), "shapes": list(shapes)}
    return Simulated(volume, truth, (size, size, size), plain, SOURCE, ("z", "y", "x"))


def _noise_level(density: NDArray[np.float64], signal_to_noise: float) -> float:
    """Return the standard deviation of the noise: 1 if there is no particle."""
    deviation = float(density.std())
    return deviation / float(np.sqrt(signal_to_noise)) if deviation > 0 else 1.0


def _find_place(
    rng: np.random.Generator, sides: Sequence[int], radius: float, centres: list[NDArray[np.float64]]
) -> NDArray[np.float64] | None:
    """Return a centre whose particle is inside and touches no other; None if there is no room."""
    low, high = np.full(3, radius), np.array(sides) - 1 - radius
    if (high < low).any():
        return None
    for _ in range(TRIALS):
        centre: NDArray[np.float64] = rng.uniform(low, high)
        if all(np.linalg.norm(centre - other) > 2 * radius for other in centres):
            return centre
    return None


def _add_particle(
    density: NDArray[np.float64], kind: str, centre: NDArray[np.float64], axis: NDArray[np.float64], radius: float
) -> None:
    """Add a particle with edges of about a voxel; its longest diameter is twice the radius."""
    low = np.maximum(np.floor(centre - radius).astype(int) - 1, 0)
    high = np.minimum(np.ceil(centre + radius).astype(int) + 2, density.shape)
    z, y, x = np.ix_(*(np.arange(a, b) - c for a, b, c in zip(low, high, centre, strict=True)))
    along = z * axis[0] + y * axis[1] + x * axis[2]
    square = z**2 + y**2 + x**2
    across = np.sqrt(np.maximum(square - along**2, 0))
    if kind == "ball":
        depth = radius - np.sqrt(square)
    elif kind == "ring":
        thickness = 0.35 * radius
        depth = thickness - np.hypot(across - (radius - thickness), along)
    else:
        thickness = 0.4 * radius
        depth = thickness - np.hypot(across, np.maximum(np.abs(along) - (radius - thickness), 0))
    part = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    density[part] += np.clip(depth + 0.5, 0, 1)


def _tilted(volume: NDArray[np.float64], tilt: float) -> NDArray[np.float64]:
    """Return what a series of tilts up to an angle measures: frequencies steeper than it are set to 0."""
    from scipy.fft import irfftn, rfftn

    spectrum = rfftn(volume)
    fz = np.abs(np.fft.fftfreq(volume.shape[0]))[:, None, None]
    fx = np.fft.rfftfreq(volume.shape[2])[None, None, :]
    missing = fz > tan(min(tilt, 89.999) * pi / 180) * fx if tilt < 90 else np.zeros((1, 1, 1), bool)
    spectrum = np.where(missing, 0, spectrum)
    spectrum[0, 0, 0] = 0
    measured: NDArray[np.float64] = irfftn(spectrum, volume.shape)
    return measured
