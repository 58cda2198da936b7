"""The directories of a TIFF, found with as few requests as they allow.

A directory tells where the next one is, so they are read one after another; what hangs on them, values that lie
elsewhere and directories of reduced images, is read at the same time.

References
----------
TIFF revision 6.0 (Adobe, 1992), section 2; TIFF technical note 1 (SubIFDs, 1995); the BigTIFF file format (AWare
Systems, 2007).
"""

from __future__ import annotations

import itertools
import struct
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from bioimagehub.catalogs.drivers.tiff_files.sources import WINDOW, file_name
from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from bioimagehub.catalogs.arrays.work import Job
    from bioimagehub.catalogs.drivers.tiff_files.sources import Source

SUBIFDS, DESCRIPTION, JPEG_TABLES = 330, 270, 347
OFFSETS, COUNTS = (324, 273, 513), (325, 279, 514)
NEEDED = {*OFFSETS, *COUNTS, SUBIFDS, DESCRIPTION, JPEG_TABLES, 258, 339}
"""Tags whose values are needed, however long they are."""

FORM = (254, 256, 257, 258, 259, 262, 266, 277, 278, 284, 317, 322, 323, 338, 339, 530, 32997, 32998, 42113)
"""Tags on which it depends how the segments of a page are decoded, and where they lie in the image."""

TYPES = {1: "u1", 2: "S1", 3: "u2", 4: "u4", 5: "V8", 6: "i1", 7: "S1", 8: "i2", 9: "i4", 10: "V8"} | {
    11: "f4", 12: "f8", 13: "u4", 16: "u8", 17: "i8", 18: "u8"
}  # fmt: skip
"""NumPy's types by their number; fractions are not looked into here."""

LENGTHS = {kind: int(name[1:]) for kind, name in TYPES.items()}
NEIGHBOURS = 64 * 2**10
"""Values that lie so close to their directory are fetched along with the next one."""

AHEAD = 32
"""Directories at equal distances that are fetched at once, before the chain was followed to them."""

MOST = 2**22
"""Directories of a file; more are a chain that has no end."""


class Entry(NamedTuple):
    """A tag: the type and number of its values, and where they lie."""

    kind: str
    number: int
    start: int
    length: int


@dataclass
class Directory:
    """A directory: of a page, or of a reduced image of one.

    Attributes
    ----------
    source : Source
    order : {"<", ">"}
        Byte order.
    offset, end : int
        Where it begins and ends.
    entries : mapping of int to Entry
        By the number of the tag.
    reduced : list of Directory
        Those that its tag SubIFDs names.
    """

    source: Source
    order: Literal["<", ">"]
    offset: int
    end: int
    entries: dict[int, Entry]
    reduced: list[Directory] = field(default_factory=list)

    def values(self, *tags: int) -> NDArray[Any] | None:
        """Values of the first of these tags that is there."""
        for tag in tags:
            entry = self.entries.get(tag)
            if entry is not None:
                data = self.source.fetch(entry.start, entry.length)
                return np.frombuffer(data, np.dtype(entry.kind).newbyteorder(self.order), count=entry.number)
        return None

    def content(self, tag: int) -> bytes:
        """Value of a tag as bytes; empty if it is not there."""
        entry = self.entries.get(tag)
        return b"" if entry is None else bytes(self.source.fetch(entry.start, entry.length))

    @property
    def form(self) -> tuple[Any, ...]:
        """What tells pages that are decoded alike."""
        return tuple((tag, self.entries[tag].kind, self.content(tag)) for tag in FORM if tag in self.entries)


class Chain:
    """The directories of a file.

    Parameters
    ----------
    source : Source

    Attributes
    ----------
    directories : list of Directory
        Those of the pages, in the order of the file.
    order : {"<", ">"}
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.directories: list[Directory] = []
        self.order: Literal["<", ">"] = "<"
        self._seen: set[int] = set()
        self._before, self._after = 0, WINDOW
        self._ahead = 1

    def begin(self) -> list[Job]:
        """Read the head of the file; a job that gives the jobs that read the rest.

        Raises
        ------
        UnreadableImageError
            If the file is no TIFF.
        """
        self.source.begin()
        head = bytes(self.source.cached(0, min(16, self.source.size)) or b"")
        orders: dict[bytes, Literal["<", ">"]] = {b"II": "<", b"MM": ">"}
        order = orders.get(head[:2])
        number = struct.unpack(f"{order}H", head[2:4])[0] if order and len(head) >= 8 else 0
        if order is None or number not in (42, 43) or (number == 43 and len(head) < 16):
            msg = (
                f"{self.source.place.url} is no TIFF: it begins with {head[:4]!r}; expected II or MM and 42, or 43 "
                "for BigTIFF. Check the address, or name the driver of its format."
            )
            raise UnreadableImageError(msg)
        self.order = order
        self._big = number == 43
        # Hamamatsu's slides are classic TIFF with offsets of 64 bits, whose upper halves lie behind a directory.
        self._ndpi = number == 42 and order == "<" and file_name(self.source.place).lower().endswith(".ndpi")
        at, pointer = (8, "Q") if self._big else (4, "Q" if self._ndpi and len(head) >= 12 else "I")
        first = struct.unpack_from(f"{order}{pointer}", head, at)[0]
        return [lambda: self._step(first)]

    def _step(self, offset: int) -> list[Job]:
        """Read a directory of the chain; gives the jobs for the next one and for what hangs on this one."""
        if offset in self._seen or len(self._seen) > MOST:
            msg = f"The directories of {self.source.place.url} run in a circle at byte {offset}. Fetch the file anew."
            raise UnreadableImageError(msg)
        self._seen.add(offset)
        directory, following = self._parse(offset)
        self.directories.append(directory)
        jobs = self._hanging_on(directory)
        return [self._go_on(following), *jobs] if following else jobs

    def _go_on(self, following: int) -> Job:
        """Give the job for the next directory; with those behind it where all had the same distance so far."""
        steps = [each.offset for each in self.directories[-3:]] + [following]
        distances = {after - before for before, after in itertools.pairwise(steps)}
        distance = steps[-1] - steps[-2]
        if self.source.cached(following, 1) is not None or len(steps) < 4 or len(distances) > 1 or distance < WINDOW:
            if 0 <= following - self.directories[-1].end < WINDOW:
                self._after = min(4 * self._after, 2**20)
            return lambda: self._step(following)
        self._ahead = min(2 * self._ahead, AHEAD)
        guesses = [following + number * distance for number in range(self._ahead)]
        length = min(self._after, distance)
        guesses = [guess for guess in guesses if guess + length <= self.source.size] or [following]
        return lambda: _meanwhile(
            [lambda guess=guess: self._fetch_guess(guess, length) for guess in guesses],  # type: ignore[misc]
            lambda: self._step(following),
        )

    def _fetch_guess(self, guess: int, length: int) -> None:
        self.source.fetch(max(0, guess - self._before), min(length + self._before, self.source.size - guess))

    def _hanging_on(self, directory: Directory) -> list[Job]:
        """Give the jobs that fetch the values of a directory, and the directories of reduced images."""
        reduced = SUBIFDS in directory.entries
        ranges = [
            (entry.start, entry.length)
            for tag, entry in directory.entries.items()
            if not directory.offset <= entry.start < directory.end
            and (tag in NEEDED or entry.length <= NEIGHBOURS)
            and entry.start + entry.length <= self.source.size
            and self.source.cached(entry.start, entry.length) is None
        ]
        for start, length in ranges:
            if directory.offset - NEIGHBOURS < start < directory.offset:
                self._before = max(self._before, directory.offset - start)
            elif directory.end < start + length < directory.offset + NEIGHBOURS:
                self._after = max(self._after, start + length - directory.offset)
        jobs: list[Job] = [
            lambda start=start, length=length: self._fetch(start, length)  # type: ignore[misc]
            for start, length in _joined(ranges)
        ]
        if not reduced:
            return jobs
        return [lambda: _meanwhile(jobs, lambda: self._reduce(directory))] if jobs else self._reduce(directory)

    def _fetch(self, start: int, length: int) -> None:
        self.source.fetch(start, length)

    def _reduce(self, directory: Directory) -> list[Job]:
        values = directory.values(SUBIFDS)
        offsets = [] if values is None else [int(value) for value in values]
        found: list[Directory | None] = [None] * len(offsets)

        def job(number: int, offset: int) -> list[Job]:
            found[number], _ = self._parse(offset)
            if None not in found:
                directory.reduced = [each for each in found if each is not None]
            return self._hanging_on(found[number])  # type: ignore[arg-type]

        return [
            lambda number=number, offset=offset: job(number, offset)  # type: ignore[misc]
            for number, offset in enumerate(offsets)
        ]

    def _parse(self, offset: int) -> tuple[Directory, int]:
        """Read a directory, and the offset of the next."""
        head, each, pointer = ("Q", "HHQQ", "Q") if self._big else ("H", "HHII", "Q" if self._ndpi else "I")
        size, step = struct.calcsize(f"={head}"), struct.calcsize(f"={each}")
        wide, link = step - struct.calcsize(f"={each[:3]}"), struct.calcsize(f"={pointer}")
        around = {"before": self._before, "after": self._after}
        number = struct.unpack(f"{self.order}{head}", self.source.fetch(offset, size, **around))[0]
        if not 0 < number <= 4096:
            msg = (
                f"{self.source.place.url} is no whole TIFF: what should be a directory at byte {offset} has {number} "
                "entries; expected 1 to 4096. Fetch the file anew."
            )
            raise UnreadableImageError(msg)
        length = number * (step + 4 * self._ndpi) + link
        data = self.source.fetch(offset + size, length, **around)
        following = struct.unpack_from(f"{self.order}{pointer}", data, number * step)[0]
        high = struct.unpack_from(f"<{number}I", data, number * step + link) if self._ndpi else (0,) * number
        entries: dict[int, Entry] = {}
        for at, (tag, kind, count, value) in enumerate(struct.iter_unpack(self.order + each, data[: number * step])):
            if kind in TYPES:
                inline = count * LENGTHS[kind] <= wide
                start = offset + size + (at + 1) * step - wide if inline else value + (high[at] << 32)
                entries.setdefault(tag, Entry(TYPES[kind], count, start, count * LENGTHS[kind]))
            elif tag in NEEDED or tag in FORM:
                msg = (
                    f"{self.source.place.url} is damaged: tag {tag} of the directory at byte {offset} is of the type "
                    f"{kind}; expected one of {sorted(TYPES)}. Fetch the file anew."
                )
                raise UnreadableImageError(msg)
        return Directory(self.source, self.order, offset, offset + size + length, entries), following


def read_chains(chains: Sequence[Chain]) -> None:
    """Read the directories of files, all at the same time.

    Raises
    ------
    UnreadableImageError
        If one is no TIFF, or not whole.
    """
    from bioimagehub.catalogs.arrays.pace import workers
    from bioimagehub.catalogs.arrays.work import run

    if chains:
        run([chain.begin for chain in chains], workers(near=chains[0].source.place.near))


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join ranges between which there is little."""
    joined: list[tuple[int, int]] = []
    for start, length in sorted(ranges):
        if joined and start - sum(joined[-1]) <= WINDOW:
            begin, before = joined[-1]
            joined[-1] = (begin, max(before, start + length - begin))
        else:
            joined.append((start, length))
    return joined


def _meanwhile(jobs: Sequence[Job], last: Callable[[], Any]) -> list[Job]:
    """Give jobs that run at the same time; the one that ends last gives what `last` gives."""
    left = [len(jobs)]
    lock = threading.Lock()

    def counted(job: Job) -> Any:
        job()
        with lock:
            left[0] -= 1
            done = not left[0]
        return [last] if done else None

    return [lambda job=job: counted(job) for job in jobs]  # type: ignore[misc]
