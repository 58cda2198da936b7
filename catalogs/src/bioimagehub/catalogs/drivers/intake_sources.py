"""Intake's doors to the drivers: ``driver: ome_zarr`` and ``driver: mrc`` in a catalog file lead here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from intake.source.base import DataSource, Schema

from bioimagehub.catalogs.errors import NotReadableError
from bioimagehub.catalogs.reading import open_url

if TYPE_CHECKING:
    import xarray as xr

    from bioimagehub.catalogs.drivers.lazy import Chunks
    from bioimagehub.catalogs.records import Record


class ImageSource(DataSource):
    """An image of a catalog, opened by the driver that its subclass names.

    Parameters
    ----------
    url : str
        Path or address of the image; ``samples://`` stands for the sample archive of this machine.
    level : int
        Multiscale level; 0 is the full resolution.
    label : str or None
        Name of a label image; None opens the image.
    metadata : dict or None
        What the catalog says of the entry.
    """

    driver: ClassVar[str]
    container = "xarray"
    partition_access = False

    def __init__(
        self, url: str, level: int = 0, label: str | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        super().__init__(metadata=metadata)
        self.url = url
        self.level = level
        self.label = label

    def read(self) -> xr.DataArray:
        """Load the pixels into memory, with their axes and physical coordinates."""
        return self._open(None).load()

    def to_dask(self) -> xr.DataArray:
        """Open lazily over Dask, with the chunks of the store."""
        return self._open(())

    def _open(self, chunks: Chunks) -> xr.DataArray:
        array = open_url(self.driver, self.url, level=self.level, label=self.label, chunks=chunks)
        if "identifier" in self.metadata:
            array.attrs["identifier"] = self.metadata["identifier"]
        return array

    def _get_schema(self) -> Schema:
        array = self._open(())
        return Schema(dtype=array.dtype.name, shape=array.shape, npartitions=array.data.npartitions, extra_metadata={})

    def _close(self) -> None:
        """Nothing stays open between two reads."""


class OmeZarrSource(ImageSource):
    """OME-Zarr images: see `bioimagehub.catalogs.drivers.ome_zarr.open_array`."""

    name = driver = "ome_zarr"
    version = "0.5"


class MrcSource(ImageSource):
    """MRC and CCP4 maps: see `bioimagehub.catalogs.drivers.mrc.open_array`."""

    name = driver = "mrc"
    version = "2014"


class RecordSource(DataSource):
    """A record that no driver reads: it tells what to do instead when it is read."""

    name = "record"
    version = "1"
    container = "record"
    partition_access = False

    def read(self) -> None:
        """Raise `NotReadableError`, which says what to do instead."""
        how = self.metadata.get("access", {}).get("how") or f"See {self.metadata.get('source_url')}."
        msg = f"{self.metadata.get('identifier')} has no image that a driver reads. {how}"
        raise NotReadableError(msg)

    to_dask = discover = read

    def _close(self) -> None:
        """Nothing was opened."""


_SOURCES: dict[str | None, type[ImageSource]] = {source.driver: source for source in (MrcSource, OmeZarrSource)}


def find_source(record: Record) -> type[ImageSource] | type[RecordSource]:
    """Give the class of Intake source that opens a record."""
    return _SOURCES.get(record.driver, RecordSource)
