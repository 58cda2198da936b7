"""Writes the reference pages of the settings and of the command line from their descriptions.

``python -m bioimagehub.hub.reference``, typed in a checkout, renews them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ByteSize

from bioimagehub.hub.cli import make_parser
from bioimagehub.hub.settings import SETTINGS_VARIABLE, STATE_VARIABLE, Settings, default_state

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path("docs", "reference")

SETTINGS_HEAD = f"""# Settings

One YAML file holds the settings of a hub. Every setting has a default; a file names what differs.
The hub reads the file that `--settings` names, else `${SETTINGS_VARIABLE}`, else `settings.yaml` in the state
folder. A setting that is not listed here is refused.

| environment variable | what it names |
|---|---|
| `{SETTINGS_VARIABLE}` | the settings file |
| `{STATE_VARIABLE}` | the default of `state` |
| `BIOIMAGEHUB_SAMPLES` | the sample archive; the hub sets it for its users |
| `BIOIMAGEHUB_CATALOGS` | further catalogs, separated by colons; the hub sets it from `catalogs` |
| `BIOIMAGEHUB_INDEX` | folder of the index of the catalogs; the hub sets it for its users |
| `BIOIMAGEHUB_HARVEST` | folder of harvested tables, which go before those that came with the software; likewise |
| `BIOIMAGEHUB_LAYOUTS` | folders of the layouts of indexed images; the hub sets the user's own and then its own |
| `BIOIMAGEHUB_CREDENTIALS` | file of access to stores; the hub sets the user's own |
| `BIOIMAGEHUB_READER_...` | the [reader layer](reader.md); the hub sets one cache for all processes of a user |
| `BIOIMAGEHUB_HOSTS` | further rules for where archives have moved to, see [hosts](hosts.md) |
| `BIOIMAGEHUB_PORTAL_URL` | the portal of the challenges; the hub sets it for its users |
| `BIOIMAGEHUB_NOTEBOOKS` | the hub's notebooks; the hub sets it from `notebooks` |
"""

SETTINGS_FOOT = """
Secrets are not settings. The hub makes its own once and keeps them in `private/secrets/` of the state folder,
each in a file that the hub's user alone can read.
"""

COMMANDS_HEAD = """# Command line

Each command takes `--help`. It ends with status 0 when it did what it should, 1 when it could not, and 2 when it was
typed wrongly. A failure is one message on standard error. `status` ends with 1 where no hub runs, and `check` where
something keeps the hub from starting; what they found is on standard output.
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
    """Return the reference page of the settings as Markdown."""
    lines = [SETTINGS_HEAD, *_table(Settings, "")]
    for name, field in Settings.model_fields.items():
        section = _section(field.annotation)
        if section is not None:
            lines += ["", f"## `{name}`", "", f"{field.description}", "", *_table(section, f"{name}.")]
    return "\n".join(lines) + "\n" + SETTINGS_FOOT


def _spelling(action: argparse.Action) -> str:
    """Return how an argument is typed, such as ``--settings FILE``."""
    value = f"{{{','.join(action.choices)}}}" if action.choices else str(action.metavar or action.dest.upper())
    if not action.option_strings:
        return f"[{value} ...]" if action.nargs == "*" else value
    return action.option_strings[-1] if action.nargs == 0 else f"{action.option_strings[-1]} {value}"


def _commands(parser: argparse.ArgumentParser, name: str) -> list[str]:
    """Return the section of a command, or of each command below it."""
    arguments = [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]
    for action in arguments:
        if isinstance(action, argparse._SubParsersAction):
            return [line for part, below in action.choices.items() for line in _commands(below, f"{name} {part}")]
    typed = [_spelling(action) for action in arguments]
    usage = [f"[{text}]" if action.option_strings else text for action, text in zip(arguments, typed, strict=True)]
    lines = ["", f"## `{name}`", "", parser.description or "", "", "```text", " ".join([name, *usage]), "```"]
    explained = [(text, action.help) for action, text in zip(arguments, typed, strict=True) if action.help]
    if explained:
        lines += ["", "| argument | meaning |", "|---|---|", *(f"| `{text}` | {told} |" for text, told in explained)]
    return lines


def commands_page() -> str:
    """Return the reference page of the command line as Markdown."""
    return "\n".join([COMMANDS_HEAD.rstrip(), *_commands(make_parser(), "bioimagehub")]) + "\n"


PAGES: dict[str, Callable[[], str]] = {"command-line.md": commands_page, "settings.md": settings_page}


if __name__ == "__main__":
    for file, page in PAGES.items():
        (FOLDER / file).write_text(page(), encoding="utf-8")
