"""What opening an image needs, kept so that opening asks nothing: its metadata, and where its bytes lie."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import DamagedLayoutError
from bioimagehub.catalogs.reader.versions import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

VARIABLE = "BIOIMAGEHUB_LAYOUTS"

_FORM = 1
_HEAD = "layout"


@dataclass(frozen=True)
class Layout:
    """What a driver found out about a file or a folder.

    Attributes
    ----------
    driver : str
        The driver that made it, and reads it.
    url : str
        Address of the entry.
    facts : mapping
        What the driver wants to know again, as plain JSON values.
    tables : mapping of str to array
        Numbers in bulk, such as the offsets and lengths of the tiles of a TIFF.
    version : Version or None
        Version of the file; None for a folder, whose files have versions of their own in `facts`.
    verified : date or None
        The day on which it was made.
    summary : mapping
        What there is, for those who want to know before opening: axes, dtype, shape and chunks of each level.
    """

    driver: str
    url: str
    facts: Mapping[str, Any]
    tables: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    version: Version | None = None
    verified: date | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)


def layout_folders() -> tuple[Path, ...]:
    """Give the folders in which layouts are looked for; the first is the one they are written to.

    ``BIOIMAGEHUB_LAYOUTS`` names them, one behind another as in ``PATH``; else it is one in the data folder of the
    user.
    """
    named = [Path(each).expanduser() for each in os.environ.get(VARIABLE, "").split(os.pathsep) if each]
    if named:
        return tuple(named)
    import platformdirs

    return (Path(platformdirs.user_data_path("bioimagehub")) / "layouts",)


def save_layout(layout: Layout, folder: Path | None = None) -> Path:
    """Keep a layout; the one that was kept of the same address is replaced.

    Parameters
    ----------
    layout : Layout
    folder : Path or None
        None for the first of `layout_folders`.

    Returns
    -------
    Path
        Its file.
    """
    import numpy as np

    folder = layout_folders()[0] if folder is None else folder
    folder.mkdir(parents=True, exist_ok=True)
    head = {
        "form": _FORM,
        "driver": layout.driver,
        "url": layout.url,
        "facts": layout.facts,
        "summary": layout.summary,
        "version": None if layout.version is None else asdict(layout.version),
        "verified": None if layout.verified is None else layout.verified.isoformat(),
    }
    file = folder / _file_name(layout.url)
    part = file.with_suffix(f".{os.getpid()}.part")
    text = np.frombuffer(json.dumps(head, separators=(",", ":")).encode(), np.uint8)
    try:
        with part.open("wb") as opened:
            np.savez_compressed(opened, allow_pickle=False, **{_HEAD: text}, **layout.tables)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return file


def load_layout(file: Path, *, bulk: bool = True) -> Layout:
    """Read a layout that was kept; without its tables, which may be large, where `bulk` is False.

    Raises
    ------
    DamagedLayoutError
        If the file is not a layout of this version.
    """
    import numpy as np

    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as content:
            head = json.loads(content[_HEAD].tobytes())
            tables = {name: content[name] for name in content.files if bulk and name != _HEAD}
        if head["form"] != _FORM:
            msg = f"it has form {head['form']}, this version reads form {_FORM}"
            raise ValueError(msg)
        return Layout(
            driver=head["driver"],
            url=head["url"],
            facts=head["facts"],
            summary=head["summary"],
            tables=tables,
            version=None if head["version"] is None else Version(**head["version"]),
            verified=None if head["verified"] is None else date.fromisoformat(head["verified"]),
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        msg = (
            f"The layout {file} cannot be read: {error}. Expected what `bioimagehub catalog index` wrote. "
            "Remove the file, or make it anew with that command."
        )
        raise DamagedLayoutError(msg) from error


def find_layout(url: str, *, bulk: bool = True) -> Layout | None:
    """Give the layout that was kept of an address; None where none was; see `load_layout`.

    Raises
    ------
    DamagedLayoutError
        If there is one and it cannot be read.
    """
    for folder in layout_folders():
        file = folder / _file_name(url)
        if file.is_file():
            return load_layout(file, bulk=bulk)
    return None


def remove_layout(url: str, folder: Path | None = None) -> bool:
    """Forget the layout of an address in a folder, or the one that is written to; False where none was kept."""
    file = (layout_folders()[0] if folder is None else folder) / _file_name(url)
    there = file.is_file()
    file.unlink(missing_ok=True)
    return there


def _file_name(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:40] + ".layout"
