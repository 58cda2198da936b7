"""``bioimagehub catalog verify``: say what changed since datasets were locked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``verify`` to the parser of ``catalog``."""
    what = "say what changed since datasets were locked; status 1 when something did"
    parser = actions.add_parser("verify", help=what, description=f"{what[0].upper()}{what[1:]}.")
    parser.add_argument("lock", type=Path, nargs="?", default=Path("data.lock.json"), help="lock file")
    parser.add_argument("--live", action="store_true", help="ask for the ETag of each image over the network")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one line a change."""
    from bioimagehub.catalogs import open_catalog, pins
    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.errors import LockMismatchError

    lock = pins.read_lock(arguments.lock)
    if arguments.live:
        with Client() as client:
            changes = pins.verify(lock, open_catalog(), client=client)
    else:
        changes = pins.verify(lock, open_catalog())
    if changes:
        listed = "\n  ".join(str(change) for change in changes)
        msg = (
            f"What was found is not what {arguments.lock} locked, in {len(changes)} places:\n  {listed}\n"
            "Check what changed, then lock anew with: bioimagehub catalog lock."
        )
        raise LockMismatchError(msg)
    print(f"All {len(lock.pins)} datasets are as they were locked.")
    return 0
