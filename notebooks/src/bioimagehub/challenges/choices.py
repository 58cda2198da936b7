"""What the conventions of the families have in common that are plain values: JSON, and those of others by name."""

from __future__ import annotations

from dataclasses import asdict, fields
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any, ClassVar, Self

from bioimagehub.challenges.conventions import EMPTY_VALUES
from bioimagehub.challenges.errors import ConventionError

if TYPE_CHECKING:
    from collections.abc import Collection


class Choices:
    """Base of frozen dataclasses of conventions, whose fields are plain values or tuples of them.

    Attributes
    ----------
    REFERENCES : dict
        By the name of another implementation, the fields in which its conventions differ from the default.
    """

    REFERENCES: ClassVar[dict[str, dict[str, Any]]] = {}
    version: str

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON."""
        values = asdict(self)  # type: ignore[call-overload]  # subclasses are dataclasses
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the conventions that `as_dict` wrote, also those of another version of this library.

        Fields that are not given have their defaults.

        Raises
        ------
        ConventionError
            If there is no such field, or a value is not one that it can have.
        """
        known = {field.name for field in fields(cls)}  # type: ignore[arg-type]
        if strange := sorted(set(values) - known):
            msg = (
                f"Conventions have no field {', '.join(strange)}. Expected some of {', '.join(sorted(known))}. "
                "Correct the name."
            )
            raise ConventionError(msg)
        given = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
        version = given.pop("version", library_version())
        made = cls(**given)
        object.__setattr__(made, "version", version)
        return made

    @classmethod
    def as_in(cls, reference: str) -> Self:
        """Return the conventions of another implementation, named in `REFERENCES`.

        Raises
        ------
        ConventionError
            If the conventions of that implementation are not known.
        """
        if reference not in cls.REFERENCES:
            known = ", ".join(sorted(cls.REFERENCES)) or "none"
            msg = (
                f"There are no conventions of {reference!r}. These are known: {known}. "
                f"Choose one of them, or set the fields of {cls.__name__}."
            )
            raise ConventionError(msg)
        return cls(**cls.REFERENCES[reference])


@cache
def library_version() -> str:
    """Return the version of this library, which is part of each score's conventions; it is read from its file once."""
    return metadata.version("bioimagehub")


def check_choice(what: str, value: object, known: Collection[str]) -> None:
    """Raise `ConventionError` if a value is not one of those that exist."""
    if value not in known:
        msg = f"There is no {what} {value!r}. Choose one of {', '.join(sorted(known))}."
        raise ConventionError(msg)


def check_positive(what: str, value: float | None, *, zero: bool = False) -> None:
    """Raise `ConventionError` if a value that is given is not a finite number above 0, or 0 where that is allowed."""
    if value is None:
        return
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not good or not 0 <= value < float("inf") or (value == 0 and not zero):
        least = "of at least 0" if zero else "above 0"
        msg = f"The {what} is {value!r}. Expected a finite number {least}, in micrometres. Correct the conventions."
        raise ConventionError(msg)


def ratio(numerator: float, denominator: float, objects: float, empty: str) -> float:
    """Divide, with the rules for the empty case, which are the same in all families.

    Parameters
    ----------
    numerator, denominator : float
        If the denominator is 0 and there are objects, the result is 0: whoever predicts nothing where there
        is something has a precision of 0.
    objects : float
        How many objects there are in truth and prediction.
    empty : {"nan", "one", "zero"}
        The result if there are none.
    """
    if objects == 0:
        return EMPTY_VALUES[empty]
    return numerator / denominator if denominator else 0.0
