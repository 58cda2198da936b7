"""Measurements of the wells of a screen: how well controls are told apart, and what profiles say of mechanisms."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan, sqrt
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from bioimagehub.challenges.choices import Choices, check_choice, library_version
from bioimagehub.challenges.errors import AnswersError, ConventionError
from bioimagehub.challenges.treatments import Treatments, count_neighbours
from bioimagehub.challenges.values import by_item, check_items, listed, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bioimagehub.challenges.values import Value, Values

CONTROLS = ("negative", "positive")


@dataclass(frozen=True)
class Conventions(Choices):
    """How measurements of wells are compared where definitions leave a choice.

    Parameters
    ----------
    ddof : {0, 1}
        Standard deviations are over n − ddof: 0 as in CellProfiler, 1 as in R and MATLAB.
    feature : str
        The measurement that Z′, V and SSMD are of. Empty: the only one there is; where there are more, nothing
        says which one is meant, and the three are as bad as they can be.
    replicates : {"mean", "median"}
        How the profiles of the wells of a treatment, a compound at a concentration, become one.

    Examples
    --------
    >>> print(Conventions())  # doctest: +ELLIPSIS
    standard deviations over n; Z′, V and SSMD of the only feature; profile of a treatment: median of its wells; ...
    """

    REFERENCES: ClassVar[dict[str, dict[str, Any]]] = {"cellprofiler": {"ddof": 0}, "matlab": {"ddof": 1}}

    ddof: int = 0
    feature: str = ""
    replicates: Literal["mean", "median"] = "median"
    version: str = field(default_factory=library_version, init=False)

    def __post_init__(self) -> None:
        check_choice("way to combine replicates", self.replicates, ("mean", "median"))
        if self.ddof not in (0, 1):
            msg = f"The convention ddof is {self.ddof!r}. Choose 0 or 1."
            raise ConventionError(msg)

    def __str__(self) -> str:
        over = "n" if self.ddof == 0 else "n − 1"
        feature = f"the feature {self.feature}" if self.feature else "the only feature"
        return (
            f"standard deviations over {over}; Z′, V and SSMD of {feature}; profile of a treatment: {self.replicates} "
            "of its wells; nearest by cosine, ties to the first name; a treatment counts if another one of its "
            f"mechanism is left; bioimagehub {self.version}"
        )


@dataclass(frozen=True)
class Moments:
    """Number, mean and sum of squared deviations of some values.

    Attributes
    ----------
    n : int
    mean : float
        0 if there are no values.
    deviations : float
        Σ(x − mean)².
    """

    n: int
    mean: float
    deviations: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Moments:
        """Return the moments of values."""
        given = np.array(list(values), np.float64)
        mean = float(given.mean()) if len(given) else 0.0
        return cls(len(given), mean, float(np.square(given - mean).sum()))

    def merged(self, other: Moments) -> Moments:
        """Return the moments of both sets of values together (Chan, Golub and LeVeque, 1983)."""
        n = self.n + other.n
        if n == 0:
            return self
        step = other.mean - self.mean
        deviations = self.deviations + other.deviations + step**2 * self.n * other.n / n
        return Moments(n, self.mean + step * other.n / n, deviations)

    def variance(self, ddof: int) -> float:
        """Return the variance; NaN if there are too few values."""
        return self.deviations / (self.n - ddof) if self.n > ddof else nan

    def deviation(self, ddof: int) -> float:
        """Return the standard deviation; NaN if there are too few values."""
        return sqrt(self.variance(ddof))


@dataclass(frozen=True)
class Screen:
    """What wells of a screen say, of one case or of several pooled.

    Attributes
    ----------
    conventions : Conventions
        The feature, and how deviations are computed.
    positive, negative : Moments
        Of the feature in the wells of either control.
    doses : tuple of (float, Moments)
        Of the feature at each concentration, ascending.
    same_mechanism, compared : int
        Treatments whose nearest profile of another compound has their mechanism of action, and those that
        were asked for.
    same_mechanism_in_other_batch, compared_in_other_batch : int
        The same where the nearest profile is also of another batch.
    """

    conventions: Conventions
    positive: Moments
    negative: Moments
    doses: tuple[tuple[float, Moments], ...]
    same_mechanism: int
    compared: int
    same_mechanism_in_other_batch: int
    compared_in_other_batch: int

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON; nothing is rounded."""
        return {
            "conventions": self.conventions.as_dict(),
            "positive": _plain(self.positive),
            "negative": _plain(self.negative),
            "doses": [[dose, *_plain(moments)] for dose, moments in self.doses],
            "same_mechanism": self.same_mechanism,
            "compared": self.compared,
            "same_mechanism_in_other_batch": self.same_mechanism_in_other_batch,
            "compared_in_other_batch": self.compared_in_other_batch,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Screen:
        """Return what `as_dict` wrote, exactly."""
        changed = {
            "conventions": Conventions.from_dict(values["conventions"]),
            "positive": Moments(*values["positive"]),
            "negative": Moments(*values["negative"]),
            "doses": tuple((dose, Moments(*rest)) for dose, *rest in values["doses"]),
        }
        return cls(**(values | changed))


def measure(
    truth: Values,
    prediction: Values,
    *,
    conventions: Conventions,
    spacing: Sequence[float] | None = None,  # noqa: ARG001  all families have it
    name: str = "case",
) -> Screen:
    """Return what the measured wells of a case say.

    Parameters
    ----------
    truth : mapping
        For each well, as ``well/field`` or as mappings: ``control`` ("positive" or "negative"), or ``compound``,
        ``concentration``, ``moa`` (the mechanism of action) and ``batch``; all as far as they are known.
    prediction : mapping
        For each well its measurements, as ``well/feature``, as mappings, or as one number. All wells have the same.
    conventions : Conventions
        The feature, and how deviations and replicates are treated.
    spacing : sequence of float, optional
        Not used.
    name : str
        What messages call the case.

    Raises
    ------
    AnswersError
        If wells or features are missing or too many, or a measurement is not a finite number.

    Examples
    --------
    >>> truth = {"A1/control": "positive", "A2/control": "positive", "H1/control": "negative", "H2/control": "negative"}
    >>> found = measure(truth, {"A1": 9.0, "A2": 11.0, "H1": 1.0, "H2": 3.0}, conventions=Conventions())
    >>> found.positive, found.negative
    (Moments(n=2, mean=10.0, deviations=2.0), Moments(n=2, mean=2.0, deviations=2.0))
    """
    wells, measured = by_item(truth, f"the truth of {name}"), by_item(prediction, f"the prediction of {name}")
    items = check_items(wells, measured, name)
    features = _features(measured, items, conventions, name)
    table = np.array(
        [[number(measured[item], one, item, f"the prediction of {name}") for one in features] for item in items],
        np.float64,
    ).reshape(len(items), len(features))
    feature = conventions.feature or (features[0] if len(features) == 1 else "")
    values = table[:, features.index(feature)] if feature else np.zeros(len(items))
    groups: dict[str, list[float]] = {one: [] for one in CONTROLS}
    doses: dict[float, list[float]] = {}
    for item, value in zip(items, values.tolist(), strict=True):
        control = _control(wells[item], item, name)
        if control:
            groups[control].append(value)
        if "concentration" in wells[item]:
            dose = number(wells[item], "concentration", item, f"the truth of {name}")
            doses.setdefault(dose, []).append(value)
    treatments = Treatments.of([wells[item] for item in items], table, median=conventions.replicates == "median")
    return Screen(
        conventions,
        Moments.of(groups["positive"]),
        Moments.of(groups["negative"]),
        tuple((dose, Moments.of(doses[dose])) for dose in sorted(doses)),
        *count_neighbours(treatments, other_batch=False),
        *count_neighbours(treatments, other_batch=True),
    )


def pool(screens: Sequence[Screen]) -> Screen:
    """Put the wells of several cases together; neighbours stay those within each case.

    Parameters
    ----------
    screens : sequence of Screen
        At least one.
    """
    nothing = Moments(0, 0.0, 0.0)
    positive = negative = nothing
    doses: dict[float, Moments] = {}
    for one in screens:
        positive, negative = positive.merged(one.positive), negative.merged(one.negative)
        for dose, moments in one.doses:
            doses[dose] = doses.get(dose, nothing).merged(moments)
    counts = [
        sum(getattr(one, what) for one in screens)
        for what in ("same_mechanism", "compared", "same_mechanism_in_other_batch", "compared_in_other_batch")
    ]
    return Screen(screens[0].conventions, positive, negative, tuple(sorted(doses.items())), *counts)


def _features(
    measured: Mapping[str, Mapping[str, Value]], items: Sequence[str], conventions: Conventions, name: str
) -> list[str]:
    """Return the names of the measurements, which are the same for all wells."""
    features = sorted({one for item in items for one in measured[item]})
    for item in items:
        if missing := [one for one in features if one not in measured[item]]:
            msg = (
                f"The prediction of {name} has no {listed(missing)} of the well {item!r}. Expected the same features "
                "of all wells. Add them, or leave them out everywhere."
            )
            raise AnswersError(msg)
    if conventions.feature and conventions.feature not in features:
        msg = (
            f"The prediction of {name} has no feature {conventions.feature!r}, which is scored. There are "
            f"{listed(features) or 'none'}. Add it."
        )
        raise AnswersError(msg)
    return features


def _control(well: Mapping[str, Value], item: str, name: str) -> str:
    control = str(well.get("control", ""))
    if control and control not in CONTROLS:
        msg = (
            f"The control of the well {item!r} in the truth of {name} is {control!r}. Expected one of "
            f"{', '.join(CONTROLS)}. Correct the truth, or leave it out for wells that are no controls."
        )
        raise AnswersError(msg)
    return control


def _plain(moments: Moments) -> list[float]:
    return [moments.n, moments.mean, moments.deviations]
