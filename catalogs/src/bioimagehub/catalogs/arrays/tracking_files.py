"""How a dataset of the Cell Tracking Challenge names its files, and what its tables of tracks hold.

References
----------
Naming and file content conventions of the Cell Tracking Challenge, celltrackingchallenge.net.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from bioimagehub.catalogs.arrays.image_files import is_zip, list_files
from bioimagehub.catalogs.errors import (
    AmbiguousImageError,
    MissingFileError,
    UnknownImageError,
    UnknownLabelError,
    UnreadableImageError,
)
from bioimagehub.catalogs.reader.zip_directory import is_zipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from bioimagehub.catalogs.reader import Place

LABELS: dict[str, tuple[str, str]] = {
    "RES": ("{}_RES", r"mask(\d{3,4})()"),
    "SEG": ("{}_GT/SEG", r"man_seg_?(\d{3,4})(?:_(\d{3,4}))?"),
    "ST": ("{}_ST/SEG", r"man_seg_?(\d{3,4})()"),
    "TRA": ("{}_GT/TRA", r"man_track(\d{3,4})()"),
}
"""Folder and names of each kind of label image; the numbers are the frame and, of a single z-slice, its z."""

TRACKS = {"RES": "{}_RES/res_track.txt", "TRA": "{}_GT/TRA/man_track.txt"}
"""Tables of tracks, by the label images that they belong to."""

_IMAGES = ("{}", r"t(\d{3,4})()")
_SPARSE = ("SEG", "ST")
_FOLDERS = re.compile(r"(?:(.*)/)?(\d\d)(?:_GT/SEG|_GT/TRA|_ST/SEG|_RES|)/[^/]+$")
_LISTED = 20


@dataclass(frozen=True)
class Frame:
    """A file that holds a frame, or a z-slice of one.

    Attributes
    ----------
    name : str
        Its path in the dataset.
    number : int
        Of the frame.
    z : int or None
        Of the slice; None for a whole frame.
    """

    name: str
    number: int
    z: int | None


def list_dataset(place: Place, sequence: str | None, label: str | None) -> tuple[list[tuple[str, Place]], int]:
    """List the files of a dataset; of a folder only those of the label image, where one is named and lies there.

    Returns
    -------
    tuple
        Path and place of each file that belongs to the dataset, and the number of others.

    Raises
    ------
    UnknownImageError
        If nothing in it is named as in the challenge.
    AmbiguousImageError
        If there are several datasets below it.
    """
    if sequence is not None and not is_zip(place) and not is_zipped(place.url):
        folder = (_IMAGES if label is None else LABELS.get(label, _IMAGES))[0].format(sequence)
        try:
            names = [name for name in (place / folder).names() if not name.endswith("/")]
        except MissingFileError:
            names = []
        if names:
            return _own([(f"{folder}/{name}", place / folder / name) for name in names])
    found = list_files(place)
    above = sorted({match[1] or "" for name, _ in found if (match := _FOLDERS.match(name)) and _is_own(name)})
    if len(above) > 1:
        listed = ", ".join(repr(one) for one in above[:_LISTED])
        msg = f"{place.url} has {len(above)} datasets: {listed}. Give the address of one of these folders."
        raise AmbiguousImageError(msg)
    if not above:
        listed = ", ".join(name for name, _ in found[:5]) or "nothing"
        msg = (
            f"{place.url} is no dataset of the Cell Tracking Challenge: found {listed}. Expected folders such as 01 "
            "with t000.tif, and 01_GT. Give the address of the folder above 01."
        )
        raise UnknownImageError(msg)
    return _own(found)


def find_available(names: Iterable[str]) -> list[tuple[str, str | None]]:
    """Tell which sequences and label images there are; None for the images of a sequence."""
    found = set()
    for name in names:
        match = _FOLDERS.match(name)
        for label in (None, *LABELS):
            if match and _match(name, match[2], label):
                found.add((match[2], label))
    return sorted(found, key=lambda each: (each[0], each[1] or ""))


def find_frames(names: Sequence[str], sequence: str, label: str | None, where: str) -> list[Frame]:
    """Give the frames of a sequence, or of one of its label images, in their order.

    Raises
    ------
    UnknownImageError, UnknownLabelError
        If there are none.
    UnreadableImageError
        If a frame is missing between others, or there twice, or whole frames and slices lie side by side.
    """
    if label is not None and label not in LABELS:
        msg = f"There is no label image {label!r} in {where}: choose {', '.join(sorted(LABELS))}, or leave `label` out."
        raise UnknownLabelError(msg)
    found = [
        Frame(name, int(match[1]), int(match[2]) if match[2] else None)
        for name in names
        if (match := _match(name, sequence, label))
    ]
    if not found:
        raise _nothing(names, sequence, label, where)
    found.sort(key=lambda frame: (frame.number, -1 if frame.z is None else frame.z))
    what = f"The sequence {sequence}{'' if label is None else f' of the label image {label}'} of {where}"
    if len({frame.z is None for frame in found}) > 1:
        slices = [frame.name for frame in found if frame.z is not None]
        msg = (
            f"{what} has whole frames and {len(slices)} single slices, such as {slices[0]}, which make no one array. "
            "Open the files one by one with the driver tiff."
        )
        raise UnreadableImageError(msg)
    for one, other in pairwise(found):
        if (one.number, one.z) == (other.number, other.z):
            msg = f"{what} has the frame {one.number} twice: {one.name} and {other.name}. Remove one of them."
            raise UnreadableImageError(msg)
    numbers = {frame.number for frame in found}
    missing = [number for number in range(min(numbers), max(numbers)) if number not in numbers]
    if missing and label not in _SPARSE:
        listed = ", ".join(map(str, missing[:_LISTED])) + (", …" if len(missing) > _LISTED else "")
        msg = f"{what} lacks {len(missing)} of its frames {min(numbers)} to {max(numbers)}: {listed}. Fetch it anew."
        raise UnreadableImageError(msg)
    return found


def parse_tracks(content: bytes, where: str) -> pd.DataFrame:
    """Read a table of tracks: a line for each, with the numbers L B E P.

    Raises
    ------
    UnreadableImageError
        If a line is not that, a label is there twice, a track ends before it begins, or begins before its parent ends.
    """
    import pandas as pd

    rows: dict[int, tuple[int, int, int, int]] = {}
    for number, line in enumerate(content.decode("ascii", errors="replace").splitlines(), start=1):
        parts = line.split()
        if not parts:
            continue
        if len(parts) != 4 or not all(part.isdecimal() for part in parts):
            raise _wrong(where, f"line {number} is {line[:60]!r}; expected four whole numbers: L B E P")
        label, begin, end, parent = map(int, parts)
        if label in rows or label == 0 or begin > end:
            raise _wrong(where, f"line {number} is {line[:60]!r}: the label is 0 or there twice, or it ends too early")
        rows[label] = (label, begin, end, parent)
    for label, begin, _, parent in rows.values():
        if parent and (parent not in rows or rows[parent][2] >= begin):
            raise _wrong(where, f"the track {label} has the parent {parent}, which is missing or ends after it begins")
    return pd.DataFrame(list(rows.values()), columns=["label", "begin", "end", "parent"], dtype="int64")


def _own(found: Sequence[tuple[str, Place]]) -> tuple[list[tuple[str, Place]], int]:
    own = [each for each in found if _is_own(each[0])]
    return own, len(found) - len(own)


def _is_own(name: str) -> bool:
    match = _FOLDERS.match(name)
    if match is None:
        return False
    tables = (table.format(match[2]) for table in TRACKS.values())
    return any(_match(name, match[2], label) for label in (None, *LABELS)) or name.endswith(tuple(tables))


def _match(name: str, sequence: str, label: str | None) -> re.Match[str] | None:
    folder, file = _IMAGES if label is None else LABELS[label]
    return re.fullmatch(rf"(?:.*/)?{re.escape(folder.format(sequence))}/{file}\.tiff?", name)


def _nothing(names: Sequence[str], sequence: str, label: str | None, where: str) -> LookupError:
    available = find_available(names)
    if label is None:
        there = sorted({one for one, what in available if what is None})
        msg = f"{where} has no sequence {sequence!r}: it has {', '.join(there) or 'none'}. Choose one of these."
        return UnknownImageError(msg)
    there = sorted(what for one, what in available if one == sequence and what is not None)
    msg = (
        f"The sequence {sequence} of {where} has no label image {label!r}: it has {', '.join(there) or 'none'}. "
        "Choose one of these, or leave `label` out."
    )
    return UnknownLabelError(msg)


def _wrong(where: str, found: str) -> UnreadableImageError:
    msg = f"The table of tracks {where} cannot be used: {found}. Fetch it anew, or ask its authors."
    return UnreadableImageError(msg)
