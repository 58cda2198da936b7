"""The catalog: one search over the records of all catalog files at hand, and the way to each of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.bounds import parse_range, parse_values
from bioimagehub.catalogs.errors import InvalidEntryError, InvalidQueryError, UnknownEntryError, UnknownFacetError
from bioimagehub.catalogs.index.fields import RANGES, SORTS
from bioimagehub.catalogs.locations import SAMPLES
from bioimagehub.catalogs.scales import DATA_TYPES, GROUND_TRUTHS, SCALES, TECHNOLOGIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    import pandas as pd

    from bioimagehub.catalogs.drivers.intake_readers import ImagesCatalog
    from bioimagehub.catalogs.index import Index, Selection
    from bioimagehub.catalogs.records import Record

    Values = str | int | Sequence[str | int] | None
    Range = tuple[float | str | date | None, float | str | date | None] | None

_PAGE = 500
_SHOWN = 30
_FIXED = {
    "scale": SCALES, "technology": TECHNOLOGIES, "data_type": DATA_TYPES, "ground_truth": GROUND_TRUTHS,
    "use": ("commercial", "derivatives", "redistribution"), "kind": ("study", "image", "file"),
    "access": ("open", "embargoed", "controlled", "none"),
}  # fmt: skip
"""Values that can be asked for even where no record has them."""


class Catalog:
    """Records, found by their identifier, by words and by facets. They are read when they are asked for.

    Parameters
    ----------
    records : sequence of Record
        With identifiers that differ. `open_catalog` opens catalog files instead.

    Raises
    ------
    InvalidEntryError
        If two records have the same identifier.

    Examples
    --------
    >>> from bioimagehub.catalogs import open_catalog
    >>> catalog = open_catalog()
    >>> catalog["samples:bbbc038-nuclei"] == catalog["samples"]["bbbc038-nuclei"]
    True
    >>> catalog["idr:idr0013"].licence
    'CC0-1.0'
    >>> [record.name for record in catalog["samples"].search("BBBC038")]
    ['bbbc038-nuclei']
    """

    _index: Index
    _selection: Selection
    _sort: str
    _text: str

    def __init__(self, records: Sequence[Record]) -> None:
        from bioimagehub.catalogs.index import build_memory_index

        identifiers = [record.identifier for record in records]
        if len(set(identifiers)) < len(identifiers):
            twice = sorted(name for name, number in Counter(identifiers).items() if number > 1)
            msg = (
                f"The catalogs hold more than one entry {', '.join(twice)}; an identifier must belong to one entry. "
                "Rename the entry in one of the files, or leave that file out of BIOIMAGEHUB_CATALOGS."
            )
            raise InvalidEntryError(msg)
        self._index = build_memory_index(record.model_dump(mode="json", exclude_defaults=True) for record in records)
        self._selection = self._index.select()
        self._sort, self._text = "relevance", ""

    @classmethod
    def of_index(
        cls, index: Index, selection: Selection | None = None, *, sort: str = "relevance", text: str = ""
    ) -> Catalog:
        """Make the catalog of an index, or of a selection out of it that was asked for by a text."""
        catalog = cls.__new__(cls)
        catalog._index = index
        catalog._selection = index.select() if selection is None else selection
        catalog._sort, catalog._text = sort, text
        return catalog

    def __len__(self) -> int:
        return len(self._selection)

    def __iter__(self) -> Iterator[Record]:
        for fields in self.iterate_fields():
            yield _make_record(fields)

    def iterate_fields(self) -> Iterator[Mapping[str, Any]]:
        """Give the plain fields of each record, which is faster than the records themselves."""
        for offset in range(0, len(self), _PAGE):
            yield from self._selection.page(offset, _PAGE, self._sort)

    def __contains__(self, identifier: object) -> bool:
        return isinstance(identifier, str) and identifier in self._selection

    @property
    def selection(self) -> Selection:
        """Its records in the index, to narrow, to count and to read as plain fields: what `search` is made of."""
        return self._selection

    def page(self, offset: int = 0, limit: int = 20) -> list[Record]:
        """Give some of the records, in the order of the catalog.

        Parameters
        ----------
        offset, limit : int
            How many to leave out, and how many to give at most.
        """
        return [_make_record(fields) for fields in self._selection.page(offset, limit, self._sort)]

    def __getitem__(self, name: str) -> Any:
        """Give the record of an identifier, or the catalog of an archive.

        Parameters
        ----------
        name : str
            An identifier such as ``idr:idr0062``; an archive such as ``idr``; the name behind the colon, where only
            one record has it; or the own name of a study, such as ``mitocheck``.

        Returns
        -------
        Record or Catalog

        Raises
        ------
        UnknownEntryError
            If there is no such entry; the message names the nearest ones.
        """
        if not isinstance(name, str):
            msg = f"No entry is called {name!r:.80}; expected an identifier as text. For records by place use page()."
            raise UnknownEntryError(msg)
        if name in self:
            return _make_record(self._index.get(name))
        named = [identifier for identifier in self._index.find_names(name) if identifier in self]
        if len(named) == 1:
            return _make_record(self._index.get(named[0]))
        archive = self._selection.narrow("", {"archive": [name]}, {})
        if len(archive):
            return Catalog.of_index(self._index, archive, sort=self._sort)
        from bioimagehub.catalogs.archives import ALIASES

        alias = ALIASES.get(name.casefold())
        if alias is not None and alias in self:
            return _make_record(self._index.get(alias))
        raise UnknownEntryError(self._describe_unknown(name, named))

    def _describe_unknown(self, name: str, named: Sequence[str]) -> str:
        near = named or [identifier for identifier in self._index.near(name) if identifier in self]
        if near:
            found = f"the nearest are {', '.join(near[:5])}"
        else:
            archives = self._selection.facets(["archive"], limit=100)["archive"]
            found = f"its archives are {', '.join(sorted(archive for archive, _ in archives)) or 'none'}"
        return f"The catalog has no entry {name!r}; {found}. Look for one with search(), or list all with table()."

    def parts_of(self, study: str) -> Catalog:
        """Give the images and files of a study; empty where the catalog knows none.

        Parameters
        ----------
        study : str
            Its identifier.
        """
        return Catalog.of_index(self._index, self._selection.narrow("", {"part_of": [study]}, {}), sort=self._sort)

    def _ipython_key_completions_(self) -> list[str]:
        archives = self._selection.facets(["archive"], limit=100)["archive"]
        return [*(archive for archive, _ in archives), *self._selection.identifiers(0, _PAGE, self._sort)]

    def search(
        self,
        text: str = "",
        *,
        archive: Values = None,
        kind: Values = None,
        part_of: Values = None,
        organism: Values = None,
        scale: Values = None,
        technology: Values = None,
        method: Values = None,
        data_type: Values = None,
        ground_truth: Values = None,
        gene: Values = None,
        protein: Values = None,
        phenotype: Values = None,
        compound: Values = None,
        process: Values = None,
        anatomy: Values = None,
        licence: Values = None,
        use: Values = None,
        access: Values = None,
        reference: bool | None = None,
        readable: bool | None = None,
        part: bool | None = None,
        format: Values = None,
        year: Values = None,
        size: Range = None,
        files: Range = None,
        images: Range = None,
        released: Range = None,
        modified: Range = None,
        sort: str | None = None,
    ) -> Catalog:
        """Narrow the catalog to the records that fit.

        Parameters
        ----------
        text : str
            Words that must all occur, in any case and order; ``"two words"`` in quotes is a phrase, ``micro*`` a
            beginning, ``-word`` must not occur. Synonyms count: ``mitosis`` finds cell division.
        archive, kind, part_of, organism, scale, technology, method, data_type, ground_truth, gene, protein, \
phenotype, compound, process, anatomy, licence, access, format, year : str, sequence of str or None
            Values of facets; of several, one must fit; none take all. An organism may be given by its scientific or
            common name, its NCBI taxon or a cell line; a method by name or FBbi identifier. `facets` lists what
            there is.
        use : str, sequence of str or None
            What the licence must not forbid, all of them: ``commercial``, ``derivatives``, ``redistribution``.
        reference, readable, part : bool or None
            Whether it is reference data; whether a driver opens it here; whether it is part of a study. None takes
            both.
        size : tuple or None
            Least and largest size, both included, in bytes or as text (``"1 TB"``); None is open.
        files, images : tuple of int or None
            Least and largest number.
        released, modified : tuple of date, ISO date or None
            First and last day.
        sort : str or None
            ``relevance``, ``identifier``, ``title``, ``size``, ``files``, ``images``, ``released`` or ``modified``;
            with a minus before it, as ``-size``, the largest or latest first. None keeps the order.

        Returns
        -------
        Catalog
            The best first; empty when nothing fits.

        Raises
        ------
        UnknownFacetError
            If no record has such a value of a facet.
        InvalidQueryError
            If a range or the order cannot be understood, or the text is too long.
        """
        filters = {
            name: parse_values(name, value)
            for name, value in {
                "archive": archive, "kind": kind, "part_of": part_of, "organism": organism, "scale": scale,
                "technology": technology, "method": method, "data_type": data_type, "ground_truth": ground_truth,
                "gene": gene, "protein": protein, "phenotype": phenotype, "compound": compound, "process": process,
                "anatomy": anatomy, "licence": licence, "access": access, "format": format, "year": year, "use": use,
            }.items()
            if value is not None and not (isinstance(value, list | tuple) and not value)
        }  # fmt: skip
        self._check_facets(filters)
        ranges = {
            name: parse_range(name, bounds)
            for name, bounds in zip(RANGES, (size, released, modified, files, images), strict=True)
            if bounds is not None
        }
        if sort is not None and sort not in SORTS:
            msg = f"A search cannot be sorted by {sort!r}. Valid values are: {', '.join(sorted(SORTS))}. Choose one."
            raise InvalidQueryError(msg)
        selection = self._selection.narrow(text, filters, ranges)
        for name, flag in {"reference": reference, "readable": readable, "part": part}.items():
            selection = _keep_flagged(selection, name, flag)
        asked = " ".join(filter(None, [self._text, text.strip()]))
        return Catalog.of_index(self._index, selection, sort=sort or self._sort, text=asked)

    def _check_facets(self, filters: Mapping[str, Sequence[str]]) -> None:
        for facet, values in filters.items():
            for value in values:
                if len(self._index.select(filters={facet: [value]})) or value in _FIXED.get(facet, ()):
                    continue
                known = {*(name for name, _ in self._index.values(facet)), *_FIXED.get(facet, ())}
                frequent = [name for name, _ in self._index.values(facet)[:_SHOWN]]
                valid = sorted(known if len(known) <= _SHOWN else frequent)
                more = ", and more" if len(known) > len(valid) else ""
                msg = (
                    f"No record has the {facet} {value!r}. Valid values are: {', '.join(valid) or 'none'}{more}. "
                    "Choose one, or search for it as text."
                )
                raise UnknownFacetError(msg)

    def facets(self, *names: str, limit: int = 10) -> dict[str, dict[str, int]]:
        """Count the records of each value of the facets.

        Parameters
        ----------
        *names : str
            Facets, as `search` takes them; with none, all of them.
        limit : int
            How many values of each, the most frequent first.
        """
        counts = self._selection.facets(list(names) or None, limit=limit)
        return {facet: dict(values) for facet, values in counts.items()}

    def suggest(self) -> str | None:
        """Give the text of this search with its words spelt as the catalog has them; None if they are so already."""
        return self._index.suggest(self._text) if self._text else None

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """List the records as a table, one row each, with the identifier as index.

        Parameters
        ----------
        limit : int or None
            How many rows at most; None lists all.
        """
        from bioimagehub.catalogs.listing import make_table

        return make_table(self.iterate_fields() if limit is None else self._selection.page(0, limit, self._sort))

    def to_yaml(self, path: str | Path, *, plain: bool = False) -> None:
        """Write the images that a driver reads into a catalog file, for Intake and for `open_catalog`.

        Parameters
        ----------
        path : str or Path
            The file.
        plain : bool
            Whether for Intake without this software: arrays without axes and coordinates then.

        Raises
        ------
        NotReadableError, InvalidEntryError
            As `bioimagehub.catalogs.intake_yaml.dump_yaml`.
        """
        from bioimagehub.catalogs.intake_yaml import write_yaml

        write_yaml(Path(path), self.search(readable=True), plain=plain)

    def to_intake(self) -> ImagesCatalog:
        """Give the images that a driver reads as a catalog of Intake's current interface, each made when asked for."""
        from bioimagehub.catalogs.drivers.intake_readers import ImagesCatalog

        return ImagesCatalog(self)

    def __str__(self) -> str:
        from bioimagehub.catalogs import display

        return display.catalog_text(self)

    def __repr__(self) -> str:
        return f"<Catalog of {len(self)} records>"

    def _repr_html_(self) -> str:
        from bioimagehub.catalogs import display

        return display.catalog_html(self)


def _keep_flagged(selection: Selection, name: str, flag: bool | None) -> Selection:
    if flag is None:
        return selection
    return selection.narrow("", {name: ["yes"]}, {}) if flag else selection.without({name: ["yes"]})


def _make_record(fields: Mapping[str, Any] | None) -> Record:
    from bioimagehub.catalogs.records import parse_record

    record = parse_record(fields or {}, "the index")
    if record.url is None or not record.url.startswith(SAMPLES):
        return record
    from bioimagehub.catalogs.samples.archive import add_checksum, samples_path

    return add_checksum(record, samples_path())
