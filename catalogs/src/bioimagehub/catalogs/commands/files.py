"""``bioimagehub catalog files``: the files of a study, asked of its archive."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from bioimagehub.catalogs.commands.output import add_json, print_json, print_table
from bioimagehub.catalogs.commands.records import find_archive
from bioimagehub.catalogs.display import format_size
from bioimagehub.catalogs.errors import InvalidQueryError

if TYPE_CHECKING:
    import argparse


def add(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``files`` to the parser of ``catalog``."""
    what = "list the files of a study, asked of its archive over the network"
    parser = actions.add_parser("files", help=what, description=f"{what[0].upper()}{what[1:]}.")
    parser.add_argument("identifier", help="identifier of a study, such as bia:S-BIAD599")
    parser.add_argument("--limit", type=int, help="how many files at most (default: all)")
    add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print path, size and address of each file."""
    from bioimagehub.catalogs.archives.client import Client

    if arguments.limit is not None and arguments.limit < 0:
        msg = f"The limit is {arguments.limit}; expected none below 0. Leave it out to list all files."
        raise InvalidQueryError(msg)
    archive, accession = find_archive(arguments.identifier)
    with Client() as client:
        found = list(islice(archive.list_files(accession, client), arguments.limit))
    if arguments.json:
        print_json([file.model_dump(mode="json", exclude_defaults=True) for file in found])
    else:
        rows = [(file.path, format_size(file.size), file.url or "") for file in found]
        print_table(("path", "size", "address"), rows, right=("size",))
    return 0
