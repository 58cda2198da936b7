"""A download in words: for terminals, for saved notebooks, and for those who do not know licences by heart."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.display import format_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FORBIDDEN = {
    "commercial use": "use it commercially",
    "derivatives": "pass on what you make of it",
    "redistribution": "pass it on",
    "unattributed use": "use it without naming its authors",
    "other terms": "pass on what you make of it under another licence",
}
"""What a licence forbids, after "You may not"."""

ELSEWHERE = 'make the widget with another folder: download(..., "folder")'

STATED = {
    "planning": "working out the files",
    "planned": "not begun",
    "running": "being fetched",
    "paused": "paused",
    "done": "all files are there",
    "failed": "not done",
    "cancelled": "cancelled; what came is kept",
}


def tell_terms(licence: str | None, forbids: Iterable[str]) -> str:
    """Write what a licence allows.

    Examples
    --------
    >>> tell_terms("CC-BY-4.0", ["unattributed use"])
    'You may not use it without naming its authors.'
    >>> tell_terms(None, [])
    'No licence is stated: you may not pass it on, nor what you make of it.'
    >>> tell_terms("CC0-1.0", [])
    'Nothing is forbidden.'
    """
    if licence is None:
        return "No licence is stated: you may not pass it on, nor what you make of it."
    listed = [FORBIDDEN.get(each, each) for each in forbids]
    if not listed:
        return "Nothing is forbidden."
    *first, last = listed
    return f"You may not {', '.join(first)}{' or ' if first else ''}{last}."


def tell_size(size: int, exact: bool) -> str:
    """Write bytes that are known, or at most so many."""
    return (format_size(size) or "0 B") if exact else f"at most {format_size(size)}"


def tell_time(seconds: float | None) -> str:
    """Write a time in its two largest units.

    Examples
    --------
    >>> tell_time(0.2), tell_time(75), tell_time(7260), tell_time(None)
    ('1 s', '1 min 15 s', '2 h 1 min', 'not known')
    """
    if seconds is None:
        return "not known"
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def list_facts(widget: Any, *, lasting: bool = False) -> list[tuple[str, str]]:
    """List what is to be told of a download, as pairs of a name and a text; lasting: only what stays true."""
    plan: Mapping[str, Any] = widget.plan
    facts = [("download", ", ".join(widget.entries)), ("state", STATED[widget.state])]
    if widget.problem:
        facts.append(("problem", " ".join(filter(None, widget.problem.values()))))
    if plan:
        files = f"{plan['files']:,}"
        if plan["files"] != plan["files_all"]:
            files += f" of {plan['files_all']:,}"
        facts += [("files", files), ("size", tell_size(plan["size"], plan["exact"]))]
        facts += list_licences(plan["licences"])
    today = bool(plan) and not lasting
    if today:
        if not plan["fits"]:
            short = format_size(plan["size"] - plan["free"])
            facts.append(("room", f"{short} too little. Choose less, or {ELSEWHERE}."))
        facts.append(("time", f"about {tell_time(plan['seconds'])} at {format_size(int(plan['rate']))}/s"))
    facts.append(("into", f"{widget.folder} ({format_size(plan['free'])} free)" if today else str(widget.folder)))
    facts += [("note", note) for note in plan.get("notes", ())]
    progress = widget.progress
    if progress and widget.state in {"running", "paused"}:
        facts.append(("progress", _progress(progress)))
    if progress.get("failed"):
        facts.append(("failed", f"{progress['failed']:,} files"))
    facts += [("", f"{each['path']}: {each['what']}") for each in widget.problems[:10]]
    return facts + _tell_result(widget.result)


def write_text(widget: Any, *, lasting: bool = False) -> str:
    """Write what a terminal shows; lasting: what a saved notebook shows where there is no HTML."""
    facts = list_facts(widget, lasting=lasting)
    wide = max(len(name) for name, _ in facts)
    lines = [f"{name:<{wide}}  {_visible(part)}" for name, text in facts for part in [text]]
    code = widget.result.get("code")
    return "\n".join([*lines, *(["", code] if code else [])])


def write_html(widget: Any) -> str:
    """Write what a saved notebook shows."""
    rows = "".join(
        f"<tr><th style='text-align:left;vertical-align:top'>{escape(name)}</th>"
        f"<td style='text-align:left'>{escape(_visible(text))}</td></tr>"
        for name, text in list_facts(widget, lasting=True)
    )
    code = widget.result.get("code")
    return f"<table>{rows}</table>" + (f"<pre>{escape(code)}</pre>" if code else "")


def list_licences(groups: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """List the licences of all datasets, each with those that it holds for where there are several.

    Examples
    --------
    >>> group = {"licence": "CC0-1.0", "url": None, "terms": "Nothing is forbidden.", "count": 6, "sources": ["a", "b"]}
    >>> list_licences([group | {"count": 1}])
    [('licence', 'CC0-1.0. Nothing is forbidden.')]
    >>> list_licences([group, group | {"count": 1, "sources": ["c"]}])[0]
    ('licence of 6', 'CC0-1.0. Nothing is forbidden. (6 datasets: a, b, …)')
    """
    if len(groups) == 1:
        return [("licence", _licence(groups[0]))]
    return [(f"licence of {group['count']:,}", f"{_licence(group)} ({_datasets(group)})") for group in groups]


def _licence(group: Mapping[str, Any]) -> str:
    where = f" ({group['url']})" if group["url"] else ""
    return f"{group['licence'] or 'none'}{where}. {group['terms']}"


def _datasets(group: Mapping[str, Any]) -> str:
    number, sources = group["count"], group["sources"]
    more = ", …" if number > len(sources) else ""
    return f"{number:,} dataset{'' if number == 1 else 's'}: {', '.join(sources)}{more}"


def _progress(progress: Mapping[str, Any]) -> str:
    total = f" of {format_size(progress['size_total'])}" if progress.get("size_total") is not None else ""
    return f"{progress['files']:,} of {progress['files_total']:,} files, {format_size(progress['size'])}{total}"


def _tell_result(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    if not result:
        return []
    checked = ", ".join(f"{count:,} by {kind}" for kind, count in result["checksums"].items()) or "none"
    return [
        ("there", f"{result['files']:,} files, {format_size(result['size']) or '0 B'}, in {result['path']}"),
        ("checksums", checked),
        ("manifest", ", ".join(result["manifests"])),
    ]


def _visible(text: str) -> str:
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
