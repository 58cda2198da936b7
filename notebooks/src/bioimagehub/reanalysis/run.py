"""The record of a run: which bytes were read, by which code, with what parameters, and what came out."""

from __future__ import annotations

import hashlib
import json
import platform
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, ValidationError

from bioimagehub.reanalysis.errors import ParameterError, ResultsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    import pyarrow as pa

    from bioimagehub.catalogs import Record

METADATA_KEY = b"bioimagehub.run"
PACKAGES = (
    "bioimagehub", "dask", "distributed", "numpy", "pandas", "pyarrow", "scikit-image", "scipy", "xarray", "zarr",
)  # fmt: skip


class Source(BaseModel):
    """A dataset that a run read.

    Attributes
    ----------
    identifier : str
        Identifier of its record, as ``samples:nuclei-3d``.
    checksum : str or None
        Checksum of its record; None where the record has none.
    citation : str
        The reference to cite.
    licence : str or None
        SPDX identifier; None where the source states no licence.
    """

    model_config = ConfigDict(frozen=True)

    identifier: str
    checksum: str | None
    citation: str
    licence: str | None


class RunRecord(BaseModel):
    """Where the rows of a table come from.

    Attributes
    ----------
    identifier : str
        Tells this run from every other.
    name : str
        What was run, as the name of the notebook.
    sources : tuple of Source
        The datasets that were read.
    parameters : dict
        What the analysis was told, in values that JSON knows.
    packages : dict of str
        Version of each package that took part; a package that is not installed is left out.
    python, system : str
        Version of Python; operating system and processor.
    started, finished : datetime
        In UTC; `finished` is None until the results are written.
    """

    model_config = ConfigDict(frozen=True)

    identifier: str
    name: str
    sources: tuple[Source, ...]
    parameters: dict[str, Any]
    packages: dict[str, str]
    python: str
    system: str
    started: datetime
    finished: datetime | None = None


def begin_run(name: str, records: Iterable[Record], parameters: Mapping[str, Any]) -> RunRecord:
    """Begin the record of a run, at the time of this call.

    Parameters
    ----------
    name : str
        What is run; it is also the name of the files that `write_results` writes.
    records : iterable of bioimagehub.catalogs.Record
        The datasets that the run reads.
    parameters : mapping
        What the analysis is told: everything that changes its result.

    Raises
    ------
    ParameterError
        If `name` is not a plain file name, or the parameters hold something that JSON does not know.
    """
    if not name or Path(name).name != name or name.startswith("."):
        msg = f"A run cannot be called {name!r}: the name becomes a file name. Use letters, digits and hyphens."
        raise ParameterError(msg)
    try:
        plain = json.loads(json.dumps(dict(parameters), allow_nan=False))
    except (TypeError, ValueError) as error:
        msg = (
            f"The parameters of run {name} cannot be written down: {error}. "
            "Give numbers, texts, lists and dicts; turn arrays into lists and NaN into None."
        )
        raise ParameterError(msg) from error
    return RunRecord(
        identifier=str(uuid4()),
        name=name,
        sources=tuple(
            Source(identifier=one.identifier, checksum=one.checksum, citation=one.cite(), licence=one.licence)
            for one in records
        ),
        parameters=plain,
        packages=_package_versions(),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        started=datetime.now(UTC),
    )


def _package_versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def write_results(table: pd.DataFrame, folder: str | Path, run: RunRecord) -> Path:
    """Write a table to Parquet with the record of its run inside, and the same record beside it as JSON.

    Both files are written under another name, read back and compared, and only then take the place of what was
    there before. When that fails, what was there before is still there.

    Parameters
    ----------
    table : pandas.DataFrame
        With a column ``dataset`` that names one of the run's sources in every row.
    folder : str or Path
        Made where it does not exist.
    run : RunRecord
        As `begin_run` gave it.

    Returns
    -------
    Path
        ``<folder>/<run.name>.parquet``. The record beside it, ``<run.name>.run.json``, also holds the SHA-256 of
        the Parquet file.

    Raises
    ------
    ParameterError
        If a row does not come from one of the run's sources.
    ResultsError
        If the files cannot be written, or do not hold what was written.
    """
    import pyarrow as pa

    sources = {source.identifier for source in run.sources}
    strange = sorted(set(table["dataset"]) - sources)
    if strange:
        msg = (
            f"The table of run {run.name} has rows from {', '.join(map(str, strange))}, and the run's sources are "
            f"{', '.join(sorted(sources)) or 'none'}. Give begin_run all the records that are read."
        )
        raise ParameterError(msg)
    done = run.model_copy(update={"finished": datetime.now(UTC)})
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), METADATA_KEY: done.model_dump_json()})
    parquet = Path(folder) / f"{run.name}.parquet"
    beside = Path(folder) / f"{run.name}.run.json"
    parts = {path: path.with_name(f".{path.name}.{run.identifier}.part") for path in (parquet, beside)}
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        _write_parquet(arrow, parts[parquet])
        record = {**done.model_dump(mode="json"), "table": {"file": parquet.name, "sha256": _sha256(parts[parquet])}}
        parts[beside].write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        for path, part in parts.items():
            part.replace(path)
    except OSError as error:
        msg = (
            f"The results of run {run.name} were not written to {folder}: {error}. What was there before is unchanged. "
            "Check that the folder may be written and that there is space left, or give another folder."
        )
        raise ResultsError(msg) from error
    finally:
        for part in parts.values():
            with suppress(OSError):  # it is there only after a failure, which is what there is to tell
                part.unlink()
    return parquet


def _write_parquet(arrow: pa.Table, path: Path) -> None:
    """Write a table, and raise `ResultsError` unless the file holds that table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(arrow, path)
    try:
        is_whole = pq.read_table(path).equals(arrow, check_metadata=True)
    except pa.ArrowInvalid:
        is_whole = False
    if not is_whole:
        msg = (
            f"The table that was written to {path.parent} does not read back as it was written. "
            "What was there before is unchanged. Look whether the disk is full or failing, then run again."
        )
        raise ResultsError(msg)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_run(path: str | Path) -> RunRecord:
    """Load the record of the run that wrote a Parquet file, out of that file.

    Raises
    ------
    ResultsError
        If there is no such file, it is not Parquet, or it holds no run record.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_schema(path).metadata or {}
        return RunRecord.model_validate_json(metadata[METADATA_KEY])
    except (OSError, KeyError, pa.ArrowInvalid, ValidationError) as error:
        msg = (
            f"No run record could be read from {path}: {error}. Expected a Parquet file that write_results wrote. "
            "Check the path, or run the analysis again."
        )
        raise ResultsError(msg) from error
