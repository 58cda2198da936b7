"""The JavaScript of a widget: ES modules, one a file, put together into the one module that a notebook loads.

A notebook loads a widget's module from a blob, from which no other file can be imported. So each file that is imported
becomes a function of its own, whose names the others do not see, in front of the one that imports it.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

FOLDER = Path(__file__).parent

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (\w+))", re.MULTILINE)


def join_scripts(name: str) -> str:
    """Give a module and all that it imports as one module.

    Parameters
    ----------
    name : str
        File in this package, such as ``"browse.js"``. Imports are written as ``import { a, b } from "./c.js";``.
    """
    order: list[str] = []
    _collect(name, order, ())
    parts = [_enclose(each) for each in order[:-1]]
    return "\n".join([*parts, _bind(name, _read(name))])


def join_styles(*names: str) -> str:
    """Give style sheets of this package as one."""
    return "\n".join(_read(name) for name in names)


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _collect(name: str, order: list[str], above: tuple[str, ...]) -> None:
    """List a module after all that it imports."""
    if name in above:
        msg = f"The modules {' > '.join([*above, name])} import each other. Take out one of the imports."
        raise ImportError(msg)
    for _, path in _IMPORT.findall(_read(name)):
        _collect(_resolve(name, path), order, (*above, name))
    if name not in order:
        order.append(name)


def _resolve(name: str, path: str) -> str:
    steps: list[str] = []
    for step in (PurePosixPath(name).parent / path).parts:
        if step == "..":
            steps.pop()
        else:
            steps.append(step)
    return "/".join(steps)


def _variable(name: str) -> str:
    return "$" + re.sub(r"\W", "_", name)


def _bind(name: str, text: str) -> str:
    """Turn the imports of a module into constants."""
    return _IMPORT.sub(
        lambda found: f"const {{{found[1].replace(' as ', ': ')}}} = {_variable(_resolve(name, found[2]))};", text
    )


def _enclose(name: str) -> str:
    text = _read(name)
    exported = ", ".join(_EXPORT.findall(text))
    body = _EXPORT.sub("", _bind(name, text))
    return f"const {_variable(name)} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"
