"""One file on its way: which parts are missing, who fetches them, and what went wrong so far."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bioimagehub.catalogs.downloads.hashing import OWN, FollowingHash, split_checksum
from bioimagehub.catalogs.downloads.journal import Header
from bioimagehub.catalogs.downloads.partial import Partial, missing_ranges, same_version
from bioimagehub.catalogs.downloads.report import Outcome

if TYPE_CHECKING:
    from bioimagehub.catalogs.downloads.folder import Target
    from bioimagehub.catalogs.downloads.items import Item
    from bioimagehub.catalogs.downloads.journal import Piece
    from bioimagehub.catalogs.reader import Version

LARGE = 8 * 2**20
"""Bytes from which on a file is fetched in parts, by several connections, and goes on after a cut."""
_LEAST_RANGE, _MOST_RANGE = 2**20, 16 * 2**20
_LEAST_PIECE, MOST_PIECE = 2**14, 2**20


@dataclass
class Task:
    """A file on its way; guarded by the lock of the queue.

    Attributes
    ----------
    item : Item
    name : str
        Its path in the folder.
    urls : list of str
        Addresses that are left to try; the first is in use.
    own : str
        What its checksum is made with where the archive states none.
    partial : Partial or None
        What came of it, where it is fetched in parts.
    missing : list of (int, int)
        Parts that nobody fetches now: first byte, and the one behind the last.
    flying : int
        Threads at work on it.
    attempts : int
        Tries in a row that got no further.
    due : float
        Time before which it is left alone, on the monotonic clock.
    failure : Exception or None
        Why it is given up.
    """

    item: Item
    name: str
    urls: list[str]
    own: str = OWN
    partial: Partial | None = None
    missing: list[tuple[int, int]] = field(default_factory=list)
    flying: int = 0
    attempts: int = 0
    due: float = 0.0
    failure: Exception | None = None
    moved: int = 0
    copied: int = 0
    """Bytes that were copied, of a file of this machine."""
    restarts: int = 0
    plain: bool = False
    """Whether it has to come by one answer: the store ignores ranges, or does not say which version it sends."""
    doubted: str | None = None
    """Digest that did not agree with the archive's, at the last of so many `doubts`."""
    doubts: int = 0
    done: bool = False
    """Whether an outcome was told, or is being worked out by the thread that set it."""
    notes: list[str] = field(default_factory=list)
    past: list[Partial] = field(default_factory=list)
    hashing: FollowingHash | None = None

    @property
    def came(self) -> int:
        """Bytes of it that are there; what comes by one answer may have begun anew."""
        if self.partial is not None:
            return self.partial.came
        came = self.copied or self.moved
        return came if self.item.size is None else min(came, self.item.size)

    @property
    def host(self) -> str:
        """Host that it comes from now; an empty text for what comes from this machine."""
        return self.urls[0].partition("://")[2].partition("/")[0] if self.urls else ""

    @property
    def is_large(self) -> bool:
        """Whether it is, or may be, worth several connections."""
        size = self.item.size if self.item.size is not None else self.item.most
        return size is None or size > LARGE

    @property
    def is_small(self) -> bool:
        """Whether it surely takes so little time that others may wait for it in one thread."""
        item = self.item
        size = item.size if item.size is not None else item.most
        made_here = item.content is not None or item.recipe is not None or item.local is not None
        return size is not None and size <= MOST_PIECE and bool(self.urls) and not made_here

    @property
    def algorithm(self) -> str:
        """What its checksum is made with."""
        return split_checksum(self.item.checksum, self.own)[0]

    def begin_parts(self, target: Target, url: str, version: Version, pieces: list[Piece]) -> Partial:
        """Open the partial file, and work out what is missing."""
        header = Header(self.item.path, url, version)
        target.part(self.name).parent.mkdir(parents=True, exist_ok=True)
        self.partial = Partial(target.part(self.name), target.journal(self.name), header, pieces)
        self.missing = missing_ranges(pieces, self.partial.size)
        if self.algorithm != OWN:
            self.hashing = FollowingHash(self.partial.descriptor, self.partial.size, self.algorithm)
            for piece in pieces:
                self.hashing.add(piece.start, piece.stop)
        return self.partial

    def next_range(self, connections: int) -> tuple[int, int]:
        """Take a part that is missing: large ones first and small ones last, so that all connections end together."""
        left = sum(stop - start for start, stop in self.missing)
        length = min(_MOST_RANGE, max(_LEAST_RANGE, left // (2 * connections)))
        start, stop = self.missing[0]
        if stop - start <= length * 5 // 4:
            self.missing.pop(0)
            return start, stop
        self.missing[0] = (start + length, stop)
        return start, start + length

    def give_back(self, start: int, stop: int) -> None:
        """Put a part back that was not fetched."""
        if start < stop:
            self.missing = sorted([*self.missing, (start, stop)])

    def agrees(self, version: Version, partial: Partial) -> bool:
        """Tell whether bytes of that version may go with those that are there."""
        mine = partial.header.version
        # Mirrors date their copies differently; a checksum will tell whether these were the same.
        vouched = split_checksum(self.item.checksum)[1] is not None and len(self.item.urls) > 1
        return same_version(mine, version) or (vouched and mine.size == version.size)

    def begin_again(self, note: str) -> None:
        """Forget what came of it."""
        self.restarts += 1
        self.notes.append(note)
        self.drop_partial()

    def drop_partial(self) -> None:
        """Throw away the partial file, if there is one."""
        if self.hashing is not None:
            self.hashing.stop()
            self.hashing = None
        if self.partial is not None:
            self.partial.abandon()
            self.past.append(self.partial)
            self.partial = None
        self.missing = []

    def leave(self) -> None:
        """Close its files; a partial one stays for the next time. Nobody may be at work on it."""
        if self.hashing is not None:
            self.hashing.stop()
            self.hashing = None
        for partial in (*self.past, *([self.partial] if self.partial else [])):
            partial.close()
        self.past = []

    def put_off(self, seconds: float) -> None:
        """Leave it alone for a while."""
        self.due = max(self.due, time.monotonic() + seconds)

    def outcome(self, status: str, size: int | None = None, checksum: str | None = None) -> Outcome:
        """Tell what came of it."""
        return Outcome(
            path=self.item.path,
            name=self.name,
            status=status,
            size=size,
            moved=self.moved,
            checksum=checksum,
            url=self.urls[0] if self.urls else None,
            reason=None if self.failure is None else str(self.failure),
            notes=tuple(self.notes),
        )


def piece_length(size: int, connections: int) -> int:
    """Give the bytes that are noted at once, so that what is under way is at most a hundredth of the file.

    Examples
    --------
    >>> piece_length(500_000_000, 16), piece_length(10_000_000, 16), piece_length(10**12, 16)
    (312500, 16384, 1048576)
    """
    return min(MOST_PIECE, max(_LEAST_PIECE, size // (100 * connections)))
