"""A contact sheet of mistakes: their pictures with what and where they are, on one page or in a folder."""

from __future__ import annotations

import shutil
import tempfile
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass
from html import escape
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.challenges.boards.page import frame
from bioimagehub.challenges.errors import ExplorerError
from bioimagehub.challenges.explorer.crops import draw_crop
from bioimagehub.challenges.explorer.mistakes import tabulate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from os import PathLike

    from bioimagehub.challenges.explorer.crops import Scene
    from bioimagehub.challenges.explorer.mistakes import Mistake

LIMIT = 200
PAGE, TABLE, PICTURES = "index.html", "mistakes.csv", "crops"
LEGEND = (
    'Outlines: <b style="color:#0088ff">truth</b>, <b style="color:#ff8c00">prediction</b>, white where both run; the '
    "object itself is drawn thick."
)
STYLE = """<style>
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 1rem; padding: 0; }
.sheet figure { margin: 0; } .sheet img { width: 100%; image-rendering: pixelated; background: #000; display: block; }
.sheet figcaption { font-size: .8rem; overflow-wrap: anywhere; }
</style>"""


@dataclass(frozen=True, eq=False, repr=False)
class Sheet:
    """The mistakes of one case, with pictures of the largest.

    Parameters
    ----------
    mistakes : sequence of Mistake
        In the order in which they are shown.
    scene : Scene
        What they are drawn from.
    title : str
        Such as the name of the case.
    link : callable, optional
        Gives the address of a mistake in a viewer; without it, pictures of a folder lead to themselves.
    limit : int
        How many are drawn at most; the table has all.
    """

    mistakes: Sequence[Mistake]
    scene: Scene
    title: str = "case"
    link: Callable[[Mistake], str] | None = None
    limit: int = LIMIT

    def to_html(self) -> str:
        """Return the page with the pictures in it."""
        pictures = [draw_crop(one, self.scene) for one in self.mistakes[: self.limit]]
        addresses = [f"data:image/png;base64,{b64encode(picture).decode()}" for picture in pictures]
        return self._write(addresses)

    def write(self, folder: str | PathLike[str]) -> Path:
        """Write the page, the pictures and the table of all mistakes (CSV) into a new folder.

        Returns
        -------
        Path
            The page.

        Raises
        ------
        ExplorerError
            If the folder is there already, or cannot be written.
        """
        place = Path(folder)
        if place.exists():
            msg = f"{place} is there already. Expected a new folder. Choose another name, or remove it."
            raise ExplorerError(msg)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            building = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
        except OSError as error:
            msg = f"The mistakes of {self.title} cannot be written to {place}: {error}. Choose a folder with room."
            raise ExplorerError(msg) from error
        try:
            (building / PICTURES).mkdir()
            addresses = []
            for number, one in enumerate(self.mistakes[: self.limit]):
                addresses.append(f"{PICTURES}/{number:04}.png")
                (building / addresses[-1]).write_bytes(draw_crop(one, self.scene))
            (building / PAGE).write_text(self._write(addresses), encoding="utf-8")
            (building / TABLE).write_text(tabulate(self.mistakes).to_csv(index=False), encoding="utf-8")
            building.chmod(0o755)
            building.rename(place)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
        return place / PAGE

    def _write(self, addresses: Sequence[str]) -> str:
        return frame(f"Mistakes in {self.title}", f"<h1>Mistakes in {escape(self.title)}</h1>{self._body(addresses)}")

    def _body(self, addresses: Sequence[str]) -> str:
        counts = Counter(one.kind for one in self.mistakes)
        told = ", ".join(f"{number} {escape(kind)}" for kind, number in counts.most_common()) or "none"
        shown = len(addresses)
        rest = f" The {shown} largest of {len(self.mistakes)} are shown." if shown < len(self.mistakes) else ""
        figures = "\n".join(self._figure(one, address) for one, address in zip(self.mistakes, addresses, strict=False))
        return f'{STYLE}<p>{told}.{rest}</p><p class="small pale">{LEGEND}</p><div class="sheet">{figures}</div>'

    def _figure(self, one: Mistake, address: str) -> str:
        target = self.link(one) if self.link else address
        picture = f'<img src="{escape(address)}" alt="{escape(one.kind)} object {one.label}" loading="lazy">'
        # A browser opens no data: address; only an address of the web or of a file beside the page is linked.
        if not target.startswith(("data:", "javascript:")):
            picture = f'<a href="{escape(target)}">{picture}</a>'
        kind, _, rest = describe(one).partition(": ")
        return f"<figure>{picture}<figcaption><b>{escape(kind)}</b><br>{escape(rest)}</figcaption></figure>"

    def __repr__(self) -> str:
        return f"<Sheet of {len(self.mistakes)} mistakes in {self.title}>"

    def _repr_html_(self) -> str:
        pictures = [draw_crop(one, self.scene) for one in self.mistakes[: self.limit]]
        return self._body([f"data:image/png;base64,{b64encode(picture).decode()}" for picture in pictures])


def describe(one: Mistake) -> str:
    """Return what and where a mistake is, in one line.

    Examples
    --------
    >>> from bioimagehub.challenges.explorer.mistakes import Mistake
    >>> describe(Mistake("missed", "truth", 7, (2, 4), (4, 8), (2.5, 5.5), 8, (0.5, 0.5), 0.25, 3))
    'missed: true object 7, 8 pixels, y 2.5 x 5.5 (1.25 2.75 µm), IoU 0.25 with 3'
    """
    axes = "zyx"[-len(one.centroid) :]
    side = "true" if one.side == "truth" else "predicted"
    parts = [f"{one.kind}: {side} {'object' if one.size else 'point'} {one.label}"]
    if one.frame is not None:
        parts.append(f"frame {one.frame}")
    if one.size:
        parts.append(f"{one.size:,} pixel{'s' if one.size > 1 else ''}")
    place = " ".join(f"{axis} {value:.1f}" for axis, value in zip(axes, one.centroid, strict=True))
    physical = f" ({' '.join(f'{value:.2f}' for value in one.centre)} µm)" if one.centre else ""
    parts.append(f"{place}{physical}")
    if not isnan(one.iou):
        parts.append(f"IoU {one.iou:.2f} with {one.partner}" if one.partner is not None else "overlaps nothing")
    elif one.partner is not None:
        parts.append(f"from {one.partner}")
    return ", ".join(parts)
