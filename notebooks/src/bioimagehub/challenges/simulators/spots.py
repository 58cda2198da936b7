"""Diffraction-limited spots on a background, as a camera sees them: molecules, vesicles, foci.

References
----------
Sage et al., "Quantitative evaluation of software packages for single-molecule localization microscopy", Nature Methods
12 (2015), https://doi.org/10.1038/nmeth.3442; the Gaussian after Zhang, Zerubia and Olivo-Marin (2007),
https://doi.org/10.1364/AO.46.001819
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bioimagehub.challenges.errors import SimulationError
from bioimagehub.challenges.phantoms.camera import expose
from bioimagehub.challenges.phantoms.optics import airy_spot, gaussian_spot, lateral_sigma
from bioimagehub.challenges.phantoms.parameters import Simulated, check_parameters
from bioimagehub.challenges.points import Points

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE = "Sage et al., Nature Methods 12 (2015), https://doi.org/10.1038/nmeth.3442"


def simulate(
    seed: int,
    *,
    shape: Sequence[int] = (256, 256),
    pixel: float = 0.1,
    density: float = 0.3,
    photons: float = 1000.0,
    photon_variation: float = 0.3,
    background: float = 20.0,
    psf: Literal["airy", "gaussian"] = "gaussian",
    wavelength: float = 0.67,
    aperture: float = 1.4,
    gain: float = 1.0,
    offset: float = 100.0,
    read_noise: float = 1.6,
) -> Simulated:
    """Generate an image of spots at random places.

    Parameters
    ----------
    seed : int
    shape : sequence of int
        Pixels (y, x).
    pixel : float
        Size of a pixel in µm.
    density : float
        Mean number of spots in a µm². Their number is Poisson distributed.
    photons, photon_variation : float
        Mean photoelectrons of a spot; standard deviation of their logarithm.
    background : float
        Photoelectrons of a pixel without spots.
    psf : {"airy", "gaussian"}
        The image of a point. The Gaussian has σ = 0.21 λ / NA.
    wavelength, aperture : float
        Of the emitted light in µm, and the numerical aperture.
    gain, offset, read_noise : float
        Of the camera, see `bioimagehub.challenges.phantoms.expose`.

    Returns
    -------
    Simulated
        Image: uint16 (y, x). Truth: `Points` in µm from the centre of the first pixel; intensity in photoelectrons.

    Raises
    ------
    SimulationError
        If a parameter is out of range.

    Examples
    --------
    >>> simulate(1, shape=(64, 64)).truth
    <Points: 10 along y, x, with intensity>
    """
    parameters: dict[str, Any] = dict(locals())
    sides = check_parameters(
        seed,
        shape,
        (2,),
        positive={"pixel": pixel, "photons": photons, "wavelength": wavelength, "aperture": aperture, "gain": gain},
        least={
            "density": density,
            "background": background,
            "photon_variation": photon_variation,
            "offset": offset,
            "read_noise": read_noise,
        },
    )
    if psf not in ("airy", "gaussian"):
        msg = f"There is no point spread function {psf!r}. Choose one of airy, gaussian."
        raise SimulationError(msg)
    rng = np.random.default_rng(seed)
    count = int(rng.poisson(density * pixel**2 * sides[0] * sides[1]))
    centres = rng.uniform(-0.5, np.array(sides) - 0.5, (count, 2))
    brightness = photons * np.exp(rng.normal(-(photon_variation**2) / 2, photon_variation, count))
    expected = np.full(sides, float(background))
    sigma = lateral_sigma(wavelength, aperture) / pixel
    # An Airy disc has rings: it is drawn wider.
    reach = ceil((8 if psf == "gaussian" else 24) * sigma)
    for (y, x), light in zip(centres.tolist(), brightness.tolist(), strict=True):
        low = [max(0, round(middle) - reach) for middle in (y, x)]
        high = [min(side, round(middle) + reach + 1) for middle, side in zip((y, x), sides, strict=True)]
        centre, part = (y - low[0], x - low[1]), (high[0] - low[0], high[1] - low[1])
        if psf == "gaussian":
            spot = gaussian_spot(centre, part, sigma)
        else:
            spot = airy_spot(centre, part, pixel, wavelength, aperture)
        expected[low[0] : high[0], low[1] : high[1]] += light * spot
    image = expose(expected, rng, gain=gain, offset=offset, read_noise=read_noise)
    extent = tuple(side * pixel for side in sides)
    truth = Points(centres * pixel, "yx", intensity=brightness, extent=extent)
    return Simulated(image, truth, (pixel, pixel), parameters | {"shape": list(sides)}, SOURCE, ("y", "x"))
