"""What a download is made of: one item for each file that will be there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A file to be had.

    Attributes
    ----------
    path : str
        Relative path in the dataset, with ``/`` between folders.
    urls : tuple of str
        Addresses of its bytes, tried in order; empty for what is not fetched.
    size : int or None
        Bytes; None where it is not known before it is asked for.
    most : int or None
        Bytes that it has at most, where `size` is None: those of a chunk before compression.
    checksum : str or None
        ``sha256:``, ``md5:`` or ``etag:`` and the digest that the archive states; None where it states none.
    optional : bool
        Whether it may be missing in the store: a chunk of a Zarr array that holds nothing but the fill value.
    content : bytes or None
        Its bytes, where they are known already, such as the metadata of an image.
    recipe : callable or None
        Makes its bytes, where they have to be worked out: a chunk cut out of others. None from it is no file.
    local : Path or None
        The file to be copied, where the dataset lies on this machine.
    image : str or None
        Path of the OME-Zarr image that it is part of.
    last : bool
        Whether it is written when all others of its image are there: metadata, without which nobody takes an image
        whose chunks are not all there for a whole one.
    """

    path: str
    urls: tuple[str, ...] = ()
    size: int | None = None
    most: int | None = None
    checksum: str | None = None
    optional: bool = False
    content: bytes | None = None
    recipe: Callable[[], bytes | None] | None = None
    local: Path | None = None
    image: str | None = None
    last: bool = False
