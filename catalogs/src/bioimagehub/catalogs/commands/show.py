"""``bioimagehub catalog show``: tell all that is known of a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.commands.output import add_json, print_json
from bioimagehub.catalogs.commands.records import find_archive, find_record

if TYPE_CHECKING:
    import argparse


def add(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``show`` to the parser of ``catalog``."""
    what = "show a record with its licence, size, citation and the sources of its facts"
    parser = actions.add_parser("show", help=what, description=f"{what[0].upper()}{what[1:]}.")
    parser.add_argument("identifier", help="identifier of a record, such as idr:idr0062")
    parser.add_argument("--live", action="store_true", help="ask the archive instead of the catalog")
    add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the record."""
    if arguments.live:
        from bioimagehub.catalogs.archives.client import Client

        archive, accession = find_archive(arguments.identifier)
        with Client() as client:
            record = archive.fetch_record(accession, client)
    else:
        from bioimagehub.catalogs import open_catalog

        record = find_record(open_catalog(), arguments.identifier)
    if arguments.json:
        print_json(record.model_dump(mode="json", exclude_defaults=True))
    else:
        print(record)
    return 0
