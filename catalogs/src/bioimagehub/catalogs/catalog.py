"""The catalog: the records of all catalog files at hand, to look up, to search and to list."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.entries import find_installed_catalog, read_catalog
from bioimagehub.catalogs.errors import InvalidEntryError, UnknownEntryError, UnknownFacetError
from bioimagehub.catalogs.locations import SAMPLES
from bioimagehub.catalogs.parts import DATA_TYPES, SCALES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

    from bioimagehub.catalogs.records import Record


class Catalog:
    """Records in their order, each found by its identifier.

    Parameters
    ----------
    records : sequence of Record
        With identifiers that differ.

    Raises
    ------
    InvalidEntryError
        If two records have the same identifier.

    Examples
    --------
    >>> catalog = open_catalog()
    >>> catalog["samples:bbbc038-nuclei"] is catalog["samples"]["bbbc038-nuclei"]
    True
    >>> [record.name for record in catalog.search("BBBC038")]
    ['bbbc038-nuclei']
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = {record.identifier: record for record in records}
        if len(self._records) < len(records):
            identifiers = [record.identifier for record in records]
            twice = sorted({name for name in identifiers if identifiers.count(name) > 1})
            msg = (
                f"The catalogs hold more than one entry {', '.join(twice)}; an identifier must belong to one entry. "
                "Rename the entry in one of the files, or leave that file out of BIOIMAGEHUB_CATALOGS."
            )
            raise InvalidEntryError(msg)

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._records

    def __getitem__(self, name: str) -> Any:
        """Give the record of an identifier, or the catalog of a collection.

        Parameters
        ----------
        name : str
            An identifier such as ``samples:bbbc038-nuclei``; or a collection such as ``samples``; or the name
            behind the colon, where only one record has it.

        Returns
        -------
        Record or Catalog

        Raises
        ------
        UnknownEntryError
            If there is no such entry; the message names the nearest ones.
        """
        if name in self._records:
            return self._records[name]
        named = [record for record in self if record.name == name]
        if len(named) == 1:
            return named[0]
        collection = [record for record in self if record.collection == name]
        if collection:
            return Catalog(collection)
        raise UnknownEntryError(self._describe_unknown(name))

    def _describe_unknown(self, name: str) -> str:
        collections = sorted({record.collection for record in self})
        names = [*collections, *self._records, *(record.name for record in self)]
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        found = f"the nearest are {', '.join(near)}" if near else f"its collections are {', '.join(collections)}"
        return f"The catalog has no entry {name!r}; {found}. Look for one with search(), or list all with table()."

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._records)

    def search(
        self,
        text: str = "",
        *,
        organism: str | None = None,
        scale: str | None = None,
        method: str | None = None,
        data_type: str | None = None,
    ) -> Catalog:
        """Narrow the catalog to the records that fit.

        Parameters
        ----------
        text : str
            Words that must all occur, in any case, somewhere in identifier, title, description, source,
            accession, authors, organism, scale, method, data type, or names of channels, labels and tables.
        organism : str or None
            Scientific name, or NCBI taxon as digits; None takes any.
        scale, data_type : str or None
            One of Table 1 and Table 2 of Ellenberg et al. 2018; None takes any.
        method : str or None
            Imaging method, as the records name it; None takes any.

        Returns
        -------
        Catalog
            In the order of this one; empty when nothing fits.

        Raises
        ------
        UnknownFacetError
            If no record of this catalog has such an organism or method, or there is no such scale or data type.

        References
        ----------
        Ellenberg et al., Nature Methods 15, 849-854 (2018), doi:10.1038/s41592-018-0195-8.
        """
        wanted = {"organism": organism, "scale": scale, "method": method, "data_type": data_type}
        facets = {facet: value.casefold() for facet, value in wanted.items() if value is not None}
        for facet, value in facets.items():
            self._check_facet(facet, value)
        words = text.casefold().split()
        return Catalog(
            [
                record
                for record in self
                if all(value in _facet_values(record, facet) for facet, value in facets.items())
                and all(word in haystack for haystack in [_words(record)] for word in words)
            ]
        )

    def _check_facet(self, facet: str, value: str) -> None:
        fixed = {"scale": SCALES, "data_type": DATA_TYPES}.get(facet)
        present = {name for record in self for name in _facet_names(record, facet) if not name.isdigit()}
        known = {entry for record in self for entry in _facet_values(record, facet)}
        if value in known or (fixed is not None and value in fixed):
            return
        valid = ", ".join(sorted(fixed or present)) or "none in this catalog"
        msg = f"No record has the {facet} {value!r}. Valid values are: {valid}. Choose one, or search for it as text."
        raise UnknownFacetError(msg)

    def table(self) -> pd.DataFrame:
        """List the records as a table, one row each, with the identifier as index."""
        import pandas as pd

        rows = [
            {
                "identifier": record.identifier,
                "title": record.title,
                "organism": _joined(organism.name for organism in record.organisms),
                "scale": _joined(record.scales),
                "method": _joined(method.name for method in record.methods),
                "data_type": _joined(record.data_types),
                "axes": "".join(record.axes),
                "shape": " × ".join(map(str, record.shape)),
                "labels": ", ".join(record.labels),
                "tables": ", ".join(record.tables),
                "licence": record.licence,
                "source": record.source,
            }
            for record in self
        ]
        return pd.DataFrame(rows, columns=_COLUMNS).set_index("identifier")

    def __str__(self) -> str:
        from bioimagehub.catalogs import display

        return display.catalog_text(list(self))

    def __repr__(self) -> str:
        return f"<Catalog of {len(self)} records>"

    def _repr_html_(self) -> str:
        from bioimagehub.catalogs import display

        return display.catalog_html(list(self))


_COLUMNS = [
    "identifier", "title", "organism", "scale", "method", "data_type", "axes", "shape", "labels", "tables",
    "licence", "source",
]  # fmt: skip


def open_catalog(*urls: str | Path) -> Catalog:
    """Open the catalogs of this machine as one.

    Parameters
    ----------
    *urls : str or Path
        Catalog files to open instead. With none: the catalog that came with the software, and then the files
        that ``BIOIMAGEHUB_CATALOGS`` names, separated as in ``PATH``; a hub sets it to its own.

    Returns
    -------
    Catalog

    Raises
    ------
    CatalogNotFoundError
        If a file is missing.
    InvalidEntryError
        If a file is not a catalog, or an entry is not valid.

    Examples
    --------
    >>> "samples:nuclei-3d" in open_catalog()
    True
    """
    files = [Path(url) for url in urls] or [find_installed_catalog(), *_hub_catalogs()]
    return Catalog([_as_built(record) for file in files for record in read_catalog(file)])


def _hub_catalogs() -> list[Path]:
    named = os.environ.get("BIOIMAGEHUB_CATALOGS", "").split(os.pathsep)
    return [Path(file) for file in named if file]


def _as_built(record: Record) -> Record:
    if record.url is None or not record.url.startswith(SAMPLES):
        return record
    from bioimagehub.catalogs.samples.archive import add_checksum, samples_path

    return add_checksum(record, samples_path())


def _joined(names: Iterable[str]) -> str | None:
    return ", ".join(names) or None


def _facet_names(record: Record, facet: str) -> list[str]:
    if facet == "organism":
        return [name for organism in record.organisms for name in (organism.name, str(organism.taxon))]
    if facet == "method":
        return [method.name for method in record.methods]
    return list(getattr(record, f"{facet}s"))


def _facet_values(record: Record, facet: str) -> list[str]:
    return [name.casefold() for name in _facet_names(record, facet)]


def _words(record: Record) -> str:
    parts = [
        record.identifier, record.title, record.description or "", record.source, record.source_accession or "",
        *record.scales, *record.data_types, *_facet_names(record, "method"), *_facet_names(record, "organism"),
        *(f"{author.given or ''} {author.family}" for author in record.authors),
        *(channel.name for channel in record.channels), *record.labels, *record.tables,
    ]  # fmt: skip
    return "\n".join(parts).casefold()
