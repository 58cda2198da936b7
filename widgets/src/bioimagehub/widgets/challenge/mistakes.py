"""What predictions of a case got wrong: pictures of its mistakes, from the matching that scores."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.explorer import Mistake, Scene, describe, draw_crop, instances, spots, tracks
from bioimagehub.challenges.explorer.crops import COLOURS
from bioimagehub.challenges.truth import Images, open_truth
from bioimagehub.widgets.challenge.answers import compare_answers
from bioimagehub.widgets.errors import PredictionsError
from bioimagehub.widgets.view.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.widgets.challenge.answers import Answered

PAGE = 8
"""Pictures in one answer, at most."""
LARGEST_PICTURE = 90_000
"""Bytes of one picture, at most, so that a page of them stays a small message."""
_OVERVIEW = 400_000
_FINDERS: dict[str, Any] = {"labels": instances, "points": spots, "tracks": tracks}
OUTLINED = ("labels", "points", "tracks")
"""Kinds of which truth and prediction are outlined on the image."""
_PICTURES = ("classes", "image", "map")
_LARGEST_VIEW = 2**29


@dataclass(frozen=True, eq=False)
class Looked:
    """A case with its truth and its prediction.

    Attributes
    ----------
    case : str
    kind : str
        Of the challenge.
    image : ndarray or None
        None where the case has no image of its own.
    axes : tuple of str
        Of the image.
    spacing : tuple of float or None
        Along all axes but c.
    scene : Scene
    mistakes : list of Mistake
        The largest first.
    answers : list of Answered
        Of answers by item: all, the wrong ones first.
    """

    case: str
    kind: str
    image: Any
    axes: tuple[str, ...]
    spacing: tuple[float, ...] | None
    scene: Scene
    mistakes: list[Mistake]
    answers: list[Answered]

    def choose(self, kind: str) -> list[tuple[int, Mistake]]:
        """List the mistakes of a kind, or all, with their positions."""
        return [(at, one) for at, one in enumerate(self.mistakes) if not kind or one.kind == kind]

    def tell(self) -> dict[str, Any]:
        """Tell how many mistakes of each kind there are."""
        counts = Counter(one.kind for one in self.mistakes)
        return {
            "case": self.case,
            "kind": self.kind,
            "kinds": [[kind, number] for kind, number in counts.most_common()],
            "total": len(self.mistakes),
            "answers": [one.tell() for one in self.answers[:200]],
            "wrong": sum(one.wrong for one in self.answers),
            "asked": len(self.answers),
            "viewable": self.image is not None,
        }


def look_at(challenge: Challenge, split: str, name: str, predictions: Mapping[str, Any]) -> Looked:
    """Compare the prediction of a case with its truth, object by object.

    Raises
    ------
    PredictionsError
        If there is no prediction of the case.
    ChallengeError
        If it cannot be compared, or image or truth cannot be had.
    """
    case = challenge.find_case(split, name)
    prediction = predictions.get(name)
    if prediction is None:
        msg = f"There is no prediction of the case {clean(name)}. Expected one, to be compared. Look at another case."
        raise PredictionsError(msg)
    images = Images(challenge, split)
    truth = open_truth(challenge, split).load(case)
    if challenge.kind == "values":
        answers = compare_answers(truth, prediction)
        return Looked(name, challenge.kind, None, (), None, Scene(None, truth, prediction), [], answers)
    source = images.open(case)
    image, axes, spacing = source.load(), tuple(source.axes), images.spacing(case)
    # Without a channel, truth and image have the same axes.
    channel = 0 if "c" in axes and challenge.kind != "image" else None
    finder = _FINDERS.get(challenge.kind)
    found = []
    if finder is not None:
        space = None if spacing is None else spacing[1:] if challenge.kind == "tracks" else spacing
        found = finder.find_mistakes(truth, prediction, conventions=challenge.conventions, spacing=space, name=name)
    scene = Scene(image, truth, prediction, channel)
    return Looked(name, challenge.kind, image, axes, spacing, scene, found, [])


def draw_mistake(looked: Looked, mistake: Mistake) -> bytes:
    """Return the picture of a mistake as PNG, small enough for a message."""
    return _shrink(draw_crop(mistake, looked.scene), LARGEST_PICTURE)


def draw_overview(looked: Looked) -> bytes | None:
    """Return a picture of the whole case (at most the middle 1,024 pixels) as PNG; None where it has none.

    Truth and prediction are outlined on the image; of images, maps and classes they stand beside each other.
    """
    if looked.kind in _PICTURES:
        return _shrink(_draw_beside(looked), _OVERVIEW)
    if looked.kind not in _FINDERS or looked.image is None:
        return None
    shape = [size for axis, size in zip(looked.axes, looked.image.shape, strict=True) if axis in "zyx"]
    worst = looked.mistakes[0] if looked.mistakes else None
    centre = [(size - 1) / 2 for size in shape]
    if worst is not None and len(shape) > 2:
        centre[0] = worst.centroid[0]
    frame = None
    if "t" in looked.axes:
        frame = worst.frame if worst is not None else 0
    spacing = looked.spacing if looked.spacing is None else looked.spacing[-len(shape) :]
    whole = Mistake("case", "truth", -1, (0,) * len(shape), tuple(shape), tuple(centre), spacing=spacing, frame=frame)
    return _shrink(draw_crop(whole, looked.scene, margin=0, size=384), _OVERVIEW)


def tell_mistake(at: int, mistake: Mistake) -> dict[str, Any]:
    """Tell what and where a mistake is."""
    kind, _, rest = describe(mistake).partition(": ")
    return {"index": at, "kind": kind, "text": rest, "side": mistake.side}


def prepare_view(looked: Looked) -> dict[str, Any]:
    """Give what the viewer is given of a case: arrays with coordinates in µm and s.

    Truth and prediction lie on the image as label images or points; images and maps stand side by side.

    Raises
    ------
    PredictionsError
        If the case has no image, or is too large to be held as a whole.
    """
    if looked.image is None or looked.image.nbytes > _LARGEST_VIEW:
        msg = (
            f"The case {clean(looked.case)} cannot be opened in the viewer. It has no image of its own, or a very "
            "large one. Look at its pictures here."
        )
        raise PredictionsError(msg)
    sides = {"truth": looked.scene.truth, "prediction": looked.scene.prediction}
    if looked.kind in ("image", "map"):
        named = {name: _label(np.asarray(data), looked) for name, data in sides.items()}
        return {"source": named["prediction"], "truth": named["truth"]}
    given: dict[str, Any] = {"source": _label(looked.image, looked)}
    if looked.kind in ("points", "landmarks"):
        return given | {"points": sides}
    if looked.kind == "tracks":
        frames = range(looked.scene.truth.frames.shape[0])
        sides = {name: np.stack([np.asarray(one.load(at)) for at in frames]) for name, one in sides.items()}
    return given | {"labels": {name: _label(np.asarray(data), looked) for name, data in sides.items()}}


def colour_sides(scene: Mapping[str, Any], looks: Mapping[str, Any]) -> dict[str, Any]:
    """Give truth and prediction in a viewer the colours that they have in the pictures."""
    sides = {layer["name"]: layer["id"] for layer in scene.get("layers", ()) if layer["name"] in COLOURS}
    chosen = {
        name: looks[name] | {"colour": "#{:02x}{:02x}{:02x}".format(*COLOURS[side]), "outline": True, "opacity": 1.0}
        for side, name in sides.items()
    }
    return {**looks, **chosen}


def _label(array: Any, looked: Looked) -> xr.DataArray:
    """Name the axes of an array of the case, with coordinates in µm and s where the spacing is known."""
    import xarray as xr

    axes = looked.axes if array.ndim == len(looked.axes) else tuple(axis for axis in looked.axes if axis != "c")
    steps = dict(zip([axis for axis in looked.axes if axis != "c"], looked.spacing or (), strict=False))
    coordinates = {
        axis: (axis, np.arange(size) * steps[axis], {"units": "second" if axis == "t" else "micrometer"})
        for axis, size in zip(axes, array.shape, strict=True)
        if axis in steps
    }
    return xr.DataArray(array, dims=axes, coords=coordinates, name=clean(looked.case))


def _draw_beside(looked: Looked) -> bytes:
    """Draw the middle plane of truth, prediction and where they differ, beside each other."""
    from PIL import Image

    truth, prediction = (_take_plane(np.asarray(data)) for data in (looked.scene.truth, looked.scene.prediction))
    if looked.kind == "classes":
        different = np.where(truth == prediction, 0.0, 1.0)
    else:
        different = np.abs(truth.astype(np.float64) - prediction.astype(np.float64))
    known = np.concatenate([truth[np.isfinite(truth)].ravel(), prediction[np.isfinite(prediction)].ravel()])
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    step = -(-max(truth.shape) // 384)
    planes = [_grey(plane[::step, ::step], low, high) for plane in (truth, prediction)]
    planes.append(_grey(different[::step, ::step], 0.0, float(np.nanmax(different, initial=0.0))))
    gap = np.full((planes[0].shape[0], 6), 255, np.uint8)
    picture = np.concatenate([planes[0], gap, planes[1], gap, planes[2]], axis=1)
    zoom = max(1, 200 // max(planes[0].shape))
    target = BytesIO()
    Image.fromarray(picture.repeat(zoom, axis=0).repeat(zoom, axis=1)).save(target, "PNG", optimize=True)
    return target.getvalue()


def _take_plane(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    while array.ndim > 2:
        array = array[array.shape[0] // 2]
    return array


def _grey(plane: np.ndarray[Any, Any], low: float, high: float) -> np.ndarray[Any, Any]:
    scaled = (np.nan_to_num(plane.astype(np.float64), nan=low) - low) / (high - low if high > low else 1.0)
    grey: np.ndarray[Any, Any] = np.round(255 * np.clip(scaled, 0, 1)).astype(np.uint8)
    return grey


def _shrink(png: bytes, most: int) -> bytes:
    """Halve a picture until it has few enough bytes."""
    from PIL import Image

    while len(png) > most:
        picture = Image.open(BytesIO(png))
        smaller = picture.resize((max(1, picture.width // 2), max(1, picture.height // 2)), Image.Resampling.LANCZOS)
        target = BytesIO()
        smaller.save(target, "PNG", optimize=True)
        png = target.getvalue()
    return png
