"""The layers of a viewer: channels, photographs and label images, each with what it is read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bioimagehub.widgets.view.blocks import Blocks
from bioimagehub.widgets.view.reads import Reads

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from bioimagehub.widgets.view.multiscale import Multiscale
    from bioimagehub.widgets.view.recent import Recent

MOST = 8
"""Channels that are shown; more cannot be told apart, and each is read by itself."""


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer of pixels.

    Attributes
    ----------
    id : str
    kind : {"channel", "rgb", "labels"}
    name : str
    source : Multiscale
    channel : int
        Along ``c``.
    levels : tuple of Blocks
        The finest first.
    colour : str or None
        That was chosen for it where it comes from.
    """

    id: str
    kind: str
    name: str
    source: Multiscale
    channel: int
    levels: tuple[Blocks, ...]
    colour: str | None = None

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a sample."""
        return self.source.dtype

    def size(self, axis: str, level: int = 0) -> int:
        """Give the length of an axis; 1 where there is none."""
        return self.source.size(axis, level)


def make_layers(
    sources: Sequence[Multiscale], recent: Recent, patience: float = 20.0
) -> tuple[list[Layer], list[str], list[Reads]]:
    """Give the layers of images and label images.

    Returns
    -------
    list of Layer
    list of str
        What was left out.
    list of Reads
        One for each source.
    """
    layers: list[Layer] = []
    notes: list[str] = []
    threads: list[Reads] = []
    for number, source in enumerate(sources):
        reads = Reads(source.name, patience=patience)
        threads.append(reads)
        levels = tuple(Blocks(array, reads, recent, (number, level)) for level, array in enumerate(source.arrays))
        if source.is_labels or source.is_rgb:
            kind, letter = ("labels", "l") if source.is_labels else ("rgb", "r")
            same = sum(layer.kind == kind for layer in layers)
            colour = source.channels[0][1] if source.is_labels and source.channels else None
            layers.append(Layer(f"{letter}{same}", kind, source.name, source, 0, levels, colour))
            continue
        count = source.size("c")
        room = max(0, MOST - sum(layer.kind == "channel" for layer in layers))
        if count > room:
            notes.append(
                f"{source.name} has {count} channels; the first {room} are shown. "
                "Choose others by giving a part of the image, such as image.isel(c=[8, 9])."
            )
        for channel in range(min(count, room)):
            name, colour = f"channel {channel}" if count > 1 else source.name, None
            if channel < len(source.channels):
                name, colour = source.channels[channel]
            if any(layer.name == name for layer in layers):
                name = f"{source.name} {name}"
            same = sum(layer.kind == "channel" for layer in layers)
            layers.append(Layer(f"c{same}", "channel", name, source, channel, levels, colour))
    return layers, notes, threads
