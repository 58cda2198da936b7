"""The datasets that a notebook or a script names."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import InvalidDocumentError

if TYPE_CHECKING:
    from pathlib import Path

    from bioimagehub.catalogs import Catalog
    from bioimagehub.catalogs.records import Record

_IDENTIFIER = re.compile(r"\b[a-z0-9]+(?:-[a-z0-9]+)*:[A-Za-z0-9][A-Za-z0-9._+-]*(?:/[A-Za-z0-9][A-Za-z0-9._+-]*)?")


def find_mentions(file: Path, catalog: Catalog) -> list[Record]:
    """Find the records whose identifiers stand in the code of a notebook, or in a text file.

    Parameters
    ----------
    file : Path
        A notebook (``.ipynb``), or a text such as a script.
    catalog : Catalog
        Where the identifiers are looked up; what it does not hold is no identifier.

    Returns
    -------
    list of Record
        Each once, in the order in which they are named.

    Raises
    ------
    InvalidDocumentError
        If the file cannot be read, or is not a notebook.
    """
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".ipynb":
            cells = json.loads(text)["cells"]
            text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = (
            f"The notebook {file} cannot be read: {error!r}. Expected a notebook of Jupyter, or a text. Check the path."
        )
        raise InvalidDocumentError(msg) from error
    # A full stop at the end of a sentence is none of the identifier.
    named = dict.fromkeys(found.rstrip(".-+") for found in _IDENTIFIER.findall(text))
    return [catalog[identifier] for identifier in named if identifier in catalog]
