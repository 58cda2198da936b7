"""What has to be said beside a Fourier shell correlation, because programs differ in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import Any, ClassVar, Literal

from bioimagehub.challenges.choices import Choices, check_choice, library_version
from bioimagehub.challenges.errors import ConventionError


@dataclass(frozen=True)
class Conventions(Choices):
    """How two maps are compared shell by shell, and where a resolution is read off.

    Parameters
    ----------
    rounding : {"nearest", "down"}
        Shell s holds the frequencies nearest to s widths, or those from s to s + 1 widths. A width is one over
        the longest side of the map.
    crossing : {"first", "last"}
        The resolution is where the correlation falls below the threshold for the first time, or for the last.
    interpolation : {"linear", "none"}
        The frequency of the crossing lies between two shells, or is the last shell before it.
    mask_diameter : float, optional
        Diameter in Å of a ball around the centre of the map, outside of which both maps are set to 0. None: no mask.
    mask_edge : float
        Width in Å of the edge of the ball, inside its diameter, over which a cosine falls from 1 to 0.
    voxel_size : float, optional
        Size of a voxel in Å, for maps that do not tell it.

    Examples
    --------
    >>> print(Conventions())  # doctest: +ELLIPSIS
    shells one over the longest side wide, rounded to the nearest; resolution at the first crossing, ...
    """

    # RELION's postprocess program gives the last shell before the first crossing.
    REFERENCES: ClassVar[dict[str, dict[str, Any]]] = {
        "relion": {"rounding": "nearest", "crossing": "first", "interpolation": "none"}
    }

    rounding: Literal["nearest", "down"] = "nearest"
    crossing: Literal["first", "last"] = "first"
    interpolation: Literal["linear", "none"] = "linear"
    mask_diameter: float | None = None
    mask_edge: float = 0.0
    voxel_size: float | None = None
    version: str = field(default_factory=library_version, init=False)

    def __post_init__(self) -> None:
        check_choice("rounding of shells", self.rounding, ("nearest", "down"))
        check_choice("crossing", self.crossing, ("first", "last"))
        check_choice("interpolation", self.interpolation, ("linear", "none"))
        for name in ("mask_diameter", "voxel_size"):
            value = getattr(self, name)
            if value is not None and not (isfinite(value) and value > 0):
                msg = f"The convention {name} is {value}. Expected a positive number of Å, or None. Correct it."
                raise ConventionError(msg)
        if not 0 <= self.mask_edge <= (self.mask_diameter or 0) / 2:
            msg = (
                f"The convention mask_edge is {self.mask_edge} Å, with a mask_diameter of {self.mask_diameter} Å. "
                "Expected a width from 0 to half of the diameter. Correct one of them."
            )
            raise ConventionError(msg)

    def __str__(self) -> str:
        words = {"nearest": "rounded to the nearest", "down": "rounded down"}
        between = {"linear": "interpolated linearly between shells", "none": "the last shell before it"}
        mask = "no mask"
        if self.mask_diameter is not None:
            mask = f"masked by a ball of {self.mask_diameter:g} Å with a cosine edge of {self.mask_edge:g} Å"
        size = "" if self.voxel_size is None else f"; voxels of {self.voxel_size:g} Å where a map does not tell"
        return (
            f"shells one over the longest side wide, {words[self.rounding]}; resolution at the {self.crossing} "
            f"crossing, {between[self.interpolation]}; {mask}{size}; bioimagehub {self.version}"
        )
