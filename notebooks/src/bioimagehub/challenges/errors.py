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
    ├── ImageSetError            (ValueError)         a set of images is empty or names one image twice
    └── InvalidImageError        (ValueError)         an image that the baseline cannot segment

Each message says what failed, what was found or expected, and what to do.
"""

from __future__ import annotations


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


class ImageSetError(ChallengeError, ValueError):
    """A set of images to score is empty or has two images of one name. Not for images without objects."""


class InvalidImageError(ChallengeError, ValueError):
    """An image has values or a shape that the baseline cannot segment."""
