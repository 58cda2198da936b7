"""Which predicted point stands for which true point."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, get_args

import numpy as np

from bioimagehub.challenges.choices import Choices, check_choice, check_positive, library_version
from bioimagehub.challenges.conventions import EMPTY_VALUES, EMPTY_WORDS, EmptyPolicy
from bioimagehub.challenges.points import check_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bioimagehub.challenges.neighbours import Neighbours
    from bioimagehub.challenges.points import Points

MatchingRule: TypeAlias = Literal["optimal", "greedy", "mutual"]
AreaRule: TypeAlias = Literal["interpolated", "coco", "steps"]

# Coordinates are products of pixels and their size, so that 3 pixels of 0.1 µm are not quite 0.3 µm.
ROUNDING = 1e-9
TIME_ROUNDING = 1e-7

MATCHING_WORDS = {
    "optimal": "most pairs one to one, then least sum of squared distances",
    "greedy": "one to one, nearest pair first",
    "mutual": "pairs of which each is the other's nearest",
}
AREA_WORDS = {
    "interpolated": "of the best precision at each recall or beyond",
    "coco": "as the mean at 101 recalls",
    "steps": "as the sum of precision times step of recall",
}


@dataclass(frozen=True)
class SpotConventions(Choices):
    """How points are matched and scored where definitions leave a choice.

    Parameters
    ----------
    cutoff : float
        Largest distance of a pair, in µm. By default 0.25, the lateral one of the localisation microscopy challenge.
        For particles, half of their diameter is usual.
    axial_cutoff : float or None
        Largest distance along z, in µm. Then `cutoff` is the largest distance along y and x. None: `cutoff`
        limits the distance in space.
    closed : bool
        True if a pair at the cut-off matches (d ≤ r), False if not (d < r). Distances that differ from the cut-off by
        less than a billionth of it lie at the cut-off.
    matching : {"optimal", "greedy", "mutual"}
        Most pairs one to one and of these the least sum of squared distances; the nearest pair first; or
        pairs of which each is the nearest of the other.
    area : {"interpolated", "coco", "steps"}
        The area under the curve of precision and recall: of the best precision at each recall or beyond;
        the mean of that at 101 recalls; or the sum of the precisions times the steps of recall.
    empty : {"nan", "one", "zero"}
        The score of a case that has no point in truth nor in prediction. NaN is left out of means.

    Raises
    ------
    ConventionError
        If a value is not one that it can have.

    Examples
    --------
    >>> print(SpotConventions(cutoff=0.3))  # doctest: +ELLIPSIS
    distance ≤ 0.3 µm (pixels where their size is not known); most pairs one to one, ...
    >>> SpotConventions.as_in("decode").axial_cutoff
    0.5
    """

    REFERENCES: ClassVar[dict[str, dict[str, Any]]] = {
        "coco": {"area": "coco"},
        "decode": {"cutoff": 0.25, "axial_cutoff": 0.5, "matching": "greedy"},
        "scikit-learn": {"area": "steps"},
        "spotiflow": {"empty": "one"},
        "thunderstorm": {"matching": "greedy", "closed": False},
    }

    cutoff: float = 0.25
    axial_cutoff: float | None = None
    closed: bool = True
    matching: MatchingRule = "optimal"
    area: AreaRule = "interpolated"
    empty: EmptyPolicy = "nan"
    version: str = ""

    def __post_init__(self) -> None:
        check_positive("cut-off", self.cutoff)
        check_positive("axial cut-off", self.axial_cutoff)
        check_choice("way to match points", self.matching, get_args(MatchingRule))
        check_choice("area under a curve", self.area, get_args(AreaRule))
        check_choice("policy for empty cases", self.empty, EMPTY_VALUES)
        object.__setattr__(self, "version", self.version or library_version())

    @property
    def limits(self) -> tuple[float, float | None]:
        """The two cut-offs, moved by what rounding can do, so that what lies at them is on the side it should be."""
        factor = 1 + ROUNDING if self.closed else 1 - ROUNDING
        return self.cutoff * factor, None if self.axial_cutoff is None else self.axial_cutoff * factor

    def __str__(self) -> str:
        sign = "≤" if self.closed else "<"
        limit = f"distance {sign} {self.cutoff:g} µm (pixels where their size is not known)"
        if self.axial_cutoff is not None:
            limit = f"lateral {limit}, axial {sign} {self.axial_cutoff:g} µm"
        return (
            f"{limit}; {MATCHING_WORDS[self.matching]}; for average precision in order of confidence, each to its "
            f"nearest free, area {AREA_WORDS[self.area]}; a case without points in truth and prediction "
            f"{EMPTY_WORDS[self.empty]}; bioimagehub {self.version}"
        )


@dataclass(frozen=True, eq=False, repr=False)
class PointMatching:
    """A one-to-one matching of true and predicted points.

    Attributes
    ----------
    truth_index, prediction_index : ndarray of int64, shape (pairs,)
        Positions of the matched points, ascending in the first.
    distances : ndarray of float64, shape (pairs,)
        In µm.
    candidates : tuple of ndarray
        All pairs within the cut-off: true point, predicted point (int64), and squared distance in µm² (float64), each
        of shape (candidates,).
    """

    truth_index: NDArray[np.int64]
    prediction_index: NDArray[np.int64]
    distances: NDArray[np.float64]
    candidates: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]

    def __repr__(self) -> str:
        return f"<PointMatching: {len(self.truth_index)} pairs>"


def match_points(
    truth: Points, prediction: Points, conventions: SpotConventions | None = None, *, name: str = "case"
) -> PointMatching:
    """Match predicted points to true ones, each to one at most, within a cut-off, timepoint and channel.

    Times that differ by less than 0.1 µs, or a ten-millionth, are one timepoint.

    Parameters
    ----------
    truth, prediction : Points
        Of the same axes.
    conventions : SpotConventions, optional
        The cut-off, and the rule of the matching.
    name : str
        What messages call the case.

    Raises
    ------
    PointsError
        If the axes differ, or more pairs are to be compared than fit into memory.

    Notes
    -----
    As many pairs as possible are made, and of all such sets of pairs one with the least sum of squared
    distances. The two aims are kept apart (`bioimagehub.challenges.pairing`), so that the result is the optimum to the
    last digits.

    Examples
    --------
    Taking the nearest pair first, 2.0 with 1.9, would leave the two others alone.

    >>> from bioimagehub.challenges.points import Points
    >>> matching = match_points(Points([[0, 0.0], [0, 2.0]]), Points([[0, 1.9], [0, 3.9]]), SpotConventions(cutoff=2))
    >>> matching.distances
    array([1.9, 1.9])
    """
    # Numba takes half a second to import; who only reads points does not wait for it.
    from bioimagehub.challenges.neighbours import find_neighbours

    conventions = conventions or SpotConventions()
    truth, prediction = check_points(truth, prediction, name)
    # The side with fewer points has the searches, so that they end early.
    swapped = len(prediction) < len(truth)
    a, b = (prediction, truth) if swapped else (truth, prediction)
    found = find_neighbours(a.spatial, b.spatial, _frames(a, b), *conventions.limits, closed=conventions.closed)
    rows = np.repeat(np.arange(len(found.first) - 1), np.diff(found.first))
    chosen = _choose(found, rows, conventions.matching)
    order_a, order_b = found.order_a, found.order_b
    ends = order_a[rows], order_b[found.columns]
    i, j = ends[::-1] if swapped else ends
    kept = chosen[np.argsort(i[chosen], kind="stable")]
    return PointMatching(i[kept], j[kept], np.sqrt(found.squares[kept]), (i, j, found.squares))


def _frames(a: Points, b: Points) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the number of the timepoint and channel of each point, among those that occur."""
    columns = np.concatenate([a.frames, b.frames])
    for column in columns.T:
        values, index = np.unique(column, return_inverse=True)
        # Times are products, too: what rounding put apart is one timepoint.
        apart = np.diff(values, prepend=values[:1]) > TIME_ROUNDING * np.maximum(1, np.abs(values))
        column[:] = np.cumsum(apart)[index]
    if not columns.size:
        return np.zeros(len(a), np.int64), np.zeros(len(b), np.int64)
    numbers = np.unique(columns, axis=0, return_inverse=True)[1].reshape(-1)
    return numbers[: len(a)], numbers[len(a) :]


def _choose(found: Neighbours, rows: NDArray[np.int64], rule: MatchingRule) -> NDArray[np.int64]:
    """Return the positions of the chosen among the near pairs."""
    from bioimagehub.challenges.pairing import pair, take_in_order

    columns, squares = found.columns, found.squares
    if rule == "optimal":
        mates = pair(found.first, columns, squares, len(found.order_b))
        return np.flatnonzero(mates[rows] == columns)
    if rule == "greedy":
        return take_in_order(np.lexsort((columns, rows, squares)), rows, columns)
    nearest = np.full(len(found.order_a), inf), np.full(len(found.order_b), inf)
    for best, ends in zip(nearest, (rows, columns), strict=True):
        np.minimum.at(best, ends, squares)
    mutual = np.flatnonzero((squares == nearest[0][rows]) & (squares == nearest[1][columns]))
    return take_in_order(mutual, rows, columns)
