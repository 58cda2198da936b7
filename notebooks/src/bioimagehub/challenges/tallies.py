"""What the metrics of counting are computed from: true and predicted numbers of objects."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, get_args

import numpy as np

from bioimagehub.challenges.choices import Choices, check_choice, library_version
from bioimagehub.challenges.errors import AnswersError
from bioimagehub.challenges.values import by_item, check_items, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bioimagehub.challenges.values import Values

ZeroRule: TypeAlias = Literal["one", "left out"]

ZERO_WORDS = {"one": "a true count of 0 is taken as 1 to divide by", "left out": "true counts of 0 are left out"}


@dataclass(frozen=True)
class CountConventions(Choices):
    """What a relative error is where there is nothing to count.

    Parameters
    ----------
    zero : {"one", "left out"}
        Divide by 1 if the true count is 0, so that each object that is invented costs 1; or leave the image
        out, as the BBBC, whose |c − c₀| / c₀ is not defined there.

    Raises
    ------
    ConventionError
        If there is no such rule.

    Examples
    --------
    >>> print(CountConventions())  # doctest: +ELLIPSIS
    relative error |c − c₀| / c₀; a true count of 0 is taken as 1 to divide by; bioimagehub ...
    """

    REFERENCES: ClassVar[dict[str, dict[str, Any]]] = {"bbbc": {"zero": "left out"}}

    zero: ZeroRule = "one"
    version: str = ""

    def __post_init__(self) -> None:
        check_choice("rule for counts of 0", self.zero, get_args(ZeroRule))
        object.__setattr__(self, "version", self.version or library_version())

    def __str__(self) -> str:
        return f"relative error |c − c₀| / c₀; {ZERO_WORDS[self.zero]}; bioimagehub {self.version}"


@dataclass(frozen=True, repr=False)
class Tallies:
    """True and predicted counts, one an item (an image, a well, a cell).

    Attributes
    ----------
    conventions : CountConventions
        What a relative error is where there is nothing to count.
    truth, prediction : tuple of float, one an item
        Counts, not below 0. Predicted ones may have a fraction.
    """

    conventions: CountConventions
    truth: tuple[float, ...]
    prediction: tuple[float, ...]

    def __repr__(self) -> str:
        return f"<Tallies: {len(self.truth)} items, {sum(self.truth):g} counted, {sum(self.prediction):g} predicted>"

    @property
    def differences(self) -> NDArray[np.float64]:
        """Predicted minus true count, float64, shape (items,); above 0 where too many are counted."""
        return np.subtract(self.prediction, self.truth, dtype=np.float64)

    @property
    def relative(self) -> NDArray[np.float64]:
        """Absolute difference over true count, float64, shape (items,); NaN where it is left out."""
        lowest = 1.0 if self.conventions.zero == "one" else nan
        truth = np.array(self.truth, np.float64)
        found: NDArray[np.float64] = np.abs(self.differences) / np.where(truth == 0, lowest, truth)
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON; nothing is rounded."""
        return {
            "conventions": self.conventions.as_dict(),
            "truth": list(self.truth),
            "prediction": list(self.prediction),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Tallies:
        """Return the tallies that `as_dict` wrote, exactly."""
        conventions = CountConventions.from_dict(values["conventions"])
        return cls(conventions, tuple(values["truth"]), tuple(values["prediction"]))


def measure(
    truth: Values,
    prediction: Values,
    *,
    conventions: CountConventions,
    spacing: Sequence[float] | None = None,  # noqa: ARG001  all families have it
    name: str = "case",
) -> Tallies:
    """Return the true and the predicted count of each item of a case.

    Parameters
    ----------
    truth, prediction : mapping of str to float
        Counts by item; both have the same items.
    conventions : CountConventions
        What a relative error is where there is nothing to count.
    spacing : sequence of float, optional
        Not used: counts have no size.
    name : str
        What messages call the case.

    Raises
    ------
    AnswersError
        If an item is missing or not asked for, or a count is not a number or below 0.

    Examples
    --------
    >>> tallies = measure({"A01": 10, "A02": 0}, {"A01": 8, "A02": 1}, conventions=CountConventions())
    >>> tallies.differences, tallies.relative
    (array([-2.,  1.]), array([0.2, 1. ]))
    """
    sides = []
    counted, answered = by_item(truth, f"the ground truth of {name}"), by_item(prediction, f"the prediction of {name}")
    items = check_items(counted, answered, name)
    for values, side in ((counted, "ground truth"), (answered, "prediction")):
        sides.append(tuple(_count(values[item], item, f"the {side} of {name}") for item in items))
    return Tallies(conventions, *sides)


def _count(fields: dict[str, Any], item: str, where: str) -> float:
    if len(fields) != 1:
        msg = f"The item {item!r} in {where} has the fields {', '.join(fields)}. Expected one count. Leave one."
        raise AnswersError(msg)
    found = number(fields, next(iter(fields)), item, where)
    if found < 0:
        msg = f"The count of the item {item!r} in {where} is {found:g}. Expected a number of at least 0. Correct it."
        raise AnswersError(msg)
    return found


def pool(tallies: Sequence[Tallies]) -> Tallies:
    """Put the items of cases together that were measured by the same conventions, as if they were one case.

    Parameters
    ----------
    tallies : sequence of Tallies
        At least one.
    """
    return Tallies(
        tallies[0].conventions,
        tuple(count for one in tallies for count in one.truth),
        tuple(count for one in tallies for count in one.prediction),
    )
