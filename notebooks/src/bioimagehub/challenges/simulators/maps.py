"""Two half maps of a molecule, with a signal-to-noise ratio that falls with frequency in a known way.

References
----------
Rosenthal and Henderson, J. Mol. Biol. 333 (2003), https://doi.org/10.1016/j.jmb.2003.07.013 (FSC and B factor);
Penczek, "Three-dimensional spectral signal-to-noise ratio for a class of reconstruction algorithms", J. Struct. Biol.
138 (2002), https://doi.org/10.1016/S1047-8477(02)00033-3
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import SimulationError
from bioimagehub.challenges.phantoms.parameters import Simulated, check_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SOURCE = "Rosenthal and Henderson, J. Mol. Biol. 333 (2003), https://doi.org/10.1016/j.jmb.2003.07.013"
ANGSTROM = 1e-4
# The correlation of half maps at the resolution that is asked for.
AT_RESOLUTION = 0.143
WEAKEST = 1e-3
# Mean distance of residues in a chain, and the width of their densities, in Å.
STEP = 3.8
WIDTH = 1.2


def simulate(
    seed: int,
    *,
    shape: Sequence[int] = (64, 64, 64),
    voxel: float = 1.5,
    residues: int = 400,
    resolution: float = 5.0,
    b_factor: float = 300.0,
) -> Simulated:
    """Generate two half maps and the map without noise.

    Parameters
    ----------
    seed : int
    shape : sequence of int
        Voxels (z, y, x).
    voxel : float
        Size of a voxel in Å.
    residues : int
        Densities of the chain, which stays inside a ball of 0.35 times the shortest side.
    resolution : float
        In Å: there the correlation of the half maps is expected to be 0.143. Not finer than two voxels.
    b_factor : float
        In Å²: the signal-to-noise ratio falls as exp(−B k² / 2) with the frequency k, down to 0.001.

    Returns
    -------
    Simulated
        Image: float32 (2, z, y, x), the two half maps. Truth: float32 (z, y, x), the map without noise.

    Raises
    ------
    SimulationError
        If a parameter is out of range.

    Notes
    -----
    With a ratio S of the power of the signal to that of the noise in a shell, the Fourier shell correlation of two maps
    is expected to be S / (1 + S).

    Examples
    --------
    >>> simulated = simulate(1, shape=(24, 24, 24), resolution=6.0)
    >>> simulated.image.shape, simulated.spacing
    ((2, 24, 24, 24), (1.0, 0.00015000000000000001, 0.00015000000000000001, 0.00015000000000000001))
    """
    parameters: dict[str, Any] = dict(locals())
    sides = check_parameters(
        seed,
        shape,
        (3,),
        positive={"voxel": voxel, "residues": residues, "resolution": resolution},
        least={"b_factor": b_factor},
    )
    if resolution < 2 * voxel:
        msg = f"The resolution is {resolution} Å, with voxels of {voxel} Å. Expected at least two voxels."
        raise SimulationError(msg)
    rng = np.random.default_rng(seed)
    truth = _molecule(rng, sides, voxel, int(residues))
    frequency = _frequency(sides, voxel)
    ratio = AT_RESOLUTION / (1 - AT_RESOLUTION) * np.exp(-b_factor / 2 * (frequency**2 - 1 / resolution**2))
    # Single precision has seven digits: much stronger noise in fine shells would drown the coarse ones.
    ratio = np.maximum(ratio, WEAKEST)
    halves = [truth + _noise(rng, truth, ratio, frequency) for _ in range(2)]
    size = voxel * ANGSTROM
    plain = parameters | {"shape": list(sides)}
    return Simulated(
        np.stack(halves).astype(np.float32),
        truth.astype(np.float32),
        (1.0, size, size, size),
        plain,
        SOURCE,
        ("c", "z", "y", "x"),
    )


def _molecule(rng: np.random.Generator, sides: Sequence[int], voxel: float, residues: int) -> NDArray[np.float64]:
    """Return the density of a chain that wanders in a ball, mean 0 and standard deviation 1."""
    from scipy.ndimage import gaussian_filter

    radius = 0.35 * min(sides) * voxel
    place, places = np.zeros(3), []
    for _ in range(residues):
        step = rng.standard_normal(3)
        step *= STEP / np.linalg.norm(step)
        # Turned back towards the middle where it would leave.
        if np.linalg.norm(place + step) > radius:
            step = -place / max(float(np.linalg.norm(place)), 1e-9) * STEP
        place = place + step
        places.append(place)
    middle = np.array(sides) // 2
    points = np.rint(np.array(places) / voxel).astype(int) + middle
    density = np.zeros(tuple(sides))
    np.add.at(density, tuple(np.clip(points, 0, np.array(sides) - 1).T), 1.0)
    density = gaussian_filter(density, WIDTH / voxel, mode="wrap")
    density -= density.mean()
    deviation = float(density.std())
    molecule: NDArray[np.float64] = density / deviation if deviation > 0 else density
    return molecule


def _frequency(sides: Sequence[int], voxel: float) -> NDArray[np.float64]:
    """Return the frequency of each coefficient of half a spectrum, in 1/Å."""
    axes = [np.fft.fftfreq(side, voxel) for side in sides[:-1]] + [np.fft.rfftfreq(sides[-1], voxel)]
    frequency: NDArray[np.float64] = np.sqrt(sum(axis**2 for axis in np.ix_(*axes)))
    return frequency


def _noise(
    rng: np.random.Generator, truth: NDArray[np.float64], ratio: NDArray[np.float64], frequency: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return noise whose power in each shell is that of the truth there over the ratio."""
    from scipy.fft import irfftn, rfftn

    shell = np.rint(frequency / frequency.max() * max(truth.shape)).astype(int)
    power = np.abs(rfftn(truth)) ** 2
    count = np.bincount(shell.ravel())
    mean = np.bincount(shell.ravel(), power.ravel()) / np.maximum(count, 1)
    white = rfftn(rng.standard_normal(truth.shape))
    scale = np.sqrt(mean[shell] / ratio / truth.size)
    noise: NDArray[np.float64] = irfftn(white * scale, truth.shape)
    return noise
