"""Predictions of which one knows how they should score: rows that tell what a score is worth.

A control takes the truth of a case, its image and its settings, and gives a prediction. The truth itself must rank
first; nothing should rank last; the truth moved by one pixel tells how much a pixel costs; Otsu's threshold and
a watershed tell what needs no method; a second annotator tells how sure the truth is.

References
----------
Luecken et al., "Defining and benchmarking open problems in single-cell analysis", Nature Biotechnology 43 (2025),
preprint https://doi.org/10.21203/rs.3.rs-4181617/v1, for controls on boards.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bioimagehub.challenges.baseline import otsu_watershed
from bioimagehub.challenges.errors import ChallengeDataError
from bioimagehub.challenges.points import Points
from bioimagehub.challenges.truth import Images
from bioimagehub.challenges.truth_files import find_truth_file, load_truth_file
from bioimagehub.challenges.values import by_item

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.challenge_parts import Case, Control
    from bioimagehub.challenges.truth import TruthSource

PERFECT = "truth"
ARRAYS = ("labels", "classes", "image", "map")
POINTS = ("points", "landmarks")


@dataclass(frozen=True)
class Sample:
    """What a control is made of, for one case.

    Attributes
    ----------
    truth : object
        In the form of the kind.
    case : Case
    images : Images
        Where its image can be had.
    settings : Control
    answers : callable
        Gives the answers of the truth of all cases together, by field; of the kind ``values``.
    """

    truth: Any
    case: Case
    images: Images
    settings: Control
    answers: Callable[[], Mapping[str, Sequence[float | str]]]

    @property
    def spacing(self) -> tuple[float, ...] | None:
        """Size of a pixel along each axis; None if it is not known."""
        return self.images.spacing(self.case)


class Maker(Protocol):
    """The function of a control."""

    def __call__(self, sample: Sample, /) -> Any:
        """Return the prediction of one case."""
        ...


def nothing(sample: Sample) -> Any:
    """Predict that there is nothing: no object, no point, no track, an image of zeros."""
    truth = sample.truth
    if isinstance(truth, Points):
        return Points(np.empty((0, len(truth.axes))), truth.axes, extent=truth.extent)
    if hasattr(truth, "lineage"):
        from bioimagehub.challenges.tracks import Lineage

        frames = np.zeros(truth.frames.shape, np.uint8)
        return replace(truth, frames=frames, lineage=Lineage.from_rows([]), segmentation=None)
    return np.zeros_like(np.asarray(truth))


def perfect(sample: Sample) -> Any:
    """Predict the truth; of profiles, of which there is no true one, the same for wells that act alike."""
    return _profiles(sample, alike=False) if sample.images.challenge.task == "profiling" else sample.truth


def _profiles(sample: Sample, *, alike: bool) -> dict[str, float]:
    """Return profiles of wells: one feature a mechanism and kind of control, or the one feature that is scored."""
    wells = by_item(sample.truth, f"the truth of {sample.case.id}")
    scored = sample.images.challenge.conventions.feature
    if alike:
        return {f"{name}/{scored or 'same'}": 0.0 for name in wells}
    if scored:
        known = {"positive": 1.0, "negative": 0.0}
        return {
            f"{name}/{scored}": known.get(str(well.get("control")), float(well.get("concentration", 0.5)))
            for name, well in wells.items()
        }
    acts = {name: f"{well.get('control', '')} {well.get('moa', '')}".strip() for name, well in wells.items()}
    return {f"{name}/{one}": float(act == one) for name, act in acts.items() for one in sorted(set(acts.values()))}


def shifted(sample: Sample) -> Any:
    """Predict the truth, moved by one pixel along x; what moves out is lost, but of tracks, which may have no gap."""
    truth = sample.truth
    if isinstance(truth, Points):
        spacing = sample.spacing
        step = np.zeros(len(truth.axes))
        step[truth.axes.index("x")] = 1.0 if spacing is None else spacing[-1]
        return Points(
            truth.coordinates + step,
            truth.axes,
            confidence=truth.confidence,
            intensity=truth.intensity,
            extent=truth.extent,
        )
    if hasattr(truth, "lineage"):
        return replace(truth, frames=Moved(truth.frames), segmentation=None)
    return _move(np.asarray(truth), fill_edge=sample.images.challenge.kind in ("image", "map"))


@dataclass(frozen=True)
class Moved:
    """Frames moved by one pixel along x, each when it is asked for; an object that would move out as a whole stays."""

    frames: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """Frames, (z,) y, x."""
        return tuple(self.frames.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the labels."""
        dtype: np.dtype[Any] = np.dtype(self.frames.dtype)
        return dtype

    def __getitem__(self, index: int, /) -> NDArray[Any]:
        frame = np.asarray(self.frames[index])
        moved = _move(frame, fill_edge=False)
        # What stays may cover the last pixels of another object, which then stays, too.
        while len(lost := np.setdiff1d(frame, moved)):
            stays = np.isin(frame, lost)
            moved[stays] = frame[stays]
        return moved


def _move(image: NDArray[Any], *, fill_edge: bool) -> NDArray[Any]:
    moved = np.array(np.roll(image, 1, axis=-1))
    moved[..., 0] = image[..., 0] if fill_edge else 0
    return moved


def otsu(sample: Sample) -> NDArray[Any]:
    """Predict what is brighter than Otsu's threshold: connected pixels are an object, or all are class 1."""
    from skimage.filters import threshold_otsu
    from skimage.measure import label

    image = _one_channel(sample)
    foreground = image > threshold_otsu(image)  # type: ignore[no-untyped-call]
    if sample.images.challenge.kind == "classes":
        return np.asarray(foreground, np.uint8)
    return np.asarray(label(foreground), np.int32)  # type: ignore[no-untyped-call]


def watershed(sample: Sample) -> NDArray[Any]:
    """Predict objects by Otsu's threshold and a watershed; see `otsu_watershed`."""
    diameter = sample.settings.diameter
    if diameter is None:
        msg = (
            "The control watershed has no diameter. Give that of the smallest objects: {name: watershed, diameter: 10}."
        )
        raise ChallengeDataError(msg)
    return otsu_watershed(_one_channel(sample), diameter, spacing=sample.spacing)


def _one_channel(sample: Sample) -> NDArray[Any]:
    source = sample.images.open(sample.case)
    image, axes = np.asarray(source.load()), source.axes
    if "c" in axes and sample.settings.channel is not None:
        return np.asarray(np.take(image, sample.settings.channel, axis=axes.index("c")))
    if "c" in axes:
        msg = (
            f"The images of {sample.case.id} have channels, and the control {sample.settings.name} takes one. Give its "
            "number: channel: 0."
        )
        raise ChallengeDataError(msg)
    return image


def given(sample: Sample) -> NDArray[Any]:
    """Predict the image as it is given: whoever restores should do better than not to restore."""
    return np.asarray(sample.images.open(sample.case).load(), np.asarray(sample.truth).dtype)


def majority(sample: Sample) -> dict[str, float | str]:
    """Answer always the same: the text that is most frequent in all cases, or the median of the numbers of all cases.

    Each field of an item (``item/field``) has an answer of its own. Profiles are the same for all wells.
    """
    if sample.images.challenge.task == "profiling":
        return dict(_profiles(sample, alike=True))
    usual = {field: _most_usual(values) for field, values in sample.answers().items()}
    return {name: usual[name.partition("/")[2]] for name in sample.truth}


def _most_usual(answers: Sequence[float | str]) -> float | str:
    if not all(isinstance(answer, str) for answer in answers):
        return float(np.median(np.asarray(answers, np.float64)))
    counts = Counter(map(str, answers))
    return min(counts, key=lambda answer: (-counts[answer], answer))


def annotator(sample: Sample) -> Any:
    """Predict what a second annotator drew, kept in a folder as truth is."""
    images = sample.images
    if sample.settings.folder is None:
        msg = "The control annotator has no folder. Give where the drawings are: {name: annotator, folder: second}."
        raise ChallengeDataError(msg)
    folder = (images.root or images.challenge.folder) / Path(sample.settings.folder)
    return load_truth_file(find_truth_file(folder, sample.case.id, images.challenge.kind), images.challenge.kind)


@dataclass(frozen=True)
class Kind:
    """A control: its title, the kinds of predictions it can be, whether it needs settings, and what makes it."""

    title: str
    kinds: tuple[str, ...]
    make: Maker
    by_default: bool = True


CONTROLS = {
    "annotator": Kind("a second annotator", (*ARRAYS, *POINTS, "tracks", "values"), annotator, by_default=False),
    "empty": Kind("nothing", (*ARRAYS, "points", "tracks"), nothing),
    "input": Kind("the image as it is given", ("image",), given),
    "majority": Kind("the most frequent answer", ("values",), majority),
    "otsu": Kind("Otsu's threshold", ("labels", "classes"), otsu, by_default=False),
    "shifted": Kind("the truth moved by one pixel", (*ARRAYS, *POINTS, "tracks"), shifted),
    PERFECT: Kind("the truth", (*ARRAYS, *POINTS, "tracks", "values"), perfect),
    "watershed": Kind("Otsu's threshold and a watershed", ("labels",), watershed, by_default=False),
}


def list_controls(challenge: Challenge) -> tuple[Control, ...]:
    """Return the controls of a challenge: those of its file; the truth is always among them."""
    from bioimagehub.challenges.challenge_parts import Control

    if challenge.controls is None:
        fit = [name for name, kind in CONTROLS.items() if kind.by_default and challenge.kind in kind.kinds]
        return tuple(Control(name=name) for name in fit)
    names = [control.name for control in challenge.controls]
    return challenge.controls if PERFECT in names else (*challenge.controls, Control(name=PERFECT))


def open_control(
    challenge: Challenge, split: str, control: Control, truth: TruthSource, *, root: Path | None = None
) -> Callable[[str], Any]:
    """Return a control as predictions, for `bioimagehub.challenges.scoring.score`.

    Parameters
    ----------
    challenge : Challenge
    split : str
    control : Control
    truth : TruthSource
        That of the split.
    root : Path or None
        Where the scorer keeps hidden truth and keys; None takes the folder of the challenge file.

    Returns
    -------
    callable
        From the name of a case to its prediction.
    """
    images = Images(challenge, split, root)
    make = CONTROLS[control.name].make

    @cache
    def answers() -> dict[str, list[float | str]]:
        found: dict[str, list[float | str]] = {}
        for case in images.cases.values():
            for name, answer in truth.load(case).items():
                found.setdefault(name.partition("/")[2], []).append(answer)
        return found

    def predict(name: str) -> Any:
        case = images.cases[name]
        return make(Sample(truth.load(case), case, images, control, answers))

    return predict
