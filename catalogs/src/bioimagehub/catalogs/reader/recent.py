"""What was made a moment ago, kept in memory up to a number of bytes."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Made = TypeVar("Made")


class Recent(Generic[Made]):
    """Keeps what was used last, and makes each thing once, however many threads ask for it at the same time.

    Parameters
    ----------
    most : int
        Bytes that are kept; what is larger by itself is made and not kept.
    size : callable
        Tells the bytes of something.

    Examples
    --------
    >>> recent = Recent(10, len)
    >>> recent.find("a", lambda: b"1234"), recent.find("a", lambda: b"made again")
    (b'1234', b'1234')
    """

    def __init__(self, most: int, size: Callable[[Made], int]) -> None:
        self._most, self._size = most, size
        self._forget()
        # A process that was forked cannot wait for threads that only its parent has.
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._kept: OrderedDict[Hashable, Made] = OrderedDict()
        self._bytes = 0
        self._changing = threading.Lock()
        self._making: dict[Hashable, threading.Lock] = {}

    def find(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Give what was made for a key, or make it; what `make` raises is raised, and nothing is kept."""
        with self._changing:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._changing:
                if key in self._kept:
                    return self._kept[key]
            try:
                made = make()
                with self._changing:
                    self._keep(key, made)
            finally:
                with self._changing:
                    self._making.pop(key, None)
            return made

    def _keep(self, key: Hashable, made: Made) -> None:
        size = self._size(made)
        if size > self._most or key in self._kept:
            return
        self._kept[key] = made
        self._bytes += size
        while self._bytes > self._most:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= self._size(oldest)

    def drop(self, chosen: Callable[[Any], bool]) -> None:
        """Forget what was made for the keys that are chosen."""
        with self._changing:
            for key in [key for key in self._kept if chosen(key)]:
                self._bytes -= self._size(self._kept.pop(key))
