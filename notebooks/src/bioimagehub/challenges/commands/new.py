"""``bioimagehub challenge new``: a small challenge to begin with."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bioimagehub.challenges.template import MARK, name_of, write_template

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Write the file and say what to do next."""
    file = write_template(arguments.folder, arguments.task, arguments.name)
    print(file)
    if arguments.name is None and name_of(arguments.folder) != arguments.folder.resolve().name:
        name = name_of(arguments.folder)
        print(
            f"The challenge is called {name}: names are lower-case words with hyphens. --name gives another.",
            file=sys.stderr,
        )
    if MARK in file.read_text(encoding="utf-8"):
        print(f"Fill in the place that is marked {MARK}: this task takes truth of yours.", file=sys.stderr)
    print(f"Edit it, and check it with: bioimagehub challenge check {arguments.folder}", file=sys.stderr)
    return 0
