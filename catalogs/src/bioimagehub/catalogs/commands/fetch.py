"""``bioimagehub fetch``: get files, datasets or parts of images, and what is missing of them another time."""

from __future__ import annotations

import argparse
import re
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.catalogs.display import format_size
from bioimagehub.catalogs.errors import InvalidSelectionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from bioimagehub.catalogs.downloads import Plan, Progress, Report

_SHOWN = 20
_STOPPED = 130
"""Status of a command that was stopped by Ctrl-C, as shells give it."""
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``fetch`` to a parser."""
    parser = subparsers.add_parser(
        "fetch",
        help="download a file, a dataset, or a part of an image",
        description="Download a file, a dataset, or a part of an OME-Zarr image. What is there is checked and left; "
        "typed again after a cut, it gets the rest.",
    )
    parser.add_argument("source", help="identifier such as idr:idr0062, address, or path")
    parser.add_argument("--into", type=Path, help="folder (default: one with the name of the dataset, here)")
    parser.add_argument(
        "--path", action="append", default=[], metavar="GLOB", help="only files that fit; again for more"
    )
    parser.add_argument("--channel", action="append", default=[], help="only this channel, by name or number; again")
    parser.add_argument("--level", action="append", type=int, default=[], help="only this multiscale level; again")
    parser.add_argument(
        "--region", action="append", default=[], metavar="AXIS=FROM:TO", help="only these pixels of level 0; again"
    )
    parser.add_argument("--no-labels", action="store_true", help="leave out label images")
    parser.add_argument("--connections", type=int, help="connections to a host (default: 16 for large files, else 64)")
    parser.add_argument("--rate", type=_parse_rate, metavar="SPEED", help="bytes a second at most, such as 5M")
    parser.add_argument("--replace", action="store_true", help="overwrite files that were not fetched, or were changed")
    parser.add_argument(
        "--sha256", action="store_true", help="note a SHA-256 of files whose archive states no checksum, not a CRC-32"
    )
    parser.add_argument("--dry-run", action="store_true", help="tell what would be fetched, and stop")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write what came of each file, as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Plan, fetch and report."""
    from bioimagehub.catalogs.downloads import FetchSettings, Selection, fetch, plan_fetch, write_report
    from bioimagehub.catalogs.downloads.names import folder_name
    from bioimagehub.catalogs.downloads.selection import parse_region

    selection = Selection(
        paths=tuple(arguments.path),
        channels=tuple(int(each) if each.isdecimal() else each for each in arguments.channel),
        levels=tuple(arguments.level),
        region=parse_region(arguments.region),
        labels=not arguments.no_labels,
    )
    settings = FetchSettings(
        connections=arguments.connections, rate=arguments.rate, replace=arguments.replace, sha256=arguments.sha256
    )
    plan = plan_fetch(arguments.source, selection=selection)
    folder = arguments.into or Path(folder_name(arguments.source))
    _show_plan(plan, folder)
    if arguments.dry_run:
        return 0
    _require_writable(arguments.report)
    try:
        with _stopping(), _progress_line() as show:
            report = fetch(plan, folder, settings=settings, progress=show)
    except KeyboardInterrupt:
        print("\nStopped. What came is kept: the same command gets the rest.", file=sys.stderr)
        return _STOPPED
    if arguments.report:
        write_report(report, arguments.report)
    _show_report(report, folder)
    return 0 if report.complete else 1


def _show_plan(plan: Plan, folder: Path) -> None:
    from bioimagehub.catalogs.downloads.folder import free_space

    size = format_size(plan.size)
    if plan.unknown:
        size = f"{size or '0 B'} and {plan.unknown} files of unknown size"
        size += f", {format_size(plan.most)} at most" if plan.most else ""
    lines = [
        ("source", f"{plan.source}{f': {plan.title}' if plan.title else ''}"),
        ("files", f"{len(plan.items):,}"),
        ("size", size),
        ("into", f"{folder} ({format_size(free_space(folder))} free)"),
        ("licence", _describe_licence(plan)),
    ]
    seconds = plan.seconds(_ASSUMED)
    if seconds is not None:
        lines.append(("time", f"about {_format_time(seconds)} at {format_size(int(_ASSUMED))}/s"))
    for name, text in [*lines, *(("note", note) for note in plan.notes)]:
        print(f"{name:<8} {_visible(text)}")


_ASSUMED = 10e6
"""Bytes a second that the plan is reckoned with: what archives give to several connections."""


def _describe_licence(plan: Plan) -> str:
    if plan.licence is None:
        return "none is stated: nothing may be passed on"
    forbidden = f"; forbids {', '.join(plan.forbids)}" if plan.forbids else ""
    return f"{plan.licence}{f' ({plan.licence_url})' if plan.licence_url else ''}{forbidden}"


def _show_report(report: Report, folder: Path) -> None:
    counts = ", ".join(f"{number:,} {status}" for status, number in report.counts.items())
    print(f"{counts}; {format_size(report.moved)} moved in {_format_time(report.seconds)}; in {folder}")
    for note in report.notes:
        print(f"  {_visible(note)}", file=sys.stderr)
    failed = [outcome for outcome in report.files if outcome.status == "failed"]
    for outcome in failed[:_SHOWN]:
        print(f"  {_visible(outcome.path)}: {_visible(outcome.reason or '')}", file=sys.stderr)
    if len(failed) > _SHOWN:
        print(f"  and {len(failed) - _SHOWN:,} more: --report FILE writes all of them", file=sys.stderr)
    for outcome in [each for each in report.files if each.notes][:_SHOWN]:
        print(f"  {_visible(outcome.path)}: {_visible(' '.join(outcome.notes))}", file=sys.stderr)


@contextmanager
def _progress_line() -> Iterator[Callable[[Progress], None] | None]:
    """Show a line that renews itself, where somebody looks at it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(console=Console(stderr=True), refresh_per_second=5, transient=True) as live:
        yield lambda progress: live.update(Text(_describe(progress)))


def _describe(progress: Progress) -> str:
    total = f" of {format_size(progress.size_total)}" if progress.size_total is not None else ""
    left = f", {_format_time(progress.seconds_left)} left" if progress.seconds_left is not None else ""
    failed = f", {progress.failed:,} failed" if progress.failed else ""
    return (
        f"{progress.files:,} of {progress.files_total:,} files{failed}, {format_size(progress.size)}{total}, "
        f"{format_size(int(progress.rate))}/s{left}"
    )


@contextmanager
def _stopping() -> Iterator[None]:
    """Let the signal that ends processes end the download as Ctrl-C does."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _require_writable(report: Path | None) -> None:
    if report is not None and not report.absolute().parent.is_dir():
        msg = f"The report {report} cannot be written: there is no folder {report.parent}. Make it, or name another."
        raise InvalidSelectionError(msg)


def _parse_rate(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmg]?)b?(?:/s)?", text.strip().lower())
    if found is None:
        msg = f"{text!r} is no speed; expected bytes a second, such as 5M"
        raise argparse.ArgumentTypeError(msg)
    return float(found[1]) * _UNITS[found[2]]


def _format_time(seconds: float) -> str:
    """Give a time in its two largest units.

    Examples
    --------
    >>> _format_time(0.25), _format_time(75), _format_time(7260)
    ('0.2 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _visible(text: str) -> str:
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
