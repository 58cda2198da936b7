"""Submissions of predictions: written, received, checked against their contract, and opened for the scorer."""

from __future__ import annotations

from bioimagehub.challenges.submissions.checking import check_files, check_submission
from bioimagehub.challenges.submissions.expected import Caps, Expected
from bioimagehub.challenges.submissions.opening import Predictions, open_files, open_predictions
from bioimagehub.challenges.submissions.receiving import Received, receive
from bioimagehub.challenges.submissions.report import Checked, Problem, Report, clean
from bioimagehub.challenges.submissions.writing import write_files, write_submission

__all__ = [
    "Caps",
    "Checked",
    "Expected",
    "Predictions",
    "Problem",
    "Received",
    "Report",
    "check_files",
    "check_submission",
    "clean",
    "open_files",
    "open_predictions",
    "receive",
    "write_files",
    "write_submission",
]
