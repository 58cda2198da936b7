"""From two masks or label images to the distances between their surfaces."""

from __future__ import annotations

from math import hypot, inf, isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import LabelShapeError, SpacingError
from bioimagehub.challenges.labels import check_pair
from bioimagehub.challenges.surfaces.counts import OBJECT_COLUMNS, SurfaceCounts
from bioimagehub.challenges.surfaces.elements import elements, rim
from bioimagehub.challenges.surfaces.tallies import DistanceCounts, count_distances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from bioimagehub.challenges.surfaces.conventions import BoundaryConventions

# What rounding can add to a distance that is a product of pixels and their size.
ROUNDING = 1e-9
NOTHING = DistanceCounts(np.zeros(0), np.zeros(0), 0.0)


def measure(
    truth: ArrayLike,
    prediction: ArrayLike,
    *,
    conventions: BoundaryConventions,
    spacing: Sequence[float] | None = None,
    name: str = "case",
) -> SurfaceCounts:
    """Return the distances between the surfaces of two masks or label images.

    Parameters
    ----------
    truth, prediction : array of bool, int or uint, both (y, x) or (z, y, x)
        Masks, or label images in which 0 is background.
    conventions : BoundaryConventions
        What a surface is, the tolerance, and the rules for special cases.
    spacing : sequence of float, optional
        Size of a pixel in micrometres, an axis each. If it is not given, all distances are in pixels.
    name : str
        What messages call the case.

    Returns
    -------
    SurfaceCounts
        Objects are measured one by one if both images are label images and the conventions ask for it.

    Raises
    ------
    NotALabelImageError, NegativeLabelError
        See `bioimagehub.challenges.labels.check_labels`.
    LabelShapeError
        If the shapes differ, or the images do not have two or three axes.
    SpacingError
        If the spacing is not a number above 0 for each axis.

    Examples
    --------
    >>> from bioimagehub.challenges.surfaces import BoundaryConventions
    >>> truth, prediction = np.zeros((2, 9, 9), bool)
    >>> truth[2:6, 2:6] = True
    >>> prediction[2:6, 2:8] = True
    >>> measure(truth, prediction, conventions=BoundaryConventions(), spacing=(0.5, 0.5))
    <SurfaceCounts: Hausdorff distance 1 µm>
    """
    from bioimagehub.challenges.surfaces.boxes import find_extent

    first, second = np.asarray(truth), np.asarray(prediction)
    are_labels = first.dtype != np.bool_ and second.dtype != np.bool_
    checked = check_pair(_as_labels(first), _as_labels(second), name)
    steps = _checked_spacing(spacing, checked[0].ndim, name)
    limit = inf if conventions.missing == "infinite" else hypot(*np.multiply(checked[0].shape, steps))
    extents = [find_extent(image) for image in checked]
    low, high = np.min([box[0] for box in extents], axis=0), np.max([box[1] for box in extents], axis=0)
    a, b = (image[_slices(low, np.maximum(high, low))] for image in checked)
    objects = conventions.per_object and are_labels and a.size > 0
    sides = _compare(a != 0, b != 0, conventions, steps, limit)
    rows, unmatched = _each_object(a, b, conventions, steps, limit) if objects else ([], 0)
    table = np.array(rows, np.float64).reshape(-1, len(OBJECT_COLUMNS))
    return SurfaceCounts(conventions, *sides, table, unmatched, unmatched * limit if unmatched else 0.0)


def _compare(
    truth: NDArray[np.bool_],
    prediction: NDArray[np.bool_],
    conventions: BoundaryConventions,
    spacing: tuple[float, ...],
    limit: float,
) -> tuple[DistanceCounts, DistanceCounts]:
    """Return the distances of the first surface to the second, and the other way."""
    from bioimagehub.challenges.surfaces.nearest import distances

    tolerance = max(spacing) if conventions.tolerance is None else conventions.tolerance
    sizes: list[NDArray[np.float64] | None] = [None, None]
    if truth.size == 0:
        return NOTHING, NOTHING
    if conventions.surface == "voxels":
        places = [rim(truth), rim(prediction)]
    else:
        found = [elements(truth, spacing), elements(prediction, spacing)]
        places, sizes = [place for place, _ in found], [size for _, size in found]
    if not (len(places[0]) and len(places[1])):
        alone = [np.full(len(place), limit) for place in places]
        # Nothing is near to what is not there, however large the tolerance.
        tolerance = -inf
    else:
        alone = list(distances(places[0], places[1], spacing))
    a, b = (count_distances(*side, tolerance * (1 + ROUNDING)) for side in zip(alone, sizes, strict=True))
    return a, b


def _each_object(
    truth: NDArray[np.integer[Any]],
    prediction: NDArray[np.integer[Any]],
    conventions: BoundaryConventions,
    spacing: tuple[float, ...],
    limit: float,
) -> tuple[list[list[float]], int]:
    """Return a row of scores for each pair of matched objects, and how many objects are missed or invented."""
    from bioimagehub.challenges.contingency import contingency
    from bioimagehub.challenges.matching import match
    from bioimagehub.challenges.surfaces.boxes import find_boxes

    matching = match(contingency(truth, prediction))
    table = matching.table
    i, j = table.truth_index[matching.overlaps], table.prediction_index[matching.overlaps]
    true_boxes, predicted_boxes = find_boxes(truth, table.truth_labels), find_boxes(prediction, table.prediction_labels)
    rows = []
    for (first, second), box, other in zip(matching.pairs, true_boxes[i], predicted_boxes[j], strict=True):
        where = _slices(np.minimum(box[0], other[0]), np.maximum(box[1], other[1]))
        sides = _compare(truth[where] == first, prediction[where] == second, conventions, spacing, limit)
        one = SurfaceCounts(conventions, *sides, np.zeros((0, len(OBJECT_COLUMNS))))
        rows.append([one.hausdorff(), one.hausdorff_95(), one.normalised_surface_distance(), one.boundary_f()])
    return rows, matching.fn + matching.fp


def _as_labels(image: NDArray[Any]) -> NDArray[Any]:
    """Return a mask as the image of one object, which has no copy; anything else as it is."""
    return image.view(np.uint8) if image.dtype == np.bool_ else image


def _slices(low: NDArray[np.int64], high: NDArray[np.int64]) -> tuple[slice, ...]:
    return tuple(slice(int(start), int(stop)) for start, stop in zip(low, high, strict=True))


def _checked_spacing(spacing: Sequence[float] | None, ndim: int, name: str) -> tuple[float, ...]:
    if ndim > 3:
        msg = (
            f"The images of {name} have {ndim} axes. Expected (y, x) or (z, y, x), as surfaces are found in space. "
            "Measure each timepoint and channel by itself."
        )
        raise LabelShapeError(msg)
    if spacing is None:
        return (1.0,) * ndim
    steps = tuple(float(step) for step in spacing)
    if len(steps) != ndim or not all(isfinite(step) and step > 0 for step in steps):
        msg = (
            f"The spacing of {name} is {steps}. Expected {ndim} numbers above 0, the size of a pixel in "
            "micrometres along each axis of the image. Look at its metadata."
        )
        raise SpacingError(msg)
    return steps
