"""Intake's doors to the drivers: ``driver: ome_zarr``, ``driver: tiff`` and so on in a catalog file lead here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from intake.source.base import DataSource, Schema

from bioimagehub.catalogs.errors import NotReadableError
from bioimagehub.catalogs.naming import naming
from bioimagehub.catalogs.reader import Dataset
from bioimagehub.catalogs.reading import check_options, find_place, open_url, tell

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from bioimagehub.catalogs.arrays.labelled import Chunks
    from bioimagehub.catalogs.records import Record


class ImageSource(DataSource):
    """An image of a catalog, opened by the driver that its subclass names.

    Parameters
    ----------
    url : str
        Path or address of the image; ``samples://`` stands for the sample archive of this machine.
    level : int or "auto"
        Multiscale level; 0 is the full resolution.
    label : str or None
        Name of a label image; None opens the image.
    chunks : mapping of axis to size, ``()`` or ``"auto"``
        How `to_dask` cuts the image; see `bioimagehub.catalogs.Record.open`.
    metadata : dict or None
        What the catalog says of the entry.
    **options
        What the driver takes besides, such as ``series``.

    Raises
    ------
    UnknownOptionError
        If the driver takes no such parameter.
    """

    driver: ClassVar[str]
    container = "xarray"
    partition_access = False

    def __init__(
        self,
        url: str,
        level: int | str = 0,
        label: str | None = None,
        chunks: Chunks = (),
        metadata: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        with naming((metadata or {}).get("identifier")):
            check_options(self.driver, url, options)
        super().__init__(metadata=metadata)
        self.url = url
        self.level = level
        self.label = label
        self.chunks = chunks
        self.options = options

    def read(self) -> xr.DataArray:
        """Load the pixels into memory, with their axes and physical coordinates."""
        return self._open(None).load()

    def to_dask(self) -> xr.DataArray:
        """Open lazily over Dask, in blocks that fit the chunks of the store."""
        return self._open(self.chunks)

    def to_xarray(self) -> xr.DataArray:
        """Open lazily without Dask: what is indexed is read."""
        return self._open(None)

    def _open(self, chunks: Chunks) -> xr.DataArray:
        metadata = self.metadata
        array = open_url(
            self.driver,
            self.url,
            level=self.level,
            label=self.label,
            chunks=chunks,
            dataset=Dataset(metadata.get("identifier", self.url), metadata.get("version")),
            **self.options,
        )
        array.attrs |= tell(metadata)
        return array

    def _get_schema(self) -> Schema:
        array = self._open(None)
        return Schema(dtype=array.dtype.name, shape=array.shape, npartitions=1, extra_metadata={})

    def _close(self) -> None:
        """Nothing stays open between two reads."""


class CziSource(ImageSource):
    """CZI files of Zeiss microscopes: see `bioimagehub.catalogs.drivers.czi.open_array`."""

    name = driver = "czi"
    version = "1"


class EmpiarSource(ImageSource):
    """Image sets of EMPIAR: a folder of micrographs: see `bioimagehub.catalogs.drivers.empiar.open_array`."""

    name = driver = "empiar"
    version = "1"


class Hdf5Source(ImageSource):
    """Arrays in HDF5 files: see `bioimagehub.catalogs.drivers.hdf5.open_array`."""

    name = driver = "hdf5"
    version = "1"


class ImageSetSource(ImageSource):
    """Images in a zip file or a folder: see `bioimagehub.catalogs.drivers.image_set.open_array`."""

    name = driver = "image_set"
    version = "1"


class LifSource(ImageSource):
    """LIF files of Leica microscopes: see `bioimagehub.catalogs.drivers.lif.open_array`."""

    name = driver = "lif"
    version = "1"


class MrcSource(ImageSource):
    """MRC and CCP4 maps and stacks: see `bioimagehub.catalogs.drivers.mrc.open_array`."""

    name = driver = "mrc"
    version = "2014"


class Nd2Source(ImageSource):
    """ND2 files of Nikon microscopes: see `bioimagehub.catalogs.drivers.nd2.open_array`."""

    name = driver = "nd2"
    version = "1"


class NiftiSource(ImageSource):
    """NIfTI volumes: see `bioimagehub.catalogs.drivers.nifti.open_array`."""

    name = driver = "nifti"
    version = "1"


class NrrdSource(ImageSource):
    """NRRD volumes: see `bioimagehub.catalogs.drivers.nrrd.open_array`."""

    name = driver = "nrrd"
    version = "1"


class NwbSource(ImageSource):
    """Image series in NWB files: see `bioimagehub.catalogs.drivers.nwb.open_array`."""

    name = driver = "nwb"
    version = "2"


class OmeZarrSource(ImageSource):
    """OME-Zarr images and plates: see `bioimagehub.catalogs.drivers.ome_zarr.open_array`."""

    name = driver = "ome_zarr"
    version = "0.5"


class PictureSource(ImageSource):
    """PNG, JPEG and other plain pictures: see `bioimagehub.catalogs.drivers.picture.open_array`."""

    name = driver = "picture"
    version = "1"


class TiffSource(ImageSource):
    """TIFF and OME-TIFF: see `bioimagehub.catalogs.drivers.tiff.open_array`."""

    name = driver = "tiff"
    version = "1"


class TrackingSource(ImageSource):
    """Folders of the Cell Tracking Challenge: see `bioimagehub.catalogs.drivers.tracking.open_array`."""

    name = driver = "tracking"
    version = "1"


class TableSource(DataSource):
    """A table of a catalog: STAR, CSV, TSV, Parquet or GeoJSON, by the end of its name.

    Parameters
    ----------
    url : str
        Path or address of the file.
    metadata : dict or None
        What the catalog says of the entry.
    **options
        As `bioimagehub.catalogs.drivers.tables.load_table` takes them, such as ``columns``.
    """

    name = "table"
    version = "1"
    container = "dataframe"
    partition_access = False

    def __init__(self, url: str, metadata: dict[str, Any] | None = None, **options: Any) -> None:
        super().__init__(metadata=metadata)
        self.url = url
        self.options = options

    def read(self) -> pd.DataFrame:
        """Load the table into memory.

        Raises
        ------
        UnknownOptionError, UnreadableTableError, ReadError
            If its format takes no such option, it is damaged, or its bytes cannot be had.
        """
        from bioimagehub.catalogs.drivers.tables import load_table

        identifier = self.metadata.get("identifier")
        with naming(identifier):
            place = find_place(self.url, dataset=Dataset(identifier or self.url, self.metadata.get("version")))
            return load_table(place, **self.options)

    def _get_schema(self) -> Schema:
        table = self.read()
        types = {str(name): str(kind) for name, kind in table.dtypes.items()}
        return Schema(dtype=types, shape=table.shape, npartitions=1, extra_metadata={})

    def _close(self) -> None:
        """Nothing stays open between two reads."""


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


_SOURCES: dict[str | None, type[ImageSource]] = {source.driver: source for source in ImageSource.__subclasses__()}


def find_source(record: Record) -> type[ImageSource] | type[RecordSource]:
    """Give the class of Intake source that opens a record."""
    return _SOURCES.get(record.driver, RecordSource)
