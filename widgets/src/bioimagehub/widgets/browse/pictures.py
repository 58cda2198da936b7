"""Small pictures of records, of few bytes each, whatever their source sends."""

from __future__ import annotations

import io
import math
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bioimagehub.catalogs.errors import CatalogError
from bioimagehub.catalogs.locations import SAMPLES, is_local

if TYPE_CHECKING:
    from bioimagehub.catalogs import Record

SMALL, LARGE = 112, 400
"""Longest side in pixels: in the list, and beside it."""
MOST_BYTES = {SMALL: 12_000, LARGE: 60_000}
"""Bytes of a picture, at most."""

_MOST_READ = 4 * 2**20
_MOST_PIXELS = 4096 * 4096
_FORMATS = ("GIF", "JPEG", "PNG", "WEBP")
_QUALITIES = (82, 60, 35, 15)


class Pictures:
    """Makes pictures; a host that did not answer is left alone for a while, so that a list is not held up by it.

    Parameters
    ----------
    rest : float
        Seconds for which it is.
    """

    def __init__(self, rest: float = 60.0) -> None:
        self._rest = rest
        self._failed: dict[str, float] = {}

    def make(self, record: Record, longest: int) -> bytes | None:
        """Make the picture of a record: the one that its archive has, or one of its lowest level if that is near.

        Parameters
        ----------
        record : Record
        longest : int
            `SMALL` or `LARGE`.

        Returns
        -------
        bytes or None
            JPEG of at most `MOST_BYTES`; None where there is no picture, or none that can be read.
        """
        from PIL import Image

        try:
            content = self._read(record)
            return None if content is None else shrink(content, longest)
        except (CatalogError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            # Without its picture a record is as good; what is wrong with it is told when it is opened.
            return None

    def _read(self, record: Record) -> bytes | None:
        if record.thumbnail and record.thumbnail.startswith(("https://", "http://", "s3://", SAMPLES)):
            return self._fetch(record.thumbnail, record.identifier)
        if record.driver is None or record.url is None or not is_local(record.url):
            return None
        from bioimagehub.catalogs.thumbnail import make_thumbnail

        return make_thumbnail(record)

    def _fetch(self, url: str, identifier: str) -> bytes | None:
        from bioimagehub.catalogs.locations import resolve
        from bioimagehub.catalogs.reader import Dataset, Place

        host = urlsplit(url).hostname or ""
        if time.monotonic() - self._failed.get(host, -math.inf) < self._rest:
            return None
        try:
            content, _ = Place(resolve(url), dataset=Dataset(identifier)).read_some(0, _MOST_READ)
        except CatalogError:
            self._failed[host] = time.monotonic()
            raise
        return bytes(content) if len(content) < _MOST_READ else None


def shrink(content: bytes, longest: int) -> bytes | None:
    """Make a JPEG of a picture that is small enough; None where it has too many pixels to be looked at.

    Raises
    ------
    OSError, ValueError, SyntaxError
        If it is no picture, or a damaged one.
    """
    from PIL import Image

    with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
        if picture.width * picture.height > _MOST_PIXELS:
            return None
        plain = picture.convert("RGB")
    plain.thumbnail((longest, longest))
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        plain.save(buffer, format="JPEG", quality=quality)
        if buffer.tell() <= MOST_BYTES[longest]:
            return buffer.getvalue()
    return None
