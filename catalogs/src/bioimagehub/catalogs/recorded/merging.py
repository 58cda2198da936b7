"""One record out of several that tell of the same study or image, and what images take over from their study."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.ordering import order
from bioimagehub.catalogs.parts import Fact
from bioimagehub.catalogs.vocabulary.classification import complete

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

_ARRAY = ("axes", "shape", "chunks", "shards", "spacing", "channels")
_OWN = {"identifier", "kind", "part_of", "title", "source", "source_url", "driver", "url", "facts", *_ARRAY}
_JOINED = ("keywords", "related")
_LICENCE = ("licence", "licence_url")
_SEVERAL = ("organisms", "methods")
_OF_STUDY = ("organisms", "methods", "licence", "licence_url")
_DERIVED = ("technologies", "scales", "data_types")


class Merger:
    """Records by their identifiers, in the order in which they were added.

    Parameters
    ----------
    report : Report
        Takes what contradicts.
    """

    def __init__(self, report: Report) -> None:
        self.records: dict[str, Record] = {}
        self._identifiers: dict[str, str] = {}
        self._report = report

    def add(self, record: Record) -> None:
        """Add a record; one of a study that is there, or of an address that is there, fills what the first left out."""
        url = None if record.kind == "study" else record.url
        known = self.records.get(record.identifier if url is None else self._identifiers.get(url, ""))
        if url is not None:
            if known is None and record.identifier in self.records:
                mark = hashlib.sha256(url.encode()).hexdigest()[:6]
                record = record.model_copy(update={"identifier": f"{record.identifier}-{mark}"})
            self._identifiers[url] = record.identifier if known is None else known.identifier
        if known is None:
            self.records[record.identifier] = record
        else:
            self.records[known.identifier] = fill(known, record)

    def finish(self) -> list[Record]:
        """Give all records with what follows from them and from their studies, in the order of the catalog."""
        studies = {name: complete(record) for name, record in self.records.items() if record.part_of is None}
        images = [self._inherit(record, studies) for record in self.records.values() if record.part_of is not None]
        return sorted([*studies.values(), *images], key=order)

    def _inherit(self, image: Record, studies: dict[str, Record]) -> Record:
        study = studies.get(image.part_of or "")
        if study is None:
            self._report.defect(image.identifier, "part_of", f"the study {image.part_of} is not known; left out")
            return complete(image.model_copy(update={"part_of": None}))
        self._check_organism(image, study)
        image = self._check_licence(image, study)
        # Of several organisms or methods of a study nobody says which one an image shows.
        sure = [name for name in _OF_STUDY if name not in _SEVERAL or len(getattr(study, name)) == 1]
        taken = _missing(image, study, sure)
        facts = image.facts
        if taken:
            fact = Fact(source=study.identifier, retrieved=study.facts[0].retrieved, fields=tuple(taken))
            facts = (*facts, fact)
        page = study.source_url if image.source_url == image.url else image.source_url
        # What an image says of its own comes first; classes that do not follow from it are those of the study.
        image = complete(image.model_copy(update={**taken, "source_url": page, "facts": facts}))
        derived = _DERIVED if len(study.technologies) == 1 else _DERIVED[1:]
        return image.model_copy(update=_missing(image, study, derived))

    def _check_licence(self, image: Record, study: Record) -> Record:
        """Leave out what a list says of the licence where the study says otherwise: the study decides."""
        if study.licence is None or image.licence in {None, study.licence}:
            return image
        text = (
            f"a list states {image.licence}, the study {study.identifier} {study.licence}; that of the study is taken"
        )
        self._report.defect(image.identifier, "licence", text)
        return image.model_copy(update={"licence": None, "licence_url": None})

    def _check_organism(self, image: Record, study: Record) -> None:
        known = {organism.taxon for organism in study.organisms}
        for organism in image.organisms:
            if known and organism.taxon not in known and len(known) == 1:
                names = ", ".join(each.name for each in study.organisms)
                text = f"{organism.name} is stated, {names} by its study {study.identifier}; kept as stated"
                self._report.defect(image.identifier, "organisms", text)


def fill(first: Record, second: Record) -> Record:
    """Give the first record, with the fields that it leaves out taken from the second, and where they came from."""
    names = [name for name in type(first).model_fields if name not in _OWN]
    taken = _missing(first, second, names)
    if not first.axes and second.axes:
        taken |= {name: getattr(second, name) for name in _ARRAY if getattr(second, name)}
    for name in _JOINED:
        joined = tuple(dict.fromkeys([*getattr(first, name), *getattr(second, name)]))
        if joined != getattr(first, name):
            taken[name] = joined
    if not taken:
        return first
    told = tuple(fact.model_copy(update={"fields": tuple(taken)}) for fact in second.facts[:1])
    return first.model_copy(update={**taken, "facts": (*first.facts, *told)})


def _missing(first: Record, second: Record, names: Iterable[str]) -> dict[str, Any]:
    """Fields of the second that the first leaves out; a licence goes with its address."""
    taken = {name: getattr(second, name) for name in names if not getattr(first, name) and getattr(second, name)}
    return {name: value for name, value in taken.items() if first.licence is None or name not in _LICENCE}
