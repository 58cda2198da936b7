"""The page of a viewer without a browser: asks as it does, and hears what the viewer says."""

from __future__ import annotations

import threading
import zlib
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bioimagehub.widgets.view.viewer import Viewer

DEADLINE = 60


class Page:
    """The other side of a viewer."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.sent: list[tuple[dict[str, Any], list[bytes]]] = []
        self.arrived = threading.Condition()
        self._numbers = count()
        viewer.send = self._hear

    def _hear(self, content: dict[str, Any], buffers: Any = None) -> None:
        with self.arrived:
            self.sent.append((content, list(buffers or ())))
            self.arrived.notify_all()

    def begin(self, question: str, /, *, buffers: tuple[bytes, ...] = (), **content: Any) -> int:
        """Ask, and give the number of the question."""
        number = next(self._numbers)
        self._send(content | {"ask": question, "id": number}, list(buffers))
        return number

    def say(self, **content: Any) -> None:
        """Tell the viewer what is no question."""
        self._send(content, [])

    def cancel(self, *numbers: int) -> None:
        self._send({"cancel": list(numbers)}, [])

    def expect(self, number: int, deadline: float = DEADLINE) -> tuple[dict[str, Any], list[bytes]]:
        """Wait for an answer."""

        def find() -> list[tuple[dict[str, Any], list[bytes]]]:
            return [each for each in self.sent if each[0].get("answer") == number]

        with self.arrived:
            assert self.arrived.wait_for(lambda: bool(find()), deadline), "there was no answer"
            return find()[0]

    def ask(
        self, question: str, /, *, buffers: tuple[bytes, ...] = (), **content: Any
    ) -> tuple[dict[str, Any], list[bytes]]:
        found, sent = self.expect(self.begin(question, buffers=buffers, **content))
        assert "problem" not in found, found
        return found, sent

    def problem(self, question: str, /, **content: Any) -> str:
        """Ask what cannot be answered, and give what is said of it."""
        problem = self.expect(self.begin(question, **content))[0]["problem"]
        assert problem["what"]
        assert problem["cure"]
        return " ".join(problem.values())

    def tile(self, layer: str = "c0", level: int = 0, row: int = 0, column: int = 0, **more: Any) -> NDArray[Any]:
        """Ask for a tile, and give its values; labels and colours as they are."""
        return self.tiles(layer, level=level, row=row, column=column, **more)[0]

    def tiles(self, *layers: str, **place: Any) -> list[NDArray[Any]]:
        """Ask for a tile of several layers at once."""
        told, buffers = self.ask("tile", layers=list(layers), **place)
        return decode(told, buffers)

    def hear(self, event: str) -> dict[str, Any]:
        """Wait for an event."""

        def find() -> list[dict[str, Any]]:
            return [content for content, _ in self.sent if content.get("event") == event]

        with self.arrived:
            assert self.arrived.wait_for(lambda: bool(find()), DEADLINE), "nothing was said"
            return find()[0]

    def _send(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        self.viewer._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": buffers})


def decode(told: dict[str, Any], buffers: list[bytes]) -> list[NDArray[Any]]:
    """Undo what tiles went through, as the page does."""
    (data,) = buffers
    if told["packed"]:
        data = zlib.decompress(data)
    found, start = [], 0
    for tile in told["tiles"]:
        dtype = np.dtype(tile["dtype"]).newbyteorder("<")
        count = int(np.prod(tile["shape"]))
        codes = np.frombuffer(data, dtype, count, start).reshape(tile["shape"])
        start += codes.nbytes
        exact = tile["scale"] == 1 and tile["offset"] == 0 and not tile["nan"]
        values = codes if exact else codes * tile["scale"] + tile["offset"]
        found.append(np.where(codes == 0, np.nan, values) if tile["nan"] else values)
    assert start == len(data)
    return found
