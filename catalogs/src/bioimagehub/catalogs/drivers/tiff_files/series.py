"""The series of a TIFF: which pages belong together, and along which axes they lie."""

from __future__ import annotations

import base64
import json
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.drivers.tiff_files.directories import COUNTS, JPEG_TABLES, OFFSETS, Directory
from bioimagehub.catalogs.drivers.tiff_files.forms import describe_form
from bioimagehub.catalogs.drivers.tiff_files.stored import match_roles
from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Page:
    """Where the segments of a page lie.

    Attributes
    ----------
    file : int
        Number of the file in the set.
    offsets, counts : array
        uint64, shape (segments,), as the file has them.
    tables : bytes
        JPEG tables; empty if there are none.
    """

    file: int
    offsets: NDArray[Any]
    counts: NDArray[Any]
    tables: bytes = b""


@dataclass(frozen=True)
class Level:
    """A level of a series.

    Attributes
    ----------
    letters : str
        Axes as the source names them, the slowest first.
    shape : tuple of int
    form : dict
        How its pages are decoded; see `describe_form`.
    pages : list of Page
        In the order of the axes; a single one stands for all pages of a series that lies in one piece.
    """

    letters: str
    shape: tuple[int, ...]
    form: dict[str, Any]
    pages: list[Page]


@dataclass
class Series:
    """Pages that are one image.

    Attributes
    ----------
    name : str
    levels : list of Level
        The finest first.
    spacing : mapping of str to (float, str)
        Distance between samples along ``x y z t``, and its unit; only where it is known.
    channels : tuple of str
        Names of the channels, without those of samples; empty if they have none.
    """

    name: str
    levels: list[Level]
    spacing: dict[str, tuple[float, str]] = field(default_factory=dict)
    channels: tuple[str, ...] = ()


def page_of(directory: Directory, file: int) -> Page:
    """Give the segments that a directory tells of."""
    offsets, counts = directory.values(*OFFSETS), directory.values(*COUNTS)
    if offsets is None:
        msg = (
            f"The page at byte {directory.offset} of {directory.source.place.url} does not say where its pixels are. "
            "Expected TileOffsets or StripOffsets. Fetch the file anew."
        )
        raise UnreadableImageError(msg)
    counts = np.zeros(0, np.uint64) if counts is None else counts
    return Page(file, offsets.astype(np.uint64), counts.astype(np.uint64), directory.content(JPEG_TABLES))


def split_positions(series: Series, letters: str) -> list[Series]:
    """Make a series of each position, where positions are an axis.

    Parameters
    ----------
    series : Series
    letters : str
        Axes that are positions.
    """
    first = series.levels[0]
    axes = zip(first.letters, first.shape, strict=True)
    at = next((number for number, (letter, size) in enumerate(axes) if letter in letters and size > 1), None)
    if at is None or len(first.pages) % math.prod(first.shape[: at + 1]):
        return [series]
    found = []
    for position in range(first.shape[at]):
        levels = []
        for level in series.levels:
            numbers = np.arange(len(level.pages)).reshape(math.prod(level.shape[:at]), level.shape[at], -1)[:, position]
            shape = (*level.shape[:at], *level.shape[at + 1 :])
            pages = [level.pages[number] for number in numbers.ravel()]
            levels.append(
                replace(level, letters=level.letters[:at] + level.letters[at + 1 :], shape=shape, pages=pages)
            )
        name = f"{series.name} position {position}".strip()
        found += split_positions(Series(name, levels, series.spacing, series.channels), letters)
    return found


def lay_out(level: Level, sizes: Sequence[int], name: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Turn a level into what a layout keeps.

    Parameters
    ----------
    level : Level
    sizes : sequence of int
        Bytes of each file of the set.
    name : str
        What the series is called in an error.

    Returns
    -------
    facts : dict
        ``stored``, ``form``, ``tables``.
    tables : dict of str to array
        ``offsets``, ``counts``; ``files`` for several files; ``tabled`` where pages have JPEG tables of their own.

    Raises
    ------
    UnreadableImageError
        If segments are missing, or lie beyond the end of the file.
    """
    form, pages = level.form, level.pages
    planes = math.prod(level.shape) // math.prod(form["shaped"])
    if form["contiguous"]:
        pages = _in_one_piece(level, planes)
    stored = match_roles(level.letters, level.shape, form["shaped"], len(pages))
    if stored is None:
        msg = (
            f"{name} is declared as {level.letters} of the shape {level.shape}, and has {len(pages)} pages of "
            f"the shape {tuple(form['shaped'])} (separate samples, depth, rows, columns, samples): they do "
            "not make it up. "
            "Fetch the file anew, or correct its description."
        )
        raise UnreadableImageError(msg)
    expected = 1 if form["contiguous"] else _count_segments(form)
    wrong = [page for page in pages if not len(page.offsets) == len(page.counts) == expected]
    if wrong:
        msg = (
            f"A page of {name} has {len(wrong[0].offsets)} offsets and {len(wrong[0].counts)} lengths of segments; "
            f"expected {expected}. Fetch the file anew."
        )
        raise UnreadableImageError(msg)
    tables: dict[str, NDArray[Any]] = {
        "offsets": np.stack([page.offsets for page in pages]).astype(np.uint64),
        "counts": np.stack([page.counts for page in pages]).astype(np.uint64),
    }
    files = np.array([page.file for page in pages], np.uint32)
    if files.any():
        tables["files"] = files
    _check_ends(tables["offsets"], tables["counts"], np.array(sizes, np.uint64)[files], form, name)
    jpeg = sorted({page.tables for page in pages})
    if jpeg != [b""]:
        tables["tabled"] = np.array([jpeg.index(page.tables) for page in pages], np.uint32)
    facts = {
        "stored": [[each.letter, each.size, each.role] for each in stored],
        "form": form,
        "tables": [base64.b64encode(each).decode() for each in jpeg if jpeg != [b""]],
    }
    return facts, tables


def _in_one_piece(level: Level, planes: int) -> list[Page]:
    """Give one segment for each page; a single page may stand for all, which follow it without a gap."""
    form = level.form
    size = math.prod(form["shaped"]) * np.dtype(form["dtype"]).itemsize
    counts = np.array([size], np.uint64)
    if len(level.pages) == 1 < planes:
        first, file = int(level.pages[0].offsets[0]), level.pages[0].file
        return [Page(file, np.array([first + number * size], np.uint64), counts) for number in range(planes)]
    return [Page(page.file, page.offsets[:1], counts if page.offsets[:1].any() else counts * 0) for page in level.pages]


def _count_segments(form: dict[str, Any]) -> int:
    separate, *sizes, _ = form["shaped"]
    return int(separate * math.prod(-(-size // tile) for size, tile in zip(sizes, form["segment"], strict=True)))


def _check_ends(
    offsets: NDArray[np.uint64], counts: NDArray[np.uint64], sizes: NDArray[np.uint64], form: dict[str, Any], name: str
) -> None:
    """Refuse segments beyond the end of their file, and such as are far longer than what is in them."""
    # Compressed noise is a little longer than the pixels; what is several times as long is not a segment of this size.
    decoded = math.prod(form["segment"]) * form["shaped"][4] * np.dtype(form["dtype"]).itemsize
    most = np.iinfo(np.uint64).max if form["contiguous"] else 4 * decoded + 2**20
    wrong = (counts > sizes[:, None]) | (offsets > sizes[:, None] - np.minimum(counts, sizes[:, None])) & (counts > 0)
    if wrong.any():
        page, number = np.argwhere(wrong)[0]
        msg = (
            f"{int(wrong.sum())} of {wrong.size} segments of {name} lie beyond the end of the file: number {number} of "
            f"page {page} has {counts[page, number]} bytes from byte {offsets[page, number]} on, and the file has "
            f"{sizes[page]}. It is cut off, or damaged. Fetch it anew."
        )
        raise UnreadableImageError(msg)
    if (counts > most).any():
        page, number = np.argwhere(counts > most)[0]
        msg = (
            f"Segment {number} of page {page} of {name} is said to have {counts[page, number]} bytes, for {decoded} of "
            "pixels. The file is damaged. Fetch it anew."
        )
        raise UnreadableImageError(msg)


class Forms:
    """Forms of the pages of a file, each found out once.

    Parameters
    ----------
    parse : callable
        Gives tifffile's page of a directory.
    name : str
        What the file is called in an error.
    """

    def __init__(self, parse: Callable[[Directory], Any], name: str) -> None:
        self._parse, self._name = parse, name
        self._found: dict[Any, dict[str, Any]] = {}

    def of(self, directory: Directory) -> dict[str, Any]:
        """Give the form of a page."""
        key = directory.form
        if key not in self._found:
            self._found[key] = describe_form(self._parse(directory), self._name)
        return self._found[key]


def same_form(forms: Sequence[dict[str, Any]], pages: Sequence[Any], name: str) -> dict[str, Any]:
    """Give the form that all pages of a level have.

    Raises
    ------
    UnreadableImageError
        If they differ: nothing tells how such pages are one image.
    """
    different = [number for number, form in enumerate(forms) if form is not forms[0] and _key(form) != _key(forms[0])]
    if different:
        first, other = forms[0], forms[different[0]]
        what = {key: (first[key], other[key]) for key in first if first[key] != other[key]}
        msg = (
            f"The pages 0 and {different[0]} of {name}, of {len(pages)}, are not alike: {what}. Expected pages of one "
            "size, type and compression. Convert the file."
        )
        raise UnreadableImageError(msg)
    return forms[0]


def _key(form: dict[str, Any]) -> str:
    return json.dumps(form)
