"""Runs a method on the images of a split: each in a new sandbox, one first, and then the others.

What a method gives is a submission of predictions like any other, and checked as such.
"""

from __future__ import annotations

import json
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.submissions import Caps, check_files
from bioimagehub.hub.errors import SandboxError
from bioimagehub.hub.sandbox.leftovers import new_folder, new_group, remove_group
from bioimagehub.hub.sandbox.pipes import run_with_pipes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from bioimagehub.challenges.submissions import Expected
    from bioimagehub.hub.sandbox.bubblewrap import Bubblewrap
    from bioimagehub.hub.sandbox.limits import MethodLimits
    from bioimagehub.hub.sandbox.method import Method
    from bioimagehub.hub.sandbox.pipes import Ended

    Image = tuple[NDArray[Any], Sequence[str], Sequence[float] | None]
    """Pixels, axes, and the spacing along each axis but c in µm and s, or None."""

NOT_FINISHED = (
    "The method did not give a prediction of each image within its limits. Try it on the public images, where its log "
    "is shown."
)
"""All that is told of hidden images: which limit, or which error, would be an answer of the method's about them."""

RUNNER = Path(__file__).with_name("runner.py")
_FORMATS = {"points": ("csv", ".csv"), "landmarks": ("csv", ".csv"), "values": ("csv", ".csv")} | {
    "tracks": ("ctc", "_RES")
}


@dataclass(frozen=True)
class CaseRun:
    """How a method ran on one image.

    Attributes
    ----------
    case : str
    ok : bool
        Whether there is a prediction that can be scored.
    message : str
        The hub's own: what happened, and what to do. Not for hidden splits.
    log : str
        What the method printed, up to a cap; and what is wrong with its prediction. Not for hidden splits.
    seconds : float
        Time by the clock.
    over : bool
        Whether it was ended because it passed a limit.
    """

    case: str
    ok: bool
    message: str
    log: str
    seconds: float
    over: bool


@dataclass(frozen=True)
class MethodRun:
    """How a method ran on a split.

    Attributes
    ----------
    cases : tuple of CaseRun
        Those that were run: where the first image failed, no other was.
    predictions : Path
        Folder with the predictions: a submission.
    """

    cases: tuple[CaseRun, ...]
    predictions: Path

    @property
    def ok(self) -> bool:
        """Whether all predictions are there."""
        return all(one.ok for one in self.cases)

    def as_dict(self, *, hidden: bool) -> dict[str, Any]:
        """Return it as plain values for its author.

        Parameters
        ----------
        hidden : bool
            Whether the split is: then it tells whether all predictions are there, and nothing else.
        """
        if not hidden:
            keys = ("case", "ok", "message", "log", "seconds")
            return {"ok": self.ok, "cases": [{key: getattr(one, key) for key in keys} for one in self.cases]}
        return {"ok": self.ok, "messages": ["The method ran on all images." if self.ok else NOT_FINISHED]}


def run_method(
    method: Method,
    load_image: Callable[[str], Image],
    expected: Mapping[str, Expected],
    sandbox: Bubblewrap,
    limits: MethodLimits,
    folder: Path,
) -> MethodRun:
    """Run a method on every image.

    Parameters
    ----------
    method : Method
    load_image : callable
        Gives the image of a case.
    expected : mapping of str to Expected
        What the prediction of each case must be, in the order in which they are run.
    sandbox : Bubblewrap
    limits : MethodLimits
        Of each image.
    folder : Path
        A new folder for the predictions.

    Returns
    -------
    MethodRun
        The first image is run alone: if that fails, the others are not run.

    Raises
    ------
    SandboxError
        If the sandbox itself fails: the hub's fault, and to be tried again.
    """
    folder.mkdir(mode=0o700, parents=True)
    runs: list[CaseRun] = []
    for case, contract in expected.items():
        runs.append(_run_case(method, load_image(case), contract, sandbox, limits, folder))
        if not runs[0].ok:
            break
    return MethodRun(tuple(runs), folder)


def _run_case(
    method: Method, image: Image, expected: Expected, sandbox: Bubblewrap, limits: MethodLimits, folder: Path
) -> CaseRun:
    with new_folder() as place:
        work = Path(place)
        name = _write_input(image, expected, work / "input")
        with (work / "output.zip").open("wb") as target:
            ended = _run(method, work, sandbox, limits, target)
        message, over = _explain(ended, limits)
        # The code is the method's word: on hidden images it stays in the log.
        log = _tell(ended) + (f"\nIt ended with the code {ended.code}." if ended.code else "")
        if message is None:
            caps = Caps(packed=limits.output, unpacked=limits.output)
            contract = {expected.case: expected}
            form = _FORMATS.get(expected.kind, ("npz", ".npy"))[0]
            report = check_files(work / "output.zip", contract, (form,), caps, folder=work / "out")
            # A zip file within, or a folder, is taken by the check and is no prediction at its place.
            if report.ok and (work / "out" / name).exists():
                shutil.move(work / "out" / name, folder / name)
                return CaseRun(expected.case, True, "There is a prediction.", log, ended.seconds, over)
            message = "The prediction of an image is not what the challenge takes. Try the method on the public images."
            log += f"\nExpected one file, {name}, at the top." if report.ok else f"\n{report}"
        return CaseRun(expected.case, False, message, log, ended.seconds, over)


def _write_input(image: Image, expected: Expected, folder: Path) -> str:
    """Write the image for the method; return the name that its prediction will have."""
    pixels, axes, spacing = image
    folder.mkdir(mode=0o755)
    np.save(folder / "image.npy", np.ascontiguousarray(pixels), allow_pickle=False)
    form, suffix = _FORMATS.get(expected.kind, ("npz", ".npy"))
    described = {
        "axes": list(axes),
        "spacing": None if spacing is None else [float(size) for size in spacing],
        "prediction_axes": list(expected.axes),
        "format": form,
        "name": f"{expected.case}{suffix}",
    }
    (folder / "image.json").write_text(json.dumps(described), encoding="utf-8")
    for file in folder.iterdir():
        file.chmod(0o644)
    return str(described["name"])


def _run(method: Method, work: Path, sandbox: Bubblewrap, limits: MethodLimits, target: IO[bytes]) -> Ended:
    group = new_group()

    def command(output: int, status: int) -> list[str]:
        inner = [sandbox.python, "-I", "-B", str(RUNNER), str(output)]
        shown = {"/input": work / "input", "/method": method.folder}
        return sandbox.command(inner, limits, shown=shown, status=status, group=group)

    try:
        ended = run_with_pipes(
            command, target, seconds=limits.seconds, memory=limits.memory, output=limits.output, log=limits.log
        )
    finally:
        remove_group(group)
    if not ended.begun:
        msg = (
            f"The sandbox did not begin: {ended.log[-300:].decode(errors='replace').strip() or f'code {ended.code}'}. "
            "Expected what worked when it was tried at the start. Look at memory, disk and user namespaces here."
        )
        raise SandboxError(msg)
    return ended


def _explain(ended: Ended, limits: MethodLimits) -> tuple[str | None, bool]:
    """Say in the hub's own words why there is no prediction, None where there may be one; and if a limit was passed."""
    if ended.timed_out:
        return f"The method took longer than {limits.seconds:g} s for an image and was ended. Make it faster.", True
    if ended.too_large:
        size = f"The prediction of an image has more than {limits.output} bytes. Use the smallest type that holds it."
        return size, True
    if ended.code == 0 and not ended.too_hungry:
        return None, False
    killed = {128 + signal.SIGKILL, 128 + signal.SIGXCPU, -signal.SIGKILL, -signal.SIGXCPU}
    if ended.too_hungry or ended.code in killed:
        system = (
            f"The method was ended by the system: it used more than {limits.memory} bytes of memory or "
            f"{limits.cpu_seconds} s of computing time. Use less; take the image in parts."
        )
        return system, True
    return "The method failed on an image. Try it on the public images, where its log is shown.", False


def _tell(ended: Ended) -> str:
    text = ended.log.decode("utf-8", errors="replace")
    shown = "".join(one if one.isprintable() or one in "\n\t" else "\N{REPLACEMENT CHARACTER}" for one in text)
    return f"{shown}\n… more was printed and is not kept" if ended.cut else shown
