"""Which names of files are let in: those that mean one file, below one folder, on every system."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_PART = 255
LONGEST = 1024
DEEPEST = 32
_JUNK = frozenset({".ds_store", "thumbs.db", "desktop.ini", "__macosx", ".ipynb_checkpoints"})


def is_junk(name: str) -> bool:
    """Tell whether a file is one that systems leave in folders of their own accord; it is passed over.

    Examples
    --------
    >>> is_junk("__MACOSX/._a.tif"), is_junk("a/.DS_Store"), is_junk("a.zarr/.zattrs")
    (True, True, False)
    """
    parts = name.lower().rstrip("/").split("/")
    return any(part in _JUNK or part.startswith("._") for part in parts)


def wrong_with(name: str) -> str | None:
    """Tell what is wrong with the name of a file; None for a good one.

    Examples
    --------
    >>> wrong_with("../a.tif"), wrong_with("a/b.tif")
    ('leads out of its folder', None)
    """
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or "\\" in name or ":" in parts[0]:
        return "is absolute, or has a backslash or a drive"
    if any(part in {"..", "."} for part in parts):
        return "leads out of its folder"
    if any(not part for part in parts):
        return "has an empty part"
    if any(unicodedata.category(one)[0] == "C" for one in name):
        return "has control characters"
    if len(name) > LONGEST or len(parts) > DEEPEST or any(len(part.encode()) > LONGEST_PART for part in parts):
        return f"is longer than {LONGEST} characters, {LONGEST_PART} bytes a part or {DEEPEST} folders"
    return None


def find_clashes(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give names that are one file on some system: equal, equal but for capitals, or a file and a folder.

    Parameters
    ----------
    names : iterable of str
        Of files.

    Yields
    ------
    tuple of str
        The later name, and the earlier one.

    Examples
    --------
    >>> list(find_clashes(["a.tif", "A.tif", "b", "b/c"]))
    [('A.tif', 'a.tif'), ('b/c', 'b')]
    """
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    for name in names:
        key = unicodedata.normalize("NFC", name).casefold()
        parts = key.split("/")
        above = ["/".join(parts[:end]) for end in range(1, len(parts))]
        other = files.get(key) or folders.get(key) or next((files[one] for one in above if one in files), None)
        if other is not None:
            yield name, other
        files.setdefault(key, name)
        for one in above:
            folders.setdefault(one, name)
