"""``bioimagehub catalog harvest``: renew the records of archives over the network."""

from __future__ import annotations

import sys
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from bioimagehub.catalogs.archives.report import Report

_SHOWN = 20


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
    from bioimagehub.catalogs.errors import ArchiveError, CatalogError, NotOfferedError

    folder = arguments.into or harvest_path()
    # A name that an archive had before stands for the one that has its content now.
    names = list(dict.fromkeys(open_archive(name).ARCHIVE.name for name in arguments.archives or ARCHIVES))
    failed = []
    with Client() as client:
        for name in names:
            try:
                progress = partial(_show_progress, name)
                report = harvest_archive(name, folder, client, since=arguments.since, progress=progress)
            except NotOfferedError as error:
                print(f"{name}: {error}", file=sys.stderr)
                failed += [name] if arguments.archives else []
            except CatalogError as error:
                print(f"{name}: {error}", file=sys.stderr)
                failed.append(name)
            except OSError as error:
                print(f"{name}: {folder} cannot be written: {error}. Make room, or choose --into.", file=sys.stderr)
                failed.append(name)
            else:
                _show_report(name, report, folder)
    if failed:
        msg = (
            f"{len(failed)} of {len(names)} archives were not harvested: {', '.join(failed)}. Their last good harvest "
            f"stays in {folder}. Run the command again for these; it goes on where it stopped."
        )
        raise ArchiveError(msg)
    return 0


def _show_report(archive: str, report: Report, folder: Path) -> None:
    """Print the counts and the first losses; thousands of defects are left to the file."""
    counts, _, _ = report.summary().partition("\n")
    print(f"{archive}: {counts}")
    for loss in report.losses[:_SHOWN]:
        print(f"  {loss.identifier}: lost: {loss.reason}")
    if report.defects or len(report.losses) > _SHOWN:
        print(f"  all of them: {folder / archive}.report.json")


def _show_progress(archive: str, done: int, total: int | None) -> None:
    print(f"{archive}: {done} of {'?' if total is None else total} records", file=sys.stderr, flush=True)
