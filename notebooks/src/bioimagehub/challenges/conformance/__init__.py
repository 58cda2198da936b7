"""Edge cases with the scores that each convention gives, worked out by hand: what any implementation can be checked by.

One JSON file a family. A case draws a ground truth and a prediction, and has either the exact scores for each
convention ("here" is the default), or the error by which it is refused.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from importlib import resources
from string import ascii_lowercase, digits
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from bioimagehub.challenges.errors import UnknownMetricError

if TYPE_CHECKING:
    from numpy.typing import NDArray

HERE = "here"
LETTERS = "." + digits[1:] + ascii_lowercase

Score: TypeAlias = int | Fraction | None


@dataclass(frozen=True, eq=False)
class ConformanceCase:
    """A pair of images and what has to come of it.

    Attributes
    ----------
    name, why : str
        What is drawn, and what it shows.
    truth, prediction : ndarray, shape (y, x) or (z, y, x)
        The two images; label images unless they are to be refused.
    ignore : int or None
        The label of the truth that is ignored.
    expected : dict of str to dict of str to int, Fraction or None
        For each convention the exact scores by their names; None says that there is none. Empty if refused.
    refused : str or None
        Name of the error that has to be raised.
    """

    name: str
    why: str
    truth: NDArray[Any]
    prediction: NDArray[Any]
    ignore: int | None
    expected: dict[str, dict[str, Score]]
    refused: str | None


def load_cases(family: str) -> list[ConformanceCase]:
    """Return the table of edge cases of a family of metrics.

    Raises
    ------
    UnknownMetricError
        If there is no table of that family.

    Examples
    --------
    >>> case = next(case for case in load_cases("instances") if case.name == "exactly a half")
    >>> case.prediction
    array([[1, 1, 0, 0]])
    >>> case.expected["here"]["average_precision"], case.expected["kaggle"]["average_precision"]
    (Fraction(1, 10), 0)
    """
    folder = resources.files(__name__)
    known = sorted(file.name.removesuffix(".json") for file in folder.iterdir() if file.name.endswith(".json"))
    if family not in known:
        msg = f"There is no table of edge cases for {family!r}. These exist: {', '.join(known)}. Choose one of them."
        raise UnknownMetricError(msg)
    table = json.loads((folder / f"{family}.json").read_text(encoding="utf-8"))
    return [_parse_case(case) for case in table["cases"]]


def _parse_case(case: dict[str, Any]) -> ConformanceCase:
    labels = case.get("labels", {})
    dtype = np.dtype(case.get("dtype", "int64"))
    expected = {
        convention: {name: _exact(value) for name, value in group["scores"].items()}
        for group in case.get("expected", [])
        for convention in group["conventions"]
    }
    return ConformanceCase(
        case["name"],
        case["why"],
        _parse_drawing(case["truth"], labels.get("truth", {})).astype(dtype),
        _parse_drawing(case["prediction"], labels.get("prediction", {})).astype(dtype),
        case.get("ignore"),
        expected,
        case.get("refused"),
    )


def _parse_drawing(rows: list[Any], labels: dict[str, int]) -> NDArray[np.int64]:
    """Return the image of a list of rows, or of a list of such lists; letters that `labels` has not are their place."""
    if isinstance(rows[0], list):
        return np.stack([_parse_drawing(plane, labels) for plane in rows])
    return np.array([[labels.get(letter, LETTERS.index(letter)) for letter in row] for row in rows], np.int64)


def _exact(value: str | int | None) -> Score:
    return Fraction(value) if isinstance(value, str) else value
