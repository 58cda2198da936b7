"""``bioimagehub catalog index``: keep what opening an entry needs, so that opening asks nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.catalogs.commands.records import find_record

if TYPE_CHECKING:
    import argparse

    from bioimagehub.catalogs.layouts import Layout


def add(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``index`` to the parser of ``catalog``."""
    what = "scan images once and keep what opening them needs: metadata, and where the bytes lie"
    parser = actions.add_parser("index", help=what, description=f"{what[0].upper()}{what[1:]}.")
    parser.add_argument("identifiers", nargs="+", metavar="ENTRY", help="identifier of an image, such as idr:idr0062/…")
    parser.add_argument(
        "--into", type=Path, metavar="FOLDER", help="folder (default: the first of BIOIMAGEHUB_LAYOUTS)"
    )
    parser.add_argument("--remove", action="store_true", help="forget what was kept of them instead")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one line an entry; one that fails does not stop the others."""
    from bioimagehub.catalogs import open_catalog
    from bioimagehub.catalogs.errors import CatalogError
    from bioimagehub.catalogs.health import check_health, remove_health, save_health
    from bioimagehub.catalogs.layouts import remove_layout
    from bioimagehub.catalogs.scanning import index_record

    catalog = open_catalog()
    records = [find_record(catalog, identifier) for identifier in arguments.identifiers]
    failed = 0
    for record in records:
        if arguments.remove:
            told = "forgotten" if remove_layout(str(record.url), arguments.into) else "nothing was kept of it"
            remove_health(record, arguments.into)
            print(f"{record.identifier}: {told}")
            continue
        try:
            layout = index_record(record, arguments.into)
            health = check_health(record)
        except CatalogError as error:
            failed += 1
            print(error, file=sys.stderr)
            continue
        save_health(health, arguments.into)
        failed += not health.good
        print(f"{record.identifier}: {_describe(layout)}; {health}")
    return 1 if failed else 0


def _describe(layout: Layout) -> str:
    levels = layout.summary["levels"]
    shape = " x ".join(map(str, levels[0]["shape"]))
    axes = (
        "".join(layout.summary["axes"])
        if max(map(len, layout.summary["axes"])) == 1
        else ",".join(layout.summary["axes"])
    )
    return f"{axes} {shape} {layout.summary['dtype']}, {len(levels)} level{'s' * (len(levels) != 1)}"
