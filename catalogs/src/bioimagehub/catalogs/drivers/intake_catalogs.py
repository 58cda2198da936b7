"""Intake's version 1 catalogs over the index: ``driver: archive`` in a catalog file leads here.

An archive is a catalog of its studies and of the images that belong to no study; a study is a catalog of its
images. Nothing is read until a name is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from intake.catalog import Catalog
from intake.catalog.entry import CatalogEntry

from bioimagehub.catalogs.catalog import Catalog as Records
from bioimagehub.catalogs.drivers.intake_sources import RecordSource, find_source
from bioimagehub.catalogs.indexes import open_catalog_index
from bioimagehub.catalogs.intake_yaml import dump_yaml

if TYPE_CHECKING:
    from intake.source.base import DataSource

    from bioimagehub.catalogs.records import Record


class RecordEntry(CatalogEntry):
    """An entry of a catalog over the index.

    Its arguments are taken as they are: no template in the title of a depositor is ever filled in.
    """

    def __init__(self, name: str, record: Record, records: Records) -> None:
        self._name, self._record, self._records = name, record, records
        self._metadata = record.model_dump(mode="json", exclude_defaults=True)
        self._user_parameters: list[Any] = []
        self._container = "catalog" if record.kind == "study" else find_source(record).container
        super().__init__(getenv=False, getshell=False)

    @property
    def name(self) -> str:
        """Name in its catalog."""
        return self._name

    def describe(self) -> dict[str, Any]:
        """Tell what the entry is, in the form that Intake has for it."""
        driver = StudyCatalog.name if self._record.kind == "study" else find_source(self._record).name
        return {
            "name": self._name,
            "container": self._container,
            "plugin": [driver],
            "driver": [driver],
            "description": self._record.description or self._record.title,
            "direct_access": "forbid",
            "user_parameters": [],
            "metadata": self._metadata,
            "args": {"url": self._record.url, **self._record.arguments} if self._record.url else {},
        }

    def get(self, **arguments: Any) -> DataSource:
        """Open the images of a study as a catalog, or an image as a source."""
        if self._record.kind == "study":
            return StudyCatalog(self._record, self._records)
        source = find_source(self._record)
        if source is RecordSource:
            return source(**arguments, metadata=self._metadata)
        return source(**{"url": self._record.url, **self._record.arguments, **arguments}, metadata=self._metadata)


class _Entries(Mapping[str, RecordEntry]):
    """The entries of a catalog by name, each made when it is asked for."""

    def __init__(self, records: Records, listed: Records, prefix: str) -> None:
        self._records, self._listed, self._prefix = records, listed, prefix

    def __len__(self) -> int:
        return len(self._listed)

    def __iter__(self) -> Iterator[str]:
        for fields in self._listed.iterate_fields():
            yield fields["identifier"].removeprefix(self._prefix)

    def __getitem__(self, name: str) -> RecordEntry:
        if name not in self:
            raise KeyError(name)
        return RecordEntry(name, self._listed[self._prefix + name], self._records)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._prefix + name in self._listed


class _RecordsCatalog(Catalog):
    """What the catalogs over the index share."""

    container = "catalog"
    version = "1"
    partition_access = None
    _records: Records
    _listed: Records
    _prefix: str

    def __init__(self, records: Records, listed: Records, prefix: str, **options: Any) -> None:
        self._records, self._listed, self._prefix = records, listed, prefix
        super().__init__(**options, ttl=None, getenv=False, getshell=False)

    def _make_entries_container(self) -> Mapping[str, RecordEntry]:
        return _Entries(self._records, self._listed, self._prefix)

    def search(self, text: str = "", depth: int = 2, **facets: Any) -> Catalog:  # noqa: ARG002 - Intake's signature
        """Narrow the catalog; `bioimagehub.catalogs.Catalog.search` tells what can be asked.

        Parameters
        ----------
        text : str
            Words, phrases and beginnings.
        depth : int
            Without effect: images are searched with their studies.
        **facets
            As `bioimagehub.catalogs.Catalog.search` takes them.
        """
        return FoundCatalog(self._records, self._records.search(text, **facets), text, self._prefix)

    def serialize(self) -> str:
        """Write the images that a driver reads as a catalog file; `save` puts it into a file."""
        return dump_yaml(self._listed.search(readable=True))

    def __repr__(self) -> str:
        return f"<Intake catalog: {self.name}, {len(self)} entries>"


class ArchiveCatalog(_RecordsCatalog):
    """All records of one archive.

    Parameters
    ----------
    catalog : str
        Path of the catalog file that the archive is listed in; its index is opened, or built first.
    archive : str
        Name of the archive: the part of the identifiers before the colon.
    path : str or None
        Path of the table of the archive's records, for those who read it without an index.
    metadata : dict or None
        What the catalog file says of the archive.
    """

    name: ClassVar[str] = "archive"

    def __init__(
        self, catalog: str, archive: str, path: str | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        del path
        records = Records.of_index(open_catalog_index([Path(catalog)])).search(archive=archive)
        super().__init__(records, records.search(part=False), f"{archive}:", name=archive, metadata=metadata)

    def serialize(self) -> str:
        """Write the images that a driver reads as a catalog file, those of studies with the name of their study."""
        return dump_yaml(self._records.search(readable=True))


class StudyCatalog(_RecordsCatalog):
    """The images of one study; its metadata are the record of the study."""

    name: ClassVar[str] = "study"

    def __init__(self, record: Record, records: Records) -> None:
        images = records.parts_of(record.identifier)
        super().__init__(
            images,
            images,
            f"{record.identifier}/",
            name=record.identifier,
            description=record.description or record.title,
            metadata=record.model_dump(mode="json", exclude_defaults=True),
        )


class FoundCatalog(_RecordsCatalog):
    """What a search found; images are named with their study, as ``idr0062/6001240``."""

    name: ClassVar[str] = "found"

    def __init__(self, records: Records, found: Records, text: str, prefix: str) -> None:
        archive = prefix.partition(":")[0]
        super().__init__(records, found, f"{archive}:", name=f"{archive}_search", metadata={"search": {"text": text}})
