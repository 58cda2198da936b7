"""Writes the reference page of the settings from their descriptions.

``python -m bioimagehub.hub.reference docs/reference/settings.md`` renews the page.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ByteSize

from bioimagehub.hub.settings import SETTINGS_VARIABLE, STATE_VARIABLE, Settings, default_state

HEAD = f"""# Settings

One YAML file holds the settings of a hub. Every setting has a default; a file names what differs.
The hub reads the file that `--settings` names, else `${SETTINGS_VARIABLE}`, else `settings.yaml` in the state
folder. A setting that is not listed here is refused.

| environment variable | what it names |
|---|---|
| `{SETTINGS_VARIABLE}` | the settings file |
| `{STATE_VARIABLE}` | the default of `state` |
| `BIOIMAGEHUB_SAMPLES` | the sample archive; the hub sets it for its users |
| `BIOIMAGEHUB_CATALOGS` | further catalogs, separated by colons; the hub sets it from `catalogs` |
| `BIOIMAGEHUB_NOTEBOOKS` | the hub's notebooks; the hub sets it from `notebooks` |
"""

FOOT = """
Secrets are not settings. The hub makes its own once and keeps them in `private/secrets/` of the state folder,
each in a file that the hub's user alone can read.
"""


def _section(annotation: Any) -> type[BaseModel] | None:
    for choice in (annotation, *get_args(annotation)):
        if isinstance(choice, type) and issubclass(choice, BaseModel):
            return choice
    return None


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    if field.default_factory is default_state:
        return "see there"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, ByteSize):
        return f"`{value.human_readable()}`"
    if value is None:
        return "null"
    return f"`{value}`".replace("'", '"').replace("True", "true").replace("False", "false")


def _table(model: type[BaseModel], prefix: str) -> list[str]:
    lines = ["| setting | default | meaning |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        if _section(field.annotation) is None:
            lines.append(f"| `{prefix}{name}` | {_default(field)} | {field.description} |")
    return lines


def settings_page() -> str:
    """Return the reference page as Markdown."""
    lines = [HEAD, *_table(Settings, "")]
    for name, field in Settings.model_fields.items():
        section = _section(field.annotation)
        if section is not None:
            lines += ["", f"## `{name}`", "", f"{field.description}", "", *_table(section, f"{name}.")]
    return "\n".join(lines) + "\n" + FOOT


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(settings_page(), encoding="utf-8")
