"""What can be asked of a method, a module each: what it predicts, and how that is measured.

All modules have the shape of `Task`. To add a task, add a module of that shape and its name to `TASKS`.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from bioimagehub.challenges.errors import UnknownTaskError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bioimagehub.challenges.metrics import Metric

TASKS = (
    "classification",
    "counting",
    "ctf_estimation",
    "instance_segmentation",
    "map_resolution",
    "particle_picking",
    "profiling",
    "registration",
    "restoration",
    "semantic_segmentation",
    "spot_detection",
    "tracking",
)


class Statistics(Protocol):
    """The statistics of one case, or of several pooled, from which all metrics follow."""

    def as_dict(self) -> dict[str, Any]:
        """Return them as plain values for JSON, exactly."""
        ...


class Tally(Protocol):
    """The class of the statistics of a task."""

    def from_dict(self, values: dict[str, Any], /) -> Statistics:
        """Return the statistics that ``as_dict`` wrote."""
        ...


class Measure(Protocol):
    """The function that compares a prediction with the truth."""

    def __call__(
        self, truth: Any, prediction: Any, *, conventions: Any, spacing: Sequence[float] | None = None, name: str = ...
    ) -> Statistics:
        """Return the statistics of one case."""
        ...


class Task(Protocol):
    """What each module of a task offers.

    Attributes
    ----------
    KIND : str
        What truth and predictions are: ``labels``, ``classes``, ``points``, ``tracks``, ``image``, ``map``,
        ``values`` or ``landmarks``.
    Conventions : type
        A frozen dataclass; ``Conventions()`` are ours.
    Tally : type
        Of the statistics that `measure` returns; its ``from_dict`` reads what their ``as_dict`` wrote.
    METRICS : dict of str to Metric
        The metrics, by name.
    """

    KIND: str
    Conventions: type[Any]
    Tally: Tally
    METRICS: Mapping[str, Metric]
    measure: Measure

    def pool(self, tallies: Sequence[Any], /) -> Statistics:
        """Return the statistics of cases as if they were one."""
        ...


def find_task(name: str) -> Task:
    """Return the module of a task.

    Raises
    ------
    UnknownTaskError
        If there is no such task.

    Examples
    --------
    >>> find_task("instance_segmentation").KIND
    'labels'
    """
    if name not in TASKS:
        near = get_close_matches(name.lower().replace("-", "_").replace(" ", "_"), TASKS, n=1)
        guess = f"Did you mean {near[0]}? " if near else ""
        msg = f"There is no task {name!r}. {guess}These exist: {', '.join(sorted(TASKS))}. Choose one of them."
        raise UnknownTaskError(msg)
    return cast("Task", import_module(f"bioimagehub.challenges.tasks.{name}"))
