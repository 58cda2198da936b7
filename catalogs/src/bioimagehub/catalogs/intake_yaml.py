"""Records as catalog files: YAML that this software, Intake with it, or Intake alone opens."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import yaml

from bioimagehub.catalogs.errors import InvalidEntryError, NotReadableError
from bioimagehub.catalogs.locations import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bioimagehub.catalogs.records import Record

_OWN_KEYS = {"description", "driver", "options", "url"}


def dump_yaml(records: Iterable[Record], *, plain: bool = False) -> str:
    """Write records as a catalog of Intake.

    Parameters
    ----------
    records : iterable of Record
        Images that a driver reads.
    plain : bool
        False writes entries with our drivers and the whole record, which `open_catalog` opens as well. True writes
        entries for Intake without this software: the array of full resolution, without axes and coordinates.

    Returns
    -------
    str

    Raises
    ------
    NotReadableError
        If no driver reads a record; or, where `plain`, none that comes with Intake or intake-xarray.
    InvalidEntryError
        If two records have the same name behind the colon.
    """
    sources: dict[str, Any] = {}
    for record in records:
        if record.name in sources:
            msg = (
                f"{record.identifier} cannot be written: another record of the catalog is also called {record.name!r}. "
                "Write the two into different files."
            )
            raise InvalidEntryError(msg)
        sources[record.name] = _plain_entry(record) if plain else _entry(record)
    text: str = yaml.safe_dump({"sources": sources}, sort_keys=False, allow_unicode=True, width=1000)
    return text


def write_yaml(path: Path, records: Iterable[Record], *, plain: bool = False) -> None:
    """Write records into a catalog file, whole or not at all; see `dump_yaml`."""
    text = dump_yaml(records, plain=plain)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _entry(record: Record) -> dict[str, Any]:
    if record.driver is None or record.url is None:
        raise NotReadableError(_refusal(record, "no driver reads it"))
    fields = record.model_dump(mode="json", exclude_defaults=True)
    return {
        "description": _untemplated(record.description or record.title),
        "driver": record.driver,
        "args": {"url": record.url, **record.arguments},
        "metadata": _untemplated({key: value for key, value in fields.items() if key not in _OWN_KEYS}),
    }


def _plain_entry(record: Record) -> dict[str, Any]:
    if record.driver != "ome_zarr" or record.url is None:
        raise NotReadableError(_refusal(record, "Intake alone has no driver for its format"))
    return {
        "description": _untemplated(record.title),
        "driver": "ndzarr",
        "args": {"urlpath": resolve(record.url), "component": "0"},
        "metadata": _untemplated(
            {
                "identifier": record.identifier,
                "licence": record.licence,
                "axes": list(record.axes),
                "cite": record.cite(),
            }
        ),
    }


def _refusal(record: Record, why: str) -> str:
    return f"{record.identifier} cannot be written as an entry of Intake: {why}. Leave it out; see {record.source_url}."


def _untemplated(value: Any) -> Any:
    """Break what Intake would take for a template: it would run what a depositor wrote."""
    if isinstance(value, str):
        return value.replace("{{", "{ {").replace("{%", "{ %").replace("{#", "{ #")
    if isinstance(value, dict):
        return {key: _untemplated(one) for key, one in value.items()}
    return [_untemplated(one) for one in value] if isinstance(value, list) else value
