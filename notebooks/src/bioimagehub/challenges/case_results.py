"""The scores of a submission, case by case and over all cases, in a form that is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, isinf, isnan, nan
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

LAYOUT = 1


@dataclass(frozen=True)
class CaseResult:
    """What one case gave.

    Attributes
    ----------
    tally : dict or None
        The statistics of the case as plain values; None if there is no prediction, or it was refused.
    scores : dict of str to float
        By metric. NaN says nothing about the case. Without a prediction, the worst value of the metric.
    key : str
        ``sha256:`` of all that the numbers depend on; the same key has the same numbers.
    problem : str or None
        Why the case has no statistics.
    """

    tally: dict[str, Any] | None
    scores: dict[str, float]
    key: str
    problem: str | None = None

    def __repr__(self) -> str:
        why = f", counts as worst: {self.problem}" if self.problem is not None else ""
        return f"CaseResult({say_scores(self.scores)}{why})"

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values for JSON, exactly; NaN is None, infinity is the text ``inf`` or ``-inf``."""
        return {"tally": self.tally, "scores": _plain(self.scores), "key": self.key, "problem": self.problem}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CaseResult:
        """Return what `as_dict` wrote."""
        return cls(values["tally"], _numbers(values["scores"]), values["key"], values["problem"])


@dataclass(frozen=True)
class Result:
    """The scores of a submission on one split.

    Attributes
    ----------
    challenge, split : str
    cases : dict of str to CaseResult
        By the names of the cases, in the order of the challenge file.
    scores : dict of str to float
        By metric, over all cases, as the challenge says.
    left_out : dict of str to int
        How many cases each mean or median leaves out, because their score is NaN.
    conventions : str
        A sentence to be printed beside the scores.
    environment : dict of str to str
        Versions of the libraries that computed the scores.
    key : str
        ``sha256:`` of the keys of all cases and of how they were aggregated.
    units : dict of str to str
        Of the metrics whose scores are not in the unit of the metric: ``px`` in place of µm, where the size of a pixel
        of a case is not known.
    """

    challenge: str
    split: str
    cases: dict[str, CaseResult]
    scores: dict[str, float]
    left_out: dict[str, int]
    conventions: str
    environment: dict[str, str]
    key: str
    units: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        worst = f", {len(self.problems)} of which count as worst" if self.problems else ""
        cases = f"{len(self.cases)} {'case' if len(self.cases) == 1 else 'cases'}{worst}"
        return f"Result({self.challenge}, {self.split}: {say_scores(self.scores)}; {cases})"

    @property
    def problems(self) -> dict[str, str]:
        """Why cases count as worst, by their names; empty if all have a prediction that could be scored."""
        return {name: case.problem for name, case in self.cases.items() if case.problem is not None}

    def known(self) -> dict[str, CaseResult]:
        """Return the cases by their keys, for `bioimagehub.challenges.scoring.score` not to score them again."""
        return {case.key: case for case in self.cases.values()}

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values for JSON, exactly; NaN is None, infinity is the text ``inf`` or ``-inf``.

        Examples
        --------
        >>> result = Result("nuclei", "test", {}, {"f1": float("nan")}, {"f1": 0}, "IoU", {}, "sha256:0")
        >>> result.as_dict()["scores"]
        {'f1': None}
        >>> Result.from_dict(result.as_dict()).as_dict() == result.as_dict()
        True
        """
        return {
            "layout": LAYOUT,
            "challenge": self.challenge,
            "split": self.split,
            "cases": {name: case.as_dict() for name, case in self.cases.items()},
            "scores": _plain(self.scores),
            "left_out": self.left_out,
            "conventions": self.conventions,
            "environment": self.environment,
            "key": self.key,
            "units": self.units,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Result:
        """Return what `as_dict` wrote."""
        return cls(
            values["challenge"],
            values["split"],
            {name: CaseResult.from_dict(case) for name, case in values["cases"].items()},
            _numbers(values["scores"]),
            dict(values["left_out"]),
            values["conventions"],
            dict(values["environment"]),
            values["key"],
            dict(values.get("units", {})),
        )


def say_scores(scores: Mapping[str, float]) -> str:
    """Write scores in short.

    Examples
    --------
    >>> say_scores({"f1": 2 / 3, "psnr": inf})
    'f1 0.6667, psnr inf'
    """
    return ", ".join(f"{name} {value:.4g}" for name, value in scores.items())


def _plain(scores: Mapping[str, float]) -> dict[str, float | str | None]:
    return {name: None if isnan(value) else str(value) if isinf(value) else value for name, value in scores.items()}


def _numbers(scores: Mapping[str, float | str | None]) -> dict[str, float]:
    special = {None: nan, "inf": inf, "-inf": -inf}
    return {
        name: special[value] if value is None or isinstance(value, str) else value for name, value in scores.items()
    }
