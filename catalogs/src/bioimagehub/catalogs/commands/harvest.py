"""``bioimagehub catalog harvest``: renew the records of archives over the network."""

from __future__ import annotations

import sys
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``harvest`` to the parser of ``catalog``."""
    parser = actions.add_parser(
        "harvest",
        help="renew the records of archives over the network",
        description="Renew the records of archives over the network. A harvest that was broken off goes on where it "
        "stopped; the last good one stays until the new one is whole.",
    )
    parser.add_argument("archives", nargs="*", metavar="ARCHIVE", help="archive, such as idr (default: all)")
    parser.add_argument("--since", type=date.fromisoformat, help="only what changed since this day, as 2026-01-31")
    parser.add_argument(
        "--into", type=Path, help="folder of the tables; else BIOIMAGEHUB_HARVEST, or in the user's data folder"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Harvest one archive after the other; one that fails does not stop the others."""
    from bioimagehub.catalogs.archives import ARCHIVES, open_archive
    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.harvesting import harvest_archive
    from bioimagehub.catalogs.entries import harvest_path
    from bioimagehub.catalogs.errors import ArchiveError, NotOfferedError

    folder = arguments.into or harvest_path()
    names = arguments.archives or list(ARCHIVES)
    for name in names:
        open_archive(name)
    failed = []
    with Client() as client:
        for name in names:
            try:
                progress = partial(_show_progress, name)
                report = harvest_archive(name, folder, client, since=arguments.since, progress=progress)
            except NotOfferedError as error:
                print(f"{name}: {error}", file=sys.stderr)
                failed += [name] if arguments.archives else []
            except ArchiveError as error:
                print(f"{name}: {error}", file=sys.stderr)
                failed.append(name)
            else:
                print(f"{name}: {report.summary()}")
    if failed:
        msg = (
            f"{len(failed)} of {len(names)} archives were not harvested: {', '.join(failed)}. Their last good harvest "
            f"stays in {folder}. Run the command again for these; it goes on where it stopped."
        )
        raise ArchiveError(msg)
    return 0


def _show_progress(archive: str, done: int, total: int | None) -> None:
    print(f"{archive}: {done} of {'?' if total is None else total} records", file=sys.stderr, flush=True)
