"""A cluster in words, and what its workers say of themselves."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.display import format_size

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST = 100


def tell_workers(info: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Take out of what a scheduler tells: name, cores, memory and its limit in bytes, load in percent, tasks."""
    return [
        {
            "name": str(worker.get("name", address))[:_LONGEST],
            "cores": int(worker.get("nthreads", 0)),
            "memory": int(worker.get("metrics", {}).get("memory", 0)),
            "limit": int(worker.get("memory_limit") or 0),
            "load": round(float(worker.get("metrics", {}).get("cpu", 0))),
            "tasks": sum(
                int(count)
                for state, count in (worker.get("metrics", {}).get("task_counts") or {}).items()
                if state in {"executing", "ready", "waiting"}
            ),
        }
        for address, worker in sorted(info.get("workers", {}).items(), key=lambda each: str(each[1].get("name")))
    ]


def tell_hours(seconds: float) -> str:
    """Write core-seconds as core-hours.

    Examples
    --------
    >>> tell_hours(442_800), tell_hours(36)
    ('123.00 core-hours', '0.01 core-hours')
    """
    return f"{seconds / 3600:.2f} core-hours"


def list_facts(panel: Any) -> list[tuple[str, str]]:
    """List what is to be told of a cluster, as pairs of a name and a text."""
    facts = [("cluster", panel.name or "none"), ("state", panel.state)]
    if panel.problem:
        facts.append(("problem", " ".join(filter(None, panel.problem.values()))))
    if panel.workers:
        cores = sum(each["cores"] for each in panel.workers)
        memory, limit = (sum(each[key] for each in panel.workers) for key in ("memory", "limit"))
        facts += [
            ("workers", f"{len(panel.workers)}, {cores} cores"),
            ("memory", f"{format_size(memory)} of {format_size(limit)}"),
        ]
    if panel.limits:
        facts.append(("limits", panel.limits))
    if panel.cost:
        facts.append(("used", tell_hours(panel.cost["core_seconds"])))
    if panel.dashboard:
        facts.append(("dashboard", panel.dashboard))
    for work in panel.works:
        facts.append((work["name"], f"{work['done']} of {work['total']} done, {work['failed']} failed"))
        facts += [("", f"{each['image']}: {each['what']}") for each in work["failures"][:10]]
    return [(_visible(name), _visible(text)) for name, text in facts]


def write_text(panel: Any) -> str:
    """Write what a terminal shows."""
    facts = list_facts(panel)
    wide = max(len(name) for name, _ in facts)
    return "\n".join(f"{name:<{wide}}  {text}" for name, text in facts)


def write_html(panel: Any) -> str:
    """Write what a saved notebook shows."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th><td style='text-align:left'>{escape(text)}</td></tr>"
        for name, text in list_facts(panel)
    )
    return f"<table>{rows}</table>"


def _visible(text: str) -> str:
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
