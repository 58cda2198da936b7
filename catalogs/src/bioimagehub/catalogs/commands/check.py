"""``bioimagehub catalog check``: check catalog files that were written by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

_MOST = 100


def add(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``check`` to the parser of ``catalog``."""
    parser = actions.add_parser(
        "check",
        help="check catalog files: schema, licence, identifiers, links",
        description="Check catalog files: schema, licence, identifiers, links. Status 1 when something is wrong.",
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="catalog file (default: the installed one)")
    parser.add_argument(
        "--live",
        action="store_true",
        help="also read each image over the network and report drift; without FILE, of entries written by hand",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one line a problem."""
    from bioimagehub.catalogs.checking import check_file, check_live
    from bioimagehub.catalogs.entries import find_installed_catalog
    from bioimagehub.catalogs.errors import InvalidEntryError

    problems = []
    checked = 0
    for file in arguments.files or [find_installed_catalog()]:
        records, found = check_file(file)
        checked += len(records)
        problems += found
        if arguments.live:
            # What was harvested is renewed by a harvest; asking for each of its links takes hours.
            named = records if arguments.files else [record for record in records if not record.facts]
            problems += check_live(named, progress=_show_progress)
    if problems:
        listed = "\n  ".join([*problems[:_MOST], *([f"and {len(problems) - _MOST} more"] * (len(problems) > _MOST))])
        msg = (
            f"{len(problems)} problems in {checked} entries:\n  {listed}\n"
            "Correct them; docs/reference/records.md tells what each field may hold."
        )
        raise InvalidEntryError(msg)
    print(f"{checked} entries are good.")
    return 0


def _show_progress(done: int, total: int, identifier: str) -> None:
    print(f"[{done + 1}/{total}] {identifier}", file=sys.stderr, flush=True)
