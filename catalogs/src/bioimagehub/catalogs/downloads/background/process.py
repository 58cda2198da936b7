"""The process of a download: ``python -m bioimagehub.catalogs.downloads.background.process FOLDER [--again]``.

It reads its order from the folder, and tells there how far it is. It waits or ends as is wished there.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.catalogs.downloads.background.order import read_order
from bioimagehub.catalogs.downloads.background.state import (
    Failure,
    RunState,
    clear_failures,
    note_failure,
    read_failures,
    read_wish,
    write_state,
)
from bioimagehub.catalogs.downloads.fetching import fetch
from bioimagehub.catalogs.downloads.planning import plan_fetch
from bioimagehub.catalogs.errors import CatalogError

if TYPE_CHECKING:
    from bioimagehub.catalogs.downloads.background.order import Order, Part
    from bioimagehub.catalogs.downloads.plan import Plan
    from bioimagehub.catalogs.downloads.progress import Progress
    from bioimagehub.catalogs.downloads.report import Outcome

_EVERY = 0.25
"""Seconds between two states that are told."""
_SHOWN = 12
_LONGEST_PAUSE = 3600.0
"""Seconds after which a paused download ends its process; it goes on in another one."""


class _Run:
    """Fetches the parts of an order, one after another."""

    def __init__(self, folder: Path, order: Order, again: bool) -> None:
        self._folder = folder
        self._order = order
        failed = list(read_failures(folder)) if again else []
        self._wanted = {(failure.folder, failure.path) for failure in failed} if again else None
        self._stop, self._hold = threading.Event(), threading.Event()
        self._held_since: float | None = None
        self._ended_by: str | None = None
        self._state = RunState(state="planning")
        self._told = 0.0
        self._counts: Counter[str] = Counter()
        self._base = RunState(state="running")

    def run(self) -> None:
        """Do all, and tell what came of it."""
        self._tell(self._state)
        signal.signal(signal.SIGTERM, lambda *_: self._end("paused"))
        clear_failures(self._folder)
        plans = [(part, plan) for part in self._order.parts if (plan := self._plan(part)) is not None]
        sizes = [item.size for _, plan in plans for item in plan.items]
        self._base = replace(
            self._base,
            files_total=sum(len(plan.items) for _, plan in plans),
            size_total=None if None in sizes else sum(size or 0 for size in sizes),
            notes=tuple(note for _, plan in plans for note in plan.notes),
            problem=self._state.problem,
        )
        self._watch_wish()
        for part, plan in plans:
            if not self._stop.is_set():
                self._fetch(part, plan)
        self._tell(replace(self._base, state=self._outcome(), rate=0.0, seconds_left=None, under_way=()))

    def _plan(self, part: Part) -> Plan | None:
        inside = f"{part.folder}/" if part.folder else ""
        try:
            plan = plan_fetch(part.source, selection=replace(self._order.selection, inside=inside))
        except CatalogError as error:
            self._add_problem(error)
            return None
        if self._wanted is None:
            return plan
        items = tuple(item for item in plan.items if (part.folder, item.path) in self._wanted)
        return replace(plan, items=items) if items else None

    def _fetch(self, part: Part, plan: Plan) -> None:
        begun = self._base

        def show(progress: Progress) -> None:
            self._watch_wish()
            self._show(begun, progress)

        def conclude(outcome: Outcome) -> None:
            self._counts[outcome.status] += 1
            if outcome.status == "failed":
                reason = outcome.reason or "It is not told why."
                note_failure(self._folder, Failure(folder=part.folder, path=outcome.path, reason=reason))

        try:
            report = fetch(
                plan,
                self._folder / part.folder,
                settings=self._order.settings,
                progress=show,
                stop=self._stop,
                hold=self._hold,
                concluded=conclude,
            )
        except CatalogError as error:
            self._add_problem(error)
        else:
            self._base = replace(
                self._base, notes=(*self._base.notes, *(note for note in report.notes if note not in plan.notes))
            )
        done = self._state
        self._base = replace(
            self._base, files=done.files, size=done.size, moved=done.moved, seconds=done.seconds, failed=done.failed,
            counts=dict(self._counts),
        )  # fmt: skip

    def _show(self, begun: RunState, progress: Progress) -> None:
        state = replace(
            begun,
            state="paused" if progress.held else "running",
            files=begun.files + progress.files,
            size=begun.size + progress.size,
            moved=begun.moved + progress.moved,
            rate=progress.rate,
            seconds=begun.seconds + progress.seconds,
            seconds_left=self._left(begun, progress),
            failed=begun.failed + progress.failed,
            under_way=tuple((each.path, each.came, each.size) for each in progress.under_way[:_SHOWN]),
            counts=dict(self._counts),
            problem=self._base.problem,
        )
        changed = state.state != self._state.state
        self._state = state
        if changed or time.monotonic() - self._told >= _EVERY:
            self._tell(state)

    def _left(self, begun: RunState, progress: Progress) -> float | None:
        """Reckon with all parts, where their sizes are known."""
        total = self._base.size_total
        if total is None or not progress.rate:
            return progress.seconds_left if len(self._order.parts) == 1 else None
        return max(0, total - begun.size - progress.size) / progress.rate

    def _watch_wish(self) -> None:
        """Do what is wished."""
        wish = read_wish(self._folder)
        if wish == "cancelled":
            self._end("cancelled")
        elif wish == "paused":
            self._hold.set()
            self._held_since = self._held_since or time.monotonic()
            if time.monotonic() - self._held_since > _LONGEST_PAUSE:
                self._end("paused")
        else:
            self._hold.clear()
            self._held_since = None

    def _end(self, state: str) -> None:
        self._ended_by = self._ended_by or state
        self._stop.set()

    def _outcome(self) -> str:
        if self._ended_by is not None:
            return "cancelled" if self._ended_by == "cancelled" else "interrupted"
        return "failed" if self._base.problem or self._base.failed else "done"

    def _add_problem(self, error: CatalogError) -> None:
        before = f"{self._state.problem} " if self._state.problem else ""
        self._state = replace(self._state, problem=f"{before}{error}")
        self._base = replace(self._base, problem=self._state.problem)

    def _tell(self, state: RunState) -> None:
        self._state, self._told = state, time.monotonic()
        write_state(self._folder, state)


def main(arguments: list[str]) -> None:
    """Fetch into a folder what was ordered for it."""
    folder = Path(arguments[0])
    order = read_order(folder)
    if order is None:
        msg = f"Nothing was ordered for {folder}. Begin a download into it."
        raise SystemExit(msg)
    _Run(folder, order, "--again" in arguments[1:]).run()


if __name__ == "__main__":
    main(sys.argv[1:])
