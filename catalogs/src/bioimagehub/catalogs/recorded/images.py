"""OME-Zarr images out of lists: their address today, their name in a study, and axes only where they are sure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from bioimagehub.catalogs.archives.values import slug
from bioimagehub.catalogs.hosts import BUILT_IN, Hosts
from bioimagehub.catalogs.scales import AXIS_ORDER
from bioimagehub.catalogs.vocabulary import licences, methods, organisms

if TYPE_CHECKING:
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import Organism, Term

_STEM = re.compile(r"(\.klb|\.ims|\.lif)?(\.ome)?\.zarr$")
_HOSTS = Hosts(BUILT_IN)


def current_url(url: str) -> str:
    """Give the address at today's host, percent-encoded, without a slash at the end.

    >>> current_url("https://s3.embassy.ebi.ac.uk/idr/zarr/v0.5/idr0054/Tonsil 1.zarr/")
    'https://livingobjects.ebi.ac.uk/idr/zarr/v0.5/idr0054/Tonsil%201.zarr'
    """
    parts = urlsplit(_HOSTS.candidates(url.strip())[0].rstrip("/"))
    return urlunsplit(parts._replace(path=quote(unquote(parts.path), safe="/:@!$&'()*+,;=~")))


def image_name(url: str) -> str:
    """Give the name of an image in its study: the last part of the address, or the last two where it is no Zarr's.

    >>> image_name("https://livingobjects.ebi.ac.uk/idr/share/ome2024-ngff-challenge/idr0004/P170.ome.zarr")
    'P170'
    >>> image_name("https://data-humerus.webknossos.org/data/zarr3_experimental/b227/e2198/color")
    'e2198-color'
    """
    parts = unquote(urlsplit(url).path).strip("/").split("/")
    last = parts[-1] if _STEM.search(parts[-1]) else "-".join(parts[-2:])
    return slug(strip_suffix(last))


def strip_suffix(name: str) -> str:
    """Give a name without what says that it is a Zarr, and of which file it was made.

    >>> strip_suffix("180712_H2B.klb.ome.zarr")
    '180712_H2B'
    """
    return _STEM.sub("", name)


def parse_sizes(text: str) -> tuple[int, ...]:
    """Read sizes as a list writes them; empty where there are none, or one is not a size.

    >>> parse_sizes("1,3,80,5464,8192"), parse_sizes("[1, 2]"), parse_sizes(""), parse_sizes("1,0")
    ((1, 3, 80, 5464, 8192), (1, 2), (), ())
    """
    sizes = tuple(int(part) if part.strip().isdecimal() else 0 for part in text.strip("[] ").split(","))
    return sizes if all(sizes) else ()


def array_fields(names: str, shape: str, chunks: str, shards: str, identifier: str, report: Report) -> dict[str, Any]:
    """Give axes, shape, chunks and shards as far as they are sure.

    Five sizes without names are ``t c z y x``, as OME-Zarr demands; fewer without names are left out, and so are axes
    in another order, which a record cannot express.
    """
    sizes = parse_sizes(shape)
    axes = tuple(part.strip() for part in names.split(",")) if names else AXIS_ORDER
    if not sizes or (not names and len(sizes) != len(AXIS_ORDER)):
        if shape:
            report.defect(identifier, "shape", f"{shape!r} without names of the axes; left out")
        return {}
    if len(axes) != len(sizes) or tuple(axis for axis in AXIS_ORDER if axis in axes) != axes:
        report.defect(identifier, "axes", f"{names!r} of {shape!r} are not in the order t, c, z, y, x; left out")
        return {}
    fields: dict[str, Any] = {"axes": axes, "shape": sizes}
    for name, text in (("chunks", chunks), ("shards", shards)):
        found = parse_sizes(text)
        if len(found) == len(axes):
            fields[name] = found
        elif text:
            report.defect(identifier, name, f"{text!r} does not fit the axes {','.join(axes)}; left out")
    return fields


def find_organisms(text: str, identifier: str, report: Report) -> tuple[Organism, ...]:
    """Find the organism of a taxon as lists write it, such as ``NCBI:txid9606`` or ``obo:NCBITaxon_10117``."""
    taxon = re.search(r"(?:txid|NCBITaxon[_:])(\d+)$", text)
    found = organisms.find_organism(taxon[1]) if taxon else None
    if found is None:
        if text:
            report.defect(identifier, "organisms", f"{text!r} is not a known organism; left out")
        return ()
    return (found,)


def find_methods(text: str, identifier: str, report: Report) -> tuple[Term, ...]:
    """Find the imaging method of an FBbi identifier; terms of other ontologies than FBbi are left out."""
    if not text:
        return ()
    found = methods.find_method(text)
    if found.id is None or not found.id.startswith("FBbi:"):
        report.defect(identifier, "methods", f"{text!r} is not an imaging method of FBbi; left out")
        return ()
    return (found,)


def find_licence(text: str, identifier: str, report: Report) -> dict[str, Any]:
    """Find the licence that a list states; terms that are not known are other terms, which forbid."""
    licence, url = licences.parse_licence(text or None)
    if licence == "LicenseRef-other":
        report.defect(identifier, "licence", f"{text!r} is not a known licence; taken as other terms")
    return {"licence": licence, "licence_url": url} if licence else {}
