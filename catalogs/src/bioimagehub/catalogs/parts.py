"""What a record is made of: terms, organisms, people, publications, access, files, facts."""

from __future__ import annotations

import json
import math
from datetime import date  # noqa: TC003 - pydantic reads the annotation when the class is made
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=100)]
Line = Annotated[
    str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$", min_length=1, max_length=2000)
]
"""One line of text: no control character, which a terminal would obey, and none that turns the direction of writing."""
Prose = Annotated[str, Field(pattern=r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$", max_length=20_000)]
"""Text of several lines, with the same characters left out."""
Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A number of bytes or things, as large as a table of records can hold."""
IdNumber = Annotated[int, Field(gt=0, le=2**63 - 1)]
"""A number that another database gave."""
Address = Annotated[str, Field(pattern=r"^[^\x00-\x20\x7f-\x9f\u2028-\u202e\u2066-\u2069\"<>]+$", max_length=4000)]
"""A URL, percent-encoded where it holds spaces."""
Location = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+$", max_length=4000)]
"""A URL or a path; a path may hold spaces."""


def _check_table_name(name: str) -> str:
    if "." not in name and len(name) > 100:
        msg = f"a name has at most 100 characters, this one has {len(name)}"
        raise ValueError(msg)
    return name


TableName = Annotated[
    str,
    AfterValidator(_check_table_name),
    Field(
        pattern=r"^([a-z0-9]+(-[a-z0-9]+)*|[A-Za-z0-9][A-Za-z0-9._+/-]*\.(csv|geojson|parquet|star|tsv))$",
        max_length=250,
    ),
]
"""A name, for a table of the sample archive; or the path of a file from the folder of the image, by its ending."""
Curie = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.]*:[A-Za-z0-9_.:/-]+$", max_length=100)]
"""Prefix and local identifier of an ontology or molecular resource, as ``GO:0051301`` or ``UniProtKB:P04637``."""
Doi = Annotated[str, Field(pattern=r"^10\.\d{4,9}/[^\s\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+$", max_length=300)]
Identifier = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*:[A-Za-z0-9][A-Za-z0-9._+-]*(/[A-Za-z0-9][A-Za-z0-9._+-]*)?$", max_length=250
    ),
]
"""Archive and accession, as ``idr:idr0062``; of an image in a study with its name, as ``idr:idr0062/6001240``."""
Checksum = Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}|etag:[\x21\x23-\x7e]{1,200})$")]


def _check_options(text: str) -> str:
    options = json.loads(text)
    if not isinstance(options, dict) or not all(map(_is_option, options.values())):
        msg = f"the options {text!r} are no JSON object of texts, numbers, truth values and lists of these"
        raise ValueError(msg)
    return text


def _is_option(value: object) -> bool:
    values = value if isinstance(value, list) else [value]
    return all(isinstance(one, str | int) or (isinstance(one, float) and math.isfinite(one)) for one in values)


Options = Annotated[str, Field(max_length=2000), AfterValidator(_check_options)]
"""A JSON object, in text: so a table of records has one type for the options of all drivers."""


class Part(BaseModel):
    """What the parts of a record share: they do not change, and nothing unknown is let in."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Organism(Part):
    """The organism that was imaged.

    Attributes
    ----------
    name : str
        Scientific name.
    taxon : int or None
        Identifier in the NCBI taxonomy; None where the source gives a name that is not known there.
    """

    name: Line
    taxon: IdNumber | None


class Term(Part):
    """A term, with its identifier in the ontology or the molecular resource that it comes from.

    Attributes
    ----------
    name : str
        Label of the term, or symbol of the gene.
    id : str or None
        CURIE, as ``FBbi:00000251``; None where the source gives none.
    """

    name: Line
    id: Curie | None = None


class Author(Part):
    """A person, or a group that signs as one.

    Attributes
    ----------
    family : str
        Family name, or the whole name of a group or of a person whose name the source does not divide.
    given : str or None
        Given names or their initials; None for a group.
    orcid : str or None
        ORCID without its address, as ``0000-0003-1080-1656``; None where none is stated.
    """

    family: Line
    given: Line | None = None
    orcid: Annotated[str, Field(pattern=r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$")] | None = None


class Publication(Part):
    """Where the dataset was published or described; None where the source does not state a field.

    Attributes
    ----------
    title, journal, volume, pages : str or None
    year : int or None
    doi : str or None
        DOI without its address.
    pubmed : int or None
        PubMed identifier.
    """

    title: Line | None = None
    year: Annotated[int, Field(ge=1600, le=2100)] | None = None
    journal: Line | None = None
    volume: Line | None = None
    pages: Line | None = None
    doi: Doi | None = None
    pubmed: IdNumber | None = None


class Access(Part):
    """Who may have the images.

    Attributes
    ----------
    kind : str
        ``open``; ``embargoed`` until a date; ``controlled``, on application; ``none`` where no image can be had.
    until : date or None
        End of an embargo.
    how : str or None
        Whom to ask, or what to do instead; never None where `kind` is ``controlled`` or ``none``.
    url : str or None
        Where to apply, or where to go instead.
    """

    kind: Literal["open", "embargoed", "controlled", "none"] = "open"
    until: date | None = None
    how: Line | None = None
    url: Address | None = None

    @model_validator(mode="after")
    def _tells_the_way(self) -> Self:
        if self.kind in {"controlled", "none"} and self.how is None:
            msg = f"access is {self.kind} and 'how' is missing: tell whom to ask, or what to do instead"
            raise ValueError(msg)
        if (self.kind == "embargoed") != (self.until is not None):
            msg = f"access is {self.kind} and 'until' is {self.until}: an embargo has an end, and nothing else has"
            raise ValueError(msg)
        return self


class Channel(Part):
    """A channel of the image: its name, and the colour it is shown in as six hexadecimal digits."""

    name: Line
    colour: Annotated[str, Field(pattern=r"^[0-9A-F]{6}$")]


class Fact(Part):
    """Where facts of a record came from, and when.

    Attributes
    ----------
    source : str
        Address, or repository and path, that was read.
    retrieved : date
        The day it was read, or the date of the version that was read.
    fields : tuple of str
        Names of the fields that came from there; empty for all that no other `Fact` names.
    """

    source: Line
    retrieved: date
    fields: tuple[str, ...] = ()


class File(Part):
    """A file of a study.

    Attributes
    ----------
    path : str
        Relative path in the study, with ``/`` between folders; never absolute and never upwards.
    size : int or None
        Bytes; None where the archive does not say.
    url : str or None
        Where its bytes are; None where they cannot be had.
    checksum : str or None
        ``md5:``, ``sha256:`` or ``etag:`` and the digest; None where the archive gives none.
    modified : date or None
    """

    path: Line
    size: Count | None = None
    url: Address | None = None
    checksum: Checksum | None = None
    modified: date | None = None

    @model_validator(mode="after")
    def _stays_inside(self) -> Self:
        """Refuse a path that would lead out of the folder that the file is downloaded to."""
        steps = self.path.replace("\\", "/").split("/")
        if ".." in steps or "" in steps or ":" in steps[0]:
            msg = f"the path {self.path!r} is not a relative path inside the study"
            raise ValueError(msg)
        return self
