"""Answers to questions of which class something is, against the true classes."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, nan
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from bioimagehub.challenges.choices import Choices, check_choice, library_version
from bioimagehub.challenges.errors import AnswersError, ConventionError
from bioimagehub.challenges.values import check_items, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from bioimagehub.challenges.values import Value, Values

# Probabilities are written in decimal, so their sum is 1 up to rounding.
ROUNDING = 1e-3


@dataclass(frozen=True)
class Conventions(Choices):
    """How classes are compared where definitions leave a choice.

    Parameters
    ----------
    labels : tuple of str
        The declared classes, in their order. Answers of other classes are refused. Empty: those that the ground truth
        of the case has and that are answered, as scikit-learn takes them.
    average : {"declared", "truth"}
        Macro F1 is the mean over the declared classes, or over those that the ground truth has.
    absent : {"nan", "zero"}
        What a class counts in macro F1 that neither the truth nor the prediction has: nothing, or 0.
    one_class : {"nan", "computed"}
        Kappa and the Matthews correlation where the ground truth has one class only: NaN whatever is predicted, or what
        scikit-learn computes: 0, or NaN for the kappa of two constant raters.

    Examples
    --------
    >>> print(Conventions(labels=("round", "spindle")))  # doctest: +ELLIPSIS
    classes round, spindle; macro F1 over the declared classes, without those that neither truth nor prediction has; ...
    """

    REFERENCES: ClassVar[dict[str, dict[str, Any]]] = {"scikit-learn": {"absent": "zero", "one_class": "computed"}}

    labels: tuple[str, ...] = ()
    average: Literal["declared", "truth"] = "declared"
    absent: Literal["nan", "zero"] = "nan"
    one_class: Literal["nan", "computed"] = "nan"
    version: str = field(default_factory=library_version, init=False)

    def __post_init__(self) -> None:
        check_choice("average of classes", self.average, ("declared", "truth"))
        check_choice("policy for absent classes", self.absent, ("nan", "zero"))
        check_choice("policy for one class", self.one_class, ("nan", "computed"))
        object.__setattr__(self, "labels", tuple(class_name(label) for label in self.labels))
        if len(set(self.labels)) < len(self.labels):
            msg = f"The classes {', '.join(self.labels)} have one name twice. Declare each class once."
            raise ConventionError(msg)

    def __str__(self) -> str:
        classes = ", ".join(self.labels) if self.labels else "those of truth and prediction"
        over = "declared classes" if self.average == "declared" else "classes of the truth"
        absent = "without those that neither truth nor prediction has" if self.absent == "nan" else "absent ones as 0"
        one = "says nothing of kappa and Matthews correlation" if self.one_class == "nan" else "as scikit-learn has it"
        return (
            f"classes {classes}; macro F1 over the {over}, {absent}; a truth of one class {one}; "
            f"AUC one class against the rest; bioimagehub {self.version}"
        )


@dataclass(frozen=True)
class Answers:
    """The answers to the items of a case, by the position of their class among the labels.

    Attributes
    ----------
    conventions : Conventions
        The declared classes and the rules for special cases.
    labels : tuple of str
        The classes.
    truth, prediction : tuple of int, one an item
        Positions of the true and of the answered class.
    probabilities : tuple of tuple of float, one an item
        Of each class; 1 of the answered one if only a class was answered.
    """

    conventions: Conventions
    labels: tuple[str, ...]
    truth: tuple[int, ...]
    prediction: tuple[int, ...]
    probabilities: tuple[tuple[float, ...], ...]

    @property
    def classes_of_truth(self) -> list[int]:
        """Positions of the classes that the ground truth has, ascending."""
        return sorted(set(self.truth))

    @property
    def chances(self) -> NDArray[np.float64]:
        """The probabilities as float64, shape (items, classes)."""
        return np.array(self.probabilities, np.float64).reshape(len(self.truth), len(self.labels))

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON; nothing is rounded."""
        return {
            "conventions": self.conventions.as_dict(),
            "labels": list(self.labels),
            "truth": list(self.truth),
            "prediction": list(self.prediction),
            "probabilities": [list(row) for row in self.probabilities],
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Answers:
        """Return the answers that `as_dict` wrote, exactly."""
        return cls(
            Conventions.from_dict(values["conventions"]),
            tuple(values["labels"]),
            tuple(values["truth"]),
            tuple(values["prediction"]),
            tuple(tuple(row) for row in values["probabilities"]),
        )


def class_name(value: Value) -> str:
    """Return the name of a class; tables turn the class 3 into the number 3.0, which is meant to be "3".

    Examples
    --------
    >>> class_name(3.0), class_name("G1"), class_name(0.5)
    ('3', 'G1', '0.5')
    """
    if isinstance(value, str):
        return value.strip()
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def measure(
    truth: Values,
    prediction: Values,
    *,
    conventions: Conventions,
    spacing: Sequence[float] | None = None,  # noqa: ARG001  all families have it
    name: str = "case",
) -> Answers:
    """Return the answers to the items of a case.

    Parameters
    ----------
    truth : mapping of str to str or float
        The class of each item.
    prediction : mapping
        The class of each item; or the probability of each class, as ``item/class`` or as a mapping from classes.
        Classes that are not named have the probability 0. The most probable one, the first of several, is the answer.
    conventions : Conventions
        The declared classes.
    spacing : sequence of float, optional
        Not used.
    name : str
        What messages call the case.

    Raises
    ------
    AnswersError
        If items are missing or too many, a class is not declared, or probabilities are negative or do not add up to 1.

    Examples
    --------
    >>> found = measure({"a": "G1", "b": "M"}, {"a": "G1", "b/G1": 0.75, "b/M": 0.25}, conventions=Conventions())
    >>> found.prediction, found.probabilities
    ((0, 0), ((1.0, 0.0), (0.75, 0.25)))
    """
    true = {str(item): _one_class(value, str(item), name) for item, value in truth.items()}
    guessed = _chances(true, prediction, name)
    items = check_items(true, guessed, name)
    used = {true[item] for item in items}.union(*(guessed[item] for item in items))
    labels = conventions.labels or tuple(sorted(used))
    if strange := sorted(used - set(labels)):
        msg = (
            f"In {name} there are classes that are not declared: {listed(strange)}. Expected some of "
            f"{', '.join(sorted(labels))}. Correct their names."
        )
        raise AnswersError(msg)
    rows = [_checked([guessed[item].get(label, 0.0) for label in labels], item, name) for item in items]
    return Answers(
        conventions,
        labels,
        tuple(labels.index(true[item]) for item in items),
        tuple(row.index(max(row)) for row in rows),
        tuple(tuple(row) for row in rows),
    )


def pool(answers: Sequence[Answers]) -> Answers:
    """Put the answers of several cases together, as if all items were of one.

    Parameters
    ----------
    answers : sequence of Answers
        At least one.
    """
    labels = answers[0].conventions.labels or tuple(sorted({label for one in answers for label in one.labels}))
    truth: list[int] = []
    prediction: list[int] = []
    rows: list[tuple[float, ...]] = []
    for one in answers:
        position = [labels.index(label) for label in one.labels]
        truth += [position[number] for number in one.truth]
        prediction += [position[number] for number in one.prediction]
        for row in one.probabilities:
            chance = dict(zip(position, row, strict=True))
            rows.append(tuple(chance.get(number, 0.0) for number in range(len(labels))))
    return Answers(answers[0].conventions, labels, tuple(truth), tuple(prediction), tuple(rows))


def _one_class(value: object, item: str, name: str) -> str:
    if not isinstance(value, str | int | float):
        msg = f"The truth of {item!r} in {name} is {value!r}. Expected the name of one class. Correct the truth."
        raise AnswersError(msg)
    return class_name(value)


def _chances(true: Mapping[str, str], prediction: Values, name: str) -> dict[str, dict[str, float]]:
    """Return the probabilities of classes by item: 1 of a class that was answered alone."""
    found: dict[str, dict[str, float]] = {}
    for key, value in prediction.items():
        item, _, label = str(key).rpartition("/")
        if str(key) in true or item not in true:
            item = str(key)
            given = {class_name(value): 1.0} if isinstance(value, str | int | float) else value
        else:
            given = {label: value} if isinstance(value, str | int | float) else {}
        row = found.setdefault(item, {})
        for one, chance in given.items():
            if isinstance(chance, str) or not 0 <= chance < inf or class_name(one) in row:
                msg = (
                    f"The probability of {one} for {item!r} in {name} is {chance!r}. Expected one number from 0 to 1 "
                    "for each class, or the name of one class for the item. Correct it."
                )
                raise AnswersError(msg)
            row[class_name(one)] = float(chance)
    return found


def _checked(row: list[float], item: str, name: str) -> list[float]:
    total = sum(row)
    if not abs(total - 1) <= ROUNDING:
        msg = (
            f"The probabilities of {item!r} in {name} add up to {total:.6g}. Expected 1. Divide them by their sum, "
            "or give the name of one class."
        )
        raise AnswersError(msg)
    return [chance / total for chance in row]


def says_nothing(answers: Answers) -> bool:
    """Tell whether agreement beyond chance has no meaning: no items, or one true class and conventions that say so."""
    one = len(answers.classes_of_truth) == 1
    return not answers.truth or (one and answers.conventions.one_class == "nan")


def mean_defined(values: Sequence[float]) -> float:
    """Return the mean of the values that are not NaN; NaN if there is none."""
    defined = [value for value in values if value == value]
    return sum(defined) / len(defined) if defined else nan
