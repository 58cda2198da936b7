"""First picture and memory of our viewer beside vizarr, stackview and itkwidgets, on an image that all can open.

The image is 2D, 4096², 16 bit, an OME-Zarr 0.4 with five levels on this disk. Each viewer is given it as its users do:
ours gets the path, vizarr and itkwidgets the group as zarr-python opens it, stackview, which takes arrays alone, the
first level as an array. Each has a fresh kernel and a fresh browser, in the same JupyterLab, with WebGL in software and
without the internet. The cell has the imports, too. One rule says when there is a picture: see `shows_a_picture`.

What a viewer loads from a host outside can be laid into a folder, as `<host>/<path>`, and given as
`BIOIMAGEHUB_BENCH_HOSTS`: then the page gets it from there, without any latency.
"""

from __future__ import annotations

import base64
import faulthandler
import io
import mimetypes
import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
import psutil
import pytest
import zarr
from PIL import Image, ImageDraw
from playwright.sync_api import sync_playwright
from scipy.ndimage import zoom

from benchmarks.peers import find_python
from servers.browser import OPTIONS, find_chromium
from servers.lab import RunningLab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from playwright.sync_api import Page, Route

SIDE = 4096
LEVELS = 5
ROUNDS = 5
# After that a viewer shows nothing.
PATIENCE_SECONDS = 60
# The memory is looked at until so long after the first picture.
AFTER_SECONDS = 3
# The browser finds no host but this machine, wherever this runs; it has WebGL without a graphics card.
OFFLINE = [
    *(option for option in OPTIONS if option != "--disable-gpu"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
HERE = {"127.0.0.1", ""}
TILE = 16
WINDOW = 256
RUN = """
() => {
  const { content } = window.jupyterapp.shell.currentWidget;
  content.activeCellIndex = 0;
  const begin = performance.timeOrigin + performance.now();
  window.jupyterapp.commands.execute('notebook:run-cell');
  return begin / 1000;
}
"""
VERSION = "import sys; from importlib import metadata; print(metadata.version(sys.argv[1]))"


# What a user types into a cell.
OURS = "bioimagehub"
CELLS = {
    OURS: """
from bioimagehub.widgets import view
view({path!r})
""",
    "stackview": """
import stackview, zarr
stackview.slice(zarr.open({path!r})["0"][:])
""",
    "vizarr": """
import vizarr, zarr
viewer = vizarr.Viewer()
viewer.add_image(source=zarr.open({path!r}))
viewer
""",
    "itkwidgets": """
import itkwidgets, zarr
itkwidgets.view(zarr.open({path!r}))
""",
}


@dataclass
class Seen:
    """What one run of one viewer gave; megabytes, and seconds from running the cell to the picture, None for none."""

    seconds: float | None
    kernel_before: float
    kernel: float
    page_before: float
    page: float
    # What the page asked outside, before the cell ran (JupyterLab has the extensions of all the others) and after.
    hosts_before: set[str]
    hosts: set[str] = field(default_factory=set)
    problem: str = ""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clouds of all sizes, from a pixel to the whole image, so that there is something to see at any zoom."""
    rng = np.random.default_rng(2)
    pixels = np.zeros((SIDE, SIDE), np.float32)
    for size in 2 ** np.arange(3, 13):
        pixels += zoom(rng.random((size, size), np.float32), SIDE // size, order=1)
    pixels -= pixels.min()
    pixels *= 4095 / pixels.max()
    path = tmp_path_factory.mktemp("image") / "clouds.ome.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=2)
    datasets = []
    for level in range(LEVELS):
        size = SIDE >> level
        shown = pixels.reshape(size, 1 << level, size, 1 << level).mean((1, 3)).astype(np.uint16)
        group.create_array(
            str(level), data=shown, chunks=(256, 256), chunk_key_encoding={"name": "v2", "separator": "/"}
        )
        scale = {"type": "scale", "scale": [0.5 * 2**level] * 2}
        datasets.append({"path": str(level), "coordinateTransformations": [scale]})
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]
    group.attrs["multiscales"] = [{"version": "0.4", "name": "clouds", "axes": axes, "datasets": datasets}]
    return path


def give_from_disk(route: Route) -> None:
    """Answer in place of a host outside; without an answer it is as if there were none."""
    url = urlsplit(route.request.url)
    path = Path(os.environ["BIOIMAGEHUB_BENCH_HOSTS"], url.hostname or "", url.path.lstrip("/"))
    if not path.is_file():
        route.abort("namenotresolved")
        return
    # Addresses of modules often have no ending.
    kind = mimetypes.guess_type(path)[0] or "text/javascript"
    route.fulfill(body=path.read_bytes(), content_type=kind, headers={"access-control-allow-origin": "*"})


@contextmanager
def open_offline() -> Iterator[tuple[Page, set[str]]]:
    """Open a page of a new browser; give it with the set of the hosts that it asks."""
    hosts: set[str] = set()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=OFFLINE)
        page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
        if "BIOIMAGEHUB_BENCH_HOSTS" in os.environ:
            page.route(lambda url: urlsplit(url).hostname not in HERE, give_from_disk)
        page.set_default_timeout(180_000)
        page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname or ""))
        try:
            yield page, hosts
        finally:
            browser.close()


def shows_a_picture(grey: NDArray[np.uint8]) -> bool:
    """Tell whether somewhere in 256² pixels nearly all tiles of 16² vary, and their medians differ.

    Text, lines, buttons and waiting marks lie on one colour, so most of their medians are the same.
    """
    rows, columns = (size // TILE for size in grey.shape)
    tiles = grey[: rows * TILE, : columns * TILE].reshape(rows, TILE, columns, TILE).swapaxes(1, 2)
    tiles = tiles.reshape(rows, columns, -1)
    varies, medians = tiles.std(-1) > 4, np.median(tiles, -1)
    side = WINDOW // TILE
    if rows < side or columns < side:
        return False
    view = np.lib.stride_tricks.sliding_window_view
    shares = view(varies, (side, side)).mean((-2, -1))
    spreads = view(medians, (side, side)).std((-2, -1))
    return bool(((shares > 0.8) & (spreads > 8)).any())


class Film:
    """The frames that the browser shows, each with the time when it was shown, in seconds of the clock."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._frames: list[tuple[float, str]] = []
        self._session.on("Page.screencastFrame", self._keep)
        self._session.send("Page.startScreencast", {"format": "jpeg", "quality": 70})

    def _keep(self, frame: dict[str, Any]) -> None:
        self._frames.append((frame["metadata"]["timestamp"], frame["data"]))
        self._session.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    def look(self, since: float, top: int) -> float | None:
        """Give when the first frame with a picture below a row was shown.

        Frames before the last are looked at when the last has one: looking takes time from what is measured.
        """
        frames = [(shown, data) for shown, data in self._frames if shown >= since]
        if not frames or not self._has_picture(frames[-1][1], top):
            return None
        return next(shown for shown, data in frames if self._has_picture(data, top))

    @staticmethod
    def _has_picture(data: str, top: int) -> bool:
        return shows_a_picture(np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("L"))[top:])


def page_bytes() -> float:
    """Give the memory of the largest renderer of the browser that this process started, and of what draws for it."""
    sizes = {"renderer": 0, "gpu-process": 0}
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            command = process.cmdline()
            for kind in sizes:
                if f"--type={kind}" in command:
                    sizes[kind] = max(sizes[kind], process.memory_info().rss)
    return sum(sizes.values())


def most_memory(process: int) -> float:
    """Give the most memory that a process has had."""
    (line,) = (line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def problem_of(page: Page) -> str:
    """Give the last line of the error that the cell ended with, if it did."""
    failed = page.locator("[data-mime-type='application/vnd.jupyter.error']")
    return failed.first.inner_text().strip().splitlines()[-1] if failed.count() else ""


def show(lab: RunningLab, viewer: str, image: Path, name: str) -> Seen:
    lab.write(name, [CELLS[viewer].strip().format(path=str(image))])
    with open_offline() as (page, hosts):
        lab.open(page, name)
        # Before the cell: itkwidgets keeps from others what is printed.
        kernel = lab.evaluate(page, "__import__('os').getpid()")
        seen = Seen(None, most_memory(kernel), 0, page_bytes(), 0, hosts - HERE)
        box = page.locator(".jp-Cell-inputWrapper").last.bounding_box()
        assert box is not None
        top = round(box["y"] + box["height"])
        film = Film(page)
        hosts.clear()
        begin = page.evaluate(RUN)
        end = time.time() + PATIENCE_SECONDS
        while time.time() < end:
            page.wait_for_timeout(500)
            seen.page = max(seen.page, page_bytes())
            shown = None if seen.seconds else film.look(begin, top)
            if shown is not None:
                seen.seconds = shown - begin
                end = time.time() + AFTER_SECONDS
        seen.kernel = most_memory(kernel)
        seen.hosts = hosts - HERE
        seen.problem = problem_of(page)
        if folder := os.environ.get("BIOIMAGEHUB_BENCH_PICTURES"):
            page.screenshot(path=Path(folder) / f"{viewer}.png")
    lab.end_sessions()
    return seen


def middle(runs: list[Seen], name: str) -> float:
    return median(getattr(one, name) for one in runs)


def why_nothing(seen: Seen) -> str:
    if seen.problem:
        return seen.problem
    if seen.hosts:
        return f"asked for {', '.join(sorted(seen.hosts))}"
    return f"asked for {', '.join(sorted(seen.hosts_before)) or 'no host'} when JupyterLab opened"


def tell(viewer: str, runs: list[Seen], own: list[Seen]) -> str:
    """Give the line of a viewer: its figures, and how they are to ours."""
    python = sys.executable if viewer == OURS else find_python()
    version = subprocess.run([python, "-c", VERSION, viewer], check=True, capture_output=True, text=True).stdout
    head = f"  {viewer} {version.strip()}:"
    memory = ", ".join(
        f"{name} {middle(runs, name) / 1e6:.0f} MB (before {middle(runs, f'{name}_before') / 1e6:.0f})"
        for name in ("kernel", "page")
    )
    if runs[0].seconds is None:
        return f"{head} no picture within {PATIENCE_SECONDS} s: {why_nothing(runs[0])}; {memory}"
    times = sorted(one.seconds for one in runs if one.seconds is not None)
    line = f"{head} first picture after {median(times):.2f} s ({times[0]:.2f} to {times[-1]:.2f}), {memory}"
    if runs is own:
        return line
    ratios = [middle(runs, name) / middle(own, name) for name in ("seconds", "kernel", "page")]
    return f"{line}\n    times ours: first picture {ratios[0]:.2f}, kernel {ratios[1]:.2f}, page {ratios[2]:.2f}"


def test_text_is_no_picture(image: Path) -> None:
    shown = Image.new("L", (1000, 700), "white")
    ImageDraw.Draw(shown).multiline_text((10, 10), "\n".join(["Traceback (most recent call last) " * 6] * 40))
    text = np.asarray(shown)
    assert (text < 128).mean() > 0.05
    assert not shows_a_picture(text)
    pixels = zarr.open_group(image, mode="r")["3"][:]
    framed = text.copy()
    framed[200:500, 300:600] = (pixels[:300, :300] / 16).astype(np.uint8)
    assert shows_a_picture(framed)


def test_first_picture_and_memory(image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # A test that takes minutes does not hang.
    faulthandler.cancel_dump_traceback_later()
    own_lab, other_lab = RunningLab(tmp_path / "own"), RunningLab(tmp_path / "other", python=find_python())
    found: dict[str, list[Seen]] = {viewer: [] for viewer in CELLS}
    try:
        for number in range(ROUNDS):
            for viewer, runs in found.items():
                # One that shows nothing is not asked again.
                if all(one.seconds is not None for one in runs):
                    lab = own_lab if viewer == OURS else other_lab
                    runs.append(show(lab, viewer, image, f"{viewer}-{number}.ipynb"))
    finally:
        own_lab.stop()
        other_lab.stop()
    own = found[OURS]
    with capsys.disabled():
        print(
            f"\n{SIDE}² OME-Zarr, a fresh kernel and a fresh page each, median of {ROUNDS}; "
            f"{os.cpu_count()} processors (load of the machine {os.getloadavg()[1]:.1f})"
        )
        for viewer, runs in found.items():
            print(tell(viewer, runs, own))
    assert all(one.seconds is not None and not one.hosts and not one.problem for one in own)
    # One of the others works without the internet: if it showed nothing, the fault would be here.
    assert found["stackview"][0].seconds is not None
