"""Runs a program without a costly import that it does not use: ``python -m bioimagehub.hub.deferral MODULE ...``.

JupyterHub and Jupyter Server check their events with jsonschema, and jsonschema imports ``rfc3987_syntax`` for
texts of the format ``iri``. That package compiles a grammar when it is imported: 0.9 s of processor and 16 MB in
every process. Here it does so when the first such text is checked.
"""

from __future__ import annotations

import importlib.util
import runpy
import sys
from typing import Any

DEFERRED = "rfc3987_syntax"


def defer_grammar() -> None:
    """Put a stand-in in the place of the package, which becomes the package as soon as something of it is used."""
    spec = importlib.util.find_spec(DEFERRED) if DEFERRED not in sys.modules else None
    if spec is None or spec.loader is None:
        return
    loader, module = spec.loader, importlib.util.module_from_spec(spec)

    def load(name: str) -> Any:
        vars(module).pop("__getattr__", None)
        vars(module).pop("is_valid_syntax", None)
        loader.exec_module(module)
        return getattr(module, name)

    def is_valid_syntax(term: str, value: str) -> bool:
        checks = vars(module)["is_valid_syntax"]
        valid: bool = (load("is_valid_syntax") if checks is is_valid_syntax else checks)(term, value)
        return valid

    # jsonschema takes this one function out of the module at once, so it is there from the beginning.
    vars(module).update(is_valid_syntax=is_valid_syntax, __getattr__=load)
    sys.modules[DEFERRED] = module


def main() -> None:
    """Run the module that the first argument names, as ``python -m`` does, with the other arguments."""
    del sys.argv[0]
    defer_grammar()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
