"""What a challenge is made of: its data, cases, splits, truth, phases, metrics and limits."""

from __future__ import annotations

from collections.abc import Sized
from datetime import datetime  # noqa: TC003 - pydantic reads the annotation when the class is made
from typing import Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
)

from bioimagehub.catalogs.parts import Doi, Identifier, Line, Location, Name, Prose  # noqa: TC001 - as above

Filled = TypeVar("Filled", bound=Sized)
MEBIBYTE = 2**20

CaseName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_-])?$", max_length=100)]
"""The name of a case is also that of its file, on any system: letters, digits, ``.``, ``_`` and ``-``."""
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Digest = Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64}|md5:[0-9a-f]{32})$")]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Setting = bool | int | float | str | None | list[int] | list[float] | list[str] | list[list[float]]
Settings = dict[Word, Setting | dict[Word, Setting]]


class Part(BaseModel):
    """What the parts of a challenge share: they do not change, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _check_filled(items: Filled) -> Filled:
    if not items:
        msg = "there is nothing here; give at least one"
        raise ValueError(msg)
    return items


# Unlike a least length, it says nothing when the items themselves are at fault.
AT_LEAST_ONE = AfterValidator(_check_filled)


def _check_bounds(bounds: int | tuple[int, int]) -> int | tuple[int, int]:
    if isinstance(bounds, tuple) and not 0 <= bounds[0] < bounds[1]:
        msg = f"the range {list(bounds)} is empty; write [first, end] with 0 ≤ first < end"
        raise ValueError(msg)
    if isinstance(bounds, int) and bounds < 0:
        msg = f"the index {bounds} is below 0; count from 0"
        raise ValueError(msg)
    return bounds


Bounds = Annotated[int | tuple[int, int], AfterValidator(_check_bounds)]


class Entry(Part):
    """An entry of the catalog, as it was when the challenge was made.

    Attributes
    ----------
    identifier : str
        Archive and accession, such as ``samples:bbbc038-nuclei``.
    version : str or None
        Its version in the archive. One of version, checksum, facts or the lock of `Data` pins the entry.
    checksum : str or None
        ``sha256:`` or ``md5:`` of its files, as the catalog has it.
    facts : str or None
        ``sha256:`` of all that the catalog states of it, as ``bioimagehub catalog lock`` writes it.
    """

    identifier: Identifier
    version: Line | None = None
    checksum: Digest | None = None
    facts: Digest | None = None


class Simulator(Part):
    """A generator of images with known truth.

    Attributes
    ----------
    name : str
        A module of `bioimagehub.challenges.simulators`.
    parameters : dict
        What all cases share; those of a case go before these.
    """

    name: Word
    parameters: Settings = {}


class Data(Part):
    """Where the images come from; none is copied into the challenge.

    Attributes
    ----------
    entries : tuple of Entry
        Entries of the catalog.
    lock : str or None
        A file written by ``bioimagehub catalog lock`` that pins the entries, beside the challenge file.
    simulator : Simulator or None
        What generates the images of cases that have a seed.
    """

    entries: tuple[Entry, ...] = ()
    lock: Location | None = None
    simulator: Simulator | None = None


class Truth(Part):
    """Where the scorer finds the ground truth of a split: a folder, the entries themselves, or the simulator.

    Attributes
    ----------
    folder : str or None
        A folder with one file (or OME-Zarr or Cell Tracking Challenge folder) a case, named as the case. A relative
        path begins at the folder of the challenge file, or at the truth folder that the hub's scorer has.
    label : str or None
        The name of a label image of each entry. Of the task ``counting``, its number of objects is the answer to the
        item ``objects``; so it is with the truth of a simulator.
    table : str or None
        The name of a table of points of each entry.
    simulator : bool
        Whether the simulator gives it. Of the task ``classification``, the class of an item is its mechanism of
        action, as the simulator ``phenotypes`` gives it.
    key : str or None
        Of a hidden split with a simulator: a file with a secret of which the seeds are made. Its path as `folder`'s.
    """

    folder: Location | None = None
    label: Name | None = None
    table: Line | None = None
    simulator: bool = False
    key: Location | None = None


class Case(Part):
    """One image to be predicted.

    Attributes
    ----------
    id : str
        Its name, which is also that of its file in a submission.
    entry : str or None
        The entry of the catalog that it is, or is cut from.
    selection : dict of str to int or (int, int)
        What to take of each axis of the entry, in pixels of full resolution: an index, which drops the axis,
        or first and end, the end not included. Axes that are not named are taken whole.
    seed : int or None
        The seed of the simulator. In a hidden split it is left out and made from the key.
    parameters : dict
        Parameters of the simulator for this case.
    strata : dict of str to str
        Groups of cases for which boards also rank apart, such as ``{tissue: liver}``.
    items : tuple of str
        Of tasks whose predictions are values: the items that each submission must answer, and no others. Empty checks
        nothing before the scoring.
    count : int or None
        Of the task ``registration``: how many landmarks each submission must give. None checks nothing.
    """

    id: CaseName
    entry: Identifier | None = None
    selection: dict[Literal["t", "c", "z", "y", "x"], Bounds] = {}
    seed: Seed | None = None
    parameters: Settings = {}
    strata: dict[Name, Line] = {}
    items: tuple[Line, ...] = ()
    count: Annotated[int, Field(ge=0)] | None = None


class Split(Part):
    """Cases with one kind of truth: those to train with, those to try, those that decide.

    Attributes
    ----------
    title : str or None
    hidden : bool
        Whether only the scorer may see the truth.
    truth : Truth
    spacing : tuple of float or None
        Size of a pixel along each axis of a case, in µm; None takes that of the entry or the simulator.
    cases : tuple of Case
        At least one.
    """

    title: Line | None = None
    hidden: bool = False
    truth: Truth
    spacing: tuple[Positive, ...] | None = None
    cases: Annotated[tuple[Case, ...], AT_LEAST_ONE]


class Limits(Part):
    """How much one participant may submit to a phase.

    Attributes
    ----------
    per_day : int or None
        Submissions in any 24 hours; None for no limit.
    total : int or None
        Submissions in the whole phase; None for no limit.
    size : int
        Bytes of one submission; in the file also as text, ``500 MB``.
    """

    per_day: Annotated[int, Field(ge=1)] | None = 5
    total: Annotated[int, Field(ge=1)] | None = None
    size: Annotated[ByteSize, Field(ge=1)] = ByteSize(500 * MEBIBYTE)


class Phase(Part):
    """A time in which predictions for one split are taken, with a board of its own.

    Attributes
    ----------
    name : str
    title : str or None
    split : str
        The split that is scored.
    opens, closes : datetime or None
        With a time zone; `closes` is the first moment too late. None is open on that side.
    limits : Limits
    """

    name: Name
    title: Line | None = None
    split: Name
    opens: AwareDatetime | None = None
    closes: AwareDatetime | None = None
    limits: Limits = Limits()
    _hidden: bool = PrivateAttr(default=False)

    @property
    def hidden(self) -> bool:
        """Whether the truth of its split is hidden."""
        return self._hidden

    def is_open(self, now: datetime) -> bool:
        """Say whether submissions are taken at a moment, which has a time zone."""
        return (self.opens is None or self.opens <= now) and (self.closes is None or now < self.closes)

    @field_validator("closes")
    @classmethod
    def _closes_later(cls, closes: datetime | None, info: ValidationInfo) -> datetime | None:
        opens = info.data.get("opens")
        if opens is not None and closes is not None and closes <= opens:
            times = f"closes at {closes.isoformat()}, not after it opens at {opens.isoformat()}"
            msg = f"the phase {times}; swap or move them"
            raise ValueError(msg)
        return closes


def _as_ranked(value: object) -> object:
    return {"metric": value} if isinstance(value, str) else value


class Ranked(Part):
    """A metric on the board, and how the scores of the cases become one.

    Attributes
    ----------
    metric : str
        A metric of the task.
    aggregate : {"mean", "median", "pooled"}
        Over cases, of which those with NaN are left out; or of all cases as if they were one.
    weight : float
        Its share where a board combines the ranks of several metrics; 0 shows it only.
    """

    metric: Word
    aggregate: Literal["mean", "median", "pooled"] = "mean"
    weight: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0


RankedOrName = Annotated[Ranked, BeforeValidator(_as_ranked)]


class Submission(Part):
    """What a submission of predictions may be.

    Attributes
    ----------
    formats : tuple of str
        Modules of `bioimagehub.challenges.formats`: ``csv``, ``ctc``, ``npz``, ``ome_zarr``, ``png``, ``tiff``. Empty
        takes all that fit the task.
    suffix : str or None
        The ending of the file of a case that ``write_submission`` writes; None takes that of the first format.
    choices : tuple of str
        Of tasks whose predictions are values: the texts that an answer may be, where it is not a number with a field of
        its own, such as a probability. Empty allows any.
    highest : int or None
        Of the task ``semantic_segmentation``: the highest number of a class. None allows any.
    """

    formats: tuple[Word, ...] = ()
    suffix: Annotated[str, Field(pattern=r"^(\.[a-z0-9]+){1,2}$")] | None = None
    choices: tuple[Line, ...] = ()
    highest: Annotated[int, Field(ge=0)] | None = None


class Organiser(Part):
    """Who answers for the challenge.

    Attributes
    ----------
    name : str
    affiliation : str or None
    orcid : str or None
        Such as ``0000-0002-1825-0097``.
    """

    name: Line
    affiliation: Line | None = None
    orcid: Annotated[str, Field(pattern=r"^(\d{4}-){3}\d{3}[\dX]$")] | None = None


class Citation(Part):
    """What to cite for the challenge or its data.

    Attributes
    ----------
    text : str
        The reference, in one line.
    doi : str or None
        Without ``https://doi.org/``.
    """

    text: Line
    doi: Doi | None = None


class Baseline(Part):
    """A plain, explained method that any other should beat.

    Attributes
    ----------
    name : str
    title : str
    summary : str or None
    notebook : str or None
        Where it is explained, beside the challenge file.
    """

    name: Name
    title: Line
    summary: Prose | None = None
    notebook: Location | None = None


def _as_control(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


class Control(Part):
    """A row of the board of which one knows what it should score.

    Attributes
    ----------
    name : str
        One of `bioimagehub.challenges.controls.CONTROLS`.
    diameter : float or None
        Of ``otsu`` and ``watershed``: diameter of the smallest objects, in µm; in pixels where no spacing is known.
    channel : int or None
        Of ``otsu`` and ``watershed``: which channel of the images.
    folder : str or None
        Of ``annotator``: the folder with what a second annotator drew, as a folder of truth.
    """

    name: Name
    diameter: Positive | None = None
    channel: Annotated[int, Field(ge=0)] | None = None
    folder: Location | None = None


ControlOrName = Annotated[Control, BeforeValidator(_as_control)]
