"""The command ``bioimagehub``: its sub-commands come from the rooms."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from importlib.metadata import version

from bioimagehub.catalogs.errors import CatalogError
from bioimagehub.hub.errors import HubError

# Each of these has `add_commands(subparsers)`.
COMMANDS = ("bioimagehub.hub.commands", "bioimagehub.catalogs.cli", "bioimagehub.hub.challenge_commands")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    parser = argparse.ArgumentParser(
        prog="bioimagehub",
        description="A hub for reanalysing and reusing the images in public biological archives.",
    )
    parser.add_argument("--version", action="version", version=version("bioimagehub"))
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        import_module(name).add_commands(subparsers)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        0 when it did what it should, 1 when it could not (said on standard error), 2 for wrong usage.
    """
    chosen = make_parser().parse_args(arguments)
    try:
        status: int = chosen.run(chosen)
    except (HubError, CatalogError) as error:
        print(f"bioimagehub: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of the output has gone, as with `bioimagehub samples list | head`.
        sys.stderr.close()
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
