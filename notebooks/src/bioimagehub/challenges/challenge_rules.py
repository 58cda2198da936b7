"""What the parts of a challenge file must have in common, beside the form of each.

Each rule takes the values of a file, which may have any form, and gives the places that break it. So the problems of
one part hide none of another.
"""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from bioimagehub.challenges.errors import ChallengeError, ConventionError, UnknownTaskError
from bioimagehub.challenges.tasks import TASKS, find_task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bioimagehub.challenges.challenge_file import Place
    from bioimagehub.challenges.tasks import Task

Found = tuple["Place", str]
PLACES = ("folder", "label", "table")


def break_rules(values: Mapping[str, Any]) -> Iterator[Found]:
    """Give the place and the message of everything that contradicts something else in a challenge file."""
    yield from _check_task(values)
    yield from _check_entries(values)
    for name, split in _mapping(values.get("splits")).items():
        yield from _check_cases(values, str(name), _mapping(split))
        yield from _check_truth(str(name), _mapping(split))
    yield from _check_phases(values)
    yield from _check_predictions(values)


def make_conventions(task: Task, settings: Mapping[str, Any]) -> Any:
    """Return the conventions of a task with some settings: fields of it, and ``as_in`` for those of another software.

    Raises
    ------
    ConventionError, ThresholdError
        If there is no such field, or its value is none.
    """
    fields = dict(settings)
    if "version" in fields:
        msg = "The version of conventions is that of the scorer. Leave it out."
        raise ConventionError(msg)
    reference = fields.pop("as_in", None)
    start = task.Conventions() if reference is None else task.Conventions.as_in(str(reference))
    return task.Conventions.from_dict({**start.as_dict(), **fields})


def _check_task(values: Mapping[str, Any]) -> Iterator[Found]:
    try:
        task = find_task(str(values.get("task")))
    except UnknownTaskError:
        if isinstance(values.get("task"), str):
            yield ("task",), _no_such(str(values["task"]), "task", TASKS)
        return
    names = [metric.get("metric") if isinstance(metric, dict) else metric for metric in _list(values.get("metrics"))]
    for number, name in enumerate(names):
        if isinstance(name, str) and name not in task.METRICS:
            yield ("metrics", number), f"{_no_such(name, 'metric of this task', task.METRICS)}"
        if names.index(name) < number:
            yield ("metrics", number), f"the metric {name} is listed twice; leave one of them"
        needed = getattr(task.METRICS.get(str(name)), "NEEDS", None)
        if needed is not None and needed not in _mapping(values.get("conventions")):
            yield ("metrics", number), f"the metric {name} needs conventions; write, to begin with: {needed}: {{}}"
    try:
        make_conventions(task, _mapping(values.get("conventions")))
    except (ChallengeError, TypeError, ValueError) as error:
        yield ("conventions",), str(error)


def _check_entries(values: Mapping[str, Any]) -> Iterator[Found]:
    data = _mapping(values.get("data"))
    entries = _list(data.get("entries"))
    names = [_mapping(entry).get("identifier") for entry in entries]
    for number, entry in enumerate(map(_mapping, entries)):
        pinned = data.get("lock") or any(entry.get(key) for key in ("version", "checksum", "facts"))
        if not pinned:
            yield (
                ("data", "entries", number),
                (
                    "the entry is not pinned, so its images could change under the challenge; give version, checksum "
                    "or facts, or data.lock, a file written by: bioimagehub catalog lock"
                ),
            )
        if names.index(names[number]) < number:
            yield ("data", "entries", number), f"the entry {names[number]} is listed twice; leave one of them"
    if "data" in values and not entries and not data.get("simulator"):
        yield ("data",), "there are no data; give entries of the catalog, or a simulator"


def _check_cases(values: Mapping[str, Any], name: str, split: Mapping[str, Any]) -> Iterator[Found]:
    data = _mapping(values.get("data"))
    known = {str(_mapping(entry).get("identifier")) for entry in _list(data.get("entries"))}
    cases = [_mapping(case) for case in _list(split.get("cases"))]
    count = Counter(str(case.get("id")).lower() for case in cases)
    secret = split.get("hidden") is True and _mapping(split.get("truth")).get("key")
    for number, case in enumerate(cases):
        place: Place = ("splits", name, "cases", number)
        if "id" in case and count[str(case["id"]).lower()] > 1:
            yield (
                (*place, "id"),
                (
                    f"the id {case['id']!r} is given to {count[str(case['id']).lower()]} cases of this split (capital "
                    "letters do not count, as in the names of files); number them"
                ),
            )
        if case.get("entry") is not None and str(case["entry"]) not in known:
            yield (*place, "entry"), _no_such(str(case["entry"]), "entry under data.entries", known)
        generated = "seed" in case or (secret and "entry" not in case)
        if generated == ("entry" in case):
            yield place, "a case is an entry or has a seed for the simulator; give one of entry and seed"
        if "seed" in case and not data.get("simulator"):
            yield (*place, "seed"), "there is no simulator to take the seed; name one under data.simulator"


def _check_truth(name: str, split: Mapping[str, Any]) -> Iterator[Found]:
    place: Place = ("splits", name, "truth")
    if not isinstance(split.get("truth"), dict):
        return
    truth = split["truth"]
    ways = {key for key in PLACES if truth.get(key)} | ({"simulator"} if truth.get("simulator") is True else set())
    if len(ways) != 1:
        listed = " and ".join(sorted(ways)) or "nowhere"
        yield place, f"the truth comes from {listed}; give one of folder, label, simulator and table"
    cases = [_mapping(case) for case in _list(split.get("cases"))]
    if ways & {"label", "table"} and any("entry" not in case for case in cases):
        yield place, "labels and tables are those of entries, and a case has none; use folder or simulator"
    if "simulator" in ways and any("entry" in case for case in cases):
        yield place, "the simulator knows nothing of a case that is an entry; use folder, label or table"
    if split.get("hidden") is not True:
        if truth.get("key"):
            yield (*place, "key"), "a key hides seeds, and this split is not hidden; leave it out, or set hidden: true"
    elif ways & {"label", "table"}:
        yield place, "the split is hidden and its truth is in the catalog for all to see; keep it in a folder"
    elif "simulator" in ways and not truth.get("key"):
        yield (
            place,
            (
                "the split is hidden and anyone can make its truth from the seeds; give key, a file with a secret that "
                "only the scorer reads, and leave the seeds out"
            ),
        )
    elif truth.get("key") and any("seed" in case for case in cases):
        yield place, "the seeds of a hidden split are made from its key; leave out those of the cases"


def _check_phases(values: Mapping[str, Any]) -> Iterator[Found]:
    splits = _mapping(values.get("splits"))
    phases = [_mapping(phase) for phase in _list(values.get("phases"))]
    names = [phase.get("name") for phase in phases]
    for number, phase in enumerate(phases):
        if isinstance(phase.get("split"), str) and phase["split"] not in splits:
            yield ("phases", number, "split"), _no_such(phase["split"], "split", map(str, splits))
        if names.index(phase.get("name")) < number:
            yield ("phases", number, "name"), f"two phases are called {phase.get('name')}; rename one of them"


def _check_predictions(values: Mapping[str, Any]) -> Iterator[Found]:
    """Compare the formats of submissions and the controls with what the task predicts."""
    from bioimagehub.challenges.controls import CONTROLS
    from bioimagehub.challenges.formats import formats_of

    if values.get("task") not in TASKS:
        return
    kind = find_task(str(values["task"])).KIND
    formats = formats_of(kind)
    for number, name in enumerate(_list(_mapping(values.get("submission")).get("formats"))):
        if name not in formats:
            yield ("submission", "formats", number), _no_such(str(name), f"format of {kind}", formats)
    yield from _check_contract(values, kind)
    controls = _list(values.get("controls"))
    names = [control.get("name") if isinstance(control, dict) else control for control in controls]
    fit = [name for name, control in CONTROLS.items() if kind in control.kinds]
    for number, (name, control) in enumerate(zip(names, map(_mapping, controls), strict=True)):
        if name not in fit:
            yield ("controls", number), _no_such(str(name), f"control of {kind}", fit)
        if names.index(name) < number:
            yield ("controls", number), f"the control {name} is listed twice; leave one of them"
        needed = {"watershed": "diameter", "annotator": "folder"}.get(str(name))
        if needed and not control.get(needed):
            yield ("controls", number), f"the control {name} needs {needed}; write {{name: {name}, {needed}: …}}"


def _check_contract(values: Mapping[str, Any], kind: str) -> Iterator[Found]:
    """Tell of parts of the contract that predictions of the kind do not have."""
    submission = _mapping(values.get("submission"))
    for key, only in (("choices", "values"), ("highest", "classes")):
        if key in submission and kind != only:
            yield ("submission", key), f"predictions are {kind} here, and only {only} have {key}; leave it out"
    for name, split in _mapping(values.get("splits")).items():
        for number, case in enumerate(map(_mapping, _list(_mapping(split).get("cases")))):
            for key, only in (("items", "values"), ("count", "landmarks")):
                if key in case and kind != only:
                    place: Place = ("splits", str(name), "cases", number, key)
                    yield place, f"predictions are {kind} here, and only {only} have {key}; leave it out"


def _no_such(name: str, what: str, known: Any) -> str:
    listed = sorted(known)
    near = get_close_matches(name.lower().replace("-", "_").replace(" ", "_"), listed, n=1)
    near = near or get_close_matches(name, listed, n=1)
    guess = f"did you mean {near[0]}? There are: " if near else "choose one of: "
    return f"there is no {what} {name!r}; {guess}{', '.join(listed) or 'none'}"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
