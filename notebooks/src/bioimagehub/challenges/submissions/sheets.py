"""One table for all cases: a CSV file with the column ``case``, parted into a table a case."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from bioimagehub.challenges.errors import PredictionFileError, SubmissionError
from bioimagehub.challenges.formats.csv import read_rows
from bioimagehub.challenges.formats.found import reading
from bioimagehub.challenges.submissions.report import Problem, clean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_LISTED = 20


def part_sheet(path: Path, folder: Path, cases: Sequence[str]) -> list[Problem]:
    """Write the rows of each case to a table of its own.

    Parameters
    ----------
    path : Path
    folder : Path
        Where the tables go, as ``<case>.csv``. Only names of cases are ever written.
    cases : sequence of str
        All that are asked for. A case without a row gets no table; one row without values stands for an empty one.

    Returns
    -------
    list of Problem
        All that is wrong; the tables are of no use then.
    """
    try:
        with reading("CSV file in UTF-8"):
            rows = read_rows(path)
            _, columns = next(rows)
            if "case" not in columns:
                what = f"its columns are {', '.join(columns)}"
                return [Problem("", what, "a column case, with the id of the case of each row", "Add the column.")]
            return _part(columns, [row for _, row in rows], folder, frozenset(cases))
    except PredictionFileError as error:
        return [Problem("", *finding) for finding in error.findings]


def _part(columns: list[str], rows: list[list[str]], folder: Path, cases: frozenset[str]) -> list[Problem]:
    at = columns.index("case")
    tables: dict[str, list[list[str]]] = {}
    strange: dict[str, None] = {}
    for row in rows:
        case = row[at] if at < len(row) else ""
        if case in cases:
            cells = row[:at] + row[at + 1 :]
            # A case of which nothing was found has a row without values.
            tables.setdefault(case, []).extend([cells] if any(cell.strip() for cell in cells) else [])
        else:
            strange[case] = None
    if strange:
        return [
            Problem("", f"there are rows of {clean(case, 100)!r}, which is no case", "ids of cases", "Correct them.")
            for case in list(strange)[:_LISTED]
        ]
    for case, table in tables.items():
        with (folder / f"{case}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([columns[:at] + columns[at + 1 :], *table])
    return []


def join_tables(paths: dict[str, Path], target: Path) -> None:
    """Write one table of the tables of cases. Those without rows may lack columns that others have.

    Parameters
    ----------
    paths : dict of str to Path
        The table of each case.
    target : Path

    Raises
    ------
    SubmissionError
        If the columns of two tables with rows differ.
    """
    tables = {case: [row for _, row in read_rows(paths[case])] for case in sorted(paths)}
    columns = max((rows[0] for rows in tables.values()), key=len, default=[])
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", *columns])
        for case, (head, *rows) in tables.items():
            if rows and head != columns:
                msg = (
                    f"The table of {case} has the columns {', '.join(head)}, and others have {', '.join(columns)}. "
                    "Expected the same in all. Give confidences and intensities for all cases, or for none."
                )
                raise SubmissionError(msg)
            writer.writerows([case, *row] for row in rows or [[""] * len(columns)])
