"""Holds a prediction against what is expected of its case: first what its file claims, then its values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import AnswersError
from bioimagehub.challenges.kinds import TYPES, check_type
from bioimagehub.challenges.points import Points
from bioimagehub.challenges.tracks import Tracks, find_problems
from bioimagehub.challenges.values import by_item

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bioimagehub.challenges.formats.found import Found
    from bioimagehub.challenges.submissions.expected import Caps, Expected

    Finding = tuple[str, str, str]

LISTED = 20
HIGHEST = 2**62
TOLERANCE = 1e-3
"""Part by which a pixel size may differ: files keep it in single precision, or as fractions."""
_BLOCK = 2**22


def check_claims(found: Found, expected: Expected, caps: Caps) -> list[Finding]:
    """Find what is wrong with what a file claims to hold, before its values are read.

    Parameters
    ----------
    found : Found
    expected : Expected
    caps : Caps

    Returns
    -------
    list of (str, str, str)
        What was found, what was expected, and what to do.
    """
    if expected.kind not in TYPES:
        return _check_columns(found, expected)
    fault = check_type(found.dtype, expected.kind)
    findings = [] if fault is None else [fault]
    if expected.shape is None:
        if math.prod(found.shape) > caps.pixels:
            findings.append((f"it has {math.prod(found.shape)} pixels", f"at most {caps.pixels}", "Give one image."))
    elif found.shape != expected.shape:
        findings.append(_explain_shape(found, expected))
    elif found.axes is not None and expected.axes and found.axes != expected.axes:
        findings.append((
            f"its axes are {', '.join(found.axes)}",
            ", ".join(expected.axes),
            "Write them in this order, and name them so; in a TIFF such as with tifffile.imwrite(path, array, "
            f'metadata={{"axes": "{"".join(expected.axes).upper()}"}}).',
        ))  # fmt: skip
    if expected.spacing is not None and found.spacing is not None and len(expected.spacing) == len(found.spacing):
        pairs = zip(found.spacing, expected.spacing, strict=True)
        if not all(math.isclose(one, other, rel_tol=TOLERANCE) for one, other in pairs):
            findings.append((
                f"its pixel size is {_sizes(found.spacing)}",
                f"{_sizes(expected.spacing)} µm along {', '.join(expected.axes)}, as of the image",
                "Predict at the resolution of the image, and state its pixel size or none.",
            ))  # fmt: skip
    return findings


def check_values(data: Any, expected: Expected, caps: Caps) -> tuple[list[Finding], int | None]:
    """Find what is wrong with the values of a prediction.

    Parameters
    ----------
    data : ndarray, Points, Tracks or dict
        Of the kind that is expected.
    expected : Expected
    caps : Caps

    Returns
    -------
    list of (str, str, str), int or None
        What was found, what was expected, and what to do; and the number of objects, points, tracks or items.
    """
    if isinstance(data, Points):
        return _check_points(data, expected, caps), len(data)
    if isinstance(data, Tracks):
        return _check_tracks(data, caps), len(data.lineage)
    if isinstance(data, dict):
        return _check_items(data, expected), len(data)
    if expected.kind == "labels":
        return _check_labels(data, caps)
    if expected.kind == "classes":
        return _check_classes(data, expected), None
    strange = (
        sum(int(np.count_nonzero(~np.isfinite(block))) for block in _blocks(data)) if data.dtype.kind == "f" else 0
    )
    if strange:
        what = f"{strange} of its pixels are NaN or infinite"
        return [(what, "finite numbers", "Look where they come from; numpy.nan_to_num replaces them.")], None
    return [], None


def _explain_shape(found: Found, expected: Expected) -> Finding:
    wanted = expected.shape or ()
    axes = f" along {', '.join(expected.axes)}" if expected.axes else ""
    if tuple(size for size in found.shape if size > 1) == tuple(size for size in wanted if size > 1):
        cure = "Only axes of length 1 differ: array.reshape(shape) gives the right ones."
    elif sorted(found.shape) == sorted(wanted):
        cure = f"The axes are in another order; transpose the array to {', '.join(expected.axes) or 'that shape'}."
    else:
        cure = "Predict the whole image, at its resolution, not a cropped, padded or scaled one."
    return f"its shape is {_sizes(found.shape)}", f"{_sizes(wanted)}{axes}", cure


def _check_columns(found: Found, expected: Expected) -> list[Finding]:
    # A table without any axis is refused when it is read, with the names of its columns.
    if expected.kind == "values" or not expected.axes or found.axes in (None, expected.axes):
        return []
    axes = ", ".join(found.axes or ()) or "none"
    return [(f"its columns for axes are {axes}", ", ".join(expected.axes), "Give a column for each axis of the image.")]


def _check_labels(labels: NDArray[Any], caps: Caps) -> tuple[list[Finding], int | None]:
    if not labels.size:
        return [], 0
    findings = []
    lowest, highest = int(labels.min()), int(labels.max())
    if lowest < 0:
        findings.append((
            f"its lowest label is {lowest}",
            "0 for background and positive numbers for objects",
            "Set what is to be ignored to 0, or correct a number that overflowed.",
        ))  # fmt: skip
    if highest > HIGHEST:
        findings.append((f"its highest label is {highest}", f"at most {HIGHEST}", "Number the objects from 1 on."))
    count = _count_labels(labels, caps.objects)
    if count > caps.objects:
        findings.append((
            f"it has more than {caps.objects} objects", "fewer", "Number the objects; if each pixel has a number of "
            "its own, it is an image of intensities and not of labels.",
        ))  # fmt: skip
        return findings, None
    return findings, count


def _count_labels(labels: NDArray[Any], most: int) -> int:
    """Count the labels but 0, up to one more than `most` or a block's worth: memory does not grow with the image."""
    known = np.empty(0, labels.dtype)
    for block in _blocks(labels):
        ends = np.flatnonzero(block[1:] != block[:-1])
        known = np.union1d(known, np.append(block[ends], block[-1]))
        if len(known) > most + 1:
            break
    return int(np.count_nonzero(known))


def _blocks(array: NDArray[Any]) -> list[NDArray[Any]]:
    flat = array.reshape(-1)
    return [flat[start : start + _BLOCK] for start in range(0, flat.size, _BLOCK)]


def _check_classes(classes: NDArray[Any], expected: Expected) -> list[Finding]:
    if not classes.size:
        return []
    lowest, highest = int(classes.min()), int(classes.max())
    most = HIGHEST if expected.highest is None else expected.highest
    if lowest >= 0 and highest <= most:
        return []
    return [(f"its classes are {lowest} to {highest}", f"0 to {most}", "Use the numbers that the challenge gives.")]


def _check_points(points: Points, expected: Expected, caps: Caps) -> list[Finding]:
    findings = []
    if len(points) > caps.objects:
        findings.append((f"it has {len(points)} points", f"at most {caps.objects}", "Leave out the least sure ones."))
    if expected.count is not None and len(points) != expected.count:
        findings.append((f"it has {len(points)} points", f"{expected.count}, in the order given", "Give each of them."))
    if expected.shape is None or points.axes != expected.axes:
        return findings
    spacing = expected.spacing or (1.0,) * len(expected.axes)
    unit = "pixels: the size of a pixel is not known" if expected.spacing is None else "micrometres, not in pixels"
    for number, (axis, size, step) in enumerate(zip(expected.axes, expected.shape, spacing, strict=True)):
        column = points.coordinates[:, number]
        # The first pixel has its centre at 0, or its edge: both are in use.
        outside = np.flatnonzero((column < -0.5 * step) | (column > size * step))
        if len(outside):
            findings.append((
                f"{len(outside)} points lie outside the image along {axis}, the first is point {outside[0] + 1} at "
                f"{column[outside[0]]:g}",
                f"{-0.5 * step:g} to {size * step:g}",
                f"Give coordinates in {unit}; frames in seconds.",
            ))  # fmt: skip
    return findings


def _check_tracks(tracks: Tracks, caps: Caps) -> list[Finding]:
    if len(tracks.lineage) > caps.objects:
        return [(f"it has {len(tracks.lineage)} tracks", f"at most {caps.objects}", "Number the objects.")]
    findings: list[Finding] = []
    for frame in range(tracks.first, tracks.last + 1):
        found, _ = _check_labels(tracks.load(frame), caps)
        findings += [(f"frame {frame}: {what}", expected, cure) for what, expected, cure in found]
    if findings:
        return findings[:LISTED]
    told = find_problems(tracks)
    rule = "tracks by the rules of the Cell Tracking Challenge, label images and table alike"
    findings = [(what, rule, "Correct the table or the label images.") for what in told[:LISTED]]
    if len(told) > LISTED:
        findings.append((f"{len(told) - LISTED} more tracks are wrong", rule, "Correct those above first."))
    return findings


def _check_items(values: dict[str, float | str], expected: Expected) -> list[Finding]:
    findings = _check_numbers(values, expected)
    if expected.items is not None:
        answered = {key if key in expected.items else key.rpartition("/")[0] or key for key in values}
        for what, names in (
            ("items are missing", expected.items - answered),
            ("items are not asked for", answered - expected.items),
        ):
            if names:
                findings.append((
                    f"{len(names)} {what}: {_listed(sorted(names))}",
                    f"each of {len(expected.items)} items once",
                    "Give an answer to each item of the challenge, and to no other.",
                ))  # fmt: skip
    if expected.choices is not None:
        # A number with a field of its own, such as a probability, is no choice.
        chosen = {str(value) for key, value in values.items() if isinstance(value, str) or "/" not in key}
        wrong = sorted(chosen - expected.choices)
        if wrong:
            findings.append((
                f"these values are none: {_listed(wrong)}", f"one of {_listed(sorted(expected.choices))}",
                "Correct them.",
            ))  # fmt: skip
    return findings


def _check_numbers(values: dict[str, float | str], expected: Expected) -> list[Finding]:
    if expected.fields is None:
        return []
    named = ", ".join(sorted(expected.fields))
    try:
        answers = by_item(values)
    except AnswersError as error:
        return [(f"an answer is given twice: {error}", "each answer once", "Leave one out.")]
    findings: list[Finding] = []
    for item, fields in answers.items():
        if set(fields) != set(expected.fields):
            one = "one number" if expected.fields == ("value",) else f"the fields {named}"
            found = f"the item {item:.40} has the fields {_listed(sorted(fields))}"
            findings.append((found, one, "Give these to each item, and no others."))
        lowest = -math.inf if expected.lowest is None else expected.lowest
        wrong = [value for value in fields.values() if isinstance(value, str) or not lowest <= value < math.inf]
        if wrong:
            at_least = "" if expected.lowest is None else f" of at least {expected.lowest:g}"
            told = f"the answer to the item {item:.40} is {_listed([str(value) for value in wrong])}"
            findings.append((told, f"a finite number{at_least}", "Correct it."))
    if len(findings) > LISTED:
        more = f"{len(findings) - LISTED} more answers are wrong"
        findings[LISTED:] = [(more, "finite numbers", "Correct those above first.")]
    return findings


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"{name:.40}" for name in names[:5])
    return f"{shown}, …" if len(names) > 5 else shown


def _sizes(values: Sequence[float]) -> str:
    return " × ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in values) or "a single number"
