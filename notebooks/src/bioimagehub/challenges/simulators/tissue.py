"""A stained section of tissue in transmitted light: glands in stroma, with nuclei, in red, green and blue.

References
----------
Ruifrok and Johnston, "Quantification of histochemical staining by color deconvolution", Anal. Quant. Cytol. Histol. 23
(2001), 291-299 (stains add as optical densities; the vectors of three stains);
Landini et al., "Colour deconvolution: stain unmixing in histological imaging", Bioinformatics 37 (2021),
https://doi.org/10.1093/bioinformatics/btaa847 (the model, and how vectors differ between laboratories).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import SimulationError
from bioimagehub.challenges.phantoms.camera import expose
from bioimagehub.challenges.phantoms.nuclei import grow_nuclei, smooth_noise
from bioimagehub.challenges.phantoms.optics import lateral_sigma
from bioimagehub.challenges.phantoms.parameters import Simulated, check_parameters
from bioimagehub.challenges.simulators.cells import blur, check_layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SOURCE = (
    "Ruifrok and Johnston, Anal. Quant. Cytol. Histol. 23 (2001); "
    "Landini et al., Bioinformatics 37 (2021), https://doi.org/10.1093/bioinformatics/btaa847"
)
GLASS, STROMA, EPITHELIUM = range(3)
# Optical densities in red, green and blue, as Ruifrok and Johnston measured them.
VECTORS = {"haematoxylin": (0.65, 0.70, 0.29), "eosin": (0.07, 0.99, 0.11), "dab": (0.27, 0.57, 0.78)}
STAINS = ("dab", "eosin")
# Of red, green and blue light, in µm.
WAVELENGTHS = (0.61, 0.54, 0.46)
# What haematoxylin stains outside nuclei, as a share of what it stains in them.
CYTOPLASM = 0.12


def simulate(
    seed: int,
    *,
    shape: Sequence[int] = (256, 256),
    spacing: Sequence[float] = (0.5, 0.5),
    scale: float = 11.0,
    glass: float = 0.2,
    epithelium: float = 0.35,
    count: int = 130,
    diameter: float = 7.0,
    sparseness: float = 0.6,
    stain: str = "dab",
    haematoxylin: float = 0.7,
    amount: float = 0.5,
    unspecific: float = 0.15,
    variation: float = 0.3,
    deviation: float = 0.0,
    photons: float = 4000.0,
    aperture: float = 0.75,
    read_noise: float = 4.0,
) -> Simulated:
    """Generate an image of a section that is stained with haematoxylin and a second stain.

    Parameters
    ----------
    seed : int
    shape, spacing : sequence
        Pixels and their size in µm, (y, x).
    scale : float
        How wide glands and gaps are: σ in µm of the smooth random fields that they are cut out of.
    glass, epithelium : float
        Shares of the field. Half of the glass is inside glands, half in gaps of the stroma. The rest is stroma.
    count, diameter
        Nuclei in the whole field, see `bioimagehub.challenges.phantoms.grow_nuclei`. Those on glass are left out. A
        nucleus ends where its region ends.
    sparseness : float
        Probability that a nucleus of the stroma is left out: epithelium has more of them.
    stain : {"dab", "eosin"}
        The second stain.
    haematoxylin : float
        Optical density (decadic, norm of the three colours) of a mean nucleus. A share of 0.12 of it is in all tissue.
    amount : float
        Optical density of the second stain in the epithelium, outside nuclei.
    unspecific : float
        Second stain in the stroma, as a share of that in the epithelium. Above 1, as with eosin, stroma has more.
    variation : float
        Standard deviation of the logarithm of the second stain from place to place.
    deviation : float
        Standard deviation by which each component of a stain's vector differs from the published one.
    photons : float
        Photoelectrons of a pixel of glass, in each colour: also the counts of white.
    aperture : float
        Numerical aperture.
    read_noise : float
        Standard deviation of the camera's noise of reading, in electrons.

    Returns
    -------
    Simulated
        Image: uint16 (c, y, x), c being red, green and blue. Truth: uint8 (y, x), 0 glass, 1 stroma, 2 epithelium;
        nuclei are of the class of their region.

    Raises
    ------
    SimulationError
        If a parameter is out of range.

    Examples
    --------
    >>> simulated = simulate(1, shape=(64, 64), count=10)
    >>> simulated.image.shape, np.unique(simulated.truth).tolist()
    ((3, 64, 64), [0, 1, 2])
    """
    parameters: dict[str, Any] = dict(locals())
    sides = check_parameters(
        seed,
        shape,
        (2,),
        positive={"scale": scale, "diameter": diameter, "photons": photons, "aperture": aperture},
        least={
            "haematoxylin": haematoxylin,
            "amount": amount,
            "unspecific": unspecific,
            "variation": variation,
            "deviation": deviation,
            "read_noise": read_noise,
        },
    )
    sizes = check_layout(sides, spacing, count, 0.0)
    _check_section(glass, epithelium, sparseness, stain)
    rng = np.random.default_rng(seed)
    vectors = _draw_vectors(rng, ("haematoxylin", stain), deviation)
    detail = [scale / size for size in sizes]
    classes = _lay_out(rng, sides, detail, glass, epithelium)
    nuclei = grow_nuclei(rng, sides, sizes, count=count, diameter=diameter)
    light = _light_of_kept(rng, nuclei.labels, nuclei.light, classes, sparseness)
    patches = np.exp(variation * smooth_noise(rng, sides, [one / 3 for one in detail]) - variation**2 / 2)
    first = haematoxylin * np.where(light > 0, light, np.array([0, CYTOPLASM, CYTOPLASM])[classes])
    second = amount * np.array([0, unspecific, 1.0])[classes] * patches * (light == 0)
    density = np.tensordot(vectors, np.stack([first, second]), (0, 0))
    expected = photons * 10.0**-density
    seen = [
        blur(colour, sizes, lateral_sigma(wavelength, aperture), 1.0)
        for colour, wavelength in zip(expected, WAVELENGTHS, strict=True)
    ]
    image = expose(np.stack(seen), rng, offset=0.0, read_noise=read_noise)
    plain = parameters | {"shape": list(sides), "spacing": list(sizes)}
    return Simulated(image, classes, (1.0, *sizes), plain, SOURCE, ("c", "y", "x"))


def _check_section(glass: float, epithelium: float, sparseness: float, stain: str) -> None:
    if not (glass >= 0 and epithelium >= 0 and glass + epithelium <= 1 and 0 <= sparseness <= 1):
        msg = (
            f"The share of glass is {glass}, that of epithelium {epithelium}, the sparseness {sparseness}. Expected "
            "each from 0 to 1, and glass and epithelium together at most 1. Correct them."
        )
        raise SimulationError(msg)
    if stain not in STAINS:
        msg = f"There is no second stain {stain!r}. Choose one of {', '.join(STAINS)}."
        raise SimulationError(msg)


def _draw_vectors(rng: np.random.Generator, stains: Sequence[str], deviation: float) -> NDArray[np.float64]:
    """Return the optical densities of stains, shape (stains, colours), each of length 1."""
    published = np.array([VECTORS[stain] for stain in stains])
    drawn = np.maximum(published + deviation * rng.standard_normal(published.shape), 0.01)
    vectors: NDArray[np.float64] = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return vectors


def _lay_out(
    rng: np.random.Generator, sides: tuple[int, ...], detail: list[float], glass: float, epithelium: float
) -> NDArray[np.uint8]:
    """Return the class of each pixel: epithelium lies around lumens, and stroma with gaps around epithelium."""
    glands, gaps = (smooth_noise(rng, sides, detail) for _ in range(2))
    order = np.argsort(-glands, axis=None, kind="stable")
    lumen, rest = round(glass / 2 * order.size), round((glass / 2 + epithelium) * order.size)
    classes = np.full(order.size, STROMA, np.uint8)
    classes[order[:rest]] = EPITHELIUM
    classes[order[:lumen]] = GLASS
    stroma = order[rest:]
    widest = np.argsort(-gaps.ravel()[stroma], kind="stable")
    classes[stroma[widest[: round(glass * order.size) - lumen]]] = GLASS
    return classes.reshape(sides)


def _light_of_kept(
    rng: np.random.Generator,
    labels: NDArray[np.uint16],
    light: NDArray[np.float64],
    classes: NDArray[np.uint8],
    sparseness: float,
) -> NDArray[np.float64]:
    """Return how much haematoxylin nuclei take, 0 outside those that are kept; each is within one region."""
    number = int(labels.max()) + 1
    areas = np.stack([np.bincount(labels[classes == one], minlength=number) for one in range(3)])
    region = areas.argmax(axis=0)
    kept = (region == EPITHELIUM) | ((region == STROMA) & (rng.random(number) >= sparseness))
    kept[0] = False
    found: NDArray[np.float64] = np.where(kept[labels] & (region[labels] == classes), light, 0.0)
    return found
