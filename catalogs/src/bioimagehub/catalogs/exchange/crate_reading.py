"""What the root dataset of a study crate says, property by property, with a note of each defect tolerated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bioimagehub.catalogs.archives.values import day, doi, line, listed, number, unique
from bioimagehub.catalogs.exchange import references, terms
from bioimagehub.catalogs.exchange.crate_graph import kinds, web
from bioimagehub.catalogs.exchange.naming import find_licence
from bioimagehub.catalogs.parts import Access, Author, Organism, Publication, Term
from bioimagehub.catalogs.vocabulary import methods, organisms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from typing import Any

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.exchange.crate_graph import Crate

_ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX](?![\dX-])")
_PLACEHOLDERS = frozenset({"", "-", "none", "na", "n/a", "null", "unknown", "not applicable"})


class Reader:
    """Reads the properties of the root dataset, and reports what it had to tolerate."""

    def __init__(self, crate: Crate, identifier: str, report: Report) -> None:
        self.crate = crate
        self.root = crate.root
        self.identifier = identifier
        self.report = report

        self._told: set[tuple[str, str]] = set()

    def _defect(self, field: str, text: str) -> None:
        if (field, text) not in self._told:
            self._told.add((field, text))
            self.report.defect(self.identifier, field, text)

    def title(self) -> str | None:
        """Read the title, as one line."""
        title = line(self.root.get("name"))
        if title is not None and title != str(self.root.get("name")).strip(" "):
            self._defect("title", "holds line ends or control characters; made one line")
        return title

    def place(self, archive: str) -> dict[str, Any]:
        """Read where the dataset is: its page, the archive's name, its DOI and thumbnail, and what it is part of."""
        publisher = next((line(found.get("name")) for found in self.crate.follow(self.root.get("publisher"))), None)
        citable = [
            found.get("@id") or found.get("name")
            for name in ("cite-as", "identifier")
            for found in self.crate.follow(self.root.get(name))
        ]
        kind = line(self.root.get("additionalType"))
        image = "/" in self.identifier
        thumbnails = [text for each in listed(self.root.get("thumbnailUrl")) if (text := web(each)) is not None]
        return {
            "kind": kind if kind in {"study", "image", "file"} else "image" if image else "study",
            "part_of": self.identifier.partition("/")[0] if image else None,
            "source": "EMPIAR" if archive == "empiar" else publisher or archive,
            "source_url": web(self.root.get("@id")),
            "doi": next(filter(None, map(doi, citable)), None),
            "thumbnail": thumbnails[0] if thumbnails else None,
        }

    def date(self, name: str, *, needed: bool = False) -> date | None:
        """Read a date; a month or a year alone is none."""
        stated = self.root.get(name)
        found = day(stated)
        if found is None and (needed or stated is not None):
            self._defect("released" if needed else "modified", f"{name} is {stated!r}, which is no day; left out")
        return found

    def licence(self) -> dict[str, str | None]:
        """Read the licence, which may be the page of an archive."""
        stated = next(
            (line(found.get("@id") or found.get("name")) for found in self.crate.follow(self.root.get("license"))), None
        )
        spdx, url = find_licence(stated)
        if stated is None or spdx is None:
            self._defect("licence", f"license is {stated!r}, which is no licence that is known; none is stated")
        elif "creativecommons.org" not in stated and "spdx.org" not in stated:
            self._defect("licence", f"license is the page {stated!r}; read as {spdx}")
        return {"licence": spdx, "licence_url": web(stated) or url}

    def amounts(self, *, trusted: bool) -> dict[str, int]:
        """Read bytes, files and images; the profile's QuantitativeValue, which one archive misspells."""
        units = {"bytes": "size", "file count": "files" if trusted else "images", "image count": "images"}
        found: dict[str, int] = {}
        values = self.crate.follow(self.root.get("size"))
        if any("QuantitiveValue" in kinds(value) for value in values):
            self._defect("size", "its type is misspelt as QuantitiveValue; read all the same")
        for value in values:
            field = units.get((line(value.get("unitText")) or "").casefold())
            amount = value.get("value")
            count = amount if type(amount) is int and amount >= 0 else number(amount)
            if field is None or count is None:
                self._defect("size", f"{amount!r} {value.get('unitText')!r} is no amount that is known; left out")
            elif count == 0:
                self._defect(field, "is stated as 0; taken as not known")
            elif field == "size" and not trusted:
                self._defect("size", f"{count} bytes are not taken: sizes in crates of IDR may be wrong by the unit")
            else:
                found[field] = count
        return found

    def keywords(self) -> Iterator[str]:
        """Give each keyword once; several that were typed into one field are divided."""
        seen = set()
        for value in listed(self.root.get("keywords")):
            for typed in str(value).replace(";", "\n").splitlines():
                # One comma belongs to a MeSH heading such as "Microscopy, Confocal".
                parts = typed.split(",") if typed.rstrip(", ").count(",") > 1 else [typed]
                for part in parts:
                    word = re.sub(r"\s*\(MeSH Unique ID:\s*\w+\)|\[major\]", "", line(part) or "").strip(" ,.")
                    if word and word.casefold() not in seen:
                        seen.add(word.casefold())
                        yield word

    def authors(self) -> Iterator[Author]:
        """Give the authors, as far as they have names."""
        for person in self.crate.follow(self.root.get("author")):
            name, family, given = (line(person.get(key)) for key in ("name", "familyName", "givenName"))
            family = family or name
            if family is None or family.startswith("#") or "@" in family:
                self._defect("authors", f"{person.get('@id')!r} has no name; left out")
                continue
            if name == family:
                given = None
            stated = [line(person.get(key)) or "" for key in ("@id", "identifier")]
            codes = [found[0] for text in stated if (found := _ORCID.search(text))]
            if "orcid.org" in stated[0] and not stated[0].endswith(tuple(codes) or "?"):
                self._defect("authors", f"{stated[0]!r} is not an ORCID as it should be written")
            yield Author(family=family, given=given, orcid=codes[0] if codes else None)

    def publications(self) -> Iterator[Publication]:
        """Give the articles; archives use two properties for them."""
        seen = set()
        for name in ("seeAlso", "citation"):
            for article in self.crate.follow(self.root.get(name)):
                found = self._publication(article)
                if found is not None and found not in seen:
                    seen.add(found)
                    yield found

    def _publication(self, article: dict[str, Any]) -> Publication | None:
        places = [line(place) or "" for key in ("@id", "sameAs") for place in listed(article.get(key))]
        codes = [code for place in places if (code := doi(place))]
        pubmed = [int(found[1]) for place in places if (found := re.search(r"pubmed\D+(\d{1,9})(?!\d)", place))]
        if not codes and any("doi.org" in place for place in places):
            self._defect("publications", f"{places[0]!r} is no DOI; left out")
        title = line(article.get("name"))
        fields: dict[str, str] = {}
        if title is not None and re.match(r"https?://", title):
            title = None
        elif title is not None and (divided := references.divide(title)) is not None:
            self._defect("publications", "a whole reference stands where the title should; it was divided")
            fields, title = divided, divided.pop("title")
        if title is None and not codes and not pubmed:
            return None
        year = re.match(r"(?:19|20)\d\d", line(article.get("datePublished")) or fields.get("year") or "")
        return Publication(
            title=title,
            year=int(year[0]) if year else None,
            doi=codes[0] if codes else None,
            pubmed=pubmed[0] if pubmed and pubmed[0] else None,
            **{key: fields.get(key) for key in ("journal", "volume", "pages")},
        )

    def methods(self) -> Iterator[Term]:
        """Give the imaging methods: the terms of the dataset, then those that only its protocols name."""
        direct, named, protocols = [], [], []
        for entity in self.crate.follow(self.root.get("measurementMethod")):
            if "LabProtocol" in kinds(entity):
                techniques = self.crate.follow(entity.get("measurementTechnique"))
                protocols.append(entity)
                named += [each for each in techniques if (terms.read_code(each.get("@id")) or "").startswith("FBbi:")]
            else:
                direct.append(entity)
        seen = set()
        for entity in {str(each.get("@id") or each.get("name")): each for each in (*direct, *named)}.values():
            name = terms.read_name(entity.get("name"))
            if name is None:
                continue
            code = terms.read_code(entity.get("termCode"), entity.get("@id")) or methods.find_method(name).id
            if not terms.is_imaging(code):
                if code and code.startswith("FBbi:"):
                    self._defect("methods", f"{name!r} ({code}) is no imaging method; left out")
            elif (code or name.casefold()) not in seen:
                seen.add(code or name.casefold())
                yield Term(name=name, id=code)
        if not seen:
            known = (methods.find_method(line(each.get("name")) or "") for each in protocols)
            yield from dict.fromkeys(term for term in known if term.id and terms.is_imaging(term.id))

    def subjects(self) -> dict[str, tuple[Organism, ...] | tuple[Term, ...]]:
        """Read what was imaged: taxa, samples and terms."""
        found: dict[str, list[Term]] = {field: [] for field in terms.KINDS}
        species: list[Organism] = []
        for entity in self.crate.follow(self.root.get("about")):
            types = kinds(entity)
            if "Taxon" in types or "taxonomy/" in str(entity.get("@id")):
                species += self._organism(entity)
            elif "BioSample" in types:
                found["anatomy"] += self._sample(entity)
                for taxon in self.crate.follow(entity.get("taxonomicRange")):
                    species += self._organism(taxon)
            else:
                for field, term in self._terms(entity):
                    found[field].append(term)
        return {"organisms": tuple(dict.fromkeys(species)), **{field: unique(each) for field, each in found.items()}}

    def _organism(self, entity: dict[str, Any]) -> list[Organism]:
        name = line(entity.get("scientificName")) or line(entity.get("name"))
        places = " ".join(str(entity.get(key) or "") for key in ("@id", "identifier"))
        code = re.search(r"(?:NCBITaxon[_:]|txid|taxonomy/)(\d{1,9})(?!\d)", places)
        taxon = int(code[1]) or None if code else None
        if name is None:
            return []
        # A name that is known outweighs the number beside it; a number that is known, a name that is not.
        known = organisms.find_organism(name)
        if known is None and taxon is not None:
            known = organisms.find_organism(f"NCBITaxon:{taxon}")
        if known is None:
            return [Organism(name=name, taxon=taxon)]
        if known.name != name or taxon not in {None, known.taxon}:
            self._defect("organisms", f"{name!r} with taxon {taxon}; taken as {known.name} ({known.taxon})")
        return [known]

    def _sample(self, entity: dict[str, Any]) -> Iterator[Term]:
        """Give cell lines and tissues of a sample; names of samples that are neither are left out."""
        for named in self.crate.follow(entity.get("hasCellLine")):
            yield from (term for _, term in self._terms(named))
        name = line(entity.get("name")) or ""
        if name in {"cell", "tissue"}:
            yield Term(name=name)
        elif "~" in name:
            # "Homo sapiens ~ HeLa cell": the organism, then what of it.
            for part in name.rpartition("~")[2].split(","):
                text = terms.read_name(part)
                if text is not None and len(text) <= 40:
                    yield organisms.find_cell_line(text) or Term(name=text)
        elif (cell_line := organisms.find_cell_line(name)) is not None:
            yield cell_line

    def _terms(self, entity: dict[str, Any]) -> Iterator[tuple[str, Term]]:
        """Give the terms of an entity with the field of each; some name several in one."""
        codes, names = (str(entity.get(key) or "").split(", ") for key in ("@id", "name"))
        pairs = list(zip(codes, names, strict=True)) if len(codes) == len(names) > 1 else [(None, entity.get("name"))]
        for code, label in pairs:
            name = terms.read_name(label)
            stated = [code] if code else [entity.get(key) for key in ("termCode", "@id", "identifier")]
            if name is None or name.casefold() in _PLACEHOLDERS:
                self._defect("terms", f"{entity.get('@id')!r} has no label but {label!r}; left out")
                continue
            term = Term(name=name, id=terms.read_code(*stated))
            field = terms.find_field(term, line(entity.get("additionalType")))
            if field == "anatomy" and (known := organisms.find_cell_line(name)) is not None:
                term = Term(name=known.name, id=term.id or known.id)
            if field is None:
                self._defect("terms", f"{entity.get('@id')!r} ({name}) is of no ontology that is known; left out")
            else:
                yield field, term

    def access(self) -> Access:
        """Read the restrictions that `dump` writes; without them a crate is of an open dataset."""
        for found in self.crate.follow(self.root.get("conditionsOfAccess")):
            kind, how = line(found.get("category")), line(found.get("description"))
            until, url = day(found.get("availabilityStarts")), web(found.get("url"))
            if kind == "embargoed" and until is not None:
                return Access(kind="embargoed", until=until, how=how, url=url)
            if kind == "none":
                return Access(kind="none", how=how or "See the page of the dataset.", url=url)
            if kind != "open":
                return Access(kind="controlled", how=how or kind or "Ask at the page of the dataset.", url=url)
        return Access()
