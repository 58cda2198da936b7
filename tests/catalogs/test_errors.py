"""Every error of the catalogs is drawn, is a CatalogError, and is what a caller expects beside it."""

from __future__ import annotations

import builtins
import inspect
import re

import pytest

from bioimagehub.catalogs import errors
from bioimagehub.catalogs.errors import CatalogError

DRAWN = dict(re.findall(r"── (\w+Error)(?:\s+\((\w+)\))?", errors.__doc__ or ""))
BRANCHES = {
    leaf: stem
    for stem, leaves in re.findall(
        r"^    .── (\w+Error).*\n((?:    │   .── .*\n)+)", errors.__doc__ or "", re.MULTILINE
    )
    for leaf in re.findall(r"── (\w+Error)", leaves)
}
CLASSES = {name: found for name, found in inspect.getmembers(errors, inspect.isclass) if found is not CatalogError}


def test_tree_draws_every_class() -> None:
    assert set(DRAWN) == set(CLASSES)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_class_has_base_and_builtin(name: str) -> None:
    base = CLASSES.get(BRANCHES.get(name, ""), CatalogError)
    builtin = (getattr(builtins, DRAWN[name]),) if DRAWN[name] else ()
    assert CLASSES[name].__bases__ == (base, *builtin)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_message_is_shown_as_it_is(name: str) -> None:
    """As with a LookupError, and unlike with a KeyError, which shows its repr."""
    assert str(CLASSES[name]("what, found, cure")) == "what, found, cure"
