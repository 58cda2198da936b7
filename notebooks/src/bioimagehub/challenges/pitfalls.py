"""What could mislead on the boards of a challenge: the pitfalls of its metrics, on its data.

References
----------
Reinke et al., "Understanding metric-related pitfalls in image analysis validation", Nature Methods 21 (2024),
https://doi.org/10.1038/s41592-023-02150-0
Maier-Hein et al., "Metrics reloaded: recommendations for image analysis validation", Nature Methods 21 (2024),
https://doi.org/10.1038/s41592-023-02151-z
Maier-Hein et al., "Why rankings of biomedical image analysis competitions should be interpreted with care",
Nature Communications 9 (2018), https://doi.org/10.1038/s41467-018-07619-7
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.controls import PERFECT
from bioimagehub.challenges.points import Points

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bioimagehub.challenges.case_results import Result
    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.challenge_parts import Case
    from bioimagehub.challenges.truth import TruthSource

FEW_CASES = 10
TINY = {2: 50, 3: 250}
"""Pixels below which an object is tiny: a disc of 8 pixels across loses about 0.3 of its IoU by one pixel."""
TINY_SHARE = 0.1
UNEQUAL = 10
IMBALANCED = 0.6
EASY = 0.95
OVERLAP = ("instances", "semantic")
_LITTLE = "who answers only where it is sure, even once, scores best: what is missed costs little or nothing"
_MUCH = "who answers more scores no worse: what is invented costs little or nothing"
_NUMBER = "the right number of objects in the wrong places, or errors that cancel out, score best"
ONE_SIDED = (
    dict.fromkeys(
        (
            "axial_rmse", "lateral_rmse", "localisation_rmse", "matched_dice", "matched_iou", "merges", "precision",
            "rmse_x", "rmse_y", "splits", "spot_precision", "tf",
        ),
        _LITTLE,
    )
    | dict.fromkeys(("mean_dice", "recall", "seg", "spot_recall"), _MUCH)
    | dict.fromkeys(("count_bias", "count_difference"), _NUMBER)
)  # fmt: skip
"""How each metric that looks at one kind of mistake can be won without solving the task."""


@dataclass(frozen=True)
class Pitfall:
    """Something that could mislead.

    Attributes
    ----------
    code : str
        What it is, in short: lower-case words with hyphens.
    split : str
        On which split it was found.
    what : str
        What was found, with the numbers.
    why : str
        Why it misleads, and what to do.
    """

    code: str
    split: str
    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.split}: {self.code}: {self.what}. {self.why}"


@dataclass(frozen=True)
class CaseFacts:
    """What the truth of a case holds.

    Attributes
    ----------
    objects : int or None
        How many objects, points, tracks or items; None for images and maps.
    sizes : ndarray of int64
        Pixels of each object of a label image.
    answers : Counter
        How often each class occurs: pixels of a semantic segmentation, items of a classification.
    ndim : int
        Axes of a label image.
    """

    objects: int | None
    sizes: np.ndarray[Any, np.dtype[np.int64]]
    answers: Counter[str]
    ndim: int = 2


def find_pitfalls(
    challenge: Challenge, split: str, truth: TruthSource, controls: Mapping[str, Result]
) -> list[Pitfall]:
    """Find the pitfalls of a challenge on the data of a split.

    Parameters
    ----------
    challenge : Challenge
    split : str
    truth : TruthSource
        That of the split.
    controls : mapping of str to Result
        The scores of the controls on the split.

    Returns
    -------
    list of Pitfall
    """
    cases = challenge.find_split(split).cases
    facts = {case.id: look_at(truth.load(case), challenge.kind) for case in cases}
    found = [
        *_of_the_choice(challenge),
        *_of_the_cases(challenge, split, cases),
        *_of_the_objects(challenge, facts),
        *_of_the_classes(challenge, facts),
        *_of_the_controls(challenge, controls),
    ]
    return [Pitfall(code, split, what, why) for code, what, why in found]


def look_at(truth: Any, kind: str) -> CaseFacts:
    """Count what the truth of a case holds."""
    none = np.zeros(0, np.int64)
    if isinstance(truth, Points):
        return CaseFacts(len(truth), none, Counter())
    if kind == "tracks":
        return CaseFacts(len(truth.lineage), none, Counter())
    if kind == "values":
        return CaseFacts(len(truth), none, Counter(one for one in truth.values() if isinstance(one, str)))
    if kind not in ("labels", "classes"):
        return CaseFacts(None, none, Counter())
    labels = np.asarray(truth)
    names, sizes = np.unique(labels, return_counts=True)
    if kind == "classes":
        answers = {str(name): int(size) for name, size in zip(names, sizes, strict=True)}
        return CaseFacts(int((names != 0).sum()), none, Counter(answers), labels.ndim)
    return CaseFacts(int((names != 0).sum()), sizes[names != 0].astype(np.int64), Counter(), labels.ndim)


Found = tuple[str, str, str]


def _family(challenge: Challenge, metric: str) -> str:
    """Return the family of a metric: the name of the package it is in."""
    return str(getattr(challenge.rules.METRICS[metric], "__name__", "")).rpartition(".")[0].rpartition(".")[2]


def _of_the_choice(challenge: Challenge) -> Iterator[Found]:
    names = [ranked.metric for ranked in challenge.metrics]
    families = {_family(challenge, name) for name in names}
    if len(names) == 1:
        yield (
            "single-metric",
            f"{names[0]} is the only metric",
            "One metric sees one property; show others beside the one that ranks.",
        )
    if names[0] in ONE_SIDED:
        yield (
            "one-sided-metric",
            f"{names[0]} ranks, and sees one kind of mistake: {ONE_SIDED[names[0]]}",
            "Rank by a metric that sees both, such as an F1 score or a Jaccard index, and show this one beside it.",
        )
    sees_outlines = any(getattr(challenge.rules.METRICS[name], "NEEDS", None) == "boundaries" for name in names)
    if families & set(OVERLAP) and not sees_outlines:
        yield (
            "no-boundary-metric",
            "all metrics compare areas",
            "Overlap hardly sees the shape of large objects; add one of boundaries, such as the normalised surface "
            "distance.",
        )


def _of_the_cases(challenge: Challenge, split: str, cases: tuple[Case, ...]) -> Iterator[Found]:
    if len(cases) < FEW_CASES:
        yield (
            "few-cases",
            f"scores are aggregated over {len(cases)} cases",
            "So few make ranks that chance decides; add cases, and read the intervals.",
        )
    entries = Counter(case.entry for case in cases if case.entry is not None)
    shared = sorted(entry for entry, number in entries.items() if number > 1)
    if shared:
        yield (
            "dependent-cases",
            f"several cases are cut from {', '.join(shared)}",
            "Parts of one image resemble each other, so intervals over cases are too narrow; take one case an image.",
        )
    for other, one in challenge.splits.items():
        if other == split or one.hidden == challenge.splits[split].hidden:
            continue
        leaked = sorted(a.id for a in cases if any(_overlap(a, b) for b in one.cases))
        if leaked:
            yield (
                "leak",
                f"{', '.join(leaked[:5])} can be seen in the split {other}, too",
                "A public truth tells a hidden one; take other images.",
            )
    for phase in challenge.phases:
        limits = phase.limits
        if phase.split == split and phase.hidden and limits.total is None and limits.per_day is None:
            yield (
                "no-limits",
                f"the phase {phase.name} takes any number of submissions",
                "Whoever submits often enough fits the hidden truth; set limits.",
            )


def _overlap(a: Case, b: Case) -> bool:
    """Say whether two cases have pixels in common."""
    if a.entry is None or b.entry is None:
        return a.seed is not None and a.seed == b.seed and a.parameters == b.parameters
    return a.entry == b.entry and all(
        _range(a.selection[axis])[0] < _range(b.selection[axis])[1]
        and _range(b.selection[axis])[0] < _range(a.selection[axis])[1]
        for axis in set(a.selection) & set(b.selection)
    )


def _range(bounds: int | tuple[int, int]) -> tuple[int, int]:
    return (bounds, bounds + 1) if isinstance(bounds, int) else bounds


def _of_the_objects(challenge: Challenge, facts: Mapping[str, CaseFacts]) -> Iterator[Found]:
    counts = {name: one.objects for name, one in facts.items() if one.objects is not None}
    empty = sorted(name for name, number in counts.items() if number == 0)
    if empty:
        rule = getattr(challenge.conventions, "empty", "as the conventions say")
        yield (
            "empty-cases",
            f"{len(empty)} of {len(facts)} cases hold nothing: {', '.join(empty[:5])}",
            f"Their score is a convention (empty: {rule}), not a measurement; say so, or leave them out.",
        )
    filled = [number for number in counts.values() if number]
    ranked = challenge.metrics[0]
    if filled and max(filled) >= UNEQUAL * min(filled):
        heavy = "cases with many" if ranked.aggregate == "pooled" else "each object of a case with few"
        yield (
            "unequal-cases",
            f"cases hold {min(filled)} to {max(filled)} objects; {ranked.metric} is aggregated as {ranked.aggregate}",
            f"Then {heavy} decide; compare the mean of cases with the pooled score.",
        )
    sizes = [(one.sizes, TINY.get(one.ndim, TINY[3])) for one in facts.values()]
    total = sum(len(size) for size, _ in sizes)
    tiny = sum(int((size < least).sum()) for size, least in sizes)
    overlap = [one.metric for one in challenge.metrics if _family(challenge, one.metric) in OVERLAP]
    if total and overlap and tiny >= TINY_SHARE * total:
        yield (
            "tiny-objects",
            f"{tiny} of {total} objects are tiny (below {TINY[2]} pixels, or {TINY[3]} voxels)",
            f"One pixel more or less decides their overlap ({', '.join(overlap)}); match their centres instead, or "
            "lower the thresholds.",
        )


def _of_the_classes(challenge: Challenge, facts: Mapping[str, CaseFacts]) -> Iterator[Found]:
    answers: Counter[str] = sum((one.answers for one in facts.values()), Counter())
    blind = sorted(one.metric for one in challenge.metrics if one.metric in ("accuracy", "pixel_accuracy"))
    if not answers or not blind:
        return
    name, number = answers.most_common(1)[0]
    share = number / answers.total()
    if share > IMBALANCED:
        yield (
            "class-imbalance",
            f"{share:.0%} of the answers are {name!r}, and {', '.join(blind)} is among the metrics",
            "Who always answers so scores as much; take balanced accuracy, macro F1 or MCC.",
        )


def _of_the_controls(challenge: Challenge, controls: Mapping[str, Result]) -> Iterator[Found]:
    for ranked in challenge.metrics:
        metric = challenge.rules.METRICS[ranked.metric]
        best, worst = float(metric.BEST), float(metric.WORST)
        perfect = controls[PERFECT].scores[ranked.metric]
        if perfect != best:
            yield (
                "imperfect-truth",
                f"the truth scores {perfect:.6g} by {ranked.metric}, whose best is {best:.6g}",
                "No method can be told to be perfect; look at the cases where it is lost.",
            )
        for name, result in controls.items():
            value = result.scores[ranked.metric]
            if name in ("otsu", "watershed", "input", "majority") and all(map(isfinite, (value, perfect, worst))):
                reached = (value - worst) / (perfect - worst) if perfect != worst else 0.0
                if reached >= EASY:
                    yield (
                        "too-easy",
                        f"{name} reaches {value:.4g} by {ranked.metric}, the truth {perfect:.4g}",
                        "What needs no method is nearly perfect, so ranks tell little; take harder images.",
                    )
