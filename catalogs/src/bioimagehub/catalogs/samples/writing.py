"""Write one dataset of the sample archive: image, label images, tables, thumbnail, manifest and record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import InvalidEntryError
from bioimagehub.catalogs.samples import ngff
from bioimagehub.catalogs.samples.manifest import RECORD, write_manifest
from bioimagehub.catalogs.thumbnail import make_thumbnail

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from bioimagehub.catalogs.records import Record
    from bioimagehub.catalogs.samples.pixels import Pixels

THUMBNAIL = "thumbnail.png"


def write_dataset(folder: Path, record: Record, pixels: Pixels) -> None:
    """Write a dataset: the same bytes for the same input, readable by every user.

    Parameters
    ----------
    folder : Path
        Its folder, which must not exist yet.
    record : Record
        What it is; its checksum is filled in.
    pixels : Pixels
        Its content, which must be what the record says.

    Raises
    ------
    InvalidEntryError
        If the content is not what the record says.
    """
    _check_content(record, pixels)
    folder.mkdir()
    image = folder / str(record.url).rpartition("/")[2]
    ngff.write_image(image, record, pixels.image, pixels.labels)
    for name, table in pixels.tables.items():
        _write_table(folder / "tables" / f"{name}.parquet", table)
    (folder / THUMBNAIL).write_bytes(make_thumbnail(record.model_copy(update={"url": str(image)})))
    finished = record.model_copy(update={"checksum": write_manifest(folder)})
    (folder / RECORD).write_text(finished.model_dump_json(indent=2) + "\n")
    _open_to_all(folder)


def _check_content(record: Record, pixels: Pixels) -> None:
    """Refuse content that the record does not describe; a catalog that errs is worse than none."""
    flat = tuple(size for axis, size in zip(record.axes, record.shape, strict=True) if axis != "c")
    found = {
        "shape": pixels.image.shape,
        "dtype": pixels.image.dtype.name,
        "labels": tuple(sorted(pixels.labels)),
        "tables": tuple(sorted(pixels.tables)),
        "shapes of label images": {labels.shape for labels in pixels.labels.values()},
    }
    stated = {
        "shape": record.shape,
        "dtype": record.dtype,
        "labels": tuple(sorted(record.labels)),
        "tables": tuple(sorted(record.tables)),
        "shapes of label images": {flat} if record.labels else set(),
    }
    wrong = [f"{what} is {found[what]}, stated is {stated[what]}" for what in stated if found[what] != stated[what]]
    if wrong:
        msg = f"The source of {record.identifier} is not what its entry says: {'; '.join(wrong)}. Correct the entry."
        raise InvalidEntryError(msg)


def _write_table(file: Path, table: pd.DataFrame) -> None:
    file.parent.mkdir(exist_ok=True)
    table.to_parquet(file, engine="pyarrow", compression="zstd", index=False)


def _open_to_all(folder: Path) -> None:
    """Let every user of the machine read the dataset, whatever the umask: the hub's users have uids of their own."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
