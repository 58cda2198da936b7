"""Restored images against clean ones: the statistics of errors, of structural similarity and of ring correlation.

>>> from bioimagehub.challenges.intensities import Conventions, measure
>>> measure([[0, 100]], [[0, 90]], conventions=Conventions(data_range=255)).squared_error
100.0
"""

from __future__ import annotations

from bioimagehub.challenges.intensities.conventions import Conventions
from bioimagehub.challenges.intensities.similarity import structural_similarity
from bioimagehub.challenges.intensities.statistics import Intensities, measure, pool

__all__ = ["Conventions", "Intensities", "measure", "pool", "structural_similarity"]
