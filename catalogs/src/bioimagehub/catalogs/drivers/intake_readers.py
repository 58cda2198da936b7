"""Intake's current interface to the catalog: a data type, a reader, and a catalog with entries made when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from intake.readers.datatypes import BaseData
from intake.readers.entry import Catalog, ReaderDescription
from intake.readers.readers import BaseReader
from intake.readers.utils import LazyDict

from bioimagehub.catalogs.errors import NotReadableError
from bioimagehub.catalogs.naming import naming
from bioimagehub.catalogs.reader import Dataset
from bioimagehub.catalogs.reading import check_options, open_url, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import xarray as xr

    from bioimagehub.catalogs.catalog import Catalog as Records
    from bioimagehub.catalogs.records import Record


class Image(BaseData):
    """An image at an address.

    Parameters
    ----------
    url : str
        Path or address of the image.
    driver : str
        Driver that reads it, out of `bioimagehub.catalogs.drivers.DRIVERS`.
    metadata : dict or None
        The fields of its record.
    options : dict or None
        What the driver needs to know to open it, such as ``series``.
    """

    structure: ClassVar[set[str]] = {"array", "image"}

    def __init__(
        self,
        url: str,
        driver: str,
        metadata: dict[str, Any] | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        self.url, self.driver, self.options = url, driver, options or {}
        super().__init__(metadata)


class ImageReader(BaseReader):
    """Reads an image as a labelled array with physical coordinates, lazily."""

    implements: ClassVar[set[type[BaseData]]] = {Image}
    imports: ClassVar[set[str]] = {"xarray"}
    output_instance = "xarray:DataArray"

    def _read(self, data: Image, **options: Any) -> xr.DataArray:
        """Open it: `options` are level, label, chunks and what the driver takes, before those of the entry."""
        arguments: dict[str, Any] = {"chunks": ()} | data.options | options
        identifier = data.metadata.get("identifier")
        with naming(identifier):
            check_options(data.driver, data.url, arguments)
        array = open_url(
            data.driver,
            data.url,
            dataset=Dataset(identifier or data.url, data.metadata.get("version")),
            **arguments,
        )
        array.attrs |= tell(data.metadata)
        return array


class _ByIdentifier(LazyDict):
    """Something for each record of a catalog, by its identifier; nothing is made before it is asked for."""

    def __init__(self, records: Records, make: Callable[[str], Any]) -> None:
        self._records, self._make = records, make

    def __iter__(self) -> Iterator[str]:
        for fields in self._records.iterate_fields():
            yield fields["identifier"]

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._records

    def __getitem__(self, identifier: str) -> Any:
        if identifier not in self._records:
            raise KeyError(identifier)
        return self._make(identifier)


class ImagesCatalog(Catalog):
    """The images of a catalog that a driver reads, as readers of Intake.

    Parameters
    ----------
    records : bioimagehub.catalogs.Catalog
        Records; those that no driver reads are left out.
    """

    def __init__(self, records: Records) -> None:
        self._readable = records.search(readable=True) if len(records) else records
        # Intake looks names up in two steps: each identifier stands for itself, and then for its entry.
        super().__init__(
            entries=_ByIdentifier(self._readable, self._describe), aliases=_ByIdentifier(self._readable, str)
        )

    def _describe(self, identifier: str) -> ReaderDescription:
        return make_reader(self._readable[identifier]).to_entry()

    def search(self, expr: Any = "", **facets: Any) -> Catalog:
        """Narrow the catalog by words and facets; an expression of Intake is asked of each entry, which is slow."""
        if isinstance(expr, str):
            return ImagesCatalog(self._readable.search(expr, **facets))
        return super().search(expr)

    def to_plain(self) -> Catalog:
        """Give an ordinary catalog of Intake with the same entries, which can be changed and saved as YAML."""
        plain = Catalog()
        for record in self._readable:
            plain.add_entry(make_reader(record), name=record.identifier)
        return plain

    def to_yaml_file(self, path: str, **storage_options: Any) -> None:
        """Save the entries as YAML, for Intake alone to open."""
        self.to_plain().to_yaml_file(path, **storage_options)

    def __repr__(self) -> str:
        return f"<Intake catalog of {len(self)} images>"


def make_reader(record: Record) -> ImageReader:
    """Make the reader of a record.

    Raises
    ------
    NotReadableError
        If no driver reads it.
    """
    if record.driver is None or record.url is None:
        msg = f"{record.identifier} has no image that a driver reads; see {record.source_url}."
        raise NotReadableError(msg)
    metadata = record.model_dump(mode="json", exclude_defaults=True)
    return ImageReader(data=Image(record.url, record.driver, metadata=metadata, options=record.arguments))
