"""Pictures of what is on the screen, compared with references that a person has looked at.

    check_picture(widget.locator(".bih-view-stage"), HERE / "references" / "volume.png")

`check_picture` takes a picture of an element of a page and compares it with the reference until both agree, for at most
ten seconds; then it fails, says where they differ, and leaves the picture that it saw beside a map of the differences.
With ``BIOIMAGEHUB_RENEW_PICTURES=1`` in the environment it writes the references anew instead. Look at each before it
is committed: from then on it is what is right.

What is let pass is what another version of a browser or of a font may do:

- An edge may lie up to a pixel off, or be smoothed in another way: the mean of 3 × 3 samples must lie between the least
  and the largest of the nine around its place in the other picture, give or take `LEVELS`. A very few (`SHARE`) need
  not.
- Letters may have other forms. Where text stands, the mean colour alone is compared. The places of text in the page are
  found by themselves; those of text on a canvas are given as `texts`.

What is not let pass:

- A colour that differs: the mean of any 16 × 16 samples without text must be the same within `MEAN_LEVELS`.
- Something that is missing, or too much, of the size of a few samples; a shift by two samples or more.

An element that is as wide as the window has another width in another test: give it a width first, and take it at the
same size each time (`size` cuts from the upper left corner). A reference is smaller than `BYTES`.
"""

from __future__ import annotations

import io
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from playwright.sync_api import Locator

RENEW = "BIOIMAGEHUB_RENEW_PICTURES"
BYTES = 40_000
SECONDS = 10.0
LEVELS = 24
"""Out of 255; so much a mean of 3 × 3 samples may lie outside of what is around its place."""
SHARE = 5e-4
"""As many of all samples may do so nevertheless."""
SIDE = 16
MEAN_LEVELS = 5
"""Out of 255; as LEVELS, of means over 16 × 16 samples. No place may differ more."""
TEXT_LEVELS = 30
"""Out of 255; so much the mean colour of a text may differ."""
_AROUND = 3
_TEXTS = """
(element) => {
  const { left, top } = element.getBoundingClientRect();
  const found = [], range = document.createRange();
  const add = (box) => {
    if (box.width > 0) found.push([box.left - left, box.top - top, box.right - left, box.bottom - top]);
  };
  const drawn = ['checkbox', 'radio', 'range', 'color'];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (!walker.currentNode.data.trim() || !walker.currentNode.parentElement.checkVisibility()) continue;
    range.selectNodeContents(walker.currentNode);
    for (const box of range.getClientRects()) add(box);
  }
  for (const each of element.querySelectorAll('input, select, textarea')) {
    if (!drawn.includes(each.type) && each.checkVisibility()) add(each.getBoundingClientRect());
  }
  return found;
}
"""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels of the picture."""


@dataclass(frozen=True)
class Picture:
    """What was seen.

    Attributes
    ----------
    samples : array of uint8, shape (y, x, 3)
    texts : tuple of (left, top, right, bottom)
        Where text stands, in samples.
    """

    samples: NDArray[np.uint8]
    texts: tuple[Box, ...] = ()


def check_picture(
    element: Locator, reference: Path, *, texts: Sequence[Box] = (), size: tuple[int, int] | None = None
) -> None:
    """Compare an element of a page with a reference, or renew it.

    Parameters
    ----------
    element : Locator
        In sight, and as wide as at all times.
    reference : Path
        PNG.
    texts : sequence of (left, top, right, bottom)
        Where text stands that is drawn on a canvas.
    size : (width, height), optional
        Of the part that is compared, from the upper left corner; without it all is.
    """
    if os.environ.get(RENEW):
        write_reference(_take_still(element, size), reference)
        return
    assert reference.exists(), f"there is no {reference.name}: set {RENEW}=1, and look at what was written"
    expected = np.asarray(Image.open(reference).convert("RGB"))
    deadline = time.monotonic() + SECONDS
    while True:
        taken = take_picture(element, texts=texts, size=size)
        differences = find_differences(taken, expected)
        if not differences or time.monotonic() > deadline:
            break
        element.page.wait_for_timeout(200)
    if differences:
        folder = _leave(taken.samples, expected, reference.stem)
        msg = (
            f"{reference.name} differs: {'; '.join(differences)}. Look at the pictures in {folder}. "
            f"If what was seen is right, set {RENEW}=1 and commit what is written."
        )
        raise AssertionError(msg)


def take_picture(element: Locator, *, texts: Sequence[Box] = (), size: tuple[int, int] | None = None) -> Picture:
    """Take a picture of an element, or of its upper left part, and find where text stands in it."""
    element.scroll_into_view_if_needed()
    found: list[list[float]] = element.evaluate(_TEXTS)
    box = element.bounding_box()
    assert box is not None, "the element is not in sight"
    width, height = size or (round(box["width"]), round(box["height"]))
    # What lies between two pixels is drawn on one of them: a picture has no rim of what is around.
    clip = {"x": round(box["x"]), "y": round(box["y"]), "width": width, "height": height}
    taken = element.page.screenshot(clip=clip, animations="disabled", caret="hide")
    with Image.open(io.BytesIO(taken)) as image:
        samples = np.asarray(image.convert("RGB"))
    return Picture(samples, (*texts, *((a, b, c, d) for a, b, c, d in found)))


def find_differences(taken: Picture, reference: NDArray[np.uint8]) -> list[str]:
    """Say where a picture differs from a reference by more than is let pass; nothing where it does not."""
    if taken.samples.shape != reference.shape:
        seen, expected = (f"{each.shape[1]} × {each.shape[0]}" for each in (taken.samples, reference))
        return [f"{seen} samples instead of {expected}"]
    seen, expected = taken.samples.astype(np.float64), reference.astype(np.float64)
    differences = []
    words = np.zeros(seen.shape[:2], bool)
    for left, top, right, bottom in taken.texts:
        place = (slice(_inside(top), _inside(bottom, 1)), slice(_inside(left), _inside(right, 1)))
        if words[place].size == 0:
            continue
        words[place] = True
        off = np.abs(seen[place].mean(axis=(0, 1)) - expected[place].mean(axis=(0, 1))).max()
        if off > TEXT_LEVELS:
            differences.append(f"the text at x {left:.0f}, y {top:.0f} differs by {off:.0f} levels in the mean")
    seen[words] = expected[words] = 0
    off = find_off(_smooth(seen, _AROUND), _smooth(expected, _AROUND), LEVELS)
    if off.sum() > SHARE * off.size:
        differences.append(f"{off.sum()} samples differ by more than {LEVELS} levels{_where(off)}")
    off = find_off(_smooth(seen, SIDE), _smooth(expected, SIDE), MEAN_LEVELS)
    if off.any():
        differences.append(
            f"the mean of {SIDE} × {SIDE} samples differs by more than {MEAN_LEVELS} levels{_where(off)}"
        )
    return differences


def find_off(one: NDArray[np.float64], other: NDArray[np.float64], levels: float) -> NDArray[np.bool_]:
    """Tell which samples of either picture are not between the least and the largest around them in the other."""
    off = np.zeros(one.shape[:2], bool)
    for this, that in ((one, other), (other, one)):
        low = ndimage.minimum_filter(that, (_AROUND, _AROUND, 1)) - levels
        high = ndimage.maximum_filter(that, (_AROUND, _AROUND, 1)) + levels
        off |= ((this < low) | (this > high)).any(axis=-1)
    return off


def write_reference(samples: NDArray[np.uint8], reference: Path) -> None:
    """Write a reference, if it is not too large."""
    buffer = io.BytesIO()
    Image.fromarray(samples).save(buffer, "PNG", optimize=True)
    size = len(buffer.getvalue())
    assert size < BYTES, f"{reference.name} has {size} bytes, and {BYTES} are allowed: show less"
    reference.parent.mkdir(parents=True, exist_ok=True)
    reference.write_bytes(buffer.getvalue())


def _take_still(element: Locator, size: tuple[int, int] | None) -> NDArray[np.uint8]:
    """Take pictures until two are alike."""
    deadline = time.monotonic() + SECONDS
    last = take_picture(element, size=size).samples
    while time.monotonic() < deadline:
        element.page.wait_for_timeout(400)
        taken = take_picture(element, size=size).samples
        if np.array_equal(taken, last):
            return taken
        last = taken
    msg = "what is on the screen does not stand still"
    raise AssertionError(msg)


def _inside(edge: float, add: int = 0) -> int:
    return max(0, int(edge) + add)


def _smooth(samples: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    smooth: NDArray[np.float64] = ndimage.uniform_filter(samples, (side, side, 1))
    return smooth


def _where(off: NDArray[np.bool_]) -> str:
    rows, columns = np.nonzero(off)
    return f" (x {columns.min()} to {columns.max()}, y {rows.min()} to {rows.max()})"


def _leave(seen: NDArray[np.uint8], expected: NDArray[np.uint8], name: str) -> Path:
    """Leave for a person what was seen, and where it differs."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    Image.fromarray(seen).save(folder / "seen.png")
    Image.fromarray(expected).save(folder / "expected.png")
    if seen.shape == expected.shape:
        off = find_off(*(_smooth(each.astype(np.float64), _AROUND) for each in (seen, expected)), LEVELS)
        Image.fromarray(np.where(off, 255, 0).astype(np.uint8)).save(folder / "differs.png")
    return folder
