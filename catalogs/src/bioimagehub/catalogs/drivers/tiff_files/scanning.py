"""Finds the series of a file, or of a set of files, through tifffile and the OME-XML."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.drivers.tiff_files.calibration import calibrate
from bioimagehub.catalogs.drivers.tiff_files.directories import DESCRIPTION, FORM, NEEDED, Chain, Directory, read_chains
from bioimagehub.catalogs.drivers.tiff_files.forms import describe_form
from bioimagehub.catalogs.drivers.tiff_files.ome_xml import OmeDocument, OmeImage, parse_ome
from bioimagehub.catalogs.drivers.tiff_files.series import (
    Forms,
    Level,
    Page,
    Series,
    page_of,
    same_form,
    split_positions,
)
from bioimagehub.catalogs.drivers.tiff_files.sources import Source, beside, file_name, open_source
from bioimagehub.catalogs.errors import CatalogError, MissingFileError, UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bioimagehub.catalogs.reader import Place

HARMLESS = re.compile(
    r"GDAL_NODATA|imagej_metadata|read_uic_tag|StripByteCounts|StripOffsets|correcting LSM|not stitched|AVS series"
)
"""What tifffile remarks on that has no bearing on the pixels, or is checked here."""

LOST = re.compile(r"zeroed|missing|truncated|out of range|invalid|generic series|is empty|expected|cannot|raised")
"""What tifffile remarks on where it goes on with less than the file should have."""


BROKEN = (
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    RuntimeError,
    AttributeError,
    AssertionError,
    MemoryError,
)
"""What tifffile raises where numbers in a file make no sense."""

FRAMES = ("eer", "scanimage")
"""Kinds of series whose pages are timepoints, where nothing else is said."""

POSITIONS = {"lsm": "PM", "mmstack": "R"}
"""Axes that are places on the slide, by the kind of series: each place is an image."""

TAG = re.compile(r"tifffile\.TiffTag (\d+)")
"""How it begins to speak of a tag that it leaves out."""


class Scanned:
    """A file whose directories are known.

    Parameters
    ----------
    chain : Chain
    number : int
        Of the file in its set.
    name : str
        What the set calls it; empty for the one that was opened.
    """

    def __init__(self, chain: Chain, number: int, name: str = "") -> None:
        from tifffile import TiffFile

        self.place, self.number, self.name = chain.source.place, number, name
        self.directories = chain.directories
        self._file = open_source(chain.source)
        self.tiff = TiffFile(self._file, name=file_name(self.place))
        self.forms = Forms(self._parse, self.place.url)

    def _parse(self, directory: Directory) -> Any:
        from tifffile import TiffPage

        self.tiff.filehandle.seek(directory.offset)
        # For some formats tifffile goes by what the first page says, unless this is the first.
        return TiffPage(self.tiff, 0 if directory is self.directories[0] else 1)


def find_series(place: Place) -> tuple[list[Scanned], list[Series]]:
    """Find all series of a file.

    Parameters
    ----------
    place : Place

    Returns
    -------
    files : list of Scanned
        Those that have pixels of the series, this one first.
    series : list of Series

    Raises
    ------
    UnreadableImageError
        If it is no TIFF, is not whole, or has pages that nothing decodes.
    MissingFileError
        If a file of the set is missing.
    """
    chain = Chain(Source(place))
    read_chains([chain])
    first = Scanned(chain, 0)
    document = _read_ome(first)
    return ([first], _series_of_tifffile(first)) if document is None else _series_of_ome(first, document)


# ---- OME


def _read_ome(file: Scanned) -> OmeDocument | None:
    text = file.directories[0].content(DESCRIPTION).rstrip(b"\0").strip()
    if not text.endswith(b"OME>"):
        return None
    document = parse_ome(text, file_name(file.place))
    if document.companion is None:
        return document
    companion = beside(file.place, document.companion)
    try:
        return parse_ome(bytes(companion.read()), file_name(file.place))
    except MissingFileError as error:
        msg = (
            f"{companion.url} is missing: it has the metadata of {file.place.url}, which has none itself. "
            "Fetch the whole set into one folder."
        )
        raise MissingFileError(msg) from error


def _series_of_ome(first: Scanned, document: OmeDocument) -> tuple[list[Scanned], list[Series]]:
    form = first.forms.of(first.directories[0])
    names = sorted({block.file for image in document.images for block in image.blocks if block.file is not None})
    chains = [Chain(Source(beside(first.place, name))) for name in names]
    try:
        read_chains(chains)
    except MissingFileError as error:
        msg = (
            f"A file of the set of {first.place.url} is missing: {error} There are {len(names)} files "
            f"beside it in the set: {', '.join(names[:5])}{' …' if len(names) > 5 else ''}. "
            "Fetch the whole set into one folder."
        )
        raise MissingFileError(msg) from error
    files = [first, *map(Scanned, chains, range(1, len(names) + 1), names)]
    by_name = dict(zip([None, *names], files, strict=True))
    series, used = [], set[tuple[int, int]]()
    for image in document.images:
        samples = _samples(image, by_name, form)
        planes = image.planes(samples, len(first.directories), first.place.url)
        directories = [_directory(by_name[name], number, image.name) for name, number in planes]
        numbers = [by_name[name].number for name, _ in planes]
        used |= {(number, each.offset) for number, each in zip(numbers, directories, strict=True)}
        series.append(_series_of_image(image, directories, [files[number] for number in numbers]))
    left = [each for each in first.directories if (0, each.offset) not in used]
    return files, [*series, *_series_of_rest(first, left)]


def _samples(image: OmeImage, files: dict[str | None, Scanned], form: dict[str, Any]) -> int:
    """Count the samples of a pixel in the pages of an image, by the first of them."""
    block = image.blocks[0] if image.blocks else None
    file = files[block.file if block else None]
    form = file.forms.of(_directory(file, block.page if block else 0, image.name))
    samples = int(form["shaped"][0] * form["shaped"][4])
    if image.sizes["C"] % samples:
        msg = (
            f"The image {image.name!r} of {file.place.url} has {image.sizes['C']} channels, and its pages have "
            f"{samples} samples of each pixel. Correct the OME-XML, or fetch the file anew."
        )
        raise UnreadableImageError(msg)
    return samples


def _directory(file: Scanned, number: int, image: str) -> Directory:
    if not 0 <= number < len(file.directories):
        msg = (
            f"The image {image!r} has a plane in page {number} of {file.place.url}, which has "
            f"{len(file.directories)} pages. Fetch the file anew, or correct the OME-XML."
        )
        raise UnreadableImageError(msg)
    return file.directories[number]


def _series_of_image(image: OmeImage, directories: Sequence[Directory], files: Sequence[Scanned]) -> Series:
    counts = {len(each.reduced) for each in directories}
    if len(counts) > 1:
        msg = (
            f"Pages of the image {image.name!r} in {files[0].place.url} have {min(counts)} reduced images, and others "
            f"{max(counts)}. Expected as many for each. Fetch the file anew."
        )
        raise UnreadableImageError(msg)
    levels = []
    for level in range(counts.pop() + 1):
        of_level = [each if level == 0 else each.reduced[level - 1] for each in directories]
        pages = [page_of(each, file.number) for each, file in zip(of_level, files, strict=True)]
        forms = [file.forms.of(each) for each, file in zip(of_level, files, strict=True)]
        form = same_form(forms, pages, f"the image {image.name!r} of {files[0].place.url}")
        separate, depth, height, width, samples = form["shaped"]
        declared = (image.sizes["Y"], image.sizes["X"])
        if level == 0 and (depth > 1 or (height, width) != declared):
            msg = (
                f"The image {image.name!r} of {files[0].place.url} is declared with planes of {declared} pixels, and "
                f"its pages have {(height, width)}. Fetch the file anew, or correct the OME-XML."
            )
            raise UnreadableImageError(msg)
        stack = [(axis, image.sizes[axis] // (separate * samples if axis == "C" else 1)) for axis in image.axes[:-2]]
        axes = [*stack, ("S", separate), ("Y", height), ("X", width), ("S", samples)]
        axes = [(axis, size) for axis, size in axes if axis != "S" or size > 1]
        levels.append(Level("".join(axis for axis, _ in axes), tuple(size for _, size in axes), form, pages))
    return Series(image.name, levels, image.spacing, image.channels)


# ---- all others


def _series_of_tifffile(file: Scanned) -> list[Series]:
    known = {each.offset: each for page in file.directories for each in (page, *page.reduced)}
    used: set[int] = set()
    series: list[Series] = []
    for found in file.tiff.series:
        name = f"the series {found.name!r} of {file.place.url}"
        levels = [_level_of(each, file, known, used, name) for each in found.levels]
        spacing, channels = calibrate(file.tiff, found.keyframe)
        series += split_positions(Series(found.name, levels, spacing, channels), POSITIONS.get(found.kind, ""))
    left = [each for each in known.values() if each.offset not in used]
    covered = [_extent(series_level) for each in series for series_level in each.levels]
    left = [each for each in left if not any(start <= _begin(each) < end for start, end in covered)]
    return [*series, *_series_of_rest(file, left)]


def _level_of(found: Any, file: Scanned, known: dict[int, Directory], used: set[int], name: str) -> Level:
    if found.transform is not None:
        msg = f"The values of {name} have to be scaled, as MD Gel files say; that is not done here. Convert the file."
        raise UnreadableImageError(msg)
    keyframe, pages = found.keyframe, []
    form = describe_form(keyframe, name)
    alike = known[keyframe.offset].form if keyframe.offset in known else None
    for page in found:
        if page is None:
            msg = f"Pages of {name} are missing. Fetch the whole set anew."
            raise UnreadableImageError(msg)
        directory = known.get(page.offset)
        if directory is not None:
            used.add(page.offset)
            if alike is not None and directory is not known[keyframe.offset] and directory.form != alike:
                same_form([form, file.forms.of(directory)], [keyframe, page], name)
        pages.append(
            Page(
                0, _numbers(page.dataoffsets), _numbers(page.databytecounts), bytes(memoryview(page.jpegtables or b""))
            )
        )
    letters = found.get_axes(squeeze=False)
    if found.kind in FRAMES:
        letters = letters.replace("I", "T")
    return Level(letters, tuple(found.get_shape(squeeze=False)), form, pages)


def _numbers(values: Sequence[int]) -> Any:
    return np.array(values, np.uint64)


def _extent(level: Level) -> tuple[int, int]:
    """Bytes of a series that lies in one piece behind its only page; nothing for others."""
    if len(level.pages) > 1 or not level.form["contiguous"]:
        return 0, 0
    start = int(level.pages[0].offsets[0])
    return start, start + int(np.prod(level.shape, dtype=np.int64)) * np.dtype(level.form["dtype"]).itemsize


def _begin(directory: Directory) -> int:
    return int(page_of(directory, 0).offsets[0])


def _series_of_rest(file: Scanned, directories: Sequence[Directory]) -> list[Series]:
    """Make series out of pages that are in none: pages that are alike are one."""
    groups: dict[Any, list[Directory]] = {}
    for each in directories:
        groups.setdefault(each.form, []).append(each)
    series: list[Series] = []
    for group in groups.values():
        form = file.forms.of(group[0])
        pairs = zip("SZYXS", form["shaped"], strict=True)
        axes = [("I", len(group)), *((axis, size) for axis, size in pairs if axis != "S" or size > 1)]
        level = Level(
            "".join(axis for axis, _ in axes),
            tuple(size for _, size in axes),
            form,
            [page_of(each, file.number) for each in group],
        )
        series.append(Series(f"further pages {len(series)}" if len(groups) > 1 else "further pages", [level]))
    return series


@contextlib.contextmanager
def refuse_damage(name: str) -> Iterator[None]:
    """Turn what tifffile raises on damaged files into errors of ours; and what it only remarks on, and goes on.

    Raises
    ------
    UnreadableImageError
        If it raised, or went on with less than there should be.
    """
    remarks: list[str] = []
    thread = threading.get_ident()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == thread and _tells_of_loss(record.levelno, record.getMessage()):
                remarks.append(record.getMessage())

    handler = Handler()
    logger = logging.getLogger("tifffile")
    logger.addHandler(handler)
    try:
        yield
    except CatalogError:
        raise
    except BROKEN as error:
        msg = f"{name} is no TIFF that can be read: {error}. Fetch the file anew, or convert it."
        raise UnreadableImageError(msg) from error
    finally:
        logger.removeHandler(handler)
    if remarks:
        msg = f"{name} is not whole, or damaged: {'; '.join(remarks[:3])}. Fetch the file anew."
        raise UnreadableImageError(msg)


def _tells_of_loss(level: int, text: str) -> bool:
    if HARMLESS.search(text):
        return False
    tag = TAG.search(text)
    if tag is not None:
        return int(tag[1]) in {*FORM, *NEEDED}
    return level >= logging.ERROR or (level == logging.WARNING and LOST.search(text) is not None)
