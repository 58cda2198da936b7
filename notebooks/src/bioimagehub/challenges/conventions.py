"""What has to be said beside a score, because implementations differ in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from importlib import metadata
from math import isfinite, nan
from numbers import Rational
from typing import Literal, TypeAlias, get_args

from bioimagehub.challenges.errors import ConventionError, ThresholdError

Threshold: TypeAlias = float | Fraction
EmptyPolicy: TypeAlias = Literal["nan", "one", "zero"]

HALF = Fraction(1, 2)
LARGEST_DENOMINATOR = 1000
# More than the noise of single precision, less than half of the least distance of two such fractions.
NOISE = 1e-7
EMPTY_VALUES = {"nan": nan, "one": 1.0, "zero": 0.0}
EMPTY_WORDS = {"nan": "has no score and is left out of means", "one": "scores 1", "zero": "scores 0"}


def parse_threshold(value: Threshold) -> Fraction:
    """Return an IoU threshold as the fraction that is meant.

    Parameters
    ----------
    value : float or Fraction
        Between 0 and 1. A float is taken as the nearest fraction with a denominator of at most 1,000, so that
        0.7, ``np.float32(0.7)`` and the 0.7000000000000002 of ``np.arange(0.5, 1, 0.05)`` are all 7/10.

    Raises
    ------
    ThresholdError
        If it is not between 0 and 1, or no such fraction is near.

    Examples
    --------
    >>> parse_threshold(0.7000000000000002)
    Fraction(7, 10)
    """
    if not isfinite(value) or not 0 <= value <= 1:
        msg = (
            f"The IoU threshold {value} is out of range. Expected a number from 0 to 1, such as 0.5 or Fraction(2, 3)."
        )
        raise ThresholdError(msg)
    number = Fraction(value if isinstance(value, Rational) else float(value))
    near = number.limit_denominator(LARGEST_DENOMINATOR)
    if abs(near - number) > NOISE:
        msg = (
            f"The IoU threshold {value} is not a short fraction. Thresholds are compared in whole numbers of pixels, "
            f"so a denominator of at most {LARGEST_DENOMINATOR:,} is expected. Round it to three decimals."
        )
        raise ThresholdError(msg)
    return near


def check_side(threshold: Fraction, *, closed: bool) -> None:
    """Raise `ThresholdError` for a threshold that every pair or no pair would pass."""
    if closed and threshold == 0:
        msg = "The IoU threshold 0 with IoU ≥ t would match objects that do not touch. Take IoU > 0: closed=False."
        raise ThresholdError(msg)
    if not closed and threshold == 1:
        msg = "The IoU threshold 1 with IoU > t matches nothing. Take IoU ≥ 1, which asks for equality: closed=True."
        raise ThresholdError(msg)


@dataclass(frozen=True)
class Conventions:
    """How scores are computed where definitions leave a choice.

    Parameters
    ----------
    thresholds : sequence of float or Fraction
        IoU thresholds of the curves and of average precision, kept ascending, as fractions (see `parse_threshold`).
        By default 0.50, 0.55 … 0.95, those of the 2018 Data Science Bowl.
    at : float or Fraction
        The threshold of the scores that have one; it must be among `thresholds`. By default 0.5.
    closed : bool
        True matches objects with IoU ≥ t, as stardist and cellpose do. False asks for IoU > t, as
        the 2018 Data Science Bowl and the paper on panoptic quality do.
    empty : {"nan", "one", "zero"}
        The score of an image that has no object in truth nor in prediction. By default NaN, which
        means: says nothing, left out of means.

    Raises
    ------
    ThresholdError
        If a threshold is out of range.
    ConventionError
        If there is no threshold, `at` is not one of them, or the policy does not exist.

    Examples
    --------
    >>> print(Conventions(thresholds=(0.5, 0.75), closed=False, empty="one"))  # doctest: +ELLIPSIS
    IoU > t at 0.5, 0.75 (compared in whole pixels); single-threshold scores at 0.5; ...
    """

    thresholds: tuple[Threshold, ...] = tuple(Fraction(k, 20) for k in range(10, 20))
    at: Threshold = HALF
    closed: bool = True
    empty: EmptyPolicy = "nan"
    version: str = field(default_factory=lambda: metadata.version("bioimagehub"), init=False)

    def __post_init__(self) -> None:
        # Whatever was given is kept as fractions, ascending.
        object.__setattr__(self, "thresholds", tuple(sorted({parse_threshold(t) for t in self.thresholds})))
        object.__setattr__(self, "at", parse_threshold(self.at))
        if self.empty not in get_args(EmptyPolicy):
            msg = (
                f"There is no policy {self.empty!r} for empty images. Choose one of {', '.join(sorted(EMPTY_VALUES))}."
            )
            raise ConventionError(msg)
        if self.at not in self.thresholds:
            listed = ", ".join(_decimal(t) for t in self.thresholds) or "none"
            msg = (
                f"Scores are wanted at IoU {_decimal(self.at)}, which is not among the thresholds ({listed}). "
                "Add it to thresholds, or choose one of these as `at`."
            )
            raise ConventionError(msg)
        for threshold in self.fractions:
            check_side(threshold, closed=self.closed)

    @property
    def fractions(self) -> tuple[Fraction, ...]:
        """The thresholds, exactly."""
        return tuple(Fraction(t) for t in self.thresholds)

    @property
    def empty_value(self) -> float:
        """The score of an image without objects: NaN, 1 or 0."""
        return EMPTY_VALUES[self.empty]

    def __str__(self) -> str:
        sign = "≥" if self.closed else ">"
        listed = ", ".join(_decimal(t) for t in self.thresholds)
        return (
            f"IoU {sign} t at {listed} (compared in whole pixels); single-threshold scores at {_decimal(self.at)}; "
            "one-to-one matching; an image without objects in truth and prediction "
            f"{EMPTY_WORDS[self.empty]}; bioimagehub {self.version}"
        )


def _decimal(threshold: Threshold) -> str:
    return f"{float(threshold):.4g}"
