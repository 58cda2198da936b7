"""The commands ``bioimagehub catalog``, ``bioimagehub fetch`` and ``bioimagehub samples``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

ACTIONS = ("search", "show", "files", "cite", "index", "lock", "verify", "check", "harvest", "stats")
"""The sub-commands of ``catalog``; each is a module of `bioimagehub.catalogs.commands`."""


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``catalog``, ``fetch`` and ``samples`` to a parser."""
    catalog = subparsers.add_parser(
        "catalog",
        help="search the archives, show, cite and lock datasets",
        description="Search the records of all archives, and work on them.",
    )
    actions = catalog.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name in ACTIONS:
        import_module(f"bioimagehub.catalogs.commands.{name}").add(actions)
    for name in ("fetch", "samples"):
        import_module(f"bioimagehub.catalogs.commands.{name}").add(subparsers)
