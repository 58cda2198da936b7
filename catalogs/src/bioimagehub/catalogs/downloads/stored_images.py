"""What an OME-Zarr image, plate or collection is made of, found by its metadata."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.downloads.stored_arrays import StoredArray, parse_array
from bioimagehub.catalogs.errors import MissingFileError, UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bioimagehub.catalogs.reader import Place

METADATA = frozenset((".zarray", ".zattrs", ".zgroup", ".zmetadata", "zarr.json"))
"""Names of the files that hold the metadata of groups and arrays."""

_NEW, _OLD = ("zarr.json",), (".zgroup", ".zattrs")
_CONSOLIDATED: dict[tuple[str, ...], tuple[str, ...]] = {_NEW: (), _OLD: (".zmetadata",)}
_AT_ONCE = 16
_SERIES = "bioformats2raw.layout"


@dataclass(frozen=True)
class StoredGroup:
    """A Zarr group and what it holds.

    Attributes
    ----------
    path : str
        Its path below the root, empty for that.
    files : mapping of str to bytes
        Its metadata files as they are, by name.
    attributes : mapping
        All its attributes.
    arrays : tuple of StoredArray
        The levels of an image.
    groups : tuple of StoredGroup
        Label images, wells, fields of view, series.
    further : tuple of str
        Files that it may have beside them.
    """

    path: str
    files: Mapping[str, bytes]
    attributes: Mapping[str, Any]
    arrays: tuple[StoredArray, ...] = ()
    groups: tuple[StoredGroup, ...] = field(default=())
    further: tuple[str, ...] = ()

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The attributes that OME-Zarr defines: those under ``ome`` in version 0.5, the group's own before."""
        found = self.attributes.get("ome", self.attributes)
        return found if isinstance(found, dict) else {}

    @property
    def is_new(self) -> bool:
        """Whether it is Zarr 3."""
        return "zarr.json" in self.files

    def walk(self) -> Iterator[StoredGroup]:
        """Give it and all groups below it."""
        yield self
        for group in self.groups:
            yield from group.walk()


def read_image(place: Place) -> StoredGroup:
    """Read the metadata of an OME-Zarr image, plate or collection of images, and of all that is below it.

    Raises
    ------
    UnreadableImageError
        If there is none, or its metadata cannot be used.
    ReadError
        If the store does not give them.
    """
    with ThreadPoolExecutor(_AT_ONCE) as executor:
        root = _read_root(place, executor)
        if root is None:
            msg = (
                f"There is no OME-Zarr image at {place.url}: it has neither zarr.json nor .zgroup. "
                "Check the address; it has to be that of the image itself."
            )
            raise UnreadableImageError(msg)
        if not any(group.arrays for group in root.walk()):
            msg = (
                f"The Zarr group {place.url} names no images: its attributes are {sorted(root.attributes)}. Expected "
                "an OME-Zarr image, plate or series of images; only what its metadata name can be found."
            )
            raise UnreadableImageError(msg)
    return root


def _read_root(place: Place, executor: ThreadPoolExecutor) -> StoredGroup | None:
    """Read the group of the image, in the version of Zarr that it has; all below it are of the same."""
    return _read_group(place, "", executor, _NEW) or _read_group(place, "", executor, _OLD)


def _read_group(place: Place, path: str, executor: ThreadPoolExecutor, names: tuple[str, ...]) -> StoredGroup | None:
    files = _read_files(place, path, names if path else (*names, *_CONSOLIDATED[names]), executor)
    if "zarr.json" in files:
        attributes = _parse(files["zarr.json"], place, path).get("attributes", {})
    elif ".zgroup" in files or ".zattrs" in files:
        attributes = _parse(files.get(".zattrs", b"{}"), place, path)
    else:
        return None
    group = StoredGroup(path, files, attributes)
    metadata = group.metadata
    below = f"{path}/" if path else ""
    if "multiscales" in metadata:
        return _read_levels(place, group, below, executor)
    children, further = _children(place, group, below, executor)
    rows = (
        {f"{below}{well['path'].partition('/')[0]}" for well in metadata["plate"]["wells"]}
        if "plate" in metadata
        else ()
    )
    children = [*sorted(rows), *children]
    # Threads of their own: those of `executor` only ever read files, so that none waits for another.
    with ThreadPoolExecutor(_AT_ONCE) as readers:
        found = list(readers.map(lambda child: _read_group(place, child, executor, names), children))
    missing = [child for child, each in zip(children, found, strict=True) if each is None and child not in rows]
    if missing:
        msg = f"{place.url} names {missing[0]}, and there is no Zarr group. It is damaged: report it to its archive."
        raise UnreadableImageError(msg)
    return StoredGroup(path, files, attributes, (), tuple(each for each in found if each), further)


def _read_levels(place: Place, group: StoredGroup, below: str, executor: ThreadPoolExecutor) -> StoredGroup:
    """Read the arrays of an image, and its label images."""
    names = ("zarr.json",) if group.is_new else (".zarray", ".zattrs")
    try:
        paths = [str(each["path"]) for scale in group.metadata["multiscales"] for each in scale["datasets"]]
    except (KeyError, TypeError) as error:
        msg = (
            f"The multiscale metadata of {place.url}/{group.path} cannot be read: {error!r}. Report it to its archive."
        )
        raise UnreadableImageError(msg) from error
    arrays = []
    for path in dict.fromkeys(paths):
        files = _read_files(place, below + path, names, executor)
        if names[0] not in files:
            msg = (
                f"{place.url} names the array {below}{path}, and it has no {names[0]}. "
                "It is damaged, or still being written: report it to its archive."
            )
            raise UnreadableImageError(msg)
        arrays.append(parse_array(below + path, files))
    labels = _read_group(place, f"{below}labels", executor, _NEW if group.is_new else _OLD)
    groups = () if labels is None else (labels,)
    return StoredGroup(group.path, group.files, group.attributes, tuple(arrays), groups)


def _children(
    place: Place, group: StoredGroup, below: str, executor: ThreadPoolExecutor
) -> tuple[list[str], tuple[str, ...]]:
    """Give the groups that the metadata of a group name, and the files beside them."""
    metadata = group.metadata
    try:
        if "labels" in metadata:
            return [f"{below}{name}" for name in metadata["labels"]], ()
        if "plate" in metadata:
            return [f"{below}{well['path']}" for well in metadata["plate"]["wells"]], ()
        if "well" in metadata:
            return [f"{below}{image['path']}" for image in metadata["well"]["images"]], ()
        if "series" in metadata:
            return [], ("METADATA.ome.xml",)
        if _SERIES in metadata:
            listing = _read_group(place, f"{below}OME", executor, _NEW if group.is_new else _OLD)
            series = list(listing.metadata.get("series", ())) if listing else []
            if not series:
                series = _count_series(place, below)
            return [f"{below}OME"] * (listing is not None) + [f"{below}{name}" for name in series], ()
    except (KeyError, TypeError) as error:
        msg = f"The metadata of {place.url}/{group.path} cannot be read: {error!r}. Report it to its archive."
        raise UnreadableImageError(msg) from error
    return [], ("METADATA.ome.xml",) if group.path.rpartition("/")[2] == "OME" else ()


def _count_series(place: Place, below: str) -> list[str]:
    """Count the images 0, 1, 2… of a collection that does not list them."""
    names: list[str] = []
    while True:
        name = str(len(names))
        if (
            _read_file(place, f"{below}{name}/.zattrs") is None
            and _read_file(place, f"{below}{name}/zarr.json") is None
        ):
            return names
        names.append(name)


def _read_files(place: Place, path: str, names: tuple[str, ...], executor: ThreadPoolExecutor) -> dict[str, bytes]:
    before = f"{path}/" if path else ""
    # One by itself: where it is found, the reader looks for all others.
    first = _read_file(place, before + names[0])
    contents = [first, *executor.map(lambda name: _read_file(place, before + name), names[1:])]
    return {name: content for name, content in zip(names, contents, strict=True) if content is not None}


def _read_file(place: Place, path: str) -> bytes | None:
    try:
        return bytes((place / path).read())
    except MissingFileError:
        return None


def _parse(content: bytes, place: Place, path: str) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError as error:
        msg = f"The metadata of {place.url}/{path} are no JSON: {error}. Report it to its archive."
        raise UnreadableImageError(msg) from error
    if not isinstance(found, dict):
        msg = f"The metadata of {place.url}/{path} hold {type(found).__name__}; expected an object. Report it."
        raise UnreadableImageError(msg)
    return found
