"""What has to be said beside a distance of surfaces, because implementations differ in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias, get_args

from bioimagehub.challenges.choices import Choices, check_choice, check_positive, library_version

SurfaceRule: TypeAlias = Literal["voxels", "elements"]
PercentileRule: TypeAlias = Literal["larger", "pooled"]
MissingRule: TypeAlias = Literal["diagonal", "infinite"]
NothingRule: TypeAlias = Literal["nan", "perfect"]

SURFACE_WORDS = {
    "voxels": "surface: voxels that share a face with the background, each counts the same",
    "elements": "surface: elements between eight voxels (four pixels), weighted by area (length)",
}
PERCENTILE_WORDS = {
    "larger": "95th percentile of each direction, the larger one",
    "pooled": "95th percentile of both directions together",
}
MISSING_WORDS = {"diagonal": "the diagonal of the image", "infinite": "infinitely far"}
NOTHING_WORDS = {"nan": "has no score and is left out of means", "perfect": "scores as if it were perfect"}


@dataclass(frozen=True)
class BoundaryConventions(Choices):
    """How surfaces are found and compared where definitions leave a choice.

    Parameters
    ----------
    tolerance : float or None
        How far two surfaces may be apart to count as one, in µm. None: the largest side of a voxel. Distances that
        exceed the tolerance by less than a billionth of it lie at the tolerance, which counts.
    surface : {"voxels", "elements"}
        The voxels of a mask that share a face with its background (the edge of the image is background), each with the
        same weight; or the surface elements of surface-distance, weighted by their area (2D: length).
    percentile : {"larger", "pooled"}
        The 95th percentile of the distances of each direction, the larger of the two; or that of both
        directions together, as in medpy. Between two voxels it is interpolated, as NumPy does; with elements, it
        is the first distance at which 95 % of the area is reached.
    missing : {"diagonal", "infinite"}
        The distance to a surface that is not there, in one of the two images: the diagonal of the image, which no
        distance in it exceeds, or infinity.
    empty : {"nan", "perfect"}
        The score where there is no surface in truth nor in prediction. NaN is left out of means.
    per_object : bool
        Whether the objects of label images are matched (IoU ≥ ½) and measured one by one, too.

    Raises
    ------
    ConventionError
        If a value is not one that it can have.

    Examples
    --------
    >>> print(BoundaryConventions(tolerance=0.5))  # doctest: +ELLIPSIS
    tolerance 0.5 µm (pixels where their size is not known); surface: voxels that share a face ...
    >>> BoundaryConventions.as_in("medpy").percentile
    'pooled'
    """

    REFERENCES: ClassVar[dict[str, dict[str, Any]]] = {
        "medpy": {"percentile": "pooled", "missing": "infinite"},
        "surface-distance": {"surface": "elements", "missing": "infinite", "per_object": False},
    }

    tolerance: float | None = None
    surface: SurfaceRule = "voxels"
    percentile: PercentileRule = "larger"
    missing: MissingRule = "diagonal"
    empty: NothingRule = "nan"
    per_object: bool = True
    version: str = ""

    def __post_init__(self) -> None:
        check_positive("tolerance", self.tolerance, zero=True)
        check_choice("surface", self.surface, get_args(SurfaceRule))
        check_choice("percentile", self.percentile, get_args(PercentileRule))
        check_choice("distance to what is missing", self.missing, get_args(MissingRule))
        check_choice("policy for empty cases", self.empty, get_args(NothingRule))
        object.__setattr__(self, "version", self.version or library_version())

    def __str__(self) -> str:
        tolerance = "one voxel, along its largest side"
        if self.tolerance is not None:
            tolerance = f"{self.tolerance:g} µm (pixels where their size is not known)"
        objects = "; objects matched at IoU ≥ ½, one by one; missed and invented ones count as missing surfaces"
        return (
            f"tolerance {tolerance}; {SURFACE_WORDS[self.surface]}; {PERCENTILE_WORDS[self.percentile]}; a missing "
            f"surface is {MISSING_WORDS[self.missing]} away; a case without surfaces {NOTHING_WORDS[self.empty]}"
            f"{objects if self.per_object else ''}; bioimagehub {self.version}"
        )
