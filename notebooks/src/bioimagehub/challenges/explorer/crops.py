"""Small pictures of mistakes: the image around an object, with the outlines of truth and prediction.

Only the pixels of a crop are read, so images may be lazy and lie far away.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import ExplorerError
from bioimagehub.challenges.points import Points
from bioimagehub.challenges.tracks.sequences import Tracks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bioimagehub.challenges.explorer.mistakes import Mistake

    Box = tuple[slice, ...]

# Blue and orange are told apart by all kinds of colour vision, on dark and on bright; where both run, it is white.
TRUTH, PREDICTION, BOTH = (0, 136, 255), (255, 140, 0), (255, 255, 255)
COLOURS = {"truth": TRUTH, "prediction": PREDICTION}
DARKEST, BRIGHTEST = 0.5, 99.8
LIGHTEST_GREY = 190  # lines are seen on it
LEAST_MARGIN = 8
LARGEST_CROP = 1024


@dataclass(frozen=True, eq=False, repr=False)
class Scene:
    """What is drawn: an image with its truth and a prediction.

    Parameters
    ----------
    image : array, shape ((t,) (c,) (z,) y, x)
        The image that was predicted on, possibly lazy: anything with ``shape`` that gives arrays for slices. None
        draws outlines on black.
    truth, prediction : array of int, shape ((z,) y, x); Points; or Tracks
        As the mistakes were found in.
    channel : int, optional
        Which of the channels is drawn; needed where the image has them.
    """

    image: Any
    truth: Any
    prediction: Any
    channel: int | None = None


def find_region(mistake: Mistake, shape: tuple[int, ...], margin: float = 0.5) -> Box:
    """Return the part of an image to be shown: the box of a mistake with a margin, a square along y and x.

    Parameters
    ----------
    mistake : Mistake
    shape : tuple of int
        Of the image along (z,) y, x.
    margin : float
        As a part of the longer side of the box; at least 8 pixels.

    Returns
    -------
    tuple of slice
        Along z one slice: that of the centroid. Along y and x at most 1,024 pixels, around the centroid.
    """
    sides = [high - low for low, high in zip(mistake.low[-2:], mistake.high[-2:], strict=True)]
    length = min(max(sides) + 2 * max(LEAST_MARGIN, round(margin * max(sides))), LARGEST_CROP)
    region = []
    for low, high, size in zip(mistake.low[-2:], mistake.high[-2:], shape[-2:], strict=True):
        start = min(max(0, (low + high - length) // 2), max(0, size - length))
        region.append(slice(start, min(size, start + length)))
    if len(shape) > len(region):
        z = min(max(round(mistake.centroid[0]), mistake.low[0]), mistake.high[0] - 1)
        region.insert(0, slice(z, z + 1))
    return tuple(region)


def draw_crop(mistake: Mistake, scene: Scene, *, margin: float = 0.5, size: int = 192) -> bytes:
    """Return the picture of a mistake as PNG.

    Truth is outlined in blue, the prediction in orange, and white where both run; the object itself with a thick line.
    Points are rings, true ones blue and predicted ones orange. Of a volume, the slice of the centroid is shown.

    Parameters
    ----------
    mistake : Mistake
    scene : Scene
    margin : float
        Around the object, as a part of its longer side.
    size : int
        Least length of the longer side of the picture, in pixels of the screen.

    Returns
    -------
    bytes
        Red, green and blue, 8 bit.

    Raises
    ------
    ExplorerError
        If the image does not fit to truth and prediction.
    """
    from PIL import Image

    shape = _spatial_shape(mistake, scene)
    region = find_region(mistake, shape, margin)
    grey = _read_grey(mistake, scene, region, shape)
    zoom = max(1, -(-size // max(grey.shape)))
    picture = np.repeat(_enlarge(grey, zoom)[..., None], 3, axis=2)
    width = -(-max(picture.shape) // (2 * size))  # large pictures are shown smaller: their lines are thicker
    for side in ("truth", "prediction"):
        shown = getattr(scene, side)
        if isinstance(shown, Points):
            _draw_rings(picture, shown, mistake, region, zoom, side)
        else:
            _draw_outlines(picture, _read_labels(shown, mistake, region), mistake, (zoom, width), side)
    target = BytesIO()
    Image.fromarray(picture).save(target, "PNG", optimize=True)
    return target.getvalue()


def _spatial_shape(mistake: Mistake, scene: Scene) -> tuple[int, ...]:
    """Return the shape along (z,) y, x, of what there is."""
    ndim = len(mistake.low)
    for one in (scene.truth, scene.prediction):
        if isinstance(one, Tracks):
            return tuple(one.frames.shape[-ndim:])
        if not isinstance(one, Points):
            return tuple(one.shape[-ndim:])
    if scene.image is None:
        msg = "There are points and no image to draw them on. Expected an image. Give it to the scene."
        raise ExplorerError(msg)
    return tuple(scene.image.shape[-ndim:])


def _read_grey(mistake: Mistake, scene: Scene, region: Box, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Read the crop of the image, uint8, shape (y, x), stretched between its darkest and its brightest pixels."""
    if scene.image is None:
        return np.zeros([part.stop - part.start for part in region[-2:]], np.uint8)
    before: tuple[int, ...] = () if mistake.frame is None else (mistake.frame,)
    before += () if scene.channel is None else (scene.channel,)
    found = tuple(scene.image.shape)
    if found[len(before) :] != shape:
        msg = (
            f"The image has the shape {found}. Expected {shape} along the axes of the objects, behind one axis for "
            "time in a sequence and one for channels if a channel is chosen. Choose a channel, or give "
            "the image itself."
        )
        raise ExplorerError(msg)
    pixels = np.asarray(scene.image[(*before, *region)], np.float64)
    plane = pixels.reshape(pixels.shape[-2:])
    known = plane[np.isfinite(plane)]
    dark, bright = np.percentile(known, (DARKEST, BRIGHTEST)) if known.size else (0.0, 1.0)
    scaled = (np.nan_to_num(plane, nan=dark) - dark) / (bright - dark if bright > dark else 1.0)
    grey: NDArray[np.uint8] = np.round(LIGHTEST_GREY * np.clip(scaled, 0, 1)).astype(np.uint8)
    return grey


def _read_labels(labels: Any, mistake: Mistake, region: Box) -> NDArray[np.integer[Any]]:
    if isinstance(labels, Tracks):
        frame = labels.load(mistake.frame if mistake.frame is not None else labels.first)
        return np.asarray(frame)[region].reshape([part.stop - part.start for part in region[-2:]])
    return np.asarray(labels[region]).reshape([part.stop - part.start for part in region[-2:]])


def _enlarge(plane: NDArray[Any], zoom: int) -> NDArray[Any]:
    return plane.repeat(zoom, axis=0).repeat(zoom, axis=1)


def _draw_outlines(
    picture: NDArray[np.uint8],
    labels: NDArray[np.integer[Any]],
    mistake: Mistake,
    scale: tuple[int, int],
    side: str,
) -> None:
    zoom, width = scale
    large = _enlarge(labels, zoom)
    line = _find_edges(large)
    for _ in range(width - 1):
        line = ~_erode(~line)
    if side == mistake.side:
        own = inner = large == mistake.label
        for _ in range(2 * width + 1):
            inner = _erode(inner)
        line |= own & ~inner
    _paint(picture, line, side)


def _paint(picture: NDArray[np.uint8], line: NDArray[np.bool_], side: str) -> None:
    """Colour the pixels of a line; what truth has coloured already becomes white."""
    taken = line & (picture == TRUTH).all(2) if side == "prediction" else np.zeros_like(line)
    picture[line] = COLOURS[side]
    picture[taken] = BOTH


def _find_edges(labels: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Return the pixels of objects that have a pixel of another object or of the background beside them."""
    edges = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        one, other = labels.swapaxes(0, axis)[:-1], labels.swapaxes(0, axis)[1:]
        turned = edges.swapaxes(0, axis)
        turned[:-1] |= one != other
        turned[1:] |= one != other
    edges &= labels != 0
    return edges


def _erode(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels whose four neighbours are in the mask, too; beyond the picture all is."""
    inner = mask.copy()
    inner[1:] &= mask[:-1]
    inner[:-1] &= mask[1:]
    inner[:, 1:] &= mask[:, :-1]
    inner[:, :-1] &= mask[:, 1:]
    return inner


def _draw_rings(
    picture: NDArray[np.uint8], points: Points, mistake: Mistake, region: Box, zoom: int, side: str
) -> None:
    """Draw a ring around each point of the crop; that of the mistake is thick."""
    spacing = np.array(mistake.spacing)
    pixels = points.spatial / spacing
    low = np.array([part.start for part in region]) - 0.5
    high = np.array([part.stop for part in region]) - 0.5
    rows, columns = np.ogrid[: picture.shape[0], : picture.shape[1]]
    radius = 0.04 * max(picture.shape)
    line = np.zeros(picture.shape[:2], bool)
    for at in np.flatnonzero(((pixels >= low) & (pixels < high)).all(1)).tolist():
        y, x = (pixels[at, -2:] - low[-2:]) * zoom - 0.5
        is_own = side == mistake.side and at == mistake.label
        distance = np.abs(np.hypot(rows - y, columns - x) - radius)
        line |= distance < (2.0 if is_own else 0.75)
    _paint(picture, line, side)
