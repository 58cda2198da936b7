"""A map over images on a cluster: how far it is, and which images failed, and why."""

from __future__ import annotations

import json
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

from bioimagehub.widgets.problems import tell_problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHOWN = 100
"""Failures that are told at most."""
WHOLE = 10
"""Maps that are told each by itself."""
_ROOM = 150_000
"""Bytes for the failures of all maps: a message stays below 200 kB."""
_LONGEST = 500
_STATES = {"finished": "done", "error": "failed", "lost": "lost", "cancelled": "cancelled"}
_ENDS = frozenset({"done", "failed", "cancelled"})
"""What stays as it is. A result that was lost may be computed again."""


class Work:
    """What is computed for each of several images.

    A future is held for as long as it computes: then its end is kept, and its result leaves the workers when nobody
    else holds it.

    Parameters
    ----------
    name : str
    futures : mapping of str to distributed.Future
        By the name of the image.
    """

    def __init__(self, name: str, futures: Mapping[str, Any]) -> None:
        self.name = name
        self._open = dict(futures)
        self._ended: Counter[str] = Counter()
        self._failures: list[dict[str, str]] = []
        self._asking = threading.Lock()

    @property
    def futures(self) -> list[Any]:
        """Futures that did not end yet, as far as was told."""
        with self._asking:
            return list(self._open.values())

    def end(self) -> None:
        """Take all that did not end yet for cancelled: their cluster is closed, and says nothing of use any more."""
        with self._asking:
            self._ended["cancelled"] += len(self._open)
            self._open = {}

    def tell(self) -> dict[str, Any]:
        """Tell how far it is.

        Returns
        -------
        dict
            ``name``, ``total``; numbers of images that are ``done``, ``failed``, ``lost``, ``cancelled`` and
            ``waiting``, which are computed or wait for it; ``failures``, the first hundred, each with its ``image`` and
            the error in three parts.
        """
        with self._asking:
            states = {image: _STATES.get(future.status, "waiting") for image, future in self._open.items()}
            for image, state in states.items():
                if state in _ENDS:
                    future = self._open.pop(image)
                    self._ended[state] += 1
                    if state == "failed" and len(self._failures) < SHOWN:
                        self._failures.append({"image": image[:_LONGEST], **_explain(future)})
            counts = self._ended + Counter(state for state in states.values() if state not in _ENDS)
            return _told(self.name[:_LONGEST], counts, list(self._failures))


def tell_works(works: Sequence[Work]) -> list[dict[str, Any]]:
    """Tell the last ten of several, and before them the sums of the others.

    The failures of the latest are told first, as many as there is room for in a message.
    """
    told = [work.tell() for work in works]
    before, last = told[:-WHOLE], told[-WHOLE:]
    room = _ROOM
    for each in reversed(last):
        failures = []
        for failure in each["failures"]:
            room -= len(json.dumps(failure, ensure_ascii=False).encode())
            if room < 0:
                break
            failures.append(failure)
        each["failures"] = failures
    if not before:
        return last
    sums = Counter({key: sum(each[key] for each in before) for key in (*_STATES.values(), "waiting")})
    return [_told(f"{len(before):,} before", sums, []), *last]


def _told(name: str, counts: Counter[str], failures: list[dict[str, str]]) -> dict[str, Any]:
    numbers = {state: counts[state] for state in (*_STATES.values(), "waiting")}
    return {"name": name, "total": counts.total(), **numbers, "failures": failures}


def _explain(future: Any) -> dict[str, str]:
    error = future.exception()
    told = tell_problem(error) if isinstance(error, BaseException) else tell_problem(RuntimeError(str(error)))
    what = told["what"] if _is_of_ours(error) else f"{type(error).__name__}: {told['what']}"
    return {"what": what[:_LONGEST], "found": told["found"][:_LONGEST], "cure": told["cure"][:_LONGEST]}


def _is_of_ours(error: Any) -> bool:
    return type(error).__module__.partition(".")[0] == "bioimagehub"
