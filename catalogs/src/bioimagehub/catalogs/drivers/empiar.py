"""Image sets of EMPIAR: folders of micrographs, movies or tilt series in MRC and TIFF, each set as one stack."""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatchcase
from functools import partial
from importlib import import_module
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.arrays.choice import refuse_label
from bioimagehub.catalogs.arrays.image_files import (
    ImageFile,
    Kind,
    find_driver_of,
    find_kind,
    natural,
    note_version,
    read_version,
    stack_files,
)
from bioimagehub.catalogs.arrays.labelled import Axis
from bioimagehub.catalogs.arrays.levels import choose_level
from bioimagehub.catalogs.arrays.pace import workers
from bioimagehub.catalogs.arrays.work import run
from bioimagehub.catalogs.errors import AmbiguousImageError, UnknownImageError, UnknownOptionError, UnreadableImageError
from bioimagehub.catalogs.layouts import Layout
from bioimagehub.catalogs.reader import Place, open_place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr

    from bioimagehub.catalogs.arrays.labelled import Chunks

OPTIONS: tuple[str, ...] = ("axes", "pattern", "stack")

_DRIVERS = {"axes": "tiff", "stack": "mrc"}
"""The driver that understands an option."""

_LISTED = 20


def open_array(
    url: str | Place,
    *,
    level: int | str = 0,
    label: str | None = None,
    chunks: Chunks = None,
    pixels: int = 1_000_000,
    pattern: str | None = None,
    axes: str | None = None,
    stack: bool | None = None,
) -> xr.DataArray:
    """Open the files of an image set as one stack, without reading pixels.

    Only the folder is listed and the first file looked at; each other file is looked at when it is read, and compared
    with the first. Where the set was indexed nothing is asked, and all are compared at once.

    Parameters
    ----------
    url : str or Place
        Path or address of a folder, such as an Apache index page of EMPIAR.
    level : int or "auto"
        0; a set has one level.
    label : None
        A set has no label images.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`.
    pixels : int
        Without effect, as there is one level.
    pattern : str or None
        Names of the files, such as ``*_fractions.tiff``, or of folders and files below, such as ``*/Data/*.mrc``,
        where ``*`` does not stand for ``/``. None for all MRC and TIFF files in the folder itself.
    axes : str or None
        What the axes of TIFF files are that do not say it: ``tyx`` for movies.
    stack : bool or None
        Whether sections of MRC files are images along ``t`` or slices along ``z``; as in
        `bioimagehub.catalogs.drivers.mrc.open_array`.

    Returns
    -------
    xarray.DataArray
        Dimension image, with the names of the files, in which numbers count as numbers; then those of each file. The
        attribute ``left_out`` counts the files of the folders that were looked into and do not fit or are no images.

    Raises
    ------
    AmbiguousImageError
        If there are files of several formats and no pattern chooses.
    UnknownImageError
        If no file fits.
    UnreadableImageError
        If a file is damaged, or has another shape, type or spacing than the first: on opening where the set was
        indexed, else when it is read.
    UnknownLabelError, UnknownLevelError, UnknownOptionError
        If there is no such level, a label image is asked for, or the files have no use for `axes` or `stack`.
    ReadError
        If the folder or a file cannot be had.
    """
    place = open_place(url)
    refuse_label(label, "an image set", place.url)
    given = {name: value for name, value in (("axes", axes), ("stack", stack)) if value is not None}
    files, kinds, left_out = _find_files(place, pattern)
    _check_formats(files, given, place.url)
    kind = kinds[0] if kinds and kinds[0] is not None and not given else find_kind(files[0].open(**given))
    if kinds and not given:
        _check_alike(files, kinds, kind, place.url)
    sizes = dict(zip(kind.dims, kind.shape, strict=True))
    chosen = choose_level(level, [(sizes["y"], sizes["x"])], pixels, f"the image set {place.url}")
    return stack_files(
        files,
        kind,
        Axis("image", ""),
        options=given,
        names={"image": [file.name for file in files]},
        attrs={"level": chosen, "levels": 1, "left_out": left_out},
        chunks=chunks,
    )


def open_tree(url: str | Place, *, chunks: Chunks = None) -> xr.DataTree:
    """Open the files of an image set one by one, of whatever shapes, without reading pixels.

    Parameters
    ----------
    url : str or Place
        As in `open_array`.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None

    Returns
    -------
    xarray.DataTree
        A node for each MRC or TIFF file, named as it is, with the variable ``image``.

    Raises
    ------
    UnknownImageError, UnreadableImageError, ReadError
        If there is no file, or one of them cannot be read.
    """
    import xarray as xr

    place = open_place(url)
    files, _, _ = _find_files(place, None)
    opened: dict[str, xr.DataArray] = {}

    def open_one(file: ImageFile) -> None:
        opened[file.name] = file.open(chunks=chunks)

    run((partial(open_one, file) for file in files), workers(near=place.near))
    return xr.DataTree.from_dict({file.name: opened[file.name].to_dataset(name="image") for file in files})


def scan(url: str | Place) -> Layout:
    """Look at every MRC and TIFF file of a folder, many at once.

    Parameters
    ----------
    url : str or Place

    Returns
    -------
    Layout
        Facts: ``files``, with name, driver, version and facts of each; ``kinds``, what there is; and ``left_out``.

    Raises
    ------
    UnknownImageError, UnreadableImageError, ReadError
        If there is no file, or one of them cannot be read.
    """
    place = open_place(url)
    files, _, left_out = _find_files(Place(place.url, dataset=place.dataset), None)
    found: dict[str, tuple[Layout, Kind | None]] = {}

    def look(file: ImageFile) -> None:
        layout: Layout = import_module(f"bioimagehub.catalogs.drivers.{file.driver}").scan(file.place)
        try:
            kind = find_kind(_with_layout(file, layout).open())
        except (UnreadableImageError, AmbiguousImageError):
            # Such as pages of a TIFF that does not say what they are: who opens it has to tell.
            kind = None
        found[file.name] = layout, kind

    run((partial(look, file) for file in files), workers(near=place.near))
    kinds: list[Kind] = []
    noted: list[dict[str, Any]] = []
    tables: dict[str, Any] = {}
    for number, file in enumerate(files):
        layout, kind = found[file.name]
        if kind is not None and kind not in kinds:
            kinds.append(kind)
        noted.append(
            {
                "name": file.name,
                "driver": file.driver,
                "version": note_version(layout.version),
                "facts": layout.facts,
                "kind": None if kind is None else kinds.index(kind),
            }
        )
        tables |= {f"{number}/{name}": table for name, table in layout.tables.items()}
    facts = {"files": noted, "kinds": [kind.to_facts() for kind in kinds], "left_out": left_out}
    return Layout("empiar", place.url, facts, tables)


def _find_files(place: Place, pattern: str | None) -> tuple[list[ImageFile], list[Kind | None], int]:
    """Give the files that are meant, what each is where that is known, and how many others there are."""
    if place.layout is not None and (pattern is None or "/" not in pattern):
        files, kinds = _recall(place, place.layout)
        chosen = [number for number, file in enumerate(files) if pattern is None or fnmatchcase(file.name, pattern)]
        left_out = int(place.layout.facts["left_out"]) + len(files) - len(chosen)
        names = [file.name for file in files]
        files, kinds = [files[number] for number in chosen], [kinds[number] for number in chosen]
    else:
        steps = (pattern or "*").split("/")
        names = _below(place, steps, "")
        fitting = [name for name in names if fnmatchcase(name.rpartition("/")[2], steps[-1])]
        found = [(name, find_driver_of(name)) for name in sorted(fitting, key=natural)]
        files = [ImageFile(name, driver, place / name) for name, driver in found if driver in ("mrc", "tiff")]
        kinds, left_out = [], len(names) - len(files)
    if not files:
        fit = f"that fits {pattern!r}" if pattern is not None else "in it"
        listed = ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")
        msg = (
            f"The image set {place.url} has no MRC or TIFF file {fit}. It has {len(names)} files: {listed or 'none'}. "
            "Choose files with `pattern`, such as '*.mrc' or 'Data/*/*.tif'."
        )
        raise UnknownImageError(msg)
    return files, kinds, left_out


def _below(folder: Place, steps: Sequence[str], prefix: str) -> list[str]:
    """List the files of the folders that the steps of a pattern lead to."""
    names = folder.names()
    if len(steps) == 1:
        return [f"{prefix}{name}" for name in names if not name.endswith("/")]
    folders = [name[:-1] for name in names if name.endswith("/")]
    inner = sorted((name for name in folders if fnmatchcase(name, steps[0])), key=natural)
    return [path for name in inner for path in _below(folder / name, steps[1:], f"{prefix}{name}/")]


def _recall(place: Place, layout: Layout) -> tuple[list[ImageFile], list[Kind | None]]:
    kinds = [Kind.from_facts(kind) for kind in layout.facts["kinds"]]
    tables: dict[int, dict[str, Any]] = {}
    for key, table in layout.tables.items():
        position, _, name = key.partition("/")
        tables.setdefault(int(position), {})[name] = table
    files = []
    for number, noted in enumerate(layout.facts["files"]):
        file = ImageFile(noted["name"], noted["driver"], place / noted["name"])
        version = read_version(noted["version"])
        files.append(
            _with_layout(file, Layout(file.driver, file.place.url, noted["facts"], tables.get(number, {}), version))
        )
    return files, [None if noted["kind"] is None else kinds[noted["kind"]] for noted in layout.facts["files"]]


def _with_layout(file: ImageFile, layout: Layout) -> ImageFile:
    place = Place(file.place.url, dataset=file.place.dataset, version=layout.version, layout=layout)
    return ImageFile(file.name, file.driver, place)


def _check_formats(files: Sequence[ImageFile], given: Mapping[str, Any], where: str) -> None:
    """Refuse files of several formats, and options that theirs does not have."""
    drivers = {file.driver for file in files}
    if len(drivers) > 1:
        endings = Counter(PurePosixPath(file.name).suffix for file in files)
        listed = ", ".join(f"{count} *{ending}" for ending, count in sorted(endings.items()))
        msg = f"The image set {where} has files of several formats: {listed}. Choose with `pattern`, such as '*.mrc'."
        raise AmbiguousImageError(msg)
    useless = sorted(name for name in given if _DRIVERS[name] not in drivers)
    if useless:
        msg = f"{where} cannot be opened with {', '.join(useless)}: it is a set of {drivers.pop()} files. Leave it out."
        raise UnknownOptionError(msg)


def _check_alike(files: Sequence[ImageFile], kinds: Sequence[Kind | None], kind: Kind, where: str) -> None:
    others = [(file.name, one) for file, one in zip(files, kinds, strict=True) if one is not None and one != kind]
    if others:
        listed = "; ".join(f"{name}: {one.describe()}" for name, one in others[:_LISTED])
        msg = (
            f"{len(others)} of the {len(files)} files of the image set {where} are not like {files[0].name}, which is "
            f"{kind.describe()}: {listed}{'; …' if len(others) > _LISTED else ''}. Choose with `pattern`, or open the "
            "tree of all."
        )
        raise UnreadableImageError(msg)
