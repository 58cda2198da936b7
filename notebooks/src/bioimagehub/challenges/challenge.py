"""A challenge: data, a task, truth, metrics, and when and how predictions are taken. One file says it all."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Field, PrivateAttr, ValidationError

from bioimagehub.catalogs.parts import Line, Name, Prose  # noqa: TC001 - pydantic reads the annotations
from bioimagehub.challenges.challenge_file import DATE, find_file, read_document, refuse
from bioimagehub.challenges.challenge_parts import (
    AT_LEAST_ONE,
    Baseline,
    Case,
    Citation,
    ControlOrName,
    Data,
    Organiser,
    Part,
    Phase,
    RankedOrName,
    Settings,
    Split,
    Submission,
    Word,
)
from bioimagehub.challenges.challenge_rules import break_rules, make_conventions
from bioimagehub.challenges.errors import ChallengeNotFoundError, UnknownSplitError
from bioimagehub.challenges.tasks import Task, find_task

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from bioimagehub.challenges.challenge_file import Place


NAMED = ("controls", "metrics", "submission", "task")
"""Keys whose values name what there is."""


class Challenge(Part):
    """A challenge, as its file says.

    `load_challenge` and `parse_challenge` make one, and also check what its parts must have in common.

    Attributes
    ----------
    name : str
        Lower-case words with hyphens; part of addresses.
    title : str
        One line.
    summary : str
        What is asked, of which images, and what for.
    task : str
        One of `bioimagehub.challenges.tasks.TASKS`.
    licence : str
        SPDX identifier of the licence of the challenge and its truth.
    organisers : tuple of Organiser
        At least one.
    citation : tuple of Citation
        What to cite; the first is the challenge.
    data : Data
    splits : dict of str to Split
    phases : tuple of Phase
    metrics : tuple of Ranked
        The first ranks.
    convention_settings : dict
        In the file ``conventions``: fields of the conventions of the task that are not as by default; ``as_in``
        takes those of another software.
    submission : Submission
    baselines : tuple of Baseline
    controls : tuple of Control or None
        None takes all that fit the task and need no setting.
    """

    name: Name
    title: Line
    summary: Prose
    task: Word
    licence: Annotated[str, Field(pattern=r"^[A-Za-z0-9.+-]+$", max_length=100)]
    organisers: Annotated[tuple[Organiser, ...], AT_LEAST_ONE]
    citation: tuple[Citation, ...] = ()
    data: Data
    splits: Annotated[dict[Name, Split], AT_LEAST_ONE]
    phases: tuple[Phase, ...] = ()
    metrics: Annotated[tuple[RankedOrName, ...], AT_LEAST_ONE]
    convention_settings: Settings = Field(default={}, alias="conventions")
    submission: Submission = Submission()
    baselines: tuple[Baseline, ...] = ()
    controls: tuple[ControlOrName, ...] | None = None
    _folder: Path = PrivateAttr(default=Path())

    def model_post_init(self, context: Any, /) -> None:
        """Tell each phase whether its split is hidden."""
        super().model_post_init(context)
        for phase in self.phases:
            split = self.splits.get(phase.split)
            phase._hidden = split is not None and split.hidden

    @property
    def folder(self) -> Path:
        """The folder of the challenge file, at which relative paths in it begin."""
        return self._folder

    @cached_property
    def rules(self) -> Task:
        """The module of the task."""
        return find_task(self.task)

    @property
    def kind(self) -> str:
        """What truth and predictions are, such as ``labels``."""
        return self.rules.KIND

    @cached_property
    def conventions(self) -> Any:
        """How scores are computed where definitions leave a choice: a dataclass, whose text is a sentence."""
        return make_conventions(self.rules, self.convention_settings)

    def find_split(self, name: str) -> Split:
        """Return the split of a name; `UnknownSplitError` if there is none."""
        if name not in self.splits:
            raise UnknownSplitError(self._say_unknown("split", name, list(self.splits)))
        return self.splits[name]

    def find_phase(self, name: str) -> Phase:
        """Return the phase of a name; `UnknownSplitError` if there is none."""
        for phase in self.phases:
            if phase.name == name:
                return phase
        raise UnknownSplitError(self._say_unknown("phase", name, [phase.name for phase in self.phases]))

    def find_case(self, split: str, name: str) -> Case:
        """Return the case of a name; `UnknownSplitError` if there is none."""
        cases = self.find_split(split).cases
        for case in cases:
            if case.id == name:
                return case
        what = f"case in the split {split!r} called"
        raise UnknownSplitError(self._say_unknown(what, name, [case.id for case in cases]))

    def _say_unknown(self, what: str, name: str, known: Sequence[str]) -> str:
        listed = ", ".join(sorted(known)[:20]) or "none"
        return f"The challenge {self.name} has no {what} {name!r}. There are: {listed}. Choose one of them."


def load_challenge(path: str | PathLike[str]) -> Challenge:
    """Read a challenge file and check it.

    Parameters
    ----------
    path : path
        A challenge file, or a folder with ``challenge.yaml``.

    Returns
    -------
    Challenge

    Raises
    ------
    ChallengeNotFoundError
        If there is no such file.
    ChallengeFileError
        If anything in it is wrong; it lists all problems and their lines.
    """
    file = find_file(Path(path))
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"The challenge file {file} cannot be read: {error}. Expected text in UTF-8 that you may read."
        raise ChallengeNotFoundError(msg) from error
    return parse_challenge(text, folder=file.parent, where=str(file))


def parse_challenge(text: str, *, folder: str | PathLike[str] = ".", where: str = "challenge.yaml") -> Challenge:
    """Check the text of a challenge file.

    Parameters
    ----------
    text : str
        YAML.
    folder : path
        Where relative paths in it begin.
    where : str
        What messages call the file.

    Raises
    ------
    ChallengeFileError
        If anything in it is wrong; it lists all problems and their lines.

    Examples
    --------
    >>> parse_challenge("name: nuclei")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    bioimagehub.challenges.errors.ChallengeFileError: The challenge file challenge.yaml has 8 problems:
      line 1: data: this key is missing; add it
    ...
    """
    document = read_document(text, where)
    broken = list(break_rules(document.values))
    problems = [document.problem(place, what) for place, what in broken]
    try:
        challenge = Challenge.model_validate(document.values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=True)
        # A name that does not exist is told of once, not also as one that is misspelt.
        told = {place for place, _ in broken if place[0] in NAMED}
        problems += [
            document.problem(tuple(fault["loc"]), _explain(dict(fault)))
            for fault in faults
            if fault["type"] != "string_pattern_mismatch" or told.isdisjoint(_places_above(tuple(fault["loc"])))
        ]
        raise refuse(where, problems) from None
    if problems:
        raise refuse(where, problems)
    challenge._folder = Path(folder)
    return challenge


def _places_above(place: Place) -> set[Place]:
    return {place[:end] for end in range(1, len(place) + 1)}


def _explain(fault: dict[str, Any]) -> str:
    """Say what is wrong with a value, and what to do."""
    kind, place, value = str(fault["type"]), tuple(fault["loc"]), fault["input"]
    if kind == "missing":
        return "this key is missing; add it"
    if kind == "extra_forbidden":
        keys = sorted(known_keys(place[:-1]))
        return f"there is no such key here; the keys are: {', '.join(keys)}. Correct it or leave it out"
    if kind == "timezone_aware":
        return f"the time {value} has no time zone; add one, such as {DATE}"
    if kind.startswith(("datetime", "date_")):
        return f"{value!r:.80} is no date and time; correct the date, such as {DATE}"
    if kind == "string_pattern_mismatch":
        return f"{value!r:.80} does not fit the pattern {fault['ctx']['pattern']}; spell it so"
    if kind == "value_error":
        return str(fault["ctx"]["error"])
    expected = str(fault["msg"])
    cure = "; put it in quotes" if kind == "string_type" and isinstance(value, int | float) else ""
    return f"{expected}, found {value!r:.80}{cure}"


def known_keys(place: Place) -> set[str]:
    """Return the keys that the mapping at a place of a challenge file may have.

    Examples
    --------
    >>> sorted(known_keys(("phases", 0, "limits")))
    ['per_day', 'size', 'total']
    """
    current: Any = Challenge
    for part in place:
        model = _model_in(current)
        if model is None or isinstance(part, int):
            continue
        fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
        # The key of a mapping, such as the name of a split, has no field of its own: stay at what it holds.
        current = fields.get(part, current)
    model = _model_in(current)
    return {field.alias or name for name, field in model.model_fields.items()} if model else set()


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (tuple, dict, list, Annotated, Union, UnionType):
        return next(filter(None, map(_model_in, get_args(annotation))), None)
    return None
