"""A challenge as the page shows it: what it is, its data, and its rules; plain values, short, and fit to be seen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bioimagehub.challenges.formats import find_format, formats_of
from bioimagehub.challenges.submissions.contents import allowed_formats
from bioimagehub.widgets.view.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.challenge_parts import Case, Phase

MOST = 100
"""Phases, splits, metrics, citations, ... that are shown, at most."""
_LONG = 4000
_HOSTED = ("used_today", "used_total", "is_open", "board")

_WHOLE = {
    "labels": "a label image: 0 is background, each object has a number of its own",
    "classes": "an image of class numbers",
    "points": "a table of points, in micrometres",
    "landmarks": "a table of points in a fixed order, in micrometres",
    "tracks": "label images of all frames and a table of tracks",
    "image": "an image",
    "map": "a map",
    "values": "a table of answers by item",
}


def tell_challenge(challenge: Challenge, hosted: Mapping[str, Any] | None) -> dict[str, Any]:
    """Tell what a challenge is.

    Parameters
    ----------
    challenge : Challenge
    hosted : mapping or None
        What the hub says of it: which phases are open by its clock, and what of the limits was used.
    """
    phases = {one["name"]: one for one in (hosted or {}).get("phases", [])}
    return {
        "name": challenge.name,
        "title": clean(challenge.title),
        "summary": clean(challenge.summary, _LONG),
        "task": challenge.task,
        "kind": challenge.kind,
        "licence": clean(challenge.licence),
        "organisers": [clean(", ".join(filter(None, (one.name, one.affiliation)))) for one in challenge.organisers],
        "citation": [
            {"text": clean(one.text, _LONG), "doi": None if one.doi is None else clean(one.doi)}
            for one in challenge.citation[:MOST]
        ],
        "splits": [
            {"name": name, "title": clean(split.title or name), "hidden": split.hidden, "cases": len(split.cases)}
            for name, split in list(challenge.splits.items())[:MOST]
        ],
        "phases": [_tell_phase(challenge, phase, phases.get(phase.name, {})) for phase in challenge.phases[:MOST]],
        "metrics": [_tell_metric(challenge, ranked) for ranked in challenge.metrics[:MOST]],
        "conventions": clean(str(challenge.conventions), _LONG),
        "submission": _tell_submission(challenge),
        "baselines": [
            {"title": clean(one.title), "summary": clean(one.summary or "", _LONG)}
            for one in challenge.baselines[:MOST]
        ],
        "file": True,
        "edition": (hosted or {}).get("edition"),
        "remark": _compare(challenge, hosted),
    }


def tell_hosted(hosted: Mapping[str, Any]) -> dict[str, Any]:
    """Tell what a challenge of the hub is, whose file is not at hand."""
    formats = [clean(name) for name in hosted["formats"]] or list(formats_of(hosted["kind"]))
    metrics = [{"name": clean(one), "title": clean(one), "ranks": at == 0} for at, one in enumerate(hosted["metrics"])]
    splits = {one["split"]: one for one in hosted["phases"]}
    return {
        "name": hosted["name"],
        "title": clean(hosted["title"]),
        "summary": clean(hosted["summary"], _LONG),
        "task": clean(hosted["task"]),
        "kind": clean(hosted["kind"]),
        "licence": clean(hosted["licence"]),
        "organisers": [clean(one) for one in hosted["organisers"][:MOST]],
        "citation": [{"text": clean(one, _LONG), "doi": None} for one in hosted["citation"][:MOST]],
        "splits": [
            {"name": name, "title": clean(name), "hidden": one["hidden"], "cases": one["cases"]}
            for name, one in list(splits.items())[:MOST]
        ],
        "phases": [{**one, "title": clean(one["title"])} for one in hosted["phases"][:MOST]],
        "metrics": metrics[:MOST],
        "conventions": clean(hosted["conventions"], _LONG),
        "submission": {"formats": formats, "what": _WHOLE.get(hosted["kind"], ""), "endings": []},
        "baselines": [],
        "file": False,
        "edition": hosted["edition"],
        "remark": (
            "The hub does not give the file of this challenge to widgets. Get challenge.yaml from the end of its page, "
            "and give its path, to see cases and to score at home."
        ),
    }


def tell_case(case: Case) -> dict[str, Any]:
    """Tell what a case is: of which entry, which part, or how it is generated."""
    cut = ", ".join(
        f"{axis} {bounds[0]} to {bounds[1] - 1}" if isinstance(bounds, tuple) else f"{axis} {bounds}"
        for axis, bounds in case.selection.items()
    )
    made = "generated" if case.entry is None else ""
    seed = "" if case.entry is not None or case.seed is None else f"seed {case.seed}"
    parameters = ", ".join(f"{name} {value}" for name, value in case.parameters.items())
    return {
        "id": case.id,
        "entry": clean(case.entry or made),
        "part": clean("; ".join(filter(None, (cut, seed, parameters))) or "whole"),
        "strata": clean(", ".join(f"{name}: {value}" for name, value in case.strata.items())),
    }


def tell_entries(challenge: Challenge | None, identifiers: Sequence[str]) -> list[dict[str, Any]]:
    """Tell what the entries of the catalog are that the images come from, and their licences."""
    from bioimagehub.catalogs import open_catalog

    catalog = open_catalog()
    found = []
    for identifier in identifiers[:MOST]:
        if identifier not in catalog:
            found.append({"id": clean(identifier), "title": "not in the catalog of this machine", "licence": None})
            continue
        record = catalog[identifier]
        url = record.source_url or ""
        found.append(
            {
                "id": clean(identifier),
                "title": clean(record.title),
                "licence": None if record.licence is None else clean(record.licence),
                "url": url if url.startswith(("https://", "http://")) else None,
                "citation": clean(record.cite(), _LONG),
            }
        )
    if challenge is not None and challenge.data.simulator is not None:
        name = challenge.data.simulator.name
        licence = clean(challenge.licence)
        found.append({"id": "", "title": f"images that the simulator {name} generates", "licence": licence})
    return found


def _tell_phase(challenge: Challenge, phase: Phase, hosted: Mapping[str, Any]) -> dict[str, Any]:
    own: dict[str, Any] = {"used_today": None, "used_total": None, "board": None}
    own |= {"is_open": phase.is_open(datetime.now(UTC))}
    own |= {name: hosted[name] for name in _HOSTED if name in hosted}
    return {
        "name": phase.name,
        "title": clean(phase.title or phase.name),
        "split": phase.split,
        "hidden": phase.hidden,
        "opens": None if phase.opens is None else phase.opens.isoformat(),
        "closes": None if phase.closes is None else phase.closes.isoformat(),
        "cases": len(challenge.splits[phase.split].cases),
        "per_day": phase.limits.per_day,
        "total": phase.limits.total,
        "size": int(phase.limits.size),
        **own,
    }


def _tell_metric(challenge: Challenge, ranked: Any) -> dict[str, Any]:
    metric = challenge.rules.METRICS[ranked.metric]
    return {
        "name": ranked.metric,
        "title": metric.TITLE,
        "better": metric.BETTER,
        "unit": metric.UNIT,
        "aggregate": ranked.aggregate,
        "ranks": ranked is challenge.metrics[0],
    }


def _tell_submission(challenge: Challenge) -> dict[str, Any]:
    formats = list(allowed_formats(challenge.kind, challenge.submission.formats))
    endings = [suffix for name in formats for suffix in find_format(name).SUFFIXES if suffix]
    return {"formats": formats, "what": _WHOLE.get(challenge.kind, ""), "endings": endings}


def _compare(challenge: Challenge, hosted: Mapping[str, Any] | None) -> str:
    """Say so where the hub scores by another file than the one at hand."""
    if hosted is None:
        return ""
    metrics = [f"{ranked.metric} ({ranked.aggregate})" for ranked in challenge.metrics]
    phases = [(phase.name, phase.split) for phase in challenge.phases]
    same = metrics == hosted["metrics"] and str(challenge.conventions) == hosted["conventions"]
    if same and phases == [(one["name"], one["split"]) for one in hosted["phases"]]:
        return ""
    return (
        "The hub has another edition of this challenge: its metrics, conventions or phases differ from the file at "
        "hand, so scores may differ, too. Get challenge.yaml from the end of its page there."
    )
