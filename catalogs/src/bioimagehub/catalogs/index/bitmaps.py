"""Sets of records as roaring bitmaps, stored with a checksum.

A damaged bitmap must be found out before it is read: the library that reads it trusts its bytes.

References
----------
Lemire et al., Roaring bitmaps: implementation of an optimized software library, Software: Practice and
Experience 48, 867-895 (2018), doi:10.1002/spe.2560.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from pyroaring import BitMap

from bioimagehub.catalogs.errors import DamagedIndexError

if TYPE_CHECKING:
    from collections.abc import Iterable

_SUM = 4


def seal(content: bytes) -> bytes:
    """Put the CRC-32 of some bytes before them."""
    return zlib.crc32(content).to_bytes(_SUM, "little") + content


def unseal(sealed: bytes) -> bytes:
    """Give the bytes behind their CRC-32.

    Raises
    ------
    DamagedIndexError
        If the bytes are not those that were sealed.
    """
    content = sealed[_SUM:]
    if len(sealed) < _SUM or zlib.crc32(content) != int.from_bytes(sealed[:_SUM], "little"):
        msg = (
            "A part of the index does not have the checksum that it was written with: the file is damaged. "
            "Build the index again from the catalogs."
        )
        raise DamagedIndexError(msg)
    return content


def pack(records: BitMap) -> bytes:
    """Write a set as bytes with their checksum, runs of records compressed."""
    records.run_optimize()
    return seal(records.serialize())


def unpack(sealed: bytes) -> BitMap:
    """Read a set that `pack` wrote.

    Raises
    ------
    DamagedIndexError
        If the bytes are not those that were written.
    """
    return BitMap.deserialize(unseal(sealed))


def intersection(sets: Iterable[BitMap]) -> BitMap:
    """Intersect some sets, at least one."""
    return BitMap.intersection(*sets)


def union(sets: Iterable[BitMap]) -> BitMap:
    """Unite any number of sets, also none."""
    sets = list(sets)
    return BitMap.union(*sets) if sets else BitMap()
