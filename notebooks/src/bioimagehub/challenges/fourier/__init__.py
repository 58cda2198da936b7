"""Fourier shell correlation of maps, and Fourier ring correlation of images.

>>> import numpy as np
>>> from bioimagehub.challenges.fourier import Conventions, measure
>>> half_map = np.random.default_rng(0).normal(size=(16, 16, 16))
>>> shells = measure(half_map, half_map, conventions=Conventions(), spacing=(1e-4, 1e-4, 1e-4))
>>> shells.resolution(0.143)
2.0
"""

from __future__ import annotations

from bioimagehub.challenges.fourier.conventions import Conventions
from bioimagehub.challenges.fourier.correlation import Shells, measure, pool
from bioimagehub.challenges.fourier.shells import sum_shells

__all__ = ["Conventions", "Shells", "measure", "pool", "sum_shells"]
