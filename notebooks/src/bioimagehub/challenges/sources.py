"""The images of the cases of a challenge: entries of the catalog, or generated from a seed.

Both sources have ``load()`` and

version : dict
    Plain values that change when the image does; they go into the key of its scores.
axes : tuple of str
    Out of t c z y x, in this order.
shape : tuple of int
    Of the image; of an entry, known without reading pixels.
spacing : tuple of float or None
    Size of a pixel along each axis but c, in µm, of t in seconds; None where one of them is not known.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import ChallengeDataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bioimagehub.catalogs.records import Record
    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.challenge_parts import Case
    from bioimagehub.challenges.phantoms import Simulated


@dataclass(frozen=True)
class EntrySource:
    """An entry of the catalog, or a part of it."""

    record: Record
    pin: dict[str, Any]
    case: Case

    @property
    def selection(self) -> dict[str, int | tuple[int, int]]:
        """What to take of each axis."""
        return {str(axis): bounds for axis, bounds in self.case.selection.items()}

    @cached_property
    def version(self) -> dict[str, Any]:
        """The pin of the entry, as the challenge has it, and what is taken of it."""
        selection = {axis: list(b) if isinstance(b, tuple) else b for axis, b in self.selection.items()}
        return {"entry": self.pin, "selection": selection}

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes of the entry without those of which one index is taken."""
        return tuple(axis for axis in self.record.axes if not isinstance(self.selection.get(axis), int))

    @property
    def shape(self) -> tuple[int, ...]:
        """Pixels along each axis."""
        lengths: dict[str, int] = dict(zip(self.record.axes, self.record.shape, strict=True))
        return tuple(len(range(lengths[axis])[self._slice(axis)]) for axis in self.axes)

    @property
    def spacing(self) -> tuple[float, ...] | None:
        """As the catalog states it."""
        stated: dict[str, float | None] = dict(zip(self.record.axes, self.record.spacing, strict=True))
        sizes = [stated[axis] for axis in self.axes if axis != "c"]
        return None if None in sizes else tuple(float(size) for size in sizes if size is not None)

    def load(self, label: str | None = None) -> NDArray[Any]:
        """Load the image, or one of its label images, into memory.

        Raises
        ------
        ChallengeDataError
            If the selection leaves nothing of an axis; and what `Record.open` raises.
        """
        array = self.record.open(label=label)
        selection: dict[str, Any] = {}
        for axis in map(str, array.dims):
            bounds = self.selection.get(axis)
            selection[axis] = bounds if isinstance(bounds, int) else self._slice(axis)
            end = bounds + 1 if isinstance(bounds, int) else bounds[1] if bounds else 0
            if end > array.sizes[axis]:
                msg = (
                    f"The case {self.case.id} takes {axis} up to {end} of {self.record.identifier}, which has "
                    f"{array.sizes[axis]} pixels along {axis}. Correct its selection in the challenge file."
                )
                raise ChallengeDataError(msg)
        return np.asarray(array.isel(selection).load().values)

    def load_points(self, table: str) -> tuple[NDArray[np.float64], tuple[str, ...]]:
        """Load a table of the entry as points.

        Returns
        -------
        coordinates : ndarray of float64, shape (points, axes)
            In µm and s, from the centre of the first pixel that the case takes; those outside are left out.
        axes : tuple of str
        """
        rows = self.record.load_table(table)
        stated: dict[str, float | None] = dict(zip(self.record.axes, self.record.spacing, strict=True))
        axes = tuple(axis for axis in self.record.axes if axis in rows.columns)
        inside = np.ones(len(rows), bool)
        kept, columns = [], []
        for axis in axes:
            size = stated[axis] or 1.0
            values = rows[axis].to_numpy(np.float64)
            bounds = self.selection.get(axis)
            first, end = (bounds, bounds + 1) if isinstance(bounds, int) else bounds or (0, np.inf)
            inside &= (values / size >= first - 0.5) & (values / size < end - 0.5)
            if axis in self.axes:
                kept.append(axis)
                columns.append(values - first * size)
        return np.stack(columns, axis=1)[inside], tuple(kept)

    def _slice(self, axis: str) -> slice:
        bounds = self.selection.get(axis)
        return slice(*bounds) if isinstance(bounds, tuple) else slice(None)


@dataclass(frozen=True)
class SimulatedSource:
    """An image that a simulator generates, with its truth."""

    simulator: str
    seed: int
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> dict[str, Any]:
        """Simulator, digest of the seed, which may be secret, and parameters."""
        seed = hashlib.sha256(str(self.seed).encode()).hexdigest()
        return {"simulator": self.simulator, "seed": seed, "parameters": self.parameters}

    @cached_property
    def simulated(self) -> Simulated:
        """What the simulator gave: image, truth, spacing, parameters and source."""
        simulate = find_simulator(self.simulator).simulate
        known = sorted(name for name in signature(simulate).parameters if name != "seed")
        strange = sorted(set(self.parameters) - set(known))
        if strange:
            msg = (
                f"The simulator {self.simulator} has no parameter {', '.join(strange)}. It has: {', '.join(known)}. "
                "Correct data.simulator.parameters, or those of the case."
            )
            raise ChallengeDataError(msg)
        simulated: Simulated = simulate(self.seed, **self.parameters)
        return simulated

    @property
    def axes(self) -> tuple[str, ...]:
        """As the simulator says."""
        return tuple(self.simulated.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Pixels along each axis."""
        return tuple(np.shape(self.simulated.image))

    @property
    def spacing(self) -> tuple[float, ...] | None:
        """As the simulator says."""
        sizes = zip(self.simulated.axes, self.simulated.spacing, strict=True)
        return tuple(float(size) for axis, size in sizes if axis != "c")

    def load(self) -> NDArray[Any]:
        """Return the image."""
        return np.asarray(self.simulated.image)


def find_simulator(name: str) -> Any:
    """Return the module of a simulator.

    Raises
    ------
    ChallengeDataError
        If there is no such simulator.
    """
    package = import_module("bioimagehub.challenges.simulators")
    folder = Path(str(package.__file__)).parent
    known = sorted(file.stem for file in folder.glob("*.py") if not file.stem.startswith("_"))
    module = import_module(f"{package.__name__}.{name}") if name in known else None
    if not hasattr(module, "simulate"):
        msg = f"There is no simulator {name!r}. There are: {', '.join(known) or 'none'}. Choose one of them."
        raise ChallengeDataError(msg)
    return module


def open_source(
    challenge: Challenge, split: str, case: Case, *, root: Path | None = None
) -> EntrySource | SimulatedSource:
    """Find the image of a case, without reading pixels.

    Parameters
    ----------
    challenge : Challenge
    split : str
        The split of the case.
    case : Case
    root : Path or None
        Where the scorer keeps hidden truth and keys; None takes the folder of the challenge file.

    Raises
    ------
    ChallengeDataError
        If the entry is not as it was pinned, the simulator does not exist, or the key of the seeds is missing.
    """
    if case.entry is not None:
        return _open_entry(challenge, case)
    simulator = challenge.data.simulator
    if simulator is None:
        msg = f"The case {case.id} is no entry, and there is no simulator. Name one under data.simulator."
        raise ChallengeDataError(msg)
    seed = case.seed if case.seed is not None else _secret_seed(challenge, split, case, root)
    return SimulatedSource(simulator.name, seed, {**simulator.parameters, **case.parameters})


def _open_entry(challenge: Challenge, case: Case) -> EntrySource:
    from bioimagehub.challenges.entry_pins import find_entry

    record, pin = find_entry(challenge, str(case.entry))
    strange = sorted(set(case.selection) - set(record.axes))
    if strange:
        msg = (
            f"The case {case.id} selects along {', '.join(strange)}, and {record.identifier} has the axes "
            f"{' '.join(record.axes)}. Correct its selection in the challenge file."
        )
        raise ChallengeDataError(msg)
    return EntrySource(record, pin, case)


def _secret_seed(challenge: Challenge, split: str, case: Case, root: Path | None) -> int:
    key = challenge.splits[split].truth.key
    file = (root or challenge.folder) / str(key)
    try:
        secret = file.read_bytes().strip()
    except OSError as error:
        msg = (
            f"The key of the hidden split {split!r} of {challenge.name} cannot be read at {file}: {error.strerror}. "
            "Only the scorer has it; participants use the other splits."
        )
        raise ChallengeDataError(msg) from error
    if len(secret) < 16:
        msg = (
            f"The key in {file} has {len(secret)} characters. Expected at least 16 that nobody guesses. Make a new one."
        )
        raise ChallengeDataError(msg)
    text = f"{challenge.name}/{split}/{case.id}".encode()
    return int.from_bytes(hmac.new(secret, text, "sha256").digest()[:8], "big") >> 1
