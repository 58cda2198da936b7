"""The questions that the page of a viewer asks, and their answers; see PROTOCOL.md."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from bioimagehub.widgets.errors import NotOpenYetError, QuestionError, TakenBackError
from bioimagehub.widgets.problems import tell_problem
from bioimagehub.widgets.view.codes import describe, encode_samples, fold_labels, pack
from bioimagehub.widgets.view.histograms import count_samples
from bioimagehub.widgets.view.pictures import Sight, encode, paint
from bioimagehub.widgets.view.plates import find_field, find_well
from bioimagehub.widgets.view.points import MOST
from bioimagehub.widgets.view.tiles import PLANES, Cut, read_tiles
from bioimagehub.widgets.view.writing import Parts, choose_name, write_picture
from bioimagehub.widgets.widget import Answer, HubWidget

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from bioimagehub.widgets.view.contents import Contents

THUMBNAIL = 96
"""Pixels of the picture of a well, along x and y."""
LARGEST_ANSWER = 900_000
"""Bytes of tiles in one message, before they are packed."""
_AT_ONCE = 6

_log = logging.getLogger(__name__)


class Answering(HubWidget):
    """What answers the page of a viewer."""

    QUESTIONS: ClassVar[tuple[str, ...]] = (
        "histogram", "points", "snapshot", "thumbnails", "tile", "tracks", "value",
    )  # fmt: skip
    THREADS: ClassVar[int] = 16

    _contents: Contents | None
    _failure: Any
    _parts: Parts
    looks: Any
    well: Any
    field: Any

    def _need(self) -> Contents:
        if self._contents is None:
            told = self._failure or {
                "what": "The image is still being opened.",
                "found": "Its store did not answer so far.",
                "cure": "Wait for it: viewer.wait().",
            }
            raise NotOpenYetError(" ".join(told[part] for part in ("what", "found", "cure") if told.get(part)))
        return self._contents

    def _clip(self, axis: str, value: Any) -> int:
        contents = self._contents
        return int(value or 0) if contents is None else max(0, min(int(value or 0), contents.space.size[axis] - 1))

    def _find_place(self, content: dict[str, Any], contents: Contents) -> dict[str, int]:
        """Give the numbers of well and field: those that the page names, or else those that are chosen."""
        return {
            "well": find_well(contents.scene, content.get("well") or self.well),
            "field": find_field(contents.scene, content.get("field") or self.field),
        }

    def answer_tile(self, content: dict[str, Any], _buffers: list[Any], stop: threading.Event) -> Answer:
        """Give the samples of a tile of some layers."""
        contents = self._need()
        layers = [contents.find(name) for name in content["layers"]]
        found = read_tiles(layers, self._parse_cut(content, contents), contents.space, stop)
        tiles = [
            _encode(layer.kind, samples, contents.looks[layer.id]) for layer, samples in zip(layers, found, strict=True)
        ]
        size = sum(codes.nbytes for _, codes in tiles)
        if size > LARGEST_ANSWER:
            msg = (
                f"Tiles of {len(layers)} layers are {size:,} bytes. At most {LARGEST_ANSWER:,} are sent at once. "
                "Ask for fewer layers."
            )
            raise QuestionError(msg)
        data, packed = pack([codes for _, codes in tiles])
        return {"tiles": [told for told, _ in tiles], "packed": packed}, [data]

    def _parse_cut(self, content: dict[str, Any], contents: Contents) -> Cut:
        plane, level = content.get("plane") or "yx", int(content["level"])
        if plane not in PLANES or not 0 <= level < len(contents.space.levels):
            msg = (
                f"There is no plane {plane!r:.20} or no level {level}. Expected one of {', '.join(PLANES)} and a level "
                f"below {len(contents.space.levels)}. Reload the page."
            )
            raise QuestionError(msg)
        across = {"zx": "y", "zy": "x"}.get(plane, "z")
        return Cut(
            level,
            t=self._clip("t", content.get("t")),
            z=self._clip("z", content.get("z")),
            plane=plane,
            at=self._clip(across, content.get("at")),
            row=int(content["row"]),
            column=int(content["column"]),
            maximum=content.get("mode") == "maximum",
            **self._find_place(content, contents),
        )

    def answer_value(self, content: dict[str, Any], _buffers: list[Any], stop: threading.Event) -> Answer:
        """Give the exact values at a sample, as text: JSON would round 64-bit numbers."""
        contents = self._need()
        at = {axis: int(content.get(axis) or 0) for axis in "tzyx"} | self._find_place(content, contents)
        return {"values": contents.values(at, stop, maximum=content.get("mode") == "maximum")}, []

    def answer_histogram(self, content: dict[str, Any], _buffers: list[Any], stop: threading.Event) -> Answer:
        """Count the samples of a plane by their brightness."""
        contents = self._need()
        layer = contents.find(content["layer"])
        t, z = self._clip("t", content.get("t")), self._clip("z", content.get("z"))
        return count_samples(contents.sample(layer, t, z, stop, **self._find_place(content, contents))), []

    def answer_points(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Give the points that are seen."""
        layer = self._need().find_mark(content["layer"], "points")
        count, rows = layer.find(
            self._clip("t", content.get("t")), content.get("z"), content.get("box"), content.get("most") or MOST
        )
        return {"count": count, "sent": len(rows)}, [rows.astype("<f4").tobytes()]

    def answer_tracks(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Give the tracks that are seen."""
        layer = self._need().find_mark(content["layer"], "tracks")
        tail = max(0, int(content.get("tail") or 0))
        t = self._clip("t", content.get("t"))
        offsets, places, numbers = layer.find(t, tail)
        sent = [places.astype("<f4").tobytes(), numbers.astype("<u4").tobytes()]
        return {"count": layer.count(t, tail), "sent": len(numbers), "offsets": offsets.tolist()}, sent

    def answer_thumbnails(self, content: dict[str, Any], _buffers: list[Any], stop: threading.Event) -> Answer:
        """Give small pictures of wells."""
        contents = self._need()
        names: Sequence[str] = list(content["wells"])[:MOST]
        z = contents.space.size["z"] // 2
        field = find_field(contents.scene, content.get("field") or self.field)
        numbers = [find_well(contents.scene, name) for name in names]

        def paint_well(well: int) -> bytes | Exception:
            sight = Sight(0, z, 0.0, 0.0, 0.0, THUMBNAIL, THUMBNAIL, well=well, field=field)
            try:
                return encode(paint(contents, self.looks, sight, stop, bar=False))
            except TakenBackError:
                raise
            except Exception as error:  # noqa: BLE001 - a reader may raise anything, and the other wells can be shown
                _log.debug("the well %d of a plate cannot be painted", well, exc_info=True)
                return error

        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="bioimagehub-wells") as pool:
            painted = list(pool.map(paint_well, numbers))
        told: dict[str, Any] = {"wells": names}
        for name, each in zip(names, painted, strict=True):
            if isinstance(each, Exception):
                told["problem_of"] = {"well": name, **tell_problem(each)}
                break
        return told, [b"" if isinstance(each, Exception) else each for each in painted]

    def answer_snapshot(self, content: dict[str, Any], buffers: list[Any], _stop: threading.Event) -> Answer:
        """Keep the picture that the page sends: in a file beside the notebook."""
        part, parts = int(content.get("part") or 0), int(content.get("parts") or 1)
        whole = self._parts.add(content.get("key"), part, parts, bytes(buffers[0]))
        if whole is None:
            return {}, []
        title = self._contents.told.get("title", "") if self._contents is not None else ""
        path = write_picture(whole, choose_name(title, Path.cwd()))
        return {"path": path.name}, []


def _encode(kind: str, samples: NDArray[Any], look: Mapping[str, Any]) -> tuple[dict[str, Any], NDArray[Any]]:
    if kind == "channel":
        # The contrast at first, not the one that is chosen now: the page keeps its tiles when another one is chosen.
        return encode_samples(samples, (look["low"], look["high"]))
    codes = fold_labels(samples) if kind == "labels" else samples
    return describe(codes), codes
