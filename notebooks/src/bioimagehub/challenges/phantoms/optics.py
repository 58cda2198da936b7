"""Images of points: the point spread function of a microscope in focus.

References
----------
Zhang, Zerubia and Olivo-Marin, "Gaussian approximations of fluorescence microscope point-spread function models",
Applied Optics 46 (2007), https://doi.org/10.1364/AO.46.001819
"""

from __future__ import annotations

from math import pi, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Points within a pixel, along each axis, at which a spot is summed up.
OVERSAMPLING = 5


def lateral_sigma(wavelength: float, aperture: float) -> float:
    """Return σ of the Gaussian that is nearest to the point spread function of a widefield microscope: 0.21 λ / NA.

    Parameters
    ----------
    wavelength : float
        Of the emitted light, in µm.
    aperture : float
        Numerical aperture.
    """
    return 0.21 * wavelength / aperture


def gaussian_spot(centre: Sequence[float], shape: Sequence[int], sigma: float) -> NDArray[np.float64]:
    """Return the share of the light of a point that each pixel gets, float64, as integrals of a Gaussian.

    Parameters
    ----------
    centre : sequence of float
        In pixels; whole numbers are centres of pixels.
    shape : sequence of int
        Of the image (y, x).
    sigma : float
        In pixels.
    """
    from scipy.special import erf

    lines = []
    for middle, side in zip(centre, shape, strict=True):
        edges = (np.arange(side + 1) - 0.5 - middle) / (sigma * sqrt(2))
        lines.append(np.diff(erf(edges)) / 2)
    spot: NDArray[np.float64] = np.multiply.outer(*lines)
    return spot


def airy_spot(
    centre: Sequence[float], shape: Sequence[int], pixel: float, wavelength: float, aperture: float
) -> NDArray[np.float64]:
    """Return the share of the light of a point that each pixel gets, float64, of an Airy disc.

    Parameters
    ----------
    centre : sequence of float
        In pixels; whole numbers are centres of pixels.
    shape : sequence of int
        Of the image (y, x).
    pixel, wavelength : float
        In µm.
    aperture : float
        Numerical aperture.
    """
    from scipy.special import j1

    inner = (np.arange(OVERSAMPLING) + 0.5) / OVERSAMPLING - 0.5
    axes = [((np.arange(side)[:, None] + inner) - middle).ravel() for middle, side in zip(centre, shape, strict=True)]
    v = 2 * pi * aperture / wavelength * pixel * np.hypot(axes[0][:, None], axes[1])
    amplitude = np.ones_like(v)
    np.divide(2 * j1(v), v, out=amplitude, where=v > 1e-9)
    # ∫ (2 J₁(v)/v)² over the plane is 4π in units of v.
    density = amplitude**2 / (4 * pi) * (2 * pi * aperture / wavelength * pixel) ** 2
    pixels = density.reshape(shape[0], OVERSAMPLING, shape[1], OVERSAMPLING)
    spot: NDArray[np.float64] = pixels.mean(axis=(1, 3))
    return spot
