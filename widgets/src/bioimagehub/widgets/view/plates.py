"""Plates: wells in rows and columns, each with fields of view."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bioimagehub.widgets.errors import QuestionError
from bioimagehub.widgets.view.text import clean

if TYPE_CHECKING:
    from bioimagehub.widgets.view.multiscale import Multiscale

_WELL = re.compile(r"([A-Za-z]+)[ /_-]?(\d+)")


def describe_wells(source: Multiscale) -> dict[str, Any] | None:
    """Give rows, columns and the wells that are there; None for what is no plate.

    Wells whose names are not of the form ``A1`` stand in one row.
    """
    names = [clean(name, 40) for name in source.names("well")]
    if not names:
        return None
    parsed = [_WELL.fullmatch(name) for name in names]
    if not all(parsed):
        return {"rows": [""], "columns": names, "present": names}
    rows = sorted({found[1] for found in parsed if found}, key=lambda row: (len(row), row))
    columns = sorted({found[2] for found in parsed if found}, key=int)
    return {"rows": rows, "columns": columns, "present": names}


def find_well(scene: dict[str, Any], name: str | None) -> int:
    """Give the number of a well; 0 for None and for what is no plate.

    Raises
    ------
    QuestionError
        If there is no such well.
    """
    wells = scene.get("wells")
    if wells is None or name is None:
        return 0
    if name not in wells["present"]:
        listed = ", ".join(wells["present"][:10])
        msg = f"The plate has no well {clean(name, 40)}. It has {listed}, …. Choose one of its wells."
        raise QuestionError(msg)
    return int(wells["present"].index(name))
