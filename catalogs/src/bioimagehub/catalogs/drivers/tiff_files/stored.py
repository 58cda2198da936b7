"""Which axis of an image each axis of a series is: as tifffile, OME-XML or ImageJ name them, or by rule."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.drivers.tiff_files.pixels import Stored
from bioimagehub.catalogs.errors import UnknownAxisError, UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Sequence

AXES = "tczyx"

NAMES = {
    "I": "sequence", "A": "angle", "P": "phase", "R": "tile", "H": "lifetime", "E": "wavelength", "L": "exposure",
    "V": "event", "M": "mosaic", "Q": "other", "J": "column", "K": "row",
}  # fmt: skip
"""Letters of axes that are none of ``t c z y x``, as tifffile has them."""


def match_roles(letters: str, shape: Sequence[int], shaped: Sequence[int], pages: int) -> list[Stored] | None:
    """Tell which axes of a series lie within a page, and along which its pages lie.

    Parameters
    ----------
    letters : str
        Axes of the series, the slowest first.
    shape : sequence of int
    shaped : sequence of int
        Of a page: separate samples, depth, rows, columns, samples.
    pages : int

    Returns
    -------
    list of Stored or None
        With the letters of the series; axes of length 1 are left out. None if the pages do not make up the series.

    Examples
    --------
    >>> [(each.letter, each.role) for each in match_roles("TCYXS", (5, 1, 64, 32, 3), (1, 1, 64, 32, 3), 5)]
    [('T', 'page'), ('Y', 'row'), ('X', 'column'), ('S', 'sample')]
    """
    axes = [(letter, size) for letter, size in zip(letters, shape, strict=True) if size > 1]
    within = dict(zip(("separate", "depth", "row", "column", "sample"), shaped, strict=True))
    found: list[Stored] = []
    for role in ("sample", "column", "row", "depth", "separate"):
        if within[role] > 1:
            if not axes or axes[-1][1] != within[role]:
                return None
            letter, size = axes.pop()
            found.append(Stored(letter, size, role))
    if math.prod(size for _, size in axes) != pages:
        return None
    found += [Stored(letter, size, "page") for letter, size in reversed(axes)]
    return found[::-1]


def name_axes(stored: Sequence[Stored], axes: str | None, name: str) -> list[Stored]:
    """Give each axis of a series one of the letters ``t c z y x``.

    ``X Y Z T C`` keep their letter; samples ``S`` are channels. One axis without a meaning (``I``, ``Q``) is z where z
    is free, else t, else c, as ImageJ has it; wavelengths (``E``) are channels where there are no others.

    Parameters
    ----------
    stored : sequence of Stored
        With the letters of the source.
    axes : str or None
        Letters to take instead, one for each axis that is longer than 1: those of the result, and ``s`` for samples.
    name : str
        What the series is called in an error.

    Raises
    ------
    UnknownAxisError
        If `axes` does not fit.
    UnreadableImageError
        If the meaning of the axes is not known.
    """
    sizes = ", ".join(f"{each.letter} ({NAMES.get(each.letter, each.letter)}) {each.size}" for each in stored)
    if axes is not None:
        _check_axes(axes, stored, name, sizes)
        return [Stored("c" if new == "s" else new, old.size, old.role) for new, old in zip(axes, stored, strict=True)]
    letters = ["c" if each.letter == "S" else each.letter.lower() for each in stored]
    unknown = [number for number, letter in enumerate(letters) if letter not in AXES]
    if len(unknown) == 1:
        kind = stored[unknown[0]].letter
        wanted = {"I": "ztc", "Q": "ztc", "E": "c"}.get(kind, "")
        free = [letter for letter in wanted if letter not in letters]
        if free:
            letters[unknown[0]] = free[0]
            unknown = []
    if unknown or _clash(letters, stored):
        msg = (
            f"The axes of {name} are {sizes}: it is not known which of t, c, z each of them is. Say so: "
            f"`axes=` takes a letter for each of them, such as axes={_suggest(stored)!r}."
        )
        raise UnreadableImageError(msg)
    return [Stored(new, old.size, old.role) for new, old in zip(letters, stored, strict=True)]


def _check_axes(axes: Any, stored: Sequence[Stored], name: str, sizes: str) -> None:
    good = isinstance(axes, str) and len(axes) == len(stored) and set(axes) <= {*AXES, "s"}
    if not good or _clash(["c" if letter == "s" else letter for letter in axes], stored):
        msg = (
            f"axes={axes!r} does not fit {name}, whose axes are {sizes}. Give {len(stored)} letters out of t, c, z, y, "
            f"x (and s for samples of a pixel), each once, such as {_suggest(stored)!r}."
        )
        raise UnknownAxisError(msg)


def _clash(letters: Sequence[str], stored: Sequence[Stored]) -> bool:
    """Tell whether two axes have one letter; only pages and samples may both be channels."""
    for letter in set(letters):
        roles = [each.role for new, each in zip(letters, stored, strict=True) if new == letter]
        if len(roles) > 1 and (letter != "c" or sorted(roles) not in (["page", "sample"], ["page", "separate"])):
            return True
    return False


def _suggest(stored: Sequence[Stored]) -> str:
    free = [letter for letter in "ztc" if letter.upper() not in [each.letter for each in stored]]
    return "".join(each.letter.lower() if each.letter in "TCZYXS" else free.pop(0) if free else "?" for each in stored)


def name_levels(levels: Sequence[Sequence[Sequence[Any]]], axes: str | None, name: str) -> list[list[Stored]]:
    """Give the axes of all levels of a series their letters; those of the first decide.

    Parameters
    ----------
    levels : sequence
        Axes of each level as (letter, size, role), as a layout has them.
    axes : str or None
    name : str

    Raises
    ------
    UnknownAxisError, UnreadableImageError
        As `name_axes`; and if the levels have different axes.
    """
    stored = [[Stored(*each) for each in level] for level in levels]
    first = name_axes(stored[0], axes, name)
    named = [first]
    by_letter = {old.letter: new.letter for old, new in zip(stored[0], first, strict=True)}
    for number, level in enumerate(stored[1:], 1):
        if [each.letter for each in level] == [each.letter for each in stored[0]]:
            letters = [each.letter for each in first]
        elif len(by_letter) == len(first) and {each.letter for each in level} <= set(by_letter):
            letters = [by_letter[each.letter] for each in level]
        else:
            msg = (
                f"Level {number} of {name} has the axes {''.join(each.letter for each in level)}, level 0 has "
                f"{''.join(each.letter for each in stored[0])}. Expected the same. Open the file without its pyramid."
            )
            raise UnreadableImageError(msg)
        named.append([Stored(new, old.size, old.role) for new, old in zip(letters, level, strict=True)])
    return named
