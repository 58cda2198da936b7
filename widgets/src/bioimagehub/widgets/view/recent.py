"""What was read last, in memory, bounded by its bytes: one shelf for all viewers of a process."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

MOST = 96 * 2**20
"""Bytes that are kept for all viewers together."""

IDLE = 30.0
"""Seconds for which an array that alone is larger is kept without being used."""


class Shelf:
    """Arrays by owner and key; those that were not used for longest go first.

    Parameters
    ----------
    most : int
        Bytes. Of the arrays that alone have more, the last one is kept beside them, as long as it is used.
    idle : float
        Seconds without use after which that one goes.

    Attributes
    ----------
    bytes : int
        That are kept, without the one that is too large.
    """

    def __init__(self, most: int = MOST, idle: float = IDLE) -> None:
        self._most, self._idle = most, idle
        self.bytes = 0
        self._kept: OrderedDict[tuple[Hashable, Hashable], NDArray[Any]] = OrderedDict()
        self._large: tuple[tuple[Hashable, Hashable], NDArray[Any]] | None = None
        self._used = 0.0
        self._lock = threading.Lock()

    def get(self, owner: Hashable, key: Hashable) -> NDArray[Any] | None:
        """Give what was kept; None if there is nothing."""
        with self._lock:
            if self._large is not None and self._large[0] == (owner, key):
                self._used = time.monotonic()
                return self._large[1]
            found = self._kept.get((owner, key))
            if found is not None:
                self._kept.move_to_end((owner, key))
            return found

    def put(self, owner: Hashable, key: Hashable, array: NDArray[Any]) -> None:
        """Keep an array."""
        with self._lock:
            if array.nbytes > self._most:
                is_watched = self._large is not None
                self._large, self._used = ((owner, key), array), time.monotonic()
                if not is_watched:
                    self._look_after(self._idle)
                return
            self._take_off((owner, key))
            self.bytes += array.nbytes
            self._kept[owner, key] = array
            while self.bytes > self._most:
                self._take_off(next(iter(self._kept)))

    def clear(self, owner: Hashable) -> None:
        """Keep nothing of an owner."""
        with self._lock:
            for key in [key for key in self._kept if key[0] == owner]:
                self._take_off(key)
            if self._large is not None and self._large[0][0] == owner:
                self._large = None

    def count(self, owner: Hashable) -> int:
        """Tell how many bytes are kept of an owner."""
        with self._lock:
            large = [] if self._large is None else [self._large]
            return sum(array.nbytes for key, array in [*self._kept.items(), *large] if key[0] == owner)

    def _take_off(self, key: tuple[Hashable, Hashable]) -> None:
        old = self._kept.pop(key, None)
        self.bytes -= 0 if old is None else old.nbytes

    def _look_after(self, seconds: float) -> None:
        timer = threading.Timer(seconds, self._let_go)
        timer.daemon = True
        timer.start()

    def _let_go(self) -> None:
        with self._lock:
            rest = self._used + self._idle - time.monotonic()
            if self._large is not None and rest > 0:
                self._look_after(rest)
            else:
                self._large = None


SHELF = Shelf()
"""That of this process: viewers that were made again into the same name are alive until they are closed."""


class Recent:
    """What one viewer has on the shelf; what others have there never shows in it.

    Parameters
    ----------
    shelf : Shelf
    """

    def __init__(self, shelf: Shelf = SHELF) -> None:
        self._shelf, self._owner = shelf, object()

    @property
    def bytes(self) -> int:
        """Bytes that are kept of this viewer."""
        return self._shelf.count(self._owner)

    def get(self, key: Hashable) -> NDArray[Any] | None:
        """Give what was kept; None if there is nothing."""
        return self._shelf.get(self._owner, key)

    def put(self, key: Hashable, array: NDArray[Any]) -> None:
        """Keep an array."""
        self._shelf.put(self._owner, key, array)

    def clear(self) -> None:
        """Keep nothing of what was."""
        self._shelf.clear(self._owner)
