"""The page docs/reference/challenge-file.md, made of the model of challenge files.

``python -m bioimagehub.challenges.reference_page > docs/reference/challenge-file.md`` renews it.
"""

from __future__ import annotations

import inspect
import re
import sys
from typing import TYPE_CHECKING

from bioimagehub.challenges import challenge_parts as parts
from bioimagehub.challenges.challenge import Challenge
from bioimagehub.challenges.controls import CONTROLS
from bioimagehub.challenges.tasks import TASKS, find_task

if TYPE_CHECKING:
    from pydantic import BaseModel

HEAD = """\
# The challenge file

This page is made from the model of challenge files: `python -m bioimagehub.challenges.reference_page`.

A challenge is a folder with a file `challenge.yaml`. It says everything: data, task, truth, metrics, times, limits.
`bioimagehub challenge new` writes one to begin with, and `bioimagehub challenge check` checks it.
How to make a challenge is told in [make-a-challenge](../how-to/make-a-challenge.md).

Unknown keys are errors. All problems of a file are reported at once, each with its line.
Times have a time zone. Aliases, anchors and tags of YAML are refused.
`bioimagehub.challenges.challenge.Challenge.model_json_schema()` gives the JSON schema, for editors.
"""
SECTIONS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("The file", "", Challenge),
    ("`data`", "", parts.Data),
    ("`data.entries`", "One item an entry. Each is pinned: by one of these keys, or by the lock.", parts.Entry),
    ("`data.simulator`", "", parts.Simulator),
    ("`splits`", "A mapping: the name of each split, and what it holds.", parts.Split),
    ("`splits.*.truth`", "", parts.Truth),
    ("`splits.*.cases`", "One item a case.", parts.Case),
    ("`phases`", "One item a phase.", parts.Phase),
    ("`phases.*.limits`", "", parts.Limits),
    ("`metrics`", "One item a metric; the first ranks. A name alone takes the defaults.", parts.Ranked),
    ("`submission`", "", parts.Submission),
    ("`organisers`", "", parts.Organiser),
    ("`citation`", "", parts.Citation),
    ("`baselines`", "", parts.Baseline),
    ("`controls`", "One item a control. A name alone takes the defaults.", parts.Control),
)


def format_page() -> str:
    """Return the page as Markdown."""
    lines = [HEAD.rstrip()]
    for title, text, model in SECTIONS:
        lines += ["", f"## {title}", "", *_table(text or _summary(model), model)]
    lines += ["", "## Tasks", "", *_tasks(), "", "## Controls", "", *_controls()]
    return "\n".join(lines) + "\n"


def _summary(model: type[BaseModel]) -> str:
    return (inspect.getdoc(model) or "").partition("\n")[0]


def _table(text: str, model: type[BaseModel]) -> list[str]:
    told = describe_attributes(model)
    rows = []
    for name, field in model.model_fields.items():
        kind, meaning = told.get(name, ("str", ""))
        default = "needed" if field.is_required() else _default(field.default)
        rows.append(f"| `{field.alias or name}` | {kind} | {default} | {meaning} |")
    return [text, "", "| key | value | default | meaning |", "|---|---|---|---|", *rows]


def _default(value: object) -> str:
    if value is None:
        return "none"
    if value in ((), {}):
        return "empty"
    if isinstance(value, parts.Part):
        return "see below"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def describe_attributes(model: type[BaseModel]) -> dict[str, tuple[str, str]]:
    """Return the type and the meaning of each attribute that a docstring lists, as cells of a table.

    Examples
    --------
    >>> describe_attributes(parts.Limits)["per_day"]
    ('int or None', 'Submissions in any 24 hours; None for no limit.')
    """
    found: dict[str, tuple[str, str]] = {}
    section = (inspect.getdoc(model) or "").partition("Attributes\n----------\n")[2]
    for heading, body in re.findall(r"^(\w[^\n]*) : ([^\n]*(?:\n {4}[^\n]*)*)", section, flags=re.MULTILINE):
        kind, _, meaning = body.partition("\n")
        text = " ".join(meaning.split()).replace("``", "`").replace("|", "\\|")
        for name in heading.split(", "):
            found[name] = (kind.replace("tuple of", "list of"), text)
    return found


def _tasks() -> list[str]:
    lines = ["| task | what is asked | predictions | metrics |", "|---|---|---|---|"]
    for name in TASKS:
        task = find_task(name)
        metrics = ", ".join(f"`{metric}`" for metric in sorted(task.METRICS))
        lines.append(f"| `{name}` | {(inspect.getdoc(task) or '').strip()} | {task.KIND} | {metrics} |")
    return lines


def _controls() -> list[str]:
    lines = ["| control | what it predicts | for | without being asked |", "|---|---|---|---|"]
    for name, control in sorted(CONTROLS.items()):
        asked = "yes" if control.by_default else "no"
        lines.append(f"| `{name}` | {control.title} | {', '.join(control.kinds)} | {asked} |")
    return lines


if __name__ == "__main__":
    sys.stdout.write(format_page())
