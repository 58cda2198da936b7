"""The lock file: pins of datasets, and how it is read and written."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import date  # noqa: TC003 - pydantic reads the annotation when the class is made
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from bioimagehub.catalogs.errors import CatalogNotFoundError, InvalidDocumentError, LockNotWritableError
from bioimagehub.catalogs.parts import Checksum, Identifier, Line, Location, Part

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]


class Served(Part):
    """What the host of the image said when it was locked.

    Attributes
    ----------
    url : str
        What was asked for: the image, or the metadata of an OME-Zarr image.
    etag : str or None
        The host's mark of the version of that file.
    size : int or None
        Bytes of that file.
    modified : date or None
    """

    url: Location
    etag: Line | None = None
    size: Count | None = None
    modified: date | None = None


class Pin(Part):
    """What a record was when it was locked; None where the source did not state it.

    Attributes
    ----------
    identifier : str
    version : str or None
    size : int or None
        Bytes.
    checksum : str or None
        Of a sample, that of its manifest, and so of all its files.
    released, modified : date or None
    licence : str or None
    url : str or None
        Without secrets.
    facts : str
        ``sha256:`` and the digest of all that the source states: title, organisms, shape and so on.
    retrieved : date or None
        When the facts were last read; it is told and not compared.
    served : Served or None
        None where the host was not asked.
    """

    identifier: Identifier
    version: Line | None = None
    size: Count | None = None
    checksum: Checksum | None = None
    released: date | None = None
    modified: date | None = None
    licence: Line | None = None
    url: Location | None = None
    facts: Digest
    retrieved: date | None = None
    served: Served | None = None


class Lock(Part):
    """The pins of a notebook or a paper.

    Attributes
    ----------
    layout : int
        Version of this layout.
    locked : datetime
        When, in UTC.
    catalog : str
        With which catalog.
    pins : tuple of Pin
        In the order of their identifiers.
    """

    layout: Literal[1] = 1
    locked: AwareDatetime
    catalog: Line
    pins: tuple[Pin, ...]

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        names = [pin.identifier for pin in self.pins]
        if names != sorted(set(names)):
            msg = "pins are not in the order of their identifiers, each once"
            raise ValueError(msg)
        return self

    def find(self, identifier: str) -> Pin | None:
        """Give the pin of a record; None where it is not locked."""
        return next((pin for pin in self.pins if pin.identifier == identifier), None)


def read_lock(path: Path | str) -> Lock:
    """Read a lock.

    Raises
    ------
    CatalogNotFoundError
        If there is no such file.
    InvalidDocumentError
        If it is no lock, or a damaged one.
    """
    file = Path(path)
    try:
        return Lock.model_validate_json(file.read_bytes())
    except FileNotFoundError as error:
        msg = f"The lock {file} was not found. Check the path, or write one with: bioimagehub catalog lock."
        raise CatalogNotFoundError(msg) from error
    except OSError as error:
        msg = f"The lock {file} cannot be read: {error.strerror}. It must be a file that you may read."
        raise InvalidDocumentError(msg) from error
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}"[:200] for fault in error.errors()[:5]
        )
        msg = (
            f"{file} is not a lock, or was damaged: {faults}. "
            "Take it from version control again, or move it away and lock anew with: bioimagehub catalog lock."
        )
        raise InvalidDocumentError(msg) from error


def save_lock(path: Path, lock: Lock) -> None:
    """Write a lock under another name beside the file, and then put it in its place at once.

    Raises
    ------
    LockNotWritableError
        If it cannot be written; the old file stays.
    """
    temporary: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(lock.model_dump(mode="json", exclude_none=True), file, indent=2, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        msg = (
            f"The lock {path} cannot be written: {error.strerror}. "
            "Name a file in a folder that is there and that you may write, on a disk with room."
        )
        raise LockNotWritableError(msg) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
