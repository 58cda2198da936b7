"""What has to be said beside a score of tracks, because implementations differ in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from bioimagehub.challenges.conventions import library_version
from bioimagehub.challenges.errors import ConventionError

ParentLinks: TypeAlias = Literal["divisions", "table"]
Fractions: TypeAlias = Literal["every", "first"]

LINK_WORDS = {
    "divisions": "a link between two tracks is a parent link where the parent has two children or more",
    "table": "each parent in the table of tracks is a parent link, an only child's, too",
}
FRACTION_WORDS = {
    "every": "every predicted track counts for every true track (TF)",
    "first": "a predicted track that has a whole true track counts for none of a higher label (TF)",
}


@dataclass(frozen=True)
class Conventions:
    """How tracks are scored where definitions leave a choice.

    Parameters
    ----------
    tolerance : int
        The i of BC(i): by how many frames the end of a mother, and the beginning of each daughter, may differ from
        the truth. The Cell Tracking Challenge chooses i for each data set. By default 0.
    parent_links : {"table", "divisions"}
        What makes an edge between two tracks a parent link, so that taking one kind for the other is an error (EC).
        "table": its row in the table of tracks, as in the tool of the challenge and py-ctcmetrics. "divisions": that
        the parent has two children or more, as in traccuracy; a track that goes on under a new label
        is then the same as one that keeps its label.
    fractions : {"every", "first"}
        Which predicted tracks may stand for a true track in TF. "every": all of them. "first": as in
        py-ctcmetrics, which follows the tool of the challenge: a predicted track that has a whole true track is no
        longer compared with true tracks of higher labels, so that the score depends on how tracks are numbered.

    Raises
    ------
    ConventionError
        If a value does not exist, or the tolerance is negative.

    Examples
    --------
    >>> print(Conventions(tolerance=2))  # doctest: +ELLIPSIS
    a predicted object matches if it has more than half of a true one; ... BC(2) ...
    """

    tolerance: int = 0
    parent_links: ParentLinks = "table"
    fractions: Fractions = "every"
    version: str = field(default_factory=library_version, init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.tolerance, int) or self.tolerance < 0:
            msg = f"The tolerance of BC(i) is {self.tolerance!r}. Expected whole frames, 0 or more. Correct it."
            raise ConventionError(msg)
        for name, kind in (("parent_links", ParentLinks), ("fractions", Fractions)):
            if (value := getattr(self, name)) not in get_args(kind):
                msg = f"There is no {name}={value!r}. Choose one of {', '.join(sorted(get_args(kind)))}."
                raise ConventionError(msg)

    @classmethod
    def as_in(cls, reference: str) -> Conventions:
        """Return the conventions of another implementation.

        Parameters
        ----------
        reference : {"ctc", "traccuracy"}
            The tool of the Cell Tracking Challenge and py-ctcmetrics; or traccuracy (AOGM, TRA, LNK and DET).

        Raises
        ------
        ConventionError
            If it is none of these.
        """
        try:
            return cls(**REFERENCES[reference])
        except KeyError:
            known = ", ".join(sorted(REFERENCES))
            msg = f"There are no conventions of {reference!r} for tracks. Choose one of {known}."
            raise ConventionError(msg) from None

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON."""
        return {
            "tolerance": self.tolerance,
            "parent_links": self.parent_links,
            "fractions": self.fractions,
            "version": self.version,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Conventions:
        """Return the conventions that `as_dict` wrote, also those of another version of this library.

        Fields that are not given have their defaults.

        Raises
        ------
        ConventionError
            If a field does not exist, or has a value that does not.
        """
        known = cls().as_dict()
        if strange := sorted(set(values) - set(known)):
            msg = (
                f"Conventions of tracks have no field {', '.join(strange)}. Expected some of "
                f"{', '.join(sorted(known))}. Correct the name."
            )
            raise ConventionError(msg)
        made = cls(**{key: value for key, value in values.items() if key != "version"})
        object.__setattr__(made, "version", values.get("version", made.version))
        return made

    def __str__(self) -> str:
        return (
            "a predicted object matches if it has more than half of a true one; edges come from the table of tracks; "
            f"{LINK_WORDS[self.parent_links]}; BC({self.tolerance}) allows {self.tolerance} frames; "
            f"{FRACTION_WORDS[self.fractions]}; an empty prediction scores 0, what the truth lacks has no score; "
            f"bioimagehub {self.version}"
        )


REFERENCES: dict[str, dict[str, Any]] = {
    "ctc": {"fractions": "first"},
    "traccuracy": {"parent_links": "divisions"},
}
