"""Fluorescent nuclei in 2D or 3D, with texture, blur, uneven light and noise.

References
----------
Lehmussola et al., IEEE Trans. Med. Imaging 26 (2007), https://doi.org/10.1109/TMI.2007.896925 (SIMCEP);
Svoboda, Kozubek and Stejskal, Cytometry A 75 (2009), https://doi.org/10.1002/cyto.a.20714 (in 3D).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import SimulationError
from bioimagehub.challenges.phantoms.camera import expose
from bioimagehub.challenges.phantoms.nuclei import grow_nuclei
from bioimagehub.challenges.phantoms.optics import lateral_sigma
from bioimagehub.challenges.phantoms.parameters import Simulated, check_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SOURCE = (
    "Lehmussola et al., IEEE Trans. Med. Imaging 26 (2007), https://doi.org/10.1109/TMI.2007.896925; "
    "Svoboda et al., Cytometry A 75 (2009), https://doi.org/10.1002/cyto.a.20714"
)


def simulate(
    seed: int,
    *,
    shape: Sequence[int] = (256, 256),
    spacing: Sequence[float] = (0.4, 0.4),
    count: int = 40,
    diameter: float = 9.0,
    variation: float = 0.15,
    elongation: float = 0.25,
    roughness: float = 0.08,
    clustering: float = 0.2,
    texture: float = 0.25,
    photons: float = 150.0,
    background: float = 15.0,
    shading: float = 0.3,
    wavelength: float = 0.46,
    aperture: float = 0.8,
    axial: float = 3.0,
    gain: float = 1.0,
    offset: float = 100.0,
    read_noise: float = 1.6,
) -> Simulated:
    """Generate an image of nuclei.

    Parameters
    ----------
    seed : int
    shape, spacing : sequence
        Pixels and their size in µm, (y, x) or (z, y, x).
    count : int
        Nuclei that are wanted; there are fewer if there is no room.
    diameter, variation, elongation, roughness, clustering, texture : float
        See `bioimagehub.challenges.phantoms.grow_nuclei`.
    photons, background : float
        Mean photoelectrons of a pixel inside a nucleus, and outside.
    shading : float
        Share of the light that is lost in the corners, from 0 to 1.
    wavelength, aperture : float
        Of the emitted light in µm, and the numerical aperture.
    axial : float
        How many times longer than wide the point spread function is, in 3D.
    gain, offset, read_noise : float
        Of the camera, see `bioimagehub.challenges.phantoms.expose`.

    Returns
    -------
    Simulated
        Image: uint16. Truth: label image, uint16.

    Raises
    ------
    SimulationError
        If a parameter is out of range.

    Examples
    --------
    >>> simulated = simulate(1, shape=(96, 96), count=5)
    >>> simulated.image.shape, int(simulated.truth.max())
    ((96, 96), 5)
    """
    parameters: dict[str, Any] = dict(locals())
    sides = check_parameters(
        seed,
        shape,
        (2, 3),
        positive={"diameter": diameter, "photons": photons, "wavelength": wavelength, "aperture": aperture},
        least={
            "background": background,
            "texture": texture,
            "variation": variation,
            "roughness": roughness,
            "axial": axial,
            "read_noise": read_noise,
        },
    )
    sizes = check_layout(sides, spacing, count, shading)
    rng = np.random.default_rng(seed)
    nuclei = grow_nuclei(
        rng,
        sides,
        sizes,
        count=count,
        diameter=diameter,
        variation=variation,
        elongation=elongation,
        roughness=roughness,
        clustering=clustering,
        texture=texture,
    )
    light = blur(nuclei.light, sizes, lateral_sigma(wavelength, aperture), axial)
    expected = (background + photons * light) * illumination(sides, shading)
    image = expose(expected, rng, gain=gain, offset=offset, read_noise=read_noise)
    plain = parameters | {"shape": list(sides), "spacing": list(sizes)}
    return Simulated(image, nuclei.labels, sizes, plain, SOURCE, tuple("zyx"[-len(sides) :]))


def check_layout(sides: tuple[int, ...], spacing: Sequence[float], count: int, shading: float) -> tuple[float, ...]:
    """Return the spacing, or raise `SimulationError` if it does not fit, or counts and shares are out of range."""
    sizes = tuple(float(size) for size in spacing)
    if len(sizes) != len(sides) or min(sizes) <= 0:
        msg = f"The spacing is {list(sizes)}, and the shape {list(sides)}. Expected a positive size an axis."
        raise SimulationError(msg + " Correct one.")
    if not 0 <= count <= 65535 or not 0 <= shading <= 1:
        msg = f"There are {count} nuclei and a shading of {shading}. Expected 0 to 65,535, and 0 to 1. Correct them."
        raise SimulationError(msg)
    return sizes


def blur(light: NDArray[np.float64], spacing: Sequence[float], sigma: float, axial: float) -> NDArray[np.float64]:
    """Return light after a Gaussian point spread function of σ µm, `axial` times as long along z."""
    from scipy.ndimage import gaussian_filter

    widths = [sigma / size for size in spacing]
    if len(widths) == 3:
        widths[0] *= axial
    blurred: NDArray[np.float64] = gaussian_filter(light, widths, mode="nearest")
    return blurred


def illumination(shape: Sequence[int], shading: float) -> NDArray[np.float64]:
    """Return light that falls with the square of the distance to the middle, from 1 to 1 − shading in the corners."""
    y, x = (np.linspace(-1, 1, side) if side > 1 else np.zeros(1) for side in shape[-2:])
    field: NDArray[np.float64] = 1 - shading * (y[:, None] ** 2 + x**2) / 2
    return np.broadcast_to(field, tuple(shape))
