"""The first bytes of a file, which hold its header, whether it is compressed or not."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from bioimagehub.catalogs.arrays.packed import find_codec, unpack_head
from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from bioimagehub.catalogs.arrays.packed import Codec
    from bioimagehub.catalogs.reader import Place


def read_unpacked_head(place: Place, length: int) -> tuple[memoryview, Codec | None]:
    """Read the first bytes of a file, unpacked if it is compressed; mostly by one request of `length` bytes.

    Parameters
    ----------
    place : Place
    length : int
        Bytes wanted.

    Returns
    -------
    head : memoryview
        Fewer bytes where the file does not have them.
    codec : {"gzip", "bzip2"} or None
        How the file is compressed.

    Raises
    ------
    UnreadableImageError
        If it begins like a compressed file and is none.
    """
    asked = length
    head, _ = place.read_some(0, asked)
    codec = find_codec(head)
    if codec is None:
        return head, None
    try:
        unpacked = unpack_head(head, codec, length)
        while len(unpacked) < length and len(head) == asked:
            # Bzip2 gives nothing before its first block, of up to 900 kB, is whole.
            asked = max(4 * asked, 2**13 if codec == "gzip" else 2**20)
            head, _ = place.read_some(0, asked)
            unpacked = unpack_head(head, codec, length)
    except (OSError, EOFError, zlib.error) as error:
        msg = f"{place.url} cannot be unpacked: {error}. Expected a whole {codec} file. Fetch it anew."
        raise UnreadableImageError(msg) from error
    return memoryview(unpacked), codec
