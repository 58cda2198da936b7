"""What a download in a process of its own is to do, kept in the folder so that it can go on at any time."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.downloads.names import OWN
from bioimagehub.catalogs.downloads.selection import Selection
from bioimagehub.catalogs.downloads.settings import FetchSettings
from bioimagehub.catalogs.errors import InvalidSelectionError
from bioimagehub.catalogs.records import Record, parse_record

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE = "order.json"
_FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Part:
    """One dataset of a download.

    Attributes
    ----------
    source : Record, str or Path
        As `plan_fetch` takes it.
    folder : str
        Where it goes, in the folder of the download; empty for that folder itself.
    """

    source: Record | str | Path
    folder: str = ""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be fetched.

    Attributes
    ----------
    parts : tuple of Part
        Their folders differ.
    selection : Selection
        What of each is wanted; its `paths` count from the folder of the download.
    settings : FetchSettings
    """

    parts: tuple[Part, ...]
    selection: Selection = field(default_factory=Selection)
    settings: FetchSettings = field(default_factory=FetchSettings)

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "format": _FORMAT,
            "parts": [{"source": _dump(part.source), "folder": part.folder} for part in self.parts],
            "selection": asdict(self.selection),
            "settings": asdict(self.settings),
        }


def parse_order(fields: Mapping[str, Any], where: Path) -> Order:
    """Make an order of JSON values.

    Raises
    ------
    InvalidSelectionError
        If they are none.
    """
    try:
        if fields["format"] != _FORMAT:
            raise KeyError(fields["format"])
        chosen = dict(fields["selection"])
        chosen |= {name: tuple(chosen[name]) for name in ("paths", "channels", "levels")}
        chosen["region"] = {axis: (int(start), int(stop)) for axis, (start, stop) in chosen["region"].items()}
        parts = tuple(Part(source=_load(part["source"], where), folder=str(part["folder"])) for part in fields["parts"])
        return Order(parts=parts, selection=Selection(**chosen), settings=FetchSettings(**fields["settings"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        msg = (
            f"{where} does not tell what is to be fetched: {error!r:.200}. It was written by another version, or "
            "changed. Begin the download anew into the same folder: what is there is kept."
        )
        raise InvalidSelectionError(msg) from error


def write_order(order: Order, folder: Path) -> None:
    """Write an order into the folder of its download, which is there."""
    write_json(folder / OWN / _FILE, order.to_json())


def read_order(folder: Path) -> Order | None:
    """Read the order of a folder; None where nothing was ordered.

    Raises
    ------
    InvalidSelectionError
        If it cannot be read.
    """
    fields = read_json(folder / OWN / _FILE)
    return None if fields is None else parse_order(fields, folder / OWN / _FILE)


def write_json(file: Path, fields: Mapping[str, Any]) -> None:
    """Write a file in whole: who reads it sees the old or the new one."""
    fresh = file.with_name(file.name + ".new")
    fresh.write_text(json.dumps(fields) + "\n", encoding="utf-8")
    fresh.replace(file)


def read_json(file: Path) -> dict[str, Any] | None:
    """Read what `write_json` wrote; None where there is no file, or one of somebody else."""
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _dump(source: Record | str | Path) -> Any:
    if isinstance(source, Path):
        return {"path": str(source.absolute())}
    if isinstance(source, Record):
        return {"record": source.model_dump(mode="json", exclude_defaults=True)}
    return source


def _load(fields: Any, where: Path) -> Record | str | Path:
    if not isinstance(fields, dict):
        return str(fields)
    return Path(fields["path"]) if "path" in fields else parse_record(fields["record"], where)
