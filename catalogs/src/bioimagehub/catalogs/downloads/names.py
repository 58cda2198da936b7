"""Where the files of a dataset go: names that every file system takes, that stay in the folder, and never meet.

What a name may not hold is percent-escaped, so the archive's own path can be had back with `urllib.parse.unquote`, but
for names that a digest cuts or tells apart; the manifest of the folder lists both.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import UnsafeNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

OWN = ".bioimagehub"
"""Folder in the target for what belongs to no dataset: the manifest, the journals, the lock."""
PART = ".part"
"""Ending of a file that is not whole yet."""

_LONGEST_NAME = 250  # bytes; 255 less the ending of a partial file
_LONGEST_PATH = 3500  # bytes, of 4,096 that Linux takes with the folder before it
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f"*:<>?\\|\ud800-\udfff\u2028-\u202e\u2066-\u2069]')
_ESCAPE = re.compile(r"%(?=[0-9A-Fa-f]{2})")
# Windows reserves these with every ending, https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?")


def choose_names(paths: Iterable[str], kept: Mapping[str, str] | None = None) -> dict[str, str]:
    """Choose the relative path that each file of a dataset is written to.

    Parameters
    ----------
    paths : iterable of str
        Paths of the archive, with ``/`` between folders.
    kept : mapping of str to str or None
        Names that were chosen for some of them before, which stay.

    Returns
    -------
    dict of str to str
        Name by path. Two names that differ by case alone, or by how an accent is encoded, are told apart by escaping
        letters of the later one, and so is a file with the name of a folder; where no letter is left to escape, by a
        digest.

    Raises
    ------
    UnsafeNameError
        If a path is absolute, leads upwards, has empty steps or is too long; all such are told at once.

    Examples
    --------
    >>> choose_names(["a/A.tif", "a/a.tif", "aux.txt", "50%20.tif", "what?."])
    ... # doctest: +NORMALIZE_WHITESPACE
    {'50%20.tif': '50%2520.tif', 'a/A.tif': 'a/A.tif', 'a/a.tif': 'a/%61.tif', 'aux.txt': '%61ux.txt',
     'what?.': 'what%3F%2E'}
    """
    unique = sorted(set(paths))
    _require_safe(unique)
    files, folders = set(unique), {above for path in unique for above in _folders_above(path)}
    taken: dict[str, str] = {}
    chosen: dict[str, str] = {}
    for path, name in (kept or {}).items():
        if path in files:
            chosen[path] = name
            taken[_folded(name)] = path
    # Folders first: a file gives way to the folder of the same name.
    places: dict[str, str] = {"": ""}
    for folder in sorted(folders):
        places[folder] = _free_name(folder, f"{folder}/", places, taken)
    for path in unique:
        if path not in chosen:
            chosen[path] = _free_name(path, path, places, taken)
    _require_short(chosen)
    return {path: chosen[path] for path in unique}


def folder_name(source: str) -> str:
    """Give a plain name for the folder of a dataset.

    Examples
    --------
    >>> folder_name("bia:S-BIAD599"), folder_name("https://host.org/a/image.ome.zarr/?x=1"), folder_name("..")
    ('S-BIAD599', 'image.ome.zarr', 'download')
    """
    last = source.rstrip("/").partition("?")[0].rstrip("/").rpartition("/")[2].rpartition(":")[2]
    return re.sub(r"[^A-Za-z0-9._+-]", "_", last).strip(".") or "download"


def escape_name(name: str) -> str:
    """Escape one step of a path.

    Examples
    --------
    >>> escape_name("nul.txt"), escape_name("a:b "), escape_name("100%"), escape_name("%41")
    ('%6Eul.txt', 'a%3Ab%20', '100%', '%2541')
    """
    safe = _ESCAPE.sub("%25", name)
    safe = _FORBIDDEN.sub(lambda found: _escaped(found[0]), safe)
    if safe[-1] in ". ":
        safe = safe[:-1] + _escaped(safe[-1])
    if _RESERVED.fullmatch(safe) or safe.casefold() == OWN:
        safe = _escaped(safe[0]) + safe[1:]
    if safe.casefold().endswith(PART):
        safe = safe[: -len(PART)] + _escaped(".") + safe[-len(PART) + 1 :]
    return safe if len(safe.encode()) <= _LONGEST_NAME else _shorten(safe, name)


def check_links(folder: Path, names: Iterable[str]) -> None:
    """Make sure that no link in the target leads out of it.

    Raises
    ------
    UnsafeNameError
        If one does.
    """
    root = folder.resolve()
    for below in sorted({above for name in names for above in _folders_above(name)}):
        path = folder / below
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            msg = (
                f"{path} is a link to {path.resolve()}, outside of the folder {folder} that is fetched into. "
                "Expected a folder. Remove the link, or fetch into another folder."
            )
            raise UnsafeNameError(msg)


def _require_safe(paths: list[str]) -> None:
    unsafe = [path for path in paths if any(step in {"", ".", ".."} for step in path.split("/"))]
    if unsafe:
        shown = ", ".join(repr(path[:100]) for path in unsafe[:5])
        msg = (
            f"{len(unsafe)} of {len(paths)} files have no path inside of a folder: {shown}. Expected relative paths "
            "without '..' and empty steps. Leave these files out with a glob, and report them to the archive."
        )
        raise UnsafeNameError(msg)


def _require_short(chosen: Mapping[str, str]) -> None:
    long = [path for path, name in chosen.items() if len(name.encode()) > _LONGEST_PATH]
    if long:
        msg = (
            f"{len(long)} files have paths of more than {_LONGEST_PATH:,} bytes, such as {long[0][:100]!r}…. "
            "No file system takes them. Leave these files out with a glob."
        )
        raise UnsafeNameError(msg)


def _folders_above(path: str) -> list[str]:
    steps = path.split("/")[:-1]
    return ["/".join(steps[: number + 1]) for number in range(len(steps))]


def _free_name(path: str, owner: str, places: Mapping[str, str], taken: dict[str, str]) -> str:
    """Give the first name for a path that no other file or folder has, and take it."""
    above, _, last = path.rpartition("/")
    before = f"{places[above]}/" if above else ""
    steps = [
        "".join(map(_escaped, last[:n])) + (escape_name(last[n:]) if last[n:] else "") for n in range(len(last) + 1)
    ]
    # Where a name is escaped in any case, such as that of a quote, no letter is left to tell two apart by.
    digest = hashlib.sha256(owner.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    for step in (*steps, f"{steps[0]}~{digest}"):
        if taken.setdefault(_folded(before + step), owner) == owner:
            return before + step
    msg = f"No free name was found for {path[:100]!r}: all that it could have are taken. Leave it out with a glob."
    raise UnsafeNameError(msg)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _escaped(text: str) -> str:
    # A surrogate stands for a byte that is no UTF-8; it is escaped as that byte.
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogateescape"))


def _shorten(safe: str, name: str) -> str:
    """Cut a name that is too long, with a digest of the whole in it, and its ending."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    _, dot, ending = safe.rpartition(".")
    ending = f"{dot}{ending}" if 0 < len(ending.encode()) <= 12 else ""
    room = _LONGEST_NAME - len(digest) - 1 - len(ending.encode())
    return f"{safe.encode()[:room].decode(errors='ignore')}~{digest}{ending}"
