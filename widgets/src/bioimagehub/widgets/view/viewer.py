"""The widget that shows images."""

from __future__ import annotations

import base64
import html
import os
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import traitlets

from bioimagehub.widgets.errors import UnviewableError
from bioimagehub.widgets.problems import Problem, tell_problem
from bioimagehub.widgets.scripts import join_scripts, join_styles
from bioimagehub.widgets.view.answering import Answering
from bioimagehub.widgets.view.assembling import open_contents
from bioimagehub.widgets.view.looks import choose_mark_look
from bioimagehub.widgets.view.pictures import Sight, encode, paint
from bioimagehub.widgets.view.plates import find_field, find_well
from bioimagehub.widgets.view.shapes import check_shapes, tabulate_shapes
from bioimagehub.widgets.view.windows import LARGEST
from bioimagehub.widgets.view.writing import Parts, write_picture

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from PIL import Image

    from bioimagehub.widgets.view.contents import Contents
    from bioimagehub.widgets.view.results import Results

PATIENCE, PATIENCE_FAR = 5.0, 0.25
"""Seconds that making a viewer waits for an array, and for what has to be opened; then that goes on in a thread."""

LONGEST = 60.0
"""Seconds that methods wait for an image that is not open yet."""

QUIET = 2.0
"""Seconds without a change after which the picture in the notebook is renewed."""

STATIC = 600
"""Pixels of the picture in a saved notebook, along x and y."""

WAIT = 2.0
"""Seconds that a cell waits for that picture."""

MODES = ("maximum", "orthogonal", "slice")
TOOLS = ("box", "line", "pan", "point", "polygon")
_SEEN = ("field", "height", "looks", "mode", "shapes", "swipe", "t", "well", "x", "y", "z", "zoom")


class Viewer(Answering):
    """A viewer of multiscale images; made by `bioimagehub.widgets.view`.

    Attributes
    ----------
    scene : dict
        What there is to see: title, size, units, levels and layers. Read only; empty until the image is open.
    looks : dict of str to dict
        How each layer looks, by its id; change it with `set_look`.
    t, z : int
        Timepoint and plane, at the finest level.
    x, y : float
        Centre of the screen, in the units of the image.
    zoom : float
        Screen pixels a sample; 0 until the page fits the image into the widget.
    mode : {"slice", "maximum", "orthogonal"}
        One plane, the largest sample along z, or three planes that cross.
    playing : bool
        Whether time goes on by itself; `rate` timepoints a second.
    tool : {"pan", "point", "line", "box", "polygon"}
        What the mouse does.
    shapes : list of dict
        What was drawn: ``id``, ``kind``, ``t``, ``z``, ``points`` as [[y, x], …] in the units of the image, ``name``.
    swipe : dict or None
        ``left`` and ``right``, lists of layers, and ``at``, from 0 to 1.
    well : str or None
        Well of a plate that is shown; None for the grid of all.
    field : str or None
        Field of view that is shown; None for the first.
    selected : dict or None
        Shape or object under the last click.
    width, height : int
        Of the widget, in pixels; the page sets the width.
    problem : dict or None
        The error that is shown, in three parts.
    """

    KEYWORDS: ClassVar[tuple[str, ...]] = ("axes", "labels", "patience", "points", "threshold", "tracks", "truth")

    _esm = join_scripts("view/view.js")
    _css = join_styles("theme.css", "view/view.css")

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
    swipe = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    well = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    field = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    selected = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    width = traitlets.Int(0).tag(sync=True)
    height = traitlets.Int(480, min=120, max=4000).tag(sync=True)

    def __init__(
        self,
        source: Any,
        *,
        axes: str | None = None,
        labels: Any = None,
        points: Any = None,
        tracks: Any = None,
        truth: Any = None,
        threshold: float = 0.5,
        patience: float = 20.0,
        **traits: Any,
    ) -> None:
        self._contents: Contents | None = None
        self._failure: Problem | None = None
        self._parts = Parts()
        self._opened = threading.Event()
        self._closed = threading.Event()
        self._displayed = False
        self._timer: threading.Timer | None = None
        self._static: bytes | None = None
        self._stale = True
        self._begun = self._kept = 0
        self._keeping, self._renewing = threading.Lock(), threading.Lock()
        self._given = set(traits)
        given = {"axes": axes, "labels": labels, "points": points, "tracks": tracks, "truth": truth}
        self._opening = threading.Thread(
            target=self._open,
            args=(source, given | {"threshold": threshold, "patience": patience}),
            name="bioimagehub-view",
            daemon=True,
        )
        super().__init__(**traits)
        self.on_msg(self._take_fit)
        self._opening.start()
        is_far = isinstance(source, str | os.PathLike) or hasattr(source, "identifier")
        # Who compares waits for what comes out of it.
        self._opened.wait(LONGEST if truth is not None else PATIENCE_FAR if is_far else PATIENCE)
        self.observe(self._renew_later, _SEEN)

    def wait(self, timeout: float = LONGEST) -> Self:
        """Wait until the image is open, and give the viewer itself: ``view(address).wait()``.

        Parameters
        ----------
        timeout : float
            Seconds.

        Raises
        ------
        NotOpenYetError
            If it is not open by then, or cannot be opened.
        """
        self._opened.wait(timeout)
        self._need()
        return self

    def set_look(self, layer: str, **changes: Any) -> None:
        """Change how a layer looks.

        Parameters
        ----------
        layer : str
            Its id or its name.
        **changes
            ``visible``, ``colour`` (``"#rrggbb"``), ``low`` and ``high`` (the values shown as black and as full
            colour), ``gamma``, ``opacity`` (0 to 1), ``blend``, ``outline`` (of labels), ``size`` (of points).

        Raises
        ------
        UnviewableError
            If there is no such layer, or nothing of that name can be changed.
        """
        listed = self.wait()._need().scene["layers"]
        found = next((each["id"] for each in listed if layer in (each["id"], each["name"])), None)
        if found is None:
            known = ", ".join(f"{each['id']} ({each['name']})" for each in listed)
            msg = f"There is no layer {layer!r:.80}. The layers are {known}. Give the id or the name of one."
            raise UnviewableError(msg)
        known_changes = {*self.looks[found], *choose_mark_look()}
        unknown = sorted(set(changes) - known_changes)
        if unknown:
            msg = (
                f"A look has no {', '.join(unknown)}. It has {', '.join(sorted(known_changes))}. "
                "Correct the name, or leave it out."
            )
            raise UnviewableError(msg)
        self.looks = self.looks | {found: self.looks[found] | changes}

    def shapes_table(self) -> pd.DataFrame:
        """Give the points of what was drawn as a table; see `bioimagehub.widgets.view.shapes.tabulate_shapes`."""
        return tabulate_shapes(self.shapes, self.wait()._need().space)

    def snapshot(self, path: str | os.PathLike[str]) -> Path:
        """Write what is seen to a PNG file, with a scale bar, and title, citation and licence under it.

        Parameters
        ----------
        path : str or PathLike
            It is replaced if it is there.
        """
        contents = self.wait()._need()
        return write_picture(encode(self._paint(contents), contents.told, caption=True), path)

    def close(self) -> None:
        """Take the widget off all pages, and stop what it reads."""
        self._closed.set()
        if self._timer is not None:
            self._timer.cancel()
        if self._contents is not None:
            self._contents.close()
        super().close()

    def as_text(self) -> str:
        """Describe what is shown."""
        if self._contents is None:
            told = self._failure
            what = (
                "the image is still being opened" if told is None else " ".join(filter(None, map(str, told.values())))
            )
            return f"Viewer: {what}"
        scene = self._contents.scene
        size, units = scene["size"], scene["units"]
        along = [f"{axis} {size[axis]} × {scene['spacing'][axis]:.4g} {units[axis]}" for axis in scene["axes_present"]]
        lines = [f"Viewer: {scene['title'] or 'image'}", "  " + ", ".join(along)]
        lines += [f"  {each['id']} {each['kind']} {each['name']}" for each in scene["layers"]]
        return "\n".join([*lines, *(f"  {note}" for note in scene["notes"])])

    def as_static(self) -> dict[str, Any]:
        """Give a picture of what is seen; a text while there is none."""
        self._displayed = True
        if self._contents is not None and self._stale:
            painting = threading.Thread(target=self._paint_static, name="bioimagehub-static", daemon=True)
            painting.start()
            # A cell does not wait for a slow store: then the picture comes later.
            painting.join(WAIT)
        if self._static is None:
            return {"text/html": f"<pre>{html.escape(self.as_text())}</pre>"}
        return {"image/png": base64.b64encode(self._static).decode(), "text/plain": self.as_text()}

    def _paint_static(self) -> None:
        with self._keeping:
            self._begun += 1
            number, self._stale = self._begun, False
        start = time.monotonic()
        try:
            contents = self._need()
            painted = encode(self._paint(contents, STATIC), contents.told)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must be seen in the widget
            self.show_problem(error)
            return
        with self._keeping:
            if number < self._kept:
                # What was begun later shows what is seen now, and was faster.
                return
            self._kept, self._static = number, painted
        if time.monotonic() - start > WAIT and not self._closed.is_set():
            self.keep()

    def _paint(self, contents: Contents, most: int = LARGEST) -> Image.Image:
        """Paint what the page shows, or all of the image where there is no page."""
        wide, high = self.width or 640, self.height
        shrink = min(1.0, most / max(wide, high))
        size = max(1, round(wide * shrink)), max(1, round(high * shrink))
        place = {"well": find_well(contents.scene, self.well), "field": find_field(contents.scene, self.field)}
        sight = Sight(
            self.t, self.z, self.x, self.y, self.zoom * shrink, *size, maximum=self.mode == "maximum", **place
        )
        return paint(contents, self.looks, sight, self._closed, shapes=self.shapes, swipe=self.swipe)

    def _open(self, source: Any, given: dict[str, Any]) -> None:
        try:
            contents = open_contents(source, **given)
            if self._closed.is_set():
                contents.close()
                return
            self._contents = contents
            self._show(contents)
            for results in contents.results:
                results.watch(partial(self._on_results, results))
        except Exception as error:  # noqa: BLE001 - whatever it is, it must be seen in the widget
            self._failure = tell_problem(error)
            self.show_problem(error)
        finally:
            self._opened.set()
        if self._displayed:
            self._renew_later()

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
            if contents.swipe is not None and "swipe" not in self._given:
                self.swipe = contents.swipe
            self.scene = contents.scene

    def _take_fit(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        """Take from the page where it looks when it fits the image, but for what Python chose meanwhile."""
        if "fitted" not in content or self.zoom:
            return
        # The page goes to a centre that Python chose when it sees that the traits have another one than it told.
        chosen = self._given & {"x", "y"}
        with self.hold_sync():
            for name in ("x", "y", "zoom"):
                if name not in chosen:
                    self.set_trait(name, content["fitted"][name])

    def _on_results(self, results: Results) -> None:
        """Show what was computed meanwhile, in a contrast that suits it, unless the user chose one."""
        # To measure may take longer than the next results: two at once would take each other's contrast for the user's.
        with self._renewing:
            contents = self._contents
            if contents is None or self._closed.is_set():
                return
            layers = [each.id for each in contents.layers if any(level.results is results for level in each.levels)]
            before, measured = contents.looks, contents.measure()[0]
            contents.looks = before | {name: measured[name] for name in layers}
            looks = self.looks
            shown = [name for name in layers if name in looks]
            self.looks = looks | {name: _renew(looks[name], before[name], measured[name]) for name in shown}
        self.tell("changed", {"layers": layers})
        self._renew_later()

    def _renew_later(self, _change: Any = None) -> None:
        """Renew the picture in the notebook when nothing has changed for a while."""
        self._stale = True
        if self._timer is not None:
            self._timer.cancel()
        if self._displayed and not self._closed.is_set():
            self._timer = threading.Timer(QUIET, self.keep)
            self._timer.daemon = True
            self._timer.start()

    def _note(self, name: str) -> None:
        """Remember what Python chose: what the image or the page would begin with does not undo it."""
        if threading.current_thread() is not self._opening:
            self._given.add(name)

    @traitlets.validate("t", "z")
    def _valid_index(self, proposal: Any) -> int:
        # A validator hears also of a value that is there already, and that must stay.
        self._note(proposal["trait"].name)
        return self._clip(proposal["trait"].name, proposal["value"])

    @traitlets.validate("swipe", "x", "y")
    def _valid_choice(self, proposal: Any) -> Any:
        self._note(proposal["trait"].name)
        return proposal["value"]

    @traitlets.validate("zoom")
    def _valid_zoom(self, proposal: Any) -> float:
        zoom: float = proposal["value"]
        if self.zoom and not zoom:
            # All of the image is to be seen again, wherever the screen was before.
            self._given -= {"x", "y"}
        return zoom

    @traitlets.validate("shapes")
    def _valid_shapes(self, proposal: Any) -> list[dict[str, Any]]:
        return check_shapes(proposal["value"])


def _renew(look: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Change of a look what was chosen for the user, and keep what the user chose."""
    return {key: value if value != before.get(key) else after.get(key, value) for key, value in look.items()}
