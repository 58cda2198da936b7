"""Pin the datasets of a notebook or a paper, and say what has changed since.

What tells whether a dataset is still the same goes into a lock. User names, keys and signatures in addresses do not.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bioimagehub.catalogs.errors import (
    CatalogNotFoundError,
    InvalidEntryError,
    LockMismatchError,
    RecordNotFoundError,
)
from bioimagehub.catalogs.locks import Lock, Pin, Served, read_lock, save_lock
from bioimagehub.catalogs.redaction import hide_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.records import Record

__all__ = [
    "Change",
    "Lock",
    "Pin",
    "Served",
    "check",
    "compare",
    "digest",
    "make_pin",
    "read_lock",
    "verify",
    "write_lock",
]

# What a record says of itself, each a field of a pin of the same name; the digest covers the rest.
_STATED = ("version", "size", "checksum", "released", "modified", "licence", "url")
_ZARR_2 = frozenset({"0.1", "0.2", "0.3", "0.4"})  # versions of OME-Zarr that are written in Zarr 2
# Facts that change without the dataset: when they were read, our own words and classes, and the picture.
_OURS = frozenset({"facts", "description", "technologies", "scales", "data_types", "reference", "thumbnail"})


@dataclass(frozen=True)
class Change:
    """Something that is not as it was locked.

    Attributes
    ----------
    identifier : str
    field : str
        Field of the `Pin`; ``identifier`` where the record is gone, ``served.etag`` and the like of the host.
    locked, found : str or None
        None where it was, or is, not stated.
    """

    identifier: str
    field: str
    locked: str | None
    found: str | None

    def __str__(self) -> str:
        if self.field == "identifier":
            return f"{self.identifier} is no longer in the catalog"
        locked, found = (text or "not stated" for text in (self.locked, self.found))
        return f"{self.identifier}: {self.field} was {locked}, is {found}"


class Records(Protocol):
    """A catalog: whatever gives records by their identifiers."""

    def __contains__(self, identifier: object) -> bool: ...
    def __getitem__(self, name: str) -> Any: ...


def make_pin(record: Record, client: Client | None = None) -> Pin:
    """Make the pin of a record.

    Parameters
    ----------
    record : Record
    client : Client or None
        Asks the host of the image for its ETag; None asks nobody.

    Raises
    ------
    ArchiveError
        If the host does not answer, or does not have the image.
    """
    stated = {name: getattr(record, name) for name in _STATED}
    return Pin(
        **stated | {"url": None if record.url is None else hide_secrets(record.url)},
        identifier=record.identifier,
        facts=digest(record),
        retrieved=max((fact.retrieved for fact in record.facts), default=None),
        served=None if client is None else _ask(record, client),
    )


def write_lock(
    path: Path | str, records: Iterable[Record], *, client: Client | None = None, catalog: str | None = None
) -> Lock:
    """Write the lock of records.

    Nothing is written when all is as it was locked, so that the file of an unchanged set does not change. The file is
    replaced at once; when anything goes wrong, the old one stays.

    Parameters
    ----------
    path : Path or str
        The file; its folder must be there.
    records : iterable of Record
        In any order; the same one may come twice.
    client : Client or None
        Asks the hosts of the images for ETags as well.
    catalog : str or None
        What to say the records came from; None names this package and its version.

    Raises
    ------
    InvalidEntryError
        If two different records have the same identifier.
    InvalidDocumentError
        If the file is there and is no lock, or a damaged one; it stays.
    LockNotWritableError
        If the file cannot be written.
    ArchiveError
        If a host does not answer, or does not have the image.
    """
    found: dict[str, Record] = {}
    for record in records:
        if found.setdefault(record.identifier, record) != record:
            msg = (
                f"{record.identifier} cannot be locked: two different records have this identifier. "
                "Lock records of one catalog."
            )
            raise InvalidEntryError(msg)
    lock = Lock(
        locked=datetime.now(UTC).replace(microsecond=0),
        catalog=catalog or f"bioimagehub {version('bioimagehub')}",
        pins=tuple(make_pin(found[name], client) for name in sorted(found)),
    )
    file = Path(path)
    try:
        old = read_lock(file)
    except CatalogNotFoundError:
        old = None
    if old is not None and (old.catalog, old.pins) == (lock.catalog, lock.pins):
        return old
    save_lock(file, lock)
    return lock


def compare(lock: Lock, records: Iterable[Record]) -> list[Change]:
    """Say what is not as it was locked, from what the records state.

    Parameters
    ----------
    lock : Lock
    records : iterable of Record
        Those that are not locked are passed over.

    Returns
    -------
    list of Change
        In the order of the lock; a locked record that is missing counts as changed.
    """
    found = {record.identifier: record for record in records}
    changes = []
    for pin in lock.pins:
        if pin.identifier in found:
            changes += list(_differences(found[pin.identifier], pin))
        else:
            changes.append(Change(pin.identifier, "identifier", pin.identifier, None))
    return changes


def verify(lock: Lock, catalog: Records, *, client: Client | None = None) -> list[Change]:
    """Say what has changed since a lock was written.

    Parameters
    ----------
    lock : Lock
    catalog : Catalog
        Where the records are looked up.
    client : Client or None
        Asks the hosts of the images again where they were asked before; None compares the records alone.

    Returns
    -------
    list of Change
        Empty when all is as it was.

    Raises
    ------
    ArchiveUnreachableError
        If a host does not answer; an image that is gone is a change and no error.
    """
    records = [catalog[pin.identifier] for pin in lock.pins if pin.identifier in catalog]
    changes = compare(lock, records)
    if client is not None:
        for record in records:
            pin = lock.find(record.identifier)
            if pin is not None and pin.served is not None:
                changes += list(_served_differences(record, pin.served, client))
    return changes


def check(record: Record, pin: Pin) -> None:
    """Refuse a record that is not the one that was locked.

    Raises
    ------
    LockMismatchError
        If it is another record, or a field of the pin differs.
    """
    changes = list(_differences(record, pin))
    if changes:
        listed = "; ".join(map(str, changes))
        msg = (
            f"{record.identifier} is not what was locked: {listed}. "
            "Open the locked version, or check what changed and lock anew with: bioimagehub catalog lock."
        )
        raise LockMismatchError(msg)


def digest(record: Record) -> str:
    """Give the digest of all that the source of a record states.

    Left out are when it was read, and what is ours: description, classes, the reference flag; and the thumbnail.
    """
    facts = record.model_dump(mode="json", exclude_defaults=True, exclude=set(_OURS))
    if record.url is not None:
        facts["url"] = hide_secrets(record.url)
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _differences(record: Record, pin: Pin) -> Iterator[Change]:
    """Give each field that differs; the digest only where no field tells what it is about."""
    now = make_pin(record)
    count = 0
    for name in ("identifier", *_STATED):
        locked, found = getattr(pin, name), getattr(now, name)
        if locked != found:
            count += 1
            yield Change(pin.identifier, name, _text(locked), _text(found))
    if not count and pin.facts != now.facts:
        yield Change(pin.identifier, "facts", pin.facts, now.facts)


def _served_differences(record: Record, before: Served, client: Client) -> Iterator[Change]:
    try:
        now = _ask(record, client)
    except RecordNotFoundError:
        now = None
    if now is None:
        yield Change(record.identifier, "served.url", before.url, None)
        return
    for name in ("etag", "size", "modified"):
        locked, found = getattr(before, name), getattr(now, name)
        if locked is not None and locked != found:
            yield Change(record.identifier, f"served.{name}", _text(locked), _text(found))


def _ask(record: Record, client: Client) -> Served | None:
    """Ask the host of an image what it has; None of what is on this machine or has no address."""
    if record.url is None or not record.url.startswith(("http://", "https://")):
        return None
    urls = list(_asked(record))
    for place, url in enumerate(urls, 1):
        try:
            head = client.head(url)
        except RecordNotFoundError:
            if place == len(urls):
                raise
            continue
        return Served(url=hide_secrets(url), etag=head.etag or None, size=head.size, modified=head.modified)
    return None


def _asked(record: Record) -> Iterator[str]:
    """Give what to ask for: of OME-Zarr, which is a folder, the file of its metadata."""
    address, mark, query = str(record.url).partition("?")
    if record.driver != "ome_zarr" and "ome-zarr" not in record.formats:
        yield str(record.url)
        return
    if record.format_version is None:
        names = ["zarr.json", ".zattrs"]
    else:
        names = [".zattrs" if record.format_version in _ZARR_2 else "zarr.json"]
    for name in names:
        yield f"{address.rstrip('/')}/{name}{mark}{query}"


def _text(value: object) -> str | None:
    return None if value is None else str(value)
