"""Results that are being computed on a cluster: which blocks of an array are done."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

SOON = 0.3
"""Seconds for which ends of tasks are gathered into one message."""


class Results:
    """The futures behind the blocks of a Dask array.

    Parameters
    ----------
    array : dask.array.Array
        Over futures of a cluster.
    """

    def __init__(self, array: Any) -> None:
        self._array = array
        self._behind: dict[tuple[int, ...], list[Any]] = {}
        self._lock = threading.Lock()

    def is_done(self, number: tuple[int, ...]) -> bool:
        """Tell whether a block can be had without waiting; so it is when it failed."""
        with self._lock:
            futures = self._behind.get(number)
            if futures is None:
                futures = self._behind[number] = self._find((self._array.name, *number))
        return all(future.done() for future in futures)

    def watch(self, act: Callable[[], None]) -> None:
        """Call something soon after blocks were done, until all are; in a thread of its own, one call at a time."""
        waiting = [future for future in _futures(self._array) if not future.done()]
        gathering, acting = threading.Lock(), threading.Lock()
        timers: list[threading.Timer] = []

        def call() -> None:
            with acting:
                # What ends while another call goes on is told by the one that waits here.
                with gathering:
                    timers.clear()
                act()

        def note(_future: Any) -> None:
            with gathering:
                if not timers:
                    timers.append(threading.Timer(SOON, call))
                    timers[0].daemon = True
                    timers[0].start()

        for future in waiting:
            future.add_done_callback(note)

    def _find(self, key: tuple[Any, ...]) -> list[Any]:
        from distributed.client import Future

        graph = self._array.__dask_graph__().cull({key})
        return [value for value in _values(graph) if isinstance(value, Future)]


def find_results(array: xr.DataArray) -> Results | None:
    """Find the futures behind an array; None if there are none."""
    # Who has futures has imported what makes them.
    if "distributed" not in sys.modules or array.variable.chunks is None:
        return None
    data = array.variable._data
    return Results(data) if _futures(data) else None


def _futures(array: Any) -> list[Any]:
    from distributed.client import futures_of

    found: list[Any] = futures_of(array)  # type: ignore[no-untyped-call]
    return found


def _values(graph: Any) -> list[Any]:
    """Give what stands in a graph, also within Dask's own wrapping of data."""
    return [getattr(value, "value", value) for value in graph.values()]
