"""What the metrics of registration are computed from: how far landmarks end up from where they belong."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.choices import Choices, check_positive, library_version
from bioimagehub.challenges.errors import PointsError
from bioimagehub.challenges.points import SPATIAL, check_points

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from bioimagehub.challenges.points import Points


@dataclass(frozen=True)
class LandmarkConventions(Choices):
    """What errors of landmarks are compared with.

    Parameters
    ----------
    diagonal : float or None
        The diagonal of the images in µm, for relative errors, where the true landmarks do not tell the
        extent of theirs. None: without an extent, there is no relative error.

    Raises
    ------
    ConventionError
        If the diagonal is not a number above 0.

    Examples
    --------
    >>> print(LandmarkConventions(diagonal=500))  # doctest: +ELLIPSIS
    landmarks in the order of the ground truth; relative to the diagonal of the image, or 500 µm if unknown; ...
    """

    diagonal: float | None = None
    version: str = ""

    def __post_init__(self) -> None:
        check_positive("diagonal", self.diagonal)
        object.__setattr__(self, "version", self.version or library_version())

    def __str__(self) -> str:
        unknown = "no relative error" if self.diagonal is None else f"{self.diagonal:g} µm"
        return (
            "landmarks in the order of the ground truth; relative to the diagonal of the image, or "
            f"{unknown} if unknown; folded where the Jacobian determinant is not above 0; bioimagehub {self.version}"
        )


@dataclass(frozen=True, repr=False)
class LandmarkErrors:
    """The errors of landmarks, and how much of the image is folded.

    Attributes
    ----------
    conventions : LandmarkConventions
        What the errors are compared with.
    errors : tuple of float, one a landmark
        Distance from where it belongs, in µm.
    relative : tuple of float, one a landmark
        The same, divided by the diagonal of the image; empty if that is unknown.
    folded, voxels : int
        Voxels of the displacement field that are folded, and all; 0 if there is no field.
    """

    conventions: LandmarkConventions
    errors: tuple[float, ...]
    relative: tuple[float, ...] = ()
    folded: int = 0
    voxels: int = 0

    def __repr__(self) -> str:
        return f"<LandmarkErrors: {len(self.errors)} landmarks, mean {self.error(np.mean):.4g} µm>"

    def error(self, statistic: Callable[[Any], Any]) -> float:
        """Return the mean, median or maximum of the errors in µm; NaN without landmarks."""
        return float(statistic(self.errors)) if self.errors else nan

    def relative_error(self, statistic: Callable[[Any], Any]) -> float:
        """Return the mean, median or maximum of the relative errors; NaN if there are none."""
        return float(statistic(self.relative)) if self.relative else nan

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON; nothing is rounded."""
        return {
            "conventions": self.conventions.as_dict(),
            "errors": list(self.errors),
            "relative": list(self.relative),
            "folded": self.folded,
            "voxels": self.voxels,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LandmarkErrors:
        """Return the errors that `as_dict` wrote, exactly."""
        return cls(
            LandmarkConventions.from_dict(values["conventions"]),
            tuple(values["errors"]),
            tuple(values["relative"]),
            values["folded"],
            values["voxels"],
        )


def measure(
    truth: Points,
    prediction: Points,
    *,
    conventions: LandmarkConventions,
    spacing: Sequence[float] | None = None,
    name: str = "case",
    displacement: ArrayLike | None = None,
) -> LandmarkErrors:
    """Return the errors of the landmarks of one pair of images.

    Parameters
    ----------
    truth, prediction : Points
        Where the landmarks belong, and where the registration moves them, in the same order, in µm.
    conventions : LandmarkConventions
        What the errors are compared with.
    spacing : sequence of float, optional
        Size of a voxel of the displacement field in µm, an axis each; 1 if not given.
    name : str
        What messages call the case.
    displacement : array of float, shape (2, y, x) or (3, z, y, x), optional
        How far the registration moves each voxel along each axis, in µm, to see where it folds the image.

    Raises
    ------
    PointsError
        If the numbers of landmarks or their axes differ, or the field does not have a component for each axis.

    Examples
    --------
    >>> from bioimagehub.challenges.points import Points
    >>> truth = Points([[0, 0], [10, 10]], extent=(30, 40))
    >>> errors = measure(truth, Points([[3, 4], [10, 10]]), conventions=LandmarkConventions())
    >>> errors.errors, errors.relative
    ((5.0, 0.0), (0.1, 0.0))
    """
    truth, prediction = check_points(truth, prediction, name)
    if len(truth) != len(prediction):
        msg = (
            f"The prediction of {name} has {len(prediction)} landmarks. Expected {len(truth)}, as many as the ground "
            "truth and in its order. Give a position for each, also if it is a guess."
        )
        raise PointsError(msg)
    errors = np.sqrt(((truth.spatial - prediction.spatial) ** 2).sum(axis=1))
    diagonal = conventions.diagonal
    if truth.extent is not None:
        sizes = [size for axis, size in zip(truth.axes, truth.extent, strict=True) if axis in SPATIAL]
        diagonal = hypot(*sizes) or diagonal
    relative = tuple((errors / diagonal).tolist()) if diagonal else ()
    folds = (0, 0) if displacement is None else _folds(np.asarray(displacement, np.float64), spacing, name)
    return LandmarkErrors(conventions, tuple(errors.tolist()), relative, *folds)


def _folds(field: NDArray[np.float64], spacing: Sequence[float] | None, name: str) -> tuple[int, int]:
    """Return the voxels whose Jacobian determinant is not above 0, and all voxels."""
    axes = field.ndim - 1
    steps = (1.0,) * axes if spacing is None else tuple(spacing)
    if axes not in {2, 3} or len(field) != axes or len(steps) != axes or min(field.shape[1:]) < 2:
        msg = (
            f"The displacement field of {name} has the shape {field.shape}, and {len(steps)} numbers of spacing. "
            "Expected (2, y, x) or (3, z, y, x) with at least two voxels along each axis, and a number for each. "
            "Put the components first."
        )
        raise PointsError(msg)
    # x → x + u(x) has the Jacobian 1 + ∂u/∂x.
    jacobian = np.stack([np.stack(np.gradient(component, *steps), axis=-1) for component in field], axis=-2)
    jacobian += np.eye(axes)
    determinant = np.linalg.det(jacobian)
    # NaN is no transformation, either.
    return int(np.count_nonzero(~(determinant > 0))), determinant.size


def pool(errors: Sequence[LandmarkErrors]) -> LandmarkErrors:
    """Put the errors of cases together that were measured by the same conventions, as if they were one case.

    Parameters
    ----------
    errors : sequence of LandmarkErrors
        At least one. There is a relative error only if each case has one.
    """
    complete = all(len(one.relative) == len(one.errors) for one in errors)
    return LandmarkErrors(
        errors[0].conventions,
        tuple(value for one in errors for value in one.errors),
        tuple(value for one in errors for value in one.relative) if complete else (),
        sum(one.folded for one in errors),
        sum(one.voxels for one in errors),
    )
