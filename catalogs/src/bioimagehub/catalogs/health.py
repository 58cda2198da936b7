"""Whether an entry can be read today: its link, its header and its first tile, with the day on which that was tried."""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import CatalogError
from bioimagehub.catalogs.layouts import layout_folders

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from bioimagehub.catalogs.records import Record

_TILE = 256


@dataclass(frozen=True)
class Health:
    """What came of reading an entry.

    Attributes
    ----------
    identifier : str
    url : str
        Address of its image.
    checked : date
    opens : str or None
        None where it opens and is as the record says; else what is wrong.
    tile : str or None
        None where its first tile reads; else what is wrong.
    seconds : float
        How long opening and the first tile took together.
    """

    identifier: str
    url: str
    checked: date
    opens: str | None
    tile: str | None
    seconds: float

    @property
    def good(self) -> bool:
        """Whether it can be read."""
        return self.opens is None and self.tile is None

    def __str__(self) -> str:
        if self.good:
            return f"opens, and its first tile reads ({self.seconds:.1f} s on {self.checked.isoformat()})"
        return f"could not be read on {self.checked.isoformat()}: {self.opens or self.tile}"


def check_health(record: Record) -> Health:
    """Open an entry and read its first tile.

    Parameters
    ----------
    record : Record
        With a driver.

    Raises
    ------
    NotReadableError
        If no driver reads it.
    """
    from bioimagehub.catalogs.reading import open_image

    began = time.perf_counter()
    opens = tile = None
    try:
        image = open_image(record)
        opens = find_drift(record, image)
        try:
            image[{dim: slice(0, _TILE if dim in {"y", "x"} else 1) for dim in image.dims}].load()
        except CatalogError as error:
            tile = str(error)
    except CatalogError as error:
        if record.driver is None or record.url is None:
            raise
        opens = str(error)
    today = datetime.now(tz=UTC).date()
    return Health(record.identifier, str(record.url), today, opens, tile, round(time.perf_counter() - began, 3))


def find_drift(record: Record, image: xr.DataArray) -> str | None:
    """Tell where an image is not as its record says; None where it is, or the record does not say."""
    # The record of a plate tells of one field of view.
    sizes = {str(dim): size for dim, size in image.sizes.items() if dim not in {"well", "field"}}
    found: dict[str, Any] = {
        "axes": tuple(sizes),
        "shape": tuple(sizes.values()),
        "dtype": image.dtype.name,
    }
    drift = [
        f"{field} is {value} where it lies and {getattr(record, field)} in the entry; correct the entry."
        for field, value in found.items()
        if getattr(record, field) and getattr(record, field) != value
    ]
    return " ".join(drift) or None


def save_health(health: Health, folder: Path | None = None) -> Path:
    """Keep what came of reading an entry, beside its layout; what was kept of that entry before is replaced."""
    folder = layout_folders()[0] if folder is None else folder
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / _file_name(health.identifier, health.url)
    part = file.with_suffix(f".{os.getpid()}.part")
    try:
        part.write_text(json.dumps(asdict(health) | {"checked": health.checked.isoformat()}), encoding="utf-8")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return file


def find_health(record: Record) -> Health | None:
    """Give what was kept of an entry; None where it was never checked, or what was kept is damaged."""
    for folder in layout_folders():
        try:
            fields = json.loads((folder / _file_name(record.identifier, str(record.url))).read_bytes())
            told = {"checked": date.fromisoformat(fields["checked"]), "seconds": float(fields["seconds"])}
            return Health(**fields | told)
        except (OSError, ValueError, TypeError, KeyError):
            continue
    return None


def remove_health(record: Record, folder: Path | None = None) -> None:
    """Forget what was kept of an entry in the folder that is written to."""
    folder = layout_folders()[0] if folder is None else folder
    (folder / _file_name(record.identifier, str(record.url))).unlink(missing_ok=True)


def _file_name(identifier: str, url: str) -> str:
    """Name it by both: entries for two series of a file have one address."""
    return hashlib.sha256(f"{identifier} {url}".encode()).hexdigest()[:40] + ".health.json"
