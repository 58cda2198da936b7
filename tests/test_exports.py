"""The front door of each package: `__all__` is sorted, can be imported and names all that is public."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = sorted(f"bioimagehub.{path.parent.name}" for path in ROOT.glob("*/src/bioimagehub/*/__init__.py"))


@pytest.fixture(params=PACKAGES)
def package(request: pytest.FixtureRequest) -> ModuleType:
    return import_module(request.param)


def test_all_is_sorted(package: ModuleType) -> None:
    assert list(package.__all__) == sorted(set(package.__all__), key=str)


def test_all_can_be_imported(package: ModuleType) -> None:
    for name in package.__all__:
        assert getattr(package, name) is not None


def test_all_names_everything_public(package: ModuleType) -> None:
    """What the front door takes from the rooms or defines is offered, or has an underscore."""
    found = set()
    for node in ast.walk(ast.parse(inspect.getsource(package))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bioimagehub"):
            found |= {name.asname or name.name for name in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
    assert {name for name in found if not name.startswith("_")} <= set(package.__all__)


def test_unknown_name_is_an_attribute_error(package: ModuleType) -> None:
    """Also where names are loaded lazily by the module's `__getattr__`."""
    with pytest.raises(AttributeError, match="no_such_name"):
        package.no_such_name  # noqa: B018


def test_what_is_public_has_a_docstring(package: ModuleType) -> None:
    assert package.__doc__
    for name in package.__all__:
        found = getattr(package, name)
        if inspect.isfunction(found) or inspect.isclass(found):
            assert found.__doc__, f"{package.__name__}.{name} has no docstring"
