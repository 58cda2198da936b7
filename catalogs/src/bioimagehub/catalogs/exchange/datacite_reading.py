"""What DataCite metadata say of a dataset, property by property."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bioimagehub.catalogs.archives.values import day, doi, line, listed, mapping, number
from bioimagehub.catalogs.exchange import terms
from bioimagehub.catalogs.exchange.crate_graph import web
from bioimagehub.catalogs.exchange.datacite_writing import ACCESS_RIGHTS
from bioimagehub.catalogs.exchange.naming import find_licence
from bioimagehub.catalogs.parts import Access, Author, Organism, Publication, Term
from bioimagehub.catalogs.vocabulary import organisms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from typing import Any

_DESCRIBING = frozenset(
    ("IsDescribedBy", "IsDocumentedBy", "IsSupplementTo", "IsCitedBy", "IsReferencedBy", "IsPublishedIn")
)
_UNITS = {"b": 1, "byte": 1, "bytes": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10}
_UNITS |= {"mib": 2**20, "gib": 2**30, "tib": 2**40}


class Reader:
    """Reads the attributes of DataCite metadata.

    Attributes
    ----------
    doi : str or None
    """

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        self.attributes = attributes
        named = [(each.get("identifierType"), each.get("identifier")) for each in self._objects("identifiers")]
        named += [
            (each.get("alternateIdentifierType"), each.get("alternateIdentifier"))
            for each in self._objects("alternateIdentifiers")
        ]
        self._named = [(line(kind) or "", line(name) or "") for kind, name in named]
        stated = [attributes.get("doi"), *(name for kind, name in self._named if kind.casefold() == "doi")]
        self.doi = next(filter(None, map(doi, stated)), None)

    def _objects(self, name: str) -> list[dict[str, Any]]:
        return [each for each in listed(self.attributes.get(name)) if isinstance(each, dict)]

    def names(self) -> list[str]:
        """Give the identifiers that this catalog wrote."""
        return [name for kind, name in self._named if kind == "bioimagehub"]

    def title(self) -> str | None:
        """Give the title: the first that is no subtitle nor translation."""
        titles = self._objects("titles")
        main = [each for each in titles if not each.get("titleType")] or titles
        return line(main[0].get("title")) if main else None

    def fields(self) -> dict[str, Any]:
        """Give the fields of a record."""
        publisher = self.attributes.get("publisher")
        dates = {str(each.get("dateType")): day(each.get("date")) for each in self._objects("dates")}
        licence, licence_url = self._licence()
        kind = line(mapping(self.attributes, "types").get("resourceType"))
        accessions = [name for label, name in self._named if label == "accession"]
        return {
            "kind": kind if kind in {"study", "image", "file"} else "study",
            "title": self.title(),
            "source": line(publisher.get("name")) if isinstance(publisher, dict) else line(publisher),
            "source_url": web(self.attributes.get("url")) or (f"https://doi.org/{self.doi}" if self.doi else None),
            "source_accession": accessions[0] if accessions else None,
            "version": line(self.attributes.get("version")),
            "authors": tuple(filter(None, (_author(each) for each in self._objects("creators")))),
            "publications": tuple(self._publications()),
            "doi": self.doi,
            "licence": licence,
            "licence_url": licence_url,
            "access": self._access(dates.get("Available")),
            "released": dates.get("Issued") or dates.get("Available"),
            "modified": dates.get("Updated"),
            "formats": tuple(text for each in listed(self.attributes.get("formats")) if (text := _format(each))),
            **self._amounts(),
            **self._subjects(),
        }

    def _licence(self) -> tuple[str | None, str | None]:
        for right in self._objects("rightsList"):
            address = web(right.get("rightsUri"))
            if str(right.get("rightsUri")).startswith("info:eu-repo/"):
                continue
            code, name = line(right.get("rightsIdentifier")), line(right.get("rights"))
            for stated in (code and f"https://spdx.org/licenses/{code}", address, name):
                spdx, url = find_licence(stated)
                if spdx is not None and (spdx != "LicenseRef-other" or stated == name):
                    return spdx, address or url
            return None, address
        return None, None

    def _access(self, until: date | None) -> Access:
        for right in self._objects("rightsList"):
            uri, how = str(right.get("rightsUri")), line(right.get("rights"))
            if uri == ACCESS_RIGHTS["embargoed"] and until is not None:
                return Access(kind="embargoed", until=until, how=how)
            if uri == ACCESS_RIGHTS["none"]:
                return Access(kind="none", how=how or "See the page of the dataset.")
            if uri in ACCESS_RIGHTS.values():
                return Access(kind="controlled", how=how or "Ask at the page of the dataset.")
        return Access()

    def _amounts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for size in listed(self.attributes.get("sizes")):
            stated = re.fullmatch(r"([\d.,]+) ?([A-Za-z]+)", line(size) or "")
            if stated is None:
                continue
            unit = stated[2].casefold()
            if unit in {"files", "images"} and (count := number(stated[1])) is not None:
                found[unit] = count
            elif unit in _UNITS and stated[1].isdigit():
                found["size"] = int(stated[1]) * _UNITS[unit]
        return found

    def _subjects(self) -> dict[str, Any]:
        found: dict[str, list[Any]] = {name: [] for name in ("organisms", "methods", "keywords", *terms.KINDS)}
        for subject in self._objects("subjects"):
            name = line(subject.get("subject"))
            scheme = line(subject.get("subjectScheme")) or ""
            if name is None:
                continue
            term = Term(name=name, id=terms.read_code(subject.get("valueUri"), subject.get("classificationCode")))
            if scheme.casefold() in {"ncbitaxon", "ncbi taxonomy"}:
                found["organisms"].append(_organism(name, subject))
            elif scheme == "imaging method" or (term.id or "").startswith("FBbi:"):
                found["methods"].append(term)
            elif (field := terms.find_field(term, scheme)) is not None:
                found[field].append(term)
            else:
                found["keywords"].append(name)
        return {name: tuple(dict.fromkeys(values)) for name, values in found.items()}

    def _publications(self) -> Iterator[Publication]:
        told: set[str] = set()
        for item in self._objects("relatedItems"):
            if item.get("relationType") in _DESCRIBING:
                related = mapping(item, "relatedItemIdentifier")
                code = related.get("relatedItemIdentifier")
                found = _publication(item, code, related.get("relatedItemIdentifierType"))
                told.add(str(code))
                yield found
        for related in self._objects("relatedIdentifiers"):
            code, kind = related.get("relatedIdentifier"), related.get("relatedIdentifierType")
            is_article = related.get("resourceTypeGeneral") in {None, "JournalArticle", "Preprint", "Text"}
            if related.get("relationType") in _DESCRIBING and kind in {"DOI", "PMID"} and is_article:
                found = _publication({}, code, kind)
                if str(code) not in told and (found.doi or found.pubmed):
                    yield found


def _author(creator: dict[str, Any]) -> Author | None:
    name, family, given = (line(creator.get(key)) for key in ("name", "familyName", "givenName"))
    if name == "(:unkn)" or not (family or name):
        return None
    codes = [
        found[0]
        for each in listed(creator.get("nameIdentifiers"))
        if (found := re.search(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]", str(mapping(each).get("nameIdentifier"))))
    ]
    return Author(family=str(family or name), given=given if family else None, orcid=codes[0] if codes else None)


def _organism(name: str, subject: dict[str, Any]) -> Organism:
    places = " ".join(str(subject.get(key)) for key in ("valueUri", "classificationCode"))
    found = re.search(r"NCBITaxon[_:](\d{1,9})", places)
    taxon = int(found[1]) or None if found else None
    if taxon is None:
        return organisms.find_organism(name) or Organism(name=name, taxon=None)
    return Organism(name=name, taxon=taxon)


def _publication(item: dict[str, Any], code: Any, kind: Any) -> Publication:
    year = number(item.get("publicationYear"))
    pages = "-".join(filter(None, (line(item.get("firstPage")), line(item.get("lastPage")))))
    titles = listed(item.get("titles"))
    return Publication(
        title=line(mapping(titles[0]).get("title")) if titles else None,
        year=year if year and 1600 <= year <= 2100 else None,
        journal=line(item.get("publisher")),
        volume=line(item.get("volume")),
        pages=pages or None,
        doi=doi(code) if kind == "DOI" else None,
        pubmed=(number(code) or None) if kind == "PMID" else None,
    )


def _format(value: Any) -> str | None:
    text = (line(value) or "").casefold().rpartition("/")[2]
    return text if re.fullmatch(r"[a-z0-9]+([.-][a-z0-9]+)*", text) and len(text) <= 40 else None
