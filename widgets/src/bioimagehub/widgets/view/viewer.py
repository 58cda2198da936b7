"""The widget that shows images."""

from __future__ import annotations

import threading
from typing import Any, ClassVar

import traitlets

from bioimagehub.widgets.errors import NotOpenYetError, QuestionError
from bioimagehub.widgets.scripts import join_scripts, join_styles
from bioimagehub.widgets.view.codes import describe, encode_samples, fold_labels, pack
from bioimagehub.widgets.view.contents import Contents, open_contents
from bioimagehub.widgets.view.histograms import count_samples
from bioimagehub.widgets.view.tiles import PLANES, Cut, read_tile
from bioimagehub.widgets.widget import Answer, HubWidget

PATIENCE = 5.0
"""Seconds that making a viewer waits for its image; then it goes on opening in a thread of its own."""

MODES = ("maximum", "orthogonal", "slice")
TOOLS = ("box", "line", "pan", "point", "polygon")


class Viewer(HubWidget):
    """A viewer of multiscale images; made by `bioimagehub.widgets.view`.

    Attributes
    ----------
    scene : dict
        What there is to see; read only. Empty until the image is open.
    looks : dict of str to dict
        How each layer looks, by its id.
    t, z : int
        Timepoint and plane, at the finest level.
    x, y : float
        Centre of the screen, in the units of the image.
    zoom : float
        Screen pixels a sample; 0 until the page fits the image into the widget.
    mode : {"slice", "maximum", "orthogonal"}
    playing : bool
    rate : float
        Timepoints (or planes) a second while it plays.
    tool : {"pan", "point", "line", "box", "polygon"}
    shapes : list of dict
        What was drawn: ``id``, ``kind``, ``t``, ``z``, ``points`` as [[y, x], …] in the units of the image, ``name``.
    swipe : dict or None
        ``left`` and ``right``, lists of layers, and ``at``, from 0 to 1.
    well : str or None
        Well of a plate that is shown; None for the grid of all.
    selected : dict or None
        Shape or object under the last click.
    width, height : int
        Of the widget, in pixels.
    """

    _esm = join_scripts("view/view.js")
    _css = join_styles("theme.css", "view/view.css")

    QUESTIONS: ClassVar[tuple[str, ...]] = ("histogram", "tile", "value")
    THREADS: ClassVar[int] = 16

    scene = traitlets.Dict().tag(sync=True)
    looks = traitlets.Dict().tag(sync=True)
    t = traitlets.Int(0).tag(sync=True)
    z = traitlets.Int(0).tag(sync=True)
    x = traitlets.Float(0.0).tag(sync=True)
    y = traitlets.Float(0.0).tag(sync=True)
    zoom = traitlets.Float(0.0, min=0.0).tag(sync=True)
    mode = traitlets.Enum(MODES, "slice").tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    rate = traitlets.Float(5.0, min=0.1, max=60.0).tag(sync=True)
    tool = traitlets.Enum(TOOLS, "pan").tag(sync=True)
    shapes: Any = traitlets.List().tag(sync=True)
    swipe = traitlets.Dict(None, allow_none=True).tag(sync=True)
    well = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    selected = traitlets.Dict(None, allow_none=True).tag(sync=True)
    width = traitlets.Int(0).tag(sync=True)
    height = traitlets.Int(480, min=120, max=4000).tag(sync=True)

    def __init__(self, source: Any, *, axes: str | None = None, labels: Any = None, **traits: Any) -> None:
        super().__init__(**traits)
        self._given = set(traits)
        self._contents: Contents | None = None
        self._opened = threading.Event()
        opening = threading.Thread(target=self._open, args=(source, axes, labels), name="bioimagehub-view", daemon=True)
        opening.start()
        self._opened.wait(PATIENCE)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the image is open.

        Parameters
        ----------
        timeout : float or None
            Seconds; None to wait as long as it takes.

        Raises
        ------
        NotOpenYetError
            If it is not open by then, or cannot be opened.
        """
        self._opened.wait(timeout)
        self._need()

    def close(self) -> None:
        """Take the widget off all pages, and stop what it reads."""
        if self._contents is not None:
            self._contents.close()
        super().close()

    def _open(self, source: Any, axes: str | None, labels: Any) -> None:
        try:
            contents = open_contents(source, axes=axes, labels=labels)
            self._contents = contents
            self._show(contents)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must be seen in the widget
            self.show_problem(error)
        finally:
            self._opened.set()

    def _show(self, contents: Contents) -> None:
        """Set the state that the image brings, where the user chose no other."""
        space = contents.space
        start: dict[str, Any] = {"x": space.centre("x"), "y": space.centre("y"), "z": space.size["z"] // 2, "t": 0}
        with self.hold_sync():
            for name, value in start.items():
                if name not in self._given:
                    setattr(self, name, value)
            self.t, self.z = self._clip("t", self.t), self._clip("z", self.z)
            self.looks = {name: look | self.looks.get(name, {}) for name, look in contents.looks.items()}
            self.scene = contents.scene

    def _clip(self, axis: str, value: int) -> int:
        contents = self._contents
        return value if contents is None else max(0, min(int(value), contents.space.size[axis] - 1))

    @traitlets.validate("t", "z")
    def _valid_index(self, proposal: Any) -> int:
        return self._clip(proposal["trait"].name, proposal["value"])

    def _need(self) -> Contents:
        if self._contents is None:
            told = self.problem or {"what": "The image is still being opened.", "cure": "Wait for it: viewer.wait()."}
            raise NotOpenYetError(" ".join(told[part] for part in ("what", "found", "cure") if told.get(part)))
        return self._contents

    def answer_tile(self, content: dict[str, Any], _buffers: list[Any], stop: threading.Event) -> Answer:
        """Give the samples of a tile."""
        contents = self._need()
        layer = contents.find(content["layer"])
        samples = read_tile(layer, self._parse_cut(content, contents), contents.space, stop)
        if layer.kind == "channel":
            told, data = encode_samples(samples)
            return told, [data]
        codes = fold_labels(samples) if layer.kind == "labels" else samples
        data, packed = pack(codes)
        return {"scale": 1.0, "offset": 0.0, "nan": False} | describe(codes, packed), [data]

    def _parse_cut(self, content: dict[str, Any], contents: Contents) -> Cut:
        plane, level = content.get("plane", "yx"), int(content["level"])
        if plane not in PLANES or not 0 <= level < len(contents.space.levels):
            msg = (
                f"There is no plane {plane!r:.20} or no level {level}. Expected one of {', '.join(PLANES)} and a level "
                f"below {len(contents.space.levels)}. Reload the page."
            )
            raise QuestionError(msg)
        return Cut(
            level,
            t=self._clip("t", content.get("t", 0)),
            z=self._clip("z", content.get("z", 0)),
            plane=plane,
            at=max(0, int(content.get("at") or 0)),
            row=int(content["row"]),
            column=int(content["column"]),
            maximum=content.get("mode") == "maximum",
        )

    def answer_value(self, content: dict[str, Any], _buffers: list[Any], stop: threading.Event) -> Answer:
        """Give the exact values at a sample, as text: JSON would round 64-bit numbers."""
        contents = self._need()
        return {"values": contents.values({axis: int(content.get(axis, 0)) for axis in "tzyx"}, stop)}, []

    def answer_histogram(self, content: dict[str, Any], _buffers: list[Any], stop: threading.Event) -> Answer:
        """Count the samples of a plane by their brightness."""
        contents = self._need()
        layer = contents.find(content["layer"])
        samples = contents.sample(
            layer, self._clip("t", content.get("t", 0)), self._clip("z", content.get("z", 0)), stop
        )
        return count_samples(samples), []
