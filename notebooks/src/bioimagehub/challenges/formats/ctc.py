"""Tracks as the Cell Tracking Challenge has them: a folder with a label image a frame, and a table of tracks.

``mask000.tif``, ``mask001.tif``, … and ``res_track.txt``, a row a track: label, first frame, last frame, parent.

References
----------
Naming and file content conventions of the Cell Tracking Challenge, https://celltrackingchallenge.net.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import PredictionFileError
from bioimagehub.challenges.formats import tiff
from bioimagehub.challenges.formats.found import Found, reading, refuse
from bioimagehub.challenges.tracks import Lineage, Tracks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SUFFIXES = ("_RES", "")
KINDS = frozenset({"tracks"})

TABLE = "res_track.txt"
ROWS = 1_000_000
LONGEST_LINE = 200
_MASK = re.compile(r"mask(\d{3,4})\.tif")
_ROW = re.compile(r"\d{1,10}( \d{1,10}){3}")


@dataclass(frozen=True)
class MaskFiles:
    """The label images of a folder, each read when it is asked for.

    Attributes
    ----------
    files : tuple of Path
        In the order of the frames.
    shape : tuple of int
        Frames, (z,) y, x.
    dtype : numpy.dtype
    """

    files: tuple[Path, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __getitem__(self, index: int, /) -> NDArray[Any]:
        """Read a frame."""
        return tiff.load(self.files[index], "labels")


def inspect(path: Path) -> Found:
    """Read what the label images of a sequence claim to hold; every file is looked at.

    Parameters
    ----------
    path : Path
        Folder.

    Raises
    ------
    PredictionFileError
        If frames are missing or differ, or there are other files.
    """
    with reading("folder of the Cell Tracking Challenge"):
        files, findings = _find_masks(path)
        found = [tiff.inspect(file) for file in files]
        findings += [
            (
                f"{file.name} is {one.dtype} with the shape {one.shape}",
                f"the same as {files[0].name}: {found[0].dtype} with the shape {found[0].shape}",
                "Write all frames alike.",
            )
            for file, one in zip(files, found, strict=True)
            if (one.shape, one.dtype) != (found[0].shape, found[0].dtype)
        ]
        if findings:
            raise PredictionFileError(findings)
        return Found(found[0].dtype, (len(files), *found[0].shape), ("t", *"zyx"[-len(found[0].shape) :]))


def load(path: Path, kind: str) -> Tracks:  # noqa: ARG001 - there is one kind
    """Read the table; the label images are read when they are asked for.

    Parameters
    ----------
    path : Path
        Folder.
    kind : str
        ``tracks``.

    Raises
    ------
    PredictionFileError
        If the table or a header cannot be read; it lists all rows that are wrong, up to 20.
    """
    found = inspect(path)
    with reading("folder of the Cell Tracking Challenge"):
        files, _ = _find_masks(path)
        return Tracks(MaskFiles(tuple(files), found.shape, np.dtype(found.dtype)), read_table(path / TABLE))


def write(path: Path, data: Tracks, axes: Sequence[str], spacing: Sequence[float] | None) -> None:
    """Write a folder; the same tracks give the same bytes.

    Parameters
    ----------
    path : Path
        Folder to make.
    data : Tracks
        Its frames count from 0 on.
    axes : sequence of str
        t, then those of a frame.
    spacing : sequence of float or None
        Along these axes; None where it is not known.
    """
    path.mkdir()
    digits = 3 if data.last < 1000 else 4
    for frame in range(data.first, data.last + 1):
        tiff.write(
            path / f"mask{frame:0{digits}}.tif", data.load(frame), axes[1:], None if spacing is None else spacing[1:]
        )
    rows = "".join(f"{label} {begin} {end} {parent}\n" for label, begin, end, parent in data.lineage.rows())
    (path / TABLE).write_text(rows, encoding="ascii", newline="\n")


def read_table(path: Path) -> Lineage:
    """Read a table of tracks.

    Parameters
    ----------
    path : Path

    Raises
    ------
    PredictionFileError
        If a row is not four whole numbers with one space between them.
    """
    rows: list[list[int]] = []
    findings: list[tuple[str, str, str]] = []
    with path.open("rb") as file:
        for number in range(1, ROWS + 2):
            line = file.readline(LONGEST_LINE + 1)
            if not line or len(findings) == 20:
                break
            text = line.decode("ascii", errors="replace").strip()
            if number > ROWS:
                findings.append((f"{TABLE} has more than {ROWS} rows", "fewer", "Give one row a track."))
            elif _ROW.fullmatch(text):
                rows.append([int(part) for part in text.split()])
            elif text:
                findings.append((
                    f"row {number} of {TABLE} is {text!r:.60}",
                    "four whole numbers with one space between them: label, first frame, last frame, parent",
                    "Correct the row; there is no line with names of columns.",
                ))  # fmt: skip
    if findings:
        raise PredictionFileError(findings)
    return Lineage.from_rows(rows)


def _find_masks(path: Path) -> tuple[list[Path], list[tuple[str, str, str]]]:
    names = sorted(one.name for one in path.iterdir())
    numbers = {int(match[1]): name for name in names if (match := _MASK.fullmatch(name))}
    strange = [name for name in names if name != TABLE and not _MASK.fullmatch(name)]
    findings = [
        (f"the folder has {name!r:.80}", f"mask000.tif, mask001.tif, … and {TABLE}", "Take it out.")
        for name in strange[:20]
    ]
    if TABLE not in names:
        findings.append(
            (f"there is no {TABLE}", "the table of tracks", "Write a row a track: label, begin, end, parent.")
        )
    if not numbers:
        refuse("it has no label images", "mask000.tif, mask001.tif, …", "Write one label image a frame.")
    missing = [number for number in range(max(numbers) + 1) if number not in numbers]
    doubled = len(numbers) < sum(bool(_MASK.fullmatch(name)) for name in names)
    if missing or doubled:
        listed = ", ".join(map(str, missing[:20])) or "none"
        findings.append((
            f"of {len(numbers)} frames these are missing: {listed}" + ("; some are there twice" if doubled else ""),
            "each frame once, counted from 0",
            "Write a label image for every frame, also where it is empty.",
        ))  # fmt: skip
    return [path / numbers[number] for number in sorted(numbers)], findings
