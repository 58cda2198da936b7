"""Records as a table of pandas, one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

COLUMNS = [
    "identifier", "title", "kind", "organism", "scale", "method", "data_type", "axes", "shape", "size", "released",
    "labels", "tables", "licence", "source",
]  # fmt: skip


def make_table(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """List the plain fields of records as a table, with the identifier as index.

    Parameters
    ----------
    records : iterable of mapping

    Returns
    -------
    pandas.DataFrame
        With the same columns where there is no record. Several values stand in one cell, divided by commas; None is
        what a record does not state.
    """
    import pandas as pd

    return pd.DataFrame([_row(fields) for fields in records], columns=COLUMNS).set_index("identifier")


def _row(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "identifier": fields["identifier"],
        "title": fields["title"],
        "kind": fields.get("kind", "image"),
        "organism": _join(organism["name"] for organism in fields.get("organisms", ())),
        "scale": _join(fields.get("scales", ())),
        "method": _join(method["name"] for method in fields.get("methods", ())),
        "data_type": _join(fields.get("data_types", ())),
        "axes": "".join(fields.get("axes", ())),
        "shape": " × ".join(map(str, fields.get("shape", ()))),
        "size": fields.get("size"),
        "released": fields.get("released"),
        "labels": ", ".join(fields.get("labels", ())),
        "tables": ", ".join(fields.get("tables", ())),
        "licence": fields.get("licence"),
        "source": fields["source"],
    }


def _join(names: Iterable[str]) -> str | None:
    return ", ".join(names) or None
