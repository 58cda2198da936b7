"""Points in space: spots, localisations, particles and landmarks, in physical units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bioimagehub.challenges.errors import PointsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

ORDER = "tczyx"
SPATIAL = "zyx"
# A million kilometres. The squares of what is below can be added without overflow.
LARGEST = 1e15


@dataclass(frozen=True, eq=False, repr=False)
class Points:
    """A set of points, each with its coordinates and, if known, how sure and how bright it is.

    Parameters
    ----------
    coordinates : array of float, shape (points, axes)
        In micrometres along z, y and x, in seconds along t; the number of the channel along c. Kept as float64,
        read-only. An empty list means that there are no points.
    axes : sequence of str
        Names of the columns: some of t, c, z, y, x, in this order, x and y among them.
    confidence : array of float, shape (points,), optional
        Higher is surer; of any scale. None if the method does not tell.
    intensity : array of float, shape (points,), optional
        Brightness, in the units of the image. None if unknown.
    extent : sequence of float, shape (axes,), optional
        Size of the image along each axis, in the units of the coordinates. None if unknown.

    Raises
    ------
    PointsError
        If the shapes do not fit together, the axes do not exist, or a value is NaN, infinite or beyond
        ±10¹⁵.

    Examples
    --------
    >>> spots = Points([[0.5, 1.25], [2.0, 3.5]], axes="yx", confidence=[0.9, 0.4])
    >>> spots
    <Points: 2 along y, x, with confidence>
    >>> spots.axes
    ('y', 'x')
    """

    coordinates: NDArray[np.float64]
    axes: tuple[str, ...]
    confidence: NDArray[np.float64] | None
    intensity: NDArray[np.float64] | None
    extent: tuple[float, ...] | None

    def __init__(
        self,
        coordinates: ArrayLike,
        axes: Sequence[str] = ("y", "x"),
        *,
        confidence: ArrayLike | None = None,
        intensity: ArrayLike | None = None,
        extent: Sequence[float] | None = None,
    ) -> None:
        names = _checked_axes(axes)
        values = _finite(coordinates, "The coordinates")
        if values.size == 0:
            values = values.reshape(0, len(names))
        if values.ndim != 2 or values.shape[1] != len(names):
            msg = (
                f"The coordinates have the shape {values.shape}. Expected (points, {len(names)}), one column for each "
                f"of the axes {', '.join(names)}. Give the axes of the columns, or take out those that are none."
            )
            raise PointsError(msg)
        values.flags.writeable = False
        object.__setattr__(self, "coordinates", values)
        object.__setattr__(self, "axes", names)
        object.__setattr__(self, "confidence", _column(confidence, len(values), "confidence"))
        object.__setattr__(self, "intensity", _column(intensity, len(values), "intensity"))
        object.__setattr__(self, "extent", _checked_extent(extent, names))

    def __len__(self) -> int:
        return len(self.coordinates)

    def __repr__(self) -> str:
        known = [name for name in ("confidence", "intensity") if getattr(self, name) is not None]
        extra = f", with {' and '.join(known)}" if known else ""
        return f"<Points: {len(self)} along {', '.join(self.axes)}{extra}>"

    @property
    def spatial(self) -> NDArray[np.float64]:
        """Coordinates along z (if there), y and x, in µm, float64, shape (points, 2 or 3)."""
        return self.coordinates[:, [axis in SPATIAL for axis in self.axes]]

    @property
    def frames(self) -> NDArray[np.float64]:
        """Timepoint and channel, as far as there, float64, shape (points, 0 to 2)."""
        return self.coordinates[:, [axis not in SPATIAL for axis in self.axes]]


def check_points(truth: object, prediction: object, name: str = "case") -> tuple[Points, Points]:
    """Return the points of the ground truth and of a prediction, of the same axes, or say what is wrong.

    Raises
    ------
    PointsError
        If one of them is not `Points`, or their axes differ.
    """
    truth, prediction = _checked(truth, f"ground truth of {name}"), _checked(prediction, f"prediction of {name}")
    if truth.axes != prediction.axes:
        msg = (
            f"The prediction of {name} has the axes {', '.join(prediction.axes)}. Expected "
            f"{', '.join(truth.axes)}, those of the ground truth. Give the same columns in the same order."
        )
        raise PointsError(msg)
    return truth, prediction


def _checked(points: object, what: str) -> Points:
    if not isinstance(points, Points):
        msg = (
            f"The {what} is of type {type(points).__name__}. Expected Points. "
            "Make them with Points(coordinates, axes), coordinates in micrometres."
        )
        raise PointsError(msg)
    return points


def _checked_axes(axes: Sequence[str]) -> tuple[str, ...]:
    names = tuple(axes)
    if names != tuple(axis for axis in ORDER if axis in names) or not {"y", "x"} <= set(names):
        msg = (
            f"The axes {', '.join(map(str, names)) or 'none'} of points are not known. Expected some of t, c, z, y, x, "
            "each once and in this order, y and x among them. Rename or reorder the columns."
        )
        raise PointsError(msg)
    return names


def _checked_extent(extent: Sequence[float] | None, axes: tuple[str, ...]) -> tuple[float, ...] | None:
    if extent is None:
        return None
    sizes = tuple(float(size) for size in _finite(extent, "The extent"))
    if len(sizes) != len(axes) or min(sizes) < 0:
        msg = (
            f"The extent of the points is {sizes}. Expected one size, not below 0, for each of the axes "
            f"{', '.join(axes)}. Give the size of the image along these axes, in the units of the coordinates."
        )
        raise PointsError(msg)
    return sizes


def _column(values: ArrayLike | None, points: int, what: str) -> NDArray[np.float64] | None:
    if values is None:
        return None
    column = _finite(values, f"The {what}")
    if column.shape != (points,):
        msg = (
            f"The {what} of points has the shape {column.shape}. Expected ({points},), one value a point. "
            "Give a value for each point, or none at all."
        )
        raise PointsError(msg)
    column.flags.writeable = False
    return column


def _finite(values: ArrayLike, what: str) -> NDArray[np.float64]:
    """Return a copy in double precision."""
    try:
        numbers = np.array(values, np.float64)
    except (TypeError, ValueError) as error:
        msg = f"{what} of points cannot be read as numbers: {error}. Expected an array of numbers. Look at its columns."
        raise PointsError(msg) from error
    strange = int(np.count_nonzero(~(np.abs(numbers) <= LARGEST)))
    if strange:
        msg = (
            f"{what} of points has {strange} values that are NaN, infinite or beyond ±{LARGEST:g}. Expected finite "
            "numbers. Leave out the points that were not found."
        )
        raise PointsError(msg)
    return numbers
