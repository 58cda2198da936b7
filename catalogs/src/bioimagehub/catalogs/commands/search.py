"""``bioimagehub catalog search``: one search over the records of all archives."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.commands.output import add_json, print_json, print_table
from bioimagehub.catalogs.display import format_size

if TYPE_CHECKING:
    import argparse

    from bioimagehub.catalogs import Catalog

_FACETS = {
    "archive": "archive, such as idr",
    "kind": "study, image or file",
    "part-of": "identifier of the study",
    "organism": "scientific or common name, NCBI taxon, or cell line",
    "scale": "molecular, molecular machines, cells, tissues, organism",
    "technology": "imaging technology",
    "method": "imaging method, by name or FBbi identifier",
    "data-type": "correlative, atlas, benchmark, systematic phenotyping",
    "ground-truth": "such as instance masks",
    "gene": "symbol or identifier",
    "protein": "name or identifier",
    "phenotype": "name or identifier",
    "compound": "name or identifier",
    "process": "name or identifier",
    "anatomy": "tissue, cell line or type, component of the cell",
    "licence": "SPDX identifier, such as CC0-1.0",
    "use": "what the licence must not forbid: commercial, derivatives, redistribution",
    "access": "open, embargoed, controlled, none",
    "format": "such as ome-zarr",
    "year": "year of release",
}
_RANGES = {
    "size": "bytes, or such as 1TB",
    "released": "dates",
    "modified": "dates",
    "files": "numbers",
    "images": "numbers",
}


def add(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``search`` to the parser of ``catalog``."""
    from bioimagehub.catalogs.index.fields import SORTS

    parser = actions.add_parser(
        "search",
        help="search the records of all archives",
        description='Search the records of all archives. "two words" is a phrase, micro* a beginning, -word must not '
        "occur (write -- before a text that begins with -).",
    )
    parser.add_argument("text", nargs="*", help="words that must all occur")
    for name, what in _FACETS.items():
        parser.add_argument(f"--{name}", action="append", metavar="VALUE", help=f"{what}; again for another one")
    for name, what in _RANGES.items():
        parser.add_argument(f"--{name}", metavar="LEAST..LARGEST", help=f"{what}; either may be left out")
    parser.add_argument("--reference", action="store_true", default=None, help="reference data only")
    parser.add_argument("--readable", action="store_true", default=None, help="only what a driver opens here")
    parser.add_argument("--sort", choices=[name for name in SORTS if name[0] != "-"], help="order (default: relevance)")
    parser.add_argument("--reverse", action="store_true", help="with --sort, the largest or latest first")
    parser.add_argument("--limit", type=int, default=20, help="how many records to print (default: 20)")
    parser.add_argument("--offset", type=int, default=0, help="how many records to leave out first (default: 0)")
    parser.add_argument("--facets", action="store_true", help="count the values of each facet instead")
    add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what was found; the number of records goes to standard error."""
    from bioimagehub.catalogs import open_catalog

    asked: dict[str, Any] = {name.replace("-", "_"): getattr(arguments, name.replace("-", "_")) for name in _FACETS}
    asked |= {name: _parse_range(getattr(arguments, name)) for name in _RANGES}
    found = open_catalog().search(
        " ".join(arguments.text),
        **asked,
        reference=arguments.reference,
        readable=arguments.readable,
        sort=f"-{arguments.sort}" if arguments.reverse and arguments.sort else arguments.sort,
    )
    if arguments.facets:
        _print_facets(found, as_json=arguments.json)
    else:
        _print_records(found, arguments)
    return 0


def _parse_range(text: str | None) -> tuple[str | None, str | None] | None:
    if text is None:
        return None
    least, dots, largest = text.partition("..")
    return (least or None, (largest or None) if dots else least or None)


def _print_facets(found: Catalog, *, as_json: bool) -> None:
    counts = found.facets(limit=15)
    if as_json:
        print_json(counts)
        return
    rows = [(facet, value, str(number)) for facet, values in counts.items() for value, number in values.items()]
    print_table(("facet", "value", "records"), rows, right=("records",))


def _print_records(found: Catalog, arguments: argparse.Namespace) -> None:
    records = found.page(arguments.offset, arguments.limit)
    if arguments.json:
        fields = [record.model_dump(mode="json", exclude_defaults=True) for record in records]
        print_json({"count": len(found), "records": fields})
        return
    rows = [
        (
            record.identifier,
            record.title,
            ", ".join(organism.name for organism in record.organisms[:2]),
            format_size(record.size),
            record.licence or "none stated",
        )
        for record in records
    ]
    print_table(("identifier", "title", "organism", "size", "licence"), rows, right=("size",))
    suggestion = None if len(found) else found.suggest()
    more = f"; did you mean: {suggestion}" if suggestion else ""
    print(f"{len(found)} records found, {len(records)} shown{more}", file=sys.stderr)
