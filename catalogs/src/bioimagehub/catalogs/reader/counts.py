"""What was read: requests, bytes and chunks of each dataset, for records of runs and counts of re-use.

A process counts all that it reads. What other processes read, such as the workers of a Dask cluster, is asked of them.
"""

from __future__ import annotations

import os
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bioimagehub.catalogs.reader.versions import Dataset


@dataclass(frozen=True)
class Counted:
    """What was read of a dataset.

    Attributes
    ----------
    identifier : str
        Of its record; the address where there is no record.
    version : str or None
        Of its record.
    requests : int
        Requests that were made to stores.
    bytes : int
        Bytes that stores sent, or that came from local files.
    cached : int
        Bytes that came from the cache.
    chunks : int
        Chunks that were decoded.
    """

    identifier: str
    version: str | None
    requests: int = 0
    bytes: int = 0
    cached: int = 0
    chunks: int = 0


_Process = tuple[str, tuple[Counted, ...]]
"""What tells a process from all others, and what it counted."""


class _Tallies:
    """The counts of this process."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin with nothing, as a process of its own."""
        self.process = uuid.uuid4().hex
        self.lock = threading.Lock()
        # Requests, bytes, cached bytes and chunks.
        self.of: dict[Dataset, list[int]] = {}


_here = _Tallies()


def count(dataset: Dataset, *, requests: int = 0, bytes: int = 0, cached: int = 0, chunks: int = 0) -> None:
    """Count what was read of a dataset; from any thread, at no cost that shows."""
    with _here.lock:
        tally = _here.of.get(dataset)
        if tally is None:
            tally = _here.of[dataset] = [0, 0, 0, 0]
        tally[0] += requests
        tally[1] += bytes
        tally[2] += cached
        tally[3] += chunks


def counted() -> tuple[Counted, ...]:
    """Give what this process has read since it began, by identifier and version."""
    with _here.lock:
        found = [(dataset, tuple(tally)) for dataset, tally in _here.of.items()]
    return merge(Counted(dataset.identifier, dataset.version, *tally) for dataset, tally in found)


def merge(*parts: Iterable[Counted]) -> tuple[Counted, ...]:
    """Add up what was read of each dataset, by identifier and version.

    Examples
    --------
    >>> merge([Counted("idr:idr0062", None, bytes=2)], [Counted("idr:idr0062", None, bytes=3, chunks=1)])
    (Counted(identifier='idr:idr0062', version=None, requests=0, bytes=5, cached=0, chunks=1),)
    """
    sums: dict[tuple[str, str | None], Counted] = {}
    for each in (each for part in parts for each in part):
        key = (each.identifier, each.version)
        sums[key] = _add(sums.get(key, Counted(*key)), each, 1)
    return tuple(sorted(sums.values(), key=lambda each: (each.identifier, each.version or "")))


class Counting:
    """What is being read; `counting` gives it."""

    def __init__(self, client: Any = None) -> None:
        self._client = client
        self._before = self._ask()
        self._after: dict[str, tuple[Counted, ...]] | None = None

    @property
    def counted(self) -> tuple[Counted, ...]:
        """What was read since the block began and until it ended, by identifier and version."""
        after = self._ask() if self._after is None else self._after
        parts = (_subtract(found, self._before.get(process, ())) for process, found in after.items())
        return tuple(each for each in merge(*parts) if each.requests or each.bytes or each.cached or each.chunks)

    def stop(self) -> None:
        """Count no further."""
        self._after = self._ask()

    def _ask(self) -> dict[str, tuple[Counted, ...]]:
        answers = self._client.run(_count_of_process).values() if self._client is not None else ()
        # Several workers may be threads of one process, of this one even: it counts once.
        return dict([_count_of_process(), *answers])


@contextmanager
def counting(client: Any = None) -> Iterator[Counting]:
    """Count what is read in a block, by all threads of this process.

    Parameters
    ----------
    client : dask.distributed.Client or None
        A cluster whose workers count, too. Those that end within the block are left out.

    Yields
    ------
    Counting

    Examples
    --------
    >>> from bioimagehub.catalogs.reader.versions import Dataset
    >>> with counting() as read:
    ...     count(Dataset("idr:idr0062"), requests=1, bytes=1000)
    >>> [(each.identifier, each.bytes) for each in read.counted]
    [('idr:idr0062', 1000)]
    """
    found = Counting(client)
    try:
        yield found
    finally:
        found.stop()


def _count_of_process() -> _Process:
    return _here.process, counted()


def _subtract(after: Iterable[Counted], before: Iterable[Counted]) -> Iterator[Counted]:
    old = {(each.identifier, each.version): each for each in before}
    for each in after:
        earlier = old.get((each.identifier, each.version))
        yield each if earlier is None else _add(each, earlier, -1)


def _add(one: Counted, other: Counted, sign: int) -> Counted:
    return Counted(
        one.identifier,
        one.version,
        one.requests + sign * other.requests,
        one.bytes + sign * other.bytes,
        one.cached + sign * other.cached,
        one.chunks + sign * other.chunks,
    )


# What the parent read is counted there.
os.register_at_fork(after_in_child=_here.begin)
