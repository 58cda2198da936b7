"""Shapes that were drawn on an image: points, lines, boxes and polygons, in physical coordinates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from bioimagehub.widgets.errors import UnviewableError
from bioimagehub.widgets.view.text import clean

if TYPE_CHECKING:
    import pandas as pd

    from bioimagehub.widgets.view.scenes import Space

KINDS = {"box": 2, "line": 2, "point": 1, "polygon": 3}
"""What can be drawn, and the least number of points of each."""

MOST = 10_000
COLUMNS = ("shape", "kind", "name", "t", "z", "time", "depth", "vertex", "y", "x")


def check_shapes(shapes: Any) -> list[dict[str, Any]]:
    """Bring shapes into the form that the page knows.

    Parameters
    ----------
    shapes : list of dict
        Each with ``kind`` and ``points``, [[y, x], …]; ``id``, ``t``, ``z`` and ``name`` may be left out.

    Raises
    ------
    UnviewableError
        If one of them is none.
    """
    if not isinstance(shapes, list | tuple) or len(shapes) > MOST:
        msg = f"The shapes cannot be drawn: they are no list of at most {MOST:,}. Expected a list of dict. Give one."
        raise UnviewableError(msg)
    taken = {str(shape["id"]) for shape in shapes if isinstance(shape, dict) and "id" in shape}
    found = []
    for number, shape in enumerate(shapes):
        name = str(number)
        while name in taken:
            name = f"{name}-{number}"
        checked = _check_shape(shape, number, name)
        taken.add(checked["id"])
        found.append(checked)
    return found


def tabulate_shapes(shapes: list[dict[str, Any]], space: Space) -> pd.DataFrame:
    """Give the points of shapes as a table, one row each.

    Returns
    -------
    DataFrame
        ``shape`` (its id), ``kind``, ``name``; ``t`` and ``z``, the numbers of timepoint and plane; ``time`` and
        ``depth``, the same in the units of the image; ``vertex``, counted from 0; ``y`` and ``x`` in the units of the
        image, float64. A box has two opposite corners. The attribute ``units`` tells the units.
    """
    import pandas as pd

    rows = []
    for shape in shapes:
        time = float(space.to_physical("t", shape["t"]))
        depth = float(space.to_physical("z", shape["z"]))
        for vertex, (y, x) in enumerate(shape["points"]):
            rows.append((shape["id"], shape["kind"], shape["name"], shape["t"], shape["z"], time, depth, vertex, y, x))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    types = dict.fromkeys(("t", "z", "vertex"), "int64") | dict.fromkeys(("time", "depth", "y", "x"), "float64")
    table = table.astype(types)
    table.attrs["units"] = {
        "y": space.units["y"],
        "x": space.units["x"],
        "depth": space.units["z"],
        "time": space.units["t"],
    }
    return table


def _check_shape(shape: Any, number: int, name: str) -> dict[str, Any]:
    try:
        kind = shape["kind"]
        points = [[float(y), float(x)] for y, x in shape["points"]]
        t, z = int(shape.get("t") or 0), int(shape.get("z") or 0)
        least = KINDS[kind]
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        msg = (
            f"The shape {number} cannot be drawn: {type(error).__name__} {clean(error, 80)}. Expected kind, one of "
            f"{', '.join(sorted(KINDS))}, and points, [[y, x], …] in the units of the image. Correct it."
        )
        raise UnviewableError(msg) from error
    if not least <= len(points) <= MOST or not all(math.isfinite(each) for point in points for each in point):
        msg = (
            f"The shape {number}, a {kind}, has {len(points)} points, or one that is not finite. Expected {least} to "
            f"{MOST:,} finite points. Correct it."
        )
        raise UnviewableError(msg)
    told = clean(shape.get("name") or "")
    return {"id": clean(shape.get("id", name)), "kind": kind, "t": t, "z": z, "points": points, "name": told}
