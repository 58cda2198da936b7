"""What pages and API show. What is not in these classes is shown to nobody."""

from __future__ import annotations

import math
from datetime import datetime  # noqa: TC003 (pydantic reads the annotations)
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from bioimagehub.hub.portal.context import challenge_of
from bioimagehub.hub.portal.store.boards import newest_board, newest_number, results_of
from bioimagehub.hub.portal.store.database import now
from bioimagehub.hub.portal.store.models import COUNTED, SCORED
from bioimagehub.hub.portal.store.queue import place_in_queue, stage_of
from bioimagehub.hub.portal.store.submissions import count_submissions

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from bioimagehub.challenges.challenge_parts import Phase
    from bioimagehub.hub.portal.store.models import ChallengeRow, EditionRow, SubmissionRow


class PhaseView(BaseModel):
    """A phase, and what of its limits the person who asks has used."""

    name: str
    title: str
    split: str
    hidden: bool = Field(description="Whether the truth of its split is hidden; its scores are rounded then.")
    opens: datetime | None
    closes: datetime | None = Field(description="The first moment too late, by the server's clock.")
    is_open: bool
    cases: int = Field(description="Images to be predicted.")
    per_day: int | None = Field(description="Submissions that count, in a day of UTC; null for no limit.")
    total: int | None
    size: int = Field(description="Bytes of one submission.")
    used_today: int
    used_total: int
    board: int | None = Field(description="Number of the newest version of the board; null before the first score.")


class ChallengeView(BaseModel):
    """A challenge, as its file says."""

    name: str
    title: str
    summary: str
    task: str
    kind: str
    licence: str
    organisers: list[str]
    citation: list[str]
    entries: list[str] = Field(description="Entries of the catalog that the images come from.")
    metrics: list[str] = Field(description="The first ranks.")
    conventions: str
    formats: list[str]
    edition: int
    phases: list[PhaseView]


class ProblemView(BaseModel):
    """Something that the validator, or the hub, says of a submission."""

    case: str | None
    what: str
    expected: str
    cure: str


class SubmissionView(BaseModel):
    """A submission of the person who asks."""

    id: str
    challenge: str
    phase: str
    entry: str
    filename: str
    size: int
    sha256: str
    received: datetime
    state: str = Field(
        description="waiting, running, checking, scoring, scored, refused, unfinished, failed or withdrawn."
    )
    counts: bool = Field(description="Whether it counts against the limits.")
    ahead: int | None = Field(description="Submissions before it in the queue; null if it does not wait.")
    stage: str | None = Field(description="What is being done with it now.")
    finished: datetime | None
    problems: list[ProblemView]
    kind: str = Field(description="predictions, or method.")
    run: dict[str, Any] | None = Field(description="Of a method: how it ran, and in what environment.")


class ResultView(BaseModel):
    """The result of a submission of the person who asks."""

    submission: str
    edition: int
    key: str | None = Field(description="Hash over data, truth, metrics and predictions; where the truth is public.")
    conventions: str
    hidden: bool
    scores: dict[str, float | str | None] = Field(
        description="By metric; where the truth is hidden, rounded as the board is, null before."
    )
    cases: dict[str, dict[str, float | str | None]] | None = Field(description="Only where the truth is public.")
    created: datetime


def view_phase(session: Session, row: ChallengeRow, edition: EditionRow, phase: Phase, user: str) -> PhaseView:
    """Return a phase as somebody sees it."""
    challenge = challenge_of(edition)
    today, total, _ = count_submissions(session, row, phase.name, user)
    return PhaseView(
        name=phase.name,
        title=phase.title or phase.name,
        split=phase.split,
        hidden=phase.hidden,
        opens=phase.opens,
        closes=phase.closes,
        is_open=phase.is_open(now()),
        cases=len(challenge.splits[phase.split].cases),
        per_day=phase.limits.per_day,
        total=phase.limits.total,
        size=int(phase.limits.size),
        used_today=today,
        used_total=total,
        board=newest_number(session, row.id, phase.name),
    )


def view_challenge(session: Session, row: ChallengeRow, edition: EditionRow, user: str) -> ChallengeView:
    """Return a challenge as somebody sees it."""
    challenge = challenge_of(edition)
    return ChallengeView(
        name=challenge.name,
        title=challenge.title,
        summary=challenge.summary,
        task=challenge.task,
        kind=challenge.kind,
        licence=challenge.licence,
        organisers=[
            f"{person.name}, {person.affiliation}" if person.affiliation else person.name
            for person in challenge.organisers
        ],
        citation=[f"{one.text} {one.doi or ''}".strip() for one in challenge.citation],
        entries=[entry.identifier for entry in challenge.data.entries],
        metrics=[f"{ranked.metric} ({ranked.aggregate})" for ranked in challenge.metrics],
        conventions=str(challenge.conventions),
        formats=list(challenge.submission.formats),
        edition=edition.number,
        phases=[view_phase(session, row, edition, phase, user) for phase in challenge.phases],
    )


def view_submission(session: Session, row: SubmissionRow, challenge: ChallengeRow) -> SubmissionView:
    """Return a submission as its owner sees it."""
    return SubmissionView(
        id=row.id,
        challenge=challenge.name,
        phase=row.phase,
        entry=row.entry,
        filename=row.filename,
        size=row.size,
        sha256=row.sha256,
        received=row.received,
        state=row.state,
        counts=row.state in COUNTED,
        ahead=place_in_queue(session, row.id) if row.state != SCORED else None,
        stage=stage_of(session, row.id),
        finished=row.finished,
        problems=[ProblemView(**problem) for problem in row.report],
        kind=row.kind,
        run=row.run,
    )


def view_result(session: Session, row: SubmissionRow, challenge: ChallengeRow) -> ResultView | None:
    """Return the newest result of a submission as its owner sees it; None before the first.

    Where the truth is hidden, scores are rounded as on the board, none before there is one, and single cases are not
    shown.
    """
    results = results_of(session, row.id)
    if not results:
        return None
    newest, edition = results[0]
    hidden = next((phase.hidden for phase in challenge_of(edition).phases if phase.name == row.phase), True)
    scores: dict[str, Any] = newest.result["scores"]
    if hidden:
        board = newest_board(session, challenge.name, row.phase)
        # A board of another edition does not say what is noise in the scores of this one.
        scores = round_scores(scores, {} if board is None or board[1].id != edition.id else board[0].board)
    cases = {name: dict(case["scores"]) for name, case in newest.result["cases"].items()}
    return ResultView(
        submission=row.id,
        edition=edition.number,
        key=None if hidden else newest.key,
        conventions=newest.result["conventions"],
        hidden=hidden,
        scores=scores,
        cases=None if hidden else cases,
        created=newest.created,
    )


def round_scores(scores: dict[str, Any], board: dict[str, Any]) -> dict[str, Any]:
    """Return scores to the steps of a board's columns; None where the board has no step: it does not say what is noise.

    Parameters
    ----------
    scores : dict
        By metric; None for no score.
    board : dict
        As `Board.as_dict` gives it; empty before the first.
    """
    steps = {column["name"]: column.get("step") for column in board.get("columns", [])}
    return {name: _round(value, steps.get(name)) for name, value in scores.items()}


def _round(value: Any, step: float | None) -> Any:
    if not step:
        return None
    if not isinstance(value, int | float) or not math.isfinite(value):
        return value
    # As many decimals as the step has, so that no digit of the sum is shown that means nothing.
    return round(round(value / step) * step, max(0, -math.floor(math.log10(step))))
