"""Wells of a screen: compounds of a few mechanisms of action that change how nuclei look, in batches, with controls.

References
----------
Lehmussola et al., IEEE Trans. Med. Imaging 26 (2007), https://doi.org/10.1109/TMI.2007.896925 (the images);
Ljosa, Sokolnicki and Carpenter, "Annotated high-throughput microscopy image sets for validation", Nature Methods 9
(2012), https://doi.org/10.1038/nmeth.2083 (the layout, as in BBBC021).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import SimulationError
from bioimagehub.challenges.phantoms.camera import expose
from bioimagehub.challenges.phantoms.nuclei import grow_nuclei
from bioimagehub.challenges.phantoms.optics import lateral_sigma
from bioimagehub.challenges.phantoms.parameters import Simulated, check_parameters
from bioimagehub.challenges.simulators.cells import blur

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE = "Lehmussola et al., IEEE Trans. Med. Imaging 26 (2007), https://doi.org/10.1109/TMI.2007.896925"
CONTROL = "no effect"


@dataclass(frozen=True)
class Phenotype:
    """How nuclei look, as factors of what they are without treatment."""

    count: float = 1.0
    diameter: float = 1.0
    elongation: float = 1.0
    roughness: float = 1.0
    texture: float = 1.0
    photons: float = 1.0


PHENOTYPES = {
    "aneuploidy": Phenotype(count=0.7, diameter=1.5, roughness=2.5),
    "apoptosis": Phenotype(count=0.5, diameter=0.6, texture=0.4, photons=2.2),
    "elongation": Phenotype(elongation=2.4),
    "fragmentation": Phenotype(count=1.6, diameter=0.55, roughness=2.0),
    "texture": Phenotype(texture=2.4),
}


def simulate(
    seed: int,
    *,
    shape: Sequence[int] = (96, 96),
    pixel: float = 0.65,
    mechanisms: Sequence[str] = ("aneuploidy", "apoptosis", "elongation"),
    compounds: int = 2,
    concentrations: Sequence[float] = (0.5, 1.0),
    replicates: int = 2,
    controls: int = 4,
    batches: int = 2,
    batch_effect: float = 0.1,
    count: int = 14,
    diameter: float = 9.0,
    photons: float = 100.0,
    background: float = 12.0,
) -> Simulated:
    """Generate the images of the wells of a screen.

    Parameters
    ----------
    seed : int
    shape : sequence of int
        Pixels (y, x) of the image of a well.
    pixel : float
        Size of a pixel in µm.
    mechanisms : sequence of {"aneuploidy", "apoptosis", "elongation", "fragmentation", "texture"}
        The first one is that of the positive controls, too.
    compounds : int
        Compounds of each mechanism.
    concentrations : sequence of float
        Of each compound, in µM. The effect grows as c / (c + 0.3).
    replicates, controls : int
        Wells of each compound and concentration in each batch; wells of each control in each batch.
    batches : int
        Compounds are in batches by turns.
    batch_effect : float
        Standard deviation of the brightness of a batch, as a share of it.
    count, diameter, photons, background : float
        Of nuclei without treatment, see `bioimagehub.challenges.simulators.cells`.

    Returns
    -------
    Simulated
        Image: uint16 (well, y, x). Truth: a dict with ``well/compound``, ``well/concentration``, ``well/moa``,
        ``well/batch`` and, for controls, ``well/control``; wells are named ``w0000`` and so on, along the first axis.

    Raises
    ------
    SimulationError
        If a parameter is out of range.

    Examples
    --------
    >>> simulated = simulate(1, shape=(32, 32), count=2)
    >>> simulated.image.shape, simulated.truth["w0000/moa"]
    ((40, 32, 32), 'aneuploidy')
    """
    parameters: dict[str, Any] = dict(locals())
    wells = _lay_out(mechanisms, compounds, concentrations, replicates, controls, batches)
    sides = check_parameters(
        seed,
        (len(wells), *shape),
        (3,),
        positive={"pixel": pixel, "diameter": diameter, "photons": photons},
        least={"background": background, "batch_effect": batch_effect, "count": count},
    )
    rng = np.random.default_rng(seed)
    brightness = np.maximum(0.3, 1 + batch_effect * rng.standard_normal(batches))
    image = np.zeros(sides, np.uint16)
    truth: dict[str, float | str] = {}
    for number, well in enumerate(wells):
        effect = PHENOTYPES.get(str(well["moa"]), Phenotype())
        dose = float(well["concentration"])
        share = dose / (dose + 0.3) * max(0.0, 1 + 0.1 * rng.standard_normal())
        change = {name: 1 + share * (factor - 1) for name, factor in vars(effect).items()}
        nuclei = grow_nuclei(
            rng,
            sides[1:],
            (pixel, pixel),
            count=int(rng.poisson(count * max(change["count"], 0))),
            diameter=diameter * change["diameter"],
            elongation=min(0.25 * change["elongation"], 0.8),
            roughness=0.05 * change["roughness"],
            texture=0.2 * max(change["texture"], 0),
        )
        light = blur(nuclei.light, (pixel, pixel), lateral_sigma(0.46, 0.75), 1.0)
        lamp = brightness[int(str(well["batch"]).removeprefix("batch "))]
        image[number] = expose(background + photons * lamp * max(change["photons"], 0.1) * light, rng)
        truth |= {f"w{number:04}/{name}": value for name, value in well.items()}
    plain = parameters | {
        "shape": [int(side) for side in shape],
        "mechanisms": list(mechanisms),
        "concentrations": [float(one) for one in concentrations],
    }
    return Simulated(image, truth, (1.0, pixel, pixel), plain, SOURCE, ("t", "y", "x"))


def _lay_out(
    mechanisms: Sequence[str],
    compounds: int,
    concentrations: Sequence[float],
    replicates: int,
    controls: int,
    batches: int,
) -> list[dict[str, float | str]]:
    """Return what is in each well; treated ones first, controls last."""
    if not mechanisms or not set(mechanisms) <= set(PHENOTYPES):
        msg = f"The mechanisms are {', '.join(mechanisms)}. Expected some of {', '.join(sorted(PHENOTYPES))}."
        raise SimulationError(msg)
    if min(compounds, replicates, batches, len(concentrations)) < 1 or controls < 0 or min(concentrations) < 0:
        msg = (
            f"There are {compounds} compounds, {replicates} replicates, {controls} controls, {batches} batches, and "
            f"the concentrations {list(concentrations)}. Expected at least one of each. Correct them."
        )
        raise SimulationError(msg)
    wells: list[dict[str, float | str]] = []
    total = 0
    for moa in mechanisms:
        for number in range(compounds):
            name, batch = f"{moa} {number + 1}", f"batch {total % batches}"
            total += 1
            wells += [
                {"compound": name, "concentration": float(dose), "moa": moa, "batch": batch}
                for dose in concentrations
                for _ in range(replicates)
            ]
    for index in range(batches):
        for control, moa, dose in (("negative", CONTROL, 0.0), ("positive", mechanisms[0], 10.0)):
            well: dict[str, float | str] = {"compound": f"{control} control", "concentration": dose, "moa": moa}
            wells += [well | {"batch": f"batch {index}", "control": control}] * controls
    return wells
