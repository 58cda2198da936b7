"""The record of a dataset: what it is, who made it, how it may be used, how to read it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bioimagehub.catalogs.errors import InvalidEntryError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd
    import xarray as xr

# Tables 1 and 2 of Ellenberg et al., Nature Methods 15, 849-854 (2018), doi:10.1038/s41592-018-0195-8.
Scale = Literal["molecular", "molecular machines", "cells", "tissues", "organism"]
DataType = Literal["correlative", "atlas", "benchmark", "systematic phenotyping"]
SCALES: tuple[str, ...] = get_args(Scale)
DATA_TYPES: tuple[str, ...] = get_args(DataType)

Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
AxisName = Literal["t", "c", "z", "y", "x"]
AXIS_ORDER: tuple[str, ...] = get_args(AxisName)


class _Part(BaseModel):
    """What the parts of a record share: they do not change, and nothing unknown is let in."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Organism(_Part):
    """The organism that was imaged.

    Attributes
    ----------
    name : str
        Scientific name.
    taxon : int
        Identifier in the NCBI taxonomy.
    """

    name: str
    taxon: Annotated[int, Field(gt=0)]


class Author(_Part):
    """A person, or a group that signs as one.

    Attributes
    ----------
    family : str
        Family name, or the whole name of a group.
    given : str or None
        Given names or their initials; None for a group.
    """

    family: str
    given: str | None = None


class Publication(_Part):
    """Where the dataset was published or described; what to cite beside the record."""

    title: str
    year: Annotated[int, Field(ge=1600, le=2100)]
    journal: str | None = None
    volume: str | None = None
    pages: str | None = None


class Channel(_Part):
    """A channel of the image: its name, and the colour it is shown in as six hexadecimal digits."""

    name: str
    colour: Annotated[str, Field(pattern=r"^[0-9A-F]{6}$")]


class Record(_Part):
    """A dataset of a catalog, and the way to its pixels.

    Attributes
    ----------
    identifier : str
        Catalog and name in it, as ``samples:bbbc038-nuclei``.
    title, description : str
        One line; what one should know before using it.
    source, source_url : str
        The archive or package that the dataset comes from, and its address.
    source_accession : str or None
        Identifier in that archive; None where the source states none.
    package : str or None
        The distribution that carried the bytes, with its version; None where no package did.
    authors : tuple of Author
        Who made the dataset; empty where the source does not say.
    publication : Publication or None
        What to cite; None where the source names nothing.
    doi : str or None
        DOI of the dataset, or else of the publication; None where there is none.
    licence : str or None
        SPDX identifier; None where the source states no licence that covers the image.
    organism : Organism or None
        None where the source does not say, and for simulated images.
    scale : str
        One of `SCALES`.
    method : str or None
        Imaging method; None where the source does not say.
    data_type : str or None
        One of `DATA_TYPES`; None for an image that is none of the four.
    axes : tuple of str
        Names of the dimensions in order, out of ``t c z y x``.
    shape : tuple of int
        Size along each axis at level 0.
    spacing : tuple of float or None
        Distance between samples along each axis: micrometres for ``z y x``, seconds for ``t``. None where
        the source does not state it (that axis then counts pixels or frames) and always for ``c``.
    dtype : str
        NumPy name of the pixel type.
    channels : tuple of Channel
        One for each position along ``c``, or a single one where there is no such axis.
    labels, tables : tuple of str
        Names of the label images and of the tables.
    driver : str
        Name of the driver that reads it: ``mrc`` or ``ome_zarr``.
    url : str
        Path or address of the image; ``samples://`` stands for the sample archive of this machine.
    checksum : str or None
        ``sha256:`` and the digest of the dataset's manifest; None until the dataset was built.
    """

    identifier: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*:[a-z0-9]+(-[a-z0-9]+)*$")]
    title: str
    description: str
    source: str
    source_url: str
    source_accession: str | None
    package: str | None
    authors: tuple[Author, ...]
    publication: Publication | None
    doi: Annotated[str, Field(pattern=r"^10\.\d{4,9}/\S+$")] | None
    licence: str | None
    organism: Organism | None
    scale: Scale
    method: str | None
    data_type: DataType | None
    axes: tuple[AxisName, ...]
    shape: tuple[Annotated[int, Field(gt=0)], ...]
    spacing: tuple[Annotated[float, Field(gt=0)] | None, ...]
    dtype: str
    channels: tuple[Channel, ...]
    labels: tuple[Name, ...] = ()
    tables: tuple[Name, ...] = ()
    driver: Literal["mrc", "ome_zarr"]
    url: str
    checksum: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None

    @model_validator(mode="after")
    def _axes_agree(self) -> Self:
        """Axes, shape, spacing and channels tell of the same array."""
        if tuple(a for a in AXIS_ORDER if a in self.axes) != self.axes:
            msg = f"axes {self.axes} are not in the order t, c, z, y, x, each at most once"
            raise ValueError(msg)
        if not len(self.axes) == len(self.shape) == len(self.spacing):
            msg = f"{len(self.axes)=}, {len(self.shape)=} and {len(self.spacing)=} differ"
            raise ValueError(msg)
        sizes = dict(zip(self.axes, self.shape, strict=True))
        if len(self.channels) != sizes.get("c", 1):
            msg = f"{len(self.channels)} channels are named, the image has {sizes.get('c', 1)}"
            raise ValueError(msg)
        if "c" in self.axes and self.spacing[self.axes.index("c")] is not None:
            msg = "the spacing of axis c is not null: channels have no distance"
            raise ValueError(msg)
        return self

    @property
    def collection(self) -> str:
        """The catalog it belongs to: the identifier before the colon."""
        return self.identifier.partition(":")[0]

    @property
    def name(self) -> str:
        """Its name in that catalog: the identifier behind the colon."""
        return self.identifier.partition(":")[2]

    def open(
        self,
        level: int = 0,
        *,
        label: str | None = None,
        chunks: Mapping[str, int] | tuple[()] | str | None = None,
    ) -> xr.DataArray:
        """Open one level of the image, or of one of its label images, without reading pixels.

        Parameters
        ----------
        level : int
            Multiscale level; 0 is the full resolution.
        label : str or None
            Name of a label image; None opens the image itself.
        chunks : mapping of axis to size, ``()``, ``"auto"`` or None
            None reads lazily without Dask. Anything else gives a Dask array: ``()`` with the stored chunks,
            ``"auto"`` with whole multiples of them, a mapping with the sizes named there.

        Returns
        -------
        xarray.DataArray
            Dimensions are the record's axes (a label image lacks ``c``); 0 is background in a label image.
            Coordinates ``z y x`` are in micrometres and ``t`` in seconds, float64, at the centres of the
            pixels; each has the attributes ``units`` and ``spacing``. Units are ``pixel`` or ``frame`` where
            the source states no distance. ``c`` holds the channel names.

        Raises
        ------
        UnknownLevelError, UnknownLabelError
            If the image has no such level or label image.
        SamplesNotBuiltError, DamagedSampleError
            If the dataset is one of the sample archive and is missing, or lacks files.
        UnreadableImageError
            If the driver cannot read what is there.
        """
        from bioimagehub.catalogs import reading

        return reading.open_image(self, level, label=label, chunks=chunks)

    def load_table(self, name: str) -> pd.DataFrame:
        """Load a table of the record, such as the tracks of a time-lapse, into memory.

        Raises
        ------
        UnknownTableError
            If the record has no table of that name.
        SamplesNotBuiltError, DamagedSampleError
            As in `open`.
        """
        from bioimagehub.catalogs import reading

        return reading.load_table(self, name)

    def cite(self, style: Literal["text", "bibtex"] = "text") -> str:
        """Give the reference to cite, as one line of text or as a BibTeX entry."""
        from bioimagehub.catalogs import citation

        return citation.cite(self, style)

    def _repr_html_(self) -> str:
        from bioimagehub.catalogs import display

        return display.record_html(self)

    def __str__(self) -> str:
        from bioimagehub.catalogs import display

        return display.record_text(self)

    def __repr__(self) -> str:
        return f"<Record {self.identifier}: {self.title}>"


def parse_record(fields: Mapping[str, Any], where: str | Path) -> Record:
    """Make a record of plain fields, as they stand in a catalog file or in ``record.json``.

    Parameters
    ----------
    fields : mapping
        The fields of `Record`.
    where : str or Path
        Where they were read; it goes into the error.

    Raises
    ------
    InvalidEntryError
        If a field is missing, unknown, or not of its kind. All faults are told at once.
    """
    try:
        # From JSON, where a list may stand for a tuple; all else stays strict.
        return Record.model_validate_json(json.dumps(fields))
    except (ValidationError, TypeError) as error:
        faults = (
            [f"{'.'.join(map(str, fault['loc'])) or 'record'}: {fault['msg']}" for fault in error.errors()]
            if isinstance(error, ValidationError)
            else [str(error)]
        )
        msg = (
            f"The entry {fields.get('identifier', '(without identifier)')} in {where} is not a valid record: "
            f"{'; '.join(faults)}. Correct these fields; docs/reference/records.md lists what each may hold."
        )
        raise InvalidEntryError(msg) from error
