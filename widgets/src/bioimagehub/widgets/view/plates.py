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
    """Give rows, columns, the wells that are there and where each stands; None for what is no plate.

    Wells whose names are not of the form ``A1`` stand in one row, and so do those of which two would stand in one
    place.
    """
    names = [clean(name, 40) for name in source.names("well")]
    if not names:
        return None
    parsed = [_WELL.fullmatch(name) for name in names]
    places = [(found[1], found[2]) for found in parsed if found]
    if len(set(places)) < len(names):
        cells = [[name, 0, number] for number, name in enumerate(names)]
        return {"rows": [""], "columns": names, "present": names, "cells": cells}
    rows = sorted({row for row, _ in places}, key=lambda row: (len(row), row))
    columns = sorted({column for _, column in places}, key=lambda column: (int(column), column))
    cells = [[name, rows.index(row), columns.index(column)] for name, (row, column) in zip(names, places, strict=True)]
    return {"rows": rows, "columns": columns, "present": names, "cells": cells}


def describe_fields(source: Multiscale) -> list[str]:
    """Give the names of the fields of view; none where there is one alone."""
    names = [clean(name, 40) for name in source.names("field")]
    return names if len(names) > 1 else []


def find_well(scene: dict[str, Any], name: str | None) -> int:
    """Give the number of a well; 0 for None and for what is no plate.

    Raises
    ------
    QuestionError
        If there is no such well.
    """
    wells = scene.get("wells")
    return 0 if wells is None or name is None else _find("well", wells["present"], name)


def find_field(scene: dict[str, Any], name: str | None) -> int:
    """Give the number of a field of view; 0 for None and for what has one alone.

    Raises
    ------
    QuestionError
        If there is no such field.
    """
    fields = scene.get("fields")
    return 0 if not fields or name is None else _find("field", fields, name)


def _find(what: str, names: list[str], name: str) -> int:
    if name not in names:
        listed = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
        msg = f"There is no {what} {clean(name, 40)}. There are {listed}. Choose one of them."
        raise QuestionError(msg)
    return names.index(name)
