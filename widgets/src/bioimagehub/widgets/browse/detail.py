"""A record as the page shows it beside the list: what it is, how large, what one may do with it, how to cite it."""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, Any

from bioimagehub.widgets.browse.code import write_opening
from bioimagehub.widgets.browse.rows import has_picture, tidy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bioimagehub.catalogs import Catalog, Record

FORBIDDEN = {
    "commercial use": "You may not use it commercially.",
    "derivatives": "You may not pass on what you make of it.",
    "redistribution": "You may not pass it on.",
    "unattributed use": "You must name its authors.",
    "other terms": "What you make of it, you may pass on only under the same licence.",
}
"""What a licence forbids, as `bioimagehub.catalogs.vocabulary.licences` names it, in words."""

_UNITS = {"t": "s", "z": "µm", "y": "µm", "x": "µm"}
_LONGEST = 600
_LONGEST_PROSE = 2000
_LONGEST_CITATION = 4000
_MOST = 8


def describe(record: Record, catalog: Catalog, name: str | None) -> dict[str, Any]:
    """Tell what is known of a record.

    Parameters
    ----------
    record : Record
    catalog : Catalog
        Where its images are looked for.
    name : str or None
        What the catalog is called in the line of Python, as in `write_opening`.
    """
    return {
        "id": record.identifier,
        "title": tidy(record.title, _LONGEST),
        "description": tidy(record.description, _LONGEST_PROSE),
        "kind": record.kind,
        "source": tidy(record.source, _LONGEST),
        "page": _address(record.source_url),
        "part_of": record.part_of,
        "parts": len(catalog.parts_of(record.identifier)) if record.kind == "study" else 0,
        "authors": _list_authors(record),
        "released": str(record.released or ""),
        "doi": tidy(record.doi, 300),
        "licence": tell_licence(record),
        "access": _tell_access(record),
        "terms": _list_terms(record),
        "size": record.size,
        "files": record.files,
        "images": record.images,
        **_tell_pixels(record),
        "citation": tidy(record.cite(), _LONGEST_CITATION),
        "code": write_opening(record, name),
        "opens": record.driver is not None,
        "picture": has_picture({"thumbnail": record.thumbnail, "driver": record.driver, "url": record.url}),
    }


def tell_licence(record: Record) -> dict[str, Any]:
    """Tell the licence of a record, and in words what it forbids.

    Returns
    -------
    dict
        ``name`` (None where none is stated), ``url`` or None, ``told``: sentences.
    """
    from bioimagehub.catalogs.vocabulary.licences import forbids

    if record.licence is None:
        told = ["No licence is stated: ask the source before you pass anything of it on."]
    else:
        told = [FORBIDDEN[use] for use in forbids(record.licence)] or ["It forbids nothing."]
    return {"name": record.licence, "url": _address(record.licence_url), "told": told}


def _tell_access(record: Record) -> str:
    access = record.access
    if access.kind == "open":
        return ""
    until = f" until {access.until}" if access.until else ""
    return tidy(" ".join(filter(None, [f"{access.kind}{until}.", access.how, access.url])), _LONGEST)


def _tell_pixels(record: Record) -> dict[str, Any]:
    """Tell axes with samples, spacing and unit, and how many bytes the pixels take in memory."""
    spacing = record.spacing or (None,) * len(record.axes)
    axes = [
        (axis, samples, step, _UNITS.get(axis, "") if step is not None else "")
        for axis, samples, step in zip(record.axes, record.shape, spacing, strict=True)
    ]
    return {
        "axes": axes,
        "dtype": tidy(record.dtype),
        "memory": _count_bytes(record),
        "channels": _list(channel.name for channel in record.channels),
        "labels": _list(record.labels),
    }


def _count_bytes(record: Record) -> int | None:
    import numpy as np

    try:
        size = np.dtype(record.dtype).itemsize if record.dtype and record.shape else None
    except TypeError:
        return None
    return size and math.prod(record.shape) * size


def _list_terms(record: Record) -> list[tuple[str, str, list[str]]]:
    """List facet, title and values of what the record is about; each value can be searched for."""
    told: list[tuple[str, str, Iterable[str]]] = [
        ("organism", "Organism", (organism.name for organism in record.organisms)),
        ("scale", "Scale", record.scales),
        ("technology", "Technology", record.technologies),
        ("method", "Method", (method.name for method in record.methods)),
        ("data_type", "Data type", record.data_types),
        ("ground_truth", "Ground truth", record.ground_truth),
        ("format", "Format", record.formats),
        *(
            (facet, title, (term.name for term in getattr(record, field)))
            for facet, title, field in (
                ("gene", "Gene", "genes"), ("protein", "Protein", "proteins"), ("phenotype", "Phenotype", "phenotypes"),
                ("compound", "Compound", "compounds"), ("process", "Process", "processes"),
                ("anatomy", "Anatomy", "anatomy"),
            )
        ),
    ]  # fmt: skip
    return [(facet, title, values) for facet, title, names in told if (values := _list(names))]


def _list(names: Iterable[str]) -> list[str]:
    return [tidy(name, 160) for name in islice(names, _MOST)]


def _list_authors(record: Record) -> str:
    named = [f"{author.given or ''} {author.family}".strip() for author in record.authors[:_MOST]]
    more = f" and {len(record.authors) - _MOST} more" if len(record.authors) > _MOST else ""
    return tidy(", ".join(named), _LONGEST) + more


def _address(url: str | None) -> str | None:
    """Give an address that a browser may follow; none of a script, and none of this machine."""
    return url if url and url.startswith(("https://", "http://")) else None
