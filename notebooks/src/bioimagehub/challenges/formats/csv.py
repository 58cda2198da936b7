"""CSV: points or values as text, in UTF-8, a row each.

Points have a column for each axis (``z, y, x``, in µm; ``t`` in seconds), and may have ``confidence`` and
``intensity``. Values have the columns ``item`` and ``value``.

References
----------
RFC 4180; OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection.
"""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import PredictionFileError
from bioimagehub.challenges.formats.found import Found, reading, refuse
from bioimagehub.challenges.points import ORDER, Points

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SUFFIXES = (".csv",)
KINDS = frozenset({"points", "landmarks", "values"})

ROWS = 5_000_000
LONGEST_LINE = 4_096
"""Characters of a row."""
LONGEST_NUMBER = 64
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so is a formula to spreadsheets."""
_FURTHER = ("confidence", "intensity")
_LISTED = 20

Finding = tuple[str, str, str]


def inspect(path: Path) -> Found:
    """Read the columns of a table; its shape is (0, columns), since rows are counted when they are read.

    Parameters
    ----------
    path : Path

    Raises
    ------
    PredictionFileError
        If it is no table.
    """
    with reading("CSV file in UTF-8"):
        columns = next(read_rows(path))[1]
        # Columns are found by their names, so their order tells nothing.
        axes = tuple(name for name in ORDER if name in columns)
        return Found(np.dtype(np.float64), (0, len(columns)), axes or None)


def load(path: Path, kind: str) -> Points | dict[str, float | str]:
    """Read a table.

    Parameters
    ----------
    path : Path
    kind : str
        ``points`` and ``landmarks`` give `Points`; ``values`` a dict by item.

    Raises
    ------
    PredictionFileError
        If it cannot be read; it lists all rows that are wrong, up to 20.
    """
    with reading("CSV file in UTF-8"):
        rows = read_rows(path)
        _, columns = next(rows)
        return _load_values(columns, rows) if kind == "values" else _load_points(columns, rows)


def write(
    path: Path,
    data: Points | dict[str, float | str],
    axes: Sequence[str],  # noqa: ARG001
    spacing: Sequence[float] | None,  # noqa: ARG001
) -> None:
    """Write a table; the same values give the same bytes, and read back they are the same.

    Parameters
    ----------
    path : Path
    data : Points or dict
    axes : sequence of str
        Are those of the points.
    spacing : sequence of float or None
        Is not needed: coordinates are in µm.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if not isinstance(data, Points):
            writer.writerow(("item", "value"))
            writer.writerows((item, _plain(data[item])) for item in sorted(data))
            return
        further = [(name, getattr(data, name)) for name in _FURTHER if getattr(data, name) is not None]
        writer.writerow((*data.axes, *(name for name, _ in further)))
        table = np.column_stack([data.coordinates, *(values for _, values in further)])
        writer.writerows([repr(value) for value in row] for row in table.tolist())


def read_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Give the rows of a table with their line numbers, the names of the columns first.

    Raises
    ------
    PredictionFileError
        If the bytes are no UTF-8, a row is too long, or there are too many.
    """
    with path.open("rb") as file:
        named = False
        for number, row in enumerate(csv.reader(_lines(file), strict=True), 1):
            if row and not named:
                named = True
                columns = [name.strip().lower() for name in row]
                _check_columns(columns)
                yield number, columns
            elif row:
                yield number, row
    if not named:
        refuse("it is empty", "a row with the names of the columns", "Write the table again.")


def _lines(file: Any) -> Iterator[str]:
    for number in range(1, ROWS + 2):
        line = file.readline(LONGEST_LINE + 1)
        if not line:
            return
        if len(line) > LONGEST_LINE:
            refuse(f"line {number} is longer than {LONGEST_LINE} bytes", "short rows", "Write the table again.")
        if b"\0" in line:
            refuse(f"line {number} has a zero byte", "text in UTF-8", "Save it as CSV in UTF-8, not UTF-16.")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            refuse(
                f"line {number} is not in UTF-8 (byte {error.start + 1})", "text in UTF-8", "Save it as CSV in UTF-8."
            )
    refuse(f"it has more than {ROWS} lines", "fewer", "Leave out what is not asked for.")


def _check_columns(columns: list[str]) -> None:
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t"):
        refuse(
            "its columns are parted by semicolons or tabs",
            "commas between columns, and a point in decimal numbers",
            "Write it again, such as with pandas.DataFrame.to_csv(path, index=False).",
        )
    if any(not name or name.startswith("unnamed:") for name in columns[:1]):
        refuse(
            "its first column has no name, as pandas writes the index of a table",
            "columns with names",
            "Leave the index out: pandas.DataFrame.to_csv(path, index=False).",
        )
    if len(set(columns)) < len(columns):
        refuse(f"a column is there twice: {', '.join(columns)}", "each column once", "Rename one of them.")


def _load_points(columns: list[str], rows: Iterator[tuple[int, list[str]]]) -> Points:
    axes = [axis for axis in ORDER if axis in columns]
    strange = [name for name in columns if name not in (*ORDER, *_FURTHER)]
    if not {"y", "x"} <= set(axes) or strange:
        refuse(
            f"its columns are {', '.join(columns)}",
            f"y and x, with z, t and c where the image has them, and {' and '.join(_FURTHER)} where they are known",
            "Name the columns so, in any order, and leave others out. Coordinates are in micrometres.",
        )
    findings: list[Finding] = []
    values = []
    for number, row in rows:
        found = [parse_number(cell) for cell in row]
        if len(row) != len(columns) or None in found:
            wrong = next((cell for cell, value in zip(row, found, strict=True) if value is None), None)
            what = f"{len(row)} cells" if len(row) != len(columns) else f"the cell {wrong!r:.60}"
            findings.append((
                f"row {number} has {what}", f"{len(columns)} finite numbers, such as 12.5", "Correct the row.",
            ))  # fmt: skip
            if len(findings) == _LISTED:
                break
            continue
        values.append(found)
    if findings:
        raise PredictionFileError(findings)
    table = np.array(values, np.float64).reshape(-1, len(columns))
    column = {name: table[:, number] for number, name in enumerate(columns)}
    return Points(
        np.column_stack([column[axis] for axis in axes]),
        axes,
        confidence=column.get("confidence"),
        intensity=column.get("intensity"),
    )


def _load_values(columns: list[str], rows: Iterator[tuple[int, list[str]]]) -> dict[str, float | str]:
    if sorted(columns) != ["item", "value"]:
        refuse(f"its columns are {', '.join(columns)}", "the columns item and value", "Name the columns so.")
    at_item, at_value = columns.index("item"), columns.index("value")
    found: dict[str, float | str] = {}
    findings: list[Finding] = []
    for number, row in rows:
        finding = _check_value(row, at_item, at_value, found)
        if finding is not None:
            findings.append((f"row {number} {finding[0]}", *finding[1:]))
            if len(findings) == _LISTED:
                break
            continue
        number_found = parse_number(row[at_value])
        found[row[at_item]] = row[at_value] if number_found is None else number_found
    if findings:
        raise PredictionFileError(findings)
    return found


def _check_value(row: list[str], at_item: int, at_value: int, found: dict[str, float | str]) -> Finding | None:
    if len(row) != 2:
        return f"has {len(row)} cells", "2 cells, item and value", "Put texts with commas in quotes."
    item, value = row[at_item], row[at_value]
    if item in found:
        return f"has the item {item!r:.60} again", "each item once", "Leave one of the two rows out."
    for text in (item, value):
        if text.startswith(FORMULA) and parse_number(text) is None:
            return (
                f"has the cell {text!r:.60}, which is a formula to spreadsheets",
                "plain text",
                "Write the plain text.",
            )
    if value.strip().lower().lstrip("+-") in {"nan", "inf", "infinity", ""}:
        return f"has the value {value!r:.60}", "a finite number or a text", "Give an answer to each item."
    return None


def parse_number(text: str) -> float | None:
    """Read a finite decimal number; None for all else, such as ``nan``, ``1_000`` or ``1,5``.

    Examples
    --------
    >>> parse_number(" 1.5e3"), parse_number("inf"), parse_number("0x10"), parse_number("1_0")
    (1500.0, None, None, None)
    """
    if "_" in text or len(text) > LONGEST_NUMBER or not text.isascii():
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _plain(value: float | str) -> str:
    return value if isinstance(value, str) else repr(float(value))
