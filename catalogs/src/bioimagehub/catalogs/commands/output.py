"""What commands print: tables for people, tab-separated lines for programs, JSON where it is asked for."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--json`` to a parser."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def print_json(value: Any) -> None:
    """Print a value as JSON, control characters escaped."""
    print(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True).translate(_CONTROLS))


# JSON itself escapes those below 0x20; a terminal also obeys the ones between 0x7f and 0x9f.
_CONTROLS = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """Print a table where somebody looks at it, and tab-separated lines into a pipe.

    Parameters
    ----------
    columns : sequence of str
        Headings.
    rows : sequence of sequences of str
        Cells.
    right : sequence of str
        Columns of numbers, which are set to the right.
    """
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(_visible(cell) for cell in row))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if column in right else "left", overflow="fold", no_wrap=number == 0)
    for row in rows:
        # As text, so that square brackets in a title are no markup.
        table.add_row(*(Text(_visible(cell)) for cell in row))
    Console().print(table)


def _visible(cell: str) -> str:
    """Replace what a terminal would obey, tabs and line ends among them."""
    return "".join(sign if sign.isprintable() else "�" for sign in cell)
