"""What is loaded late is loaded all the same."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

DEFER = "from bioimagehub.hub.deferral import defer_grammar; defer_grammar()"


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    "use",
    [
        "import jsonschema; print(jsonschema.FormatChecker().conforms('http://example.org/ä', 'iri'))",
        "import jsonschema, rfc3987_syntax; rfc3987_syntax.parse('iri', 'http://a.org'); "
        "print(jsonschema.FormatChecker().conforms('http://example.org/ä', 'iri'))",
        "from rfc3987_syntax import is_valid_syntax; is_valid_syntax('iri', 'x'); "
        "print(is_valid_syntax('iri', 'http://example.org/ä'))",
        "from rfc3987_syntax.syntax_helpers import parse; print(bool(parse('iri', 'http://a.org')))",
    ],
    ids=["jsonschema", "jsonschema and directly", "twice", "a part of it"],
)
def test_the_grammar_is_there_when_it_is_used(use: str) -> None:
    assert run(f"{DEFER}; {use}") == "True"


def test_a_wrong_text_is_still_found() -> None:
    code = "import jsonschema; print(jsonschema.FormatChecker().conforms('no iri', 'iri'))"
    assert run(f"{DEFER}; {code}") == "False"


@pytest.mark.parametrize("name", ["jupyterhub.app", "jupyterhub.singleuser", "jupyterlab"])
def test_what_the_hub_runs_does_not_load_the_grammar(name: str) -> None:
    code = f"{DEFER}; import {name}, sys; print(*sys.modules)"
    loaded = run(code).split()
    assert "jsonschema" in loaded
    assert "lark" not in loaded


def test_a_program_runs_as_it_does_without(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("import json, sys\nprint(json.dumps([__name__, sys.argv]))\n")
    command = [sys.executable, "-m", "bioimagehub.hub.deferral", "program", "--option", "value"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == ["__main__", [str(tmp_path / "program.py"), "--option", "value"]]
