from __future__ import annotations

import inspect
import re

from bioimagehub.challenges import errors

CLASSES = [found for _, found in inspect.getmembers(errors, inspect.isclass) if found is not errors.ChallengeError]


def test_tree_in_the_docstring_is_the_tree() -> None:
    drawn = dict(re.findall(r"[├└]── (\w+) +\((\w+)\)", inspect.getdoc(errors) or ""))
    assert drawn == {one.__name__: one.__mro__[2].__name__ for one in CLASSES}


def test_every_error_is_a_challenge_error_and_a_builtin() -> None:
    for one in CLASSES:
        assert one.__bases__[0] is errors.ChallengeError
        assert one.__bases__[1].__module__ == "builtins"
        assert one.__name__.endswith("Error")
        assert one.__doc__
