"""A map over images on a cluster: how far it is, and which images failed, and why."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from bioimagehub.widgets.problems import tell_problem

if TYPE_CHECKING:
    from collections.abc import Mapping

SHOWN = 100
"""Failures that are told at most."""
_LONGEST = 500
_STATES = {"finished": "done", "error": "failed", "lost": "lost", "cancelled": "cancelled"}


class Work:
    """What is computed for each of several images.

    Parameters
    ----------
    name : str
    futures : mapping of str to distributed.Future
        By the name of the image.
    """

    def __init__(self, name: str, futures: Mapping[str, Any]) -> None:
        self.name = name
        self.futures = dict(futures)
        self._failures: dict[str, dict[str, str]] = {}

    def tell(self) -> dict[str, Any]:
        """Tell how far it is.

        Returns
        -------
        dict
            ``name``, ``total``; numbers of images that are ``done``, ``failed``, ``lost``, ``cancelled`` and
            ``waiting``, which are computed or wait for it; ``failures``, the first hundred, each with its ``image`` and
            the error in three parts.
        """
        states = {image: _STATES.get(future.status, "waiting") for image, future in self.futures.items()}
        counts = Counter(states.values())
        for image, state in states.items():
            if state == "failed" and image not in self._failures and len(self._failures) < SHOWN:
                self._failures[image] = _explain(self.futures[image])
        # What was computed again may have gone well.
        self._failures = {image: each for image, each in self._failures.items() if states[image] == "failed"}
        return {
            "name": self.name[:_LONGEST],
            "total": len(states),
            **{state: counts[state] for state in (*_STATES.values(), "waiting")},
            "failures": [{"image": image[:_LONGEST], **each} for image, each in self._failures.items()],
        }

    def failed(self) -> list[str]:
        """List the images that failed, or whose results were lost."""
        return [image for image, future in self.futures.items() if future.status in {"error", "lost", "cancelled"}]


def _explain(future: Any) -> dict[str, str]:
    error = future.exception()
    told = tell_problem(error) if isinstance(error, BaseException) else tell_problem(RuntimeError(str(error)))
    what = told["what"] if _is_of_ours(error) else f"{type(error).__name__}: {told['what']}"
    return {"what": what[:_LONGEST], "found": told["found"][:_LONGEST], "cure": told["cure"][:_LONGEST]}


def _is_of_ours(error: Any) -> bool:
    return type(error).__module__.partition(".")[0] == "bioimagehub"
