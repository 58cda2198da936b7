"""GeoJSON files: outlines of cells and regions as QuPath and other programs write them, a row for each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.drivers.tables.columns import check_columns
from bioimagehub.catalogs.errors import UnreadableTableError
from bioimagehub.catalogs.reader import open_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from bioimagehub.catalogs.reader import Place

OPTIONS: tuple[str, ...] = ("columns",)

BOUNDS = ("min_x", "min_y", "max_x", "max_y")
_OWN = {"id", "geometry", *BOUNDS}


def load_table(url: str | Place, *, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Load the features of a GeoJSON file.

    Parameters
    ----------
    url : str or Place
    columns : sequence of str or None
        None for all.

    Returns
    -------
    pandas.DataFrame
        A row for each feature: its properties, None or NaN where it has not one that others have; ``id`` where any has
        one; ``geometry``, the dict as it stands in the file, None for none; and ``min_x``, ``min_y``, ``max_x``,
        ``max_y``, float64, in the units of the file (pixels, from QuPath), NaN without a geometry.

    Raises
    ------
    UnreadableTableError
        If it is no GeoJSON, a feature is damaged or has a property with a name of these columns, or there is no such
        column.

    References
    ----------
    RFC 7946.
    """
    import pandas as pd

    place = open_place(url)
    rows = [_parse_feature(feature, number, place.url) for number, feature in enumerate(_features(place))]
    names = list(dict.fromkeys(name for row in rows for name in row)) or ["geometry", *BOUNDS]
    check_columns(columns, names, place.url)
    return pd.DataFrame(rows, columns=names if columns is None else list(columns))


def _features(place: Place) -> list[Any]:
    try:
        content = json.loads(bytes(place.read()))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        msg = f"{place.url} is no GeoJSON: {error}. Check the address, or fetch it anew."
        raise UnreadableTableError(msg) from error
    if isinstance(content, dict) and content.get("type") == "FeatureCollection":
        content = content.get("features")
    elif isinstance(content, dict):
        content = [content]
    if not isinstance(content, list):
        msg = f"{place.url} is no GeoJSON: expected features. Check the address, or fetch it anew."
        raise UnreadableTableError(msg)
    return content


def _parse_feature(feature: Any, number: int, where: str) -> dict[str, Any]:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        msg = f"{where} has something else than a feature at place {number}: {json.dumps(feature)[:80]}. Correct it."
        raise UnreadableTableError(msg)
    properties, geometry = feature.get("properties") or {}, feature.get("geometry")
    taken = sorted(_OWN & set(properties))
    if taken:
        msg = f"{where} has the property {', '.join(taken)} at feature {number}, a column of its own here. Rename it."
        raise UnreadableTableError(msg)
    identifier = {"id": feature["id"]} if "id" in feature else {}
    bounds = dict.fromkeys(BOUNDS, float("nan"))
    if geometry is not None:
        try:
            positions = np.concatenate(list(_positions(geometry)))
            low, high = positions.min(axis=0), positions.max(axis=0)
        except (ValueError, TypeError, KeyError) as error:
            msg = f"{where} has a geometry that cannot be read at feature {number}: {error}. Correct it."
            raise UnreadableTableError(msg) from error
        bounds = dict(zip(BOUNDS, map(float, (low[0], low[1], high[0], high[1])), strict=True))
    return {**identifier, **properties, "geometry": geometry, **bounds}


def _positions(geometry: Any) -> list[Any]:
    """Give x and y of all positions, as arrays with the shape (n, 2)."""
    if geometry["type"] == "GeometryCollection":
        return [found for inner in geometry["geometries"] for found in _positions(inner)]
    return _flatten(geometry["coordinates"])


def _flatten(coordinates: Any) -> list[Any]:
    if not isinstance(coordinates, list):
        msg = f"expected positions, not {coordinates!r}"
        raise TypeError(msg)
    if coordinates and not isinstance(coordinates[0], list):
        coordinates = [coordinates]
    if coordinates and not isinstance(coordinates[0][0], list):
        return [np.asarray([position[:2] for position in coordinates], dtype=np.float64)]
    return [found for inner in coordinates for found in _flatten(inner)]
