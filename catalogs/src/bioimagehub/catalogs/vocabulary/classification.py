"""Technology, scale and data type of a record, derived by rules that are written down.

Nothing is derived from descriptions, authors or pixels, and nothing that a record states is changed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from bioimagehub.catalogs.vocabulary.data_types import DATA_TYPE_RULES
from bioimagehub.catalogs.vocabulary.methods import technologies_of
from bioimagehub.catalogs.vocabulary.scales import SCALE_RULES
from bioimagehub.catalogs.vocabulary.technologies import SCALES_OF, TECHNOLOGY_RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bioimagehub.catalogs.records import Record
    from bioimagehub.catalogs.vocabulary.rules import Rule

RULES: dict[str, tuple[Rule, ...]] = {
    "technologies": TECHNOLOGY_RULES,
    "scales": SCALE_RULES,
    "data_types": DATA_TYPE_RULES,
}
"""The rules by the field of the record that they fill; each field may look at the technologies."""

# The values of each field in the order of the tables in the paper.
ORDER: dict[str, tuple[str, ...]] = {
    "technologies": tuple(SCALES_OF),
    "scales": ("molecular", "molecular machines", "cells", "tissues", "organism"),
    "data_types": ("correlative", "atlas", "benchmark", "systematic phenotyping"),
}
_BETWEEN = " ¦ "
"""Stands between two values, so that no pattern goes across them."""


class _Evidence(NamedTuple):
    """What the rules look at, in small letters.

    `terms` are the technologies of the methods that the table of terms knows, `methods` the names of the others.
    """

    terms: tuple[str, ...]
    methods: tuple[str, ...]
    title: str
    words: str
    things: str
    collection: str
    fields: Mapping[str, Any]


def classify(fields: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Derive technologies, scales and data types of the fields of a record.

    Parameters
    ----------
    fields : mapping
        Fields of `Record` as plain JSON values. Looked at are ``identifier`` or ``collection``, ``title``,
        ``keywords``, ``methods``, ``anatomy``, ``ground_truth`` and ``wells``; any may be missing.

    Returns
    -------
    dict
        ``technologies``, ``scales`` and ``data_types``, each a tuple of str in the order of the paper's tables; empty
        where no rule holds.

    Examples
    --------
    >>> classify({"title": "FIB-SEM of a HeLa cell", "identifier": "empiar:EMPIAR-10311"})["scales"]
    ('cells',)
    """
    found = explain(fields)
    return {
        field: tuple(value for value in ORDER[field] if any(value in given for given in rules.values()))
        for field, rules in found.items()
    }


def explain(fields: Mapping[str, Any]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Tell which rules hold for the fields of a record, and what each of them concludes.

    Returns
    -------
    dict
        For each of ``technologies``, ``scales`` and ``data_types`` the names of the rules that hold, in order, each
        with the values that it gives.

    Examples
    --------
    >>> explain({"identifier": "bbbc:BBBC039", "title": "Nuclei of U2OS cells in a chemical screen"})["data_types"]
    {'benchmark-collection': ('benchmark',), 'phenotyping-word': ('systematic phenotyping',)}
    """
    evidence = _gather(fields)
    technologies: dict[str, None] = {}
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for field, rules in RULES.items():
        found[field] = _apply(rules, evidence, technologies)
        if field == "technologies":
            technologies = {value: None for given in found[field].values() for value in given}
    return found


def complete(record: Record) -> Record:
    """Fill the technologies, scales and data types of a record where it states none.

    Parameters
    ----------
    record : Record

    Returns
    -------
    Record
        The same record where all three are stated or nothing can be derived.
    """
    missing = [field for field in RULES if not getattr(record, field)]
    if not missing:
        return record
    fields = {
        "collection": record.collection,
        "title": record.title,
        "keywords": record.keywords,
        "methods": [{"name": term.name, "id": term.id} for term in record.methods],
        "anatomy": [term.name for term in record.anatomy],
        "ground_truth": record.ground_truth,
        "wells": record.wells,
    }
    derived = classify(fields)
    update = {field: derived[field] for field in missing if derived[field]}
    return record.model_copy(update=update) if update else record


def _gather(fields: Mapping[str, Any]) -> _Evidence:
    methods = fields.get("methods") or ()
    terms: dict[str, None] = {}
    others = []
    for method in methods:
        name, identifier = (str(method["name"]), method.get("id")) if isinstance(method, dict) else (str(method), None)
        known = (technologies_of(identifier) if identifier else ()) or technologies_of(name)
        terms |= dict.fromkeys(known)
        if not known:
            others.append(name.lower())
    title = [str(fields.get("title") or ""), *_names(fields.get("keywords") or ())]
    return _Evidence(
        tuple(terms),
        tuple(others),
        _BETWEEN.join(title).lower(),
        _BETWEEN.join([*title, *_names(methods)]).lower(),
        _BETWEEN.join([*title, *_names(fields.get("anatomy") or ())]).lower(),
        str(fields.get("collection") or fields.get("identifier") or "").partition(":")[0],
        fields,
    )


def _names(values: Iterable[Any]) -> list[str]:
    """Give the names of terms, each a mapping with a name or plain text."""
    return [str(value["name"] if isinstance(value, dict) else value) for value in values]


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def _apply(rules: Iterable[Rule], evidence: _Evidence, technologies: Mapping[str, None]) -> dict[str, tuple[str, ...]]:
    """Give what each rule that holds concludes; a fallback counts only where nothing else does."""
    found: dict[str, tuple[str, ...]] = {}
    for fallback in (False, True):
        for rule in rules:
            if rule.fallback is fallback and _holds(rule, evidence, technologies):
                given = rule.gives or _by_table(rule, evidence, technologies)
                found |= {rule.id: given} if given else {}
        if found:
            break
    return found


def _holds(rule: Rule, evidence: _Evidence, technologies: Mapping[str, None]) -> bool:
    """Tell whether all conditions of a rule hold; the cheap ones are looked at first."""
    if rule.collections and evidence.collection not in rule.collections:
        return False
    if evidence.collection in rule.elsewhere:
        return False
    if rule.field and not evidence.fields.get(rule.field):
        return False
    if not all(any(name in technologies for name in group) for group in rule.technologies):
        return False
    if not all(any(_pattern(one).search(name) for name in evidence.methods) for one in rule.methods):
        return False
    texts = ((rule.title, evidence.title), (rule.words, evidence.words), (rule.things, evidence.things))
    return all(pattern is None or _pattern(pattern).search(text) for pattern, text in texts)


def _by_table(rule: Rule, evidence: _Evidence, technologies: Mapping[str, None]) -> tuple[str, ...]:
    """Conclude by a table: of scales where the rule looks at technologies, else of terms."""
    if not rule.technologies:
        return evidence.terms
    return tuple(dict.fromkeys(scale for technology in technologies for scale in SCALES_OF[technology]))
