"""Score methods of image analysis: challenges, metrics, boards, and what was missed.

>>> from bioimagehub.challenges import score_image
>>> score_image([[1, 1, 0, 2]], [[1, 1, 0, 0]]).score("recall")
0.5
"""

from __future__ import annotations

from bioimagehub.challenges.baseline import otsu_watershed
from bioimagehub.challenges.boards import compare_boards, export_board, make_board
from bioimagehub.challenges.challenge import Challenge, load_challenge
from bioimagehub.challenges.checking import check_challenge
from bioimagehub.challenges.contingency import Contingency, contingency
from bioimagehub.challenges.conventions import Conventions
from bioimagehub.challenges.errors import ChallengeError
from bioimagehub.challenges.label_files import load_labels
from bioimagehub.challenges.labels import check_labels
from bioimagehub.challenges.matching import Matching, match
from bioimagehub.challenges.outcomes import Outcome, outcomes, paint
from bioimagehub.challenges.points import Points
from bioimagehub.challenges.results import ImageScore, Scores, score_image, score_images
from bioimagehub.challenges.scoring import score
from bioimagehub.challenges.submissions import check_submission, open_predictions, write_submission
from bioimagehub.challenges.submitting import submit
from bioimagehub.challenges.tracks import Lineage, Tracks
from bioimagehub.challenges.truth import Images, open_truth

__all__ = [
    "Challenge", "ChallengeError", "Contingency", "Conventions", "ImageScore", "Images", "Lineage", "Matching",
    "Outcome", "Points", "Scores", "Tracks", "check_challenge", "check_labels", "check_submission", "compare_boards",
    "contingency", "export_board", "load_challenge", "load_labels", "make_board", "match", "open_predictions",
    "open_truth", "otsu_watershed", "outcomes", "paint", "score", "score_image", "score_images", "submit",
    "write_submission",
]  # fmt: skip
