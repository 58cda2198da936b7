"""Build the tables of the shipped catalog: ``python -m bioimagehub.catalogs.recorded FOLDER --into FOLDER``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.errors import CatalogError
from bioimagehub.catalogs.recorded.building import build, describe


def main(arguments: list[str] | None = None) -> int:
    """Build the tables; 1 where that was not possible."""
    parser = argparse.ArgumentParser(
        prog="python -m bioimagehub.catalogs.recorded", description="Build the tables of the catalog of recorded data."
    )
    parser.add_argument("folder", type=Path, help="recorded data, one folder an archive")
    parser.add_argument("--into", type=Path, required=True, help="folder of the tables")
    parser.add_argument("--defects", action="store_true", help="list each defect, too")
    chosen = parser.parse_args(arguments)
    report = Report(quiet=True)
    try:
        counts = build(chosen.folder, chosen.into, report)
    except CatalogError as error:
        print(error, file=sys.stderr)
        return 1
    print(describe(counts, report))
    if chosen.defects:
        print(report.summary())
    return 0


if __name__ == "__main__":
    sys.exit(main())
