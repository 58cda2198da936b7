"""A camera: photons become electrons by chance, and electrons become counts with noise.

References
----------
Foi et al., "Practical Poissonian-Gaussian noise modeling and fitting for single-image raw-data", IEEE Trans. Image
Process. 17 (2008), https://doi.org/10.1109/TIP.2008.2001399
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def expose(
    photons: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    gain: float = 1.0,
    offset: float = 100.0,
    read_noise: float = 1.6,
) -> NDArray[np.uint16]:
    """Return the counts of a camera.

    Parameters
    ----------
    photons : ndarray of float64
        Expected photoelectrons of each pixel.
    rng : Generator
        Where chance comes from.
    gain : float
        Counts for an electron.
    offset : float
        Counts without light.
    read_noise : float
        Standard deviation of the noise of reading, in electrons.

    Returns
    -------
    ndarray of uint16
        offset + gain · (Poisson(photons) + Normal(0, read_noise)), rounded, from 0 to 65,535.
    """
    electrons = rng.poisson(np.maximum(photons, 0)) + rng.normal(0, read_noise, photons.shape)
    return np.clip(np.rint(offset + gain * electrons), 0, 65535).astype(np.uint16)
