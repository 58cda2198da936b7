"""What was fetched into a folder: one JSON line a file, and lists that ``sha256sum -c`` reads."""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

_RUNS = "runs.jsonl"
_LISTS = {"sha256": "SHA256SUMS", "md5": "MD5SUMS"}


@dataclass(frozen=True)
class Entry:
    """A file that was fetched.

    Attributes
    ----------
    path : str
        Its path in the dataset.
    name : str
        Its path in the folder; the same, but where a name had to be changed.
    size : int
        Bytes.
    checksum : str
        ``crc32:``, ``sha256:`` or ``md5:`` and the digest of what was written.
    source : str
        Identifier or address of the dataset.
    url : str or None
        Where its bytes came from; None where they were made here.
    etag, modified : str or None
        What the store said of its version.
    fetched : str
        Date and time, UTC.
    """

    path: str
    name: str
    size: int
    checksum: str
    source: str
    url: str | None = None
    etag: str | None = None
    modified: str | None = None
    fetched: str = ""


class Manifest:
    """The manifest of a folder, open for more entries; a context manager.

    Parameters
    ----------
    folder : Path
        The folder of its own, in the target.

    Attributes
    ----------
    entries : dict of str to list of Entry
        By name, the latest last. Of a file that was replaced, or was to be, there are several.
    doubtful : set of str
        Names of files that may not have reached the disk: the machine stopped before the run ended that fetched them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.file = folder / "manifest.jsonl"
        self.entries: dict[str, list[Entry]] = {}
        self.doubtful: set[str] = set()
        for entry in read_manifest(self.file):
            self.entries.setdefault(entry.name, []).append(entry)
        self._find_doubtful()
        self._writing = threading.Lock()

    def __enter__(self) -> Self:
        self._descriptor = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        # An entry that was cut off must not spoil the next one.
        os.write(self._descriptor, b"\n" if self._is_cut_off() else b"")
        self._note_run(_machine())
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def names(self) -> dict[str, str]:
        """Give the name of each path."""
        return {entries[-1].path: name for name, entries in self.entries.items()}

    def add(self, entry: Entry) -> None:
        """Append an entry; before the file gets its name, so that no file of that name is ever unknown."""
        stamped = vars(entry) | {"fetched": datetime.now(UTC).isoformat(timespec="seconds")}
        line = json.dumps({key: value for key, value in stamped.items() if value is not None}) + "\n"
        with self._writing:
            os.write(self._descriptor, line.encode())
            self.entries.setdefault(entry.name, []).append(entry)

    def conclude(self, target: Path) -> None:
        """Note that all is on the disk, and write the lists of checksums of the files that are there."""
        os.fsync(self._descriptor)
        self._note_run(None)
        latest = [entries[-1] for entries in self.entries.values() if (target / entries[-1].name).is_file()]
        for algorithm, name in _LISTS.items():
            lines = [line for entry in latest if (line := _line(entry, algorithm))]
            if lines:
                fresh = self._folder / f"{name}.new"
                fresh.write_text("".join(sorted(lines)), encoding="utf-8", errors="surrogateescape")
                fresh.replace(self._folder / name)

    def _note_run(self, machine: str | None) -> None:
        """Note where a run begins in the manifest, and on which machine; None where it ends, with all on the disk."""
        with (self._folder / _RUNS).open("a", encoding="ascii") as opened:
            opened.write(json.dumps({"machine": machine, "at": os.fstat(self._descriptor).st_size}) + "\n")

    def _find_doubtful(self) -> None:
        here, at = _machine(), 0
        runs = deque(fields for fields in _read_lines(self._folder / _RUNS) if isinstance(fields.get("at"), int))
        machine: str | None = None
        for line in _split(self.file):
            while runs and runs[0]["at"] <= at:
                machine = runs.popleft().get("machine")
                if machine is None:
                    self.doubtful.clear()
            if machine not in {None, here}:
                self.doubtful.update(str(fields.get("name")) for fields in _parse([line]))
            at += len(line)
        if any(run.get("machine") is None for run in runs):
            self.doubtful.clear()

    def _is_cut_off(self) -> bool:
        with self.file.open("rb") as opened:
            size = opened.seek(0, os.SEEK_END)
            opened.seek(max(0, size - 1))
            return opened.read(1) not in {b"", b"\n"}


def read_manifest(file: Path) -> Iterable[Entry]:
    """Read the entries of a manifest; lines that were cut off are left out."""
    for fields in _read_lines(file):
        try:
            yield Entry(**fields)
        except TypeError:
            continue


def _read_lines(file: Path) -> Iterable[dict[str, Any]]:
    return _parse(_split(file))


def _split(file: Path) -> list[bytes]:
    try:
        return file.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return []


def _parse(lines: Iterable[bytes]) -> Iterable[dict[str, Any]]:
    for line in lines:
        try:
            fields = json.loads(line)
        except ValueError:
            continue
        if isinstance(fields, dict):
            yield fields


def _machine() -> str | None:
    """Tell this machine, as it runs since its last start, from others; None where that cannot be told."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None


def _line(entry: Entry, algorithm: str) -> str | None:
    kind, _, digest = entry.checksum.partition(":")
    # A name with a backslash or a line end would need another form; names have neither.
    return f"{digest}  {entry.name}\n" if kind == algorithm else None
