"""The command ``bioimagehub samples``: build, list and verify the sample archive."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import DamagedSampleError

if TYPE_CHECKING:
    import argparse


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``samples`` and its sub-commands to a parser."""
    samples = subparsers.add_parser(
        "samples", help="build, list or verify the sample archive", description="Work on the sample archive."
    )
    actions = samples.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name, run, what in (
        ("build", _build, "build what is missing or damaged, out of installed packages"),
        ("list", _list, "list the samples and say which are built"),
        ("verify", _verify, "read every file and say which are missing, changed or in excess"),
    ):
        action = actions.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
        action.add_argument(
            "--path",
            type=Path,
            help="folder of the sample archive; else BIOIMAGEHUB_SAMPLES, or the user's data folder",
        )
        action.set_defaults(run=run)


def _build(arguments: argparse.Namespace) -> int:
    from bioimagehub.catalogs.samples import build, samples_path

    folder = arguments.path or samples_path()
    records = build(folder, progress=_show_progress)
    print(f"{len(records)} samples are in {folder}")
    return 0


def _show_progress(done: int, total: int, what: str) -> None:
    print(f"[{done:>2}/{total}] {what}", file=sys.stderr, flush=True)


def _list(arguments: argparse.Namespace) -> int:
    from bioimagehub.catalogs.samples import list_samples

    records = list_samples(arguments.path)
    width = max(len(record.name) for record in records)
    for record in records:
        state = "built    " if record.checksum else "not built"
        print(f"{record.name:<{width}}  {state}  {record.title}")
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from bioimagehub.catalogs.samples import samples_path, verify

    folder = arguments.path or samples_path()
    problems = verify(folder)
    if problems:
        listed = "\n  ".join(problems)
        msg = (
            f"The sample archive in {folder} is not whole: {len(problems)} problems.\n  {listed}\n"
            "Build it with: bioimagehub samples build; it replaces what is damaged and leaves the rest."
        )
        raise DamagedSampleError(msg)
    print(f"The sample archive in {folder} is whole.")
    return 0
