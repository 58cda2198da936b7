"""What was read last, in memory, bounded by its bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

MOST = 96 * 2**20
"""Bytes that are kept for one viewer."""


class Recent:
    """Arrays by key; those that were not used for longest go first.

    Parameters
    ----------
    most : int
        Bytes. What alone has more than a quarter of them is not kept.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most, self.bytes = most, 0
        self._kept: OrderedDict[Hashable, NDArray[Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> NDArray[Any] | None:
        """Give what was kept; None if there is nothing."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: Hashable, array: NDArray[Any]) -> None:
        """Keep an array."""
        if array.nbytes * 4 > self._most:
            return
        with self._lock:
            old = self._kept.pop(key, None)
            self.bytes += array.nbytes - (0 if old is None else old.nbytes)
            self._kept[key] = array
            while self.bytes > self._most:
                self.bytes -= self._kept.popitem(last=False)[1].nbytes

    def clear(self) -> None:
        """Keep nothing of what was."""
        with self._lock:
            self._kept.clear()
            self.bytes = 0
