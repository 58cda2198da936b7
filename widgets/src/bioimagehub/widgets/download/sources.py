"""What `download` may be given, and the parts that it becomes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.downloads.background import Part
from bioimagehub.catalogs.downloads.names import folder_name
from bioimagehub.catalogs.records import Record
from bioimagehub.widgets.errors import NothingToFetchError

if TYPE_CHECKING:
    from collections.abc import Sequence


def list_parts(entries: Any) -> tuple[Part, ...]:
    """Make parts of entries: of one, it goes into the folder itself; of several, each gets a folder of its own.

    Raises
    ------
    NothingToFetchError
        If there are none, or one is nothing that can be fetched.
    """
    listed = [entries] if isinstance(entries, (Record, str, Path)) else entries
    if not isinstance(listed, Iterable):
        raise _wrong(entries)
    sources = list(listed)
    if not sources:
        msg = (
            "Nothing can be fetched: the list of entries is empty. Give a record, an identifier, an address or a path."
        )
        raise NothingToFetchError(msg)
    for each in sources:
        if not isinstance(each, (Record, str, Path)) or not str(each):
            raise _wrong(each)
    names = _choose_folders(sources) if len(sources) > 1 else [""]
    return tuple(Part(source=_absolute(each), folder=name) for each, name in zip(sources, names, strict=True))


def tell_source(source: Record | str | Path) -> str:
    """Write a source as an identifier, an address or a path."""
    return source.identifier if isinstance(source, Record) else str(source)


def default_folder(parts: Sequence[Part]) -> Path:
    """Give the folder that a download goes to: one with the name of the dataset, beside the notebook."""
    return Path(folder_name(tell_source(parts[0].source)) if len(parts) == 1 else "download")


def _choose_folders(sources: Sequence[Record | str | Path]) -> list[str]:
    names: list[str] = []
    for each in sources:
        name = folder_name(tell_source(each))
        number = 2
        while name.casefold() in {taken.casefold() for taken in names}:
            name, number = f"{folder_name(tell_source(each))}-{number}", number + 1
        names.append(name)
    return names


def _absolute(source: Record | str | Path) -> Record | str | Path:
    """Name a file of this machine so that another process finds it, in whatever folder that one is."""
    if isinstance(source, str) and "://" not in source and Path(source).exists():
        return Path(source).absolute()
    return source.absolute() if isinstance(source, Path) else source


def _wrong(entry: Any) -> NothingToFetchError:
    msg = (
        f"{entry!r:.80} cannot be fetched: it is a {type(entry).__name__}. Expected records, identifiers such as "
        "'bia:S-BIAD599', addresses or paths. Give one of these, or a list of them."
    )
    return NothingToFetchError(msg)
