"""``bioimagehub catalog cite``: references of records, for a paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.citation import STYLES
from bioimagehub.catalogs.commands.records import find_record

if TYPE_CHECKING:
    import argparse


def add(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``cite`` to the parser of ``catalog``."""
    what = "print the references of records"
    parser = actions.add_parser("cite", help=what, description=f"{what[0].upper()}{what[1:]}.")
    parser.add_argument("identifiers", nargs="+", metavar="IDENTIFIER", help="identifier, such as idr:idr0062")
    parser.add_argument("--style", choices=STYLES, default="text", help="form of the reference (default: text)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one reference after the other."""
    from bioimagehub.catalogs import open_catalog

    catalog = open_catalog()
    # All are looked up first: an unknown one is told before anything is printed.
    for record in [find_record(catalog, identifier) for identifier in arguments.identifiers]:
        print(record.cite(arguments.style))
    return 0
