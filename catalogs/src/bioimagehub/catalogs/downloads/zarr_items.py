"""The files of an OME-Zarr image, whole or in part, as items of a download."""

from __future__ import annotations

import copy
import json
import math
from functools import partial
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.downloads.cutting import ArrayCut, cut_image
from bioimagehub.catalogs.downloads.items import Item
from bioimagehub.catalogs.downloads.recoding import Recoder
from bioimagehub.catalogs.errors import InvalidSelectionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bioimagehub.catalogs.downloads.selection import Selection
    from bioimagehub.catalogs.downloads.stored_images import StoredGroup
    from bioimagehub.catalogs.reader import Place

_MOST = 2_000_000
"""Files of one image that are planned at most."""


class ImageItems:
    """Plans one image.

    Parameters
    ----------
    place : Place
        The image.
    path : str
        Path of the folder that it becomes.
    addresses : callable
        Gives the addresses to try for the path of a file below the image.
    """

    def __init__(self, place: Place, path: str, addresses: Callable[[str], tuple[str, ...]]) -> None:
        self._place = place
        self._path = path
        self._addresses = addresses
        self.notes: list[str] = []

    def whole(self, root: StoredGroup) -> list[Item]:
        """Give the files of the whole image: its metadata as they are, and every chunk there may be."""
        self._require_moderate(math.prod(array.grid) for group in root.walk() for array in group.arrays)
        items = []
        for group in root.walk():
            items += [self._made(group.path, name, content) for name, content in group.files.items()]
            items += [self._stored(_join(group.path, name), None) for name in group.further]
            for array in group.arrays:
                items += [self._made(array.path, name, content) for name, content in array.files.items()]
                everything = ArrayCut(array, tuple(range(size) for size in array.shape))
                items += self._copied(everything)
        return _unique(items)

    def part(self, root: StoredGroup, selection: Selection, told: Mapping[str, Any]) -> list[Item]:
        """Give the files of a part of the image.

        Parameters
        ----------
        root : StoredGroup
        selection : Selection
        told : mapping
            Where the part comes from, for its attributes.
        """
        return _unique(list(self._parts(root, selection, told, None)))

    def _parts(
        self, group: StoredGroup, selection: Selection, told: Mapping[str, Any], of: StoredGroup | None
    ) -> Iterator[Item]:
        """Cut a group and all groups below it; `of` is the image whose label images they are."""
        is_labels = "labels" in group.metadata and not group.arrays
        if not group.arrays:
            children = list(group.groups)
            changed = None
            if is_labels:
                children = [each for each in children if self._has_level(each, selection, of)]
                names = [each.path.removeprefix(f"{group.path}/") for each in children]
                if not names:
                    return
                # Some writers forget the version here, without which it is no valid OME-Zarr 0.5.
                stated = {"version": of.metadata["version"]} if of and "version" in of.metadata else {}
                changed = {**stated, **group.metadata, "labels": names}
            yield from self._group_files(group, changed, told)
            for child in children:
                yield from self._parts(child, selection, told, of)
            return
        cut = cut_image(group, selection, of=of)
        if cut is None:
            return
        self._require_moderate(
            math.prod(-(-s // c) for s, c in zip(a.shape, a.array.chunks, strict=True)) for a in cut.arrays
        )
        yield from self._group_files(group, cut.metadata, told)
        for each in cut.arrays:
            yield from self._array_files(each)
        for labels in group.groups if selection.labels else ():
            yield from self._parts(labels, selection, told, group)

    def _has_level(self, label: StoredGroup, selection: Selection, of: StoredGroup | None) -> bool:
        if not label.arrays or cut_image(label, selection, of=of) is not None:
            return True
        levels = ", ".join(map(str, selection.levels))
        self.notes.append(f"The label image {label.path} has no level of the size of {levels}: it is left out.")
        return False

    def _group_files(
        self, group: StoredGroup, metadata: Mapping[str, Any] | None, told: Mapping[str, Any]
    ) -> Iterator[Item]:
        """Give the metadata files of a group whose OME-Zarr metadata are others now."""
        if metadata is None:
            for name, content in group.files.items():
                if name != ".zmetadata":
                    yield self._made(group.path, name, content)
            return
        attributes = {**group.attributes, "ome": metadata} if "ome" in group.attributes else dict(metadata)
        if group.arrays:
            attributes["bioimagehub"] = told
        if group.is_new:
            document = json.loads(group.files["zarr.json"])
            document.pop("consolidated_metadata", None)
            yield self._made(group.path, "zarr.json", _dump({**document, "attributes": attributes}))
        else:
            yield self._made(group.path, ".zgroup", group.files.get(".zgroup", b'{"zarr_format": 2}'))
            yield self._made(group.path, ".zattrs", _dump(attributes))

    def _array_files(self, cut: ArrayCut) -> Iterator[Item]:
        array = cut.array
        document = copy.deepcopy(dict(array.document)) | {"shape": list(cut.shape)}
        for name, content in array.files.items():
            yield self._made(array.path, name, content if name == ".zattrs" else _dump(document))
        if cut.is_aligned:
            yield from self._copied(cut)
            return
        recoder = Recoder(self._place, cut, document)
        for index in array.indices((0,) * len(cut.shape), cut.shape):
            yield Item(
                path=f"{self._path}/{array.path}/{array.key(index)}",
                most=array.most,
                recipe=partial(recoder.make, index),
                image=self._path,
            )

    def _copied(self, cut: ArrayCut) -> Iterator[Item]:
        array = cut.array
        for index in array.indices((0,) * len(cut.shape), cut.shape):
            source = f"{array.path}/{array.key(cut.source_index(index))}"
            yield self._stored(source, array.most, f"{array.path}/{array.key(index)}")

    def _stored(self, source: str, most: int | None, path: str | None = None) -> Item:
        inside = f"{self._path}/{source if path is None else path}"
        if self._place.near:
            from pathlib import Path

            local = Path(self._place.url.removeprefix("file://")) / source
            return Item(path=inside, local=local, most=most, optional=True, image=self._path)
        return Item(path=inside, urls=self._addresses(source), most=most, optional=True, image=self._path)

    def _made(self, folder: str, name: str, content: bytes) -> Item:
        path = f"{self._path}/{_join(folder, name)}"
        return Item(path=path, content=content, size=len(content), image=self._path, last=True)

    def _require_moderate(self, counts: Iterator[int]) -> None:
        count = sum(counts)
        if count > _MOST:
            msg = (
                f"{self._place.url} has {count:,} chunks in what is selected; expected {_MOST:,} at most. "
                "Select a level, channels or a region."
            )
            raise InvalidSelectionError(msg)


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _dump(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, indent=2).encode()


def _unique(items: list[Item]) -> list[Item]:
    """Leave out what several multiscales of one image share."""
    return list({item.path: item for item in items}.values())
