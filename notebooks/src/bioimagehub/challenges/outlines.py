"""What all metrics of instance segmentation are computed from: overlaps and, where asked for, surfaces.

Surfaces take far longer than overlaps, so they are measured only if the conventions say how.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bioimagehub.challenges import counts, surfaces
from bioimagehub.challenges.conventions import Conventions
from bioimagehub.challenges.counts import Counts
from bioimagehub.challenges.errors import ConventionError
from bioimagehub.challenges.metrics.boundaries import METRICS as BOUNDARIES
from bioimagehub.challenges.metrics.instances import METRICS as INSTANCES
from bioimagehub.challenges.surfaces import BoundaryConventions, SurfaceCounts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from bioimagehub.challenges.metrics import Metric


@dataclass(frozen=True)
class OutlineConventions(Conventions):
    """The conventions of overlaps and, where they are measured, of surfaces.

    Parameters
    ----------
    boundaries : BoundaryConventions, or mapping of its fields, or None
        None measures no surfaces. The region that `ignore` names is taken out of both images before, so that objects
        end at its edge; `excuse` concerns overlaps alone. All other parameters are those of
        `bioimagehub.challenges.conventions.Conventions`.

    Examples
    --------
    >>> OutlineConventions(boundaries={"tolerance": 0.5}).boundaries.tolerance
    0.5
    >>> OutlineConventions().as_dict()["boundaries"] is None
    True
    """

    boundaries: BoundaryConventions | Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.boundaries is not None and not isinstance(self.boundaries, BoundaryConventions):
            object.__setattr__(self, "boundaries", BoundaryConventions.from_dict(dict(self.boundaries)))

    @property
    def surfaces(self) -> BoundaryConventions | None:
        """The conventions of surfaces; None if they are not measured."""
        return self.boundaries if isinstance(self.boundaries, BoundaryConventions) else None

    @property
    def overlaps(self) -> Conventions:
        """The conventions of overlaps alone."""
        return Conventions.from_dict(super().as_dict())

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON."""
        return super().as_dict() | {"boundaries": None if self.surfaces is None else self.surfaces.as_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> OutlineConventions:
        """Return the conventions that `as_dict` wrote; see `Conventions.from_dict`."""
        return cast("OutlineConventions", super().from_dict(values))

    def __str__(self) -> str:
        told = super().__str__()
        return told if self.surfaces is None else f"{told}; surfaces: {self.surfaces}"


@dataclass(frozen=True, eq=False, repr=False)
class OutlineCounts(Counts):
    """The statistics of overlaps, and those of surfaces.

    Attributes
    ----------
    surfaces : SurfaceCounts or None
        None if they were not measured. All other attributes are those of `bioimagehub.challenges.counts.Counts`.
    """

    surfaces: SurfaceCounts | None = None

    @classmethod
    def join(cls, overlaps: Counts, measured: SurfaceCounts | None, conventions: OutlineConventions) -> OutlineCounts:
        """Put the two together."""
        return cls(**vars(overlaps) | {"conventions": conventions, "surfaces": measured})

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON; nothing is rounded."""
        return super().as_dict() | {"surfaces": None if self.surfaces is None else self.surfaces.as_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> OutlineCounts:
        """Return the counts that `as_dict` wrote, exactly."""
        conventions = OutlineConventions.from_dict(values["conventions"])
        plain = {key: value for key, value in values.items() if key != "surfaces"}
        overlaps = Counts.from_dict(plain | {"conventions": conventions.overlaps.as_dict()})
        measured = None if values["surfaces"] is None else SurfaceCounts.from_dict(values["surfaces"])
        return cls.join(overlaps, measured, conventions)


class BoundaryMetric:
    """A metric of boundaries, of the surfaces that `OutlineCounts` has; see `bioimagehub.challenges.metrics.Metric`."""

    NEEDS = "boundaries"
    """The convention without which it has no value."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        self.__name__ = str(getattr(metric, "__name__", ""))
        self.TITLE, self.BETTER, self.UNIT, self.VERSION = metric.TITLE, metric.BETTER, metric.UNIT, metric.VERSION
        self.BEST, self.WORST = metric.BEST, metric.WORST

    def score(self, tally: OutlineCounts, /) -> float:
        """Return the value of the metric; `ConventionError` if no surfaces were measured."""
        if tally.surfaces is None:
            msg = f"{self.TITLE} needs surfaces, which were not measured. Set the convention boundaries, such as {{}}."
            raise ConventionError(msg)
        return self._metric.score(tally.surfaces)


METRICS: dict[str, Metric] = {**INSTANCES, **{name: BoundaryMetric(metric) for name, metric in BOUNDARIES.items()}}


def measure(
    truth: ArrayLike,
    prediction: ArrayLike,
    *,
    conventions: OutlineConventions,
    spacing: Sequence[float] | None = None,
    name: str = "case",
) -> OutlineCounts:
    """Return the statistics of one pair of label images.

    Parameters
    ----------
    truth, prediction : array of int or uint, both (y, x) or (z, y, x)
        Label images, 0 is background.
    conventions : OutlineConventions
        Whether surfaces are measured, and the rules for special cases.
    spacing : sequence of float, optional
        Size of a pixel in micrometres, an axis each; if not given, distances are in pixels.
    name : str
        What messages call the case.

    Raises
    ------
    NotALabelImageError, NegativeLabelError, LabelShapeError, SpacingError
        See `bioimagehub.challenges.counts.measure` and `bioimagehub.challenges.surfaces.measure`.

    Examples
    --------
    >>> truth, prediction = [[1, 1, 0, 2]], [[1, 1, 0, 0]]
    >>> counts = measure(truth, prediction, conventions=OutlineConventions(boundaries={}))
    >>> METRICS["recall"].score(counts), METRICS["hausdorff"].score(counts)
    (0.5, 2.0)
    """
    overlaps = counts.measure(truth, prediction, conventions=conventions, spacing=spacing, name=name)
    wanted = conventions.surfaces
    measured = None
    if wanted is not None:
        pair = _leave_out(truth, prediction, conventions.ignore)
        measured = surfaces.measure(*pair, conventions=wanted, spacing=spacing, name=name)
    return OutlineCounts.join(overlaps, measured, conventions)


def _leave_out(truth: ArrayLike, prediction: ArrayLike, ignore: int | None) -> tuple[ArrayLike, ArrayLike]:
    """Take the ignored region out of both images, so that objects end at its edge in both."""
    if ignore is None:
        return truth, prediction
    region = np.asarray(truth) == ignore
    first, second = (
        np.where(region, np.zeros((), image.dtype), image) for image in map(np.asarray, (truth, prediction))
    )
    return first, second


def pool(tallies: Sequence[OutlineCounts]) -> OutlineCounts:
    """Return the statistics of cases that were measured by the same conventions, as if they were one.

    Parameters
    ----------
    tallies : sequence of OutlineCounts
        At least one.
    """
    measured = [one.surfaces for one in tallies if one.surfaces is not None]
    conventions = OutlineConventions.from_dict(tallies[0].conventions.as_dict())
    joined = surfaces.pool(measured) if len(measured) == len(tallies) else None
    return OutlineCounts.join(counts.pool(tallies), joined, conventions)
