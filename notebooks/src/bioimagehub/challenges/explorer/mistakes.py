"""A mistake of a prediction: what went wrong with which object, and where it is."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from bioimagehub.challenges.errors import ExplorerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

Side: TypeAlias = Literal["truth", "prediction"]
AXES = "zyx"


@dataclass(frozen=True)
class Mistake:
    """One object or point that a prediction got wrong.

    Attributes
    ----------
    kind : str
        Of true objects ``missed``, ``split``, ``merged``; of predicted ones ``false``, ``fragment``, ``merger``; of
        links between frames ``missing link``, ``false link``, ``wrong link``.
    side : {"truth", "prediction"}
        Whose object it is.
    label : int
        Its label; of points their position in the list.
    low, high : tuple of int
        Its bounding box in pixels, (z,) y, x; the end is not included.
    centroid : tuple of float
        Its centre in pixels; 0 is the middle of the first pixel.
    size : int
        Its pixels; 0 of points.
    spacing : tuple of float or None
        Size of a pixel along (z,) y, x in µm; None if unknown.
    iou : float
        Intersection over union with the object of the other image that overlaps it best; 0 if none does. NaN where
        objects have no extent.
    partner : int or None
        The label of that object; of links, the label at their other end.
    frame : int or None
        The number of the frame, in a sequence.
    """

    kind: str
    side: Side
    label: int
    low: tuple[int, ...]
    high: tuple[int, ...]
    centroid: tuple[float, ...]
    size: int = 0
    spacing: tuple[float, ...] | None = None
    iou: float = nan
    partner: int | None = None
    frame: int | None = None

    @property
    def centre(self) -> tuple[float, ...] | None:
        """Its centre in µm; None without spacing."""
        return self._scale(self.centroid)

    @property
    def box(self) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
        """The corners of its bounding box in µm, at the outer edges of its pixels; None without spacing."""
        low = self._scale([edge - 0.5 for edge in self.low])
        high = self._scale([edge - 0.5 for edge in self.high])
        return None if low is None or high is None else (low, high)

    def _scale(self, pixels: Sequence[float]) -> tuple[float, ...] | None:
        if self.spacing is None:
            return None
        return tuple(float(pixel * step) for pixel, step in zip(pixels, self.spacing, strict=True))

    def row(self) -> dict[str, object]:
        """Return it as a row of a table: columns of each axis in pixels, and in µm where the spacing is known."""
        axes = AXES[-len(self.low) :]
        values: dict[str, object] = {"kind": self.kind, "side": self.side, "label": self.label}
        if self.frame is not None:
            values["frame"] = self.frame
        for name, numbers in (("", self.centroid), ("low_", self.low), ("high_", self.high)):
            values |= {f"{name}{axis}": number for axis, number in zip(axes, numbers, strict=True)}
        if self.centre is not None and self.box is not None:
            for name, edges in (("", self.centre), ("low_", self.box[0]), ("high_", self.box[1])):
                values |= {f"{name}{axis}_um": number for axis, number in zip(axes, edges, strict=True)}
        return values | {"size": self.size, "iou": self.iou, "partner": self.partner}


def sort_mistakes(mistakes: Sequence[Mistake]) -> list[Mistake]:
    """Return mistakes by size, the largest first; of one size by kind, frame and label."""
    return sorted(mistakes, key=lambda one: (-one.size, one.kind, one.frame or 0, one.label, one.partner or 0))


def tabulate(mistakes: Sequence[Mistake]) -> pd.DataFrame:
    """Return a table of mistakes, one row each, in their order; see `Mistake.row`."""
    import pandas as pd

    return pd.DataFrame([one.row() for one in mistakes])


def check_spacing(spacing: ArrayLike | None, ndim: int, name: str) -> tuple[float, ...] | None:
    """Return a spacing as a tuple, or say what is wrong with it.

    Raises
    ------
    ExplorerError
        If it is not one positive number for each axis.
    """
    if spacing is None:
        return None
    values: NDArray[np.float64] = np.atleast_1d(np.asarray(spacing, np.float64))
    if values.shape != (ndim,) or not bool((np.isfinite(values) & (values > 0)).all()):
        msg = (
            f"The spacing of {name} is {spacing}. Expected {ndim} positive numbers, the size of a pixel in µm along "
            f"{', '.join(AXES[-ndim:])}. Give it, or None if it is unknown."
        )
        raise ExplorerError(msg)
    return tuple(map(float, values))
