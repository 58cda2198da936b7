"""``bioimagehub catalog stats``: how many records each archive has here, and what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.commands.output import add_json, print_json, print_table
from bioimagehub.catalogs.display import format_size

if TYPE_CHECKING:
    import argparse
    from typing import Any

    from bioimagehub.catalogs import Catalog


def add(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``stats`` to the parser of ``catalog``."""
    what = "count the records, the images that open here and the bytes of each archive"
    parser = actions.add_parser("stats", help=what, description=f"{what[0].upper()}{what[1:]}.")
    add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one line an archive."""
    from bioimagehub.catalogs import open_catalog

    counts = count(open_catalog())
    if arguments.json:
        print_json(counts)
        return 0
    rows = [
        (name, str(row["studies"]), str(row["images"]), str(row["readable"]), format_size(row["bytes"]))
        for name, row in counts.items()
    ]
    columns = ("archive", "studies", "images", "readable", "bytes of studies")
    print_table(columns, rows, right=columns[1:])
    return 0


def count(catalog: Catalog) -> dict[str, dict[str, Any]]:
    """Count the records of each archive of a catalog.

    Returns
    -------
    dict
        By archive, the largest first: ``studies``, ``images``, ``readable`` (images that a driver opens) and
        ``bytes`` (sum of the sizes of the studies, as far as they are stated).
    """
    counts = {
        archive: {"studies": 0, "images": 0, "readable": 0, "bytes": 0}
        for archive in catalog.facets("archive", limit=1000)["archive"]
    }
    for fields in catalog.iterate_fields():
        row = counts[fields["identifier"].partition(":")[0]]
        if fields.get("kind") == "study":
            row["studies"] += 1
            row["bytes"] += fields.get("size") or 0
        else:
            row["images"] += 1
            row["readable"] += "driver" in fields
    return counts
