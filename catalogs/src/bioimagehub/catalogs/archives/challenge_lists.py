"""Lists of OME-Zarr images of the OME 2024 NGFF challenge: tables with a row an image, all of version 0.5.

Source: https://github.com/ome/ome2024-ngff-challenge, folder ``samples``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from bioimagehub.catalogs.archives.values import curie, number, read_rows
from bioimagehub.catalogs.parts import Organism, Term

if TYPE_CHECKING:
    from collections.abc import Mapping

SAMPLES = "https://raw.githubusercontent.com/ome/ome2024-ngff-challenge/main/samples"
VERSION = "0.5"
_ORDER = "tczyx"


def read_list(text: str) -> list[dict[str, str]]:
    """Give the rows of a list; some lists hold addresses alone, without a line of headings."""
    lines = [each for each in text.splitlines() if each.strip()]
    if lines and lines[0].startswith("http"):
        lines.insert(0, "url")
    return read_rows("\n".join(lines))


def image_url(row: Mapping[str, str]) -> str:
    """Give the address of the image, percent-encoded; some lists hold plain spaces."""
    return quote(unquote((row.get("url") or "").strip()), safe="/:")


def image_fields(row: Mapping[str, str]) -> dict[str, Any]:
    """Give what a row says of its image, as fields of a record.

    Parameters
    ----------
    row : mapping
    """
    from bioimagehub.catalogs.vocabulary.licences import parse_licence
    from bioimagehub.catalogs.vocabulary.methods import find_method
    from bioimagehub.catalogs.vocabulary.organisms import find_organism

    shape, chunks, shards = (_numbers(row.get(name)) for name in ("shape", "chunks", "shards"))
    named = tuple(re.findall(r"[tczyx]", row.get("dimension_names") or ""))
    axes = named if len(named) == len(shape) else tuple(_ORDER) if len(shape) == len(_ORDER) else ()
    taxon = number((row.get("organismId") or "").rpartition("txid")[2])
    organism = find_organism(f"NCBITaxon:{taxon}") if taxon else None
    method = curie((row.get("fbbiId") or "").removeprefix("obo:"))
    spdx, url = parse_licence(row.get("license"))
    return {
        "axes": axes,
        "shape": shape if axes else (),
        "chunks": chunks if axes else (),
        "shards": shards if axes else (),
        "size": number(row.get("written")),
        "wells": number(row.get("wells")),
        "images": number(row.get("images")),
        "organisms": (organism or Organism(name=f"NCBITaxon {taxon}", taxon=taxon),) if taxon else (),
        "methods": (find_method(method) or Term(name=method, id=method),) if method else (),
        "licence": spdx,
        "licence_url": url,
        "formats": ("ome-zarr",),
        "format_version": VERSION,
        "driver": "ome_zarr",
        "url": image_url(row),
    }


def _numbers(text: str | None) -> tuple[int, ...]:
    return tuple(int(each) for each in re.findall(r"\d+", text or ""))
