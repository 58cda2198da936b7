"""What came of a download."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

STATUSES = {
    "fetched": "came now, in whole",
    "resumed": "came in part now, and in part in an earlier run",
    "verified": "was there, and is what it should be",
    "written": "was made here: metadata, or pixels cut out of chunks",
    "absent": "a chunk that the store does not have: its pixels have the fill value",
    "failed": "could not be had; what is good of it stays for the next run",
    "cancelled": "was not begun or not finished when the download was stopped",
}
"""What may become of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one file.

    Attributes
    ----------
    path, name : str
        Its path in the dataset, and in the folder.
    status : str
        One of `STATUSES`.
    size : int or None
        Bytes of the file.
    moved : int
        Bytes that came over the network for it in this run.
    checksum : str or None
        ``crc32:``, ``sha256:`` or ``md5:`` and the digest of what is in the folder.
    url : str or None
        Address that it came from.
    reason : str or None
        Why it failed.
    notes : tuple of str
        What happened on the way, such as a change of the file in the store.
    """

    path: str
    name: str
    status: str
    size: int | None = None
    moved: int = 0
    checksum: str | None = None
    url: str | None = None
    reason: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """What came of a download.

    Attributes
    ----------
    source : str
        Identifier or address of the dataset.
    folder : str
    started : str
        Date and time, UTC.
    seconds : float
    moved : int
        Bytes that came over the network.
    files : tuple of Outcome
    notes : tuple of str
        What concerns no single file.
    """

    source: str
    folder: str
    started: str
    seconds: float
    moved: int
    files: tuple[Outcome, ...]
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Number of files by status, in the order of `STATUSES`."""
        found = Counter(outcome.status for outcome in self.files)
        return {status: found[status] for status in STATUSES if found[status]}

    @property
    def complete(self) -> bool:
        """Whether all files are there."""
        return not {"failed", "cancelled"} & set(self.counts)

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        fields = {key: value for key, value in asdict(self).items() if key != "files"}
        outcomes = [
            {key: value for key, value in asdict(each).items() if value not in (None, ())} for each in self.files
        ]
        return fields | {"complete": self.complete, "counts": self.counts, "files": outcomes}


def write_report(report: Report, file: Path) -> None:
    """Write it as JSON; an earlier one stays until the new one is whole."""
    fresh = file.with_name(file.name + ".new")
    fresh.write_text(json.dumps(report.to_json(), indent=1) + "\n", encoding="utf-8")
    fresh.replace(file)
