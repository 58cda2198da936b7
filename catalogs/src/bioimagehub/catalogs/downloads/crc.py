"""The CRC-32 of a file, out of those of its pieces: nothing is read for it.

A CRC is the remainder of a division of polynomials over GF(2); to append bytes multiplies it by a power of x.
Source: M. Adler, ``crc32_combine`` of zlib 1.2.12, https://github.com/madler/zlib.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_POLYNOMIAL = 0xEDB88320
"""That of gzip (RFC 1952), lowest power in the highest bit."""
_ONE = 1 << 31


def combine_crcs(pieces: Iterable[tuple[int, int]]) -> int:
    """Give the CRC-32 of pieces, one behind the other.

    Parameters
    ----------
    pieces : iterable of (int, int)
        CRC-32 and number of bytes of each.

    Examples
    --------
    >>> import zlib
    >>> combine_crcs([(zlib.crc32(b"12345"), 5), (zlib.crc32(b"6789"), 4)]) == zlib.crc32(b"123456789")
    True
    """
    whole = 0
    for crc, length in pieces:
        whole = _multiply(_power(length), whole) ^ crc
    return whole


@functools.lru_cache(maxsize=1024)
def _power(length: int) -> int:
    """Give x to the power of the bits of so many bytes, modulo the polynomial."""
    found, square = _ONE, _ONE >> 8
    while length:
        if length & 1:
            found = _multiply(square, found)
        square = _multiply(square, square)
        length >>= 1
    return found


def _multiply(one: int, other: int) -> int:
    """Multiply two polynomials modulo the polynomial."""
    product = 0
    while one:
        if one & _ONE:
            product ^= other
        one = one << 1 & 0xFFFFFFFF
        other = other >> 1 ^ _POLYNOMIAL if other & 1 else other >> 1
    return product
