"""Edge cases of tracking with the scores that each convention gives, worked out by hand.

They are a file, ``conformance.json`` beside this module, so that any implementation can be checked by it. A frame is a
word: a letter is a pixel of the track of that letter (a is label 1, b is 2 and so on), a dot is background.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fractions import Fraction
from importlib import resources
from math import nan, sqrt
from typing import Any

import numpy as np

from bioimagehub.challenges.tracks.lineage import Lineage
from bioimagehub.challenges.tracks.sequences import Tracks

HERE = "here"
LETTERS = ".abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, eq=False)
class TrackCase:
    """A truth and a prediction, and what has to come of them.

    Attributes
    ----------
    name, why : str
        What is drawn, and how its scores come about.
    truth, prediction : Tracks
        Frames of one row of pixels.
    tolerance : int
        The i of BC(i).
    expected : dict of str to dict of str to float
        For each convention ("here" is the default, others as in `Conventions.as_in`) the values of metrics and of
        operations by their names; NaN where there is no score. Empty if refused.
    refused : str or None
        Name of the error that has to be raised.
    """

    name: str
    why: str
    truth: Tracks
    prediction: Tracks
    tolerance: int
    expected: dict[str, dict[str, float]]
    refused: str | None


def load_cases() -> list[TrackCase]:
    """Return all edge cases.

    Examples
    --------
    >>> case = next(case for case in load_cases() if case.name == "one cell missed in the last frame")
    >>> case.prediction.lineage.rows()
    [(1, 0, 2, 0), (2, 0, 1, 0)]
    >>> case.expected["here"]["ct"]
    0.5
    """
    text = resources.files("bioimagehub.challenges.tracks").joinpath("conformance.json").read_text(encoding="utf-8")
    return [_parse_case(case) for case in json.loads(text)["cases"]]


def _parse_case(case: dict[str, Any]) -> TrackCase:
    told = {name: {key: _value(value) for key, value in scores.items()} for name, scores in case["expected"].items()}
    # Of another convention, the table has what differs.
    here = told.get(HERE, {})
    return TrackCase(
        case["name"],
        case["why"],
        _draw(case["truth"]),
        _draw(case["prediction"]),
        case.get("tolerance", 0),
        {name: here | scores for name, scores in told.items()},
        case.get("refused"),
    )


def _draw(drawn: dict[str, list[str]]) -> Tracks:
    frames = np.array([[[LETTERS.index(pixel) for pixel in word]] for word in drawn["frames"]], np.uint16)
    words = [row.split() for row in drawn["tracks"]]
    rows = [(_label(label), int(begin), int(end), _label(parent)) for label, begin, end, parent in words]
    return Tracks(frames, Lineage.from_rows(rows))


def _label(word: str) -> int:
    return LETTERS.index(word) if word in LETTERS else int(word)


def _value(value: float | str | None) -> float:
    """Return a whole number, a fraction such as "5/6", the root of one such as "√1/3", or NaN for none."""
    if value is None:
        return nan
    root, number = re.fullmatch(r"(√?)(.*)", str(value), re.DOTALL).groups()  # type: ignore[union-attr]
    return sqrt(Fraction(number)) if root else float(Fraction(number))
