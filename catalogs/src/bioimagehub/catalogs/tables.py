"""Tables of records: one Parquet file an archive, with typed columns that DuckDB, pandas and Polars read as they are.

A column is a field of `Record`; its type is derived from the field. A field at its default is null in the table. The
file says in its metadata which version of this layout it has, and who is to be named for the facts in it.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

from bioimagehub.catalogs.errors import CatalogNotFoundError, InvalidEntryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pyarrow as pa
    import pyarrow.parquet as pq
    from pydantic.fields import FieldInfo

    from bioimagehub.catalogs.records import Record

LAYOUT = "1"
_LAYOUT_KEY = b"bioimagehub.layout"
_ATTRIBUTION_KEY = b"bioimagehub.attribution"
_STATED = {b"bioimagehub.stated": b"yes"}
_GROUP = 8192  # records in a row group: a few megabytes in memory at a time


def write_table(path: Path, records: Iterable[Record], *, attribution: Mapping[str, str]) -> int:
    """Write records to a Parquet file, in the order given.

    The file is written under another name beside it, read back, and then takes the place of the old one at once; when
    anything goes wrong the old file stays. The same records give the same bytes with the same version of pyarrow.

    Parameters
    ----------
    path : Path
        The file; its folder must be there.
    records : iterable of Record
        With identifiers that differ. They are taken in groups: memory does not grow with their number.
    attribution : mapping
        From a source, such as a repository with its commit, to what must be said of it: its date and licence.

    Returns
    -------
    int
        How many records the file holds.

    Raises
    ------
    InvalidEntryError
        If two records have one identifier, or a number does not fit into 64 bits.
    """
    # The temporary name does not end in .parquet: whoever reads the folder meanwhile does not see it.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(descriptor)
    temporary = Path(name)
    try:
        count = _write(temporary, path, records, attribution)
        found = sum(len(batch) for batch in _read_batches(temporary, ["identifier"]))
        if found != count:
            msg = (
                f"The table {path} was not written whole: {count} records went in, {found} could be read back. "
                "The old file was left as it was. Check the disk and write it again."
            )
            raise InvalidEntryError(msg)
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return count


def _write(temporary: Path, path: Path, records: Iterable[Record], attribution: Mapping[str, str]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    told = json.dumps(dict(sorted(attribution.items())), ensure_ascii=False)
    schema = record_schema().with_metadata({_LAYOUT_KEY: LAYOUT, _ATTRIBUTION_KEY: told})
    seen: set[str] = set()
    source = iter(records)
    with pq.ParquetWriter(
        temporary, schema, compression="zstd", compression_level=12, write_page_checksum=True
    ) as writer:
        while group := list(islice(source, _GROUP)):
            _check_identifiers(group, seen, path)
            rows = [record.model_dump(exclude_defaults=True) for record in group]
            try:
                writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            except (pa.ArrowInvalid, OverflowError) as error:
                msg = (
                    f"The table {path} cannot hold the records from {group[0].identifier} to {group[-1].identifier}: "
                    f"{error}. Correct the field that does not fit."
                )
                raise InvalidEntryError(msg) from error
    return len(seen)


def _check_identifiers(records: Iterable[Record], seen: set[str], path: Path) -> None:
    for record in records:
        if record.identifier in seen:
            msg = (
                f"The table {path} was given two records with the identifier {record.identifier}; each must have its "
                "own. Leave one of them out."
            )
            raise InvalidEntryError(msg)
        seen.add(record.identifier)


def read_table(path: Path) -> Iterator[dict[str, Any]]:
    """Read the records of a table, in the order of the file.

    Parameters
    ----------
    path : Path
        A file of `write_table`. A field that it lacks is at its default.

    Yields
    ------
    dict
        The plain fields of a record, as `parse_record` takes them: dates as ISO text, fields at their default left
        out.

    Raises
    ------
    CatalogNotFoundError
        If there is no such file.
    InvalidEntryError
        If the file is damaged, or is no table of records in this layout.
    """
    for batch in _read_batches(path, None):
        columns = [(name, _values(column)) for name, column in zip(batch.schema.names, batch.columns, strict=True)]
        filled = [(name, values) for name, values in columns if values is not None]
        names = [name for name, _ in filled]
        for row in zip(*(values for _, values in filled), strict=True):
            yield {name: value for name, value in zip(names, row, strict=True) if value is not None}


def read_attribution(path: Path) -> dict[str, str]:
    """Read who is to be named for the facts in a table: from each source to its date and licence.

    Raises
    ------
    CatalogNotFoundError, InvalidEntryError
        As in `read_table`.
    """
    with _opened(path) as file:
        told = json.loads(file.schema_arrow.metadata[_ATTRIBUTION_KEY])
    return dict(told)


def record_schema() -> pa.Schema:
    """Derive the columns of a table from the fields of `Record`: lists and structures stay lists and structures."""
    import pyarrow as pa

    from bioimagehub.catalogs.records import Record

    return pa.schema([(name, _column_type(field.annotation)) for name, field in Record.model_fields.items()])


def _column_type(annotation: Any) -> pa.DataType:
    import pyarrow as pa
    from pydantic import BaseModel

    if get_origin(annotation) is Annotated:
        return _column_type(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return pa.string()
    if get_origin(annotation) is tuple:
        return pa.list_(_column_type(get_args(annotation)[0]))
    parts = [part for part in get_args(annotation) if part is not type(None)]
    if parts:  # "X | None"; no field has two types beside None
        return _column_type(parts[0])
    if issubclass(annotation, BaseModel):
        return pa.struct([_member(name, field) for name, field in annotation.model_fields.items()])
    names = {"str": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "date": pa.date32()}
    return names[annotation.__name__]


def _member(name: str, field: FieldInfo) -> pa.Field:
    """Describe a field of a part; of one that must be stated even as None, that it must."""
    import pyarrow as pa

    return pa.field(name, _column_type(field.annotation), metadata=_STATED if field.is_required() else None)


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    """Open a table and turn what Arrow says of a bad one into an error that tells what to do."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        msg = f"The table {path} was not found. Check the path, or harvest the archive again."
        raise CatalogNotFoundError(msg)
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            _check_layout(path, file.schema_arrow)
            yield file
    except (pa.ArrowException, OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        msg = (
            f"The table {path} cannot be read: {error}. Expected a whole Parquet file of records. "
            "Harvest the archive again, or install bioimagehub again if the file came with it."
        )
        raise InvalidEntryError(msg) from error


def _check_layout(path: Path, schema: pa.Schema) -> None:
    metadata = schema.metadata or {}
    layout = metadata.get(_LAYOUT_KEY, b"no version").decode(errors="replace")
    known = record_schema()
    strange = [f.name for f in schema if f.name not in known.names or known.field(f.name).type != f.type]
    if layout != LAYOUT or _ATTRIBUTION_KEY not in metadata or strange:
        what = f"the columns {', '.join(sorted(strange))}" if strange else f"{layout} of the layout"
        msg = (
            f"The table {path} is no table of records that this version reads: it has {what}; expected layout {LAYOUT} "
            "with the fields of a record as columns. Update bioimagehub, or harvest the archive again."
        )
        raise InvalidEntryError(msg)


def _read_batches(path: Path, columns: list[str] | None) -> Iterator[pa.RecordBatch]:
    with _opened(path) as file:
        yield from file.iter_batches(batch_size=_GROUP, columns=columns)


def _values(array: pa.Array) -> list[Any] | None:
    """Turn a column into plain values, None where null; None in place of the list where all are null.

    Whole buffers are turned at once: `to_pylist` makes an object of Arrow for each value and takes ten times as long.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if array.null_count == len(array):
        return None
    if pa.types.is_list(kind):
        return _list_values(array)
    if pa.types.is_struct(kind):
        return _struct_values(array)
    if pa.types.is_date(kind):
        return _values(pc.cast(array, pa.string()))
    if pa.types.is_string(kind) or not array.null_count:
        return list(array.to_numpy(zero_copy_only=False).tolist())
    filled = pc.fill_null(array, 0 if not pa.types.is_boolean(kind) else False).to_numpy(zero_copy_only=False).tolist()
    valid = array.is_valid().to_numpy(zero_copy_only=False).tolist()
    return [value if there else None for value, there in zip(filled, valid, strict=True)]


def _list_values(array: pa.ListArray) -> list[Any]:
    inner = _values(array.values)
    inner = [None] * len(array.values) if inner is None else inner
    bounds = array.offsets.to_numpy().tolist()
    valid = array.is_valid().to_numpy(zero_copy_only=False).tolist()
    return [
        inner[start:end] if there else None for start, end, there in zip(bounds[:-1], bounds[1:], valid, strict=True)
    ]


def _struct_values(array: pa.StructArray) -> list[Any]:
    names = [field.name for field in array.type]
    stated = {field.name for field in array.type if _STATED.items() <= (field.metadata or {}).items()}
    columns = [_values(column) or [None] * len(array) for column in array.flatten()]
    valid = array.is_valid().to_numpy(zero_copy_only=False).tolist()
    return [
        {name: value for name, value in zip(names, row, strict=True) if value is not None or name in stated}
        if there
        else None
        for there, *row in zip(valid, *columns, strict=True)
    ]
