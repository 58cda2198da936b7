"""``bioimagehub catalog lock``: write down which version of each dataset a notebook or a paper uses."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.catalogs.commands.records import find_record

if TYPE_CHECKING:
    import argparse


def add(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``lock`` to the parser of ``catalog``."""
    parser = actions.add_parser(
        "lock",
        help="write down the version, size and checksum of datasets",
        description="Write down the version, size and checksum of each dataset that a notebook or a paper uses.",
    )
    parser.add_argument("identifiers", nargs="*", metavar="IDENTIFIER", help="identifier, such as idr:idr0062")
    parser.add_argument(
        "--notebook", action="append", type=Path, default=[], metavar="FILE", help="lock what a notebook names; again"
    )
    parser.add_argument("--into", type=Path, default=Path("data.lock.json"), help="lock file (default: data.lock.json)")
    parser.add_argument("--live", action="store_true", help="ask for the ETag of each image over the network")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the lock file."""
    from bioimagehub.catalogs import open_catalog, pins
    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.errors import InvalidQueryError
    from bioimagehub.catalogs.mentions import find_mentions

    catalog = open_catalog()
    records = [find_record(catalog, identifier) for identifier in arguments.identifiers]
    for notebook in arguments.notebook:
        records += find_mentions(notebook, catalog)
    if not records:
        msg = (
            "Nothing to lock: no identifier was given, and none was found in a notebook. Name identifiers, or "
            "notebooks that hold them as text, such as catalog['idr:idr0062']."
        )
        raise InvalidQueryError(msg)
    unique = list({record.identifier: record for record in records}.values())
    if arguments.live:
        with Client() as client:
            pins.write_lock(arguments.into, unique, client=client)
    else:
        pins.write_lock(arguments.into, unique)
    print(f"{len(unique)} datasets are locked in {arguments.into}", file=sys.stderr)
    return 0
