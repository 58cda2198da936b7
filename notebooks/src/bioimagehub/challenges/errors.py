"""Every way scoring can fail.

::

    ChallengeError
    ├── NotALabelImageError      (TypeError)          the values are not integers, so they name no objects
    ├── NegativeLabelError       (ValueError)         a label is below 0
    ├── LabelShapeError          (ValueError)         no pixels, fewer than two axes, or two images of unequal shape
    ├── UnknownLabelError        (LookupError)        a label image has a label for which no value was given
    ├── LabelFileNotFoundError   (FileNotFoundError)  no file at the path
    ├── LabelFormatError         (ValueError)         the format of the file is not one that is read
    ├── UnreadableLabelsError    (OSError)            the file is there and is damaged, or holds something else
    ├── ThresholdError           (ValueError)         an IoU threshold is out of range or not a short fraction
    ├── ConventionError          (ValueError)         conventions that contradict each other or do not exist
    ├── UnknownMetricError       (LookupError)        no metric of that name
    ├── UnknownFormatError       (LookupError)        no format of predictions of that name
    ├── PredictionFileError      (ValueError)         the file of a prediction is damaged, dangerous or of another kind
    ├── SubmissionError          (ValueError)         a submission that breaks its contract was to be opened or written
    ├── ChallengeNotFoundError   (FileNotFoundError)  no challenge file at the path
    ├── ChallengeFileError       (ValueError)         a challenge file with problems, all of them listed
    ├── ChallengeDataError       (ValueError)         the images of a challenge are not those that it was made with
    ├── ChallengeRefusedError    (ValueError)         a challenge that would not rank the truth first
    ├── UnknownTaskError         (LookupError)        no task of that name
    ├── UnknownSplitError        (LookupError)        a challenge has no split or phase of that name
    ├── TruthError               (ValueError)         the ground truth of a case is missing, or is of another kind
    ├── ResultFileError          (ValueError)         the file of a result is missing, damaged, or cannot be written
    ├── SubmitError              (OSError)            a hub did not take a submission, or was not reached
    ├── LineageError             (ValueError)         a table of tracks contradicts itself or its label images
    ├── IntensitiesError         (ValueError)         images or maps whose intensities cannot be compared
    ├── AnswersError             (ValueError)         answers are missing, are too many, or are of another kind
    ├── SimulationError          (ValueError)         parameters from which nothing can be simulated
    ├── PointsError              (ValueError)         points that are no points, or that do not fit the ground truth
    ├── SpacingError             (ValueError)         the size of a pixel is missing an axis, or is not above 0
    ├── BoardError               (ValueError)         a leaderboard that cannot be made of what was given
    ├── BoardFileError           (OSError)            the files of a leaderboard are missing, damaged or changed
    ├── ExplorerError            (ValueError)         mistakes cannot be listed or drawn of what was given
    ├── ImageSetError            (ValueError)         a set of images is empty or names one image twice
    └── InvalidImageError        (ValueError)         an image that the baseline cannot segment

Each message says what failed, what was found or expected, and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bioimagehub.challenges.challenge_file import Problem


class ChallengeError(Exception):
    """Base of everything that the challenges raise on purpose."""


class NotALabelImageError(ChallengeError, TypeError):
    """The values of an image are not integers. Not for integers that are wrong: see `NegativeLabelError`."""


class NegativeLabelError(ChallengeError, ValueError):
    """A label image has a label below 0."""


class LabelShapeError(ChallengeError, ValueError):
    """A label image has no pixels or fewer than two axes, or the shapes of two label images differ."""


class UnknownLabelError(ChallengeError, LookupError):
    """A label image to be painted has a label for which there is no value."""


class LabelFileNotFoundError(ChallengeError, FileNotFoundError):
    """There is nothing at the path of a label image."""


class LabelFormatError(ChallengeError, ValueError):
    """The name of a file does not end like a format that is read. Not for damaged files."""


class UnreadableLabelsError(ChallengeError, OSError):
    """There is a file, and no label image can be read from it."""


class ThresholdError(ChallengeError, ValueError):
    """An IoU threshold is out of range, or is not a fraction with a denominator of at most 1,000."""


class ConventionError(ChallengeError, ValueError):
    """The conventions of a score do not exist or contradict each other."""


class UnknownMetricError(ChallengeError, LookupError):
    """There is no metric of that name."""


class UnknownFormatError(ChallengeError, LookupError):
    """There is no format of predictions of that name."""


class PredictionFileError(ChallengeError, ValueError):
    """The file of a prediction is damaged, dangerous, or not of the kind that its name says.

    Parameters
    ----------
    findings : list of (str, str, str)
        All that is wrong with it, each as: what was found, what was expected, how to mend it.
    """

    def __init__(self, findings: list[tuple[str, str, str]]) -> None:
        self.findings = findings
        super().__init__("\n".join(f"{what}. Expected {expected}. {cure}" for what, expected, cure in findings))


class SubmissionError(ChallengeError, ValueError):
    """A submission that breaks the contract of its challenge was to be opened or written."""


class ChallengeNotFoundError(ChallengeError, FileNotFoundError):
    """There is no challenge file at a path."""


class ChallengeFileError(ChallengeError, ValueError):
    """A challenge file has problems. All of them are listed.

    Attributes
    ----------
    problems : tuple of Problem
        See `bioimagehub.challenges.challenge_file.Problem`.
    """

    def __init__(self, where: str, problems: Sequence[Problem]) -> None:
        listed = "\n  ".join(map(str, problems))
        number = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(
            f"The challenge file {where} has {number}:\n  {listed}\n"
            "Correct the file; docs/reference/challenge-file.md tells what each key may hold."
        )
        self.where = where
        self.problems = tuple(problems)

    def __reduce__(self) -> tuple[type[ChallengeFileError], tuple[str, tuple[Problem, ...]]]:
        return type(self), (self.where, self.problems)


class ChallengeDataError(ChallengeError, ValueError):
    """The images of a challenge are missing, or are not those that it was made with."""


class ChallengeRefusedError(ChallengeError, ValueError):
    """A challenge would not rank the truth first, so that its board would mislead."""


class UnknownTaskError(ChallengeError, LookupError):
    """There is no task of that name."""


class UnknownSplitError(ChallengeError, LookupError):
    """A challenge has no split, phase or case of that name."""


class TruthError(ChallengeError, ValueError):
    """The ground truth of a case is missing, or is not what the task takes. Not for predictions."""


class LineageError(ChallengeError, ValueError):
    """A table of tracks contradicts itself or its label images; `problems` has a sentence for each contradiction."""

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class IntensitiesError(ChallengeError, ValueError):
    """Two images or maps cannot be compared: their shapes differ, or values are not finite numbers."""


class AnswersError(ChallengeError, ValueError):
    """Answers to the items of a case are missing, are too many, or are not of the kind that is asked for."""


class SimulationError(ChallengeError, ValueError):
    """Parameters of generated data are out of range or contradict each other."""


class PointsError(ChallengeError, ValueError):
    """Points have another shape, axes or number than they should, or a value is NaN or infinite."""


class SpacingError(ChallengeError, ValueError):
    """The distance between pixels is not given for each axis, or is not a number above 0."""


class BoardError(ChallengeError, ValueError):
    """Scores do not make a leaderboard: names twice, another shape, or a way to rank that does not exist."""


class BoardFileError(ChallengeError, OSError):
    """The files of a leaderboard are missing, damaged or not what their address says."""


class ResultFileError(ChallengeError, ValueError):
    """The file of a result is missing or damaged, or cannot be written."""


class SubmitError(ChallengeError, OSError):
    """A hub did not take a submission, or was not reached."""


class ExplorerError(ChallengeError, ValueError):
    """Mistakes cannot be listed or drawn: the axes, the spacing or the image do not fit the objects."""


class ImageSetError(ChallengeError, ValueError):
    """A set of images to score is empty or has two images of one name. Not for images without objects."""


class InvalidImageError(ChallengeError, ValueError):
    """An image has values or a shape that the baseline cannot segment."""
