"""Small pictures of records, of few bytes each, whatever their source sends."""

from __future__ import annotations

import io
import math
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bioimagehub.catalogs.errors import CatalogError, StoreUnreachableError
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
# The reader has one error for a server that does not give a file, whatever its answer; this one is of the file alone.
_REFUSED = re.compile(r"server answered 4(?!08|25|29)\d\d ")


class Pictures:
    """Makes pictures; a host that cannot be reached, or has too much to do, is left alone for a while.

    So a list is not held up by it. That a host has no such picture, or does not give it to everybody, is told of that
    picture alone.

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

    def wait(self, record: Record) -> float:
        """Tell for how many seconds the host of a record's picture is still left alone; 0 where it is not."""
        began = self._failed.get(_find_host(record.thumbnail), -math.inf) if _is_fetched(record) else -math.inf
        return max(0.0, began + self._rest - time.monotonic())

    def _read(self, record: Record) -> bytes | None:
        if _is_fetched(record):
            return None if self.wait(record) else self._fetch(str(record.thumbnail), record.identifier)
        if record.driver is None or record.url is None or not is_local(record.url):
            return None
        from bioimagehub.catalogs.thumbnail import make_thumbnail

        return make_thumbnail(record)

    def _fetch(self, url: str, identifier: str) -> bytes | None:
        from bioimagehub.catalogs.locations import resolve
        from bioimagehub.catalogs.reader import Dataset, Place

        try:
            content, _ = Place(resolve(url), dataset=Dataset(identifier)).read_some(0, _MOST_READ)
        except StoreUnreachableError as error:
            if (host := _find_host(url)) and not _REFUSED.search(str(error)):
                self._failed[host] = time.monotonic()
            raise
        return bytes(content) if len(content) < _MOST_READ else None


def _is_fetched(record: Record) -> bool:
    return bool(record.thumbnail) and str(record.thumbnail).startswith(("https://", "http://", "s3://", SAMPLES))


def _find_host(url: str | None) -> str:
    try:
        return urlsplit(url or "").hostname or ""
    except ValueError:
        # It is no address: what reads it says so.
        return ""


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
