"""What was tolerated and what was lost while records were made: nothing is dropped in silence."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field
from typing import Any

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Defect:
    """Something that an archive should not have said so, and what was done about it."""

    identifier: str
    field: str
    text: str


@dataclass(frozen=True)
class Loss:
    """A record that could not be made, and why."""

    identifier: str
    reason: str


@dataclass
class Report:
    """What happened to the documents of an archive on their way to records.

    Attributes
    ----------
    defects : list of Defect
        Tolerated: the record was made all the same.
    losses : list of Loss
        Records that could not be made.
    quiet : bool
        Whether to keep defects out of the log, as a harvest does, which writes them down.

    Examples
    --------
    >>> report = Report(quiet=True)
    >>> report.defect("empiar:EMPIAR-10310", "size", "'1,9 TB' is not a size; left out")
    >>> print(report.summary())
    1 defect tolerated, 0 records lost
    empiar:EMPIAR-10310: size: '1,9 TB' is not a size; left out
    """

    defects: list[Defect] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    quiet: bool = False

    def defect(self, identifier: str, field: str, text: str) -> None:
        """Note a defect that was tolerated: of which record, in which field, what was found and what was done."""
        self.defects.append(Defect(_line(identifier), _line(field), _line(text)))
        if not self.quiet:
            _log.warning("%s: %s: %s", _line(identifier), _line(field), _line(text))

    def lost(self, identifier: str, reason: object) -> None:
        """Note a record that could not be made, and the reason."""
        self.losses.append(Loss(_line(identifier), _line(str(reason))))

    def summary(self) -> str:
        """Tell it in lines: the counts, each loss, then each defect."""
        counts = f"{_count(len(self.defects), 'defect')} tolerated, {_count(len(self.losses), 'record')} lost"
        losses = [f"{loss.identifier}: lost: {loss.reason}" for loss in self.losses]
        defects = [f"{defect.identifier}: {defect.field}: {defect.text}" for defect in self.defects]
        return "\n".join([counts, *losses, *defects])

    def fields(self) -> dict[str, Any]:
        """Give it as plain values, for JSON."""
        return {"defects": [asdict(each) for each in self.defects], "losses": [asdict(each) for each in self.losses]}

    def extend(self, fields: dict[str, Any]) -> None:
        """Add what another report gave as `fields`."""
        self.defects += [Defect(**each) for each in fields["defects"]]
        self.losses += [Loss(**each) for each in fields["losses"]]


def _line(text: str) -> str:
    """Make one short line of what an archive wrote: no control character reaches a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:500])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
