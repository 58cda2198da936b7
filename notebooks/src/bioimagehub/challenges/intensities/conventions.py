"""What has to be said beside a PSNR or an SSIM: one pair of images has 30 dB and 56 dB, without a bug."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import Any, ClassVar, Literal

from bioimagehub.challenges.choices import Choices, check_choice, library_version
from bioimagehub.challenges.errors import ConventionError

DataRange = float | Literal["truth", "dtype"]


@dataclass(frozen=True)
class Conventions(Choices):
    """How restored intensities are compared with true ones.

    Parameters
    ----------
    data_range : float, "truth" or "dtype"
        The range that PSNR and SSIM relate errors to: a number, such as 4095 for a 12-bit camera; the
        maximum of the ground truth of a case minus its minimum; or what its data type could hold, which makes the
        score of a 12-bit image kept in 16 bits about 24 dB better than that of the same image kept in 12.
    normalisation : {"euclidean", "mean", "min-max"}
        What the root mean square error is divided by in NRMSE: the root mean square, the mean, or the maximum minus the
        minimum of the ground truth.
    low, high : float
        Percentiles of the ground truth that become 0 and 1 in the CARE-normalised scores.
    planes : bool
        True compares structural similarity plane by plane, over the last two axes; False in windows of all axes.
    window : {"hann", "none"}
        What both images are multiplied by before they are transformed for ring correlation.

    Raises
    ------
    ConventionError
        If a value is out of range.

    Examples
    --------
    >>> print(Conventions(data_range=4095))  # doctest: +ELLIPSIS
    data range 4095; SSIM with a Gaussian of 1.5 pixels, ...
    """

    # careamics has the scale-invariant PSNR of Noise2Void; its range is that of the truth, as is the default here.
    REFERENCES: ClassVar[dict[str, dict[str, Any]]] = {
        "careamics": {"data_range": "truth"},
        "csbdeep": {"low": 0.1, "high": 99.9},
        "scikit-image": {"data_range": "dtype", "normalisation": "euclidean"},
    }

    data_range: DataRange = "truth"
    normalisation: Literal["euclidean", "mean", "min-max"] = "euclidean"
    low: float = 0.1
    high: float = 99.9
    planes: bool = False
    window: Literal["hann", "none"] = "hann"
    version: str = field(default_factory=library_version, init=False)

    def __post_init__(self) -> None:
        check_choice("normalisation", self.normalisation, ("euclidean", "mean", "min-max"))
        check_choice("window", self.window, ("hann", "none"))
        if isinstance(self.data_range, str):
            good = self.data_range in ("dtype", "truth")
        else:
            good = isfinite(self.data_range) and self.data_range > 0
        if not good:
            msg = f"The data range is {self.data_range!r}. Expected a positive number, or one of dtype, truth."
            raise ConventionError(msg)
        if not 0 <= self.low < self.high <= 100:
            msg = (
                f"The percentiles are {self.low} and {self.high}. Expected 0 ≤ low < high ≤ 100, such as 0.1 and 99.9. "
                "Correct them."
            )
            raise ConventionError(msg)

    def __str__(self) -> str:
        ranges = {
            "truth": "data range from the minimum to the maximum of each ground truth",
            "dtype": "data range of the type of each ground truth",
        }
        stated = ranges[self.data_range] if isinstance(self.data_range, str) else f"data range {self.data_range:g}"
        norms = {"euclidean": "root mean square", "mean": "mean", "min-max": "range"}
        windows = "plane by plane" if self.planes else "over all axes"
        window = "a Hann window" if self.window == "hann" else "no window"
        return (
            f"{stated}; SSIM with a Gaussian of 1.5 pixels, without sample covariance, {windows}; NRMSE over the "
            f"{norms[self.normalisation]} of the ground truth; CARE normalisation with percentiles {self.low:g} and "
            f"{self.high:g}; rings after {window}; bioimagehub {self.version}"
        )
