"""The download of a dataset as a widget: its state in traits, its questions, and the process that it follows."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from bioimagehub.catalogs.downloads import FetchSettings, Selection, plan_fetch
from bioimagehub.catalogs.downloads.background import BackgroundRun, Order, find_run, start_run
from bioimagehub.widgets.download.following import Follower, tell_run
from bioimagehub.widgets.download.plans import tell_plan
from bioimagehub.widgets.download.result import Held, read_held, tell_result
from bioimagehub.widgets.download.sources import tell_source
from bioimagehub.widgets.download.telling import STATED, write_html, write_text
from bioimagehub.widgets.download.tree import FileTree
from bioimagehub.widgets.errors import NothingToFetchError, NotNowError
from bioimagehub.widgets.scripts import join_scripts, join_styles
from bioimagehub.widgets.widget import HubWidget

if TYPE_CHECKING:
    from bioimagehub.catalogs.downloads import Plan
    from bioimagehub.catalogs.downloads.background import Part, RunState
    from bioimagehub.catalogs.downloads.manifest import Entry
    from bioimagehub.widgets.widget import Answer

ROWS = 200
"""Rows in one answer, at most."""
_BUSY = ("planning", "running")
_SELECTING = ("levels", "channels", "region", "labels")
_SENT = (*_SELECTING, "rate", "replace")
"""What a page sends along when what it asks for depends on it."""
_READY = ("planned", "done", "failed", "cancelled")


class Download(HubWidget):
    """Download datasets. Make it with `download`.

    Attributes
    ----------
    entries : list of str
        Identifiers, addresses or paths of what is downloaded.
    folder : str
        Where it goes.
    chosen : list of str
        Patterns of the files that are wanted, as `bioimagehub.catalogs.downloads.patterns.Patterns` has them; the last
        one that fits a file decides. Empty for all.
    levels, channels : list of int
        Multiscale levels and positions of channels of OME-Zarr images that are wanted; empty for all.
    region : dict of str to list of int
        First pixel and the one behind the last along ``t``, ``z``, ``y`` or ``x``, counted at level 0.
    labels : bool
        Whether label images are taken along.
    rate : float or None
        Bytes a second, at most.
    replace : bool
        Whether files that were not fetched, or were changed since, are overwritten.
    state : str
        ``planning``, ``planned``, ``running``, ``paused``, ``done``, ``failed`` or ``cancelled``.
    plan : dict
        What would be fetched: files, bytes, time, licence, what of the images can be chosen.
    progress : dict
        How far it is, four times a second: see `bioimagehub.catalogs.downloads.background.RunState`.
    problems : list of dict
        The first hundred files that failed: ``folder`` and ``path``, and why, in three parts.
    result : dict
        What is in the folder at the end: files, bytes, checksums by kind, manifests, and ``code`` that opens it.
    """

    QUESTIONS = ("act", "choose", "files", "manifest")
    ACTS = ("again", "cancel", "pause", "plan_again", "resume", "start")
    _esm = join_scripts("download/download.js")
    _css = join_styles("theme.css", "download/download.css")

    entries = traitlets.List(traitlets.Unicode()).tag(sync=True)
    folder = traitlets.Unicode().tag(sync=True)
    chosen = traitlets.List(traitlets.Unicode()).tag(sync=True)
    levels = traitlets.List(traitlets.Int(min=0)).tag(sync=True)
    channels = traitlets.List(traitlets.Int(min=0)).tag(sync=True)
    region = traitlets.Dict().tag(sync=True)
    labels = traitlets.Bool(True).tag(sync=True)
    rate = traitlets.Float(None, allow_none=True).tag(sync=True)
    replace = traitlets.Bool(False).tag(sync=True)
    state = traitlets.Enum(tuple(STATED), "planning").tag(sync=True)
    plan = traitlets.Dict().tag(sync=True)
    progress = traitlets.Dict().tag(sync=True)
    problems = traitlets.List(traitlets.Dict()).tag(sync=True)
    result = traitlets.Dict().tag(sync=True)

    def __init__(self, parts: tuple[Part, ...], **state: Any) -> None:
        # First, for a widget that is refused is closed, too.
        self._follower = Follower(self._show_run, self.show_problem)
        super().__init__(**state)
        self._parts = parts
        self.entries = [tell_source(part.source) for part in parts]
        self._changed = threading.Condition()
        self._planned = self._start_with = 0
        self._planning = threading.RLock()
        self._plans: list[tuple[str, Plan]] = []
        self._tree: FileTree | None = None
        self._held: list[Held] | None = None
        self.observe(self._notify, "state")
        run = find_run(Path(self.folder))
        if run is not None and self._is_of(run):
            self._join(run)
        else:
            self.plan_again()
        self.observe(self._choose_again, "chosen")
        self.observe(lambda _: self.plan_again(), _SELECTING)

    def start(self) -> None:
        """Begin to fetch what is chosen, in a process of its own.

        Raises
        ------
        NotNowError
            If it is being planned or fetched.
        NothingToFetchError
            If nothing is chosen.
        FetchRunningError
            If another download goes on in the folder.
        FolderNotWritableError
            If the folder cannot be written.
        """
        self._require("begun", *_READY)
        tree = self._tree
        if tree is None:
            msg = "The download cannot be begun: there is no plan of it. It may have failed. Plan it again."
            raise NotNowError(msg)
        wanted = {leaf.path.partition("/")[0] for leaf in tree.leaves if leaf.chosen}
        parts = tuple(part for part in self._parts if not part.folder or part.folder in wanted)
        if not wanted or not parts:
            msg = "Nothing would be fetched: no file is chosen. Choose one in the list of files."
            raise NothingToFetchError(msg)
        settings = FetchSettings(rate=self.rate, replace=self.replace)
        order = Order(parts=parts, selection=replace(self._selection(), paths=tuple(self.chosen)), settings=settings)
        self._begin(start_run(order, Path(self.folder)))

    def pause(self) -> None:
        """Hold the download; `resume` lets it go on, in this notebook or in another one."""
        self._require("paused", "running")
        BackgroundRun(Path(self.folder)).pause()

    def resume(self) -> None:
        """Let a download go on that is paused, was cancelled, or whose process was ended."""
        self._require("resumed", "paused", "cancelled", "failed")
        run = BackgroundRun(Path(self.folder))
        run.go_on()
        self._begin(run)

    def cancel(self) -> None:
        """End the download. What came is kept, and `resume` gets the rest."""
        self._require("cancelled", "running", "paused")
        run = BackgroundRun(Path(self.folder))
        run.cancel()
        if not run.is_alive:
            self.state = "cancelled"
        self._follower.follow(run)

    def again(self) -> None:
        """Fetch what failed, and nothing else."""
        self._require("repeated", "failed")
        run = BackgroundRun(Path(self.folder))
        if run.failures():
            run.fetch_again()
        else:
            run.go_on()
        self._begin(run)

    def plan_again(self) -> None:
        """Work out anew what there is to be fetched, as when levels, channels or a region were chosen."""
        if self.state in ("running", "paused"):
            return
        with self._planning:
            self._planned += 1
            self.state = "planning"
            self._pool.submit(self._plan, self._planned)

    def wait(self, timeout: float | None = None) -> str:
        """Wait until it is planned, if it is being planned, or until it is not fetching any more; give its state.

        Parameters
        ----------
        timeout : float or None
            Seconds, at most; None for as long as it takes.
        """
        with self._changed:
            self._changed.wait_for(lambda: self.state not in _BUSY, timeout)
        return self.state

    def manifest(self) -> list[Entry]:
        """List the files that were fetched, with the checksum and the address of each."""
        return [each.entry for each in self._list_held()]

    def choose(self, path: str, take: bool = True) -> None:
        """Take a file, or a folder and all in it, or leave it out; an empty path stands for all."""
        if self._tree is not None:
            self.chosen = list(self._tree.toggle(path, take=take))

    def close(self) -> None:
        """Take the widget off all pages; the download goes on."""
        self._follower.stop()
        super().close()

    def as_text(self) -> str:
        """Tell plan, state and result."""
        return write_text(self)

    def as_static(self) -> dict[str, Any]:
        """Give what a saved notebook shows: a table of what is planned, or of what came."""
        return {"text/html": write_html(self), "text/plain": write_text(self, lasting=True)}

    def answer_act(self, content: dict[str, Any], buffers: list[Any], stop: threading.Event) -> Answer:
        """Do what a button says, with what was chosen on the page when it was pressed.

        The page saves its traits later than it asks: without what it sends along, what was chosen last would be
        missing. What is planned anew for it begins when it is planned, unless another plan is asked for meanwhile.
        """
        # No plan comes to its end in between.
        with self._planning:
            self.set_trait("problem", None)
            for name, value in (content.get("set") or {}).items():
                if name in _SENT and getattr(self, name) != value:
                    setattr(self, name, value)
            if content.get("do") == "start" and self.state == "planning":
                self._start_with = self._planned
                return {}, []
        return super().answer_act(content, buffers, stop)

    def answer_choose(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Take files, or leave them out: a path with all below it, all that a search finds, or just one format."""
        tree = self._tree
        if tree is not None and "ending" in content:
            self.chosen = list(tree.only(str(content["ending"])))
        elif tree is not None:
            take, search = bool(content["take"]), str(content.get("search") or "")
            self.chosen = list(
                tree.toggle_found(search, take=take) if search else tree.toggle(str(content["path"]), take=take)
            )
        return {}, []

    def answer_files(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Give some rows of the tree of files, or of those that are found."""
        tree = self._tree
        if tree is None:
            return {"count": 0, "rows": []}, []
        opened = [str(each) for each in content.get("open", ())]
        limit = min(ROWS, int(content.get("limit", ROWS)))
        count, rows = tree.rows(str(content.get("search") or ""), opened, int(content.get("offset", 0)), limit)
        return {"count": count, "rows": rows}, []

    def answer_manifest(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Give some lines of the manifest."""
        held = self._list_held()
        begin = int(content.get("offset", 0))
        rows = [
            {"name": each.name[:300], "size": each.entry.size, "checksum": each.entry.checksum}
            for each in held[begin : begin + min(ROWS, int(content.get("limit", ROWS)))]
        ]
        return {"count": len(held), "rows": rows}, []

    def _is_of(self, run: BackgroundRun) -> bool:
        """Tell whether a run that was found fetches what this widget is for; one that has ended, just that."""
        order = run.order
        if order is None or not {tell_source(each.source) for each in order.parts} <= set(self.entries):
            return False
        wanted = replace(self._selection(), paths=tuple(self.chosen))
        return run.state().is_active or wanted in (Selection(), order.selection)

    def _join(self, run: BackgroundRun) -> None:
        """Go on showing a download that was begun before."""
        order = run.order
        if order is not None:
            chosen = order.selection
            self.chosen, self.levels = list(chosen.paths), list(chosen.levels)
            self.channels = [each for each in chosen.channels if isinstance(each, int)]
            self.region = {axis: list(span) for axis, span in chosen.region.items()}
            self.labels = chosen.labels
        self._show_run(run, run.state())
        self._follower.follow(run)

    def _begin(self, run: BackgroundRun) -> None:
        self._held = None
        self.set_trait("problem", None)
        self.result, self.problems = {}, []
        self._show_run(run, run.state())
        self._follower.follow(run)

    def _selection(self) -> Selection:
        """Give what of the images is wanted; of which files, too, where images are cut."""
        region = {axis: (int(start), int(stop)) for axis, (start, stop) in self.region.items()}
        found = Selection(levels=tuple(self.levels), channels=tuple(self.channels), region=region, labels=self.labels)
        return replace(found, paths=tuple(self.chosen)) if found.cuts_images else found

    def _plan(self, number: int) -> None:
        """Plan all parts, unless another plan was asked for meanwhile."""
        try:
            selection = self._selection()
            plans = []
            for part in self._parts:
                if number != self._planned:
                    return
                inside = f"{part.folder}/" if part.folder else ""
                plans.append((part.folder, plan_fetch(part.source, selection=replace(selection, inside=inside))))
            tree = FileTree(plans)
            tree.choose(self.chosen)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must be seen on the page
            plans, tree = [], None
            if number == self._planned:
                self.show_problem(error)
        with self._planning:
            if number != self._planned:
                return
            self._plans, self._tree = plans, tree
            self.plan = {} if tree is None else tell_plan(plans, tree, Path(self.folder))
            self.state = "planned" if tree is not None else "failed"
        self.keep()
        if tree is not None and number == self._start_with:
            try:
                self.start()
            except Exception as error:  # noqa: BLE001 - nobody waits for an answer any more
                self.show_problem(error)

    def _choose_again(self, _change: Any) -> None:
        """Count anew what is chosen."""
        with self._planning:
            if self._tree is None or self.state in ("running", "paused"):
                return
            self._tree.choose(self.chosen)
            self.plan = tell_plan(self._plans, self._tree, Path(self.folder))
        self.keep()

    def _show_run(self, run: BackgroundRun, state: RunState) -> None:
        """Show how far the process is."""
        shown = tell_run(run, state)
        self.progress = shown.progress
        if shown.problems != self.problems:
            self.problems = shown.problems
        if shown.problem is not None and not state.is_active:
            self.set_trait("problem", dict(shown.problem))
        if not state.is_active:
            self._held = None
            self.result = tell_result(run.folder, self._list_held(), self._folders())
        self.state = shown.state
        if not state.is_active:
            self.keep()

    def _list_held(self) -> list[Held]:
        if self._held is None:
            self._held = read_held(Path(self.folder), self._folders())
        return self._held

    def _folders(self) -> list[str]:
        return [part.folder for part in self._parts]

    def _require(self, done: str, *states: str) -> None:
        if self.state not in states:
            msg = (
                f"The download cannot be {done}: it is {self.state}. That is for one that is {', '.join(states)}. "
                "Wait until it is, or look at its state."
            )
            raise NotNowError(msg)

    def _notify(self, _change: Any) -> None:
        with self._changed:
            self._changed.notify_all()
