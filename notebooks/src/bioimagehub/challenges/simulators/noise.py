"""A clean image and noisy ones of the same scene: pairs to train and to measure denoising.

References
----------
Foi et al., IEEE Trans. Image Process. 17 (2008), https://doi.org/10.1109/TIP.2008.2001399 (Poisson and Gaussian noise);
Lehmussola et al., IEEE Trans. Med. Imaging 26 (2007), https://doi.org/10.1109/TMI.2007.896925 (the scene).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import SimulationError
from bioimagehub.challenges.phantoms.camera import expose
from bioimagehub.challenges.phantoms.nuclei import grow_nuclei
from bioimagehub.challenges.phantoms.optics import lateral_sigma
from bioimagehub.challenges.phantoms.parameters import Simulated, check_parameters
from bioimagehub.challenges.simulators.cells import blur, check_layout

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE = "Foi et al., IEEE Trans. Image Process. 17 (2008), https://doi.org/10.1109/TIP.2008.2001399"


def simulate(
    seed: int,
    *,
    shape: Sequence[int] = (256, 256),
    spacing: Sequence[float] = (0.2, 0.2),
    count: int = 20,
    diameter: float = 9.0,
    texture: float = 0.5,
    exposures: int = 1,
    photons: float = 10.0,
    background: float = 2.0,
    wavelength: float = 0.52,
    aperture: float = 1.2,
    gain: float = 2.0,
    offset: float = 100.0,
    read_noise: float = 1.6,
) -> Simulated:
    """Generate noisy images of one scene.

    Parameters
    ----------
    seed : int
    shape, spacing : sequence
        Pixels and their size in µm, (y, x) or (z, y, x).
    count, diameter, texture
        Of the nuclei in the scene, see `bioimagehub.challenges.phantoms.grow_nuclei`.
    exposures : int
        Noisy images of the same scene, with independent noise.
    photons, background : float
        Mean photoelectrons of a pixel inside a nucleus, and outside.
    wavelength, aperture : float
        Of the emitted light in µm, and the numerical aperture.
    gain, offset, read_noise : float
        Of the camera, see `bioimagehub.challenges.phantoms.expose`.

    Returns
    -------
    Simulated
        Image: uint16; with more than one exposure, they are along a first axis t. Truth: float64, the counts that a
        camera without noise would give.

    Raises
    ------
    SimulationError
        If a parameter is out of range.

    Examples
    --------
    >>> simulated = simulate(1, shape=(64, 64), exposures=2)
    >>> simulated.image.shape, simulated.truth.shape
    ((2, 64, 64), (64, 64))
    """
    parameters: dict[str, Any] = dict(locals())
    sides = check_parameters(
        seed,
        shape,
        (2, 3),
        positive={
            "diameter": diameter,
            "photons": photons,
            "wavelength": wavelength,
            "aperture": aperture,
            "gain": gain,
        },
        least={"background": background, "texture": texture, "read_noise": read_noise, "offset": offset},
    )
    sizes = check_layout(sides, spacing, count, 0.0)
    if exposures < 1:
        msg = f"There are {exposures} exposures. Expected at least 1. Choose another number."
        raise SimulationError(msg)
    rng = np.random.default_rng(seed)
    nuclei = grow_nuclei(rng, sides, sizes, count=count, diameter=diameter, texture=texture)
    expected = background + photons * blur(nuclei.light, sizes, lateral_sigma(wavelength, aperture), 3.0)
    frames = [expose(expected, rng, gain=gain, offset=offset, read_noise=read_noise) for _ in range(exposures)]
    image = frames[0] if exposures == 1 else np.stack(frames)
    axes = tuple("zyx"[-len(sides) :])
    if exposures > 1:
        axes = ("t", *axes)
    plain = parameters | {"shape": list(sides), "spacing": list(sizes)}
    sizes = sizes if exposures == 1 else (1.0, *sizes)
    return Simulated(image, offset + gain * expected, sizes, plain, SOURCE, axes)
