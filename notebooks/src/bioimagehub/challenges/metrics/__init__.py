"""The metrics, one module each, all of the same shape, in a package for each family.

The metrics of one family are computed from the same statistics of a case, such as
`bioimagehub.challenges.counts.Counts` for instances. Each package has `METRICS`, its modules by name.
To add a metric, add a module of the shape of `Metric`, its line in the `METRICS` of the family, and its page in
docs/reference/metrics.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol

from bioimagehub.challenges.errors import UnknownMetricError

FAMILIES = (
    "boundaries",
    "classification",
    "counting",
    "ctf",
    "instances",
    "maps",
    "registration",
    "restoration",
    "screening",
    "semantic",
    "spots",
    "tracks",
)


class Metric(Protocol):
    """What each module of a metric offers.

    Attributes
    ----------
    TITLE : str
        The name that is shown.
    BETTER : {"higher", "lower"}
        Which values are better.
    BEST : float
        The value of a perfect prediction; may be infinite.
    WORST : float
        What a case counts for which there is no prediction; infinite where errors have no bound.
    UNIT : str
        Unit of the value; "1" if it has no dimension.
    VERSION : int
        Raised when the number that the metric gives changes.
    """

    TITLE: str
    BETTER: str
    BEST: float
    WORST: float
    UNIT: str
    VERSION: int

    def score(self, tally: Any, /) -> float:
        """Return the value of the statistics of one case, or of several pooled; NaN says nothing about them."""
        ...


def family_metrics(family: str) -> dict[str, Metric]:
    """Return the metrics of a family, by name.

    Raises
    ------
    UnknownMetricError
        If there is no such family.

    Examples
    --------
    >>> family_metrics("instances")["f1"].TITLE
    'F1 score'
    """
    if family not in FAMILIES:
        msg = f"There is no family {family!r} of metrics. These exist: {', '.join(FAMILIES)}. Choose one of them."
        raise UnknownMetricError(msg)
    metrics: dict[str, Metric] = import_module(f"bioimagehub.challenges.metrics.{family}").METRICS
    return metrics


def find_metric(family: str, name: str) -> Metric:
    """Return the metric of a name in a family.

    Raises
    ------
    UnknownMetricError
        If there is no such family, or none of that name in it.

    Examples
    --------
    >>> find_metric("instances", "panoptic_quality").BETTER
    'higher'
    """
    metrics = family_metrics(family)
    try:
        return metrics[name]
    except KeyError:
        msg = f"There is no metric {name!r} of {family}. These exist: {', '.join(sorted(metrics))}. Choose one of them."
        raise UnknownMetricError(msg) from None
