"""Chunks of a part of an array that does not begin where chunks begin: pixels are decoded, moved, and encoded anew."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import MissingFileError, UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bioimagehub.catalogs.downloads.cutting import ArrayCut
    from bioimagehub.catalogs.reader import Place


class Recoder:
    """Makes the chunks of a part of an array, with its own codecs, by zarr-python.

    Parameters
    ----------
    place : Place
        The image.
    cut : ArrayCut
    document : mapping
        Metadata of the array that the part becomes.
    """

    def __init__(self, place: Place, cut: ArrayCut, document: Mapping[str, Any]) -> None:
        self._place = place
        self._cut = cut
        self._document = document

    def make(self, index: tuple[int, ...]) -> bytes | None:
        """Make a chunk; None if it holds nothing but the fill value.

        Parameters
        ----------
        index : tuple of int
            Its position in the grid of the part.

        Raises
        ------
        UnreadableImageError
            If chunks cannot be decoded.
        ReadError
            If they cannot be had.
        """
        cut, chunks = self._cut, self._cut.array.chunks
        spans = [
            (position * chunk, min(size, (position + 1) * chunk))
            for position, chunk, size in zip(index, chunks, cut.shape, strict=True)
        ]
        picks = [pick[start:stop] for pick, (start, stop) in zip(cut.picks, spans, strict=True)]
        needed = itertools.product(
            *(sorted({position // chunk for position in pick}) for pick, chunk in zip(picks, chunks, strict=True))
        )
        source = _open(cut.array.document, {key: data for each in needed for key, data in self._fetch(each)})
        try:
            pixels = source.oindex[tuple(_as_index(pick) for pick in picks)]
        except (ValueError, RuntimeError, TypeError, OSError) as error:
            msg = (
                f"A chunk of {self._place.url}/{cut.array.path} cannot be decoded: {error!r:.200}. "
                "It is damaged: report it to its archive, or choose another region."
            )
            raise UnreadableImageError(msg) from error
        return self._encode(index, spans, pixels)

    def _fetch(self, index: tuple[int, ...]) -> list[tuple[str, bytes]]:
        key = self._cut.array.key(index)
        path = f"{self._cut.array.path}/{key}"
        try:
            return [(key, bytes((self._place / path).read()))]
        except MissingFileError:
            return []

    def _encode(self, index: tuple[int, ...], spans: Sequence[tuple[int, int]], pixels: Any) -> bytes | None:
        stored: dict[str, Any] = {}
        target = _open(self._document, {}, stored)
        target[tuple(slice(start, stop) for start, stop in spans)] = pixels
        found = stored.get(f"part/{self._cut.array.key(index)}")
        return None if found is None else bytes(found.to_bytes())


def _as_index(pick: Sequence[int]) -> Any:
    return slice(pick.start, pick.stop) if isinstance(pick, range) else list(pick)


def _open(document: Mapping[str, Any], chunks: Mapping[str, bytes], stored: dict[str, Any] | None = None) -> Any:
    """Open an array whose metadata and chunks are in memory."""
    import zarr
    from zarr.core.buffer.cpu import Buffer
    from zarr.storage import MemoryStore

    held = {} if stored is None else stored
    name = "zarr.json" if document.get("zarr_format") == 3 else ".zarray"
    held[f"part/{name}"] = Buffer.from_bytes(json.dumps(document).encode())
    held |= {f"part/{key}": Buffer.from_bytes(data) for key, data in chunks.items()}
    return zarr.open_array(MemoryStore(held), path="part", mode="r" if stored is None else "r+")
