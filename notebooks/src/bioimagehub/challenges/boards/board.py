"""A leaderboard: rows with ranks and how sure they are, and everything needed to read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from bioimagehub.challenges.boards.plain import canonical, read_fields, write_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bioimagehub.challenges.statistics import Better


class Estimate(NamedTuple):
    """A score and the ends of its interval, in the unit of the metric.

    All three are NaN where there is no score; the ends are NaN where there are too few cases for an interval.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Column:
    """A metric of a board.

    Attributes
    ----------
    name, title : str
        Such as ``panoptic_quality`` and ``Panoptic quality``.
    better : {"higher", "lower"}
        Which scores are better.
    best, worst : float
        The score of a perfect prediction, and of a missing one.
    unit : str
        ``1`` without dimension.
    aggregate : {"mean", "median", "pooled"}
        How the scores of the cases became one.
    weight : float
        Its share where the ranks of several metrics are combined; 0 shows it only.
    version : int
        Of the metric.
    step : float or None
        The step to which its scores are rounded; None if they are not.
    """

    name: str
    title: str
    better: Better
    best: float
    worst: float
    unit: str = "1"
    aggregate: str = "mean"
    weight: float = 1.0
    version: int = 1
    step: float | None = None


@dataclass(frozen=True)
class Row:
    """An entry of a board, or a control.

    Attributes
    ----------
    entry : str
        Its name.
    rank : int or None
        1 is best; entries with equal scores share a rank. None of controls, and of entries without a score.
    rank_low, rank_high : int or None
        The best and the worst rank that the choice of cases leaves possible.
    p_best : float or None
        The part of the bootstrap samples in which it is first.
    tied_with_best : bool
        Whether it is first, or not shown to be worse than those that are.
    scores : dict of str to Estimate
        By metric; the first ranks.
    is_control : bool
        Whether it is a row of which one knows what it should score, which competes with nobody.
    key : str or None
        The key of the result that it shows, by which a score is found again.
    citation, run : str or None
        What to cite for it; the address of the record of the run that made it.
    """

    entry: str
    scores: Mapping[str, Estimate]
    rank: int | None = None
    rank_low: int | None = None
    rank_high: int | None = None
    p_best: float | None = None
    tied_with_best: bool = False
    is_control: bool = False
    key: str | None = None
    citation: str | None = None
    run: str | None = None

    @property
    def estimate(self) -> Estimate:
        """The score that ranks, and its interval."""
        return next(iter(self.scores.values()))

    @property
    def score(self) -> float:
        """The score that ranks."""
        return self.estimate.value

    @property
    def low(self) -> float:
        """The lower end of the interval of `score`."""
        return self.estimate.low

    @property
    def high(self) -> float:
        """The upper end of the interval of `score`."""
        return self.estimate.high


@dataclass(frozen=True)
class Pairwise:
    """Which entries differ: p-values of all pairs, corrected together by the method of Holm.

    Attributes
    ----------
    entries : tuple of str
        In the order of the board.
    p : tuple of tuple of float
        Symmetric; 1 on the diagonal.
    test : str
        ``wilcoxon`` or ``bootstrap``.
    """

    entries: tuple[str, ...]
    p: tuple[tuple[float, ...], ...]
    test: str


@dataclass(frozen=True)
class Agreement:
    """How much other ways to rank agree with each other, and how stable the ranking is.

    Attributes
    ----------
    rankings : tuple of str
        The ways to rank; the first is that of the board.
    tau : tuple of tuple of float
        Kendall's tau-b between each two; NaN where one has all on one rank.
    stability, stability_low : float
        Median, and the lower end of the interval, of tau between the ranking and that of each sample of the cases.
    """

    rankings: tuple[str, ...]
    tau: tuple[tuple[float, ...], ...]
    stability: float
    stability_low: float


@dataclass(frozen=True)
class Stratum:
    """The ranking on the cases of one value of an attribute, by the metric that ranks.

    Attributes
    ----------
    attribute, value : str
    cases : int
        Number of cases.
    ranks : dict of str to int or None
        Of each entry.
    scores : dict of str to Estimate
        Of each entry.
    """

    attribute: str
    value: str
    cases: int
    ranks: Mapping[str, int | None]
    scores: Mapping[str, Estimate]


@dataclass(frozen=True)
class Settings:
    """How the statistics were computed; with these, and the same scores, they come out the same.

    Attributes
    ----------
    seed, samples : int
        Of the bootstrap.
    level : float
        Of the intervals.
    alpha : float
        Level of significance.
    """

    seed: int = 0
    samples: int = 1000
    level: float = 0.95
    alpha: float = 0.05


@dataclass(frozen=True)
class Board:
    """A leaderboard of one phase of a challenge.

    Attributes
    ----------
    challenge, title, task, phase, split : str
        Whose board it is.
    hidden : bool
        Whether it was made to be shown while its truth is hidden; see `publishable`.
    cases : int
        Number of cases of the split.
    conventions : str
        How scores were computed.
    columns : tuple of Column
        The metrics; the first ranks.
    rows : tuple of Row
        By rank, then those without a score; controls stand where their score puts them.
    pairwise : Pairwise or None
        None with fewer than two entries, and on hidden boards.
    agreement : Agreement or None
        As `pairwise`.
    strata : tuple of Stratum
    settings : Settings
    remarks : tuple of str
        What a reader should know.
    citations : tuple of str
        What to cite for the challenge.
    licence : str or None
    organisers : tuple of str
    kind : str
        What truth and predictions are, such as ``labels``; empty if not known.
    software : str
        What made it, with its version.
    """

    challenge: str
    title: str
    task: str
    phase: str
    split: str
    hidden: bool
    cases: int
    conventions: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    pairwise: Pairwise | None = None
    agreement: Agreement | None = None
    strata: tuple[Stratum, ...] = ()
    settings: Settings = field(default_factory=Settings)
    remarks: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()
    licence: str | None = None
    organisers: tuple[str, ...] = ()
    kind: str = ""
    software: str = ""

    @property
    def entries(self) -> tuple[Row, ...]:
        """The rows that compete: all but the controls."""
        return tuple(row for row in self.rows if not row.is_control)

    def find_row(self, entry: str) -> Row | None:
        """Return the row of an entry that competes, or None."""
        return next((row for row in self.entries if row.entry == entry), None)

    @property
    def digest(self) -> str:
        """The SHA-256 of all that the board says, in hexadecimal digits: the permanent name of this version."""
        return sha256(canonical(self.as_dict())).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """Return the board as plain values for JSON, exactly: NaN is None, infinities are "inf" and "-inf"."""
        return write_fields(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Board:
        """Return the board that `as_dict` wrote.

        Raises
        ------
        BoardFileError
            If a field is missing, unknown or of another type.
        """
        return read_fields(cls, values)

    def to_html(self) -> str:
        """Return a page that needs nothing else: no script, no style sheet, no server."""
        from bioimagehub.challenges.boards.page import write_page

        return write_page(self)

    def to_markdown(self) -> str:
        """Return the table of the board in Markdown."""
        from bioimagehub.challenges.boards.text import write_markdown

        return write_markdown(self)

    def to_text(self) -> str:
        """Return the table of the board as aligned text."""
        from bioimagehub.challenges.boards.text import write_text

        return write_text(self)

    def __repr__(self) -> str:
        return f"<Board of {self.challenge}, {self.phase}: {len(self.entries)} entries, {self.cases} cases>"

    def _repr_html_(self) -> str:
        from bioimagehub.challenges.boards.page import write_table

        return write_table(self)
