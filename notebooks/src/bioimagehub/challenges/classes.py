"""What the metrics of semantic segmentation are computed from: how many pixels of each class are right."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import fsum, nan
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from bioimagehub.challenges import surfaces
from bioimagehub.challenges.choices import Choices, library_version
from bioimagehub.challenges.contingency import contingency
from bioimagehub.challenges.errors import ConventionError
from bioimagehub.challenges.surfaces import BoundaryConventions, SurfaceCounts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from bioimagehub.challenges.contingency import Contingency


@dataclass(frozen=True)
class ClassConventions(Choices):
    """Which classes count, and which pixels.

    Parameters
    ----------
    classes : tuple of int
        The declared classes. Pixels of other predicted classes are wrong and count for no class of
        their own. Empty: all that truth or prediction has.
    ignore : int or None
        Pixels of this class in the ground truth are left out, whatever is predicted there.
    background : bool
        Whether class 0 is one of those over which means are taken. Pixel accuracy always has it; surfaces never.
    boundaries : BoundaryConventions, or mapping of its fields, or None
        How surfaces are measured; None measures none, as it takes far longer. Pixels of the ignored class are taken
        out of both images before, so that classes end at their edge.

    Raises
    ------
    ConventionError
        If a class is below 0, or is declared twice or though it is ignored.

    Examples
    --------
    >>> print(ClassConventions.as_in("pascal-voc"))  # doctest: +ELLIPSIS
    classes: all that truth or prediction has; means with the background (0); truth of class 255 ignored; ...
    """

    REFERENCES: ClassVar[dict[str, dict[str, Any]]] = {"nnunet": {"background": False}, "pascal-voc": {"ignore": 255}}

    classes: tuple[int, ...] = ()
    ignore: int | None = None
    background: bool = True
    boundaries: BoundaryConventions | Mapping[str, Any] | None = None
    version: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(sorted(int(one) for one in self.classes)))
        object.__setattr__(self, "version", self.version or library_version())
        if self.boundaries is not None and not isinstance(self.boundaries, BoundaryConventions):
            object.__setattr__(self, "boundaries", BoundaryConventions.from_dict(dict(self.boundaries)))
        repeated = len(set(self.classes)) < len(self.classes)
        if repeated or min((*self.classes, self.ignore or 0)) < 0 or self.ignore in self.classes:
            msg = (
                f"The classes {', '.join(map(str, self.classes))} with {self.ignore} ignored cannot be scored. "
                "Expected numbers not below 0, each once, and none of them ignored. Correct the list."
            )
            raise ConventionError(msg)

    def __str__(self) -> str:
        classes = ", ".join(map(str, self.classes)) or "all that truth or prediction has"
        ignored = "no truth ignored" if self.ignore is None else f"truth of class {self.ignore} ignored"
        return (
            f"classes: {classes}; means {'with' if self.background else 'without'} the background (0); {ignored}; "
            f"classes that neither has are left out; bioimagehub {self.version}"
            + ("" if self.boundaries is None else f"; surfaces of each class but 0: {self.boundaries}")
        )


@dataclass(frozen=True, repr=False)
class ClassCounts:
    """Pixels of each class, and how many of them are right.

    Attributes
    ----------
    conventions : ClassConventions
        Which classes and pixels count.
    classes : tuple of int
        The classes, ascending.
    truth, prediction, both : tuple of int, one a class
        Pixels of the class in the ground truth, in the prediction, and in both. Ignored pixels are in none.
    correct, pixels : int
        Pixels whose class is right, and all, without those that are ignored.
    surfaces : dict of int to SurfaceCounts
        The distances between the surfaces of each class but 0; empty if they were not measured.
    """

    conventions: ClassConventions
    classes: tuple[int, ...]
    truth: tuple[int, ...]
    prediction: tuple[int, ...]
    both: tuple[int, ...]
    correct: int
    pixels: int
    surfaces: dict[int, SurfaceCounts] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<ClassCounts: {len(self.classes)} classes, {self.correct:,} of {self.pixels:,} pixels right>"

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Whether a class is one of those over which means are taken, shape (classes,)."""
        return np.array([self.conventions.background or one != 0 for one in self.classes], bool)

    @property
    def dice(self) -> NDArray[np.float64]:
        """Dice coefficient of each class; NaN for a class that neither truth nor prediction has."""
        sizes = np.array(self.truth, float) + self.prediction
        return _divide(2 * np.array(self.both, float), sizes)

    @property
    def iou(self) -> NDArray[np.float64]:
        """Intersection over union of each class; NaN for a class that neither truth nor prediction has."""
        both = np.array(self.both, float)
        return _divide(both, np.array(self.truth, float) + self.prediction - both)

    def mean(self, values: NDArray[np.float64], weights: Sequence[int] | None = None) -> float:
        """Return the mean of the values of the counted classes; NaN if truth and prediction have none of them.

        Parameters
        ----------
        values : ndarray of float64, shape (classes,)
            NaN is left out.
        weights : sequence of int, one a class, optional
            All the same if not given. If all are 0, the mean is 0.
        """
        known = self.counted & ~np.isnan(values)
        if not known.any():
            return nan
        shares = np.ones(len(values)) if weights is None else np.array(weights, float)
        total = shares[known].sum()
        return float((values[known] * shares[known]).sum() / total) if total else 0.0

    def mean_of_surfaces(self, what: str) -> float:
        """Return the mean over the classes but 0 of a method of `SurfaceCounts`, such as ``hausdorff``.

        Classes that neither truth nor prediction has are left out; NaN if there is no other.

        Raises
        ------
        ConventionError
            If surfaces were not measured.
        """
        if self.conventions.boundaries is None:
            msg = f"There are no surfaces to take the {what} of. Measure with ClassConventions(boundaries={{...}})."
            raise ConventionError(msg)
        values = [float(getattr(one, what)()) for one in self.surfaces.values() if not one.is_empty]
        return fsum(values) / len(values) if values else nan

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON."""
        lists = {name: list(getattr(self, name)) for name in ("classes", "truth", "prediction", "both")}
        surfaces = {str(one): found.as_dict() for one, found in self.surfaces.items()}
        plain = {"correct": self.correct, "pixels": self.pixels, "surfaces": surfaces}
        return {"conventions": self.conventions.as_dict(), **lists, **plain}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ClassCounts:
        """Return the counts that `as_dict` wrote, exactly."""
        lists = {name: tuple(values[name]) for name in ("classes", "truth", "prediction", "both")}
        conventions = ClassConventions.from_dict(values["conventions"])
        surfaces = {int(one): SurfaceCounts.from_dict(found) for one, found in values.get("surfaces", {}).items()}
        return cls(conventions, **lists, correct=values["correct"], pixels=values["pixels"], surfaces=surfaces)


def measure(
    truth: ArrayLike,
    prediction: ArrayLike,
    *,
    conventions: ClassConventions,
    spacing: Sequence[float] | None = None,
    name: str = "case",
) -> ClassCounts:
    """Return the counts of one pair of images of classes, from one table of overlaps.

    Parameters
    ----------
    truth, prediction : array of bool, int or uint, both (y, x), (z, y, x) or with more axes
        The class of each pixel. A mask has the classes 0 and 1.
    conventions : ClassConventions
        Which classes and pixels count.
    spacing : sequence of float, optional
        Size of a pixel in micrometres, for surfaces. Overlaps do not depend on it.
    name : str
        What messages call the case.

    Raises
    ------
    NotALabelImageError, NegativeLabelError, LabelShapeError
        See `bioimagehub.challenges.labels.check_pair`.

    Examples
    --------
    >>> counts = measure([[0, 1, 1, 2]], [[0, 1, 2, 2]], conventions=ClassConventions())
    >>> counts
    <ClassCounts: 3 classes, 3 of 4 pixels right>
    >>> counts.iou
    array([1. , 0.5, 0.5])
    """
    images = [np.asarray(image) for image in (truth, prediction)]
    first, second = (image.view(np.uint8) if image.dtype == np.bool_ else image for image in images)
    table = contingency(first, second, name=name)
    pairs = _pairs(table, first.size)
    counted = {pair: pixels for pair, pixels in pairs.items() if pair[0] != conventions.ignore}
    classes = conventions.classes or tuple(sorted({one for pair in counted for one in pair}))
    sums = {one: [0, 0, 0] for one in classes}
    for (true, predicted), pixels in counted.items():
        if true in sums:
            sums[true][0] += pixels
            sums[true][2] += pixels if true == predicted else 0
        if predicted in sums:
            sums[predicted][1] += pixels
    correct = sum(pixels for (true, predicted), pixels in counted.items() if true == predicted)
    made = _made(conventions, sums, correct, sum(counted.values()))
    if conventions.boundaries is None:
        return made
    named = [one for one in classes if one != 0]
    return replace(made, surfaces=_measure_surfaces(first, second, named, conventions, spacing, name))


def _measure_surfaces(
    truth: NDArray[Any],
    prediction: NDArray[Any],
    classes: Sequence[int],
    conventions: ClassConventions,
    spacing: Sequence[float] | None,
    name: str,
) -> dict[int, SurfaceCounts]:
    """Return the distances between the surfaces of each class, without the pixels that are ignored."""
    kept = np.ones(truth.shape, bool) if conventions.ignore is None else truth != conventions.ignore
    rules = cast("BoundaryConventions", conventions.boundaries)
    return {
        one: surfaces.measure(
            (truth == one) & kept, (prediction == one) & kept, conventions=rules, spacing=spacing, name=name
        )
        for one in classes
    }


def _pairs(table: Contingency, pixels: int) -> dict[tuple[int, int], int]:
    """Return the pixels of each pair of a true and a predicted class, those of class 0 included."""
    i, j, shared = table.truth_index, table.prediction_index, table.intersection
    true, predicted = table.truth_labels.tolist(), table.prediction_labels.tolist()
    pairs = {(true[a], predicted[b]): n for a, b, n in zip(i.tolist(), j.tolist(), shared.tolist(), strict=True)}
    # What an object does not share with any other lies on class 0 of the other image.
    alone_true, alone_predicted = table.truth_areas.copy(), table.prediction_areas.copy()
    np.subtract.at(alone_true, i, shared)
    np.subtract.at(alone_predicted, j, shared)
    pairs |= {(label, 0): n for label, n in zip(true, alone_true.tolist(), strict=True) if n}
    pairs |= {(0, label): n for label, n in zip(predicted, alone_predicted.tolist(), strict=True) if n}
    rest = pixels - sum(pairs.values())
    return pairs | ({(0, 0): rest} if rest else {})


def pool(counts: Sequence[ClassCounts]) -> ClassCounts:
    """Add up the pixels of cases that were counted by the same conventions, as if they were one case.

    Parameters
    ----------
    counts : sequence of ClassCounts
        At least one.
    """
    sums: dict[int, list[int]] = {one: [0, 0, 0] for one in sorted({c for case in counts for c in case.classes})}
    for case in counts:
        for one, *values in zip(case.classes, case.truth, case.prediction, case.both, strict=True):
            sums[one] = [total + value for total, value in zip(sums[one], values, strict=True)]
    conventions = counts[0].conventions
    made = _made(conventions, sums, sum(case.correct for case in counts), sum(case.pixels for case in counts))
    named = sorted({one for case in counts for one in case.surfaces})
    pooled = {one: surfaces.pool([case.surfaces[one] for case in counts if one in case.surfaces]) for one in named}
    return replace(made, surfaces=pooled)


def _made(conventions: ClassConventions, sums: dict[int, list[int]], correct: int, pixels: int) -> ClassCounts:
    truth, prediction, both = (tuple(values[column] for values in sums.values()) for column in range(3))
    return ClassCounts(conventions, tuple(sums), truth, prediction, both, correct, pixels)


def _divide(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.float64]:
    quotient = np.full(len(numerator), nan)
    np.divide(numerator, denominator, out=quotient, where=denominator > 0)
    return quotient
