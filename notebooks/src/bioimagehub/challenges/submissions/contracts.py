"""The contract of each case of a split, out of the challenge: what its image tells of the prediction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.challenges.ctf import FIELDS
from bioimagehub.challenges.errors import ChallengeDataError
from bioimagehub.challenges.submissions.expected import Expected
from bioimagehub.challenges.truth import OBJECTS, Images

if TYPE_CHECKING:
    from os import PathLike

    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.challenge_parts import Case

_WITH_CHANNELS = frozenset({"image"})
_WITHOUT_IMAGE = frozenset({"values"})
_FIELDS = {"counting": ("value",), "ctf_estimation": FIELDS}
"""Of tasks whose answers are numbers: the fields that an item has."""


def expect(challenge: Challenge, split: str, *, root: str | PathLike[str] | None = None) -> dict[str, Expected]:
    """Tell what the prediction of each case must be; the truth is not looked at.

    Parameters
    ----------
    challenge : Challenge
    split : str
    root : path, optional
        Where the scorer keeps the keys of hidden splits. Without it nothing is known of generated hidden images.

    Returns
    -------
    dict of str to Expected
        By case, in the order of the challenge file.

    Raises
    ------
    UnknownSplitError
        If there is no such split.
    ChallengeDataError
        If the image of a case cannot be found.
    """
    images = Images(challenge, split, None if root is None else Path(root))
    secret = challenge.find_split(split).truth.key is not None
    found = {}
    for case in images.cases.values():
        try:
            found[case.id] = _expect_case(challenge, split, images, case)
        except ChallengeDataError:
            if not secret or root is not None:
                raise
            # The portal may not read the key that the images are generated from.
            found[case.id] = _ask(challenge, split, case)
    return found


def _ask(challenge: Challenge, split: str, case: Case) -> Expected:
    """Tell what the challenge file asks of a prediction; the image is not looked at."""
    counting = challenge.task == "counting"
    # What is counted in the truth is one number an image.
    counted = {OBJECTS} if counting and challenge.splits[split].truth.folder is None else set()
    return Expected(
        case.id,
        challenge.kind,
        highest=challenge.submission.highest,
        items=frozenset(case.items or counted) or None,
        choices=frozenset(challenge.submission.choices) or None,
        fields=_FIELDS.get(challenge.task),
        lowest=0.0 if counting else None,
        count=case.count,
    )


def _expect_case(challenge: Challenge, split: str, images: Images, case: Case) -> Expected:
    if challenge.kind in _WITHOUT_IMAGE:
        return _ask(challenge, split, case)
    source = images.open(case)
    lengths = dict(zip(source.axes, source.shape, strict=True))
    spatial = images.spacing(case)
    names = [axis for axis in source.axes if axis != "c"]
    spacing = dict(zip(names, spatial, strict=True)) if spatial is not None and len(spatial) == len(names) else None
    kept = source.axes if challenge.kind in _WITH_CHANNELS else tuple(names)
    known = spacing is not None and "c" not in kept
    return replace(
        _ask(challenge, split, case),
        shape=tuple(lengths[axis] for axis in kept),
        axes=tuple(kept),
        spacing=tuple(spacing[axis] for axis in kept) if known and spacing is not None else None,
    )
