"""What generated images are made of: nuclei, optics and cameras."""

from __future__ import annotations

from bioimagehub.challenges.phantoms.camera import expose
from bioimagehub.challenges.phantoms.nuclei import Nuclei, grow_nuclei
from bioimagehub.challenges.phantoms.optics import airy_spot, gaussian_spot, lateral_sigma
from bioimagehub.challenges.phantoms.parameters import Simulated, check_parameters

__all__ = [
    "Nuclei",
    "Simulated",
    "airy_spot",
    "check_parameters",
    "expose",
    "gaussian_spot",
    "grow_nuclei",
    "lateral_sigma",
]
