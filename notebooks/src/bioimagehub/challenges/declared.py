"""What the conventions of all families have in common: plain values, written to JSON, read back, and named switches."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from importlib import metadata
from typing import TYPE_CHECKING, Any, ClassVar, Self

from bioimagehub.challenges.errors import ConventionError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class DeclaredConventions:
    """Base of the conventions of a family of metrics.

    A subclass adds fields of plain values with defaults, the choices of those that have few, and how the fields are
    set to follow another implementation.

    Attributes
    ----------
    CHOICES : mapping of str to tuple of str
        The values that a field may have.
    REFERENCES : mapping of str to mapping
        The fields that reproduce each other implementation.
    version : str
        The version of this library.
    """

    CHOICES: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    REFERENCES: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    version: str = field(default_factory=lambda: metadata.version("bioimagehub"), init=False)

    def __post_init__(self) -> None:
        for name, allowed in self.CHOICES.items():
            if getattr(self, name) not in allowed:
                msg = f"The convention {name} is {getattr(self, name)!r}. Choose one of {', '.join(sorted(allowed))}."
                raise ConventionError(msg)

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the conventions that `as_dict` wrote, also those of another version of this library.

        Fields that are not given have their defaults.

        Raises
        ------
        ConventionError
            If there is no field of a name, or a value is not among the choices.
        """
        known = {one.name for one in fields(cls)}
        if strange := set(values) - known:
            msg = (
                f"Conventions have no field {', '.join(sorted(strange))}. Expected some of "
                f"{', '.join(sorted(known - {'version'}))}. Correct the name."
            )
            raise ConventionError(msg)
        given = {
            key: tuple(value) if isinstance(value, list) else value for key, value in values.items() if key != "version"
        }
        made = cls(**given)
        object.__setattr__(made, "version", values.get("version", made.version))
        return made

    @classmethod
    def as_in(cls, reference: str) -> Self:
        """Return the conventions of another implementation, by its name.

        Raises
        ------
        ConventionError
            If the conventions of that implementation are not known; the known are listed.
        """
        try:
            return cls(**cls.REFERENCES[reference])
        except KeyError:
            listed = ", ".join(sorted(cls.REFERENCES)) or "none"
            msg = (
                f"There are no conventions of {reference!r}. These are known: {listed}. "
                "Choose one of them, or set the fields of Conventions."
            )
            raise ConventionError(msg) from None


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
