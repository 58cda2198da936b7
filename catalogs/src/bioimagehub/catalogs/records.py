"""The record of a study or of an image: what it is, who made it, how it may be used, how to read it."""

from __future__ import annotations

import json
from datetime import date  # noqa: TC003 - pydantic reads the annotation when the class is made
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from bioimagehub.catalogs.errors import InvalidEntryError
from bioimagehub.catalogs.parts import (
    Access,
    Address,
    Author,
    Channel,
    Checksum,
    Count,
    Doi,
    Fact,
    Identifier,
    Line,
    Location,
    Name,
    Options,
    Organism,
    Part,
    Prose,
    Publication,
    TableName,
    Term,
)
from bioimagehub.catalogs.scales import AXIS_ORDER, AxisName, DataType, Driver, GroundTruth, Scale, Technology
from bioimagehub.catalogs.untrusted import VALUES, is_moderate, printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd
    import xarray as xr

    from bioimagehub.catalogs.cost import Cost

Length = Annotated[int, Field(gt=0, le=2**63 - 1)]
_FAULTS = 50  # as many are told of one entry
Format = Annotated[str, Field(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$", max_length=40)]


class Record(Part):
    """A study, an image or a file of an archive, and the way to its pixels.

    Everything that the source does not state is None or empty; nothing is guessed.

    Attributes
    ----------
    identifier : str
        Archive and accession, as ``idr:idr0062``; of an image ``idr:idr0062/6001240``, or a name of its own, as
        ``samples:bbbc038-nuclei``.
    kind : str
        ``study``, ``image`` or ``file``.
    part_of : str or None
        Identifier of the study that it is part of.
    version : str or None
        Version as the archive counts it, or the date on which the archive changed the entry.
    title : str
        One line.
    description : str or None
        What one should know before using it; our words, not the archive's.
    source, source_url : str
        The archive or package that it comes from, and the address of its page there.
    source_accession : str or None
        Identifier in that archive.
    package : str or None
        The distribution that carried the bytes, with its version.
    authors : tuple of Author
    publications : tuple of Publication
        What to cite; the first is the main one.
    doi : str or None
        DOI of the dataset itself; those of publications stand there.
    licence : str or None
        SPDX identifier, or ``LicenseRef-`` and a name for terms that are not in SPDX; None where no licence is
        stated, so that nothing may be passed on.
    licence_url : str or None
        Where the licence or the terms are written.
    access : Access
        Open, embargoed until a date, controlled, or no image at all; and whom to ask.
    reference : bool
        Whether the archive or the community keeps it as reference data.
    organisms : tuple of Organism
    methods : tuple of Term
        Imaging methods as the archive names them, with FBbi identifiers where known.
    technologies : tuple of str
        Imaging technologies, out of `TECHNOLOGIES`; derived, see docs/reference/classification.md.
    scales : tuple of str
        Out of `SCALES`; derived likewise.
    data_types : tuple of str
        Out of `DATA_TYPES`; derived likewise.
    ground_truth : tuple of str
        What is known of the images to measure a method by, out of `GROUND_TRUTHS`.
    genes, proteins, phenotypes, compounds, processes, anatomy : tuple of Term
        What the images tell about, with identifiers where the archive has them. `anatomy` holds tissues, cell
        lines and types, and components of the cell; `processes` biological processes.
    keywords : tuple of str
    related : tuple of str
        Identifiers of records that this one belongs together with, such as the map of raw images.
    released, modified : date or None
        When the archive published it, and last changed it.
    size, files, images : int or None
        Bytes, number of files, number of images.
    formats : tuple of str
        File formats in small letters, such as ``ome-zarr``, ``tiff``, ``mrc``.
    format_version : str or None
        Version of the format of an image, as ``0.5`` of OME-Zarr.
    wells, fields : int or None
        Of a plate: number of wells, and of fields of view; None for an image that is no plate.
    axes : tuple of str
        Names of the dimensions in order, out of ``t c z y x``; empty where they are not known.
    shape : tuple of int
        Size along each axis at level 0; of a plate, of its first field of view.
    chunks, shards : tuple of int
        Size of a chunk, and of a shard, along each axis; empty where not known or not in use.
    spacing : tuple of float or None
        Distance between samples along each axis: micrometres for ``z y x``, seconds for ``t``. None where
        the source does not state it (that axis then counts pixels or frames) and always for ``c``.
    dtype : str or None
        NumPy name of the pixel type.
    channels : tuple of Channel
        One for each position along ``c``, or a single one where there is no such axis; empty where not known.
    labels, tables : tuple of str
        Names of the label images and of the tables; a table such as ``points.star`` is a file beside the image.
    driver : str or None
        Name of the driver that reads it, out of `DRIVERS`; None where none can.
    url : str or None
        Path or address of the image; ``samples://`` stands for the sample archive of this machine.
    options : str or None
        What the driver needs to know to open it, such as the series of a file: a JSON object of texts, numbers,
        truth values and lists of these.
    thumbnail : str or None
        Address of a small picture.
    checksum : str or None
        ``sha256:``, ``md5:`` or ``etag:`` and the digest; of a sample, that of its manifest.
    facts : tuple of Fact
        Where each fact came from, and when.
    """

    identifier: Identifier
    kind: Literal["study", "image", "file"] = "image"
    part_of: Identifier | None = None
    version: Line | None = None
    title: Line
    description: Prose | None = None
    source: Line
    source_url: Address
    source_accession: Line | None = None
    package: Line | None = None
    authors: tuple[Author, ...] = ()
    publications: tuple[Publication, ...] = ()
    doi: Doi | None = None
    licence: Annotated[str, Field(pattern=r"^[A-Za-z0-9.+-]+$", max_length=100)] | None = None
    licence_url: Address | None = None
    access: Access = Access()
    reference: bool = False
    organisms: tuple[Organism, ...] = ()
    methods: tuple[Term, ...] = ()
    technologies: tuple[Technology, ...] = ()
    scales: tuple[Scale, ...] = ()
    data_types: tuple[DataType, ...] = ()
    ground_truth: tuple[GroundTruth, ...] = ()
    genes: tuple[Term, ...] = ()
    proteins: tuple[Term, ...] = ()
    phenotypes: tuple[Term, ...] = ()
    compounds: tuple[Term, ...] = ()
    processes: tuple[Term, ...] = ()
    anatomy: tuple[Term, ...] = ()
    keywords: tuple[Line, ...] = ()
    related: tuple[Identifier, ...] = ()
    released: date | None = None
    modified: date | None = None
    size: Count | None = None
    files: Count | None = None
    images: Count | None = None
    formats: tuple[Format, ...] = ()
    format_version: Line | None = None
    wells: Count | None = None
    fields: Count | None = None
    axes: tuple[AxisName, ...] = ()
    shape: tuple[Length, ...] = ()
    chunks: tuple[Length, ...] = ()
    shards: tuple[Length, ...] = ()
    spacing: tuple[Annotated[float, Field(gt=0, allow_inf_nan=False)] | None, ...] = ()
    dtype: Line | None = None
    channels: tuple[Channel, ...] = ()
    labels: tuple[Name, ...] = ()
    tables: tuple[TableName, ...] = ()
    driver: Driver | None = None
    url: Location | None = None
    options: Options | None = None
    thumbnail: Address | None = None
    checksum: Checksum | None = None
    facts: tuple[Fact, ...] = ()

    @model_validator(mode="after")
    def _axes_agree(self) -> Self:
        """Check that axes, shape, chunks, spacing and channels tell of the same array."""
        if tuple(a for a in AXIS_ORDER if a in self.axes) != self.axes:
            msg = f"axes {self.axes} are not in the order t, c, z, y, x, each at most once"
            raise ValueError(msg)
        if len(self.axes) != len(self.shape):
            msg = f"{len(self.axes)=} and {len(self.shape)=} differ"
            raise ValueError(msg)
        for name in ("chunks", "shards", "spacing"):
            length = len(getattr(self, name))
            if length and length != len(self.axes):
                msg = f"{len(self.axes)=} and the length {length} of {name} differ"
                raise ValueError(msg)
        sizes = dict(zip(self.axes, self.shape, strict=True))
        if self.channels and len(self.channels) != sizes.get("c", 1):
            msg = f"{len(self.channels)} channels are named, the image has {sizes.get('c', 1)}"
            raise ValueError(msg)
        if self.spacing and "c" in self.axes and self.spacing[self.axes.index("c")] is not None:
            msg = "the spacing of axis c is not null: channels have no distance"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        """Check that a driver has something to read, and that a part belongs to its own archive."""
        if self.driver is not None and (self.url is None or self.kind != "image"):
            msg = f"the driver is {self.driver}, the kind {self.kind} and the url {self.url}: a driver reads an image"
            raise ValueError(msg)
        if self.url is not None and "://" in self.url and any(sign in self.url for sign in ' "<>'):
            msg = f"the url {self.url!r} holds spaces, quotes or angle brackets: percent-encode them"
            raise ValueError(msg)
        if self.part_of is not None and self.part_of.partition(":")[0] != self.collection:
            msg = f"part_of is {self.part_of}: a part belongs to a study of its own archive"
            raise ValueError(msg)
        return self

    @property
    def collection(self) -> str:
        """The archive or catalog it belongs to: the identifier before the colon."""
        return self.identifier.partition(":")[0]

    @property
    def name(self) -> str:
        """Its name in that catalog: the identifier behind the colon."""
        return self.identifier.partition(":")[2]

    @property
    def arguments(self) -> dict[str, Any]:
        """The options as a mapping; empty where there are none."""
        return {} if self.options is None else dict(json.loads(self.options))

    def open(
        self,
        level: int | Literal["auto"] | None = None,
        *,
        label: str | None = None,
        chunks: Mapping[str, int] | tuple[()] | str | None = None,
        **options: Any,
    ) -> xr.DataArray:
        """Open one level of the image, or of one of its label images, without reading pixels.

        Parameters
        ----------
        level : int, "auto" or None
            Multiscale level; 0 is the full resolution; None for what the entry says, or else 0. With ``"auto"`` the
            coarsest level that still has `pixels` pixels a plane (a further option; a million if not given).
        label : str or None
            Name of a label image; None opens what the entry says, or else the image itself.
        chunks : mapping of axis to size, ``()``, ``"auto"`` or None
            None reads lazily without Dask. Anything else gives a Dask array: ``()`` and ``"auto"`` in blocks of some
            64 MiB of whole chunks of the store, a mapping with the sizes named there.
        **options
            What the driver takes besides, such as ``series``; see docs/reference/formats.md.

        Returns
        -------
        xarray.DataArray
            Dimensions are the record's axes (a label image lacks ``c``); 0 is background in a label image.
            Coordinates ``z y x`` are in micrometres and ``t`` in seconds, float64, at the centres of the
            pixels; each has the attributes ``units`` and ``spacing``. Units are ``pixel`` or ``frame`` where
            the source states no distance. ``c`` holds the channel names. The attributes tell identifier, title,
            version, licence and source.

        Raises
        ------
        UnknownLevelError, UnknownLabelError, UnknownOptionError, UnknownImageError, UnknownAxisError
            If there is no such level, label image, option, image or axis.
        AmbiguousImageError
            If there are several images and none is named.
        SamplesNotBuiltError, DamagedSampleError, UnreadableImageError, ReadError
            If the image is missing, damaged, or its bytes cannot be had.
        """
        from bioimagehub.catalogs import reading

        return reading.open_image(self, level, label=label, chunks=chunks, **options)

    def open_tree(self, *, chunks: Mapping[str, int] | tuple[()] | str | None = None) -> xr.DataTree:
        """Open all that the entry holds: levels, label images, series, wells and fields, without reading pixels.

        Parameters
        ----------
        chunks
            As in `open`.

        Raises
        ------
        NotReadableError
            If the format holds one array only.
        UnreadableImageError, ReadError
            As in `open`.
        """
        from bioimagehub.catalogs import reading

        return reading.open_tree(self, chunks=chunks)

    def cost(self, selection: Mapping[str, Any] | None = None, **options: Any) -> Cost:
        """Tell what reading the image, or a part of it, takes; see `bioimagehub.catalogs.cost.cost`."""
        from bioimagehub.catalogs.cost import cost

        return cost(self, selection, **options)

    def load_table(self, name: str, **options: Any) -> pd.DataFrame:
        """Load a table of the record into memory; options are those of `drivers.tables.load_table`: ``columns``, ….

        Raises
        ------
        UnknownTableError, UnknownOptionError
            If the record has no such table, or its format no such option.
        SamplesNotBuiltError, DamagedSampleError, UnreadableTableError, ReadError
            If the table is missing, damaged, or its bytes cannot be had.
        """
        from bioimagehub.catalogs import reading

        return reading.load_table(self, name, **options)

    def cite(self, style: Literal["bibtex", "csl", "datacite", "ro-crate", "text"] = "text") -> str:
        """Give the reference to cite.

        Parameters
        ----------
        style : {"text", "bibtex", "csl", "datacite", "ro-crate"}
            One line of text; a BibTeX entry; a list of one item in CSL JSON; DataCite metadata in JSON; or the content
            of ``ro-crate-metadata.json``. What the record does not state is left out.
        """
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
    identifier = fields.get("identifier")
    named = printable(identifier if isinstance(identifier, str) else "(without identifier)")
    if not is_moderate(fields):
        msg = f"The entry {named} in {where} holds more than {VALUES:,} values. Leave out what is no record."
        raise InvalidEntryError(msg)
    try:
        # From JSON, where a list may stand for a tuple; all else stays strict.
        return Record.model_validate_json(json.dumps(fields))
    except (ValidationError, TypeError, RecursionError) as error:
        faults = (
            [f"{'.'.join(map(str, fault['loc'])) or 'record'}: {fault['msg']}" for fault in error.errors()[:_FAULTS]]
            if isinstance(error, ValidationError)
            else [str(error)]
        )
        msg = (
            f"The entry {named} in {where} is not a valid record: {'; '.join(map(printable, faults))}. "
            "Correct these fields; docs/reference/records.md lists what each may hold."
        )
        raise InvalidEntryError(msg) from error
