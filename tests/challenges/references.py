"""The metrics of instances once more, as their papers define them: slow loops over objects as sets of pixels.

All results are fractions, so nothing is rounded. Nothing of the code under test is used.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from numpy.typing import NDArray

Objects: TypeAlias = dict[int, frozenset[int]]
TEN = [Fraction(k, 20) for k in range(10, 20)]


def objects_of(image: NDArray[np.integer], ignored: frozenset[int] = frozenset()) -> Objects:
    """The pixels of each label but 0, without those that are ignored; objects of which none is left are left out."""
    flat = image.ravel().tolist()
    found: dict[int, set[int]] = {}
    for position, label in enumerate(flat):
        if label and position not in ignored:
            found.setdefault(label, set()).add(position)
    return {label: frozenset(found[label]) for label in sorted(found)}


def iou(one: frozenset[int], other: frozenset[int]) -> Fraction:
    return Fraction(len(one & other), len(one | other))


def dice(one: frozenset[int], other: frozenset[int]) -> Fraction:
    return Fraction(2 * len(one & other), len(one) + len(other))


def matched(truth: Objects, prediction: Objects, threshold: Fraction, *, closed: bool) -> list[tuple[int, int]]:
    """Pairs above a threshold of at least a half, each object in one of them at most."""
    pairs, taken = [], set()
    for i, one in truth.items():
        for j, other in prediction.items():
            value = iou(one, other)
            passes = value >= threshold if closed else value > threshold
            if passes and j not in taken:
                pairs.append((i, j))
                taken.add(j)
                break
    return pairs


def bowl_score(truth: Objects, prediction: Objects, *, closed: bool) -> Fraction:
    """2018 Data Science Bowl: TP / (TP + FP + FN), mean over the ten thresholds."""
    total = Fraction(0)
    for threshold in TEN:
        tp = len(matched(truth, prediction, threshold, closed=closed))
        total += Fraction(tp, len(truth) + len(prediction) - tp)
    return total / 10


def panoptic_quality(
    truth: NDArray[np.integer], prediction: NDArray[np.integer], void: int | None
) -> tuple[int, int, int, Fraction]:
    """TP, FP, FN and ΣIoU as in the evaluation of COCO panoptic segmentation: IoU > ½, and what is void does not count.

    Void pixels are taken out of the union; a predicted segment without a partner counts unless more than half is void.
    """
    outside = frozenset(np.flatnonzero(truth.ravel() == void).tolist() if void is not None else [])
    true = {label: pixels for label, pixels in objects_of(truth).items() if label != void}
    predicted = objects_of(prediction)
    pairs = [
        (i, j, Fraction(len(one & other), len((one | other) - outside)))
        for i, one in true.items()
        for j, other in predicted.items()
        if (one | other) - outside and 2 * len(one & other) > len((one | other) - outside)
    ]
    partners = {j for _, j, _ in pairs}
    false = [j for j, pixels in predicted.items() if j not in partners and 2 * len(pixels & outside) <= len(pixels)]
    return len(pairs), len(false), len(true) - len(pairs), sum((value for *_, value in pairs), Fraction(0))


def aggregated_jaccard(truth: Objects, prediction: Objects) -> Fraction:
    """Kumar 2017, algorithm 1."""
    intersection = union = 0
    used = set()
    for one in truth.values():
        best = max(prediction, key=lambda j: (iou(one, prediction[j]), -j), default=None)
        if best is None or not one & prediction[best]:
            union += len(one)
            continue
        intersection += len(one & prediction[best])
        union += len(one | prediction[best])
        used.add(best)
    union += sum(len(pixels) for j, pixels in prediction.items() if j not in used)
    return Fraction(intersection, union)


def heaviest_pairing(truth: Objects, prediction: Objects) -> tuple[float, Fraction]:
    """The largest sum of IoU of a one-to-one pairing, and the AJI+ of one that has it, by the dense solver."""
    values = np.array([[float(iou(one, other)) for other in prediction.values()] for one in truth.values()])
    values = values.reshape(len(truth), len(prediction))
    names = list(truth), list(prediction)
    pairs = [(names[0][i], names[1][j]) for i, j in zip(*linear_sum_assignment(-values), strict=True)]
    pairs = [(i, j) for i, j in pairs if truth[i] & prediction[j]]
    intersection = sum(len(truth[i] & prediction[j]) for i, j in pairs)
    union = sum(len(truth[i] | prediction[j]) for i, j in pairs)
    union += sum(len(pixels) for i, pixels in truth.items() if i not in {i for i, _ in pairs})
    union += sum(len(pixels) for j, pixels in prediction.items() if j not in {j for _, j in pairs})
    return float(sum(iou(truth[i], prediction[j]) for i, j in pairs)), Fraction(intersection, union)


def best_dice(these: Objects, those: Objects) -> Fraction:
    """Mean over these of the largest Dice with any of those."""
    if not these:
        return Fraction(0)
    return sum(
        max((dice(one, other) for other in those.values()), default=Fraction(0)) for one in these.values()
    ) / len(these)
