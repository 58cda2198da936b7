"""Where the files that come with the hub are: notebooks and deploy files."""

from __future__ import annotations

import sys
from pathlib import Path


def installed_path(name: str) -> Path:
    """Return the folder ``deploy`` or ``notebooks`` of this installation.

    A wheel brings them under ``<prefix>/share/bioimagehub``; an editable installation uses the working tree.
    """
    tree = Path(__file__).resolve().parents[4]
    places = {"deploy": tree / "hub" / "deploy", "notebooks": tree / "notebooks"}
    if (tree / "pyproject.toml").is_file() and places[name].is_dir():
        return places[name]
    return Path(sys.prefix) / "share" / "bioimagehub" / name
