"""Tables of places, with columns of many names: which of them are the coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.widgets.errors import UnviewableError
from bioimagehub.widgets.view.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from bioimagehub.widgets.view.scenes import Space

AXES = "tzyx"
_FRAMES = ("frame", "frames", "timepoint", "time_point")
_TRACKS = ("track", "track_id", "trackid", "particle", "label", "id")


def read_columns(table: Any, name: str) -> dict[str, NDArray[np.float64]]:
    """Give the columns of a DataFrame that tell of places: ``t``, ``frame``, ``z``, ``y``, ``x``, ``track``.

    Raises
    ------
    UnviewableError
        If there is no ``y`` or ``x``, or one of them holds no numbers.
    """
    by_name = {str(column).strip().lower(): column for column in table.columns}
    wanted = {axis: axis for axis in AXES} | {"time": "t"} | dict.fromkeys(_FRAMES, "frame")
    found: dict[str, NDArray[np.float64]] = {}
    for called, axis in wanted.items():
        if called in by_name and axis not in found:
            found[axis] = _numbers(table[by_name[called]], called, name)
    track = next((by_name[called] for called in _TRACKS if called in by_name), None)
    if track is not None:
        found["track"] = _numbers(table[track], str(track), name)
    if not {"y", "x"} <= set(found):
        listed = ", ".join(clean(column, 40) for column in list(table.columns)[:20]) or "none"
        msg = (
            f"The table of {name} has no columns y and x; it has {listed}. Expected x and y, and perhaps z, t or "
            "frame, in the units of the image. Rename its columns: table.rename(columns={'centroid-0': 'y'})."
        )
        raise UnviewableError(msg)
    return found


def to_samples(columns: Mapping[str, NDArray[np.float64]], space: Space) -> NDArray[np.float32]:
    """Give the places as samples at level 0, shape (rows, 4) along t, z, y, x; NaN along t or z where there is none.

    Rows without a finite y and x are far away from all that can be seen.
    """
    count = len(columns["y"])
    places = np.full((count, 4), np.nan)
    for number, axis in enumerate(AXES):
        if axis in columns:
            places[:, number] = space.to_samples(axis, columns[axis])
    if "frame" in columns:
        places[:, 0] = columns["frame"]
    places[:, 0] = np.rint(places[:, 0])
    lost = ~np.isfinite(places[:, 2:]).all(axis=1)
    places[lost, 2:] = -1e9
    return places.astype(np.float32)


def _numbers(column: Any, called: str, name: str) -> NDArray[np.float64]:
    try:
        return np.asarray(column, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = (
            f"The column {clean(called, 40)} of the table of {name} cannot be read as numbers: {clean(error)}. "
            "Expected a number in each row. Convert it: pandas.to_numeric(column, errors='coerce')."
        )
        raise UnviewableError(msg) from error
