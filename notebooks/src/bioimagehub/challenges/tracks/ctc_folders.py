"""Folders of the Cell Tracking Challenge: a result ``01_RES``, or a ground truth ``01_GT``.

References
----------
Naming and file content conventions of the Cell Tracking Challenge, celltrackingchallenge.net.
"""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import LabelFileNotFoundError, LineageError, UnreadableLabelsError
from bioimagehub.challenges.labels import check_labels
from bioimagehub.challenges.tracks.lineage_files import format_lineage, parse_lineage
from bioimagehub.challenges.tracks.sequences import Segmentation, Tracks
from bioimagehub.challenges.tracks.tiff_frames import TiffFrames

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import NDArray

# Where the table of tracks lies, and the names of the frames beside it.
RESULT = ("res_track.txt", r"mask(\d{3,})\.tiff?")
TRUTH = ("TRA/man_track.txt", r"man_track(\d{3,})\.tiff?")
MARKERS = ("man_track.txt", TRUTH[1])
SEGMENTED = r"man_seg_?(\d{3,})(?:_(\d{3,}))?\.tiff?"
LARGEST_LABEL = 2**32 - 1
LISTED = 10


def open_ctc_folder(folder: str | PathLike[str]) -> Tracks:
    """Open a result or a ground truth, without reading pixels.

    Parameters
    ----------
    folder : path
        A result: ``mask000.tif`` … and ``res_track.txt``. A ground truth: ``TRA/man_track000.tif`` …,
        ``TRA/man_track.txt`` and ``SEG/man_seg000.tif`` …, of which some frames may be missing, or which may be
        single z-slices (``man_seg_000_012.tif``). Or the folder ``TRA`` alone.

    Returns
    -------
    Tracks
        Its `segmentation` is None for a result. A truth without a folder ``SEG`` has none of its frames segmented, as
        its label images are markers, not outlines.

    Raises
    ------
    LabelFileNotFoundError
        If there is no folder, no table of tracks, no frame, or a frame is missing between others.
    UnreadableLabelsError
        If a frame is there twice.
    LineageError
        If a line of the table is not four whole numbers. Contradictions in it are found by `Tracks.problems`.
    """
    folder = Path(folder)
    kinds = [(table, frame) for table, frame in (RESULT, TRUTH, MARKERS) if (folder / table).is_file()]
    if not kinds:
        there = ", ".join(sorted(path.name for path in folder.iterdir())[:LISTED]) if folder.is_dir() else "no folder"
        msg = (
            f"There is no table of tracks in {folder}: found {there or 'nothing'}. Expected res_track.txt (a result) "
            "or TRA/man_track.txt (a ground truth). Give the folder such as 01_RES or 01_GT itself."
        )
        raise LabelFileNotFoundError(msg)
    table, frame = folder / kinds[0][0], kinds[0][1]
    numbered = _numbered(table.parent, frame)
    first, last = min(numbered), max(numbered)
    missing = [number for number in range(first, last) if number not in numbered][:LISTED]
    if missing:
        msg = (
            f"{table.parent} lacks frames between {first} and {last}: {', '.join(map(str, missing))}. Expected a file "
            "for each. Add them; a frame without objects is an image of zeros."
        )
        raise LabelFileNotFoundError(msg)
    lineage = parse_lineage(table.read_text("utf-8", errors="replace"), str(table))
    frames = TiffFrames(tuple(path for _, path in sorted(numbered.items())))
    is_result = kinds[0] == RESULT
    return Tracks(frames, lineage, first, None if is_result else _open_segmentations(table.parent.parent / "SEG"))


def write_ctc_folder(tracks: Tracks, folder: str | PathLike[str], *, truth: bool = False) -> None:
    """Write a result, or a ground truth, frame by frame. The same tracks give the same bytes.

    Parameters
    ----------
    tracks : Tracks
        Labels up to 2³² − 1 are written, in 16 bit where they fit.
    folder : path
        Such as ``01_RES`` or ``01_GT``. It must not exist; it appears when all of it is written.
    truth : bool
        Whether to write a ground truth and not a result. Its folder ``SEG`` has the frames of `Tracks.segmentation`,
        or all frames if that is None.

    Raises
    ------
    FileExistsError
        If there is something at `folder`.
    LineageError
        If the table of tracks contradicts itself, or a label is too large for a TIFF.
    """
    folder = Path(folder)
    if folder.exists():
        msg = f"{folder} is there already. Expected a name for a new folder. Choose another, or remove it."
        raise FileExistsError(msg)
    problems = tracks.problems()
    if problems:
        msg = (
            f"{folder} is not written, as its table of tracks has problems: {'; '.join(problems[:LISTED])}. Correct it."
        )
        raise LineageError(msg, problems)
    work = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(work, ignore_errors=True)
    marked = work / "TRA" if truth else work
    marked.mkdir(parents=True)
    digits = max(3, len(str(tracks.last)))
    name = "man_track" if truth else "mask"
    for number in range(tracks.first, tracks.last + 1):
        _write(marked / f"{name}{number:0{digits}d}.tif", tracks.load(number))
    (marked / (TRUTH if truth else RESULT)[0].rpartition("/")[2]).write_text(format_lineage(tracks.lineage), "ascii")
    if truth:
        _write_segmentations(tracks, work / "SEG", digits)
    work.rename(folder)


def _numbered(folder: Path, pattern: str) -> dict[int, Path]:
    """Return the frames in a folder by their numbers; at least one."""
    found: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        if match := re.fullmatch(pattern, path.name):
            number = int(match[1])
            if number in found:
                msg = (
                    f"{folder} has the frame {number} twice: {found[number].name} and {path.name}. Remove one of them."
                )
                raise UnreadableLabelsError(msg)
            found[number] = path
    if not found:
        names = "mask000.tif" if pattern == RESULT[1] else "man_track000.tif"
        msg = f"{folder} has no frames. Expected label images {names} and so on. Add one for each frame."
        raise LabelFileNotFoundError(msg)
    return found


def _open_segmentations(folder: Path) -> tuple[Segmentation, ...]:
    if not folder.is_dir():
        return ()
    found: dict[int, list[tuple[int, Path]]] = defaultdict(list)
    for path in sorted(folder.iterdir()):
        if match := re.fullmatch(SEGMENTED, path.name):
            found[int(match[1])].append((-1 if match[2] is None else int(match[2]), path))
    opened = []
    for frame, files in sorted(found.items()):
        numbers = [z for z, _ in sorted(files)]
        if len(set(numbers)) < len(numbers) or (len(numbers) > 1 and numbers[0] < 0):
            listed = ", ".join(path.name for _, path in files)
            msg = f"{folder} has the segmentation of frame {frame} more than once: {listed}. Remove what is too much."
            raise UnreadableLabelsError(msg)
        images = TiffFrames(tuple(path for _, path in sorted(files)))
        opened.append(Segmentation(frame, images, () if numbers[0] < 0 else tuple(numbers)))
    return tuple(opened)


def _write_segmentations(tracks: Tracks, folder: Path, digits: int) -> None:
    folder.mkdir()
    if tracks.segmentation is None:
        for number in range(tracks.first, tracks.last + 1):
            _write(folder / f"man_seg{number:0{digits}d}.tif", tracks.load(number))
    for each in tracks.segmentation or ():
        start = f"{each.frame:0{digits}d}"
        if not each.slices:
            _write(folder / f"man_seg{start}.tif", each.load())
        for z, plane in zip(each.slices, each.load() if each.slices else (), strict=True):
            _write(folder / f"man_seg_{start}_{z:03d}.tif", plane)


def _write(path: Path, image: NDArray[np.integer[Any]]) -> None:
    import tifffile

    labels = check_labels(image, f"The frame {path.name}")
    largest = int(labels.max())
    if largest > LARGEST_LABEL:
        msg = (
            f"The frame {path.name} has the label {largest}. Expected at most {LARGEST_LABEL}. Number the tracks anew."
        )
        raise LineageError(msg)
    dtype = np.uint16 if largest < 1 << 16 else np.uint32
    # Without "minisblack", a volume of three slices would be taken for one coloured image.
    options: dict[str, Any] = {"compression": "zlib", "photometric": "minisblack", "metadata": None}
    tifffile.imwrite(path, labels.astype(dtype, copy=False), **options)
