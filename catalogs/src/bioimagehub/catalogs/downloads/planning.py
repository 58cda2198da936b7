"""Working out what a download would do, before anything is fetched."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from bioimagehub.catalogs.downloads.image_shapes import describe_image
from bioimagehub.catalogs.downloads.items import Item
from bioimagehub.catalogs.downloads.plan import Plan
from bioimagehub.catalogs.downloads.selection import Selection, choose_items
from bioimagehub.catalogs.downloads.stored_images import METADATA, read_image
from bioimagehub.catalogs.downloads.zarr_items import ImageItems
from bioimagehub.catalogs.errors import (
    CatalogError,
    InvalidSelectionError,
    MissingFileError,
    NoAccessError,
    UnknownArchiveError,
)
from bioimagehub.catalogs.hosts import installed_hosts
from bioimagehub.catalogs.locations import is_local, resolve
from bioimagehub.catalogs.reader import installed_reader, open_place
from bioimagehub.catalogs.vocabulary.licences import forbids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.downloads.image_shapes import ImageShape
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

_ZARR = ".zarr"
_KEPT = ("title", "licence", "licence_url")


def plan_fetch(
    source: Record | str | Path,
    *,
    selection: Selection | None = None,
    client: Client | None = None,
) -> Plan:
    """Work out which files a download has, without fetching them.

    The files of a study are asked of its archive; the chunks of an OME-Zarr image are worked out from its metadata.

    Parameters
    ----------
    source : Record or str or Path
        A record; an identifier, such as ``bia:S-BIAD599``; an address; or a path on this machine.
    selection : Selection or None
        What of it is wanted; None for all.
    client : Client or None
        What asks the archive; None for a new one.

    Raises
    ------
    NoAccessError
        If the record is not open to everybody.
    InvalidSelectionError
        If the selection takes nothing, or asks for a part of what is no OME-Zarr image.
    MissingFileError
        If there is nothing at an address or path.
    CatalogError
        As the archive, or the metadata of an image, may fail.
    """
    selection = selection or Selection()
    record = _find_record(source, client)
    planner = _Planner(selection, record.identifier if record else str(source))
    if record is None:
        planner.add_place(str(source))
        return planner.plan(None)
    _require_open(record)
    if record.url is not None:
        whole_sample = record.collection == "samples" and not selection.cuts_images
        # The folder of a sample holds its tables beside the image.
        planner.add_place(record.url.rpartition("/")[0] if whole_sample else record.url, record.checksum)
    else:
        for file in _list_files(record, client):
            planner.add_file(file)
    return planner.plan(record)


class _Planner:
    """Collects the items of a plan."""

    def __init__(self, selection: Selection, source: str) -> None:
        self._selection = selection
        self._source = source
        self._hosts = installed_hosts()
        self._files: list[Item] = []
        self._images: list[tuple[str, str]] = []
        self._notes: list[str] = []
        self._shapes: list[ImageShape] = []
        self._near: dict[str, Path] = {}

    def add_place(self, url: str, checksum: str | None = None) -> None:
        """Add what is at an address or path: a file, a folder, or an OME-Zarr image."""
        where = resolve(url).rstrip("/")
        name = unquote(urlsplit(where).path if "://" in where else where).rpartition("/")[2]
        if name.endswith(_ZARR) and (self._selection.cuts_images or not is_local(where)):
            self._images.append((name, where))
        elif is_local(where):
            self._add_local(Path(where.removeprefix("file://")))
        elif not name:
            msg = f"{url} names no file. Give the address of a file or of an OME-Zarr image."
            raise MissingFileError(msg)
        else:
            size = open_place(where).stat().size
            is_file = checksum is None or checksum.startswith(("md5:", "sha256:"))
            self._files.append(
                Item(path=name, urls=self._hosts.candidates(where), size=size, checksum=checksum if is_file else None)
            )

    def add_file(self, file: File) -> None:
        """Add a file that an archive lists."""
        if file.url is None:
            self._notes.append(f"{file.path} has no address: it cannot be fetched.")
        elif file.path.endswith(_ZARR):
            self._images.append((file.path, file.url))
        else:
            urls = self._hosts.candidates(file.url)
            self._files.append(Item(path=file.path, urls=urls, size=file.size, checksum=file.checksum))

    def plan(self, record: Record | None) -> Plan:
        """Choose, and give the plan."""
        selection = self._selection
        named = dict(self._images)
        listed = [*self._files, *(Item(path=path) for path in named)]
        chosen = choose_items(listed, selection.paths, selection.inside)
        items = [item for item in chosen if item.path not in named]
        images = [item.path for item in chosen if item.path in named]
        if selection.cuts_images:
            if not images:
                msg = (
                    f"{self._source} has no OME-Zarr image among what is selected; channels, levels and regions are "
                    "parts of such images. Leave them out, or choose an image."
                )
                raise InvalidSelectionError(msg)
            if items:
                msg = (
                    f"The selection asks for a part of images, and takes {len(items)} other files, such as "
                    f"{items[0].path}. Choose the images by a pattern, such as '*{_ZARR}'."
                )
                raise InvalidSelectionError(msg)
        for path in images:
            items += self._plan_image(path, named[path])
        self._describe_near(items)
        if not items:
            msg = f"{self._source} has no files that can be fetched. Look at its page at the archive."
            raise InvalidSelectionError(msg)
        fields: dict[str, Any] = {name: getattr(record, name) for name in _KEPT} if record else {}
        return Plan(
            source=self._source,
            items=tuple(items),
            forbids=forbids(record.licence) if record else (),
            notes=tuple(self._notes),
            images=tuple(self._shapes),
            **fields,
        )

    def _plan_image(self, path: str, url: str) -> list[Item]:
        place = open_place(url)
        root = read_image(place)

        def addresses(below: str) -> tuple[str, ...]:
            # A chunk that is missing at another host than the one of the metadata tells nothing.
            return installed_reader().addresses((place / below).url)

        shape = describe_image(root, path)
        if shape is not None:
            self._shapes.append(shape)
        image = ImageItems(place, path, addresses)
        if not self._selection.cuts_images:
            found = image.whole(root)
        else:
            found = image.part(root, self._selection, self._tell(url))
        self._notes += image.notes
        return found

    def _describe_near(self, items: list[Item]) -> None:
        """Describe the first image of this machine whose files are taken as they are."""
        first = next((item.image for item in items if item.image in self._near), None)
        if first is None:
            return
        try:
            shape = describe_image(read_image(open_place(str(self._near[first]))), first)
        except CatalogError as error:
            self._notes.append(f"No part of {first} can be chosen. {error}")
            return
        if shape is not None:
            self._shapes.append(shape)

    def _tell(self, url: str) -> dict[str, Any]:
        """Give what a part of an image says of where it comes from."""
        selection = self._selection
        return {
            "source": self._source,
            "url": url,
            "channels": list(selection.channels) or None,
            "levels": list(selection.levels) or None,
            "region": {axis: list(span) for axis, span in selection.region.items()} or None,
            "labels": selection.labels,
        }

    def _add_local(self, path: Path) -> None:
        if path.is_file():
            self._files.append(Item(path=path.name, local=path, size=path.stat().st_size))
            return
        if not path.is_dir():
            msg = f"There is no file and no folder {path}. Check the path."
            raise MissingFileError(msg)
        # An image keeps its own name; what is in another folder does not need one around it.
        base = path.parent if path.name.endswith(_ZARR) else path
        for folder, folders, files in os.walk(path):
            for name in [each for each in folders if self._selection.cuts_images and each.endswith(_ZARR)]:
                folders.remove(name)
                self._images.append((Path(folder, name).relative_to(base).as_posix(), str(Path(folder, name))))
            for name in files:
                file = Path(folder, name)
                inside = file.relative_to(base).as_posix()
                before, found, _ = inside.partition(f"{_ZARR}/")
                image = f"{before}{_ZARR}" if found else None
                last = image is not None and name in METADATA
                if image is not None:
                    self._near.setdefault(image, base / image)
                self._files.append(Item(path=inside, local=file, size=file.stat().st_size, image=image, last=last))


def _find_record(source: Record | str | Path, client: Client | None) -> Record | None:
    from bioimagehub.catalogs.records import Record

    if isinstance(source, Record):
        return source
    if isinstance(source, Path) or "://" in source or Path(source).exists():
        return None
    from bioimagehub.catalogs import open_catalog
    from bioimagehub.catalogs.commands.records import find_archive, find_record
    from bioimagehub.catalogs.errors import UnknownEntryError

    try:
        return find_record(open_catalog(), source)
    except UnknownEntryError:
        try:
            archive, accession = find_archive(source)
        except UnknownArchiveError:
            archive = None
        if archive is None or not accession:
            raise
        found: Record = _with_client(client, lambda asked: archive.fetch_record(accession, asked))
        return found


def _list_files(record: Record, client: Client | None) -> Iterator[File]:
    from bioimagehub.catalogs.archives import open_archive

    archive = open_archive(record.collection)
    listed: list[File] = _with_client(client, lambda asked: list(archive.list_files(record.name, asked)))
    yield from listed


def _with_client(client: Client | None, ask: Any) -> Any:
    if client is not None:
        return ask(client)
    from bioimagehub.catalogs.archives.client import Client as OwnClient

    with OwnClient() as own:
        return ask(own)


def _require_open(record: Record) -> None:
    access = record.access
    today = datetime.now(UTC).date()
    is_open = access.kind == "open" or (access.kind == "embargoed" and (access.until or date.max) <= today)
    if is_open:
        return
    until = f" until {access.until}" if access.until else ""
    how = access.how or f"See {record.source_url}"
    where = f" ({access.url})" if access.url else ""
    msg = f"{record.identifier} cannot be fetched: access to it is {access.kind}{until}. {how}{where}."
    raise NoAccessError(msg)
