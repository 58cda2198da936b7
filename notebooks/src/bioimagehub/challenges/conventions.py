"""What has to be said beside a score, because implementations differ in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache, cached_property
from importlib import metadata
from math import isfinite, nan
from numbers import Rational
from typing import Any, Literal, TypeAlias, get_args

from bioimagehub.challenges.errors import ConventionError, ThresholdError

Threshold: TypeAlias = float | Fraction
EmptyPolicy: TypeAlias = Literal["nan", "one", "zero"]

HALF = Fraction(1, 2)
LARGEST_DENOMINATOR = 1000
# More than the noise of single precision, less than half of the least distance of two such fractions.
NOISE = 1e-7
EMPTY_VALUES = {"nan": nan, "one": 1.0, "zero": 0.0}
# What other implementations do; thresholds are given by the caller there.
REFERENCES: dict[str, dict[str, Any]] = {
    "cellpose": {"closed": True, "empty": "nan"},
    "coco": {"closed": False, "empty": "nan", "excuse": True},
    "hovernet": {"closed": False, "empty": "nan"},
    "kaggle": {"closed": False, "empty": "zero"},
    "panoptica": {"closed": True, "empty": "nan"},
    "stardist": {"closed": True, "empty": "zero"},
}
EMPTY_WORDS = {"nan": "has no score and is left out of means", "one": "scores 1", "zero": "scores 0"}


@cache
def library_version() -> str:
    """Return the version of this library, which is read once: finding it takes longer than scoring a small image."""
    return metadata.version("bioimagehub")


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
    ignore : int, optional
        A label of the ground truth, above 0, that marks pixels to be left out of both images.
    excuse : bool
        True does not count a predicted object as false if it has no partner and more than half of it lies in
        the ignored region, as panopticapi does. False, the default, judges it by what lies outside.

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
    ignore: int | None = None
    excuse: bool = False
    version: str = field(default_factory=library_version, init=False)

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
        if self.ignore is not None and self.ignore < 1:
            msg = (
                f"The label {self.ignore} cannot be ignored: 0 is background, and labels below 0 are refused. Give the "
                "region to be ignored a label of its own, such as the largest of the type."
            )
            raise ConventionError(msg)
        for threshold in self.fractions:
            check_side(threshold, closed=self.closed)

    @cached_property
    def fractions(self) -> tuple[Fraction, ...]:
        """The thresholds, exactly."""
        return tuple(Fraction(t) for t in self.thresholds)

    @property
    def empty_value(self) -> float:
        """The score of an image without objects: NaN, 1 or 0."""
        return EMPTY_VALUES[self.empty]

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON; fractions are written like "7/10"."""
        return {
            "thresholds": [str(t) for t in self.fractions],
            "at": str(self.at),
            "closed": self.closed,
            "empty": self.empty,
            "ignore": self.ignore,
            "excuse": self.excuse,
            "version": self.version,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Conventions:
        """Return the conventions that `as_dict` wrote, also those of another version of this library.

        Fields that are not given have their defaults.
        """
        fields = {key: value for key, value in values.items() if key not in {"thresholds", "at", "version"}}
        if "thresholds" in values:
            fields["thresholds"] = tuple(_parsed(t) for t in values["thresholds"])
        if "at" in values:
            fields["at"] = _parsed(values["at"])
        try:
            made = cls(**fields)
        except TypeError:
            known = sorted(cls().as_dict())
            strange = ", ".join(sorted(set(values) - set(known)))
            msg = f"Conventions have no field {strange}. Expected some of {', '.join(known)}. Correct the name."
            raise ConventionError(msg) from None
        object.__setattr__(made, "version", values.get("version", made.version))
        return made

    @classmethod
    def as_in(cls, reference: str) -> Conventions:
        """Return the conventions of another implementation.

        Parameters
        ----------
        reference : str
            "cellpose", "coco" (panopticapi), "hovernet", "kaggle" (2018 Data Science Bowl), "panoptica" or "stardist".

        Raises
        ------
        ConventionError
            If the conventions of that implementation are not known.

        Examples
        --------
        >>> Conventions.as_in("kaggle").closed
        False
        """
        try:
            return replace(cls(), **REFERENCES[reference])
        except KeyError:
            msg = (
                f"There are no conventions of {reference!r}. These are known: {', '.join(sorted(REFERENCES))}. "
                "Choose one of them, or set the fields of Conventions."
            )
            raise ConventionError(msg) from None

    def __str__(self) -> str:
        sign = "≥" if self.closed else ">"
        listed = ", ".join(_decimal(t) for t in self.thresholds)
        return (
            f"IoU {sign} t at {listed} (compared in whole pixels); single-threshold scores at {_decimal(self.at)}; "
            "one-to-one matching; an image without objects in truth and prediction "
            f"{EMPTY_WORDS[self.empty]}; {self._ignored()}bioimagehub {self.version}"
        )

    def _ignored(self) -> str:
        if self.ignore is None:
            return ""
        excused = ", and unmatched objects that lie mostly there" if self.excuse else ""
        return f"pixels of the truth label {self.ignore} are left out{excused}; "


def _parsed(threshold: str | Threshold) -> Fraction:
    try:
        return Fraction(threshold)
    except (ValueError, ZeroDivisionError):
        msg = f"The IoU threshold {threshold!r} is no number. Expected a fraction such as '7/10' or 0.7."
        raise ThresholdError(msg) from None


def _decimal(threshold: Threshold) -> str:
    return f"{float(threshold):.4g}"
