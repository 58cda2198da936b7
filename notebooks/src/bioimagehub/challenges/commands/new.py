"""``bioimagehub challenge new``: a small challenge to begin with."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bioimagehub.challenges.template import write_template

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Write the file and say what to do next."""
    file = write_template(arguments.folder, arguments.task, arguments.name)
    print(file)
    print(f"Edit it, and check it with: bioimagehub challenge check {arguments.folder}", file=sys.stderr)
    return 0
