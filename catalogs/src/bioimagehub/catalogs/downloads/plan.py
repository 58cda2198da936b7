"""What a download would do: files, bytes, terms, and how long it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.catalogs.downloads.image_shapes import ImageShape
    from bioimagehub.catalogs.downloads.items import Item


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A download that can be begun with `fetch`.

    Attributes
    ----------
    source : str
        Identifier of the record, or address.
    items : tuple of Item
        The files.
    title : str or None
    licence, licence_url : str or None
        SPDX identifier and address; None where none is stated.
    forbids : tuple of str
        What the licence does not allow; everything, where none is stated.
    notes : tuple of str
        What one should know, such as label images that are left out.
    images : tuple of ImageShape
        What of its OME-Zarr images can be chosen; of those on this machine, of the first one.
    """

    source: str
    items: tuple[Item, ...]
    title: str | None = None
    licence: str | None = None
    licence_url: str | None = None
    forbids: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    images: tuple[ImageShape, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of the files whose size is known."""
        return sum(item.size or 0 for item in self.items)

    @property
    def most(self) -> int | None:
        """Bytes that all files have at most; None where that cannot be told."""
        sizes = [item.size if item.size is not None else item.most for item in self.items]
        return None if None in sizes else sum(size or 0 for size in sizes)

    @property
    def unknown(self) -> int:
        """Number of files whose size is not known before they are fetched."""
        return sum(item.size is None for item in self.items)

    def seconds(self, rate: float, *, latency: float = 0.05, connections: int = 64) -> float | None:
        """Estimate how long it takes.

        Parameters
        ----------
        rate : float
            Bytes a second, over all connections.
        latency : float
            Seconds until a request is answered.
        connections : int
            Requests at once.

        Returns
        -------
        float or None
            None where no bound of the size is known.
        """
        return None if self.most is None else self.most / rate + len(self.items) * latency / connections
