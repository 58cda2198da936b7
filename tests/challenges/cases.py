"""A zoo of tiny pairs of label images, each with the numbers that a person works out by hand.

Images are drawn: a dot is background, any other character an object of its own, labelled in the order of
`LABELS`. All expected numbers were counted in the drawings, none was computed by the code under test.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from string import ascii_lowercase, digits
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABELS = {letter: number for number, letter in enumerate("." + digits[1:] + ascii_lowercase)}


def draw(*rows: str) -> NDArray[np.int32]:
    """Return the label image of a drawing."""
    return np.array([[LABELS[letter] for letter in row] for row in rows], np.int32)


@dataclass(frozen=True)
class Case:
    """A pair of images and what follows from it.

    overlaps : intersection and union of each pair of labels (truth, prediction) that overlaps
    closed, open : TP, FP and FN at IoU ≥ ½ and IoU > ½
    average_precision, panoptic_quality, matched_iou : with IoU ≥ t; None without any object
    """

    name: str
    truth: NDArray[np.int32]
    prediction: NDArray[np.int32]
    overlaps: dict[tuple[int, int], tuple[int, int]]
    closed: tuple[int, int, int]
    open: tuple[int, int, int]
    average_precision: Fraction | None
    panoptic_quality: Fraction | None
    matched_iou: Fraction | None


BOTH_EMPTY = Case("both empty", draw("....", "...."), draw("....", "...."), {}, (0, 0, 0), (0, 0, 0), None, None, None)

CASES = [
    BOTH_EMPTY,
    Case("truth empty", draw("...."), draw(".11."), {}, (0, 1, 0), (0, 1, 0), Fraction(0), Fraction(0), Fraction(0)),
    Case(
        "prediction empty", draw(".11."), draw("...."), {}, (0, 0, 1), (0, 0, 1), Fraction(0), Fraction(0), Fraction(0)
    ),
    Case(
        "the same",
        draw("11.2", "11.2"),
        draw("11.2", "11.2"),
        {(1, 1): (4, 4), (2, 2): (2, 2)},
        (2, 0, 0),
        (2, 0, 0),
        Fraction(1),
        Fraction(1),
        Fraction(1),
    ),
    Case(
        # The prediction numbers the same objects otherwise, with gaps.
        "other numbers",
        draw("11.3", "11.3"),
        draw("ff.2", "ff.2"),
        {(1, 15): (4, 4), (3, 2): (2, 2)},
        (2, 0, 0),
        (2, 0, 0),
        Fraction(1),
        Fraction(1),
        Fraction(1),
    ),
    Case(
        "split in three",
        draw("111111"),
        draw("223344"),
        {(1, 2): (2, 6), (1, 3): (2, 6), (1, 4): (2, 6)},
        (0, 3, 1),
        (0, 3, 1),
        Fraction(0),
        Fraction(0),
        Fraction(0),
    ),
    Case(
        "apart",
        draw("11..."),
        draw("...11"),
        {},
        (0, 1, 1),
        (0, 1, 1),
        Fraction(0),
        Fraction(0),
        Fraction(0),
    ),
    Case(
        # IoU 2/4: matched at the first of the ten thresholds, if at all.
        "exactly a half",
        draw("1111"),
        draw("11.."),
        {(1, 1): (2, 4)},
        (1, 0, 0),
        (0, 1, 1),
        Fraction(1, 10),
        Fraction(1, 2),
        Fraction(1, 2),
    ),
    Case(
        # IoU 7/10: matched at 0.50, 0.55, 0.60, 0.65 and 0.70.
        "exactly seven tenths",
        draw("1111111111"),
        draw("1111111..."),
        {(1, 1): (7, 10)},
        (1, 0, 0),
        (1, 0, 0),
        Fraction(5, 10),
        Fraction(7, 10),
        Fraction(7, 10),
    ),
    Case(
        # IoU 9/10: the ninth threshold, which np.linspace(0.5, 0.95, 10) makes 0.8999999999999999.
        "exactly nine tenths",
        draw("1111111111"),
        draw("111111111."),
        {(1, 1): (9, 10)},
        (1, 0, 0),
        (1, 0, 0),
        Fraction(9, 10),
        Fraction(9, 10),
        Fraction(9, 10),
    ),
    Case(
        # One object cut into its two halves: either is a match at ½, the other is false.
        "two halves",
        draw("1111"),
        draw("2233"),
        {(1, 2): (2, 4), (1, 3): (2, 4)},
        (1, 1, 0),
        (0, 2, 1),
        Fraction(1, 20),  # 1/2 at one of ten thresholds
        Fraction(1, 3),  # 0.5 / (1 + 1/2)
        Fraction(1, 2),
    ),
    Case(
        "two merged",
        draw("1122"),
        draw("3333"),
        {(1, 3): (2, 4), (2, 3): (2, 4)},
        (1, 0, 1),
        (0, 1, 2),
        Fraction(1, 20),
        Fraction(1, 3),
        Fraction(1, 2),
    ),
    Case(
        # 2 of 3 pixels are shared on 4: IoU 2/4; and 4 of 5 on 6: IoU 4/6.
        "shifted by one",
        draw("111..22222."),
        draw(".111..22222"),
        {(1, 1): (2, 4), (2, 2): (4, 6)},
        (2, 0, 0),
        (1, 1, 1),
        # TP/(TP+FP+FN): 2/2 at 0.50; 1/3 at 0.55, 0.60, 0.65; 0 above. (1 + 3/3)/10
        Fraction(2, 10),
        (Fraction(1, 2) + Fraction(2, 3)) / 2,
        (Fraction(1, 2) + Fraction(2, 3)) / 2,
    ),
    Case(
        "no background",
        draw("1122", "1122"),
        draw("1122", "1122"),
        {(1, 1): (4, 4), (2, 2): (4, 4)},
        (2, 0, 0),
        (2, 0, 0),
        Fraction(1),
        Fraction(1),
        Fraction(1),
    ),
    Case(
        # Pixels of one label are one object, wherever they lie.
        "one object in two parts, predicted as two",
        draw("11..11"),
        draw("11..22"),
        {(1, 1): (2, 4), (1, 2): (2, 4)},
        (1, 1, 0),
        (0, 2, 1),
        Fraction(1, 20),
        Fraction(1, 3),
        Fraction(1, 2),
    ),
    Case(
        "one of three found, two made up",
        draw("11.22.33", "11.22.33"),
        draw("11......", "11.4...5"),
        {(1, 1): (4, 4), (2, 4): (1, 4), (3, 5): (1, 4)},
        (1, 2, 2),
        (1, 2, 2),
        Fraction(1, 5),
        Fraction(1, 3),  # 1 / (1 + 2/2 + 2/2)
        Fraction(1),
    ),
    Case(
        # Two candidates, 1/2 and 1/4: below a half, still one to one.
        "two candidates",
        draw("1111"),
        draw("112."),
        {(1, 1): (2, 4), (1, 2): (1, 4)},
        (1, 1, 0),
        (0, 2, 1),
        Fraction(1, 20),
        Fraction(1, 3),
        Fraction(1, 2),
    ),
    Case(
        # Taking the best overlap first, (1, 1) with 4/10, leaves 2 and 3 without partners: one match. Two are possible.
        "greed is not best",
        draw("111111..2222"),
        draw("3311111111.."),
        {(1, 1): (4, 10), (1, 3): (2, 6), (2, 1): (2, 10)},
        (0, 2, 2),
        (0, 2, 2),
        Fraction(0),
        Fraction(0),
        Fraction(0),
    ),
]
