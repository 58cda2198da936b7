"""STAR files: the tables of RELION and other programs of electron microscopy.

Source: Hall and Spadaccini, Journal of Chemical Information and Computer Sciences 34, 505-508 (1994),
doi:10.1021/ci00019a005, as far as RELION uses it: https://relion.readthedocs.io/en/latest/Reference/Conventions.html
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bioimagehub.catalogs.drivers.tables.columns import check_columns, type_text
from bioimagehub.catalogs.errors import AmbiguousTableError, UnknownTableError, UnreadableTableError
from bioimagehub.catalogs.reader import open_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from bioimagehub.catalogs.reader import Place

OPTIONS: tuple[str, ...] = ("columns", "table")

_WORD = re.compile(r"""'((?:[^']|'(?=\S))*)'(?=\s|$)|"((?:[^"]|"(?=\S))*)"(?=\s|$)|(\#.*)|(\S+)""")


@dataclass
class Block:
    """A data block: its labels, and lines of values: a line for each row of a loop, or for each label without one."""

    name: str
    labels: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    is_loop: bool = False


def load_table(url: str | Place, *, table: str | None = None, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Load a data block of a STAR file.

    Parameters
    ----------
    url : str or Place
    table : str or None
        Name of the block without ``data_``, such as ``particles``; it may be left out where there is one.
    columns : sequence of str or None
        Labels without the underscore, such as ``rlnCoordinateX``; None for all.

    Returns
    -------
    pandas.DataFrame
        A row for each line of a loop; one row for a block without a loop. Columns of numbers are int64 or float64,
        with NaN for ``nan``; others are text, as are codes with leading zeros.

    Raises
    ------
    AmbiguousTableError
        If there are several blocks and none is named.
    UnknownTableError
        If there is no such block.
    UnreadableTableError
        If it is no STAR file, is damaged, or has no such column.

    References
    ----------
    https://relion.readthedocs.io/en/latest/Reference/Conventions.html
    """
    place = open_place(url)
    try:
        text = bytes(place.read()).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{place.url} is no STAR file: it is not text in UTF-8 ({error}). Check the address; fetch it anew."
        raise UnreadableTableError(msg) from error
    block = _choose(parse_blocks(text, place.url), table, place.url)
    frame = _to_frame(block, place.url)
    check_columns(columns, frame.columns, place.url)
    return type_text(frame if columns is None else frame[list(columns)])


def parse_blocks(text: str, name: str) -> list[Block]:
    r"""Divide a STAR file into its blocks.

    Raises
    ------
    UnreadableTableError
        If a line has no place in a block.

    Examples
    --------
    >>> [(block.name, block.labels, block.lines) for block in parse_blocks("data_a\n\n_x 1\n_y 2\n", "a.star")]
    [('a', ['x', 'y'], ['1', '2'])]
    """
    blocks: list[Block] = []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        lower = stripped.lower()
        if lower.startswith("data_") and len(stripped.split()) == 1:
            blocks.append(Block(stripped[5:]))
        elif not blocks or stripped.startswith(";"):
            msg = (
                f"{name} is no STAR file that is read: line {number} is {stripped[:60]!r}. Expected blocks that begin "
                "with data_, and no text over several lines. Check the address; fetch it anew."
            )
            raise UnreadableTableError(msg)
        elif lower == "loop_":
            if blocks[-1].labels:
                msg = f"{name} has two tables in the block {blocks[-1].name!r} (line {number}). Write one a block."
                raise UnreadableTableError(msg)
            blocks[-1].is_loop = True
        else:
            _add(blocks[-1], stripped, number, name)
    return blocks


def _add(block: Block, line: str, number: int, name: str) -> None:
    """Take a label, a label with its value, or a row."""
    is_label = line.startswith("_") and not block.lines if block.is_loop else line.startswith("_")
    if not is_label:
        if not (block.is_loop and block.labels):
            msg = f"{name} has values without a label in line {number}: {line[:60]!r}. Correct it, or fetch it anew."
            raise UnreadableTableError(msg)
        block.lines.append(line)
        return
    label, _, value = line.partition(" ") if " " in line else line.partition("\t")
    if label[1:] in block.labels:
        msg = f"{name} has the label {label} twice in the block {block.name!r} (line {number}). Correct it."
        raise UnreadableTableError(msg)
    block.labels.append(label[1:])
    if not block.is_loop:
        block.lines.append(value.strip())


def _choose(blocks: list[Block], table: str | None, where: str) -> Block:
    if not blocks:
        msg = f"{where} is no STAR file: it has no block that begins with data_. Check the address; fetch it anew."
        raise UnreadableTableError(msg)
    found = [block for block in blocks if block.name == table] if table is not None else blocks
    names = ", ".join(sorted(block.name or "''" for block in blocks))
    if not found:
        msg = f"{where} has no table {table!r}: it has {names}. Choose one of these."
        raise UnknownTableError(msg)
    if len(found) > 1:
        many = f"{len(found)} tables" if table is None else f"{len(found)} tables of the name {table!r}"
        msg = f"{where} has {many}: {names}. Say which with `table`."
        raise AmbiguousTableError(msg)
    return found[0]


def _to_frame(block: Block, where: str) -> pd.DataFrame:
    """Put the rows into columns of text, and see that each has a value for each label."""
    import pandas as pd

    if not block.lines:
        return pd.DataFrame({label: pd.Series(dtype=str) for label in block.labels})
    text = "\n".join(block.lines)
    if not block.is_loop:
        words = [_split(line) for line in block.lines]
        if all(len(word) == 1 for word in words):
            return pd.DataFrame([[word[0] for word in words]], columns=block.labels, dtype=str)
        found = "a label that has not one value"
    elif "'" in text or '"' in text or "#" in text:
        rows = [_split(line) for line in block.lines]
        wrong = next((number for number, row in enumerate(rows) if len(row) != len(block.labels)), None)
        if wrong is None:
            return pd.DataFrame(rows, columns=block.labels, dtype=str)
        found = f"a row of {len(rows[wrong])} values, {block.lines[wrong][:60]!r}"
    else:
        # Rows without quotes and comments, which nearly all are, are split by far faster code.
        try:
            frame = pd.read_csv(
                io.StringIO(text),
                sep=r"\s+",
                header=None,
                index_col=False,
                dtype=str,
                keep_default_na=False,
                na_values=[""],
                quoting=csv.QUOTE_NONE,
            )
        except pd.errors.ParserError as error:
            found = f"rows of several lengths ({str(error).strip()})"
        else:
            # Nothing between blanks is empty, so what is empty is missing.
            if frame.shape[1] == len(block.labels) and not frame.iloc[:, -1].isna().any():
                return frame.set_axis(block.labels, axis=1)
            found = f"rows of {frame.shape[1]} values or fewer"
    msg = (
        f"{where} is damaged: the block {block.name!r} has {len(block.labels)} labels, and {found}. It was cut, or is "
        "still being written: fetch it anew."
    )
    raise UnreadableTableError(msg)


def _split(line: str) -> list[str]:
    words = []
    for single, double, comment, plain in _WORD.findall(line):
        if comment:
            break
        words.append(single or double or plain)
    return words
