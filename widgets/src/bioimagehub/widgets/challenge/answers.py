"""Answers by item beside the true ones: classes, counts, parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bioimagehub.widgets.view.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Answered:
    """An item, what is true of it, and what was answered.

    Attributes
    ----------
    item : str
    truth, answer : float or str or None
        None where there is none.
    """

    item: str
    truth: float | str | None
    answer: float | str | None

    @property
    def wrong(self) -> bool:
        """Whether they differ; of numbers, at all."""
        return self.truth != self.answer

    @property
    def distance(self) -> float:
        """How far the answer is off: of numbers their difference; of texts, and without an answer, infinite."""
        if isinstance(self.truth, int | float) and isinstance(self.answer, int | float):
            return abs(self.truth - self.answer)
        return float("inf") if self.wrong else 0.0

    def tell(self) -> dict[str, Any]:
        """Tell it in texts."""
        return {"item": clean(self.item), "truth": _say(self.truth), "answer": _say(self.answer), "wrong": self.wrong}


def compare_answers(truth: Mapping[str, Any], prediction: Mapping[str, Any]) -> list[Answered]:
    """Put answers beside the true ones, those that are furthest off first.

    Examples
    --------
    >>> [(one.item, one.wrong) for one in compare_answers({"a": 3.0, "b": 5.0}, {"a": 3.0, "b": 9.0})]
    [('b', True), ('a', False)]
    """
    found = [Answered(item, true, prediction.get(item)) for item, true in truth.items()]
    return sorted(found, key=lambda one: (-one.distance, one.item))


def _say(value: Any) -> str:
    if value is None:
        return "no answer"
    return f"{value:.6g}" if isinstance(value, int | float) else clean(value)
