"""Carrying out a plan: checks before anything is written, then many threads, and at the end a report."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bioimagehub.catalogs.downloads.desk import Desk
from bioimagehub.catalogs.downloads.folder import Target
from bioimagehub.catalogs.downloads.hashing import OWN
from bioimagehub.catalogs.downloads.manifest import Manifest
from bioimagehub.catalogs.downloads.names import check_links, choose_names
from bioimagehub.catalogs.downloads.pacing import Rate
from bioimagehub.catalogs.downloads.progress import FileProgress, Meter, Progress
from bioimagehub.catalogs.downloads.queue import Queue
from bioimagehub.catalogs.downloads.report import Report
from bioimagehub.catalogs.downloads.sending import Sender
from bioimagehub.catalogs.downloads.settings import FetchSettings
from bioimagehub.catalogs.downloads.standing import require_free
from bioimagehub.catalogs.downloads.tasks import LARGE, Task
from bioimagehub.catalogs.downloads.wire import Wire
from bioimagehub.catalogs.downloads.work import Worker
from bioimagehub.catalogs.errors import InsufficientSpaceError
from bioimagehub.catalogs.reader import Dataset
from bioimagehub.catalogs.reader.counts import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bioimagehub.catalogs.downloads.plan import Plan
    from bioimagehub.catalogs.downloads.report import Outcome

_TICK = 0.1
_SHOWN = 50
"""Files under way that are told of at most."""
_MOST_THREADS = 128
_GLANCE = 0.025
"""Seconds after which the thread that writes to the disk looks whether much has come: all that is left at the end is
waited for."""
_SYNCED = 1.0
"""Seconds after which small files that came are on the disk."""
_PATIENCE = 5.0
"""Seconds that threads have to end after a stop; what they wait for may take longer, and is given up then."""


def fetch(
    plan: Plan,
    folder: Path,
    *,
    settings: FetchSettings | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    hold: threading.Event | None = None,
    concluded: Callable[[Outcome], None] | None = None,
) -> Report:
    """Fetch what was planned into a folder.

    What is there already is checked and left; what is there in part goes on; a file that fails does not stop the
    others. A file has its name only when it is whole and checked; when this ends, all is on the disk.

    Parameters
    ----------
    plan : Plan
    folder : Path
        Made if it is missing.
    settings : FetchSettings or None
        Limits; None for the usual ones.
    progress : callable or None
        Called ten times a second, in this thread, with a `Progress`.
    stop : threading.Event or None
        Set by another thread to stop: what is good stays, and the report tells what is missing.
    hold : threading.Event or None
        Set by another thread to hold the download, and cleared to let it go on. Parts of large files are put back,
        small files that are under way come to their end.
    concluded : callable or None
        Called in this thread with the outcome of each file, soon after it is known.

    Returns
    -------
    Report
        One outcome a file, failed ones among them: see `Report.complete`.

    Raises
    ------
    UnsafeNameError, FileInTheWayError, InsufficientSpaceError, FolderNotWritableError, FetchRunningError
        Before anything is fetched, if it could not be written.
    InsufficientSpaceError
        If the disk is full after all; what is good stays.
    KeyboardInterrupt
        If the user stops it; what is good stays.
    """
    settings = settings or FetchSettings()
    started, meter = datetime.now(UTC).isoformat(timespec="seconds"), Meter()
    with Target(folder) as target, Manifest(target.own) as manifest:
        names = choose_names((item.path for item in plan.items), manifest.names())
        check_links(folder, names.values())
        require_free(target, ((item, names[item.path]) for item in plan.items), manifest, replace=settings.replace)
        target.require_room(sum(max(0, (item.size or 0) - target.there(names[item.path])) for item in plan.items))
        desk = Desk(target, manifest, settings, Rate(settings.rate), plan.source)
        own = "sha256" if settings.sha256 else OWN
        tasks = [Task(item, names[item.path], list(item.urls), own) for item in plan.items]
        queue = Queue(tasks, settings)
        sizes = [item.size for item in plan.items]
        total = None if None in sizes else sum(size or 0 for size in sizes)

        told = [0]

        def tell() -> None:
            if hold is not None:
                queue.hold(hold.is_set())
            while concluded is not None and told[0] < len(queue.outcomes):
                concluded(queue.outcomes[told[0]])
                told[0] += 1
            if progress is not None:
                progress(_look(queue, meter, total, len(tasks)))

        try:
            _run(queue, desk, meter, _count_threads(plan, settings), tell, stop)
        finally:
            desk.conclude()
            count(Dataset(plan.source), bytes=meter.moved)
        return Report(
            source=plan.source,
            folder=str(folder),
            started=started,
            seconds=round(meter.seconds, 3),
            moved=meter.moved,
            files=tuple(sorted(queue.outcomes, key=lambda outcome: outcome.path)),
            notes=(*plan.notes, *_find_empty(queue, tasks, manifest)),
        )


def _find_empty(queue: Queue, tasks: list[Task], manifest: Manifest) -> list[str]:
    """Tell of images of which the store has no chunk at all: they may be there, and are not as they should be."""
    absent = {outcome.path for outcome in queue.outcomes if outcome.status == "absent"}
    chunks: dict[str, set[str]] = {}
    for task in tasks:
        if task.item.image is not None and not task.item.last:
            chunks.setdefault(task.item.image, set()).add(task.item.path)
    return [
        f"None of the chunks of {image} is in the store: all its pixels have the fill value. "
        "Unless the selection is empty, report it to the archive."
        for image, paths in chunks.items()
        if paths <= absent and not _has_chunks(image, tasks, manifest)
    ]


def _has_chunks(image: str, tasks: list[Task], manifest: Manifest) -> bool:
    """Tell whether chunks of an image came that this run does not ask for."""
    here = {task.item.path for task in tasks}
    return any(path.startswith(f"{image}/") and path not in here for path in manifest.names())


def _run(
    queue: Queue,
    desk: Desk,
    meter: Meter,
    threads: int,
    tell: Callable[[], None],
    stop: threading.Event | None,
) -> None:
    wire = Wire(desk.settings)
    executor = ThreadPoolExecutor(threads, thread_name_prefix="fetch")
    with _syncing(queue, desk):
        workers = [Worker(queue, wire, desk, meter.place(number)) for number in range(threads)]
        # Reading little by little, as a limit wants it, keeps all others waiting.
        if not desk.settings.rate:
            workers[0] = Sender(queue, wire, desk, meter.place(0), threads)
        futures = [executor.submit(worker.run) for worker in workers]
        try:
            while not all(future.done() for future in futures):
                queue.ended.wait(_TICK)
                if stop is not None and stop.is_set():
                    queue.stop()
                    break
                tell()
        finally:
            queue.stop()
            until = time.monotonic() + _PATIENCE
            while not all(future.done() for future in futures) and time.monotonic() < until:
                time.sleep(0.01)
            ended = all(future.done() for future in futures)
            executor.shutdown(wait=False)
    for task in queue.unfinished():
        if ended:
            task.leave()
        queue.outcomes.append(task.outcome("cancelled"))
    wire.close()
    tell()
    if isinstance(queue.fault, OSError):
        msg = (
            f"The disk of {desk.target.folder} is full: {queue.fault}. What is good stays. "
            "Make room and run the command again: it goes on where it stopped."
        )
        raise InsufficientSpaceError(msg) from queue.fault
    if queue.fault is not None:
        raise queue.fault


@contextmanager
def _syncing(queue: Queue, desk: Desk) -> Iterator[None]:
    """Have what came on the disk each second, so that a machine that stops costs little."""
    over = threading.Event()

    def sync() -> None:
        begun = time.monotonic()
        while not over.wait(_GLANCE):
            if time.monotonic() - begun >= _SYNCED:
                desk.sync()
                begun = time.monotonic()
            with queue.lock:
                partials = [task.partial for task in queue.active]
            for each in partials:
                if each is not None:
                    each.sync_now_and_then()

    thread = threading.Thread(target=sync, name="fetch-sync", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _count_threads(plan: Plan, settings: FetchSettings) -> int:
    large = sum(1 for item in plan.items if (item.size if item.size is not None else item.most or LARGE + 1) > LARGE)
    small = len(plan.items) - large
    hosts = max(1, len({item.urls[0].split("/")[2] for item in plan.items if item.urls}))
    return max(1, min(_MOST_THREADS, hosts * max(min(small, settings.files), settings.ranges if large else 1)))


def _look(queue: Queue, meter: Meter, total: int | None, files_total: int) -> Progress:
    with queue.lock:
        files, size, failed = len(queue.outcomes), queue.size, queue.failed
        came = sum(task.partial.came for task in queue.active if task.partial is not None)
        flying = [task for task in queue.under_way.values() if not task.done]
        came += sum(task.came for task in flying if task.partial is None)
    size += came
    rate = meter.rate()
    left: float | None = None
    if rate and total is not None:
        left = max(0, total - size) / rate
    elif rate and files:
        left = (files_total - files) * (size / files) / rate
    return Progress(
        files=files,
        files_total=files_total,
        size=size,
        size_total=total,
        moved=meter.moved,
        rate=rate,
        seconds=meter.seconds,
        seconds_left=left,
        failed=failed,
        held=queue.held,
        under_way=tuple(FileProgress(task.item.path, task.came, _known_size(task)) for task in flying[:_SHOWN]),
    )


def _known_size(task: Task) -> int | None:
    return task.item.size if task.partial is None else task.partial.size
