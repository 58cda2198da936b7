"""All that a viewer shows: its layers, the space they share, and how they look at first."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.widgets.errors import QuestionError, SlowStoreError
from bioimagehub.widgets.view.layers import Layer, make_layers
from bioimagehub.widgets.view.looks import choose_look, find_range
from bioimagehub.widgets.view.recent import Recent
from bioimagehub.widgets.view.sampling import sample_layer
from bioimagehub.widgets.view.scenes import Space, describe_scene, make_space
from bioimagehub.widgets.view.sources import open_labels, open_source
from bioimagehub.widgets.view.tiles import spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bioimagehub.widgets.view.multiscale import Multiscale

_AT_ONCE = 8


class Contents:
    """What was opened.

    Attributes
    ----------
    layers : list of Layer
    space : Space
    looks : dict of str to dict
    scene : dict
    notes : list of str
    """

    def __init__(self, sources: Sequence[Multiscale]) -> None:
        self._stop = threading.Event()
        self.recent = Recent()
        self.layers, left_out, self._threads = make_layers(sources, self.recent)
        self.notes = [note for source in sources for note in source.notes] + left_out
        self.space: Space = make_space(sources)
        told = sources[0].told
        self.looks, ranges = self._measure()
        self.scene = describe_scene(self.space, self.layers, told, self.notes)
        for layer in self.scene["layers"]:
            layer["range"] = list(ranges[layer["id"]])

    def find(self, name: str) -> Layer:
        """Give the layer of an id.

        Raises
        ------
        QuestionError
            If there is none.
        """
        for layer in self.layers:
            if layer.id == name:
                return layer
        msg = (
            f"There is no layer {name!r:.40}. Expected one of {', '.join(each.id for each in self.layers)}. Correct it."
        )
        raise QuestionError(msg)

    def sample(self, layer: Layer, t: int, z: int, stop: threading.Event) -> NDArray[Any]:
        """Read a moderate number of samples of a plane."""
        return sample_layer(layer, t, z, stop, depth=self.space.size["z"])

    def values(self, at: dict[str, int], stop: threading.Event) -> dict[str, str | None]:
        """Give the values of all layers at a sample of level 0; None where a layer has none."""
        inside = all(0 <= at[axis] < self.space.size[axis] for axis in "tzyx")
        return {layer.id: self._value(layer, at, stop) if inside else None for layer in self.layers}

    def close(self) -> None:
        """Read nothing more."""
        self._stop.set()
        for reads in self._threads:
            reads.close()
        self.recent.clear()

    def _value(self, layer: Layer, at: dict[str, int], stop: threading.Event) -> str:
        index: dict[str, Any] = {"t": min(at["t"], layer.size("t") - 1), "c": layer.channel}
        for axis in "zyx":
            index[axis] = int(spread(np.array([at[axis]], np.intp), self.space.size[axis], layer.size(axis))[0])
        if layer.kind == "rgb":
            index["c"] = np.arange(3, dtype=np.intp)
        found = layer.levels[0].take(index, stop)
        return ", ".join(str(each) for each in np.atleast_1d(found))

    def _measure(self) -> tuple[dict[str, dict[str, Any]], dict[str, tuple[float, float]]]:
        """Choose looks by the samples of each layer, which are read at the same time."""
        channels = [layer for layer in self.layers if layer.kind == "channel"]
        z = self.space.size["z"] // 2

        def measure(layer: Layer) -> NDArray[Any] | None:
            try:
                return self.sample(layer, 0, z, self._stop)
            except SlowStoreError:
                return None

        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="bioimagehub-looks") as pool:
            sampled = dict(zip((each.id for each in channels), pool.map(measure, channels), strict=True))
        looks, ranges, number = {}, {}, 0
        for layer in self.layers:
            samples = sampled.get(layer.id)
            looks[layer.id] = choose_look(layer, samples, number, alone=len(channels) == 1)
            ranges[layer.id] = find_range(samples) if layer.kind == "channel" else (0.0, 255.0)
            number += layer.kind == "channel"
        return looks, ranges


def open_contents(source: Any, *, axes: str | None, labels: Any) -> Contents:
    """Open an image and the label images on it.

    Raises
    ------
    UnviewableError, CatalogError
        If one of them cannot be shown or opened.
    """
    images = open_source(source, axes=axes)
    return Contents([*images, *open_labels(labels, source)])
