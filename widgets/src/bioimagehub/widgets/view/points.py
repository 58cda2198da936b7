"""Points on an image: spots, particles, landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.widgets.errors import UnviewableError
from bioimagehub.widgets.view.tables import AXES, read_columns, to_samples
from bioimagehub.widgets.view.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bioimagehub.widgets.view.scenes import Space

MOST = 50_000
"""Points in one message: they stay below 1 MB."""

THICK = 2.5
"""Planes above and below from which points are shown."""


@dataclass(frozen=True, eq=False)
class PointLayer:
    """A layer of points.

    Attributes
    ----------
    id, name : str
    places : ndarray of float32, shape (points, 4)
        Along t, z, y, x, in samples; those without t or z (NaN) are seen at all. They have none along an axis of
        which the image has one sample.
    """

    id: str
    name: str
    places: NDArray[np.float32]

    kind = "points"

    def find(
        self, t: int, z: float | None, box: Sequence[float] | None = None, most: int = MOST
    ) -> tuple[int, NDArray[np.float32]]:
        """Find the points of a timepoint near a plane.

        Parameters
        ----------
        t : int
        z : float or None
            Plane; None for all.
        box : sequence of float or None
            y and x of two corners, in samples; None for everywhere.
        most : int
            As many are given at most, evenly out of all.

        Returns
        -------
        int
            How many there are.
        ndarray of float32, shape (given, 4)
            y, x, z, number of each; z is the plane itself for a point that has none.
        """
        times, depths, y, x = self.places.T
        with np.errstate(invalid="ignore"):
            seen = ~(np.abs(times - t) > 0.5)
            if z is not None:
                seen &= ~(np.abs(depths - z) > THICK)
        if box is not None:
            y0, x0, y1, x1 = box
            seen &= (y >= y0) & (y <= y1) & (x >= x0) & (x <= x1)
        rows = np.flatnonzero(seen)
        count = len(rows)
        most = max(1, min(int(most), MOST))
        if count > most:
            rows = rows[np.linspace(0, count - 1, most).astype(np.intp)]
        found = np.stack([y[rows], x[rows], np.nan_to_num(depths[rows], nan=z or 0), rows.astype(np.float32)], axis=1)
        return count, found


def open_points(source: Any, space: Space, number: int = 0, name: str = "points") -> PointLayer:
    """Make a layer of points.

    Parameters
    ----------
    source : DataFrame, Points, or array of float of shape (points, 2 to 4)
        In the units of the image. The columns of an array are y, x, or z, y, x, or t, z, y, x; those of a DataFrame
        have these names, in any order, and ``frame`` for a number of a timepoint.
    space : Space
    number : int
        Of the layer.
    name : str

    Raises
    ------
    UnviewableError
        If it is none of these.
    """
    if hasattr(source, "columns"):
        columns = read_columns(source, clean(name))
    elif hasattr(source, "coordinates") and hasattr(source, "axes"):
        columns = dict(zip(source.axes, source.coordinates.T, strict=True))
    else:
        columns = _read_array(source, clean(name))
    places = to_samples(columns, space)
    for axis, length in space.size.items():
        if axis in "tz" and length == 1:
            # A single plane, or a single time, is a projection of all of them.
            places[:, AXES.index(axis)] = np.nan
    return PointLayer(f"p{number}", clean(name), places)


def _read_array(source: Any, name: str) -> dict[str, NDArray[np.float64]]:
    try:
        values = np.asarray(source, np.float64)
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.size == 0 and values.ndim < 2:
        values = values.reshape(0, 2)
    if values.ndim != 2 or values.shape[1] not in (2, 3, 4) or (values.size == 0 and np.size(source)):
        msg = (
            f"{name} of the type {clean(type(source).__name__)} and the shape {np.shape(values)} are no points. "
            "Expected a DataFrame with the columns y and x, or an array with the columns y, x, or z, y, x, or "
            "t, z, y, x. Give one of these."
        )
        raise UnviewableError(msg)
    return dict(zip(AXES[-values.shape[1] :], values.T, strict=True))
