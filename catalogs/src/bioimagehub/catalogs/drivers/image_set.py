"""Sets of images in a zip file, read in place, or in a folder: as one stack, one by one, or as a tree."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.arrays.choice import refuse_label
from bioimagehub.catalogs.arrays.image_files import (
    ImageFile,
    Kind,
    find_driver_of,
    find_file,
    find_kind,
    is_zip,
    list_files,
    note_version,
    read_version,
    stack_files,
)
from bioimagehub.catalogs.arrays.labelled import Axis
from bioimagehub.catalogs.arrays.levels import choose_level
from bioimagehub.catalogs.arrays.pace import workers
from bioimagehub.catalogs.arrays.work import run
from bioimagehub.catalogs.errors import AmbiguousImageError, UnknownImageError, UnreadableImageError
from bioimagehub.catalogs.layouts import Layout
from bioimagehub.catalogs.reader import Place, open_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

    from bioimagehub.catalogs.arrays.labelled import Chunks

OPTIONS: tuple[str, ...] = ("member", "pattern")

_LISTED = 20


def open_array(
    url: str | Place,
    *,
    level: int | str = 0,
    label: str | None = None,
    chunks: Chunks = None,
    pixels: int = 1_000_000,
    member: str | None = None,
    pattern: str | None = None,
) -> xr.DataArray:
    """Open the images of a set as one stack, or one of them, without reading pixels.

    Parameters
    ----------
    url : str or Place
        A zip file (its name ends in ``.zip``), or a folder with all below it.
    level : int or "auto"
        0 for a stack; with `member` a level of that image.
    label : None
        A set has no label images.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`.
    pixels : int
        Pixels of a plane that are wanted, for ``level="auto"``.
    member : str or None
        Open this image alone: its path in the set, or its name where no other has that.
    pattern : str or None
        Open only images whose path fits, such as ``*_w1*.tif``; ``*`` stands for any characters, ``/`` included.

    Returns
    -------
    xarray.DataArray
        For several images: dimension image, with their paths, before those of each image. Numbers in paths count as
        numbers in the order. That all are of one shape and type is known where the set was indexed; else each is
        compared with the first when it is read, and another one is an error. The attribute ``left_out`` counts the
        files that are no images, ``left_out_kinds`` tells what they are.

    Raises
    ------
    AmbiguousImageError
        If the images are not alike, which is found here only where the set was indexed, or several have the name.
    UnknownImageError
        If there is no such image, or none at all.
    UnknownLabelError, UnknownLevelError
        If there is no such level, or a label image is asked for.
    UnreadableZipError, ReadError
        If the zip file is damaged, or something cannot be had.
    """
    place = open_place(url)
    refuse_label(label, "a set of images", place.url)
    layout = place.layout or _list(place)
    files, kinds = _recall(place, layout)
    chosen = _choose(files, member, pattern, place.url)
    attrs = {"left_out": layout.facts["left_out"], "left_out_kinds": layout.facts["left_out_kinds"]}
    if member is not None or len(chosen) == 1:
        kind = kinds[chosen[0]]
        if kind is None or level != 0:
            array = files[chosen[0]].open(level=level, chunks=chunks, pixels=pixels)
        else:
            array = _open_alone(files[chosen[0]], kind, chunks)
            array.attrs |= {"level": 0, "levels": layout.facts["levels"][chosen[0]]}
        return array.assign_attrs(member=files[chosen[0]].name, **attrs)
    return _stack([files[one] for one in chosen], [kinds[one] for one in chosen], place, level, attrs, chunks)


def open_tree(url: str | Place, *, chunks: Chunks = None) -> xr.DataTree:
    """Open all images of a set, of whatever shapes, without reading pixels.

    Parameters
    ----------
    url : str or Place
        A zip file, or a folder with all below it.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`.

    Returns
    -------
    xarray.DataTree
        A node for each image, of its path, with the variable ``image``. Steps ``..`` of a path are left out.

    Raises
    ------
    UnreadableImageError, ReadError
        If one of them cannot be read.
    """
    import xarray as xr

    place = open_place(url)
    layout = place.layout or _list(place)
    files, kinds = _recall(place, layout)
    opened: dict[int, xr.DataArray] = {}

    def open_one(number: int) -> None:
        kind = kinds[number]
        if kind is None:
            opened[number] = files[number].open(chunks=chunks)
        else:
            opened[number] = stack_files([files[number]], kind, Axis("image", ""), chunks=chunks).isel(
                image=0, drop=True
            )

    run((partial(open_one, number) for number in range(len(files))), workers(near=place.near))
    nodes = {_node(file.name, number): opened[number].to_dataset(name="image") for number, file in enumerate(files)}
    return xr.DataTree.from_dict(nodes)


def scan(url: str | Place) -> Layout:
    """Read the header of every image of a set, many at once.

    Parameters
    ----------
    url : str or Place

    Returns
    -------
    Layout
        Facts: ``names``, ``drivers``, ``versions`` and ``levels`` of the images, ``kinds`` (what there is) and
        ``kind_of`` (which of these each image is); ``left_out`` and ``left_out_kinds``.

    Raises
    ------
    UnreadableImageError, ReadError
        If one of them cannot be read.
    """
    from bioimagehub.catalogs.reader.zips import forget

    place = open_place(url)
    listed = _list(place)
    files, _ = _recall(place, listed)
    found: dict[int, tuple[Kind, int]] = {}

    def look(number: int) -> None:
        array = files[number].open()
        found[number] = find_kind(array), int(array.attrs["levels"])

    run((partial(look, number) for number in range(len(files))), workers(near=place.near))
    kinds: list[Kind] = []
    for kind, _ in found.values():
        if kind not in kinds:
            kinds.append(kind)
    if is_zip(place):
        forget(place.url)
    facts = {
        **listed.facts,
        "versions": [note_version(file.place.version) for file in files],
        "kinds": [kind.to_facts() for kind in kinds],
        "kind_of": [kinds.index(found[number][0]) for number in range(len(files))],
        "levels": [found[number][1] for number in range(len(files))],
    }
    return replace(listed, facts=facts, summary={"images": len(files), "kinds": [kind.describe() for kind in kinds]})


def _list(place: Place) -> Layout:
    """Find the images, and what is none; their headers are not read."""
    listed = list_files(place)
    found = [(name, driver, each) for name, each in listed if (driver := find_driver_of(name)) is not None]
    others = [name for name, _ in listed if find_driver_of(name) is None]
    if not found:
        kinds = f"{len(listed)} files ({_count_kinds(others)})" if listed else "no files"
        msg = f"{place.url} has no images: found {kinds}. Choose another zip file or folder, or open a file by itself."
        raise UnknownImageError(msg)
    facts = {
        "names": [name for name, _, _ in found],
        "drivers": [driver for _, driver, _ in found],
        "versions": [note_version(each.version) for _, _, each in found],
        "left_out": len(others),
        "left_out_kinds": _count_kinds(others),
    }
    return Layout("image_set", place.url, facts, version=place.version)


def _recall(place: Place, layout: Layout) -> tuple[list[ImageFile], list[Kind | None]]:
    """Give the images of a layout, and what each is, where that is known."""
    facts = layout.facts
    files = [
        ImageFile(name, driver, find_file(place, name, read_version(version)))
        for name, driver, version in zip(facts["names"], facts["drivers"], facts["versions"], strict=True)
    ]
    if "kind_of" not in facts:
        return files, [None] * len(files)
    kinds = [Kind.from_facts(kind) for kind in facts["kinds"]]
    return files, [kinds[number] for number in facts["kind_of"]]


def _choose(files: Sequence[ImageFile], member: str | None, pattern: str | None, name: str) -> list[int]:
    if member is not None and pattern is not None:
        msg = f"Both member={member!r} and pattern={pattern!r} choose images of {name}. Leave one of them out."
        raise AmbiguousImageError(msg)
    chosen = list(range(len(files)))
    if pattern is not None:
        chosen = [number for number in chosen if fnmatchcase(files[number].name, pattern)]
    elif member is not None:
        exact = [number for number in chosen if files[number].name == member]
        chosen = exact or [number for number in chosen if files[number].name.endswith(f"/{member}")]
        if len(chosen) > 1:
            listed = ", ".join(files[number].name for number in chosen[:_LISTED])
            msg = f"{len(chosen)} images of {name} have the name {member!r}: {listed}. Give the path of one of them."
            raise AmbiguousImageError(msg)
    if not chosen:
        asked = f"no image {member!r}" if member is not None else f"no image that fits the pattern {pattern!r}"
        listed = ", ".join(file.name for file in files[:_LISTED]) + (", …" if len(files) > _LISTED else "")
        msg = f"{name} has {asked}. It has {len(files)} images: {listed}. Choose one of these with `member`."
        raise UnknownImageError(msg)
    return chosen


def _open_alone(file: ImageFile, kind: Kind, chunks: Chunks) -> xr.DataArray:
    """Open an image of which is known what it is, so that nothing is asked."""
    return stack_files([file], kind, Axis("image", ""), chunks=chunks).isel(image=0, drop=True)


def _stack(
    files: Sequence[ImageFile],
    kinds: Sequence[Kind | None],
    place: Place,
    level: int | str,
    attrs: dict[str, Any],
    chunks: Chunks,
) -> xr.DataArray:
    first = kinds[0] or find_kind(files[0].open())
    others = [number for number, kind in enumerate(kinds) if kind is not None and kind != first]
    if others:
        told = [(file.name, kind.describe()) for file, kind in zip(files, kinds, strict=True) if kind is not None]
        listed = "; ".join(f"{name}: {what}" for name, what in told[:_LISTED]) + ("; …" if len(told) > _LISTED else "")
        msg = (
            f"{place.url} has {len(files)} images, of which {len(others)} are not like the first: {listed}. "
            "Name one of them with `member`, choose those that are alike with `pattern`, or open the tree of all."
        )
        raise AmbiguousImageError(msg)
    sizes = dict(zip(first.dims, first.shape, strict=True))
    choose_level(level, [(sizes["y"], sizes["x"])], 0, f"the stack of the images of {place.url}")
    if "image" in first.dims:
        msg = f"The images of {place.url} are stacks of images themselves. Open one of them with `member`."
        raise UnreadableImageError(msg)
    names = {"image": [file.name for file in files]}
    attrs = {"level": 0, "levels": 1, **attrs}
    return stack_files(files, first, Axis("image", ""), names=names, attrs=attrs, chunks=chunks)


def _count_kinds(names: Sequence[str]) -> str:
    kinds = Counter(PurePosixPath(name).suffix.lower() or "without suffix" for name in names)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none"


def _node(name: str, number: int) -> str:
    steps = [step for step in name.split("/") if step not in ("", ".", "..")]
    return "/".join(steps) or str(number)
