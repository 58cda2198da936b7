"""All that a viewer shows: its layers, the space they share, and how they look at first."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.widgets.errors import QuestionError
from bioimagehub.widgets.view.layers import Layer, make_layers
from bioimagehub.widgets.view.looks import choose_look, choose_mark_look, find_range
from bioimagehub.widgets.view.plates import describe_fields, describe_wells
from bioimagehub.widgets.view.recent import Recent
from bioimagehub.widgets.view.sampling import sample_layer
from bioimagehub.widgets.view.scenes import Space, describe_scene, find_misfits, make_space
from bioimagehub.widgets.view.tiles import BOUND, spread, take_largest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from bioimagehub.widgets.view.multiscale import Multiscale
    from bioimagehub.widgets.view.points import PointLayer
    from bioimagehub.widgets.view.results import Results
    from bioimagehub.widgets.view.tracks import TrackLayer

    Mark = Callable[[Space], PointLayer | TrackLayer]
    """Gives a layer of points or tracks for a space."""

_AT_ONCE = 8
WELLS = 4
"""Wells of a plate, spread over it, by which its contrast is chosen."""
_LATE = 8.0
"""Seconds after which an image is shown without having chosen its contrast."""


class Contents:
    """What was opened.

    Parameters
    ----------
    sources : sequence of Multiscale
        Images first, then label images. The first gives size and units.
    marks : sequence of callable
        Each gives a layer of points or tracks for the space.
    notes : sequence of str
        What the user should know.
    patience : float
        Seconds after which a read counts as hanging.

    Attributes
    ----------
    layers : list of Layer
    marks : list of PointLayer or TrackLayer
    space : Space
    looks : dict of str to dict
    scene : dict
    told : dict
        ``title``, ``licence`` and ``citation``, as far as there.
    swipe : dict or None
        Which layers are compared.
    """

    def __init__(
        self,
        sources: Sequence[Multiscale],
        *,
        marks: Sequence[Mark] = (),
        notes: Sequence[str] = (),
        patience: float = 20.0,
    ) -> None:
        self.recent = Recent()
        self.layers, left_out, self._threads = make_layers(sources, self.recent, patience)
        self.space: Space = make_space(sources)
        self.marks = [make(self.space) for make in marks]
        self.told = sources[0].told
        self.looks, ranges = self.measure()
        self.looks |= {each.id: choose_mark_look() for each in self.marks}
        told = [*(note for source in sources for note in source.notes), *left_out, *find_misfits(sources), *notes]
        self.scene = describe_scene(self.space, self.layers, self.told, told)
        for layer in self.scene["layers"]:
            layer["range"] = list(ranges[layer["id"]])
        self.scene["layers"] += [
            {"id": each.id, "kind": each.kind, "name": each.name, "count": len(each.places)} for each in self.marks
        ]
        self.scene["wells"] = describe_wells(sources[0])
        self.scene["fields"] = describe_fields(sources[0])
        sides = {side: [each.id for each in self.layers if each.source.side == side] for side in ("left", "right")}
        self.swipe = sides | {"at": 0.5} if all(sides.values()) else None

    def find(self, name: str) -> Layer:
        """Give the layer of pixels of an id.

        Raises
        ------
        QuestionError
            If there is none.
        """
        for layer in self.layers:
            if layer.id == name:
                return layer
        raise self._missing(name)

    def find_mark(self, name: str, kind: str) -> Any:
        """Give the layer of points or tracks of an id.

        Raises
        ------
        QuestionError
            If there is none.
        """
        for layer in self.marks:
            if layer.id == name and layer.kind == kind:
                return layer
        raise self._missing(name)

    @property
    def results(self) -> list[Results]:
        """What is being computed on a cluster."""
        found = {id(each.results): each.results for layer in self.layers for each in layer.levels}
        return [each for each in found.values() if each is not None]

    def sample(
        self, layer: Layer, t: int, z: int, stop: threading.Event, *, well: int = 0, field: int = 0
    ) -> NDArray[Any]:
        """Read a moderate number of samples of a plane."""
        return sample_layer(layer, t, z, stop, depth=self.space.size["z"], well=well, field=field)

    def values(self, at: dict[str, int], stop: threading.Event, *, maximum: bool = False) -> dict[str, str | None]:
        """Give the values of all layers at a sample of level 0; None where a layer has none.

        Parameters
        ----------
        at : dict of axis to int
            ``t``, ``z``, ``y``, ``x``, ``well`` and ``field``.
        stop : threading.Event
        maximum : bool
            Whether the largest along z is meant.
        """
        inside = all(0 <= at[axis] < self.space.size[axis] for axis in "tzyx")
        return {layer.id: self._value(layer, at, stop, maximum=maximum) if inside else None for layer in self.layers}

    def measure(self) -> tuple[dict[str, dict[str, Any]], dict[str, tuple[float, float]]]:
        """Choose looks by the samples of each layer, and find their ranges; all layers are read at the same time.

        Of a plate, some wells stand for all: the first may be empty.
        """
        channels = [layer for layer in self.layers if layer.kind == "channel"]
        wells = max((layer.size("well") for layer in channels), default=1)
        some = np.unique(np.linspace(0, wells - 1, min(wells, WELLS)).astype(int)).tolist()
        late = threading.Event()
        timer = threading.Timer(_LATE, late.set)
        timer.daemon = True
        timer.start()
        asked = [(layer, well) for well in some for layer in channels]
        parts: dict[str, list[NDArray[Any]]] = {}
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="bioimagehub-looks") as pool:
            found = pool.map(lambda each: self._try_sample(each[0], each[1], late, coarsest=wells > 1), asked)
            for (layer, _), samples in zip(asked, found, strict=True):
                if samples is not None:
                    parts.setdefault(layer.id, []).append(samples.ravel())
        timer.cancel()
        sampled = {name: np.concatenate(each) for name, each in parts.items()}
        looks, ranges, number = {}, {}, 0
        for layer in self.layers:
            samples = sampled.get(layer.id)
            looks[layer.id] = choose_look(layer, samples, number, alone=len(channels) == 1)
            ranges[layer.id] = find_range(samples) if layer.kind == "channel" else (0.0, 255.0)
            number += layer.kind == "channel"
        return looks, ranges

    def close(self) -> None:
        """Read nothing more."""
        for reads in self._threads:
            reads.close()
        self.recent.clear()

    def _missing(self, name: str) -> QuestionError:
        known = ", ".join(each.id for each in [*self.layers, *self.marks])
        msg = f"There is no layer {name!r:.40}. Expected one of {known}. Correct it, or reload the page."
        return QuestionError(msg)

    def _try_sample(self, layer: Layer, well: int, late: threading.Event, *, coarsest: bool) -> NDArray[Any] | None:
        depth = self.space.size["z"]
        try:
            return sample_layer(layer, 0, depth // 2, late, depth=depth, well=well, coarsest=coarsest)
        except Exception:  # noqa: BLE001 - the others are shown, and this one tells what is wrong when it is looked at
            return None

    def _value(self, layer: Layer, at: dict[str, int], stop: threading.Event, *, maximum: bool) -> str | None:
        index: dict[str, Any] = {axis: min(at.get(axis, 0), layer.size(axis) - 1) for axis in ("t", "well", "field")}
        index["c"] = layer.channel
        for axis in "zyx":
            index[axis] = int(spread(np.array([at[axis]], np.intp), self.space.size[axis], layer.size(axis))[0])
        if layer.kind == "rgb":
            index["c"] = np.arange(3, dtype=np.intp)
        is_deep = maximum and layer.size("z") > 1
        if is_deep:
            index["z"] = np.arange(layer.size("z"), dtype=np.intp)
            # A number under the cursor is not worth reading a volume.
            if layer.levels[0].count(index) > BOUND:
                return None
        found = layer.levels[0].take(index, stop)
        if is_deep:
            found = take_largest(found, axis=-1)
        return ", ".join(str(each) for each in np.atleast_1d(found))
