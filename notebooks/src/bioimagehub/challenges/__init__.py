"""Score segmentations against ground truth: matching, metrics, tables, and what was missed.

>>> from bioimagehub.challenges import score_image
>>> score_image([[1, 1, 0, 2]], [[1, 1, 0, 0]]).score("recall")
0.5
"""

from __future__ import annotations

from bioimagehub.challenges.baseline import otsu_watershed
from bioimagehub.challenges.contingency import Contingency, contingency
from bioimagehub.challenges.conventions import Conventions
from bioimagehub.challenges.errors import ChallengeError
from bioimagehub.challenges.label_files import load_labels
from bioimagehub.challenges.labels import check_labels
from bioimagehub.challenges.matching import Matching, match
from bioimagehub.challenges.outcomes import Outcome, outcomes, paint
from bioimagehub.challenges.results import ImageScore, Scores, score_image, score_images

__all__ = [
    "ChallengeError",
    "Contingency",
    "Conventions",
    "ImageScore",
    "Matching",
    "Outcome",
    "Scores",
    "check_labels",
    "contingency",
    "load_labels",
    "match",
    "otsu_watershed",
    "outcomes",
    "paint",
    "score_image",
    "score_images",
]
